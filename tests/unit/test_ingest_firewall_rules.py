"""The rules of Azure Firewalls in an export, of a firewall's own and of policies with parents and groups."""

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
from vnetverify.header import ALL_ADDRESSES, ALL_PORTS, ICMP, TCP, UDP, IntervalSet, parse_address
from vnetverify.ingest.values import as_ports
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.network import Network
from vnetverify.model.wellformed import check
from vnetverify.syntax import read_text
from vnetverify.syntax.write import write

_HUB = vnet("hub", "10.0.0.0/16", subnet("AzureFirewallSubnet", "10.0.1.0/24"), subnet("web"))
_IPS = tuple(
    {**resource("publicIPAddresses", name, ipAddress=address), "sku": {"name": "Standard"}}
    for name, address in (("entry", "20.0.0.4"), ("other", "20.0.0.5"))
)
_GROUP = resource("ipGroups", "clients", ipAddresses=["10.7.0.0/16", "10.8.0.1", "10.9.0.1-10.9.0.9"])


def _firewall(**properties: Any) -> dict[str, Any]:
    first = {
        "privateIPAddress": "10.0.1.4",
        "subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")},
        "publicIPAddress": reference("publicIPAddresses", "entry"),
    }
    second = {"privateIPAddress": "10.0.1.4", "publicIPAddress": reference("publicIPAddresses", "other")}
    ordinary = {
        "ipConfigurations": [{"name": "b", "properties": second}, {"name": "a", "properties": first}],
        "natRuleCollections": [],
        "networkRuleCollections": [],
        "applicationRuleCollections": [],
        "threatIntelMode": "Alert",
    }
    return resource("azureFirewalls", "fw", **{**ordinary, **properties})


def _collection(name: str, priority: int, action: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "properties": {"priority": priority, "action": {"type": action}, "rules": list(rules)}}


def _nat(name: str = "in", **stated: Any) -> dict[str, Any]:
    ordinary = {
        "name": name,
        "protocols": ["TCP"],
        "sourceAddresses": ["*"],
        "destinationAddresses": ["20.0.0.4"],
        "destinationPorts": ["443"],
        "translatedAddress": "10.0.0.4",
        "translatedPort": "8443",
    }
    return {**ordinary, **stated}


def _net(name: str = "core", **stated: Any) -> dict[str, Any]:
    ordinary = {
        "name": name,
        "protocols": ["TCP", "UDP"],
        "sourceAddresses": ["10.0.0.0/8"],
        "destinationAddresses": ["10.1.0.0/16", "10.2.0.0/16"],
        "destinationPorts": ["443", "8000-8010"],
    }
    return {**ordinary, **stated}


def _app(name: str = "web", **stated: Any) -> dict[str, Any]:
    ordinary = {
        "name": name,
        "protocols": [{"protocolType": "Https", "port": 443}, {"protocolType": "Http", "port": 8080}],
        "sourceAddresses": ["10.0.0.0/8"],
        "targetFqdns": ["*.example.com"],
    }
    return {**ordinary, **stated}


def _policy_of(found: Network) -> FirewallPolicy:
    policy = found.machines["fw"].firewall
    assert policy is not None
    return policy


def _names(found: Network) -> list[str]:
    return [rule.name for rule in _policy_of(found).rules]


