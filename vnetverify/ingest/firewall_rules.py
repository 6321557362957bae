"""The rules of Azure Firewalls, of a firewall's own collections and of those of policies (F-FW-1 to F-FW-9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count, pairwise
from typing import Any, assert_never

from vnetverify.header import (
    ALL_ADDRESSES,
    ICMP,
    LAST_PORT,
    TCP,
    UDP,
    Family,
    Interval,
    IntervalSet,
    family_of,
    interval_set,
)
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.properties import read
from vnetverify.ingest.resources import key_of, name_of
from vnetverify.ingest.shapes import FIREWALL_APPLICATION_RULE, FIREWALL_NAT_RULE, FIREWALL_NETWORK_RULE, IP_GROUP
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import (
    Malformed,
    as_address,
    as_list,
    as_number,
    as_object,
    as_port_text,
    as_ports,
    as_prefix,
    as_text,
    is_ipv6,
    member,
    shown,
)
from vnetverify.model.firewalls import FirewallRule, FirewallRuleKind, Translation
from vnetverify.source import Span
from vnetverify.syntax.tags import DEFINED_TAGS, tag_spelling

# Records what is not modelled about a firewall, and why.
Doubting = Callable[[str, str], None]

# The body of a rule, and where it stands.
WrittenRule = tuple[dict[str, Any], Span]

_ORDER = tuple(FirewallRuleKind)
_PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "any": None}
_APPLICATION_PORTS = {"http": 80, "https": 443, "mssql": 1433}
_SHAPES = {
    FirewallRuleKind.NAT: FIREWALL_NAT_RULE,
    FirewallRuleKind.NETWORK: FIREWALL_NETWORK_RULE,
    FirewallRuleKind.APPLICATION: FIREWALL_APPLICATION_RULE,
}


@dataclass(frozen=True, slots=True)
class Collection:
    """Rules of one priority, as bodies with their places: `rank` orders those of one kind (F-FW-2).

    `names` are what it can be called, the shortest first; `what` names it in a message.
    """

    names: tuple[str, ...]
    kind: FirewallRuleKind
    rank: tuple[int, ...]
    allows: bool
    rules: tuple[WrittenRule, ...]
    what: str


class FirewallRules:
    """Makes rules; `tags` holds the spellings of service tags whose prefixes are known."""

    def __init__(self, inventory: Inventory, tags: Iterable[str]) -> None:
        self._inventory = inventory
        self._tags = {tag.casefold(): tag for tag in tags}

    def rules(
        self, collections: Iterable[Collection], own: Mapping[int, str | None], doubt: Doubting
    ) -> tuple[FirewallRule, ...]:
        """Return the rules in the order in which they are asked (F-FW-1, F-FW-2); one not modelled goes to `doubt`.

        `own` are the addresses of the firewall, with the names of the public ones and None for the private.
        """
        found: list[FirewallRule] = []
        taken: set[tuple[bool, str]] = set()
        ordered = sorted(collections, key=lambda one: (_ORDER.index(one.kind), one.rank))
        for earlier, later in pairwise(ordered):
            if (earlier.kind, earlier.rank) == (later.kind, later.rank):
                doubt(later.what, "another collection has its priority")
        for one in ordered:
            for position, (body, span) in enumerate(one.rules):
                name = as_text(member(body, "name") or f"#{position + 1}", "name")
                what = f"rule `{shown(name)}` of {one.what}"
                values, doubts = read(body, "", _SHAPES[one.kind])
                for each in doubts:
                    doubt(f"`{each.name}` of {what}", each.why)
                try:
                    found.extend(
                        _named(replace(made, span=span), one, name, taken) for made in self._rules(one, values, own)
                    )
                except _NotModelled as reason:
                    doubt(what, str(reason))
        return tuple(found)

    def _rules(
        self, collection: Collection, values: dict[str, Any], own: Mapping[int, str | None]
    ) -> Iterator[FirewallRule]:
        """Yield what a rule stands for: one of NAT for several destinations is several. Raises `_NotModelled`."""
        sources = self._sources(values)
        match collection.kind:
            case FirewallRuleKind.APPLICATION:
                yield _application(collection, values, sources)
            case _ if sources is None:
                raise _NotModelled("it names no source")
            case FirewallRuleKind.NETWORK:
                yield self._network(collection, values, sources)
            case FirewallRuleKind.NAT:
                yield from self._nat(values, sources, own)
            case unreachable:
                assert_never(unreachable)

    def _nat(
        self, values: dict[str, Any], sources: IntervalSet, own: Mapping[int, str | None]
    ) -> Iterator[FirewallRule]:
        protocols = _protocols(values)
        ports = _ports(values)
        if any(protocol not in (TCP, UDP) for protocol in protocols):
            raise _NotModelled("destination translation of other protocols than TCP and UDP is not modelled")
        if any(interval.low == 0 for interval in ports):
            raise _NotModelled("destination translation of port 0 is not modelled")
        translation = _translation(values, ports)
        destinations_stated = _texts(values, "destinationAddresses")
        if not destinations_stated:
            raise _NotModelled("it names no destination")
        for text in destinations_stated:
            address = _address(text)
            if address is None or address not in own:
                raise _NotModelled(f"`{shown(text)}` is not known to be an address of the firewall")
            yield FirewallRule(
                "",
                FirewallRuleKind.NAT,
                True,
                protocols,
                sources,
                IntervalSet(),
                ports,
                at=own[address],
                translation=translation,
            )

    def _network(self, collection: Collection, values: dict[str, Any], sources: IntervalSet) -> FirewallRule:
        protocols = _protocols(values)
        ports = _ports(values)
        texts = _texts(values, "destinationAddresses")
        tags = [text for text in texts if not _is_address(text)]
        addresses = _addresses(text for text in texts if _is_address(text)) | self._of_groups(
            values, "destinationIpGroups"
        )
        has_names = _asks_for_names(values, "destinationFqdns")
        if not (addresses or tags or has_names):
            raise _NotModelled("it names no destination")
        return FirewallRule(
            "",
            collection.kind,
            collection.allows,
            protocols,
            sources,
            addresses,
            ports,
            tuple(dict.fromkeys(map(self._tag, tags))),
            has_names,
        )

    def _tag(self, text: str) -> str:
        """Return the spelling of a service tag (F-FW-9). Raises `_NotModelled` for one that is none of a firewall's."""
        found = self._tags.get(text.casefold()) or tag_spelling(text)
        if found is None or found in DEFINED_TAGS:
            raise _NotModelled(f"`{shown(text)}` is not a service tag that is known of firewalls")
        return found

    def _sources(self, values: dict[str, Any]) -> IntervalSet | None:
        """Return the sources of a rule, None where it says none. Raises `_NotModelled`."""
        texts = _texts(values, "sourceAddresses")
        strange = next((text for text in texts if not _is_address(text)), None)
        if strange is not None:
            raise _NotModelled(f"the source `{shown(strange)}` is not modelled (F-FW-9)")
        found = _addresses(texts) | self._of_groups(values, "sourceIpGroups")
        return found or None

    def _of_groups(self, values: dict[str, Any], field: str) -> IntervalSet:
        """Return the addresses of the IP groups that a rule names. Raises `_NotModelled` for one not in the input."""
        found = IntervalSet()
        for identity in _texts(values, field):
            group = self._inventory.find(key_of(identity))
            if group is None or group.is_bare:
                raise _NotModelled(f"the IP group `{shown(name_of(identity))}` is not in the input")
            inner, doubts = read(group.body, group.pointer, IP_GROUP)
            if doubts or inner.get("ipaddresses") is None:
                raise _NotModelled(f"what the IP group `{shown(name_of(identity))}` holds is not known")
            texts = _texts(inner, "ipAddresses")
            if not all(map(_is_address, texts)):
                raise _NotModelled(f"what the IP group `{shown(name_of(identity))}` holds is not modelled")
            found = found | _addresses(texts)
        return found


