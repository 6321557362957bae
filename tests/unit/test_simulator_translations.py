"""A firewall with rules of its own: what it lets pass, into what it translates it, and how replies get back."""

from __future__ import annotations

import pytest

from tests.unit.simulator_networks import (
    Element,
    at,
    flow,
    machine,
    network,
    nic,
    nsg,
    peered,
    port,
    prefixes,
    public,
    route,
    router,
    rule,
    site,
    subnet,
    table,
    vnet,
    vpn,
    world,
)
from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_IPV4,
    ALL_PORTS,
    ICMP,
    TCP,
    UDP,
    Flow,
    Interval,
    IntervalSet,
    addresses_of,
    parse_address,
)
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Place, PlaceKind, Verb
from vnetverify.model.network import Connection, Machine, Network, Service, Subnet, UserRoute
from vnetverify.model.security import Nsg, ServiceTag
from vnetverify.rules import World
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.positions import Astray
from vnetverify.simulator.walk import (
    Conversation,
    Delivered,
    Dropped,
    LeftToInternet,
    converse,
    trace,
    trace_unfiltered,
)
from vnetverify.source import NOWHERE

PUBLIC = "203.0.113.5"
CLIENT = "198.51.100.9"
NO_RANGES = IntervalSet()


def addresses(texts: str) -> IntervalSet:
    return ALL_ADDRESSES if texts == "*" else addresses_of(prefixes(texts))


def passing(
    name: str, to: str = "*", *, allows: bool = True, ports: IntervalSet = ALL_PORTS, **more: object
) -> FirewallRule:
    """Return a network rule, from everywhere."""
    values: dict[str, object] = {"protocols": (None,), "sources": ALL_ADDRESSES, **more}
    return FirewallRule(
        name, FirewallRuleKind.NETWORK, allows, destinations=addresses(to), destination_ports=ports, **values
    )  # type: ignore[arg-type]


def web(name: str, *, allows: bool = True, number: int = 443, **more: object) -> FirewallRule:
    """Return an application rule for every name, from everywhere."""
    values: dict[str, object] = {"sources": ALL_ADDRESSES, "destinations": ALL_ADDRESSES, **more}
    return FirewallRule(name, FirewallRuleKind.APPLICATION, allows, (TCP,), destination_ports=port(number), **values)  # type: ignore[arg-type]


def leading(
    name: str, number: int, to: str, to_port: int, where: str | None = "entry", source: str = "*"
) -> FirewallRule:
    """Return a NAT rule of TCP at the public address `where`, or at the private one where that is None."""
    translation = Translation(parse_address(to), to_port)
    return FirewallRule(
        name,
        FirewallRuleKind.NAT,
        True,
        (TCP,),
        addresses(source),
        ALL_IPV4,
        port(number),
        at=where,
        translation=translation,
    )


def firewall(
    *rules: FirewallRule, name: str = "fw", where: str = "hub.AzureFirewallSubnet", address: str = "10.0.1.4",
    entry: str | None = PUBLIC, **more: object,
) -> Machine:  # fmt: skip
    """Return a firewall with a public address `entry`; the second one's is called otherwise."""
    called = public("entry" if name == "fw" else f"{name}-entry", entry)
    held = nic(name, where, address, ip_forwarding=True, public_address=called)
    policy = FirewallPolicy(rules, **more)  # type: ignore[arg-type]
    return machine(name, held, policy=None, stateful=True, translates_source=True, is_managed=True, firewall=policy)


TO_FW = table("t", route("10.1.0.0/16", "10.0.1.4"), route("10.2.0.0/16", "10.0.1.4"), route("0.0.0.0/0", "10.0.1.4"))
PEERINGS = (
    peered("a", "hub", allow_forwarded_traffic=True),
    peered("b", "hub", allow_forwarded_traffic=True),
)


def spokes(
    *elements: Element, back: str | None = "t", group: str | None = None, hub_subnet: Subnet | None = None
) -> Network:
    """Return two spokes around a hub with a firewall; `a` sends by it, and `b` does where `back` says so."""
    return network(
        vnet("hub", "10.0.0.0/16", hub_subnet or subnet("AzureFirewallSubnet", "10.0.1.0/26")),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.1.0/24", route_table="t")),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.1.0/24", route_table=back, nsg=group)),
        TO_FW,
        *PEERINGS,
        *elements,
    )


