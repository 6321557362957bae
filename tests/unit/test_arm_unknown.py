"""What is not known on its way through expressions: no further than it must, and never lost."""

from __future__ import annotations

import pytest

from tests.unit.arm_place import UNKNOWN, of
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.functions import FUNCTIONS
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.values import PartlyKnown, either, same, unknown_in
from vnetverify.ingest.unknown import RuntimeProperty, Unknown

OPEN = PartlyKnown({"a": 1}, Unknown("the rest", of=RuntimeProperty("id", "")))


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        (False, "and(parameters('u'), false())"),
        (True, "or(parameters('u'), true())"),
        ("a", "if(true(), 'a', parameters('u'))"),
        ("a", "if(parameters('u'), 'a', 'a')"),
        ("a", "coalesce('a', parameters('u'))"),
        (2, "length(createArray(parameters('u'), 1))"),
        (2, "length(createObject('a', parameters('u'), 'b', 1))"),
        (False, "empty(createArray(parameters('u')))"),
        (1, "createArray(parameters('u'), 1)[1]"),
        (1, "createObject('a', parameters('u'), 'b', 1).b"),
        (1, "last(createArray(parameters('u'), 1))"),
        (True, "contains(createArray(parameters('u'), 'a'), 'a')"),
        (True, "contains(createObject('a', parameters('u')), 'a')"),
        (False, "contains(createObject('a', parameters('u')), 'b')"),
        (0, "indexOf(createArray('a', parameters('u')), 'a')"),
        (False, "equals(createObject('a', 1, 'b', parameters('u')), createObject('a', 2, 'b', 3))"),
        (False, "equals(createArray(parameters('u')), createArray())"),
        (1, "tryGet(createObject('a', createObject('b', 1), 'c', parameters('u')), 'a', 'b')"),
        (1, "shallowMerge(createArray(parameters('u'), createObject('a', 1))).a"),
        (1, "union(parameters('u'), createObject('a', 1)).a"),
        (1, "skip(createArray(parameters('u'), 1), 1)[0]"),
        ({"a": 1}, "filter(createArray(createObject('a', 1)), lambda('x', equals(lambdaVariables('x').a, 1)))[0]"),
        ("a", "items(createObject('a', parameters('u')))[0].key"),
        (["a"], "objectKeys(createObject('a', parameters('u')))"),
        (True, "contains(parameters('open'), 'A')"),
        (False, "empty(parameters('open'))"),
        (1, "union(createObject('b', 2), parameters('open')).a"),
        (2, "union(parameters('open'), createObject('b', 2)).b"),
        (1, "mapValues(parameters('open'), lambda('v', lambdaVariables('v'))).a"),
        (1, "intersection(parameters('open'), createObject('a', 1)).a"),
    ],
)
def test_what_does_not_hang_on_it_is_known(expected: object, expression: str) -> None:
    assert expected == of(expression, open=OPEN)


