"""Who asks for names, whom, and who stands at the address of a server (F-DNS-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from vnetverify.header import Family, IntervalSet, address_text, host_prefix, set_of
from vnetverify.model.endpoints import PUBLIC_ADDRESSES, PUBLIC_IPV6_ADDRESSES, Endpoints, endpoint_set, without
from vnetverify.model.intents import INTERNET, EndpointSet, Place, PlaceKind
from vnetverify.model.network import Network, Nic
from vnetverify.model.planes import EVERY_ADDRESS
from vnetverify.model.resolvers import AZURE_RESOLVER
from vnetverify.source import Span

_PUBLIC = PUBLIC_ADDRESSES | PUBLIC_IPV6_ADDRESSES
_FOLLOWED = (PlaceKind.SUBNET.value, PlaceKind.SITE.value, PlaceKind.INTERNET.value)
_SHOWN = 64  # hosts that are tried for one to show


@dataclass(frozen=True, slots=True)
class Asker:
    """Hosts of one network that ask the same servers, none being Azure's resolver."""

    what: str
    vnet: str
    hosts: EndpointSet
    servers: tuple[int, ...]
    span: Span

    @property
    def some(self) -> tuple[tuple[Place, int], ...]:
        """Some of the hosts: of a network of both families one that has an address of each counts twice."""
        firsts = ((place, interval.low) for place, addresses in self.hosts.parts for interval in addresses)
        return tuple(islice(firsts, _SHOWN))

    @property
    def example(self) -> tuple[Place, int]:
        place, addresses = self.hosts.parts[0]
        return place, addresses.intervals[0].low


@dataclass(frozen=True, slots=True)
class Server:
    """Who stands at a server's address, at one place: an interface, or something of which nothing is declared."""

    address: int
    place: Place
    nic: Nic | None
    unknown: tuple[Place, ...]

    @property
    def what(self) -> str:
        text = address_text(self.address)
        return text if self.nic is None else f"{self.nic.machine} at {text}"

    @property
    def target(self) -> EndpointSet:
        return endpoint_set([(self.place, set_of((self.address,)))], address_text(self.address), self.unknown)


@dataclass(frozen=True, slots=True)
class Senders:
    """By which addresses of one family hosts ask: those they have, and of hosts not declared all that they may have.

    `lacking` is a host that surely has none, `unsure` one of which nobody says whether it has one: a host in Azure has
    an address of IPv4, and may have one of IPv6 (R-ADDR-6).
    """

    addresses: EndpointSet
    lacking: tuple[Place, int] | None
    unsure: tuple[Place, int] | None


@dataclass(slots=True)
class Servers:
    """The servers for names of a network, and who asks them."""

    network: Network
    _endpoints: Endpoints = field(init=False)
    _nics: dict[str, list[Nic]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._endpoints = Endpoints(self.network)
        for nic in self.network.nics():
            self._nics.setdefault(nic.subnet_id, []).append(nic)

    def _standing_services(self) -> EndpointSet:
        """Return what no question comes from: private endpoints, and frontends of load balancers."""
        endpoints = map(self._endpoints.of_private_endpoint, self.network.private_endpoints.values())
        frontends = map(self._endpoints.of_load_balancer, self.network.load_balancers.values())
        return endpoint_set(part for one in (*endpoints, *frontends) for part in one.parts)

    def askers(self, among: EndpointSet) -> Iterator[Asker]:
        """Yield the hosts `among` a set by their network, and by interface where that has servers of its own."""
        hosts = without(among, self._standing_services())
        subnets = {subnet.id: subnet for subnet in self.network.subnets()}
        own = [nic for nic in self.network.nics() if nic.dns_servers]
        parts: dict[str, list[tuple[Place, IntervalSet]]] = {}
        for place, addresses in hosts.parts:
            rest = addresses
            for nic in own:
                held = set_of(nic.addresses) if nic.subnet_id == place.name else IntervalSet()
                if held & rest:
                    mine = endpoint_set([(place, held & rest)])
                    yield Asker(f"{nic.machine}", nic.vnet, mine, nic.dns_servers, nic.span)
                rest -= held
            if rest:
                parts.setdefault(subnets[place.name].vnet, []).append((place, rest))
        for name, those in parts.items():
            vnet = self.network.vnets[name]
            yield Asker(f"hosts of {name}", name, endpoint_set(those), vnet.dns_servers, vnet.span)

    def senders(self, hosts: EndpointSet, family: Family) -> Senders:
        """Return by which addresses `hosts` ask a server of `family`."""
        if not any(addresses - EVERY_ADDRESS[family] for _, addresses in hosts.parts):
            return Senders(hosts, None, None)
        parts: list[tuple[Place, IntervalSet]] = []
        lacking: tuple[Place, int] | None = None
        unsure: tuple[Place, int] | None = None
        for place, addresses in hosts.parts:
            subnet, rest = self.network.subnet(place.name), addresses
            held = IntervalSet()
            for nic in self._nics.get(subnet.id, ()):
                own = set_of(nic.addresses)
                held, rest = held | own, rest - own
                named = own & addresses
                asking = named & EVERY_ADDRESS[family] or own & EVERY_ADDRESS[family]
                if named and asking:
                    parts.append((place, asking))
                elif named:
                    lacking = lacking or (place, named.intervals[0].low)
            parts.append((place, rest & EVERY_ADDRESS[family]))
            of_other = rest - EVERY_ADDRESS[family]
            if not of_other:
                continue
            free = without(self._endpoints.of_subnet(subnet), self._standing_services()).at(place) - held
            parts.append((place, free & EVERY_ADDRESS[family]))
            one = (place, of_other.intervals[0].low)
            if family is Family.IPV6 and not free & EVERY_ADDRESS[family]:
                lacking = lacking or one
            elif family is Family.IPV6 or not free & EVERY_ADDRESS[family]:
                unsure = unsure or one
        return Senders(endpoint_set(part for part in parts if part[1]), lacking, unsure)

    def at(self, address: int) -> tuple[Server, ...]:
        """Return who may stand at a server's address: one for each place that holds it."""
        if address == AZURE_RESOLVER:
            return ()
        held = self._endpoints.in_prefix(host_prefix(address))
        nics = {nic.subnet_id: nic for nic in self.network.nics() if address in nic.addresses}
        return tuple(Server(address, place, nics.get(place.name), held.unknown) for place, _ in held.parts)

    def not_followed(self, address: int) -> str | None:
        """Return what stands at a server's address that the model does not follow as one, None for others."""
        places = {place for place, _ in self._endpoints.in_prefix(host_prefix(address)).parts}
        if any(place.kind not in _FOLLOWED for place in places) or (address in _PUBLIC and INTERNET not in places):
            return "a public address of this network"
        managed = (machine for machine in self.network.machines.values() if machine.is_managed)
        if any(address in nic.addresses for machine in managed for nic in machine.nics):
            return "a managed firewall, which may pass questions on"
        return None
