"""From texts to a document: declare every name, then build what the statements say, then resolve the intents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vnetverify.diagnostic import InputError, Severity, in_source_order
from vnetverify.header import PROTOCOL_NUMBERS, IntervalSet, Prefix
from vnetverify.model.balancers import LoadBalancer
from vnetverify.model.intents import EndpointSet
from vnetverify.model.network import Machine, Network, Service, Unmodelled, Vnet
from vnetverify.model.private_links import PrivateLinkService
from vnetverify.model.published import TagList, with_tags
from vnetverify.model.services import EVERY_PACKET
from vnetverify.model.zones import NO_ZONES, DnsZone, NameServer
from vnetverify.source import Source, Span
from vnetverify.syntax import (
    admin,
    assumptions,
    balancers,
    claims,
    elements,
    firewalls,
    machines,
    private_links,
)
from vnetverify.syntax.declarations import Declarations
from vnetverify.syntax.devices import LinkServiceNode, LoadBalancerNode, PrivateEndpointNode, ProxyNode
from vnetverify.syntax.document import Document
from vnetverify.syntax.names import Names, declare_imported, text_of
from vnetverify.syntax.parse import Parsed, parse, parse_endpoints
from vnetverify.syntax.parts import EndpointsNode
from vnetverify.syntax.problems import Problems, shown, span_of
from vnetverify.syntax.published import check_unlisted
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.selectors import GROUP, SELECTABLE, Selectors, define_groups
from vnetverify.syntax.services import check_meaning, service
from vnetverify.syntax.tags import DEFINED_TAGS, tag_spelling
from vnetverify.syntax.tree import (
    AdminRulesNode,
    AssumeNode,
    ConnectedGroupNode,
    DnsZoneNode,
    EraNode,
    GatewayNode,
    GroupNode,
    IntentNode,
    MachineNode,
    NameNode,
    NotModelledNode,
    NsgNode,
    PrincipalNode,
    ReadingNode,
    RouteServerNode,
    RouteTableNode,
    ServiceNode,
    ServiceTagNode,
    SiteNode,
    Statement,
    StrictNode,
    SubnetNode,
    TagListNode,
    UseNode,
    VnetNode,
)
from vnetverify.syntax.unmodelled import not_modelled
from vnetverify.syntax.zones import ZONE, dns_zone, name_server

_KINDS: Mapping[type, str] = {
    VnetNode: "vnet",
    ConnectedGroupNode: "connected group",
    RouteServerNode: "route server",
    NsgNode: "nsg",
    AdminRulesNode: admin.KIND,
    RouteTableNode: "route table",
    MachineNode: "machine",
    DnsZoneNode: ZONE,
    LoadBalancerNode: "load balancer",
    LinkServiceNode: private_links.LINK_SERVICE,
    PrivateEndpointNode: "private endpoint",
    ProxyNode: "proxy",
    SiteNode: "site",
    PrincipalNode: "principal",
    GroupNode: GROUP,
    ServiceNode: "service",
    IntentNode: "intent",
}
_RESERVED_SERVICES = frozenset({"any", *PROTOCOL_NUMBERS})


@dataclass(frozen=True, slots=True)
class Written:
    """A statement with the scope it is read in and, where it declares one, its name."""

    scope: Scope
    node: Statement
    name: str = ""


def uses(source: Source) -> tuple[tuple[str, Span], ...]:
    """Return the paths of the `use` lines of `source`, in order."""
    return tuple(
        (text_of(node.path), span_of(source.name, node.path))
        for node in parse(source).statements
        if isinstance(node, UseNode)
    )


def tag_lists(source: Source) -> tuple[tuple[str, Span], ...]:
    """Return the paths of the `service-tags` lines of `source`, in order."""
    return tuple(
        (text_of(node.path), span_of(source.name, node.path))
        for node in parse(source).statements
        if isinstance(node, TagListNode)
    )


def service_tags(sources: Sequence[Source]) -> Mapping[str, tuple[Prefix, ...]]:
    """Return the prefixes of the service tags that `sources` declare; mistakes are told when they are read."""
    names = Names(Problems())
    written = [
        made for source in sources for made in _declared(Scope(source, names), _tags_in(parse(source).statements))
    ]
    return _service_tags(written)


def declared_vnets(sources: Sequence[Source], published: TagList | None = None) -> Mapping[str, Vnet]:
    """Return the vnets that `sources` declare, without what imports fasten to them; mistakes are told at reading."""
    names = Names(Problems())
    tags = _with_listed(service_tags(sources), published)
    return {
        made.name: elements.vnet(made.scope, made.name, made.node, tags)
        for source in sources
        for made in _declared(Scope(source, names), parse(source).statements)
        if isinstance(made.node, VnetNode)
    }


def _with_listed(
    declared: Mapping[str, tuple[Prefix, ...]], published: TagList | None
) -> Mapping[str, tuple[Prefix, ...]]:
    return declared if published is None else {**published.prefixes, **declared}


def _tags_in(statements: Iterable[Statement]) -> Iterable[Statement]:
    return (node for node in statements if isinstance(node, ServiceTagNode))


def read(
    sources: Sequence[Source],
    imported: Network | None = None,
    published: TagList | None = None,
    are_all: bool = True,
) -> Document:
    """Return what `sources` say together, beside `imported` and the service tags of the `published` list.

    Every mistake is among the diagnostics, but for names that are missing unless these `are_all` inputs.
    """
    return _understood(sources, imported, published, are_all)[0]


def read_text(text: str, name: str = "text.vnet") -> Document:
    """Return what one text says. Raises `InputError` when it has mistakes."""
    document = read((Source(name, text),))
    if any(diagnostic.severity is Severity.ERROR for diagnostic in document.diagnostics):
        raise InputError(document.diagnostics)
    return document


def resolve_expression(
    expression: Source,
    sources: Sequence[Source],
    imported: Network | None = None,
    published: TagList | None = None,
) -> EndpointSet:
    """Return what the set expression that `expression` consists of stands for beside `sources`. Raises `InputError`."""
    node, diagnostics = parse_endpoints(expression)
    if node is None:
        raise InputError(diagnostics)
    _, selectors, names = _understood(sources, imported, published)
    before, errors = len(names.problems.found), names.problems.errors
    selection = selectors.select(Scope(expression, names), node)
    if names.problems.errors > errors:
        raise InputError(names.problems.found[before:])
    return selection.endpoints


def _understood(
    sources: Sequence[Source], imported: Network | None, published: TagList | None, are_all: bool = True
) -> tuple[Document, Selectors, Names]:
    parsed = [parse(source) for source in sources]
    problems = Problems()
    problems.found += [diagnostic for one in parsed for diagnostic in one.diagnostics]
    names = Names(problems, (name for one in parsed for name in one.broken), published, are_all)
    network = imported if imported is not None else Network()
    declare_imported(names, network, _places_of_vnets(sources, parsed, names))
    written = [
        made
        for source, one in zip(sources, parsed, strict=True)
        for made in _declared(Scope(source, names), one.statements)
    ]
    _check_apart(written)
    if published is not None:
        check_unlisted(problems, network, names)
    network = _network(written, network, published)
    selectors = Selectors(network, names)
    define_groups(selectors, ((one.scope, one.name, one.node) for one in written if isinstance(one.node, GroupNode)))
    network = _with_admin_rules(_with_policies(network, written, selectors), written, selectors)
    network = with_tags(network, _with_listed(network.service_tags, published), published)
    return _document(network, written, selectors, problems), selectors, names


def _places_of_vnets(sources: Sequence[Source], parsed: Sequence[Parsed], names: Names) -> frozenset[Span]:
    return frozenset(
        Scope(source, names).span(node.name)
        for source, one in zip(sources, parsed, strict=True)
        for node in one.statements
        if isinstance(node, VnetNode)
    )


def _declared(scope: Scope, statements: Iterable[Statement]) -> list[Written]:
    """Enter the names that `statements` declare; those whose name is taken are left out."""
    written = []
    for node in statements:
        kind = _KINDS.get(type(node)) or (node.kind.replace("-", " ") if isinstance(node, NameNode) else None)
        if kind is None:
            written.append(Written(scope, node, _declare_tag(scope, node) if isinstance(node, ServiceTagNode) else ""))
            continue
        name = scope.declare(kind, node.name)  # type: ignore[union-attr, arg-type]
        if name is None:
            continue
        if isinstance(node, VnetNode):
            _declare_inside(scope, name, node)
        written.append(Written(scope, node, name))
    return written


def _check_apart(written: Iterable[Written]) -> None:
    """Report groups that are called as an element is, and services that are called as a protocol is."""
    for one in written:
        problems, names, name = one.scope.problems, one.scope.names, one.name
        if isinstance(one.node, GroupNode):
            others = [(kind, found) for kind in SELECTABLE if kind != GROUP and (found := names.lookup(kind, name))]
            if others:
                places = tuple((found.span, f"this {kind}") for kind, found in others if found.span.line)
                message = f"the name {shown(name)} is taken by a {others[0][0]}"
                problems.error("duplicate-name", message, one.scope.span(one.node.name), "declared again", places)
        elif isinstance(one.node, ServiceNode) and name.casefold() in _RESERVED_SERVICES:
            message = f"the name {shown(name)} is taken by a protocol"
            problems.error("duplicate-name", message, one.scope.span(one.node.name), "declared again")


def _declare_tag(scope: Scope, node: ServiceTagNode) -> str:
    """Enter a service tag by Azure's spelling; the ones that the rules themselves define are refused."""
    word = text_of(node.name) if node.suffix is None else f"{text_of(node.name)}.{node.suffix}"
    name = tag_spelling(word) or word
    if name in DEFINED_TAGS:
        message = f"the service tag {shown(name)} is defined by Azure's rules"
        scope.problems.error("duplicate-name", message, scope.span(node.name, node.suffix), "has its prefixes already")
        return ""
    listed = scope.names.tag_list
    if listed is not None and listed.spelling(name) is not None:
        message = f"the service tag {shown(name)} is in the list {listed} as well"
        others = ((listed.span, "the list is named here"),) if listed.span.line else ()
        scope.problems.error(
            "duplicate-name", message, scope.span(node.name, node.suffix), "has its prefixes already", others
        )
        return ""
    return name if scope.names.declare("service tag", name, scope.span(node.name, node.suffix)) else ""


