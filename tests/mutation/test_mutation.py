"""What is changed, how it is tried, and that each survivor that is explained still stands."""

from __future__ import annotations

import ast
from pathlib import Path
from types import FunctionType

import pytest

from tests.mutation import outcomes, reach
from tests.mutation.anew import tried_anew
from tests.mutation.changes import MODULE_LEVEL, Change, change_of, changed_code, changes_of
from tests.mutation.modules import MODULES
from tests.mutation.operators import replacements, returned_otherwise
from tests.mutation.outcomes import KILLED, SURVIVED, Outcome
from tests.mutation.survivors import GAP, NO_DIFFERENCE, Survivor, explained
from tests.mutation.trials import Order, plant
from vnetverify.header import Interval, interval_set

KNOWN = frozenset({"low", "high", "source", "destination", "source_port", "destination_port", "all_of", "any_of"})
SURVIVORS = explained()


def _becomes(expression: str) -> set[str]:
    node = ast.parse(expression, mode="eval").body
    return {ast.unparse(changed) for _, changed in replacements(node, KNOWN)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a < b", {"a <= b", "a >= b"}),
        ("a <= b", {"a < b", "a > b"}),
        ("a == b", {"a != b"}),
        ("a not in b", {"a in b"}),
        ("a is None", {"a is not None"}),
        ("a <= b < c", {"a < b < c", "a > b < c", "a <= b <= c", "a <= b >= c"}),
        ("a in (b, c)", {"a not in (b, c)", "a in (b,)", "a in (c,)"}),
        ("a and b", {"a or b", "a", "b"}),
        ("not a", {"a"}),
        ("a + 1", {"a - 1"}),
        ("a + b", {"a", "b"}),
        ("a - b", {"a + b"}),
        ("a << 4", {"a >> 4"}),
        ("7", {"6", "8"}),
        ("True", {"False"}),
        ("a if b else c", {"a", "c"}),
        ("any(x)", {"all(x)"}),
        ("min(x)", {"max(x)"}),
        ("all_of(a, b)", {"any_of(a, b)", "all_of(a)", "all_of(b)"}),
        ("f(source, destination)", {"f(destination, source)"}),
        ("f(x.low, y.high)", {"f(y.high, x.low)"}),
        ("x.source_port", {"x.destination_port"}),
        ("x.inbound", set()),  # nothing is called outbound here
        ("[a, b]", {"[a]", "[b]"}),
        ("'text'", set()),
        ("None", set()),
    ],
)
def test_an_expression_becomes_its_neighbours(expression: str, expected: set[str]) -> None:
    assert _becomes(expression) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("if a:\n    b()", {"if True:\n    b()", "if False:\n    b()"}),
        ("while a:\n    b()", {"while False:\n    b()"}),
        ("found.append(a)", {"pass"}),
        ("yield a", {"if False:\n    yield a"}),
        ("a += b", {"pass"}),
        ("a |= b", {"pass", "a &= b"}),
        ("a[b] = c", {"pass"}),
        ("a = b", set()),
        ("raise A", {"pass"}),
        ("continue", {"pass"}),
        ("assert_never(a)", set()),
    ],
)
def test_a_statement_is_left_out_or_takes_the_other_branch(statement: str, expected: set[str]) -> None:
    assert {ast.unparse(changed) for _, changed in replacements(ast.parse(statement).body[0], KNOWN)} == expected


def test_each_case_but_the_last_resort_is_left_out() -> None:
    match = ast.parse("match a:\n case B() | C():\n  d()\n case E() if f:\n  g()\n case _:\n  h()").body[0]
    assert isinstance(match, ast.Match)

    left = [[ast.unparse(case.pattern) for case in changed.cases] for _, changed in replacements(match, KNOWN)]  # type: ignore[attr-defined]

    assert left == [["E()", "_"], ["B() | C()", "_"]]
    assert [ast.unparse(changed) for _, changed in replacements(match.cases[0].pattern, KNOWN)] == ["C()", "B()"]
    assert [changed.guard for _, changed in replacements(match.cases[1], KNOWN)] == [None]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("returns", "value", "expected"),
    [
        ("bool", "a", ["return not a"]),
        ("bool", "True", []),
        ("Term", "a", ["return 'true'", "return 'false'"]),
        ("Term", "TRUE", ["return 'false'"]),
        ("int", "a", ["return a + 1"]),
        ("Route | None", "a", ["return None"]),
        ("Route | None", "None", []),
        ("tuple[int, ...]", "a", ["return ()"]),
        ("tuple[int, int]", "a", []),
        ("Iterator[int]", "a", ["return iter(())"]),
        ("list[int]", "a", ["return []"]),
        ("frozenset[int]", "a", ["return frozenset()"]),
        ("dict[int, int]", "a", ["return {}"]),
        ("Route", "a", []),
    ],
)
def test_something_else_of_its_type_is_returned(returns: str, value: str, expected: list[str]) -> None:
    statement = ast.parse(f"return {value}").body[0]
    assert isinstance(statement, ast.Return)

    assert [ast.unparse(changed) for _, changed in returned_otherwise(statement, returns)] == expected


# -- the changes of a module ----------------------------------------------------------------------------


def _change(module: str, function: str, operator: str, becomes: str) -> Change:
    found = [c for c in changes_of(module) if (c.function, c.operator, c.becomes) == (function, operator, becomes)]
    return found[0]


def test_texts_types_imports_and_assertions_are_left_alone() -> None:
    for change in changes_of("vnetverify.prover.solver"):
        assert not change.text.startswith(("import ", "from ", "assert ", '"""', "@"))


