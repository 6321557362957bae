"""What Route Servers hear of appliances, and which gateways they join.

Rules R-GW-14, R-GW-16, R-GW-19 and I-FAILURES.
"""

from __future__ import annotations

from vnetverify.header import Prefix
from vnetverify.model.intents import FailureKind
from vnetverify.model.network import BgpPeer, Gateway, GatewayKind, RouteServer
from vnetverify.simulator.addressing import is_inside
from vnetverify.simulator.situation import Situation, first_address

# The number that a VPN gateway must have to exchange routes between branches (R-GW-16).
AZURE_ASN = 65515


def prefixes_kept(situation: Situation, server: RouteServer) -> tuple[tuple[BgpPeer, Prefix], ...]:
    """Return what appliances that are up announce to `server` but what lies in its own vnet (R-GW-14, R-GW-19).

    One in a peer announces nothing while the peering is down (I-FAILURES).
    """
    space = situation.vnet(server.vnet).address_space
    return tuple(
        (peer, prefix)
        for peer in server.peers
        if situation.is_down(FailureKind.APPLIANCE, peer.machine) is None
        and not _is_out_of_touch(situation, server, peer)
        for prefix in peer.prefixes
        if not any(is_inside(prefix, range_) for range_ in space)
    )


def _is_out_of_touch(situation: Situation, server: RouteServer, peer: BgpPeer) -> bool:
    """Hold when a peering that is down parts the appliance, by its first interface, from the Route Server."""
    vnet = situation.network.machines[peer.machine].nics[0].vnet
    joined = situation.with_everything_up.index.peers[server.vnet]
    return vnet in joined and vnet not in situation.index.peers[server.vnet]


def next_hop_of(situation: Situation, peer: BgpPeer) -> int:
    """Return the address that the appliance announces as next hop: its own first one unless stated (R-GW-19)."""
    if peer.next_hop is not None:
        return peer.next_hop
    address = first_address(situation.network.machines[peer.machine].nics[0], situation.family)
    assert address is not None
    return address


def exchanging(situation: Situation, vnet: str) -> tuple[RouteServer, ...]:
    """Return the Route Servers of `vnet` that exchange routes with its gateways (R-GW-16)."""
    servers_here = (server for server in situation.index.route_servers if server.vnet == vnet)
    return tuple(server for server in servers_here if server.branch_to_branch)


def may_exchange(gateway: Gateway) -> bool:
    """Hold when the gateway is one that Route Servers exchange routes with: no other VPN gateway is (R-GW-16)."""
    return gateway.kind is not GatewayKind.VPN or (gateway.active_active and gateway.asn == AZURE_ASN)


def joined_gateways(situation: Situation, gateway: Gateway) -> tuple[Gateway, ...]:
    """Return the other gateways of the vnet whose branches are joined to this one's by a Route Server (R-GW-16)."""
    here = situation.index.gateways_of[gateway.vnet]
    is_ready = any(g.kind is GatewayKind.VPN and may_exchange(g) for g in here)
    if not is_ready or not exchanging(situation, gateway.vnet):
        return ()
    return tuple(other for other in here if other.name != gateway.name)
