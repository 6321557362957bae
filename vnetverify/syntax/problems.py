"""The mistakes found in a text, worded alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.source import Span

if TYPE_CHECKING:
    from lark import Token

_SHOWN = 60  # characters of a name that a message repeats
_LISTED = 6  # names that a message lists
_REPAIRED = 100  # mistakes for which a repair is sought
_COMPARED = 5_000  # names that are searched for one that was meant
_ABBREVIATIONS = frozenset({"asg", "nsg"})  # read letter by letter
_KEPT = 2_000  # mistakes that are kept; of a generated text nobody reads more


class Problems:
    """Collects diagnostics about one text after the other; `errors` counts all mistakes without the warnings."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self.errors = 0

    @property
    def is_crowded(self) -> bool:
        """Tell whether there are so many mistakes that a repair is no longer sought for each."""
        return len(self.found) > _REPAIRED

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        others: tuple[tuple[Span, str], ...] = (),
        help: str | None = None,  # noqa: A002 - as the field of a diagnostic is called
    ) -> None:
        self.errors += 1
        if self.errors <= _KEPT:
            self.found.append(Diagnostic(code, message, span, label, others, help))

    def warning(self, code: str, message: str, span: Span, label: str = "", help: str | None = None) -> None:  # noqa: A002
        self.found.append(Diagnostic(code, message, span, label, help=help, severity=Severity.WARNING))


def span_of(file: str, first: Token, last: Token | None = None) -> Span:
    """Return the place from `first` to the end of `last`, or of `first` alone."""
    last = last if last is not None else first
    return Span(file, first.line or 0, first.column or 0, last.end_line or 0, last.end_column or 0)


def shown(text: str) -> str:
    """Return `text` in backticks, cut where a message would grow out of hand."""
    return f"`{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}`"


def with_article(what: str) -> str:
    """Return `a` or `an` with the words after it."""
    return f"{'an' if what[0] in 'aeio' or what in _ABBREVIATIONS else 'a'} {what}"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the help that offers the closest of `known`, or None where nothing is close."""
    by_fold = {name.casefold(): name for name in _first(known, _COMPARED)}
    close = get_close_matches(word.casefold()[:_SHOWN], by_fold, n=1, cutoff=0.6)
    return f"did you mean {shown(by_fold[close[0]])}?" if close else None


def listed(names: Collection[str], last: str = "and") -> str:
    """Return `names` as a sentence lists them, each in backticks."""
    names = tuple(dict.fromkeys(names))
    return joined([shown(name) for name in _first(names, _LISTED)], last, len(names))


def joined(words: Sequence[str], last: str, count: int | None = None) -> str:
    """Return `words` as a sentence lists them, the first of `count`."""
    count = len(words) if count is None else count
    if count > _LISTED:
        return f"{', '.join(words[:_LISTED])} {last} {count - _LISTED} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _first(names: Iterable[str], number: int) -> Iterator[str]:
    for position, name in enumerate(names):
        if position == number:
            return
        yield name
