"""What the statements about a network say, with the defaults of Azure and the place of every line."""

from __future__ import annotations

import logging

import pytest

from tests.unit.text_samples import EVERYTHING
from vnetverify.facts import Uncertainty
from vnetverify.header import ALL_ADDRESSES, ALL_PORTS, ICMP, Interval, IntervalSet, addresses_of, parse_prefix
from vnetverify.model.balancers import Sku
from vnetverify.model.endpoints import PUBLIC_ADDRESSES, PUBLIC_IPV6_ADDRESSES
from vnetverify.model.intents import Assumption
from vnetverify.model.network import (
    DeploymentModel,
    Era,
    GatewayKind,
    LinkState,
    Machine,
    NextHopType,
    Peering,
    PolicyRule,
)
from vnetverify.model.security import Access, AddressPrefixes, AnyAddress, AsgMembers, ServiceTag
from vnetverify.source import NOWHERE, Source, Span
from vnetverify.syntax import read, read_text, uses
from vnetverify.syntax.grammar import grammar_text, parser
from vnetverify.syntax.words import RESERVED

NETWORK = read_text(EVERYTHING, "all.vnet").network
LINES = EVERYTHING.split("\n")


def written_at(span: Span) -> str:
    """Return what the text has at a place of one line."""
    assert (span.file, span.line) == ("all.vnet", span.end_line)
    return LINES[span.line - 1][span.column - 1 : span.end_column - 1]


def machine(text: str) -> Machine:
    """Return the one machine of `text` beside a vnet with a subnet."""
    (found,) = read_text("vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 }\n" + text).network.machines.values()
    return found


# What is said


def test_a_vnet_has_what_its_lines_say() -> None:
    hub = NETWORK.vnets["hub"]

    assert (hub.region, hub.subscription, hub.tags) == ("westeurope", "connectivity", (("env", "shared"),))
    assert [str(prefix) for prefix in hub.address_space] == ["10.0.0.0/16", "10.100.0.0/16"]
    assert hub.model is DeploymentModel.RESOURCE_MANAGER
    assert NETWORK.vnets["legacy"].model is DeploymentModel.CLASSIC


def test_a_subnet_has_its_prefixes_and_what_is_attached() -> None:
    shared = NETWORK.subnet("hub.shared")

    assert [str(prefix) for prefix in shared.prefixes] == ["10.0.2.0/24", "10.0.3.0/24"]
    assert (shared.nsg, shared.route_table, shared.nat_gateway) == ("web-nsg", None, "egress")
    assert shared.default_outbound is False
    assert NETWORK.subnet("spoke.web").default_outbound is True
    assert NETWORK.subnet("hub.GatewaySubnet").default_outbound is None


def test_the_flags_of_a_peering_are_off_but_for_access() -> None:
    assert NETWORK.peerings[2] == Peering("hub", "legacy", span=NETWORK.peerings[2].span)


def test_the_flags_of_a_peering_that_are_named_are_on_unless_off_is_said() -> None:
    first, second = NETWORK.peerings[:2]

    assert (first.allow_forwarded_traffic, first.use_remote_gateways, first.state) == (True, True, None)
    assert (second.allow_virtual_network_access, second.allow_gateway_transit) == (False, True)
    assert second.state is LinkState.CONNECTED


def test_gateways_know_their_vnet_and_kind() -> None:
    vpn, expressroute = NETWORK.gateways["hub-vpn"], NETWORK.gateways["hub-er"]

    assert (vpn.vnet, vpn.kind, vpn.allows_remote_vnets) == ("hub", GatewayKind.VPN, None)
    assert (expressroute.kind, expressroute.allows_remote_vnets) == (GatewayKind.EXPRESSROUTE, True)


def test_a_security_rule_says_protocol_addresses_and_ports() -> None:
    https, admin, deny = NETWORK.nsgs["web-nsg"].rules

    assert (https.source, https.destination) == (ServiceTag("Internet"), AsgMembers(("web-servers",)))
    assert (https.priority, https.protocol, https.access) == (100, 6, Access.ALLOW)
    assert admin.source == AddressPrefixes((parse_prefix("10.0.2.0/24"), parse_prefix("10.9.0.4")))
    assert admin.source_ports == IntervalSet((Interval(1024, 65535),))
    assert admin.destination == AnyAddress()
    assert admin.destination_ports == IntervalSet((Interval(22, 22), Interval(3389, 3389)))
    assert (admin.protocol, deny.protocol) == (None, ICMP)
    assert deny.destination_ports == ALL_PORTS
    assert deny.destination == ServiceTag("Storage.WestUS")


