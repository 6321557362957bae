"""A firewall with rules of its own: what it lets pass, into what it translates it, and how replies get back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import (
    at,
    flow,
    network,
    peered,
    port,
    prefixes,
    route,
    router,
    site,
    subnet,
    table,
    vnet,
    vpn,
    world,
)
from tests.unit.simulator_translating import (
    ACROSS,
    CLIENT,
    FROM_OUTSIDE,
    PEERINGS,
    TO_FW,
    addresses,
    dropped_by,
    firewall,
    leading,
    of,
    only_from,
    passing,
    spokes,
    told,
    web,
)
from vnetverify.facts import World
from vnetverify.header import ALL_IPV4, ALL_PORTS, ICMP, UDP, Family, IntervalSet, parse_address
from vnetverify.model.network import Connection, UserRoute
from vnetverify.simulator.addressing import point
from vnetverify.simulator.situation import situation_of
from vnetverify.simulator.walk import Delivered, Dropped, LeftToInternet, trace, trace_unfiltered

NO_RANGES = IntervalSet()
AWAY = flow("10.1.1.4", CLIENT)
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


def test_what_is_sent_to_the_firewalls_own_address_in_its_network_is_the_reply_to_it() -> None:
    net = spokes(firewall(web("all")))
    translated = trace(net, at("a.s"), AWAY, world()).translations[0]
    here = situation_of(net, world(), Family.IPV4)
    own, other = point(parse_address("10.0.1.4")), point(parse_address("10.0.1.5"))

    assert translated.gets_reply(here, "hub", own)
    assert not translated.gets_reply(here, "hub", other)
    assert not translated.gets_reply(here, "a", own)
    assert not replace(translated, own=None).gets_reply(here, "hub", own)
