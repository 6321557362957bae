"""The fields of rules in the filtering format: addresses, ports and protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vnetverify.header import (
    ALL_PORTS,
    ICMP,
    LAST_PORT,
    TCP,
    UDP,
    Interval,
    IntervalSet,
    NotAPrefix,
    Prefix,
    family_of,
    interval_set,
    parse_address,
    parse_prefix,
)
from vnetverify.model.security import AddressField, AddressPrefixes, AnyAddress, AsgMembers, ServiceTag
from vnetverify.syntax.tags import tag_spelling
from vnetverify.testing.records import Refused

PROTOCOLS: Mapping[str, int | None] = {
    "tcp": TCP, "udp": UDP, "icmp": ICMP, "esp": 50, "ah": 51, "*": None, "any": None
}  # fmt: skip


def protocol_of_field(text: str) -> int | None:
    """Return the protocol of a rule; None for all. Raises `Refused`."""
    if text.casefold() not in PROTOCOLS:
        raise Refused(f"a rule for protocol `{text}`", "F-NSG-6")
    return PROTOCOLS[text.casefold()]


def addresses_of_field(terms: Sequence[str]) -> AddressField:
    """Return what the terms, which may stand in one text with commas between them, say. Raises `Refused`."""
    terms = tuple(_parts(terms))
    tags = [tag for tag in map(_tag, terms) if tag is not None]
    groups = [term.removeprefix("asg:") for term in terms if term.startswith("asg:")]
    if not terms:
        raise Refused("a field without addresses", "F-NSG-1")
    if len(groups) == len(terms):
        return AsgMembers(tuple(groups))
    if len(tags) == len(terms) == 1:
        return ServiceTag(tag_spelling(tags[0]) or tags[0])
    if tags or groups:
        raise Refused("several tags or several kinds of address in one field", "F-NSG-11")
    if any(_is_any(term) for term in terms):
        return AnyAddress()
    prefixes = tuple(map(_prefix, terms))
    if len({prefix.family for prefix in prefixes}) > 1:
        raise Refused("IPv4 and IPv6 in one field", "F-NSG-16")
    return AddressPrefixes(prefixes)


def _parts(terms: Sequence[str | int]) -> Iterator[str]:
    for term in terms:
        yield from (part.strip() for part in str(term).split(","))


def _is_any(term: str) -> bool:
    return term.casefold() in ("*", "any")


def _tag(term: str) -> str | None:
    """Return the service tag of a term, one that Azure has also without `tag:` before it; None for another term."""
    return term.removeprefix("tag:") if term.startswith("tag:") else tag_spelling(term)


def _prefix(term: str) -> Prefix:
    """Return the prefix around what is written, as Azure reads one with host bits. Raises `Refused`."""
    address, _, length = term.partition("/")
    try:
        if not length.isdecimal():
            return parse_prefix(term)
        bits = family_of(parse_address(address)).bits
        host = (1 << max(bits - int(length), 0)) - 1
        return parse_prefix(term) if int(length) > bits else Prefix(parse_address(address) & ~host, int(length))
    except NotAPrefix as mistake:
        raise Refused(f"the address {mistake}", "F-NSG-1") from mistake


def first_of_several(terms: Sequence[str | int]) -> IntervalSet | None:
    ranges = tuple(_parts(terms))
    return ports_of_field(ranges[:1]) if len(ranges) > 1 and not any(map(_is_any, ranges)) else None


def ports_of_field(terms: Sequence[str | int]) -> IntervalSet:
    """Return the ports of ranges, which may stand in one text with commas between them. Raises `Refused`."""
    ranges = tuple(_parts(terms))
    if not ranges:
        raise Refused("a field without ports", "F-NSG-1")
    if any(map(_is_any, ranges)):
        return ALL_PORTS
    return interval_set(map(_ports, ranges))


def _ports(text: str) -> Interval:
    low, _, high = (part.strip() for part in text.partition("-"))
    bounds = (low, high or low)
    if not all(bound.isascii() and bound.isdigit() for bound in bounds):
        raise Refused(f"the port `{text}`", "F-NSG-8")
    ports = Interval(int(low), int(high or low))
    if ports.low > ports.high or ports.high > LAST_PORT:
        raise Refused(f"the range of ports `{text}`", "F-NSG-8")
    return ports
