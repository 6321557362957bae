"""From the parser's reductions to the nodes of `devices`: the part of the builder for what stands between the hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vnetverify.syntax.devices import (
    BalancingNode,
    CollectionNode,
    EgressNode,
    FirewallRuleNode,
    FrontendNode,
    LinkServiceNode,
    LoadBalancerNode,
    OutboundRuleNode,
    PrivateEndpointNode,
    ProxyNode,
    PublicFrontendNode,
    TranslationNode,
)
from vnetverify.syntax.parts import OptionNode, ReferenceNode

if TYPE_CHECKING:
    from lark import Token

    from vnetverify.syntax.tree import Statement

# What lark hands over: tokens, finished nodes and None for what was left out.
Children = list[Any]


class DeviceBuilder:
    """Keeps finished statements in `statements`, so that what was read before a mistake is not lost."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    # Load balancers and private links

    def load_balancer(self, children: Children) -> None:
        name, sku, subnet, *items = children
        self.statements.append(LoadBalancerNode(name, sku, subnet, items))

    def frontend(self, children: Children) -> FrontendNode:
        first, name, address, _, subnet = children
        return FrontendNode(first, name, address, subnet)

    def public_frontend(self, children: Children) -> PublicFrontendNode:
        return PublicFrontendNode(*children)

    def balancing_rule(self, children: Children) -> BalancingNode:
        first, name, protocol, port, _, frontend, _, said, *options = children
        members, last = _members(said)
        return BalancingNode(
            first, name, protocol, port, frontend, members, options, last_word(options[-1]) if options else last
        )

    def backend_port(self, children: Children) -> OptionNode:
        return OptionNode("port", children)

    def probe(self, children: Children) -> OptionNode:
        return OptionNode("probe", children)

    def floating_ip(self, children: Children) -> OptionNode:
        return OptionNode("floating-ip", children)

    def all_when_none(self, children: Children) -> OptionNode:
        return OptionNode("all-when-none", children)

    def no_egress(self, children: Children) -> OptionNode:
        return OptionNode("no-egress", children)

    def always_up(self, children: Children) -> OptionNode:
        return OptionNode("up", [each.first for each in children[0]], children[0])

    def down(self, children: Children) -> OptionNode:
        return OptionNode("down", [each.first for each in children[0]], children[0])

    def outbound_rule(self, children: Children) -> OutboundRuleNode:
        first, name, protocol, _, frontends, _, said = children
        return OutboundRuleNode(first, name, protocol, frontends, *_members(said))

    def private_link_service(self, children: Children) -> None:
        first, name, _, frontend, _, addresses, _, subnet = children
        self.statements.append(LinkServiceNode(first, name, frontend, addresses, subnet))

    def private_endpoint(self, children: Children) -> None:
        first, name, addresses, _, subnet, _, service, pending = children
        self.statements.append(PrivateEndpointNode(first, name, addresses, subnet, service, pending))

    # Managed firewalls

    def threat_intelligence(self, children: Children) -> OptionNode:
        return OptionNode("threat-intelligence", children)

    def intrusion_detection(self, children: Children) -> OptionNode:
        return OptionNode("intrusion-detection", children)

    def private_address(self, children: Children) -> OptionNode:
        return OptionNode("private-address", children)

    def private_prefixes(self, children: Children) -> OptionNode:
        return OptionNode("private-ranges", children[0])

    def private_word(self, children: Children) -> OptionNode:
        return OptionNode("private-ranges", children)

    def collection(self, children: Children) -> CollectionNode:
        first, kind, priority, name, _, parent, _, group, access, _, *rules, _ = children
        return CollectionNode(first, kind, priority, name, parent, group, access, rules)

    def firewall_rule(self, children: Children) -> FirewallRuleNode:
        first, name, protocols, _, sources, _, at, _, destinations, ports, translation = children
        return FirewallRuleNode(first, name, protocols, sources, at, destinations, ports, translation)

    def translation(self, children: Children) -> TranslationNode:
        _, address, _, port = children
        return TranslationNode(address, port)

    def protocols(self, children: Children) -> Children:
        return children

    # Proxies

    def bastion(self, children: Children) -> None:
        kind, name, _, place, developer = children
        self.statements.append(ProxyNode(kind, name, place, developer, ()))

    def application_gateway(self, children: Children) -> None:
        kind, name, _, place, *items = children
        options = [item for item in items if isinstance(item, OptionNode)]
        self.statements.append(ProxyNode(kind, name, place, None, options))

    def listens(self, children: Children) -> OptionNode:
        return OptionNode("listens", children)

    # The sentence about them

    def expected_egress(self, children: Children) -> EgressNode:
        return EgressNode(children[0], children[1] if len(children) > 1 else None)


def _members(said: Token | list[ReferenceNode]) -> tuple[list[ReferenceNode], Token]:
    """Return the members of a rule, nobody where it says `none`, and the last token."""
    return (said, said[-1].last) if isinstance(said, list) else ([], said)


def last_word(option: OptionNode) -> Token:
    """Return the last token of an option that has words or references."""
    if option.references:
        return option.references[-1].last
    return next(word for word in reversed(option.words) if word is not None)
