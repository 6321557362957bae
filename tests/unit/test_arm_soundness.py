"""The law of what is not known: whatever an expression is said to be holds for every value that it may have."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.unit.arm_place import UNKNOWN, of
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.values import PartlyKnown
from vnetverify.ingest.unknown import Unknown

# Kinds of values by a letter: bool, int, text, list, object; `a` is any of them.
_KINDS = "bitlo"
_SIGNATURES = """
and bb b; or bb b; not b b; xor bb b; equals aa b; less ii b; greaterOrEquals tt b; contains la b; contains ot b;
contains tt b; empty a b; startsWith tt b; endsWith tt b; bool a b;
add ii i; sub ii i; mul ii i; div ii i; mod ii i; length a i; indexOf la i; lastIndexOf la i; indexOf tt i; int a i;
min ii i; max l i;
concat tt t; format ta t; join lt t; padLeft ti t; replace ttt t; string a t; substring ti t; toLower t t; trim t t;
toUpper t t; cidrSubnet tii t; cidrHost ti t; guid tt t; uniqueString t t; base64 t t; take ti t; resourceId tt t;
array a l; createArray aa l; concat ll l; union ll l; intersection ll l; skip li l; take li l; range ii l; split tt l;
flatten l l; items o l; objectKeys o l;
createObject ta o; createObject tata o; union oo o; intersection oo o; shallowMerge l o; parseCidr t o; json t o;
if baa a; coalesce aa a; first l a; last l a; tryGet ot a; tryGet li a; tryGet ott a; indexFromEnd li a
"""
_FUNCTIONS = [tuple(line.split()) for line in _SIGNATURES.replace("\n", " ").split(";")]
_LAMBDAS = {
    "l": ("map(#, lambda('x', @))", "filter(#, lambda('x', ?))", "sort(#, lambda('x', 'y', ?))"),
    "o": ("toObject(#, lambda('x', string(lambdaVariables('x'))), lambda('x', @))", "groupBy(#, lambda('x', @))"),
    "a": ("reduce(#, 0, lambda('y', 'x', @))",),
}
_UNKNOWN = dict.fromkeys(_KINDS, UNKNOWN)
_PARAMETERS: dict[str, Any] = {
    **_UNKNOWN,
    "t_name": StandIn("<name>", UNKNOWN),
    "o_open": PartlyKnown({"a": 1}, UNKNOWN),
    "o_half": {"a": {"b": UNKNOWN}, "B": [2], "c": None},
    "l_half": [1, "a", UNKNOWN, {"a": UNKNOWN, "b": 1}],
    "l_names": ["b", "a", StandIn("<name>", UNKNOWN)],
    "l_objects": [{"a": 1, "b": UNKNOWN}, {"a": 2}, {}],
    "l_lists": [[1], [UNKNOWN, 2]],
    "b_yes": True,
    "b_no": False,
    "i_one": 1,
    "i_nought": 0,
    "i_length": 24,
    "t_prefix": "10.0.0.0/16",
    "t_key": "a",
    "t_type": "A.B/c",
    "t_empty": "",
    "o_known": {"a": 1, "b": {"c": 2}},
    "l_known": ["a", "b", 1],
}
_VALUES: dict[str, tuple[Any, ...]] = {
    "b": (True, False),
    "i": (0, 1, 2, 24),
    "t": ("a", "b", "", "10.0.0.0/16", "zz", "A"),
    "l": ([], [1], ["a", "b"], [1, "a", 2, {"a": 1}], [[1], [2]], [{"a": 1}]),
    "o": ({}, {"a": 1}, {"A": {"b": 1}}, {"b": 2, "a": {"c": 1}}),
}


def _expression(draw: random.Random, kind: str, depth: int) -> str:
    """Return an expression of a kind, most of the time: arguments of another one are mistakes."""
    kind = draw.choice(_KINDS) if kind == "a" or draw.random() < 0.03 else kind
    if depth == 0 or draw.random() < 0.25:
        return f"parameters('{draw.choice([name for name in _PARAMETERS if name[0] == kind])}')"
    if draw.random() < 0.1:
        return f"{_expression(draw, 'o', depth - 1)}.{draw.choice('abc')}"
    if draw.random() < 0.1:
        of, key = draw.choice(("ot", "li"))
        return f"{_expression(draw, of, depth - 1)}[{_expression(draw, key, depth - 1)}]"
    if draw.random() < 0.15 and kind in "lo":
        return _with_lambda(draw, draw.choice(_LAMBDAS[kind] + _LAMBDAS["a"]), depth)
    name, takes, _ = draw.choice([function for function in _FUNCTIONS if function[2] in (kind, "a")])
    return f"{name}({', '.join(_expression(draw, letter, depth - 1) for letter in takes)})"


def _with_lambda(draw: random.Random, pattern: str, depth: int) -> str:
    body = draw.choice(("lambdaVariables('x')", _expression(draw, "a", depth - 1)))
    other = draw.choice(("parameters('i')", "1", "lambdaVariables('x')"))
    condition = draw.choice((f"less(lambdaVariables('x'), {other})", f"equals(lambdaVariables('x'), {other})"))
    return pattern.replace("#", _expression(draw, "l", depth - 1)).replace("@", body).replace("?", condition)


def _filled(draw: random.Random, kind: str, value: Any) -> Any:
    """Return `value` with what is not known in it replaced."""
    match value:
        case StandIn():
            return "n"
        case Unknown():
            return draw.choice(_VALUES[kind])
        case PartlyKnown():
            return {**value, **draw.choice(({}, {"b": 2}, {"c": None, "zz": []}))}
        case list():
            return [_filled(draw, draw.choice(_KINDS), item) for item in value]
        case dict():
            return {key: _filled(draw, draw.choice(_KINDS), item) for key, item in value.items()}
        case _:
            return value


def _covers(said: Any, actual: Any) -> bool:
    match said:
        case Unknown() | StandIn():
            return True
        case PartlyKnown():
            found = {key.lower(): value for key, value in actual.items()} if isinstance(actual, dict) else {}
            return all(key.lower() in found and _covers(value, found[key.lower()]) for key, value in said.items())
        case dict():
            same_keys = isinstance(actual, dict) and said.keys() == actual.keys()
            return same_keys and all(_covers(value, actual[key]) for key, value in said.items())
        case list():
            return isinstance(actual, list) and len(said) == len(actual) and all(map(_covers, said, actual))
        case _:
            return type(said) is type(actual) and bool(said == actual)


def _value_or_refusal(expression: str, parameters: dict[str, Any]) -> Any:
    try:
        return of(expression, **parameters)
    except (BadExpression, EvaluationError) as refusal:
        return refusal


@pytest.mark.parametrize("seed", range(20))
def test_what_is_said_of_an_expression_holds_for_every_value(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(120):
        expression = _expression(draw, "a", 3)
        said = _value_or_refusal(expression, _PARAMETERS)
        filled = {name: _filled(draw, name[0], value) for name, value in _PARAMETERS.items()}
        actual = _value_or_refusal(expression, filled)

        assert isinstance(actual, (Exception, Unknown)) or _covers(said, actual), expression
