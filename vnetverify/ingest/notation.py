"""The notation of JSON, read strictly: every oddity that could change a meaning is refused, never guessed at."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import PurePath
from typing import Any, NoReturn

from vnetverify.diagnostic import Diagnostic
from vnetverify.source import Span

MAX_DEPTH = 200
_MOST_TEXTS = 200_000  # one after the other
MOST_VALUES = 8_000_000  # of one text: a few bytes there can be hundreds in memory

# A text in quotes, or what stands for a number; the first of these that is not a number is where the mistake is.
_WORDS = re.compile(r'"(?:[^"\\]|\\.)*"?|-?(?:NaN|Infinity)|-?[0-9][0-9.eE+-]*', re.DOTALL)
_BLANKS = re.compile(r"[ \t\r\n]*")
_SHOWN = 20  # characters of a number that a message repeats


class Refused(Exception):
    """A text that is not read any further; carries the one diagnostic that says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


def place(file: str, pointer: str) -> Span:
    """Return the span of the JSON value at `pointer`, whose line is not known."""
    return Span(file, 0, 0, 0, 0, pointer)


class _Doubled(dict[str, Any]):
    """An object in which a key appears twice, be it in other letter case; found again when its pointer is wanted."""

    __slots__ = ("earlier", "later")

    def __init__(self, pairs: list[tuple[str, Any]], earlier: str, later: str) -> None:
        super().__init__(pairs)
        self.earlier = earlier
        self.later = later


