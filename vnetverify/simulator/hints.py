"""Why Azure has no route to a private destination that a reader may expect: told beside a drop, and deciding nothing.

Rules R-PEER-2, R-PEER-3, R-GW-4 and R-GW-7.
"""

from __future__ import annotations

from collections.abc import Iterable

from vnetverify.header import Interval, Prefix
from vnetverify.model.network import Gateway, LinkState, Peering, Subnet
from vnetverify.simulator.candidates import table_of
from vnetverify.simulator.gateways import entries_of, servers
from vnetverify.simulator.situation import Situation, half, uses


def missing_route(situation: Situation, subnet: Subnet, destination: Interval) -> str | None:
    """Return what keeps a route to `destination` out of the subnet's table, None where nothing seems to.

    Nothing is asked of the world, and no box is parted for it.
    """
    return (
        _unusable_peering(situation, subnet.vnet, destination)
        or _kept_out(situation, subnet, destination)
        or _unused_gateway(situation, subnet.vnet, destination)
    )


def _unusable_peering(situation: Situation, vnet: str, destination: Interval) -> str | None:
    """Return what is wrong with a peering whose other network has the destination (R-PEER-2, R-PEER-3)."""
    joined = (vnet, *situation.index.peers[vnet])
    for declared in situation.network.peerings:
        other = declared.remote if declared.local == vnet else declared.local
        if vnet not in (declared.local, declared.remote) or other in joined:
            continue
        if _holds(situation.vnet(other).address_space, destination):
            return _state_of(situation.network.peerings, declared)
    return None


def _state_of(peerings: Iterable[Peering], declared: Peering) -> str | None:
    ends = {declared.local, declared.remote}
    halves = [one for one in peerings if {one.local, one.remote} == ends]
    for state in (LinkState.DISCONNECTED, LinkState.INITIATED):
        for one in halves:
            if one.state is state:
                return f"peering {one.id} is {state.value}"
    return f"{declared.remote} has no half to answer peering {declared.id}" if len(halves) == 1 else None


def _kept_out(situation: Situation, subnet: Subnet, destination: Interval) -> str | None:
    """Return that the subnet's table keeps out what a gateway knows of the destination (R-GW-7)."""
    table = table_of(situation, subnet)
    if table is None or table.propagate_gateway_routes:
        return None
    known = any(_knows(situation, gateway, destination) for gateway in servers(situation, subnet.vnet))
    return f"route table {table.name} keeps out what gateways learn" if known else None


def _unused_gateway(situation: Situation, vnet: str, destination: Interval) -> str | None:
    """Return which flag a peer's gateway that knows the destination is not used for want of (R-GW-4)."""
    for hub in situation.index.peers[vnet]:
        gateways = situation.index.gateways_of.get(hub, ())
        if uses(situation, vnet, hub) or not any(_knows(situation, each, destination) for each in gateways):
            continue
        near, far = half(situation, vnet, hub), half(situation, hub, vnet)
        if not near.use_remote_gateways:
            return f"peering {near.id} does not use the gateways of {hub}"
        return f"peering {far.id} does not allow gateway transit"
    return None


def _knows(situation: Situation, gateway: Gateway, destination: Interval) -> bool:
    return _holds((entry.prefix for entry in entries_of(situation, gateway)), destination)


def _holds(ranges: Iterable[Prefix], destination: Interval) -> bool:
    return any(prefix.value <= destination.low and destination.high <= prefix.last for prefix in ranges)