def test_the_code_of_a_module_has_the_change_and_no_other() -> None:
    change = _change("vnetverify.header", MODULE_LEVEL, "constant", "65534")

    assert 65534 in changed_code(change).co_consts
    assert 65535 in changed_code(_change("vnetverify.header", MODULE_LEVEL, "constant", "129")).co_consts


def test_a_change_is_found_by_its_name() -> None:
    change = changes_of("vnetverify.header")[-1]

    assert change_of("vnetverify.header", change.key) == change


def test_functions_that_exist_get_the_changed_code() -> None:
    change = next(
        c for c in changes_of("vnetverify.header") if c.text.startswith("if merged and") and c.becomes == "if False"
    )
    assert isinstance(interval_set, FunctionType)
    right = interval_set.__code__
    spot = right.co_filename, right.co_firstlineno, right.co_qualname
    try:
        assert plant(change, {spot: [interval_set]})
        assert len(interval_set([Interval(1, 2), Interval(2, 3)]).intervals) == 2
    finally:
        interval_set.__code__ = right


def test_a_change_to_a_function_that_is_not_there_cannot_be_made() -> None:
    assert not plant(_change("vnetverify.header", "interval_set", "branch", "if False"), {})


# -- trying them ----------------------------------------------------------------------------------------

TERMS = "tests/unit/test_encoder_terms.py::test_at_most_so_many_hold_of_any_number[3]"


def test_a_change_to_what_a_module_is_made_of_is_noticed_in_a_process_of_its_own() -> None:
    change = _change("vnetverify.header", MODULE_LEVEL, "arithmetic", "1 >> 128")

    assert tried_anew(change, [TERMS], 1).outcome == KILLED


def test_what_no_test_of_the_chosen_notices_survives() -> None:
    change = _change("vnetverify.header", MODULE_LEVEL, "constant", "65534")

    assert tried_anew(change, [TERMS], 1).outcome == SURVIVED


def test_tests_that_noticed_other_changes_come_first_then_the_cheapest_as_long_as_the_budget_lasts() -> None:
    change, other = changes_of("vnetverify.header")[-2:]
    which = reach.Reach({"a.py::dear": 5.0, "a.py::cheap": 1.0, "b.py::witness": 4.0, "c.py::last": 9.0})
    order = Order(which, 10.0, [(other, Outcome(KILLED, "b.py::witness", 1, 1, 0.0))])

    assert order.of(change, frozenset(which.seconds)) == ["b.py::witness", "a.py::cheap", "a.py::dear"]


def test_the_tests_of_a_change_are_those_that_run_its_statement() -> None:
    change = next(c for c in changes_of("vnetverify.header") if c.function != MODULE_LEVEL and c.lines[0] > c.first + 1)
    name, line = f"{change.module} {change.function}", change.lines[0] - change.first
    measured = reach.Reach({}, {name: {1: ["elsewhere"], line: ["here"]}}, {name: reach.text_of(change)})

    assert measured.tests_of(change) == {"here"}


def test_where_the_function_has_changed_all_tests_that_ran_it_are_asked() -> None:
    change = next(c for c in changes_of("vnetverify.header") if c.function != MODULE_LEVEL and c.lines[0] > c.first + 1)
    name, line = f"{change.module} {change.function}", change.lines[0] - change.first
    measured = reach.Reach({}, {name: {1: ["elsewhere"], line: ["here"]}}, {name: "another text"})

    assert measured.tests_of(change) == {"elsewhere", "here"}


def test_what_only_the_import_runs_is_tried_with_whatever_runs_the_module() -> None:
    change = next(c for c in changes_of("vnetverify.encoder.families") if c.function == "_prefixes")
    names = [f"{change.module} {function}" for function in (change.function, "Another.function")]
    seconds = {"here": 1.0, "elsewhere": 1.0}

    assert not reach.Reach(seconds, {names[0]: {0: ["here"]}}).is_imported(change)
    assert not reach.Reach(seconds, {}).is_imported(change)  # nobody knows yet
    unrun = reach.Reach(seconds, {names[0]: {}, names[1]: {3: ["here"]}})
    assert unrun.is_imported(change)
    assert unrun.tests_of(change) == {"here"}
    assert reach.Reach(seconds, {names[0]: {}}).tests_of(change) == {"here", "elsewhere"}


def test_outcomes_and_reach_are_read_back_as_they_were_kept(tmp_path: Path) -> None:
    kept = {"a change": Outcome(KILLED, "a test", 1, 2, 0.5)}
    measured = reach.Reach({"a test": 0.5}, {"a function": {3: ["a test"]}}, {"a function": "digest"})
    outcomes.add("a change", Outcome(SURVIVED, "", 1, 2, 0.5), tmp_path / "outcomes.jsonl")
    outcomes.add("a change", kept["a change"], tmp_path / "outcomes.jsonl")
    measured.save(tmp_path / "reach.json")

    assert outcomes.load(tmp_path / "outcomes.jsonl") == kept
    assert reach.load(tmp_path / "reach.json") == measured


# -- what survives --------------------------------------------------------------------------------------


@pytest.mark.parametrize("survivor", SURVIVORS, ids=lambda survivor: survivor.change)
def test_a_survivor_that_is_explained_can_still_be_made(survivor: Survivor) -> None:
    assert survivor.module in MODULES
    assert survivor.change in {change.key for change in changes_of(survivor.module)}
    assert survivor.kind in (*NO_DIFFERENCE, GAP)
    assert survivor.why


def test_no_survivor_is_explained_twice() -> None:
    names = [survivor.change for survivor in SURVIVORS]

    assert [name for name in names if names.count(name) > 1] == []
