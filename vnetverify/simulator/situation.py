"""One network in one world, for one family of addresses: the indexes built once, and who owns an address.

Rules R-ADDR-1, R-ADDR-6, R-ADDR-9, R-PEER-17, R-PEER-18, R-GW-4, R-GW-8, R-UDR-7, R-UDR-8, F-LB-1 and I-FAILURES.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from vnetverify.facts import Uncertainty, Undetermined, World, uncertainty
from vnetverify.header import (
    EVERY_NUMBER,
    Family,
    Interval,
    IntervalSet,
    Prefix,
    address_text,
    addresses_of,
    family_of,
    host_prefix,
)
from vnetverify.model.balancers import Frontend, LoadBalancer, PublicAddress, PublicFrontend
from vnetverify.model.intents import FailureKind, Failures
from vnetverify.model.network import (
    Connection,
    Gateway,
    GatewayKind,
    Network,
    Nic,
    Peering,
    RouteServer,
    Subnet,
    Vnet,
)
from vnetverify.model.planes import family_of_frontend
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.simulator.addressing import (
    Field,
    Impossible,
    Mixed,
    among,
    is_number,
    is_public,
    point,
    some_covers,
)
from vnetverify.simulator.advertising import with_announcements
from vnetverify.simulator.doubted import doubted
from vnetverify.simulator.failures import Element, doubted_in, down_in, peerings_of, with_implied
from vnetverify.simulator.memory import Memory
from vnetverify.simulator.peerings import View, halves_of, mates_of, peers_of, views_of


@dataclass(frozen=True, slots=True)
class Index:
    """The parts of a network by what they are asked for; of a world nothing but what is `down` plays a part here, or is
    `in_doubt`: to ask for what needs that raises `Undetermined`.

    Peerings, mates, connections, Route Servers and public addresses are those of one `family` of addresses (R-ADDR-6).

    `published` are the prefixes of service tags by their names in lower case.

    Where something is, `peers`, `connections` and `connections_of` are without it and without what needs it, and
    `intact` is the index of the network with everything up.
    """

    network: Network
    family: Family
    subnets: Mapping[str, Subnet]
    nics: Mapping[str, Nic]
    holders: Mapping[tuple[str, int], Nic]
    frontends: Mapping[tuple[str, int], tuple[LoadBalancer, Frontend]]
    endpoints: Mapping[tuple[str, int], PrivateEndpoint]
    occupied: Mapping[str, tuple[int, ...]]
    halves: Mapping[tuple[str, str], Peering]
    peers: Mapping[str, Collection[str]]
    views: Mapping[tuple[str, str], View]
    mates: Mapping[str, tuple[str, ...]]
    gateways_of: Mapping[str, tuple[Gateway, ...]]
    connections: Collection[Connection]
    connections_of: Mapping[str, Collection[Connection]]
    members: Mapping[str, IntervalSet]
    published: Mapping[str, tuple[Prefix, ...]]
    public_holders: tuple[tuple[Nic, PublicAddress], ...]
    public_frontends: tuple[tuple[LoadBalancer, PublicFrontend], ...]
    known_public: frozenset[int]
    route_servers: tuple[RouteServer, ...]
    memory: Memory
    down: tuple[Element, ...] = ()
    in_doubt: tuple[Element, ...] = ()
    intact: Index | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """A network in a world, and the facts asked for so far in answering one question."""

    index: Index
    world: World
    asked: list[Uncertainty] = field(default_factory=list)

    @property
    def network(self) -> Network:
        return self.index.network

    @property
    def family(self) -> Family:
        return self.index.family

    def holds(self, fact: Uncertainty) -> bool:
        """Return the world's value of `fact` and remember that it was asked for. Raises `Undetermined`."""
        value = self.world.holds(fact)
        self.asked.append(fact)
        return value

    def asked_since(self, mark: int) -> tuple[Uncertainty, ...]:
        """Return the facts asked for since the log had `mark` lines, each once."""
        return tuple(dict.fromkeys(self.asked[mark:]))

    def vnet(self, name: str) -> Vnet:
        return self.network.vnets[name]

    @property
    def with_everything_up(self) -> Situation:
        """The same world were nothing down: owners of next hops and tags are as there."""
        return self if self.index.intact is None else Situation(self.index.intact, self.world, self.asked)

    def is_down(self, kind: FailureKind, name: str) -> Element | None:
        """Return the element of this kind and name if it is down (I-FAILURES). Raises `Undetermined`."""
        for element in self.index.in_doubt:
            if (element.kind, element.name) == (kind, name):
                raise Undetermined(element.is_down)
        return next((element for element in self.index.down if (element.kind, element.name) == (kind, name)), None)