def _declare_inside(scope: Scope, vnet: str, node: VnetNode) -> None:
    for item in node.items:
        if isinstance(item, SubnetNode):
            name = scope.name(item.name)
            if name is not None:
                scope.names.declare("subnet", f"{vnet}.{name}", scope.span(item.name))
        elif isinstance(item, GatewayNode):
            gateway = scope.declare("gateway", item.name)
            if gateway is not None:
                scope.names.vnet_of_gateway[gateway] = vnet


def _network(written: Sequence[Written], imported: Network, published: TagList | None) -> Network:
    """Return the imported network with all that is declared; policies of appliances come later, with the sets."""
    tags = {**imported.service_tags, **_service_tags(written)}
    declarations = Declarations(imported, _with_listed(tags, published))
    for one in written:
        declarations.take(one.scope, one.name, one.node)
    network = declarations.network()
    balanced = {**imported.load_balancers, **_load_balancers(written, network.machines)}
    return replace(
        network,
        era=assumptions.era([(one.scope, one.node) for one in written if isinstance(one.node, EraNode)], imported.era),
        service_tags=tags,
        load_balancers=balanced,
        private_link_services={**imported.private_link_services, **_link_services(written, balanced)},
        dns_zones={**imported.dns_zones, **_dns_zones(written)},
        name_servers={**imported.name_servers, **_name_servers(written)},
        unmodelled=(*imported.unmodelled, *_unmodelled(written, about_names=False)),
        unmodelled_names=_unmodelled_names(written, imported),
        is_strict=imported.is_strict or any(isinstance(one.node, StrictNode) for one in written),
    )


