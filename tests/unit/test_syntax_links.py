"""What statements say of links beyond plain peerings, of Route Servers, service endpoints and routes to tags."""

from __future__ import annotations

import pytest

from tests.unit.text_samples import EVERYTHING
from vnetverify.diagnostic import Diagnostic, InputError
from vnetverify.header import Prefix, parse_address, parse_prefix
from vnetverify.model.network import BgpPeer, NextHopType, RouteTable
from vnetverify.source import Source
from vnetverify.syntax import read, read_text
from vnetverify.syntax.layout import format_text

NETWORK = read_text(EVERYTHING, "all.vnet").network
TWO_VNETS = (
    "vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24 }\nvnet b { address 10.1.0.0/16  subnet t 10.1.0.0/24 }\n"
)


def prefixes(text: str) -> tuple[Prefix, ...]:
    return tuple(map(parse_prefix, text.split()))


def mistake(text: str) -> Diagnostic:
    """Return the one mistake that `text` has."""
    (found,) = read((Source("text.vnet", text),)).diagnostics
    return found


def table(text: str) -> RouteTable:
    """Return the one route table of `text`."""
    (found,) = read_text(text).network.route_tables.values()
    return found


def test_a_vnet_has_its_tenant() -> None:
    assert (NETWORK.vnets["hub"].tenant, NETWORK.vnets["spoke"].tenant) == ("contoso", None)


def test_a_half_says_which_remote_space_it_last_saw() -> None:
    assert NETWORK.peerings[3].remote_space == prefixes("10.2.0.0/17 10.3.0.0/16")
    assert NETWORK.peerings[2].remote_space is None


def test_a_half_says_which_subnets_take_part() -> None:
    half = NETWORK.peerings[3]

    assert (half.local_subnets, half.remote_subnets) == (("web",), ("old",))
    assert half.is_of_subnets
    assert not NETWORK.peerings[2].is_of_subnets


def test_subnets_that_take_part_have_the_spelling_of_their_declaration() -> None:
    network = read_text(TWO_VNETS + "peering a -> b { local-subnets S  remote-subnets T }").network

    assert (network.peerings[0].local_subnets, network.peerings[0].remote_subnets) == (("s",), ("t",))


@pytest.mark.parametrize(("flag", "vnet"), [("local-subnets t", "a"), ("remote-subnets s", "b")])
def test_a_subnet_that_takes_part_is_one_of_its_own_vnet(flag: str, vnet: str) -> None:
    found = mistake(TWO_VNETS + f"peering a -> b {{ {flag} }}")

    assert (found.code, found.span.column) == ("unknown-subnet", len(f"peering a -> b {{ {flag}"))
    assert f"vnet `{vnet}` has no subnet" in found.message


def test_a_connected_group_has_members_and_may_be_global() -> None:
    (mesh,) = NETWORK.connected_groups

    assert (mesh.name, mesh.members, mesh.is_global) == ("mesh", ("hub", "spoke"), True)


def test_members_may_stand_on_several_lines_and_count_once() -> None:
    network = read_text(TWO_VNETS + "connected-group g { members a  members B, a }").network

    assert network.connected_groups[0].members == ("a", "b")
    assert not network.connected_groups[0].is_global


def test_a_route_server_has_its_peers_and_what_they_announce() -> None:
    (server,) = NETWORK.route_servers
    fw, router = server.peers

    assert (server.name, server.vnet, server.branch_to_branch) == ("hub-rs", "hub", True)
    assert fw == BgpPeer("fw", prefixes("10.0.0.0/8 0.0.0.0/0"), parse_address("10.0.1.100"), fw.span)
    assert router == BgpPeer("router", prefixes("10.99.0.0/16"), None, router.span)


def test_a_route_server_of_which_nothing_is_said_has_no_peers() -> None:
    (server,) = read_text(TWO_VNETS + "route-server rs in a").network.route_servers

    assert (server.peers, server.branch_to_branch) == ((), False)


def test_a_route_server_stands_in_a_vnet_that_there_is() -> None:
    assert mistake("route-server rs in nowhere").code == "unknown-vnet"


def test_a_peer_of_a_route_server_is_a_machine_that_there_is() -> None:
    assert mistake(TWO_VNETS + "route-server rs in a { peer nobody advertises 10.9.0.0/16 }").code == "unknown-machine"


