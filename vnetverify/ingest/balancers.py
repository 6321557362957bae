"""Load balancers: frontends with private addresses, what their rules send where, and the probes in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from vnetverify.header import LAST_PORT, TCP, UDP, Family, family_of
from vnetverify.ingest.concerns import vnets_named_by
from vnetverify.ingest.documents import place
from vnetverify.ingest.findings import ANYTHING, Findings
from vnetverify.ingest.interfaces import Card
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.pools import Member, Pools
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.shapes import BALANCING_RULE, FRONTEND, LOAD_BALANCER, PROBE, Shape, read
from vnetverify.ingest.values import (
    Malformed,
    as_address,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_reference,
    as_text,
    member,
    printable,
    shown,
    sku_of,
)
from vnetverify.model.network import Frontend, LoadBalancer, LoadBalancingRule, Probe, Sku, Vnet

_T = TypeVar("_T")
_BALANCERS = "loadbalancers"
# Lists that Azure always gives, and that nothing else in a load balancer names.
_LISTS = ("frontendIPConfigurations", "loadBalancingRules", "inboundNatRules")
_PROTOCOLS = {"tcp": TCP, "udp": UDP, "all": None}


class Balancers:
    """The load balancers of an input; make them when vnets and interfaces are made.

    `closed` are the subnets (`vnet.subnet`) of members that a Standard load balancer takes the default way out from.
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
        self._pools = Pools(inventory, findings, networks, cards)
        self._filtered = {subnet.id for vnet in vnets.values() for subnet in vnet.subnets if subnet.nsg is not None}
        self._names = unique_names(((one.id, one.span) for one in inventory.of(_BALANCERS)), findings)
        self._told: list[tuple[Resource, str, str]] = []
        self._known_pools: set[str] = set()
        self.closed: set[str] = set()

    def load_balancers(self) -> dict[str, LoadBalancer]:
        """Return the internal load balancers by name; what is public or more than the model holds is in doubt."""
        found = {}
        for resource in self._inventory.of(_BALANCERS):
            named = vnets_named_by(resource, self._findings, self._networks.names)
            self._findings.concern(resource.key, *named)
            if resource.is_bare:
                self._doubt(resource, resource.subject, "it is listed without its properties")
                continue
            try:
                balancer = self._balancer(resource)
            except Malformed as fault:
                self._findings.error("bad-value", f"{fault} in {resource.subject}", resource.span)
            else:
                if balancer.frontends:
                    found[balancer.name] = balancer
        self._pools.doubt_absent(frozenset(self._known_pools))
        for resource, what, why in self._told:
            subject = resource.key if self._findings.concerned_by(resource.key) else ANYTHING
            self._findings.doubt(what, why, subject, resource.span, with_peers=True)
        return found

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
        for name in _LISTS if resource.is_of_azure else ():
            if resource.stated(name) is None:
                self._doubt(resource, f"`{name}` of {resource.subject}", "the input leaves the list out")
        sku = self._sku(resource, as_object(values.get("sku"), "sku"))
        pools = {}
        for name, item, pointer in _parts(resource, values, "backendAddressPools"):
            self._known_pools.add(f"{resource.key}/backendaddresspools/{name.lower()}")
            pools[name.lower()] = self._pools.members(
                resource, name, item, pointer, lambda what, why: self._doubt(resource, what, why)
            )
        if sku is not Sku.BASIC:
            self.closed.update(one.nic.subnet_id for members in pools.values() for one in members)
        frontends = {
            name.lower(): self._frontend(resource, name, item, pointer)
            for name, item, pointer in _parts(resource, values, "frontendIPConfigurations")
        }
        probes = {name.lower(): (item, pointer) for name, item, pointer in _parts(resource, values, "probes")}
        rules: list[LoadBalancingRule] = []
        for name, item, pointer in _parts(resource, values, "loadBalancingRules"):
            what = f"rule `{shown(name)}` of {resource.subject}"
            inner = self._read(resource, item, pointer, BALANCING_RULE, what)
            try:
                rules.extend(self._rules(resource, name, inner, frontends, pools, probes, pointer))
            except _NotModelled as reason:
                self._doubt(resource, what, str(reason))
        known = tuple(frontend for frontend in frontends.values() if frontend is not None)
        return LoadBalancer(self._names[resource.key], sku, known, tuple(rules), span=resource.span)

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

    def _frontend(self, resource: Resource, name: str, item: dict[str, Any], pointer: str) -> Frontend | None:
        what = f"frontend `{shown(name)}` of {resource.subject}"
        values = self._read(resource, item, pointer, FRONTEND, what)
        subnet = as_reference(values.get("subnet"), "subnet")
        if values.get("publicipaddress") or values.get("publicipprefix") or subnet is None:
            self._doubt(resource, what, "public frontends are not modelled")
            return None
        if key_of(subnet) not in self._networks.places:
            raise Malformed("a frontend names no subnet of a virtual network")
        where = self._networks.places[key_of(subnet)]
        self._findings.concern(resource.key, parent_of(key_of(subnet)))
        text = values.get("privateipaddress")
        if not text or not self._networks.has_prefixes(key_of(subnet)):
            self._doubt(
                resource, what, "where it has its address is not in the input" if text else "its address is not known"
            )
            return None
        address = as_address(as_text(text, "privateIPAddress"))
        return Frontend(name, where.vnet, where.subnet, address, place(resource.file, pointer))

    def _rules(
        self,
        resource: Resource,
        name: str,
        values: dict[str, Any],
        frontends: Mapping[str, Frontend | None],
        pools: Mapping[str, list[Member]],
        probes: Mapping[str, tuple[dict[str, Any], str]],
        pointer: str,
    ) -> Iterator[LoadBalancingRule]:
        """Yield the rule, or nothing where its frontend is in doubt. Raises `_NotModelled`."""
        frontend = _named(resource, values, "frontendIPConfiguration", frontends)
        if frontend is None:
            return
        members = self._members(resource, values, pools, frontend)
        probe = self._probe(resource, values, probes)
        if probe is not None and family_of(frontend.address) is Family.IPV6:
            for one in members:
                if one.nic.nsg is None and one.nic.subnet_id not in self._filtered:
                    raise _NotModelled("IPv6 probes of members without a security group are not modelled (F-LB-14)")
        protocol, port, backend_port = _service(values)
        yield LoadBalancingRule(
            name,
            frontend.name,
            protocol,
            port,
            tuple(dict.fromkeys(one.nic.name for one in members)),
            backend_port,
            probe,
            bool(as_flag(values.get("enablefloatingip"), "enableFloatingIP")),
            span=place(resource.file, pointer),
        )

    def _members(
        self, resource: Resource, values: dict[str, Any], pools: Mapping[str, list[Member]], frontend: Frontend
    ) -> list[Member]:
        single, several = values.get("backendaddresspool"), values.get("backendaddresspools")
        named = [*([single] if single else []), *as_list(several, "backendAddressPools")]
        keys = dict.fromkeys(key_of(as_reference(one, "backendAddressPool") or "") for one in named)
        if len(keys) > 1:
            raise _NotModelled("rules with several pools are not modelled")
        members = [one for item in named[:1] for one in _named(resource, {"pool": item}, "pool", pools)]
        if any(one.nic.vnet != frontend.vnet for one in members):
            raise _NotModelled("members in another network than the frontend are not modelled")
        if any(family_of(one.address) is not family_of(frontend.address) for one in members):
            raise _NotModelled("members of the other address family than the frontend are not modelled")
        return members

    def _probe(
        self, resource: Resource, values: dict[str, Any], probes: Mapping[str, tuple[dict[str, Any], str]]
    ) -> Probe | None:
        if values.get("probe") is None:
            return None
        item, pointer = _named(resource, values, "probe", probes)
        inner = self._read(resource, item, pointer, PROBE, f"a probe of {resource.subject}")
        if as_text(inner.get("protocol"), "protocol").lower() not in ("tcp", "http", "https"):
            raise _NotModelled("probes of this protocol are not modelled")
        return Probe(_port(inner, "port"))


class _NotModelled(Exception):
    """A rule that Azure accepts and the model cannot hold; the message says why."""


def _parts(resource: Resource, values: dict[str, Any], field: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the members of a list inside a load balancer with their names and pointers."""
    _, pointer = resource.located(field)
    known: set[str] = set()
    for position, item in enumerate(as_list(values.get(field.lower()), field)):
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
    return _PROTOCOLS[word], port, backend_port


def _port(values: dict[str, Any], field: str) -> int:
    port = as_number(values.get(field.lower()), field)
    if not 0 <= port <= LAST_PORT:
        raise Malformed(f"`{field}` is {port}, not a port")
    return port
