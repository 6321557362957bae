"""An estate with one of everything as Azure's JSON, and every place in it where something might not be known."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.unit.azure_resources import identity, nsg, reference, resource, rule, subnet, subnet_id, vnet
from vnetverify.diagnostic import Diagnostic
from vnetverify.ingest.answers import resources_in
from vnetverify.ingest.documents import Document
from vnetverify.ingest.estate import network_of
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.resources import Resource
from vnetverify.ingest.unknown import Unknown
from vnetverify.model.network import Network

WHY = "parameter `p` has no value"
CONTOSO = Path(__file__).resolve().parents[2] / "specs" / "estates" / "contoso-export"

Step = str | int


def contoso() -> list[Any]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(CONTOSO.glob("*.json"))]


def part(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": properties}


def _in(name: str) -> dict[str, str]:
    return {"id": subnet_id("hub", name)}


def _to(kind: str, name: str, parts: str, part_name: str) -> dict[str, str]:
    return {"id": f"{identity(kind, name)}/{parts}/{part_name}"}


_FRONT = _to("loadBalancers", "lb", "frontendIPConfigurations", "front")
_POOL = _to("loadBalancers", "lb", "backendAddressPools", "pool")
_ASG = reference("applicationSecurityGroups", "asg")


def devices() -> list[Any]:
    """A network with what stands in networks besides interfaces."""
    hub = vnet(
        "hub",
        "10.0.0.0/16",
        subnet("AzureFirewallSubnet", "10.0.1.0/24"),
        subnet("AzureBastionSubnet", "10.0.2.0/24"),
        subnet("web", "10.0.3.0/24", natGateway=reference("natGateways", "nat"), serviceEndpoints=[]),
        subnet("agw", "10.0.4.0/24"),
        subnet("pls", "10.0.5.0/24", networkSecurityGroup=reference("networkSecurityGroups", "g")),
        subnet("pe", "10.0.6.0/24", privateEndpointNetworkPolicies="Disabled"),
    )
    group = nsg("g", rule("r", sourceApplicationSecurityGroups=[_ASG], sourceAddressPrefix=None))
    member = part(
        "c",
        privateIPAddress="10.0.3.4",
        subnet=_in("web"),
        loadBalancerBackendAddressPools=[_POOL],
        applicationSecurityGroups=[_ASG],
    )
    machine = resource("networkInterfaces", "m", ipConfigurations=[member])
    asg = resource("applicationSecurityGroups", "asg")
    return [hub, group, asg, machine, *_firewall(), *_ways_out(), _balancer(), *_proxies(), *_links()]


def _balancer() -> dict[str, Any]:
    sql = part(
        "sql",
        frontendIPConfiguration=_FRONT,
        backendAddressPool=_POOL,
        probe=_to("loadBalancers", "lb", "probes", "alive"),
        protocol="Tcp",
        frontendPort=1433,
        backendPort=1433,
        idleTimeoutInMinutes=4,
    )
    members = [_to("networkInterfaces", "m", "ipConfigurations", "c")]
    made = resource(
        "loadBalancers",
        "lb",
        frontendIPConfigurations=[part("front", privateIPAddress="10.0.3.100", subnet=_in("web"))],
        backendAddressPools=[part("pool", backendIPConfigurations=members)],
        probes=[part("alive", protocol="Tcp", port=80)],
        loadBalancingRules=[sql],
        inboundNatRules=[],
        outboundRules=[],
    )
    return {**made, "sku": {"name": "Standard"}}


def _firewall() -> Iterator[dict[str, Any]]:
    network_rule = {
        "ruleType": "NetworkRule",
        "name": "dns",
        "ipProtocols": ["UDP"],
        "sourceAddresses": ["10.0.0.0/16"],
        "destinationAddresses": ["10.9.0.4"],
        "destinationPorts": ["53"],
    }
    collection = {
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "name": "c",
        "priority": 100,
        "action": {"type": "Allow"},
        "rules": [network_rule],
    }
    kind = "firewallPolicies/policy/ruleCollectionGroups"
    group = resource(kind, "g", priority=100, ruleCollections=[collection])
    yield group
    groups, snat = [{"id": group["id"]}], {"privateRanges": ["10.0.0.0/8"]}
    yield resource("firewallPolicies", "policy", threatIntelMode="Off", ruleCollectionGroups=groups, snat=snat)
    public = reference("publicIPAddresses", "ip")
    configuration = part("c", privateIPAddress="10.0.1.4", subnet=_in("AzureFirewallSubnet"), publicIPAddress=public)
    yield resource(
        "azureFirewalls",
        "fw",
        firewallPolicy=reference("firewallPolicies", "policy"),
        threatIntelMode="Alert",
        natRuleCollections=[],
        ipConfigurations=[configuration],
    )


def _ways_out() -> Iterator[dict[str, Any]]:
    for name, address in (("ip", "20.0.0.4"), ("out", "20.0.0.5")):
        yield {**resource("publicIPAddresses", name, ipAddress=address), "sku": {"name": "Standard"}}
    addresses = [reference("publicIPAddresses", "out")]
    yield resource("natGateways", "nat", publicIpAddresses=addresses, subnets=[_in("web")])


def _proxies() -> Iterator[dict[str, Any]]:
    yield resource("bastionHosts", "jump", ipConfigurations=[part("b", subnet=_in("AzureBastionSubnet"))], scaleUnits=2)
    port = _to("applicationGateways", "gate", "frontendPorts", "https")
    yield resource(
        "applicationGateways",
        "gate",
        gatewayIPConfigurations=[part("g", subnet=_in("agw"))],
        frontendIPConfigurations=[part("p", privateIPAddress="10.0.4.10", subnet=_in("agw"))],
        frontendPorts=[part("https", port=443)],
        sslPolicy={"policyType": "Custom"},
        httpListeners=[part("a", frontendPort=port)],
    )


def _links() -> Iterator[dict[str, Any]]:
    offer = resource(
        "privateLinkServices",
        "offer",
        loadBalancerFrontendIpConfigurations=[_FRONT],
        ipConfigurations=[part("n", privateIPAddress="10.0.5.4", subnet=_in("pls"))],
        alias="offer.x",
    )
    yield offer
    state = {"status": "Approved"}
    connection = part("c", privateLinkServiceId=offer["id"], privateLinkServiceConnectionState=state)
    yield resource(
        "privateEndpoints",
        "pe",
        subnet=_in("pe"),
        networkInterfaces=[],
        ipConfigurations=[part("s", privateIPAddress="10.0.6.20", groupId="x")],
        privateLinkServiceConnections=[connection],
    )


def as_read(content: Any) -> tuple[Resource, ...]:
    return resources_in(Document("x.json", content))[0]


def read_network(resources: list[Resource] | tuple[Resource, ...]) -> tuple[Network, list[Diagnostic]]:
    findings = Findings()
    return network_of(Inventory(resources, findings), findings, {}, {}, None), findings.diagnostics


def places_within(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Yield the way to every value inside `value`."""
    items: Any = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places_within(item, (*path, key))


def with_value(resource: Resource, path: tuple[Step, ...], value: Any) -> Resource:
    """Return `resource`, no longer literal, with `value` at `path`."""
    body = copy.deepcopy(resource.body)
    holder: Any = body
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return replace(resource, body=body, is_literal=False)


def with_unknowns(content: Any) -> Iterator[tuple[Resource, tuple[Step, ...], list[Resource]]]:
    """Yield the resources of `content` with one value at a time not known: whose it is, where, and all together.

    Of values with the same way to them in resources of one kind the first stands for all.
    """
    resources = as_read(content)
    seen: set[tuple[Step, ...]] = set()
    for at, one in enumerate(resources):
        for path in places_within(one.body):
            words = (one.kind, *(step for step in path if isinstance(step, str)), isinstance(path[-1], int))
            if words not in seen:
                seen.add(words)
                changed = with_value(one, path, Unknown(WHY))
                yield one, path, [*resources[:at], changed, *resources[at + 1 :]]
