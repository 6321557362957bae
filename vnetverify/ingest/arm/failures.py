"""What is wrong with an expression of a template, in the user's terms."""

from __future__ import annotations


class BadExpression(Exception):
    """A text that is no expression; `position` counts characters of the whole text, from nought,
    `repair` is a word of help."""

    def __init__(self, message: str, position: int, repair: str | None = None) -> None:
        self.message = message
        self.position = position
        self.repair = repair
        super().__init__(message)


class EvaluationError(Exception):
    """An expression that Azure would refuse to evaluate, or that goes beyond a bound of ours."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)