def _load_balancers(written: Sequence[Written], hosts: Mapping[str, Machine]) -> dict[str, LoadBalancer]:
    """Return the load balancers, which name interfaces of all machines."""
    return {
        one.name: balancers.load_balancer(one.scope, one.name, one.node, hosts)
        for one in written
        if isinstance(one.node, LoadBalancerNode)
    }


def _link_services(written: Sequence[Written], balanced: Mapping[str, LoadBalancer]) -> dict[str, PrivateLinkService]:
    """Return the private link services, which name frontends of load balancers."""
    made = (
        private_links.link_service(one.scope, one.name, one.node, balanced)
        for one in written
        if isinstance(one.node, LinkServiceNode)
    )
    return {service.name: service for service in made if service is not None}


def _service_tags(written: Sequence[Written]) -> Mapping[str, tuple[Prefix, ...]]:
    return {
        one.name: one.scope.prefixes(one.node.prefixes)
        for one in written
        if isinstance(one.node, ServiceTagNode) and one.name
    }


def _dns_zones(written: Sequence[Written]) -> dict[str, DnsZone]:
    zones = (
        zone for one in written if isinstance(one.node, DnsZoneNode) for zone in dns_zone(one.scope, one.name, one.node)
    )
    return {zone.name: zone for zone in zones}


