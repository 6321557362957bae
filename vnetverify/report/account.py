"""What there is to say of a verdict: the one list of its facts that every format for people and build servers prints.

Nothing here is escaped or cut: that is each format's own affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from vnetverify.explanation.story import FactUsed, Story
from vnetverify.facts import SettledFacts, Uncertainty
from vnetverify.model.intents import Assumption, Claim, Statement, Verb
from vnetverify.model.network import Unmodelled
from vnetverify.prover.verdict import Assurance, Caveat, Ground, Host, Proved, Refuted, Unknown, Vacuous, Verdict
from vnetverify.report.narrative import by_era, how_to_settle, saying, tags_taken, taken_as_documented
from vnetverify.report.results import ClaimResult, Report
from vnetverify.report.standing import word_of
from vnetverify.source import Span
from vnetverify.syntax.words import written_fact

_FACTS = 8  # named in one sentence
_LISTS = 8


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a verdict names.

    `settle` tells how a user finds out whether it is so. What a proof rests on has a `group`: the list it stands in,
    empty for the network's own; nothing else has one.
    """

    what: str
    meaning: str = ""
    rule: str = ""
    span: Span | None = None
    group: str | None = None
    settle: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence, the items that it heads, and what a user can do about them."""

    says: str
    items: tuple[Item, ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """A story and how it is introduced; `needs` heads the facts that read otherwise than documented.

    With `losers` every route that lost at a hop is worth telling, not the strongest alone.
    """

    heading: str
    story: Story
    needs: str
    losers: bool


@dataclass(frozen=True, slots=True)
class Account:
    """`word` is the verdict, `gist` its reason in a line (empty for a proof), and `parts` all there is to say."""

    word: str
    gist: str
    parts: tuple[Part, ...]
    telling: Telling | None


def account_of(result: ClaimResult, report: Report) -> Account:
    """Return what there is to say of the verdict on one sentence."""
    verdict = result.verdict
    parts = [*_speaks_of(verdict, told=result.story is not None), *_parts(verdict, report)]
    parts += _headed("without each of these lines alone", _omitted(result))
    if result.service_tags and report.published is not None:
        parts.append(Part(f"with {tags_taken(result.service_tags, report.published)}"))
    return Account(word_of(verdict), _gist(verdict), tuple(parts), _telling(result))


def circumstances(report: Report) -> tuple[Part, ...]:
    """Return what holds for every verdict of the run: what is not modelled, assumed, and presumed of the world."""
    assumed = tuple(Item(f"{a.fact} = {str(a.value).lower()}", span=a.span) for a in report.assumptions)
    parts = [
        *_headed("not modelled", map(_item_not_modelled, report.unmodelled)),
        *_headed("assuming", assumed),
        *_headed("no proof covers", map(_item_of_caveat, report.caveats)),
    ]
    if era := by_era(report.era):
        parts.append(Part(era))
    if report.documented_reading:
        parts.append(Part("every open fact is taken as the current documentation prefers"))
    return tuple(parts)


def needed(telling: Telling) -> tuple[Part, ...]:
    """Return the facts that the story needs to read otherwise than documented, then those that read as documented."""
    facts = telling.story.facts
    otherwise = [used for used in facts if not used.is_as_documented]
    parts = [*_headed(telling.needs, map(_item_with_value, otherwise))]
    rest = [used for used in facts if used.is_as_documented]
    if rest:
        parts.append(Part(taken_as_documented(rest)))
    return tuple(parts)


def _parts(verdict: Verdict, report: Report) -> Iterator[Part]:
    match verdict:
        case Proved():
            if not verdict.grounds and verdict.witness is None:
                yield Part("what it rests on was not worked out: it is too much, or took too long")
            yield from _grounds(verdict.grounds, verdict.minimal)
            yield from _by_routing(verdict)
            yield Part(f"assured by {_assurance(verdict)}")
            yield from _leaning((*verdict.leaned_on, *verdict.assumed), report.assumptions)
            yield from _headed("does not cover", map(_item_of_caveat, verdict.caveats))
            silences = () if verdict.premise is None else verdict.premise.nothing_of
            yield from _headed("says nothing about", (Item(silence.what, silence.why) for silence in silences))
        case Refuted():
            yield Part(verdict.why)
            yield from _grounds(verdict.grounds, minimal=False)
            yield from _leaning(verdict.leaned_on, report.assumptions)
        case Vacuous():
            yield Part(f"nothing was shown: {verdict.why}")
        case Unknown():
            items = tuple(Item(str(f), saying(f, True), settle=how_to_settle(f)) for f in verdict.open_facts)
            advice = _way_out(verdict, report.documented_reading) if verdict.open_facts else ""
            yield Part(_why_unknown(verdict), items, advice)
            yield from _headed("not modelled", map(_item_not_modelled, verdict.unmodelled))
        case _:
            assert_never(verdict)


def _speaks_of(verdict: Verdict, told: bool) -> Iterator[Part]:
    """Yield how much a proof speaks of, with a flow that it does unless the story of one is told."""
    if not isinstance(verdict, Proved) or verdict.premise is None:
        return
    premise = verdict.premise
    example = premise.example
    flow = "" if told else str(example) if isinstance(example, Host) else f"{example.flow} from {example.origin}"
    if premise.pairs > 1 or premise.more_pairs:
        pairs = f"{'more than ' if premise.more_pairs else ''}{premise.pairs} pairs of places"
        yield Part(f"covers {pairs}{flow and f', for example {flow}'}")
    elif flow:
        yield Part(f"covers, for example, {flow}")


def _headed(says: str, items: Iterable[Item]) -> Iterator[Part]:
    """Yield the part, unless there is nothing in it."""
    listed = tuple(items)
    if listed:
        yield Part(says, listed)


def _grounds(grounds: Sequence[Ground], minimal: bool) -> Iterator[Part]:
    items = (Item(ground.what, rule=ground.rule, span=ground.span, group=ground.group) for ground in grounds)
    return _headed("rests on" if minimal else "rests on some of", items)


def _assurance(proof: Proved) -> str:
    """Return what assures the proof, and what that evidence is."""
    level = proof.assurance
    told = "the declared lines themselves" if level is Assurance.INSPECTION else level.told
    return f"{told}: {proof.assured_by}" if proof.assured_by else told


def _by_routing(proof: Proved) -> Iterator[Part]:
    """Yield whether a proof of absence stands without filters, where that is settled."""
    if proof.by_routing is True:
        yield Part("holds by routing alone: with every filter and declared policy open, too")
    if proof.by_routing is False:
        lists = dict.fromkeys(ground.group for ground in proof.grounds if ground.of_filter)
        more = f" and {len(lists) - _LISTS} more" if len(lists) > _LISTS else ""
        yield Part(f"rests on filters{': ' if lists else ''}{', '.join([*lists][:_LISTS])}{more}")


def _omitted(result: ClaimResult) -> Iterator[Item]:
    for omission in result.omissions:
        ground = omission.ground
        yield Item(ground.what, _becoming(omission.verdict), ground.rule, ground.span, ground.group)
    verdict = result.verdict
    rest = len(verdict.grounds) - len(result.omissions) if isinstance(verdict, Proved) else 0
    if result.omissions and rest > 0:
        yield Item(f"{rest} more", "not asked")


def _becoming(verdict: Verdict | None) -> str:
    """Return what a proof becomes without a line that it rests on."""
    match verdict:
        case None:
            return "cannot go by itself"
        case Proved():
            return f"not needed: still {word_of(verdict)}"
        case Refuted() | Unknown() | Vacuous():
            gist = _gist(verdict)
            return f"needed: without it {word_of(verdict)}{': ' if gist else ''}{gist}"
        case _:
            assert_never(verdict)


def _leaning(facts: Sequence[Uncertainty], assumptions: Sequence[Assumption]) -> Iterator[Part]:
    return _headed("leans on", (_item_with_value(FactUsed(fact, _taken_as(fact, assumptions))) for fact in facts))


def _taken_as(fact: Uncertainty, assumptions: Sequence[Assumption]) -> bool:
    """Return the value that `fact` was given: an assumption's for it or for its kind, else the documented one."""
    assumed = SettledFacts({assumption.fact: assumption.value for assumption in assumptions})
    return assumed.get(str(fact), bool(fact.documented))


