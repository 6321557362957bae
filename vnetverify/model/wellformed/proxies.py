"""Bastions and application gateways, and where they stand (F-BAS-1, F-BAS-3, F-AGW-1)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic
from vnetverify.model.network import Network
from vnetverify.model.private_links import Proxy, ProxyKind
from vnetverify.model.wellformed.occupants import occupants

_BASTION_SUBNET = "AzureBastionSubnet"


def proxy_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with proxies; how large the subnet of a bastion is, is in `addressing`."""
    for proxy in network.proxies.values():
        vnet = network.vnets.get(proxy.vnet)
        if vnet is None:
            message = f"{proxy.kind.value} `{proxy.name}` is in `{proxy.vnet}`, which is not a vnet"
            yield Diagnostic("unknown-vnet", message, proxy.span)
        elif proxy.subnet is None:
            yield from _without_subnet(proxy)
        elif vnet.subnet(proxy.subnet) is None:
            message = f"{proxy.kind.value} `{proxy.name}` stands in `{proxy.subnet_id}`, which is not a subnet"
            yield Diagnostic("unknown-subnet", message, proxy.span)
        else:
            yield from _place_faults(network, proxy, proxy.subnet)


def _without_subnet(proxy: Proxy) -> Iterator[Diagnostic]:
    if proxy.kind is ProxyKind.APPLICATION_GATEWAY:
        message = f"application gateway `{proxy.name}` stands in no subnet"
        yield Diagnostic("gateway-without-subnet", message, proxy.span, rule="F-AGW-1")


def _place_faults(network: Network, proxy: Proxy, subnet: str) -> Iterator[Diagnostic]:
    is_for_bastions = subnet.casefold() == _BASTION_SUBNET.casefold()
    if proxy.kind is ProxyKind.BASTION and not is_for_bastions:
        message = f"bastion `{proxy.name}` stands in `{proxy.subnet_id}`, not in a subnet `{_BASTION_SUBNET}`"
        yield Diagnostic("bastion-elsewhere", message, proxy.span, rule="F-BAS-1")
    if proxy.kind is not ProxyKind.APPLICATION_GATEWAY:
        return
    if is_for_bastions:
        message = f"application gateway `{proxy.name}` stands in `{proxy.subnet_id}`, which is for bastions"
        yield Diagnostic("gateway-not-alone", message, proxy.span, rule="F-AGW-1")
    other = next((one for one in occupants(network) if one.subnet_id == proxy.subnet_id), None)
    if other is not None:
        yield Diagnostic(
            "gateway-not-alone",
            f"application gateway `{proxy.name}` is not alone in `{proxy.subnet_id}`: {other.what} stands there",
            proxy.span,
            "needs a subnet of its own",
            ((other.span, "stands there too"),),
            rule="F-AGW-1",
        )
