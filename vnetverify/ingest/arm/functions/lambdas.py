"""Functions that apply a lambda to the members of an array or object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key, reduce
from typing import Any

from vnetverify.ingest.arm.expressions import Call, Expression, Literal
from vnetverify.ingest.arm.functions.catalogue import (
    Evaluator,
    Function,
    as_bool,
    as_list,
    as_object,
    as_text,
    refused,
)
from vnetverify.ingest.arm.standins import without_stand_ins
from vnetverify.ingest.arm.values import MISSING, PartlyKnown, because, either
from vnetverify.ingest.unknown import Unknown


@dataclass(frozen=True, slots=True)
class _Lambda:
    """`lambda('x', …, body)`, with the names of its variables in lower case."""

    evaluator: Evaluator
    variables: tuple[str, ...]
    body: Expression

    def __call__(self, *values: Any) -> Any:
        """Return the value of the body for the first of `values`, as many as there are variables."""
        return self.evaluator.applied(self.body, dict(zip(self.variables, values, strict=False)))


def _lambda_in(function: str, evaluator: Evaluator, tree: Expression, position: int, most: int) -> _Lambda:
    if not (isinstance(tree, Call) and tree.namespace is None and tree.name.lower() == "lambda" and tree.arguments):
        raise refused(function, f"takes a lambda as argument {position}")
    *names, body = tree.arguments
    variables = [name.value.lower() for name in names if isinstance(name, Literal) and isinstance(name.value, str)]
    if len(variables) != len(names) or not 1 <= len(variables) <= most:
        raise refused(function, f"takes a lambda with at most {most} names of variables as argument {position}")
    return _Lambda(evaluator, tuple(variables), body)


def _of_array(name: str, most: int, applied: Callable[[list[Any], _Lambda], Any]) -> Function:
    """Return the function of an array and a lambda with up to `most` variables."""

    def evaluated(evaluator: Evaluator, trees: tuple[Expression, ...]) -> Any:
        array = evaluator.value(trees[0])
        if isinstance(array, Unknown):
            return because(array)
        result = applied(as_list(name, array), _lambda_in(name, evaluator, trees[1], 2, most))
        evaluator.bounds.measure(result)
        return result

    return Function(name, 2, 2, evaluated, is_lazy=True, makes=False)


def _filtered(items: list[Any], condition: _Lambda) -> list[Any] | Unknown:
    kept = []
    for index, item in enumerate(items):
        answer = condition(item, index)
        if isinstance(answer, Unknown):
            return because(answer)
        if as_bool("filter", answer):
            kept.append(item)
    return kept


def _mapped(items: list[Any], change: _Lambda) -> list[Any]:
    return [change(item, index) for index, item in enumerate(items)]


def _grouped(items: list[Any], key_of: _Lambda) -> dict[str, Any] | Unknown:
    groups: dict[str, list[Any]] = {}
    for index, item in enumerate(items):
        key = without_stand_ins(key_of(item, index))
        if isinstance(key, Unknown):
            return because(key)
        groups.setdefault(as_text("groupBy", key), []).append(item)
    return groups


class _Undecided(Exception):  # it is no error: it carries an answer out of a sort
    def __init__(self, why: Unknown) -> None:
        self.why = why


def _sorted(items: list[Any], comes_first: _Lambda) -> list[Any] | Unknown:
    """Return `items` in order; of members that neither comes before the other, the order is not documented."""

    def compared(one: Any, other: Any) -> int:
        for before, after, order in ((one, other, -1), (other, one, 1)):
            answer = comes_first(before, after)
            if isinstance(answer, Unknown):
                raise _Undecided(because(answer))
            if as_bool("sort", answer):
                return order
        return 0

    try:
        ordered = sorted(items, key=cmp_to_key(compared))
        return _with_ties(ordered, compared)
    except _Undecided as undecided:
        return undecided.why


_TIE = Unknown("the order of members that `sort` finds equal is not documented")


def _with_ties(ordered: list[Any], compared: Callable[[Any, Any], int]) -> list[Any]:
    result: list[Any] = []
    group: list[Any] = []
    for item in ordered:
        if group and compared(group[-1], item) != 0:
            result.extend(_settled(group))
            group = []
        group.append(item)
    result.extend(_settled(group))
    return result


def _settled(group: list[Any]) -> list[Any]:
    if len(group) < 2:
        return group
    common = reduce(lambda one, other: either(one, other, _TIE), group)
    return [common] * len(group)


def _reduce(evaluator: Evaluator, trees: tuple[Expression, ...]) -> Any:
    array, result = evaluator.value(trees[0]), evaluator.value(trees[1])
    if isinstance(array, Unknown):
        return because(array)
    step = _lambda_in("reduce", evaluator, trees[2], 3, 3)
    for index, item in enumerate(as_list("reduce", array)):
        result = step(result, item, index)
    return result


def _to_object(evaluator: Evaluator, trees: tuple[Expression, ...]) -> Any:
    array = evaluator.value(trees[0])
    if isinstance(array, Unknown):
        return because(array)
    key_of = _lambda_in("toObject", evaluator, trees[1], 2, 2)
    value_of = _lambda_in("toObject", evaluator, trees[2], 3, 2) if len(trees) > 2 else None
    result: dict[str, Any] = {}
    doubt: Unknown | None = None
    for index, item in enumerate(as_list("toObject", array)):
        key = without_stand_ins(key_of(item, index))
        if isinstance(key, Unknown):
            doubt = doubt if doubt is not None else because(key)
        else:
            result[as_text("toObject", key)] = item if value_of is None else value_of(item, index)
    evaluator.bounds.measure(result)
    if doubt is None:
        return result
    return PartlyKnown(dict.fromkeys(result, doubt), doubt)  # a key that is not known may be any of them once more


def _map_values(evaluator: Evaluator, trees: tuple[Expression, ...]) -> Any:
    value = evaluator.value(trees[0])
    if isinstance(value, Unknown):
        return because(value)
    members = as_object("mapValues", value)
    change = _lambda_in("mapValues", evaluator, trees[1], 2, 1)
    result = {key: change(item) for key, item in members.items()}
    evaluator.bounds.measure(result)
    return PartlyKnown(result, because(members.otherwise)) if isinstance(members, PartlyKnown) else result


def _lambda_variables(evaluator: Evaluator, name: Any) -> Any:
    found = evaluator.lambda_variables.get(as_text("lambdaVariables", name).lower(), MISSING)
    if found is MISSING:
        raise refused("lambdaVariables", f"asks for `{name[:40]}`, which no lambda around it has")
    return found


def _lambda(evaluator: Evaluator, trees: tuple[Expression, ...]) -> Any:
    raise refused("lambda", "may only stand where a function takes one as its argument")


LAMBDAS = (
    _of_array("filter", 2, _filtered),
    _of_array("map", 2, _mapped),
    _of_array("groupBy", 2, _grouped),
    _of_array("sort", 2, _sorted),
    Function("reduce", 3, 3, _reduce, is_lazy=True, makes=False),
    Function("toObject", 2, 3, _to_object, is_lazy=True, makes=False),
    Function("mapValues", 2, 2, _map_values, is_lazy=True, makes=False),
    Function("lambdaVariables", 1, 1, _lambda_variables, is_placed=True, makes=False),
    Function("lambda", 1, None, _lambda, is_lazy=True, makes=False),
)