def _item_with_value(used: FactUsed) -> Item:
    return Item(f"{used.fact} = {str(used.value).lower()}", saying(used.fact, used.value))


def _item_of_caveat(note: Caveat) -> Item:
    return Item(note.what, rule=note.rule, span=note.span)


def _item_not_modelled(item: Unmodelled) -> Item:
    return Item(item.what, item.why, span=item.span)


def _gist(verdict: Verdict) -> str:
    match verdict:
        case Proved():
            return ""
        case Refuted():
            witness = verdict.witness
            return verdict.why if witness is None else f"{witness.flow} from {witness.origin}"
        case Vacuous():
            return verdict.why
        case Unknown():
            return _why_unknown(verdict)
        case _:
            assert_never(verdict)


def _why_unknown(verdict: Unknown) -> str:
    facts = verdict.open_facts
    if not facts or any(fact.question == "U-REWRITES" for fact in facts):
        return verdict.why
    if verdict.as_documented is None or all(fact.documented is None for fact in facts):
        return f"depends on {_names(facts)}{', and on what is not modelled' if verdict.unmodelled else ''}"
    return f"{verdict.as_documented} as documented, open if {_names(facts)}"


def _names(facts: Sequence[Uncertainty]) -> str:
    more = f" or {len(facts) - _FACTS} more" if len(facts) > _FACTS else ""
    return " or ".join(map(str, facts[:_FACTS])) + more


