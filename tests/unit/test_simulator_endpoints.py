"""Private endpoints: routes to them, their policies, and what they answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    at,
    endpoint,
    flow,
    group,
    network,
    nsg,
    peered,
    port,
    route,
    router,
    rule,
    site,
    subnet,
    table,
    transit,
    vnet,
    vpn,
    world,
)
from vnetverify.facts import World
from vnetverify.header import ALL_ADDRESSES, ALL_PORTS, ICMP, TCP, Flow, Interval, IntervalSet, parse_address
from vnetverify.model.endpoints import endpoint_set
from vnetverify.model.intents import Claim, ExpectedHop, FailureKind, Failures, HopKind, Verb
from vnetverify.model.network import Connection, Network, PrivateEndpointPolicies, RouteTable, Service
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Nsg, SecurityRule
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.failures import elements_of
from vnetverify.simulator.routes import effective_routes, select_route
from vnetverify.simulator.walk import Delivered, Dropped, Trace, converse, trace
from vnetverify.source import NOWHERE

VAULT = endpoint("vault", "v.pe", "10.0.2.20")
TO_VAULT = flow("10.0.1.4", "10.0.2.20")


def vault(
    *more: object,
    policies: PrivateEndpointPolicies | None = PrivateEndpointPolicies.DISABLED,
    guard: str | None = None,
    routes: str | None = None,
    pe_routes: str | None = None,
    of: PrivateEndpoint = VAULT,
) -> Network:
    """Return clients in `v.web` and an endpoint in `v.pe`."""
    return network(
        vnet(
            "v",
            "10.0.0.0/16 fd00::/32",
            subnet("web", "10.0.1.0/24 fd00:0:0:1::/64", route_table=routes),
            subnet(
                "pe",
                "10.0.2.0/24 fd00:0:0:2::/64",
                nsg=guard,
                route_table=pe_routes,
                private_endpoint_policies=policies,
            ),
            subnet("nva", "10.0.9.0/24"),
        ),
        of,
        *more,  # type: ignore[arg-type]
    )


def way(net: Network, origin: str = "v.web", packet: Flow = TO_VAULT, in_world: World | None = None) -> Trace:
    return trace(net, at(origin), packet, in_world or world())


def end(trace_: Trace) -> str:
    """Return where the packet was delivered, or the rule that dropped it."""
    if isinstance(trace_.outcome, Delivered):
        return trace_.outcome.place.name
    assert isinstance(trace_.outcome, Dropped)
    return trace_.outcome.rule


def route_to_vault(net: Network, in_world: World | None = None) -> str:
    return str(select_route(net, "v.web", parse_address("10.0.2.20"), in_world or world()).route)


# -- routes ---------------------------------------------------------------------------------------------


def test_an_endpoint_has_a_route_of_its_own_in_its_vnet_and_those_of_peers() -> None:
    net = vault(vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")), peered("a", "v"))

    for where in ("v.web", "a.s"):
        shown = [(str(line.prefix), line.hop_type, line.next_hop) for line in effective_routes(net, where, world())]
        assert ("10.0.2.20/32", "InterfaceEndpoint", "vault") in shown


def test_a_mate_of_a_group_has_none() -> None:
    net = vault(vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")), group("g", "a v"))

    assert "InterfaceEndpoint" not in {line.hop_type for line in effective_routes(net, "a.s", world())}


def test_an_address_of_ipv6_has_a_host_route_of_128_bits() -> None:
    net = vault(of=endpoint("vault", "v.pe", "10.0.2.20 fd00:0:0:2::20"))

    chosen = select_route(net, "v.web", parse_address("fd00:0:0:2::20"), world()).route

    assert str(chosen) == "fd00:0:0:2::20/128 to private endpoint vault"


def steered(prefix: str, policies: PrivateEndpointPolicies | None) -> Network:
    return vault(table("t", route(prefix, "10.0.9.4")), routes="t", policies=policies)


def test_a_user_route_does_not_hold_for_endpoints_unless_their_policies_say_so() -> None:
    passed_by = "10.0.2.20/32 to private endpoint vault"

    assert route_to_vault(steered("10.0.2.0/24", PrivateEndpointPolicies.DISABLED)) == passed_by
    assert route_to_vault(steered("10.0.2.0/24", PrivateEndpointPolicies.SECURITY_GROUPS)) == passed_by
    assert route_to_vault(steered("10.0.2.0/24", None)) == passed_by


@pytest.mark.parametrize("policies", [PrivateEndpointPolicies.ENABLED, PrivateEndpointPolicies.ROUTE_TABLES])
@pytest.mark.parametrize(
    ("prefix", "by_the_newest_words", "the_other_way_round"),
    [
        ("10.0.2.0/24", True, False),
        ("10.0.0.0/16", True, True),
        ("10.0.0.0/8", False, True),
        ("0.0.0.0/0", False, False),
        ("10.0.2.20/32", True, True),
    ],
)
def test_a_route_that_is_long_enough_holds_for_endpoints(
    policies: PrivateEndpointPolicies, prefix: str, by_the_newest_words: bool, the_other_way_round: bool
) -> None:
    net = steered(prefix, policies)

    assert ("endpoint" not in route_to_vault(net)) is by_the_newest_words
    assert ("endpoint" not in route_to_vault(net, world("U-R-SYS-11"))) is the_other_way_round


def test_where_the_policies_are_not_stated_a_fact_says_whether_routes_hold() -> None:
    held = world("U-PEPOL-ROUTES(v.pe)")

    assert "appliance" in route_to_vault(steered("10.0.2.0/24", None), held)


def test_a_user_route_for_the_very_address_wins_whatever_the_policies() -> None:
    assert "appliance" in route_to_vault(steered("10.0.2.20/32", PrivateEndpointPolicies.DISABLED))


def test_the_table_says_why_a_route_to_an_endpoint_is_not_used() -> None:
    net = steered("10.0.2.0/24", PrivateEndpointPolicies.ENABLED)

    line = next(line for line in effective_routes(net, "v.web", world()) if line.hop_type == "InterfaceEndpoint")

    assert (line.state, line.why) == ("Invalid", "10.0.2.0/24 of t holds for endpoints (R-SYS-11)")


def test_an_endpoint_is_vnet_local_at_home_and_a_peering_elsewhere() -> None:
    net = vault(vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")), peered("a", "v"))

    def holds(origin: str, source: str, expected: ExpectedHop) -> bool:
        claim = replace(claimed(Verb.NEXT_HOP, origin, "v.pe"), expected_hop=expected)
        return violates(net, claim, at(origin), flow(source, "10.0.2.20"), world()) is None

    assert holds("v.web", "10.0.1.4", ExpectedHop(HopKind.VNET_LOCAL))
    assert holds("a.s", "10.1.0.4", ExpectedHop(HopKind.PEERING))
    assert not holds("a.s", "10.1.0.4", ExpectedHop(HopKind.VNET_LOCAL))


# -- delivery -------------------------------------------------------------------------------------------


def test_an_endpoint_takes_what_comes_to_it() -> None:
    told = way(vault())

    assert end(told) == "v.pe"
    assert ("private endpoint vault takes it", "F-PE-5") in [(step.what, step.rule) for step in told.steps]


def test_one_that_is_not_approved_takes_nothing() -> None:
    assert end(way(vault(of=replace(VAULT, is_approved=False)))) == "F-PE-5"


def test_nothing_forwards_at_an_endpoint() -> None:
    net = vault(table("t", route("0.0.0.0/0", "10.0.2.20")), routes="t")

    assert end(way(net, packet=flow("10.0.1.4", "8.8.8.8"))) == "R-UDR-9"
    assert not list(elements_of(net, Failures(1, frozenset({FailureKind.APPLIANCE}))))


def test_a_connected_group_carries_to_an_endpoint_where_a_fact_says_so() -> None:
    net = vault(vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")), group("g", "a v"))
    packet = flow("10.1.0.4", "10.0.2.20")

    assert end(way(net, "a.s", packet)) == "F-PE-8"
    assert end(way(net, "a.s", packet, world("U-PECG(vault)"))) == "v.pe"


# -- policies -------------------------------------------------------------------------------------------

CLOSED = nsg("n", rule(100, "deny", "inbound"))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (PrivateEndpointPolicies.DISABLED, "v.pe"),
        (PrivateEndpointPolicies.ROUTE_TABLES, "v.pe"),
        (PrivateEndpointPolicies.SECURITY_GROUPS, "F-NSG-4"),
        (PrivateEndpointPolicies.ENABLED, "F-NSG-4"),
        (None, "v.pe"),
    ],
)
def test_the_subnets_group_holds_where_the_policies_say_so(
    policies: PrivateEndpointPolicies | None, expected: str
) -> None:
    assert end(way(vault(CLOSED, guard="n", policies=policies))) == expected


def test_where_they_are_not_stated_a_fact_says_whether_groups_hold() -> None:
    net = vault(CLOSED, guard="n", policies=None)

    assert end(way(net, in_world=world("U-PEPOL(v.pe)"))) == "F-NSG-4"


def test_nothing_is_asked_or_told_of_groups_where_there_is_none() -> None:
    got = way(vault(policies=None))

    assert not got.asked
    assert [step.rule for step in got.steps if step.rule.startswith("F-PE")] == ["F-PE-5"]


def guarded(*rules: SecurityRule) -> Network:
    return vault(nsg("n", *rules), guard="n", policies=PrivateEndpointPolicies.ENABLED)


def test_source_ports_do_not_count() -> None:
    denied = replace(rule(100, "deny", "inbound", protocol=TCP), source_ports=port(7))

    assert end(way(guarded(denied))) == "F-NSG-4"


def test_ports_of_icmp_are_read_as_ever() -> None:
    denied = replace(rule(100, "deny", "inbound"), source_ports=port(7))
    ping = flow("10.0.1.4", "10.0.2.20", protocol=ICMP)

    assert end(way(guarded(denied), packet=ping, in_world=world("U-PEPROTO(vault)"))) == "v.pe"
    assert end(way(guarded(denied), packet=ping, in_world=world("U-ICMPPORT(n/rule-100)"))) == "F-NSG-4"


def test_a_ping_comes_in_by_a_fact_alone() -> None:
    ping = flow("10.0.1.4", "10.0.2.20", protocol=ICMP)

    assert end(way(vault(), packet=ping)) == "F-PE-11"
    assert end(way(vault(), packet=ping, in_world=world("U-PEPROTO(vault)"))) == "v.pe"


def several(access: str) -> SecurityRule:
    """Return a rule with the ranges 80 and 443."""
    ranges = IntervalSet((Interval(80, 80), Interval(443, 443)))
    return replace(rule(100, access, "inbound", ports=ranges), first_destination_ports=port(80))


def test_of_several_ranges_of_ports_the_first_is_sure_and_others_by_a_fact() -> None:
    net = guarded(several("deny"))
    first_alone = world(false=("U-PEPORT(n/rule-100)",))

    assert end(way(net, packet=flow("10.0.1.4", "10.0.2.20", 80), in_world=first_alone)) == "F-NSG-4"
    assert end(way(net)) == "F-NSG-4"
    assert end(way(net, in_world=first_alone)) == "v.pe"


def test_a_rule_that_denies_several_ranges_denies_every_port_by_a_fact() -> None:
    everything, other = world("U-PEDENY(n/rule-100)"), flow("10.0.1.4", "10.0.2.20", 22)

    assert end(way(guarded(several("deny")), packet=other)) == "v.pe"
    assert end(way(guarded(several("deny")), packet=other, in_world=everything)) == "F-NSG-4"
    assert end(way(guarded(several("allow")), packet=other, in_world=everything)) == "v.pe"


def test_filters_aside_every_policy_allows() -> None:
    claim = claimed(Verb.LOSES_NO_PACKETS, "v.web", "v.pe")
    closed = vault(CLOSED, guard="n", policies=PrivateEndpointPolicies.ENABLED)

    assert violates(closed, claim, at("v.web"), TO_VAULT, world()) is None


# -- answers --------------------------------------------------------------------------------------------


def test_an_endpoint_answers_past_its_route_table_and_its_group() -> None:
    nowhere: RouteTable = table("t", route("10.0.1.0/24", "none"))
    silent: Nsg = nsg("n", rule(100, "deny", "outbound"))
    net = vault(nowhere, silent, pe_routes="t", guard="n", policies=PrivateEndpointPolicies.ENABLED)

    assert converse(net, at("v.web"), TO_VAULT, world()).established


def test_an_answer_to_a_peer_crosses_the_peering() -> None:
    net = vault(vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")), peered("a", "v"))
    off = replace(net, peerings=tuple(replace(half, allow_virtual_network_access=False) for half in net.peerings))
    packet = flow("10.1.0.4", "10.0.2.20")

    assert converse(net, at("a.s"), packet, world()).established
    assert not converse(off, at("a.s"), packet, world("U-AVNA(v -> a)")).established


def told(way_: Trace) -> list[tuple[str, str]]:
    return [(step.what, step.rule) for step in way_.steps]


def test_an_answer_to_a_site_goes_by_the_gateway_that_knows_it() -> None:
    net = network(
        vnet("h", "10.9.0.0/16", subnet("GatewaySubnet", "10.9.255.0/24")),
        vnet("v", "10.0.0.0/16", subnet("pe", "10.0.2.0/24")),
        transit("v", "h"),
        vpn("g", "h"),
        site("onprem", "192.168.0.0/16"),
        Connection("c", "g", site="onprem"),
        VAULT,
    )

    conversation = converse(net, at("onprem"), flow("192.168.0.4", "10.0.2.20"), world())

    assert conversation.established
    assert conversation.reply is not None
    assert conversation.reply.met == ("g",)
    assert ("private endpoint vault answers by gateway g", "R-SYS-12") in told(conversation.reply)


def test_an_answer_to_a_mate_goes_over_the_group_by_the_same_fact() -> None:
    net = vault(vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24")), group("g", "a v"))

    assert converse(net, at("a.s"), flow("10.1.0.4", "10.0.2.20"), world("U-PECG(vault)")).established


def test_an_answer_to_elsewhere_has_no_way_back() -> None:
    net = vault(
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.0.0/24", route_table="t")),
        table("t", route("10.0.0.0/16", "10.3.0.4")),
        vnet("m", "10.3.0.0/16", subnet("n", "10.3.0.0/24")),
        router("fw", "m.n", "10.3.0.4"),
        peered("a", "m", allow_forwarded_traffic=True),
        peered("m", "v", allow_forwarded_traffic=True),
    )

    conversation = converse(net, at("a.s"), flow("10.1.0.4", "10.0.2.20"), world())

    assert conversation.forward.met == ("fw",)
    assert conversation.why == ("the reply is dropped: private endpoint vault has no way back to 10.1.0.4 (R-SYS-12)")


def test_a_stateful_appliance_on_the_way_there_does_not_see_the_answer() -> None:
    fw = router("fw", "v.nva", "10.0.9.4", stateful=True)
    steered_net = replace(steered("10.0.2.0/24", PrivateEndpointPolicies.ENABLED), machines={"fw": fw})

    conversation = converse(steered_net, at("v.web"), TO_VAULT, world())

    assert conversation.forward.met == ("fw",)
    assert conversation.why == "fw sees only one way of the flow (R-TRAF-2)"


# -- claims ---------------------------------------------------------------------------------------------


def claimed(verb: Verb, left: str, right: str) -> Claim:
    pair = (endpoint_set([(at(left), ALL_ADDRESSES)]), endpoint_set([(at(right), ALL_ADDRESSES)]))
    return Claim(verb, (pair,), Service("any", ((None, ALL_PORTS),)), "asked", NOWHERE)


def test_a_set_of_its_subnet_holds_an_endpoint_and_no_flow_begins_there() -> None:
    packet = flow("10.0.2.20", "10.0.1.4")

    assert in_question(vault(), claimed(Verb.NEVER_REACHES, "v.web", "v.pe"), at("v.web"), TO_VAULT, world())
    assert not in_question(vault(), claimed(Verb.REACHES, "v.pe", "v.web"), at("v.pe"), packet, world())
