"""Values of our classes as JSON and back, read strictly; how a place is written is up to the caller.

What is read may be anything that anybody wrote: it becomes values of the declared types or nothing.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from vnetverify.cache.canonical import NotCanonical
from vnetverify.facts import QUESTIONS, Uncertainty
from vnetverify.header import LAST_IPV6, LAST_PORT, Flow, Interval, IntervalSet, Prefix
from vnetverify.source import Span

_Value = TypeVar("_Value")
_KIND = "is"
_LARGEST_NUMBER = 1 << 129
_LAST_PROTOCOL = 255


class NotRead(Exception):
    """What was read is no such value."""


def to_text(value: object, written: Callable[[Span], list[Any]]) -> str:
    """Return the value as text, its places as they are `written`. Raises `NotCanonical` where something has no form."""
    return json.dumps(_written(value, written), separators=(",", ":"))


def from_text(kind: type[_Value], text: str, place: Callable[[Any], Span | None]) -> _Value:
    """Return the value of this kind that `text` holds; `place` reads a place, or None where there is none.

    Raises `NotRead`.
    """
    try:
        found = _Reading(place).value(kind, json.loads(text))
    except (ValueError, RecursionError):
        raise NotRead from None
    if not isinstance(found, kind):
        raise NotRead
    return found


def _written(value: object, place: Callable[[Span], list[Any]]) -> object:
    match value:
        case None | bool() | str():
            return value
        case Enum():
            return value.name
        case int() | float():
            return value
        case Span():
            return place(value)
        case Prefix():
            return [value.value, value.length]
        case IntervalSet():
            return [[one.low, one.high] for one in value]
        case tuple() | frozenset():
            each = [_written(one, place) for one in value]
            return each if isinstance(value, tuple) else sorted(each, key=str)
        case Mapping():
            return {str(key): _written(one, place) for key, one in value.items()}
        case _ if is_dataclass(value):
            named = {each.name: _written(getattr(value, each.name), place) for each in fields(value)}
            return {_KIND: type(value).__name__, **named}
        case _:
            raise NotCanonical(type(value).__name__)


class _Reading:
    """Values of declared types from JSON. Raises `NotRead` where something is of another."""

    def __init__(self, place: Callable[[Any], Span | None]) -> None:
        self._place = place

    def value(self, kind: Any, read: Any) -> Any:
        if kind in _PLAIN:
            return self._if(_PLAIN[kind](read), read)
        if kind is Span:
            place = self._place(read)
            return self._if(place is not None, place)
        if kind is Prefix:
            return Prefix(*self.value(tuple[int, int], read))
        if kind is IntervalSet:
            return IntervalSet(tuple(Interval(*pair) for pair in self.value(tuple[tuple[int, int], ...], read)))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return self._if(isinstance(read, str) and read in kind.__members__, kind.__members__.get(str(read)))
        return self._composed(kind, read)

    def _composed(self, kind: Any, read: Any) -> Any:
        origin = get_origin(kind)
        if origin in (Union, types.UnionType):
            return self._one_of(get_args(kind), read)
        if origin is tuple:
            return self._tuple(get_args(kind), read)
        if isinstance(origin, type) and issubclass(origin, AbstractSet):
            return frozenset(self._tuple((*get_args(kind), Ellipsis), read))
        if isinstance(origin, type) and issubclass(origin, Mapping):
            self._if(isinstance(read, dict), read)
            return {key: self.value(get_args(kind)[1], each) for key, each in read.items()}
        return self._instance(kind, read)

    def _if(self, holds: bool, value: Any) -> Any:
        if not holds:
            raise NotRead
        return value

    def _one_of(self, kinds: Sequence[Any], read: Any) -> Any:
        """Return a value of the one kind that `read` can be: None, what it says it is, or what is no class."""
        if read is None and types.NoneType in kinds:
            return None
        kinds = [kind for kind in kinds if kind is not types.NoneType]
        if isinstance(read, dict) and _KIND in read:
            kinds = [kind for kind in kinds if getattr(kind, "__name__", "") == read[_KIND]]
        return self.value(self._if(len(kinds) == 1, kinds)[0], read)

    def _tuple(self, kinds: Sequence[Any], read: Any) -> tuple[Any, ...]:
        self._if(isinstance(read, list), read)
        if len(kinds) == 2 and kinds[1] is Ellipsis:
            return tuple(self.value(kinds[0], each) for each in read)
        self._if(len(read) == len(kinds), read)
        return tuple(self.value(kind, each) for kind, each in zip(kinds, read, strict=True))

    def _instance(self, kind: Any, read: Any) -> Any:
        hints = _hints(kind)
        self._if(isinstance(read, dict) and read.keys() == {_KIND, *hints} and read[_KIND] == kind.__name__, read)
        made = kind(**{name: self.value(hint, read[name]) for name, hint in hints.items()})
        match made:
            case Uncertainty(question):
                self._if(question in QUESTIONS, made)
            case Flow():
                bounds = (_LAST_PROTOCOL, LAST_IPV6, LAST_PORT, LAST_IPV6, LAST_PORT)
                numbers = (getattr(made, each.name) for each in fields(Flow))
                self._if(all(number <= last for number, last in zip(numbers, bounds, strict=True)), made)
        return made


def _is_number(read: Any) -> bool:
    return type(read) is int and 0 <= read < _LARGEST_NUMBER


_PLAIN: Mapping[Any, Callable[[Any], bool]] = {
    None: lambda read: read is None,
    types.NoneType: lambda read: read is None,
    bool: lambda read: type(read) is bool,
    str: lambda read: type(read) is str,
    int: _is_number,
    float: lambda read: _is_number(read) or (type(read) is float and read == read),
}


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Return the fields of a class with their types; of what is no class of values there are none to read."""
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise NotRead
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in fields(kind)}
