"""The provider's list of service tags: where it was read, which tags a network takes from it (F-TAG-18, F-TAG-20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vnetverify.header import Prefix
from vnetverify.model.network import Machine, Network, PublishedTags, RouteTable, Subnet
from vnetverify.model.security import AdminRule, SecurityRule, ServiceTag
from vnetverify.model.services import tags_of_endpoint
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class TagList:
    """A list as the provider publishes it for one cloud: all its tags by their spelling (F-TAG-18).

    `change_number` is that of the whole list. `file` is what was read, `span` the place that asked for it.
    """

    cloud: str
    change_number: int
    prefixes: Mapping[str, tuple[Prefix, ...]]
    file: str
    span: Span
    _spellings: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_spellings", {name.casefold(): name for name in self.prefixes})

    def spelling(self, name: str) -> str | None:
        """Return the list's spelling of the tag `name`, compared without case; None where it has no such tag."""
        return self._spellings.get(name.casefold())

    def __str__(self) -> str:
        return f"`{self.file}` (cloud {self.cloud}, change {self.change_number})"

    def kept(self, tags: tuple[str, ...]) -> PublishedTags:
        """Return what a network that takes `tags` from this list remembers of it."""
        return PublishedTags(self.cloud, self.change_number, tags, Span(self.file, 0, 0, 0, 0))


def with_tags(network: Network, known: Mapping[str, tuple[Prefix, ...]], listed: TagList | None) -> Network:
    """Return `network`, whose own service tags are declared, with those of the `known` ones that it names.

    A service endpoint whose tag is called otherwise gets a tag of its own name (R-SYS-9).
    """
    folded = {name.casefold(): name for name in known}
    named = tags_named(network)
    tags = dict(network.service_tags)
    taken = [folded[name] for name in sorted(named) if name in folded and folded[name] not in tags]
    tags.update((name, known[name]) for name in taken)
    for subnet in network.subnets():
        for service in subnet.service_endpoints:
            own, *others = tags_of_endpoint(service)
            found = next((folded[name] for name in (own, *others) if name in folded), None)
            if found is not None and found.casefold() not in (own, own.removeprefix("microsoft.")):
                tags[service] = known[found]
                region = _region_of(network, subnet)
                near = folded.get(f"{found.casefold()}.{region}")
                if near is not None:
                    tags[f"{service}.{region}"] = known[near]
    source = None if listed is None else listed.kept(tuple(name for name in taken if listed.spelling(name) is not None))
    return replace(network, service_tags=tags, published_tags=source)


def tags_named(network: Network) -> frozenset[str]:
    """Return the case-folded service tags that rules, routes and service endpoints of `network` name."""
    named = {tag for nsg in network.nsgs.values() for tag in _of_rules(nsg.rules)}
    named |= {tag for collection in network.admin_rules for tag in _of_rules(collection.rules)}
    named |= {tag for machine in network.machines.values() for tag in _of_firewall(machine)}
    named |= {tag for table in network.route_tables.values() for tag in _of_routes(table)}
    for subnet in network.subnets():
        region = _region_of(network, subnet)
        named |= {name for tag in _of_endpoints(subnet) for name in (tag, f"{tag}.{region}")}
    return frozenset(named)


def published_tags_in(network: Network, vnets: frozenset[str]) -> tuple[str, ...]:
    """Return the tags from the provider's list that decide about packets in `vnets` (F-TAG-20)."""
    source = network.published_tags
    if source is None:
        return ()
    subnets = [subnet for subnet in network.subnets() if subnet.vnet in vnets]
    groups = {subnet.nsg for subnet in subnets} | {nic.nsg for nic in network.nics() if nic.vnet in vnets}
    tables = {subnet.route_table for subnet in subnets}
    named = {tag for name in groups if name is not None for tag in _of_rules(network.nsgs[name].rules)}
    applied = (collection for collection in network.admin_rules if vnets & set(collection.vnets))
    named |= {tag for collection in applied for tag in _of_rules(collection.rules)}
    standing = (machine for machine in network.machines.values() if any(nic.vnet in vnets for nic in machine.nics))
    named |= {tag for machine in standing for tag in _of_firewall(machine)}
    named |= {tag for name in tables if name is not None for tag in _of_routes(network.route_tables[name])}
    for subnet in subnets:
        region = _region_of(network, subnet)
        named |= {name for tag in _of_endpoints(subnet) for name in (tag, f"{tag}.{region}")}
    return tuple(tag for tag in source.tags if tag.casefold() in named)


def _of_rules(rules: Sequence[SecurityRule | AdminRule]) -> list[str]:
    sides = [*(rule.source for rule in rules), *(rule.destination for rule in rules)]
    return [side.name.casefold() for side in sides if isinstance(side, ServiceTag)]


def _of_firewall(machine: Machine) -> Iterator[str]:
    """Yield the tags that rules of a managed firewall name (F-FW-9)."""
    for rule in machine.firewall.rules if machine.firewall is not None else ():
        yield from map(str.casefold, rule.service_tags)


def _of_routes(table: RouteTable) -> Iterator[str]:
    yield from (route.service_tag.casefold() for route in table.routes if route.service_tag is not None)


def _region_of(network: Network, subnet: Subnet) -> str:
    """Return the region of a subnet as tags for single regions are called after it."""
    return (network.vnets[subnet.vnet].region or "").casefold().replace(" ", "")


def _of_endpoints(subnet: Subnet) -> Iterator[str]:
    """Yield the tags that may stand for a subnet's service endpoints (R-SYS-9)."""
    for service in subnet.service_endpoints:
        yield from tags_of_endpoint(service)
