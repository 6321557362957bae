"""What is wrong with a text, for tests of what is said of it."""

from __future__ import annotations

from vnetverify.diagnostic import Diagnostic
from vnetverify.model.network import Network
from vnetverify.source import Source
from vnetverify.syntax import read


def mistakes(text: str, imported: Network | None = None) -> tuple[Diagnostic, ...]:
    return read((Source("a.vnet", text),), imported).diagnostics


def mistake(text: str) -> Diagnostic:
    (found,) = mistakes(text)
    return found


def pointed_at(text: str, found: Diagnostic) -> str:
    """Return what the caret of a diagnostic underlines."""
    line = Source("a.vnet", text).line(found.span.line)
    end = found.span.end_column if found.span.end_line == found.span.line else len(line) + 1
    return line[found.span.column - 1 : end - 1]
