"""Answers as JSON and back: values of known classes, read strictly, with places by their numbers.

What is read may be anything that anybody wrote: it becomes values of the declared types or nothing.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from vnetverify.cache.canonical import NotCanonical
from vnetverify.header import LAST_IPV6, LAST_PORT, Flow
from vnetverify.report.results import Answer
from vnetverify.rules import QUESTIONS, Uncertainty
from vnetverify.source import Span

_KIND = "is"
_LARGEST_NUMBER = 1 << 129
_LAST_PROTOCOL = 255


class NotAnAnswer(Exception):
    """What was read is no answer."""


def to_text(answer: Answer, number_of: Callable[[Span], list[int]]) -> str:
    """Return the answer as text; `number_of` gives the numbers of a place.

    Raises `NotCanonical` where a place or a value has none.
    """
    return json.dumps(_written(answer, number_of), separators=(",", ":"), sort_keys=True)


def from_text(text: str, place_of: Callable[[Any], Span | None]) -> Answer:
    """Return the answer that `text` holds; `place_of` gives the place of numbers, None where there is none.

    Raises `NotAnAnswer`.
    """
    try:
        found = _Reading(place_of).value(Answer, json.loads(text))
    except (ValueError, RecursionError):
        raise NotAnAnswer from None
    if not isinstance(found, Answer):
        raise NotAnAnswer
    return found


def _written(value: object, number_of: Callable[[Span], list[int]]) -> object:
    match value:
        case None | bool() | str():
            return value
        case Enum():
            return value.name
        case int():
            return value
        case Span():
            return number_of(value)
        case tuple():
            return [_written(each, number_of) for each in value]
        case Mapping():
            return {str(key): _written(each, number_of) for key, each in value.items()}
        case _ if is_dataclass(value):
            named = {each.name: _written(getattr(value, each.name), number_of) for each in fields(value)}
            return {_KIND: type(value).__name__, **named}
        case _:
            raise NotCanonical(type(value).__name__)


class _Reading:
    """Values of declared types from JSON. Raises `NotAnAnswer` where something is of another."""

    def __init__(self, place_of: Callable[[Any], Span | None]) -> None:
        self._place_of = place_of

    def value(self, kind: Any, read: Any) -> Any:
        origin = get_origin(kind)
        if kind is None or kind is types.NoneType:
            return self._if(read is None, read)
        if kind in (bool, str):
            return self._if(type(read) is kind, read)
        if kind is int:
            return self._if(type(read) is int and 0 <= read < _LARGEST_NUMBER, read)
        if kind is Span:
            place = self._place_of(read)
            return self._if(place is not None, place)
        if origin in (Union, types.UnionType):
            return self._one_of(get_args(kind), read)
        if origin is tuple:
            return self._tuple(get_args(kind), read)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return self._mapping(get_args(kind)[1], read)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return self._if(isinstance(read, str) and read in kind.__members__, kind.__members__.get(str(read)))
        return self._instance(kind, read)

    def _if(self, holds: bool, value: Any) -> Any:
        if not holds:
            raise NotAnAnswer
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

    def _mapping(self, kind: Any, read: Any) -> dict[str, Any]:
        self._if(isinstance(read, dict), read)
        return {key: self.value(kind, each) for key, each in read.items()}

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


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Return the fields of a class with their types; of what is no class of values there are none to read."""
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise NotAnAnswer
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in fields(kind)}
