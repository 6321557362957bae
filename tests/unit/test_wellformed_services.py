"""What Azure would refuse of load balancers, private endpoints, firewalls, point-to-site pools and principals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.model.network import Principal
from vnetverify.model.wellformed import check
from vnetverify.syntax import read_text

_V = "vnet v { address 10.0.0.0/16, fd00:a::/48 subnet s 10.0.0.0/24, fd00:a::/64 subnet t 10.0.1.0/24 }\n"
_MEMBERS = "vm m { nic 10.0.0.4 in v.s }\nvm n { nic 10.0.0.5 in v.s }\n"
_W = "vnet w { address 10.1.0.0/16 subnet s 10.1.0.0/24 }\nvm other { nic 10.1.0.4 in w.s }\n"


def found(text: str) -> list[tuple[str, str | None, Severity]]:
    """Return code, rule and severity of everything that is wrong with the network that `text` declares."""
    return [(fault.code, fault.rule, fault.severity) for fault in check(read_text(text).network)]


def error(code: str, rule: str | None) -> list[tuple[str, str | None, Severity]]:
    return [(code, rule, Severity.ERROR)]


def warning(code: str, rule: str) -> list[tuple[str, str | None, Severity]]:
    return [(code, rule, Severity.WARNING)]


# Load balancers


def balanced(*lines: str, sku: str = "standard") -> list[tuple[str, str | None, Severity]]:
    """Return what is wrong with a load balancer in `v.s` with these lines, beside the vnets `v` and `w`."""
    return found(f"{_V}{_W}{_MEMBERS}load-balancer lb {sku} in v.s {{\n" + "\n".join(lines) + "\n}\n")


_FRONTEND = "frontend 10.0.0.100"
_SQL = "rule sql tcp 1433 -> m, n"


def test_an_ordinary_load_balancer_is_well_formed() -> None:
    assert balanced(_FRONTEND, f"{_SQL} port 14330 probe 1433", "rule web tcp 443 -> m", "rule dns udp 443 -> m") == []
    assert balanced(_FRONTEND, "frontend second 10.0.0.101", _SQL, "rule again tcp 1433 at second -> m") == []


@pytest.mark.parametrize(
    ("address", "code", "rule"),
    [
        ("10.0.1.4", "address-outside", "R-ADDR-2"),
        ("10.0.0.3", "address-reserved", "R-ADDR-4"),
        ("10.0.0.4", "address-taken", "R-ADDR-9"),
    ],
)
def test_a_frontend_has_an_address_of_its_own_in_its_subnet(address: str, code: str, rule: str) -> None:
    assert balanced(f"frontend {address}", _SQL) == error(code, rule)


def test_two_frontends_have_two_addresses() -> None:
    assert balanced(_FRONTEND, "frontend second 10.0.0.100", _SQL) == error("address-taken", "R-ADDR-9")


@pytest.mark.parametrize(
    ("name", "rule"),
    [("GatewaySubnet", "R-ADDR-7"), ("AzureFirewallSubnet", "R-ADDR-8"), ("AzureBastionSubnet", "R-ADDR-8")],
)
def test_a_frontend_stands_in_no_subnet_of_azures_own(name: str, rule: str) -> None:
    vnet = f"vnet v {{ address 10.0.0.0/16 subnet s 10.0.0.0/24 subnet {name} 10.0.2.0/24 }}\n"
    balancer = f"load-balancer lb standard in v.{name} {{ frontend 10.0.2.4 rule r tcp 1 -> m }}\n"

    assert found(vnet + _MEMBERS + balancer) == error("frontend-in-special-subnet", rule)


def test_members_are_of_the_load_balancers_vnet() -> None:
    assert balanced(_FRONTEND, "rule sql tcp 1433 -> m, other") == error("member-elsewhere", "F-LB-5")


def test_frontends_are_of_one_vnet() -> None:
    network = read_text(f"{_V}{_W}{_MEMBERS}load-balancer lb in v.s {{ {_FRONTEND} {_SQL} }}").network
    balancer = network.load_balancers["lb"]
    apart = replace(balancer.frontends[0], name="far", vnet="w", address=balancer.frontends[0].address + (1 << 16))
    faulty = replace(network, load_balancers={"lb": replace(balancer, frontends=(*balancer.frontends, apart))})

    assert [(fault.code, fault.rule) for fault in check(faulty)] == [("frontends-of-two-vnets", "F-LB-5")]


@pytest.mark.parametrize(
    ("sku", "expected"), [("standard", []), ("", []), ("basic", error("ha-ports-on-basic", "F-LB-2"))]
)
def test_ha_ports_are_for_standard_alone(sku: str, expected: list[tuple[str, str | None, Severity]]) -> None:
    assert balanced(_FRONTEND, "rule ha any -> m, n probe 22", sku=sku) == expected


def test_a_packet_is_asked_for_by_one_rule() -> None:
    assert balanced(_FRONTEND, _SQL, "rule again tcp 1433 -> m port 9") == error("balancing-rule-taken", "F-LB-2")


@pytest.mark.parametrize("lines", [("rule ha any -> m", _SQL), (_SQL, "rule ha any -> m")])
def test_ha_ports_leave_nothing_to_other_rules_of_the_frontend(lines: tuple[str, str]) -> None:
    assert balanced(_FRONTEND, *lines) == error("ha-ports-beside-rules", "F-LB-2")


def test_ha_ports_of_another_frontend_are_no_matter() -> None:
    assert balanced(_FRONTEND, "frontend second 10.0.0.101", _SQL, "rule ha any at second -> m") == []


def test_a_member_has_an_address_of_the_frontends_family() -> None:
    assert balanced("frontend fd00:a::100", "rule sql tcp 1433 -> m") == error("member-of-other-family", "R-ADDR-6")


def test_probes_over_ipv6_need_a_security_group() -> None:
    text = f"{_V}vm m {{ nic 10.0.0.4, fd00:a::4 in v.s }}\nnsg n {{ }}\n"
    text += "load-balancer lb standard in v.s { frontend fd00:a::100 rule r tcp 80 -> m probe 80 }\n"

    assert found(text) == warning("probe-without-nsg", "F-LB-14")
    assert found(text.replace("in v.s }", "in v.s nsg n }", 1)) == []
    assert found(text.replace("probe 80", "")) == []


def test_a_rule_without_members_drops_what_comes() -> None:
    network = read_text(f"{_V}{_MEMBERS}load-balancer lb in v.s {{ {_FRONTEND} {_SQL} }}").network
    balancer = network.load_balancers["lb"]
    empty = replace(balancer, rules=(replace(balancer.rules[0], members=()),))

    assert [(fault.code, fault.severity) for fault in check(replace(network, load_balancers={"lb": empty}))] == [
        ("rule-without-members", Severity.WARNING)
    ]


def test_a_rule_without_members_may_have_some_that_are_not_modelled() -> None:
    text = f"{_V}{_MEMBERS}load-balancer lb in v.s {{ {_FRONTEND} rule sql tcp 1433 -> none }}"
    text += 'not-modelled "scale set `m`" because "it is not" for v'

    (fault,) = check(read_text(text).network)

    assert (fault.code, fault.severity) == ("rule-without-members", Severity.NOTE)
    assert fault.message == "no member of rule `sql` of `lb` is known; what is not modelled may be one"


@pytest.mark.parametrize(("port", "expected"), [(0, True), (1, False), (65534, False), (65535, True)])
def test_a_frontend_has_ports_1_to_65534(port: int, expected: bool) -> None:
    network = read_text(f"{_V}{_MEMBERS}load-balancer lb in v.s {{ {_FRONTEND} {_SQL} }}").network
    balancer = network.load_balancers["lb"]
    rule = replace(balancer.rules[0], port=port)
    faults = check(replace(network, load_balancers={"lb": replace(balancer, rules=(rule,))}))

    assert ([(fault.code, fault.rule) for fault in faults] == [("port-out-of-range", "F-LB-2")]) is expected


# Next hops that are frontends


@pytest.mark.parametrize(
    ("rule", "sku", "expected"),
    [
        ("rule ha any -> fw", "standard", []),
        ("rule ha any -> fw", "", []),
        ("rule web tcp 443 -> fw", "standard", warning("next-hop-without-ha-ports", "R-UDR-15")),
    ],
)
def test_a_frontend_as_next_hop_needs_ha_ports(
    rule: str, sku: str, expected: list[tuple[str, str | None, Severity]]
) -> None:
    vnet = _V.replace("10.0.1.0/24", "10.0.1.0/24 routes r")
    table = "route-table r { out 0.0.0.0/0 -> appliance 10.0.0.100 }\n"
    balancer = f"appliance fw {{ nic 10.0.0.4 in v.s }}\nload-balancer lb {sku} in v.s {{ {_FRONTEND} {rule} }}\n"

    assert found(vnet + table + balancer) == expected


# Private endpoints


def test_a_private_endpoint_has_an_address_of_its_own_in_its_subnet() -> None:
    assert found(_V + "private-endpoint vault 10.0.0.20 in v.s\n") == []
    assert found(_V + "private-endpoint vault 10.0.1.20 in v.s\n") == error("address-outside", "R-ADDR-2")
    assert found(_V + _MEMBERS + "private-endpoint vault 10.0.0.4 in v.s\n") == error("address-taken", "R-ADDR-9")


def test_a_private_endpoint_stands_in_no_subnet_of_azures_own() -> None:
    vnet = "vnet v { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/24 }\n"

    assert found(vnet + "private-endpoint e 10.0.0.9 in v.GatewaySubnet\n") == error(
        "endpoint-in-special-subnet", "R-ADDR-7"
    )


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ("disabled", warning("nsg-past-endpoint", "F-PE-1")),
        ("route-tables", warning("nsg-past-endpoint", "F-PE-1")),
        ("enabled", []),
        ("security-groups", []),
    ],
)
def test_a_group_that_holds_for_no_endpoint_is_told(
    policies: str, expected: list[tuple[str, str | None, Severity]]
) -> None:
    vnet = _V.replace("10.0.1.0/24", f"10.0.1.0/24 nsg n private-endpoint-policies {policies}")

    assert (
        found(f"{vnet}nsg n {{ }}\nprivate-endpoint e 10.0.1.9 in v.t\nprivate-endpoint f 10.0.1.8 in v.t\n")
        == expected
    )


def test_several_ranges_of_ports_are_not_sure_at_an_endpoint() -> None:
    vnet = _V.replace("10.0.1.0/24", "10.0.1.0/24 nsg n private-endpoint-policies enabled")
    text = vnet + "nsg n { inbound 100 r allow tcp from any to any port 443, 80 }\nprivate-endpoint e 10.0.1.9 in v.t\n"

    assert found(text) == warning("endpoint-port-ranges", "F-PE-9")
    assert found(text.replace("443, 80", "443")) == []


# Managed firewalls

_FIREWALLED = "vnet v { address 10.0.0.0/16 subnet AzureFirewallSubnet 10.0.1.0/26 subnet s 10.0.0.0/24 }\n"


def test_a_managed_firewall_stands_in_its_subnet() -> None:
    assert found(_FIREWALLED + "firewall fw { nic 10.0.1.4 in v.AzureFirewallSubnet }\n") == []
    assert found(_FIREWALLED + "firewall fw { nic 10.0.0.4 in v.s }\n") == error("firewall-elsewhere", "R-ADDR-8")


def test_a_vnet_has_one_managed_firewall() -> None:
    two = "".join(f"firewall fw{n} {{ nic 10.0.1.{n} in v.AzureFirewallSubnet }}\n" for n in (4, 5))

    assert found(_FIREWALLED + two) == error("firewall-twice", "R-ADDR-8")


def test_a_managed_firewall_takes_no_security_group() -> None:
    network = read_text(_FIREWALLED + "nsg n { }\nfirewall fw { nic 10.0.1.4 in v.AzureFirewallSubnet }\n").network
    firewall = network.machines["fw"]
    grouped = replace(firewall, nics=(replace(firewall.nics[0], nsg="n"),))

    assert [(fault.code, fault.rule) for fault in check(replace(network, machines={"fw": grouped}))] == [
        ("firewall-with-group", "F-EVAL-9")
    ]


def test_the_subnet_of_a_firewall_should_be_a_26() -> None:
    text = _FIREWALLED.replace("/26", "/27") + "firewall fw { nic 10.0.1.4 in v.AzureFirewallSubnet }\n"

    assert found(text) == warning("subnet-small", "R-ADDR-8")


# Point-to-site

_HUB = "vnet hub { address 10.0.0.0/16 subnet GatewaySubnet 10.0.255.0/27 gateway vpn gw }\n"
_USERS = "site users { point-to-site address 172.16.201.0/24 }\n"
_POOL = "connection users -- hub.gw\n"
_SPOKE = (
    "vnet spoke { address 10.1.0.0/16 subnet s 10.1.0.0/24 }\n"
    "peering hub -> spoke { allow-gateway-transit }\npeering spoke -> hub { use-remote-gateways }\n"
)


def test_a_pool_of_a_vpn_gateway_is_well_formed() -> None:
    assert found(_HUB + _USERS + _POOL) == []


@pytest.mark.parametrize("option", ["bgp", "default-site"])
def test_a_pool_has_none_of_the_options_of_sites(option: str) -> None:
    text = _HUB + _USERS + _POOL.replace("hub.gw", f"hub.gw {{ {option} }}")

    assert found(text) == error("point-to-site-option", "R-GW-2")


def test_a_pool_needs_a_vpn_gateway() -> None:
    faults = found(_HUB.replace("vpn", "expressroute") + _USERS + _POOL.replace("hub.gw", "hub.gw { circuit c }"))

    assert [code for code, _, _ in faults] == ["point-to-site-gateway", *["point-to-site-option"] * (len(faults) - 1)]


@pytest.mark.parametrize("prefix", ["10.0.3.0/24", "10.0.0.0/8", "10.1.7.0/24"])
def test_a_pool_is_apart_from_the_vnets_it_is_connected_to(prefix: str) -> None:
    text = _HUB + _SPOKE + _USERS.replace("172.16.201.0/24", prefix) + _POOL

    assert error("site-overlap", "R-ADDR-10")[0] in found(text)


def test_packages_are_downloaded_again_for_peers_that_use_the_gateway() -> None:
    assert found(_HUB + _SPOKE + _USERS + _POOL) == [("point-to-site-packages", "R-PEER-23", Severity.NOTE)]


# Principals


def test_a_permission_is_on_a_vnet_that_is_there() -> None:
    network = replace(read_text(_V).network, principals={"p": Principal("p", write=("v",), peer=("gone",))})

    assert [(fault.code, fault.rule) for fault in check(network)] == [("unknown-vnet", "R-PEER-9")]
