"""Virtual hubs and Route Servers: which networks they leave open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.arm_templates import read, resource, subnet, template, vnet

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


def test_a_hub_that_says_nothing_of_networks_leaves_all_of_them_open(tmp_path: Path) -> None:
    assert _left_open(tmp_path, resource("virtualWans", "w", {}), _hub("h1")) == {()}
