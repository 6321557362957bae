"""Azure Firewalls of an export are managed machines, in doubt where something about one is not understood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    doubts,
    errors,
    identity,
    network,
    nic,
    peering,
    read,
    reference,
    resource,
    strange_variants,
    subnet,
    subnet_id,
    vnet,
)
from vnetverify.header import parse_address
from vnetverify.model.wellformed import check

_OWN = subnet_id("hub", "AzureFirewallSubnet")
_SUBNETS = (subnet("AzureFirewallSubnet", "10.0.1.0/24"), subnet("web"))
_HUB = vnet("hub", "10.0.0.0/16", *_SUBNETS, virtualNetworkPeerings=[peering("p", "spoke")])
_SPOKE = vnet("spoke", "10.1.0.0/16", virtualNetworkPeerings=[peering("p", "hub")])
_PUBLIC = {**resource("publicIPAddresses", "ip", ipAddress="20.0.0.4"), "sku": {"name": "Standard"}}
_POLICY = identity("firewallPolicies", "policy")


def _configuration(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "privateIPAddress": "10.0.1.4",
        "subnet": {"id": _OWN},
        "publicIPAddress": reference("publicIPAddresses", "ip"),
    }
    return {"name": "c", "properties": {**ordinary, **properties}}


def _firewall(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "sku": {"name": "AZFW_VNet", "tier": "Standard"},
        "threatIntelMode": "Alert",
        "ipConfigurations": [_configuration()],
        "natRuleCollections": [],
        "applicationRuleCollections": [],
        "networkRuleCollections": [],
        "additionalProperties": {"Network.FTP.AllowActiveFTP": "true"},
    }
    return resource("azureFirewalls", "fw", **{**ordinary, **properties})


def _policy(*groups: dict[str, Any], **properties: Any) -> dict[str, Any]:
    listed = [{"id": group["id"]} for group in groups]
    return resource(
        "firewallPolicies", "policy", **{"threatIntelMode": "Deny", "ruleCollectionGroups": listed, **properties}
    )


def _group(*rules: dict[str, Any], kind: str = "FirewallPolicyFilterRuleCollection") -> dict[str, Any]:
    collection = {"ruleCollectionType": kind, "name": "c", "priority": 100, "action": {"type": "Allow"}}
    return resource(
        "firewallPolicies/policy/ruleCollectionGroups",
        "g",
        priority=100,
        ruleCollections=[{**collection, "rules": list(rules)}],
    )


_NETWORK_RULE = {
    "ruleType": "NetworkRule",
    "name": "dns",
    "ipProtocols": ["UDP"],
    "sourceAddresses": ["10.1.0.0/16"],
    "destinationAddresses": ["10.0.0.4"],
    "destinationPorts": ["53"],
}


def _with_policy(policy: dict[str, Any], *others: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return (_firewall(firewallPolicy={"id": _POLICY}), policy, *others)


def test_a_firewall_is_a_managed_machine_with_a_policy(tmp_path: Path) -> None:
    found = network(
        tmp_path, _HUB, _SPOKE, _PUBLIC, *_with_policy(_policy(_group(_NETWORK_RULE)), _group(_NETWORK_RULE))
    )

    firewall = found.machines["fw"]
    assert (firewall.is_managed, firewall.policy, firewall.stateful, firewall.translates_source) == (
        True,
        None,
        True,
        True,
    )
    (own,) = firewall.nics
    assert (own.subnet_id, own.addresses, own.nsg) == ("hub.AzureFirewallSubnet", (parse_address("10.0.1.4"),), None)
    assert own.ip_forwarding
    assert firewall.firewall is not None
    assert [rule.name for rule in firewall.firewall.rules] == ["c/dns"]
    assert own.public_address is not None
    assert own.public_address.address == parse_address("20.0.0.4")
    assert doubts(found) == []
    assert [found.code for found in check(found)] == []


def test_a_firewall_and_an_interface_of_one_name_are_told_apart(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _SPOKE, _PUBLIC, _firewall(), nic("fw", "10.0.0.9", subnet_id("hub", "web")))

    assert len(found.machines) == 2
    assert len({own.name for own in found.nics()}) == 2


_NAT_RULE = {"ruleType": "NatRule", "name": "in", "destinationAddresses": ["20.0.0.4"], "translatedAddress": "10.1.0.4"}
_WEB_RULE = {"ruleType": "ApplicationRule", "name": "web", "targetFqdns": ["*.example.com"]}


@pytest.mark.parametrize(
    "contents",
    [
        (_firewall(natRuleCollections=[{"name": "in"}]),),
        (_firewall(applicationRuleCollections=[{"name": "web"}]),),
        (
            _firewall(
                managementIpConfiguration=_configuration(), ipConfigurations=[_configuration(publicIPAddress=None)]
            ),
        ),
        (_firewall(ipConfigurations=[_configuration(publicIPAddress=None)]),),
        (_firewall(networkRuleCollections=None),),
        (_firewall(aPropertyOfTomorrow="x"),),
        (_firewall(additionalProperties={"Network.RouteServerInfo.RouteServerID": "x"}),),
        (_firewall(ipConfigurations=[_configuration(), _configuration(subnet=None, privateIPAddress="10.0.1.5")]),),
        (_firewall(ipConfigurations=[_configuration(privateIPAddress=None)]),),
        (_firewall(ipConfigurations=[_configuration(subnet={"id": subnet_id("hub", "web")})]),),
        (_firewall(ipConfigurations=[_configuration(tomorrow="x")]),),
        (_firewall(firewallPolicy={"id": _POLICY}),),
        _with_policy(_policy(_group(_NETWORK_RULE))),
        _with_policy(_policy(ruleCollectionGroups=None)),
        _with_policy(_policy(basePolicy=reference("firewallPolicies", "base"))),
        _with_policy(_policy(), _group(_NAT_RULE, kind="FirewallPolicyNatRuleCollection")),
        _with_policy(_policy(), _group(_NETWORK_RULE, _WEB_RULE)),
        _with_policy(_policy(), _group(_NETWORK_RULE, kind="OfTomorrow")),
        _with_policy(_policy(aPropertyOfTomorrow="x")),
        _with_policy(_policy(), {**_group(), "properties": {"ruleCollections": [{"name": "c"}]}}),
        (_firewall(natRuleCollections=None),),
        (_firewall(applicationRuleCollections=None),),
    ],
)
def test_a_firewall_with_more_than_the_model_holds_is_in_doubt_for_its_network_and_its_peers(
    tmp_path: Path, contents: tuple[dict[str, Any], ...]
) -> None:
    found = network(tmp_path, _HUB, _SPOKE, vnet("lone", "10.9.0.0/16"), _PUBLIC, *contents)

    assert doubts(found)
    assert all(vnets == ("hub", "spoke") for _, vnets in doubts(found))
    assert all(machine.policy is None and machine.firewall is None for machine in found.machines.values())


@pytest.mark.parametrize(
    "contents",
    [
        (_firewall(additionalProperties={"Network.DNS.EnableProxy": "true"}),),
        _with_policy(_policy(dnsSettings={"servers": [], "enableProxy": True})),
    ],
)
def test_a_firewall_that_answers_about_names_is_in_doubt_for_what_is_sent_to_it_alone(
    tmp_path: Path, contents: tuple[dict[str, Any], ...]
) -> None:
    found = network(tmp_path, _HUB, _SPOKE, _PUBLIC, *contents)

    (item,) = found.unmodelled
    assert (item.ends_there, [place.partition(".")[0] for place in item.places]) == (True, ["hub"])
    assert all(machine.firewall is not None for machine in found.machines.values())


def test_what_the_parent_of_a_policy_does_counts(tmp_path: Path) -> None:
    base = resource("firewallPolicies", "base", ruleCollectionGroups=[], explicitProxy={"enableExplicitProxy": True})
    policy = _policy(basePolicy=reference("firewallPolicies", "base"))

    found = network(tmp_path, _HUB, _SPOKE, _PUBLIC, *_with_policy(policy, base))

    assert [what for what, _ in doubts(found)] == ["`explicitProxy` of firewall policy `base`"]


def test_policies_that_are_each_other_s_parents_are_in_doubt(tmp_path: Path) -> None:
    policy = _policy(basePolicy={"id": _POLICY})

    assert [what for what, _ in doubts(network(tmp_path, _HUB, _SPOKE, _PUBLIC, *_with_policy(policy)))] == [
        "firewall policy `policy`"
    ]


def test_a_long_line_of_policies_is_followed_to_its_end(tmp_path: Path) -> None:
    line = [
        resource(
            "firewallPolicies", f"p{n}", ruleCollectionGroups=[], basePolicy=reference("firewallPolicies", f"p{n + 1}")
        )
        for n in range(1500)
    ]
    policy = _policy(basePolicy=reference("firewallPolicies", "p0"))

    found = network(tmp_path, _HUB, _SPOKE, _PUBLIC, [*_with_policy(policy), *line])

    assert [what for what, _ in doubts(found)] == ["firewall policy `p1500` of firewall `fw`"]


@pytest.mark.parametrize("ranges", [[], ["IANAPrivateRanges"]])
def test_the_default_ranges_without_translation_are_modelled(tmp_path: Path, ranges: list[str]) -> None:
    policy = _policy(snat={"privateRanges": ranges, "autoLearnPrivateRanges": "Disabled"})

    assert doubts(network(tmp_path, _HUB, _SPOKE, _PUBLIC, *_with_policy(policy))) == []


def test_a_firewall_of_a_virtual_hub_may_matter_anywhere(tmp_path: Path) -> None:
    hub = {"ipConfigurations": [], "virtualHub": reference("virtualHubs", "vh")}

    assert () in [vnets for _, vnets in doubts(network(tmp_path, _HUB, _SPOKE, _firewall(**hub)))]


def test_a_firewall_that_azure_could_not_have_written_is_an_error(tmp_path: Path) -> None:
    broken = _firewall(ipConfigurations=[_configuration(privateIPAddress="10.0.1")])

    assert errors(read(tmp_path, _HUB, _SPOKE, _PUBLIC, broken)) == ["bad-value"]
    assert errors(read(tmp_path, _HUB, _SPOKE, _PUBLIC, {**_firewall(), "properties": "x"})) == ["bad-value"]


def test_a_strange_value_anywhere_in_a_firewall_or_its_policy_is_no_traceback(tmp_path: Path) -> None:
    policy = _policy(snat={"privateRanges": ["IANAPrivateRanges"]}, basePolicy=reference("firewallPolicies", "base"))
    whole = (*_with_policy(policy), _group(_NETWORK_RULE))
    for position, body in enumerate(whole):
        for changed in strange_variants(body):
            imported = read(tmp_path, _HUB, _SPOKE, _PUBLIC, *whole[:position], changed, *whole[position + 1 :])
            assert imported.network.machines or imported.diagnostics or imported.network.unmodelled
