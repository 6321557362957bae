"""What the simulator answers to the questions of the rule book."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.facts import World
from vnetverify.header import Prefix, address_text, addresses_of, family_of
from vnetverify.model.intents import INTERNET, EgressKind, ExpectedEgress, HopKind
from vnetverify.model.network import Connection, DeploymentModel, Network, Site, Subnet
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import assignable, only, packet_of
from vnetverify.simulator.egress import left_by
from vnetverify.simulator.endpoints import judged_at
from vnetverify.simulator.filters import Judgement, declared_interface, judge_at, judge_public_entry
from vnetverify.simulator.frontends import seen_by_sender
from vnetverify.simulator.gateways import announced, learned
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.names import Lookup, resolves
from vnetverify.simulator.positions import Egress, Trace
from vnetverify.simulator.routes import (
    Origin,
    Route,
    ToAppliance,
    ToEndpoint,
    ToGateway,
    ToInternet,
    ToMate,
    ToNowhere,
    ToPeer,
    ToService,
    ToVnet,
    effective_routes,
    select_route,
)
from vnetverify.simulator.sending import gateway_by_user_route
from vnetverify.simulator.situation import situation_of
from vnetverify.simulator.walk import Astray, Delivered, LeftToInternet, converse, trace, trace_unfiltered
from vnetverify.testing.changes import rules_that_may_decide, turned, without_rules
from vnetverify.testing.questions import (
    Addresses,
    Announced,
    Answer,
    Carried,
    EffectiveRoutes,
    End,
    Filtered,
    FilterVerdict,
    GatewayOf,
    Hop,
    Hops,
    Inspected,
    Inspection,
    IsValid,
    Learned,
    LeavesBy,
    LooksUp,
    Name,
    NextHop,
    Outlives,
    Passage,
    Prefixes,
    Question,
    Reserved,
    Table,
    Validity,
    WayOut,
    shown_hop,
)

Check = Callable[[Network], tuple[Diagnostic, ...]]
_OR = " or "  # between names of which one is meant, and nobody can say which
_PEERING_HOPS = frozenset({"VNetPeering", "VNetGlobalPeering"})
_ORIGINS = {Origin.USER: "user", Origin.GATEWAY: "gateway", Origin.SYSTEM: "system"}


def simulated_answer(network: Network, question: Question, world: World, check: Check) -> Answer:
    """Return what the simulator says in `world`; `check` is asked whether Azure would accept the network."""
    match question:
        case NextHop(subnet, destination):
            return Hops((_selected(network, subnet, destination, world),))
        case GatewayOf(subnet, destination):
            hop = _selected(network, subnet, destination, world)
            return Name(hop.name if hop.kind is HopKind.GATEWAY else None)
        case Carried():
            return _passage(network, question, world)
        case Filtered():
            return _verdict(network, question, world)
        case IsValid():
            errors = [diagnostic for diagnostic in check(network) if diagnostic.severity is Severity.ERROR]
            return Validity(not errors, tuple(error.rule for error in errors if error.rule))
        case Announced(gateway):
            return Prefixes(frozenset(announced(network, gateway, world)))
        case Learned(gateway, prefix):
            known = learned(told(network, gateway, prefix), gateway, world)
            return Passage(any(entry.prefix == prefix for entry in known))
        case Reserved(subnet):
            return Addresses(frozenset(_reserved(network.subnet(subnet))))
        case EffectiveRoutes():
            return _table(network, question, world)
        case Inspected():
            return _inspection(network, question, world)
        case LeavesBy(origin, flow):
            left = left_by(trace_unfiltered(network, origin.place, flow, world))
            return WayOut(ExpectedEgress(EgressKind.NONE) if left is None else _way_out(left))
        case LooksUp(asker, name, addresses):
            return Passage(resolves(Lookup(network, world, name, addresses, asker.place, asker.address)))
        case Outlives():
            return Passage(_outlives(network, question, world))
        case _:
            assert_never(question)


def agrees(expected: Answer, given: Answer) -> bool:
    """Hold when `given` is as exact an answer as `expected` asks for."""
    match expected, given:
        case Hops(anyone), Hops((hop,)):
            return any(_is_hop(wanted, hop) for wanted in anyone)
        case Table(active, invalid), Table(shown_active, shown_invalid):
            exact = len(active) == len(shown_active) and _are_among(active, shown_active)
            return exact and _are_among(invalid, shown_invalid)
        case Passage(happens, via), Passage(happened, went_via):
            return happens == happened and via in (None, went_via)
        case FilterVerdict(allowed, deciding), FilterVerdict(was_allowed, decided):
            return allowed == was_allowed and (deciding is None or _folded(decided)[0] in _folded(deciding))
        case Inspection(allowed, rule, port), Inspection(was_allowed, decided_by, came_to):
            is_rule = rule is None or _folded((rule,)) == _folded((decided_by or (),))
            return allowed == was_allowed and is_rule and port in (None, came_to)
        case WayOut(way), WayOut(left):
            return way.kind is left.kind and (way.name is None or way.name in (left.name or "").split(_OR))
        case Validity(accepted, broken), Validity(was_accepted, found):
            return accepted == was_accepted and all(_is_found(rule, found) for rule in broken)
        case _:
            return expected == given


# Rules that say again, in sum or for another reason, what the rules beside them forbid.
_SAID_AGAIN: Mapping[str, frozenset[str]] = {
    "R-ADDR-8": frozenset({"R-UDR-14", "F-EVAL-9"}),
    "R-ADDR-10": frozenset({"R-PEER-6", "R-PEER-7", "R-PEER-24"}),
    "R-PEER-3": frozenset({"R-PEER-7"}),
    "R-GW-1": frozenset({"R-GW-5"}),
}


def _is_found(rule: str, found: tuple[str, ...]) -> bool:
    return rule in found or not _SAID_AGAIN.get(rule, frozenset()).isdisjoint(found)


def _is_hop(wanted: Hop, hop: Hop) -> bool:
    return wanted.name in (None, hop.name) and replace(wanted, name=hop.name) == hop


def _are_among(wanted: frozenset[Hop], shown: frozenset[Hop]) -> bool:
    return all(any(_is_hop(one, other) for other in shown) for one in wanted)


def _folded(deciding: tuple[tuple[str, ...], ...] | None) -> list[tuple[str, ...]]:
    return [tuple(rule.casefold() for rule in rules) for rules in deciding or ()]


def _selected(network: Network, subnet: str, destination: int, world: World) -> Hop:
    """Return the next hop; a user route to a gateway, which names none, leads to the one it enters (R-UDR-5)."""
    hop = _hop(select_route(network, subnet, destination, world).route)
    if hop.kind is not HopKind.GATEWAY or hop.name is not None:
        return hop
    entered = gateway_by_user_route(situation_of(network, world, family_of(destination)), network.subnet(subnet))
    return hop if entered is None else replace(hop, name=entered.name)


def _hop(route: Route) -> Hop:
    kind, name = _kind_and_name(route)
    special = {ToMate: "group", ToService: "service-endpoint", ToEndpoint: "private-endpoint"}.get(type(route.hop), "")
    return Hop(kind, route.prefix, _ORIGINS[route.origin], name, special)


def _table(network: Network, question: EffectiveRoutes, world: World) -> Table:
    lines = effective_routes(network, question.subnet, world)
    hides = bool(hidden_prefixes(network, question.subnet))
    shown = [
        (line.state == "Active", shown_hop(line.hop_type, line.prefix, line.source, line.next_hop or None))
        for line in lines
        if line.prefix not in question.ignored and not (hides and line.hop_type in _PEERING_HOPS)
    ]
    return Table(
        frozenset(hop for is_active, hop in shown if is_active),
        frozenset(hop for is_active, hop in shown if not is_active),
    )


def hidden_prefixes(network: Network, subnet: str) -> tuple[Prefix, ...]:
    """Return the ranges of peers that carry traffic and stand in no table: those of a classic vnet (R-SYS-7)."""
    vnet = network.vnets[network.subnet(subnet).vnet]
    if vnet.model is not DeploymentModel.CLASSIC:
        return ()
    peers = {
        half.local if half.remote == vnet.name else half.remote
        for half in network.peerings
        if vnet.name in (half.local, half.remote)
    }
    return tuple(prefix for peer in peers for prefix in network.vnets[peer].address_space)


def _kind_and_name(route: Route) -> tuple[HopKind, str | None]:
    match route.hop:
        case ToVnet():
            return HopKind.VNET_LOCAL, None
        case ToPeer(vnet) | ToMate(vnet):
            return HopKind.PEERING, vnet
        case ToEndpoint(name):
            return HopKind.VNET_LOCAL, name
        case ToAppliance(address):
            return HopKind.APPLIANCE, address_text(address)
        case ToGateway(name):
            return HopKind.GATEWAY, name
        case ToService(service):
            return HopKind.INTERNET, service
        case ToInternet():
            return HopKind.INTERNET, None
        case ToNowhere():
            return HopKind.NONE, None
        case _:
            assert_never(route.hop)


def _passage(network: Network, question: Carried, world: World) -> Passage:
    if not question.answered:
        way = trace(network, question.origin.place, question.flow, world)
        return Passage(is_delivered_to(way, question.target), way.met)
    conversation = converse(network, question.origin.place, question.flow, world)
    there = is_delivered_to(conversation.forward, question.target)
    return Passage(there and conversation.established, conversation.forward.met)


def is_delivered_to(way: Trace, end: End) -> bool:
    """Hold when a walk ended at `end`: at the Internet whichever address, else at its place and address.

    What a load balancer gave to a member ended at both of them, what a NAT rule translated also at the firewall, and
    what is translated a third time may end anywhere.
    """
    if isinstance(way.outcome, Astray):
        return True
    if (end.place, end.address) in (translated.named for translated in way.translations):
        return isinstance(way.outcome, Delivered | LeftToInternet)
    if isinstance(way.outcome, LeftToInternet):
        return end.place == INTERNET
    if not isinstance(way.outcome, Delivered):
        return False
    return (end.place, end.address) in way.outcome.ends


def _inspection(network: Network, question: Inspected, world: World) -> Inspection:
    """Return what a firewall says; the rule that decides is the one whose opposite has the flow fare otherwise."""
    carried = question.carried
    way = trace(network, carried.origin.place, carried.flow, world)
    allowed = is_delivered_to(way, carried.target)
    deciding = [
        rule.name
        for rule in rules_that_may_decide(network, question.firewall, allowed)
        if _passage(turned(network, question.firewall, rule), carried, world).happens is not allowed
    ]
    last = way.translations[-1].after.destination_port if way.translations else None
    port = carried.flow.destination_port if last is None else only(last)
    return Inspection(allowed, tuple(deciding), port if allowed else None)


def _way_out(left: Egress) -> ExpectedEgress:
    return ExpectedEgress(left.kind, _OR.join(left.names) or None)


def _outlives(network: Network, question: Outlives, world: World) -> bool:
    """Tell whether a flow that began before the change goes on: by its record, or if flushed by the new rules."""
    when_it_began = _passage(without_rules(network, question.added), question.carried, world).happens
    if not question.is_flushed:
        return when_it_began
    return when_it_began and _passage(without_rules(network, question.gone), question.carried, world).happens


def _verdict(network: Network, question: Filtered, world: World) -> FilterVerdict:
    decided: list[str] = []
    for direction, name in question.stages:
        judgement = _judged(network, question, direction, name, world)
        decided += [
            f"{stage.nsg}/{stage.rule}" for stage in judgement.stages if stage.stage not in ("publicAddress", "icmpv6")
        ]
        if not judgement.allowed:
            return FilterVerdict(False, (tuple(decided),))
    return FilterVerdict(True, (tuple(decided),))


def _judged(network: Network, question: Filtered, direction: Direction, name: str, world: World) -> Judgement:
    """Return what the filters at one place say; of what goes out towards a frontend as F-ADDR-4 has it."""
    situation = situation_of(network, world, family_of(question.flow.source))
    packet = packet_of(question.flow)
    if name in network.private_endpoints:
        return judged_at(situation, network.private_endpoints[name], direction, packet)
    interface = declared_interface(situation, next(nic for nic in network.nics() if nic.name == name))
    if direction is Direction.INBOUND and question.by_public_address:
        return judge_public_entry(situation, interface, packet, is_reply=False)
    if direction is Direction.OUTBOUND:
        packet = seen_by_sender(Journey(situation, packet), interface)
    return judge_at(situation, interface, direction, packet, is_reply=False)


def told(network: Network, gateway: str, prefix: Prefix) -> Network:
    """Return `network` with one more site, which tells `gateway` of `prefix`."""
    site = Site("a site that tells", (prefix,))
    connection = Connection("a connection that tells", gateway, site=site.name, bgp=True)
    return replace(
        network,
        sites={**network.sites, site.name: site},
        connections=(*network.connections, connection),
    )


def _reserved(subnet: Subnet) -> list[int]:
    return [
        address
        for prefix in subnet.prefixes
        for hole in addresses_of((prefix,)) - assignable(prefix)
        for address in range(hole.low, hole.high + 1)
    ]
