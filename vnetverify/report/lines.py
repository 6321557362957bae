"""Lines for what is told of JSON: pointers are looked up when it is known which of them are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from vnetverify.header import Flow, Interval, IntervalSet, Prefix
from vnetverify.ingest.pointers import LONGEST_QUOTE, Spot, quotable, spots_in
from vnetverify.source import Span

_T = TypeVar("_T")
_WITHOUT_SPANS = (Flow, Interval, IntervalSet, Prefix)
# For each file the lines that may be shown of it, by number.
Quotes = Mapping[str, Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class _Places:
    """The spans of one run that have a pointer alone, each with its line where the text is there and has it."""

    known: Mapping[Span, Span]

    def applied_to(self, value: Any) -> Any:
        """Return `value` with these spans in it; the same object where it has none."""
        if isinstance(value, Span):
            return self.known.get(value, value)
        if isinstance(value, tuple):
            items = [self.applied_to(item) for item in value]
            same = all(new is old for new, old in zip(items, value, strict=True))
            return value if same else _rebuilt(value, items)
        if isinstance(value, dict):
            changed = {key: self.applied_to(item) for key, item in value.items()}
            return value if all(changed[key] is item for key, item in value.items()) else changed
        if is_dataclass(value) and not isinstance(value, (type, *_WITHOUT_SPANS)):
            own = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
            made = {name: new for name, item in own.items() if (new := self.applied_to(item)) is not item}
            return replace(value, **made) if made else value
        return value


def with_lines(value: _T, text_of: Callable[[str], str | None]) -> tuple[_T, Quotes]:
    """Return `value` with lines beside the pointers of all spans in it, and the lines that may be quoted.

    `text_of` returns the text of a file, None where it cannot be had; then its spans stay as they are.
    """
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for span in _spans_in(value):
        if span.pointer is not None and span.line == 0:
            wanted[span.file].add(span.pointer)
    known: dict[Span, Span] = {}
    quotes: dict[str, dict[int, str]] = {}
    for file, pointers in sorted(wanted.items()):
        text = text_of(file)
        if text is not None:
            spots = spots_in(text, sorted(pointers))
            for pointer, spot in spots.items():
                known[Span(file, 0, 0, 0, 0, pointer)] = _span(file, pointer, spot)
            quotes[file] = dict(_quotes(text, spots))
    return cast(_T, _Places(known).applied_to(value)) if known else value, quotes


def _span(file: str, pointer: str, spot: Spot) -> Span:
    return Span(file, spot.line, spot.column, spot.line, spot.end_column, pointer)


def _quotes(text: str, spots: Mapping[str, Spot]) -> Iterator[tuple[int, str]]:
    """Yield the lines of `text` at `spots` that may be shown."""
    number, begun = 1, 0
    for pointer, spot in sorted(spots.items(), key=lambda item: item[1].line):
        while number < spot.line:
            begun, number = text.index("\n", begun) + 1, number + 1
        end = text.find("\n", begun)
        # A file without line ends is one line, which nobody wants to see.
        line = text[begun : min(end if end >= 0 else len(text), begun + LONGEST_QUOTE + 1)].rstrip("\r")
        if quotable(line, pointer):
            yield number, line


def _rebuilt(value: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    return type(value)(*items) if hasattr(value, "_fields") else tuple(items)


def _spans_in(value: Any) -> Iterator[Span]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Span):
            yield item
        elif isinstance(item, tuple):
            pending += item
        elif isinstance(item, dict):
            pending += item.values()
        elif is_dataclass(item) and not isinstance(item, (type, *_WITHOUT_SPANS)):
            pending += (getattr(item, field.name) for field in fields(item))
