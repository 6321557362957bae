"""What a value says, as a digest that is the same in every process and does not know where in a file it was said.

Places are numbered in the order in which they first come up, so that a line that is put in above changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from hashlib import sha256

from vnetverify.header import IntervalSet, Prefix
from vnetverify.source import Span


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
        kind = type(value)
        if kind is str:
            self.words.append(f"s{len(str(value))}:{value}")
        elif kind is int:
            self.words.append(f"i{value};")
        elif value is None or kind is bool:
            self.words.append(f"{value};")
        elif isinstance(value, Span):
            self.words.append(f"@{self.places.setdefault(value, len(self.places))};")
        elif isinstance(value, IntervalSet | Prefix):
            self.words.append(self._plain(value))
        elif isinstance(value, tuple | list):
            self._write_all(f"({len(value)}:", value)
        elif kind in _NAMES:
            self._write_all(f"{kind.__name__}[", [getattr(value, name) for name in _NAMES[kind]])
        else:
            self._write_other(value)

    def _write_other(self, value: object) -> None:
        match value:
            case Enum():
                self.words.append(f"e{type(value).__name__}.{value.name};")
            case float():
                self.words.append(f"f{value!r};")
            case Mapping():
                self._write_all(f"{{{len(value)}:", (each for item in value.items() for each in item))
            case frozenset():
                self._write_all(f"<{len(value)}:", sorted(part_of(each).digest for each in value))
            case _ if is_dataclass(value) and not isinstance(value, type):
                _NAMES[type(value)] = tuple(each.name for each in fields(value))
                self.write(value)
            case _:
                raise NotCanonical(type(value).__name__)

    def _write_all(self, head: str, values: Iterable[object]) -> None:
        self.words.append(head)
        for each in values:
            self.write(each)

    def _plain(self, value: IntervalSet | Prefix) -> str:
        """Return the words of a value that holds no place, of which very many are alike."""
        found = self.plain.get(value)
        if found is None:
            numbers = (
                [f"{one.low}-{one.high}" for one in value]
                if isinstance(value, IntervalSet)
                else [f"{value.value}/{value.length}"]
            )
            found = self.plain[value] = f"{type(value).__name__}[{','.join(numbers)};"
        return found


_NAMES: dict[type, tuple[str, ...]] = {}
"""The fields of each class of values that was met so far."""
