"""Real plans and states, read in place: the facts that their index states."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.facts import DOCUMENTED
from vnetverify.header import TCP, Flow, parse_address, parse_prefix
from vnetverify.ingest import Imported, read_path
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import Machine, Network, Nic, Subnet, Vnet
from vnetverify.model.security import AddressPrefixes
from vnetverify.model.wellformed import check
from vnetverify.simulator.positions import Delivered
from vnetverify.simulator.walk import trace

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
_CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", _BESIDE))
pytestmark = pytest.mark.skipif(
    not (_CORPUS / "INDEX.md").is_file(),
    reason=f"the corpus of real files is not at {_CORPUS}; VNETVERIFY_CORPUS says where else",
)

_D08 = "terraform-plan/fugue-regula/security_group_no_inbound_22_infra.json"
_D09 = "terraform-plan/azure-terraform-azurerm-caf-enterprise-scale/test_003_add_mgmt_conn/baseline_values.json"
_D10 = "terraform-state/snyk-driftctl/azurerm_network_security_group/terraform.tfstate"
_IN_ORDER = ("root-id-1-hub-northeurope", "root-id-1-hub-westeurope", "root-id-1-hub-uksouth")
_HUBS = ("root-id-1-hub-northeurope", "root-id-1-hub-uksouth", "root-id-1-hub-westeurope")


def _read(item: str) -> Imported:
    return read_path(_CORPUS / item)


def _errors(imported: Imported) -> set[str]:
    return {found.code for found in imported.diagnostics if found.severity is Severity.ERROR}


def _passes(network: Network, group: str, source: str, port: int) -> bool:
    """Whether `group`, fastened to a subnet with a public machine, lets a flow from the Internet or from within in."""
    prefix, address = parse_prefix("10.0.0.0/24"), parse_address("10.0.0.4")
    own = Vnet("v", (prefix,), (Subnet("s", "v", (prefix,), nsg=group),))
    public = parse_address("52.0.0.1")
    nic = Nic("n", "m", "v", "s", (address,), public_address=PublicAddress("p", Sku.STANDARD, public))
    whole = replace(network, vnets={"v": own}, machines={"m": Machine("m", (nic,))})
    is_within = source.startswith("10.0.0.")
    place = Place(PlaceKind.SUBNET.value, "v.s") if is_within else INTERNET
    flow = Flow(TCP, parse_address(source), 50_000, address if is_within else public, port)
    return isinstance(trace(whole, place, flow, DOCUMENTED).outcome, Delivered)


def test_d08_has_rules_that_azure_would_refuse() -> None:
    imported = _read(_D08)

    assert sorted(imported.network.nsgs) == ["invalidnsg1", "invalidnsg2", "testnsg", "validnsg1"]
    assert _errors(imported) == {"bad-value", "duplicate-id"}


def test_d08_lets_one_address_in_besides() -> None:
    rules = {rule.name: rule for rule in _read(_D08).network.nsgs["validnsg1"].rules}

    assert rules["testrule5"].source == AddressPrefixes((parse_prefix("10.10.10.10/32"),))
    assert 22 in rules["testrule5"].destination_ports


def test_d08_gives_five_rules_one_priority() -> None:
    """Those with values that are none are left out here, and one of two that have one name; the rest still clash."""
    found = [said for said in check(_read(_D08).network) if "`testnsg`" in said.message]

    assert [said.severity for said in found] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("group", "source", "port", "expected"),
    [
        ("invalidnsg1", "8.8.8.8", 4000, True),
        ("validnsg1", "8.8.8.8", 22, False),
        ("validnsg1", "8.8.8.8", 20, True),
        ("validnsg1", "8.8.8.8", 21, False),
        ("validnsg1", "10.0.0.9", 22, True),
    ],
    ids=["everybody", "ssh", "port 20", "port 21", "within the network"],
)
def test_d08_lets_in_what_the_index_says(group: str, source: str, port: int, expected: bool) -> None:
    assert _passes(_read(_D08).network, group, source, port) is expected


def test_d09_holds_three_hubs_that_are_peered_both_ways() -> None:
    imported = _read(_D09)
    network = imported.network

    assert _errors(imported) == set()
    assert tuple(sorted(network.vnets)) == _HUBS
    assert [str(network.vnets[name].address_space[0]) for name in _HUBS] == [
        "10.100.0.0/22",
        "10.102.0.0/22",
        "10.101.0.0/22",
    ]
    assert sorted((half.local, half.remote) for half in network.peerings) == [
        (one, other) for one in _HUBS for other in _HUBS if one != other
    ]
    assert all(half.allow_gateway_transit and not half.use_remote_gateways for half in network.peerings)
    assert len(network.gateways) == 3
    assert len(network.dns_zones) == 38
    assert sum(len(zone.links) for zone in network.dns_zones.values()) == 114


def test_d09_lets_each_hub_reach_each_other_directly() -> None:
    """The hubs hold no subnet for hosts, so each gets one here; their firewalls have no part in it."""
    network = _read(_D09).network
    hosts = {name: parse_prefix(f"10.{100 + at}.3.0/24") for at, name in enumerate(_IN_ORDER)}
    vnets = {
        name: replace(vnet, subnets=(*vnet.subnets, Subnet("hosts", name, (hosts[name],))))
        for name, vnet in network.vnets.items()
    }
    whole = replace(network, vnets=vnets, unmodelled=())

    for one, other in permutations(hosts, 2):
        flow = Flow(TCP, hosts[one].value + 4, 50_000, hosts[other].value + 4, 443)
        walked = trace(whole, Place(PlaceKind.SUBNET.value, f"{one}.hosts"), flow, DOCUMENTED)

        assert isinstance(walked.outcome, Delivered)
        assert (walked.met, len(walked.crossings)) == ((), 1)


def test_d09_doubts_nothing_but_a_firewall_that_answers_about_names() -> None:
    """Nothing of Virtual WAN is in doubt, since no hub of it joins one of the networks."""
    assert [item.what for item in _read(_D09).network.unmodelled] == [
        "`dnsSettings` of firewall policy `root-id-1-fw-northeurope-policy`"
    ]


def test_d10_opens_every_tcp_port_in_its_first_group_and_has_none_attached() -> None:
    imported = _read(_D10)
    network = imported.network

    assert _errors(imported) == set()
    assert {name: len(group.rules) for name, group in network.nsgs.items()} == {
        "acceptanceTestSecurityGroup1": 1,
        "acceptanceTestSecurityGroup2": 0,
    }
    assert network.vnets == {}
    assert _passes(network, "acceptanceTestSecurityGroup1", "8.8.8.8", 1)
    assert not _passes(network, "acceptanceTestSecurityGroup2", "8.8.8.8", 1)
