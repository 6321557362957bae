"""From statements to route tables, whose routes lead to prefixes or to service tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from vnetverify.header import Prefix, family_of
from vnetverify.model.network import NextHopType, RouteTable, UserRoute
from vnetverify.syntax.elements import Options, is_new
from vnetverify.syntax.names import text_of
from vnetverify.syntax.problems import did_you_mean, shown
from vnetverify.syntax.published import known_tags, of_list, spelling_of_tag
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.tree import RouteNode, RouteTableNode

if TYPE_CHECKING:
    from lark import Token

Tags = Mapping[str, tuple[Prefix, ...]]

_HOPS = {hop.value: hop for hop in NextHopType}


def route_table(scope: Scope, name: str, node: RouteTableNode, tags: Tags) -> RouteTable:
    names: dict[str, Token] = {}
    nodes = [item for item in node.items if isinstance(item, RouteNode) and is_new(scope, names, "route", item.name)]
    routes = tuple(made for item in nodes for made in routes_of(scope, item, tags))
    propagates = Options(scope, node.items).switch("propagate-gateway-routes")
    return RouteTable(name, routes, propagates is not False, scope.span(node.name))


def routes_of(scope: Scope, node: RouteNode, tags: Tags) -> Iterator[UserRoute]:
    """Yield the route, one for each prefix of a service tag; nothing where a part of it could not be understood."""
    name, span = scope.name(node.name), scope.span(node.name, node.last)
    address = scope.address(node.hop_address) if node.hop_address is not None else None
    tag = None if node.destination.type == "ADDRESS" else routed_tag(scope, node.destination, tags)
    prefix = scope.prefix(node.destination) if node.destination.type == "ADDRESS" else None
    if name is None or (node.hop_address is not None and address is None):
        return
    family = family_of(address) if address is not None else None
    if prefix is not None and family not in (None, prefix.family):
        message, label = "the next hop is of another family than the prefix", "IPv4 and IPv6"
        scope.problems.error("mixed-families", message, span, label)
        return
    for reached in (prefix,) if tag is None else tags[tag]:
        # Of a tag's prefixes only those of its own family can be sent to an appliance's address.
        if reached is not None and family in (None, reached.family):
            yield UserRoute(name, reached, _HOPS[str(node.hop)], address, tag, span)


def routed_tag(scope: Scope, token: Token, tags: Tags) -> str | None:
    """Return the declared spelling of a service tag that a route leads to; without prefixes it leads nowhere."""
    declared = scope.names.lookup("service tag", text_of(token))
    if declared is not None and tags.get(declared.spelling):
        return declared.spelling
    known, listed = spelling_of_tag(scope.names, text_of(token)), scope.names.tag_list
    if known is not None and tags.get(known):
        return known
    if known is None and (token.type != "STRING" or listed is not None):
        message = f"{shown(text_of(token))} is neither a prefix nor a service tag{of_list(scope.names)}"
        help_text = did_you_mean(text_of(token), known_tags(scope.names))
        scope.problems.error("unknown-service-tag", message, scope.span(token), "unknown", (), help_text)
        return None
    message = f"which prefixes the service tag {shown(known or text_of(token))} holds is not declared"
    help_text = f"write `service-tag {known or token} PREFIXES` with those that Azure publishes"
    scope.problems.error("tag-without-prefixes", message, scope.span(token), "leads to no prefix", (), help_text)
    return None
