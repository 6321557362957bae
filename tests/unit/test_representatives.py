"""An address that Azure assigns at deployment: one of its subnet stands for it, unless something tells them apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import NETWORK, read, resource, subnet, template, vnet
from tests.unit.azure_resources import nic as deployed_nic
from tests.unit.azure_resources import subnet_id
from vnetverify.header import parse_address
from vnetverify.ingest import Given, Imported, read_paths
from vnetverify.model.network import Network
from vnetverify.pipeline import load

_SUBNET = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]"
_V = vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/24"), subnet("AzureFirewallSubnet", "10.0.1.0/26"))


def _nic(name: str, address: str | None = None, **properties: Any) -> dict[str, Any]:
    said = {"privateIPAddress": address, "privateIPAllocationMethod": "Static"} if address is not None else {}
    configuration = {"name": "c", "properties": {"subnet": {"id": _SUBNET}, **said}}
    return resource("networkInterfaces", name, {"ipConfigurations": [configuration], **properties})


def _addresses(network: Network) -> dict[str, tuple[int, ...]]:
    return {nic.name: nic.addresses for nic in network.nics()}


def _told(imported: Imported) -> list[str]:
    return [one.message for one in imported.diagnostics if one.code == "address-not-assigned"]


def test_interfaces_get_the_first_addresses_that_nobody_has(tmp_path: Path) -> None:
    imported = read(tmp_path, template(_V, _nic("a"), _nic("b"), _nic("c", "10.0.0.5")))

    expected = {"a": "10.0.0.4", "b": "10.0.0.6", "c": "10.0.0.5"}
    assert _addresses(imported.network) == {name: (parse_address(text),) for name, text in expected.items()}
    assert imported.network.unmodelled == ()
    assert _told(imported) == [
        "10.0.0.4 stands for the address that nic `a` will get in its subnet, as others do for 1 more"
    ]


def _that_had(name: str, address: str) -> dict[str, Any]:
    configuration = {"subnet": {"id": _SUBNET}, "privateIPAddress": address, "privateIPAllocationMethod": "Dynamic"}
    return resource("networkInterfaces", name, {"ipConfigurations": [{"name": "c", "properties": configuration}]})


def test_what_an_exported_template_says_beside_dynamic_is_one_of_the_subnet_like_others(tmp_path: Path) -> None:
    imported = read(tmp_path, template(_V, _nic("a"), _that_had("b", "10.0.0.4"), _that_had("c", "10.0.0.4")))

    expected = {"a": "10.0.0.5", "b": "10.0.0.4", "c": "10.0.0.6"}
    assert _addresses(imported.network) == {name: (parse_address(text),) for name, text in expected.items()}
    assert len(_told(imported)) == 1


def test_what_else_speaks_of_it_tells_it_apart(tmp_path: Path) -> None:
    table = resource("routeTables", "t", {"routes": [], "description": "by 10.0.0.9"})

    imported = read(tmp_path, template(_V, _that_had("a", "10.0.0.9"), table))

    assert _addresses(imported.network) == {"a": ()}


def test_a_template_that_is_a_record_tells_which_addresses_are_there(tmp_path: Path) -> None:
    public = resource("publicIPAddresses", "p", {"ipAddress": "198.51.100.7", "publicIPAllocationMethod": "Static"})
    card = _that_had("a", "10.0.0.9")
    inner = card["properties"]["ipConfigurations"][0]["properties"]
    inner["publicIPAddress"] = {"id": "[resourceId('Microsoft.Network/publicIPAddresses', 'p')]"}
    path = tmp_path / "main.json"
    path.write_text(json.dumps(template(_V, card, public)), encoding="utf-8")

    read_so = {
        as_recorded: read_paths((path,), texts=("10.0.0.9",), given=Given(as_recorded=as_recorded))
        for as_recorded in (True, False)
    }

    found = {as_recorded: imported.network.nics()[0] for as_recorded, imported in read_so.items()}
    assert found[True].addresses == (parse_address("10.0.0.9"),)
    assert found[True].public_address is not None
    assert found[True].public_address.address == parse_address("198.51.100.7")
    assert found[False].addresses == ()
    assert found[False].public_address is not None
    assert found[False].public_address.address is None
    notes = {
        each: [(one.help or "")[:15] for one in imported.diagnostics if one.code == "address-recorded"]
        for each, imported in read_so.items()
    }
    assert notes == {True: [""], False: ["`--as-recorded`"]}


def test_an_address_of_ipv6_beside_dynamic_is_not_known(tmp_path: Path) -> None:
    card = _that_had("a", "fd00::9")
    card["properties"]["ipConfigurations"][0]["properties"]["privateIPAddressVersion"] = "IPv6"

    imported = read(tmp_path, template(_V, _nic("b", "10.0.0.5"), card))

    assert _addresses(imported.network)["a"] == ()
    assert [item.why for item in imported.network.unmodelled] == ["it is not assigned yet"]


@pytest.mark.parametrize(
    "spoken_of", ["10.0.0.0", "10.0.0.1", "10.0.0.0/30", "10.0.0.255", "10.0.1.0", "9.255.255.255"]
)
def test_addresses_that_no_interface_gets_tell_nothing_apart(tmp_path: Path, spoken_of: str) -> None:
    rule = {"name": "r", "properties": {"sourceAddressPrefix": spoken_of, "description": spoken_of}}
    group = resource("networkSecurityGroups", "n", {"securityRules": [rule]})

    imported = read(tmp_path, template(_V, _nic("a"), group))

    assert _addresses(imported.network) == {"a": (parse_address("10.0.0.4"),)}


@pytest.mark.parametrize("spoken_of", ["10.0.0.4", "10.0.0.128/25", "10.0.0.7-10.0.0.9", "to 10.0.0.77 alone"])
def test_where_a_part_of_the_subnet_is_spoken_of_the_address_is_not_known(tmp_path: Path, spoken_of: str) -> None:
    rule = {"name": "r", "properties": {"sourceAddressPrefix": spoken_of, "description": spoken_of}}
    group = resource("networkSecurityGroups", "n", {"securityRules": [rule]})

    imported = read(tmp_path, template(_V, _nic("a"), group))

    assert _addresses(imported.network) in ({"a": ()}, {})
    assert _told(imported) == []


@pytest.mark.parametrize("spoken_of", ["10.0.0.0/24", "10.0.0.0/8", "10.0.1.9", "10.0.0.5", "0.0.0.0/0", "110.0.0.4"])
def test_whole_subnets_others_and_addresses_that_somebody_has_tell_nothing_apart(
    tmp_path: Path, spoken_of: str
) -> None:
    table = resource("routeTables", "t", {"routes": [], "description": spoken_of})

    imported = read(tmp_path, template(_V, _nic("a"), _nic("b", "10.0.0.5"), table))

    assert _addresses(imported.network)["a"] == (parse_address("10.0.0.4"),)


def test_texts_may_tell_addresses_apart_too(tmp_path: Path) -> None:
    path = tmp_path / "main.json"
    path.write_text(json.dumps(template(_V, _nic("a"))), encoding="utf-8")

    apart = read_paths((path,), texts=("intent i { 10.0.0.4 reaches v.s }",))
    together = read_paths((path,), texts=("intent i { 10.0.0.0/24 reaches v.s }",))

    assert (_addresses(apart.network), _addresses(together.network)) == ({"a": ()}, {"a": (parse_address("10.0.0.4"),)})


def test_an_interface_that_is_deployed_has_the_address_that_it_says_or_none(tmp_path: Path) -> None:
    nic = deployed_nic("old", "", subnet_id("v", "s"))
    (tmp_path / "nic.json").write_text(json.dumps(nic), encoding="utf-8")
    (tmp_path / "main.json").write_text(json.dumps(template(_V, _nic("new"))), encoding="utf-8")

    assert _addresses(read_paths((tmp_path,)).network).get("old", ()) == ()


def test_a_subnet_that_is_full_gives_no_address(tmp_path: Path) -> None:
    tiny = vnet("v", "10.0.0.0/16", subnet("s", "10.0.0.0/29"))

    imported = read(tmp_path, template(tiny, *(_nic(name) for name in "abcd")))

    assert [len(addresses) for addresses in _addresses(imported.network).values()] == [1, 1, 1, 0]


def test_a_route_to_the_address_of_a_firewall_leads_to_the_firewall(tmp_path: Path) -> None:
    inside = {"id": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'AzureFirewallSubnet')]"}
    public = {"id": "[resourceId('Microsoft.Network/publicIPAddresses', 'p')]"}
    configuration = {"name": "c", "properties": {"subnet": inside, "publicIPAddress": public}}
    firewall = resource("azureFirewalls", "fw", {"ipConfigurations": [configuration]})
    hop = "[reference('fw').ipConfigurations[0].properties.privateIPAddress]"
    route = {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": hop}
    table = resource("routeTables", "t", {"routes": [{"name": "r", "properties": route}]})
    address = resource("publicIPAddresses", "p", {"publicIPAllocationMethod": "Static"}, sku={"name": "Standard"})

    network = read(tmp_path, template(_V, firewall, table, address)).network

    assert _addresses(network) == {"fw": (parse_address("10.0.1.4"),)}
    assert [route.next_hop_address for route in network.route_tables["t"].routes] == [parse_address("10.0.1.4")]
    assert network.unmodelled == ()


def test_a_subnet_beside_its_network_and_a_balancer_have_addresses_to_give(tmp_path: Path) -> None:
    apart = resource("virtualNetworks/subnets", "v/t", {"addressPrefixes": ["fd00::/64", "10.0.3.0/24"]})
    front = {"name": "f", "properties": {"subnet": {"id": f"{NETWORK}/virtualNetworks/v/subnets/t"}}}
    balancer = resource("loadBalancers", "b", {"frontendIPConfigurations": [front]}, sku={"name": "Standard"})

    network = read(tmp_path, template(_V, apart, balancer)).network

    assert [one.address for one in network.load_balancers["b"].frontends] == [parse_address("10.0.3.4")]


def _firewall(**properties: Any) -> dict[str, Any]:
    identity = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'AzureFirewallSubnet')]"
    public = {"id": "[resourceId('Microsoft.Network/publicIPAddresses', 'p')]"}
    configuration = {"name": "c", "properties": {"subnet": {"id": identity}, "publicIPAddress": public}}
    return resource("azureFirewalls", "fw", {"ipConfigurations": [configuration], **properties})


_P = resource("publicIPAddresses", "p", {"publicIPAllocationMethod": "Static"}, sku={"name": "Standard"})


def _routed(hop: str, **more: Any) -> dict[str, Any]:
    route = {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": hop}
    return resource("routeTables", "t", {"routes": [{"name": "d", "properties": route}], **more})


def test_a_firewall_is_presumed_to_get_the_first_address_of_its_subnet_that_routes_name(tmp_path: Path) -> None:
    imported = read(tmp_path, template(_V, _P, _firewall(), _routed("10.0.1.4")))

    machine = imported.network.machines["fw"]
    assert machine.firewall is not None
    assert (machine.nics[0].addresses, machine.firewall.presumes_address) == ((parse_address("10.0.1.4"),), True)
    assert [one.message for one in imported.diagnostics if one.code == "address-presumed"] == [
        "10.0.1.4 is taken for the address of firewall `fw`, as routes name it; it may get another (`U-FWADDR`)"
    ]


@pytest.mark.parametrize(
    "table", [_routed("10.0.1.5"), _routed("10.0.1.4", description="10.0.1.4"), _routed("10.0.1.4", tags="10.0.1.9")]
)
def test_another_address_or_one_that_is_spoken_of_elsewhere_is_not_presumed(
    tmp_path: Path, table: dict[str, Any]
) -> None:
    network = read(tmp_path, template(_V, _P, _firewall(), table)).network

    assert "fw" not in network.machines
    assert any(item.what == "firewall `fw`" for item in network.unmodelled)


@pytest.mark.parametrize(
    ("text", "presumed"),
    [
        ("route-table r { d 0.0.0.0/0 -> appliance 10.0.1.4 }", True),
        ("route-table r { d 0.0.0.0/0 -> appliance 10.0.1.5 }", False),
        ("route-table r { d 0.0.0.0/0 -> appliance 10.0.1.4 }\nintent i { 10.0.1.4 reaches internet }", False),
        ("route-table r { d 10.0.1.4/32 -> appliance 10.0.1.4 }", False),
    ],
)
def test_routes_of_a_text_name_the_address_of_a_firewall_as_well(tmp_path: Path, text: str, presumed: bool) -> None:
    (tmp_path / "hub.json").write_text(json.dumps(template(_V, _P, _firewall())), encoding="utf-8")
    (tmp_path / "net.vnet").write_text(text, encoding="utf-8")

    machine = load([str(tmp_path / "net.vnet")], [str(tmp_path / "hub.json")]).document.network.machines.get("fw")

    assert (machine is not None and machine.firewall is not None and machine.firewall.presumes_address) is presumed


def test_a_firewall_whose_address_nobody_names_is_known_to_have_one(tmp_path: Path) -> None:
    machine = read(tmp_path, template(_V, _P, _firewall())).network.machines["fw"]

    assert machine.firewall is not None
    assert not machine.firewall.presumes_address
