"""Expressions of templates as values."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from vnetverify.ingest.arm.expressions import Access, Call, Expression, Literal, is_expression, parse, unescaped
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.functions import FUNCTIONS
from vnetverify.ingest.arm.functions.catalogue import Function, require_count
from vnetverify.ingest.arm.functions.unanswered import only_azure_knows
from vnetverify.ingest.arm.standins import (
    admitted,
    any_doubtful,
    marked,
    marks_names,
    stand_in_among,
    without_stand_ins,
)
from vnetverify.ingest.arm.surroundings import Surroundings, UserFunction
from vnetverify.ingest.arm.userfunctions import InFunction
from vnetverify.ingest.arm.values import COMPARED, PartlyKnown, Value, because, first_unknown, kind_of, member_of
from vnetverify.ingest.unknown import Unknown

_FRAMES = 5  # of the stack, between an expression and one that it needs: a variable, the body of a lambda
_PER_STEP = 4  # characters or members that take as long as one step; a comparison takes one itself
_FEW = 16  # comparisons, characters and members that are not counted
_NAMING = frozenset(function.name for function in FUNCTIONS.values() if marks_names(function.name))
_SHOWN = 40  # characters of a name that a message repeats


def evaluate(expression: Expression, surroundings: Surroundings) -> Value:
    """Return the value of `expression` where it stands in a template.

    Raises `EvaluationError` where Azure would refuse it, `BadExpression` for a function that there is not.
    """
    try:
        return Evaluation(surroundings, {}).value(expression)
    except RecursionError as error:
        raise EvaluationError("evaluation nests too deeply") from error


def resolve(value: Any, surroundings: Surroundings) -> Value:
    """Return `value`, a piece of a template, with each expression in it evaluated, in keys as well as in values.

    A key that is not known leaves its object `PartlyKnown`. Raises what `parse` and `evaluate` raise.
    """
    bounds = surroundings.bounds
    bounds.enter(_FRAMES)
    try:
        resolved = _resolved(value, Evaluation(surroundings, {}))
    except RecursionError as error:
        raise EvaluationError("evaluation nests too deeply") from error
    finally:
        bounds.leave(_FRAMES)
    bounds.measure(resolved)
    return resolved


def _resolved(value: Any, evaluation: Evaluation) -> Any:
    if isinstance(value, str):
        return evaluation.value(parse(value)) if is_expression(value) else unescaped(value)
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(_resolved(item, evaluation))  # noqa: PERF401 - a comprehension is one more frame
        return items
    if not isinstance(value, dict):
        return value
    members: dict[str, Any] = {}
    doubt = value.otherwise if isinstance(value, PartlyKnown) else None
    for key, item in value.items():
        name = without_stand_ins(_resolved(key, evaluation))
        if isinstance(name, Unknown):
            doubt = doubt if doubt is not None else because(name)
        elif isinstance(name, str):
            members[name] = _resolved(item, evaluation)
        else:
            raise EvaluationError(f"the name of a member is {kind_of(name)}, not a string")
    return PartlyKnown(members, doubt) if doubt is not None else members


class Evaluation:
    """The evaluation of one expression; `lambda_variables` are those of the lambdas around, by lower-case name."""

    __slots__ = ("bounds", "lambda_variables", "surroundings")

    def __init__(self, surroundings: Surroundings, lambda_variables: Mapping[str, Any]) -> None:
        self.surroundings = surroundings
        self.bounds = surroundings.bounds
        self.lambda_variables = lambda_variables

    def value(self, tree: Expression) -> Value:
        """Return the value of `tree`. Takes one frame of the stack for a level of calls, so that depth is cheap."""
        if isinstance(tree, Literal):
            return tree.value
        bounds = self.bounds
        bounds.enter()
        try:
            if isinstance(tree, Access):
                return member_of(self.value(tree.of), self.value(tree.key), tree.is_safe)
            function = _function_of(tree, self.surroundings)
            if isinstance(function, Function) and function.is_lazy:
                return function.body(self, tree.arguments)
            arguments = []
            for argument in tree.arguments:
                value = argument.value if isinstance(argument, Literal) else self.value(argument)
                arguments.append(value)
            return self._result_of(function, tree.name, arguments)
        finally:
            bounds.leave()

    def _result_of(self, function: Function | UserFunction | None, name: str, arguments: list[Any]) -> Any:
        if function is None:
            return only_azure_knows(name)
        if isinstance(function, UserFunction):
            return _called(function, name, arguments, self.surroundings)
        if function.looks_through:
            self._count(arguments)
        if any_doubtful(arguments):
            arguments = admitted(function.name, arguments)
            doubt = first_unknown(arguments) if function.is_strict else None
            if doubt is not None:
                return because(doubt)
        COMPARED.count = 0
        try:
            result = function.body(self, *arguments) if function.is_placed else function.body(*arguments)
        except EvaluationError:
            stand_in = stand_in_among(arguments)
            if stand_in is None:
                raise
            return stand_in.unknown  # what is wrong with the arguments may be that one only stands in
        if COMPARED.count > _FEW:
            self.bounds.step(COMPARED.count)
        if function.makes:
            self.bounds.measure(result)
        return marked(function.name, self._read_by(function, arguments), result) if function.name in _NAMING else result

    def _count(self, arguments: list[Any]) -> None:
        """Count what a function looks through, as so many steps."""
        size = 0
        for argument in arguments:
            if isinstance(argument, (str, list, dict)):
                size += len(argument)
        if size > _FEW:
            self.bounds.step(size // _PER_STEP)

    def _read_by(self, function: Function, arguments: list[Any]) -> list[Any]:
        """Return all that the result of `function` is made of: ids are made of the scope as well."""
        scope = self.surroundings.scope if function.is_placed else None
        return arguments if scope is None else [*arguments, scope.subscription, scope.group]

    def applied(self, body: Expression, variables: Mapping[str, Any]) -> Value:
        """Return the value of `body`, that of a lambda, where `variables` are known besides those around."""
        self.bounds.step()  # beside the one for entering: the variables are written anew
        self.bounds.enter(_FRAMES)
        try:
            return Evaluation(self.surroundings, {**self.lambda_variables, **variables}).value(body)
        finally:
            self.bounds.leave(_FRAMES)


def _function_of(call: Call, surroundings: Surroundings) -> Function | UserFunction | None:
    """Return the function that `call` names, None for one of the `list…` functions. Raises `BadExpression`."""
    if call.namespace is not None:
        declared = surroundings.function(call.namespace, call.name)
        if declared is None:
            name = f"{call.namespace}.{call.name}"[:_SHOWN]
            raise BadExpression(f"the template declares no function `{name}`", call.position)
        return declared
    function = _built_in(call.name, len(call.arguments))
    if function is None and not call.name.lower().startswith("list"):
        raise BadExpression(f"there is no function `{call.name[:_SHOWN]}`", call.position, _nearest(call.name))
    return function


@lru_cache(maxsize=1_024)
def _built_in(name: str, given: int) -> Function | None:
    """Return the function of that name in any letter case, which takes as many arguments; None where there is none."""
    function = FUNCTIONS.get(name.lower())
    if function is not None:
        require_count(function, given)
    return function


def _nearest(name: str) -> str | None:
    close = difflib.get_close_matches(name.lower()[:_SHOWN], FUNCTIONS, n=1)
    return f"did you mean `{FUNCTIONS[close[0]].name}`?" if close else None


def _called(function: UserFunction, name: str, arguments: list[Any], surroundings: Surroundings) -> Value:
    if len(arguments) != len(function.parameters):
        raise EvaluationError(f"`{name[:_SHOWN]}` takes {len(function.parameters)} arguments, not {len(arguments)}")
    parameters = {key.lower(): value for key, value in zip(function.parameters, arguments, strict=True)}
    return resolve(function.output, InFunction(surroundings, parameters))