def _settled(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of `pairs`, some of whose keys are one; a `_Doubled` where they do not say one thing.

    `az` writes some properties in two spellings, of which one is null.
    """
    spelt: dict[str, tuple[str, Any]] = {}
    for key, value in pairs:
        known = spelt.get(key.lower())
        if known is not None and (known[0] == key or not (known[1] is None or value is None or known[1] == value)):
            return _Doubled(pairs, known[0], key)
        if known is None or known[1] is None:
            spelt[key.lower()] = (key, value)
    return dict(spelt.values())


def parse(text: str, file: str, most_values: int = MOST_VALUES, *, over_lines: bool = False) -> Any:
    """Return the value that `text` spells. Raises `Refused` for what RFC 8259 leaves open or forbids.

    So are two keys of one object that differ in letter case alone and do not say the same: Azure takes them for one.
    Strings may run `over_lines` where that is said.
    """
    if is_too_large(text, most_values):
        raise _too_large(file, most_values)
    content = _loaded(text, file, None, over_lines)
    depth, distinct = _surveyed(content)
    if depth > MAX_DEPTH:
        raise _too_deep(file)
    keys = keys_at_most(text, 0, len(text), has_blank_before_colon(text))
    return content if distinct == keys else with_keys_compared(text, file, over_lines)


def is_too_large(text: str, most_values: int) -> bool:
    """Hold when `text` may spell more values: commas and brackets may stand inside a string too."""
    if len(text) <= 2 * most_values:
        return False  # each takes two characters: a comma after it, or a bracket at each end
    return text.count(",") + text.count("{") + text.count("[") > most_values


def value_at(text: str, start: int) -> tuple[Any, int]:
    """Return the value that `text` spells from `start` on, and where it ends; its keys are not compared.

    Raises `ValueError` and `RecursionError` for what `parse` refuses.
    """
    return _STRICT.raw_decode(text, start)


def parse_several(text: str, file: str, most_values: int = MOST_VALUES) -> list[Any]:
    """Return the values that `text` spells one after the other, as scripts write them and JSON Lines has them.

    Raises `Refused` as `parse` does, also where it spells but one.
    """
    starts, position = [], 0
    decoder = json.JSONDecoder()
    while (position := _after_blanks(text, position)) < len(text):
        starts.append(position)
        if len(starts) > _MOST_TEXTS:
            raise _too_large(file, _MOST_TEXTS)
        try:
            position = decoder.raw_decode(text, position)[1]
        except (ValueError, RecursionError):
            break
    pieces = [text[start:end] for start, end in pairwise([*starts, len(text)])]
    if len(pieces) < 2:
        return [parse(text, file, most_values)]
    lines = accumulate((piece.count("\n") for piece in pieces), initial=text.count("\n", 0, starts[0]))
    return [_parsed_below(piece, file, line, most_values) for piece, line in zip(pieces, lines, strict=False)]


def _after_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return position if found is None else found.end()


def _parsed_below(text: str, file: str, line: int, most_values: int) -> Any:
    """Return the value of a text that stands below `line` lines of others."""
    try:
        return parse(text, file, most_values)
    except Refused as refusal:
        span = refusal.diagnostic.span
        moved = replace(span, line=span.line + line, end_line=span.end_line + line) if span.line else span
        raise Refused(replace(refusal.diagnostic, span=moved)) from refusal


def with_keys_compared(text: str, file: str, over_lines: bool = False) -> Any:
    """Return the value of `text` with every object's keys compared as it is made, which takes four times as long.

    Raises `Refused`.
    """
    doubled: list[_Doubled] = []

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key.lower() for key, _ in pairs}) == len(pairs):
            return dict(pairs)
        found = _settled(pairs)
        if isinstance(found, _Doubled):
            doubled.append(found)
        return found

    content = _loaded(text, file, as_object, over_lines)
    if doubled:
        raise _stands_twice(doubled[0], content, file)
    return content


_Pairs = list[tuple[str, Any]]


def _decoder(as_object: Callable[[_Pairs], dict[str, Any]] | None, over_lines: bool) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=as_object,
        parse_constant=_refuse_constant,
        parse_float=_finite,
        strict=not over_lines,
    )


def _loaded(text: str, file: str, as_object: Callable[[_Pairs], dict[str, Any]] | None, over_lines: bool) -> Any:
    decoder = _STRICT if as_object is None and not over_lines else _decoder(as_object, over_lines)
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        span = Span(file, error.lineno, error.colno, error.lineno, error.colno + 1)
        raise _not_valid(file, span, _lower(error.msg)) from error
    except RecursionError as error:
        raise _too_deep(file) from error
    except ValueError as error:
        raise _no_number(text, file) from error


_KEY = re.compile(r'"\s*:')


def has_blank_before_colon(text: str) -> bool:
    """Hold when a blank stands before a colon, as it may after a key."""
    return any(blank in text and f"{blank}:" in text for blank in " \t\n\r")


def keys_at_most(text: str, start: int, end: int, is_spaced: bool) -> int:
    """Return how many keys the objects of a part of `text` have at most, some blanks standing before colons or none.

    A colon after a quote may stand inside a string, too.
    """
    if is_spaced:
        return sum(1 for _ in _KEY.finditer(text, start, end))
    return text.count('":', start, end)


def _surveyed(content: Any) -> tuple[int, int]:
    """Return how deep lists and objects nest, up to one more than is read, and how many keys the objects have that no
    other letter case of the same object repeats; level by level, so that nothing exhausts the stack."""
    keys, depth = 0, 0
    level = [content] if isinstance(content, (dict, list)) else []
    while level and depth <= MAX_DEPTH:
        depth += 1
        objects = [item for item in level if item.__class__ is dict]
        for names, times in Counter(map(tuple, objects)).items():
            keys += times * len({name.lower() for name in names})
        level = [
            value
            for item in level
            for value in (item.values() if item.__class__ is dict else item)
            if value.__class__ is dict or value.__class__ is list
        ]
    return depth, keys


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _finite(word: str) -> float:
    number = float(word)
    if math.isinf(number):
        raise ValueError(word)
    return number


_STRICT = _decoder(None, over_lines=False)


def _no_number(text: str, file: str) -> Refused:
    """Return the refusal of the first number in `text` that is none or too large, with its place."""
    for match in _WORDS.finditer(text):
        word = match.group()
        if word[0] != '"' and not _is_number(word):
            line = text.count("\n", 0, match.start()) + 1
            column = match.start() - text.rfind("\n", 0, match.start())
            span = Span(file, line, column, line, column + min(len(word), _SHOWN))
            return _not_valid(file, span, "not a number that is read")
    return _not_valid(file, Span(file, 0, 0, 0, 0), "holds what is not a number")


def _not_valid(file: str, span: Span, label: str) -> Refused:
    return Refused(Diagnostic("bad-json", f"`{file}` is not valid JSON", span, label, help=made_json_by(file)))


_PLANS = "`terraform show -json PLAN` writes a plan as JSON, which is read"
_MADE_BY = {
    ".vnet": "a text is named as FILE of `prove` or `check`",
    ".bicep": "`bicep build` writes the template that this makes, which is read",
    ".bicepparam": "`bicep build-params` writes the parameter file that this makes, which is read",
    ".tf": _PLANS,
    ".tfplan": _PLANS,
    ".yaml": "`az` writes JSON with `--output json`",
    ".yml": "`az` writes JSON with `--output json`",
}


def made_json_by(file: str, data: bytes = b"") -> str | None:
    """Return what makes JSON of a file of another kind, told by its name or by how a saved plan begins."""
    return _PLANS if data.startswith(b"PK\x03\x04") else _MADE_BY.get(PurePath(file).suffix.lower())


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word)) and (not word.lstrip("-").isdigit() or int(word) is not None)
    except ValueError:
        return False


def _stands_twice(found: _Doubled, content: Any, file: str) -> Refused:
    message = f"key `{found.later}` appears twice in one object"
    if found.later != found.earlier:
        message = f"keys `{found.earlier}` and `{found.later}` of one object differ in letter case alone"
    return Refused(Diagnostic("duplicate-key", message, place(file, _pointer_to(found, content))))


def _too_large(file: str, most: int) -> Refused:
    return Refused(Diagnostic("input-too-large", f"`{file}` holds more than {most} values", Span(file, 0, 0, 0, 0)))


def _too_deep(file: str) -> Refused:
    return Refused(Diagnostic("bad-json", f"`{file}` nests deeper than {MAX_DEPTH} levels", Span(file, 0, 0, 0, 0)))


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _pointer_to(wanted: object, content: Any) -> str:
    """Return the pointer of the very object `wanted` in `content`; the text may nest deeply, so no recursion."""
    pending = [("", content)]
    while pending:
        pointer, value = pending.pop()
        if value is wanted:
            return pointer
        if isinstance(value, dict):
            pending.extend((f"{pointer}/{escaped(key)}", item) for key, item in value.items())
        elif isinstance(value, list):
            pending.extend((f"{pointer}/{position}", item) for position, item in enumerate(value))
    return ""


def escaped(key: str) -> str:
    """Return `key` as a reference token of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
