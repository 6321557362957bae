"""Strategies for what is asked of a network: flows near its bounds, worlds, claims (`networks` draws the networks)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.header import ALL_PORTS, TCP, UDP, Flow, IntervalSet, Prefix, parse_address
from vnetverify.model.endpoints import Endpoints, union
from vnetverify.model.intents import (
    INTERNET,
    Claim,
    EndpointSet,
    ExpectedHop,
    FailureKind,
    Failures,
    HopKind,
    Place,
    PlaceKind,
    Verb,
)
from vnetverify.model.network import SUBNETS_OF_SERVICES, SUBNETS_WITHOUT_HOSTS, Network, NextHopType, Service
from vnetverify.rules import World
from vnetverify.source import NOWHERE
from vnetverify.testing.lists import PORTS, port_sets
from vnetverify.testing.networks import networks

__all__ = ["Choices", "claims", "endpoint_sets", "flows", "flows_of", "networks", "places", "worlds"]

_FLOW_PROTOCOLS = (*(TCP,) * 12, *(UDP,) * 4, 1, 1, 50, 47)
_OUTSIDE = tuple(parse_address(text) for text in ("203.0.113.9", "13.100.0.9", "25.4.0.9", "224.0.0.5", "10.77.0.4"))
_PLATFORM = tuple(parse_address(text) for text in ("168.63.129.16", "169.254.169.254"))


@dataclass(frozen=True, slots=True)
class Choices(Mapping[str, bool]):
    """A value for every fact there could be, drawn from a seed by its name; `fixed` come first.

    Few elements are down at once, so that claims about few failures have worlds.
    """

    seed: int
    fixed: tuple[tuple[str, bool], ...] = ()

    def __getitem__(self, name: str) -> bool:
        for fixed, value in self.fixed:
            if fixed == name:
                return value
        drawn = blake2b(f"{self.seed} {name}".encode(), digest_size=1).digest()[0]
        return drawn & 7 == 0 if name.startswith("U-DOWN") else drawn & 1 == 1

    def __iter__(self) -> Iterator[str]:
        return iter(name for name, _ in self.fixed)

    def __len__(self) -> int:
        return len(self.fixed)


@dataclass(frozen=True, slots=True)
class Addresses(Mapping[str, int]):
    """A public address for every name, outside all pools of declared ones; no two names share one in practice.

    A flow leaves by one sender, so that one address stands for whoever that is.
    """

    seed: int

    def __getitem__(self, name: str) -> int:
        if name.startswith("egress of "):
            return parse_address("42.0.0.9")
        digest = blake2b(f"{self.seed} {name}".encode(), digest_size=2).digest()
        return parse_address("41.0.0.0") | int.from_bytes(digest, "big")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def worlds() -> SearchStrategy[World]:
    """Draw the documented world, or one in which every fact is as a seed has it."""
    drawn = st.integers(1, 2**16).map(lambda seed: World(Choices(seed), Addresses(seed)))
    return st.just(World({}, Addresses(0))) | drawn


def places(network: Network) -> tuple[Place, ...]:
    """Return the places where flows of `network` begin and end."""
    subnets = tuple(Place(PlaceKind.SUBNET.value, subnet.id) for subnet in network.subnets())
    sites = tuple(Place(PlaceKind.SITE.value, name) for name in network.sites)
    return (*subnets, *sites, INTERNET)


def origins(network: Network) -> tuple[Place, ...]:
    """Return the places where somebody can send: no gateway's subnet, and a firewall's where one is declared."""
    named = {subnet.id: subnet.name.casefold() for subnet in network.subnets()}
    held = {nic.subnet_id for nic in network.nics()}
    idle = {
        subnet
        for subnet, name in named.items()
        if name in SUBNETS_WITHOUT_HOSTS or (name in SUBNETS_OF_SERVICES and subnet not in held)
    }
    return tuple(place for place in places(network) if place.name not in idle)


def addresses_at(network: Network, place: Place, world: World) -> tuple[int, ...]:
    """Return addresses of `place` that are on a bound or held by an interface."""
    if place.kind == PlaceKind.SUBNET.value:
        subnet = network.subnet(place.name)
        hosts = [prefix.value + 4 for prefix in subnet.prefixes] + [subnet.prefixes[-1].last - 1]
        held = [address for nic in network.nics() if nic.subnet_id == place.name for address in nic.addresses]
        if subnet.name.casefold() in SUBNETS_OF_SERVICES:
            return tuple(held) or (hosts[0],)
        return tuple(dict.fromkeys((*held, *hosts, hosts[0] + 1)))
    if place.kind == PlaceKind.SITE.value:
        return tuple(end for prefix in network.sites[place.name].prefixes for end in (prefix.value, prefix.last))
    return (*_OUTSIDE[:3], *public_addresses(network, world))


def public_addresses(network: Network, world: World) -> tuple[int, ...]:
    """Return the public addresses of the network's interfaces, those unknown as the world has them."""
    held = [nic.public_address for nic in network.nics() if nic.public_address is not None]
    return tuple(world.addresses[p.name] if p.address is None else p.address for p in held)


