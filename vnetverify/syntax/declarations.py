"""The elements that statements declare one by one, beside those of an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vnetverify.header import Prefix
from vnetverify.model.network import (
    ConnectedGroup,
    Connection,
    Gateway,
    Machine,
    Network,
    Peering,
    Principal,
    RouteServer,
    RouteTable,
    Site,
    Vnet,
)
from vnetverify.model.private_links import PrivateEndpoint, Proxy
from vnetverify.model.security import Nsg
from vnetverify.source import Span
from vnetverify.syntax import elements, links, machines, private_links, routes
from vnetverify.syntax.devices import PrivateEndpointNode, ProxyNode
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.tree import (
    ConnectedGroupNode,
    ConnectionNode,
    MachineNode,
    NameNode,
    NsgNode,
    PeeringNode,
    PrincipalNode,
    RouteServerNode,
    RouteTableNode,
    SiteNode,
    Statement,
    VnetNode,
)


@dataclass(slots=True)
class Declarations:
    """The elements so far, by name; `tags` are the prefixes to which routes and endpoints of services lead."""

    imported: Network
    tags: Mapping[str, tuple[Prefix, ...]]
    vnets: dict[str, Vnet] = field(default_factory=dict)
    peerings: list[Peering] = field(default_factory=list)
    nsgs: dict[str, Nsg] = field(default_factory=dict)
    route_tables: dict[str, RouteTable] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    gateways: dict[str, Gateway] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    connections: list[Connection] = field(default_factory=list)
    asgs: dict[str, Span] = field(default_factory=dict)
    nat_gateways: dict[str, Span] = field(default_factory=dict)
    connected_groups: list[ConnectedGroup] = field(default_factory=list)
    route_servers: list[RouteServer] = field(default_factory=list)
    private_endpoints: dict[str, PrivateEndpoint] = field(default_factory=dict)
    principals: dict[str, Principal] = field(default_factory=dict)
    proxies: dict[str, Proxy] = field(default_factory=dict)

    def take(self, scope: Scope, name: str, statement: Statement) -> None:
        """Keep what `statement` declares, if it is one of these elements."""
        match statement:
            case VnetNode() as node:
                made = elements.vnet(scope, name, node, self.tags)
                self.vnets[name] = elements.completed(scope, made, self.imported.vnets.get(name))
                self.gateways.update((gateway.name, gateway) for gateway in elements.gateways(scope, name, node))
            case PeeringNode() as node:
                self.peerings += links.peering(scope, node)
            case ConnectedGroupNode() as node:
                self.connected_groups.append(links.connected_group(scope, name, node))
            case RouteServerNode() as node:
                self.route_servers += links.route_server(scope, name, node)
            case NsgNode() as node:
                self.nsgs[name] = elements.nsg(scope, name, node)
            case RouteTableNode() as node:
                self.route_tables[name] = routes.route_table(scope, name, node, self.tags)
            case MachineNode() as node:
                self.machines[name] = machines.machine(scope, name, node)
            case PrivateEndpointNode() as node:
                endpoint = private_links.private_endpoint(scope, name, node)
                self.private_endpoints.update({name: endpoint} if endpoint is not None else {})
            case ProxyNode() as node:
                proxy = private_links.proxy(scope, name, node)
                self.proxies.update({name: proxy} if proxy is not None else {})
            case PrincipalNode() as node:
                self.principals[name] = links.principal(scope, name, node)
            case SiteNode() as node:
                self.sites[name] = elements.site(scope, name, node)
            case ConnectionNode() as node:
                self.connections += elements.connection(scope, node)
            case NameNode(kind, token):
                (self.asgs if kind == "asg" else self.nat_gateways)[name] = scope.span(token)

    def network(self) -> Network:
        """Return the imported network with all that was taken."""
        imported = self.imported
        return replace(
            imported,
            vnets={**imported.vnets, **self.vnets},
            peerings=(*imported.peerings, *self.peerings),
            nsgs={**imported.nsgs, **self.nsgs},
            route_tables={**imported.route_tables, **self.route_tables},
            machines={**imported.machines, **self.machines},
            gateways={**imported.gateways, **self.gateways},
            sites={**imported.sites, **self.sites},
            connections=(*imported.connections, *self.connections),
            asgs={**imported.asgs, **self.asgs},
            nat_gateways={**imported.nat_gateways, **self.nat_gateways},
            connected_groups=(*imported.connected_groups, *self.connected_groups),
            route_servers=(*imported.route_servers, *self.route_servers),
            private_endpoints={**imported.private_endpoints, **self.private_endpoints},
            principals={**imported.principals, **self.principals},
            proxies={**imported.proxies, **self.proxies},
        )