def test_collections_of_a_firewall_are_asked_by_kind_and_then_by_priority(tmp_path: Path) -> None:
    found = network(
        tmp_path,
        _HUB,
        _IPS,
        _firewall(
            natRuleCollections=[_collection("nat", 300, "Dnat", _nat())],
            networkRuleCollections=[
                _collection("late", 200, "Deny", _net()),
                _collection("early", 100, "Allow", _net("one"), _net("two")),
            ],
            applicationRuleCollections=[_collection("apps", 100, "Allow", _app())],
        ),
    )

    assert _names(found) == ["nat/in", "early/one", "early/two", "late/core", "apps/web"]
    nat, early, _, late, application = _policy_of(found).rules
    assert nat == FirewallRule(
        "nat/in",
        FirewallRuleKind.NAT,
        True,
        (TCP,),
        ALL_ADDRESSES,
        IntervalSet(),
        as_ports(("443",)),
        at="entry",
        translation=Translation(parse_address("10.0.0.4"), 8443),
        span=nat.span,
    )
    assert (early.allows, late.allows, early.protocols) == (True, False, (TCP, UDP))
    assert [parse_address(text) in early.destinations for text in ("10.1.0.1", "10.2.0.1", "10.3.0.1")] == [
        True,
        True,
        False,
    ]
    assert early.destination_ports == as_ports(("443", "8000-8010"))
    assert (application.protocols, application.has_names, application.destinations) == ((TCP,), True, IntervalSet())
    assert application.destination_ports == as_ports(("443", "8080"))
    assert doubts(found) == []
    assert check(found) == ()


def test_the_first_configuration_has_the_interface_and_the_others_further_addresses(tmp_path: Path) -> None:
    found = network(tmp_path, _HUB, _IPS, _firewall())

    (own,) = found.machines["fw"].nics
    assert own.public_address is not None
    assert own.public_address.name == "entry"
    assert [public.name for public in _policy_of(found).public_addresses] == ["other"]


@pytest.mark.parametrize(("destination", "expected"), [("20.0.0.5", "other"), ("10.0.1.4/32", None)])
def test_a_nat_rule_is_at_a_further_address_or_at_the_private_one(
    tmp_path: Path, destination: str, expected: str | None
) -> None:
    nat = _collection("nat", 300, "Dnat", _nat(destinationAddresses=[destination]))

    found = network(tmp_path, _HUB, _IPS, _firewall(natRuleCollections=[nat]))

    assert [rule.at for rule in _policy_of(found).rules] == [expected]
    assert doubts(found) == []


def test_a_nat_rule_for_two_addresses_is_two(tmp_path: Path) -> None:
    nat = _collection("nat", 300, "Dnat", _nat(destinationAddresses=["20.0.0.4", "20.0.0.5"]))

    found = network(tmp_path, _HUB, _IPS, _firewall(natRuleCollections=[nat]))

    assert [(rule.name, rule.at) for rule in _policy_of(found).rules] == [("nat/in", "entry"), ("nat/in/2", "other")]


def test_a_network_rule_may_be_for_service_tags_names_and_ip_groups(tmp_path: Path) -> None:
    group = identity("IpGroups", "CLIENTS")
    rules = (
        _net("tags", destinationAddresses=["storage.westus", "Sql"]),
        _net("names", destinationAddresses=[], destinationFqdns=["a.example.com"]),
        _net(
            "groups", sourceAddresses=[], sourceIpGroups=[group], destinationAddresses=[], destinationIpGroups=[group]
        ),
        _net("any", protocols=["Any"], sourceAddresses=["*"], destinationAddresses=["*"], destinationPorts=["*"]),
        _net("ping", protocols=["ICMP"], destinationPorts=["*"]),
    )

    found = network(
        tmp_path, _HUB, _IPS, _GROUP, _firewall(networkRuleCollections=[_collection("c", 100, "Allow", *rules)])
    )

    tags, names, groups, every, ping = _policy_of(found).rules
    assert (tags.service_tags, bool(tags.destinations)) == (("Storage.WestUS", "Sql"), False)
    assert names.has_names
    assert groups.sources == groups.destinations
    assert [parse_address(text) in groups.sources for text in ("10.7.1.1", "10.8.0.1", "10.9.0.9", "10.9.0.10")] == [
        True,
        True,
        True,
        False,
    ]
    assert (every.protocols, every.sources, every.destination_ports) == ((None,), ALL_ADDRESSES, ALL_PORTS)
    assert ping.protocols == (ICMP,)
    assert doubts(found) == []


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"targetFqdns": ["*"]}, (ALL_ADDRESSES, False)),
        ({"targetFqdns": [], "fqdnTags": ["WindowsUpdate"]}, (IntervalSet(), True)),
        ({"targetFqdns": [], "webCategories": ["Gambling"]}, (IntervalSet(), True)),
        ({"targetFqdns": [], "targetUrls": ["a.example.com/x"]}, (IntervalSet(), True)),
    ],
)
def test_an_application_rule_is_for_names_or_for_every_one(
    tmp_path: Path, stated: dict[str, Any], expected: tuple[IntervalSet, bool]
) -> None:
    collection = _collection("c", 100, "Deny", _app(**stated))

    found = network(tmp_path, _HUB, _IPS, _firewall(applicationRuleCollections=[collection]))

    (rule,) = _policy_of(found).rules
    assert (rule.destinations, rule.has_names) == expected
    assert not rule.allows
    assert doubts(found) == []


