"""Where security groups judge packets, and which local addresses packets have there.

F-NSG-13, F-EVAL-7, F-FWD-1, F-ADDR-5, F-PE-1, F-PE-2, R-UDR-10, R-UDR-19,
F-PIP-1, F-PIP-2, F-PIP-3, F-LB-7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.appliances import undeclared_machines
from vnetverify.encoder.filters import Spot
from vnetverify.header import Interval, IntervalSet, interval_set
from vnetverify.model.balancers import Sku
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Nic, PrivateEndpointPolicies, Subnet
from vnetverify.model.security import Direction
from vnetverify.source import Span

_BOTH = (Direction.INBOUND, Direction.OUTBOUND)
_WITHOUT_GROUPS = (PrivateEndpointPolicies.DISABLED, PrivateEndpointPolicies.ROUTE_TABLES)


@dataclass(frozen=True, slots=True)
class Entry:
    """What packets come in by; `name` is what the fact about its SKU is about, where that is not stated."""

    name: str
    sku: Sku | None
    span: Span
    is_balancer: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Packets that the same security groups judge in the same way: those at `spot` with a local address in `local`.

    `groups` are the subnet's, then the interface's, each but once; `nics` the interfaces that are meant, none for
    hosts that are not declared. What passes only `directions` is judged. With an `entry` packets came in by that public
    address, or by a load balancer's, whose SKU decides where there is no group (F-PIP-1 to F-PIP-3, F-LB-7).
    """

    spot: Spot
    local: IntervalSet
    groups: tuple[str, ...]
    nics: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = _BOTH
    entry: Entry | None = None


def contexts(estate: Estate) -> Iterator[Context]:
    """Yield every context of an estate, those without a security group among them.

    Together they hold every packet that any filter judges: of hosts with their own addresses, of whatever is forwarded
    where something can forward, of frontends at members with floating IP, and of private endpoints.
    """
    undeclared: dict[str, list[Nic]] = {}
    for machine in undeclared_machines(estate.network):
        if machine.name not in estate.network.machines:
            for nic in machine.nics:
                undeclared.setdefault(nic.subnet_id, []).append(nic)
    floating = _floating(estate)
    for subnet in estate.subnets.values():
        yield from _of_hosts(estate, subnet)
        for nic in (*estate.nics_in[subnet.id], *undeclared.get(subnet.id, ())):
            if estate.is_managed(nic):
                continue
            groups = _groups(subnet, nic.nsg)
            if nic.ip_forwarding:
                yield Context(Spot(subnet, nic), estate.realm.addresses, groups, (nic.name,))
            elif nic.name in floating:
                named = interval_set(floating[nic.name])
                yield Context(Spot(subnet, nic), named, groups, (nic.name,), (Direction.INBOUND,))
        if _is_known_in_part(estate, subnet):
            unknown = Nic(f"? in {subnet.id}", "?", subnet.vnet, subnet.name, (), ip_forwarding=True)
            yield Context(Spot(subnet, unknown), estate.realm.addresses, _groups(subnet, None))
        yield from _of_endpoints(estate, subnet)


def _groups(subnet: Subnet, nsg: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (subnet.nsg, nsg) if name is not None))


def _of_hosts(estate: Estate, subnet: Subnet) -> Iterator[Context]:
    """Yield the hosts of a subnet by the group of their interface."""
    declared = [nic for nic in estate.nics_in[subnet.id] if nic.addresses]
    by_group: dict[str | None, list[Nic]] = {None: []}
    for nic in declared:
        if not estate.is_managed(nic):
            by_group.setdefault(nic.nsg, []).append(nic)
    held = _addresses(declared)
    for nsg, nics in by_group.items():
        local = _addresses(nics)
        if nsg is None:
            hosts = estate.hosts_among(Place(PlaceKind.SUBNET.value, subnet.id), estate.hosts[subnet.id])
            local |= hosts - held
        if local:
            yield Context(Spot(subnet), local, _groups(subnet, nsg), tuple(nic.name for nic in nics))


def _of_endpoints(estate: Estate, subnet: Subnet) -> Iterator[Context]:
    """Yield the private endpoints of a subnet unless groups do not hold for them."""
    if subnet.private_endpoint_policies in _WITHOUT_GROUPS:
        return
    standing = [endpoint for endpoint in estate.endpoints_of[subnet.vnet] if endpoint.subnet_id == subnet.id]
    local = interval_set(Interval(address, address) for endpoint in standing for address in endpoint.addresses)
    if local:
        names = tuple(endpoint.name for endpoint in standing)
        yield Context(Spot(subnet, is_endpoint=True), local, _groups(subnet, None), names, (Direction.INBOUND,))


def _floating(estate: Estate) -> dict[str, list[Interval]]:
    """Return the addresses of frontends that packets may still have at a member, by its interface (F-ADDR-5).

    They are all public ones where a public frontend's is not known.
    """
    found: dict[str, list[Interval]] = {}
    fronts = [(balanced.rules, balanced.address) for balanced in estate.balanced_at.values()]
    fronts += [(one.rules, estate.entrance_at[one.place].known or estate.realm.public) for one in estate.published]
    for rules, addresses in fronts:
        for rule in rules:
            for name in rule.members if rule.floating_ip else ():
                found.setdefault(name, []).extend(addresses)
    return found


def _is_known_in_part(estate: Estate, subnet: Subnet) -> bool:
    """Tell whether something not modelled may stand in the subnet, an appliance for example, and no public address."""
    items = (item for item in estate.network.unmodelled if not item.places)
    return any(not item.vnets or subnet.vnet in item.vnets for item in items)


def _addresses(nics: list[Nic]) -> IntervalSet:
    return interval_set(Interval(address, address) for nic in nics for address in nic.addresses)


def entries(estate: Estate) -> Iterator[Context]:
    """Yield what comes in by a public address: at each interface that has one of the estate's family (F-PIP-1), and at
    each member behind a public frontend (F-LB-7)."""
    for machine in estate.network.machines.values():
        for nic in machine.nics if not machine.is_managed else ():
            public = nic.public_address  # in the plane of IPv6 that of IPv6
            if public is not None and nic.addresses:
                subnet = estate.subnets[nic.subnet_id]
                local, groups = IntervalSet((Interval(nic.addresses[0], nic.addresses[0]),)), _groups(subnet, nic.nsg)
                entry = Entry(public.name, public.sku, public.span)
                yield Context(Spot(subnet, nic), local, groups, (nic.name,), (Direction.INBOUND,), entry)
    for balancer in estate.network.load_balancers.values():
        fronts = {published.frontend.name for published in estate.published if published.balancer is balancer}
        members = (name for rule in balancer.rules if rule.frontend in fronts for name in rule.members)
        entry = Entry(f"load balancer {balancer.name}", balancer.sku, balancer.span, is_balancer=True)
        for name in dict.fromkeys(members):
            nic = estate.nic_named[name]
            if nic.addresses:
                subnet = estate.subnets[nic.subnet_id]
                local, groups = IntervalSet((Interval(nic.addresses[0], nic.addresses[0]),)), _groups(subnet, nic.nsg)
                yield Context(Spot(subnet, nic), local, groups, (nic.name,), (Direction.INBOUND,), entry)
