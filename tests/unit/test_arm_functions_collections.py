"""Functions of template expressions that make or take arrays and objects, and lambdas over them."""

from __future__ import annotations

import re

import pytest

from tests.unit.arm_place import of
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.unknown import Unknown

DOGS = [
    {"name": "Evie", "age": 5},
    {"name": "Casper", "age": 3},
    {"name": "Indy", "age": 2},
    {"name": "Kira", "age": 8},
]


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ([1], "array(1)"),
        ([1], "array(createArray(1))"),
        ([{"a": 1}], "array(createObject('a', 1))"),
        ([], "createArray()"),
        (["a", 1, [True], None], "createArray('a', 1, createArray(true()), null())"),
        (["a", "b", "b"], "concat(createArray('a', 'b'), createArray(), createArray('b'))"),
        (True, "contains(createArray('one', 'two'), 'two')"),
        (False, "contains(createArray('one', 'two'), 'Two')"),
        (True, "contains(createArray(1, 2), 2)"),
        (False, "contains(createArray('1'), 1)"),
        (True, "contains(createArray(createObject('a', 1)), createObject('a', 1))"),
        (True, "empty(createArray())"),
        (True, "empty(null())"),
        ("a", "first(createArray('a', 'b'))"),
        (None, "first(createArray())"),
        ("b", "last(createArray('a', 'b'))"),
        (None, "last(createArray())"),
        (2, "length(createArray(1, 2))"),
        (0, "length(null())"),
        (1, "indexOf(createArray('a', 'b', 'b'), 'b')"),
        (2, "lastIndexOf(createArray('a', 'b', 'b'), 'b')"),
        (-1, "indexOf(createArray('a'), 'A')"),
        ("c", "indexFromEnd(createArray('a', 'b', 'c'), 1)"),
        ("a", "tryIndexFromEnd(createArray('a', 'b', 'c'), 3)"),
        (None, "tryIndexFromEnd(createArray('a'), 2)"),
        (None, "tryIndexFromEnd(null(), 1)"),
        ([5, 6, 7], "range(5, 3)"),
        ([], "range(5, 0)"),
        ([-1, 0], "range(-1, 2)"),
        (["c"], "skip(createArray('a', 'b', 'c'), 2)"),
        (["a", "b"], "take(createArray('a', 'b', 'c'), 2)"),
        ([], "take(createArray('a'), -1)"),
        (None, "take(null(), 1)"),
        ([1, 2, 3], "flatten(createArray(createArray(1), createArray(), createArray(2, 3)))"),
        (
            ["one", "two", "three", "four"],
            "union(createArray('one', 'two', 'one'), createArray('three', 'two', 'four'))",
        ),
        (
            [["one", "two"], ["three"]],
            "union(createArray(createArray('one', 'two')), createArray(createArray('three')))",
        ),
        (["two", "three"], "intersection(createArray('one', 'two', 'two', 'three'), createArray('three', 'two'))"),
        (1, "min(3, 1, 2)"),
        (3, "max(createArray(3, 1, 2))"),
    ],
)
def test_arrays(expected: object, expression: str) -> None:
    assert expected == of(expression)


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ({}, "createObject()"),
        ({"a": 1, "b": [None]}, "createObject('a', 1, 'b', createArray(null()))"),
        (True, "contains(createObject('One', 1), 'one')"),
        (False, "contains(createObject('one', 1), 'two')"),
        (True, "empty(createObject())"),
        (2, "length(createObject('a', 1, 'b', 2))"),
        ([{"key": "A2", "value": 2}, {"key": "b", "value": 1}], "items(createObject('b', 1, 'A2', 2))"),
        (["a", "B"], "objectKeys(createObject('a', 1, 'B', 2))"),
        (
            {"one": "a", "three": "c"},
            "intersection(json('{one:''a'',two:''b'',three:''c''}'), json('{one:''a'',two:''z'',three:''c''}'))",
        ),
        ({"a": {"y": 2}, "b": 1}, "shallowMerge(createArray(json('{a:{x:1},b:1}'), json('{A:{y:2}}')))"),
        ({}, "shallowMerge(createArray())"),
        (
            {"p": {"one": "a", "two": "b", "three": "c2", "four": "d"}, "l": [3, 4]},
            "union(json('{p:{one:''a'',two:''b'',three:1},l:[1,2]}'), json('{P:{Three:''c2'',four:''d''},l:[3,4]}'))",
        ),
        ({"a": None, "b": {"c": 1}}, "union(json('{a:{x:1},b:2}'), json('{a:null,b:{c:1}}'))"),
        ("value", "tryGet(createObject('Key', 'value'), 'key')"),
        ("element", "tryGet(createArray('element'), 0)"),
        (None, "tryGet(createObject(), 'p')"),
        (None, "tryGet(createObject(), 0)"),
        (None, "tryGet(null(), 'p')"),
        (None, "tryGet('text', 'p')"),
        (None, "tryGet(createArray(), 0)"),
        (None, "tryGet(createArray('a'), -1)"),
        ("value", "tryGet(createObject('a', createObject('b', 'value')), 'a', 'b')"),
        (None, "tryGet(createObject('a', createObject('b', 'value')), 'x', 'b')"),
        (None, "null()"),
    ],
)
def test_objects(expected: object, expression: str) -> None:
    assert expected == of(expression)


