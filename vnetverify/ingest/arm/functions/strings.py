"""Functions of strings. Characters are those of Unicode; Azure counts units of UTF-16, two for the rarest."""

from __future__ import annotations

import re
from typing import Any

from vnetverify.ingest.arm.bounds import require_characters, require_values
from vnetverify.ingest.arm.functions.catalogue import Function, as_int, as_list, as_text, refused
from vnetverify.ingest.arm.functions.formats import format_string
from vnetverify.ingest.arm.functions.texts import text_of
from vnetverify.ingest.unknown import Unknown

_MOST_TRIED = 10_000_000  # separators at characters, of one call


def without_case(text: str) -> str:
    """Return `text` such that texts which differ in letter case alone become one, and no position shifts."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def text_or_null(function: str, value: Any, position: int = 1) -> str:
    """Return the string `value`; null is an empty one."""
    return "" if value is None else as_text(function, value, position)


def _starts_with(text: Any, start: Any) -> bool:
    searched, wanted = text_or_null("startsWith", text), text_or_null("startsWith", start, 2)
    return without_case(searched).startswith(without_case(wanted))


def _ends_with(text: Any, end: Any) -> bool:
    searched, wanted = text_or_null("endsWith", text), text_or_null("endsWith", end, 2)
    return without_case(searched).endswith(without_case(wanted))


def _join(items: Any, separator: Any) -> str | Unknown:
    between = text_or_null("join", separator, 2)
    words: list[str] = []
    for item in as_list("join", items):
        word = text_of("join", item)
        if isinstance(word, Unknown):
            return word
        words.append(word)
    require_characters(sum(map(len, words)) + len(between) * len(words))
    return between.join(words)


def _pad_left(value: Any, width: Any, character: Any = " ") -> str | Unknown:
    total = as_int("padLeft", width, 2)
    filler = " " if character is None else as_text("padLeft", character, 3)
    if total < 0 or len(filler) != 1:
        raise refused("padLeft", "takes a length from 0 on, and a string of one character to fill up with")
    require_characters(total)
    text = text_of("padLeft", value)
    return text if isinstance(text, Unknown) else text.rjust(total, filler)


def _replace(text: Any, old: Any, new: Any) -> str | Unknown:
    """Replace one string by another; where letter case decides, the documentation does not say how."""
    whole, wanted, instead = as_text("replace", text), as_text("replace", old, 2), as_text("replace", new, 3)
    if not wanted:
        raise refused("replace", "cannot look for an empty string")
    require_characters(len(whole) + whole.count(wanted) * len(instead))
    if without_case(whole).count(without_case(wanted)) != whole.count(wanted):
        return Unknown("whether `replace` regards letter case is not documented")
    return whole.replace(wanted, instead)


def _split(text: Any, separators: Any) -> list[str]:
    whole = text_or_null("split", text)
    if text is None:
        return []
    between = separators if isinstance(separators, list) else [separators]
    words = [text_or_null("split", word, 2) for word in between]
    if len(words) * len(whole) > _MOST_TRIED:
        raise refused("split", f"would try {len(words)} separators at {len(whole)} characters")
    pattern = "|".join(re.escape(word) for word in words if word)
    if not pattern:
        return [whole]
    parts = re.split(pattern, whole)
    require_values(len(parts))
    return parts


def _string(value: Any) -> str | Unknown:
    """Return `value` as text: of a list or object its JSON, of a bool `True` or `False`."""
    return text_of("string", value)


def _substring(text: Any, start: Any, length: Any = None) -> str:
    whole, first = text_or_null("substring", text), as_int("substring", start, 2)
    last = len(whole) if length is None else first + as_int("substring", length, 3)
    if not 0 <= first <= last <= len(whole):
        raise refused("substring", f"asks for characters {first} to {last} of a string with {len(whole)}")
    return whole[first:last]


def _trim(text: Any) -> str:
    return as_text("trim", text).strip()


def _to_lower(text: Any) -> str:
    return text_or_null("toLower", text).lower()


def _to_upper(text: Any) -> str:
    return text_or_null("toUpper", text).upper()


STRINGS = (
    Function("endsWith", 2, 2, _ends_with),
    Function("format", 1, None, format_string),
    Function("join", 2, 2, _join),
    Function("padLeft", 2, 3, _pad_left),
    Function("replace", 3, 3, _replace),
    Function("split", 2, 2, _split),
    Function("startsWith", 2, 2, _starts_with),
    Function("string", 1, 1, _string),
    Function("substring", 2, 3, _substring),
    Function("toLower", 1, 1, _to_lower),
    Function("toUpper", 1, 1, _to_upper),
    Function("trim", 1, 1, _trim),
)
