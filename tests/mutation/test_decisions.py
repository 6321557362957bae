"""What is seen of decisions, in small programs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mutation.decisions import Record, watched


def left_open(body: str, *calls: tuple[Any, ...], returns: str = "object") -> set[str]:
    """Return what stays open in `def f(a, b, c)` after the calls, which have to return what they return unwatched."""
    text = f"def f(a, b=None, c=None) -> {returns}:\n    {body}\n"
    record = Record()
    plain: dict[str, Any] = {}
    seen: dict[str, Any] = {"_record": record}
    exec(text, plain)
    exec(compile(watched(text, "m", record), "m", "exec"), seen)
    for call in calls:
        assert seen["f"](*call) == plain["f"](*call)
    return {
        wanted for decision, bits in zip(record.decisions, record.seen, strict=True) for wanted in decision.open(bits)
    }


@pytest.mark.parametrize(
    ("body", "calls", "open_"),
    [
        ("return 1 if a else 2", [(True,)], {"false"}),
        ("return 1 if a else 2", [(True,), (False,)], set()),
        ("return [x for x in a if x]", [([0, 0],)], {"true"}),
        ("return a and b", [(True, True), (True, False)], {"that `a` decides"}),
        ("return a and b", [(False, True), (True, False)], set()),
        ("return a or b", [(False, True), (True, True)], {"that `a` decides"}),
        ("return a or b or c", [(False, True, False), (False, False, True)], {"that `a` decides"}),
        ("return a is None or a > 3", [(None,), (4,), (2,)], {"equality"}),
        ("return a < b", [(1, 2), (2, 1)], {"equality"}),
        ("return a <= b", [(1, 1)], set()),
        ("return any(x for x in a)", [([1, 1],), ([0, 0],)], {"true and false together"}),
        ("return all(a)", [([1, 0],)], set()),
    ],
)
def test_what_no_call_shows_is_open(body: str, calls: list[tuple[Any, ...]], open_: set[str]) -> None:
    assert left_open(body, *calls) == open_


def test_what_would_be_raised_without_an_operand_shows_that_it_decides() -> None:
    assert left_open("return a is not None and a[0] == b", (None, 1), ([1], 2)) == set()


def test_a_truth_that_is_returned_is_wanted_both_ways() -> None:
    assert left_open("return a == b", (1, 1), returns="bool") == {"false"}


def test_each_case_is_wanted() -> None:
    body = "match a:\n        case 1:\n            return 'one'\n        case _:\n            return 'more'"

    assert left_open(body, (2,)) == {"taken"}
    assert left_open(body, (2,), (1,)) == set()


def test_an_argument_is_wanted_that_is_not_neutral() -> None:
    body = "all_of = lambda *terms: terms\n    return all_of(a, b)"

    assert left_open(body, ("x", "true")) == {"`b` other than true"}


def test_what_is_looked_into_only_to_see_is_not_itself_seen() -> None:
    assert "true" in left_open("return a and (1 if b else 2)", (False, True))
