"""Local network gateways that stand for something of the input: its own VPN gateways, or appliances.

What a local network gateway describes is modelled as a network outside. One with an address of a VPN gateway of the
input joins two networks that the model would take for apart, and one with that of an appliance leads to where this
stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from vnetverify.header import Prefix, parse_prefix
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.publics import PUBLIC_KINDS
from vnetverify.ingest.references import ids_in, vnet_of
from vnetverify.ingest.resources import Resource, key_of
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import Malformed, member, prefixes_of

LOCAL_GATEWAYS, ADDRESS = "localnetworkgateways", "gatewayIpAddress"
_GATEWAYS, _CONNECTIONS, _NETWORKS = "virtualnetworkgateways", "connections", "virtualnetworks"


@dataclass(frozen=True, slots=True)
class FarEnd:
    """What the local network gateway of a connection stands for: `subject` in a message, and the vnets where it is."""

    subject: str
    vnets: tuple[str, ...]


def far_ends(inventory: Inventory) -> dict[str, FarEnd]:
    """Return what of the input is, or may be, at the far end of a connection, by its key.

    A tunnel of two VPN gateways needs a connection at each. Where addresses do not tell, one is taken to be there if
    each has one, and what either says of the other side meets a vnet of the input.
    """
    ends = list(_ends(inventory))
    publics = [one for kind in PUBLIC_KINDS for one in inventory.of(kind)]
    found = {}
    for connection, gateway, local in ends:
        holders = [*_holders(inventory, publics, local), *_networks_around(inventory, local)]
        others = [
            far for _, far, back in ends if far.key != gateway.key and _joins(inventory, gateway, local, far, back)
        ]
        vnets = dict.fromkeys(vnet for one in (*holders, *others) for vnet in _vnets_of(one))
        if holders or others:
            found[connection.key] = FarEnd((*holders, *others)[0].subject, tuple(vnets))
    return found


def _ends(inventory: Inventory) -> Iterator[tuple[Resource, Resource, Resource]]:
    """Yield the connections to local network gateways, each with both of its gateways."""
    for connection in inventory.of(_CONNECTIONS):
        near, far = _named(connection, "virtualNetworkGateway1"), _named(connection, "localNetworkGateway2")
        gateway = None if near is None else inventory.find(near)
        local = None if far is None else inventory.find(far)
        if gateway is not None and local is not None and local.kind == LOCAL_GATEWAYS:
            yield connection, gateway, local


def _named(resource: Resource, field: str) -> str | None:
    return next(map(key_of, ids_in(resource.stated(field))), None)


def _holders(inventory: Inventory, publics: Iterable[Resource], local: Resource) -> list[Resource]:
    """Return what has the public address that `local` says."""
    named = {one.key for one in publics if _is_address_of(local.stated(ADDRESS), one)}
    if not named:
        return []
    kinds = (one for one in inventory.all() if one.kind not in (*PUBLIC_KINDS, _CONNECTIONS, LOCAL_GATEWAYS))
    return [one for one in kinds if not named.isdisjoint(map(key_of, ids_in(one.body)))]


def _networks_around(inventory: Inventory, local: Resource) -> Iterator[Resource]:
    """Yield the networks with a range around the address that `local` says: a tunnel over ExpressRoute, or from one
    network to another, ends at a private address."""
    address = local.stated(ADDRESS)
    if not isinstance(address, str):
        return
    try:
        own = parse_prefix(address)
    except ValueError:
        return
    for network in inventory.of(_NETWORKS):
        if any(_meet(own, prefix) for prefix in _prefixes(network.stated("addressSpace")) or ()):
            yield network


def _is_address_of(address: Any, public: Resource) -> bool:
    if isinstance(address, Unknown):
        return address.of is not None and address.of.key == public.key
    return isinstance(address, str) and bool(address) and address == public.stated("ipAddress")


def _joins(inventory: Inventory, gateway: Resource, local: Resource, far: Resource, back: Resource) -> bool:
    """Hold when `local` may be gateway `far`, whose own local network gateway `back` may be `gateway`."""
    return _may_be(inventory, local, far) and _may_be(inventory, back, gateway)


def _may_be(inventory: Inventory, local: Resource, gateway: Resource) -> bool:
    address = local.stated(ADDRESS)
    publics = [inventory.find(key_of(one)) for one in ids_in(gateway.body) if "/publicipaddresses/" in one.lower()]
    if any(one is not None and _is_address_of(address, one) for one in publics):
        return True
    if isinstance(address, Unknown) and address.of is not None:
        return False
    if isinstance(address, str) and address:
        # What a template deploys gets an address that nobody knows before; what an export lacks may have any.
        told = [one is not None and (not one.is_literal or bool(one.stated("ipAddress"))) for one in publics]
        if told and all(told):
            return False
    return _meets_a_vnet(inventory, local)


def _meets_a_vnet(inventory: Inventory, local: Resource) -> bool:
    """Hold when a prefix of `local` meets an address space of the input, as far as is known."""
    own = _prefixes(local.stated("localNetworkAddressSpace"))
    spaces = [_prefixes(one.stated("addressSpace")) for one in inventory.of(_NETWORKS)]
    if own is None or any(space is None for space in spaces):
        return True
    every = [prefix for space in spaces for prefix in space or ()]
    return any(_meet(one, other) for one in own for other in every)


def _meet(one: Prefix, other: Prefix) -> bool:
    return one.family is other.family and one.value <= other.last and other.value <= one.last


def _prefixes(space: Any) -> tuple[Prefix, ...] | None:
    """Return the prefixes of an address space, None where they are not known."""
    if not isinstance(space, dict):
        return () if space is None else None
    try:
        return prefixes_of(member(space, "addressPrefixes"), "addressPrefixes")
    except Malformed:
        return None


def _vnets_of(resource: Resource) -> Iterator[str]:
    if resource.kind == _NETWORKS:
        yield resource.key
        return
    yield from (vnet for one in ids_in(resource.body) if (vnet := vnet_of(key_of(one))) is not None)