_KEPT = 16
# Of one network: its index with everything up comes first.
_latest: dict[Family, list[Index]] = {family: [] for family in Family}


def situation_of(network: Network, world: World, family: Family, failures: Failures | None = None) -> Situation:
    """Return what packets of `family` find of `network` in `world`, which may take down what `failures` let fail.

    The index of the network asked about last is kept, and those of what was down in it lately. What the world has sites
    announce stands in place of what they are declared to (R-GW-8).
    """
    network, latest = with_announcements(network, world), _latest[family]
    kept = tuple(latest)  # another thread may ask about another network meanwhile
    if not kept or kept[0].network is not network:
        kept = (index_of(network, family),)
        latest[:] = kept
    intact, *without_some = kept
    down, in_doubt = down_in(network, world, failures), doubted_in(network, world, failures)
    if not down and not in_doubt:
        return Situation(intact, world)
    fallen = next((each for each in without_some if (each.down, each.in_doubt) == (down, in_doubt)), None)
    if fallen is None:
        fallen = _without(intact, down, in_doubt)
        latest[:] = [intact, fallen, *without_some][:_KEPT]
    return Situation(fallen, world)


def _without(intact: Index, down: tuple[Element, ...], in_doubt: tuple[Element, ...]) -> Index:
    """Return the index of the network without what is down, where what is in doubt may be (I-FAILURES)."""
    fallen, peerings = set(down), peerings_of(intact.network)
    doubts = {element: element.is_down for element in in_doubt}

    def joined(vnet: str, others: Collection[str]) -> Iterator[tuple[str, Uncertainty | None]]:
        for other in others:
            peering = peerings[frozenset((vnet, other))]
            if peering not in fallen:
                yield other, doubts.get(peering)

    needs = ((connection, _needed(connection)) for connection in intact.connections)
    left = [
        (connection, next((doubts[each] for each in needed if each in doubts), None))
        for connection, needed in needs
        if fallen.isdisjoint(needed)
    ]
    ends = {
        gateway: doubted((end, doubt) for end, doubt in left if gateway in (end.gateway, end.remote_gateway))
        for gateway in intact.connections_of
    }
    return replace(
        intact,
        occupied=with_implied(intact.occupied, (*down, *in_doubt)),
        peers={vnet: doubted(joined(vnet, others)) for vnet, others in intact.peers.items()},
        connections=doubted(left),
        connections_of=ends,
        memory=Memory(),
        down=down,
        in_doubt=in_doubt,
        intact=intact,
    )


def _needed(connection: Connection) -> tuple[Element, ...]:
    """Return what a connection needs: itself, and the gateways at its ends."""
    ends = (name for name in (connection.gateway, connection.remote_gateway) if name is not None)
    return Element(FailureKind.CONNECTION, connection.name), *(Element(FailureKind.GATEWAY, end) for end in ends)


def index_of(network: Network, family: Family) -> Index:
    """Return the indexes of `network` for packets of `family`, each in order of declaration (R-ADDR-6)."""
    halves = halves_of(network)
    peers = peers_of(network, halves, family)
    nics = network.nics()
    connections = tuple(end for end in network.connections if carries(network, network.gateways[end.gateway], family))
    return Index(
        network=network,
        family=family,
        subnets={subnet.id: subnet for subnet in network.subnets()},
        nics={nic.name: nic for nic in nics},
        holders={(nic.vnet, address): nic for nic in reversed(nics) for address in nic.addresses},
        frontends=_frontends(network),
        endpoints={(e.vnet, address): e for e in network.private_endpoints.values() for address in e.addresses},
        occupied=_occupied(network),
        halves=halves,
        peers=peers,
        views=views_of(network, halves, peers),
        mates=mates_of(network, peers),
        gateways_of=_gateways_of(network),
        connections=connections,
        connections_of=_connections_of(connections),
        members=_members(nics),
        published={tag.casefold(): prefixes for tag, prefixes in network.service_tags.items()},
        public_holders=tuple(_public_holders(network, family)),
        public_frontends=tuple(_public_frontends(network, family)),
        known_public=_known_public(network, family),
        route_servers=network.route_servers if family is Family.IPV4 else (),
        memory=Memory(),
    )


