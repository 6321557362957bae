"""JSON values as the values of the model; what has the wrong form raises `Malformed`, never a guess."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from vnetverify.header import (
    ALL_PORTS,
    FIRST_IPV6,
    LAST_PORT,
    Interval,
    IntervalSet,
    NotAPrefix,
    Prefix,
    interval_set,
    parse_address,
)
from vnetverify.ingest.unknown import Unknown
from vnetverify.model.balancers import Sku


class Malformed(ValueError):
    """A value of a form that Azure does not write; the message says which, in the user's terms."""


def as_object(value: Any, what: str) -> dict[str, Any]:
    """Return the object `value`; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"`{what}` is not an object")
    return value


def as_list(value: Any, what: str) -> list[Any]:
    """Return the list `value` without the members that are not known; null is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"`{what}` is not a list")
    return [item for item in value if not isinstance(item, Unknown)] if Unknown in map(type, value) else value


def entries(value: Any, what: str) -> list[tuple[int, Any]]:
    """Return the known members of the list `value` with their positions; null is an empty one."""
    as_list(value, what)
    return [(position, item) for position, item in enumerate(value or ()) if not isinstance(item, Unknown)]


def as_text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise Malformed(f"`{what}` is not a text" if value is not None else f"`{what}` is missing")
    return printable(value)


def as_port_text(value: Any, what: str) -> str:
    """Return the text of a port or range; templates may give a number, and Azure takes it all the same."""
    return str(value) if value.__class__ is int else as_text(value, what)


_FLAGS = {"true": True, "false": False}
_DIGITS = re.compile(r"[0-9]{1,10}")


def as_flag(value: Any, what: str) -> bool | None:
    """Return whether `value` is true; templates may quote it, and Azure takes it all the same."""
    if isinstance(value, str) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    if value is not None and not isinstance(value, bool):
        raise Malformed(f"`{what}` is neither true nor false")
    return value


def as_number(value: Any, what: str) -> int:
    """Return the whole number `value`; templates may quote it, and Azure takes it all the same."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"`{what}` is not a whole number")
    return value


_MOST_KEYS = 64  # of an object whose spelling is remembered


def member(value: dict[str, Any], name: str) -> Any:
    """Return the member called `name` without regard to letter case, or None when there is none."""
    key = key_called(name, value)
    return None if key is None else value[key]


def key_called(name: str, value: dict[str, Any]) -> str | None:
    """Return the key of `value` that is `name` without regard to letter case, or None when there is none."""
    if name in value:
        return name
    return _spelling(name, tuple(value)) if len(value) <= _MOST_KEYS else _spelling.__wrapped__(name, tuple(value))


@lru_cache(maxsize=16_384)
def _spelling(name: str, keys: tuple[str, ...]) -> str | None:
    """Return the spelling of `name` among `keys`; most objects of one kind have the same ones in the same order."""
    wanted = name.lower()
    return next((key for key in keys if key.lower() == wanted), None)


def as_reference(value: Any, what: str) -> str | None:
    """Return the id that `{"id": …}` names, or None for null."""
    if value is None:
        return None
    return as_text(member(as_object(value, what), "id"), f"{what}.id")


_SKUS = {"standard": Sku.STANDARD, "standardv2": Sku.STANDARD, "basic": Sku.BASIC}


def sku_of(value: Any) -> Sku | None:
    """Return the SKU that the object `value` names, None where it names none that is known."""
    name = member(as_object(value, "sku"), "name")
    return None if name is None else _SKUS.get(as_text(name, "sku").lower())


def printable(text: str) -> str:
    """Return `text` without lone surrogates, which JSON can spell and no output can carry."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def shown(text: str) -> str:
    """Return `text` as a message quotes it: not longer than a line."""
    return text if len(text) <= 80 else f"{text[:79]}…"


def is_ipv6(text: str) -> bool:
    return ":" in text


_LENGTHS = {str(number): number for number in range(129)}


@lru_cache(maxsize=65_536)
def as_prefix(text: str) -> Prefix:
    """Return the prefix that Azure makes of `text`: host bits are dropped. Raises `Malformed`."""
    address, slash, length = text.strip(" ").partition("/")
    try:
        value = parse_address(address)
    except NotAPrefix as error:
        raise Malformed(shown(str(error))) from error
    bits = 128 if value >= FIRST_IPV6 else 32
    fixed = _LENGTHS.get(length, -1) if slash else bits
    if not 0 <= fixed <= bits:
        raise Malformed(f"`{shown(text)}` has no prefix length from 0 to {bits}")
    return Prefix(value >> (bits - fixed) << (bits - fixed), fixed)


def as_address(text: str) -> int:
    try:
        return parse_address(text.strip(" "))
    except NotAPrefix as error:
        raise Malformed(shown(str(error))) from error


def prefixes_of(values: Any, what: str) -> tuple[Prefix, ...]:
    """Return the prefixes of the list `values`, of either family, each once."""
    return tuple(dict.fromkeys(as_prefix(as_text(value, what)) for value in as_list(values, what)))


def address_space_of(value: Any, what: str) -> tuple[Prefix, ...]:
    """Return the prefixes of an address space, an object with a list of them."""
    return prefixes_of(member(as_object(value, what), "addressPrefixes"), f"{what}.addressPrefixes")


_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)


@lru_cache(maxsize=65_536)
def as_ports(texts: tuple[str, ...]) -> IntervalSet:
    """Return the ports of all `texts`, each `*`, a number or a range. Raises `Malformed`."""
    if texts == ("*",):
        return ALL_PORTS
    if not texts:
        raise Malformed("a rule names no ports")
    return interval_set(interval for text in texts for interval in _interval(text))


def _interval(text: str) -> IntervalSet:
    if text == "*":
        return ALL_PORTS
    match = _RANGE.fullmatch(text.strip(" "))
    if match is None:
        raise Malformed(f"`{shown(text)}` is neither a port nor a range of ports")
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high or high > LAST_PORT:
        raise Malformed(f"`{shown(text)}` is not a range of ports within 0 to {LAST_PORT}")
    return IntervalSet((Interval(low, high),))
