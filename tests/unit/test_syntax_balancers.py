"""What statements say of load balancers, private endpoints, managed firewalls, pools of clients and bandwidths."""

from __future__ import annotations

import pytest

from tests.unit.text_samples import BOTH_FAMILIES
from vnetverify.diagnostic import Diagnostic
from vnetverify.header import TCP, UDP, Interval, IntervalSet, parse_address, parse_prefix
from vnetverify.model.balancers import Frontend, LoadBalancer, LoadBalancingRule, Probe, Sku
from vnetverify.model.network import Machine, PrivateEndpointPolicies
from vnetverify.source import Source
from vnetverify.syntax import read, read_text

NETWORK = read_text(BOTH_FAMILIES, "all.vnet").network
VNET = """\
vnet v {
  address 10.0.0.0/16
  subnet s 10.0.0.0/24
  subnet t 10.0.1.0/24
}
vm m { nic 10.0.0.4 in v.s  nic side 10.0.0.5 in v.s }
vm n { nic 10.0.0.6 in v.s }
"""


def balancer(items: str, header: str = "load-balancer b in v.s") -> LoadBalancer:
    return read_text(f"{VNET}{header} {{ {items} }}").network.load_balancers["b"]


def rule(text: str) -> LoadBalancingRule:
    """Return the one rule of a load balancer with two frontends."""
    (found,) = balancer(f"frontend 10.0.0.100  frontend second 10.0.0.101  rule r {text}").rules
    return found


def mistake(text: str) -> Diagnostic:
    (found,) = read((Source("text.vnet", VNET + text),)).diagnostics
    return found


def machine(text: str) -> Machine:
    return read_text(VNET + text).network.machines["x"]


# Load balancers


def test_a_load_balancer_has_its_sku_and_its_frontends_in_its_subnet() -> None:
    found = balancer("frontend 10.0.0.100  frontend far 10.0.1.100 in v.t", "load-balancer b basic in v.s")
    expected = [("frontend", "v.s", "10.0.0.100"), ("far", "v.t", "10.0.1.100")]

    assert found.sku is Sku.BASIC
    assert [(each.name, each.subnet_id, each.address) for each in found.frontends] == [
        (name, subnet, parse_address(address)) for name, subnet, address in expected
    ]


def test_a_sku_that_is_not_said_is_not_known() -> None:
    assert balancer("").sku is None


def test_a_rule_is_for_the_first_frontend_and_keeps_its_port() -> None:
    found = rule("tcp 443 -> m")

    assert (found.frontend, found.protocol, found.port, found.backend_port) == ("frontend", TCP, 443, 443)
    assert (found.members, found.probe, found.floating_ip) == (("m",), None, False)


def test_a_rule_says_its_frontend_its_port_its_probe_and_floating_ip() -> None:
    found = rule("udp 53 at SECOND -> m port 5353  probe 8080  floating-ip")

    assert (found.frontend, found.protocol, found.port, found.backend_port) == ("second", UDP, 53, 5353)
    assert (found.probe, found.floating_ip) == (Probe(8080), True)


@pytest.mark.parametrize("word", ["any", "*"])
def test_a_rule_for_high_availability_has_no_port(word: str) -> None:
    found = rule(f"{word} -> m, n")

    assert (found.protocol, found.port, found.backend_port, found.members) == (None, None, None, ("m", "n"))


@pytest.mark.parametrize(
    ("written", "members"),
    [("m", ("m",)), ("M", ("m",)), ("side", ("side",)), ("m.side, n", ("side", "n")), ("m.m, m", ("m",))],
)
def test_a_member_is_a_machine_or_an_interface(written: str, members: tuple[str, ...]) -> None:
    assert rule(f"tcp 1 -> {written}").members == members


def test_a_machine_without_an_interface_of_its_name_stands_for_its_first() -> None:
    found = read_text(
        "vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 }\nvm m { nic first 10.0.0.4 in v.s }\n"
        "load-balancer b in v.s { frontend 10.0.0.9  rule r tcp 1 -> m }"
    ).network

    assert found.load_balancers["b"].rules[0].members == ("first",)


