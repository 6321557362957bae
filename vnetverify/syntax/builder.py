"""From the parser's reductions to the tree: one method for each rule of the grammar, called as lark reduces it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vnetverify.syntax.builder_of_devices import Children
from vnetverify.syntax.builder_of_sentences import SentenceBuilder
from vnetverify.syntax.parts import AsgField, OptionNode, PortsNode, PrefixField, WordField
from vnetverify.syntax.tree import (
    AdminRulesNode,
    AssumeNode,
    BgpPeerNode,
    ConnectedGroupNode,
    ConnectionNode,
    DnsRecordNode,
    DnsZoneNode,
    EraNode,
    GatewayNode,
    MachineNode,
    NameNode,
    NicNode,
    NotModelledNode,
    NsgNode,
    PeeringNode,
    PolicyNode,
    ReadingNode,
    RouteNode,
    RouteServerNode,
    RouteTableNode,
    RuleNode,
    ServiceTagNode,
    SiteNode,
    StrictNode,
    SubnetNode,
    TagListNode,
    UseNode,
    VnetNode,
    ZoneLinkNode,
)

if TYPE_CHECKING:
    from lark import Token


class Builder(SentenceBuilder):
    """One method for each rule of the grammar; those for devices and sentences are inherited."""

    def start(self, children: Children) -> None:
        return None

    # What the text leans on

    def era(self, children: Children) -> None:
        self.statements.append(EraNode(children[1]))

    def reading(self, children: Children) -> None:
        self.statements.append(ReadingNode(children[1]))

    def strict(self, children: Children) -> None:
        self.statements.append(StrictNode(children[0]))

    def use(self, children: Children) -> None:
        self.statements.append(UseNode(children[1]))

    def tag_list(self, children: Children) -> None:
        self.statements.append(TagListNode(children[0]))

    def not_modelled(self, children: Children) -> None:
        first, names, what, _, why, _, vnets, outside, _, places, alone = children
        self.statements.append(NotModelledNode(first, names, what, why, vnets or (), outside, places or (), alone))

    def assume(self, children: Children) -> None:
        self.statements.append(AssumeNode(children[1], children[3]))

    # Virtual networks

    def vnet(self, children: Children) -> None:
        self.statements.append(VnetNode(children[0], children[1:]))

    def region(self, children: Children) -> OptionNode:
        return OptionNode("region", children)

    def subscription(self, children: Children) -> OptionNode:
        return OptionNode("subscription", children)

    def tenant(self, children: Children) -> OptionNode:
        return OptionNode("tenant", children)

    def deployment_model(self, children: Children) -> OptionNode:
        return OptionNode("model", children)

    def address(self, children: Children) -> OptionNode:
        return OptionNode("address", children[0])

    def summarized_gateway_prefixes(self, children: Children) -> OptionNode:
        return OptionNode("summarized-gateway-prefixes", children[0])

    def tag(self, children: Children) -> OptionNode:
        return OptionNode("tag", children)

    def unknown_tag(self, children: Children) -> OptionNode:
        return OptionNode("unknown-tag", children)

    def admin_scope(self, children: Children) -> OptionNode:
        return OptionNode("admin-scope", children)

    def flow_timeout(self, children: Children) -> OptionNode:
        return OptionNode("flow-timeout", children)

    def subnet(self, children: Children) -> SubnetNode:
        first, name, prefixes, *options = children
        last = options[-1].words[-1] if options else prefixes[-1] if prefixes else name
        return SubnetNode(first, name, prefixes or (), options, last)

    def nsg_option(self, children: Children) -> OptionNode:
        return OptionNode("nsg", children)

    def routes_option(self, children: Children) -> OptionNode:
        return OptionNode("routes", children)

    def nat_gateway_option(self, children: Children) -> OptionNode:
        return OptionNode("nat-gateway", children)

    def default_outbound_option(self, children: Children) -> OptionNode:
        return OptionNode("default-outbound", children)

    def service_endpoints_option(self, children: Children) -> OptionNode:
        return OptionNode("service-endpoints", children[0])

    def private_endpoint_policies_option(self, children: Children) -> OptionNode:
        return OptionNode("private-endpoint-policies", children)

    def gateway(self, children: Children) -> GatewayNode:
        return GatewayNode(children[1], children[2], options_of(children))

    def asn(self, children: Children) -> OptionNode:
        return OptionNode("asn", children)

    def allow_remote_vnets(self, children: Children) -> OptionNode:
        return OptionNode("allow-remote-vnets", children)

    def active_active(self, children: Children) -> OptionNode:
        return OptionNode("active-active", children)

    def fastpath(self, children: Children) -> OptionNode:
        return OptionNode("fastpath", children)

    def peering(self, children: Children) -> None:
        self.statements.append(PeeringNode(children[0], children[1], children[3], options_of(children)))

    def peering_flag(self, children: Children) -> OptionNode:
        return OptionNode("flag", children)

    def peering_state(self, children: Children) -> OptionNode:
        return OptionNode("state", children)

    def remote_space(self, children: Children) -> OptionNode:
        return OptionNode("remote-space", children[0])

    def local_subnets(self, children: Children) -> OptionNode:
        return OptionNode("local-subnets", children[0])

    def remote_subnets(self, children: Children) -> OptionNode:
        return OptionNode("remote-subnets", children[0])

    def connected_group(self, children: Children) -> None:
        self.statements.append(ConnectedGroupNode(children[0], children[1:]))

    def members(self, children: Children) -> OptionNode:
        return OptionNode("members", children[0])

    def is_global(self, children: Children) -> OptionNode:
        return OptionNode("global", children)

    def route_server(self, children: Children) -> None:
        items = [child for child in children if isinstance(child, OptionNode | BgpPeerNode)]
        self.statements.append(RouteServerNode(children[1], children[3], items))

    def branch_to_branch(self, children: Children) -> OptionNode:
        return OptionNode("branch-to-branch", children)

    def bgp_peer(self, children: Children) -> BgpPeerNode:
        first, machine, _, prefixes, _, next_hop = children
        return BgpPeerNode(first, machine, prefixes, next_hop)

    # Filters and routes

    def nsg(self, children: Children) -> None:
        self.statements.append(NsgNode(children[0], children[1:]))

    def security_rule(self, children: Children) -> RuleNode:
        first, priority, name, access, protocol, _, source, source_ports, _, destination, ports = children
        return RuleNode(first, priority, name, access, protocol, source, source_ports, destination, ports)

    def admin_rules(self, children: Children) -> None:
        name, manager, vnets, *rules = children
        self.statements.append(AdminRulesNode(name, manager, vnets, rules))

    def admin_rule(self, children: Children) -> RuleNode:
        return self.security_rule(children)

    def prefix_field(self, children: Children) -> PrefixField:
        return PrefixField(children)

    def word_field(self, children: Children) -> WordField:
        return WordField(children[0], children[1] if len(children) > 1 else None)

    def asg_field(self, children: Children) -> AsgField:
        return AsgField(children[0])

    def ports(self, children: Children) -> PortsNode:
        return PortsNode(children)

    def asg(self, children: Children) -> None:
        self.statements.append(NameNode("asg", children[0]))

    def route_table(self, children: Children) -> None:
        self.statements.append(RouteTableNode(children[0], children[1:]))

    def propagate_gateway_routes(self, children: Children) -> OptionNode:
        return OptionNode("propagate-gateway-routes", children)

    def route(self, children: Children) -> RouteNode:
        name, destination, _, hop = children
        return RouteNode(name, destination, hop[0], hop[1] if len(hop) > 1 else None)

    def next_hop(self, children: Children) -> Children:
        return children

    def nat_gateway(self, children: Children) -> None:
        self.statements.append(NameNode("nat-gateway", children[0]))

    def service_tag(self, children: Children) -> None:
        self.statements.append(ServiceTagNode(*children))

    # Names

    def dns(self, children: Children) -> OptionNode:
        return OptionNode("dns", children[0])

    def dns_servers(self, children: Children) -> Children:
        return children[0] if isinstance(children[0], list) else children

    def dns_zone(self, children: Children) -> None:
        self.statements.append(DnsZoneNode(children[0], children[1], children[2:]))

    def zone_link(self, children: Children) -> ZoneLinkNode:
        return ZoneLinkNode(children[0], children[1], children[2])

    def dns_record(self, children: Children) -> DnsRecordNode:
        return DnsRecordNode(*children)

    def serves(self, children: Children) -> OptionNode:
        return OptionNode("serves", children[0])

    def forwards_dns(self, children: Children) -> OptionNode:
        return OptionNode("forwards-dns", children[0])

    # Machines

    def vm(self, children: Children) -> None:
        self.statements.append(MachineNode("vm", children[0], children[1:]))

    def appliance(self, children: Children) -> None:
        self.statements.append(MachineNode("appliance", children[0], children[1:]))

    def firewall(self, children: Children) -> None:
        self.statements.append(MachineNode("firewall", children[0], children[1:]))

    def bandwidth(self, children: Children) -> OptionNode:
        return OptionNode("bandwidth", children)

    def statefulness(self, children: Children) -> OptionNode:
        return OptionNode("stateful", children)

    def source_nat(self, children: Children) -> OptionNode:
        return OptionNode("source-nat", children)

    def nic(self, children: Children) -> NicNode:
        first, name, addresses, _, subnet, *options = children
        said = [word for option in options[-1:] for word in option.words if word is not None]
        last = said[-1] if said else subnet.last
        return NicNode(first, name, addresses or (), subnet, options, last)

    def asg_option(self, children: Children) -> OptionNode:
        return OptionNode("asg", children[0])

    def ip_forwarding_option(self, children: Children) -> OptionNode:
        return OptionNode("ip-forwarding", children)

    def public_ip_option(self, children: Children) -> OptionNode:
        return OptionNode("public-ip", children)

    def policy_line(self, children: Children) -> PolicyNode:
        first, protocol, _, sources, _, destinations, ports = children
        return PolicyNode(first, protocol, sources, destinations, ports)

    # On premises

    def site(self, children: Children) -> None:
        self.statements.append(SiteNode(children[0], children[1:]))

    def behind(self, children: Children) -> OptionNode:
        return OptionNode("behind", children)

    def site_routes(self, children: Children) -> OptionNode:
        (routes,) = children
        return OptionNode("site-routes", () if routes == "none" else routes)

    def point_to_site(self, children: Children) -> OptionNode:
        return OptionNode("point-to-site", children)

    def connection(self, children: Children) -> None:
        first, name, _, left, _, right = children[:6]
        self.statements.append(ConnectionNode(first, name, left, right, options_of(children)))

    def bgp(self, children: Children) -> OptionNode:
        return OptionNode("bgp", children)

    def announced(self, children: Children) -> OptionNode:
        (announced,) = children
        return OptionNode("prefixes", () if announced == "none" else announced)

    def circuit(self, children: Children) -> OptionNode:
        return OptionNode("circuit", children)

    def default_site(self, children: Children) -> OptionNode:
        return OptionNode("default-site", children)

    # Words

    def names(self, children: Children) -> Children:
        return children

    def references(self, children: Children) -> Children:
        return children

    def prefixes(self, children: Children) -> Children:
        return children

    def service_names(self, children: Children) -> Children:
        return children

    def service_name(self, children: Children) -> Token:
        return joined(children)

    def switch(self, children: Children) -> Token:
        return children[0]  # type: ignore[no-any-return]


def joined(words: Sequence[Token]) -> Token:
    """Return the words of a name with dots as one token, which spans them all."""
    from lark import Token

    whole = Token.new_borrow_pos(words[0].type, ".".join(words), words[0])
    whole.end_line, whole.end_column, whole.end_pos = words[-1].end_line, words[-1].end_column, words[-1].end_pos
    return whole


def options_of(children: Children) -> list[OptionNode]:
    """Return the options between the braces of a rule that keeps its keywords."""
    return [child for child in children if isinstance(child, OptionNode)]
