"""Public load balancers of an export: public frontends, inbound NAT, outbound rules, administrative states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    doubts,
    identity,
    network,
    read,
    reference,
    resource,
    strange_variants,
    subnet,
    subnet_id,
    vnet,
)
from tests.unit.text_samples import without_spans
from vnetverify.header import TCP, UDP, parse_address
from vnetverify.model.balancers import LoadBalancingRule, OutboundRule, Probe, PublicAddress, PublicFrontend, Sku
from vnetverify.model.wellformed import check
from vnetverify.syntax import read_text
from vnetverify.syntax.write import write

_WEB = subnet_id("hub", "web")
_LB = identity("loadBalancers", "shop")
_POOL = {"id": f"{_LB}/backendAddressPools/pool"}
_FRONT = {"id": f"{_LB}/frontendIPConfigurations/front"}
_HUB = vnet("hub", "10.0.0.0/16", subnet("web", defaultOutboundAccess=False))
_IP = {**resource("publicIPAddresses", "ip", ipAddress="20.0.0.7"), "sku": {"name": "Standard"}}


def _part(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": properties}


def _nic(name: str, address: str, **properties: Any) -> dict[str, Any]:
    own = {"privateIPAddress": address, "subnet": {"id": _WEB}, "loadBalancerBackendAddressPools": [_POOL]}
    return resource("networkInterfaces", name, ipConfigurations=[_part("c", **own, **properties)])


def _configuration(name: str) -> dict[str, str]:
    return {"id": f"{identity('NetworkInterfaces', name)}/ipConfigurations/c"}


def _rule(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "frontendIPConfiguration": _FRONT,
        "backendAddressPool": _POOL,
        "probe": {"id": f"{_LB}/probes/alive"},
        "protocol": "Tcp",
        "frontendPort": 443,
        "backendPort": 8443,
        "disableOutboundSnat": True,
    }
    return _part("web", **{**ordinary, **properties})


def _nat(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "frontendIPConfiguration": _FRONT,
        "backendIPConfiguration": _configuration("a"),
        "protocol": "Tcp",
        "frontendPort": 50001,
        "backendPort": 22,
        "enableDestinationServiceEndpoint": False,
        "allowBackendPortConflict": False,
        "enableFloatingIP": False,
        "enableTcpReset": False,
        "idleTimeoutInMinutes": 4,
    }
    return _part("ssh", **{**ordinary, **properties})


def _outbound(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "frontendIPConfigurations": [_FRONT],
        "backendAddressPool": _POOL,
        "protocol": "All",
        "allocatedOutboundPorts": 1024,
    }
    return _part("out", **{**ordinary, **properties})


def _balancer(sku: str = "Standard", **properties: Any) -> dict[str, Any]:
    ordinary = {
        "frontendIPConfigurations": [_part("front", publicIPAddress=reference("publicIPAddresses", "IP"))],
        "backendAddressPools": [_part("pool", backendIPConfigurations=[_configuration("a"), _configuration("b")])],
        "loadBalancingRules": [_rule()],
        "probes": [_part("alive", protocol="Tcp", port=8443)],
        "inboundNatRules": [],
        "outboundRules": [],
    }
    return {**resource("loadBalancers", "shop", **{**ordinary, **properties}), "sku": {"name": sku}}


_NICS = (_nic("a", "10.0.0.4"), _nic("b", "10.0.0.5"))


def test_a_public_frontend_has_the_address_that_it_names_and_is_called_like_its_load_balancer(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, *_NICS, _IP, _balancer())

    own = found.load_balancers["shop"]
    (front,) = own.public_frontends
    address = PublicAddress("shop/front", Sku.STANDARD, parse_address("20.0.0.7"), front.public_address.span)
    assert front == PublicFrontend("front", address, front.span)
    (rule,) = own.rules
    assert rule == LoadBalancingRule(
        "web", "front", TCP, 443, ("a", "b"), 8443, Probe(8443), gives_egress=False, span=rule.span
    )
    assert doubts(found) == []
    assert check(found) == ()


def test_a_rule_lets_its_members_out_unless_it_says_otherwise(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, *_NICS, _IP, _balancer(loadBalancingRules=[_rule(disableOutboundSnat=None)]))

    assert [rule.gives_egress for rule in found.load_balancers["shop"].rules] == [True]


def test_an_address_that_is_not_assigned_yet_is_not_known(tmp_path: Path) -> None:
    found = network(
        tmp_path,
        _HUB,
        *_NICS,
        resource("publicIPAddresses", "ip", publicIPAllocationMethod="Dynamic"),
        _balancer("Basic"),
    )

    (front,) = found.load_balancers["shop"].public_frontends
    assert (front.public_address.address, front.public_address.sku) == (None, Sku.BASIC)
    assert doubts(found) == []


def test_an_inbound_nat_rule_leads_to_one_interface(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, *_NICS, _IP, _balancer(inboundNatRules=[_nat()]))

    rule = found.load_balancers["shop"].rules[1]
    assert rule == LoadBalancingRule("ssh", "front", TCP, 50001, ("a",), 22, is_inbound_nat=True, span=rule.span)
    assert doubts(found) == []
    assert check(found) == ()


def test_the_interface_of_an_inbound_nat_rule_is_told_by_itself_as_well(tmp_path: Path) -> None:
    named = {"id": f"{_LB}/inboundNatRules/SSH"}
    nics = (_nic("a", "10.0.0.4", loadBalancerInboundNatRules=[named]), _NICS[1])

    found = network(tmp_path, _HUB, *nics, _IP, _balancer(inboundNatRules=[_nat(backendIPConfiguration=None)]))

    assert [rule.members for rule in found.load_balancers["shop"].rules if rule.is_inbound_nat] == [("a",)]
    assert doubts(found) == []


def test_an_inbound_nat_rule_for_nobody_leads_nowhere(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, *_NICS, _IP, _balancer(inboundNatRules=[_nat(backendIPConfiguration=None)]))

    assert [rule.name for rule in found.load_balancers["shop"].rules] == ["web"]
    assert doubts(found) == []


def test_an_outbound_rule_lets_the_members_of_its_pool_out(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, *_NICS, _IP, _balancer(outboundRules=[_outbound()]))

    (rule,) = found.load_balancers["shop"].outbound_rules
    assert rule == OutboundRule("out", ("front",), None, ("a", "b"), rule.span)
    assert doubts(found) == []
    assert check(found) == ()


def test_an_outbound_rule_may_be_of_one_protocol(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, *_NICS, _IP, _balancer(outboundRules=[_outbound(protocol="Udp")]))

    assert [rule.protocol for rule in found.load_balancers["shop"].outbound_rules] == [UDP]


def _entries(*states: str | None) -> dict[str, Any]:
    members = [
        _part(f"m{number}", networkInterfaceIPConfiguration=_configuration(name), adminState=state)
        for number, (name, state) in enumerate(zip("ab", states, strict=True))
    ]
    return _part("pool", loadBalancerBackendAddresses=members)


def test_administrative_states_stand_above_probes(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, *_NICS, _IP, _balancer(backendAddressPools=[_entries("Up", "Down")]))

    (rule,) = found.load_balancers["shop"].rules
    assert (rule.always_up, rule.down) == (("a",), ("b",))
    assert doubts(found) == []
    assert check(found) == ()


def test_administrative_states_are_nothing_without_a_probe(tmp_path: Path) -> None:
    pools = [_entries("Down", "None")]

    found = network(
        tmp_path, _HUB, *_NICS, _IP, _balancer(backendAddressPools=pools, loadBalancingRules=[_rule(probe=None)])
    )

    (rule,) = found.load_balancers["shop"].rules
    assert (rule.always_up, rule.down) == ((), ())
    assert doubts(found) == []


def test_all_members_may_get_packets_where_no_probe_is_answered(tmp_path: Path) -> None:
    probes = [_part("alive", protocol="Https", port=8443, noHealthyBackendsBehavior="AllProbedUp")]

    found = network(tmp_path, _HUB, *_NICS, _IP, _balancer(probes=probes))

    assert [rule.probe for rule in found.load_balancers["shop"].rules] == [Probe(8443, all_when_none=True)]
    assert doubts(found) == []


def test_members_get_out_by_an_outbound_rule_of_an_ipv6_frontend(tmp_path: Path) -> None:
    by_outbound_rule = _balancer(loadBalancingRules=[], outboundRules=[_outbound()])

    found = network(tmp_path, _HUB, *_NICS, _SIX, by_outbound_rule)

    (balancer,) = found.load_balancers.values()
    assert [front.public_address.address for front in balancer.public_frontends] == [parse_address("2603:1::7")]
    assert [(rule.members, rule.frontends) for rule in balancer.outbound_rules] == [(("a", "b"), ("front",))]
    assert doubts(found) == []


_OTHER = _part("other", publicIPPrefix=reference("publicIPPrefixes", "prefix"))
_SIX = resource("publicIPAddresses", "ip", publicIPAddressVersion="IPv6", ipAddress="2603:1::7")


@pytest.mark.parametrize(
    "contents",
    [
        (_IP, _balancer(frontendIPConfigurations=[_OTHER])),
        (_IP, _balancer(inboundNatRules=[_nat(frontendPortRangeStart=500, frontendPortRangeEnd=600, frontendPort=0)])),
        (_IP, _balancer(inboundNatRules=[_nat(backendAddressPool=_POOL, backendIPConfiguration=None)])),
        (_IP, _balancer(inboundNatRules=[_nat(protocol="All", frontendPort=0, backendPort=0)])),
        (_IP, _balancer(inboundNatRules=[_nat(backendIPConfiguration=_configuration("gone"))])),
        (_IP, _balancer(inboundNatRules=[_nat(enableDestinationServiceEndpoint=True)])),
        (_IP, _balancer(inboundNatRules=[_nat(allowBackendPortConflict=True)])),
        (_IP, _balancer(inboundNatPools=[_part("many")])),
        (_IP, _balancer(outboundRules=None)),
        (_IP, _balancer(outboundRules=[_outbound(backendAddressPool={"id": f"{_LB}/backendAddressPools/gone"})])),
        (_IP, _balancer(outboundRules=[_outbound(protocol="Icmp")])),
        (_IP, _balancer(loadBalancingRules=[_rule(protocol="All", frontendPort=0, backendPort=0)])),
        (_IP, _balancer(backendAddressPools=[_entries("Drain", None)])),
        (_balancer(),),
        (resource("publicIPAddresses", "ip", publicIPAddressVersion="IPv6"), _balancer()),
        (_SIX, _balancer()),
    ],
)
def test_a_public_load_balancer_with_more_than_the_model_holds_is_in_doubt(
    tmp_path: Path, contents: tuple[dict[str, Any], ...]
) -> None:
    found = network(tmp_path, _HUB, vnet("lone", "10.9.0.0/16"), *_NICS, *contents)

    assert doubts(found)
    assert {vnets for _, vnets in doubts(found)} == {("hub",)}


def test_an_inbound_nat_rule_that_two_interfaces_claim_is_in_doubt(tmp_path: Path) -> None:
    nics = (_NICS[0], _nic("b", "10.0.0.5", loadBalancerInboundNatRules=[{"id": f"{_LB}/inboundNatRules/ssh"}]))

    assert doubts(network(tmp_path, _HUB, *nics, _IP, _balancer(inboundNatRules=[_nat()])))


def test_an_inbound_nat_rule_that_an_interface_names_and_no_load_balancer_has_is_in_doubt(tmp_path: Path) -> None:
    nics = (_nic("a", "10.0.0.4", loadBalancerInboundNatRules=[{"id": f"{_LB}/inboundNatRules/ssh"}]), _NICS[1])

    found = network(tmp_path, _HUB, *nics, _IP, _balancer())

    assert doubts(found) == [("inbound NAT rule `ssh`, which nic `a` names", ("hub",))]


def test_members_by_address_may_keep_the_default_way_out(tmp_path: Path) -> None:
    hub = vnet("hub", "10.0.0.0/16", subnet("web"))
    entry = _part("m", ipAddress="10.0.0.4", virtualNetwork=reference("virtualNetworks", "hub"))
    pool = _part("pool", loadBalancerBackendAddresses=[entry])
    own = resource(
        "networkInterfaces", "a", ipConfigurations=[_part("c", privateIPAddress="10.0.0.4", subnet={"id": _WEB})]
    )

    found = network(tmp_path, hub, own, _IP, _balancer(backendAddressPools=[pool]))

    assert doubts(found) == [("`a` in pool `pool` of load balancer `shop`", ("hub",))]


def test_what_is_imported_reads_back_as_it_was_written(tmp_path: Path) -> None:
    probes = [_part("alive", protocol="Https", port=8443, noHealthyBackendsBehavior="AllProbedUp")]
    whole = _balancer(
        inboundNatRules=[_nat()],
        outboundRules=[_outbound()],
        backendAddressPools=[_entries("Up", "Down")],
        probes=probes,
    )

    found = network(tmp_path, _HUB, *_NICS, _IP, whole)

    assert without_spans(read_text(write(found)).network) == without_spans(found)


def test_a_strange_value_anywhere_in_a_public_load_balancer_is_no_traceback(tmp_path: Path) -> None:
    whole = _balancer(inboundNatRules=[_nat()], outboundRules=[_outbound()], backendAddressPools=[_entries("Up", None)])
    for body in strange_variants(whole):
        imported = read(tmp_path, _HUB, *_NICS, _IP, body)
        assert imported.network.load_balancers or imported.diagnostics or imported.network.unmodelled