@pytest.mark.parametrize(
    ("items", "code", "help_text"),
    [
        ("frontend 10.0.0.9  rule r tcp 1 -> mm", "unknown-name", "did you mean `m`?"),
        ("frontend 10.0.0.9  rule r tcp 1 -> m.sied", "unknown-nic", "did you mean `side`?"),
        ("frontend 10.0.0.9  rule r tcp 1 -> o.side", "unknown-machine", "declared: `m` and `n`"),
        ("frontend one 10.0.0.9  rule r tcp 1 at oen -> m", "unknown-frontend", "did you mean `one`?"),
        ("frontend one 10.0.0.9  rule r tcp 1 at x -> m", "unknown-frontend", "declared: `one`"),
        ("rule r tcp 1 -> m", "unknown-frontend", None),
        ("frontend 10.0.0.9  rule r any 1 -> m", "bad-port", None),
        ("frontend 10.0.0.9  rule r any -> m port 1", "bad-port", None),
        ("frontend 10.0.0.9  rule r tcp -> m", "bad-port", None),
        ("frontend 10.0.0.9  rule r tcp 65536 -> m", "bad-port", None),
        ("frontend 10.0.0.9  rule r tcp 1 -> m probe 0", "bad-port", None),
        ("frontend 10.0.0.9  rule r icmp -> m", "unknown-protocol", None),
        ("frontend 10.0.0.9  rule r tcpp 1 -> m", "unknown-protocol", "did you mean `tcp`?"),
        ("frontend 10.0.0.9  rule r tcp 1 -> m  rule R tcp 2 -> m", "duplicate-name", None),
        ("frontend 10.0.0.9  frontend 10.0.0.10", "duplicate-name", "give it a name: `frontend NAME ADDRESS`"),
        ("frontend 10.0.0.9  rule r tcp 1 -> m probe 1 probe 2", "said-twice", None),
        ("frontend 10.0.0.0/24", "bad-address", None),
        ("frontend 10.0.0.9 in v.x", "unknown-subnet", "did you mean `v.t`?"),
    ],
)
def test_what_a_load_balancer_says_wrongly_is_told(items: str, code: str, help_text: str | None) -> None:
    found = mistake(f"load-balancer b in v.s {{ {items} }}")

    assert (found.code, found.help) == (code, help_text)


def test_a_frontend_has_to_be_in_a_subnet() -> None:
    assert mistake("load-balancer b { frontend 10.0.0.9 }").code == "unknown-subnet"
    assert read_text(f"{VNET}load-balancer b {{ frontend 10.0.0.9 in v.s }}").network.load_balancers["b"].frontends


def test_an_interface_called_as_another_machine_is_ambiguous() -> None:
    found = mistake(
        "vm side { nic front 10.0.0.7 in v.s }\nload-balancer b in v.s { frontend 10.0.0.9  rule r tcp 1 -> side }"
    )

    assert (found.code, found.message) == ("ambiguous-name", "`side` is a machine and an interface")


def test_a_frontend_is_found_by_its_name() -> None:
    found = NETWORK.load_balancers["orders"]

    assert isinstance(found.frontend("six"), Frontend)
    assert found.frontend("six").address == parse_address("fd00:db8:0:3::100")


# Private endpoints, firewalls, sites, bandwidths


def test_a_private_endpoint_is_approved_unless_it_is_pending() -> None:
    vault, store = NETWORK.private_endpoints.values()

    assert (vault.is_approved, vault.subnet_id, len(vault.addresses)) == (True, "hub.db", 2)
    assert not store.is_approved


def test_a_subnet_says_which_policies_hold_for_private_endpoints() -> None:
    found = [subnet.private_endpoint_policies for subnet in NETWORK.vnets["hub"].subnets]

    assert found == [None, PrivateEndpointPolicies.ENABLED, PrivateEndpointPolicies.ROUTE_TABLES]


def test_an_unknown_policy_of_a_subnet_is_told() -> None:
    text = "vnet w { address 10.9.0.0/16  subnet s 10.9.0.0/24 private-endpoint-policies enabeld }"
    found = mistake(text)

    assert (found.code, found.help) == ("unknown-network-policy", "did you mean `enabled`?")


def test_a_firewall_forwards_keeps_state_and_translates() -> None:
    found, idle = NETWORK.machines["fw"], NETWORK.machines["idle"]

    assert (found.is_managed, found.stateful, found.translates_source) == (True, True, True)
    assert found.nics[0].ip_forwarding
    assert (len(found.policy or ()), idle.policy) == (2, ())


def test_a_firewall_without_a_policy_may_forward_anything_or_nothing() -> None:
    assert machine("firewall x { nic 10.0.0.9 in v.s }").policy is None


@pytest.mark.parametrize(
    ("written", "bits"),
    [("1 bps", 1), ("2 Kbps", 2_000), ("650 Mbps", 650_000_000), ("10 gbps", 10_000_000_000)],
)
def test_a_bandwidth_is_bits_a_second(written: str, bits: int) -> None:
    assert machine(f"vm x {{ nic 10.0.0.9 in v.s  bandwidth {written} }}").bandwidth == bits
    assert machine(f"appliance x {{ bandwidth {written}  nic 10.0.0.9 in v.s }}").bandwidth == bits