ACROSS = flow("10.1.1.4", "10.2.1.4")
AWAY = flow("10.1.1.4", CLIENT)
FROM_OUTSIDE = flow(CLIENT, PUBLIC)


def of(net: Network, sent: Flow, origin: str = "a.s", in_world: World | None = None) -> Conversation:
    return converse(net, at(origin), sent, in_world or world())


def told(conversation: Conversation, rule_id: str) -> list[str]:
    """Return what the way there says by one rule."""
    return [step.what for step in conversation.forward.steps if step.rule == rule_id]


def dropped_by(net: Network, sent: Flow, origin: str = "a.s", in_world: World | None = None) -> str:
    outcome = trace(net, at(origin), sent, in_world or world()).outcome
    assert isinstance(outcome, Dropped), outcome
    return outcome.rule


def only_from(source: str | ServiceTag) -> Nsg:
    """Return a group that lets in nothing but TCP 443 and 8443 from `source`."""
    ports = IntervalSet((Interval(443, 443), Interval(8443, 8443)))
    return nsg("n", rule(100, "allow", "inbound", source=source, ports=ports), rule(200, "deny", "inbound"))


# -- through network rules ---------------------------------------------------------------------------------


def test_a_network_rule_keeps_the_source_of_what_goes_from_spoke_to_spoke() -> None:
    net = spokes(firewall(passing("all")), only_from("10.1.1.4"), group="n")

    assert of(net, ACROSS).established
    assert of(net, ACROSS).forward.translations == ()


def test_its_replies_have_to_come_back_by_the_firewall() -> None:
    around = spokes(firewall(passing("all")), *peered("a", "b"), back=None)

    conversation = of(around, ACROSS)

    assert isinstance(conversation.forward.outcome, Delivered)
    assert not conversation.established
    assert conversation.why == "fw sees only one way of the flow (R-TRAF-2)"


def test_the_first_network_rule_that_matches_decides() -> None:
    denied = firewall(passing("no", "10.2.0.0/16", allows=False), passing("all"))

    assert dropped_by(spokes(denied), ACROSS) == "F-FW-3"
    assert of(spokes(firewall(*reversed(denied.firewall.rules))), ACROSS).established  # type: ignore[union-attr]


def test_a_network_rule_keeps_application_rules_from_being_asked() -> None:
    assert dropped_by(spokes(firewall(passing("no", allows=False), web("web"))), ACROSS) == "F-FW-3"


def test_what_no_rule_allows_drops() -> None:
    assert dropped_by(spokes(firewall(passing("other", "10.9.0.0/16"))), ACROSS) == "F-FW-6"


def test_rules_match_by_source_protocol_and_port() -> None:
    only_dns = firewall(passing("dns", protocols=(UDP,), sources=addresses("10.1.1.4/32"), ports=port(53)))
    net = spokes(only_dns)

    assert of(net, flow("10.1.1.4", "10.2.1.4", 53, UDP)).established
    assert dropped_by(net, flow("10.1.1.5", "10.2.1.4", 53, UDP)) == "F-FW-6"
    assert dropped_by(net, flow("10.1.1.4", "10.2.1.4", 54, UDP)) == "F-FW-6"
    assert dropped_by(net, flow("10.1.1.4", "10.2.1.4", 53)) == "F-FW-6"


@pytest.mark.parametrize(("ports", "passes"), [(ALL_PORTS, True), (port(443), False)])
def test_icmp_matches_rules_of_all_ports_alone(ports: IntervalSet, passes: bool) -> None:
    net = spokes(firewall(passing("ping", ports=ports)))

    assert of(net, flow("10.1.1.4", "10.2.1.4", 0, ICMP)).established is passes


def test_a_service_tag_without_a_list_is_a_fact_about_the_destination() -> None:
    net = spokes(firewall(passing("tag", "10.9.0.0/16", service_tags=("Sql",)), private_ranges=NO_RANGES))

    assert of(net, AWAY, in_world=world("U-TAG(Sql, destination)")).established
    assert dropped_by(net, AWAY) == "F-FW-6"
    assert dropped_by(net, ACROSS, in_world=world("U-TAG(Sql, destination)")) == "F-FW-6"


