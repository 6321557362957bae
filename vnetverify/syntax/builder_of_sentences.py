"""From the parser's reductions to sets, services and sentences: the part of the builder for what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vnetverify.syntax.builder_of_devices import Children, DeviceBuilder
from vnetverify.syntax.parts import (
    AddressTerm,
    EndpointsNode,
    OptionNode,
    ReferenceNode,
    ServiceItem,
    ServicesNode,
    TaggedTerm,
)
from vnetverify.syntax.tree import (
    AdvertisingNode,
    ClaimNode,
    EstablishmentNode,
    ExpectationNode,
    FailuresNode,
    ForEachNode,
    GroupNode,
    HopNode,
    IntentNode,
    PrincipalNode,
    ResolutionNode,
    ServiceNode,
)

if TYPE_CHECKING:
    from lark import Token


class SentenceBuilder(DeviceBuilder):
    """One method for each rule of sets, services, principals and intents."""

    # Sets of endpoints, services

    def group(self, children: Children) -> None:
        self.statements.append(GroupNode(*children))

    def endpoints(self, children: Children) -> EndpointsNode:
        return EndpointsNode(children[0], children[1] or ())

    def terms(self, children: Children) -> Children:
        return children

    def address_term(self, children: Children) -> AddressTerm:
        return AddressTerm(children[0])

    def tagged_term(self, children: Children) -> TaggedTerm:
        return TaggedTerm(*children)

    def reference(self, children: Children) -> ReferenceNode:
        return ReferenceNode(*children)

    def service(self, children: Children) -> None:
        self.statements.append(ServiceNode(*children))

    def services(self, children: Children) -> ServicesNode:
        return ServicesNode(children)

    def named_service(self, children: Children) -> ServiceItem:
        return ServiceItem(children[0], None)

    def ports_service(self, children: Children) -> ServiceItem:
        return ServiceItem(*children)

    def more_ports(self, children: Children) -> ServiceItem:
        return ServiceItem(None, children[0])

    # Who asks for peerings

    def principal(self, children: Children) -> None:
        self.statements.append(PrincipalNode(children[0], children[1:]))

    def write(self, children: Children) -> OptionNode:
        return OptionNode("write", children[0])

    def peer(self, children: Children) -> OptionNode:
        return OptionNode("peer", children[0])

    # Intents

    def intent(self, children: Children) -> None:
        name, reason, *sentences, expectation = children
        self.statements.append(IntentNode(name, reason, sentences, expectation))

    def expectation(self, children: Children) -> ExpectationNode:
        return ExpectationNode(*children)

    def for_each(self, children: Children) -> ForEachNode:
        keyword, _, first, _, second, _, members, _, claim = children
        return ForEachNode(keyword, (first,) if second is None else (first, second), members, claim)

    def reaches(self, children: Children) -> ClaimNode:
        return on_services("REACHES", children)

    def reaches_symmetrically(self, children: Children) -> ClaimNode:
        *sentence, last = children
        return on_services("REACHES_SYMMETRICALLY", sentence)._replace(last=last)

    def loses_no_packets(self, children: Children) -> ClaimNode:
        return on_services("LOSES_NO_PACKETS", children)

    def sometimes_reaches(self, children: Children) -> ClaimNode:
        return on_services("SOMETIMES_REACHES", children)

    def never_reaches(self, children: Children) -> ClaimNode:
        return on_services("NEVER_REACHES", children)

    def isolated_from(self, children: Children) -> ClaimNode:
        return on_services("ISOLATED", children)

    def only_via(self, children: Children) -> ClaimNode:
        return through_devices("ONLY_VIA", children)

    def not_via(self, children: Children) -> ClaimNode:
        return through_devices("NOT_VIA", children)

    def not_transitive(self, children: Children) -> ClaimNode:
        left, _, _, _, hub, _, _, via = children
        last = hub if via is None else via[-1].last
        return ClaimNode("NOT_TRANSITIVE", left.first, left, None, last, hub=hub, via=via or ())

    def next_hop_claim(self, children: Children) -> ClaimNode:
        first, _, _, left, _, right, _, hop = children
        return ClaimNode("NEXT_HOP", first, left, right, hop.last, hop=hop)

    def gateway_claim(self, children: Children) -> ClaimNode:
        first, _, left, _, right, _, gateway = children
        return ClaimNode("GATEWAY", first, left, right, gateway.last, via=(gateway,))

    def egress_claim(self, children: Children) -> ClaimNode:
        first, _, left, _, right, _, services, _, egress = children
        return ClaimNode("EGRESS", first, left, right, egress.last, services, egress=egress)

    def bottleneck(self, children: Children) -> ClaimNode:
        first, _, left, _, right, _, services, _, _, *limit = children
        return ClaimNode("BOTTLENECK", first, left, right, limit[-1], services, limit=limit)

    def local_latency(self, children: Children) -> ClaimNode:
        first, _, left, _, right, _, services, _, last = children
        return ClaimNode("LOCAL_LATENCY", first, left, right, last, services)

    def crosses_at_most(self, children: Children) -> ClaimNode:
        left, _, right, _, services, _, _, _, most, last = children
        return ClaimNode("CROSSES_AT_MOST", left.first, left, right, last, services, limit=(most,))

    def conditional(self, children: Children) -> ClaimNode:
        claim, *conditions = children
        return claim._replace(conditions=conditions, last=conditions[-1].last)  # type: ignore[no-any-return]

    def advertising(self, children: Children) -> AdvertisingNode:
        first, site, verb, _, prefixes = children
        return AdvertisingNode(first, site, prefixes or (), prefixes[-1] if prefixes else verb)

    def resolution(self, children: Children) -> ResolutionNode:
        never = str(children[1]) == "never"
        addresses = () if never else children[4] or ()
        return ResolutionNode(children[0], never, children[3] if never else children[2], addresses)

    def establishment(self, children: Children) -> EstablishmentNode:
        principals, _, _, local, _, remote = children
        return EstablishmentNode(principals, local, remote)

    def failures(self, children: Children) -> FailuresNode:
        return FailuresNode(children[0], children[2], [kind for kind in children[5:] if kind != ","])

    def failure_kind(self, children: Children) -> Token:
        return children[0]  # type: ignore[no-any-return]

    def expected_hop(self, children: Children) -> HopNode:
        return HopNode(children[0], children[1] if len(children) > 1 else None)


def on_services(verb: str, children: Children) -> ClaimNode:
    left, right, services = children[0], children[-3], children[-1]
    last = right.last if services is None else services.last
    return ClaimNode(verb, left.first, left, right, last, services)


def through_devices(verb: str, children: Children) -> ClaimNode:
    left, _, right, _, services, _, _, via = children
    return ClaimNode(verb, left.first, left, right, via[-1].last, services, via)
