"""What is wrong with an input, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from vnetverify.source import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about an input.

    `code` is a stable word, `message` one line in the user's terms, `label` what the caret points out,
    `others` further places with a word on each, `rule` the rule-book id that is broken and `azure`
    the name of the error with which Azure refuses it, where it has one. `example` is a packet that shows it.
    """

    code: str
    message: str
    span: Span
    label: str = ""
    others: tuple[tuple[Span, str], ...] = ()
    help: str | None = None
    rule: str | None = None
    azure: str | None = None
    severity: Severity = Severity.ERROR
    example: str | None = None


class InputError(Exception):
    """An input that cannot be worked with; carries every diagnostic found."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = in_source_order(diagnostics)
        super().__init__("; ".join(diagnostic.message for diagnostic in self.diagnostics))


def in_source_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return `diagnostics` as a reader meets them: by file, line, column, then code."""
    return tuple(sorted(diagnostics, key=lambda d: (d.span.file, d.span.line, d.span.column, d.code, d.message)))