def test_names_of_a_rule_are_a_fact() -> None:
    net = spokes(firewall(passing("names", "10.9.0.0/16", has_names=True)))

    assert of(net, ACROSS, in_world=world("U-FQDN(fw/names)")).established
    assert dropped_by(net, ACROSS) == "F-FW-6"


# -- whose source is translated ----------------------------------------------------------------------------


def test_an_application_rule_replaces_the_source_so_that_replies_need_no_route() -> None:
    around = spokes(firewall(web("web")), *peered("a", "b"), only_from("10.0.1.0/26"), back=None, group="n")

    conversation = of(around, ACROSS)

    assert conversation.established
    assert conversation.forward.met == ("fw",)
    assert [t.after.source.low for t in conversation.forward.translations] == [parse_address("10.0.1.4")]
    assert told(conversation, "F-FW-7") == [
        "fw puts its own address 10.0.1.4 in place of the source: application rules always translate"
    ]


def test_the_world_says_which_of_the_subnets_addresses_it_is() -> None:
    net = spokes(firewall(web("web")), only_from("10.0.1.7"), group="n")

    assert not of(net, ACROSS).established
    assert of(net, ACROSS, in_world=World(addresses={"address of fw": parse_address("10.0.1.7")})).established


def test_application_rules_are_of_tcp_and_their_port() -> None:
    net = spokes(firewall(web("web")))

    assert dropped_by(net, flow("10.1.1.4", "10.2.1.4", 443, UDP)) == "F-FW-6"
    assert dropped_by(net, flow("10.1.1.4", "10.2.1.4", 22)) == "F-FW-6"
    assert dropped_by(spokes(firewall(web("no", allows=False), web("web"))), ACROSS) == "F-FW-4"


def test_towards_the_internet_the_source_is_replaced_and_the_reply_finds_back() -> None:
    conversation = of(spokes(firewall(passing("all"))), AWAY)

    assert conversation.forward.outcome == LeftToInternet("fw")
    assert conversation.established
    assert conversation.reply is not None
    assert conversation.reply.met == ("fw",)


@pytest.mark.parametrize(
    ("ranges", "destination", "replaced"),
    [
        (None, "10.2.1.4", False),
        (NO_RANGES, "10.2.1.4", True),
        (addresses("192.168.0.0/16"), "10.2.1.4", True),
        (ALL_IPV4, "10.2.1.4", False),
    ],
)
def test_private_ranges_say_whose_source_is_kept(ranges: IntervalSet | None, destination: str, replaced: bool) -> None:
    net = spokes(firewall(passing("all"), private_ranges=ranges))

    way = trace(net, at("a.s"), flow("10.1.1.4", destination), world())

    assert bool(way.translations) is replaced


def test_what_is_never_translated_does_not_leave_to_the_internet() -> None:
    assert dropped_by(spokes(firewall(passing("all"), private_ranges=ALL_IPV4)), AWAY) == "F-FW-7"


def test_whether_a_range_was_learned_is_a_fact() -> None:
    net = spokes(firewall(passing("all"), private_ranges=NO_RANGES, learns_private_ranges=True))

    assert trace(net, at("a.s"), ACROSS, world("U-FWSNAT(fw)")).translations
    assert not trace(net, at("a.s"), ACROSS, world()).translations


def test_towards_public_ranges_of_a_site_the_source_is_an_address_of_the_firewall() -> None:
    """The site needs no way to the spoke: it is told of the hub, and the spoke uses no gateway (F-FW-7)."""
    net = network(
        vnet(
            "hub",
            "10.0.0.0/16",
            subnet("AzureFirewallSubnet", "10.0.1.0/26"),
            subnet("GatewaySubnet", "10.0.2.0/27"),
        ),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.1.0/24", route_table="t")),
        TO_FW,
        PEERINGS[0],
        firewall(passing("all")),
        vpn("g", "hub"),
        site("hq", "198.51.100.0/24"),
        Connection("c", "g", site="hq"),
    )

    conversation = of(net, AWAY)

    assert conversation.forward.outcome == Delivered(at("hq"), parse_address(CLIENT))
    assert conversation.forward.met == ("fw", "g")
    assert conversation.established


