"""Functions that ask for the place in the template: parameters, variables, loops, scopes."""

from __future__ import annotations

from typing import Any

from vnetverify.ingest.arm.functions.catalogue import Evaluator, Function, as_int, as_text, refused
from vnetverify.ingest.unknown import Unknown


def _parameters(evaluator: Evaluator, name: Any) -> Any:
    return evaluator.surroundings.parameter(as_text("parameters", name))


def _variables(evaluator: Evaluator, name: Any) -> Any:
    return evaluator.surroundings.variable(as_text("variables", name))


def _copy_index(evaluator: Evaluator, *arguments: Any) -> Any:
    """Return the turn of a loop, counted from an offset: `copyIndex()`, `(offset)`, `(loop)`, `(loop, offset)`."""
    loop, offset = None, 0
    if arguments and isinstance(arguments[0], str):
        loop, arguments = arguments[0], arguments[1:]
    if arguments:
        offset = as_int("copyIndex", arguments[0], 2 if loop is not None else 1)
    if len(arguments) > 1:
        raise refused("copyIndex", "takes the name of a loop as argument 1 where there are two")
    turn = evaluator.surroundings.copy_index(loop)
    return turn if isinstance(turn, Unknown) else as_int("copyIndex", turn) + offset


PLACES = (
    Function("parameters", 1, 1, _parameters, is_placed=True, makes=False),
    Function("variables", 1, 1, _variables, is_placed=True, makes=False),
    Function("copyIndex", 0, 2, _copy_index, is_placed=True, makes=False),
    Function("deployment", 0, 0, lambda evaluator: evaluator.surroundings.deployment(), is_placed=True, makes=False),
    Function("deployer", 0, 0, lambda evaluator: evaluator.surroundings.deployer(), is_placed=True, makes=False),
    Function("environment", 0, 0, lambda evaluator: evaluator.surroundings.environment(), is_placed=True, makes=False),
    Function(
        "subscription", 0, 0, lambda evaluator: evaluator.surroundings.subscription(), is_placed=True, makes=False
    ),
    Function(
        "resourceGroup", 0, 0, lambda evaluator: evaluator.surroundings.resource_group(), is_placed=True, makes=False
    ),
    Function(
        "managementGroup",
        0,
        0,
        lambda evaluator: evaluator.surroundings.management_group(),
        is_placed=True,
        makes=False,
    ),
    Function("tenant", 0, 0, lambda evaluator: evaluator.surroundings.tenant(), is_placed=True, makes=False),
)
