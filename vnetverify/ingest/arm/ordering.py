"""Which of two resources is deployed after the other, by what they say they depend on, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vnetverify.ingest.arm.bodies import resolved
from vnetverify.ingest.arm.deployments import Declared, Deployment
from vnetverify.ingest.arm.evaluation import evaluate
from vnetverify.ingest.arm.expressions import Access, Call, Expression, is_expression, parse
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError


def comes_after(one: Declared, other: Declared) -> bool:
    """Hold when `one` is deployed after `other`; what neither says is not known, and does not hold."""
    mine, yours = list(chain(one)), list(chain(other))
    for step in mine:
        for their in yours:
            if step is not their and step.deployment is their.deployment:
                return _reaches(step, their)
    return False


def chain(declared: Declared) -> Iterator[Declared]:
    """Yield `declared`, the nested deployment that it is a part of, and so on outward."""
    step: Declared | None = declared
    while step is not None:
        yield step
        step = step.deployment.origin.holder


def _reaches(one: Declared, other: Declared) -> bool:
    """Hold when `one` depends on `other`, or on what depends on it."""
    deployment = one.deployment
    seen: set[int] = set()
    pending = [one]
    while pending:
        step = pending.pop()
        if step is other:
            return True
        if id(step) not in seen:
            seen.add(id(step))
            pending.extend(_needed_by(step, deployment))
    return False


def _needed_by(declared: Declared, deployment: Deployment) -> Iterator[Declared]:
    said = declared.statement.says("dependsOn")
    reader = deployment.in_turns(declared.turns)
    for entry in said if isinstance(said, list) else ():
        try:
            name = resolved(entry, reader, declared.spot)
        except (EvaluationError, BadExpression):
            continue  # an order that cannot be read is none; that the text is wrong matters to nothing else
        if isinstance(name, str):
            yield from (one for one in deployment.declared if _is_called(one, name.lower()))
    for target in _asked_for(declared):
        try:
            name = evaluate(target, reader)
        except (EvaluationError, BadExpression):
            continue
        if isinstance(name, str):
            yield from (one for one in deployment.declared if _is_called(one, name.lower()))


def _asked_for(declared: Declared) -> Iterator[Expression]:
    """Yield what a resource asks for by `reference` without a version: Azure deploys that before.

    What stands in the template of a nested deployment is evaluated there, and orders nothing here.
    """
    pending: list[Any] = [value for key, value in declared.statement.body.items() if key.lower() != "resources"]
    while pending:
        piece = pending.pop()
        if isinstance(piece, dict):
            pending.extend(value for key, value in piece.items() if key.lower() != "template")
        elif isinstance(piece, list):
            pending.extend(piece)
        elif isinstance(piece, str) and is_expression(piece) and "reference(" in piece.lower():
            yield from _targets_in(piece)


def _targets_in(text: str) -> Iterator[Expression]:
    try:
        pending = [parse(text)]
    except BadExpression:
        return
    while pending:
        tree = pending.pop()
        if isinstance(tree, Access):
            pending += [tree.of, tree.key]
        elif isinstance(tree, Call):
            pending += tree.arguments
            if tree.namespace is None and tree.name.lower() == "reference" and len(tree.arguments) == 1:
                yield tree.arguments[0]


def _is_called(declared: Declared, name: str) -> bool:
    """Hold when a dependency means `declared`: by id, by the end of it, by its name, its symbol or its loop."""
    symbol = (declared.statement.symbol or "").lower()
    loops = {turn.loop for turn in declared.turns}
    if name in (declared.key, declared.name.lower(), symbol) or name in loops:
        return True
    return "/" in name and declared.key.endswith(f"/providers/{name.strip('/')}")