def test_what_azure_says_of_every_application_rule_beyond_its_documents_changes_nothing(tmp_path: Path) -> None:
    said = {"direction": "Inbound", "priority": 0, "actions": []}

    plain, full = (
        network(tmp_path, *_classic("applicationRuleCollections", "Allow", _app(**more))) for more in ({}, said)
    )

    assert doubts(full) == []
    assert [rule.name for rule in _policy_of(full).rules] == [rule.name for rule in _policy_of(plain).rules] != []


@pytest.mark.parametrize("asked", ["*", "*.example.com"])
def test_an_application_rule_that_says_no_source_is_as_open_as_one_for_names(tmp_path: Path, asked: str) -> None:
    rule = {**_app(targetFqdns=[asked]), "sourceAddresses": None}

    found = network(tmp_path, *_classic("applicationRuleCollections", "Allow", rule))

    (made,) = _policy_of(found).rules
    assert (made.sources, made.destinations, made.has_names) == (ALL_ADDRESSES, IntervalSet(), True)
    assert doubts(found) == []


def _group(policy: str, name: str, priority: int, *collections: dict[str, Any]) -> dict[str, Any]:
    kind = f"firewallPolicies/{policy}/ruleCollectionGroups"
    return resource(kind, name, priority=priority, ruleCollections=list(collections))


def _filters(name: str, priority: int, *rules: dict[str, Any], action: str = "Allow") -> dict[str, Any]:
    return {
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "name": name,
        "priority": priority,
        "action": {"type": action},
        "rules": list(rules),
    }


def _translations(name: str, priority: int, *rules: dict[str, Any]) -> dict[str, Any]:
    return {**_filters(name, priority, *rules, action="DNAT"), "ruleCollectionType": "FirewallPolicyNatRuleCollection"}


