"""Who is next to whom, who owns an address, and where hosts can be.

R-ADDR-1, R-ADDR-4, R-ADDR-7, R-ADDR-8, R-ADDR-9, R-PEER-1, R-PEER-2, R-PEER-3, R-PEER-4, R-PEER-11, R-PEER-12,
R-PEER-17, R-PEER-18, R-PEER-20, R-PEER-24, R-CG-1, R-CG-2, R-CG-3, R-CG-4, R-GW-9.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vnetverify.encoder.families import REALMS, Realm
from vnetverify.encoder.terms import Field, Term, constant, field_within
from vnetverify.header import (
    Family,
    Interval,
    IntervalSet,
    Prefix,
    address_text,
    addresses_of,
    family_of,
    interval_set,
)
from vnetverify.model.balancers import Frontend, LoadBalancer, LoadBalancingRule, PublicAddress, PublicFrontend
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import (
    SUBNETS_OF_SERVICES,
    SUBNETS_WITHOUT_HOSTS,
    ConnectedGroup,
    DeploymentModel,
    Gateway,
    LinkState,
    Machine,
    Network,
    Nic,
    Peering,
    Subnet,
)
from vnetverify.model.private_links import PrivateEndpoint


@dataclass(frozen=True, slots=True)
class Balanced:
    """A frontend with the load balancer it is of."""

    balancer: LoadBalancer
    frontend: Frontend

    @property
    def name(self) -> str:
        return f"{self.balancer.name}/{self.frontend.name}"

    @property
    def place(self) -> Place:
        return Place(PlaceKind.SUBNET.value, self.frontend.subnet_id)

    @property
    def address(self) -> IntervalSet:
        return IntervalSet((Interval(self.frontend.address, self.frontend.address),))

    @property
    def rules(self) -> tuple[LoadBalancingRule, ...]:
        return tuple(rule for rule in self.balancer.rules if rule.frontend == self.frontend.name)


@dataclass(frozen=True, slots=True)
class Published:
    """A public frontend with the load balancer it is of."""

    balancer: LoadBalancer
    frontend: PublicFrontend

    @property
    def name(self) -> str:
        return f"{self.balancer.name}/{self.frontend.name}"

    @property
    def place(self) -> Place:
        return Place(PlaceKind.PUBLIC.value, self.name)

    @property
    def rules(self) -> tuple[LoadBalancingRule, ...]:
        return tuple(rule for rule in self.balancer.rules if rule.frontend == self.frontend.name)


@dataclass(frozen=True, slots=True)
class Entrance:
    """A public address that the network holds: an interface's own, or a public frontend's.

    `name` is what a world calls the address where it is not known.
    """

    name: str
    public: PublicAddress
    at: Nic | Published

    @property
    def known(self) -> IntervalSet | None:
        """The address, None where it is not known."""
        address = self.public.address
        return None if address is None else IntervalSet((Interval(address, address),))


class Estate:
    """A network of one family with its neighbourhoods looked up once.

    Peering is symmetric, irreflexive and not transitive.
    """

    def __init__(self, network: Network, family: Family = Family.IPV4) -> None:
        self.network = network
        self.realm: Realm = REALMS[family]
        self.subnets = {subnet.id: subnet for subnet in network.subnets()}
        self._halves = _with_implied_halves(network)
        self._peers = self._usable_pairs()
        self.spaces = {name: addresses_of(vnet.address_space) for name, vnet in network.vnets.items()}
        self._mates: dict[str, tuple[str, ...]] = {}
        self._places = {name: _lookup(vnet.subnets) for name, vnet in network.vnets.items()}
        self._note_interfaces()
        self._note_services()
        self.gateways_of: dict[str, list[Gateway]] = defaultdict(list)
        for gateway in network.gateways.values():
            self.gateways_of[gateway.vnet].append(gateway)
        self.hosts = {subnet.id: self._hosts(subnet) for subnet in network.subnets()}
        self._note_entrances()

    def _note_interfaces(self) -> None:
        """Look up interfaces by subnet, address and name, and machines by their interfaces."""
        self.nics_in: dict[str, list[Nic]] = defaultdict(list)
        self.nic_at: dict[tuple[str, int], Nic] = {}
        self.nic_named: dict[str, Nic] = {}
        self.machine_of: dict[str, Machine] = {}
        for machine in self.network.machines.values():
            for nic in machine.nics:
                self.nics_in[nic.subnet_id].append(nic)
                self.machine_of[nic.name] = machine
                self.nic_named[nic.name] = nic
                for address in nic.addresses:
                    self.nic_at[nic.vnet, address] = nic

    def _note_services(self) -> None:
        """Look up what is no host by its address: frontends of load balancers, private endpoints."""
        self.balanced_at: dict[tuple[str, int], Balanced] = {}
        self.endpoint_at: dict[tuple[str, int], PrivateEndpoint] = {}
        self._taken: dict[str, list[Interval]] = defaultdict(list)
        for balancer in self.network.load_balancers.values():
            for frontend in balancer.frontends:
                self.balanced_at[frontend.vnet, frontend.address] = Balanced(balancer, frontend)
                self._taken[frontend.subnet_id].append(Interval(frontend.address, frontend.address))
        self.endpoints_of: dict[str, list[PrivateEndpoint]] = defaultdict(list)
        for endpoint in self.network.private_endpoints.values():
            self.endpoints_of[endpoint.vnet].append(endpoint)
            for address in endpoint.addresses:
                self.endpoint_at[endpoint.vnet, address] = endpoint
                self._taken[endpoint.subnet_id].append(Interval(address, address))

    def _note_entrances(self) -> None:
        """Look up the public addresses that the network holds, and who is at each."""
        self.published = tuple(
            Published(balancer, frontend)
            for balancer in self.network.load_balancers.values()
            for frontend in balancer.public_frontends
        )
        self.entrance_of = {
            nic.name: Entrance(nic.public_address.name, nic.public_address, nic)
            for nic in self.network.nics()
            if nic.public_address is not None
        }
        self.entrance_at = {
            published.place: Entrance(published.name, published.frontend.public_address, published)
            for published in self.published
        }
        self.entrances_of: dict[str, tuple[Entrance, ...]] = {}
        for machine in self.network.machines.values():
            if machine.firewall is not None and self.family is Family.IPV4:
                self.entrances_of[machine.name] = tuple(self._entrances_of(machine))
        for entrance in self.entrance_of.values():
            known = entrance.public.address
            if known is not None and self.leads_to_host(entrance):
                self.entrance_at[Place(PlaceKind.PUBLIC.value, address_text(known))] = entrance

    @property
    def family(self) -> Family:
        return self.realm.family

    def entrances(self) -> Iterator[Entrance]:
        """Yield every public address of the network: interfaces' own, then those of PUBLIC places."""
        yield from self.entrance_of.values()
        yield from (entrance for entrance in self.entrance_at.values() if not self._is_own(entrance))

    def _entrances_of(self, machine: Machine) -> Iterator[Entrance]:
        """Yield the public addresses of a firewall with rules, its interfaces' and further ones, and note their
        places."""
        own = {nic.public_address.name: nic for nic in machine.nics if nic.public_address is not None}
        for public in machine.public_addresses:
            nic = own.get(public.name)
            entrance = Entrance(public.name, public, machine.nics[0]) if nic is None else self.entrance_of[nic.name]
            self.entrance_at[Place(PlaceKind.PUBLIC.value, f"{machine.name}/{public.name}")] = entrance
            yield entrance

    def publics_of(self, nic: Nic) -> tuple[PublicAddress, ...]:
        """Return the public addresses by which an interface may send: a firewall with rules has several."""
        machine = self.machine_of.get(nic.name)
        if machine is not None and machine.name in self.entrances_of:
            return tuple(entrance.public for entrance in self.entrances_of[machine.name])
        return () if nic.public_address is None else (nic.public_address,)

    def leads_to_host(self, entrance: Entrance) -> bool:
        """Tell whether a known address leads to an interface as such: at a frontend or a firewall with rules these
        decide."""
        nic = entrance.at
        return isinstance(nic, Nic) and self.machine_of[nic.name].firewall is None

    def _is_own(self, entrance: Entrance) -> bool:
        return self.entrance_of.get(entrance.at.name) is entrance

    def address(self, symbol: Term) -> Field:
        """Return an address of which nothing is known but its family."""
        return field_within(symbol, self.family.bits, self.realm.addresses)

    def known_address(self, address: int) -> Field:
        """Return an address of the estate's family as a constant. Raises ValueError for one of the other."""
        if family_of(address) is not self.family:
            raise ValueError("an address of the other family in a network of one plane")
        return constant(address, self.family.bits)

    def half(self, vnet: str, peer: str) -> Peering:
        """Return the half of `vnet` towards one of its peers; a classic network's is implied (R-PEER-4)."""
        return self._halves[vnet, peer]

    def peers(self, vnet: str) -> tuple[str, ...]:
        """Return the networks whose peering with `vnet` carries packets (R-PEER-2)."""
        return self._peers.get(vnet, ())

    def direct(self, vnet: str) -> tuple[str, ...]:
        return (vnet, *self.peers(vnet))

    def direct_space(self, vnet: str) -> IntervalSet:
        """Return the addresses of `vnet` and its peers."""
        return interval_set(interval for name in self.direct(vnet) for interval in self.spaces[name])

    def owner(self, vnet: str, address: int) -> str | None:
        """Return who owns `address` as seen from `vnet`: itself, else its only peer, else its only mate (R-ADDR-9)."""
        if address in self.spaces[vnet]:
            return vnet
        owners = [name for name in self.peers(vnet) if self._is_seen(vnet, name, address)]
        owners = owners or [name for name in self.mates(vnet) if address in self.spaces[name]]
        return owners[0] if len(owners) == 1 else None

    def _is_seen(self, vnet: str, peer: str, address: int) -> bool:
        return any(prefix.value <= address <= prefix.last for prefix, _ in self.ranges_seen(vnet, peer))

    def peering_name(self, vnet: str, peer: str) -> str:
        """Return the name of a peering: that of its half declared first."""
        for half in self.network.peerings:
            if {half.local, half.remote} == {vnet, peer}:
                return half.id
        return f"{vnet} -> {peer}"

    def ranges_seen(self, vnet: str, peer: str) -> tuple[tuple[Prefix, bool], ...]:
        """Return the ranges of `peer` that the tables of `vnet` may hold, each with whether they surely do.

        Of a peering of subnets these are the prefixes of the subnets that take part (R-PEER-18); of one that is not in
        sync a range is sure when both the old view and the present space hold it (R-PEER-17).
        """
        if self.is_of_subnets(vnet, peer):
            taking_part = self.participants(peer, vnet)
            return tuple((prefix, True) for subnet in taking_part for prefix in subnet.prefixes)
        present = self.network.vnets[peer].address_space
        half = self.half(vnet, peer)
        seen = present if half.remote_space is None else half.remote_space
        return tuple(
            (prefix, all(any(_holds(range_, prefix) for range_ in view) for view in (seen, present)))
            for prefix in dict.fromkeys((*seen, *present))
        )

    def is_of_subnets(self, vnet: str, peer: str) -> bool:
        return self.half(vnet, peer).is_of_subnets or self.half(peer, vnet).is_of_subnets

    def participants(self, vnet: str, peer: str) -> tuple[Subnet, ...]:
        """Return the subnets of `vnet` that take part in its peering of subnets with `peer`."""
        named = self.half(vnet, peer).local_subnets
        if named is None:
            named = self.half(peer, vnet).remote_subnets
        subnets = self.network.vnets[vnet].subnets
        if named is None:
            return subnets
        wanted = {name.casefold() for name in named}
        return tuple(subnet for subnet in subnets if subnet.name.casefold() in wanted)

    def mates(self, vnet: str) -> tuple[str, ...]:
        """Return the networks that a connected group joins to `vnet` without a peering (R-CG-1, R-CG-2)."""
        if vnet not in self._mates:
            joined = {name for group in self._groups_of(vnet) for name in self._joined(group, vnet)}
            wanted = joined - {vnet, *self.peers(vnet)}
            self._mates[vnet] = tuple(name for name in self.network.vnets if name in wanted)
        return self._mates[vnet]

    def _groups_of(self, vnet: str) -> list[ConnectedGroup]:
        return [group for group in self.network.connected_groups if vnet in group.members]

    def _joined(self, group: ConnectedGroup, vnet: str) -> set[str]:
        """Return the members that `group` joins to `vnet`, one of them: those that may be in its region, or all."""
        if group.is_global:
            return set(group.members)
        regions = {name: (self.network.vnets[name].region or "").casefold() for name in group.members}
        possible = {"", regions[vnet]} if regions[vnet] else set(regions.values())
        return {name for name, region in regions.items() if region in possible}

    def overlapped(self, vnet: str, mate: str) -> IntervalSet:
        """Return the addresses of `mate` that another member joined to `vnet` holds as well (R-CG-4)."""
        joined = [self._joined(group, vnet) for group in self._groups_of(vnet)]
        others = {name for members in joined if mate in members for name in members} - {mate}
        return self.spaces[mate] & interval_set(i for name in others for i in self.spaces[name])

    def hosts_among(self, place: Place, addresses: IntervalSet) -> IntervalSet:
        """Return the addresses of a place at which hosts can be: no frontend and no private endpoint has them."""
        taken = self._taken.get(place.name) if place.kind == PlaceKind.SUBNET.value else None
        return addresses - interval_set(taken) if taken else addresses

    def standing_at(self, place: Place, addresses: IntervalSet) -> Balanced | PrivateEndpoint | None:
        """Return the frontend or private endpoint whose address these are, None where they are hosts'."""
        if place.kind != PlaceKind.SUBNET.value or addresses.size != 1:
            return None
        here = (self.subnets[place.name].vnet, addresses.intervals[0].low)
        return self.balanced_at.get(here) or self.endpoint_at.get(here)

    def sorted_out(self, place: Place, addresses: IntervalSet) -> Iterator[IntervalSet]:
        """Yield the addresses of hosts, then by itself each that a frontend or private endpoint has."""
        hosts = self.hosts_among(place, addresses)
        if hosts:
            yield hosts
        if hosts != addresses:
            for interval in addresses - hosts:
                numbers = range(interval.low, interval.high + 1)
                yield from (IntervalSet((Interval(number, number),)) for number in numbers)

    def is_managed(self, nic: Nic) -> bool:
        """Tell whether the interface is a managed firewall's (R-UDR-19); one that a route implies is nobody's."""
        machine = self.machine_of.get(nic.name)
        return machine is not None and machine.is_managed

    def subnet_at(self, vnet: str, address: int) -> Subnet | None:
        starts, subnets = self._places[vnet]
        index = bisect_right(starts, address) - 1
        if index < 0 or address > subnets[index][0].last:
            return None
        return subnets[index][1]

    def _usable_pairs(self) -> dict[str, tuple[str, ...]]:
        peers: dict[str, list[str]] = defaultdict(list)
        for (local, remote), half in self._halves.items():
            other = self._halves.get((remote, local))
            if other is not None and _is_connected(half) and _is_connected(other):
                peers[local].append(remote)
        return {name: tuple(names) for name, names in peers.items()}

    def _hosts(self, subnet: Subnet) -> IntervalSet:
        name = subnet.name.casefold()
        if name in SUBNETS_WITHOUT_HOSTS:
            return IntervalSet()
        if name in SUBNETS_OF_SERVICES:
            declared = (address for nic in self.nics_in[subnet.id] for address in nic.addresses)
            return assignable(subnet.prefixes) & interval_set(Interval(address, address) for address in declared)
        return assignable(subnet.prefixes)