def _frontends(network: Network) -> dict[tuple[str, int], tuple[LoadBalancer, Frontend]]:
    """Return the frontends of load balancers by vnet and address; of two at one the first declared (F-LB-1)."""
    frontends: dict[tuple[str, int], tuple[LoadBalancer, Frontend]] = {}
    for balancer in network.load_balancers.values():
        for frontend in balancer.frontends:
            frontends.setdefault((frontend.vnet, frontend.address), (balancer, frontend))
    return frontends


def _occupied(network: Network) -> dict[str, tuple[int, ...]]:
    """Return the addresses by vnet at which something is declared, in order."""
    taken: dict[str, set[int]] = {}
    for nic in network.nics():
        taken.setdefault(nic.vnet, set()).update(nic.addresses)
    for balancer in network.load_balancers.values():
        for frontend in balancer.frontends:
            taken.setdefault(frontend.vnet, set()).add(frontend.address)
    for endpoint in network.private_endpoints.values():
        taken.setdefault(endpoint.vnet, set()).update(endpoint.addresses)
    return {vnet: tuple(sorted(addresses)) for vnet, addresses in taken.items()}


def carries(network: Network, gateway: Gateway, family: Family) -> bool:
    """Hold when packets of `family` pass the gateway: IPv6 asks for ExpressRoute and its subnet (R-ADDR-6)."""
    subnet = network.vnets[gateway.vnet].gateway_subnet
    is_dual = subnet is not None and any(prefix.family is Family.IPV6 for prefix in subnet.prefixes)
    return family is Family.IPV4 or (is_dual and gateway.kind is not GatewayKind.VPN)


def _public_holders(network: Network, family: Family) -> Iterator[tuple[Nic, PublicAddress]]:
    """Yield the interfaces with their public addresses, then the further ones of firewalls, which are of IPv4."""
    for nic in network.nics():
        public = public_of(nic, family)
        if public is not None and first_address(nic, family) is not None:
            yield nic, public
    for machine in network.machines.values() if family is Family.IPV4 else ():
        further = () if machine.firewall is None else machine.firewall.public_addresses
        yield from ((nic, public) for nic in machine.nics[:1] for public in further)


def _public_frontends(network: Network, family: Family) -> Iterator[tuple[LoadBalancer, PublicFrontend]]:
    for balancer in network.load_balancers.values():
        for frontend in balancer.public_frontends:
            if family_of_frontend(frontend) is family:
                yield balancer, frontend


def _known_public(network: Network, family: Family) -> frozenset[int]:
    """Return the public addresses that are declared."""
    held = (public for _, public in _public_holders(network, family))
    fronts = (frontend.public_address for _, frontend in _public_frontends(network, family))
    return frozenset(public.address for public in (*held, *fronts) if public.address is not None)


def public_of(nic: Nic, family: Family) -> PublicAddress | None:
    """Return the interface's public address of this family (R-ADDR-6)."""
    return nic.public_address if family is Family.IPV4 else nic.public_ipv6


def first_address(nic: Nic, family: Family) -> int | None:
    """Return the interface's first address of this family, None where it has none."""
    return next((address for address in nic.addresses if family_of(address) is family), None)


def _gateways_of(network: Network) -> dict[str, tuple[Gateway, ...]]:
    gateways: dict[str, list[Gateway]] = {}
    for gateway in network.gateways.values():
        gateways.setdefault(gateway.vnet, []).append(gateway)
    return {vnet: tuple(those) for vnet, those in gateways.items()}


def _connections_of(connections: tuple[Connection, ...]) -> dict[str, tuple[Connection, ...]]:
    """Return the connections by gateway; one between two gateways is an end of both."""
    ends: dict[str, list[Connection]] = {}
    for connection in connections:
        ends.setdefault(connection.gateway, []).append(connection)
        if connection.remote_gateway is not None:
            ends.setdefault(connection.remote_gateway, []).append(connection)
    return {gateway: tuple(those) for gateway, those in ends.items()}