@pytest.mark.parametrize(
    "expression",
    [
        "and(true(), parameters('u'))",
        "or(false(), parameters('u'))",
        "not(parameters('u'))",
        "if(parameters('u'), 'a', 'b')",
        "if(parameters('u'), 'a', fail('only if taken'))",
        "coalesce(null(), parameters('u'), 'a')",
        "concat('a', parameters('u'))",
        "concat(createArray(1), parameters('u'))",
        "format('{0}', parameters('u'))",
        "join(createArray('a', parameters('u')), ',')",
        "string(createObject('a', createArray(parameters('u'))))",
        "equals(parameters('u'), parameters('u'))",
        "equals(createArray(1, parameters('u')), createArray(1, 2))",
        "contains(createArray(parameters('u')), 'a')",
        "contains('abc', parameters('u'))",
        "indexOf(createArray(parameters('u'), 'a'), 'a')",
        "union(createArray(1), createArray(parameters('u')))",
        "intersection(createArray(1), createArray(parameters('u')))",
        "filter(createArray(1), lambda('x', equals(lambdaVariables('x'), parameters('u'))))",
        "sort(createArray(2, parameters('u')), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
        "max(1, parameters('u'))",
        "max(createArray(1, parameters('u')))",
        "flatten(createArray(createArray(1), parameters('u')))",
        "groupBy(createArray('a'), lambda('x', parameters('u')))",
        "toObject(parameters('u'), lambda('x', 'a'))",
        "map(parameters('u'), lambda('x', 1))",
        "mapValues(parameters('u'), lambda('x', 1))",
        "reduce(parameters('u'), 0, lambda('x', 'y', 1))",
        "cidrSubnet(parameters('u'), 24, 0)",
        "cidrSubnet('10.0.0.0/16', 24, parameters('u'))",
        "resourceId('A.B/c', parameters('u'))",
        "createArray(1, 2)[parameters('u')]",
        "createObject('a', 1, 'b', 2)[parameters('u')]",
        "parameters('u').a.b[0]",
        "union(createObject('a', 1), parameters('u')).a",
        "shallowMerge(createArray(createObject('a', 1), parameters('u'))).a",
        "union(parameters('u'), createObject('a', createObject('b', 1))).a.c",
        "createObject('a', 1, parameters('u'), 2).b",
        "toObject(createArray('a', parameters('u')), lambda('x', lambdaVariables('x'))).a",
        "tryGet(parameters('u'), 'a')",
        "tryGet(createObject('a', parameters('u')), 'a', 'b')",
        "tryGet(createArray(1), parameters('u'))",
        "uniqueString(parameters('u'))",
    ],
)
def test_what_hangs_on_it_is_not_known_for_its_reason(expression: str) -> None:
    found = of(expression)

    assert (UNKNOWN.why, UNKNOWN.pointer) == (getattr(found, "why", found), getattr(found, "pointer", None))


@pytest.mark.parametrize(
    "expression",
    [
        "length(parameters('open'))",
        "empty(parameters('bare'))",
        "contains(parameters('open'), 'b')",
        "items(parameters('open'))",
        "objectKeys(parameters('open'))",
        "string(parameters('open'))",
        "equals(parameters('open'), createObject('a', 1))",
        "union(createObject('b', 2), parameters('open')).b",
        "union(parameters('open'), createObject('b', 2)).c",
        "intersection(createObject('b', 2), parameters('open'))",
    ],
)
def test_of_an_object_known_in_part_what_is_absent_may_be_there(expression: str) -> None:
    found = of(expression, open=OPEN, bare=PartlyKnown({}, OPEN.otherwise))

    assert isinstance(found, Unknown)
    assert "the rest" == found.why


def test_an_absent_member_of_an_object_known_in_part_is_its_run_time_property() -> None:
    found = of("parameters('open').B[0]", open=OPEN)

    assert RuntimeProperty("id", "b[0]") == found.of


def test_whichever_member_it_is_what_all_share_is_known() -> None:
    sizes = {"small": {"sku": "Basic", "n": 1}, "large": {"sku": "Basic", "n": 2}}

    assert {"sku": "Basic", "n": UNKNOWN} == of("parameters('sizes')[parameters('u')]", sizes=sizes)
    assert "a" == of("createArray('a', 'a')[parameters('u')]")
    assert UNKNOWN == of("parameters('sizes')[?parameters('u')]", sizes=sizes)


def test_lists_and_objects_keep_what_they_know_beside_it() -> None:
    assert [1, UNKNOWN] == of("concat(createArray(1), createArray(parameters('u')))")
    assert {"a": 1, "b": UNKNOWN} == of("union(createObject('a', 1), createObject('b', parameters('u')))")
    assert {"a": 1, "b": UNKNOWN} == of(
        "if(parameters('u'), createObject('a', 1, 'b', 2), createObject('a', 1, 'b', 3))"
    )
    assert [[1], UNKNOWN] == of("if(parameters('u'), createArray(createArray(1), 2), createArray(createArray(1), 3))")
    assert [UNKNOWN, "A"] == of("map(createArray(parameters('u'), 'a'), lambda('x', toUpper(lambdaVariables('x'))))")


_WITHOUT_ARGUMENTS = {name for name, function in FUNCTIONS.items() if function.fewest == 0}


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - _WITHOUT_ARGUMENTS - {"fail", "lambda"}))
def test_each_function_of_nothing_but_what_is_not_known_is_not_known(name: str) -> None:
    arguments = ", ".join(["parameters('u')"] * FUNCTIONS[name].fewest)

    assert unknown_in(of(f"{name}({arguments})")) is not None