def _of_policy(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the rule as policies spell it."""
    said = {key: value for key, value in body.items() if key != "protocols"}
    protocols = body["protocols"]
    return {**said, "ruleType": kind, ("protocols" if kind == "ApplicationRule" else "ipProtocols"): protocols}


_NET, _APP = _of_policy("NetworkRule", _net()), _of_policy("ApplicationRule", _app())
_NAT = _of_policy("NatRule", _nat())


def _policy(name: str, *groups: dict[str, Any], **properties: Any) -> dict[str, Any]:
    listed = [{"id": group["id"].replace("resourceGroups", "resourcegroups")} for group in groups]
    ordinary = {"threatIntelMode": "Alert", "ruleCollectionGroups": listed}
    return resource("firewallPolicies", name, **{**ordinary, **properties})


def _with(*resources: Any) -> tuple[Any, ...]:
    bare = {"natRuleCollections": None, "networkRuleCollections": None, "applicationRuleCollections": None}
    return (_HUB, _IPS, _firewall(firewallPolicy=reference("firewallPolicies", "own"), **bare), *resources)


def test_a_parent_is_asked_first_then_groups_and_collections_by_priority(tmp_path: Path) -> None:
    base = (_group("base", "g", 60000, _filters("c", 60000, _NET)),)
    own = (
        _group("own", "second", 200, _filters("c", 100, _NET), _translations("n", 500, _NAT)),
        _group("own", "first", 100, _filters("apps", 100, _APP), _filters("c", 300, _NET), _filters("b", 200, _NET)),
    )
    parent = reference("firewallPolicies", "base")

    found = network(tmp_path, *_with(_policy("base", *base), *base, _policy("own", *own, basePolicy=parent), *own))

    assert _names(found) == ["n/in", "c/core", "b/core", "first/c/core", "second/c/core", "apps/web"]
    assert doubts(found) == []
    assert check(found) == ()


def test_a_policy_tells_what_is_checked_and_towards_which_ranges_sources_are_kept(tmp_path: Path) -> None:
    detection = {"mode": "Deny"}
    snat = {"privateRanges": ["IANAPrivateRanges", "20.1.0.0/16"], "autoLearnPrivateRanges": "Enabled"}

    policy = _policy("own", threatIntelMode="Deny", intrusionDetection=detection, snat=snat)
    found = _policy_of(network(tmp_path, *_with(policy)))

    assert (found.denies_by_threat_intelligence, found.denies_by_intrusion_detection) == (True, True)
    assert found.learns_private_ranges
    assert found.private_ranges is not None
    assert [parse_address(text) in found.private_ranges for text in ("10.1.1.1", "20.1.0.1", "20.2.0.1")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([], None),
        (["IANAPrivateRanges"], None),
        (["0.0.0.0/0"], ALL_ADDRESSES),
        (["255.255.255.255/32"], IntervalSet()),
    ],
)
def test_two_ranges_stand_for_never_and_always(tmp_path: Path, ranges: list[str], expected: IntervalSet | None) -> None:
    assert (
        _policy_of(network(tmp_path, *_with(_policy("own", snat={"privateRanges": ranges})))).private_ranges == expected
    )
    settings = {"Network.SNAT.PrivateRanges": ", ".join(ranges)}
    assert (
        _policy_of(network(tmp_path, _HUB, _IPS, _firewall(additionalProperties=settings))).private_ranges == expected
    )


def test_one_signature_that_denies_may_drop_as_well(tmp_path: Path) -> None:
    detection = {"mode": "Alert", "configuration": {"signatureOverrides": [{"id": "1", "mode": "Deny"}]}}

    found = network(tmp_path, *_with(_policy("own", intrusionDetection=detection)))

    assert _policy_of(found).denies_by_intrusion_detection


def _classic(field: str, action: str, *rules: dict[str, Any]) -> tuple[Any, ...]:
    return (_HUB, _IPS, _firewall(**{field: [_collection("c", 100, action, *rules)]}))


_G = _group("own", "g", 100, _filters("c", 100, _NET))


@pytest.mark.parametrize(
    "contents",
    [
        _classic("natRuleCollections", "Snat", _nat()),
        _classic("natRuleCollections", "Dnat", _nat(destinationAddresses=["20.0.0.99"])),
        _classic("natRuleCollections", "Dnat", _nat(destinationAddresses=["*"])),
        _classic("natRuleCollections", "Dnat", _nat(destinationAddresses=[])),
        _classic("natRuleCollections", "Dnat", _nat(translatedAddress=None, translatedFqdn="a.example.com")),
        _classic("natRuleCollections", "Dnat", _nat(translatedAddress="fd00::1")),
        _classic("natRuleCollections", "Dnat", _nat(translatedPort=None)),
        _classic("natRuleCollections", "Dnat", _nat(protocols=["Any"])),
        _classic("natRuleCollections", "Dnat", _nat(aPropertyOfTomorrow="x")),
        _classic("networkRuleCollections", "Allow", _net(protocols=["Quic"])),
        _classic("networkRuleCollections", "Allow", _net(protocols=[])),
        _classic("networkRuleCollections", "Allow", _net(sourceAddresses=["Storage"])),
        _classic("networkRuleCollections", "Allow", _net(sourceAddresses=[])),
        _classic("networkRuleCollections", "Allow", _net(destinationAddresses=[])),
        _classic("networkRuleCollections", "Allow", _net(destinationAddresses=["VirtualNetwork"])),
        _classic("networkRuleCollections", "Allow", _net(destinationAddresses=["TagOfTomorrow"])),
        _classic("networkRuleCollections", "Allow", _net(destinationPorts=[])),
        _classic("networkRuleCollections", "Allow", _net(sourceIpGroups=[identity("ipGroups", "gone")])),
        _classic("networkRuleCollections", "Perhaps", _net()),
        _classic("applicationRuleCollections", "Allow", _app(protocols=[{"protocolType": "Ftp", "port": 21}])),
        _classic("applicationRuleCollections", "Allow", _app(targetFqdns=[])),
        _classic("applicationRuleCollections", "Allow", _app(terminateTLS=True)),
        _classic("applicationRuleCollections", "Allow", _app(direction="Outbound")),
        _classic("applicationRuleCollections", "Allow", _app(priority=1)),
        _classic("applicationRuleCollections", "Allow", _app(actions=["x"])),
        _classic("applicationRuleCollections", "Allow", _app(destinationAddresses=["10.0.0.0/8"])),
        (
            _HUB,
            _IPS,
            _firewall(networkRuleCollections=[_collection(name, 100, "Allow", _net()) for name in ("a", "b")]),
        ),
        _with(_policy("own", basePolicy=reference("firewallPolicies", "gone"))),
        _with(_policy("own", _G)),
        _with(_policy("own"), _G),
        _with(_policy("own", ruleCollectionGroups=None), _G),
        _with(_policy("own", _G), {**_G, "properties": {**_G["properties"], "priority": None}}),
        _with(
            _policy("own", basePolicy=reference("firewallPolicies", "base")),
            _policy("base", snat={"privateRanges": ["0.0.0.0/0"]}),
        ),
        _with(_policy("own", sql={"allowSqlRedirect": True})),
        (*_with(_policy("own"))[:2], _firewall(firewallPolicy=reference("firewallPolicies", "gone"))),
    ],
)
def test_a_firewall_of_which_something_is_not_understood_is_in_doubt_as_a_whole(
    tmp_path: Path, contents: tuple[Any, ...]
) -> None:
    found = network(tmp_path, *contents)

    assert doubts(found)
    assert {vnets for _, vnets in doubts(found)} == {("hub",)}
    assert found.machines["fw"].firewall is None


def test_translation_in_a_parent_is_in_doubt(tmp_path: Path) -> None:
    group = _group("base", "g", 100, _translations("n", 100, _NAT))
    parent = reference("firewallPolicies", "base")

    found = network(tmp_path, *_with(_policy("base", group), group, _policy("own", basePolicy=parent)))

    assert [what for what, _ in doubts(found)] == ["firewall policy `base`"]


def test_what_is_imported_reads_back_as_it_was_written(tmp_path: Path) -> None:
    found = network(
        tmp_path,
        _HUB,
        _IPS,
        _firewall(
            natRuleCollections=[_collection("nat", 300, "Dnat", _nat())],
            networkRuleCollections=[_collection("net", 200, "Deny", _net(destinationAddresses=["Storage.WestUS"]))],
            applicationRuleCollections=[_collection("apps", 100, "Allow", _app())],
        ),
    )

    assert without_spans(read_text(write(found)).network) == without_spans(found)


def test_a_strange_value_anywhere_in_rules_is_no_traceback(tmp_path: Path) -> None:
    group = _group("own", "g", 100, _filters("c", 100, _NET), _filters("d", 200, _APP), _translations("n", 300, _NAT))
    classic = _firewall(
        natRuleCollections=[_collection("nat", 300, "Dnat", _nat())],
        applicationRuleCollections=[_collection("apps", 100, "Allow", _app())],
    )
    for changed in strange_variants(group):
        imported = read(tmp_path, *_with(_policy("own", group), changed))
        assert imported.network.machines or imported.diagnostics or imported.network.unmodelled
    for changed in strange_variants(classic):
        imported = read(tmp_path, _HUB, _IPS, changed)
        assert imported.network.machines or imported.diagnostics or imported.network.unmodelled
