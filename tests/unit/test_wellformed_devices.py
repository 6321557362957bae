"""What Azure would refuse of public load balancers, private link services, rules of firewalls, and proxies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.diagnostic import InputError, Severity
from vnetverify.header import IntervalSet, parse_address
from vnetverify.model.balancers import LoadBalancer, OutboundRule, Probe
from vnetverify.model.firewalls import FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.network import Network
from vnetverify.model.private_links import PrivateLinkService
from vnetverify.model.wellformed import check
from vnetverify.syntax import read_text

Fault = tuple[str, str | None, Severity]

_V = """\
vnet v {
  address 10.0.0.0/16, fd00:a::/48
  subnet s 10.0.0.0/24, fd00:a::/64
  subnet t 10.0.1.0/24
  subnet AzureFirewallSubnet 10.0.2.0/26
  subnet AzureBastionSubnet 10.0.3.0/26
}
vnet w { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
vm m { nic 10.0.0.4 in v.s }
vm n { nic 10.0.0.5 in v.s }
vm other { nic 10.1.0.4 in w.s }
"""


def faults(network: Network) -> list[Fault]:
    """Return code, rule and severity of everything that is wrong with `network`."""
    return [(fault.code, fault.rule, fault.severity) for fault in check(network)]


def found(text: str) -> list[Fault]:
    return faults(read_text(_V + text).network)


def balanced(*lines: str, sku: str = "standard") -> list[Fault]:
    return found(f"load-balancer lb {sku} {{\n" + "\n".join(lines) + "\n}\n")


def error(code: str, rule: str | None = None) -> list[Fault]:
    return [(code, rule, Severity.ERROR)]


# Public load balancers

_FRONT = "frontend front public-ip 203.0.113.7"
_WEB = "rule web tcp 443 -> m, n"


def test_an_ordinary_public_load_balancer_is_well_formed() -> None:
    lines = (_FRONT, "frontend spare public-ip", f"{_WEB} port 8443 probe 8080 up m down n")

    assert balanced(*lines, "nat ssh tcp 50001 -> m port 22", "outbound out any at front, spare -> m") == []


@pytest.mark.parametrize("line", ["nat again tcp 443 -> m", "rule again tcp 443 -> n"])
def test_a_port_of_a_public_frontend_is_for_one_rule(line: str) -> None:
    assert balanced(_FRONT, _WEB, line) == error("balancing-rule-taken", "F-LB-2")


def test_a_public_frontend_has_no_ha_ports() -> None:
    assert balanced(_FRONT, "rule all any -> m") == error("ha-ports-at-public", "F-LB-2")


def test_rules_of_two_kinds_may_share_a_name_unless_facts_speak_of_both() -> None:
    assert balanced(_FRONT, _WEB, "nat web tcp 22 -> m", "outbound web tcp at front -> m") == []
    assert balanced(_FRONT, f"{_WEB} floating-ip", "nat web tcp 22 -> m floating-ip") == error(
        "balancer-name-twice", "F-LB-2"
    )


def test_members_are_of_one_vnet() -> None:
    assert balanced(_FRONT, "rule web tcp 443 -> m, other") == error("member-elsewhere", "F-LB-5")
    assert balanced(_FRONT, _WEB, "outbound out tcp at front -> other") == error("member-elsewhere", "F-LB-5")


def test_members_behind_a_public_frontend_of_ipv6_have_an_address_of_it() -> None:
    assert balanced("frontend public-ip 2600::1", "rule web tcp 443 -> m") == error(
        "member-of-other-family", "R-ADDR-6"
    )


@pytest.mark.parametrize("line", ["rule web tcp 65535 -> m", "nat ssh tcp 65535 -> m"])
def test_the_last_port_is_no_frontend_port(line: str) -> None:
    assert balanced(_FRONT, line) == error("port-out-of-range", "F-LB-2")


def test_a_basic_load_balancer_has_no_outbound_rules() -> None:
    assert balanced(_FRONT, "outbound out tcp at front -> m", sku="basic") == error("outbound-on-basic", "F-LB-10")


def test_only_members_have_an_admin_state_and_each_but_one() -> None:
    assert balanced(_FRONT, "rule web tcp 1 -> m probe 80 down n") == error("state-of-no-member", "F-LB-12")
    assert balanced(_FRONT, "rule web tcp 1 -> m probe 80 up m down m") == error("state-twice", "F-LB-12")


@pytest.mark.parametrize(("address", "code"), [("10.0.0.9", "not-public"), ("203.0.113.9", "public-address-taken")])
def test_a_public_frontend_has_a_public_address_of_its_own(address: str, code: str) -> None:
    vm = "vm x { nic 10.0.0.6 in v.s  public-ip standard 203.0.113.9 }\n"

    assert found(f"{vm}load-balancer lb {{ frontend public-ip {address} }}") == error(code)


def test_what_only_an_import_can_say_wrongly_of_a_load_balancer_is_told() -> None:
    network = read_text(f"{_V}load-balancer lb standard {{ {_FRONT}  frontend in 10.0.0.9 in v.s  {_WEB} }}").network
    balancer = network.load_balancers["lb"]
    (rule,) = balancer.rules

    def with_(changed: LoadBalancer) -> list[Fault]:
        return faults(replace(network, load_balancers={"lb": changed}))

    def with_rule(**changes: object) -> list[Fault]:
        return with_(replace(balancer, rules=(replace(rule, **changes),)))  # type: ignore[arg-type]

    def with_outbound(frontends: tuple[str, ...], protocol: int | None, members: tuple[str, ...]) -> list[Fault]:
        return with_(replace(balancer, outbound_rules=(OutboundRule("out", frontends, protocol, members),)))

    assert with_rule(is_inbound_nat=True) == error("nat-rule", "F-LB-2")
    assert with_rule(is_inbound_nat=True, members=("m",), probe=Probe(80)) == error("nat-rule", "F-LB-12")
    assert with_rule(always_up=("m",)) == error("state-without-probe", "F-LB-12")
    assert with_rule(frontend="gone") == error("unknown-frontend", "F-LB-2")
    assert with_(replace(balancer, rules=(rule, replace(rule, port=80)))) == error("balancer-name-twice", "F-LB-2")
    assert with_outbound(("in",), None, ("m",)) == error("outbound-by-internal", "F-LB-10")
    assert with_outbound((), None, ("m",)) == error("outbound-by-internal", "F-LB-10")
    assert with_outbound(("gone",), None, ("m",)) == error("unknown-frontend", "F-LB-2")
    assert with_outbound(("front",), 1, ("m",)) == error("protocol-unsupported", "F-LB-10")
    assert with_outbound(("front",), None, ("gone",)) == error("unknown-member")


# Private link services

_ORDERS = "load-balancer orders standard in v.s { frontend 10.0.0.100  rule web tcp 443 -> m }\n"
_OFFER = "private-link-service offer of orders at 10.0.1.40, 10.0.1.41 in v.t\n"


def test_an_ordinary_private_link_service_is_well_formed_wherever_its_endpoints_are() -> None:
    assert found(f"{_ORDERS}{_OFFER}private-endpoint far 10.1.0.9 in w.s to offer") == []


def test_a_basic_load_balancer_offers_no_service() -> None:
    basic = _ORDERS.replace("standard", "basic")

    assert found(basic + _OFFER) == error("link-service-on-basic", "F-PE-10")


@pytest.mark.parametrize(
    ("address", "code", "rule"),
    [
        ("10.0.0.40", "address-outside", "R-ADDR-2"),
        ("10.0.1.3", "address-reserved", "R-ADDR-4"),
        ("10.0.1.9", "address-taken", "R-ADDR-9"),
    ],
)
def test_a_private_link_service_has_free_addresses_of_its_subnet(address: str, code: str, rule: str) -> None:
    offer = f"vm x {{ nic 10.0.1.9 in v.t }}\nprivate-link-service offer of orders at {address} in v.t"

    assert found(_ORDERS + offer) == error(code, rule)


def test_private_links_are_of_ipv4() -> None:
    six = "load-balancer orders standard in v.s { frontend fd00:a::9 }\n"

    assert found(six + _OFFER) == error("link-service-of-ipv6", "F-PE-10")
    assert found(f"{_ORDERS}private-link-service o of orders at fd00:a::9 in v.s") == error(
        "link-service-of-ipv6", "F-PE-10"
    )
    assert found(f"{_ORDERS}{_OFFER}private-endpoint e fd00:a::9 in v.s to offer") == error(
        "link-service-of-ipv6", "F-PE-10"
    )


def test_what_only_an_import_can_say_wrongly_of_a_private_link_is_told() -> None:
    network = read_text(f"{_V}{_ORDERS}{_OFFER}private-endpoint e 10.1.0.9 in w.s to offer").network
    (service,) = network.private_link_services.values()

    def with_(changed: PrivateLinkService) -> list[Fault]:
        return faults(replace(network, private_link_services={"offer": changed}))

    assert with_(replace(service, balancer="gone")) == error("unknown-load-balancer", "F-PE-10")
    assert with_(replace(service, frontend="gone")) == error("unknown-frontend", "F-PE-10")
    assert with_(replace(service, addresses=())) == error("link-service-without-address", "F-PE-10")
    assert faults(replace(network, private_link_services={})) == error("unknown-private-link-service", "F-PE-10")


# Firewalls


def walled(lines: str, address: str = "203.0.113.5") -> list[Fault]:
    nic = f"nic 10.0.2.4 in v.AzureFirewallSubnet  public-ip entry standard {address}"
    return found(f"firewall fw {{ {nic} {lines} }}")


_NAT = "collection nat 100 d { rule web tcp from * at entry port 443 -> 10.0.0.4 }"


def test_an_ordinary_firewall_is_well_formed() -> None:
    network = "collection network 100 n allow { rule web any from * to * }"
    application = 'collection application 100 a allow { rule x http from * to "a.b" }'

    assert walled(f"public-ip second {_NAT} {network} {application}") == []


def test_a_firewall_with_a_policy_and_no_rules_drops_everything() -> None:
    assert walled("threat-intelligence deny") == [("firewall-without-rules", "F-FW-6", Severity.WARNING)]


@pytest.mark.parametrize(
    "rules",
    [
        "collection nat 101 e { rule WEB udp from * at entry port 53 -> 10.0.0.4 }",
        "collection network 100 e allow { rule a any from * to *  rule a any from * to * }",
        (
            "collection network 100 e allow { rule a any from * to * }"
            " collection application 1000 f allow { rule a http from * to * }"
        ),
    ],
)
def test_rules_of_a_firewall_have_names_of_their_own(rules: str) -> None:
    with pytest.raises(InputError, match="is taken by another rule of the firewall"):
        walled(_NAT + rules)


def test_no_rule_is_called_as_the_built_in_collection() -> None:
    rules = "collection network 100 e allow { rule Infrastructure any from * to * }"

    with pytest.raises(InputError, match="is that of the rules that Azure has itself"):
        walled(rules)


def test_a_network_rule_knows_tcp_udp_and_icmp() -> None:
    assert walled("collection network 100 e allow { rule a esp from * to * }") == error(
        "protocol-unsupported", "F-FW-4"
    )


def test_a_nat_rule_translates_ipv4_and_has_ports() -> None:
    six = "collection nat 100 d { rule web tcp from * at entry port 443 -> fd00:a::4 }"
    zero = "collection nat 100 d { rule web tcp from * at entry port 0 -> 10.0.0.4 port 1 }"

    assert walled(six) == error("firewall-with-ipv6", "F-FW-5")
    assert walled(zero) == error("port-out-of-range", "F-FW-5")


def test_further_public_addresses_are_public_and_of_their_own() -> None:
    assert walled(f"public-ip 203.0.113.5 {_NAT}") == error("public-address-taken")
    assert walled(f"public-ip 10.0.0.9 {_NAT}") == error("not-public")


def test_a_place_of_a_firewall_is_called_as_no_frontend() -> None:
    balancer = "load-balancer fw { frontend entry public-ip }\n"
    firewall = f"firewall fw {{ nic 10.0.2.4 in v.AzureFirewallSubnet public-ip entry {_NAT} }}"

    assert found(balancer + firewall) == error("public-name-taken")


def test_what_only_an_import_can_say_wrongly_of_a_firewall_is_told() -> None:
    text = f"{_V}firewall fw {{ nic 10.0.2.4 in v.AzureFirewallSubnet  public-ip entry {_NAT} }}"
    network = read_text(text).network
    machine = network.machines["fw"]
    assert machine.firewall is not None
    policy = machine.firewall

    def with_(**changes: object) -> list[Fault]:
        hosts = {**network.machines, "fw": replace(machine, **changes)}  # type: ignore[arg-type]
        return faults(replace(network, machines=hosts))

    def with_rule(rule: FirewallRule) -> list[Fault]:
        return with_(firewall=replace(policy, rules=(rule,)))

    (rule,) = policy.rules
    (line,) = read_text(f"{_V}appliance a {{ forwards any }}").network.machines["a"].policy or ()

    assert with_(is_managed=False) == error("not-a-firewall", "F-FW-1")
    assert with_(policy=(line,)) == error("two-policies", "F-FW-1")
    assert ("firewall-interfaces", "F-FW-5", Severity.ERROR) in with_(nics=())
    two = replace(machine.nics[0], addresses=(*machine.nics[0].addresses, machine.nics[0].addresses[0] + 1))
    assert with_(nics=(two,)) == error("firewall-addresses", "F-FW-5")
    assert with_rule(replace(rule, at="gone")) == error("unknown-public-address", "F-FW-5")
    assert with_rule(replace(rule, translation=None)) == error("nat-without-target", "F-FW-5")
    assert with_rule(replace(rule, destination_ports=IntervalSet())) == error("port-out-of-range", "F-FW-5")
    assert with_rule(replace(rule, translation=Translation(parse_address("10.0.0.4"), 0))) == error(
        "port-out-of-range", "F-FW-5"
    )
    assert with_rule(replace(rule, protocols=())) == error("protocol-unsupported", "F-FW-4")
    assert with_rule(replace(rule, kind=FirewallRuleKind.APPLICATION, protocols=(None,))) == error(
        "protocol-unsupported", "F-FW-4"
    )


# Proxies


def test_ordinary_proxies_are_well_formed() -> None:
    text = "bastion b in v.AzureBastionSubnet\nbastion d in w developer\napplication-gateway g in v.t { listens 443 }"

    assert found(f"{text}\napplication-gateway h in v.t") == []


def test_a_bastion_stands_in_its_own_subnet() -> None:
    assert found("bastion b in v.t") == error("bastion-elsewhere", "F-BAS-1")


def test_the_subnet_of_a_bastion_should_be_large_enough() -> None:
    text = "vnet x { address 10.9.0.0/16  subnet AzureBastionSubnet 10.9.0.0/27 }\nbastion b in x.AzureBastionSubnet"

    assert found(text) == [("subnet-small", "R-ADDR-8", Severity.WARNING)]


@pytest.mark.parametrize("place", ["v.s", "v.AzureBastionSubnet"])
def test_an_application_gateway_is_alone_in_its_subnet(place: str) -> None:
    assert found(f"application-gateway g in {place}") == error("gateway-not-alone", "F-AGW-1")


def test_what_only_an_import_can_say_wrongly_of_a_proxy_is_told() -> None:
    network = read_text(f"{_V}application-gateway g in v.t").network
    (gate,) = network.proxies.values()

    assert faults(replace(network, proxies={"g": replace(gate, vnet="x")})) == error("unknown-vnet")
    assert faults(replace(network, proxies={"g": replace(gate, subnet="x")})) == error("unknown-subnet")
    assert faults(replace(network, proxies={"g": replace(gate, subnet=None)})) == error(
        "gateway-without-subnet", "F-AGW-1"
    )
