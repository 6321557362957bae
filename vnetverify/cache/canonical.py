"""The content of a value as a digest: the same in every process, and independent of places in files.

Places are numbered in the order in which they first come up, so that a line that is put in above changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, assert_never

from vnetverify.header import IntervalSet, Prefix
from vnetverify.source import Span

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class NotCanonical(Exception):
    """A value of a kind that has no canonical form, so that nothing may be remembered about it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A digest of something, the places in it in order, and their numbers."""

    digest: str
    places: tuple[Span, ...]
    numbers: Mapping[Span, int]


def part_of(*values: object) -> Part:
    """Return the digest of the values together. Raises `NotCanonical`."""
    writing = _Writing()
    for value in values:
        writing.write(value)
    return Part(
        sha256("".join(writing.words).encode("utf-8", "surrogatepass")).hexdigest(),
        tuple(writing.places),
        writing.places,
    )


@dataclass(slots=True)
class _Writing:
    """Words that can be read in one way only: each kind announces itself, and how much belongs to it."""

    words: list[str] = field(default_factory=list)
    places: dict[Span, int] = field(default_factory=dict)
    plain: dict[object, str] = field(default_factory=dict)

    def write(self, value: object) -> None:
        """Append words that tell `value` from every other; a place counts by the order in which places are met."""
        kind = type(value)
        if value is None or kind is bool:
            self.words.append(f"{value};")
        elif kind is int:
            self.words.append(f"i{value};")
        elif kind is str:
            self.words.append(f"s{len(str(value))}:{value}")
        elif isinstance(value, Span):
            self.words.append(f"@{self.places.setdefault(value, len(self.places))};")
        elif isinstance(value, _PLAIN):
            found = self.plain.get(value)
            if found is None:
                found = self.plain[value] = _words_of(value)
            self.words.append(found)
        elif kind in _FIELDS:
            head, values_of = _FIELDS[kind]
            self.words.append(head)
            for each in values_of(value):
                self.write(each)
        elif isinstance(value, tuple | list):
            self._write_all(f"({len(value)}:", value)
        else:
            self._write_other(value)

    def _write_other(self, value: object) -> None:
        match value:
            case float():
                self.words.append(f"f{value!r};")
            case Mapping():
                self._write_all(f"{{{len(value)}:", (each for item in value.items() for each in item))
            case frozenset():
                self._write_all(f"<{len(value)}:", sorted(part_of(each).digest for each in value))
            case _ if is_dataclass(value) and not isinstance(value, type):
                kind = type(value)
                _FIELDS[kind] = f"{kind.__name__}[", _values_of(kind)
                self.write(value)
            case _:
                raise NotCanonical(type(value).__name__)

    def _write_all(self, head: str, values: Iterable[object]) -> None:
        self.words.append(head)
        for each in values:
            self.write(each)


_PLAIN = (IntervalSet, Prefix, Enum)
"""What holds no place, and of which very many are alike."""


def _words_of(value: IntervalSet | Prefix | Enum) -> str:
    match value:
        case IntervalSet():
            return f"IntervalSet[{','.join(f'{one.low}-{one.high}' for one in value)};"
        case Prefix():
            return f"Prefix[{value.value}/{value.length};"
        case Enum():
            return f"e{type(value).__name__}.{value.name};"
        case _:
            assert_never(value)


def _values_of(kind: type[DataclassInstance]) -> Callable[[object], tuple[object, ...]]:
    """Return what gives the values of all fields of an instance, in their order."""
    names = [each.name for each in fields(kind)]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


_FIELDS: dict[type, tuple[str, Callable[[object], tuple[object, ...]]]] = {}
"""How an instance of each class of values that was met so far begins, and what gives its values."""