@pytest.mark.parametrize("word", ["*", "any", "Any", "ANY"])
def test_any_and_the_star_are_every_protocol_and_address(word: str) -> None:
    rule = (
        read_text(f"nsg a {{ inbound 100 r allow {word} from {word} to {word} port {word} }}")
        .network.nsgs["a"]
        .rules[0]
    )

    assert (rule.protocol, rule.source, rule.destination) == (None, AnyAddress(), AnyAddress())
    assert rule.destination_ports == ALL_PORTS


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("virtualnetwork", "VirtualNetwork"),
        ("STORAGE.westus", "Storage.WestUS"),
        ("Sql.Marsnorth", "Sql.Marsnorth"),
        ("partner", "Partner"),
        ("azurefrontdoor.backend", "AzureFrontDoor.Backend"),
        ('"Tomorrow"', "Tomorrow"),
    ],
)
def test_a_service_tag_gets_the_spelling_of_azure_or_of_its_declaration(written: str, tag: str) -> None:
    text = f"service-tag Partner 203.0.113.0/24\nnsg a {{ inbound 100 r allow tcp from {written} to any }}"

    assert read_text(text).network.nsgs["a"].rules[0].source == ServiceTag(tag)


def test_a_declared_service_tag_may_have_a_region() -> None:
    network = read_text("service-tag storage.westus 20.0.0.0/8, 21.0.0.0/8").network

    assert network.service_tags == {"Storage.WestUS": (parse_prefix("20.0.0.0/8"), parse_prefix("21.0.0.0/8"))}


def test_routes_have_every_kind_of_next_hop() -> None:
    table = NETWORK.route_tables["via-firewall"]

    assert [route.next_hop for route in table.routes] == [
        NextHopType.APPLIANCE,
        NextHopType.NONE,
        NextHopType.GATEWAY,
        NextHopType.VNET_LOCAL,
        NextHopType.INTERNET,
        NextHopType.INTERNET,
        NextHopType.INTERNET,
    ]
    assert [route.next_hop_address for route in table.routes] == [0x0A00_0104, *(None,) * 6]
    assert not table.propagate_gateway_routes
    assert NETWORK.route_tables["from-onprem"].propagate_gateway_routes


def test_interfaces_are_named_after_their_machine_unless_they_have_a_name() -> None:
    assert [nic.name for nic in NETWORK.machines["web1"].nics] == ["web1", "management"]
    assert [nic.name for nic in NETWORK.machines["fw"].nics] == ["fw", "fw-2"]


def test_an_interface_has_several_addresses_and_its_attachments() -> None:
    first, second = NETWORK.machines["web1"].nics

    assert first.addresses == (0x0A01_0104, 0x0A01_0105)
    assert (first.subnet_id, first.nsg, first.asgs) == ("spoke.web", "web-nsg", ("web-servers",))
    assert first.public_address is not None
    assert (first.public_address.name, first.public_address.sku) == ("web1-ip", Sku.STANDARD)
    assert first.public_address.address == 0xCB00_7109
    assert second.public_address is not None
    assert (second.public_address.sku, second.public_address.address) == (None, None)


def test_a_vm_forwards_nothing_and_is_not_stateful() -> None:
    found = machine("vm m { nic 10.0.0.4 in v.s }")

    assert (found.policy, found.stateful, found.nics[0].ip_forwarding) == ((), False, False)


def test_a_vm_that_forwards_may_do_anything() -> None:
    found = machine("vm m { nic 10.0.0.4 in v.s  ip-forwarding on }")

    assert (found.policy, found.stateful) == (None, None)


def test_an_appliance_of_which_nothing_is_said_may_do_anything() -> None:
    found = machine("appliance m { nic 10.0.0.4 in v.s }")

    assert (found.policy, found.stateful, found.translates_source) == (None, None, None)
    assert found.nics[0].ip_forwarding


def test_an_appliance_that_forwards_nothing_says_so() -> None:
    assert machine("appliance m { nic 10.0.0.4 in v.s  forwards nothing }").policy == ()


def test_an_appliance_that_forwards_anything_has_one_line() -> None:
    (rule,) = machine("appliance m { nic 10.0.0.4 in v.s  forwards any }").policy or ()

    assert rule == PolicyRule(Access.ALLOW, None, ALL_ADDRESSES, ALL_ADDRESSES, ALL_PORTS, rule.span)


def test_a_policy_keeps_the_order_of_its_lines() -> None:
    first, second = NETWORK.machines["fw"].policy or ()

    assert (first.access, first.protocol) == (Access.DENY, 6)
    assert first.destination_ports == IntervalSet((Interval(22, 22),))
    assert (second.access, second.protocol) == (Access.ALLOW, None)