def _members(nics: tuple[Nic, ...]) -> dict[str, IntervalSet]:
    """Return the addresses of each application security group's members (F-ASG-1)."""
    prefixes: dict[str, list[Prefix]] = {}
    for nic in nics:
        for group in nic.asgs:
            prefixes.setdefault(group, []).extend(map(host_prefix, nic.addresses))
    return {group: addresses_of(those) for group, those in prefixes.items()}


def half(situation: Situation, local: str, remote: str) -> Peering:
    """Return what `local` says about `remote`, implied or declared. Raises KeyError when there is no such half."""
    return situation.index.halves[local, remote]


def direct(situation: Situation, vnet: str) -> tuple[str, ...]:
    """Return `vnet` and those it has a usable peering with, itself first."""
    return (vnet, *situation.index.peers[vnet])


def uses(situation: Situation, spoke: str, hub: str) -> bool:
    """Hold when `spoke` uses the gateways of `hub` (R-GW-4)."""
    if hub not in situation.index.peers[spoke]:
        return False
    return half(situation, spoke, hub).use_remote_gateways and half(situation, hub, spoke).allow_gateway_transit


def view(situation: Situation, vnet: str, peer: str) -> View:
    """Return what `vnet` sees of `peer`. Raises KeyError where they have no usable peering."""
    return situation.index.views[vnet, peer]


def are_mates(situation: Situation, vnet: str, other: str) -> bool:
    """Hold when a connected group alone joins the two (R-CG-1)."""
    return other in situation.index.mates[vnet]


def is_cut_off(situation: Situation, vnet: str, other: str) -> bool:
    """Hold when a peering that is down parts the two, and nothing else joins them (I-FAILURES)."""
    return other != vnet and other not in situation.index.peers[vnet] and not are_mates(situation, vnet, other)


def route_servers_for(situation: Situation, vnet: str) -> tuple[RouteServer, ...]:
    """Return the Route Servers whose routes `vnet` gets: its own, then those of hubs it uses (R-GW-19)."""
    servers = situation.index.route_servers
    own_servers = tuple(server for server in servers if server.vnet == vnet)
    return own_servers + tuple(server for server in servers if uses(situation, vnet, server.vnet))


def owner(situation: Situation, vnet: str, address: Interval) -> str | None:
    """Return the vnet that holds `address` as seen from `vnet`: itself, else the only such peer, else mate (R-ADDR-9).

    It looks in all that `vnet` may see of its peers: doubtful ranges too, participating subnets alone. A peering
    that is down does not change who holds an address (I-FAILURES). One of the other family is nobody's (R-ADDR-6).
    """
    if family_of(address.low) is not situation.family:
        return None
    if some_covers(situation.vnet(vnet).address_space, address):
        return vnet
    index = situation.with_everything_up.index
    holders = [peer for peer in index.peers[vnet] if some_covers(index.views[vnet, peer].prefixes, address)]
    if not holders:
        holders = [mate for mate in index.mates[vnet] if some_covers(situation.vnet(mate).address_space, address)]
    return holders[0] if len(holders) == 1 else None


def next_hop_owner(situation: Situation, vnet: str, address: Interval) -> str | None:
    """Return the vnet of a next hop that is directly connected to `vnet`; a mate is where a fact says so (R-UDR-8)."""
    found = owner(situation, vnet, address)
    doubt = None if found is None else doubt_of_nearness(situation, vnet, found, address)
    return found if doubt is None or situation.holds(doubt) else None


def doubt_of_nearness(situation: Situation, vnet: str, holder: str, address: Interval) -> Uncertainty | None:
    """Return on what it turns whether the owner of a next hop is directly connected; None where it surely is (R-UDR-8).

    A mate is by a fact of its own, a peer that is not in sync as its routes for the range are there (R-PEER-17).
    """
    if are_mates(situation, vnet, holder):
        return uncertainty("U-R-UDR-8-CG")
    seen = situation.with_everything_up.index.views.get((vnet, holder))
    if seen is None or some_covers(seen.sure, address):
        return None
    return uncertainty("U-R-PEER-17", seen.half.id)


