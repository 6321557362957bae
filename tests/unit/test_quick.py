"""Frozen values that are quickly made are what `dataclasses` makes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from vnetverify.quick import dataclass


@dataclass(frozen=True, slots=True)
class Quick:
    """A value."""

    one: int
    two: str = "b"
    shown: bool = field(default=True, compare=False)
    hidden: tuple[int, ...] = field(default=(), repr=False)
    made: dict[str, int] = field(default_factory=dict, compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Usual:
    """A value."""

    one: int
    two: str = "b"
    shown: bool = field(default=True, compare=False)
    hidden: tuple[int, ...] = field(default=(), repr=False)
    made: dict[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Single:
    one: int


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


VALUES = [((1,), {}), ((1, "c"), {}), ((2,), {"hidden": (3,)}), ((1,), {"shown": False}), ((1,), {"made": {"a": 1}})]


@pytest.mark.parametrize(
    "asked",
    [
        lambda kind: [repr(kind(*given, **named)).partition("(")[2] for given, named in VALUES],
        lambda kind: [hash(kind(*given, **named)) for given, named in VALUES],
        lambda kind: [kind(*a, **b) == kind(*c, **d) for a, b in VALUES for c, d in VALUES],
        lambda kind: [dataclasses.asdict(kind(*given, **named)) for given, named in VALUES],
        lambda kind: [each.name for each in dataclasses.fields(kind)],
        lambda kind: [str(each) for each in inspect.signature(kind).parameters.values()][:4],
        lambda kind: (kind.__name__, kind.__doc__, kind.__module__, kind.__match_args__, kind.__slots__),
        lambda kind: dataclasses.replace(kind(1), two="x").two,
        lambda kind: kind(1).made is not kind(1).made,
        lambda kind: hasattr(kind(1), "__dict__"),
    ],
)
def test_a_quick_class_answers_as_the_usual_one(asked: Callable[[Any], object]) -> None:
    assert str(asked(Usual)).replace("Usual", "Quick") == str(asked(Quick))


@pytest.mark.parametrize("value", [Quick(1, made={"a": 2}), Single(3), Nothing()])
def test_a_value_that_is_copied_or_sent_is_the_same(value: object) -> None:
    for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert (value, repr(value), hash(value)) == (other, repr(other), hash(other))


def test_values_of_unlike_classes_are_unlike() -> None:
    assert Single(1) != Quick(1)
    assert Single(1) != (1,)
    assert Nothing() == Nothing()


@pytest.mark.parametrize("name", ["one", "two", "other"])
def test_nothing_can_be_set_or_deleted(name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(Quick(1), name, 2)
    with pytest.raises(FrozenInstanceError):
        delattr(Quick(1), name)


def test_a_class_that_asks_for_more_is_made_the_usual_way() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        one: int

        def __post_init__(self) -> None:
            if self.one < 0:
                raise ValueError("below nought")

    @dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        one: int

    with pytest.raises(ValueError, match="below nought"):
        Checked(-1)
    assert Ordered(1) < Ordered(2)


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, 2, 3, 4, 5, 6), {}), ((1,), {"other": 2})])
def test_what_is_missing_or_too_much_is_refused(given: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        Quick(*given, **named)  # type: ignore[arg-type]
