"""The tree of a `.vnet` text: what was written, in its order, with no name resolved.

Leaves are lark tokens, which know their place; a node's `first` and `last` tokens bound its span.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from vnetverify.syntax.devices import (
    CollectionNode,
    EgressNode,
    LinkServiceNode,
    LoadBalancerNode,
    PrivateEndpointNode,
    ProxyNode,
)
from vnetverify.syntax.parts import EndpointsNode, FieldNode, OptionNode, PortsNode, ReferenceNode, ServicesNode

if TYPE_CHECKING:
    from lark import Token


class SubnetNode(NamedTuple):
    first: Token
    name: Token
    prefixes: Sequence[Token]
    options: Sequence[OptionNode]
    last: Token


class GatewayNode(NamedTuple):
    kind: Token
    name: Token
    options: Sequence[OptionNode]


class VnetNode(NamedTuple):
    name: Token
    items: Sequence[OptionNode | SubnetNode | GatewayNode]


class PeeringNode(NamedTuple):
    first: Token
    local: Token
    remote: Token
    options: Sequence[OptionNode]


class ConnectedGroupNode(NamedTuple):
    name: Token
    items: Sequence[OptionNode]


class BgpPeerNode(NamedTuple):
    first: Token
    machine: Token
    prefixes: Sequence[Token]
    next_hop: Token | None

    @property
    def last(self) -> Token:
        return self.next_hop or self.prefixes[-1]


class RouteServerNode(NamedTuple):
    name: Token
    vnet: Token
    items: Sequence[OptionNode | BgpPeerNode]


class RuleNode(NamedTuple):
    first: Token
    priority: Token
    name: Token
    access: Token
    protocol: Token
    source: FieldNode
    source_ports: PortsNode | None
    destination: FieldNode
    destination_ports: PortsNode | None

    @property
    def last(self) -> Token:
        if self.destination_ports is not None:
            return self.destination_ports.ports[-1]
        return self.destination.last


class NsgNode(NamedTuple):
    name: Token
    rules: Sequence[RuleNode]


class AdminRulesNode(NamedTuple):
    """A collection of security admin rules; the manager is the default one where none is named."""

    name: Token
    manager: Token | None
    vnets: EndpointsNode
    rules: Sequence[RuleNode]


class RouteNode(NamedTuple):
    """A route; its `destination` is a prefix or the name of a service tag."""

    name: Token
    destination: Token
    hop: Token
    hop_address: Token | None

    @property
    def last(self) -> Token:
        return self.hop_address or self.hop


class RouteTableNode(NamedTuple):
    name: Token
    items: Sequence[OptionNode | RouteNode]


class NameNode(NamedTuple):
    """A statement that declares a name alone: `asg NAME`, `nat-gateway NAME`."""

    kind: str
    name: Token


class ServiceTagNode(NamedTuple):
    name: Token
    suffix: Token | None
    prefixes: Sequence[Token]


class NicNode(NamedTuple):
    first: Token
    name: Token | None
    addresses: Sequence[Token]
    subnet: ReferenceNode
    options: Sequence[OptionNode]
    last: Token


class PolicyNode(NamedTuple):
    first: Token
    protocol: Token
    sources: EndpointsNode | None
    destinations: EndpointsNode | None
    ports: PortsNode | None

    @property
    def last(self) -> Token:
        if self.ports is not None:
            return self.ports.ports[-1]
        ends = self.destinations or self.sources
        return ends.last if ends is not None else self.protocol


class MachineNode(NamedTuple):
    kind: str
    name: Token
    items: Sequence[NicNode | PolicyNode | OptionNode | DnsRecordNode | CollectionNode]


class ZoneLinkNode(NamedTuple):
    first: Token
    vnet: Token
    registration: Token | None


class DnsRecordNode(NamedTuple):
    first: Token
    name: Token
    addresses: Sequence[Token]


class DnsZoneNode(NamedTuple):
    """A private zone; its domain is its name where no other is written."""

    name: Token
    domain: Token | None
    items: Sequence[ZoneLinkNode | DnsRecordNode]


class SiteNode(NamedTuple):
    name: Token
    items: Sequence[OptionNode]


class ConnectionNode(NamedTuple):
    first: Token
    name: Token | None
    left: ReferenceNode
    right: ReferenceNode
    options: Sequence[OptionNode]


class GroupNode(NamedTuple):
    name: Token
    endpoints: EndpointsNode


class ServiceNode(NamedTuple):
    name: Token
    services: ServicesNode


class PrincipalNode(NamedTuple):
    name: Token
    items: Sequence[OptionNode]


class AssumeNode(NamedTuple):
    fact: Token
    value: Token


class EraNode(NamedTuple):
    value: Token


class ReadingNode(NamedTuple):
    value: Token


class StrictNode(NamedTuple):
    first: Token


class UseNode(NamedTuple):
    path: Token


class TagListNode(NamedTuple):
    """`service-tags "FILE"`: the provider's list of service tags."""

    path: Token


