"""Private link services and the endpoints that lead to them (F-PE-10); where they stand is in `occupants`."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic
from vnetverify.header import Family, family_of
from vnetverify.model.balancers import Sku
from vnetverify.model.network import Network
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService


def private_link_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with private link services and with endpoints in front of them."""
    for service in network.private_link_services.values():
        yield from _service_faults(network, service)
    for endpoint in network.private_endpoints.values():
        yield from _endpoint_faults(network, endpoint)


def _service_faults(network: Network, service: PrivateLinkService) -> Iterator[Diagnostic]:
    what = f"private link service `{service.name}`"
    balancer = network.load_balancers.get(service.balancer)
    if balancer is None:
        message = f"{what} is of `{service.balancer}`, which is not a load balancer"
        yield Diagnostic("unknown-load-balancer", message, service.span, rule="F-PE-10")
        return
    if balancer.sku is Sku.BASIC:
        message = f"{what} is of the Basic load balancer `{balancer.name}`, and services are of Standard ones"
        yield Diagnostic(
            "link-service-on-basic", message, service.span, others=((balancer.span, "Basic"),), rule="F-PE-10"
        )
    frontend = next((one for one in balancer.frontends if one.name == service.frontend), None)
    if frontend is None:
        is_public = any(one.name == service.frontend for one in balancer.public_frontends)
        why = "which is public" if is_public else "which there is not"
        message = f"{what} offers the frontend `{service.frontend}` of `{balancer.name}`, {why}"
        yield Diagnostic("unknown-frontend", message, service.span, "offers internal ones", rule="F-PE-10")
    elif family_of(frontend.address) is Family.IPV6:
        message = f"{what} offers the IPv6 frontend `{frontend.name}`, and services are of IPv4"
        yield Diagnostic("link-service-of-ipv6", message, service.span, rule="F-PE-10")
    if not service.addresses:
        yield Diagnostic("link-service-without-address", f"{what} has no address", service.span, rule="F-PE-10")
    if any(family_of(address) is Family.IPV6 for address in service.addresses):
        message = f"{what} has an IPv6 address, and services are of IPv4"
        yield Diagnostic("link-service-of-ipv6", message, service.span, rule="F-PE-10")


def _endpoint_faults(network: Network, endpoint: PrivateEndpoint) -> Iterator[Diagnostic]:
    if endpoint.link_service is None:
        return
    if endpoint.link_service not in network.private_link_services:
        message = (
            f"private endpoint `{endpoint.name}` leads to `{endpoint.link_service}`, which is not a service declared"
        )
        yield Diagnostic("unknown-private-link-service", message, endpoint.span, rule="F-PE-10")
    if any(family_of(address) is Family.IPV6 for address in endpoint.addresses):
        message = f"private endpoint `{endpoint.name}` has an IPv6 address, and private link services are of IPv4"
        yield Diagnostic("link-service-of-ipv6", message, endpoint.span, rule="F-PE-10")
