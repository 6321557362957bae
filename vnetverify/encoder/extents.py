"""The packets that a rule matches surely, and at most, where it stands: as regions, and by no more than one open fact.

F-NSG-4, F-NSG-7, F-NSG-9, F-NSG-12, F-NSG-16, F-NSG-17, F-PLAT-1.

What a tag or a group of interfaces holds is not read from the network a second time: a candidate counts where the terms
of `Filters` fold to true on all of it (or to false on all the rest), else the field is doubtful.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from vnetverify.encoder.filters import Filters, Spot
from vnetverify.encoder.headers import ALL_PROTOCOLS, WITH_PORTS, Header
from vnetverify.encoder.regions import Ranges, Region, common, ranges, region
from vnetverify.encoder.terms import FALSE, TRUE, Term
from vnetverify.facts import QUESTIONS, Uncertainty
from vnetverify.header import (
    ALL_PORTS,
    EVERY_IPV4,
    TCP,
    Family,
    Interval,
    IntervalSet,
    Prefix,
    addresses_of,
    interval_set,
)
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Direction,
    Nsg,
    SecurityRule,
    ServiceTag,
)

_NONE = IntervalSet()
_TCP = IntervalSet((Interval(TCP, TCP),))
_TAGS_OF_PLACES = ("virtualnetwork", "internet", "azureloadbalancer", "azureplatform")
_NO_PORT: Ranges = ((0, 0),)
_EVERY_PORT = ranges(ALL_PORTS)


class Plane(Enum):
    """Packets that rules match in one way, and for packets of further protocols the two ways `U-ANYPROTO` can be.

    What is only so where that fact holds comes last.
    """

    PORTS = "tcp and udp"
    ICMP = "icmp"
    BEYOND = "protocols that `*` does not cover"
    COVERED = "protocols that `*` covers"


@dataclass(frozen=True, slots=True)
class Extent:
    """What a rule matches surely, and what it matches at most; the same object where these are the same.

    All of it only where the fact `given` holds, if there is one: else the rule matches nothing.
    """

    surely: Region | None
    perhaps: Region | None
    given: Uncertainty | None = None


_NOWHERE = Extent(None, None)


@dataclass(frozen=True, slots=True)
class _Side:
    surely: Ranges
    perhaps: Ranges

    @property
    def is_exact(self) -> bool:
        return self.surely == self.perhaps


class Extents:
    """The extents of rules at `spot` for packets in one direction; those of `header` are in question."""

    def __init__(self, filters: Filters, header: Header, spot: Spot, direction: Direction) -> None:
        self._filters = filters
        self._header = replace(header, protocol=header.protocol.narrowed(_TCP))
        self._spot = spot
        self._direction = direction
        self._family = header.family
        self._sides: dict[tuple[AddressField, bool], _Side] = {}
        icmp = IntervalSet((Interval(self._family.icmp, self._family.icmp),))
        further = ALL_PROTOCOLS - WITH_PORTS - icmp
        self._protocols = {
            Plane.PORTS: ranges(WITH_PORTS),
            Plane.ICMP: ranges(icmp),
            Plane.COVERED: ranges(further),
            Plane.BEYOND: ranges(further),
        }
        self.planes = tuple(plane for plane in Plane if plane is not Plane.ICMP or self._family is Family.IPV4)

    def whole(self, plane: Plane) -> Extent:
        """Return all packets of a plane: the extent of the last default rule."""
        ports = _EVERY_PORT if plane is Plane.PORTS else _NO_PORT
        sides = (ranges(self._header.source.within), ranges(self._header.destination.within))
        every = region((self._protocols[plane], ports, *sides, ports))
        return Extent(every, every)

    def of(self, nsg: Nsg, rule: SecurityRule, plane: Plane) -> Extent:
        """Return the extent of a rule in a plane. Not for private endpoints, where rules read otherwise."""
        protocols = self._protocols_of(rule, plane)
        if not protocols:
            return _NOWHERE
        source, destination = self._side(nsg, rule.source, True), self._side(nsg, rule.destination, False)
        given = None
        source_ports = destination_ports = _NO_PORT
        if plane is Plane.PORTS:
            source_ports, destination_ports = _ports(rule.source_ports), _ports(rule.destination_ports)
        elif rule.source_ports != ALL_PORTS or rule.destination_ports != ALL_PORTS:
            name = f"{nsg.name}/{rule.name}"
            question = "U-ICMPPORT" if plane is Plane.ICMP else "U-PROTOPORT"
            given = Uncertainty(question, (self._filters.names.get(name, name),), QUESTIONS[question].documented)
        perhaps = region((protocols, destination_ports, source.perhaps, destination.perhaps, source_ports))
        if source.is_exact and destination.is_exact:
            return Extent(perhaps, perhaps, given)
        surely = region((protocols, destination_ports, source.surely, destination.surely, source_ports))
        return Extent(surely, perhaps, given)

    def _protocols_of(self, rule: SecurityRule, plane: Plane) -> Ranges:
        here = self._protocols[plane]
        if rule.protocol is None:
            return () if plane is Plane.BEYOND else here
        return common(here, ((rule.protocol, rule.protocol),))

    # -- addresses ----------------------------------------------------------------------------------------

    def _side(self, nsg: Nsg, wanted: AddressField, is_source: bool) -> _Side:
        key = (wanted, is_source)
        if key not in self._sides:
            self._sides[key] = self._found(nsg, wanted, is_source)
        return self._sides[key]

    def _found(self, nsg: Nsg, wanted: AddressField, is_source: bool) -> _Side:
        here = (self._header.source if is_source else self._header.destination).within
        if isinstance(wanted, AnyAddress):
            return _Side(ranges(here), ranges(here))
        prefixes = self._listed(wanted)
        if prefixes is not None:
            listed = ranges(here & addresses_of(prefixes))
            return _Side(listed, listed)
        surely, perhaps = _NONE, here
        for candidate in self._candidates(wanted):
            held = here & candidate
            if held and not surely and self._holds(nsg, wanted, is_source, held) == TRUE:
                surely = held
            rest = here - candidate
            if not rest or self._holds(nsg, wanted, is_source, rest) == FALSE:
                perhaps &= held
        return _Side(ranges(surely), ranges(perhaps))

    def _listed(self, wanted: AddressField) -> Sequence[Prefix] | None:
        """Return the prefixes that the field holds and nothing else, None where that takes more than to list them."""
        match wanted:
            case AddressPrefixes(prefixes):
                return prefixes if self._family is Family.IPV4 or EVERY_IPV4 not in prefixes else None
            case ServiceTag(name) if not name.casefold().startswith(_TAGS_OF_PLACES):
                tags = self._filters.estate.network.service_tags
                return next((held for tag, held in tags.items() if tag.casefold() == name.casefold()), None)
            case _:
                return None

    def _candidates(self, wanted: AddressField) -> Iterator[IntervalSet]:
        """Yield sets that the field may hold surely or at most, what it holds surely first."""
        estate = self._filters.estate
        match wanted:
            case AddressPrefixes(prefixes):
                yield addresses_of(prefixes) & estate.realm.addresses
            case AsgMembers(names):
                nics = (nic for nic in estate.network.nics() if set(names) & set(nic.asgs))
                yield interval_set(Interval(address, address) for nic in nics for address in nic.addresses)
            case ServiceTag(name):
                yield from self._of_tag(name.casefold())

    def _of_tag(self, tag: str) -> Iterator[IntervalSet]:
        estate = self._filters.estate
        realm = estate.realm
        members = self._filters.tags.membership(self._spot.subnet)
        own, possible = addresses_of(members.own), addresses_of(prefix for prefix, _ in members.possible)
        yield _NONE
        if tag == "virtualnetwork":
            yield members.certainly
            yield members.certainly | possible
        elif tag == "internet":
            yield realm.public - members.certainly - possible - addresses_of(realm.holes)
            yield realm.tagged_public - own
        else:
            yield IntervalSet((Interval(realm.probe, realm.probe),))
            yield realm.public

    def _holds(self, nsg: Nsg, wanted: AddressField, is_source: bool, addresses: IntervalSet) -> Term:
        """Return when a rule for all packets but for this field matches one with an address among these."""
        sides = (wanted, AnyAddress()) if is_source else (AnyAddress(), wanted)
        rule = SecurityRule(
            "", 100, self._direction, Access.ALLOW, TCP, sides[0], ALL_PORTS, sides[1], ALL_PORTS
        )  # fmt: skip
        header = self._header.of(addresses) if is_source else self._header.to(addresses)
        return self._filters.matches(nsg, rule, header, self._spot)


def _ports(numbers: IntervalSet) -> Ranges:
    """Return ports as ranges, all of them always as the same object: then they need not be compared."""
    return _EVERY_PORT if numbers == ALL_PORTS else ranges(numbers)
