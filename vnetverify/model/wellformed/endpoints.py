"""Private endpoints and the security groups of their subnets (F-PE-1, F-PE-2, F-PE-9)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.network import Network, PrivateEndpointPolicies, Subnet
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Direction, Nsg

_GROUPS_HOLD = (PrivateEndpointPolicies.ENABLED, PrivateEndpointPolicies.SECURITY_GROUPS)


def endpoint_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with private endpoints; where they stand is in `occupants`."""
    subnets = {subnet.id: subnet for subnet in network.subnets()}
    judged: set[str] = set()
    for endpoint in network.private_endpoints.values():
        if not endpoint.addresses:
            message = f"private endpoint `{endpoint.name}` has no address"
            yield Diagnostic("endpoint-without-address", message, endpoint.span)
        subnet = subnets.get(endpoint.subnet_id)
        nsg = None if subnet is None else network.nsgs.get(subnet.nsg or "")
        if subnet is not None and nsg is not None and subnet.id not in judged:
            judged.add(subnet.id)
            yield from _group_faults(endpoint, subnet, nsg)


def _group_faults(endpoint: PrivateEndpoint, subnet: Subnet, nsg: Nsg) -> Iterator[Diagnostic]:
    """Yield a security group that holds for none of the subnet's endpoints, or of which one range is sure to hold."""
    policies = subnet.private_endpoint_policies
    if policies is not None and policies not in _GROUPS_HOLD:
        yield Diagnostic(
            "nsg-past-endpoint",
            f"nsg `{nsg.name}` does not hold for private endpoint `{endpoint.name}`: `{subnet.id}` turns it off",
            endpoint.span,
            others=((subnet.span, f"has private-endpoint-policies {policies.value}"),),
            rule="F-PE-1",
            severity=Severity.WARNING,
        )
    if policies not in _GROUPS_HOLD:
        return
    for rule in nsg.rules:
        first = rule.first_destination_ports
        if rule.direction is Direction.INBOUND and first is not None and first != rule.destination_ports:
            yield Diagnostic(
                "endpoint-port-ranges",
                f"of rule `{rule.name}` the first range of ports alone is sure to hold at private endpoints",
                rule.span,
                others=((endpoint.span, "a private endpoint where it holds"),),
                help="write a rule for each range of ports",
                rule="F-PE-9",
                severity=Severity.WARNING,
            )
