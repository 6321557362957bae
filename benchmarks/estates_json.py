"""Estates as Azure's resources in JSON, as the REST API lists them: `{"value": [...]}`, one resource at a time.

No resource says what an appliance of the user's own forwards, so appliances stand in the text beside.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from estates_plan import ALL_SPOKES, SITE, Plan, Route, Rule

_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/estate/providers/Microsoft.Network"
_DEFAULT_RULES = (
    (65000, "AllowVnetInBound", True, True, "VirtualNetwork", "VirtualNetwork"),
    (65001, "AllowAzureLoadBalancerInBound", True, True, "AzureLoadBalancer", "*"),
    (65500, "DenyAllInBound", True, False, "*", "*"),
    (65000, "AllowVnetOutBound", False, True, "VirtualNetwork", "VirtualNetwork"),
    (65001, "AllowInternetOutBound", False, True, "*", "Internet"),
    (65500, "DenyAllOutBound", False, False, "*", "*"),
)
_PROTOCOLS = {"tcp": "Tcp", "udp": "Udp", "icmp": "Icmp", "*": "*"}


def write_resources(plan: Plan, file: TextIO) -> None:
    """Write the estate's network, one resource a line."""
    file.write('{"value":[')
    for index, resource in enumerate(_resources(plan)):
        file.write(",\n" if index else "\n")
        file.write(json.dumps(resource, separators=(",", ":")))
    file.write("\n]}\n")


def _resources(plan: Plan) -> Iterator[dict[str, Any]]:
    for hub in range(plan.shape.hubs):
        yield _hub(plan, hub)
        yield from _hub_gateway(plan, hub)
        if plan.shape.hubs > 1:
            yield _table(plan.hub(hub), plan.hub_routes(hub))
    for spoke in range(plan.shape.spokes):
        yield _spoke(plan, spoke)
        yield _table(f"t{spoke}", plan.routes(spoke))
    for index, name in enumerate(plan.group_names()):
        yield _group(name, plan.rules(index))
    shared = (
        Rule(100, "web", True, True, "tcp", ALL_SPOKES, "*", "*", "443"),
        Rule(110, "closed", True, False, "*", ALL_SPOKES, "*", "*", "*"),
    )
    yield _group("shared", iter(shared))
    if plan.shape.gateway:
        yield _made("localNetworkGateways", "branch", localNetworkAddressSpace={"addressPrefixes": [SITE]})


def _made(kind: str, name: str, **properties: Any) -> dict[str, Any]:
    return {
        "name": name, "id": f"{_GROUP}/{kind}/{name}", "type": f"Microsoft.Network/{kind}", "location": "westeurope",
        "properties": properties,
    }  # fmt: skip


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"id": f"{_GROUP}/{kind}/{name}"}


def _hub(plan: Plan, hub: int) -> dict[str, Any]:
    base = plan.hub_base(hub)
    subnets = [_subnet("firewall", f"{base}.1.0/24", table=plan.hub(hub) if plan.shape.hubs > 1 else None)]
    subnets.append(_subnet("shared", f"{base}.2.0/24", group="shared"))
    if plan.shape.gateway:
        subnets.append(_subnet("GatewaySubnet", f"{base}.0.0/27"))
    peerings = [
        _peering(plan, f"spoke{spoke}", plan.space(spoke), transit=plan.shape.gateway) for spoke in plan.spokes_of(hub)
    ]
    others = (other for other in range(plan.shape.hubs) if other != hub)
    peerings += [_peering(plan, plan.hub(other), f"{plan.hub_base(other)}.0.0/16", forwarded=True) for other in others]
    return _vnet(plan.hub(hub), f"{base}.0.0/16", subnets, peerings)