class _NotModelled(Exception):
    """A rule that Azure accepts and the model cannot hold; the message says why."""


def _named(rule: FirewallRule, collection: Collection, name: str, taken: set[tuple[bool, str]]) -> FirewallRule:
    """Return `rule` with a name of its own: `collection/rule`, with more before it or behind it where that is taken."""
    is_nat = rule.kind is FirewallRuleKind.NAT
    candidates = [f"{before}/{name}" for before in collection.names]
    numbered = (f"{candidates[-1]}/{number}" for number in count(2))
    chosen = next(each for each in chain(candidates, numbered) if (is_nat, each.casefold()) not in taken)
    taken.add((is_nat, chosen.casefold()))
    return replace(rule, name=chosen)


def _texts(values: dict[str, Any], field: str) -> list[str]:
    return [as_text(item, field).strip() for item in as_list(values.get(field.lower()), field)]


def _is_address(text: str) -> bool:
    return text == "*" or text[:1].isdigit() or is_ipv6(text)


def _addresses(texts: Iterable[str]) -> IntervalSet:
    """Return the addresses of `*`, addresses, prefixes and ranges. Raises `Malformed`."""
    return interval_set(interval for text in texts for interval in _intervals(text))


def _intervals(text: str) -> Iterator[Interval]:
    low, dash, high = text.partition("-")
    if text == "*":
        yield from ALL_ADDRESSES
    elif dash:
        first, last = as_address(low), as_address(high)
        if first > last or family_of(first) is not family_of(last):
            raise Malformed(f"`{shown(text)}` is not a range of addresses")
        yield Interval(first, last)
    else:
        prefix = as_prefix(text)
        yield Interval(prefix.value, prefix.last)


