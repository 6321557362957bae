"""From statements to the elements of a network: vnets, security groups, sites, connections."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from vnetverify.header import IntervalSet
from vnetverify.model.network import (
    DEFAULT_AS_NUMBER,
    AdminScope,
    Connection,
    DeploymentModel,
    Gateway,
    GatewayKind,
    PrivateEndpointPolicies,
    Site,
    Subnet,
    Vnet,
    region_called,
)
from vnetverify.model.security import (
    Access,
    AddressField,
    AddressPrefixes,
    AnyAddress,
    AsgMembers,
    Direction,
    Nsg,
    SecurityRule,
    ServiceTag,
)
from vnetverify.model.services import endpoint_name
from vnetverify.source import Span
from vnetverify.syntax.names import text_of
from vnetverify.syntax.parts import AsgField, FieldNode, OptionNode, PortsNode, PrefixField, ReferenceNode, WordField
from vnetverify.syntax.problems import did_you_mean, shown
from vnetverify.syntax.published import known_tags, of_list, spelling_of_tag, tag_of_any_name
from vnetverify.syntax.resolvers import dns_servers
from vnetverify.syntax.scope import ANY_WORDS, NotUnderstood, Scope
from vnetverify.syntax.tree import ConnectionNode, GatewayNode, NsgNode, RuleNode, SiteNode, SubnetNode, VnetNode

if TYPE_CHECKING:
    from lark import Token

_MODELS = {model.value: model for model in DeploymentModel}
_ADMIN_SCOPES = {scope.value: scope for scope in AdminScope}
_POLICIES = {policies.value: policies for policies in PrivateEndpointPolicies}
_REPEATABLE = frozenset({
    "address", "tag", "unknown-tag", "asg", "prefixes", "members", "summarized-gateway-prefixes", "site-routes",
    "public-ip", "write", "peer", "private-ranges", "listens", "serves",
})  # fmt: skip
_LARGEST_AS_NUMBER = 0xFFFF_FFFF
_LARGEST_PRIORITY = 65_535
_PLACES = ("vnet", "subnet", "machine", "site", "group")
_FLOW_TIMEOUTS = (4, 30)  # minutes


class Options:
    """The options of one element by keyword; one said twice is a mistake."""

    def __init__(self, scope: Scope, options: Sequence[object]) -> None:
        self._words: dict[str, list[Sequence[Token | None]]] = {}
        self._references: dict[str, Sequence[ReferenceNode]] = {}
        for option in options:
            if isinstance(option, OptionNode):
                self._add(scope, option)

    def _add(self, scope: Scope, option: OptionNode) -> None:
        key = str(option.words[0]) if option.kind == "flag" else option.kind
        if key in self._words and key not in _REPEATABLE:
            place = next(word for word in reversed(option.words) if word is not None)
            scope.problems.error("said-twice", f"{shown(key)} is given twice here", scope.span(place), "said again")
            return
        self._words.setdefault(key, []).append(option.words)
        self._references[key] = option.references

    def words(self, key: str) -> Sequence[Token | None]:
        """Return the words of an option, nothing where it is not stated."""
        return self._words.get(key, [()])[0]

    def word(self, key: str) -> Token | None:
        """Return the first word of an option, None where it is not stated."""
        return next(iter(self.words(key)), None)

    def all_words(self, key: str) -> list[Token]:
        """Return the words of every line of an option that may be repeated."""
        return [word for words in self._words.get(key, ()) for word in words if word is not None]

    def references(self, key: str) -> Sequence[ReferenceNode]:
        """Return what an option that names elements refers to, nothing where it is not stated."""
        return self._references.get(key, ())

    def place(self, key: str) -> Token:
        """Return a word to point at of an option that is said."""
        return next(word for words in self._words[key] for word in words if word is not None)

    def switch(self, key: str) -> bool | None:
        """Return what a switch is set to, None where it is not stated."""
        word = self.word(key)
        return None if word is None else word == "on"

    def flag(self, key: str, default: bool = False) -> bool:
        """Return whether an option that needs no switch is on, `default` where it is not stated."""
        return "off" not in self._words[key][0] if key in self._words else default

    def __contains__(self, key: str) -> bool:
        return key in self._words


def vnet(scope: Scope, name: str, node: VnetNode, tags: Collection[str]) -> Vnet:
    options = Options(scope, node.items)
    model = options.word("model")
    admin_scope = options.word("admin-scope")
    admin_rules = scope.one_of(admin_scope, _ADMIN_SCOPES, "admin scope") if admin_scope is not None else None
    labels = options.all_words("tag")
    subnets = [item for item in node.items if isinstance(item, SubnetNode)]
    return Vnet(
        name,
        scope.prefixes(options.all_words("address")),
        tuple(subnet(scope, name, item, tags) for item in subnets if _is_first(scope, name, item)),
        region_called(_text(options.word("region"))),
        _text(options.word("subscription")),
        _text(options.word("tenant")),
        scope.prefixes(options.all_words("summarized-gateway-prefixes")),
        model=(scope.one_of(model, _MODELS, "deployment model") if model else None) or DeploymentModel.RESOURCE_MANAGER,
        tags=_tags(scope, labels[::2], labels[1::2]),
        unknown_tags=tuple(text_of(tag) for tag in options.all_words("unknown-tag")),
        admin_scope=admin_rules or AdminScope.ALL,
        dns_servers=dns_servers(scope, options.words("dns")),
        flow_timeout=flow_timeout(scope, options),
        span=scope.span(node.name),
    )


def _tags(scope: Scope, names: Sequence[Token], values: Sequence[Token]) -> tuple[tuple[str, str], ...]:
    """Return the tags of a vnet, which has one value for each name, whatever the case of the name."""
    first: dict[str, Token] = {}
    for name in names:
        before = first.setdefault(text_of(name).casefold(), name)
        if before is not name:
            message = f"the vnet has a tag {shown(text_of(name))} already"
            others = ((scope.span(before), "said here"),)
            scope.problems.error("said-twice", message, scope.span(name), "said again", others)
    return tuple((text_of(name), text_of(value)) for name, value in zip(names, values, strict=True))


def flow_timeout(scope: Scope, options: Options) -> bool:
    """Tell whether a flow timeout is set (F-STATE-5): how long it is changes nothing."""
    number, unit = options.words("flow-timeout") or (None, None)
    if number is None or unit is None:
        return False
    is_minutes = scope.one_of(unit, {"minutes": True}, "unit")
    return scope.number(number, *_FLOW_TIMEOUTS, "flow-timeout") is not None and is_minutes is not None


def completed(scope: Scope, made: Vnet, imported: Vnet | None) -> Vnet:
    """Return `made` with what an import says of it that only mentions it: what is fastened to its subnets, and more."""
    if imported is None:
        return made
    subnets = [_fastened(scope, one, imported.subnet(one.name)) for one in made.subnets]
    others = [one for one in imported.subnets if made.subnet(one.name) is None]
    return replace(made, subnets=(*subnets, *others))


def _fastened(scope: Scope, made: Subnet, imported: Subnet | None) -> Subnet:
    """Return `made` with what an import fastens to it; where the text fastens something else, that is a mistake."""
    if imported is None:
        return made
    kinds = (("nsg", made.nsg, imported.nsg), ("route table", made.route_table, imported.route_table))
    for kind, own, other in (*kinds, ("NAT gateway", made.nat_gateway, imported.nat_gateway)):
        if own is not None and other is not None and own != other:
            message = f"subnet {shown(made.id)} has the {kind} {shown(own)}, and in the import {shown(other)}"
            scope.problems.error("attachment-differs", message, made.span)
    return replace(
        made,
        nsg=made.nsg or imported.nsg,
        route_table=made.route_table or imported.route_table,
        nat_gateway=made.nat_gateway or imported.nat_gateway,
    )


def _is_first(scope: Scope, vnet_name: str, node: SubnetNode) -> bool:
    """Tell whether this is the declaration that its name stands for, not a second one."""
    declared = scope.names.lookup("subnet", f"{vnet_name}.{text_of(node.name)}")
    return declared is not None and declared.span == scope.span(node.name)


def subnet(scope: Scope, vnet_name: str, node: SubnetNode, tags: Collection[str]) -> Subnet:
    options = Options(scope, node.options)
    nsg, table, nat = (options.word(key) for key in ("nsg", "routes", "nat-gateway"))
    policies = options.word("private-endpoint-policies")
    return Subnet(
        text_of(node.name),
        vnet_name,
        scope.prefixes(node.prefixes),
        scope.find("nsg", nsg) if nsg else None,
        scope.find("route table", table) if table else None,
        options.switch("default-outbound"),
        scope.find("nat gateway", nat) if nat else None,
        service_endpoints(scope, options.all_words("service-endpoints"), tags),
        scope.one_of(policies, _POLICIES, "network policy") if policies is not None else None,
        span=scope.span(node.first, node.last),
    )


def service_endpoints(scope: Scope, words: Sequence[Token], tags: Collection[str]) -> tuple[str, ...]:
    """Return the services that a subnet has endpoints of; without their prefixes nobody knows where they lead."""
    found: dict[str, None] = {}
    for word in words:
        name = endpoint_name(text_of(word), tags)
        if name is not None:
            found[name] = None
            continue
        message = f"which prefixes the service {shown(text_of(word))} has is not declared"
        help_text = f"write `service-tag {word} PREFIXES` with those that Azure publishes"
        scope.problems.error("tag-without-prefixes", message, scope.span(word), "leads to no prefix", (), help_text)
    return tuple(found)


def gateway(scope: Scope, vnet_name: str, name: str, node: GatewayNode) -> Gateway:
    options = Options(scope, node.options)
    word = options.word("asn")
    number = scope.number(word, 1, _LARGEST_AS_NUMBER, "asn") if word is not None else None
    return Gateway(
        name,
        vnet_name,
        GatewayKind(str(node.kind)),
        options.switch("allow-remote-vnets"),
        options.flag("active-active"),
        DEFAULT_AS_NUMBER if number is None else number,
        options.flag("fastpath"),
        bandwidth(scope, options),
        span=scope.span(node.name),
    )


def bandwidth(scope: Scope, options: Options) -> int | None:
    """Return the bits a second of an element, None where they are not said."""
    number, unit = options.words("bandwidth") or (None, None)
    return scope.bandwidth(number, unit) if number is not None and unit is not None else None


def gateways(scope: Scope, vnet_name: str, node: VnetNode) -> tuple[Gateway, ...]:
    """Return the gateways of a vnet whose names are their own."""
    nodes = [item for item in node.items if isinstance(item, GatewayNode)]
    declared = ((item, scope.names.lookup("gateway", text_of(item.name))) for item in nodes)
    return tuple(
        gateway(scope, vnet_name, known.spelling, item)
        for item, known in declared
        if known is not None and known.span == scope.span(item.name)
    )


def nsg(scope: Scope, name: str, node: NsgNode) -> Nsg:
    names: dict[str, Token] = {}
    rules = (security_rule(scope, rule) for rule in node.rules if is_new(scope, names, "rule", rule.name))
    return Nsg(name, tuple(rule for rule in rules if rule is not None), scope.span(node.name))


def security_rule(scope: Scope, node: RuleNode) -> SecurityRule | None:
    """Return the rule; None where a part of it could not be understood."""
    said = rule_parts(scope, node)
    if said is None:
        return None
    access = Access.ALLOW if node.access == "allow" else Access.DENY
    first_ports = first_of_several(scope, node.destination_ports)
    return SecurityRule(said.name, said.priority, said.direction, access, *said.packets, first_ports, said.span)


class RuleParts(NamedTuple):
    """What rules of security groups and admin rules say alike; `packets` are protocol, source and destination, each of
    these two with its ports."""

    name: str
    priority: int
    direction: Direction
    packets: tuple[int | None, AddressField, IntervalSet, AddressField, IntervalSet]
    span: Span


def rule_parts(scope: Scope, node: RuleNode) -> RuleParts | None:
    """Return the parts of a rule; None where one could not be understood."""
    name = scope.name(node.name)
    priority = scope.number(node.priority, 0, _LARGEST_PRIORITY, "priority")
    protocol = scope.protocol(node.protocol)
    source, destination = address_field(scope, node.source), address_field(scope, node.destination)
    source_ports, destination_ports = scope.ports(node.source_ports), scope.ports(node.destination_ports)
    if name is None or priority is None or source is None or destination is None:
        return None
    if isinstance(protocol, NotUnderstood) or source_ports is None or destination_ports is None:
        return None
    _check_family(scope, node, source, destination)
    packets = (protocol, source, source_ports, destination, destination_ports)
    return RuleParts(name, priority, Direction(str(node.first)), packets, scope.span(node.first, node.last))


def _check_family(scope: Scope, node: RuleNode, source: AddressField, destination: AddressField) -> None:
    """Report prefixes of both families in one rule (F-NSG-16)."""
    fields = [field.prefixes for field in (source, destination) if isinstance(field, AddressPrefixes)]
    if len({prefix.family for prefixes in fields for prefix in prefixes}) < 2:
        return
    is_one_field = any(len({prefix.family for prefix in prefixes}) > 1 for prefixes in fields)
    message = "a field holds addresses of one family" if is_one_field else "source and destination are of one family"
    last = node.destination.last
    scope.problems.error("mixed-families", message, scope.span(node.name, last), "IPv4 and IPv6", (), "write two rules")


def first_of_several(scope: Scope, node: PortsNode | None) -> IntervalSet | None:
    """Return the first of several ranges of ports, which is all that is sure at a private endpoint (F-PE-9)."""
    if node is None or len(node.ports) < 2:
        return None
    first = scope.port_range(node.ports[0])
    return IntervalSet((first,)) if first is not None else None


def address_field(scope: Scope, node: FieldNode) -> AddressField | None:
    """Return what a source or destination says; None where it could not be understood."""
    if isinstance(node, PrefixField):
        return scope.field(node.prefixes)
    if isinstance(node, AsgField):
        names = scope.find_all("asg", node.names)
        return AsgMembers(names) if len(names) == len(node.names) else None
    if node.word.type == "STRING":
        return tag_of_any_name(scope, node.word)
    if node.suffix is None and node.word.casefold() in ANY_WORDS:
        return AnyAddress()
    return service_tag(scope, node)


def service_tag(scope: Scope, node: WordField) -> ServiceTag | None:
    word = str(node.word) if node.suffix is None else f"{node.word}.{node.suffix}"
    spelling = spelling_of_tag(scope.names, word)
    if spelling is not None:
        return ServiceTag(spelling)
    known = [*known_tags(scope.names), "any"]
    if node.suffix is None and scope.names.lookup("asg", word) is not None:
        help_text: str | None = f"for the application security group write `asg {word}`"
    elif any(scope.names.lookup(kind, word) is not None for kind in _PLACES):
        help_text = f"a security rule names no places: write the addresses of {shown(word)}"
    else:
        help_text = did_you_mean(word, known)
    scope.problems.error(
        "unknown-service-tag",
        f"{shown(word)} is not a service tag{of_list(scope.names)}",
        scope.span(node.word, node.last),
        "expected `any`, prefixes, a service tag or `asg NAME`",
        (),
        help_text,
    )
    return None


def site(scope: Scope, name: str, node: SiteNode) -> Site:
    options = Options(scope, node.items)
    behind = options.word("behind")
    return Site(
        name,
        scope.prefixes(options.all_words("address")),
        scope.find("machine", behind) if behind else None,
        scope.prefixes(options.all_words("site-routes")) if "site-routes" in options else None,
        options.flag("point-to-site"),
        span=scope.span(node.name),
    )


def connection(scope: Scope, node: ConnectionNode) -> tuple[Connection, ...]:
    """Return the connection of a site or gateway with a gateway; nothing where an end is unknown or the name taken."""
    left, right = (connection_end(scope, end) for end in (node.left, node.right))
    if left is None or right is None:
        return ()
    span = scope.span(node.first, node.right.last)
    sites = [name for kind, name in (left, right) if kind == "site"]
    gateways = [name for kind, name in (left, right) if kind == "gateway"]
    if not gateways:
        scope.problems.error("two-sites", "a connection needs a gateway", span, "joins two sites")
        return ()
    name = scope.name(node.name) if node.name is not None else f"{left[1]} -- {right[1]}"
    if name is None or not scope.names.declare("connection", name, span):
        return ()
    options = Options(scope, node.options)
    made = Connection(
        name,
        gateways[0],
        sites[0] if sites else None,
        gateways[1] if len(gateways) > 1 else None,
        options.flag("bgp"),
        _text(options.word("circuit")),
        scope.prefixes(options.all_words("prefixes")) if "prefixes" in options else None,
        options.flag("default-site"),
        span,
    )
    return (made,)


def connection_end(scope: Scope, node: ReferenceNode) -> tuple[str, str] | None:
    """Return the kind and name of an end: a site, or a gateway with or without its vnet."""
    if node.second is not None:
        name = gateway_reference(scope, node)
        return ("gateway", name) if name is not None else None
    word, span = text_of(node.first), scope.span(node.first)
    found = [(kind, declared.spelling) for kind in ("site", "gateway") if (declared := scope.names.lookup(kind, word))]
    if len(found) == 2:
        message, help_text = f"{shown(word)} is a site and a gateway", "write the gateway as `vnet.gateway`"
        scope.problems.error("ambiguous-name", message, span, "which one?", (), help_text)
        return None
    if not found:
        scope.names.unknown(("site", "gateway"), word, span)
    return found[0] if found else None


def gateway_reference(scope: Scope, node: ReferenceNode) -> str | None:
    """Return the gateway that `vnet.gateway` or `gateway` refers to."""
    if node.second is None:
        return scope.find("gateway", node.first)
    vnet_name, name = scope.find("vnet", node.first), scope.find("gateway", node.second)
    if vnet_name is None or name is None:
        return None
    if scope.names.vnet_of_gateway[name] != vnet_name:
        message = f"gateway {shown(name)} is not in vnet {shown(vnet_name)}"
        scope.problems.error("unknown-gateway", message, scope.span(node.first, node.second))
        return None
    return name


def is_new(scope: Scope, names: dict[str, Token], kind: str, token: Token) -> bool:
    """Enter the name of a rule or route of one element; False, with the mistake reported, where it is taken."""
    spelling = text_of(token)
    earlier = names.setdefault(spelling.casefold(), token)
    if earlier is token:
        return True
    scope.problems.error(
        "duplicate-name",
        f"the name {shown(spelling)} is taken by another {kind}",
        scope.span(token),
        "declared again",
        ((scope.span(earlier), f"{shown(text_of(earlier))} is declared here"),),
    )
    return False


def _text(token: Token | None) -> str | None:
    return text_of(token) if token is not None else None
