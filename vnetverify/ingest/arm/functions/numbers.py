"""Functions of numbers, and comparisons."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from vnetverify.ingest.arm.functions.catalogue import Function, as_int, refused
from vnetverify.ingest.arm.values import because, first_unknown, kind_of
from vnetverify.ingest.unknown import Unknown


def _arithmetic(name: str, operation: Callable[[int, int], int]) -> Function:
    """Return the function of two ints; its result has 64 bits, or Azure refuses it."""

    def applied(one: Any, other: Any) -> int:
        left, right = as_int(name, one), as_int(name, other, 2)
        if right == 0 and name in {"div", "mod"}:
            raise refused(name, "divides by zero")
        return _fitting(name, operation(left, right))

    return Function(name, 2, 2, applied, makes=False)


def _fitting(function: str, value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise refused(function, "goes beyond the 64 bits of an int")
    return value


def _quotient(one: int, other: int) -> int:
    """Return the whole part of a division, cut towards zero."""
    return abs(one) // abs(other) * (1 if (one < 0) is (other < 0) else -1)


_INT = re.compile(r"\s*[+-]?[0-9]{1,30}\s*")


def _int(value: Any) -> int:
    if isinstance(value, str) and _INT.fullmatch(value):
        return _fitting("int", int(value))
    if isinstance(value, str):
        raise refused("int", f"cannot make an int of `{value[:40]}`")
    return as_int("int", value)


def _float(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9.]{1,40}(?:[eE][+-]?[0-9]{1,3})?\s*", value):
            return float(value)
    except ValueError:
        pass
    raise refused("float", f"cannot make a number of {kind_of(value)}")


def _least_or_most(name: str, choose: Callable[[list[Any]], Any]) -> Function:
    def chosen(*values: Any) -> Any:
        numbers = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        doubt = first_unknown(numbers)
        if doubt is not None:
            return because(doubt)
        if not numbers:
            raise refused(name, "is given no number")
        for position, number in enumerate(numbers, 1):
            if not isinstance(number, float):
                as_int(name, number, position)
        return choose(numbers)

    return Function(name, 1, None, chosen, makes=False)


def _comparison(name: str, holds: Callable[[int], bool]) -> Function:
    """Return the comparison that `holds` for minus one, nought or one: less, equal or more."""

    def compared(one: Any, other: Any) -> bool | Unknown:
        if isinstance(one, str) and isinstance(other, str):
            order = _order_of_strings(one, other)
            return order if isinstance(order, Unknown) else holds(order)
        for position, number in enumerate((one, other), 1):
            if not isinstance(number, float):
                as_int(name, number, position)
        return holds((one > other) - (one < other))

    return Function(name, 2, 2, compared, makes=False)


def _order_of_strings(one: str, other: str) -> int | Unknown:
    """Return the order in which a dictionary has two strings: letters before their capitals, digits before letters.

    Where another character than a letter or digit of ASCII decides, the order depends on Azure's machines.
    """
    if one == other:
        return 0
    left, right = one.lower(), other.lower()
    if not (one.isascii() and other.isascii()):
        return _UNORDERED
    if left == right:
        small = next(mine.islower() for mine, yours in zip(one, other, strict=True) if mine != yours)
        return -1 if small else 1
    shorter = min(len(left), len(right))
    position = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    if position == shorter:
        rest = (left + right)[-1] if len(right) > len(left) else left[-1]
        return (-1 if len(left) < len(right) else 1) if rest.isalnum() else _UNORDERED
    if left[position].isalnum() and right[position].isalnum():
        return -1 if left[position] < right[position] else 1
    return _UNORDERED


_UNORDERED = Unknown("the order of strings with other characters than letters and digits depends on Azure's machines")


NUMBERS = (
    _arithmetic("add", lambda one, other: one + other),
    _arithmetic("sub", lambda one, other: one - other),
    _arithmetic("mul", lambda one, other: one * other),
    _arithmetic("div", _quotient),
    _arithmetic("mod", lambda one, other: one - other * _quotient(one, other)),
    Function("int", 1, 1, _int, makes=False),
    Function("float", 1, 1, _float, makes=False),
    _least_or_most("min", min),
    _least_or_most("max", max),
    _comparison("less", lambda order: order < 0),
    _comparison("lessOrEquals", lambda order: order <= 0),
    _comparison("greater", lambda order: order > 0),
    _comparison("greaterOrEquals", lambda order: order >= 0),
)
