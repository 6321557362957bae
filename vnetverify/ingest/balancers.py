"""Load balancers: their frontends, what rules send where, whom they let out, and the probes in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from vnetverify.header import LAST_PORT, TCP, UDP, Family, family_of
from vnetverify.ingest.concerns import vnets_named_by
from vnetverify.ingest.findings import ANYTHING, Findings
from vnetverify.ingest.frontends import AnyFrontend, Frontends, family_at
from vnetverify.ingest.inbound_nat import InboundNat, is_public
from vnetverify.ingest.interfaces import Card
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.pools import Member, Pools
from vnetverify.ingest.properties import Shape, read
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.shapes import (
    BALANCING_RULE,
    INBOUND_NAT_RULE,
    LOAD_BALANCER,
    OUTBOUND_RULE,
    POOLS_OF_NAT,
    PROBE,
)
from vnetverify.ingest.values import (
    Malformed,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_reference,
    as_text,
    entries,
    member,
    printable,
    shown,
    sku_of,
)
from vnetverify.model.balancers import (
    Frontend,
    LoadBalancer,
    LoadBalancingRule,
    OutboundRule,
    Probe,
    PublicFrontend,
    Sku,
)
from vnetverify.model.network import Vnet
from vnetverify.source import Span

_T = TypeVar("_T")
_BALANCERS = "loadbalancers"
# Lists that Azure always gives, and that nothing else in a load balancer names.
_LISTS = ("frontendIPConfigurations", "loadBalancingRules", "inboundNatRules")
_PROTOCOLS = {"tcp": TCP, "udp": UDP, "all": None}
# What makes an inbound NAT rule one for the members of a pool, each with a port of its own.
_OF_SEVERAL = ("frontendportrangestart", "frontendportrangeend", "backendaddresspool")
_RANGES_OF_NAT = "inbound NAT of several ports is not modelled"
_OF_NAT = frozenset((_RANGES_OF_NAT, POOLS_OF_NAT))
_HEALTH = {"allprobeddown": False, "allprobedup": True}


@dataclass(slots=True)
class _Parts:
    """What rules of a load balancer refer to, by lower-case name; a frontend in doubt is None.

    `home` is the vnet of its frontends and members, None until one of them is known (F-LB-5).
    """

    frontends: Mapping[str, AnyFrontend | None]
    pools: Mapping[str, list[Member]]
    probes: Mapping[str, tuple[dict[str, Any], str]]
    home: str | None


class Balancers:
    """The load balancers of an input; make them when vnets and interfaces are made.

    `closed` are the subnets (`vnet.subnet`) of members that a Standard load balancer takes the default way out from.
    `by_key` holds each load balancer that is modelled by the key of its resource.
    """

    def __init__(
        self,
        inventory: Inventory,
        findings: Findings,
        networks: Networks,
        cards: Mapping[str, Card],
        vnets: Mapping[str, Vnet],
    ) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        subnets = {subnet.id: subnet for vnet in vnets.values() for subnet in vnet.subnets}
        open_ones = {
            name
            for name, subnet in subnets.items()
            if subnet.default_outbound is not False and subnet.nat_gateway is None
        }
        self._pools = Pools(inventory, findings, networks, cards, open_ones.__contains__)
        # In a list of its own: with a method of this object neither would be let go without the collector of cycles.
        self._told = told = list[tuple[Resource, str, str]]()
        self._frontends = Frontends(inventory, findings, networks, lambda *doubt: told.append(doubt))
        self._inbound_nat = InboundNat(inventory, networks)
        self._filtered = {name for name, subnet in subnets.items() if subnet.nsg is not None}
        self._names = unique_names(((one.id, one.span) for one in inventory.of(_BALANCERS)), findings)
        self._known_parts: set[str] = set()
        self._standing: dict[str, list[str]] = {}
        self.closed: set[str] = set()
        self.by_key: dict[str, LoadBalancer] = {}

    def load_balancers(self) -> dict[str, LoadBalancer]:
        """Return the load balancers that have a frontend, by name; what is more than the model holds is in doubt."""
        for resource in self._inventory.of(_BALANCERS):
            named = vnets_named_by(resource, self._findings, self._networks.names)
            self._findings.concern(resource.key, *named)
            if resource.is_bare:
                self._doubt(resource, resource.subject, "it is listed without its properties")
                continue
            try:
                balancer = self._balancer(resource)
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
            else:
                if balancer.frontends or balancer.public_frontends:
                    self.by_key[resource.key] = balancer
        self._pools.doubt_absent(frozenset(self._known_parts))
        reasons: dict[str, set[str]] = {}
        for resource, _, why in self._told:
            reasons.setdefault(resource.key, set()).add(why)
        for resource, what, why in self._told:
            where = self._only_places(resource) if reasons[resource.key] <= _OF_NAT else ()
            subject = resource.key if self._findings.concerned_by(resource.key) else ANYTHING
            outside = is_public(resource)
            self._findings.doubt(what, why, subject, resource.span, True, where, bool(where), is_outside=outside)
        return {balancer.name: balancer for balancer in self.by_key.values()}

    def _only_places(self, balancer: Resource) -> tuple[str, ...]:
        """Return the subnets behind a load balancer of which nothing but inbound NAT is in doubt, where this changes no
        flow but those that begin or end there; none where it may change others.

        What is asked about a frontend is asked about the subnets to which its rules lead: there has to be one.
        """
        made = self.by_key.get(balancer.key)
        has_rules = made is not None and bool(made.rules)
        keys = self._inbound_nat.places(balancer) if has_rules and is_public(balancer) else None
        if keys is None:
            return ()
        self._findings.concern(balancer.key, *map(parent_of, keys))
        others = (self._networks.places[key] for key in sorted(keys))
        return tuple(dict.fromkeys((*self._standing[balancer.key], *(f"{one.vnet}.{one.subnet}" for one in others))))

    def _doubt(self, resource: Resource, what: str, why: str) -> None:
        """Keep what is not modelled until all vnets that it concerns are known."""
        self._told.append((resource, what, why))

    def _read(self, resource: Resource, item: dict[str, Any], pointer: str, kind: Shape, what: str) -> dict[str, Any]:
        values, doubts = read(item, pointer, kind)
        for doubt in doubts:
            self._doubt(resource, f"`{doubt.name}` of {what}", doubt.why)
        return values

    def _balancer(self, resource: Resource) -> LoadBalancer:
        values = self._read(resource, resource.body, resource.pointer, LOAD_BALANCER, resource.subject)
        name = self._names[resource.key]
        sku = self._sku(resource, as_object(values.get("sku"), "sku"))
        parts = self._parts(resource, name, sku, values)
        self._doubt_untold(resource, sku, parts)
        self._standing[resource.key] = [one.nic.subnet_id for members in parts.pools.values() for one in members]
        if sku is not Sku.BASIC:
            self.closed.update(one.nic.subnet_id for members in parts.pools.values() for one in members)
        rules = list(self._each(resource, values, "loadBalancingRules", (BALANCING_RULE, "rule"), parts, self._rule))
        of_every_port = {rule.frontend for rule in rules if rule.protocol is None}
        nat = (INBOUND_NAT_RULE, "inbound NAT rule")
        for rule in self._each(resource, values, "inboundNatRules", nat, parts, self._nat_rule):
            if rule.frontend in of_every_port:
                what = f"inbound NAT rule `{shown(rule.name)}` of {resource.subject}"
                self._doubt(resource, what, "a rule beside one of all ports is not modelled")
            else:
                rules.append(rule)
        outbound = (OUTBOUND_RULE, "outbound rule")
        known = [frontend for frontend in parts.frontends.values() if frontend is not None]
        return LoadBalancer(
            name,
            sku,
            tuple(frontend for frontend in known if isinstance(frontend, Frontend)),
            tuple(rules),
            tuple(frontend for frontend in known if isinstance(frontend, PublicFrontend)),
            tuple(self._each(resource, values, "outboundRules", outbound, parts, self._outbound_rule)),
            resource.span,
        )

    def _sku(self, resource: Resource, value: dict[str, Any]) -> Sku | None:
        name, tier = member(value, "name"), member(value, "tier")
        sku = sku_of(value)
        if name is not None and sku is None:
            self._doubt(
                resource, resource.subject, f"load balancers of SKU `{shown(as_text(name, 'sku'))}` are not modelled"
            )
        if tier is not None and as_text(tier, "sku.tier").lower() != "regional":
            self._doubt(resource, resource.subject, f"load balancers of tier `{shown(tier)}` are not modelled")
        return sku

    def _parts(self, resource: Resource, balancer: str, sku: Sku | None, values: dict[str, Any]) -> _Parts:
        """Return what rules refer to, having kept the names of what interfaces may name."""
        pools = {}
        for name, item, pointer in _items(resource, values, "backendAddressPools"):
            self._known_parts.add(f"{resource.key}/backendaddresspools/{name.lower()}")
            pools[name.lower()] = self._pools.members(
                resource, name, item, pointer, sku, lambda what, why: self._doubt(resource, what, why)
            )
        for name, _, _ in _items(resource, values, "inboundNatRules"):
            self._known_parts.add(f"{resource.key}/inboundnatrules/{name.lower()}")
        frontends = {
            name.lower(): self._frontends.frontend(resource, balancer, sku, name, item, pointer)
            for name, item, pointer in _items(resource, values, "frontendIPConfigurations")
        }
        probes = {name.lower(): (item, pointer) for name, item, pointer in _items(resource, values, "probes")}
        vnets = [one.vnet for one in frontends.values() if isinstance(one, Frontend)]
        vnets += [one.nic.vnet for members in pools.values() for one in members]
        return _Parts(frontends, pools, probes, next(iter(vnets), None))

    def _doubt_untold(self, resource: Resource, sku: Sku | None, parts: _Parts) -> None:
        """Lists that Azure always gives say something by not being there; outbound rules matter to public frontends."""
        is_public = any(isinstance(frontend, PublicFrontend) for frontend in parts.frontends.values())
        outbound = ("outboundRules",) if is_public and sku is not Sku.BASIC else ()
        for name in (*_LISTS, *outbound) if resource.is_of_azure else ():
            if resource.stated(name) is None:
                self._doubt(resource, f"`{name}` of {resource.subject}", "the input leaves the list out")

    def _each(
        self,
        resource: Resource,
        values: dict[str, Any],
        field: str,
        kind: tuple[Shape, str],
        parts: _Parts,
        made_of: Callable[[_Item, _Parts], _T | None],
    ) -> Iterator[_T]:
        """Yield what `made_of` makes of the members of a list of rules; one that is not modelled is in doubt."""
        shape, noun = kind
        for name, item, pointer in _items(resource, values, field):
            what = f"{noun} `{shown(name)}` of {resource.subject}"
            inner = self._read(resource, item, pointer, shape, what)
            try:
                made = made_of(_Item(resource, name, inner, what, resource.place(pointer)), parts)
            except _NotModelled as reason:
                self._doubt(resource, what, str(reason))
            else:
                if made is not None:
                    yield made

    def _rule(self, item: _Item, parts: _Parts) -> LoadBalancingRule | None:
        """Return the rule, None where its frontend is in doubt. Raises `_NotModelled`."""
        frontend = _named(item.resource, item.values, "frontendIPConfiguration", parts.frontends)
        if frontend is None:
            return None
        members = self._members(item, parts, frontend)
        probe = self._probe(item, parts.probes)
        family, is_public = family_at(frontend), isinstance(frontend, PublicFrontend)
        if probe is not None and family is Family.IPV6:
            for one in members:
                if one.nic.nsg is None and one.nic.subnet_id not in self._filtered:
                    raise _NotModelled("IPv6 probes of members without a security group are not modelled (F-LB-14)")
        protocol, port, backend_port = _service(item.values)
        if protocol is None and is_public:
            raise _NotModelled("rules of all ports at a public frontend are not modelled")
        keeps_in = bool(as_flag(item.values.get("disableoutboundsnat"), "disableOutboundSnat"))
        return LoadBalancingRule(
            item.name,
            frontend.name,
            protocol,
            port,
            _names_of(members),
            backend_port,
            probe,
            bool(as_flag(item.values.get("enablefloatingip"), "enableFloatingIP")),
            # States stand above what a probe says, and are nothing without one (F-LB-12).
            _names_of(one for one in members if one.state == "up" and probe is not None),
            _names_of(one for one in members if one.state == "down" and probe is not None),
            gives_egress=not (is_public and keeps_in),
            span=item.span,
        )

    def _nat_rule(self, item: _Item, parts: _Parts) -> LoadBalancingRule | None:
        """Return the rule, None where its frontend is in doubt or it leads to nobody. Raises `_NotModelled`."""
        frontend = _named(item.resource, item.values, "frontendIPConfiguration", parts.frontends)
        if frontend is None:
            return None
        if any(item.values.get(field) for field in _OF_SEVERAL):
            raise _NotModelled(_RANGES_OF_NAT)
        reference = as_reference(item.values.get("backendipconfiguration"), "backendIPConfiguration")
        stated = None if reference is None else key_of(reference)
        target = self._pools.of_nat_rule(
            item.resource, item.name, stated, lambda what, why: self._doubt(item.resource, what, why)
        )
        if target is None:
            return None
        _same_network(parts, [target])
        _same_family(frontend, [target])
        protocol, port, backend_port = _service(item.values)
        if protocol is None:
            raise _NotModelled("inbound NAT rules of all protocols are not modelled")
        return LoadBalancingRule(
            item.name,
            frontend.name,
            protocol,
            port,
            (target.nic.name,),
            backend_port,
            floating_ip=bool(as_flag(item.values.get("enablefloatingip"), "enableFloatingIP")),
            is_inbound_nat=True,
            span=item.span,
        )

    def _outbound_rule(self, item: _Item, parts: _Parts) -> OutboundRule | None:
        """Return the rule, None where all its frontends are in doubt. Raises `_NotModelled`."""
        field = "frontendIPConfigurations"
        references = as_list(item.values.get(field.lower()), field)
        named = [_named(item.resource, {"frontend": one}, "frontend", parts.frontends) for one in references]
        found = [frontend for frontend in named if frontend is not None]
        word = as_text(item.values.get("protocol"), "protocol").lower()
        if not references or word not in _PROTOCOLS or any(isinstance(frontend, Frontend) for frontend in found):
            raise _NotModelled("an outbound rule of this form is not modelled")
        members = _named(item.resource, item.values, "backendAddressPool", parts.pools)
        _same_network(parts, members)
        names = tuple(dict.fromkeys(frontend.name for frontend in found))
        return OutboundRule(item.name, names, _PROTOCOLS[word], _names_of(members), item.span) if names else None

    def _members(self, item: _Item, parts: _Parts, frontend: AnyFrontend) -> list[Member]:
        single, several = item.values.get("backendaddresspool"), item.values.get("backendaddresspools")
        named = [*([single] if single else []), *as_list(several, "backendAddressPools")]
        keys = dict.fromkeys(key_of(as_reference(one, "backendAddressPool") or "") for one in named)
        if len(keys) > 1:
            raise _NotModelled("rules with several pools are not modelled")
        members = [one for pool in named[:1] for one in _named(item.resource, {"pool": pool}, "pool", parts.pools)]
        _same_network(parts, members)
        _same_family(frontend, members)
        return members

    def _probe(self, item: _Item, probes: Mapping[str, tuple[dict[str, Any], str]]) -> Probe | None:
        if item.values.get("probe") is None:
            return None
        body, pointer = _named(item.resource, item.values, "probe", probes)
        inner = self._read(item.resource, body, pointer, PROBE, f"a probe of {item.resource.subject}")
        if as_text(inner.get("protocol"), "protocol").lower() not in ("tcp", "http", "https"):
            raise _NotModelled("probes of this protocol are not modelled")
        when_none = as_text(inner.get("nohealthybackendsbehavior") or "AllProbedDown", "noHealthyBackendsBehavior")
        if when_none.lower() not in _HEALTH:
            raise _NotModelled(f"`noHealthyBackendsBehavior` `{shown(when_none)}` is not modelled")
        return Probe(_port(inner, "port"), _HEALTH[when_none.lower()])


@dataclass(frozen=True, slots=True)
class _Item:
    """A rule of a load balancer as read: `what` names it in a message."""

    resource: Resource
    name: str
    values: dict[str, Any]
    what: str
    span: Span


class _NotModelled(Exception):
    """A rule that Azure accepts and the model cannot hold; the message says why."""


def _names_of(members: Iterable[Member]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.nic.name for one in members))


def _same_network(parts: _Parts, members: Iterable[Member]) -> None:
    for one in members:
        parts.home = parts.home or one.nic.vnet
        if one.nic.vnet != parts.home:
            raise _NotModelled("members in another network than the frontend are not modelled")


def _same_family(frontend: AnyFrontend, members: Iterable[Member]) -> None:
    if any(family_of(one.address) is not family_at(frontend) for one in members):
        raise _NotModelled("members of the other address family than the frontend are not modelled")


def _items(resource: Resource, values: dict[str, Any], field: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the members of a list inside a load balancer with their names and pointers."""
    _, pointer = resource.located(field)
    known: set[str] = set()
    for position, item in entries(values.get(field.lower()), field):
        body = as_object(item, field)
        as_object(body.get("properties"), f"{field}.properties")
        named = body.get("name") or body.get("id")
        if not isinstance(named, str) or not name_of(named):
            raise Malformed(f"entry {position} of `{field}` has neither name nor id")
        name = name_of(printable(named))
        if name.lower() in known:
            raise Malformed(f"two entries of `{field}` are called `{shown(name)}`")
        known.add(name.lower())
        yield name, body, f"{pointer}/{position}"