def test_names_in_a_policy_stand_for_all_their_addresses() -> None:
    _, rule = NETWORK.machines["fw"].policy or ()

    assert rule.sources == addresses_of((parse_prefix("10.1.0.0/16"),))
    assert rule.destinations == PUBLIC_ADDRESSES | PUBLIC_IPV6_ADDRESSES


def test_a_policy_may_subtract_and_name_groups() -> None:
    text = "appliance m { nic 10.0.0.4 in v.s  forwards tcp from v, far except v.s to m }\ngroup far = 10.9.0.0/16"
    (rule,) = machine(text).policy or ()

    assert rule.sources == addresses_of((parse_prefix("10.0.0.0/16"), parse_prefix("10.9.0.0/16"))) - addresses_of(
        (parse_prefix("10.0.0.0/24"),)
    )
    assert rule.destinations == addresses_of((parse_prefix("10.0.0.4"),))


def test_state_and_translation_are_known_when_said() -> None:
    firewall, wall = NETWORK.machines["fw"], NETWORK.machines["wall"]

    assert (firewall.stateful, firewall.translates_source) == (True, False)
    assert wall.stateful is False


def test_a_connection_joins_a_site_and_a_gateway() -> None:
    branch, line_, silent, _ = NETWORK.connections

    assert (branch.name, branch.site, branch.gateway) == ("branch -- hub-vpn", "branch", "hub-vpn")
    assert (branch.bgp, branch.default_site, branch.prefixes, branch.circuit) == (True, True, None, None)
    assert (line_.name, line_.circuit, line_.prefixes) == ("line", "er-1", (parse_prefix("192.168.4.0/24"),))
    assert silent.prefixes == ()


def test_a_connection_may_be_written_from_either_end() -> None:
    text = "vnet v { gateway vpn g }\nsite s {}\nconnection v.g -- s\nconnection other: g -- s"

    assert [(found.site, found.gateway) for found in read_text(text).network.connections] == [("s", "g"), ("s", "g")]


def test_a_connection_joins_two_gateways() -> None:
    last = NETWORK.connections[-1]

    assert (last.gateway, last.remote_gateway, last.site) == ("hub-vpn", "hub-er", None)


def test_a_site_may_be_behind_an_appliance() -> None:
    assert (NETWORK.sites["branch"].behind, NETWORK.sites["partner"].behind) == (None, "fw")


def test_the_era_is_current_unless_said() -> None:
    assert (NETWORK.era, read_text("").network.era) == (Era.Y2018, Era.CURRENT)


def test_an_assumption_is_spelled_as_its_uncertainty() -> None:
    text = 'assume U-VNTAG(spoke.web,0.0.0.0/0) = true\nassume U-R-PEER-16 = false\nassume "U-FORWARDS(fw)" = true'
    found = read_text(text).assumptions

    assert [(assumption.fact, assumption.value) for assumption in found] == [
        (str(Uncertainty("U-VNTAG", ("spoke.web", "0.0.0.0/0"))), True),
        ("U-R-PEER-16", False),
        ("U-FORWARDS(fw)", True),
    ]
    assert found[1] == Assumption("U-R-PEER-16", False, Span("text.vnet", 2, 8, 2, 27))


def test_the_documented_reading_is_asked_for() -> None:
    assert read_text("reading documented").documented_reading
    assert not read_text("").documented_reading


def test_the_paths_that_a_text_uses_are_found_with_their_places() -> None:
    source = Source("a.vnet", 'vnet a {}  use "one.json"\n# use "not.json"\nuse "two/"')

    assert uses(source) == (("one.json", Span("a.vnet", 1, 16, 1, 26)), ("two/", Span("a.vnet", 3, 5, 3, 11)))


# Several texts and imported networks


def test_several_texts_are_read_as_one() -> None:
    sources = (Source("a.vnet", "peering a -> b"), Source("b.vnet", "vnet a {}\nvnet b {}"))
    document = read(sources)

    assert document.diagnostics == ()
    assert document.network.peerings[0].span.file == "a.vnet"


def test_declared_elements_join_imported_ones_and_refer_to_them() -> None:
    imported = read_text("vnet hub { subnet s 10.0.0.0/24 }\nnsg web {}", "export.json").network
    document = read((Source("a.vnet", "vnet spoke { subnet t 10.1.0.0/24 nsg WEB }\npeering spoke -> HUB"),), imported)

    assert document.diagnostics == ()
    assert list(document.network.vnets) == ["hub", "spoke"]
    assert document.network.subnet("spoke.t").nsg == "web"
    assert document.network.peerings[0].remote == "hub"


def test_an_imported_network_alone_stays_as_it_is() -> None:
    assert read((), NETWORK).network == NETWORK


