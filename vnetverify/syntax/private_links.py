"""From statements to private endpoints, the private link services behind them, and proxies."""

from __future__ import annotations

from collections.abc import Mapping

from vnetverify.header import Interval, IntervalSet, interval_set
from vnetverify.model.balancers import LoadBalancer
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService, Proxy, ProxyKind
from vnetverify.syntax.balancers import unknown_frontend
from vnetverify.syntax.devices import LinkServiceNode, PrivateEndpointNode, ProxyNode
from vnetverify.syntax.elements import Options
from vnetverify.syntax.names import text_of
from vnetverify.syntax.problems import shown
from vnetverify.syntax.scope import Scope

LINK_SERVICE = "private link service"
_BASTION_PORT = IntervalSet((Interval(443, 443),))  # where the users of a bastion come in (F-BAS-2)


def private_endpoint(scope: Scope, name: str, node: PrivateEndpointNode) -> PrivateEndpoint | None:
    """Return the private endpoint; None where its subnet or the service behind it is unknown."""
    subnet = scope.subnet(node.subnet)
    addresses = tuple(address for token in node.addresses if (address := scope.address(token)) is not None)
    service = scope.find(LINK_SERVICE, node.service) if node.service is not None else None
    if subnet is None or (node.service is not None and service is None):
        return None
    span = scope.span(node.first, node.pending or node.service or node.subnet.last)
    return PrivateEndpoint(name, *subnet, addresses, node.pending is None, service, span)


def link_service(
    scope: Scope, name: str, node: LinkServiceNode, balancers: Mapping[str, LoadBalancer]
) -> PrivateLinkService | None:
    """Return the private link service, of the frontend it names or the load balancer's first internal one."""
    subnet = scope.subnet(node.subnet)
    addresses = tuple(address for token in node.addresses if (address := scope.address(token)) is not None)
    balancer = scope.find("load balancer", node.frontend.first)
    if balancer is None or balancer not in balancers:
        return None
    frontend = _internal_frontend(scope, balancers[balancer], node)
    if subnet is None or frontend is None:
        return None
    return PrivateLinkService(name, balancer, frontend, *subnet, addresses, scope.span(node.first, node.subnet.last))


def _internal_frontend(scope: Scope, balancer: LoadBalancer, node: LinkServiceNode) -> str | None:
    word = node.frontend.second
    internal = [frontend.name for frontend in balancer.frontends]
    span = scope.span(node.frontend.first, node.frontend.last)
    if word is None:
        if not internal:
            message = f"load balancer {shown(balancer.name)} has no internal frontend to offer"
            scope.problems.error("unknown-frontend", message, span, "not declared")
        return next(iter(internal), None)
    found = next((name for name in internal if name.casefold() == text_of(word).casefold()), None)
    if found is not None:
        return found
    public = next((one for one in balancer.public_frontends if one.name.casefold() == text_of(word).casefold()), None)
    if public is None:
        unknown_frontend(scope, balancer.name, word, internal)
    else:
        message = f"a private link service offers an internal frontend, and {shown(public.name)} is public"
        scope.problems.error("public-link-service", message, span, "not internal", ((public.span, "public"),))
    return None


def proxy(scope: Scope, name: str, node: ProxyNode) -> Proxy | None:
    """Return the bastion or application gateway; None where it stands nowhere."""
    span = scope.span(node.kind, node.last)
    kind = ProxyKind(str(node.kind))
    options = Options(scope, node.options)
    if node.developer is not None:
        return _developer(scope, name, node)
    if kind is ProxyKind.BASTION and node.place.second is None:
        message, help_text = (
            "a bastion stands in a subnet",
            "write `in VNET.AzureBastionSubnet`, or `developer` behind it",
        )
        scope.problems.error("unknown-subnet", message, span, "in no subnet", (), help_text)
        return None
    subnet = scope.subnet(node.place)
    ranges = [found for token in options.all_words("listens") if (found := scope.port_range(token)) is not None]
    if subnet is None:
        return None
    listens = interval_set(ranges) if kind is ProxyKind.APPLICATION_GATEWAY else _BASTION_PORT
    return Proxy(name, kind, *subnet, listens, span)


def _developer(scope: Scope, name: str, node: ProxyNode) -> Proxy | None:
    span = scope.span(node.kind, node.last)
    if node.place.second is not None:
        message, label = "a Bastion Developer stands in no subnet", "expected a vnet alone"
        scope.problems.error("developer-in-subnet", message, scope.span(node.place.first, node.place.last), label)
        return None
    vnet = scope.find("vnet", node.place.first)
    return Proxy(name, ProxyKind.BASTION, vnet, None, IntervalSet(), span) if vnet is not None else None
