"""What Azure refuses of gateways, sites and connections: one small network for each fault, and one beside it."""

from __future__ import annotations

import pytest

from tests.unit.wellformed_networks import HUB, SPOKE, TRANSIT, codes, found, only
from vnetverify.diagnostic import Severity
from vnetverify.header import parse_prefix
from vnetverify.model.network import Connection, Gateway, GatewayKind, Network, Subnet, Vnet
from vnetverify.model.wellformed import check
from vnetverify.syntax import read_text


@pytest.mark.parametrize("era", ["2016-07", "2018-02", "current"])
def test_two_gateways_of_a_kind_are_refused(era: str) -> None:
    text = f"era {era}\nvnet v {{ address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/27 gateway vpn g gateway vpn h }}"

    assert ("gateway-twice", "R-GW-1") in found(text)


@pytest.mark.parametrize(("era", "expected"), [("2016-07", True), ("current", False)])
def test_a_vpn_and_an_expressroute_gateway_coexist_today(era: str, expected: bool) -> None:
    vnet = "vnet v { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/27 gateway vpn g gateway expressroute h }"

    assert (("gateway-twice", "R-GW-1") in found(f"era {era}\n{vnet}")) is expected


def test_a_gateway_needs_its_subnet() -> None:
    assert ("gateway-without-subnet", "R-ADDR-7") in found("vnet v { address 10.0.0.0/16 gateway vpn g }")


def test_a_gateway_without_connection_is_a_warning() -> None:
    fault = only("vnet v { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/27 gateway vpn g }")

    assert (fault.code, fault.severity) == ("gateway-without-connection", Severity.WARNING)


def test_remote_gateways_need_the_other_halfs_leave() -> None:
    fault = only(f"{HUB}{SPOKE}peering hub -> spoke\npeering spoke -> hub {{ use-remote-gateways }}")

    assert (fault.code, fault.rule) == ("transit-not-allowed", "R-GW-4")
    assert fault.help == "write `peering hub -> spoke { allow-gateway-transit }`"


def test_a_remote_vnet_without_gateway_has_none_to_use() -> None:
    hub = "vnet hub { address 10.0.0.0/16 }\n"
    fault = only(hub + SPOKE + TRANSIT)

    assert (fault.code, fault.rule, fault.azure) == ("remote-gateway-missing", "R-GW-4", "RemoteVnetHasNoGateways")


def test_an_own_gateway_excludes_a_remote_one() -> None:
    spoke = "vnet spoke { address 10.1.0.0/16 subnet GatewaySubnet 10.1.0.0/27 gateway vpn own }\n"
    to_branch = "site depot { address 192.169.0.0/16 }\nconnection d: depot -- spoke.own\n"

    assert found(HUB + spoke + to_branch + TRANSIT) == [("remote-gateway-beside-own", "R-GW-5")]


def test_the_gateways_of_two_vnets_cannot_be_used() -> None:
    second = "vnet other { address 10.2.0.0/16 subnet GatewaySubnet 10.2.255.0/27 gateway vpn gw2 }\n"
    second += "connection e: branch -- other.gw2\n"
    links = "peering other -> spoke { allow-gateway-transit }\npeering spoke -> other { use-remote-gateways }\n"

    assert found(HUB + second + SPOKE + TRANSIT + links) == [("remote-gateways-twice", "R-GW-5")]


@pytest.mark.parametrize(("era", "expected"), [("2016-07", [("transit-across-models", "R-GW-9")]), ("current", [])])
def test_transit_did_not_cross_deployment_models(era: str, expected: list[tuple[str, str]]) -> None:
    classic = "vnet old { model classic address 10.1.0.0/16 }\n"

    assert found(f"era {era}\n{HUB}{classic}peering hub -> old {{ allow-gateway-transit }}") == expected


@pytest.mark.parametrize(("era", "expected"), [("2018-02", [("transit-across-regions", "R-GW-10")]), ("current", [])])
def test_transit_did_not_cross_regions(era: str, expected: list[tuple[str, str]]) -> None:
    hub = HUB.replace("vnet hub {", "vnet hub { region westus")
    spoke = SPOKE.replace("vnet spoke {", "vnet spoke { region eastus")

    assert found(f"era {era}\n{hub}{spoke}{TRANSIT}") == expected


@pytest.mark.parametrize(
    ("prefix", "severity"),
    [
        ("10.0.0.0/16", Severity.ERROR),
        ("10.0.3.0/24", Severity.ERROR),
        ("10.0.0.0/8", Severity.WARNING),
        ("10.1.0.0/16", None),
    ],
)
def test_a_static_site_must_not_overlap_the_vnet_of_its_gateway(prefix: str, severity: Severity | None) -> None:
    faults = check(read_text(HUB.replace("192.168.0.0/16", prefix)).network)

    assert [(fault.code, fault.rule, fault.severity) for fault in faults] == (
        [] if severity is None else [("site-overlap", "R-ADDR-10", severity)]
    )


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("203.0.113.9", "203.0.113.10", None),
        ("203.0.113.9", "203.0.113.9", "public-address-taken"),
        ("10.9.9.9", "203.0.113.9", "not-public"),
        ("168.63.129.16", "203.0.113.9", "not-public"),
        ("fd00::9", "2001:db8::9", "not-public"),
    ],
)
def test_a_public_address_is_public_and_of_one_interface(first: str, second: str, code: str | None) -> None:
    text = f"""
    vnet v {{ address 10.0.0.0/16, fd00::/48  subnet s 10.0.0.0/24, fd00:0:0:1::/64 }}
    vm a {{ nic 10.0.0.4, fd00:0:0:1::4 in v.s  public-ip one standard {first} }}
    vm b {{ nic 10.0.0.5, fd00:0:0:1::5 in v.s  public-ip two standard {second} }}
    """

    assert found(text) == ([] if code is None else [(code, None)])


