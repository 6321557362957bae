"""Route tables with their user-defined routes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from vnetverify.diagnostic import Diagnostic
from vnetverify.header import Prefix, family_of
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.properties import read
from vnetverify.ingest.resources import Resource, certain_first, parent_of
from vnetverify.ingest.shapes import ROUTE, ROUTE_TABLE
from vnetverify.ingest.values import Malformed, as_address, as_flag, as_prefix, as_text, is_ipv6, shown
from vnetverify.model.network import NextHopType, RouteTable, UserRoute
from vnetverify.model.published import TagList
from vnetverify.syntax.problems import did_you_mean

_TABLES = "routetables"
_ROUTES = "routetables/routes"

_NEXT_HOPS = {
    "virtualappliance": NextHopType.APPLIANCE,
    "virtualnetworkgateway": NextHopType.GATEWAY,
    "vnetlocal": NextHopType.VNET_LOCAL,
    "internet": NextHopType.INTERNET,
    "none": NextHopType.NONE,
}


Tags = Mapping[str, tuple[Prefix, ...]]


class Tables:
    """The route tables of an input; `names` holds their names by key."""

    def __init__(self, inventory: Inventory, findings: Findings, tags: Tags, published: TagList | None) -> None:
        self._inventory = inventory
        self._findings = findings
        self._published = published
        known = {**(published.prefixes if published is not None else {}), **tags}
        self._tags = {tag.casefold(): (tag, prefixes) for tag, prefixes in known.items()}
        self.names = unique_names(((table.id, table.span) for table in inventory.of(_TABLES)), findings)

    def route_tables(self) -> dict[str, RouteTable]:
        routes: defaultdict[str, list[UserRoute]] = defaultdict(list)
        for resource in certain_first(self._inventory.of(_ROUTES)):
            table = parent_of(resource.key)
            if table not in self.names:
                message = f"{resource.subject} belongs to a route table that is not in the input"
                self._findings.note("route-table-missing", message, resource.span)
            else:
                known = {route.prefix for route in routes[table]} if resource.uncertain is not None else set()
                found = list(self._routes_of(resource, table))
                routes[table].extend(route for route in found if route.prefix not in known)
        tables = (self._table(table, tuple(routes[table.key])) for table in self._inventory.of(_TABLES))
        return {table.name: table for table in tables}

    def _table(self, resource: Resource, routes: tuple[UserRoute, ...]) -> RouteTable:
        values, doubts = read(resource.body, resource.pointer, ROUTE_TABLE)
        self._findings.doubts(resource, doubts, resource.key)
        self._findings.doubt_untold(resource, self._inventory.untold(resource))
        try:
            off = as_flag(values.get("disablebgproutepropagation"), "disableBgpRoutePropagation")
        except Malformed as fault:
            self._findings.fault(resource, f"{fault} in {resource.subject}")
            off = None
        return RouteTable(self.names[resource.key], routes, not off, resource.span)

    def _routes_of(self, resource: Resource, table: str) -> Iterator[UserRoute]:
        """Yield the route, or nothing where it is not modelled."""
        values, doubts = read(resource.body, resource.pointer, ROUTE)
        self._findings.doubts(resource, doubts, table)
        try:
            destination = as_text(values.get("addressprefix"), "addressPrefix").strip()
            kind = as_text(values.get("nexthoptype"), "nextHopType")
            if kind.lower() not in _NEXT_HOPS:
                self._doubt(resource, table, f"next hop type `{shown(kind)}` is not modelled")
            else:
                hop = _NEXT_HOPS[kind.lower()]
                address = values.get("nexthopipaddress") if hop is NextHopType.APPLIANCE else None
                where = as_address(as_text(address, "nextHopIpAddress")) if address else None
                if hop is NextHopType.APPLIANCE and where is None and resource.key in self._findings.partly_known:
                    return  # where it leads is in doubt already
                for prefix, tag in self._reached(resource, table, destination):
                    if where is None or prefix.family is family_of(where):
                        yield UserRoute(resource.name, prefix, hop, where, tag, resource.span)
                    else:
                        self._doubt(resource, table, "a next hop of the other address family is not modelled")
        except Malformed as fault:
            message = f"{fault} in {resource.subject} of route table `{self.names[table]}`"
            self._findings.fault(resource, message)

    def _reached(self, resource: Resource, table: str, destination: str) -> Iterator[tuple[Prefix, str | None]]:
        """Yield the prefixes that a route leads to, with the service tag that stands for them (R-UDR-4)."""
        if destination[:1].isdigit() or is_ipv6(destination):
            yield as_prefix(destination), None
            return
        tag, prefixes = self._tags.get(destination.casefold(), (destination, ()))
        if self._published is not None and destination.casefold() not in self._tags:
            where = f"{resource.subject} of route table `{self.names[table]}`"
            message = f"{where} leads to `{shown(tag)}`, no service tag of {self._published}"
            help_text = did_you_mean(tag, self._published.prefixes)
            self._findings.diagnostics.append(
                Diagnostic("unknown-service-tag", message, resource.span, "not in the list", help=help_text)
            )
        elif not prefixes:
            why = f"the prefixes of service tag `{shown(tag)}` are not declared; a text can do so with `service-tag`"
            self._doubt(resource, table, why)
        yield from ((prefix, tag) for prefix in prefixes)

    def _doubt(self, resource: Resource, table: str, why: str) -> None:
        what = f"{resource.subject} of route table `{self.names[table]}`"
        self._findings.doubt(what, why, table, resource.span)
