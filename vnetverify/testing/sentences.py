"""Strategies for sentences about a network: claims of every verb, with what may fail and what may be announced."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.header import ALL_PORTS, TCP, UDP, Interval, IntervalSet, host_prefix
from vnetverify.model.arrivals import arriving_claim
from vnetverify.model.endpoints import Endpoints
from vnetverify.model.intents import (
    OF_ABSENCE,
    Claim,
    EgressKind,
    EndpointSet,
    ExpectedEgress,
    ExpectedHop,
    FailureKind,
    Failures,
    HopKind,
    Verb,
)
from vnetverify.model.network import Network, Service
from vnetverify.source import NOWHERE
from vnetverify.testing.aims import Aim, Pair, aims, fitting
from vnetverify.testing.lists import port_sets
from vnetverify.testing.rates import LIMITS
from vnetverify.testing.strategies import endpoint_sets, steered, translated_ports
from vnetverify.testing.switches import EVERY_CONSTRUCT, Construct
from vnetverify.testing.worlds import advertisings

_VIA = (Verb.ONLY_VIA, Verb.NOT_VIA)
_QUALITIES = (Verb.BOTTLENECK, Verb.LOCAL_LATENCY, Verb.CROSSES_AT_MOST)
_WITHOUT_FAILURES = (Verb.SOMETIMES_REACHES, Verb.NEXT_HOP, Verb.GATEWAY, Verb.EGRESS)

# Half of the claims that may be under failures are.
_failures: SearchStrategy[Failures | None] = st.none() | st.builds(
    Failures, most=st.integers(1, 3), kinds=st.frozensets(st.sampled_from(FailureKind), min_size=1)
)


@st.composite
def claims(draw: DrawFn, network: Network, constructs: Set[Construct] = EVERY_CONSTRUCT) -> Claim:
    """Draw a sentence of any verb that is on; the devices that it names are devices of `network`."""
    machines, gateways = tuple(network.machines), tuple(network.gateways)
    # More often those that ask the filters about everything; `LOSES_NO_PACKETS` and the hops ask the routes alone.
    verbs = [*(Verb.REACHES,) * 4, *(Verb.NEVER_REACHES,) * 2, Verb.REACHES_SYMMETRICALLY, Verb.SOMETIMES_REACHES]
    verbs += [Verb.LOSES_NO_PACKETS, Verb.NOT_TRANSITIVE, Verb.NEXT_HOP]
    verbs += [*_VIA] if machines or gateways else []
    verbs += [Verb.GATEWAY] if gateways else []
    verbs += [Verb.EGRESS] * 2 if Construct.EGRESS in constructs else []
    verbs += 2 * _QUALITIES if Construct.QUALITIES in constructs else ()
    verb = draw(st.sampled_from(verbs))
    aim = draw(aims(network, verb in (*_VIA, *_QUALITIES)) if draw(st.booleans()) else _about_sets(network))
    open_to_sites = advertisings(network) if Construct.ADVERTISING in constructs else None
    claim = Claim(
        verb=verb,
        pairs=(aim.pair,),
        service=aim.service,
        text=f"drawn {verb.value}",
        span=NOWHERE,
        failures=None if verb in _WITHOUT_FAILURES else draw(_failures),
    )
    if open_to_sites is not None and verb is not Verb.SOMETIMES_REACHES and draw(st.booleans()):
        claim = replace(claim, advertising=draw(open_to_sites))
    if verb in _VIA:
        claim = replace(claim, via=(draw(st.sampled_from((*machines, *gateways))),))
    if verb is Verb.NOT_TRANSITIVE:
        excused = draw(st.lists(st.sampled_from(machines), max_size=1)) if machines else []
        claim = replace(claim, via=(draw(st.sampled_from(tuple(network.vnets))),), excused=tuple(excused))
    if verb in OF_ABSENCE and draw(st.booleans()) and draw(st.booleans()):
        claim = replace(claim, unfiltered=True)
    arriving = arriving_claim(network, claim)
    if arriving is not None and all(right for _, right in arriving.pairs) and draw(st.booleans()):
        return arriving
    if verb is Verb.NEXT_HOP:
        expected = _expected_hops(machines, gateways)
        return draw(fitting(network, aim, [replace(claim, expected_hop=hop) for hop in expected]))
    if verb is Verb.EGRESS:
        right = draw(st.sampled_from((Endpoints(network).of_internet(), claim.pairs[0][1])))
        claim = replace(claim, pairs=((claim.pairs[0][0], right),))
        return draw(fitting(network, aim, [replace(claim, expected_egress=e) for e in _expected_egresses(network)]))
    if verb in _QUALITIES and aim.example is None and draw(st.booleans()):
        claim = replace(claim, pairs=(draw(_far_ends(network, claim.pairs[0])),))
    if verb is Verb.BOTTLENECK:
        stated = [machine.bandwidth for machine in network.machines.values()]
        stated += [gateway.bandwidth for gateway in network.gateways.values()]
        missed = tuple(rate + 1 for rate in stated if rate is not None)
        return replace(claim, limit=draw(st.sampled_from(missed or LIMITS) | st.sampled_from(LIMITS)))
    if verb is Verb.CROSSES_AT_MOST:
        return replace(claim, limit=draw(st.sampled_from((0, 0, 0, 1, 2))))
    if verb is Verb.GATEWAY:
        hops = [ExpectedHop(HopKind.GATEWAY, gateway) for gateway in gateways]
        return draw(fitting(network, aim, [replace(claim, expected_hop=hop) for hop in hops]))
    return claim


@st.composite
def _about_sets(draw: DrawFn, network: Network) -> Aim:
    """Draw ends and a service on their own: of what is drawn so, much is refuted at once and hardly anything proved."""
    protocol = draw(st.sampled_from((6, 6, 17, 1, None)))
    ports = draw(_ports(network)) if protocol in (TCP, UDP) else ALL_PORTS
    return Aim(draw(_ends(network)), Service("drawn", ((protocol, ports),)))


@st.composite
def _far_ends(draw: DrawFn, network: Network, pair: Pair) -> Pair:
    """Draw ends that packets come to by some way: two networks with a peering, anywhere, or those of `pair`."""
    known = Endpoints(network)
    across = [(half.local, half.remote) for half in network.peerings]
    kind = draw(st.integers(0, 3))
    if kind > 1 and across:
        local, remote = draw(st.sampled_from(across))
        return known.of_vnet(network.vnets[local]), known.of_vnet(network.vnets[remote])
    return (pair[0], known.everywhere()) if kind == 1 else pair


def _ports(network: Network) -> SearchStrategy[IntervalSet]:
    """Draw ports near the bounds of rules, or now and then one that a load balancer listens at."""
    listened = [r.port for balancer in network.load_balancers.values() for r in balancer.rules if r.port is not None]
    listened += translated_ports(network)
    if not listened:
        return port_sets()
    return port_sets() | st.sampled_from(listened).map(lambda port: IntervalSet((Interval(port, port),)))


@st.composite
def _ends(draw: DrawFn, network: Network) -> Pair:
    """Draw both ends of a claim: a third towards a frontend or private endpoint, half of the others along a user route,
    where there is any."""
    ways, known = steered(network), Endpoints(network)
    balancers, endpoints = network.load_balancers.values(), network.private_endpoints.values()
    standing = [(known.of_load_balancer(one), one.frontends[0].vnet) for one in balancers if one.frontends]
    standing += [(known.of_private_endpoint(endpoint), endpoint.vnet) for endpoint in endpoints]
    if standing and draw(st.integers(0, 2)) == 0:
        right, vnet = draw(st.sampled_from(standing))
        near = {vnet, *(half.remote for half in network.peerings if half.local == vnet)}
        senders = [known.of_subnet(subnet) for subnet in network.subnets() if subnet.vnet in near]
        return draw(st.sampled_from([sender for sender in senders if sender])), right
    seen = [known.of_load_balancer(balancer) for balancer in balancers if balancer.public_frontends]
    seen += [known.of_machine(machine) for machine in network.machines.values() if machine.firewall is not None]
    if seen and draw(st.integers(0, 2)) == 0:
        return draw(st.sampled_from((known.of_internet(), known.everywhere()))), draw(st.sampled_from(seen))
    targets = _translated_ends(network, known)
    if targets and ways and draw(st.booleans()):
        senders = [known.of_subnet(network.subnet(place.name)) for place, _ in ways]
        return draw(st.sampled_from((*senders, known.of_internet()))), draw(st.sampled_from(targets))
    if not ways or draw(st.booleans()):
        return draw(endpoint_sets(network)), draw(endpoint_sets(network))
    origin, prefix = draw(st.sampled_from(ways))
    others = [subnet for subnet in network.subnets() if subnet.id != origin.name]
    inside = [known.of_subnet(s) for s in others if any(prefix.value <= p.value <= prefix.last for p in s.prefixes)]
    led_to = [endpoints for endpoints in inside if endpoints]
    right = draw(st.sampled_from(led_to) if led_to else endpoint_sets(network))
    return known.of_subnet(network.subnet(origin.name)), right


def _translated_ends(network: Network, known: Endpoints) -> list[EndpointSet]:
    """Return where packets end that go by a firewall which translates: its targets, itself, and around it."""
    firewalls = [machine for machine in network.machines.values() if machine.firewall is not None]
    if not firewalls:
        return []
    told = [rule.translation for machine in firewalls if machine.firewall for rule in machine.firewall.rules]
    targets = [known.in_prefix(host_prefix(translation.address)) for translation in told if translation is not None]
    around = [known.of_subnet(subnet) for subnet in network.subnets()]
    around += [known.of_site(site) for site in network.sites.values()]
    ends = (*targets * 2, *map(known.of_machine, firewalls), *around, known.of_internet(), known.everywhere())
    return [end for end in ends if end]


def _expected_hops(machines: Sequence[str], gateways: Sequence[str]) -> tuple[ExpectedHop, ...]:
    named = [ExpectedHop(HopKind.APPLIANCE, name) for name in machines]
    named += [ExpectedHop(HopKind.GATEWAY, name) for name in gateways]
    return (*(ExpectedHop(kind) for kind in HopKind), *named)


def _expected_egresses(network: Network) -> tuple[ExpectedEgress, ...]:
    named = [ExpectedEgress(EgressKind.APPLIANCE, name) for name in network.machines]
    named += [ExpectedEgress(EgressKind.SITE, name) for name in network.sites]
    named += [ExpectedEgress(EgressKind.NAT_GATEWAY, name) for name in network.nat_gateways]
    named += [ExpectedEgress(EgressKind.LOAD_BALANCER, name) for name in network.load_balancers]
    return (*(ExpectedEgress(kind) for kind in EgressKind), *named)
