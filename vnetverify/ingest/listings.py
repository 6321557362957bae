"""Lists of resources as calls return them, decoded entry by entry: a large text never stands in memory as values.

What is not kept of an entry is freed while the processor still holds it, so this is quicker as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from vnetverify.ingest.notation import (
    MAX_DEPTH,
    Refused,
    has_blank_before_colon,
    is_too_large,
    keys_at_most,
    parse,
    value_at,
    with_keys_compared,
)

_BLANKS = r"[ \t\r\n]*+"
_TEXT = r'"[^"\\]*+"'
# The list by itself, or in an object where nothing but a few plain values stand before it.
_OPENING = re.compile(
    rf"{_BLANKS}(?:\{{{_BLANKS}(?:{_TEXT}{_BLANKS}:{_BLANKS}(?:{_TEXT}|[\w.+-]++){_BLANKS},{_BLANKS}){{0,20}}?"
    rf'"(value|data)"{_BLANKS}:{_BLANKS})?\[{_BLANKS}(?=\{{)'
)
_COMMA = re.compile(rf"{_BLANKS},{_BLANKS}(?=\{{)")
_END = re.compile(rf"{_BLANKS}(?=\])")
_HOLDERS: frozenset[type] = frozenset((dict, list))
_DEEPEST = MAX_DEPTH - 2  # what stands around an entry is an object and a list, at most

_MOST_FORMS = 4_096  # that are remembered: an input may spell its keys in ever new ways

# Takes out of an entry what is read at once, given its pointer and where it begins in the text; returns how many keys
# the objects had that are gone, where no two of one object are one.
Folding = Callable[[dict[str, Any], str, int], int]


def listing(text: str, file: str, most_values: int, fold: Folding) -> Any | None:
    """Return the value of `text`, of whose entries each was given to `fold` when it was decoded.

    None where it is no such list, or anything is wrong with it: `parse` says what.
    """
    opening = _OPENING.match(text)
    if opening is None or is_too_large(text, most_values):
        return None
    name = opening[1]
    entries = _Entries(text, file, "" if name is None else f"/{name}", fold)
    try:
        end = entries.read(opening.end())
        around = parse(text[: opening.end()] + text[end:], file)
    except (ValueError, RecursionError, Refused):
        return None
    return entries.found if name is None else {**around, name: entries.found}


class _Entries:
    """Reads the entries of a list, which are objects; equal keys are one text, as if all were decoded at once."""

    def __init__(self, text: str, file: str, pointer: str, fold: Folding) -> None:
        self.found: list[Any] = []
        self._text = text
        self._file = file
        self._pointer = pointer
        self._fold = fold
        self._is_spaced = has_blank_before_colon(text)
        self._keys = 0
        # Of each form of objects met the keys, and how many of them are different.
        self._forms: dict[tuple[str, ...], tuple[tuple[str, ...], int]] = {}

    def read(self, start: int) -> int:
        """Read the entries from `start` on, and return where they end. Raises what `value_at` does, and `Refused`."""
        text, found = self._text, self.found
        while True:
            entry, end = value_at(text, start)
            found.append(self._settled(entry, start, end))
            comma = _COMMA.match(text, end)
            if comma is None:
                closing = _END.match(text, end)
                if closing is None:
                    raise ValueError("neither another entry nor the end")
                return closing.end()
            start = comma.end()

    def _settled(self, entry: dict[str, Any], start: int, end: int) -> Any:
        """Return what is kept of an entry. Where keys may be one they are compared, and nothing is folded."""
        self._keys = self._fold(entry, f"{self._pointer}/{len(self.found)}", start)
        kept = self._shared(entry, 1)
        if self._keys == keys_at_most(self._text, start, end, self._is_spaced):
            return kept
        return with_keys_compared(self._text[start:end], self._file)

    def _shared(self, value: Any, depth: int) -> Any:
        """Return the object or list `value` with shared keys, having counted them."""
        if depth > _DEEPEST:
            raise ValueError("deep")
        if value.__class__ is not dict:
            for position, one in enumerate(value):
                if one.__class__ in _HOLDERS:
                    value[position] = self._shared(one, depth + 1)
            return value
        for key, one in value.items():
            if one.__class__ in _HOLDERS:
                value[key] = self._shared(one, depth + 1)
        names = tuple(value)
        keys, distinct = self._forms.get(names) or self._form(names)
        self._keys += distinct
        return dict(zip(keys, value.values(), strict=True))

    def _form(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        found = (names, len({name.lower() for name in names}))
        if len(self._forms) < _MOST_FORMS:
            self._forms[names] = found
        return found
