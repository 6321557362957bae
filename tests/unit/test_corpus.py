"""Real exports, read in place: the elements in them, and the facts that their index states."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.facts import DOCUMENTED, World
from vnetverify.header import TCP, UDP, Flow, Prefix, parse_address, parse_prefix
from vnetverify.ingest import Imported, read_path
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import LinkState, Network, NextHopType, Peering, Subnet, Vnet
from vnetverify.model.wellformed import check
from vnetverify.simulator.positions import Delivered
from vnetverify.simulator.routes import effective_routes
from vnetverify.simulator.walk import converse, trace

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
_CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", _BESIDE))
pytestmark = pytest.mark.skipif(
    not (_CORPUS / "INDEX.md").is_file(),
    reason=f"the corpus of real files is not at {_CORPUS}; VNETVERIFY_CORPUS says where else",
)

_D11 = "rest-resource/batfish-cloud-azure/azure_configs"
_RECORDINGS = "rest-recording/cloud-custodian"
_D12 = f"{_RECORDINGS}/NetworkSecurityGroupTest.test_allow_single_port.json"
_D13 = f"{_RECORDINGS}/NetworkInterfaceTest.test_find_by_default_routes.json"
_D14 = f"{_RECORDINGS}/RouteTableTest.test_detect_route_only_routes_to_specific_subnets.json"
_D15 = "rest-example/azure-rest-api-specs/2018-12-01"

_WORLDS = (
    DOCUMENTED,
    World({"U-R-SYS-10": True, "U-R-TRAF-7": True, "U-ANYPROTO": True}),
)


def _read(item: str) -> Imported:
    imported = read_path(_CORPUS / item)
    assert [found for found in imported.diagnostics if found.severity is Severity.ERROR] == []
    return imported


def _network(item: str) -> Network:
    return _read(item).network


_VM1, _VM2 = ("VM-vnet.default", "10.0.0.4"), ("VM-vnet.private", "10.0.1.4")


def _reaches(source: tuple[str, str], destination: str, protocol: int, port: int) -> bool:
    """Whether VM1, VM2 or the Internet opens a conversation with `destination`; the same in every world tried."""
    network = _network(_D11)
    where, address = source
    place = INTERNET if where == "internet" else Place(PlaceKind.SUBNET.value, where)
    flow = Flow(protocol, parse_address(address), 50_000, parse_address(destination), port)
    answers = {converse(network, place, flow, world).established for world in _WORLDS}
    assert len(answers) == 1
    return answers.pop()


def test_d11_has_its_elements() -> None:
    network = _network(_D11)

    assert [(vnet.name, len(vnet.subnets)) for vnet in network.vnets.values()] == [("VM-vnet", 2)]
    assert {name: len(nsg.rules) for name, nsg in network.nsgs.items()} == {"VM1-nsg": 3, "VM2-nsg": 0, "subnet-nsg": 5}
    assert [(machine.name, [nic.name for nic in machine.nics]) for machine in network.machines.values()] == [
        ("VM1", ["vm1346"]),
        ("VM2", ["vm235"]),
    ]
    default, private = network.vnets["VM-vnet"].subnets
    assert (default.nsg, default.nat_gateway, default.default_outbound) == (None, "nat-gateway", None)
    assert (private.nsg, private.nat_gateway, private.default_outbound) == ("subnet-nsg", None, False)
    assert network.unmodelled == ()
    assert check(network) == ()


@pytest.mark.parametrize(("port", "expected"), [(22, True), (23, True), (80, True), (8080, True), (443, False)])
def test_d11_from_vm1_to_vm2(port: int, expected: bool) -> None:
    assert _reaches(_VM1, "10.0.1.4", TCP, port) is expected


@pytest.mark.parametrize(
    ("protocol", "port", "expected"), [(TCP, 8080, True), (TCP, 22, False), (UDP, 53, True), (UDP, 5000, True)]
)
def test_d11_from_vm2_to_vm1(protocol: int, port: int, expected: bool) -> None:
    assert _reaches(_VM2, "10.0.0.4", protocol, port) is expected


@pytest.mark.parametrize(("port", "expected"), [(22, True), (80, False)])
def test_d11_from_the_internet_to_vm1(port: int, expected: bool) -> None:
    assert _reaches(("internet", "8.8.8.8"), "40.91.194.198", TCP, port) is expected


@pytest.mark.parametrize(("protocol", "port"), [(TCP, 443), (UDP, 53)])
def test_d11_from_vm2_to_the_internet(protocol: int, port: int) -> None:
    assert _reaches(_VM2, "8.8.8.8", protocol, port) is False


def test_d12_has_its_rules() -> None:
    network = _network(_D12)

    assert {name: len(nsg.rules) for name, nsg in network.nsgs.items()} == {
        "c7n-nsg": 6,
        "k8s-master-C02B7042-nsg": 2,
    }
    assert network.machines == {}


@pytest.mark.parametrize(
    ("port", "expected"),
    [(8086, False), (22, False), (80, True), (88, True), (90, True), (8080, True), (8084, True), (8085, False)],
)
def test_d12_is_decided_by_the_first_rule_that_matches(port: int, expected: bool) -> None:
    """The nsg is attached to nothing, so it is attached here to a subnet of its own."""
    prefix = parse_prefix("10.0.0.0/24")
    vnet = Vnet("v", (prefix,), (Subnet("s", "v", (prefix,), nsg="c7n-nsg"),))
    other = Vnet("w", (parse_prefix("10.1.0.0/24"),), (Subnet("s", "w", (parse_prefix("10.1.0.0/24"),)),))
    network = replace(_network(_D12), vnets={"v": vnet, "w": other}, peerings=_both_halves("v", "w"))
    # From outside the VirtualNetwork tag nothing is allowed by default: the access flag takes the peer out of it.
    flow = Flow(TCP, parse_address("10.1.0.4"), 50_000, parse_address("10.0.0.4"), port)

    outcome = trace(network, Place(PlaceKind.SUBNET.value, "w.s"), flow, World({"U-AVNA(v -> w)": False})).outcome

    assert isinstance(outcome, Delivered) is expected


def _both_halves(one: str, other: str) -> tuple[Peering, ...]:
    return (Peering(one, other, allow_virtual_network_access=False), Peering(other, one))


def test_d13_has_its_interfaces_in_vnets_that_only_stand_in() -> None:
    network = _network(_D13)

    assert {(nic.name, nic.subnet_id, nic.machine) for nic in network.nics()} == {
        ("cctestnic", "cctestvnetnic.default", "cctestnic"),
        ("myVMNic", "MyVNET.Subnet", "cctestvm"),
    }
    assert {vnet for item in network.unmodelled for vnet in item.vnets} == {"cctestvnetnic", "MyVNET"}


def test_d13_derives_the_routes_that_were_recorded() -> None:
    """The recording does not hold the vnet; its range is the one that the recorded VnetLocal route shows."""
    prefix = parse_prefix("10.0.0.0/16")
    own = Vnet("MyVNET", (prefix,), (Subnet("Subnet", "MyVNET", (parse_prefix("10.0.0.0/24"),)),))

    imported = read_path(_CORPUS / _D13, {"MyVNET": own})

    routes = effective_routes(imported.network, "MyVNET.Subnet", DOCUMENTED)
    recorded = {
        ("10.0.0.0/16", "VnetLocal"),
        ("0.0.0.0/0", "Internet"),
        ("10.0.0.0/8", "None"),
        ("100.64.0.0/10", "None"),
        ("192.168.0.0/16", "None"),
    }
    assert {(str(route.prefix), route.hop_type) for route in routes if route.state == "Active"} >= recorded
    assert {vnet for item in imported.network.unmodelled for vnet in item.vnets} == {"cctestvnetnic"}


def test_d14_has_its_route_tables() -> None:
    network = _network(_D14)

    assert {name: len(table.routes) for name, table in network.route_tables.items()} == {
        "cctestroutetable": 0,
        "k8s-master-C02B7042-routetable": 4,
    }
    assert {subnet.id: subnet.route_table for subnet in network.subnets()} == {
        "ccroutetablevnet.cctestsubnet1": "cctestroutetable",
        "k8s-vnet-C02B7042.k8s-subnet": "k8s-master-C02B7042-routetable",
    }


def test_d14_sends_four_prefixes_to_four_appliances() -> None:
    network = _network(_D14)
    space = parse_prefix("10.240.0.0/16")

    routes = effective_routes(network, "k8s-vnet-C02B7042.k8s-subnet", DOCUMENTED)

    user = {route.prefix: route for route in routes if route.source == "User"}
    assert {str(prefix) for prefix in user} == {f"10.244.{third}.0/24" for third in range(4)}
    declared = network.route_tables["k8s-master-C02B7042-routetable"].routes
    assert all(route.next_hop is NextHopType.APPLIANCE for route in declared)
    addresses = {route.next_hop_address for route in declared}
    assert len(addresses) == 4
    assert all(address is not None and _lies_in(address, space) for address in addresses)


def _lies_in(address: int, prefix: Prefix) -> bool:
    return prefix.value <= address <= prefix.last


def test_d15_has_two_peerings_over_which_nothing_flows() -> None:
    network = _network(_D15)

    assert [(peering.local, peering.remote, peering.state) for peering in network.peerings] == [
        ("vnet1", "vnet2", LinkState.INITIATED),
        ("vnet1", "vnet3", LinkState.INITIATED),
    ]
    assert {vnet for item in network.unmodelled for vnet in item.vnets} == {"vnet1", "vnet2", "vnet3"}
