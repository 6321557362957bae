"""Mutants of texts and exports: what a careless or hostile hand makes of an input that was right, from a seed."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

from tests.hostile.expressing import change_expression, change_reference, write_expression

_TOKEN = re.compile(r'"[^"\n]*"|[\w.:/-]+|[^\s\w]|\s+')
_NUMBER = re.compile(r"\d+")

NUMBERS = ("0", "1", "65535", "65536", "4096", "-1", "007", "9" * 30, "1_0", "1e9", "0x10", "٣", "2147483648")
PREFIXES = (
    "0.0.0.0/0", "10.0.0.0/33", "10.0.0.0/024", "10.0.0.0/0.0.0.255", "10.0.0.1/24", "10.0.0", "010.0.0.0/8",
    "10.0.0.0/-1", "256.0.0.0/8", "::/0", "::ffff:10.0.0.1/128", "fe80::1%eth0", "2001:db8::/129", "10.0.0.0/٢٤",
    "255.255.255.255/32", "10.0.0.0/", "/24", "0.0.0.0/32",
)  # fmt: skip
CHARACTERS = (
    "\0", "\x07", "\x1b[2J", "\r", "\x0b", "\x85", "\u00a0", "\u00ad", "\u200b", "\u200d", "\u202e", "\u2028", "\u2066",
    "\ufeff", "\ufffe", "\U000e0041", "\ue000", "\u0378", "\U0001f600", "e\u0301", "а", "ﬁ", "Ａ", "ı", "ß",
    '"', "\\", "#",
    "{", "}", "\t", "``", "%s", "{0}", "$(id)", "<script>", "'", ";", "|", "::error::", "=1+1",
)  # fmt: skip
WORDS = (
    "vnet", "subnet", "nsg", "inbound", "outbound", "allow", "deny", "any", "*", "intent", "reaches", "never",
    "for", "each", "in", "except", "only", "via", "expect", "proved", "group", "service", "use", "firewall",
    "rule", "nat", "->", "--", "frontend", "peering", "gateway", "vpn", "expressroute", "dns-zone", "record",
    "site", "internet", "under", "whatever", "advertises", "public-ip", "assume", "U-TAG", "strict", "none",
    "port", "from", "to", "on", "off", "a.b.c", "x",
)  # fmt: skip

Draw = random.Random


def mutated_text(draw: Draw, text: str, others: list[str]) -> bytes:
    """Return `text` after one to six changes; `others` are texts that pieces are taken from."""
    for _ in range(draw.choice((1, 1, 2, 3, 6))):
        text = draw.choice(_TEXT_CHANGES)(draw, text, others)[:200_000]
    data = text.encode("utf-8", "surrogatepass")
    return _with_changed_bytes(draw, data) if draw.random() < 0.1 else data


def mutated_json(draw: Draw, content: Any) -> bytes:
    """Return `content` as JSON after one to six changes of its values, and some of its spelling."""
    content = copy.deepcopy(content)
    for _ in range(draw.choice((1, 1, 2, 3, 6))):
        content = draw.choice(_JSON_CHANGES)(draw, content)
    text = json.dumps(content, ensure_ascii=draw.random() < 0.5)
    if draw.random() < 0.3:
        text = draw.choice(_SPELLINGS)(draw, text)
    data = text.encode(draw.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16")), "surrogatepass")
    return _with_changed_bytes(draw, data) if draw.random() < 0.1 else data


def _with_changed_bytes(draw: Draw, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.randint(1, 5)):
        if changed:
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


# -- texts ----------------------------------------------------------------------------------------------


def _change_token(draw: Draw, text: str, others: list[str]) -> str:
    return _at_token(draw, text, lambda token: draw.choice((*WORDS, *PREFIXES, *NUMBERS, "", token * 2, token.upper())))


def _change_number(draw: Draw, text: str, others: list[str]) -> str:
    numbers = list(_NUMBER.finditer(text))
    if not numbers:
        return text
    match = draw.choice(numbers)
    return text[: match.start()] + draw.choice(NUMBERS) + text[match.end() :]


def _borrow_token(draw: Draw, text: str, others: list[str]) -> str:
    there = [token for token in _TOKEN.findall(draw.choice(others)) if not token.isspace()]
    return _at_token(draw, text, lambda token: draw.choice(there)) if there else text


def _swap_tokens(draw: Draw, text: str, others: list[str]) -> str:
    tokens = _TOKEN.findall(text)
    if len(tokens) > 1:
        one, two = draw.randrange(len(tokens)), draw.randrange(len(tokens))
        tokens[one], tokens[two] = tokens[two], tokens[one]
    return "".join(tokens)


def _insert_character(draw: Draw, text: str, others: list[str]) -> str:
    where = draw.randint(0, len(text))
    return text[:where] + draw.choice(CHARACTERS) + text[where:]


def _change_lines(draw: Draw, text: str, others: list[str]) -> str:
    lines = text.splitlines(keepends=True) or [""]
    where = draw.randrange(len(lines))
    line = draw.choice(
        (lines[where] * draw.choice((0, 2, 50)), draw.choice(draw.choice(others).splitlines() or [""]) + "\n")
    )
    lines[where] = line
    return "".join(lines)


def _splice(draw: Draw, text: str, others: list[str]) -> str:
    other = draw.choice(others)
    return text[: draw.randint(0, len(text))] + other[draw.randint(0, len(other)) :]


def _cut(draw: Draw, text: str, others: list[str]) -> str:
    one, two = sorted((draw.randint(0, len(text)), draw.randint(0, len(text))))
    return text[:one] + text[two:] if draw.random() < 0.5 else text[:one]


def _repeat_piece(draw: Draw, text: str, others: list[str]) -> str:
    one, two = sorted((draw.randint(0, len(text)), draw.randint(0, len(text))))
    return text[:two] + text[one : min(two, one + 200)] * draw.choice((1, 10, 300)) + text[two:]


def _flip_case(draw: Draw, text: str, others: list[str]) -> str:
    return _at_token(draw, text, str.swapcase)


def _at_token(draw: Draw, text: str, change: Callable[[str], str]) -> str:
    tokens = _TOKEN.findall(text)
    places = [place for place, token in enumerate(tokens) if not token.isspace()]
    if places:
        place = draw.choice(places)
        tokens[place] = change(tokens[place])
    return "".join(tokens)


_TEXT_CHANGES = (
    _change_token, _change_token, _change_number, _borrow_token, _borrow_token, _swap_tokens, _insert_character,
    _change_lines, _splice, _cut, _repeat_piece, _flip_case,
)  # fmt: skip

# -- exports --------------------------------------------------------------------------------------------

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 65536, 10**30, 1.5, 1e308, "", "x", "*", [], {}, [[]], [None], {"id": "/providers/"},
    {"properties": None}, "10.0.0.0/024", "0.0.0.0/0", "/subscriptions//resourceGroups//providers///", "\ud800", "\0",
)  # fmt: skip


def _places_in(content: Any) -> list[tuple[Any, Any]]:
    """Return every holder in `content` with a key or position in it."""
    places: list[tuple[Any, Any]] = []
    pending = [content]
    while pending:
        value = pending.pop()
        keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            places.append((value, key))
            pending.append(value[key])
    return places


def _change_value(draw: Draw, content: Any) -> Any:
    places = _places_in(content)
    if not places:
        return draw.choice(_VALUES)
    holder, key = draw.choice(places)
    kinds = (*_VALUES, *NUMBERS, *PREFIXES, *CHARACTERS)
    holder[key] = copy.deepcopy(draw.choice(kinds))
    return content


def _drop(draw: Draw, content: Any) -> Any:
    places = _places_in(content)
    if places:
        holder, key = draw.choice(places)
        del holder[key]
    return content


def _move(draw: Draw, content: Any) -> Any:
    """Put a copy of one value in the place of another: an id of another kind, a list for an object."""
    places = _places_in(content)
    if places:
        (holder, key), (other, there) = draw.choice(places), draw.choice(places)
        holder[key] = copy.deepcopy(other[there])
    return content


def _spoil_text(draw: Draw, content: Any) -> Any:
    places = [(holder, key) for holder, key in _places_in(content) if isinstance(holder[key], str)]
    if places:
        holder, key = draw.choice(places)
        where = draw.randint(0, len(holder[key]))
        holder[key] = holder[key][:where] + draw.choice((*CHARACTERS, *NUMBERS, "/", "A" * 300)) + holder[key][where:]
    return content


def _rename_key(draw: Draw, content: Any) -> Any:
    places = [(holder, key) for holder, key in _places_in(content) if isinstance(holder, dict)]
    if places:
        holder, key = draw.choice(places)
        value = holder.pop(key)
        holder[draw.choice((key.upper(), key.lower(), f"{key}s", "properties", "id", "", "\u202e"))] = value
    return content


def _repeat(draw: Draw, content: Any) -> Any:
    lists = [holder[key] for holder, key in _places_in(content) if isinstance(holder[key], list) and holder[key]]
    if lists:
        chosen = draw.choice(lists)
        chosen.extend(copy.deepcopy(draw.choice(chosen)) for _ in range(draw.choice((1, 2, 100))))
    return content


def _case_twin(draw: Draw, content: Any) -> Any:
    places = [(holder, key) for holder, key in _places_in(content) if isinstance(holder, dict)]
    if places:
        holder, key = draw.choice(places)
        holder[key.swapcase()] = copy.deepcopy(draw.choice((holder[key], *_VALUES)))
    return content


_JSON_CHANGES = (
    _change_value, _change_value, _drop, _move, _move, _spoil_text, _spoil_text, _rename_key, _repeat, _case_twin,
    change_expression, change_expression, write_expression, write_expression, change_reference,
)  # fmt: skip


def _spell_number(draw: Draw, text: str) -> str:
    numbers = list(_NUMBER.finditer(text))
    if not numbers:
        return text
    match = draw.choice(numbers)
    word = draw.choice(("NaN", "Infinity", "1e999", "9" * 5000, "0001", "1.0", "+1", "1_0", "-0"))
    return text[: match.start()] + word + text[match.end() :]


def _repeat_key(draw: Draw, text: str) -> str:
    keys = list(re.finditer(r'"[A-Za-z]+": ', text))
    if not keys:
        return text
    match = draw.choice(keys)
    return text[: match.start()] + match.group() + draw.choice(("null", '"Deny"', "[]")) + ", " + text[match.start() :]


def _nest(draw: Draw, text: str) -> str:
    depth = draw.choice((10, 199, 1_000, 50_000))
    return draw.choice(("[" * depth + text + "]" * depth, '{"a": ' * depth + text + "}" * depth))


def _cut_short(draw: Draw, text: str) -> str:
    return text[: draw.randint(0, len(text))]


def _insert(draw: Draw, text: str) -> str:
    where = draw.randint(0, len(text))
    return text[:where] + draw.choice((*CHARACTERS, ",", "/* */", "//", "'", "undefined")) + text[where:]


_SPELLINGS = (_spell_number, _repeat_key, _nest, _cut_short, _insert)