@st.composite
def flows(draw: DrawFn, network: Network, world: World) -> tuple[Place, Flow]:
    """Draw where a flow begins and its header, near the bounds of what `network` names; half follow user routes."""
    steered = _steered(network)
    if draw(st.booleans()) and steered:
        origin, prefix = draw(st.sampled_from(steered))
        destination = draw(_inside(network, prefix, world))
    else:
        origin = draw(st.sampled_from(origins(network)))
        public = public_addresses(network, world)
        meets_public = origin == INTERNET and public and draw(st.integers(0, 7)) > 0
        destination = draw(st.sampled_from(public) if meets_public else _destinations(network, world))
    own = addresses_at(network, origin, world)
    source = draw(st.sampled_from(own[: len(own) if origin != INTERNET else 3]))
    protocol = draw(st.sampled_from(_FLOW_PROTOCOLS))
    if protocol not in (TCP, UDP):
        return origin, Flow(protocol, source, 0, destination, 0)
    return origin, Flow(protocol, source, draw(st.sampled_from(PORTS)), destination, draw(st.sampled_from(PORTS)))


def _steered(network: Network) -> list[tuple[Place, Prefix]]:
    """Return the places whose subnets have user routes to appliances and gateways, with the prefixes of these.

    Routes to what forwards count as four, so that more of what is drawn comes through.
    """
    sending = origins(network)
    forwarding = {address for nic in network.nics() if nic.ip_forwarding for address in nic.addresses}
    return [
        (place, route.prefix)
        for subnet in network.subnets()
        if subnet.route_table is not None and (place := Place(PlaceKind.SUBNET.value, subnet.id)) in sending
        for route in network.route_tables[subnet.route_table].routes
        if route.next_hop in (NextHopType.APPLIANCE, NextHopType.GATEWAY)
        for _ in range(4 if route.next_hop_address in forwarding else 1)
    ]


def _inside(network: Network, prefix: Prefix, world: World) -> SearchStrategy[int]:
    """Draw an address of `prefix`, one that somebody could have if there is any."""
    known = [address for place in origins(network) for address in addresses_at(network, place, world)]
    inside = [address for address in known if prefix.value <= address <= prefix.last]
    return st.sampled_from(inside or [min(prefix.value + 4, prefix.last)])


@st.composite
def _destinations(draw: DrawFn, network: Network, world: World) -> int:
    kind = draw(st.integers(0, 11))
    if kind < 8:
        return draw(st.sampled_from(addresses_at(network, draw(st.sampled_from(places(network))), world)))
    if kind < 10:
        return draw(st.sampled_from((*_OUTSIDE, *_PLATFORM)))
    routed = [route.prefix for table in network.route_tables.values() for route in table.routes]
    spaces = [prefix for vnet in network.vnets.values() for prefix in vnet.address_space]
    tagged = [prefix for prefixes in network.service_tags.values() for prefix in prefixes]
    told = [prefix for server in network.route_servers for peer in server.peers for prefix in peer.prefixes]
    seen = [prefix for half in network.peerings for prefix in half.remote_space or ()]
    prefix = draw(st.sampled_from((*routed, *spaces, *tagged, *told, *seen)))
    return draw(st.sampled_from((prefix.value, prefix.value + 3, prefix.last, min(prefix.last + 1, 0xFFFF_FFFF))))


@st.composite
def endpoint_sets(draw: DrawFn, network: Network) -> EndpointSet:
    """Draw what an expression can stand for: one or two vnets, subnets, machines, sites, prefixes, the Internet."""
    known = Endpoints(network)
    kinds = [
        *(known.of_subnet(subnet) for subnet in network.subnets()),
        *(known.of_subnet(subnet) for subnet in network.subnets() for _ in range(1 if subnet.nsg is None else 4)),
        *(known.of_vnet(vnet) for vnet in network.vnets.values()),
        *(known.of_machine(machine) for machine in network.machines.values()),
        *(known.of_site(site) for site in network.sites.values()),
        known.of_internet(),
        known.in_prefix(Prefix(network.subnets()[0].prefixes[0].value + 4, 31)),
        known.everywhere(),
    ]
    return union(draw(st.lists(st.sampled_from([kind for kind in kinds if kind]), min_size=1, max_size=2)))


