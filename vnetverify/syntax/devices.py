"""Nodes of the tree for what stands between the hosts: load balancers, private links, managed firewalls, proxies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lark import Token

    from vnetverify.syntax.parts import EndpointsNode, OptionNode, PortsNode, ReferenceNode


class FrontendNode(NamedTuple):
    first: Token
    name: Token | None
    address: Token
    subnet: ReferenceNode | None

    @property
    def last(self) -> Token:
        return self.subnet.last if self.subnet is not None else self.address


class PublicFrontendNode(NamedTuple):
    """`frontend [NAME] public-ip [ADDRESS]`."""

    first: Token
    name: Token | None
    keyword: Token
    address: Token | None

    @property
    def last(self) -> Token:
        return self.address or self.keyword


class BalancingNode(NamedTuple):
    """A rule of a load balancer, or an inbound NAT rule; the frontend is the first one where none is named."""

    first: Token
    name: Token
    protocol: Token
    port: Token | None
    frontend: Token | None
    members: Sequence[ReferenceNode]
    options: Sequence[OptionNode]
    last: Token

    @property
    def is_inbound_nat(self) -> bool:
        return str(self.first) == "nat"


class OutboundRuleNode(NamedTuple):
    first: Token
    name: Token
    protocol: Token
    frontends: Sequence[Token]
    members: Sequence[ReferenceNode]
    last: Token


class LoadBalancerNode(NamedTuple):
    name: Token
    sku: Token | None
    subnet: ReferenceNode | None
    items: Sequence[FrontendNode | PublicFrontendNode | BalancingNode | OutboundRuleNode]


class LinkServiceNode(NamedTuple):
    """`private-link-service NAME of BALANCER[.FRONTEND] at ADDRESSES in VNET.SUBNET`."""

    first: Token
    name: Token
    frontend: ReferenceNode
    addresses: Sequence[Token]
    subnet: ReferenceNode


class PrivateEndpointNode(NamedTuple):
    first: Token
    name: Token
    addresses: Sequence[Token]
    subnet: ReferenceNode
    service: Token | None
    pending: Token | None


class TranslationNode(NamedTuple):
    """`-> ADDRESS [port N]`."""

    address: Token
    port: Token | None


class FirewallRuleNode(NamedTuple):
    """A rule of a managed firewall; a token in place of a set is `*`."""

    first: Token
    name: Token
    protocols: Sequence[Token]
    sources: EndpointsNode | Token
    at: Token | None
    destinations: EndpointsNode | Token | None
    ports: PortsNode | None
    translation: TranslationNode | None

    @property
    def last(self) -> Token:
        if self.translation is not None:
            return self.translation.port or self.translation.address
        if self.ports is not None:
            return self.ports.ports[-1]
        ends = self.destinations if self.destinations is not None else self.at
        ends = ends if ends is not None else self.sources
        return ends if isinstance(ends, str) else ends.last


class CollectionNode(NamedTuple):
    """A collection of rules of one kind; `parent` is set for those of the parent policy."""

    first: Token
    kind: Token
    priority: Token
    name: Token
    parent: Token | None
    group: Token | None
    access: Token | None
    rules: Sequence[FirewallRuleNode]


class ProxyNode(NamedTuple):
    """A bastion or an application gateway."""

    kind: Token
    name: Token
    place: ReferenceNode
    developer: Token | None
    options: Sequence[OptionNode]

    @property
    def last(self) -> Token:
        return self.developer or self.place.last


class EgressNode(NamedTuple):
    """What `egress of A to B is …` expects."""

    kind: Token
    reference: ReferenceNode | Token | None

    @property
    def last(self) -> Token:
        if self.reference is None:
            return self.kind
        return self.reference if isinstance(self.reference, str) else self.reference.last
