"""What is known of a function of the template language, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from vnetverify.ingest.arm.bounds import Bounds
from vnetverify.ingest.arm.expressions import Expression
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.surroundings import Surroundings
from vnetverify.ingest.arm.values import Value, kind_of


class Evaluator(Protocol):
    """Who evaluates the arguments of a function."""

    @property
    def surroundings(self) -> Surroundings: ...

    @property
    def bounds(self) -> Bounds: ...

    @property
    def lambda_variables(self) -> Mapping[str, Any]:
        """Values of the variables of the lambdas around, by lower-case name."""

    def value(self, tree: Expression) -> Value: ...

    def applied(self, body: Expression, variables: Mapping[str, Any]) -> Value:
        """Return the value of `body` where `variables`, by lower-case name, are known besides those around."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its name in Azure's spelling.

    `body` takes the values of the arguments; where `is_placed`, an `Evaluator` before them; where `is_lazy`, an
    `Evaluator` and the tuple of trees. Where `is_strict`, it is not called with an `Unknown` in the place of an
    argument: the result is not known then. `makes` says that the result may be larger than the arguments,
    `looks_through` that it takes longer the larger these are.
    """

    name: str
    fewest: int
    most: int | None
    body: Callable[..., Any]
    is_strict: bool = True
    is_placed: bool = False
    is_lazy: bool = False
    makes: bool = True
    looks_through: bool = True


def refused(function: str, reason: str) -> EvaluationError:
    """Return the error that `function` raises; `reason` follows on its name."""
    return EvaluationError(f"`{function}` {reason}")


def as_text(function: str, value: Any, position: int = 1) -> str:
    if not isinstance(value, str):
        raise _wrong_kind(function, position, "a string", value)
    return value


def as_int(function: str, value: Any, position: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_kind(function, position, "an int", value)
    return value


def as_bool(function: str, value: Any, position: int = 1) -> bool:
    if not isinstance(value, bool):
        raise _wrong_kind(function, position, "a bool", value)
    return value


def as_list(function: str, value: Any, position: int = 1) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong_kind(function, position, "an array", value)
    return value


def as_object(function: str, value: Any, position: int = 1) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_kind(function, position, "an object", value)
    return value


def _wrong_kind(function: str, position: int, expected: str, value: Any) -> EvaluationError:
    return refused(function, f"takes {expected} as argument {position}, not {kind_of(value)}")


def require_count(function: Function, given: int) -> None:
    """Raise `EvaluationError` where `function` does not take that many arguments."""
    if given < function.fewest or (function.most is not None and given > function.most):
        raise refused(function.name, f"takes {_counted(function)}, not {given}")


def _counted(function: Function) -> str:
    fewest, most = function.fewest, function.most
    if most is None:
        return f"at least {fewest} argument{'' if fewest == 1 else 's'}"
    if fewest == most:
        return f"{fewest or 'no'} argument{'' if fewest == 1 else 's'}"
    return f"{fewest} to {most} arguments"
