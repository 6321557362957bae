"""Load balancers, internal and public, and the public addresses that they and interfaces have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vnetverify.source import NOWHERE, Span


class Sku(Enum):
    STANDARD = "standard"
    BASIC = "basic"


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """`address` is None where it is not known before deployment, `sku` where it is not stated."""

    name: str
    sku: Sku | None
    address: int | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Probe:
    """What a load balancer asks its members: TCP (HTTP and HTTPS too) to `port`, from the host address (F-LB-4).

    Where no member answers, `all_when_none` gives new flows to all of them instead of to none (F-LB-13).
    """

    port: int
    all_when_none: bool = False


@dataclass(frozen=True, slots=True)
class LoadBalancingRule:
    """From a frontend to a pool (F-LB-2): `protocol` is TCP or UDP, or None for HA ports, which have no `port`.

    `members` are names of interfaces, all of one vnet (F-LB-5). `backend_port` is None for HA ports. With
    `floating_ip` members get packets still addressed to the frontend (F-ADDR-5). Members `always_up` are asked no
    probe, those `down` get no new flows (F-LB-12). An inbound NAT rule has one member and no probe. One at a public
    frontend gives its members a way out unless `gives_egress` is off (F-LB-10).
    """

    name: str
    frontend: str
    protocol: int | None
    port: int | None
    members: tuple[str, ...]
    backend_port: int | None = None
    probe: Probe | None = None
    floating_ip: bool = False
    always_up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    is_inbound_nat: bool = False
    gives_egress: bool = True
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class OutboundRule:
    """Members of a pool may leave for the Internet by public `frontends` (F-LB-10): `protocol` is TCP, UDP or None for
    both."""

    name: str
    frontends: tuple[str, ...]
    protocol: int | None
    members: tuple[str, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class PublicFrontend:
    """A public address of a load balancer; its SKU is the load balancer's."""

    name: str
    public_address: PublicAddress
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Frontend:
    """An address of an internal load balancer in a subnet; no interface, and without filters (F-LB-1)."""

    name: str
    vnet: str
    subnet: str
    address: int
    span: Span = NOWHERE

    @property
    def subnet_id(self) -> str:
        return f"{self.vnet}.{self.subnet}"


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer; `sku` is None where it is not stated (`U-SKU`). Names of frontends are unique over both kinds.

    In a plane its `rules` may name frontends of the other family, which are not there.
    """

    name: str
    sku: Sku | None
    frontends: tuple[Frontend, ...] = ()
    rules: tuple[LoadBalancingRule, ...] = ()
    public_frontends: tuple[PublicFrontend, ...] = ()
    outbound_rules: tuple[OutboundRule, ...] = ()
    span: Span = NOWHERE

    def frontend(self, name: str) -> Frontend:
        """Return the frontend called `name`. Raises KeyError when there is none."""
        for frontend in self.frontends:
            if frontend.name == name:
                return frontend
        raise KeyError(name)
