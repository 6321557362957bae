"""Functions of template expressions that compute: numbers, comparisons, choices, prefixes and dates."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.arm_place import Place, of
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.unknown import Unknown


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        (8, "add(5, 3)"),
        (-2, "sub(1, 3)"),
        (15, "mul(5, 3)"),
        (2, "div(8, 3)"),
        (-2, "div(-8, 3)"),
        (-2, "div(8, -3)"),
        (1, "mod(7, 3)"),
        (-1, "mod(-7, 3)"),
        (1, "mod(7, -3)"),
        (4, "int('4')"),
        (-4, "int(' -4 ')"),
        (4, "int(4)"),
        (1.5, "float('1.5')"),
        (3.0, "float(3)"),
        (1, "min(1, 2)"),
        (2, "max(createArray(1, 2))"),
        (True, "less(1, 2)"),
        (False, "less(2, 2)"),
        (True, "lessOrEquals(2, 2)"),
        (True, "greater(json('2.5'), 2)"),
        (False, "greaterOrEquals(1, 2)"),
        (True, "less('a', 'b')"),
        (True, "less('a', 'B')"),
        (True, "less('a', 'A')"),
        (True, "less('item-2', 'Item-3')"),
        (True, "less('item', 'item1')"),
        (True, "less('9', 'a')"),
        (True, "lessOrEquals('x-1', 'x-1')"),
        (False, "greater('', 'a')"),
        (True, "equals(1, json('1.0'))"),
        (True, "equals('abc', 'abc')"),
        (False, "equals('abc', 'ABC')"),
        (False, "equals('1', 1)"),
        (False, "equals(true(), 1)"),
        (True, "equals(null(), null())"),
        (True, "equals(createObject('a', 1, 'b', 2), createObject('b', 2, 'a', 1))"),
        (False, "equals(createArray(1, 2), createArray(2, 1))"),
        (False, "equals(createArray(1), createArray(1, 1))"),
        (True, "not(false())"),
        (False, "and(true(), true(), false())"),
        (True, "or(false(), false(), true())"),
        (False, "xor(true(), true())"),
        (True, "bool('TRUE')"),
        (True, "bool(5)"),
        (False, "bool(0)"),
        ("a", "if(true(), 'a', fail('not taken'))"),
        ("b", "if(false(), fail('not taken'), 'b')"),
        (False, "and(false(), fail('not asked'))"),
        (True, "or(true(), fail('not asked'))"),
        ("a", "coalesce(null(), 'a', fail('not asked'))"),
        (None, "coalesce(null(), null())"),
        ("", "coalesce('', 'a')"),
    ],
)
def test_numbers_comparisons_and_choices(expected: object, expression: str) -> None:
    found = of(expression)

    assert (type(expected), expected) == (type(found), found)


@pytest.mark.parametrize("expression", ["less('a-b', 'a1')", "less('a', 'a-')", "less('é', 'e')", "greater('.', '')"])
def test_the_order_of_other_characters_than_letters_and_digits_is_not_known(expression: str) -> None:
    assert isinstance(of(expression), Unknown)


@pytest.mark.parametrize(
    ("message", "expression"),
    [
        ("`add` goes beyond the 64 bits of an int", "add(9223372036854775807, 1)"),
        ("`mul` goes beyond the 64 bits of an int", "mul(9223372036854775807, 2)"),
        ("`div` divides by zero", "div(1, 0)"),
        ("`mod` divides by zero", "mod(1, 0)"),
        ("`add` takes an int as argument 2, not a string", "add(1, '1')"),
        ("`add` takes an int as argument 1, not a bool", "add(true(), 1)"),
        ("`int` cannot make an int of `4a`", "int('4a')"),
        ("`int` goes beyond the 64 bits of an int", "int('9223372036854775808')"),
        ("`int` takes an int as argument 1, not a bool", "int(true())"),
        ("`float` cannot make a number of a string", "float('1.2.3')"),
        ("`bool` cannot make a bool of a string", "bool('yes')"),
        ("`less` takes an int as argument 1, not a string", "less('1', 2)"),
        ("`if` takes a bool as argument 1, not a string", "if('true', 1, 2)"),
        ("`and` takes a bool as argument 2, not an int", "and(true(), 1)"),
        ("`not` takes a bool as argument 1, not null", "not(null())"),
        ("the template fails by its own word: no", "fail('no')"),
    ],
)
def test_a_wrong_number_or_choice_is_told(message: str, expression: str) -> None:
    with pytest.raises(EvaluationError) as refusal:
        of(expression)

    assert message == refusal.value.message


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ("10.144.0.0/24", "cidrSubnet('10.144.0.0/20', 24, 0)"),
        ("10.144.0.0/24", "cidrSubnet('10.144.0.0/00020', 24, 0)"),
        ("10.144.15.0/24", "cidrSubnet('10.144.0.0/20', 24, 15)"),
        ("10.144.0.0/20", "cidrSubnet('10.144.7.9/20', 20, 0)"),
        ("10.0.0.7/32", "cidrSubnet('10.0.0.0/24', 32, 7)"),
        ("255.255.255.255/32", "cidrSubnet('0.0.0.0/0', 32, 4294967295)"),
        ("fdad:3236:5555:4000::/52", "cidrSubnet('fdad:3236:5555::/48', 52, 4)"),
        ("10.144.3.1", "cidrHost('10.144.3.0/24', 0)"),
        ("10.144.3.254", "cidrHost('10.144.3.0/24', 253)"),
        ("fdad:3236:5555:3000::5", "cidrHost('fdad:3236:5555:3000::/52', 4)"),
        (
            {
                "network": "10.144.0.0",
                "netmask": "255.255.240.0",
                "broadcast": "10.144.15.255",
                "firstUsable": "10.144.0.1",
                "lastUsable": "10.144.15.254",
                "cidr": 20,
            },
            "parseCidr('10.144.0.0/20')",
        ),
        (
            {
                "network": "fdad:3236:5555::",
                "netmask": "ffff:ffff:ffff::",
                "firstUsable": "fdad:3236:5555::",
                "lastUsable": "fdad:3236:5555:ffff:ffff:ffff:ffff:ffff",
                "cidr": 48,
            },
            "parseCidr('fdad:3236:5555::/48')",
        ),
    ],
)
def test_prefixes(expected: object, expression: str) -> None:
    assert expected == of(expression)


@pytest.mark.parametrize("expression", ["cidrHost('10.0.0.0/31', 0)", "parseCidr('10.0.0.0/32').firstUsable"])
def test_usable_addresses_of_the_smallest_prefixes_are_not_known(expression: str) -> None:
    assert isinstance(of(expression), Unknown)


@pytest.mark.parametrize(
    ("message", "expression"),
    [
        (
            "`cidrSubnet` is given `10.0.0.0`, which is not a prefix such as `10.0.0.0/16`",
            "cidrSubnet('10.0.0.0', 24, 0)",
        ),
        ("`cidrSubnet` is given `10.0.0.0/33`", "cidrSubnet('10.0.0.0/33', 33, 0)"),
        ("`parseCidr` is given `VirtualNetwork`", "parseCidr('VirtualNetwork')"),
        ("`parseCidr` is given `10.0.0.0/255.0.0.0`", "parseCidr('10.0.0.0/255.0.0.0')"),
        ("`cidrSubnet` cannot make a /15 of `10.0.0.0/16`", "cidrSubnet('10.0.0.0/16', 15, 0)"),
        ("`cidrSubnet` cannot make a /33 of `10.0.0.0/16`", "cidrSubnet('10.0.0.0/16', 33, 0)"),
        ("`cidrSubnet` asks for number 256 of the 256 /24 of `10.0.0.0/16`", "cidrSubnet('10.0.0.0/16', 24, 256)"),
        ("`cidrSubnet` asks for number -1", "cidrSubnet('10.0.0.0/16', 24, -1)"),
        ("`cidrSubnet` takes an int as argument 2, not a string", "cidrSubnet('10.0.0.0/16', '24', 0)"),
        ("`cidrHost` asks for number 254 of the 254 hosts of `10.0.0.0/24`", "cidrHost('10.0.0.0/24', 254)"),
        ("`cidrHost` asks for number -1", "cidrHost('10.0.0.0/24', -1)"),
    ],
)
def test_a_wrong_prefix_is_told(message: str, expression: str) -> None:
    with pytest.raises(EvaluationError) as refusal:
        of(expression)

    assert refusal.value.message.startswith(message)


@st.composite
def _divisions(draw: st.DrawFn) -> tuple[str, int, int]:
    is_new = draw(st.booleans())
    bits, family = (128, ipaddress.IPv6Network) if is_new else (32, ipaddress.IPv4Network)
    length = draw(st.integers(0, bits))
    new = draw(st.integers(length, min(bits, length + 8)))
    address = draw(st.integers(0, 2**bits - 1)) >> (bits - length) << (bits - length)
    return str(family((address, length))), new, draw(st.integers(0, 2 ** (new - length) - 1))


@settings(max_examples=80, deadline=None)
@given(_divisions())
def test_cidr_subnet_divides_as_the_library_of_python_does(division: tuple[str, int, int]) -> None:
    prefix, new, index = division
    expected = list(ipaddress.ip_network(prefix).subnets(new_prefix=new))[index]

    assert str(expected) == of(
        "cidrSubnet(parameters('p'), parameters('n'), parameters('i'))", p=prefix, n=new, i=index
    )


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ("2023-05-02T15:16:13Z", "dateTimeFromEpoch(1683040573)"),
        (1683040573, "dateTimeToEpoch('2023-05-02T15:16:13Z')"),
        (1683040573, "dateTimeToEpoch('2023-05-02T17:16:13+02:00')"),
        ("2026-02-28T00:00:00Z", "dateTimeAdd('2026-01-31T00:00:00Z', 'P1M')"),
        ("2025-12-22T23:00:00Z", "dateTimeAdd('2026-01-01T00:00:00Z', '-P1W2DT1H')"),
        ("2029-01-01T01:02:03Z", "dateTimeAdd('2026-01-01T00:00:00Z', 'P3YT1H2M3S')"),
    ],
)
def test_dates(expected: object, expression: str) -> None:
    assert expected == of(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "utcNow()",
        "utcNow('d')",
        "newGuid()",
        "dateTimeAdd(utcNow('u'), 'P1Y')",
        "dateTimeAdd('2026-01-01', 'P1Y', 'd')",
    ],
)
def test_the_present_and_other_forms_of_dates_are_not_known(expression: str) -> None:
    assert isinstance(of(expression), Unknown)


@pytest.mark.parametrize(
    ("message", "expression"),
    [
        ("is given `P`, which is not a duration", "dateTimeAdd('2026-01-01T00:00:00Z', 'P')"),
        ("is given `yesterday`, which is not a date", "dateTimeAdd('yesterday', 'P1D')"),
        ("goes beyond the range of dates", "dateTimeAdd('2026-01-01T00:00:00Z', 'P9999Y')"),
        ("goes beyond the range of dates", "dateTimeFromEpoch(9223372036854775807)"),
    ],
)
def test_a_wrong_date_is_told(message: str, expression: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        of(expression)


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        (2, "copyIndex()"),
        (7, "copyIndex(5)"),
        (4, "copyIndex('Inner')"),
        (5, "copyIndex('inner', 1)"),
        (1, "copyIndex(-1)"),
    ],
)
def test_turns_of_loops(expected: int, expression: str) -> None:
    assert expected == of(expression, Place(loops={None: 2, "inner": 4}))