# Places


def test_every_line_has_its_own_place() -> None:
    spans = {
        "nic 10.1.1.4, 10.1.1.5 in spoke.web  nsg web-nsg  asg web-servers  public-ip standard 203.0.113.9": (
            NETWORK.machines["web1"].nics[0].span
        ),
        "nic management 10.0.2.9 in hub.shared  public-ip": NETWORK.machines["web1"].nics[1].span,
        "public-ip": NETWORK.machines["web1"].nics[1].public_address.span,  # type: ignore[union-attr]
        "nic 10.0.2.11 in hub.shared  ip-forwarding off": NETWORK.machines["fw"].nics[1].span,
        "drops tcp from 10.2.0.0/16 to any port 22": NETWORK.machines["fw"].policy[0].span,  # type: ignore[index]
        "forwards any from spoke to internet": NETWORK.machines["fw"].policy[1].span,  # type: ignore[index]
        "inbound   100 allow-https allow tcp  from Internet to asg web-servers port 443": (
            NETWORK.nsgs["web-nsg"].rules[0].span
        ),
        "outbound 4096 deny-rest   deny  icmp from asg web-servers to Storage.WestUS": (
            NETWORK.nsgs["web-nsg"].rules[2].span
        ),
        "default 0.0.0.0/0      -> appliance 10.0.1.4": NETWORK.route_tables["via-firewall"].routes[0].span,
        "drop    10.0.9.0/24    -> none": NETWORK.route_tables["via-firewall"].routes[1].span,
        "subnet AzureFirewallSubnet 10.0.1.0/26": NETWORK.subnet("hub.AzureFirewallSubnet").span,
        "subnet shared              10.0.2.0/24, 10.0.3.0/24  nsg web-nsg  nat-gateway egress  default-outbound off": (
            NETWORK.subnet("hub.shared").span
        ),
        "peering hub -> legacy": NETWORK.peerings[2].span,
        "connection line: branch -- hub.hub-er": NETWORK.connections[1].span,
        "hub": NETWORK.vnets["hub"].span,
        "web-nsg": NETWORK.nsgs["web-nsg"].span,
        "via-firewall": NETWORK.route_tables["via-firewall"].span,
        "fw": NETWORK.machines["fw"].span,
        "branch": NETWORK.sites["branch"].span,
        "hub-er": NETWORK.gateways["hub-er"].span,
        "web-servers": NETWORK.asgs["web-servers"],
        "egress": NETWORK.nat_gateways["egress"],
    }

    assert {text: written_at(span) for text, span in spans.items()} == {text: text for text in spans}


def test_places_stay_right_behind_a_mistake() -> None:
    network = read((Source("a.vnet", "vnet {\n\nvnet hub {\n  subnet s 10.0.0.0/24\n}"),)).network

    assert network.vnets["hub"].span == Span("a.vnet", 3, 6, 3, 9)
    assert network.subnet("hub.s").span == Span("a.vnet", 4, 3, 4, 23)


def test_nothing_of_a_text_is_nowhere() -> None:
    vnets, subnets = NETWORK.vnets.values(), NETWORK.subnets()
    spans = {element.span for element in (*vnets, *subnets, *NETWORK.peerings, *NETWORK.connections, *NETWORK.nics())}

    assert NOWHERE not in spans


# The grammar


def test_the_grammar_has_no_conflict_but_those_it_tells_of() -> None:
    from lark import Lark, logger

    class Messages(logging.Handler):
        def __init__(self) -> None:
            super().__init__()
            self.texts: list[str] = []

        def emit(self, record: logging.LogRecord) -> None:
            self.texts.append(record.getMessage())

    messages, level = Messages(), logger.level
    logger.addHandler(messages)
    logger.setLevel(logging.DEBUG)
    try:
        Lark(grammar_text(), parser="lalr", start=["start", "endpoints"], debug=True)
    finally:
        logger.removeHandler(messages)
        logger.setLevel(level)
    conflicts = [text for text in messages.texts if "conflict" in text.casefold() or text.startswith(" * ")]

    told_of = ("NAME", "STRING", "expected_hop", "expected_egress")

    assert len(conflicts) == 24
    assert all(any(word in text for word in told_of) for text in conflicts)


def test_the_reserved_words_are_those_of_the_grammar() -> None:
    literals = {terminal.pattern.value for terminal in parser()[0].terminals if terminal.pattern.type == "str"}
    flags = {
        word
        for word in RESERVED
        if word.startswith("allow-") or word in ("use-remote-gateways", "enable-only-ipv6-peering")
    }

    assert {word for word in literals if word[0].isalpha()} | flags | {"any"} == RESERVED