def test_a_reply_past_the_firewall_of_what_it_translated_is_lost() -> None:
    """b sends what is for the firewall's subnet to another appliance, which has no record of it."""
    detour = table(
        "d",
        UserRoute("d", prefixes("10.0.1.0/26")[0], route("0.0.0.0/0", "10.2.9.4").next_hop, parse_address("10.2.9.4")),
    )
    net = network(
        vnet("hub", "10.0.0.0/16", subnet("AzureFirewallSubnet", "10.0.1.0/26")),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.1.0/24", route_table="t")),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.1.0/24", route_table="d"), subnet("nva", "10.2.9.0/24")),
        TO_FW,
        detour,
        *PEERINGS,
        router("nva", "b.nva", "10.2.9.4", stateful=True),
        firewall(web("web")),
    )

    assert of(net, ACROSS).why == "the reply is dropped: nva did not see the flow begin (R-TRAF-2)"


# -- by NAT rules -------------------------------------------------------------------------------------------


def test_the_target_of_a_nat_rule_sees_an_address_of_the_firewalls_subnet() -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), only_from("10.0.1.0/26"), back=None, group="n")

    conversation = of(net, FROM_OUTSIDE, "internet")

    assert conversation.established
    assert conversation.forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.4"))
    assert told(conversation, "F-FW-5") == [
        "NAT rule web of fw leads to 10.2.1.4:8443, no earlier one matches",
        f"the target sees 10.0.1.4, an address of fw, not {CLIENT}",
    ]


@pytest.mark.parametrize("source", [CLIENT, ServiceTag("Internet")])
def test_a_rule_at_the_target_for_the_client_or_the_internet_does_not_match(source: str | ServiceTag) -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), only_from(source), back=None, group="n")

    assert dropped_by(net, FROM_OUTSIDE, "internet") == "F-NSG-4"


def test_virtual_network_covers_the_firewalls_address() -> None:
    tag = ServiceTag("VirtualNetwork")
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), only_from(tag), back=None, group="n")

    assert of(net, FROM_OUTSIDE, "internet").established


def test_the_reply_to_the_internet_leaves_by_the_firewalls_own_route() -> None:
    tunnelled = subnet("AzureFirewallSubnet", "10.0.1.0/26", route_table="forced")
    forced = table("forced", route("0.0.0.0/0", "none"))
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), forced, back=None, hub_subnet=tunnelled)

    conversation = of(net, FROM_OUTSIDE, "internet")

    assert isinstance(conversation.forward.outcome, Delivered)
    assert "R-SEL-9" in conversation.why


def test_what_no_nat_rule_takes_drops() -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443, source="192.0.2.0/24"), passing("all")), back=None)

    assert dropped_by(net, FROM_OUTSIDE, "internet") == "F-FW-6"
    assert dropped_by(net, flow("192.0.2.7", PUBLIC, 80), "internet") == "F-FW-6"
    assert of(net, flow("192.0.2.7", PUBLIC), "internet").established
    assert dropped_by(net, flow("10.1.1.4", "10.0.1.4")) == "F-FW-6"


@pytest.mark.parametrize("source", ["*", f"{CLIENT}/32"])
def test_a_network_rule_that_denies_what_was_translated_overrides_the_nat_rule(source: str) -> None:
    denial = passing("no", "10.2.1.4", allows=False, ports=port(8443), sources=addresses(source))
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443), denial), back=None)

    assert dropped_by(net, FROM_OUTSIDE, "internet") == "F-FW-5"


def test_a_network_rule_about_what_it_was_before_does_not() -> None:
    before = passing("no", PUBLIC, allows=False)
    sees_firewall = passing("no", "10.2.1.4", allows=False, sources=addresses("10.0.1.0/26"))
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443), before, sees_firewall), back=None)

    assert of(net, FROM_OUTSIDE, "internet").established


def test_a_further_public_address_has_nat_rules_of_its_own() -> None:
    further = firewall(
        leading("web", 443, "10.2.1.4", 8443),
        leading("other", 443, "10.2.1.5", 8443, "second"),
        public_addresses=(public("second", "203.0.113.6"),),
    )
    net = spokes(further, back=None)

    conversation = of(net, flow(CLIENT, "203.0.113.6"), "internet")

    assert conversation.established
    assert conversation.forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.5"))
    assert of(net, FROM_OUTSIDE, "internet").forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.4"))


