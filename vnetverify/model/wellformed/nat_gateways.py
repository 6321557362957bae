"""NAT gateways, and the subnets that they do not serve (F-OUT-3)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.balancers import Sku
from vnetverify.model.network import Network, Subnet
from vnetverify.source import Span


def nat_gateway_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield subnets that take no NAT gateway, and what is of the Basic SKU in those that have one."""
    served = {subnet.id: subnet for subnet in network.subnets() if subnet.nat_gateway is not None}
    for subnet in served.values():
        if subnet.name.lower() == "gatewaysubnet":
            message = f"`{subnet.id}` takes no NAT gateway"
            yield Diagnostic("nat-gateway-forbidden", message, subnet.span, "has a NAT gateway", rule="F-OUT-3")
    for what, span, subnet_id in _basic_ones(network) if served else ():
        if subnet_id in served:
            yield _beside(what, span, served[subnet_id])


def _basic_ones(network: Network) -> Iterator[tuple[str, Span, str]]:
    """Yield the public addresses and load balancers that are stated to be Basic, and a subnet where each stands."""
    subnet_of = {nic.name: nic.subnet_id for nic in network.nics()}
    for nic in network.nics():
        for public in (nic.public_address, nic.public_ipv6):
            if public is not None and public.sku is Sku.BASIC:
                yield f"public address `{public.name}`", public.span, nic.subnet_id
    for balancer in network.load_balancers.values():
        if balancer.sku is Sku.BASIC:
            members = [subnet_of[name] for rule in balancer.rules for name in rule.members if name in subnet_of]
            for subnet_id in dict.fromkeys((*members, *(each.subnet_id for each in balancer.frontends))):
                yield f"load balancer `{balancer.name}`", balancer.span, subnet_id


def _beside(what: str, span: Span, subnet: Subnet) -> Diagnostic:
    return Diagnostic(
        "basic-beside-nat-gateway",
        f"{what} is Basic, which Azure does not support beside the NAT gateway of `{subnet.id}`",
        span,
        others=((subnet.span, "has a NAT gateway"),),
        help="make it Standard",
        rule="F-OUT-3",
        severity=Severity.WARNING,
    )
