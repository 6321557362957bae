"""Values with a quick constructor are what the usual one makes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from vnetverify.quick import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True, order=True)
class Quick:
    first: int
    second: str = "b"


@dataclass(frozen=True, slots=True, order=True)
class Usual:
    first: int
    second: str = "b"


@pytest.mark.parametrize(
    "asked",
    [
        lambda of: (of(1).first, of(1).second, of(1, "c").second, of(second="d", first=2).first),
        lambda of: repr(of(1)).partition("(")[2],
        lambda of: (of(1) == of(1, "b"), of(1) == of(2), of(1) == (1, "b"), hash(of(1)) == hash(of(1, "b"))),
        lambda of: min([of(2), of(1, "z"), of(1)]).second,
        lambda of: type(of(1)) is of,
    ],
)
def test_a_quick_value_answers_as_the_usual_one(asked: Callable[[object], object]) -> None:
    assert asked(Quick) == asked(Usual)


def test_a_value_that_is_copied_or_sent_is_the_same() -> None:
    assert Quick(1, "c") == copy.deepcopy(Quick(1, "c")) == pickle.loads(pickle.dumps(Quick(1, "c")))


def test_nothing_can_be_set_or_deleted() -> None:
    value = Quick(1)
    with pytest.raises(FrozenInstanceError):
        value.first = 5  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del value.first
    assert value == Quick(1)


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, "b", 2), {}), ((1,), {"third": 3})])
def test_what_is_missing_or_too_much_is_refused(given: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        Quick(*given, **named)  # type: ignore[arg-type]


def test_a_class_that_asks_for_more_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Made:
        numbers: list[int] = field(default_factory=list)

    with pytest.raises(TypeError):
        quickly_made(Made)
