"""Gateways used across peerings (R-GW-4, R-GW-5, R-GW-9, R-GW-10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic
from vnetverify.model.network import DeploymentModel, Era, Gateway, Network, Peering, RouteServer
from vnetverify.model.wellformed.incompleteness import incomplete_vnets


def transit_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with `use-remote-gateways` and `allow-gateway-transit`."""
    halves = {(peering.local, peering.remote): peering for peering in network.peerings}
    incomplete = incomplete_vnets(network)
    own: defaultdict[str, list[Gateway | RouteServer]] = defaultdict(list)
    for gateway in network.gateways.values():
        own[gateway.vnet].append(gateway)
    for server in network.route_servers:
        own[server.vnet].append(server)
    users: dict[str, Peering] = {}
    for half in network.peerings:
        yield from _model_faults(network, half)
        if not half.use_remote_gateways:
            continue
        other = halves.get((half.remote, half.local))
        if half.remote not in incomplete:
            yield from _offer_faults(network, half, other, bool(own[half.remote]))
        if own[half.local]:
            first_own = own[half.local][0]
            what = "gateway" if isinstance(first_own, Gateway) else "Route Server"
            yield Diagnostic(
                "remote-gateway-beside-own",
                f"vnet `{half.local}` uses the gateways of `{half.remote}` and has its own {what}, `{first_own.name}`",
                half.span,
                "uses remote gateways",
                ((first_own.span, f"its own {what}"),),
                rule="R-GW-5",
            )
        first = users.setdefault(half.local, half)
        if first.remote != half.remote:
            yield Diagnostic(
                "remote-gateways-twice",
                f"vnet `{half.local}` uses the gateways of two vnets, `{first.remote}` and `{half.remote}`",
                half.span,
                "a second `use-remote-gateways`",
                ((first.span, "the first"),),
                rule="R-GW-5",
            )
        yield from _region_faults(network, half)


def _offer_faults(network: Network, half: Peering, other: Peering | None, has_gateway: bool) -> Iterator[Diagnostic]:
    classic = DeploymentModel.CLASSIC in (network.vnets[half.local].model, network.vnets[half.remote].model)
    if not (other is not None and other.allow_gateway_transit) and not classic:
        yield Diagnostic(
            "transit-not-allowed",
            f"vnet `{half.local}` uses the gateways of `{half.remote}`, which does not allow it",
            half.span,
            "uses remote gateways",
            () if other is None else ((other.span, "has no `allow-gateway-transit`"),),
            f"write `peering {half.remote} -> {half.local} {{ allow-gateway-transit }}`",
            "R-GW-4",
        )
    if not has_gateway:
        yield Diagnostic(
            "remote-gateway-missing",
            f"vnet `{half.local}` uses the gateways of `{half.remote}`, which has none",
            half.span,
            "uses remote gateways",
            ((network.vnets[half.remote].span, "has no gateway"),),
            rule="R-GW-4",
            azure="RemoteVnetHasNoGateways",
        )


def _model_faults(network: Network, half: Peering) -> Iterator[Diagnostic]:
    """Yield transit between deployment models: a classic gateway serves no peer, and in 2016 none crosses (R-GW-9)."""
    local, remote = network.vnets[half.local], network.vnets[half.remote]
    if local.model is remote.model:
        return
    if half.use_remote_gateways and remote.model is DeploymentModel.CLASSIC:
        message = f"the gateways of the classic vnet `{remote.name}` cannot be used by `{local.name}`"
        yield Diagnostic("transit-across-models", message, half.span, rule="R-GW-9")
    elif network.era is Era.Y2016 and (half.use_remote_gateways or half.allow_gateway_transit):
        message = f"`{local.name}` and `{remote.name}` differ in model, so `era 2016-07` forbids gateway transit"
        yield Diagnostic("transit-across-models", message, half.span, rule="R-GW-9")


def _region_faults(network: Network, half: Peering) -> Iterator[Diagnostic]:
    local, remote = network.vnets[half.local], network.vnets[half.remote]
    if network.era is Era.Y2018 and local.region and remote.region and local.region != remote.region:
        message = f"`{local.name}` and `{remote.name}` differ in region, so `era 2018-02` forbids gateway transit"
        yield Diagnostic("transit-across-regions", message, half.span, rule="R-GW-10")
