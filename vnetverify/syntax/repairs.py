"""What was meant by what is not a prefix or not a port, where that can be told."""

from __future__ import annotations

from vnetverify.header import ALL_PORTS, NotAPrefix, Prefix, parse_address, parse_prefix
from vnetverify.model.services import WELL_KNOWN
from vnetverify.syntax.wording import port_ranges

_LONGEST = 60  # characters of a text that is thought about
_ALL_ONES = (1 << 32) - 1


def meant_by(text: str) -> str | None:
    """Return the help that offers the prefix which `text` was meant to be, None where that cannot be told.

    Known are masks for lengths, leading zeros, addresses cut short, and host bits.
    """
    address, slash, length = text[:_LONGEST].partition("/")
    if len(text) > _LONGEST or ":" in address:
        return None
    parts = address.split(".")
    if not 1 < len(parts) <= 4 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    whole = ".".join([*(str(int(part)) for part in parts), *["0"] * (4 - len(parts))])
    bits = str(8 * len(parts)) if not slash else _length_meant(length)
    if bits is None:
        return None
    try:
        prefix = _without_host_bits(whole, int(bits))
    except NotAPrefix:
        return None
    return f"did you mean `{str(prefix) if slash or len(parts) < 4 else whole}`?"


def port_meant_by(word: str) -> str | None:
    """Return the help that offers the ports of the service called `word`, None where none of its own is known."""
    service = WELL_KNOWN.get(word.casefold())
    ports = {port_ranges(ports) for _, ports in service.parts if ports != ALL_PORTS} if service is not None else set()
    return f"did you mean `{ports.pop()}`?" if len(ports) == 1 else None


def _length_meant(text: str) -> str | None:
    """Return the length that is written with zeros before it, or as a mask or a wildcard mask."""
    if text.isascii() and text.isdigit():
        return str(int(text)) if int(text) <= 32 else None
    try:
        mask = parse_address(text)
    except NotAPrefix:
        return None
    mask = mask if mask >> 31 else _ALL_ONES ^ mask
    length = mask.bit_count()
    return str(length) if mask == _ALL_ONES ^ (_ALL_ONES >> length) else None


def _without_host_bits(address: str, length: int) -> Prefix:
    host = _ALL_ONES >> length
    return parse_prefix(str(Prefix(parse_address(address) & ~host, length)))