def test_a_template_that_fails_does_so_for_a_reason_that_is_not_known() -> None:
    with pytest.raises(EvaluationError, match="the template fails by its own word"):
        of("fail(parameters('u'))")


def test_equality_has_three_answers() -> None:
    assert True is same({"a": [1, None]}, {"a": [1, None]})
    assert False is same(UNKNOWN.why, 1)
    assert UNKNOWN == same([UNKNOWN], [1])
    assert False is same([UNKNOWN, 1], [1, 2])


def test_of_either_value_only_what_they_share_is_left() -> None:
    one, other = {"a": 1, "b": {"c": [1, 2]}}, {"a": 1, "b": {"c": [1, 3]}}

    assert {"a": 1, "b": {"c": [1, UNKNOWN]}} == either(one, other, UNKNOWN)
    assert UNKNOWN == either([1], [1, 2], UNKNOWN)
    assert UNKNOWN == either(None, {"a": 1}, UNKNOWN)


NAME = StandIn("<name>", UNKNOWN)


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ("vnet-<name>", "concat('vnet-', parameters('n'))"),
        ("<NAME>", "toUpper(parameters('n'))"),
        ("/subscriptions/s/<name>", "format('/subscriptions/s/{0}', parameters('n'))"),
        ("<name>", "last(split(concat('/subscriptions/s/', parameters('n')), '/'))"),
        ("a,<name>", "join(createArray('a', parameters('n')), ',')"),
    ],
)
def test_a_name_that_is_not_known_makes_names_that_are_not(expected: str, expression: str) -> None:
    found = of(expression, n=NAME)

    assert isinstance(found, StandIn)
    assert (expected, UNKNOWN) == (str(found), found.unknown)


@pytest.mark.parametrize(
    "expression",
    [
        "equals(parameters('n'), 'a')",
        "contains(parameters('n'), 'a')",
        "length(parameters('n'))",
        "empty(parameters('n'))",
        "startsWith(parameters('n'), 'a')",
        "less(parameters('n'), 'a')",
        "int(parameters('n'))",
        "cidrSubnet(parameters('n'), 24, 0)",
        "if(equals(parameters('n'), 'a'), 1, 2)",
        "substring(parameters('n'), 0, 1)",
        "createObject('a', 1, 'b', 2)[parameters('n')]",
        "createArray(1, 2)[parameters('n')]",
        "union(createArray('a'), createArray(parameters('n')))",
        "contains(createArray('a', parameters('n')), 'b')",
        "json(parameters('n'))",
    ],
)
def test_nothing_is_decided_by_a_name_that_is_not_known(expression: str) -> None:
    assert UNKNOWN == of(expression, n=NAME)


_ID = "/subscriptions/s/resourceGroups/<name>/providers/Microsoft.Network/networkSecurityGroups/n"


@pytest.mark.parametrize("pattern", ["""{{"id":"{0}","n":1}}""", """{{ 'id' : '{0}', n: 1 }}"""])
def test_an_id_that_is_not_known_may_stand_in_json(pattern: str) -> None:
    found = of("json(format(parameters('p'), parameters('id')))", p=pattern, id=StandIn(_ID, UNKNOWN))

    assert {"id": _ID, "n": 1} == found
    assert isinstance(found["id"], StandIn)


@pytest.mark.parametrize("pattern", ["""{{"name":"{0}"}}""", """{{"{0}":1}}""", """{{"rules":{0}}}""", """[["{0}"]]"""])
def test_of_a_text_in_json_that_is_not_known_nobody_knows_where_it_ends(pattern: str) -> None:
    assert UNKNOWN == of("json(format(parameters('p'), parameters('n')))", p=pattern, n=NAME)


def test_what_stands_beside_a_name_that_is_not_known_is_known() -> None:
    assert type(of("first(createArray('a', parameters('n')))", n=NAME)) is str
    assert True is of("equals(concat('a', parameters('n')), concat('a', parameters('n')))", n=NAME)
    assert False is of("empty(concat('a', parameters('n')))", n=NAME)
    assert ["a"] == of("take(createArray('a', parameters('n')), 1)", n=NAME)
    assert {"a": UNKNOWN} == {
        **of("toObject(createArray('a', parameters('n')), lambda('x', lambdaVariables('x')))", n=NAME)
    }