def test_the_order_of_keys_is_not_known_where_no_source_tells_it() -> None:
    found = of("objectKeys(createObject('b', 1, 'a', 2))")

    assert [True, True] == [isinstance(key, Unknown) for key in found]


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        (
            ["Evie", "Kira"],
            "map(filter(parameters('dogs'), lambda('d', greaterOrEquals($D.age, 5))), lambda('d', $d.name))",
        ),
        (["Casper"], "map(filter(parameters('dogs'), lambda('v', 'i', equals($i, 1))), lambda('d', $d.name))"),
        (
            ["0Evie", "1Casper", "2Indy", "3Kira"],
            "map(parameters('dogs'), lambda('d', 'i', format('{0}{1}', $i, $d.name)))",
        ),
        (18, "reduce(map(parameters('dogs'), lambda('d', $d.age)), 0, lambda('c', 'n', add($c, $n)))"),
        (0, "reduce(createArray(), 0, lambda('c', 'n', 1))"),
        (6, "reduce(parameters('dogs'), 0, lambda('c', 'n', 'i', add($c, $i)))"),
        (
            ["Indy", "Casper", "Evie", "Kira"],
            "map(sort(parameters('dogs'), lambda('a', 'b', less($a.age, $b.age))), lambda('d', $d.name))",
        ),
        (
            {"Evie": 5, "Casper": 3, "Indy": 2, "Kira": 8},
            "toObject(parameters('dogs'), lambda('d', $d.name), lambda('d', $d.age))",
        ),
        (
            {"2": {"name": "Indy", "age": 2}},
            "toObject(filter(parameters('dogs'), lambda('d', equals($d.age, 2))), lambda('d', string($d.age)))",
        ),
        ({"foo": "FOO"}, "mapValues(createObject('foo', 'foo'), lambda('v', toUpper($v)))"),
        ({"f": ["foo"], "b": ["bar", "baz"]}, "groupBy(createArray('foo', 'bar', 'baz'), lambda('x', take($x, 1)))"),
        ([[0, 1], [10, 11]], "map(range(0, 2), lambda('i', map(range(0, 2), lambda('j', add(mul($i, 10), $j)))))"),
        ([[1], [1]], "map(range(0, 2), lambda('i', map(range(1, 1), lambda('i', $i))))"),
    ],
)
def test_lambdas(expected: object, expression: str) -> None:
    """A variable of a lambda is written `$x` here, for short."""
    assert expected == of(re.sub(r"\$(\w)", r"lambdaVariables('\1')", expression), dogs=DOGS)


def test_of_members_that_a_sort_finds_equal_only_what_they_share_is_known() -> None:
    pairs = [{"n": "b", "k": 2}, {"n": "a", "k": 1}, {"n": "c", "k": 2}]
    found = of("sort(parameters('p'), lambda('a', 'b', less(lambdaVariables('a').k, lambdaVariables('b').k)))", p=pairs)

    assert ({"n": "a", "k": 1}, [2, 2]) == (found[0], [item["k"] for item in found[1:]])
    assert all(isinstance(item["n"], Unknown) for item in found[1:])


@pytest.mark.parametrize(
    ("message", "expression"),
    [
        ("`first` takes an array or string, not an object", "first(createObject())"),
        ("`range` takes a count from 0 to 10000", "range(0, 10001)"),
        ("`range` takes a count from 0 to 10000", "range(0, -1)"),
        ("`range` takes a count from 0 to 10000", "range(2147483647, 2)"),
        ("`union` takes an array as argument 2, not a string", "union(createArray(), 'a')"),
        ("`union` takes an object as argument 1, not an array", "union(createArray(), createObject())"),
        ("`indexFromEnd` asks for member 0 from the end of 1", "indexFromEnd(createArray(1), 0)"),
        ("`createObject` takes a value for each name", "createObject('a')"),
        ("`createObject` takes a string as argument 3, not an int", "createObject('a', 1, 2, 3)"),
        ("`createObject` is given `a` twice", "createObject('a', 1, 'a', 2)"),
        ("`tryGet` takes a string or an int as argument 2, not null", "tryGet(createObject(), null())"),
        ("the object has no member `c`", "tryGet(createObject('a', createObject('b', 1)), 'a', 'c')"),
        ("`items` takes an object as argument 1, not an array", "items(createArray())"),
        ("`flatten` takes an array as argument 1, not an int", "flatten(createArray(1))"),
        ("`map` takes a lambda as argument 2", "map(createArray(), 'x')"),
        ("`map` takes a lambda with at most 2 names", "map(createArray(), lambda(1))"),
        ("`map` takes a lambda with at most 2 names", "map(createArray(), lambda(concat('a'), 1))"),
        ("`filter` takes a bool as argument 1, not an int", "filter(createArray(1), lambda('x', 1))"),
        ("`toObject` takes a string as argument 1, not an int", "toObject(createArray(1), lambda('x', 1))"),
        ("`lambda` may only stand where", "lambda('x', 1)"),
        ("`lambdaVariables` asks for `y`", "map(createArray(1), lambda('x', lambdaVariables('y')))"),
        ("`max` is given no number", "max(createArray())"),
        ("`max` takes an int as argument 2, not a string", "max(1, 'a')"),
    ],
)
def test_a_wrong_argument_is_told_by_function_and_place(message: str, expression: str) -> None:
    with pytest.raises(EvaluationError) as refusal:
        of(expression)

    assert refusal.value.message.startswith(message)