def _address(text: str) -> int | None:
    """Return the one address that a destination of NAT stands for, None where it is another thing."""
    if text == "*" or not _is_address(text) or "-" in text:
        return None
    prefix = as_prefix(text)
    return prefix.value if prefix.value == prefix.last else None


def _protocols(values: dict[str, Any]) -> tuple[int | None, ...]:
    words = [*_texts(values, "protocols"), *_texts(values, "ipProtocols")]
    strange = next((word for word in words if word.lower() not in _PROTOCOLS), None)
    if strange is not None or not words:
        raise _NotModelled(
            "it names no protocol" if strange is None else f"protocol `{shown(strange)}` is not modelled"
        )
    found = dict.fromkeys(_PROTOCOLS[word.lower()] for word in words)
    return (None,) if None in found else tuple(found)


def _ports(values: dict[str, Any]) -> IntervalSet:
    stated = as_list(values.get("destinationports"), "destinationPorts")
    if not stated:
        raise _NotModelled("it names no ports")
    return as_ports(tuple(as_port_text(each, "destinationPorts").strip() for each in stated))


def _translation(values: dict[str, Any], ports: IntervalSet) -> Translation:
    text = values.get("translatedaddress")
    if not text:
        raise _NotModelled("it does not say to which address")
    address = as_address(as_text(text, "translatedAddress"))
    if family_of(address) is not Family.IPV4:
        raise _NotModelled("translation to an IPv6 address is not modelled")
    stated = values.get("translatedport")
    if stated is None or stated == "":
        raise _NotModelled("it does not say to which port")
    told = (
        as_ports((str(stated),)) if isinstance(stated, (str, int)) and not isinstance(stated, bool) else IntervalSet()
    )
    if told.size != 1 or not 1 <= told.intervals[0].low <= LAST_PORT:
        raise _NotModelled("translation to several ports is not modelled")
    return Translation(address, told.intervals[0].low)


def _application(collection: Collection, values: dict[str, Any], sources: IntervalSet | None) -> FirewallRule:
    """Return an application rule. One that says no source is as open as names are: it is for every source or none."""
    ports = interval_set(_application_ports(values))
    destinations, has_names = _names_asked_for(values)
    if sources is None:
        sources, destinations, has_names = ALL_ADDRESSES, IntervalSet(), True
    return FirewallRule(
        "", collection.kind, collection.allows, (TCP,), sources, destinations, ports, has_names=has_names
    )


def _application_ports(values: dict[str, Any]) -> Iterator[Interval]:
    items = as_list(values.get("protocols"), "protocols")
    if not items:
        raise _NotModelled("it names no protocol")
    for item in items:
        body = as_object(item, "protocols")
        word = as_text(member(body, "protocolType"), "protocolType").lower()
        if word not in _APPLICATION_PORTS:
            raise _NotModelled(f"protocol `{shown(word)}` is not modelled")
        port = as_number(member(body, "port") or _APPLICATION_PORTS[word], "port")
        if not 0 < port <= LAST_PORT:
            raise Malformed(f"`port` is {port}, not a port")
        yield Interval(port, port)


def _names_asked_for(values: dict[str, Any]) -> tuple[IntervalSet, bool]:
    """Return the destinations of an application rule, which are all or none, and whether names stand for some."""
    if set(_texts(values, "destinationAddresses")) - {"*"}:
        raise _NotModelled("application rules for addresses are not modelled")
    if not _asks_for_names(values, "targetFqdns", "targetUrls", "fqdnTags", "webCategories"):
        raise _NotModelled("it names no destination")
    asked = values.get("targetfqdns")
    is_every = not isinstance(asked, Unknown) and "*" in _texts(values, "targetFqdns")
    return (ALL_ADDRESSES, False) if is_every else (IntervalSet(), True)


def _asks_for_names(values: dict[str, Any], *fields: str) -> bool:
    """Hold where a rule asks for names, be they known or not: one that is not may be any, or stand for every one."""
    return any(isinstance(values.get(field.lower()), Unknown) or _texts(values, field) for field in fields)
