"""What a text leans on: its era, its reading of open facts, and what it assumes of them."""

from __future__ import annotations

from collections.abc import Sequence

from vnetverify.facts import QUESTIONS, fact_written
from vnetverify.model.intents import Assumption
from vnetverify.model.network import Era, Network
from vnetverify.syntax.names import text_of
from vnetverify.syntax.problems import Problems, did_you_mean, shown
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.tree import AssumeNode, EraNode, ReadingNode

ABOUT_SUBNETS = frozenset({"U-ADMAGW", "U-DOA", "U-INETMINUS", "U-PEPOL", "U-PEPOL-ROUTES", "U-VNTAG"})
_ERAS = {era.value: era for era in Era}


def era(nodes: Sequence[tuple[Scope, EraNode]], imported: Era) -> Era:
    """Return the era that a text asks for, else the one of the `imported` network."""
    eras = [scope.one_of(node.value, _ERAS, "era") for scope, node in nodes]
    for scope, node in nodes[1:]:
        scope.problems.error("said-twice", "the era is said before", scope.span(node.value), "said again")
    return next((era for era in eras if era is not None), imported)


def is_documented(scope: Scope, node: ReadingNode) -> bool:
    """Hold when `node` asks to take every open fact as the documentation prefers."""
    return scope.one_of(node.value, {"documented": "documented"}, "reading") is not None


def assumption(scope: Scope, node: AssumeNode) -> Assumption | None:
    """Return the assumption, its fact spelled as an `Uncertainty` is; None where there is no such kind."""
    fact = fact_written(text_of(node.fact))
    value = scope.one_of(node.value, {"true": True, "false": False}, "truth value")
    if fact is None:
        question = text_of(node.fact).partition("(")[0]
        scope.problems.error(
            "unknown-uncertainty",
            f"there is no uncertainty {shown(question)}",
            scope.span(node.fact),
            "not in the rule book",
            (),
            did_you_mean(question, QUESTIONS),
        )
        return None
    if value is None:
        return None
    return Assumption(str(fact), value, scope.span(node.fact, node.value))


def check_subjects(assumptions: Sequence[Assumption], network: Network, problems: Problems) -> None:
    """Warn of facts about subnets that the network lacks: no question asks for them, as for a name misspelt."""
    known = {subnet.id.casefold(): subnet.id for subnet in network.subnets()}
    for assumption in assumptions:
        fact = fact_written(assumption.fact)
        if fact is None or fact.question not in ABOUT_SUBNETS or not fact.about:
            continue
        if fact.about[0].casefold() not in known:
            message = f"{shown(assumption.fact)} is about nothing: there is no subnet {shown(fact.about[0])}"
            meant = did_you_mean(fact.about[0], known.values())
            problems.warning("assumes-nothing", message, assumption.span, "changes nothing", meant)


def check_consistent(assumptions: Sequence[Assumption], problems: Problems) -> None:
    """Report facts that are assumed both ways, by themselves or by their kind: a contradiction would prove anything.

    A fact is the same whatever the case of the names in it.
    """
    facts: dict[tuple[str, bool], Assumption] = {}
    kinds: dict[tuple[str, bool], Assumption] = {}
    for assumption in assumptions:
        fact, opposite = assumption.fact.casefold(), not assumption.value
        kind = fact.partition("(")[0]
        same_kind = kinds.get((kind, opposite)) if fact == kind else facts.get((kind, opposite))
        other = same_kind or facts.get((fact, opposite))
        if other is not None:
            message = f"{shown(assumption.fact)} is assumed both ways"
            problems.error("contradiction", message, assumption.span, "", ((other.span, "the other way here"),))
        facts.setdefault((fact, assumption.value), assumption)
        kinds.setdefault((kind, assumption.value), assumption)
