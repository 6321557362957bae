"""Connected groups and Route Servers (R-CG-3, R-CG-4, R-ADDR-6, R-ADDR-8, R-GW-19)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import Family, family_of
from vnetverify.model.network import ConnectedGroup, Network, RouteServer, Vnet
from vnetverify.model.wellformed.incompleteness import incomplete_vnets
from vnetverify.model.wellformed.overlaps import overlaps

_SUBNET = "RouteServerSubnet"
# As published in 2023.
GROUPS_OF_A_VNET = 2
VNETS_OF_A_GROUP = 250


def group_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with connected groups and Route Servers."""
    groups: defaultdict[str, list[ConnectedGroup]] = defaultdict(list)
    for group in network.connected_groups:
        yield from _overlap(network, group)
        yield from _regions(network, group)
        if len(group.members) > VNETS_OF_A_GROUP:
            message = (
                f"connected group `{group.name}` has {len(group.members)} vnets, and the limit was {VNETS_OF_A_GROUP}"
            )
            yield Diagnostic("above-limit", message, group.span, rule="R-CG-3", severity=Severity.WARNING)
        for member in group.members:
            groups[member].append(group)
    for member, joined in groups.items():
        if len(joined) > GROUPS_OF_A_VNET:
            message = f"vnet `{member}` is in {len(joined)} connected groups, and the limit was {GROUPS_OF_A_VNET}"
            span = joined[GROUPS_OF_A_VNET].span
            yield Diagnostic("above-limit", message, span, rule="R-CG-3", severity=Severity.WARNING)
    yield from _server_faults(network)


def _overlap(network: Network, group: ConnectedGroup) -> Iterator[Diagnostic]:
    """Yield the first members that overlap: packets to addresses that two of them have are dropped (R-CG-4)."""
    ranges = [(prefix, member) for member in group.members for prefix in network.vnets[member].address_space]
    for (_, first), (inner, second) in overlaps(ranges):
        yield Diagnostic(
            "group-overlap",
            f"`{first}` and `{second}` of connected group `{group.name}` overlap at {inner}, where packets are dropped",
            group.span,
            others=tuple((network.vnets[name].span, "overlaps the other") for name in (first, second)),
            rule="R-CG-4",
            severity=Severity.WARNING,
        )
        return


def _regions(network: Network, group: ConnectedGroup) -> Iterator[Diagnostic]:
    """Yield the first member of a group in one region of which no region is stated, though it is of others (R-CG-1)."""
    unstated = [member for member in group.members if network.vnets[member].region is None]
    if group.is_global or not unstated or len(unstated) == len(group.members):
        return
    member = network.vnets[unstated[0]]
    yield Diagnostic(
        "group-region-not-stated",
        f"the region of `{member.name}` is not stated, and group `{group.name}` joins networks of one region alone",
        group.span,
        others=((member.span, "has no `region`"),),
        rule="R-CG-1",
        help="state its region, or write `global` if the group is",
    )


def _server_faults(network: Network) -> Iterator[Diagnostic]:
    incomplete = incomplete_vnets(network)
    first: dict[str, RouteServer] = {}
    for server in network.route_servers:
        vnet = network.vnets[server.vnet]
        yield from _ipv6_faults(server, vnet)
        yield from _next_hop_faults(network, server)
        other = first.setdefault(server.vnet, server)
        if other is not server:
            yield Diagnostic(
                "route-server-twice",
                f"vnet `{vnet.name}` has two Route Servers, `{other.name}` and `{server.name}`",
                server.span,
                "a second Route Server",
                ((other.span, "the first"),),
                rule="R-ADDR-8",
            )
        if vnet.subnet(_SUBNET) is None and vnet.name not in incomplete:
            yield Diagnostic(
                "route-server-without-subnet",
                f"Route Server `{server.name}` needs a subnet called `{_SUBNET}` in vnet `{vnet.name}`",
                server.span,
                others=((vnet.span, f"has no `{_SUBNET}`"),),
                rule="R-ADDR-8",
            )


def _ipv6_faults(server: RouteServer, vnet: Vnet) -> Iterator[Diagnostic]:
    """Yield what is of IPv6 beside a Route Server, which knows none of it (R-ADDR-6)."""
    own = next((prefix for prefix in vnet.address_space if prefix.family is Family.IPV6), None)
    if own is not None:
        yield Diagnostic(
            "route-server-beside-ipv6",
            f"Route Server `{server.name}` breaks the IPv6 of vnet `{vnet.name}`",
            server.span,
            others=((vnet.span, f"has {own}"),),
            rule="R-ADDR-6",
            severity=Severity.WARNING,
        )
    for peer in server.peers:
        announced = next((prefix for prefix in peer.prefixes if prefix.family is Family.IPV6), None)
        if announced is not None:
            message = f"`{peer.machine}` announces {announced} to Route Server `{server.name}`, which takes no IPv6"
            yield Diagnostic("announced-ipv6", message, server.span, rule="R-ADDR-6")
        if peer.next_hop is not None and family_of(peer.next_hop) is Family.IPV6:
            message = f"`{peer.machine}` announces an IPv6 next hop to Route Server `{server.name}`"
            yield Diagnostic("announced-ipv6", message, server.span, rule="R-ADDR-6")


def _next_hop_faults(network: Network, server: RouteServer) -> Iterator[Diagnostic]:
    """Yield every peer of which nobody can tell what next hop it announces: its own address, which is not known."""
    for peer in server.peers:
        nics = network.machines[peer.machine].nics
        if peer.next_hop is None and not any(
            family_of(address) is Family.IPV4 for nic in nics[:1] for address in nic.addresses
        ):
            yield Diagnostic(
                "peer-without-address",
                f"`{peer.machine}` announces its own address to Route Server `{server.name}`, and it is not known",
                peer.span,
                help="state the address of its first interface, or the next hop with `via`",
                rule="R-GW-19",
            )