def peers_holding(situation: Situation, vnet: str, address: Interval) -> tuple[str, ...]:
    """Return the peers of `vnet` in whose space `address` lies: where its peering joins it to one, that alone.

    Networks that are peered by subnets may overlap elsewhere (R-PEER-24).
    """
    peers = situation.index.peers[vnet]
    held = tuple(peer for peer in peers if some_covers(situation.vnet(peer).address_space, address))
    return tuple(peer for peer in held if some_covers(joined_to(situation, vnet, peer), address)) or held


def joined_to(situation: Situation, vnet: str, peer: str) -> tuple[Prefix, ...]:
    """Return the ranges that a peering joins to `vnet`: of a peering of subnets those that take part (R-PEER-18)."""
    seen = view(situation, vnet, peer)
    return situation.vnet(peer).address_space if seen.subnets is None else seen.sure


def mates_holding(situation: Situation, vnet: str, address: Interval) -> tuple[str, ...]:
    """Return the mates of `vnet` in whose space `address` lies."""
    mates = situation.index.mates[vnet]
    return tuple(mate for mate in mates if some_covers(situation.vnet(mate).address_space, address))


def holder_of_public(situation: Situation, address: Interval) -> tuple[Nic, PublicAddress] | None:
    """Return the interface whose public address is `address`, with that (R-TRAF-10).

    An address that is not declared is the world's; a world that is not partial and names none has no such holder.
    """
    for nic, declared in situation.index.public_holders:
        if _is_at(situation, declared, declared.name, address):
            return nic, declared
    return None


def frontend_at_public(situation: Situation, address: Interval) -> tuple[LoadBalancer, PublicFrontend] | None:
    """Return the public frontend whose address is `address`, with its load balancer (F-LB-2).

    One that is not declared is the world's by the name `balancer/frontend`.
    """
    for balancer, frontend in situation.index.public_frontends:
        if _is_at(situation, frontend.public_address, f"{balancer.name}/{frontend.name}", address):
            return balancer, frontend
    return None


def _is_at(situation: Situation, public: PublicAddress, name: str, address: Interval) -> bool:
    """Hold when the public address is `address`: as declared, else as the world has it. Raises `Mixed`."""
    if public.address is not None:
        return is_number(address, public.address)
    if not situation.world.partial or name in situation.world.addresses:
        number = situation.world.addresses.get(name)
        return number is not None and is_number(address, number)
    if not is_public(address) or among(address, situation.index.known_public) is not None:
        return False
    return situation.holds(_meeting(address, f"public {name}"))  # which may be called `source` or as an address


def world_address(situation: Situation, name: str, among_these: IntervalSet) -> Interval | None:
    """Return the address the world gives to `name`, None where it gives none; where it is left open, one of these.

    Raises `Mixed` where these do not lie together, `Impossible` where none of them is where the world says.
    """
    number = situation.world.addresses.get(name)
    if number is not None or not situation.world.partial:
        return None if number is None else point(number)
    span = situation.world.spans.get(name, EVERY_NUMBER)
    pieces = (among_these & IntervalSet((span,))).intervals
    if not pieces:
        raise Impossible
    if len(pieces) > 1:
        raise Mixed(Field(span.low, span.high, name), pieces[1].low)
    return Field(pieces[0].low, pieces[0].high, name)


def is_same(situation: Situation, one: Interval, other: Interval) -> bool:
    """Hold when the two are one number; of two that only may be a fact of the flow says so. Raises `Undetermined`."""
    if isinstance(one, Field) and isinstance(other, Field) and one.of == other.of:
        return True
    if one.high < other.low or other.high < one.low:
        return False
    if one.low == one.high == other.low == other.high:
        return True
    return situation.holds(_meeting(one, other.name if isinstance(other, Field) else address_text(other.low)))


def _meeting(one: Interval, other: str) -> Uncertainty:
    """Return the fact that the two, of one flow in one world, are one number."""
    named = one.name if isinstance(one, Field) else address_text(one.low)
    return Uncertainty("ARE-ONE", tuple(sorted((named, other))))


def occupied(situation: Situation, vnet: str, address: Interval) -> int | None:
    """Return the number that `address` is, None where it is several at none of which anything declared stands.

    Raises `Mixed` where something does stand at some of them.
    """
    if address.low == address.high:
        return address.low
    return among(address, situation.index.occupied.get(vnet, ()))
