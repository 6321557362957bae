"""The fields of rules in the filtering format: addresses and ports."""

from __future__ import annotations

from collections.abc import Sequence

from vnetverify.header import ALL_PORTS, Interval, IntervalSet, interval_set, parse_prefix
from vnetverify.model.security import AddressField, AddressPrefixes, AnyAddress, AsgMembers, ServiceTag
from vnetverify.syntax.tags import tag_spelling
from vnetverify.testing.records import Refused


def addresses_of_field(terms: Sequence[str]) -> AddressField:
    tags = [term.removeprefix("tag:") for term in terms if term.startswith("tag:")]
    groups = [term.removeprefix("asg:") for term in terms if term.startswith("asg:")]
    if "*" in terms:
        return AnyAddress()
    if len(groups) == len(terms):
        return AsgMembers(tuple(groups))
    if len(tags) == len(terms) == 1:
        return ServiceTag(tag_spelling(tags[0]) or tags[0])
    if tags or groups:
        raise Refused("several tags or several kinds of address in one field", "F-NSG-11")
    if 0 < sum(":" in term for term in terms) < len(terms):
        raise Refused("IPv4 and IPv6 in one field", "F-NSG-16")
    return AddressPrefixes(tuple(parse_prefix(term) for term in terms))


def first_of_several(terms: Sequence[str]) -> IntervalSet | None:
    return ports_of_field(terms[:1]) if len(terms) > 1 and "*" not in terms else None


def ports_of_field(terms: Sequence[str]) -> IntervalSet:
    if "*" in terms:
        return ALL_PORTS
    bounds = [str(term).partition("-") for term in terms]
    ranges = [Interval(int(low), int(high or low)) for low, _, high in bounds]
    if any(ports.low > ports.high for ports in ranges):
        raise Refused("a range of ports that ends before it begins", "F-NSG-8")
    return interval_set(ranges)
