"""Functions that tell true from false, or choose."""

from __future__ import annotations

from typing import Any

from vnetverify.ingest.arm.expressions import Expression
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.functions.catalogue import Evaluator, Function, as_bool, as_text, refused
from vnetverify.ingest.arm.values import because, either, kind_of, same
from vnetverify.ingest.unknown import Unknown

_SHOWN = 200  # characters of a message that is repeated


def _if(evaluator: Evaluator, trees: tuple[Expression, ...]) -> Any:
    """Evaluate the condition and the branch that it chooses; of a condition that is not known, both."""
    condition = evaluator.value(trees[0])
    if not isinstance(condition, Unknown):
        return evaluator.value(trees[1] if as_bool("if", condition) else trees[2])
    try:
        return either(evaluator.value(trees[1]), evaluator.value(trees[2]), condition)
    except (BadExpression, EvaluationError):
        return because(condition)  # the branch that fails may be the one that is not taken


def _all_or_any(name: str, decisive: bool) -> Any:
    def evaluated(evaluator: Evaluator, trees: tuple[Expression, ...]) -> Any:
        for position, tree in enumerate(trees, 1):
            value = evaluator.value(tree)
            if isinstance(value, Unknown):
                return decisive if _any_is(decisive, trees[position:], evaluator) else because(value)
            if as_bool(name, value, position) is decisive:
                return decisive
        return not decisive

    return evaluated


def _any_is(decisive: bool, trees: tuple[Expression, ...], evaluator: Evaluator) -> bool:
    """Hold when one of `trees` has that value; those behind one that fails may never be asked."""
    try:
        return any(evaluator.value(tree) is decisive for tree in trees)
    except (BadExpression, EvaluationError):
        return False


def _coalesce(evaluator: Evaluator, trees: tuple[Expression, ...]) -> Any:
    """Return the first value that is not null; one that is not known may be null, so what follows it is not asked."""
    for tree in trees:
        value = evaluator.value(tree)
        if value is not None:
            return because(value) if isinstance(value, Unknown) and tree is not trees[-1] else value
    return None


def _not(value: Any) -> bool:
    return not as_bool("not", value)


def _xor(*values: Any) -> bool:
    return sum(as_bool("xor", value, position) for position, value in enumerate(values, 1)) % 2 == 1


def _bool(value: Any) -> bool:
    """Return a bool for the words `true` and `false` in any letter case, and for the ints 1 and 0."""
    match value:
        case bool():
            return value
        case int():
            return value != 0
        case str() if value.strip().lower() in {"true", "false"}:
            return value.strip().lower() == "true"
        case str() if value.strip() in {"1", "0"}:
            return value.strip() == "1"
        case _:
            raise refused("bool", f"cannot make a bool of {kind_of(value)}")


def _fail(message: Any) -> None:
    said = message.why if isinstance(message, Unknown) else as_text("fail", message)
    raise EvaluationError(f"the template fails by its own word: {said[:_SHOWN]}")


LOGIC = (
    Function("if", 3, 3, _if, is_lazy=True, makes=False),
    Function("and", 2, None, _all_or_any("and", False), is_lazy=True, makes=False),
    Function("or", 2, None, _all_or_any("or", True), is_lazy=True, makes=False),
    Function("coalesce", 1, None, _coalesce, is_lazy=True, makes=False),
    Function("not", 1, 1, _not),
    Function("xor", 2, None, _xor),
    Function("bool", 1, 1, _bool),
    Function("true", 0, 0, lambda: True),
    Function("false", 0, 0, lambda: False),
    Function("null", 0, 0, lambda: None),
    Function("equals", 2, 2, same, is_strict=False),
    Function("fail", 1, 1, _fail, is_strict=False),
)
