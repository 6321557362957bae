"""Where inbound NAT that is not modelled could lead: pools of it, and ranges of ports for a whole backend pool."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.publics import PUBLIC_KINDS
from vnetverify.ingest.references import ids_in, places_in
from vnetverify.ingest.resources import NIC_KINDS, Resource, key_of, kind_of, parent_of
from vnetverify.ingest.values import member

_BALANCERS = "loadbalancers"


class InboundNat:
    """Who is in pools and rules of the load balancers of an input, by the word of either."""

    def __init__(self, inventory: Inventory, networks: Networks) -> None:
        self._inventory = inventory
        self._networks = networks

    def places(self, balancer: Resource) -> set[str] | None:
        """Return the subnets (by key) with all whom inbound NAT of a `balancer` could lead to, but the members that it
        names by address; None where that is not known."""
        found: set[str] = set()
        for other in (*self._namers.get(balancer.key, ()), *self._named(balancer)):
            if other is None:
                return None
            if other.kind in NIC_KINDS:
                found.update(map(key_of, places_in(other)))
            elif other.kind not in PUBLIC_KINDS:
                places = self._networks.scale_sets.places(other)
                if places is None:
                    return None
                found |= places
        return found if found <= self._networks.places.keys() else None

    def _named(self, balancer: Resource) -> Iterable[Resource | None]:
        """Yield the interfaces that a load balancer names, or the scale sets of such; None for what is not told."""
        for identity in ids_in(balancer.body):
            interface = parent_of(key_of(identity))
            if kind_of(interface) in NIC_KINDS:
                card = self._inventory.find(interface)
                described = card is None and self._networks.scale_sets.places_described(interface)
                yield self._inventory.find(parent_of(interface, 2)) if described else card

    @cached_property
    def _namers(self) -> dict[str, list[Resource]]:
        """Who names a part of a load balancer, by the key of the latter."""
        found: dict[str, dict[str, Resource]] = {}
        for kind in self._inventory.kinds():
            for resource in self._inventory.of(kind):
                for key in map(key_of, ids_in(resource.body)):
                    balancer = parent_of(key)
                    if kind_of(balancer) == _BALANCERS and balancer != resource.key:
                        found.setdefault(balancer, {})[resource.key] = resource
        return {key: list(resources.values()) for key, resources in found.items()}


def is_public(balancer: Resource) -> bool:
    """Hold for a load balancer with public frontends alone: only flows from the Internet, or to it, turn on it."""
    frontends = balancer.stated("frontendIPConfigurations")
    if not isinstance(frontends, list) or not frontends:
        return False
    return all(isinstance(one, dict) and _is_public_frontend(member(one, "properties") or one) for one in frontends)


def _is_public_frontend(body: object) -> bool:
    if not isinstance(body, dict) or member(body, "subnet"):
        return False
    return bool(member(body, "publicIPAddress") or member(body, "publicIPPrefix"))
