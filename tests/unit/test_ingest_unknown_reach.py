"""Whatever a value that is not known may be, it changes no network but those that the doubt is about."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.azure_resources import nic, reference, resource, subnet, subnet_id, vnet
from tests.unit.unknown_places import (
    WHY,
    Step,
    as_read,
    devices,
    part,
    places_within,
    read_network,
    with_unknowns,
    with_value,
)
from vnetverify.diagnostic import Severity
from vnetverify.ingest.resources import Resource
from vnetverify.model.network import Network

_MOST_TRIED = 2


def _gateways() -> Iterator[dict[str, Any]]:
    """Two networks that a connection joins, and a site behind one of them."""
    for number, name in enumerate(("east", "west")):
        yield vnet(name, f"10.{70 + number}.0.0/16", subnet("GatewaySubnet", f"10.{70 + number}.0.0/24"))
        place = part("c", subnet={"id": subnet_id(name, "GatewaySubnet")})
        yield resource("virtualNetworkGateways", name, gatewayType="Vpn", ipConfigurations=[place])
    east, west = (reference("virtualNetworkGateways", name) for name in ("east", "west"))
    for near, far in ((east, west), (west, east)):
        kind = {"connectionType": "Vnet2Vnet", "virtualNetworkGateway1": near, "virtualNetworkGateway2": far}
        yield resource("connections", f"from-{near['id'][-4:]}", enableBgp=True, **kind)
    yield resource("localNetworkGateways", "branch", localNetworkAddressSpace={"addressPrefixes": ["192.168.0.0/24"]})
    to_site = {"connectionType": "IPsec", "localNetworkGateway2": reference("localNetworkGateways", "branch")}
    yield resource("connections", "to-branch", virtualNetworkGateway1=east, **to_site)


def _shared() -> Iterator[dict[str, Any]]:
    """Two networks that nothing joins, with one security group and one route table."""
    both = {
        "networkSecurityGroup": reference("networkSecurityGroups", "g"),
        "routeTable": reference("routeTables", "t"),
    }
    yield vnet("solo", "10.50.0.0/16", subnet("a", "10.50.0.0/24", **both))
    yield vnet("duo", "10.60.0.0/16", subnet("a", "10.60.0.0/24", **both))
    yield nic("lone", "10.60.0.4", subnet_id("duo", "a"))
    yield resource("routeTables", "t", routes=[part("r", addressPrefix="10.9.0.0/16", nextHopType="None")])


def _held(value: Any, path: Iterable[Step]) -> Any:
    for step in path:
        value = value[step]
    return value


def _role(path: tuple[Step, ...]) -> tuple[str, bool]:
    """Return what the value at `path` is called, and whether it is one of several."""
    return next(str(step) for step in reversed(path) if isinstance(step, str)), isinstance(path[-1], int)


def _values_by_role(resources: Iterable[Resource]) -> dict[tuple[str, bool], list[Any]]:
    found: defaultdict[tuple[str, bool], list[Any]] = defaultdict(list)
    for one in resources:
        for path in places_within(one.body):
            found[_role(path)].append(_held(one.body, path))
    return found


def _others(value: Any, known: Iterable[Any]) -> Iterator[Any]:
    """Yield what could stand in the place of `value`."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    yield from (other for other in known if type(other) is type(value) and other != value and len(repr(other)) < 300)


def _slice(network: Network, vnet_name: str) -> str:
    """Return all that the network says of one vnet, without the places where it is said."""
    subnets = [subnet for subnet in network.subnets() if subnet.vnet == vnet_name]
    nics = [nic for nic in network.nics() if nic.vnet == vnet_name]
    names = {nic.name for nic in nics}
    gateways = {gateway.name for gateway in network.gateways.values() if gateway.vnet == vnet_name}
    joined = [one for one in network.connections if gateways & {one.gateway, one.remote_gateway}]
    balancers = [
        balancer
        for balancer in network.load_balancers.values()
        if any(frontend.vnet == vnet_name for frontend in balancer.frontends)
        or any(names.intersection(rule.members) for rule in balancer.rules)
    ]
    standing = (*network.private_endpoints.values(), *network.private_link_services.values(), *network.proxies.values())
    said = (
        network.vnets.get(vnet_name),
        [network.nsgs.get(name) for name in sorted({str(one.nsg) for one in (*subnets, *nics)})],
        [network.route_tables.get(name) for name in sorted({str(one.route_table) for one in subnets})],
        [half for half in network.peerings if vnet_name in (half.local, half.remote)],
        [machine for machine in network.machines.values() if any(nic.vnet == vnet_name for nic in machine.nics)],
        [gateway for gateway in network.gateways.values() if gateway.vnet == vnet_name],
        joined,
        [network.sites.get(str(one.site)) for one in joined],
        balancers,
        [one for one in standing if one.vnet == vnet_name],
    )
    return re.sub(r"Span\([^)]*\)", "", repr(said))


def _doubted(network: Network) -> set[str] | None:
    """Return the vnets of which something is in doubt for what is not known, None for all."""
    told = [item.vnets for item in network.unmodelled if WHY in item.why]
    return None if () in told else {name for vnets in told for name in vnets}


# What a proof ranges over instead: an address that is any, an appliance that may forward.
_OPEN = ("ipAddress", "enableIPForwarding", "tags")


@pytest.mark.parametrize(
    "content", [[*devices(), *_shared()], [*_gateways(), *_shared(), *devices()[:1]]], ids=["devices", "gateways"]
)
def test_no_network_outside_the_doubt_depends_on_the_value(content: list[Any]) -> None:
    resources = list(as_read(content))
    known = _values_by_role(resources)
    compared = 0
    for one, path, partial in with_unknowns(content):
        if path[0] != "properties" or _role(path)[0] in _OPEN:
            continue
        others = list(_others(_held(one.body, path), known[_role(path)]))[:_MOST_TRIED]
        unknown, _ = read_network(partial) if others else (Network(), [])
        doubted = _doubted(unknown)
        for value in others if doubted is not None else ():
            changed = replace(with_value(one, path, value), is_literal=True)
            network, found = read_network([changed if each.key == one.key else each for each in resources])
            if any(each.severity is Severity.ERROR for each in found):
                continue
            compared += 1
            outside = (unknown.vnets.keys() | network.vnets.keys()) - (doubted or set())
            differing = [name for name in outside if _slice(network, name) != _slice(unknown, name)]
            assert differing == [], (one.key, path, value)

    assert compared > 20
