"""Diagnostics with the lines they are about. The text is styled; who prints it strips that where it does not belong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from vnetverify.diagnostic import Diagnostic, Severity, in_source_order
from vnetverify.report.terminal import bold, coloured, counted, dim, printable, shortened, width
from vnetverify.source import NOWHERE, Source, Span

SHOWN = 50  # diagnostics printed in full; a broken generated file must not flood the terminal
WIDEST_QUOTE = 100  # columns of a quoted line
_BEFORE = 2 / 5  # of these columns stand in front of the caret when a line is cut
_LABEL = 100
_MESSAGE = 400
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}


@dataclass(frozen=True, slots=True)
class _Mark:
    span: Span
    label: str
    main: bool


def render_diagnostics(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, Source],
    quotes: Mapping[str, Mapping[int, str]] | None = None,
    columns: int = WIDEST_QUOTE,
) -> str:
    """Return every diagnostic as an excerpt in source order, one blank line between; at most `SHOWN` of them.

    Lines are quoted of the `sources`, and of other files the `quotes`, by their numbers, and `columns` of each.
    """
    ordered = in_source_order(diagnostics)
    lines: dict[str, Mapping[int, str]] = dict(quotes or {})
    if ordered:
        lines.update((name, dict(enumerate(source.text.split("\n"), 1))) for name, source in sources.items())
    blocks = ["\n".join(_excerpt(diagnostic, lines, columns)) for diagnostic in ordered[:SHOWN]]
    if len(ordered) > SHOWN:
        blocks.append(f"... and {len(ordered) - SHOWN} more")
    return "\n\n".join(blocks)


def one_line(diagnostic: Diagnostic) -> str:
    """Return `file:line:column: error[code]: message`, the message alone where it is about no place."""
    return _title(diagnostic) if diagnostic.span == NOWHERE else f"{_location(diagnostic.span)}: {_title(diagnostic)}"


def _location(span: Span) -> str:
    """Return the place, without line and column where it is a whole file."""
    return printable(span.file if span.line == 0 and span.pointer is None else str(span))


def _title(diagnostic: Diagnostic) -> str:
    word = coloured(f"{diagnostic.severity.value}[{diagnostic.code}]", _COLOURS[diagnostic.severity])
    return f"{word}: {shortened(printable(diagnostic.message), _MESSAGE)}"


def _excerpt(diagnostic: Diagnostic, lines: Mapping[str, Mapping[int, str]], columns: int) -> Iterator[str]:
    yield f"{_title(diagnostic)}"
    marks = [_Mark(diagnostic.span, diagnostic.label, True)]
    marks += [_Mark(span, label, False) for span, label in diagnostic.others]
    gutter = len(str(max(mark.span.line for mark in marks)))
    if diagnostic.span != NOWHERE:
        yield f"{' ' * gutter}{dim('-->')} {_place(marks[0], lines)}"
    here = [mark for mark in marks if mark.span.file == diagnostic.span.file]
    yield from _quoted(here, lines.get(diagnostic.span.file, {}), gutter, columns)
    for mark in marks:
        if mark not in here:
            yield f"{' ' * gutter}{dim(':::')} {_place(mark, lines)}"
            yield from _quoted([mark], lines.get(mark.span.file, {}), gutter, columns)
    if diagnostic.example:
        yield f"{' ' * gutter} {dim('=')} for example {shortened(printable(diagnostic.example), _MESSAGE)}"
    reference = _reference(diagnostic)
    if reference:
        yield f"{' ' * gutter} {dim('=')} {reference}"
    if diagnostic.help:
        yield f"{coloured('help', 'cyan')}: {shortened(printable(diagnostic.help), _MESSAGE)}"


def _place(mark: _Mark, lines: Mapping[str, Mapping[int, str]]) -> str:
    """Return where the mark is, and its label where no line is quoted below which that could stand."""
    is_quoted = mark.span.line in lines.get(mark.span.file, {})
    label = "" if is_quoted else shortened(printable(mark.label), _LABEL)
    return f"{_location(mark.span)}: {label}" if label else _location(mark.span)


def _reference(diagnostic: Diagnostic) -> str:
    parts = [f"rule {diagnostic.rule}"] if diagnostic.rule else []
    if diagnostic.azure:
        parts.append(f"Azure says `{printable(diagnostic.azure)}`")
    return ", ".join(parts)


def _quoted(marks: list[_Mark], lines: Mapping[int, str], gutter: int, columns: int) -> Iterator[str]:
    """Yield the marked lines in order, each with its marks below; nothing for places without a line to quote."""
    known = sorted(
        (mark for mark in marks if mark.span.line in lines), key=lambda mark: (mark.span.line, not mark.main)
    )
    if known:
        yield f"{' ' * gutter} {dim('|')}"
    for number, group in groupby(known, key=lambda mark: mark.span.line):
        text = lines[number].rstrip("\r")
        on_line = list(group)
        start = _first_column(text, on_line[0].span.column, columns)
        shown, cut = text[start : start + columns], len(text) > start + columns
        yield f"{dim(f'{number:>{gutter}} |')} {'…' if start else ''}{_flat(shown)}{'…' if cut else ''}"
        for mark in on_line:
            yield f"{' ' * gutter} {dim('|')} {_marker(mark, text, start, columns)}"


def _first_column(text: str, column: int, columns: int) -> int:
    """Return the index from which `columns` of `text` are quoted, so that the 1-based `column` is seen."""
    return max(0, min(column - 1 - int(columns * _BEFORE), len(text) - columns))


def _flat(text: str) -> str:
    """Return `text` with one character for each: a blank for a tab, `\ufffd` for what cannot be shown."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\ufffd" for c in text)


def _marker(mark: _Mark, text: str, start: int, columns: int) -> str:
    """Return the carets and the label that stand below `text`, quoted from index `start`.

    What lies in a part of the line that is cut off has its mark below the `…` in place of that part.
    """
    last = mark.span.end_column - 1 if mark.span.end_line == mark.span.line else len(text)
    first, last = max(mark.span.column - 1, start), min(last, start + columns)
    before = width(_flat(text[start : min(first, start + columns)])) + (1 if start else 0) if last > start else 0
    under = max(1, width(_flat(text[first:last])))
    carets = coloured("^" * under, "red") if mark.main else bold("-" * under)
    label = shortened(printable(mark.label), _LABEL)
    return f"{' ' * before}{carets} {label}".rstrip()


def counts_of(diagnostics: Iterable[Diagnostic]) -> str:
    """Return for example `1 error, 2 warnings`; nothing where nothing was found."""
    of_each = Counter(found.severity for found in diagnostics)
    return ", ".join(counted(of_each[severity], severity.value) for severity in Severity if of_each[severity])
