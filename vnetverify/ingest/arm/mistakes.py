"""What is wrong with a template, with the place where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.diagnostic import Diagnostic
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.notation import place

_BESIDE = 30  # characters of an expression that are shown on either side of a mistake


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: the pointer of a JSON value."""

    file: str
    pointer: str


class Mistake(EvaluationError):
    """A mistake at a place; what evaluates more than one text raises it in the place of what `resolve` raises."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


class TooLarge(Exception):
    """A template that stands for more than is read; carries the one diagnostic that says so."""

    def __init__(self, message: str, where: Spot) -> None:
        advice = "templates are read up to that size, whatever Azure would take"
        self.diagnostic = Diagnostic("expansion-too-large", message, place(where.file, where.pointer), help=advice)
        super().__init__(message)


def mistake(error: EvaluationError | BadExpression, where: Spot, text: str = "") -> Mistake:
    """Return `error`, which the expression `text` at `where` raises, with its place, unless it has one already."""
    if isinstance(error, Mistake):
        return error
    span = place(where.file, where.pointer)
    if isinstance(error, BadExpression):
        message = f"{error.message}: `{_around(text, error.position)}`"
        return Mistake(
            Diagnostic("bad-expression", message, span, f"character {error.position + 1}", help=error.repair)
        )
    quoted = f" in `{shown(text)}`" if text else ""
    return Mistake(Diagnostic("bad-template", f"{error.message}{quoted}", span))


def _around(text: str, position: int) -> str:
    """Return what stands about `position` of a text, with a mark before it."""
    before, after = text[max(0, position - _BESIDE) : position], text[position : position + _BESIDE]
    head = "…" if position > _BESIDE else ""
    tail = "…" if position + _BESIDE < len(text) else ""
    return f"{head}{before}⟨here⟩{after}{tail}".replace("\n", " ")


def shown(text: str) -> str:
    """Return an expression as a message quotes it: on one line, and not longer."""
    line = " ".join(text.split())
    return line if len(line) <= 2 * _BESIDE else f"{line[: 2 * _BESIDE - 1]}…"