def _way_out(verdict: Unknown, as_documented: bool) -> str:
    """Return what a user can do about open facts; `as_documented`, those that documents speak of are settled."""
    facts = [fact for fact in verdict.open_facts if not fact.is_chosen_anew]
    fact = facts[0] if facts else verdict.open_facts[0]
    name = written_fact(str(fact))
    if fact.question == "U-REWRITES":
        return f"if it only forwards, say so: `assume {name} = false`, or declare its policy with `forwards`"
    if not facts:
        return (
            "Azure chooses for each flow, so reckon with both; "
            f"to ask about one choice alone, write `assume {name} = true` or `= false`"
        )
    likewise = ", and likewise for the others" if len(facts) > 1 else ""
    if verdict.as_documented == "proved" and fact.documented is not None:
        known = f"once you know that it is so, write `assume {name} = {str(fact.documented).lower()}`{likewise}"
    else:
        known = f"once you know, write `assume {name} = true` or `= false`{likewise}"
    if as_documented or all(other.documented is None for other in verdict.open_facts):
        return known
    if verdict.as_documented is None:  # which no documents settle by themselves
        return f"{known}; `--reading documented` settles those that documents speak of"
    return f"{known}, or take what is documented: `--reading documented`"


def _telling(result: ClaimResult) -> Telling | None:
    if result.story is None:
        return None
    verdict = result.verdict
    told_already = isinstance(verdict, Refuted) and verdict.why == result.story.conclusion
    story = replace(result.story, conclusion="") if told_already else result.story
    needs = "shown where" if isinstance(verdict, Refuted) and not verdict.leaned_on else "this needs"
    return Telling(_introduction(verdict, story), story, needs, _is_about_routes(result.claim))


def _introduction(verdict: Verdict, story: Story) -> str:
    match verdict:
        case Proved():
            return "for example"
        case Unknown(as_documented="refuted") if _happens_as_documented(verdict, story):
            return "what happens as documented"
        case Unknown():
            return "what may happen"
        case Refuted() | Vacuous():
            return ""
        case _:
            assert_never(verdict)


def _happens_as_documented(verdict: Unknown, story: Story) -> bool:
    """Tell whether some document speaks of the open facts, and the story reads none otherwise than it does.

    The flow that `sometimes reaches` is about is one that gets there, which may take another world.
    """
    otherwise = (used for used in story.facts if used.fact.documented is not None and not used.is_as_documented)
    return any(fact.documented is not None for fact in verdict.open_facts) and not any(otherwise)


def _is_about_routes(claim: Statement) -> bool:
    return isinstance(claim, Claim) and claim.verb in (Verb.NEXT_HOP, Verb.GATEWAY)
