"""From the parser's reductions to the tree: one method for each rule of the grammar, called as lark reduces it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vnetverify.syntax.builder_of_devices import Children, DeviceBuilder
from vnetverify.syntax.tree import (
    AddressTerm,
    AdminRulesNode,
    AdvertisingNode,
    AsgField,
    AssumeNode,
    BgpPeerNode,
    ClaimNode,
    ConnectedGroupNode,
    ConnectionNode,
    DnsRecordNode,
    DnsZoneNode,
    EndpointsNode,
    EraNode,
    EstablishmentNode,
    ExpectationNode,
    FailuresNode,
    ForEachNode,
    GatewayNode,
    GroupNode,
    HopNode,
    IntentNode,
    MachineNode,
    NameNode,
    NicNode,
    NsgNode,
    OptionNode,
    PeeringNode,
    PolicyNode,
    PortsNode,
    PrefixField,
    PrincipalNode,
    ReadingNode,
    ReferenceNode,
    ResolutionNode,
    RouteNode,
    RouteServerNode,
    RouteTableNode,
    RuleNode,
    ServiceItem,
    ServiceNode,
    ServicesNode,
    ServiceTagNode,
    SiteNode,
    StrictNode,
    SubnetNode,
    TaggedTerm,
    TagListNode,
    UseNode,
    VnetNode,
    WordField,
    ZoneLinkNode,
)

if TYPE_CHECKING:
    from lark import Token


class Builder(DeviceBuilder):
    """One method for each rule of the grammar; those for devices are inherited."""

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

    def admin_scope(self, children: Children) -> OptionNode:
        return OptionNode("admin-scope", children)

    def flow_timeout(self, children: Children) -> OptionNode:
        return OptionNode("flow-timeout", children)

    def subnet(self, children: Children) -> SubnetNode:
        first, name, prefixes, *options = children
        return SubnetNode(first, name, prefixes, options, options[-1].words[-1] if options else prefixes[-1])

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
    whole = words[0].update(value=".".join(words))
    whole.end_line, whole.end_column, whole.end_pos = words[-1].end_line, words[-1].end_column, words[-1].end_pos
    return whole


def options_of(children: Children) -> list[OptionNode]:
    """Return the options between the braces of a rule that keeps its keywords."""
    return [child for child in children if isinstance(child, OptionNode)]


def on_services(verb: str, children: Children) -> ClaimNode:
    left, right, services = children[0], children[-3], children[-1]
    last = right.last if services is None else services.last
    return ClaimNode(verb, left.first, left, right, last, services)


def through_devices(verb: str, children: Children) -> ClaimNode:
    left, _, right, _, services, _, _, via = children
    return ClaimNode(verb, left.first, left, right, via[-1].last, services, via)
