"""Scale sets: what is known of the interfaces of their instances, and what is open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import GROUP, identity, network, nic, reference, resource, subnet, subnet_id, vnet
from tests.unit.terraform_documents import Module, block, plan, planned, read_network, refers
from tests.unit.terraform_documents import subnet as planned_subnet
from tests.unit.terraform_documents import vnet as planned_vnet
from vnetverify.ingest.resources import resource_of
from vnetverify.model.network import Network
from vnetverify.pipeline import Options, load, prove
from vnetverify.prover.verdict import Proved, Unknown
from vnetverify.snapshot.pruning import pruned

_POOL = subnet_id("hub", "pool")
_COMPUTE = "Microsoft.Compute"
_BALANCED = {"loadBalancerBackendAddressPools": [{"id": identity("loadBalancers", "lb") + "/backendAddressPools/p"}]}


def _scale_set(capacity: int = 2, interface: dict[str, Any] | None = None, **configuration: Any) -> dict[str, Any]:
    inner = {"primary": True, "subnet": {"id": _POOL}, "loadBalancerInboundNatPools": [], **configuration}
    said = {"enableIPForwarding": False, "ipConfigurations": [{"name": "c", "properties": inner}], **(interface or {})}
    interfaces = {"networkInterfaceConfigurations": [{"name": "card", "properties": said}]}
    return {
        "id": identity("virtualMachineScaleSets", "set", provider=_COMPUTE),
        "name": "set",
        "sku": {"name": "Standard_D2s_v3", "capacity": capacity},
        "properties": {"virtualMachineProfile": {"networkProfile": interfaces}},
    }


def _card_id(number: int) -> str:
    kind = f"virtualMachineScaleSets/set/virtualMachines/{number}/networkInterfaces"
    return identity(kind, "card", provider=_COMPUTE)


def _hub(*numbers: int) -> dict[str, Any]:
    listed = [{"id": f"{_card_id(number)}/ipConfigurations/c"} for number in numbers]
    return vnet("hub", "10.0.0.0/16", subnet("app"), subnet("pool", "10.0.1.0/24", ipConfigurations=listed))


def _card(number: int) -> dict[str, Any]:
    machine = {"id": _card_id(number).rpartition("/networkInterfaces")[0]}
    return {**nic("card", f"10.0.1.{number + 4}", _POOL, virtualMachine=machine), "id": _card_id(number)}


def _places(found: Network) -> list[tuple[str, ...]]:
    return [item.places for item in found.unmodelled]


def test_a_scale_set_of_hosts_leaves_open_what_begins_or_ends_in_its_subnet(tmp_path: Path) -> None:
    found = network(tmp_path, _hub(0, 1), _scale_set())

    (item,) = found.unmodelled
    assert (item.what, item.places, item.ends_there) == ("scale set `set`", ("hub.pool",), True)
    assert "`az vmss nic list`" in item.why


@pytest.mark.parametrize(
    ("interface", "configuration"),
    [
        ({"enableIPForwarding": True}, {}),
        ({"notOfToday": 1}, {}),
        ({"ipConfigurations": []}, {}),
        ({}, _BALANCED),
        ({}, {"loadBalancerInboundNatPools": _BALANCED["loadBalancerBackendAddressPools"]}),
        ({}, {"notOfToday": 1}),
    ],
)
def test_one_that_may_forward_or_stands_behind_a_load_balancer_leaves_its_network_open(
    tmp_path: Path, interface: dict[str, Any], configuration: dict[str, Any]
) -> None:
    found = network(tmp_path, _hub(0), _scale_set(1, interface, **configuration))

    assert set(_places(found)) == {()}
    assert {item.what for item in found.unmodelled} == {"scale set `set`", "interface `set_0/card` in subnet `pool`"}


_FRONT = {"name": "f", "properties": {"privateIPAddress": "10.0.2.9", "subnet": {"id": subnet_id("hub", "fronts")}}}
_PUBLIC = {"name": "f", "properties": {"publicIPAddress": reference("publicIPAddresses", "ip")}}


def _balancer(front: dict[str, Any], *members: str) -> dict[str, Any]:
    own = identity("loadBalancers", "lb")
    listed = [{"id": f"{member}/ipConfigurations/c"} for member in members]
    rule = {
        "frontendIPConfiguration": {"id": f"{own}/frontendIPConfigurations/f"},
        "backendAddressPool": {"id": f"{own}/backendAddressPools/p"},
        "protocol": "Tcp",
        "frontendPort": 443,
        "backendPort": 443,
        "disableOutboundSnat": True,
    }
    return {
        **resource(
            "loadBalancers",
            "lb",
            frontendIPConfigurations=[front],
            backendAddressPools=[{"name": "p", "properties": {"backendIPConfigurations": listed}}],
            loadBalancingRules=[{"name": "r", "properties": rule}],
            probes=[],
            inboundNatRules=[],
            outboundRules=[],
        ),
        "sku": {"name": "Standard"},
    }


def _balanced_hub() -> dict[str, Any]:
    hub = _hub(0)
    hub["properties"]["subnets"].append(subnet("fronts", "10.0.2.0/24"))
    return hub


def test_one_alone_behind_a_load_balancer_leaves_open_what_ends_at_its_frontends_too(tmp_path: Path) -> None:
    parts = (_balancer(_FRONT, _card_id(0)), _scale_set(1, **_BALANCED))

    assert _places(network(tmp_path, _balanced_hub(), *parts)) == [("hub.fronts", "hub.pool")]


def test_one_beside_other_members_leaves_its_network_open(tmp_path: Path) -> None:
    other = identity("networkInterfaces", "other")
    card = nic("other", "10.0.0.9", subnet_id("hub", "app"))
    card["properties"]["ipConfigurations"][0]["properties"] |= _BALANCED
    parts = (card, _balancer(_FRONT, _card_id(0), other), _scale_set(1, **_BALANCED))

    assert set(_places(network(tmp_path, _balanced_hub(), *parts))) == {()}


def test_a_sentence_about_a_public_frontend_of_a_scale_set_is_open_and_others_are_not(tmp_path: Path) -> None:
    public = {**resource("publicIPAddresses", "ip", ipAddress="203.0.113.9"), "sku": {"name": "Standard"}}
    content = [_balanced_hub(), _balancer(_PUBLIC, _card_id(0)), _scale_set(1, **_BALANCED), public]
    (tmp_path / "n.json").write_text(json.dumps(content), encoding="utf-8")
    text = tmp_path / "a.vnet"
    sentences = ("internet never reaches 203.0.113.9", "internet never reaches lb", "internet never reaches hub.app")
    text.write_text("".join(f"intent i{at} {{ {one} }}\n" for at, one in enumerate(sentences)), encoding="utf-8")

    results = prove(load([str(text)], [str(tmp_path / "n.json")]), Options()).results

    assert [type(result.verdict) for result in results] == [Unknown, Unknown, Proved]


_NAT = {"loadBalancerInboundNatPools": [{"id": identity("loadBalancers", "lb") + "/inboundNatPools/np"}]}


def _balancer_with_nat(front: dict[str, Any]) -> dict[str, Any]:
    body = _balancer(front, _card_id(0))
    body["properties"]["inboundNatPools"] = [{"name": "np", "properties": {}}]
    return body


def test_one_behind_a_pool_of_inbound_nat_leaves_open_what_begins_or_ends_in_its_subnet(tmp_path: Path) -> None:
    public = {**resource("publicIPAddresses", "ip", ipAddress="203.0.113.9"), "sku": {"name": "Standard"}}
    content = [_balanced_hub(), _balancer_with_nat(_PUBLIC), _scale_set(1, **_BALANCED, **_NAT), public]
    (tmp_path / "n.json").write_text(json.dumps(content), encoding="utf-8")
    text = tmp_path / "a.vnet"
    sentences = (
        "internet never reaches 203.0.113.9",
        "internet never reaches hub.pool",
        "internet never reaches hub.app",
        "hub.app reaches hub.fronts",
    )
    text.write_text("".join(f"intent i{at} {{ {one} }}\n" for at, one in enumerate(sentences)), encoding="utf-8")

    loaded = load([str(text)], [str(tmp_path / "n.json")])

    assert {(item.what, item.places) for item in network(tmp_path, *content).unmodelled} == {
        ("scale set `set`", ("hub.pool",)),
        ("`inboundNatPools` of load balancer `lb`", ("hub.pool",)),
    }
    results = prove(loaded, Options()).results
    assert [type(result.verdict) for result in results] == [Unknown, Unknown, Proved, Proved]


def test_a_pool_of_inbound_nat_at_a_private_address_or_of_one_that_may_forward_leaves_its_network_open(
    tmp_path: Path,
) -> None:
    public = {**resource("publicIPAddresses", "ip", ipAddress="203.0.113.9"), "sku": {"name": "Standard"}}
    hosts = _scale_set(1, **_BALANCED, **_NAT)
    forwarding = _scale_set(1, {"enableIPForwarding": True}, **_BALANCED, **_NAT)

    internal = network(tmp_path, _balanced_hub(), _balancer_with_nat(_FRONT), hosts)
    forwarded = network(tmp_path, _balanced_hub(), _balancer_with_nat(_PUBLIC), forwarding, public)
    untold = network(tmp_path, _balanced_hub(), _balancer(_PUBLIC, _card_id(0)), hosts, public)

    assert ("`inboundNatPools` of load balancer `lb`", ()) in [(one.what, one.places) for one in internal.unmodelled]
    assert set(_places(forwarded)) == {()}
    assert set(_places(untold)) == {()}


def test_a_member_that_a_subnet_lists_and_nobody_describes_leaves_that_network_open_alone(tmp_path: Path) -> None:
    far = vnet("far", "10.9.0.0/16", subnet("x", "10.9.0.0/24", ipConfigurations=[]))
    public = {**resource("publicIPAddresses", "ip", ipAddress="203.0.113.9"), "sku": {"name": "Standard"}}

    found = network(tmp_path, _balanced_hub(), far, _balancer(_PUBLIC, _card_id(0)), public)

    assert {item.vnets for item in found.unmodelled} == {("hub",)}


def test_a_group_that_lists_instances_adds_nothing_to_what_their_subnet_says(tmp_path: Path) -> None:
    group = resource("networkSecurityGroups", "g", securityRules=[], networkInterfaces=[{"id": _card_id(0)}])
    silent = vnet("far", "10.9.0.0/16", subnet("x", "10.9.0.0/24"))

    described = network(tmp_path, _hub(0), silent, group, _scale_set(1))
    (tmp_path / "b").mkdir()
    missing = network(tmp_path / "b", _hub(0), silent, group)

    assert _places(described) == [("hub.pool",)]
    assert [item.vnets for item in missing.unmodelled] == [("hub",)]


def test_a_snapshot_keeps_what_tells_hosts_from_others(tmp_path: Path) -> None:
    places = {}
    for forwards in (False, True):
        resource = resource_of(_scale_set(2, {"enableIPForwarding": forwards}), "s.json", "")
        assert resource is not None
        places[forwards] = _places(network(tmp_path, _hub(), pruned(resource)))

    assert places == {False: [("hub.pool",)], True: [()]}


def test_instances_that_are_all_listed_say_whatever_their_set_would(tmp_path: Path) -> None:
    found = network(tmp_path, _hub(0, 1), _scale_set(), _card(0), _card(1))

    assert found.unmodelled == ()
    assert sorted(found.machines) == ["set_0", "set_1"]
    assert sorted(one.name for one in found.nics()) == ["set_0/card", "set_1/card"]


@pytest.mark.parametrize("cards", [(0,), (0, 1)])
def test_an_instance_that_is_not_listed_leaves_its_subnet_open(tmp_path: Path, cards: tuple[int, ...]) -> None:
    found = network(tmp_path, _hub(0, 1, 2), _scale_set(3), *(_card(number) for number in cards))

    assert _places(found) == [("hub.pool",)]


def test_an_instance_beyond_those_that_azure_counts_leaves_its_network_open(tmp_path: Path) -> None:
    found = network(tmp_path, _hub(0, 1), _scale_set(1), _card(0))

    assert [(item.what, item.places) for item in found.unmodelled] == [("interface `set_1/card` in subnet `pool`", ())]


def test_a_machine_of_a_flexible_scale_set_may_have_no_way_out(tmp_path: Path) -> None:
    """It has no default outbound access, whatever its subnet says (F-OUT-4)."""
    card = nic("n", "10.0.1.4", _POOL)
    machine = {
        "id": identity("virtualMachines", "vm", provider=_COMPUTE),
        "properties": {
            "networkProfile": {"networkInterfaces": [reference("networkInterfaces", "n")]},
            "virtualMachineScaleSet": {"id": f"{GROUP}/providers/{_COMPUTE}/virtualMachineScaleSets/set"},
        },
    }
    hub = vnet("hub", "10.0.0.0/16", subnet("pool", "10.0.1.0/24", defaultOutboundAccess=True))

    found = network(tmp_path, hub, card, machine, _scale_set(1))

    assert found.unmodelled == ()
    assert found.vnets["hub"].subnets[0].default_outbound is None


@pytest.mark.parametrize(
    ("interface", "configuration", "places"),
    [
        ({}, {}, [("hub.app",)]),
        (
            {"enable_ip_forwarding": False, "enable_accelerated_networking": True},
            {"public_ip_address": []},
            [("hub.app",)],
        ),
        ({"ip_forwarding_enabled": True}, {}, [()]),
        ({}, {"load_balancer_backend_address_pool_ids": [identity("loadBalancers", "lb")]}, [()]),
        ({"not_of_today": "x"}, {}, [()]),
    ],
)
def test_a_scale_set_of_terraform_is_what_one_of_azure_is(
    tmp_path: Path, interface: dict[str, Any], configuration: dict[str, Any], places: list[tuple[str, ...]]
) -> None:
    inner = {"name": "c", "primary": True, "subnet_id": subnet_id("hub", "app"), **configuration}
    card = {"name": "n", "primary": True, "ip_configuration": [inner], **interface}
    scale_set = planned("linux_virtual_machine_scale_set", "set", network_interface=[card])
    hub = (planned_vnet("hub", "10.0.0.0/16"), planned_subnet("app", "hub", "10.0.0.0/24"))

    assert _places(read_network(tmp_path, plan(*hub, scale_set))) == places


def test_one_of_terraform_is_alone_behind_the_load_balancer_that_its_pool_is_of(tmp_path: Path) -> None:
    where = subnet_id("hub", "app")
    inner = {"name": "c", "primary": True, "subnet_id": where, "load_balancer_backend_address_pool_ids": None}
    card = {"name": "n", "primary": True, "ip_configuration": [inner]}
    later = {"network_interface": [{"ip_configuration": [{"load_balancer_backend_address_pool_ids": True}]}]}
    named = refers("azurerm_lb_backend_address_pool.p.id")
    written = [{"ip_configuration": [{"load_balancer_backend_address_pool_ids": named}]}]
    front = {"name": "f", "subnet_id": subnet_id("hub", "fronts"), "private_ip_address": "10.0.1.9"}
    lb = planned(
        "lb", "lb", sku="Standard", frontend_ip_configuration=[{**front, "private_ip_address_allocation": "Static"}]
    )
    pool = planned("lb_backend_address_pool", "p", later={"loadbalancer_id": True})
    content = plan(
        planned_vnet("hub", "10.0.0.0/16"),
        planned_subnet("app", "hub", "10.0.0.0/24"),
        planned_subnet("fronts", "hub", "10.0.1.0/24"),
        lb,
        pool,
        planned("linux_virtual_machine_scale_set", "set", network_interface=[card], later=later),
        configuration=Module(
            [
                *(
                    block(kind, name)
                    for kind, name in (("virtual_network", "hub"), ("subnet", "app"), ("subnet", "fronts"))
                ),
                block("lb", "lb"),
                block("lb_backend_address_pool", "p", loadbalancer_id=refers("azurerm_lb.lb.id")),
                block("linux_virtual_machine_scale_set", "set", network_interface=written),
            ]
        ),
    )

    assert _places(read_network(tmp_path, content)) == [("hub.app", "hub.fronts")]


def test_one_of_terraform_names_pools_of_inbound_nat_as_if_they_were_rules(tmp_path: Path) -> None:
    attribute = "load_balancer_inbound_nat_rules_ids"
    inner = {"name": "c", "primary": True, "subnet_id": subnet_id("hub", "app"), attribute: None}
    card = {"name": "n", "primary": True, "ip_configuration": [inner]}
    later = {"network_interface": [{"ip_configuration": [{attribute: True}]}]}
    written = [{"ip_configuration": [{attribute: refers("azurerm_lb_nat_pool.np.id")}]}]
    front = {"name": "f", "public_ip_address_id": identity("publicIPAddresses", "ip")}
    ports = {"frontend_port_start": 50000, "frontend_port_end": 50119, "backend_port": 22, "protocol": "Tcp"}
    content = plan(
        planned_vnet("hub", "10.0.0.0/16"),
        planned_subnet("app", "hub", "10.0.0.0/24"),
        planned("lb", "lb", sku="Standard", frontend_ip_configuration=[front]),
        planned("lb_nat_pool", "np", frontend_ip_configuration_name="f", later={"loadbalancer_id": True}, **ports),
        planned("linux_virtual_machine_scale_set", "set", network_interface=[card], later=later),
        configuration=Module(
            [
                *(block(kind, name) for kind, name in (("virtual_network", "hub"), ("subnet", "app"), ("lb", "lb"))),
                block("lb_nat_pool", "np", loadbalancer_id=refers("azurerm_lb.lb.id")),
                block("linux_virtual_machine_scale_set", "set", network_interface=written),
            ]
        ),
    )

    found = {item.what.partition(" ")[0]: item.places for item in read_network(tmp_path, content).unmodelled}

    assert found["azurerm_linux_virtual_machine_scale_set"] == ("hub.app",)


@pytest.mark.parametrize("kind", ["inboundNatRules", "frontendIPConfigurations"])
def test_one_in_something_else_than_pools_leaves_its_network_open(tmp_path: Path, kind: str) -> None:
    strange = {"loadBalancerInboundNatPools": [{"id": identity("loadBalancers", "lb") + f"/{kind}/x"}]}
    parts = (_balancer(_FRONT, _card_id(0)), _scale_set(1, **_BALANCED, **strange))

    assert set(_places(network(tmp_path, _balanced_hub(), *parts))) == {()}
