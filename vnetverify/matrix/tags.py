"""Service tags as a subnet sees them, by bounds (F-TAG-2 to F-TAG-12, F-TAG-18)."""

from __future__ import annotations

from vnetverify.facts import Uncertainty
from vnetverify.header import Family, IntervalSet, Prefix, addresses_of, parse_prefix
from vnetverify.matrix.reading import Reading
from vnetverify.matrix.tables import EVERYTHING, TableKey, table_key
from vnetverify.matrix.topology import Topology
from vnetverify.model.endpoints import PUBLIC_ADDRESSES
from vnetverify.model.network import NextHopType, RouteTable, Subnet, Vnet

_PLATFORM = parse_prefix("168.63.129.16/32")
_METADATA = parse_prefix("169.254.169.254/32")
_STEERING = (NextHopType.APPLIANCE, NextHopType.GATEWAY)

Sets = tuple[IntervalSet, IntervalSet, frozenset[str]]
"""Addresses that are surely in a tag, those that may be, and the facts that part the two."""


class TagSets:
    def __init__(self, topology: Topology, reading: Reading) -> None:
        self._topology = topology
        self._reading = reading
        self._virtual_networks: dict[object, Sets] = {}
        self._declared = {
            name.casefold(): addresses_of(prefix for prefix in prefixes if prefix.family is Family.IPV4)
            for name, prefixes in topology.network.service_tags.items()
        }

    def key(self, subnet: Subnet) -> object:
        """Return what the tags of a subnet depend on; facts about tags have the name of the subnet in them."""
        return table_key(subnet) if self._reading.documented and not self._names_tags else subnet.id

    @property
    def _names_tags(self) -> bool:
        return any(name.casefold().startswith("u-vntag") for name in self._reading.assumed)

    def of(self, name: str, subnet: Subnet) -> Sets:
        """Return the tag called `name`, in lower case."""
        if name == "virtualnetwork":
            return self._virtual_network(subnet)
        if name.startswith("azureplatform"):
            return IntervalSet(), IntervalSet(), frozenset()
        declared = self._declared.get(name)
        if declared is not None and name != "internet":
            return declared, declared, frozenset()
        own = self._topology.spaces[subnet.vnet]
        public = PUBLIC_ADDRESSES | addresses_of((_PLATFORM,))
        return IntervalSet(), public - own if name == "internet" else public, frozenset()

    def _virtual_network(self, subnet: Subnet) -> Sets:
        key = self.key(subnet)
        found = self._virtual_networks.get(key)
        if found is None:
            found = self._virtual_networks[key] = self._counted(subnet)
        return found

    def _counted(self, subnet: Subnet) -> Sets:
        sure = set(self._certain(subnet))
        possible = set(self._unsettled(subnet))
        facts: set[str] = set()
        for prefix, documented in self._possible(subnet).items():
            if prefix in sure:
                continue
            fact = Uncertainty("U-VNTAG", (subnet.id, str(prefix)), documented)
            value = self._reading.value(fact)
            if value:
                sure.add(prefix)
            elif value is None:
                possible.add(prefix)
                facts.add(str(fact))
        certain = addresses_of(_of_ipv4(sure))
        return certain, certain | addresses_of(_of_ipv4(possible)), frozenset(facts)

    def _table(self, subnet: Subnet) -> RouteTable | None:
        return None if subnet.route_table is None else self._topology.network.route_tables[subnet.route_table]

    def _certain(self, subnet: Subnet) -> list[Prefix]:
        """Return the prefixes that are surely in the tag (F-TAG-2, F-TAG-4, F-TAG-7)."""
        topology, table = self._topology, self._table(subnet)
        found = [*topology.network.vnets[subnet.vnet].address_space, _PLATFORM]
        for peer in topology.peers[subnet.vnet]:
            if topology.halves[subnet.vnet, peer].allow_virtual_network_access:
                found += topology.network.vnets[peer].address_space
        for route in () if table is None else table.routes:
            if route.next_hop in _STEERING and route.prefix != EVERYTHING and route.service_tag is None:
                found.append(route.prefix)
        return found

    def _possible(self, subnet: Subnet) -> dict[Prefix, bool]:
        """Return prefixes that are in the tag where a fact holds, with what is documented of it (F-TAG-7)."""
        table, found = self._table(subnet), dict[Prefix, bool]()
        routes = () if table is None else table.routes
        for route in routes:
            if route.prefix == EVERYTHING and route.next_hop in _STEERING:
                found.setdefault(route.prefix, True)
        for route in routes:
            if route.next_hop not in _STEERING or route.service_tag is not None:
                found.setdefault(route.prefix, route.prefix != EVERYTHING)
        vnet = self._topology.network.vnets[subnet.vnet]
        for prefix in self._of_other_tables(vnet, subnet):
            found.setdefault(prefix, False)
        found.setdefault(_METADATA, False)
        return found

    def _of_other_tables(self, vnet: Vnet, subnet: Subnet) -> list[Prefix]:
        tables = {
            other.route_table for other in vnet.subnets if other.id != subnet.id and other.route_table is not None
        }
        return [route.prefix for name in sorted(tables) for route in self._topology.network.route_tables[name].routes]

    def _unsettled(self, subnet: Subnet) -> list[Prefix]:
        """Return prefixes of which this reading does not say whether they are in the tag."""
        topology = self._topology
        found = [*topology.learned[subnet.vnet]]
        for vnet in topology.uncertain[subnet.vnet]:
            found += topology.network.vnets[vnet].address_space
            half = topology.halves.get((subnet.vnet, vnet))
            found += () if half is None or half.remote_space is None else half.remote_space
        key: TableKey = table_key(subnet)
        for service in key.service_endpoints:
            name = service.casefold()
            tags = topology.network.service_tags
            for tag, prefixes in tags.items():
                if tag.casefold() in (name, name.removeprefix("microsoft.")):
                    found += prefixes
        return found


def _of_ipv4(prefixes: set[Prefix]) -> list[Prefix]:
    return [prefix for prefix in prefixes if prefix.family is Family.IPV4]