def test_of_several_public_addresses_the_world_says_which_one_others_see() -> None:
    open_to = only_from("203.0.113.77")
    net = spokes(
        firewall(passing("all"), public_addresses=(public("second", "203.0.113.6"),)),
        machine("m", nic("m", "b.s", "10.2.1.9", public_address=public("p", "203.0.113.9"))),
        open_to,
        group="n",
    )
    sent, seen = flow("10.1.1.4", "203.0.113.9"), parse_address("203.0.113.77")

    assert dropped_by(net, sent) == "F-NSG-4"
    assert isinstance(of(net, sent, in_world=World(addresses={"egress of fw": seen})).forward.outcome, Delivered)


def test_the_first_of_several_nat_rules_takes_it() -> None:
    net = spokes(firewall(leading("one", 443, "10.2.1.4", 8443), leading("two", 443, "10.2.1.5", 443)), back=None)

    assert of(net, FROM_OUTSIDE, "internet").forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.4"))


@pytest.mark.parametrize(("replaces", "sees"), [(True, "10.0.1.4"), (False, "10.1.1.4")])
def test_a_fact_says_whom_the_target_of_a_nat_rule_at_the_private_address_sees(replaces: bool, sees: str) -> None:
    fact = "U-FWDNATSRC(fw/web)"
    in_world = world(fact) if replaces else world(false=(fact,))
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443, None)), only_from(sees), group="n")

    assert of(net, flow("10.1.1.4", "10.0.1.4"), in_world=in_world).established


def test_a_client_that_the_target_sees_gets_no_reply_past_the_firewall() -> None:
    around = spokes(firewall(leading("web", 443, "10.2.1.4", 8443, None)), *peered("a", "b"), back=None)
    sent = flow("10.1.1.4", "10.0.1.4")

    kept = of(around, sent, in_world=world(false=("U-FWDNATSRC(fw/web)",)))

    assert kept.why == "the reply does not come back to fw, which translated the packet (F-FW-8)"
    assert of(around, sent, in_world=world("U-FWDNATSRC(fw/web)")).established


def test_from_inside_a_public_address_is_served_and_never_answered() -> None:
    net = spokes(
        firewall(leading("web", 443, "10.2.1.4", 8443)),
        vnet("c", "10.3.0.0/16", subnet("s", "10.3.1.0/24", default_outbound=True)),
    )

    conversation = of(net, flow("10.3.1.4", PUBLIC), "c.s")

    assert conversation.forward.outcome == Delivered(at("b.s"), parse_address("10.2.1.4"))
    assert not conversation.established
    assert dropped_by(net, flow("10.3.1.4", PUBLIC), "c.s", world(false=("U-R-TRAF-10",))) == "R-TRAF-10"


def test_ipv6_is_never_translated() -> None:
    net = network(
        vnet(
            "v",
            "10.0.0.0/16 fd00::/32",
            subnet("a", "10.0.2.0/24 fd00:0:0:1::/64", route_table="six"),
            subnet("b", "10.0.3.0/24 fd00:0:0:2::/64", route_table="six"),
            subnet("AzureFirewallSubnet", "10.0.1.0/26 fd00:0:0:9::/64"),
        ),
        table("six", route("fd00:0:0:1::/64", "fd00:0:0:9::4"), route("fd00:0:0:2::/64", "fd00:0:0:9::4")),
        firewall(web("web"), where="v.AzureFirewallSubnet", address="10.0.1.4 fd00:0:0:9::4"),
    )
    sent = flow("fd00:0:0:1::4", "fd00:0:0:2::4")

    conversation = of(net, sent, "v.a", world("U-FWV6(fw)"))

    assert conversation.established
    assert not conversation.forward.translations
    assert dropped_by(net, sent, "v.a") == "F-FW-11"
    assert dropped_by(net, flow("fd00:0:0:1::4", "fd00:0:0:2::4", 22), "v.a", world("U-FWV6(fw)")) == "F-FW-6"


# -- beside the rules ---------------------------------------------------------------------------------------


