"""Network managers of an export: rules that a list of active rules tells are modelled, everything else is in doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import (
    SUBSCRIPTION,
    doubts,
    errors,
    identity,
    network,
    nsg,
    read,
    resource,
    rule,
    strange_variants,
    subnet,
    vnet,
)
from vnetverify.header import ALL_PORTS, Interval, Prefix, interval_set, parse_address
from vnetverify.model.security import AddressPrefixes, AdminAction, AnyAddress, Direction, ServiceTag
from vnetverify.model.wellformed import check
from vnetverify.syntax.read import read_text
from vnetverify.syntax.write import write

_DATA = "networkManagers/corp/securityAdminConfigurations"


def _vnet(name: str, space: str, location: str = "eastus", **properties: Any) -> dict[str, Any]:
    return {**vnet(name, space, subnet("s", space.replace("/16", "/24"), **properties)), "location": location}


_HUB, _SPOKE = _vnet("hub", "10.0.0.0/16"), _vnet("spoke", "10.1.0.0/16")


def _manager(name: str = "corp", **properties: Any) -> dict[str, Any]:
    ordinary = {
        "networkManagerScopes": {"managementGroups": [], "subscriptions": [SUBSCRIPTION]},
        "networkManagerScopeAccesses": ["SecurityAdmin"],
    }
    return resource("networkManagers", name, **{**ordinary, **properties})


def _group_id(name: str, manager: str = "corp") -> str:
    return f"{identity('networkManagers', manager)}/networkGroups/{name}"


def _group(name: str, *members: str, manager: str = "corp") -> list[dict[str, Any]]:
    """Return a network group and its static members."""
    kind = f"networkManagers/{manager}/networkGroups"
    group = resource(kind, name, memberType="VirtualNetwork", provisioningState="Succeeded")
    listed = [
        resource(f"{kind}/{name}/staticMembers", f"m-{member}", resourceId=identity("virtualNetworks", member))
        for member in members
    ]
    return [group, *listed]


def _rule_id(name: str, collection: str = "base", configuration: str = "c", manager: str = "corp") -> str:
    start = f"{identity('networkManagers', manager)}/securityAdminConfigurations/{configuration}"
    return f"{start}/ruleCollections/{collection}/rules/{name}"


def _told(**properties: Any) -> dict[str, Any]:
    ordinary = {
        "protocol": "Tcp",
        "sources": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
        "destinations": [{"addressPrefix": "10.1.0.0/24", "addressPrefixType": "IPPrefix"}],
        "sourcePortRanges": ["0-65535"],
        "destinationPortRanges": ["22", "3389"],
        "access": "Deny",
        "priority": 10,
        "direction": "Inbound",
        "provisioningState": "Succeeded",
    }
    return {**ordinary, **properties}


def _active(own: str, *groups: str, region: str = "eastus", **properties: Any) -> dict[str, Any]:
    """Return an entry of `listActiveSecurityAdminRules`."""
    named = groups or (_group_id("all"),)
    return {
        "id": own,
        "kind": "Custom",
        "commitTime": "2024-01-01T00:00:00Z",
        "region": region,
        "ruleCollectionAppliesToGroups": [{"networkGroupId": group} for group in named],
        "ruleGroups": [{"id": group, "properties": {"memberType": "VirtualNetwork"}} for group in named],
        "properties": _told(**properties),
    }


def _listing(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"value": list(entries), "skipToken": ""}


_ALL = _group("all", "hub", "spoke")


def test_active_rules_are_for_the_static_members_of_their_groups(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _SPOKE, _manager(), _ALL, _listing(_active(_rule_id("Block"))))

    (collection,) = found.admin_rules
    assert (collection.name, collection.manager, collection.vnets) == ("base", "corp", ("hub", "spoke"))
    (own,) = collection.rules
    assert (own.name, own.priority, own.direction, own.action) == ("Block", 10, Direction.INBOUND, AdminAction.DENY)
    assert (own.protocol, own.source, own.source_ports) == (6, AnyAddress(), ALL_PORTS)
    assert own.destination == AddressPrefixes((Prefix(parse_address("10.1.0.0"), 24),))
    assert own.destination_ports == interval_set((Interval(22, 22), Interval(3389, 3389)))
    assert doubts(found) == []
    assert [each.code for each in check(found)] == []


def test_the_form_of_az_is_read_alike(tmp_path: Path) -> None:
    entry = _active(_rule_id("Block"), access="AlwaysAllow", direction="Outbound", protocol="Any")
    flat = {**{key: value for key, value in entry.items() if key != "properties"}, **entry["properties"]}

    (collection,) = network(tmp_path, _HUB, _SPOKE, _manager(), _ALL, _listing(flat)).admin_rules

    (own,) = collection.rules
    assert (own.action, own.direction, own.protocol) == (AdminAction.ALWAYS_ALLOW, Direction.OUTBOUND, None)


def test_a_tag_is_read_as_one(tmp_path: Path) -> None:
    tag = [{"addressPrefix": "VirtualNetwork", "addressPrefixType": "ServiceTag"}]
    found = network(tmp_path, _HUB, _SPOKE, _manager(), _ALL, _listing(_active(_rule_id("Block"), sources=tag)))

    assert found.admin_rules[0].rules[0].source == ServiceTag("VirtualNetwork")


def test_what_is_configured_and_not_listed_as_active_leaves_every_network_of_the_scope_in_doubt(tmp_path: Path) -> None:
    elsewhere = _vnet("other", "10.9.0.0/16")
    elsewhere["id"] = elsewhere["id"].replace("00000000-0000", "11111111-0000")
    configured = resource(f"{_DATA}/c/ruleCollections/base/rules", "Block", **_told())
    collection = resource(f"{_DATA}/c/ruleCollections", "base", appliesToGroups=[{"networkGroupId": _group_id("all")}])
    configuration = resource(_DATA, "c", applyOnNetworkIntentPolicyBasedServices=["None"])
    found = network(tmp_path, _HUB, _SPOKE, elsewhere, _manager(), _ALL, configuration, collection, configured)

    assert found.admin_rules == ()
    assert doubts(found) == [("network manager `corp`", ("hub", "spoke"))]
    assert "list-active-security-admin-rule" in found.unmodelled[0].why


def test_a_configured_rule_and_the_active_one_of_the_same_id_do_not_contradict_each_other(tmp_path: Path) -> None:
    configured = resource(f"{_DATA}/c/ruleCollections/base/rules", "Block", **_told(access="Allow"))
    found = network(tmp_path, _HUB, _SPOKE, _manager(), _ALL, configured, _listing(_active(_rule_id("Block"))))

    assert found.admin_rules[0].rules[0].action is AdminAction.DENY
    assert doubts(found) == []


def test_what_acts_at_a_network_that_is_not_named_tells_nothing(tmp_path: Path) -> None:
    entry = {key: value for key, value in _active(_rule_id("Block")).items() if key not in ("region", "commitTime")}
    found = network(tmp_path, _HUB, _SPOKE, _manager(), _ALL, _listing(entry))

    assert found.admin_rules == ()
    assert doubts(found) == [("network manager `corp`", ("hub", "spoke"))]


def test_a_network_in_a_region_without_a_list_of_active_rules_is_in_doubt(tmp_path: Path) -> None:
    far = _vnet("spoke", "10.1.0.0/16", "West Europe")
    found = network(tmp_path, _HUB, far, _manager(), _ALL, _listing(_active(_rule_id("Block"))))

    assert found.admin_rules[0].vnets == ("hub",)
    assert doubts(found) == [("network manager `corp`", ("spoke",))]


def test_a_network_that_is_no_static_member_may_be_one_by_policy(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _SPOKE, _manager(), _group("all", "hub"), _listing(_active(_rule_id("Block"))))

    assert found.admin_rules[0].vnets == ("hub",)
    assert doubts(found) == [("members of network group `all`, for which admin rules are in force,", ("spoke",))]


def test_a_manager_of_management_groups_may_manage_any_network(tmp_path: Path) -> None:
    scopes = {"managementGroups": ["/providers/Microsoft.Management/managementGroups/root"], "subscriptions": []}
    found = network(
        tmp_path, _HUB, _SPOKE, _manager(networkManagerScopes=scopes), _ALL, _listing(_active(_rule_id("Block")))
    )

    assert found.admin_rules[0].vnets == ("hub", "spoke")
    assert doubts(found) == []


@pytest.mark.parametrize("accesses", [["SecurityAdmin", "Connectivity"], ["Routing"], None])
def test_a_manager_that_may_do_more_is_in_doubt(tmp_path: Path, accesses: list[str] | None) -> None:
    manager = _manager(networkManagerScopeAccesses=accesses)
    found = network(tmp_path, _HUB, _SPOKE, manager, _ALL, _listing(_active(_rule_id("Block"))))

    assert doubts(found) == [("network manager `corp`", ("hub", "spoke"))]


def test_a_manager_that_may_do_nothing_and_is_told_nothing_changes_nothing(tmp_path: Path) -> None:
    manager = _manager(networkManagerScopeAccesses=[])

    assert doubts(network(tmp_path, _HUB, _SPOKE, manager)) == []
    assert doubts(network(tmp_path, _HUB, _SPOKE, manager, _ALL, _listing(_active(_rule_id("Block"))))) != []


def test_a_manager_that_is_not_in_the_input_is_in_doubt_everywhere(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _SPOKE, _ALL, _listing(_active(_rule_id("Block"))))

    assert found.admin_rules[0].vnets == ("hub", "spoke")
    assert doubts(found) == [("network manager `corp`", ())]


def test_configurations_that_connect_networks_are_in_doubt_everywhere(tmp_path: Path) -> None:
    mesh = resource("networkManagers/corp/connectivityConfigurations", "mesh", connectivityTopology="Mesh")
    found = network(tmp_path, _HUB, _SPOKE, _manager(), mesh, _ALL, _listing(_active(_rule_id("Block"))))

    assert [vnets for _, vnets in doubts(found)] == [()]


def test_managers_of_management_groups_come_first(tmp_path: Path) -> None:
    scopes = {"managementGroups": ["/providers/Microsoft.Management/managementGroups/root"], "subscriptions": []}
    root, team = _manager("root", networkManagerScopes=scopes), _manager("team")
    of_root, of_team = _group("all", "hub", "spoke", manager="root"), _group("all", "hub", "spoke", manager="team")
    rules = _listing(
        _active(_rule_id("Block", manager="team"), _group_id("all", "team")),
        _active(_rule_id("Block", manager="root"), _group_id("all", "root")),
    )
    found = network(tmp_path, _HUB, _SPOKE, team, root, of_root, of_team, rules)

    assert [(each.manager, each.name) for each in found.admin_rules] == [("root", "base"), ("team", "team.base")]
    assert doubts(found) == []


def test_two_managers_of_one_rank_leave_the_networks_that_they_share_in_doubt(tmp_path: Path) -> None:
    groups = [_group("all", "hub", "spoke", manager=name) for name in ("one", "two")]
    rules = _listing(*(_active(_rule_id("Block", manager=n), _group_id("all", n)) for n in ("one", "two")))
    found = network(tmp_path, _HUB, _SPOKE, _manager("one"), _manager("two"), *groups, rules)

    assert doubts(found) == [("admin rules of `one` and `two`", ("hub", "spoke"))]


def test_rules_of_one_name_are_told_apart_by_their_collections(tmp_path: Path) -> None:
    rules = _listing(
        _active(_rule_id("Block", "first")), _active(_rule_id("Block", "second"), priority=20), _active(_rule_id("Own"))
    )
    found = network(tmp_path, _HUB, _SPOKE, _manager(), _ALL, rules)

    names = {each.name: [own.name for own in each.rules] for each in found.admin_rules}
    assert names == {"first": ["first.Block"], "second": ["second.Block"], "base": ["Own"]}
    assert [each.code for each in check(found)] == []


def test_a_rule_that_is_active_in_two_regions_stands_there_as_it_is_there(tmp_path: Path) -> None:
    far = _vnet("spoke", "10.1.0.0/16", "westus")
    rules = _listing(_active(_rule_id("Block")), _active(_rule_id("Block"), region="westus", access="Allow"))
    found = network(tmp_path, _HUB, far, _manager(), _ALL, rules)

    told = [(each.vnets, [(own.name, own.action) for own in each.rules]) for each in found.admin_rules]
    assert told == [
        (("hub",), [("eastus.c.base.Block", AdminAction.DENY)]),
        (("spoke",), [("westus.c.base.Block", AdminAction.ALLOW)]),
    ]
    assert doubts(found) == []


def test_a_manager_and_a_group_of_one_name_are_told_apart(tmp_path: Path) -> None:
    found = network(
        tmp_path, _HUB, _SPOKE, nsg("corp", rule("Block")), _manager(), _ALL, _listing(_active(_rule_id("Block")))
    )

    assert found.admin_rules[0].manager == "corp-manager"
    assert "rule-name-taken" not in [each.code for each in check(found)]


@pytest.mark.parametrize(
    "properties",
    [
        {"sources": []},
        {"destinationPortRanges": []},
        {"sources": [{"addressPrefix": _group_id("all"), "addressPrefixType": "NetworkGroup"}]},
        {"newerThanThisProgram": True},
    ],
)
def test_a_rule_that_is_not_followed_leaves_its_networks_in_doubt(tmp_path: Path, properties: dict[str, Any]) -> None:
    found = network(tmp_path, _HUB, _SPOKE, _manager(), _ALL, _listing(_active(_rule_id("Block"), **properties)))

    assert [vnets for _, vnets in doubts(found)] == [("hub", "spoke")]


def test_services_that_may_keep_rules_out_leave_their_network_in_doubt(tmp_path: Path) -> None:
    policies = [{"id": identity("networkIntentPolicies", "sql")}]
    guarded = _vnet("hub", "10.0.0.0/16", networkIntentPolicies=policies)
    found = network(tmp_path, guarded, _SPOKE, _manager(), _ALL, _listing(_active(_rule_id("Block"))))

    assert doubts(found) == [("admin rules for `hub`", ("hub",))]


@pytest.mark.parametrize("wrong", [{"access": "Audit"}, {"direction": "Up"}, {"priority": "first"}, {"protocol": None}])
def test_a_rule_with_a_strange_value_is_an_error(tmp_path: Path, wrong: dict[str, Any]) -> None:
    found = read(tmp_path, _HUB, _SPOKE, _manager(), _ALL, _listing(_active(_rule_id("Block"), **wrong)))

    assert errors(found) == ["bad-value"]


def test_a_page_of_active_rules_whose_rest_is_missing_is_an_error(tmp_path: Path) -> None:
    page = {"value": [_active(_rule_id("Block"))], "skipToken": "more"}

    assert "page-missing" in errors(read(tmp_path, _HUB, _SPOKE, _manager(), _ALL, page))


def test_what_was_read_can_be_written_and_read_again(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _SPOKE, _manager(), _ALL, _listing(_active(_rule_id("Block"))))

    again = read_text(write(found)).network
    assert [(each.name, each.manager, each.vnets) for each in again.admin_rules] == [("base", "corp", ("hub", "spoke"))]


def test_no_strange_value_is_more_than_a_message(tmp_path: Path) -> None:
    parts = [_HUB, _SPOKE, _manager(), *_ALL, _active(_rule_id("Block"))]
    for position, part in enumerate(parts[2:], 2):
        for number, changed in enumerate(strange_variants(part)):
            folder = tmp_path / f"{position}-{number}"
            folder.mkdir()
            found = read(folder, [*parts[:position], changed, *parts[position + 1 :]])

            assert errors(found) or set(found.network.vnets) >= {"hub", "spoke"}, "networks are lost without a word"