class NotModelledNode(NamedTuple):
    """What is not modelled, or not known: of `names` alone or of traffic.

    For some vnets, perhaps of flows that leave them (`outside`), and at some subnets, perhaps `alone`.
    """

    first: Token
    names: Token | None
    what: Token
    why: Token
    vnets: Sequence[Token]
    outside: Token | None
    places: Sequence[ReferenceNode]
    alone: Token | None

    @property
    def last(self) -> Token:
        if self.alone is not None:
            return self.alone
        if self.places:
            return self.places[-1].last
        return self.outside or (self.vnets[-1] if self.vnets else self.why)


class HopNode(NamedTuple):
    kind: Token
    reference: ReferenceNode | None

    @property
    def last(self) -> Token:
        return self.reference.last if self.reference is not None else self.kind


class FailuresNode(NamedTuple):
    """`under any MOST failures of KINDS`."""

    first: Token
    most: Token
    kinds: Sequence[Token]

    @property
    def last(self) -> Token:
        return self.kinds[-1]


class AdvertisingNode(NamedTuple):
    """`whatever SITE advertises [within PREFIXES]`."""

    first: Token
    site: Token
    prefixes: Sequence[Token]
    last: Token


class ClaimNode(NamedTuple):
    """A sentence; `verb` is the name of a `Verb`, or `ISOLATED`; `via` holds the devices named.

    `limit` is a number, with its unit behind it where it has one; `conditions` come in the order they are written in.
    """

    verb: str
    first: Token
    left: EndpointsNode
    right: EndpointsNode | None
    last: Token
    services: ServicesNode | None = None
    via: Sequence[ReferenceNode] = ()
    hub: Token | None = None
    hop: HopNode | None = None
    egress: EgressNode | None = None
    limit: Sequence[Token] = ()
    conditions: Sequence[FailuresNode | AdvertisingNode] = ()


class ForEachNode(NamedTuple):
    first: Token
    variables: Sequence[Token]
    members: EndpointsNode
    claim: ClaimNode


class EstablishmentNode(NamedTuple):
    """`PRINCIPALS may establish LOCAL -> REMOTE`."""

    principals: EndpointsNode
    local: Token
    remote: Token


class ResolutionNode(NamedTuple):
    """`HOSTS resolves NAME [as ADDRESSES]` or `HOSTS never resolves NAME`."""

    hosts: EndpointsNode
    never: bool
    name: Token
    addresses: Sequence[Token]


class ExpectationNode(NamedTuple):
    verdict: Token
    because: Token | None


class IntentNode(NamedTuple):
    name: Token
    reason: Token | None
    sentences: Sequence[ClaimNode | ForEachNode | EstablishmentNode | ResolutionNode]
    expectation: ExpectationNode | None


Statement = (
    EraNode
    | ReadingNode
    | StrictNode
    | UseNode
    | AssumeNode
    | VnetNode
    | PeeringNode
    | ConnectedGroupNode
    | RouteServerNode
    | NsgNode
    | AdminRulesNode
    | NameNode
    | RouteTableNode
    | ServiceTagNode
    | TagListNode
    | NotModelledNode
    | MachineNode
    | LoadBalancerNode
    | LinkServiceNode
    | PrivateEndpointNode
    | ProxyNode
    | SiteNode
    | DnsZoneNode
    | ConnectionNode
    | GroupNode
    | ServiceNode
    | PrincipalNode
    | IntentNode
)
