"""Virtual hubs and Route Servers: which networks they leave open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import read, resource, subnet, template, vnet
from tests.unit.azure_resources import identity, network
from tests.unit.azure_resources import resource as exported
from tests.unit.azure_resources import subnet as exported_subnet
from tests.unit.azure_resources import vnet as exported_vnet

_SPOKES = tuple(
    vnet(
        name,
        f"10.{number}.0.0/16",
        subnet("s", f"10.{number}.0.0/24"),
        subnet("RouteServerSubnet", f"10.{number}.1.0/27"),
    )
    for number, name in enumerate("abc")
)


def _id(kind: str, *names: str) -> dict[str, str]:
    return {"id": f"[resourceId('Microsoft.Network/{kind}', {', '.join(map(repr, names))})]"}


def _hub(name: str) -> dict[str, Any]:
    return resource("virtualHubs", name, {"virtualWan": _id("virtualWans", "w"), "addressPrefix": "10.9.0.0/24"})


def _connected(hub: str, spoke: str) -> dict[str, Any]:
    remote = {"remoteVirtualNetwork": _id("virtualNetworks", spoke)}
    return resource("virtualHubs/hubVirtualNetworkConnections", f"{hub}/{spoke}", remote)


def _left_open(tmp_path: Path, *resources: Any) -> set[tuple[str, ...]]:
    return {item.vnets for item in read(tmp_path, template(*_SPOKES, *resources)).network.unmodelled}


def test_hubs_of_one_wan_leave_open_what_is_connected_to_any_of_them(tmp_path: Path) -> None:
    gateway = resource("vpnGateways", "g", {"virtualHub": _id("virtualHubs", "h1")})

    found = _left_open(
        tmp_path,
        resource("virtualWans", "w", {}),
        _hub("h1"),
        _hub("h2"),
        _connected("h1", "a"),
        _connected("h2", "b"),
        gateway,
    )

    assert found == {("a", "b")}


def test_a_route_server_leaves_open_the_network_in_which_it_stands(tmp_path: Path) -> None:
    place = {"subnet": _id("virtualNetworks/subnets", "a", "RouteServerSubnet")}
    neighbour = resource("virtualHubs/bgpConnections", "rs/n", {"peerAsn": 65002, "peerIp": "10.0.0.4"})

    found = _left_open(
        tmp_path,
        resource("virtualHubs", "rs", {"sku": "Standard"}),
        resource("virtualHubs/ipConfigurations", "rs/c", place),
        neighbour,
    )

    assert found == {("a",)}


def test_the_subnet_and_the_peers_of_a_route_server_leave_open_no_more_than_it_does(tmp_path: Path) -> None:
    """What it hears decides no flow between subnets of one network, which is proved beside it (R-SEL-3)."""
    place = {"subnet": _id("virtualNetworks/subnets", "a", "RouteServerSubnet")}
    parts = (
        resource("virtualHubs/ipConfigurations", "rs/c", place),
        resource("virtualHubs/bgpConnections", "rs/n", {"peerAsn": 65002, "peerIp": "10.0.0.4"}),
    )
    server = resource("virtualHubs", "rs", {"sku": "Standard"})

    whole = read(tmp_path, template(*_SPOKES, server, *parts)).network.unmodelled
    apart = read(tmp_path, template(*_SPOKES, *parts)).network.unmodelled

    assert [(item.what, item.vnets, item.is_outside) for item in whole] == [("virtual hub `rs`", ("a",), True)]
    assert [item.is_outside for item in apart] == [False, False]


def test_a_hub_that_says_nothing_of_networks_leaves_all_of_them_open(tmp_path: Path) -> None:
    assert _left_open(tmp_path, resource("virtualWans", "w", {}), _hub("h1")) == {()}


def _route_server(**properties: Any) -> dict[str, Any]:
    return exported("virtualHubs", "rs", sku="Standard", **properties)


def _hub_vnet(name: str, *users: str) -> dict[str, Any]:
    listed = [{"id": f"{identity('virtualHubs', user)}/ipConfigurations/c"} for user in users]
    return exported_vnet(
        name, "10.0.0.0/16", exported_subnet("RouteServerSubnet", "10.0.1.0/27", ipConfigurations=listed)
    )


@pytest.mark.parametrize(
    ("networks", "addresses", "left_open"),
    [
        ((_hub_vnet("a", "rs"), _hub_vnet("b", "other")), [], {("a",)}),
        ((_hub_vnet("a"), exported_vnet("b", "10.0.0.0/16")), ["10.0.1.4", "10.0.1.5"], {("a",)}),
        ((_hub_vnet("a"), _hub_vnet("b")), ["10.0.1.4", "10.0.1.5"], {("a", "b")}),
        ((_hub_vnet("a"),), ["10.0.1.4", "10.0.9.5"], {()}),
        ((_hub_vnet("a"),), ["x"], {()}),
        ((_hub_vnet("a"),), [], {()}),
    ],
)
def test_a_route_server_that_does_not_name_its_network_stands_where_it_is_listed_or_has_its_addresses(
    tmp_path: Path, networks: tuple[dict[str, Any], ...], addresses: list[str], left_open: set[tuple[str, ...]]
) -> None:
    found = network(tmp_path, *networks, _route_server(virtualRouterIps=addresses))

    of_server = [item for item in found.unmodelled if item.what == "virtual hub `rs`"]
    assert {tuple(sorted(item.vnets)) for item in of_server} == left_open
    assert {item.why for item in of_server} == {"what its peers announce is not in the input"}
