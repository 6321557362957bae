"""Load balancers in test vectors, which the two formats spell each in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vnetverify.header import TCP, UDP, parse_address
from vnetverify.model.balancers import (
    Frontend,
    LoadBalancer,
    LoadBalancingRule,
    Probe,
    PublicAddress,
    PublicFrontend,
    Sku,
)
from vnetverify.model.endpoints import PUBLIC_ADDRESSES, PUBLIC_IPV6_ADDRESSES, place_of_frontend
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Machine, Nic
from vnetverify.testing.layout import Layout
from vnetverify.testing.questions import End
from vnetverify.testing.records import NotApplicable, Record

_FRONTEND = "frontend"
_PROTOCOLS = {"tcp": TCP, "udp": UDP, "all": None, "*": None}


_SKUS = {"standard": Sku.STANDARD, "standardv2": Sku.STANDARD, "basic": Sku.BASIC}


def sku_called(text: str | None) -> Sku | None:
    """Return the SKU, of which StandardV2 is as closed as Standard (F-PIP-1). Raises `NotApplicable`."""
    if text and text.casefold() not in _SKUS:
        raise NotApplicable(f"the SKU `{text}`")
    return _SKUS[text.casefold()] if text else None


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a format calls the parts of a rule."""

    frontend_port: str
    backend_port: str
    probe_port: str
    floating_ip: str


FILTERING = Spelling("frontendPort", "backendPort", "probePort", "floatingIp")
ROUTING = Spelling("frontend_port", "backend_port", "probe_port", "floating_ip")


@dataclass(slots=True)
class Balancers:
    """Reads load balancers: `machines` gets the members that are told by nothing but their addresses.

    A load balancer without rules has HA ports, or if it is Basic or public, which have none, a rule for what is
    `asked`: a protocol and port.
    """

    spelling: Spelling
    layout: Layout
    machines: list[Machine]
    asked: tuple[int, int]

    def read(self, network: Record, key: str) -> dict[str, LoadBalancer]:
        """Return the load balancers under `key` by name. Raises `NotApplicable`."""
        return {each.name: each for each in map(self._balancer, network.records(key, "load balancer"))}

    def _balancer(self, record: Record) -> LoadBalancer:
        is_internal = record.take("internal", True)
        name, vnet, sku = record.need("name"), record.need("vnet"), record.take("sku")
        address, backends = parse_address(record.need("frontend")), record.take("backends", ())
        members = tuple(self._member(name, vnet, backend, number) for number, backend in enumerate(backends, 1))
        kind = sku_called(sku)
        told = enumerate(record.records("rules", "rule"), 1)
        rules = tuple(self._rule(rule, number, members) for number, rule in told)
        record.finish()
        if not is_internal:
            if address not in PUBLIC_ADDRESSES | PUBLIC_IPV6_ADDRESSES:
                raise NotApplicable("malformed: a public load balancer at a private address")
            public = PublicFrontend(_FRONTEND, PublicAddress(f"{name}-public", kind, address))
            return LoadBalancer(name, kind, (), rules or (self._asked(members),), (public,))
        frontend = Frontend(_FRONTEND, vnet, self.layout.place(vnet, address), address)
        return LoadBalancer(name, kind, (frontend,), rules or (self._rule_for_all(kind, members),))

    def _member(self, balancer: str, vnet: str, backend: str, number: int) -> str:
        """Return the name of the interface called `backend` or with that address, made up where there is none."""
        for nic in self._nics():
            if nic.name == backend:
                return nic.name
        address = parse_address(backend)
        for nic in self._nics():
            if nic.vnet == vnet and address in nic.addresses:
                return nic.name
        name = f"{balancer}-member{number}"
        nic = Nic(name, name, vnet, self.layout.place(vnet, address), (address,))
        self.machines.append(Machine(name, (nic,)))
        return name

    def _nics(self) -> Sequence[Nic]:
        return [nic for machine in self.machines for nic in machine.nics]

    def _rule(self, record: Record, number: int, members: tuple[str, ...]) -> LoadBalancingRule:
        protocol, spelled = record.need("protocol").lower(), self.spelling
        if protocol not in _PROTOCOLS:
            raise NotApplicable(f"a load balancing rule for protocol `{protocol}`")
        port, probe = record.take(spelled.frontend_port, 0), record.take(spelled.probe_port)
        is_every = _PROTOCOLS[protocol] is None
        if is_every is not (port == 0):
            raise NotApplicable("malformed: HA ports are all protocols at port 0")
        backend_port = record.take(spelled.backend_port, port)
        rule = LoadBalancingRule(
            name=record.take("name", f"rule{number}"),
            frontend=_FRONTEND,
            protocol=_PROTOCOLS[protocol],
            port=None if is_every else port,
            members=members,
            backend_port=None if is_every else backend_port,
            probe=None if probe is None else Probe(probe),
            floating_ip=record.take(spelled.floating_ip, False),
        )
        record.finish()
        return rule

    def _rule_for_all(self, sku: Sku | None, members: tuple[str, ...]) -> LoadBalancingRule:
        if sku is not Sku.BASIC:
            return LoadBalancingRule("every-port", _FRONTEND, None, None, members)
        return self._asked(members)

    def _asked(self, members: tuple[str, ...]) -> LoadBalancingRule:
        protocol, port = self.asked
        return LoadBalancingRule("asked", _FRONTEND, protocol, port, members, backend_port=port)


def entrances(balancer: LoadBalancer) -> tuple[tuple[str, End], ...]:
    """Return the names of all frontends with the ends that they are."""
    inside = [(f.name, End(Place(PlaceKind.SUBNET.value, f.subnet_id), f.address)) for f in balancer.frontends]
    publics = [(f.name, place_of_frontend(balancer, f), f.public_address.address) for f in balancer.public_frontends]
    return (*inside, *((name, End(place, address)) for name, place, address in publics if address is not None))