def test_a_subnet_has_its_service_endpoints() -> None:
    assert NETWORK.subnet("spoke.web").service_endpoints == ("Microsoft.Storage", "Microsoft.Sql")
    assert NETWORK.subnet("hub.shared").service_endpoints == ()


def test_a_service_endpoint_whose_prefixes_are_not_declared_is_a_mistake() -> None:
    found = mistake("vnet v { subnet s 10.0.0.0/24 service-endpoints Microsoft.Storage }")

    assert (found.code, found.span.column, found.span.end_column) == ("tag-without-prefixes", 49, 66)
    assert found.help == "write `service-tag Microsoft.Storage PREFIXES` with those that Azure publishes"


def test_a_service_endpoint_is_spelled_as_the_tag_with_its_prefixes() -> None:
    text = "vnet v { subnet s 10.0.0.0/24 service-endpoints microsoft.storage }\nservice-tag Storage 20.60.0.0/16"

    assert read_text(text).network.subnet("v.s").service_endpoints == ("Microsoft.Storage",)


def test_a_gateway_has_its_number_and_says_whether_both_its_instances_work() -> None:
    vpn, expressroute = NETWORK.gateways["hub-vpn"], NETWORK.gateways["hub-er"]

    assert (vpn.asn, vpn.active_active) == (65010, True)
    assert (expressroute.asn, expressroute.active_active) == (65515, False)


def test_a_route_to_a_service_tag_is_one_for_each_prefix_of_it() -> None:
    routes = NETWORK.route_tables["via-firewall"].routes[-2:]

    assert tuple(route.prefix for route in routes) == prefixes("203.0.113.0/24 198.51.100.0/24")
    assert {(route.name, route.service_tag, route.next_hop) for route in routes} == {
        ("partner", "Partner", NextHopType.INTERNET)
    }


def test_a_service_tag_with_a_region_is_a_destination_too() -> None:
    text = "route-table r { west Storage.WestUS -> appliance 10.0.0.4 }\nservice-tag Storage.WestUS 20.0.0.0/8"
    (route,) = table(text).routes

    assert (route.service_tag, route.prefix) == ("Storage.WestUS", parse_prefix("20.0.0.0/8"))
    assert route.next_hop_address == parse_address("10.0.0.4")


def test_a_tag_whose_prefixes_are_not_declared_is_a_mistake_that_says_how_to_declare_them() -> None:
    found = mistake("route-table r { west storage.westus -> internet }")

    assert (found.code, found.span.column, found.span.end_column) == ("tag-without-prefixes", 22, 36)
    assert found.help == "write `service-tag Storage.WestUS PREFIXES` with those that Azure publishes"


def test_a_destination_that_is_no_tag_is_told_with_what_was_meant() -> None:
    found = mistake("route-table r { west Storagee -> internet }")

    assert (found.code, found.help) == ("unknown-service-tag", "did you mean `Storage`?")


def test_a_flag_said_twice_is_a_mistake() -> None:
    with pytest.raises(InputError, match="`bgp` is given twice"):
        read_text("vnet h { gateway vpn g }\nsite s {}\nconnection s -- h.g { bgp bgp }")


def test_routes_to_tags_line_up_with_the_others() -> None:
    text = 'route-table r { a Storage . WestUS -> none b "My.Tag" -> none long-name 10.0.0.0/8 -> none }'
    tidy = (
        "route-table r {\n"
        "  a         Storage.WestUS -> none\n"
        '  b         "My.Tag"       -> none\n'
        "  long-name 10.0.0.0/8     -> none\n"
        "}\n"
    )

    assert format_text(text) == tidy
    assert format_text(tidy) == tidy


def test_a_short_group_stands_on_one_line_and_a_route_server_with_peers_may_not() -> None:
    group = "connected-group g { members a,b global }\n"
    server = "route-server rs in a { branch-to-branch peer fw advertises 10.9.0.0/16,10.8.0.0/16 via 10.0.0.100 }"

    assert format_text(group + server) == (
        "connected-group g { members a, b  global }\n"
        "\n"
        "route-server rs in a {\n"
        "  branch-to-branch\n"
        "  peer fw advertises 10.9.0.0/16, 10.8.0.0/16 via 10.0.0.100\n"
        "}\n"
    )