@st.composite
def flows_of(draw: DrawFn, network: Network, claim: Claim, world: World) -> tuple[Place, Flow]:
    """Draw a flow of the service of `claim` that begins on its left, more often than not towards its right."""
    left, right = claim.pairs[0]
    origin, sources = draw(st.sampled_from(left.parts))
    _, flow = draw(flows(network, world))
    target, wanted = draw(st.sampled_from(right.parts))
    if draw(st.integers(0, 7)) > 0:
        flow = replace(flow, destination=draw(_among(network, target, wanted, world)))
    protocol, ports = claim.service.parts[0]
    flow = replace(flow, source=draw(_among(network, origin, sources, world)), protocol=protocol or flow.protocol)
    if flow.protocol not in (TCP, UDP):
        return origin, replace(flow, source_port=0, destination_port=0)
    bounds = [port for interval in ports for port in (interval.low, interval.high)]
    return origin, replace(flow, destination_port=draw(st.sampled_from(bounds)))


def _among(network: Network, place: Place, addresses: IntervalSet, world: World) -> SearchStrategy[int]:
    known = [address for address in addresses_at(network, place, world) if address in addresses]
    return st.sampled_from(known or [addresses.intervals[0].low, addresses.intervals[-1].high])


_VIA = (Verb.ONLY_VIA, Verb.NOT_VIA)
_WITHOUT_FAILURES = (Verb.SOMETIMES_REACHES, Verb.NEXT_HOP, Verb.GATEWAY)

# Half of the claims that may be under failures are.
_failures: SearchStrategy[Failures | None] = st.none() | st.builds(
    Failures, most=st.integers(1, 3), kinds=st.frozensets(st.sampled_from(FailureKind), min_size=1)
)


@st.composite
def claims(draw: DrawFn, network: Network) -> Claim:
    """Draw a sentence of any verb; the devices that it names are devices of `network`."""
    machines, gateways = tuple(network.machines), tuple(network.gateways)
    # More often those that ask the filters about everything; `LOSES_NO_PACKETS` and the hops ask the routes alone.
    verbs = [*(Verb.REACHES,) * 4, *(Verb.NEVER_REACHES,) * 2, Verb.REACHES_SYMMETRICALLY, Verb.SOMETIMES_REACHES]
    verbs += [Verb.LOSES_NO_PACKETS, Verb.NOT_TRANSITIVE, Verb.NEXT_HOP]
    verbs += [*_VIA] if machines or gateways else []
    verbs += [Verb.GATEWAY] if gateways else []
    verb = draw(st.sampled_from(verbs))
    protocol = draw(st.sampled_from((6, 6, 17, 1, None)))
    ports = draw(port_sets()) if protocol in (TCP, UDP) else ALL_PORTS
    claim = Claim(
        verb=verb,
        pairs=(draw(_ends(network)),),
        service=Service("drawn", ((protocol, ports),)),
        text=f"drawn {verb.value}",
        span=NOWHERE,
        failures=None if verb in _WITHOUT_FAILURES else draw(_failures),
    )
    if verb in _VIA:
        return replace(claim, via=(draw(st.sampled_from((*machines, *gateways))),))
    if verb is Verb.NOT_TRANSITIVE:
        excused = draw(st.lists(st.sampled_from(machines), max_size=1)) if machines else []
        return replace(claim, via=(draw(st.sampled_from(tuple(network.vnets))),), excused=tuple(excused))
    if verb is Verb.NEXT_HOP:
        return replace(claim, expected_hop=draw(_expected_hops(machines, gateways)))
    if verb is Verb.GATEWAY:
        return replace(claim, expected_hop=ExpectedHop(HopKind.GATEWAY, draw(st.sampled_from(gateways))))
    return claim


@st.composite
def _ends(draw: DrawFn, network: Network) -> tuple[EndpointSet, EndpointSet]:
    """Draw both ends of a claim, half of them joined by a user route where there is any."""
    steered = _steered(network)
    if not steered or draw(st.booleans()):
        return draw(endpoint_sets(network)), draw(endpoint_sets(network))
    origin, prefix = draw(st.sampled_from(steered))
    known = Endpoints(network)
    others = [subnet for subnet in network.subnets() if subnet.id != origin.name]
    inside = [known.of_subnet(s) for s in others if prefix.value <= s.prefixes[0].value <= prefix.last]
    led_to = [endpoints for endpoints in inside if endpoints]
    right = draw(st.sampled_from(led_to) if led_to else endpoint_sets(network))
    return known.of_subnet(network.subnet(origin.name)), right


def _expected_hops(machines: Sequence[str], gateways: Sequence[str]) -> SearchStrategy[ExpectedHop]:
    named = [ExpectedHop(HopKind.APPLIANCE, name) for name in machines]
    named += [ExpectedHop(HopKind.GATEWAY, name) for name in gateways]
    return st.sampled_from((*(ExpectedHop(kind) for kind in HopKind), *named))