def _named(resource: Resource, values: dict[str, Any], field: str, parts: Mapping[str, _T]) -> _T:
    """Return the part of the load balancer `resource` that `field` names. Raises `_NotModelled` for one it lacks."""
    reference = as_reference(values.get(field.lower()), field)
    key = "" if reference is None else key_of(reference)
    if parent_of(key) != resource.key or name_of(key) not in parts:
        raise _NotModelled(f"its `{field}` is not in the input")
    return parts[name_of(key)]


def _service(values: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    """Return protocol, port and backend port of a rule; for HA ports none of them. Raises `_NotModelled`."""
    word = as_text(values.get("protocol"), "protocol").lower()
    port, backend_port = _port(values, "frontendPort"), _port(values, "backendPort")
    if word not in _PROTOCOLS:
        raise _NotModelled(f"rules of protocol `{shown(word)}` are not modelled")
    if word == "all":
        if port or backend_port:
            raise _NotModelled("a rule of all protocols for one port is not modelled")
        return None, None, None
    if not port or not backend_port:
        raise _NotModelled("a rule for port 0 is not modelled")
    return _PROTOCOLS[word], port, backend_port


def _port(values: dict[str, Any], field: str) -> int:
    port = as_number(values.get(field.lower()), field)
    if not 0 <= port <= LAST_PORT:
        raise Malformed(f"`{field}` is {port}, not a port")
    return port
