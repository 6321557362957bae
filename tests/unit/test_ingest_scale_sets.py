"""Scale sets: what is known of the interfaces of their instances, and what is open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import GROUP, identity, network, nic, reference, subnet, subnet_id, vnet
from tests.unit.terraform_documents import plan, planned, read_network
from tests.unit.terraform_documents import subnet as planned_subnet
from tests.unit.terraform_documents import vnet as planned_vnet
from vnetverify.ingest.resources import resource_of
from vnetverify.model.network import Network
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