def test_threat_intelligence_may_drop_what_is_public_at_one_end() -> None:
    net = spokes(firewall(passing("all"), denies_by_threat_intelligence=True))
    listed = world("U-FWTI(fw)")

    assert dropped_by(net, AWAY, in_world=listed) == "F-FW-1"
    assert of(net, AWAY).established
    assert of(net, ACROSS, in_world=listed).established
    assert of(spokes(firewall(passing("all"))), AWAY, in_world=listed).established


def test_threat_intelligence_comes_before_nat_rules() -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443), denies_by_threat_intelligence=True), back=None)

    assert dropped_by(net, FROM_OUTSIDE, "internet", world("U-FWTI(fw)")) == "F-FW-1"


def test_what_is_steered_to_an_address_that_is_presumed_may_be_lost() -> None:
    net = spokes(firewall(passing("all"), presumes_address=True))

    assert dropped_by(net, ACROSS, in_world=world(false=("U-FWADDR(fw)",))) == "F-FW-12"
    assert of(net, ACROSS).established


def test_intrusion_detection_may_drop_anything() -> None:
    net = spokes(firewall(passing("all"), denies_by_intrusion_detection=True))

    assert dropped_by(net, ACROSS, in_world=world("U-FWIDPS(fw)")) == "F-FW-10"
    assert of(net, ACROSS).established


def test_the_infrastructure_rules_may_let_some_of_the_web_out() -> None:
    net, fact = spokes(firewall()), world("U-FQDN(fw/infrastructure)")

    assert of(net, AWAY, in_world=fact).established
    assert dropped_by(net, AWAY) == "F-FW-6"
    assert dropped_by(net, flow("10.1.1.4", CLIENT, 22), in_world=fact) == "F-FW-6"
    assert dropped_by(net, ACROSS, in_world=fact) == "F-FW-6"


def test_with_every_filter_allowing_nat_rules_translate_and_all_else_passes_as_it_is() -> None:
    net = spokes(firewall(passing("no", allows=False), leading("web", 443, "10.2.1.4", 8443, None)), back=None)

    across = trace_unfiltered(net, at("a.s"), ACROSS, world())
    to_it = trace_unfiltered(net, at("a.s"), flow("10.1.1.4", "10.0.1.4"), world())
    other = trace_unfiltered(net, at("a.s"), flow("10.1.1.4", "10.0.1.4", 22), world())

    assert (across.outcome, across.translations) == (Delivered(at("b.s"), parse_address("10.2.1.4")), ())
    assert to_it.outcome == Delivered(at("b.s"), parse_address("10.2.1.4"))
    assert other.outcome == Delivered(at("hub.AzureFirewallSubnet"), parse_address("10.0.1.4"), "fw")
    assert trace_unfiltered(net, at("a.s"), AWAY, world()).outcome == LeftToInternet("fw")


def test_with_every_filter_allowing_a_client_that_a_nat_rule_keeps_does_not_get_to_the_internet() -> None:
    net = spokes(firewall(leading("out", 443, CLIENT, 443, None)))
    sent, kept = flow("10.1.1.4", "10.0.1.4"), world(false=("U-FWDNATSRC(fw/out)",))

    assert trace_unfiltered(net, at("a.s"), sent, world()).outcome == LeftToInternet("fw")
    assert isinstance(trace_unfiltered(net, at("a.s"), sent, kept).outcome, Dropped)


# -- one after the other ------------------------------------------------------------------------------------


def chained(*, first: Machine, second: Machine, third: Machine | None = None) -> Network:
    """Return hubs in a row, each with a firewall that sends what is for the last network to the next."""
    names = ("hub", "east", "west")
    firewalls = [each for each in (first, second, third) if each is not None]
    elements: list[Element] = [
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.1.0/24", route_table="to-hub")),
        table("to-hub", route("10.2.0.0/16", "10.0.1.4")),
        peered("a", "hub", allow_forwarded_traffic=True),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.1.0/24")),
        peered(names[len(firewalls) - 1], "b", allow_forwarded_traffic=True),
        *firewalls,
    ]
    for number, name in enumerate(names[: len(firewalls)]):
        is_last = number == len(firewalls) - 1
        onward = None if is_last else f"to-{names[number + 1]}"
        space = f"10.{number * 10}.0.0/16"
        elements.append(
            vnet(name, space, subnet("AzureFirewallSubnet", f"10.{number * 10}.1.0/26", route_table=onward))
        )
        if onward is not None:
            elements.append(table(onward, route("10.2.0.0/16", f"10.{number * 10 + 10}.1.4")))
            elements.append(peered(name, names[number + 1], allow_forwarded_traffic=True))
    return network(*elements)


