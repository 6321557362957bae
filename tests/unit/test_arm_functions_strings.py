"""Functions of template expressions that make or take strings."""

from __future__ import annotations

import pytest

from tests.unit.arm_place import of
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.unknown import Unknown


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ("prefix-x", "concat('prefix', '-', 'x')"),
        ("a1True-2", "concat('a', 1, true(), null(), -2)"),
        (True, "endsWith('abcdef', 'EF')"),
        (False, "endsWith('abcdef', 'e')"),
        (True, "startsWith('abcdef', 'AB')"),
        (True, "startsWith('', '')"),
        ("a,b", "join(createArray('a', 'b'), ',')"),
        ("", "join(createArray(), ',')"),
        ("0000000123", "padLeft(123, 10, '0')"),
        ("   ab", "padLeft('ab', 5)"),
        ("abcdef", "padLeft('abcdef', 3)"),
        ("123-123-4567", "replace('123.123.4567', '.', '-')"),
        ("", "replace('', 'a', 'b')"),
        (["one", "two", "three"], "split('one,two,three', ',')"),
        (["one", "two", "three"], "split('one;two,three', createArray(',', ';'))"),
        (["10.0.0.0", "24"], "split('10.0.0.0/24', '/')"),
        ([""], "split('', ',')"),
        ([], "split(null(), ',')"),
        (["ab"], "split('ab', '')"),
        (["", ""], "split(',', ',')"),
        ("5", "string(5)"),
        ("True", "string(true())"),
        ("", "string(null())"),
        ('["a",{"b":1}]', "string(createArray('a', createObject('b', 1)))"),
        ('{"é":null}', "string(createObject('é', null()))"),
        ("two", "substring('one two three', 4, 3)"),
        ("three", "substring('one two three', 8)"),
        ("", "substring('abc', 3, 0)"),
        ("", "substring(null(), 0)"),
        ("ab c", "trim('  ab c\t')"),
        ("abc", "toLower('aBC')"),
        ("ABC", "toUpper('aBc')"),
        ("", "toUpper(null())"),
        (3, "indexOf('abcDEF', 'def')"),
        (-1, "indexOf('abc', 'x')"),
        (-1, "indexOf(null(), 'x')"),
        (3, "lastIndexOf('test', 'T')"),
        (0, "lastIndexOf('abc', 'a')"),
        (2, "length('ab')"),
        (True, "contains('OneTwoThree', 'wo')"),
        (False, "contains('OneTwoThree', 'z')"),
        (False, "contains('OneTwoThree', 'TWO')"),
        (True, "empty('')"),
        (False, "empty(' ')"),
        ("O", "first('One')"),
        ("", "first('')"),
        ("e", "last('One')"),
        ("two three", "skip('one two three', 4)"),
        ("", "skip('ab', 5)"),
        ("ab", "skip('ab', -1)"),
        ("on", "take('one', 2)"),
        ("one", "take('one', 9)"),
        ("", "take('one', -1)"),
    ],
)
def test_strings(expected: object, expression: str) -> None:
    assert expected == of(expression)


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ("Hello, User. 8,175,133", "format('{0}, {1}. {2:N0}', 'Hello', 'User', 8175133)"),
        (
            "07|-07|00ff|FF|5|-5.00|1,234.0",
            "format('{0:D2}|{1:d2}|{2:x4}|{2:X}|{3:G}|{4:F}|{5:n1}', 7, -7, 255, 5, -5, 1234)",
        ),
        ("007", "format('{0:000}', 7)"),
        ("FFFFFFFFFFFFFFFF", "format('{0:X}', -1)"),
        ("   ab|ab   |", "format('{0,5}|{0,-5}|', 'ab')"),
        ("   07", "format('{0,5:D2}', 7)"),
        ("{0} {x}", "format('{{0}} {{{0}}}', 'x')"),
        ("a", "format('{0:D4}', 'a')"),
        ("True", "format('{0}', true())"),
        ("|", "format('{0}|', null())"),
        ("{'a':['b',1]}", "format('{0}', createObject('a', createArray('b', 1)))"),
        ("aa", "format('{0}{0}', 'a', 'unused')"),
        ("plain", "format('plain')"),
    ],
)
def test_formats_are_those_of_dot_net(expected: str, expression: str) -> None:
    assert expected == of(expression)


