"""A network, a claim or a flow with other names or other addresses, and everything else as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from typing import TypeVar, cast

from vnetverify.facts import World
from vnetverify.header import Flow, IntervalSet, Prefix, addresses_of
from vnetverify.model.endpoints import place_of_frontend, place_of_translation, translated_addresses
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import SUBNETS_OF_SERVICES, SUBNETS_WITHOUT_HOSTS, Network
from vnetverify.model.security import ServiceTag
from vnetverify.prover.verdict import Witness
from vnetverify.source import Span

_Part = TypeVar("_Part")
_Value = TypeVar("_Value", bool, int)

# Strings that are no names of the user's: kinds, Azure's own names, and prose.
_NOT_NAMES = frozenset(
    {"kind", "cloud", "service_endpoints", "service_tag", "service_tags", "text", "what", "why", "tags", "region"}
)
_PORTS = frozenset({"destination_ports", "source_ports", "first_destination_ports", "listens"})
_ADDRESS = frozenset({"address", "addresses", "next_hop_address", "next_hop", "dns_servers"})
_NAMED_PLACES = frozenset({PlaceKind.SUBNET.value, PlaceKind.SITE.value, PlaceKind.PUBLIC.value})
_OF_AZURE = SUBNETS_WITHOUT_HOSTS | SUBNETS_OF_SERVICES | {"azurebastionsubnet"}


def _same(address: int) -> int:
    return address


def _same_set(addresses: IntervalSet) -> IntervalSet:
    return addresses


def _same_truth(value: bool) -> bool:
    return value


@dataclass(frozen=True, slots=True)
class Renamed(Mapping[str, _Value]):
    """What a world has for names, by other names: also where it has something for every name and lists none."""

    values_before: Mapping[str, _Value]
    forwards: Rewriting
    back: Rewriting
    value: Callable[[_Value], _Value]

    def __getitem__(self, name: str) -> _Value:
        return self.value(self.values_before[self.back.of_prose(name)])

    def __iter__(self) -> Iterator[str]:
        return map(self.forwards.of_prose, self.values_before)

    def __len__(self) -> int:
        return len(self.values_before)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What stands in place of names and of addresses: `address` is one to one and keeps prefixes prefixes."""

    names: Mapping[str, str] = field(default_factory=dict)
    address: Callable[[int], int] = _same
    addresses: Callable[[IntervalSet], IntervalSet] = _same_set

    def of(self, part: _Part) -> _Part:
        """Return `part` with all that it holds rewritten."""
        return cast("_Part", self._rewritten(part, ""))

    def of_witness(self, witness: Witness) -> Witness:
        """Return the flow as it is in the rewritten network; facts of its world are about what they were about."""
        flow, world = witness.flow, witness.world
        there = replace(flow, source=self.address(flow.source), destination=self.address(flow.destination))
        inverse = Rewriting({new: name for name, new in self.names.items()})
        facts = Renamed(world.facts, self, inverse, _same_truth)
        addresses = Renamed(world.addresses, self, inverse, self.address)
        told = {self.names.get(name, name): tuple(map(self.of, p)) for name, p in world.advertised.items()}
        return Witness(self.of(witness.origin), there, World(facts, addresses, told))

    def of_prose(self, text: str) -> str:
        """Return a text that has names in it, as that of a fact or of an address does."""
        longest_first = sorted(self.names, key=len, reverse=True)
        if not longest_first:
            return text
        named = "|".join(map(re.escape, longest_first))
        return re.sub(rf"(?<![\w-])(?:{named})(?![\w-])", lambda found: self.names[found[0]], text)

    def _rewritten(self, part: object, field: str) -> object:
        match part:
            case str():
                return part if field in _NOT_NAMES else self.names.get(part, part)
            case Enum() | bool() | Span() | ServiceTag() | Flow() | None:
                return part
            case int():
                return self.address(part) if field in _ADDRESS else part
            case Prefix():
                return self._prefix(part)
            case IntervalSet():
                return part if field in _PORTS else self.addresses(part)
            case Place() if part.kind in _NAMED_PLACES:
                return replace(part, name=self.names.get(part.name, part.name))
            case Place():
                return part
            case tuple():
                return tuple(self._rewritten(value, field) for value in part)
            case frozenset():
                return part
            case Mapping():
                return {self._rewritten(key, field): self._rewritten(value, field) for key, value in part.items()}
            case _ if is_dataclass(part) and not isinstance(part, type):
                changed = {each.name: self._rewritten(getattr(part, each.name), each.name) for each in fields(part)}
                return replace(part, **changed)
            case _:
                return part

    def _prefix(self, prefix: Prefix) -> Prefix:
        moved = self.addresses(addresses_of((prefix,)))
        return Prefix(moved.intervals[0].low, prefix.length)


def renaming(network: Network, new_name: Callable[[int], str]) -> Rewriting:
    """Return the rewriting that gives every name of the user's in `network` a number, and `new_name` of it."""
    plain = {name: new_name(number) for number, name in enumerate(sorted(set(_names(network))))}
    names = dict(plain)
    for subnet in network.subnets():
        names[subnet.id] = f"{plain[subnet.vnet]}.{plain.get(subnet.name, subnet.name)}"
    for balancer in network.load_balancers.values():
        for frontend in balancer.public_frontends:
            place = f"{plain[balancer.name]}/{plain[frontend.name]}"
            names |= {place_of_frontend(balancer, frontend).name: place, frontend.public_address.name: place}
    for machine in network.machines.values():
        for public in translated_addresses(machine):
            names[place_of_translation(machine, public).name] = f"{plain[machine.name]}/{plain[public.name]}"
    return Rewriting({name: new for name, new in names.items() if name != new})


def _names(part: object, field: str = "") -> Iterator[str]:
    """Yield the names that the user gave to something in `part`."""
    match part:
        case str():
            if field not in _NOT_NAMES and part.casefold() not in _OF_AZURE:
                yield part
        case Mapping():
            for key, value in part.items():
                yield from _names(key, field)
                yield from _names(value, field)
        case tuple():
            for value in part:
                yield from _names(value, field)
        case Enum() | Span() | ServiceTag() | Prefix() | IntervalSet():
            pass
        case _ if is_dataclass(part) and not isinstance(part, type):
            for each in fields(part):
                yield from _names(getattr(part, each.name), each.name)


def without_texts(network: Network) -> Network:
    """Return the network without what holds the user's words and decides no packet's way: zones, principals, notes."""
    return replace(
        network,
        dns_zones={},
        name_servers={},
        principals={},
        unmodelled=(),
        unmodelled_names=(),
        vnets={name: replace(vnet, tags=(), subscription=None, tenant=None) for name, vnet in network.vnets.items()},
    )