FIRST = firewall(web("web"))
SECOND = firewall(web("web"), name="fw2", where="east.AzureFirewallSubnet", address="10.10.1.4", entry=None)
THIRD = firewall(web("web"), name="fw3", where="west.AzureFirewallSubnet", address="10.20.1.4", entry=None)


def test_two_firewalls_in_a_row_translate_back_one_after_the_other() -> None:
    conversation = of(chained(first=FIRST, second=SECOND), ACROSS)

    assert conversation.established
    assert conversation.forward.met == ("fw", "fw2")
    assert conversation.reply is not None
    assert conversation.reply.met == ("fw2", "fw")
    assert [t.after.source.low for t in conversation.forward.translations] == [
        parse_address("10.0.1.4"),
        parse_address("10.10.1.4"),
    ]


def test_the_packet_that_a_firewall_sends_is_seen_by_the_next_ones_rules() -> None:
    picky = firewall(
        web("web", sources=addresses("10.1.0.0/16")),
        name="fw2",
        where="east.AzureFirewallSubnet",
        address="10.10.1.4",
        entry=None,
    )

    assert dropped_by(chained(first=FIRST, second=picky), ACROSS) == "F-FW-6"


def test_what_is_translated_a_third_time_is_lost_or_ends_anywhere() -> None:
    net = chained(first=FIRST, second=SECOND, third=THIRD)

    assert dropped_by(net, ACROSS) == "F-FW-7"
    astray = of(net, ACROSS, in_world=world("U-FWCHAIN"))
    assert astray.forward.outcome == Astray("fw3")
    assert astray.forward.met == ("fw", "fw2")
    assert astray.established


# -- claims -------------------------------------------------------------------------------------------------


def ends(*parts: tuple[Place, str]) -> EndpointSet:
    return EndpointSet(tuple((place, addresses(held)) for place, held in sorted(parts)))


def claim(verb: Verb, left: EndpointSet, right: EndpointSet, **more: object) -> Claim:
    service = Service("any", ((TCP, ALL_PORTS),))
    return Claim(verb, ((left, right),), service, "", NOWHERE, **more)  # type: ignore[arg-type]


ENTRY = Place(PlaceKind.PUBLIC.value, "fw/entry")
A, B = ends((at("a.s"), "10.1.1.0/24")), ends((at("b.s"), "10.2.1.0/24"))
FW = ends((at("hub.AzureFirewallSubnet"), "10.0.1.4/32"), (ENTRY, f"{PUBLIC}/32"))
OUTSIDE = ends((INTERNET, "198.51.100.0/24"))
SERVED = spokes(firewall(leading("web", 443, "10.2.1.4", 8443), leading("in", 443, "10.2.1.4", 8443, None)), back=None)


@pytest.mark.parametrize("right", [B, FW, ends((ENTRY, f"{PUBLIC}/32"))])
def test_what_a_nat_rule_translates_is_delivered_to_the_target_and_to_the_firewalls_address(right: EndpointSet) -> None:
    never = claim(Verb.NEVER_REACHES, OUTSIDE, right)

    assert in_question(SERVED, never, INTERNET, FROM_OUTSIDE, world())
    assert violates(SERVED, never, INTERNET, FROM_OUTSIDE, world())


def test_what_is_translated_and_lost_is_delivered_nowhere() -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443)), only_from(CLIENT), back=None, group="n")

    assert violates(net, claim(Verb.NEVER_REACHES, OUTSIDE, FW), INTERNET, FROM_OUTSIDE, world()) is None


def test_the_internet_reaches_a_firewall_at_its_public_address() -> None:
    reaches = claim(Verb.REACHES, OUTSIDE, FW)

    assert in_question(SERVED, reaches, INTERNET, FROM_OUTSIDE, world())
    assert violates(SERVED, reaches, INTERNET, FROM_OUTSIDE, world()) is None
    assert violates(SERVED, reaches, INTERNET, flow(CLIENT, PUBLIC, 80), world())


