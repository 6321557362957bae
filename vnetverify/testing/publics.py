"""Strategies for what the Internet sees of a load balancer: public frontends, NAT rules, outbound rules; and for
private link services, by which endpoints elsewhere see an internal frontend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.header import TCP, UDP, Family, family_of, parse_address
from vnetverify.model.balancers import (
    LoadBalancer,
    LoadBalancingRule,
    OutboundRule,
    Probe,
    PublicAddress,
    PublicFrontend,
    Sku,
)
from vnetverify.model.network import Network
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService
from vnetverify.testing.balancers import PORTS_LISTENED, addresses_in
from vnetverify.testing.places import free_address, host_subnets

_KNOWN = (parse_address("43.0.0.1"), parse_address("43.0.0.2"))


# -- public frontends -------------------------------------------------------------------------------------


@st.composite
def with_public_frontends(draw: DrawFn, network: Network) -> Network:
    """Draw `network` with a load balancer whose frontends are public, before interfaces that it has."""
    nics = [nic for nic in network.nics() if not nic.subnet.casefold().startswith("azurefirewall")]
    nics = [nic for nic in nics if addresses_in(nic, Family.IPV4)]
    if not nics:
        return network
    vnet = draw(st.sampled_from([nic.vnet for nic in nics]))
    names = tuple(nic.name for nic in nics if nic.vnet == vnet)
    balancer = draw(_balancers("lp", names))
    return replace(network, load_balancers={**network.load_balancers, balancer.name: balancer})


@st.composite
def _balancers(draw: DrawFn, name: str, nics: Sequence[str]) -> LoadBalancer:
    sku = draw(st.sampled_from((Sku.STANDARD, Sku.STANDARD, Sku.BASIC, None)))
    frontends, rules = [], []
    for number in range(draw(st.sampled_from((1, 1, 2)))):
        known = draw(st.sampled_from((None, _KNOWN[number])))
        frontend = PublicFrontend(f"p{number}", PublicAddress(f"{name}/p{number}", sku, known))
        frontends.append(frontend)
        asked = draw(st.lists(_services, max_size=3, unique=True))
        rules += [draw(_rules(f"{frontend.name}-{i}", frontend.name, nics, *one)) for i, one in enumerate(asked)]
    outbound = draw(_outbound_rules(tuple(frontend.name for frontend in frontends), nics))
    return LoadBalancer(name, sku, (), tuple(rules), tuple(frontends), outbound if sku is not Sku.BASIC else ())


_services = st.tuples(st.sampled_from((TCP, TCP, UDP)), st.sampled_from(PORTS_LISTENED))


@st.composite
def _rules(draw: DrawFn, name: str, frontend: str, nics: Sequence[str], protocol: int, port: int) -> LoadBalancingRule:
    """Draw an inbound NAT rule, or one with members, some of them up or down whatever the probe says."""
    backend_port = draw(st.sampled_from((port, port, *PORTS_LISTENED)))
    if draw(st.integers(0, 3)) == 0:
        member = (draw(st.sampled_from(nics)),)
        return LoadBalancingRule(name, frontend, protocol, port, member, backend_port, is_inbound_nat=True)
    members = tuple(draw(st.lists(st.sampled_from(nics), min_size=1, max_size=3, unique=True)))
    rule = LoadBalancingRule(
        name,
        frontend,
        protocol,
        port,
        members,
        backend_port,
        probe=draw(st.sampled_from((None, Probe(80), Probe(443), Probe(22)))),
        floating_ip=draw(st.booleans()),
        gives_egress=draw(st.booleans()),
    )
    return draw(with_states(rule))


@st.composite
def with_states(draw: DrawFn, rule: LoadBalancingRule) -> LoadBalancingRule:
    """Draw what a rule with a probe says of members and of there being none."""
    if rule.probe is None:
        return rule
    states = {nic: draw(st.sampled_from(("none", "none", "up", "down"))) for nic in rule.members}
    return replace(
        rule,
        probe=replace(rule.probe, all_when_none=draw(st.booleans())),
        always_up=tuple(nic for nic, state in states.items() if state == "up"),
        down=tuple(nic for nic, state in states.items() if state == "down"),
    )


@st.composite
def _outbound_rules(draw: DrawFn, frontends: tuple[str, ...], nics: Sequence[str]) -> tuple[OutboundRule, ...]:
    if draw(st.booleans()):
        return ()
    members = draw(st.lists(st.sampled_from(nics), min_size=1, max_size=2, unique=True))
    return (OutboundRule("out", frontends, draw(st.sampled_from((None, TCP, UDP))), tuple(members)),)


# -- private link services --------------------------------------------------------------------------------


@st.composite
def with_private_links(draw: DrawFn, network: Network) -> Network:
    """Draw whether an internal frontend of IPv4 is offered by a private link service, and endpoints that lead to it."""
    offered = [
        (balancer.name, frontend.name, frontend.vnet)
        for balancer in network.load_balancers.values()
        for frontend in balancer.frontends
        if balancer.sku is not Sku.BASIC and family_of(frontend.address) is Family.IPV4
    ]
    if not offered:
        return network
    balancer, frontend, vnet = draw(st.sampled_from(offered))
    places = [s for s in host_subnets(network, vnet) if free_address(network, s, Family.IPV4) is not None]
    if not places:
        return network
    place = draw(st.sampled_from(places))
    first = free_address(network, place, Family.IPV4)
    assert first is not None
    second = free_address(network, place, Family.IPV4, (first,))
    addresses = (first,) if second is None or draw(st.booleans()) else (first, second)
    service = PrivateLinkService("pls", balancer, frontend, place.vnet, place.name, addresses)
    network = replace(network, private_link_services={service.name: service})
    return draw(_with_endpoints_of(network, service))


@st.composite
def _with_endpoints_of(draw: DrawFn, network: Network, service: PrivateLinkService) -> Network:
    """Draw which endpoints lead to the service: one of its own in whatever network, and others that are there."""
    links = {
        name: replace(endpoint, link_service=service.name if draw(st.booleans()) else None)
        for name, endpoint in network.private_endpoints.items()
    }
    network = replace(network, private_endpoints=links)
    subnets = [s for vnet in network.vnets for s in host_subnets(network, vnet)]
    free = [(s, a) for s in subnets if (a := free_address(network, s, Family.IPV4, service.addresses)) is not None]
    if not free:
        return network
    subnet, address = draw(st.sampled_from(free))
    own = PrivateEndpoint("linked", subnet.vnet, subnet.name, (address,), link_service=service.name)
    return replace(network, private_endpoints={**network.private_endpoints, own.name: own})
