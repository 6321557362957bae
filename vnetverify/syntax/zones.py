"""From statements to private zones, machines that answer questions about names, and sentences about names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from vnetverify.model.intents import PlaceKind, Resolution
from vnetverify.model.zones import DnsRecord, DnsZone, NameServer, ZoneLink, lies_within, normal_name, normal_record
from vnetverify.syntax.elements import Options
from vnetverify.syntax.names import text_of
from vnetverify.syntax.parts import OptionNode
from vnetverify.syntax.problems import shown
from vnetverify.syntax.resolvers import dns_servers, is_azure
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.selectors import Selectors
from vnetverify.syntax.tree import DnsRecordNode, DnsZoneNode, MachineNode, ResolutionNode, ZoneLinkNode

if TYPE_CHECKING:
    from lark import Token

ZONE = "dns zone"
_REVERSE = ".in-addr.arpa"


def dns_zone(scope: Scope, name: str, node: DnsZoneNode) -> Iterator[DnsZone]:
    """Yield the zone; nothing where its domain is none."""
    token = node.domain if node.domain is not None else node.name
    domain = domain_name(scope, token)
    if domain is None:
        return
    nodes = [item for item in node.items if isinstance(item, ZoneLinkNode)]
    links: dict[str, ZoneLink] = {}
    for link in (link for item in nodes if (link := zone_link(scope, item)) is not None):
        earlier = links.setdefault(link.vnet, link)
        if earlier is not link:
            message = f"vnet {shown(link.vnet)} is linked to this zone already"
            scope.problems.error("said-twice", message, link.span, "said again", ((earlier.span, "linked here"),))
    records = tuple(_records(scope, (item for item in node.items if isinstance(item, DnsRecordNode)), domain))
    yield DnsZone(name, domain, tuple(links.values()), records, scope.span(node.name))


def zone_link(scope: Scope, node: ZoneLinkNode) -> ZoneLink | None:
    vnet = scope.find("vnet", node.vnet)
    span = scope.span(node.first, node.registration or node.vnet)
    return None if vnet is None else ZoneLink(vnet, node.registration is not None, span)


def domain_name(scope: Scope, token: Token) -> str | None:
    name = normal_name(text_of(token))
    if name is None:
        message = f"{shown(text_of(token))} is not a name of the DNS"
        scope.problems.error("bad-dns-name", message, scope.span(token), "expected labels with dots between them")
    return name


def _records(scope: Scope, nodes: Iterable[DnsRecordNode], domain: str) -> Iterator[DnsRecord]:
    """Yield the records of a zone, each name once."""
    seen: dict[str, DnsRecordNode] = {}
    for node in nodes:
        name = normal_record(text_of(node.name), domain)
        if name is None:
            _refuse_record(scope, node, "expected labels with dots between them, `*` or `@`")
            continue
        yield from _record(scope, node, name, seen)


def _record(scope: Scope, node: DnsRecordNode, name: str, seen: dict[str, DnsRecordNode]) -> Iterator[DnsRecord]:
    earlier = seen.setdefault(name, node)
    if earlier is not node:
        message = f"{shown(name)} has a record already"
        places = ((scope.span(earlier.name), "declared here"),)
        help_text = "a record may have several addresses"
        scope.problems.error("duplicate-name", message, scope.span(node.name), "declared again", places, help_text)
        return
    addresses = tuple(address for token in node.addresses if (address := scope.address(token)) is not None)
    yield DnsRecord(name, tuple(dict.fromkeys(addresses)), scope.span(node.first, node.addresses[-1]))


def _refuse_record(scope: Scope, node: DnsRecordNode, label: str) -> None:
    message = f"{shown(text_of(node.name))} is not a name of a record"
    scope.problems.error("bad-dns-name", message, scope.span(node.name), label)


def name_server(scope: Scope, machine: str, node: MachineNode) -> NameServer | None:
    """Return what a machine does with questions about names, None where nothing is said of it."""
    # Of the other options a machine tells the mistakes itself.
    own = (item for item in node.items if isinstance(item, OptionNode) and item.kind in ("serves", "forwards-dns"))
    options = Options(scope, tuple(own))
    nodes = [item for item in node.items if isinstance(item, DnsRecordNode)]
    if not nodes and "serves" not in options and "forwards-dns" not in options:
        return None
    tokens = options.all_words("serves")
    served = tuple(dict.fromkeys(name for token in tokens if (name := domain_name(scope, token)) is not None))
    seen: dict[str, DnsRecordNode] = {}
    records: list[DnsRecord] = []
    for item in nodes:
        text = text_of(item.name)
        wildcard, rest = ("*.", text[2:]) if text.startswith("*.") else ("", text)
        name = normal_name(rest)
        if name is None or not any(lies_within(name, domain) for domain in served):
            _refuse_record(scope, item, "expected a whole name in a domain that the machine `serves`")
        else:
            records += _record(scope, item, wildcard + name, seen)
    words = [word for word in options.words("forwards-dns") if word is not None]
    forwarders = dns_servers(scope, words)
    return NameServer(machine, served, tuple(records), forwarders, is_azure(words), scope.span(node.name))


def resolution(scope: Scope, selectors: Selectors, node: ResolutionNode) -> tuple[Resolution, ...]:
    """Return the sentence; nothing where a part of it could not be understood."""
    errors = scope.problems.errors
    hosts = selectors.select(scope, node.hosts).endpoints
    last = node.addresses[-1] if node.addresses else node.name
    span = scope.span(node.hosts.first, last)
    name = domain_name(scope, node.name)
    addresses = tuple(address for token in node.addresses if (address := scope.address(token)) is not None)
    for place, _ in hosts.parts:
        if place.kind != PlaceKind.SUBNET.value:
            message = f"which names resolve at {shown(place.name)} is not declared anywhere"
            where = scope.span(node.hosts.first, node.hosts.last)
            scope.problems.error("not-in-a-vnet", message, where, "expected hosts of vnets alone")
            break
    if name is not None and addresses and name.endswith(_REVERSE):
        scope.problems.error("bad-dns-name", "a reverse look-up has a name as answer", span, "say no address")
    if name is None or scope.problems.errors > errors:
        return ()
    text = scope.text(node.hosts.first, last)
    return (Resolution(hosts, name, node.never, tuple(dict.fromkeys(addresses)), text, span),)