def assignable(prefixes: Iterable[Prefix]) -> IntervalSet:
    """Return the addresses of subnets' `prefixes` without the first four and the last of each (R-ADDR-4)."""
    return interval_set(Interval(prefix.value + 4, prefix.last - 1) for prefix in prefixes)


def _lookup(subnets: Iterable[Subnet]) -> tuple[list[int], list[tuple[Prefix, Subnet]]]:
    placed = sorted(((prefix, subnet) for subnet in subnets for prefix in subnet.prefixes), key=lambda pair: pair[0])
    return [prefix.value for prefix, _ in placed], placed


def _with_implied_halves(network: Network) -> dict[tuple[str, str], Peering]:
    """Return the declared halves by their ends, and those that classic networks do not hold (R-PEER-4, R-GW-9)."""
    halves = {(half.local, half.remote): half for half in network.peerings}
    for (local, remote), half in list(halves.items()):
        if (remote, local) not in halves and network.vnets[remote].model is DeploymentModel.CLASSIC:
            transit = half.allow_gateway_transit
            halves[remote, local] = Peering(remote, local, use_remote_gateways=transit, span=half.span)
    return halves


def _is_connected(half: Peering) -> bool:
    """Tell whether a half says that it is connected, or says nothing while the other half is there (R-PEER-2)."""
    return half.state in (None, LinkState.CONNECTED)


def _holds(range_: Prefix, prefix: Prefix) -> bool:
    """Tell whether `prefix` is `range_` or a part of it."""
    return range_.value <= prefix.value and prefix.last <= range_.last
