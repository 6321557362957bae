"""What Azure would refuse, or accept to nobody's good, of peerings in part, groups, Route Servers and tags."""

from __future__ import annotations

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.model.wellformed import check
from vnetverify.syntax import read_text

_A = "vnet a { address 10.0.0.0/16 subnet s 10.0.0.0/24 subnet t 10.0.1.0/24 }\n"
_B = "vnet b { address 10.1.0.0/16 subnet s 10.1.0.0/24 }\n"
_LIKE_A = "vnet b { address 10.0.0.0/16, 10.1.0.0/16 subnet s 10.1.0.0/24 subnet twin 10.0.1.0/24 }\n"
_IN_PART = (
    "peering a -> b { local-subnets s  remote-subnets s }\npeering b -> a { local-subnets s  remote-subnets s }\n"
)
_HUB = (
    "vnet hub { address 10.0.0.0/16 subnet RouteServerSubnet 10.0.0.0/27 subnet s 10.0.1.0/24 }\n"
    "appliance fw { nic 10.0.1.4 in hub.s }\n"
)


def found(text: str) -> list[tuple[str, str | None, Severity]]:
    """Return code, rule and severity of everything that is wrong with the network that `text` declares."""
    return [(fault.code, fault.rule, fault.severity) for fault in check(read_text(text).network)]


def error(code: str, rule: str) -> list[tuple[str, str | None, Severity]]:
    return [(code, rule, Severity.ERROR)]


def warning(code: str, rule: str) -> list[tuple[str, str | None, Severity]]:
    return [(code, rule, Severity.WARNING)]


# Peerings of subnets


def test_vnets_that_overlap_may_be_peered_by_subnets_that_do_not() -> None:
    disjoint = "vnet b { address 10.0.1.0/24, 10.1.0.0/16 subnet s 10.1.0.0/24 }\n"
    whole = "peering a -> b\npeering b -> a\n"

    assert found(_A + disjoint + _IN_PART) == []
    assert found(_A + disjoint + whole) == error("peering-overlap", "R-PEER-6")


def test_a_subnet_that_takes_part_lies_in_no_range_of_the_other_vnet() -> None:
    assert found(_A + _LIKE_A + _IN_PART) == error("peered-subnet-overlap", "R-PEER-24")


def test_peers_in_part_of_one_vnet_must_differ_where_they_take_part_alone() -> None:
    text = """
        vnet hub { address 10.9.0.0/16 subnet s 10.9.0.0/24 }
        vnet a { address 10.0.0.0/16 subnet one 10.0.1.0/24 subnet two 10.0.2.0/24 }
        vnet b { address 10.0.0.0/16 subnet one 10.0.1.0/24 subnet two 10.0.2.0/24 }
        peering hub -> a { local-subnets s remote-subnets one }
        peering a -> hub { local-subnets one remote-subnets s }
        """
    apart = """
        peering hub -> b { local-subnets s remote-subnets two }
        peering b -> hub { local-subnets two remote-subnets s }
        """
    alike = apart.replace("two", "one")

    assert found(text + apart) == []
    assert found(text + alike) == error("peers-overlap", "R-PEER-7")


def test_halves_that_name_different_subnets_are_told() -> None:
    halves = "peering a -> b { local-subnets s remote-subnets s }\npeering b -> a { local-subnets s remote-subnets t }"

    assert found(_A + _B + halves) == warning("halves-differ", "R-PEER-22")


def test_a_subnet_takes_part_once() -> None:
    assert found(_A + _B + _IN_PART.replace("local-subnets s  r", "local-subnets s, S  r", 1)) == [
        *error("subnet-peered-twice", "R-PEER-24"),
    ]


def test_more_subnets_than_a_peering_takes_are_told() -> None:
    subnets = " ".join(f"subnet s{n} 10.0.{n}.0/24" for n in range(200))
    a = f"vnet a {{ address 10.0.0.0/16 {subnets} }}\n"
    halves = "peering a -> b { remote-subnets s }\npeering b -> a { local-subnets s }"

    assert found(a + _B + halves) == warning("above-limit", "R-PEER-22")


# Halves that are not in sync


def test_a_half_that_has_not_seen_the_present_space_is_told() -> None:
    halves = "peering a -> b {{ remote-space {} }}\npeering b -> a"

    assert found(_A + _B + halves.format("10.1.0.0/17")) == warning("peering-not-in-sync", "R-PEER-17")
    assert found(_A + _B + halves.format("10.1.0.0/16")) == []


# Owners


@pytest.mark.parametrize(
    ("era", "tenants", "expected"),
    [
        ("2018-02", ("x", "y"), error("peering-across-tenants", "R-PEER-9")),
        ("2018-02", ("x", "X"), []),
        ("2016-07", ("x", "y"), []),
        ("current", ("x", "y"), []),
    ],
)
def test_until_2018_peers_belonged_to_one_tenant(era: str, tenants: tuple[str, str], expected: list[object]) -> None:
    a, b = (vnet.replace("{", f"{{ tenant {tenant}") for vnet, tenant in zip((_A, _B), tenants, strict=True))

    assert found(f"era {era}\n{a}{b}peering a -> b\npeering b -> a") == expected


