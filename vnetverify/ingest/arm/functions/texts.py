"""Values as text, and text as values of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from vnetverify.ingest.arm.functions.catalogue import as_text, refused
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.values import because, kind_of, unknown_in
from vnetverify.ingest.unknown import Unknown


def text_of(function: str, value: Any) -> str | Unknown:
    """Return what `function` writes for `value`; an `Unknown` where a list or object holds one."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "True" if value else "False"
        case int():
            return str(value)
        case dict() | list():
            return json_of(value)
        case Unknown():
            return because(value)
        case _:
            raise refused(function, f"cannot make a string of {kind_of(value)}")


def json_of(value: Any) -> str | Unknown:
    """Return `value` in the notation of JSON without spaces; an `Unknown` where it holds one."""
    doubt = unknown_in(value)
    if doubt is not None:
        return because(doubt)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def value_of(function: str, text: str) -> Any:
    """Return the value that `text` spells in JSON, or in what Azure takes for it: strings in single quotes, keys
    without quotes, comments, a comma too many. Raises `EvaluationError`."""
    for reading in (str, _strict):
        try:
            return json.loads(reading(text), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            continue
    raise refused(function, "is given a string that is not JSON")


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)


_LENIENT = re.compile(
    r'(?P<double>"(?:[^"\\]|\\(?:.|\Z))*(?:"|\Z))'  # to the end where none closes it: each character is met once
    r"|(?P<single>'(?:[^'\\]|\\(?:.|\Z))*(?:'|\Z))"
    r"|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?<![\w$])(?P<key>[A-Za-z_$][\w$]*)(?=\s*:)"
    r"|(?P<comma>,)(?=\s*[\]}])",
    re.DOTALL,
)


def _strict(text: str) -> str:
    """Return what Newtonsoft's reader takes for JSON as JSON."""
    return _LENIENT.sub(_as_strict, text)


def _as_strict(match: re.Match[str]) -> str:
    word = match.group()
    match match.lastgroup:
        case "single":
            inner = word[1:-1].replace("\\'", "'")
            return '"' + re.sub(r'(?<!\\)"', '\\"', inner) + '"'
        case "key":
            return f'"{word}"'
        case "comment" | "comma":
            return ""
        case _:
            return word


def json_function(text: Any) -> Any:
    """Return the value of a string of JSON; null is an empty object."""
    if text is None:
        return {}
    found = value_of("json", as_text("json", text))
    return _stood_in_for(found, text.unknown) if isinstance(text, StandIn) else found


def _stood_in_for(value: Any, why: Unknown) -> Any:
    """Return the value that a stand-in spells, such as `{"id": "/subscriptions/…"}`, with stand-ins for its strings.

    Names and ids hold no quotes. Of any other text that is not known nobody can say where it ends in the JSON.
    """
    is_open = any("<" in text and not _is_id(text) for text in _texts_in(value))
    return why if is_open else _with_stand_ins(value, why)


def _texts_in(value: Any) -> Iterator[str]:
    """Yield the strings in `value`, names of members among them."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending.extend((*item, *item.values()))
        elif isinstance(item, list):
            pending.extend(item)


def _with_stand_ins(value: Any, why: Unknown) -> Any:
    match value:
        case str():
            return StandIn(value, why)
        case list():
            return [_with_stand_ins(item, why) for item in value]
        case dict():
            return {key: _with_stand_ins(item, why) for key, item in value.items()}
        case _:
            return value


def _is_id(text: str) -> bool:
    return text.lower().startswith("/subscriptions/") and "/providers/" in text.lower()