def test_a_private_address_of_the_firewall_is_not_reached_by_its_public_one() -> None:
    reaches = claim(Verb.REACHES, OUTSIDE, ends((at("hub.AzureFirewallSubnet"), "10.0.1.4/32")))

    assert violates(SERVED, reaches, INTERNET, FROM_OUTSIDE, world())


def test_a_further_public_address_asks_for_no_private_one() -> None:
    further = firewall(public_addresses=(public("second", "203.0.113.6"),))
    reaches = claim(Verb.REACHES, OUTSIDE, ends((at("hub.AzureFirewallSubnet"), "10.0.1.4/32")))

    assert in_question(spokes(further), reaches, INTERNET, FROM_OUTSIDE, world())
    assert not in_question(spokes(further), reaches, INTERNET, flow(CLIENT, "203.0.113.6"), world())


def test_a_target_behind_a_nat_rule_is_not_asked_for_by_the_firewalls_address() -> None:
    assert not in_question(SERVED, claim(Verb.REACHES, OUTSIDE, B), INTERNET, FROM_OUTSIDE, world())


def test_no_flow_begins_at_a_public_address_of_a_firewall() -> None:
    backwards = claim(Verb.NEVER_REACHES, ends((ENTRY, f"{PUBLIC}/32")), B)

    assert not in_question(SERVED, backwards, ENTRY, flow(PUBLIC, "10.2.1.4"), world())


def test_a_public_address_that_is_not_known_is_the_worlds() -> None:
    net = spokes(firewall(leading("web", 443, "10.2.1.4", 8443), entry=None), back=None)
    reaches = claim(Verb.REACHES, OUTSIDE, EndpointSet(((ENTRY, addresses("203.0.113.0/24")),)))

    assert in_question(net, reaches, INTERNET, FROM_OUTSIDE, world(entry=PUBLIC))
    assert not in_question(net, reaches, INTERNET, FROM_OUTSIDE, world(entry="203.0.113.77"))


def test_a_flow_that_comes_back_to_where_it_began_is_none() -> None:
    net = spokes(firewall(leading("in", 443, "10.1.1.4", 443, None)))
    sent = flow("10.1.1.4", "10.0.1.4")

    assert not in_question(net, claim(Verb.NEVER_REACHES, A, A), at("a.s"), sent, world())
    assert not in_question(net, claim(Verb.NEVER_REACHES, A, FW), at("a.s"), sent, world())
    assert not in_question(net, claim(Verb.REACHES, A, FW), at("a.s"), sent, world())
    assert in_question(net, claim(Verb.REACHES, A, FW), at("a.s"), flow("10.1.1.5", "10.0.1.4"), world())


@pytest.mark.parametrize("verb", [Verb.NEVER_REACHES, Verb.NOT_VIA, Verb.ONLY_VIA, Verb.LOCAL_LATENCY])
def test_what_goes_astray_breaks_a_sentence_about_what_is_delivered(verb: Verb) -> None:
    net, astray = chained(first=FIRST, second=SECOND, third=THIRD), world("U-FWCHAIN")
    about = claim(verb, A, OUTSIDE, via=("gate",))

    assert violates(net, about, at("a.s"), ACROSS, astray)
    assert violates(net, about, at("a.s"), ACROSS, world()) is None


def test_what_goes_astray_reaches_what_it_is_sent_to_or_is_lost() -> None:
    net, reaches = chained(first=FIRST, second=SECOND, third=THIRD), claim(Verb.REACHES, A, B)

    assert violates(net, reaches, at("a.s"), ACROSS, world("U-FWCHAIN")) is None
    assert violates(net, reaches, at("a.s"), ACROSS, world())


def test_crossings_are_counted_over_all_packets() -> None:
    net = chained(first=FIRST, second=SECOND)

    assert violates(net, claim(Verb.CROSSES_AT_MOST, A, B, limit=3), at("a.s"), ACROSS, world()) is None
    assert violates(net, claim(Verb.CROSSES_AT_MOST, A, B, limit=2), at("a.s"), ACROSS, world())
