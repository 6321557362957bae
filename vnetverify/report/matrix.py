"""A matrix for readers: how many pairs have which outcome, groups of subnets alike, and every pair on demand."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from vnetverify.model.services import EVERY_CONVERSATION
from vnetverify.report.escaping import csv_cell, json_text
from vnetverify.report.seal import Json
from vnetverify.report.terminal import aligned, counted, printable, shortened

_FEW = 12
_GROUPS = 24
_NAMES = 3
_FACTS = 12


class Outcome(Enum):
    """What becomes of the flows of a pair. The values are the words of every output."""

    ALL = "all"
    SOME = "some"
    UNANSWERED = "unanswered"
    NONE = "none"
    UNSETTLED = "unsettled"


_MEANINGS = {
    Outcome.ALL: "every flow arrives and is answered",
    Outcome.SOME: "some flows arrive and are answered, some are not",
    Outcome.UNANSWERED: "flows arrive, and no reply comes back",
    Outcome.NONE: "no flow arrives",
    Outcome.UNSETTLED: "not decided",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a pair stands as documented; where it is `open` other worlds may differ.

    With `passes_none` some flow arrives that passes no appliance. A `doubted` pair could turn on something of the
    input that is not modelled.
    """

    outcome: Outcome
    passes_none: bool = False
    open: bool = False
    doubted: bool = False

    @property
    def text(self) -> str:
        words = [self.outcome.value]
        words += ["past no appliance"] if self.passes_none else []
        words += ["open"] if self.open else []
        words += ["doubted"] if self.doubted else []
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Checks:
    """What was done beside the classes: pairs that Z3 decided, pairs that it confirmed, flows that were replayed.

    `not_asked` are the pairs that Z3 might have decided and was not asked about, since they were too many.
    """

    proved: int = 0
    confirmed: int = 0
    replayed: int = 0
    not_asked: int = 0


@dataclass(frozen=True, slots=True)
class Pairs:
    """The kinds of all ordered pairs: for each sender a byte for each receiver, which counts in `kinds`.

    `facts` are open facts that open pairs may turn on. `otherwise` are receivers that can be reached by other addresses
    than their own, of which nothing is said here.
    """

    service: str
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: tuple[bytes, ...]
    facts: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    checks: Checks = field(default_factory=Checks)
    seconds: float = 0.0

    def counts(self) -> Counter[Kind]:
        """Return how many pairs are of each kind; an end and itself are no pair."""
        totals: Counter[int] = Counter()
        for row in self.rows:
            totals.update(row)
        position = {name: index for index, name in enumerate(self.receivers)}
        for name, row in zip(self.senders, self.rows, strict=True):
            if name in position:
                totals[row[position[name]]] -= 1
        return Counter({self.kinds[index]: count for index, count in totals.items() if count})

    def pairs(self) -> Iterator[tuple[str, str, Kind]]:
        for sender, row in zip(self.senders, self.rows, strict=True):
            for receiver, index in zip(self.receivers, row, strict=True):
                if receiver != sender:
                    yield sender, receiver, self.kinds[index]


def render_matrix(pairs: Pairs, *, every_pair: bool = False) -> str:
    """Return the matrix as text: counts, then groups, or a line for each pair where ends are few or it is asked for."""
    counts = pairs.counts()
    total = sum(counts.values())
    if not total:
        return f"{_ends(pairs)}: no pair to ask about"
    lines = [f"{_ends(pairs)}, {counted(total, 'ordered pair')}, on {printable(pairs.service)}", ""]
    lines += aligned(list(_count_rows(counts)))
    if every_pair or max(len(pairs.senders), len(pairs.receivers)) <= _FEW:
        lines += ["", *aligned([(printable(a), printable(b), kind.text) for a, b, kind in pairs.pairs()])]
    else:
        lines += ["", *_grouped(pairs)]
    lines += ["", *_told(pairs, counts)]
    return "\n".join(lines).rstrip()


def _ends(pairs: Pairs) -> str:
    if pairs.senders == pairs.receivers:
        return counted(len(pairs.senders), "end")
    return f"{counted(len(pairs.senders), 'sender')}, {counted(len(pairs.receivers), 'receiver')}"


def _count_rows(counts: Counter[Kind]) -> Iterator[tuple[str, str, str]]:
    for kind, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0].text)):
        yield f"{count:,}", kind.text, _meaning(kind)


def _meaning(kind: Kind) -> str:
    text = _MEANINGS[kind.outcome]
    if kind.passes_none:
        text += "; some pass no appliance"
    if kind.open:
        text += "; as documented, and other worlds may differ"
    if kind.doubted:
        text += "; but for what is not modelled"
    return text


def _grouped(pairs: Pairs) -> Iterator[str]:
    """Return the groups of ends that behave alike, and how each group stands to each."""
    groups = groups_of(pairs)
    shown = groups[:_GROUPS]
    yield "groups of ends that behave alike:"
    for number, members in enumerate(shown, 1):
        yield f"  {number:>2}  {counted(len(members), 'end')}: {_named(members)}"
    if len(groups) > len(shown):
        left = sum(map(len, groups[_GROUPS:]))
        yield f"      and {counted(len(groups) - len(shown), 'group')} more, of {counted(left, 'end')}"
    yield ""
    rows = [("from", "to", "pairs", "stand")]
    for number, members in enumerate(shown, 1):
        for other, others in enumerate(shown, 1):
            rows += _between(pairs, (number, members), (other, others))
    yield from aligned(rows)