def _unmodelled_names(written: Sequence[Written], imported: Network) -> tuple[Unmodelled, ...]:
    """Return what an import leaves open about names; which zones there are the text says where it declares some."""
    declares_zones = any(isinstance(one.node, DnsZoneNode) for one in written)
    found = (item for item in imported.unmodelled_names if item.what != NO_ZONES or not declares_zones)
    return (*found, *_unmodelled(written, about_names=True))


def _unmodelled(written: Sequence[Written], about_names: bool) -> Iterator[Unmodelled]:
    for one in written:
        if isinstance(one.node, NotModelledNode) and (one.node.names is not None) is about_names:
            yield not_modelled(one.scope, one.node)


def _name_servers(written: Sequence[Written]) -> dict[str, NameServer]:
    servers = (name_server(one.scope, one.name, one.node) for one in written if isinstance(one.node, MachineNode))
    return {server.machine: server for server in servers if server is not None}


def _with_policies(network: Network, written: Sequence[Written], selectors: Selectors) -> Network:
    """Return `network` with the policies of its appliances and firewalls, whose lines may name sets."""
    hosts = dict(network.machines)
    for one in written:
        if not isinstance(one.node, MachineNode):
            continue
        scope, host = one.scope, hosts[one.name]

        def ranges(node: EndpointsNode, scope: Scope = scope) -> IntervalSet:
            return selectors.ranges(scope, node)

        policy = machines.policy(scope, one.node, ranges)
        if policy is not None:
            hosts[one.name] = replace(host, policy=policy)
        if firewalls.has_policy(one.node):
            hosts[one.name] = replace(host, firewall=firewalls.policy(scope, host, one.node, ranges))
    return replace(network, machines=hosts)


def _with_admin_rules(network: Network, written: Sequence[Written], selectors: Selectors) -> Network:
    """Return `network` with the security admin rules, whose networks may be sets."""
    declared = [
        admin.admin_rules(one.scope, one.name, one.node, selectors)
        for one in written
        if isinstance(one.node, AdminRulesNode)
    ]
    return replace(network, admin_rules=(*network.admin_rules, *declared))


def _document(network: Network, written: Sequence[Written], selectors: Selectors, problems: Problems) -> Document:
    is_sound = all(found.severity is not Severity.ERROR for found in problems.found)
    services = _services(written)
    intents = [
        claims.intent(one.scope, network, selectors, services, one.name, one.node)
        for one in written
        if isinstance(one.node, IntentNode)
    ]
    facts = [assumptions.assumption(one.scope, one.node) for one in written if isinstance(one.node, AssumeNode)]
    assumed = [fact for fact in facts if fact is not None]
    assumptions.check_consistent(assumed, problems)
    assumptions.check_subjects(assumed, network, problems)
    readings = [assumptions.is_documented(one.scope, one.node) for one in written if isinstance(one.node, ReadingNode)]
    return Document(
        network,
        tuple(intents),
        tuple(assumed),
        any(readings),
        in_source_order(problems.found),
        {name: selection.endpoints for name, selection in selectors.groups.items()},
        {known.name: known for known in services.values()},
        is_sound,
    )


def _services(written: Sequence[Written]) -> dict[str, Service]:
    """Return the declared services by case-folded name; each may name those before it."""
    services: dict[str, Service] = {}
    for one in written:
        if isinstance(one.node, ServiceNode):
            made = service(one.scope, services, one.node.services, EVERY_PACKET)
            services[one.name.casefold()] = replace(made, name=one.name)
            check_meaning(one.scope, one.node.name, made)
    return services
