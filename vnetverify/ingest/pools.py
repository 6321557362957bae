"""Members of the backend pools and inbound NAT rules of load balancers, as these and the interfaces tell them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vnetverify.header import family_of
from vnetverify.ingest.findings import NOT_HERE, Findings
from vnetverify.ingest.interfaces import Card
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.properties import read
from vnetverify.ingest.references import vnet_of
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.shapes import BACKEND_ADDRESS, BACKEND_POOL
from vnetverify.ingest.values import as_address, as_list, as_object, as_reference, as_text, shown
from vnetverify.model.balancers import Sku
from vnetverify.model.network import Nic

_BALANCERS = "loadbalancers"

# Records what is not modelled about a load balancer, and why.
Doubting = Callable[[str, str], None]


_STATES = {"": None, "none": None, "up": "up", "down": "down"}


@dataclass(frozen=True, slots=True)
class Member:
    """An interface of a pool, by the address that packets for the pool get.

    `state` is its administrative state, "up" or "down", None where probes decide (F-LB-12).
    """

    nic: Nic
    address: int
    state: str | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A member that stands in a pool by itself: `key` is that of its IP configuration, which `is_named` there."""

    key: str
    is_named: bool
    state: str | None


class Pools:
    """The pools of the load balancers of an input, whose interfaces are `cards`, by key.

    `keeps_default_way_out` tells whether the members in a subnet (`vnet.subnet`) may have it.
    """

    def __init__(
        self,
        inventory: Inventory,
        findings: Findings,
        networks: Networks,
        cards: Mapping[str, Card],
        keeps_default_way_out: Callable[[str], bool],
    ) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._cards = cards
        self._keeps_default_way_out = keeps_default_way_out
        self._configurations = {key: card for card in cards.values() for key in card.addresses}
        self._by_address = {
            (card.nic.vnet, address): key
            for card in cards.values()
            for key, address in card.addresses.items()
            if address is not None
        }
        self._by_pool: dict[str, list[str]] = {}
        self._by_nat_rule: dict[str, list[str]] = {}
        for card in cards.values():
            for found, said in ((self._by_pool, card.pools), (self._by_nat_rule, card.nat_rules)):
                for key, parts in said.items():
                    for part in parts or ():
                        found.setdefault(part, []).append(key)
                        self._findings.concern(parent_of(part), *findings.concerned_by(card.resource.key))

    def doubt_absent(self, parts: frozenset[str]) -> None:
        """Tell of interfaces in pools and inbound NAT rules that the load balancers of the input do not have: `parts`
        are those that they have."""
        for what, found in (("backend pool", self._by_pool), ("inbound NAT rule", self._by_nat_rule)):
            for part, keys in found.items():
                if part not in parts:
                    self._doubt_absent(what, part, keys)

    def _doubt_absent(self, what: str, part: str, keys: Iterable[str]) -> None:
        balancer = self._inventory.find(parent_of(part))
        if balancer is not None and balancer.kind == _BALANCERS and balancer.is_bare:
            return  # in doubt as a whole
        for key in dict.fromkeys(parent_of(key) for key in keys):
            card = self._cards[key].resource
            subject = f"{what} `{shown(name_of(part))}`, which {card.subject} names"
            self._findings.doubt(subject, NOT_HERE, card.key, card.span, with_peers=True)

    def members(
        self, balancer: Resource, name: str, item: dict[str, Any], pointer: str, sku: Sku | None, doubt: Doubting
    ) -> list[Member]:
        """Return the members of the pool called `name`, having told `doubt` of those that are not known."""
        values, doubts = read(item, pointer, BACKEND_POOL)
        for one in doubts:
            doubt(f"`{one.name}` of pool `{name}` of {balancer.subject}", one.why)
        entries = list(self._by_addresses(balancer, name, values, pointer, doubt))
        keys = self._keys(balancer, name, values, entries, doubt)
        what = f"pool `{name}` of {balancer.subject}"
        if len(keys) < len(as_list(values.get("loadbalancerbackendaddresses"), "loadBalancerBackendAddresses")):
            doubt(f"a member of {what}", "neither its address nor its interface is given")
        states: dict[str, set[str | None]] = {}
        for entry in entries:
            states.setdefault(entry.key, set()).add(entry.state)
        if any(len(found) > 1 for found in states.values()):
            doubt(what, "a member of it stands there twice, in different states")
        told = ((key, self._member(balancer, f"pool `{name}`", key, doubt)) for key in keys)
        found = [(key, member) for key, member in told if member is not None]
        if sku is not Sku.BASIC and _is_by_address(values):
            for _, member in found:
                if self._keeps_default_way_out(member.nic.subnet_id):
                    why = "members by address may keep the default way out, which is not modelled"
                    doubt(f"`{member.nic.name}` in {what}", why)
        return [replace(member, state=next(iter(states.get(key, ())), None)) for key, member in found]

    def of_nat_rule(self, balancer: Resource, name: str, stated: str | None, doubt: Doubting) -> Member | None:
        """Return whom an inbound NAT rule leads to; `stated` is the key of the IP configuration that it names."""
        rule, what = f"{balancer.key}/inboundnatrules/{name.lower()}", f"inbound NAT rule `{name}`"
        theirs = list(dict.fromkeys(self._by_nat_rule.get(rule, [])))
        if stated is not None:
            card = self._configurations.get(stated)
            rules = None if card is None else card.nat_rules[stated]
            if rules is not None and rule not in rules:
                doubt(f"{what} of {balancer.subject}", "the interface that it names does not name it")
        if len({*theirs, *(() if stated is None else (stated,))}) > 1:
            doubt(f"{what} of {balancer.subject}", "several interfaces are said to be its own")
        key = stated if stated is not None else next(iter(theirs), None)
        return None if key is None else self._member(balancer, what, key, doubt)

    def _keys(
        self, balancer: Resource, name: str, values: dict[str, Any], entries: Iterable[_Entry], doubt: Doubting
    ) -> tuple[str, ...]:
        """Return the keys of the IP configurations in a pool, by its own word and by that of the interfaces."""
        pool = f"{balancer.key}/backendaddresspools/{name.lower()}"
        listed = values.get("backendipconfigurations")
        references = [
            as_reference(one, "backendIPConfigurations") for one in as_list(listed, "backendIPConfigurations")
        ]
        own = [key_of(reference) for reference in references if reference is not None]
        own += [entry.key for entry in entries if entry.is_named]
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
        return tuple(dict.fromkeys((*own, *(entry.key for entry in entries), *theirs)))

    def _member(self, balancer: Resource, part: str, key: str, doubt: Doubting) -> Member | None:
        what = f"`{shown(name_of(parent_of(key)))}` in {part} of {balancer.subject}"
        card = self._configurations.get(key)
        if card is None:
            self._findings.concern(balancer.key, *self._networks.homes_of(key))
            if not self._findings.concerned_by(balancer.key):  # all members of a pool are of one vnet (F-LB-5)
                self._findings.concern(balancer.key, *self._networks.possible_homes(balancer))
            if not self._networks.scale_sets.places_described(parent_of(key)):
                doubt(what, NOT_HERE)
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
    ) -> Iterator[_Entry]:
        """Yield the members that stand in the pool by address or interface."""
        for item in as_list(pool.get("loadbalancerbackendaddresses"), "loadBalancerBackendAddresses"):
            values, doubts = read(as_object(item, "loadBalancerBackendAddresses"), pointer, BACKEND_ADDRESS)
            for one in doubts:
                doubt(f"`{one.name}` of a member of pool `{name}` of {balancer.subject}", one.why)
            word = as_text(values.get("adminstate") or "", "adminState").lower()
            if word not in _STATES:
                doubt(f"`adminState` in pool `{name}` of {balancer.subject}", f"`{shown(word)}` is not modelled")
            state = _STATES.get(word)
            configuration = as_reference(
                values.get("networkinterfaceipconfiguration"), "networkInterfaceIPConfiguration"
            )
            if configuration is not None:
                yield _Entry(key_of(configuration), True, state)
                continue
            if not values.get("ipaddress"):  # an entry for an interface that is told elsewhere
                if state is not None:
                    doubt(f"a state in pool `{name}` of {balancer.subject}", "the input does not say whose it is")
                continue
            place = as_reference(
                values.get("virtualnetwork") or values.get("subnet") or pool.get("virtualnetwork"), "virtualNetwork"
            )
            vnet = None if place is None else vnet_of(key_of(place))
            address = as_text(values["ipaddress"], "ipAddress")
            key = self._by_address.get((self._networks.names.get(vnet or "", ""), as_address(address)))
            if vnet is not None and vnet in self._networks.names:
                self._findings.concern(balancer.key, vnet)
            if key is not None:
                yield _Entry(key, False, state)
            else:
                doubt(f"{address} in pool `{name}` of {balancer.subject}", "its interface is not in the input")


def _is_by_address(pool: dict[str, Any]) -> bool:
    """Hold for a pool whose members were named by address, which a pool of interfaces does not tell."""
    entries = as_list(pool.get("loadbalancerbackendaddresses"), "loadBalancerBackendAddresses")
    found = (read(as_object(entry, "loadBalancerBackendAddresses"), "", BACKEND_ADDRESS)[0] for entry in entries)
    return any(values.get("ipaddress") for values in found)
