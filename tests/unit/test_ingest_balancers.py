"""Internal load balancers of an export, and what keeps one in doubt."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    GROUP,
    doubts,
    errors,
    identity,
    network,
    nsg,
    peering,
    read,
    reference,
    resource,
    strange_variants,
    subnet,
    subnet_id,
    vnet,
)
from vnetverify.header import TCP, parse_address
from vnetverify.model.balancers import Frontend, LoadBalancingRule, Probe, Sku
from vnetverify.model.network import Network

_DB = subnet_id("hub", "db")
_LB = identity("loadBalancers", "lb")
_POOL = {"id": f"{_LB}/backendAddressPools/pool"}
_FRONTEND = {"id": f"{_LB}/frontendIPConfigurations/front"}
_PROBE = {"id": f"{_LB}/probes/alive"}
_IP = reference("publicIPAddresses", "ip")


def _nic(name: str, address: str, *pools: dict[str, str], **properties: Any) -> dict[str, Any]:
    own = {"privateIPAddress": address, "subnet": {"id": _DB}, "loadBalancerBackendAddressPools": list(pools)}
    configuration = {"name": "c", "properties": {**own, **properties}}
    return resource("networkInterfaces", name, ipConfigurations=[configuration])


def _configuration(name: str) -> dict[str, str]:
    return {"id": f"{identity('networkInterfaces', name)}/ipConfigurations/c"}


def _part(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": properties}


def _rule(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "frontendIPConfiguration": _FRONTEND,
        "backendAddressPool": _POOL,
        "backendAddressPools": [_POOL],
        "probe": _PROBE,
        "protocol": "Tcp",
        "frontendPort": 1433,
        "backendPort": 1444,
        "enableFloatingIP": False,
        "enableDestinationServiceEndpoint": False,
        "allowBackendPortConflict": False,
        "loadDistribution": "Default",
    }
    return _part("sql", **{**ordinary, **properties})


def _balancer(sku: dict[str, str] | None = None, **properties: Any) -> dict[str, Any]:
    ordinary = {
        "frontendIPConfigurations": [_part("front", privateIPAddress="10.0.0.100", subnet={"id": _DB})],
        "backendAddressPools": [_part("pool", backendIPConfigurations=[_configuration("a"), _configuration("b")])],
        "loadBalancingRules": [_rule()],
        "probes": [_part("alive", protocol="Tcp", port=1433, intervalInSeconds=5)],
        "inboundNatRules": [],
        "outboundRules": [],
    }
    body = resource("loadBalancers", "lb", **{**ordinary, **properties})
    return {**body, "sku": {"name": "Standard", "tier": "Regional"} if sku is None else sku}


_HUB = vnet("hub", "10.0.0.0/16", subnet("db"))
_NICS = (_nic("a", "10.0.0.4", _POOL), _nic("b", "10.0.0.5", _POOL))


def _only_rule(found: Network) -> LoadBalancingRule:
    (own,) = found.load_balancers["lb"].rules
    return own


def test_a_frontend_with_a_private_address_sends_to_the_members_of_its_pool(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, *_NICS, _balancer())

    own = found.load_balancers["lb"]
    (frontend,) = own.frontends
    assert own.sku is Sku.STANDARD
    assert frontend == Frontend("front", "hub", "db", parse_address("10.0.0.100"), frontend.span)
    found_rule = _only_rule(found)
    assert found_rule == LoadBalancingRule(
        "sql", "front", TCP, 1433, ("a", "b"), 1444, Probe(1433), False, span=found_rule.span
    )
    assert doubts(found) == []


def test_ha_ports_have_no_port(tmp_path: Path) -> None:
    every = _rule(protocol="All", frontendPort=0, backendPort=0, enableFloatingIP=True)

    own = _only_rule(network(tmp_path, _HUB, *_NICS, _balancer(loadBalancingRules=[every])))

    assert (own.protocol, own.port, own.backend_port, own.floating_ip) == (None, None, None, True)


@pytest.mark.parametrize("sku", [{"name": "Basic"}, {}])
def test_the_sku_is_known_only_where_it_is_said(tmp_path: Path, sku: dict[str, str]) -> None:
    found = network(tmp_path, _HUB, *_NICS, _balancer(sku))

    assert found.load_balancers["lb"].sku is (Sku.BASIC if sku else None)


@pytest.mark.parametrize(
    "pool",
    [
        _part("pool"),
        _part("pool", loadBalancerBackendAddresses=[_part("x", networkInterfaceIPConfiguration=_configuration("a"))]),
        _part("pool", loadBalancerBackendAddresses=[_part("rg_ac")]),
        _part(
            "pool",
            virtualNetwork=reference("virtualNetworks", "hub"),
            loadBalancerBackendAddresses=[_part("x", ipAddress="10.0.0.4", adminState="None")],
        ),
    ],
    ids=["by the interface's word", "by interface", "by name", "by address"],
)
def test_a_member_is_told_in_several_ways(tmp_path: Path, pool: dict[str, Any]) -> None:
    hub = vnet("hub", "10.0.0.0/16", subnet("db", defaultOutboundAccess=False))

    found = network(tmp_path, hub, _nic("a", "10.0.0.4", _POOL), _balancer(backendAddressPools=[pool]))

    assert _only_rule(found).members == ("a",)
    assert doubts(found) == []


def test_a_rule_for_an_empty_pool_sends_nowhere(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _balancer(backendAddressPools=[_part("pool")]))

    assert _only_rule(found).members == ()
    assert doubts(found) == []


_Change = Callable[[dict[str, Any]], None]


def _set(field: str, value: Any, *path: Any) -> _Change:
    def change(body: dict[str, Any]) -> None:
        inner = body["properties"]
        for step in path:
            inner = inner[step]
        inner[field] = value

    return change


_IN_RULE = ("loadBalancingRules", 0, "properties")
_IN_POOL = ("backendAddressPools", 0, "properties")
_IN_FRONTEND = ("frontendIPConfigurations", 0, "properties")
_IN_PROBE = ("probes", 0, "properties")


@pytest.mark.parametrize(
    "change",
    [
        _set("inboundNatRules", [_part("ssh")]),
        _set("inboundNatPools", [_part("ssh")]),
        _set("outboundRules", [_part("out", protocol="All")]),
        _set("aPropertyOfTomorrow", "x"),
        _set("frontendIPConfigurations", None),
        _set("loadBalancingRules", None),
        _set("inboundNatRules", None),
        _set("privateIPAddress", None, *_IN_FRONTEND),
        _set("subnet", None, *_IN_FRONTEND),
        _set("publicIPAddress", reference("publicIPAddresses", "ip"), *_IN_FRONTEND),
        _set("gatewayLoadBalancer", {"id": "x"}, *_IN_FRONTEND),
        _set("tunnelInterfaces", [{"port": 1}], *_IN_POOL),
        _set("backendIPConfigurations", [_configuration("a"), _configuration("gone")], *_IN_POOL),
        _set("backendIPConfigurations", [_configuration("a")], *_IN_POOL),
        _set("loadBalancerBackendAddresses", [_part("x", ipAddress="10.0.0.77")], *_IN_POOL),
        _set("loadBalancerBackendAddresses", [_part("x"), _part("y"), _part("z")], *_IN_POOL),
        _set("loadBalancerBackendAddresses", [_part("x", adminState="Down")], *_IN_POOL),
        _set("loadBalancerBackendAddresses", [_part("x", ipAddress="10.0.0.4", adminState="Tired")], *_IN_POOL),
        _set("protocol", "Quic", *_IN_RULE),
        _set("protocol", "All", *_IN_RULE),
        _set("frontendIPConfiguration", {"id": f"{_LB}/frontendIPConfigurations/gone"}, *_IN_RULE),
        _set("backendAddressPools", [_POOL, {"id": f"{_LB}/backendAddressPools/other"}], *_IN_RULE),
        _set("probe", {"id": f"{_LB}/probes/gone"}, *_IN_RULE),
        _set("enableConnectionTracking", True, *_IN_RULE),
        _set("enableDestinationServiceEndpoint", True, *_IN_RULE),
        _set("allowBackendPortConflict", True, *_IN_RULE),
        _set("noHealthyBackendsBehavior", "OfTomorrow", *_IN_PROBE),
        _set("protocol", "Icmp", *_IN_PROBE),
    ],
)
def test_a_load_balancer_with_more_than_the_model_holds_is_in_doubt_for_its_networks_and_their_peers(
    tmp_path: Path, change: _Change
) -> None:
    hub = copy.deepcopy(_HUB)
    hub["properties"]["virtualNetworkPeerings"] = [peering("p", "spoke")]
    spoke = vnet("spoke", "10.1.0.0/16", virtualNetworkPeerings=[peering("p", "hub")])
    body = copy.deepcopy(_balancer())
    change(body)

    found = network(tmp_path, hub, spoke, vnet("lone", "10.9.0.0/16"), *_NICS, body)

    assert doubts(found)
    assert all(vnets == ("hub", "spoke") for _, vnets in doubts(found))


@pytest.mark.parametrize("sku", [{"name": "Gateway"}, {"name": "Standard", "tier": "Global"}])
def test_a_load_balancer_of_another_sort_is_in_doubt(tmp_path: Path, sku: dict[str, str]) -> None:
    assert {vnets for _, vnets in doubts(network(tmp_path, _HUB, *_NICS, _balancer(sku)))} == {("hub",)}


def test_a_public_load_balancer_without_its_address_is_in_doubt_where_its_members_are(tmp_path: Path) -> None:
    public = _part("front", publicIPAddress=reference("publicIPAddresses", "ip"))

    found = network(tmp_path, _HUB, vnet("lone", "10.9.0.0/16"), *_NICS, _balancer(frontendIPConfigurations=[public]))

    assert found.load_balancers == {}
    assert doubts(found) == [("frontend `front` of load balancer `lb`", ("hub",))]


@pytest.mark.parametrize(
    ("frontends", "is_outside"),
    [
        ([_part("a", publicIPAddress=_IP)], True),
        ([{"name": "a", "publicIPAddress": _IP}], True),
        ([_part("a", publicIPPrefix=reference("publicIPPrefixes", "many")), _part("b", publicIPAddress=_IP)], True),
        ([_part("a", publicIPAddress=_IP), _part("b", subnet={"id": _DB}, privateIPAddress="10.0.1.9")], False),
        ([_part("a", publicIPAddress=_IP, subnet={"id": _DB})], False),
    ],
)
def test_what_is_not_modelled_of_a_load_balancer_for_the_internet_alone_leaves_flows_inside_a_network_alone(
    tmp_path: Path, frontends: list[Any], is_outside: bool
) -> None:
    found = network(tmp_path, _HUB, *_NICS, _balancer(frontendIPConfigurations=frontends))

    assert found.unmodelled
    assert {item.is_outside for item in found.unmodelled} == {is_outside}


_SERVED = {**resource("publicIPAddresses", "ip", ipAddress="203.0.113.9"), "sku": {"name": "Standard"}}


def _balancer_with_range(**properties: Any) -> dict[str, Any]:
    ports = {"frontendPortRangeStart": 5000, "frontendPortRangeEnd": 5009, "backendPort": 22, "protocol": "Tcp"}
    nat = _part("many", frontendIPConfiguration=_FRONTEND, backendAddressPool=_POOL, **ports)
    front = _part("front", publicIPAddress=_IP)
    return _balancer(**{"frontendIPConfigurations": [front], "inboundNatRules": [nat], **properties})


def test_inbound_nat_of_several_ports_leaves_open_what_begins_or_ends_where_the_members_are(tmp_path: Path) -> None:
    other = _nic("c", "10.0.1.4", _POOL, subnet={"id": subnet_id("hub", "web")})
    hub = vnet("hub", "10.0.0.0/16", subnet("db"), subnet("web", "10.0.1.0/24"), subnet("app", "10.0.2.0/24"))
    pool = _part("pool", backendIPConfigurations=[_configuration(name) for name in "abc"])

    found = network(tmp_path, hub, *_NICS, other, _SERVED, _balancer_with_range(backendAddressPools=[pool]))

    (item,) = found.unmodelled
    assert item.what == "inbound NAT rule `many` of load balancer `lb`"
    assert (item.vnets, item.places, item.ends_there, item.is_outside) == (("hub",), ("hub.db", "hub.web"), True, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"loadBalancingRules": []},
        {"inboundNatPools": [{}], "mode": "OfTomorrow"},
        {"backendAddressPools": [_part("pool", backendIPConfigurations=[_configuration("gone")])]},
        {"frontendIPConfigurations": [_part("front", privateIPAddress="10.0.0.9", subnet={"id": _DB})]},
    ],
)
def test_where_more_than_inbound_nat_or_nobody_behind_it_is_known_a_load_balancer_leaves_its_network_open(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    found = network(tmp_path, _HUB, *_NICS, _SERVED, _balancer_with_range(**changed))

    assert {item.places for item in found.unmodelled} == {()}


def test_inbound_nat_is_open_everywhere_where_something_strange_names_the_load_balancer(tmp_path: Path) -> None:
    service = resource("privateLinkServices", "s", loadBalancerFrontendIpConfigurations=[_FRONTEND])

    found = network(tmp_path, _HUB, *_NICS, _SERVED, _balancer_with_range(), service)

    assert () in {item.places for item in found.unmodelled if "inbound NAT" in item.what}


def test_a_pool_that_an_interface_names_and_that_is_not_in_the_input_is_in_doubt(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _NICS[0])

    assert doubts(found) == [("backend pool `pool`, which nic `a` names", ("hub",))]


def test_a_load_balancer_without_its_properties_is_in_doubt_where_interfaces_name_it(tmp_path: Path) -> None:
    bare = {"id": _LB, "name": "lb", "type": "Microsoft.Network/loadBalancers", "sku": {"name": "Standard"}}

    assert doubts(network(tmp_path, _HUB, _NICS[0], bare)) == [("load balancer `lb`", ("hub",))]


def test_an_interface_that_does_not_name_the_pool_that_names_it_is_in_doubt(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _nic("a", "10.0.0.4"), _nic("b", "10.0.0.5", _POOL), _balancer())

    assert [vnets for _, vnets in doubts(found)] == [("hub",)]


def test_a_member_by_its_second_address_is_in_doubt(tmp_path: Path) -> None:
    card = _nic("a", "10.0.0.4")
    second = {"privateIPAddress": "10.0.0.5", "subnet": {"id": _DB}, "loadBalancerBackendAddressPools": [_POOL]}
    card["properties"]["ipConfigurations"].append({"name": "d", "properties": second})

    found = network(tmp_path, _HUB, card, _balancer(backendAddressPools=[_part("pool")]))

    assert [vnets for _, vnets in doubts(found)] == [("hub",)]


@pytest.mark.parametrize("is_filtered", [True, False])
def test_ipv6_probes_are_known_of_members_with_a_security_group_alone(tmp_path: Path, is_filtered: bool) -> None:
    group = {"networkSecurityGroup": reference("networkSecurityGroups", "n")} if is_filtered else {}
    both = {"addressPrefix": None, "addressPrefixes": ["10.0.0.0/24", "fd00:db8:0:1::/64"]}
    space = {"addressPrefixes": ["10.0.0.0/16", "fd00:db8::/48"]}
    hub = vnet("hub", "", subnet("db", **both, **group), addressSpace=space)
    card = _nic("a", "10.0.0.4")
    six = {"privateIPAddress": "fd00:db8:0:1::4", "subnet": {"id": _DB}, "loadBalancerBackendAddressPools": [_POOL]}
    card["properties"]["ipConfigurations"].append({"name": "six", "properties": six})
    front = _part("front", privateIPAddress="fd00:db8:0:1::100", subnet={"id": _DB}, privateIPAddressVersion="IPv6")

    found = network(
        tmp_path,
        hub,
        card,
        nsg("n"),
        _balancer(frontendIPConfigurations=[front], backendAddressPools=[_part("pool")]),
    )

    assert [own.members for own in found.load_balancers["lb"].rules] == ([("a",)] if is_filtered else [])
    assert bool(doubts(found)) is not is_filtered


@pytest.mark.parametrize(("sku", "expected"), [("Standard", None), ("Basic", True)])
def test_a_standard_load_balancer_leaves_it_open_whether_its_members_have_the_default_way_out(
    tmp_path: Path, sku: str, expected: bool | None
) -> None:
    hub = vnet("hub", "10.0.0.0/16", subnet("db", defaultOutboundAccess=True))

    found = network(tmp_path, hub, *_NICS, _balancer({"name": sku}))

    assert found.subnet("hub.db").default_outbound is expected


@pytest.mark.parametrize(
    "change",
    [
        _set("frontendPort", "http", *_IN_RULE),
        _set("backendPort", 70_000, *_IN_RULE),
        _set("privateIPAddress", "10.0.0", *_IN_FRONTEND),
        _set("subnet", {"id": f"{GROUP}/x"}, *_IN_FRONTEND),
        _set("probes", "x"),
        _set("frontendIPConfigurations", [_part("front", subnet={"id": _DB}), _part("Front", subnet={"id": _DB})]),
        _set("backendAddressPools", [{"name": "pool", "properties": "x"}]),
    ],
)
def test_a_load_balancer_that_azure_could_not_have_written_is_an_error(tmp_path: Path, change: _Change) -> None:
    body = copy.deepcopy(_balancer())
    change(body)

    assert errors(read(tmp_path, _HUB, *_NICS, body)) == ["bad-value"]


def test_a_load_balancer_whose_properties_are_no_object_is_an_error(tmp_path: Path) -> None:
    assert errors(read(tmp_path, _HUB, {**_balancer(), "properties": "x"})) == ["bad-value"]


def test_an_instance_of_a_scale_set_is_a_member_and_has_a_public_address_of_its_own(tmp_path: Path) -> None:
    kind = "virtualMachineScaleSets/set/virtualMachines/0/networkInterfaces"
    own = identity(kind, "n", provider="Microsoft.Compute")
    public = {"id": f"{own}/ipConfigurations/c/publicIPAddresses/ip", "properties": {"ipAddress": "20.0.0.9"}}
    card = {**_nic("n", "10.0.0.9", _POOL, publicIPAddress={"id": public["id"]}), "id": own}
    pool = _part("pool", backendIPConfigurations=[{"id": f"{own}/ipConfigurations/c"}])

    found = network(tmp_path, _HUB, card, public, _balancer(backendAddressPools=[pool]))

    (instance,) = found.nics()
    assert _only_rule(found).members == (instance.name,)
    assert instance.public_address is not None
    assert instance.public_address.address == parse_address("20.0.0.9")
    assert doubts(found) == []


def test_a_strange_value_anywhere_in_a_load_balancer_is_no_traceback(tmp_path: Path) -> None:
    by_interface = _balancer(backendAddressPools=[_part("pool", backendIPConfigurations=[_configuration("a")])])
    by_address = _part("pool", loadBalancerBackendAddresses=[_part("x", ipAddress="10.0.0.4", virtualNetwork={})])
    by_addresses = (_balancer(backendAddressPools=[pool]) for pool in strange_variants(by_address))
    for body in (*strange_variants(by_interface), *by_addresses):
        imported = read(tmp_path, _HUB, *_NICS, body)
        assert imported.network.load_balancers or imported.diagnostics or imported.network.unmodelled


def test_a_member_of_a_pool_may_be_in_an_application_security_group(tmp_path: Path) -> None:
    groups = [reference("applicationSecurityGroups", "asg")]
    asg = resource("applicationSecurityGroups", "asg")
    first = _nic("a", "10.0.0.4", _POOL, applicationSecurityGroups=groups)
    found = network(tmp_path, _HUB, first, _NICS[1], _balancer(), asg)

    assert doubts(found) == []
    assert _only_rule(found).members == ("a", "b")