def _between(
    pairs: Pairs, one: tuple[int, Sequence[str]], other: tuple[int, Sequence[str]]
) -> Iterator[tuple[str, str, str, str]]:
    rows = dict(zip(pairs.senders, pairs.rows, strict=True))
    column = {name: index for index, name in enumerate(pairs.receivers)}
    picked = [column[name] for name in other[1] if name in column]
    totals: Counter[int] = Counter()
    for name in one[1]:
        if name in rows and picked:
            row = rows[name]
            totals.update(row[index] for index in picked)
            if name in column and name in other[1]:
                totals[row[column[name]]] -= 1
    for index, count in sorted(totals.items(), key=lambda entry: (-entry[1], entry[0])):
        if count:
            yield str(one[0]), str(other[0]), f"{count:,}", pairs.kinds[index].text


def groups_of(pairs: Pairs) -> list[tuple[str, ...]]:
    """Return the ends grouped by the kinds of pairs that they send to and get from, the largest group first."""
    sent = {name: frozenset(row) for name, row in zip(pairs.senders, pairs.rows, strict=True)}
    columns = zip(*pairs.rows, strict=True) if pairs.rows else ()
    got = {name: frozenset(column) for name, column in zip(pairs.receivers, columns, strict=False)}
    members: dict[tuple[frozenset[int], frozenset[int]], list[str]] = {}
    for name in dict.fromkeys((*pairs.senders, *pairs.receivers)):
        alike = sent.get(name, frozenset()), got.get(name, frozenset())
        members.setdefault(alike, []).append(name)
    return sorted(map(tuple, members.values()), key=lambda group: (-len(group), group))


def _named(members: Sequence[str]) -> str:
    names = ", ".join(printable(shortened(name, 60)) for name in members[:_NAMES])
    return names if len(members) <= _NAMES else f"{names} and {len(members) - _NAMES:,} more"


def _told(pairs: Pairs, counts: Counter[Kind]) -> Iterator[str]:
    """Return what the answers rest on and what they do not say."""
    if any(kind.open for kind in counts) and pairs.facts:
        more = f" and {len(pairs.facts) - _FACTS:,} more" if len(pairs.facts) > _FACTS else ""
        yield f"open pairs may turn on {', '.join(map(printable, pairs.facts[:_FACTS]))}{more}"
        yield "what no document can tell is taken as false above; `--assume FACT=true` asks about other worlds"
    if pairs.otherwise:
        yield f"asked of their own addresses alone, which are not the only ways there: {_named(pairs.otherwise)}"
    yield from map(printable, pairs.notes)
    unsettled = next(((a, b) for a, b, kind in pairs.pairs() if kind.outcome is Outcome.UNSETTLED), None)
    if unsettled is not None:
        on = "" if pairs.service == EVERY_CONVERSATION.name else f" on {pairs.service}"
        question = printable(f"{unsettled[0]} reaches {unsettled[1]}{on}")
        yield f"why a pair is unsettled `prove` tells of an intent about it, such as `{question}`"
    checks = pairs.checks
    if checks.not_asked:
        enough = checks.proved + checks.not_asked
        yield f"Z3 was not asked about {counted(checks.not_asked, 'pair')} that classes leave open: `--proofs {enough}`"
    yield (
        f"decided by classes; {counted(checks.proved, 'pair')} by Z3; checked: "
        f"{counted(checks.confirmed, 'pair')} by Z3, {counted(checks.replayed, 'flow')} by the simulator"
    )


def render_matrix_json(pairs: Pairs) -> str:
    """Return every pair as JSON: a string for each sender with a letter for each receiver, `-` for itself."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    used = sorted({index for row in pairs.rows for index in set(row)})
    letter = {index: letters[position] for position, index in enumerate(used)}
    table = bytes(ord(letter.get(index, "?")) for index in range(256))
    rows: Json = {}
    position = {name: index for index, name in enumerate(pairs.receivers)}
    for name, row in zip(pairs.senders, pairs.rows, strict=True):
        text = row.translate(table).decode("ascii")
        own = position.get(name)
        rows[name] = text if own is None else f"{text[:own]}-{text[own + 1 :]}"
    counts = pairs.counts()
    document: Json = {
        "format": "vnetverify-matrix",
        "format_version": 1,
        "service": pairs.service,
        "kinds": {letter[index]: _kind(pairs.kinds[index], counts) for index in used},
        "receivers": list(pairs.receivers),
        "rows": rows,
        "facts": list(pairs.facts),
        "reached_otherwise": list(pairs.otherwise),
        "notes": list(pairs.notes),
        "checks": {
            "proved": pairs.checks.proved, "confirmed": pairs.checks.confirmed, "replayed": pairs.checks.replayed,
            "not_asked": pairs.checks.not_asked,
        },
        "seconds": round(pairs.seconds, 3),
    }  # fmt: skip
    return json_text(document)


def _kind(kind: Kind, counts: Counter[Kind]) -> Json:
    return {
        "outcome": kind.outcome.value,
        "past_no_appliance": kind.passes_none,
        "open": kind.open,
        "doubted": kind.doubted,
        "pairs": counts[kind],
    }


def render_matrix_csv(pairs: Pairs) -> str:
    """Return a row for each pair below a row of headings."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("from", "to", "outcome", "past no appliance", "open", "doubted"))
    for sender, receiver, kind in pairs.pairs():
        flags = ("yes" if flag else "no" for flag in (kind.passes_none, kind.open, kind.doubted))
        writer.writerow((csv_cell(sender), csv_cell(receiver), kind.outcome.value, *flags))
    return text.getvalue().removesuffix("\n")
