"""The function `format`, with the composite formats of .NET."""

from __future__ import annotations

import re
from typing import Any

from vnetverify.ingest.arm.bounds import require_characters
from vnetverify.ingest.arm.functions.catalogue import as_text, refused
from vnetverify.ingest.arm.functions.texts import text_of
from vnetverify.ingest.unknown import Unknown

_PIECE = re.compile(
    r"(?P<brace>\{\{|\}\})"
    r"|\{\s*(?P<index>[0-9]{1,6})\s*(?:,\s*(?P<width>-?[0-9]{1,7})\s*)?(?::(?P<format>[^{}]*))?\}"
    r"|(?P<stray>[{}])"
    r"|(?P<text>[^{}]+)"
)


def format_string(pattern: Any, *arguments: Any) -> str | Unknown:
    """Return `pattern` with `{index,width:format}` replaced by the arguments, `{{` and `}}` by single braces.

    A format that is not among those of `_number` leaves the text not known; of a string .NET ignores the format.
    """
    pieces: list[str] = []
    length = 0
    for match in _PIECE.finditer(as_text("format", pattern)):
        piece = _piece(match, arguments)
        if isinstance(piece, Unknown):
            return piece
        length += len(piece)
        require_characters(length)
        pieces.append(piece)
    return "".join(pieces)


def _piece(match: re.Match[str], arguments: tuple[Any, ...]) -> str | Unknown:
    if match["text"] is not None:
        return match["text"]
    if match["brace"] is not None:
        return match["brace"][0]
    if match["stray"] is not None:
        raise refused("format", "is given a pattern with a brace that has no partner")
    position = int(match["index"])
    if position >= len(arguments):
        raise refused("format", f"has no argument for `{{{position}}}`")
    text = _formatted(arguments[position], match["format"])
    return text if isinstance(text, Unknown) else _aligned(text, int(match["width"] or 0))


def _aligned(text: str, width: int) -> str:
    """Return `text` filled up to `width` characters: on its left, on its right where `width` is negative."""
    require_characters(abs(width))
    return text.rjust(width) if width >= 0 else text.ljust(-width)


def _formatted(value: Any, how: str | None) -> str | Unknown:
    if isinstance(value, (dict, list)):
        text = text_of("format", value)
        return text if isinstance(text, Unknown) else text.replace('"', "'")
    if isinstance(value, float):
        return Unknown("how `format` writes a number with a fraction depends on Azure's machines")
    if how and isinstance(value, int) and not isinstance(value, bool):
        return _number(value, how)
    return text_of("format", value)


_STANDARD = re.compile(r"(?P<letter>[A-Za-z])(?P<precision>[0-9]{0,3})")
_ZEROS = re.compile(r"0+")


def _number(value: int, how: str) -> str | Unknown:
    """Return `value` in a format of .NET: `D3`, `N0`, `F2`, `X4`, `G`, or zeros alone such as `000`."""
    if _ZEROS.fullmatch(how):
        require_characters(len(how))
        return _padded(value, len(how))
    match = _STANDARD.fullmatch(how)
    if match is None:
        return _beyond(how)
    precision = int(match["precision"]) if match["precision"] else None
    match match["letter"]:
        case "D" | "d":
            return _padded(value, precision or 0)
        case "N" | "n":
            return f"{value:,}" + _zeros_behind(2 if precision is None else precision)
        case "F" | "f":
            return str(value) + _zeros_behind(2 if precision is None else precision)
        case "X" | "x" as letter:
            return f"{value % 2**64:{letter}}".rjust(precision or 0, "0")
        case "G" | "g" if not precision:
            return str(value)
        case _:
            return _beyond(how)


def _padded(value: int, digits: int) -> str:
    return ("-" if value < 0 else "") + str(abs(value)).rjust(digits, "0")


def _zeros_behind(digits: int) -> str:
    return "." + "0" * digits if digits else ""


def _beyond(how: str) -> Unknown:
    return Unknown(f"how `format` writes a number as `{how[:20]}` is not evaluated")