def _spoke(plan: Plan, spoke: int) -> dict[str, Any]:
    subnets = [
        _subnet(f"s{subnet}", plan.subnet(spoke, subnet), f"g{plan.group_of(spoke, subnet)}", f"t{spoke}")
        for subnet in range(plan.shape.subnets)
    ]
    hub = plan.hub_of(spoke)
    space = f"{plan.hub_base(hub)}.0.0/16"
    peerings = [_peering(plan, plan.hub(hub), space, forwarded=True, remote=plan.shape.gateway)]
    if plan.shape.hole == "waypoint" and spoke < 2:
        peerings.append(_peering(plan, f"spoke{1 - spoke}", plan.space(1 - spoke)))
    return _vnet(f"spoke{spoke}", plan.space(spoke), subnets, peerings)


def _vnet(name: str, space: str, subnets: list[dict[str, Any]], peerings: list[dict[str, Any]]) -> dict[str, Any]:
    addresses = {"addressPrefixes": [space]}
    return _made("virtualNetworks", name, addressSpace=addresses, subnets=subnets, virtualNetworkPeerings=peerings)


def _subnet(name: str, prefix: str, group: str | None = None, table: str | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {"addressPrefix": prefix}
    if group is not None:
        properties["networkSecurityGroup"] = _reference("networkSecurityGroups", group)
    if table is not None:
        properties["routeTable"] = _reference("routeTables", table)
    return {"name": name, "properties": properties}


def _peering(
    plan: Plan, other: str, space: str, *, forwarded: bool = False, transit: bool = False, remote: bool = False
) -> dict[str, Any]:
    seen = {"addressPrefixes": [space]}
    return {
        "name": f"to-{other}",
        "properties": {
            "remoteVirtualNetwork": _reference("virtualNetworks", other), "peeringState": "Connected",
            "peeringSyncLevel": "FullyInSync", "allowVirtualNetworkAccess": True, "allowForwardedTraffic": forwarded,
            "allowGatewayTransit": transit, "useRemoteGateways": remote, "remoteAddressSpace": seen,
            "remoteVirtualNetworkAddressSpace": seen, "peerCompleteVnets": True,
        },
    }  # fmt: skip


def _hub_gateway(plan: Plan, hub: int) -> Iterator[dict[str, Any]]:
    if not plan.shape.gateway:
        return
    subnet = {"id": f"{_GROUP}/virtualNetworks/{plan.hub(hub)}/subnets/GatewaySubnet"}
    yield _made(
        "virtualNetworkGateways", f"vpn{hub}", gatewayType="Vpn", vpnType="RouteBased", activeActive=False,
        ipConfigurations=[{"name": "default", "properties": {"subnet": subnet}}],
    )  # fmt: skip
    yield _made(
        "connections", f"to-branch{hub}", connectionType="IPsec", enableBgp=False,
        virtualNetworkGateway1=_reference("virtualNetworkGateways", f"vpn{hub}"),
        localNetworkGateway2=_reference("localNetworkGateways", "branch"),
    )  # fmt: skip


def _table(name: str, routes: Iterator[Route]) -> dict[str, Any]:
    listed = []
    for route in routes:
        hop: dict[str, Any] = {"nextHopType": "None"}
        if route.appliance is not None:
            hop = {"nextHopType": "VirtualAppliance", "nextHopIpAddress": route.appliance}
        listed.append({"name": route.name, "properties": {"addressPrefix": route.prefix, **hop}})
    return _made("routeTables", name, disableBgpRoutePropagation=False, routes=listed)


def _group(name: str, rules: Iterator[Rule]) -> dict[str, Any]:
    defaults = [
        {"name": rule.name, "properties": _rule(rule)}
        for rule in (
            Rule(priority, label, inbound, allows, "*", source, "*", destination, "*")
            for priority, label, inbound, allows, source, destination in _DEFAULT_RULES
        )
    ]
    own = [{"name": rule.name, "properties": _rule(rule)} for rule in rules]
    return _made("networkSecurityGroups", name, securityRules=own, defaultSecurityRules=defaults)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "protocol": _PROTOCOLS[rule.protocol], "sourcePortRange": rule.source_ports, "destinationPortRange": rule.ports,
        "sourceAddressPrefix": rule.source, "destinationAddressPrefix": rule.destination,
        "access": "Allow" if rule.allows else "Deny", "priority": rule.priority,
        "direction": "Inbound" if rule.is_inbound else "Outbound",
    }  # fmt: skip
