"""From statements to what joins vnets: peerings, connected groups and Route Servers; and who may peer."""

from __future__ import annotations

from vnetverify.model.network import BgpPeer, ConnectedGroup, LinkState, Peering, Principal, RouteServer
from vnetverify.syntax.elements import Options
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.tree import BgpPeerNode, ConnectedGroupNode, PeeringNode, PrincipalNode, RouteServerNode


def peering(scope: Scope, node: PeeringNode) -> tuple[Peering, ...]:
    """Return the half that is stated; nothing where a vnet is unknown or the half is stated before."""
    local, remote = scope.find("vnet", node.local), scope.find("vnet", node.remote)
    if local is None or remote is None:
        return ()
    options = Options(scope, node.options)
    state = options.word("state")
    half = Peering(
        local,
        remote,
        allow_virtual_network_access=options.flag("allow-virtual-network-access", default=True),
        allow_forwarded_traffic=options.flag("allow-forwarded-traffic"),
        allow_gateway_transit=options.flag("allow-gateway-transit"),
        use_remote_gateways=options.flag("use-remote-gateways"),
        state=LinkState(str(state)) if state else None,
        remote_space=scope.prefixes(options.all_words("remote-space")) if "remote-space" in options else None,
        local_subnets=participants(scope, local, options, "local-subnets"),
        remote_subnets=participants(scope, remote, options, "remote-subnets"),
        only_ipv6=options.flag("enable-only-ipv6-peering"),
        span=scope.span(node.first, node.remote),
    )
    return (half,) if scope.names.declare("peering", half.id, half.span) else ()


def participants(scope: Scope, vnet_name: str, options: Options, key: str) -> tuple[str, ...] | None:
    """Return the subnets of a vnet that take part in a peering of subnets; None where they are not said."""
    if key not in options:
        return None
    found = (scope.subnet_of(vnet_name, word) for word in options.all_words(key))
    return tuple(name for name in found if name is not None)


def connected_group(scope: Scope, name: str, node: ConnectedGroupNode) -> ConnectedGroup:
    options = Options(scope, node.items)
    members = tuple(dict.fromkeys(scope.find_all("vnet", options.all_words("members"))))
    return ConnectedGroup(name, members, options.flag("global"), scope.span(node.name))


def route_server(scope: Scope, name: str, node: RouteServerNode) -> tuple[RouteServer, ...]:
    """Return the Route Server; nothing where its vnet is unknown."""
    vnet_name = scope.find("vnet", node.vnet)
    if vnet_name is None:
        return ()
    nodes = [item for item in node.items if isinstance(item, BgpPeerNode)]
    peers = tuple(made for item in nodes if (made := bgp_peer(scope, item)) is not None)
    exchanges = Options(scope, node.items).flag("branch-to-branch")
    return (RouteServer(name, vnet_name, peers, exchanges, scope.span(node.name, node.vnet)),)


def bgp_peer(scope: Scope, node: BgpPeerNode) -> BgpPeer | None:
    """Return the peer of a Route Server; None where a part of it could not be understood."""
    machine, prefixes = scope.find("machine", node.machine), scope.prefixes(node.prefixes)
    next_hop = scope.address(node.next_hop) if node.next_hop is not None else None
    if machine is None or (node.next_hop is not None and next_hop is None):
        return None
    return BgpPeer(machine, prefixes, next_hop, scope.span(node.first, node.last))


def principal(scope: Scope, name: str, node: PrincipalNode) -> Principal:
    options = Options(scope, node.items)
    write, peer = (tuple(dict.fromkeys(scope.find_all("vnet", options.all_words(key)))) for key in ("write", "peer"))
    return Principal(name, write, peer, scope.span(node.name))
