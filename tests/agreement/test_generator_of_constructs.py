"""The strategies find what is interesting about each construct; measured over one seeded campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from tests.agreement.drawn import samples
from vnetverify.facts import World, uncertainty
from vnetverify.header import EVERY_IPV6, Family, Flow, Prefix, family_of
from vnetverify.model.balancers import Sku
from vnetverify.model.firewalls import FirewallRuleKind
from vnetverify.model.intents import Claim, PlaceKind
from vnetverify.model.network import AdminScope, Network
from vnetverify.model.planes import has_ipv6
from vnetverify.simulator.advertising import open_connections
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.positions import Delivered, Dropped
from vnetverify.simulator.walk import Conversation, converse
from vnetverify.testing.worlds import Choices


@cache
def shapes() -> Counter[str]:
    """Return how many networks show what."""
    seen: Counter[str] = Counter()
    for sample in samples():
        seen.update(("network", *traits(sample.network)))
    return seen


@cache
def campaign() -> Counter[str]:
    """Return how many flows and claims show what."""
    seen: Counter[str] = Counter()
    for sample in samples():
        network, claim, world = sample.network, sample.claim, sample.world
        for walk in sample.anywhere:
            seen.update(("flow", *features(network, walk.flow, walk.conversation)))
            records = converse(network, walk.origin, walk.flow, _with_records(world, not _keeps_records(world)))
            seen.update(("by a record",) if records.established is not walk.conversation.established else ())
        for walk in sample.asked:
            asked = in_question(network, claim, walk.origin, walk.flow, world)
            violated = violates(network, claim, walk.origin, walk.flow, world) is not None
            seen.update(("claim", *answers(network, claim, walk.flow, asked, violated)))
    return seen


def _keeps_records(world: World) -> bool:
    return not world.holds(uncertainty("U-AASTATE"))


def _with_records(world: World, kept: bool) -> World:
    """Return the world with or without records of what admin rules always allow (F-ADM-18)."""
    seed = world.facts.seed if isinstance(world.facts, Choices) else None
    fixed = (("U-AASTATE", not kept),)
    return replace(world, facts=dict(fixed) if seed is None else Choices(seed, fixed))


def traits(network: Network) -> set[str]:
    routes = [route for table in network.route_tables.values() for route in table.routes]
    balancers = network.load_balancers.values()
    rules = [rule for balancer in balancers for rule in balancer.rules]
    told = [rule for m in network.machines.values() if m.firewall is not None for rule in m.firewall.rules]
    frontends = {f.address for balancer in network.load_balancers.values() for f in balancer.frontends}
    ends = {address for endpoint in network.private_endpoints.values() for address in endpoint.addresses}
    around = [r for r in routes for a in ends if r.prefix.value <= a <= r.prefix.last and 0 < r.prefix.length]
    nics = network.nics()
    skus = {balancer.sku for balancer in network.load_balancers.values()}
    policies = {s.private_endpoint_policies for s in network.subnets() if s.private_endpoint_policies is not None}
    managed = [machine for machine in network.machines.values() if machine.is_managed]
    hops = {route.next_hop_address for route in routes}
    admin = [(collection, rule) for collection in network.admin_rules for rule in collection.rules]
    ties = [
        one
        for one, first in admin
        for other, second in admin
        if one.manager == other.manager
        and first.priority == second.priority
        and first.direction is second.direction
        and first.action is not second.action
        and not set(one.vnets).isdisjoint(other.vnets)
    ]
    found = {
        "both families": has_ipv6(network),
        "a vnet of IPv4 beside one of both": len({_has_ipv6(v.address_space) for v in network.vnets.values()}) == 2,
        "an IPv6 route to an interface": any(_is_ipv6(a) and a in hops for nic in nics for a in nic.addresses),
        "a user route for ::/0": any(route.prefix == EVERY_IPV6 for route in routes),
        "a public address of IPv6": any(nic.public_ipv6 for nic in nics),
        "a site with IPv6": any(_has_ipv6(site.prefixes) for site in network.sites.values()),
        "a peering for IPv6 alone": any(half.only_ipv6 for half in network.peerings),
        "a public frontend": any(balancer.public_frontends for balancer in balancers),
        "an inbound NAT rule": any(rule.is_inbound_nat for rule in rules),
        "a member that is up or down": any(rule.always_up or rule.down for rule in rules),
        "an outbound rule": any(balancer.outbound_rules for balancer in balancers),
        "a private link": any(e.link_service is not None for e in network.private_endpoints.values()),
        "a firewall that translates": bool(told),
        "a NAT rule at a public address": any(r.at for r in told if r.kind is FirewallRuleKind.NAT),
        "a NAT rule at a private address": any(r.at is None for r in told if r.kind is FirewallRuleKind.NAT),
        "an application rule": any(r.kind is FirewallRuleKind.APPLICATION for r in told),
        "a strict network": network.is_strict,
        "a load balancer": bool(frontends),
        "a frontend of IPv6": any(map(_is_ipv6, frontends)),
        "a frontend as next hop": any(hop in frontends for hop in hops if hop is not None),
        "HA ports": any(rule.protocol is None for rule in rules),
        "several members": any(len(rule.members) > 1 for rule in rules),
        "a probe": any(rule.probe for rule in rules),
        "floating IP": any(rule.floating_ip for rule in rules),
        "a Basic load balancer": Sku.BASIC in skus,
        "a private endpoint": bool(ends),
        "a user route around an endpoint": bool(around),
        "a user route for an endpoint alone": any(r.prefix.value == r.prefix.last for r in around),
        "policies of endpoints": bool(policies),
        "an endpoint that is not approved": any(not e.is_approved for e in network.private_endpoints.values()),
        "a managed firewall": bool(managed),
        "a route to a managed firewall": any(a in hops for m in managed for nic in m.nics for a in nic.addresses),
        "a pool of clients": any(site.point_to_site for site in network.sites.values()),
        "declared routes of a site": any(site.routes is not None for site in network.sites.values()),
        "admin rules": bool(admin),
        "admin rules of two managers": len({collection.manager for collection, _ in admin}) > 1,
        "admin rules that tie": bool(ties),
        "a network that keeps admin rules out": any(
            network.vnets[name].admin_scope is not AdminScope.ALL
            for collection, _ in admin
            for name in collection.vnets
        ),
        "a slow machine": any(machine.bandwidth is not None for machine in network.machines.values()),
    }
    return {name for name, is_so in found.items() if is_so}


def _is_ipv6(address: int) -> bool:
    return family_of(address) is Family.IPV6


def _has_ipv6(prefixes: tuple[Prefix, ...]) -> bool:
    return any(prefix.family is Family.IPV6 for prefix in prefixes)


@pytest.mark.parametrize(
    ("trait", "share"),
    [
        ("both families", 0.3),
        ("a vnet of IPv4 beside one of both", 0.1),
        ("an IPv6 route to an interface", 0.08),
        ("a user route for ::/0", 0.04),
        ("a public address of IPv6", 0.08),
        ("a site with IPv6", 0.2),
        ("a peering for IPv6 alone", 0.01),
        ("a load balancer", 0.15),
        ("a frontend of IPv6", 0.03),
        ("a frontend as next hop", 0.06),
        ("HA ports", 0.06),
        ("several members", 0.04),
        ("a probe", 0.1),
        ("floating IP", 0.06),
        ("a Basic load balancer", 0.03),
        ("a private endpoint", 0.2),
        ("a user route around an endpoint", 0.1),
        ("a user route for an endpoint alone", 0.02),
        ("policies of endpoints", 0.1),
        ("an endpoint that is not approved", 0.02),
        ("a managed firewall", 0.12),
        ("a route to a managed firewall", 0.06),
        ("a pool of clients", 0.1),
        ("declared routes of a site", 0.08),
        ("admin rules", 0.2),
        ("admin rules of two managers", 0.1),
        ("admin rules that tie", 0.08),
        ("a network that keeps admin rules out", 0.1),
        ("a slow machine", 0.4),
        ("a public frontend", 0.2),
        ("an inbound NAT rule", 0.05),
        ("a member that is up or down", 0.05),
        ("an outbound rule", 0.05),
        ("a private link", 0.08),
        ("a firewall that translates", 0.1),
        ("a NAT rule at a public address", 0.04),
        ("a NAT rule at a private address", 0.04),
        ("an application rule", 0.05),
        ("a strict network", 0.1),
    ],
)
def test_networks_have(trait: str, share: float) -> None:
    assert shapes()[trait] / shapes()["network"] >= share


def features(network: Network, flow: Flow, conversation: Conversation) -> Iterator[str]:
    outcome, met = conversation.forward.outcome, conversation.forward.met
    delivered = isinstance(outcome, Delivered)
    if _is_ipv6(flow.source):
        yield "of IPv6"
        yield from ("delivered in IPv6",) if delivered else ()
        yield from ("answered in IPv6",) if conversation.established else ()
        yield from ("forwarded in IPv6",) if met else ()
        yield from ("dropped for want of IPv6",) if isinstance(outcome, Dropped) and outcome.rule == "R-ADDR-6" else ()
    frontends = {f.address for balancer in network.load_balancers.values() for f in balancer.frontends}
    if flow.destination in frontends:
        yield "to a frontend"
        yield from ("delivered to a member",) if delivered else ()
    elif any(step.rule in ("R-UDR-15", "F-LB-3") for step in conversation.forward.steps):
        yield "by a frontend as next hop"
    ends = {address for endpoint in network.private_endpoints.values() for address in endpoint.addresses}
    if flow.destination in ends:
        yield "to an endpoint"
        yield from ("delivered to an endpoint",) if delivered else ()
        yield from ("answered by an endpoint",) if conversation.established else ()
    if any(network.machines[name].is_managed for name in met if name in network.machines):
        yield "by a managed firewall"
    decided = {step.rule for step in conversation.forward.steps}
    if decided & {"F-FW-5", "F-FW-7"}:
        yield "translated"
        yield from ("answered through a translation",) if conversation.established else ()
    if "F-PE-10" in decided:
        yield "by a private link"
    pools = {site.name for site in network.sites.values() if site.point_to_site}
    if isinstance(outcome, Delivered) and outcome.place.kind == PlaceKind.SITE.value and outcome.place.name in pools:
        yield "delivered to a client"


def answers(network: Network, claim: Claim, flow: Flow, asked: bool, violated: bool) -> Iterator[str]:
    verdict = "violated" if violated else "obeyed" if asked else "not asked"
    yield f"{claim.verb.value} {verdict}"
    if claim.advertising is not None and open_connections(network, claim.advertising):
        yield f"advertising {verdict}"
    if _is_ipv6(flow.source):
        yield f"IPv6 {verdict}"


@pytest.mark.parametrize(
    ("feature", "share"),
    [
        ("of IPv6", 0.12),
        ("delivered in IPv6", 0.01),
        ("answered in IPv6", 0.01),
        ("forwarded in IPv6", 0.005),
        ("dropped for want of IPv6", 0.01),
        ("to a frontend", 0.01),
        ("delivered to a member", 0.003),
        ("by a frontend as next hop", 0.003),
        ("to an endpoint", 0.01),
        ("delivered to an endpoint", 0.003),
        ("answered by an endpoint", 0.002),
        ("by a managed firewall", 0.01),
        ("delivered to a client", 0.001),
        ("translated", 0.005),
        ("answered through a translation", 0.001),
        ("by a private link", 0.002),
        ("by a record", 0.001),
    ],
)
def test_flows_are(feature: str, share: float) -> None:
    assert campaign()[feature] / campaign()["flow"] >= share


@pytest.mark.parametrize("subject", ["bottleneck", "latency", "crosses at most", "advertising", "IPv6", "egress"])
@pytest.mark.parametrize("verdict", ["violated", "obeyed"])
def test_claims_are_violated_and_obeyed(subject: str, verdict: str) -> None:
    assert campaign()[f"{subject} {verdict}"] / campaign()["claim"] >= 0.002
