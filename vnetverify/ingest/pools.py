"""Members of the backend pools of load balancers, as the pools and the interfaces tell them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vnetverify.header import family_of
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.interfaces import Card
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.references import vnet_of
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.shapes import BACKEND_ADDRESS, BACKEND_POOL, read
from vnetverify.ingest.values import as_address, as_list, as_object, as_reference, as_text, shown
from vnetverify.model.network import Nic

_BALANCERS = "loadbalancers"
_NOT_HERE = "it is not in the input"

# Records what is not modelled about a load balancer, and why.
Doubting = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Member:
    """An interface of a pool, by the address that packets for the pool get."""

    nic: Nic
    address: int


class Pools:
    """The pools of the load balancers of an input, whose interfaces are `cards`, by key."""

    def __init__(self, inventory: Inventory, findings: Findings, networks: Networks, cards: Mapping[str, Card]) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._cards = cards
        self._configurations = {key: card for card in cards.values() for key in card.addresses}
        self._by_address = {
            (card.nic.vnet, address): key
            for card in cards.values()
            for key, address in card.addresses.items()
            if address is not None
        }
        self._by_pool: dict[str, list[str]] = {}
        for card in cards.values():
            for key, pools in card.pools.items():
                for pool in pools or ():
                    self._by_pool.setdefault(pool, []).append(key)
                    self._findings.concern(parent_of(pool), *findings.concerned_by(card.resource.key))

    def doubt_absent(self, pools: frozenset[str]) -> None:
        """Tell of interfaces in pools of load balancers that the input lacks, or that do not have such a pool."""
        for pool, keys in self._by_pool.items():
            if pool in pools:
                continue
            balancer = self._inventory.find(parent_of(pool))
            if balancer is not None and balancer.kind == _BALANCERS and balancer.is_bare:
                continue  # in doubt as a whole
            for key in dict.fromkeys(parent_of(key) for key in keys):
                card = self._cards[key].resource
                what = f"backend pool `{shown(name_of(pool))}`, which {card.subject} names"
                self._findings.doubt(what, _NOT_HERE, card.key, card.span, with_peers=True)

    def members(
        self, balancer: Resource, name: str, item: dict[str, Any], pointer: str, doubt: Doubting
    ) -> list[Member]:
        """Return the members of the pool called `name`, having told `doubt` of those that are not known."""
        values, doubts = read(item, pointer, BACKEND_POOL)
        for one in doubts:
            doubt(f"`{one.name}` of pool `{name}` of {balancer.subject}", one.why)
        keys = self._keys(balancer, name, values, pointer, doubt)
        if len(keys) < len(as_list(values.get("loadbalancerbackendaddresses"), "loadBalancerBackendAddresses")):
            doubt(f"a member of pool `{name}` of {balancer.subject}", "neither its address nor its interface is told")
        found = (self._member(balancer, name, key, doubt) for key in keys)
        return [member for member in found if member is not None]

    def _keys(
        self, balancer: Resource, name: str, values: dict[str, Any], pointer: str, doubt: Doubting
    ) -> tuple[str, ...]:
        """Return the keys of the IP configurations in a pool, by its own word and by that of the interfaces."""
        pool = f"{balancer.key}/backendaddresspools/{name.lower()}"
        listed = values.get("backendipconfigurations")
        references = [
            as_reference(one, "backendIPConfigurations") for one in as_list(listed, "backendIPConfigurations")
        ]
        by_address = list(self._by_addresses(balancer, name, values, pointer, doubt))
        own = [key_of(reference) for reference in references if reference is not None]
        own += [key for key, is_named in by_address if is_named]
        theirs = self._by_pool.get(pool, [])
        what = f"pool `{name}` of {balancer.subject}"
        for key in own:
            card = self._configurations.get(key)
            pools = None if card is None else card.pools[key]
            if pools is not None and pool not in pools:
                doubt(what, f"it names `{shown(name_of(parent_of(key)))}`, which does not name it")
        for key in theirs:
            if listed is not None and key not in own:
                doubt(what, f"`{shown(name_of(parent_of(key)))}` is in it by its own word alone")
        return tuple(dict.fromkeys((*own, *(key for key, _ in by_address), *theirs)))

    def _member(self, balancer: Resource, name: str, key: str, doubt: Doubting) -> Member | None:
        what = f"`{shown(name_of(parent_of(key)))}` in pool `{name}` of {balancer.subject}"
        card = self._configurations.get(key)
        if card is None:
            if not self._findings.concerned_by(balancer.key):  # all members of a pool are of one vnet (F-LB-5)
                self._findings.concern(balancer.key, *self._networks.possible_homes(balancer))
            doubt(what, _NOT_HERE)
            return None
        self._findings.concern(balancer.key, *self._findings.concerned_by(card.resource.key))
        address = card.addresses[key]
        if address is None:
            doubt(what, "its address is not known")
            return None
        first = next(other for other in card.nic.addresses if family_of(other) is family_of(address))
        if address != first:
            doubt(what, "a member by another than its first address is not modelled")
            return None
        return Member(card.nic, address)

    def _by_addresses(
        self, balancer: Resource, name: str, pool: dict[str, Any], pointer: str, doubt: Doubting
    ) -> Iterator[tuple[str, bool]]:
        """Yield the keys of members that stand in the pool by address, and whether their interface is named there."""
        for item in as_list(pool.get("loadbalancerbackendaddresses"), "loadBalancerBackendAddresses"):
            values, doubts = read(as_object(item, "loadBalancerBackendAddresses"), pointer, BACKEND_ADDRESS)
            for one in doubts:
                doubt(f"`{one.name}` of a member of pool `{name}` of {balancer.subject}", one.why)
            configuration = as_reference(
                values.get("networkinterfaceipconfiguration"), "networkInterfaceIPConfiguration"
            )
            if configuration is not None:
                yield key_of(configuration), True
                continue
            if not values.get("ipaddress"):
                continue  # an entry for an interface that is told elsewhere
            place = as_reference(
                values.get("virtualnetwork") or values.get("subnet") or pool.get("virtualnetwork"), "virtualNetwork"
            )
            vnet = None if place is None else vnet_of(key_of(place))
            address = as_text(values["ipaddress"], "ipAddress")
            key = self._by_address.get((self._networks.names.get(vnet or "", ""), as_address(address)))
            if vnet is not None and vnet in self._networks.names:
                self._findings.concern(balancer.key, vnet)
            if key is not None:
                yield key, False
            else:
                doubt(f"{address} in pool `{name}` of {balancer.subject}", "its interface is not in the input")