@pytest.mark.parametrize(
    ("era", "model", "expected"),
    [
        ("2016-07", "classic", error("models-across-subscriptions", "R-PEER-9")),
        ("2016-07", "resource-manager", []),
        ("current", "classic", []),
    ],
)
def test_in_2016_peers_of_two_models_were_of_one_subscription(era: str, model: str, expected: list[object]) -> None:
    a = _A.replace("{", "{ subscription one")
    b = _B.replace("{", f"{{ subscription two model {model}")
    halves = "peering a -> b\n" + ("" if model == "classic" else "peering b -> a\n")

    assert found(f"era {era}\n{a}{b}{halves}") == expected


# Connected groups


def test_members_that_overlap_are_told() -> None:
    assert found(_A + _LIKE_A + "connected-group g { members a, b }") == warning("group-overlap", "R-CG-4")
    assert found(_A + _B + "connected-group g { members a, b }") == []


def test_a_vnet_in_more_than_two_groups_is_told() -> None:
    groups = "".join(f"connected-group g{n} {{ members a, b }}\n" for n in range(3))

    assert found(_A + _B + groups) == warning("above-limit", "R-CG-3") * 2


def test_a_group_of_more_than_250_vnets_is_told() -> None:
    vnets = "".join(f"vnet v{n} {{ address 10.{n}.0.0/16 }}\n" for n in range(251))
    members = ", ".join(f"v{n}" for n in range(251))

    assert found(f"{vnets}connected-group g {{ members {members} }}") == warning("above-limit", "R-CG-3")


# Route Servers


def test_a_route_server_in_its_subnet_is_in_order() -> None:
    assert found(_HUB + "route-server rs in hub { peer fw advertises 10.9.0.0/16 }") == []


def test_a_route_server_needs_its_subnet() -> None:
    assert found(_A + "route-server rs in a") == error("route-server-without-subnet", "R-ADDR-8")


@pytest.mark.parametrize(
    ("nic", "next_hop", "faults"),
    [
        ("nic in hub.s", "", error("peer-without-address", "R-GW-19")),
        ("", "", error("peer-without-address", "R-GW-19")),
        ("nic in hub.s  nic 10.0.1.9 in hub.s", "", error("peer-without-address", "R-GW-19")),
        ("nic in hub.s", "via 10.0.1.9", []),
        ("nic 10.0.1.9 in hub.s  nic in hub.s", "", []),
    ],
)
def test_what_a_peer_of_a_route_server_announces_as_next_hop_is_known(
    nic: str, next_hop: str, faults: list[tuple[str, str | None, Severity]]
) -> None:
    peer = f"appliance other {{ {nic} }}\nroute-server rs in hub {{ peer other advertises 10.9.0.0/16 {next_hop} }}"

    assert [fault for fault in found(_HUB + peer) if fault[0] != "nic-without-address"] == faults


def test_a_vnet_has_one_route_server() -> None:
    assert found(_HUB + "route-server one in hub\nroute-server two in hub") == error("route-server-twice", "R-ADDR-8")


def test_the_subnet_of_a_route_server_takes_no_table_and_no_group() -> None:
    text = _HUB.replace("RouteServerSubnet 10.0.0.0/27", "RouteServerSubnet 10.0.0.0/27 routes r nsg n")

    assert found(text + "route-table r {}\nnsg n {}") == [
        *error("nsg-forbidden", "F-EVAL-9"),
        *error("route-table-forbidden", "R-UDR-14"),
    ]


def test_a_route_server_may_serve_a_spoke_that_has_none_of_its_own() -> None:
    spoke = "vnet spoke { address 10.1.0.0/16 subnet RouteServerSubnet 10.1.0.0/27 }\n"
    transit = "peering hub -> spoke { allow-gateway-transit }\npeering spoke -> hub { use-remote-gateways }\n"
    server = "route-server rs in hub\n"

    assert found(_HUB + spoke + transit + server) == []
    assert found(_HUB + spoke + transit + server + "route-server own in spoke") == error(
        "remote-gateway-beside-own", "R-GW-5"
    )


# Routes to service tags


def test_a_tag_and_a_route_to_one_of_its_prefixes_stand_beside_each_other() -> None:
    text = (
        "service-tag Storage 20.0.0.0/16, 20.1.0.0/16\nroute-table r { a Storage -> none  b 20.0.0.0/16 -> internet }"
    )

    assert found(text) == []


def test_more_than_25_routes_to_service_tags_are_told_and_their_prefixes_do_not_count() -> None:
    tags = "".join(f"service-tag T{n} 20.{n}.0.0/17, 20.{n}.128.0/17\n" for n in range(26))
    routes = [f"r{n} T{n} -> none" for n in range(26)]

    assert found(f"{tags}route-table r {{ {' '.join(routes)} }}") == warning("above-limit", "R-UDR-3")
    assert found(f"{tags}route-table r {{ {' '.join(routes[:25])} }}") == []
