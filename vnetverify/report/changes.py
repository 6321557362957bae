"""What differs between two versions of security groups, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vnetverify.explanation.flowsets import FlowSet, Rule, in_words
from vnetverify.facts import Uncertainty
from vnetverify.header import Flow
from vnetverify.model.security import Direction
from vnetverify.report.escaping import json_text
from vnetverify.report.json import flow_as_json, span_as_json
from vnetverify.report.narrative import place
from vnetverify.report.seal import Json
from vnetverify.report.terminal import bold, counted, dim, printable, shortened

_PLACES = 4


@dataclass(frozen=True, slots=True)
class Change:
    """Packets that fare otherwise at some places: the rules that decided, those that do now, and one packet.

    Of rules that stop a packet the last denies; those before, of other groups, let it through. With `needed` it is so
    only where these facts have these values, not as documented. It `is_open` where not all is known of what decides.
    """

    places: tuple[str, ...]
    direction: Direction
    flows: FlowSet
    was_allowed: bool
    old: tuple[tuple[str, Rule], ...]
    new: tuple[tuple[str, Rule], ...]
    example: Flow
    needed: tuple[tuple[Uncertainty, bool], ...] = ()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs, where that was left undecided or cut short, and what else differs and was not compared.

    `places` is how many places both versions have, by the groups that judge there; at others nothing is compared. What
    is `not_known` of rules, or of who has them, may let any packet fare otherwise at the places that it concerns.
    """

    found: tuple[Change, ...]
    undecided: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    places: int = 1
    not_known: tuple[str, ...] = ()

    @property
    def are_equal(self) -> bool:
        """Hold when both versions are proved to let the same packets through."""
        return bool(self.places) and not self.found and not self.undecided and not self.not_known


def render_changes(changes: Changes) -> str:
    """Return each change with its rules, their lines and an example, then a summary."""
    blocks = ["\n".join(_change(change)) for change in changes.found]
    return "\n\n".join([*blocks, "\n".join(_closing(changes))])


def _change(change: Change) -> Iterator[str]:
    places = ", ".join(map(printable, change.places[:_PLACES]))
    if len(change.places) > _PLACES:
        places += f" and {len(change.places) - _PLACES} more"
    verbs = ("was allowed", "now denied") if change.was_allowed else ("was denied", "now allowed")
    head = bold(f"at {places} {change.direction.value}:")
    yield f"{head} {shortened(printable(in_words(change.flows)), 400)}"
    old, new = (change.old, change.new[-1:]) if change.was_allowed else (change.old[-1:], change.new)
    yield f"  {verbs[0]} {_by(old)}, {verbs[1]} {_by(new)}"
    for nsg, rule in (*old, *new):
        if rule.span.line or rule.span.pointer is not None:
            yield f"    {dim(f'{place(rule.span)}')}  {printable(nsg)}/{printable(rule.name)}"
    if change.needed:
        facts = ", ".join(f"{printable(str(fact))} is {str(value).lower()}" for fact, value in change.needed)
        yield f"  not as documented, but if {facts}"
    if change.is_open:
        yield "  as far as is known: not all is known of the rules there"
    yield f"  for example {change.example}"


def _by(rules: Sequence[tuple[str, Rule]]) -> str:
    if not rules:
        return "without a group"
    return "by " + " and ".join(f"`{printable(nsg)}/{printable(rule.name)}`" for nsg, rule in rules)


def _closing(changes: Changes) -> Iterator[str]:
    if changes.undecided:
        yield f"not decided within the limits: {', '.join(map(printable, changes.undecided))}"
    if changes.cut:
        yield f"there are more differences than listed at {', '.join(map(printable, changes.cut))}"
    if changes.not_compared:
        yield f"not compared, and different: {', '.join(changes.not_compared)}"
    if changes.not_known:
        yield f"not known, so that more may differ, and less: {', '.join(map(printable, changes.not_known))}"
    if not changes.places:
        yield "no place is in both versions, so nothing was compared"
    elif changes.found:
        yield counted(len(changes.found), "difference")
    elif changes.are_equal:
        yield "the security groups of both let the same packets through, at every place and in every world"
    elif not changes.undecided:
        yield "no difference in what is known"


def render_changes_json(changes: Changes) -> str:
    document: Json = {
        "equal": changes.are_equal,
        "differences": [_as_json(change) for change in changes.found],
        "undecided": list(changes.undecided),
        "cut": list(changes.cut),
        "not_compared": list(changes.not_compared),
        "not_known": list(changes.not_known),
    }
    return json_text(document)


def _as_json(change: Change) -> Json:
    return {
        "places": list(change.places),
        "direction": change.direction.value,
        "flows": in_words(change.flows),
        "was": "allowed" if change.was_allowed else "denied",
        "is": "denied" if change.was_allowed else "allowed",
        "old_rules": [_rule(nsg, rule) for nsg, rule in change.old],
        "new_rules": [_rule(nsg, rule) for nsg, rule in change.new],
        "example": flow_as_json(change.example),
        "needed": {str(fact): value for fact, value in change.needed},
        "open": change.is_open,
    }


def _rule(nsg: str, rule: Rule) -> Json:
    return {"nsg": nsg, "name": rule.name, "at": span_as_json(rule.span)}
