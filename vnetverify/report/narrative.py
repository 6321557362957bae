"""A story as lines of text: the flow, numbered hops in columns, the way back, and the facts it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vnetverify.explanation.story import FactUsed, Hop, Story
from vnetverify.facts import QUESTIONS, Uncertainty
from vnetverify.model.network import Era, PublishedTags
from vnetverify.report.terminal import aligned, bold, counted, dim, printable, shortened
from vnetverify.simulator.positions import Loser
from vnetverify.source import Span

_FACTS = 8
_NAMED = 3  # facts in a line
_TAGS = 8
_WHAT = 200
_FOLDERS = 32  # characters of a path's folders that a column shows


def narrate(story: Story, *, losers: bool = False, needs: str = "this needs") -> Iterator[str]:
    """Yield the lines of `story`, indented by two; with `losers`, every other route that lost at each hop too.

    `needs` heads the facts that read otherwise than documented, or of which nothing is documented.
    """
    yield f"  {bold(printable(str(story.flow)))} from {printable(str(story.origin))}"
    yield from _hops(story.hops, losers)
    yield f"  {printable(story.end)}"
    if story.back_end is not None:
        yield "  the reply"
        yield from _hops(story.back, losers)
        yield f"  {printable(story.back_end)}"
    if story.conclusion:
        yield f"  {printable(story.conclusion)}"
    if story.charges:
        yield from aligned([(printable(story.charges), "R-LINT-3")])
    yield from _needed(story.facts, needs)


def tags_taken(tags: Sequence[str], published: PublishedTags) -> str:
    """Return the words that name service tags and the list they come from (F-TAG-20)."""
    named = ", ".join(tags[:_TAGS]) + (f" and {len(tags) - _TAGS} more" if len(tags) > _TAGS else "")
    noun = "service tag" if len(tags) == 1 else "service tags"
    where = f"`{published.span.file}`: cloud {published.cloud}, change {published.change_number}"
    return printable(f"{noun} {named} as listed in {where}")


def _needed(facts: Sequence[FactUsed], heading: str) -> Iterator[str]:
    """Yield the facts that read otherwise than documented, then those that read as documented."""
    needed = [used for used in facts if not used.is_as_documented]
    rest = [used for used in facts if used.is_as_documented]
    if needed:
        yield f"  {heading}"
        yield from facts_with_values(needed[:_FACTS])
    if len(needed) > _FACTS:
        yield f"    and {len(needed) - _FACTS} more"
    if rest:
        yield dim(f"  {printable(taken_as_documented(rest))}")


def taken_as_documented(facts: Sequence[FactUsed]) -> str:
    """Return which open facts a flow met that read as documented, in one line."""
    named = ", ".join(f"{used.fact} = {str(used.value).lower()}" for used in facts[:_NAMED])
    more = f" and {len(facts) - _NAMED} more" if len(facts) > _NAMED else ""
    return f"{counted(len(facts), 'open fact')} on the way, taken as documented: {named}{more}"


def _hops(hops: Sequence[Hop], losers: bool) -> list[str]:
    rows: list[tuple[str, ...]] = []
    digits = len(str(len(hops)))
    for number, hop in enumerate(hops, 1):
        what = shortened(printable(hop.what), _WHAT)
        rows.append((f"{number:>{digits}} {printable(hop.where)}", what, hop.rule, place(hop.span)))
        others = hop.lost[1:] if losers else ()  # the strongest loser stands in the sentence itself
        rows += [("", f"  not {_lost(loser)}", loser.rule, "") for loser in others]
    return aligned(rows)


def _lost(loser: Loser) -> str:
    return shortened(printable(f"{loser.what}: {loser.why}"), _WHAT)


def facts_with_values(facts: Iterable[FactUsed]) -> list[str]:
    """Return a line for each fact: its name, its value, and what that says."""
    return aligned(
        [(f"{printable(str(used.fact))} = {str(used.value).lower()}", saying(used.fact, used.value)) for used in facts],
        indent="    ",
    )


def saying(fact: Uncertainty, value: bool) -> str:
    """Return in words what it means that `fact` has this value."""
    return ("" if value else "it is false that ") + printable(fact.meaning)


def how_to_settle(fact: Uncertainty) -> str:
    """Return what the documents say about `fact` and how a user can find out."""
    documented = {True: "documented as true", False: "documented as false", None: "no document can tell"}[
        fact.documented
    ]
    return f"{documented}; to settle it: {QUESTIONS[fact.question].settled_by}"


def place(span: Span | None) -> str:
    """Return `file:line`, a long path without its first folders; nothing for what is built in."""
    if span is None or (span.line == 0 and span.pointer is None):
        return ""
    text, folders = span.brief.removesuffix("#"), span.file.rpartition("/")[0]
    if len(folders) > _FOLDERS:
        text = f"…/{folders.rpartition('/')[2]}{text[len(folders) :]}"
    return dim(printable(text))


def by_era(era: Era) -> str:
    """Return by which rules an answer was given, where they are not those of today; else nothing."""
    return "" if era is Era.CURRENT else f"by the rules of `era {era.value}`, which are not those of today"
