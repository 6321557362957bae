"""Expressions of templates: how they are read and written, what their accesses mean, and where they end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.arm_place import UNKNOWN, Place, of
from vnetverify.ingest.arm import values
from vnetverify.ingest.arm.bounds import CHARACTERS_A_VALUE, Bounds
from vnetverify.ingest.arm.evaluation import evaluate, resolve
from vnetverify.ingest.arm.expressions import (
    Access,
    Call,
    Expression,
    Literal,
    is_expression,
    parse,
    unescaped,
    written,
)
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.functions import FUNCTIONS
from vnetverify.ingest.arm.surroundings import UserFunction
from vnetverify.ingest.arm.values import PartlyKnown


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (True, "[parameters('a')]"),
        (True, "[]"),
        (False, "[[parameters('a')]"),
        (False, "[parameters('a')"),
        (False, "parameters('a')]"),
        (False, ""),
        (False, "["),
    ],
)
def test_a_string_in_single_brackets_is_an_expression(expected: bool, text: str) -> None:
    assert expected is is_expression(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [("[a]", "[[a]"), ("[[a]", "[[[a]"), ("a[[b", "a[[b"), ("", ""), ("[a", "[a"), ("[", "[[")],
)
def test_of_two_brackets_at_the_start_of_a_string_one_is_left(expected: str, text: str) -> None:
    assert expected == unescaped(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("null()", "[null()]"),
        ("parameters('a')", "[ \r\n\tparameters (\n'a' ) ]"),
        ("concat('it''s', '', -1, 12)", "[concat('it''s','',-1,+12)]"),
        ("parameters('a').b.c[0]['d e'][1]", "[parameters('a').b . c [0]['d e'][ 1 ]]"),
        ("tryGet(a.b(1).?c[?0], 'x')", "[tryGet(a.b(1).?c[?0],'x')]"),
        ("variables('a')[variables('b')[0]]", "[variables('a')[variables('b')[0]]]"),
        ("'[text]'", "['[text]']"),
        ("parameters('naïve').größe", "[parameters('naïve').größe]"),
    ],
)
def test_an_expression_is_read_whatever_its_spaces(expected: str, text: str) -> None:
    assert expected == written(parse(text))


@pytest.mark.parametrize(
    ("position", "message", "text"),
    [
        (1, "a function, string or int is expected, not the end", "[]"),
        (5, "`(` is expected, not the end", "[true]"),
        (8, "a function, string or int is expected, not the end", "[concat(]"),
        (11, "`)` is expected, not the end", "[concat('a']"),
        (12, "a function, string or int is expected, not `)`", "[concat('a',)]"),
        (3, "a string has no closing quote", "[a('b)]"),
        (3, "strings of an expression stand in single quotes", '[a("b")]'),
        (3, "`+` has no meaning in an expression", "[1 + 2]"),
        (4, "the end is expected, not `)`", "[a())]"),
        (5, "a name is expected, not a string", "[a().'b']"),
        (1, "an int has at most 64 bits", "[9223372036854775808]"),
        (6, "`]` is expected, not `(`", "[a()[0(]"),
    ],
)
def test_a_mistake_is_pointed_at(position: int, message: str, text: str) -> None:
    with pytest.raises(BadExpression) as refusal:
        parse(text)

    assert (message, position) == (refusal.value.message, refusal.value.position)


def test_a_forgotten_pair_of_parentheses_is_named() -> None:
    with pytest.raises(BadExpression) as refusal:
        parse("[if(true, 1, 2)]")

    assert refusal.value.repair is not None
    assert "`true()`" in refusal.value.repair


@pytest.mark.parametrize(
    "text", ["[" + "a(" * 5_000 + ")" * 5_000 + "]", "[a()" + ".b" * 5_000 + "]", "[a()" + "[a()" * 5_000 + "]" * 5_000]
)
def test_an_expression_that_nests_beyond_all_measure_is_refused(text: str) -> None:
    with pytest.raises(BadExpression, match="nests deeper"):
        parse(text)


def test_an_expression_of_great_length_is_refused() -> None:
    with pytest.raises(BadExpression, match="more than 65536 characters"):
        parse("['" + "a" * 70_000 + "']")


_NAMES = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_]{0,5}", fullmatch=True)
_LITERALS = st.builds(Literal, st.one_of(st.text(max_size=8), st.integers(-(2**63), 2**63 - 1)), st.just(0))


def _calls(trees: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    arguments = st.lists(trees, max_size=3).map(tuple)
    calls = st.builds(Call, st.one_of(st.none(), _NAMES), _NAMES, arguments, st.just(0))
    words = st.builds(Literal, _NAMES, st.just(0))
    members = st.builds(Access, calls, words, st.just(True), st.booleans(), st.just(0))
    items = st.builds(Access, calls, trees, st.just(False), st.booleans(), st.just(0))
    return st.one_of(calls, members, items)


@settings(max_examples=40, deadline=None)
@given(st.recursive(_LITERALS, _calls, max_leaves=12))
def test_what_is_written_reads_as_the_same_tree(tree: Expression) -> None:
    text = written(tree)

    assert text == written(parse(f"[{text}]"))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("ab(),.?[]' 0-\n"), st.characters()), max_size=40))
def test_any_text_is_a_tree_or_a_mistake_within_it(inner: str) -> None:
    mistake = None
    try:
        parse(f"[{inner}]")
    except BadExpression as refusal:
        mistake = refusal

    assert mistake is None or 0 <= mistake.position <= len(inner) + 1


@settings(max_examples=40, deadline=None)
@given(st.recursive(_LITERALS, _calls, max_leaves=6))
def test_any_tree_has_a_value_or_is_refused(tree: Expression) -> None:
    reasons = []
    try:
        evaluate(tree, Place())
    except (BadExpression, EvaluationError) as refusal:
        reasons.append(str(refusal))

    assert all(reasons)


BODY = {"Name": "n", "list": [{"a": 1}, "x"], "none": None}


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ("n", "parameters('p').name"),
        ("n", "parameters('P')['NAME']"),
        (1, "parameters('p').list[0].a"),
        (None, "parameters('p').none"),
        (None, "parameters('p').?absent"),
        (None, "parameters('p').none.?a"),
        (None, "parameters('p').list[?7]"),
        ("x", "parameters('p')['list'][sub(2, 1)]"),
    ],
)
def test_members_are_found_in_any_letter_case(expected: object, expression: str) -> None:
    assert expected == of(expression, p=BODY)


@pytest.mark.parametrize(
    ("message", "expression"),
    [
        ("the object has no member `absent`; it has `Name`, `list`, `none`", "parameters('p').absent"),
        ("the array has 2 members, so none at index 2", "parameters('p').list[2]"),
        ("the array has 2 members, so none at index -1", "parameters('p').list[-1]"),
        ("null has no member `a`", "parameters('p').none.a"),
        ("a string has no member `a`", "parameters('p').name.a"),
        ("a string is not a key of an array", "parameters('p').list.a"),
        ("an int is not a key of an object", "parameters('p')[0]"),
        ("a bool is not a key of an array", "parameters('p').list[true()]"),
        ("a string has no member `a`", "parameters('p').name.?a"),
    ],
)
def test_a_member_that_is_not_there_is_a_mistake(message: str, expression: str) -> None:
    with pytest.raises(EvaluationError) as refusal:
        of(expression, p=BODY)

    assert message == refusal.value.message


def test_a_function_that_there_is_not_is_a_mistake_with_a_near_miss() -> None:
    with pytest.raises(BadExpression) as refusal:
        of("concat('a', cidrSubnets('10.0.0.0/16', 24, 0))")

    assert ("there is no function `cidrSubnets`", 13) == (refusal.value.message, refusal.value.position)
    assert refusal.value.repair == "did you mean `cidrSubnet`?"


def test_names_of_functions_have_any_letter_case() -> None:
    assert "ab" == of("CONCAT('a', ToLower('B'))")


def test_a_function_with_too_few_arguments_is_a_mistake() -> None:
    with pytest.raises(EvaluationError, match="`cidrHost` takes 2 arguments, not 1"):
        of("cidrHost('10.0.0.0/24')")


def test_a_declared_function_sees_its_parameters_and_nothing_else() -> None:
    place = Place(
        functions={
            "net.prefix": UserFunction(("Base", "index"), "[cidrSubnet(parameters('base'), 24, parameters('INDEX'))]"),
            "net.nested": UserFunction((), {"first": ["[net.prefix('10.0.0.0/16', 1)]"], "[[a": "[[b]"}),
            "net.greedy": UserFunction((), "[variables('v')]"),
            "net.endless": UserFunction((), "[net.endless()]"),
        }
    )

    assert "10.0.2.0/24" == of("net.prefix('10.0.0.0/16', 2)", place)
    assert {"first": ["10.0.1.0/24"], "[a": "[b]"} == of("Net.Nested()", place)
    for expression, message in [
        ("net.greedy()", "`variables` may not be used"),
        ("net.endless()", "nests too deeply"),
        ("net.prefix(1)", "takes 2 arguments, not 1"),
    ]:
        with pytest.raises(EvaluationError, match=message):
            of(expression, place)
    with pytest.raises(BadExpression, match=r"declares no function `net\.other`"):
        of("net.other()", place)


def test_a_piece_of_a_template_is_resolved_in_keys_and_values() -> None:
    piece = {"[concat('a', 'b')]": ["[add(1, 2)]", "[[x]", 4, True, None], "c": {"[[d]": 1.5}}

    assert {"ab": [3, "[x]", 4, True, None], "c": {"[d]": 1.5}} == resolve(piece, Place())


def test_a_key_that_is_not_known_leaves_its_object_open() -> None:
    found = resolve({"[parameters('u')]": 1, "a": 2}, Place({"u": UNKNOWN}))

    assert isinstance(found, PartlyKnown)
    assert ({"a": 2}, UNKNOWN) == (dict(found), found.otherwise)


def _doubled(times: int, first: object, following: str) -> Place:
    chain = {f"v{turn}": following.replace("#", f"variables('v{turn - 1}')") for turn in range(1, times)}
    return Place(variables={"v0": first, **chain})


@pytest.mark.parametrize(
    ("message", "place", "expression"),
    [
        ("more than 1000000 characters", _doubled(60, "x", "[concat(#, #)]"), "variables('v30')"),
        ("more than 100000 members", _doubled(60, [1], "[createArray(#, #)]"), "variables('v30')"),
        (
            "too many steps",
            Place(bounds=Bounds(steps=20_000)),
            "map(range(0, 900), lambda('a', map(range(0, 900), lambda('b', 0))))",
        ),
        ("nests too deeply", _doubled(900, "x", "[#]"), "variables('v899')"),
        (
            "deeper than 100 levels",
            Place(),
            "reduce(range(0, 200), 0, lambda('a', 'b', createArray(lambdaVariables('a'))))",
        ),
        ("more than 1000000 characters", Place(), "padLeft('x', 2147483647)"),
        ("more than 1000000 characters", Place(), "format('{0,9999999}', 'x')"),
        ("more than 1000000 characters", Place(), "replace(padLeft('', 5000, 'x'), 'x', padLeft('', 5000))"),
        ("more than 1000000 characters", Place(), "join(range(0, 10000), padLeft('', 5000))"),
        (
            "`split` would try 200",
            Place({"t": "x" * 90_000, "w": ["y"] * 200}),
            "split(parameters('t'), parameters('w'))",
        ),
        ("`range` takes a count", Place(), "range(0, 1000000000)"),
    ],
)
def test_what_grows_beyond_all_measure_is_refused(message: str, place: Place, expression: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        of(expression, place)


@pytest.mark.parametrize(
    "expression",
    [
        "union(map(range(0, 200), lambda('x', array(lambdaVariables('x')))), createArray())",
        "intersection(range(0, 200), range(100, 200))",
        "equals(map(range(0, 200), lambda('x', range(0, 200))), map(range(0, 200), lambda('x', range(0, 200))))",
    ],
)
def test_what_compares_everything_with_everything_is_refused(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_MOST_COMPARED", 10_000)

    with pytest.raises(EvaluationError, match="more than 10000 values would be compared"):
        of(expression)


def test_looking_through_much_counts_as_many_steps() -> None:
    place = Place({"text": "a" * 100_000}, bounds=Bounds(steps=40_000))
    of("contains(parameters('text'), 'b')", place)

    with pytest.raises(EvaluationError, match="too many steps"):
        of("contains(parameters('text'), 'b')", place)


def test_what_many_expressions_make_together_is_bounded() -> None:
    place = Place(bounds=Bounds(made=1_000 * CHARACTERS_A_VALUE))
    for _ in range(9):
        of("range(0, 100)", place)

    with pytest.raises(EvaluationError, match="make too many values"):
        of("concat(range(0, 100), range(0, 100))", place)


def test_a_value_takes_as_much_of_what_is_made_as_some_characters() -> None:
    for expression in ("range(0, 100)", f"padLeft('', {100 * CHARACTERS_A_VALUE}, 'a')"):
        of(expression, Place(bounds=Bounds(made=100 * CHARACTERS_A_VALUE)))

        with pytest.raises(EvaluationError, match="make too many values"):
            of(expression, Place(bounds=Bounds(made=100 * CHARACTERS_A_VALUE - 1)))


_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
_CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", _BESIDE))


@pytest.mark.skipif(not (_CORPUS / "INDEX.md").is_file(), reason=f"the corpus of real files is not at {_CORPUS}")
def test_real_templates_hold_only_expressions_and_functions_that_are_known() -> None:
    trees = [parse(text) for path in sorted(_CORPUS.glob("arm-*/**/*.json")) for text in _expressions_in(path)]
    called = {call.name.lower() for tree in trees for call in _calls_in(tree) if call.namespace is None}

    assert len(trees) > 800
    assert set() == {name for name in called if name not in FUNCTIONS and not name.startswith("list")}


def _expressions_in(path: Path) -> list[str]:
    """Return the expressions of a template, those of the templates inside it as well."""
    found = []
    pending = [json.loads(path.read_text(encoding="utf-8-sig"), strict=False)]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend((*item, *item.values()))
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, str) and is_expression(unescaped(item)):
            found.append(unescaped(item))
    return found


def _calls_in(tree: Expression) -> Iterator[Call]:
    match tree:
        case Call():
            yield tree
            for argument in tree.arguments:
                yield from _calls_in(argument)
        case Access():
            yield from _calls_in(tree.of)
            yield from _calls_in(tree.key)