@pytest.mark.parametrize("expression", ["format('{0:C}', 5)", "format('{0:#.##}', 5)", "format('{0:E2}', 5)"])
def test_a_format_that_is_not_evaluated_leaves_the_text_not_known(expression: str) -> None:
    assert isinstance(of(expression), Unknown)


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ("b25lLCB0d28sIHRocmVl", "base64('one, two, three')"),
        ("one, two, three", "base64ToString('b25lLCB0d28sIHRocmVl')"),
        ({"one": "a", "two": "b"}, "base64ToJson(base64('{''one'': ''a'', ''two'': ''b''}'))"),
        ("data:text/plain;charset=utf8;base64,SGVsbG8=", "dataUri('Hello')"),
        ("data:application/json;charset=utf8;base64,WzFd", "dataUri(createArray(1))"),
        ("Hello, World!", "dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')"),
        ("a b", "dataUriToString('data:text/plain,a%20b')"),
        ("http://contoso.com/resources/nested/a.json", "uri('http://contoso.com/resources/', 'nested/a.json')"),
        ("http://contoso.com/nested/a.json", "uri('http://contoso.com/resources', 'nested/a.json')"),
        ("http%3A%2F%2Fcontoso.com%2Fa%20b", "uriComponent('http://contoso.com/a b')"),
        ("http://contoso.com/a b", "uriComponentToString('http%3A%2F%2Fcontoso.com%2Fa%20b')"),
    ],
)
def test_encodings(expected: object, expression: str) -> None:
    assert expected == of(expression)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ({"a": "b"}, '{"a": "b"}'),
        ({"a": "demo value"}, '{ "a": "demo value"}'),
        (None, "null"),
        (3, " 3 "),
        (1.5, "1.5"),
        ("test", '"test"'),
        ([1, 2, 3], "[ 1,2,3 ]"),
        ({"a": 'it"s', "b": [1], "c": "'"}, "{'a': 'it\"s', b: [1,], /* of b */ \"c\": \"'\" // end\n}"),
        ({"a": "x: y, ]"}, "{a: 'x: y, ]'}"),
    ],
)
def test_json_is_read_as_leniently_as_azure_does(expected: object, text: str) -> None:
    assert expected == of("json(parameters('text'))", text=text)


def test_json_of_null_is_an_empty_object() -> None:
    assert {} == of("json(null())")


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "{'a' 1}", "[" * 100_000, '"\\"' * 50_000, "/*" * 50_000, "a" * 100_000]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError, match="`json` is given a string that is not JSON"):
        of("json(parameters('text'))", text=text)


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ("rbgf3xv4ufgzg", "uniqueString('test')"),
        ("a7wkljktk6wne", "uniqueString('hello', 'world')"),
        ("cgtzqvhu4i23s", "uniqueString('abc')"),
        ("bmg7c6xu4tw46", "uniqueString('/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg')"),
        ("a98fa280-e03f-5afa-8d8e-92d0a9c201e8", "guid('a', 'b', 'c')"),
        ("a98fa280-e03f-5afa-8d8e-92d0a9c201e8", "guid('a-b', 'c')"),
    ],
)
def test_names_made_by_hashing_are_those_of_azure(expected: str, expression: str) -> None:
    assert expected == of(expression)


@pytest.mark.parametrize("length", range(18))
def test_a_unique_string_has_thirteen_letters_whatever_it_is_made_of(length: int) -> None:
    found = {of("uniqueString(parameters('text'))", text=letter * length) for letter in "aé\ud800"}

    assert (3 if length else 1) == len(found)
    assert all(len(name) == 13 and set(name) <= set("abcdefghijklmnopqrstuvwxyz234567") for name in found)


def test_where_letter_case_decides_and_no_source_tells_how_nothing_is_known() -> None:
    assert isinstance(of("replace('VNet-a', 'vnet', 'x')"), Unknown)


@pytest.mark.parametrize(
    ("message", "expression"),
    [
        ("`concat` takes strings or arrays, not an array as argument 2", "concat('a', createArray())"),
        ("`concat` takes strings or arrays, not an object as argument 1", "concat(createObject())"),
        ("`toLower` takes a string as argument 1, not an int", "toLower(1)"),
        ("`format` has no argument for `{1}`", "format('{1}', 'a')"),
        ("`format` is given a pattern with a brace", "format('{a}', 'a')"),
        ("`format` is given a pattern with a brace", "format('}', 'a')"),
        ("`padLeft` takes a length from 0 on", "padLeft('a', -1)"),
        ("`padLeft` takes a length from 0 on", "padLeft('a', 2, 'xy')"),
        ("`replace` cannot look for an empty string", "replace('a', '', 'b')"),
        ("`split` takes a string as argument 1, not an int", "split(1, ',')"),
        ("`substring` asks for characters 2 to 5 of a string with 3", "substring('abc', 2, 3)"),
        ("`substring` asks for characters -1 to 3", "substring('abc', -1)"),
        ("`substring` takes an int as argument 2, not a string", "substring('abc', '0')"),
        ("`string` cannot make a string of a number with a fraction", "string(json('1.5'))"),
        ("`base64ToString` is given a string that is not base64", "base64ToString('%')"),
        ("`dataUriToString` is given a string that is not a data URI", "dataUriToString('Hello')"),
        ("`uri` takes an absolute address", "uri('a/b', 'c')"),
        ("`join` takes an array as argument 1, not a string", "join('a', ',')"),
        ("`guid` takes a string as argument 2, not an int", "guid('a', 1)"),
        ("`empty` takes an array, object or string, not an int", "empty(0)"),
        ("`length` takes an array, object or string, not a bool", "length(true())"),
        ("`contains` takes a string as argument 2, not an int", "contains('a', 1)"),
    ],
)
def test_a_wrong_argument_is_told_by_function_and_place(message: str, expression: str) -> None:
    with pytest.raises(EvaluationError) as refusal:
        of(expression)

    assert refusal.value.message.startswith(message)