_SHARING = """
site depot { address 10.9.0.0/16, 192.168.1.0/24, 192.168.2.0/24 }
connection depot -- hub.gw { bgp }
"""


def test_two_sites_of_one_gateway_that_share_addresses_are_told_of_once() -> None:
    faults = check(read_text(HUB + _SHARING).network)

    assert [(fault.code, fault.rule, fault.severity) for fault in faults] == [
        ("sites-overlap", "R-ADDR-10", Severity.WARNING)
    ]


def test_what_a_site_announces_beyond_its_addresses_is_shared_with_nobody() -> None:
    everything = _SHARING.replace("10.9.0.0/16, 192.168.1.0/24, 192.168.2.0/24", "10.9.0.0/16")

    assert found(HUB + everything.replace("bgp", "bgp prefixes 10.9.0.0/16, 0.0.0.0/0")) == []


def _joined(kind: GatewayKind, connection: Connection, *more: Gateway) -> list[str]:
    gateways = (Gateway("g", "a", kind), *more)
    vnets = {
        name: Vnet(name, (parse_prefix(space),), (Subnet("GatewaySubnet", name, (parse_prefix(subnet),)),))
        for name, space, subnet in (("a", "10.0.0.0/16", "10.0.0.0/27"), ("b", "10.1.0.0/16", "10.1.0.0/27"))
    }
    return codes(Network(vnets=vnets, gateways={g.name: g for g in gateways}, connections=(connection,)))


def test_an_expressroute_connection_needs_a_circuit_and_a_vpn_one_has_none() -> None:
    assert _joined(GatewayKind.EXPRESSROUTE, Connection("c", "g", bgp=True)) == [
        "circuit-missing",
        "connection-without-end",
    ]
    assert _joined(GatewayKind.EXPRESSROUTE, Connection("c", "g", bgp=True, circuit="x")) == []
    assert _joined(GatewayKind.VPN, Connection("c", "g", circuit="x")) == ["circuit-on-vpn"]


def test_a_connection_between_vnets_joins_two_vpn_gateways_of_two_vnets() -> None:
    connection = Connection("c", "g", remote_gateway="h")

    assert _joined(GatewayKind.VPN, connection, Gateway("h", "b", GatewayKind.VPN)) == []
    assert _joined(GatewayKind.VPN, connection, Gateway("h", "b", GatewayKind.EXPRESSROUTE)) == ["connection-kinds"]
    assert "connection-with-itself" in _joined(GatewayKind.VPN, connection, Gateway("h", "a", GatewayKind.EXPRESSROUTE))


def test_connected_vnets_must_not_overlap() -> None:
    text = (
        "vnet a { address 10.0.0.0/16 subnet GatewaySubnet 10.0.0.0/27 gateway vpn g }\n"
        "vnet b { address 10.0.0.0/8 subnet GatewaySubnet 10.1.0.0/27 gateway vpn h }\n"
        "connection c: a.g -- b.h\n"
    )

    assert found(text) == [("connection-overlap", "R-ADDR-10")]


TWO_SITES_ON_A_CIRCUIT = """
vnet a { address 10.0.0.0/16  subnet GatewaySubnet 10.0.255.0/27  gateway expressroute ea }
vnet b { address 10.1.0.0/16  subnet GatewaySubnet 10.1.255.0/27  gateway expressroute eb }
site one { address 172.16.0.0/16 }
site two { address 172.17.0.0/16 }
connection one -- a.ea { circuit c }
connection two -- b.eb { circuit C }
"""


def test_who_shares_a_circuit_with_a_site_should_be_connected_to_it() -> None:
    rest = "connection x: two -- a.ea { circuit c }  connection y: one -- b.eb { circuit c }"

    told = [(fault.code, fault.rule, fault.severity) for fault in check(read_text(TWO_SITES_ON_A_CIRCUIT).network)]

    assert told == [("circuit-tells-more", "R-GW-2", Severity.ERROR)] * 2
    assert check(read_text(TWO_SITES_ON_A_CIRCUIT + rest).network) == ()


def test_a_site_should_announce_the_same_to_all_gateways_of_a_circuit() -> None:
    more = "connection x: two -- a.ea { circuit c prefixes none }  connection y: one -- b.eb { circuit c }"

    (fault,) = check(read_text(TWO_SITES_ON_A_CIRCUIT + more).network)

    assert (fault.code, fault.rule, fault.severity) == ("circuit-tells-more", "R-GW-2", Severity.ERROR)
    assert "`two` announces 172.17.0.0/16" in fault.message
    assert "`eb`" in fault.message


@pytest.mark.parametrize(
    ("region", "group", "codes"),
    [
        ("", "", ["group-region-not-stated"]),
        ("", "global", []),
        ("region westeurope", "", []),
    ],
)
def test_a_group_in_one_region_has_to_know_the_regions_of_its_members(
    region: str, group: str, codes: list[str]
) -> None:
    text = f"""
    vnet a {{ address 10.0.0.0/16  region westeurope }}
    vnet b {{ address 10.1.0.0/16  {region} }}
    connected-group g {{ members a, b  {group} }}
    """

    faults = check(read_text(text).network)

    assert [fault.code for fault in faults] == codes
    assert all(fault.severity is Severity.ERROR for fault in faults)