@pytest.mark.parametrize(
    ("written", "code"), [("0 Mbps", "bad-bandwidth"), ("9999999999 bps", "bad-bandwidth"), ("1 Mpbs", "unknown-unit")]
)
def test_a_bandwidth_that_is_none_is_told(written: str, code: str) -> None:
    assert mistake(f"vm x {{ nic 10.0.0.9 in v.s  bandwidth {written} }}").code == code


def test_a_misspelt_unit_is_offered_as_azure_spells_it() -> None:
    assert mistake("vm x { nic 10.0.0.9 in v.s  bandwidth 650 MB }").help == "did you mean `Mbps`?"


def test_a_gateway_has_a_bandwidth() -> None:
    assert NETWORK.gateways["vpn"].bandwidth == 650_000_000


def test_a_site_says_what_its_devices_send_and_whether_it_is_a_pool_of_clients() -> None:
    clients, branch, silent = NETWORK.sites.values()

    assert [site.point_to_site for site in (clients, branch, silent)] == [True, False, False]
    assert [site.routes for site in (clients, branch, silent)] == [None, (parse_prefix("10.0.0.0/8"),), ()]


# Addresses of both families


def test_an_interface_has_a_public_address_of_each_family() -> None:
    first, back = NETWORK.machines["web1"].nics

    assert first.public_address is not None
    assert first.public_ipv6 is not None
    assert (first.public_address.name, first.public_address.sku) == ("web1-ip", Sku.BASIC)
    assert (first.public_ipv6.name, first.public_ipv6.address) == ("web1-six", parse_address("2001:db8::9"))
    assert back.public_address is None
    assert back.public_ipv6 is not None
    assert (back.public_ipv6.name, back.public_ipv6.address) == ("back-ipv6", None)


@pytest.mark.parametrize(
    "options", ["public-ip public-ip standard", "public-ip ipv6 public-ip 2001:db8::1", "public-ip public-ip 20.0.0.1"]
)
def test_an_interface_has_one_public_address_of_a_family(options: str) -> None:
    assert mistake(f"vm x {{ nic 10.0.0.9 in v.s {options} }}").code == "said-twice"


def test_a_peering_may_be_for_ipv6_alone() -> None:
    assert [half.only_ipv6 for half in NETWORK.peerings] == [True, True]
    assert NETWORK.peerings[1].remote_space == (parse_prefix("10.0.0.0/16"), parse_prefix("fd00:db8::/48"))


def test_the_first_of_several_ranges_of_ports_is_kept() -> None:
    several, inside, one = NETWORK.nsgs["six"].rules

    assert several.first_destination_ports == IntervalSet((Interval(8443, 8443),))
    assert several.destination_ports == IntervalSet((Interval(80, 443), Interval(8443, 8443)))
    assert inside.first_destination_ports == inside.destination_ports == IntervalSet((Interval(80, 443),))
    assert one.first_destination_ports is None


@pytest.mark.parametrize(
    "fields",
    ["10.0.0.0/8, fd00::/8 to any", "any to fd00::/8, 10.0.0.4", "10.0.0.0/8 to fd00::/8", "::/0 to 0.0.0.0/0"],
)
def test_a_security_rule_is_of_one_family(fields: str) -> None:
    found = mistake(f"nsg g {{ inbound 100 r allow tcp from {fields} }}")

    assert (found.code, found.help) == ("mixed-families", "write two rules")


@pytest.mark.parametrize("route", ["::/0 -> appliance 10.0.0.4", "10.0.0.0/8 -> appliance fd00::4"])
def test_the_next_hop_of_a_route_has_the_family_of_its_prefix(route: str) -> None:
    assert mistake(f"route-table r {{ a {route} }}").code == "mixed-families"


def test_a_route_to_a_service_tag_goes_to_an_appliance_for_the_prefixes_of_its_family() -> None:
    text = "service-tag Storage 20.0.0.0/16, 2603::/32\nroute-table r {{ a Storage -> {} }}"
    lengths = {
        hop: [route.prefix.length for route in read_text(text.format(hop)).network.route_tables["r"].routes]
        for hop in ("internet", "appliance 10.0.0.4", "appliance fd00::4")
    }

    assert lengths == {"internet": [16, 32], "appliance 10.0.0.4": [16], "appliance fd00::4": [32]}
