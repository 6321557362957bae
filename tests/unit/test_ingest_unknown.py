"""What is not known in a resource, wherever it stands, is told and never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.azure_resources import nic, nsg, peering, reference, resource, rule, subnet, subnet_id, vnet
from tests.unit.unknown_places import (
    WHY,
    Step,
    as_read,
    contoso,
    devices,
    part,
    read_network,
    with_unknowns,
    with_value,
)
from vnetverify.diagnostic import Severity
from vnetverify.ingest.representatives import with_representatives
from vnetverify.ingest.resources import Resource
from vnetverify.ingest.unknown import Unknown
from vnetverify.model.network import Network
from vnetverify.model.wellformed import check

# Why nothing has to be said of these, by the last word of the way there, with the kind before it where that matters.
_SILENT = {
    "id": "which resource it is, whoever made it a resource knows",
    "name": "as for the id",
    "type": "as for the id",
    "provisioningState": "says how the last change ended",
    "doNotVerifyRemoteGateways": "of the moment when the peering is made",
    "privateLinkServiceNetworkPolicies": "of what may be made in the subnet",
    "enableDdosProtection": "protection from floods drops no flow",
    "hasBgpOverride": "repeats what the routes say",
    "publicIPAllocationMethod": "when the address is chosen",
    "idleTimeoutInMinutes": "no flow here is idle",
    "ipTags": "where the address is announced",
    "privateIPAllocationMethod": "who chose the address",
    "primary": "orders configurations that are all read",
    "enableAcceleratedNetworking": "how fast it is",
    "routingWeight": "orders connections that all carry",
    "ipsecPolicies": "how a tunnel is enciphered",
    "gatewayIpAddress": "where the far end of a tunnel is",
    "virtualnetworkgateways enableBgp": "each connection says it itself",
    "virtualnetworkgateways sku": "how fast it is",
    "virtualnetworkgateways tier": "how fast it is",
    "virtualnetworkgateways publicIPAddress": "where the near end of a tunnel is",
    "applicationgateways privateIPAddress": "a proxy takes flows anywhere in its subnet",
    "scaleUnits": "how many sessions it bears",
    "sslPolicy": "a proxy begins flows of its own, whatever it does with those it takes",
    "policyType": "as for what it is part of",
    "groupId": "which part of a service an endpoint leads to",
    "ruleType": "told by the place of the rule where it is not told",
}
# What the network leaves open itself, and how.
_OPEN = {
    "location": "a network without a region is in any",
    "tags": "a set by tag asks whether the network may have it",
    "role": "as for all tags",
    "enableIPForwarding": "an appliance of which nothing is declared, whose forwarding is a fact",
    "ipAddress": "of a public address: any",
}


def _without_spans(network: Network) -> str:
    return re.sub(r"Span\([^)]*\)", "", repr(replace(network, unmodelled=(), unmodelled_names=())))


def _last_word(path: tuple[Step, ...]) -> str:
    return next(str(step) for step in reversed(path) if isinstance(step, str))


def _errors(resources: list[Resource]) -> tuple[Network, list[str]]:
    network, diagnostics = read_network(resources)
    return network, [
        found.message for found in (*diagnostics, *check(network)) if found.severity is Severity.ERROR
    ]  # fmt: skip


@pytest.mark.parametrize("content", [contoso, devices], ids=["contoso", "devices"])
def test_what_is_not_known_is_in_doubt_wherever_it_stands(content: Callable[[], list[Any]]) -> None:
    whole, expected = _errors(list(as_read(content())))
    assert expected == []
    unheard: list[tuple[str, tuple[Step, ...]]] = []
    for one, path, resources in with_unknowns(content()):
        network, errors = _errors(resources)
        assert errors == [], (one.key, path)
        doubts = (*network.unmodelled, *network.unmodelled_names)
        if not any(WHY in item.why for item in doubts):
            unheard.append((one.key, path))
            word = _last_word(path)
            assert word in _OPEN or word in _SILENT or f"{one.kind} {word}" in _SILENT, (one.key, path)
            if word not in _OPEN:
                assert _without_spans(network) == _without_spans(whole), (one.key, path)

    assert len(unheard) > 30


def _network(*contents: Any, unknown: tuple[int, tuple[Step, ...]]) -> Network:
    """Return the network of `contents`, of one of which something is not known; it must be free of errors."""
    at, path = unknown
    resources = list(as_read(list(contents)))
    resources[at] = with_value(resources[at], path, Unknown(WHY))
    network, errors = _errors(resources)
    assert errors == []
    return network


def _said(network: Network) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(item.what, item.why, item.vnets) for item in network.unmodelled]


_HUB = vnet("hub", "10.0.0.0/16", subnet("web", networkSecurityGroup=reference("networkSecurityGroups", "g")))
_OTHER = vnet("other", "10.9.0.0/16", subnet("s", "10.9.0.0/24"))


def test_a_rule_of_which_a_port_is_not_known_is_a_doubt_about_the_networks_of_its_group() -> None:
    path = ("properties", "securityRules", 0, "properties", "destinationPortRange")
    found = _network(_HUB, _OTHER, nsg("g", rule("r"), rule("s", 200)), unknown=(2, path))

    expected = ("`destinationPortRange` of rule `r`", f"it is not known: {WHY}", ("hub",))
    assert expected in _said(found)
    assert [one.name for one in found.nsgs["g"].rules] == ["s"]
    assert found.unmodelled[0].is_unknown


def test_a_reason_that_stands_in_every_rule_is_not_told_for_each() -> None:
    rules = [rule(f"r{number}", number) for number in range(100, 200)]
    resources = list(as_read([_HUB, nsg("g", *rules)]))
    for number in range(100):
        path = ("properties", "securityRules", number, "properties", "access")
        resources[1] = with_value(resources[1], path, Unknown(WHY))
    found, errors = _errors(resources)

    assert errors == []
    assert len(found.unmodelled) == 13
    assert found.unmodelled[-1].what == "88 more, from `access` of rule `r112` on,"
    assert {item.vnets for item in found.unmodelled} == {("hub",)}


def test_a_group_that_nobody_uses_raises_no_doubt() -> None:
    path = ("properties", "securityRules", 0, "properties", "access")
    found = _network(_OTHER, nsg("unused", rule("r")), unknown=(1, path))

    assert _said(found) == []


def test_an_unknown_member_of_a_list_leaves_the_others() -> None:
    hub = vnet("hub", "10.0.0.0/16", subnet("a", "10.0.0.0/24"), subnet("b", "10.0.1.0/24"))
    found = _network(hub, unknown=(0, ("properties", "subnets", 0)))

    assert [one.name for one in found.vnets["hub"].subnets] == ["b"]
    assert [(what, vnets) for what, _, vnets in _said(found)] == [("`subnets` of vnet `hub`", ("hub",))]
    assert found.unmodelled[0].span.pointer == "/0/properties/subnets/0"


def test_where_an_interface_stands_is_anywhere_when_it_is_not_known() -> None:
    card = nic("n", "10.0.0.4", subnet_id("hub", "web"))
    found = _network(
        _HUB,
        _OTHER,
        nsg("g"),
        card,
        unknown=(3, ("properties", "ipConfigurations", 0, "properties", "subnet")),
    )

    expected = ("`ipConfigurations.subnet` of nic `n`", f"it is not known: {WHY}", ())
    assert expected in _said(found)


def test_the_policy_of_a_firewall_concerns_the_network_of_the_firewall() -> None:
    resources = list(as_read([*devices(), _OTHER]))
    at = next(index for index, one in enumerate(resources) if one.kind == "firewallpolicies")
    resources[at] = with_value(resources[at], ("properties", "threatIntelMode"), Unknown(WHY))
    found, errors = _errors(resources)

    assert errors == []
    assert (
        "`threatIntelMode` of firewall policy `policy`",
        f"it is not known: {WHY}",
        ("hub",),
    ) in _said(found)


def test_a_resource_that_may_not_be_there_stays_in_doubt() -> None:
    resources = list(as_read([_HUB, _OTHER, nsg("g", rule("r"))]))
    resources[2] = replace(resources[2], is_literal=False, uncertain=Unknown("parameter `deploy` has no value"))
    found, _ = _errors(resources)

    why = "whether it is there is not known: parameter `deploy` has no value"
    assert _said(found) == [("nsg `g`", why, ("hub",))]
    assert [one.name for one in found.nsgs["g"].rules] == ["r"]


def test_alternatives_do_not_exclude_each_other_in_the_network() -> None:
    """Of rules, routes and peerings that may be there and cannot be so together the first is taken, both in doubt."""
    rules = [rule("r"), rule("s", access="Deny")]
    hops = [
        part(name, addressPrefix="10.9.0.0/16", nextHopType=kind) for name, kind in (("r", "None"), ("s", "Internet"))
    ]
    halves = [peering("p", "other"), peering("q", "other", allowForwardedTraffic=True)]
    parts = [
        *(("networkSecurityGroups/g/securityRules", one) for one in rules),
        *(("routeTables/t/routes", one) for one in hops),
        *(("virtualNetworks/hub/virtualNetworkPeerings", one) for one in halves),
    ]
    uncertain = [
        replace(one, is_literal=False, uncertain=Unknown(WHY))
        for kind, body in parts
        for one in as_read([resource(kind, body["name"], **body["properties"])])
    ]
    hub = vnet("hub", "10.0.0.0/16", subnet("web", networkSecurityGroup=reference("networkSecurityGroups", "g")))
    hub["properties"].pop("virtualNetworkPeerings")
    found, errors = _errors([*as_read([hub, _OTHER, nsg("g"), resource("routeTables", "t", routes=[])]), *uncertain])

    assert errors == []
    assert [one.name for one in found.nsgs["g"].rules] == ["r"]
    assert [one.name for one in found.route_tables["t"].routes] == ["r"]
    assert len(found.peerings) == 1
    whole = {what for what, why, _ in _said(found) if WHY in why}
    assert whole == {"rule `r`", "rule `s`", "peering `p`", "peering `q`"}  # no subnet has the route table


def test_two_forms_of_a_resource_that_may_not_be_there_are_no_mistake() -> None:
    one, other = _HUB, vnet("hub", "10.0.0.0/8")
    resources = [replace(each, is_literal=False, uncertain=Unknown(WHY)) for each in as_read([one, other])]
    found, errors = _errors([*resources, *as_read([nsg("g")])])

    assert errors == []
    assert any("appears twice" in why for _, why, _ in _said(found))


def test_an_unknown_peering_flag_concerns_both_ends() -> None:
    hub = vnet("hub", "10.0.0.0/16", virtualNetworkPeerings=[peering("p", "other")])
    other = vnet("other", "10.9.0.0/16", virtualNetworkPeerings=[peering("p", "hub")])
    path = ("properties", "virtualNetworkPeerings", 0, "properties", "allowForwardedTraffic")
    content = [hub, other]
    content[0]["properties"]["virtualNetworkPeerings"][0]["properties"]["allowForwardedTraffic"] = True
    found = _network(*content, unknown=(0, path))

    assert [(what, set(vnets)) for what, _, vnets in _said(found)] == [
        ("`allowForwardedTraffic` of peering `p`", {"hub", "other"})
    ]


@pytest.mark.parametrize(("prefixes", "known"), [(["10.0.0.0/24"], True), (["10.0.0.0/24", "10.0.1.0/24"], False)])
def test_an_address_of_several_prefixes_has_no_representative(prefixes: list[str], known: bool) -> None:
    """Azure may take it from either, and a rule about one of them would tell them apart."""
    hub = vnet("hub", "10.0.0.0/16", subnet("web", "", addressPrefixes=prefixes))
    card = nic("n", "", subnet_id("hub", "web"))
    amended = with_representatives([replace(one, is_literal=False) for one in as_read([hub, card])], ())
    found, errors = _errors(amended.resources)

    assert errors == []
    assert list(amended.standing.values()) == (["10.0.0.4"] if known else [])
    assert (found.unmodelled == ()) is known


def test_a_part_is_shown_where_its_translated_body_comes_from() -> None:
    """A resource made of another notation shows its parts by the pointers of the user's file."""
    (group,) = as_read([nsg("g", rule("r"), rule("s", 200))])
    origins = {
        "/0": "/planned_values/root_module/resources/4",
        "/0/properties/securityRules/0": "/planned_values/root_module/resources/4/values/security_rule/1",
    }
    (web,) = as_read([resource("routeTables", "t", routes=[])])
    found, _ = _errors([replace(group, is_literal=False, origins=origins), web])

    first, second = (one.span.pointer for one in found.nsgs["g"].rules)
    assert first == "/planned_values/root_module/resources/4/values/security_rule/1"
    assert second == "/planned_values/root_module/resources/4"
