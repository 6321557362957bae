"""Rule collections of a managed firewall as the filtering format of test vectors writes them, and flows to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vnetverify.header import (
    ALL_IPV4,
    LAST_PORT,
    TCP,
    UDP,
    Family,
    Flow,
    Interval,
    IntervalSet,
    family_of,
    interval_set,
    parse_address,
    parse_prefix,
)
from vnetverify.model.firewalls import FirewallRule, FirewallRuleKind, Translation
from vnetverify.testing.filtering_fields import PROTOCOLS, ports_of_field, protocol_of_field
from vnetverify.testing.questions import EPHEMERAL_PORT
from vnetverify.testing.records import NotApplicable, Record

_PORTS = {"http": 80, "https": 443, "mssql": 1433}
_NAMED = "20.0.113.9"  # of a destination of which the name alone is told


@dataclass(frozen=True, slots=True)
class ToldRule:
    """A rule with what its model leaves out: the addresses that a NAT rule is `at`, and the names it is for."""

    rule: FirewallRule
    at: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """A flow to the firewall and the name, in lower case, that its sender asked for, nothing where none is told."""

    flow: Flow
    name: str


def told_rules(firewall: Record) -> tuple[ToldRule, ...]:
    """Return the rules in the order in which they are asked (F-FW-1, F-FW-2). Raises `NotApplicable`."""
    rules = tuple(rule for kind in FirewallRuleKind for rule in _rules(firewall, kind))
    firewall.finish()
    names = {each.rule.name.casefold() for each in rules}
    if len(names) < len(rules):
        raise NotApplicable("two rules of a firewall with one name")
    return rules


def _rules(firewall: Record, kind: FirewallRuleKind) -> Iterator[ToldRule]:
    collections = [
        (collection.need("priority"), collection)
        for collection in firewall.records(f"{kind.value}Collections", "collection")
    ]
    if len({priority for priority, _ in collections}) < len(collections):
        raise NotApplicable("two collections of one priority")
    for _, collection in sorted(collections, key=lambda one: one[0]):
        collection.take("name")
        allows = _allows(collection, kind)
        for number, record in enumerate(collection.records("rules", "rule"), 1):
            yield _rule(record, FirewallRule(
                name=record.take("name", f"{kind.value}{number}"),
                kind=kind,
                allows=allows,
                protocols=(TCP,),
                sources=_addresses(record.take("source", ["*"])),
                destinations=IntervalSet(),
                destination_ports=IntervalSet(),
            ))  # fmt: skip
        collection.finish()


def _allows(collection: Record, kind: FirewallRuleKind) -> bool:
    is_nat = kind is FirewallRuleKind.NAT
    action = str(collection.take("action", "dnat" if is_nat else "")).lower()
    if action not in (("dnat", "allow") if is_nat else ("allow", "deny")):
        raise NotApplicable(f"a {kind.value} collection with the action `{action}`")
    return action != "deny"


def _rule(record: Record, rule: FirewallRule) -> ToldRule:
    """Return the rule with its own conditions filled in."""
    names = tuple(name.lower() for name in record.take("fqdns", ()))
    at: tuple[int, ...] = ()
    match rule.kind:
        case FirewallRuleKind.APPLICATION:
            ports = interval_set(map(_application_port, record.need("protocols")))
            everything = ALL_IPV4 if "*" in names else IntervalSet()
            rule = replace(rule, destinations=everything, destination_ports=ports, has_names=bool(set(names) - {"*"}))
        case FirewallRuleKind.NETWORK:
            told = record.take("destination", ())
            tags = tuple(term.removeprefix("tag:") for term in told if term.startswith("tag:"))
            destinations = _addresses([term for term in told if not term.startswith("tag:")])
            rule = replace(_with_service(rule, record), destinations=destinations, service_tags=tags)
            rule = replace(rule, has_names=bool(names))
        case FirewallRuleKind.NAT:
            at = tuple(map(parse_address, record.need("destination")))
            rule = _with_service(rule, record)
            port = record.take("translatedPort", rule.destination_ports.intervals[0].low)
            target = parse_address(record.need("translatedAddress"))
            if family_of(target) is Family.IPV6:
                raise NotApplicable("a NAT rule of a firewall to an IPv6 address")
            rule = replace(rule, translation=Translation(target, port))
    record.finish()
    return ToldRule(rule, at, names)


def _with_service(rule: FirewallRule, record: Record) -> FirewallRule:
    told = record.take("protocols") or [record.need("protocol")]
    protocols = tuple(map(protocol_of_field, told))
    return replace(rule, protocols=protocols, destination_ports=ports_of_field(record.take("ports", ["*"])))


def _application_port(text: str) -> Interval:
    kind, _, port = text.lower().partition(":")
    if kind not in _PORTS:
        raise NotApplicable(f"an application rule for `{text}`")
    number = int(port) if port else _PORTS[kind]
    return Interval(number, number)


def _addresses(terms: Sequence[str]) -> IntervalSet:
    return interval_set(interval for term in terms for interval in _intervals(term))


def _intervals(term: str) -> Iterator[Interval]:
    low, dash, high = term.partition("-")
    if term == "*":
        yield from ALL_IPV4
    elif dash:
        yield Interval(parse_address(low), parse_address(high))
    elif "/" in term:
        prefix = parse_prefix(term)
        yield Interval(prefix.value, prefix.last)
    else:
        yield Interval(parse_address(term), parse_address(term))


def asking(record: Record) -> Asking:
    """Return the flow. Raises `NotApplicable`."""
    name = str(record.take("fqdn", "")).lower()
    source, destination = (
        parse_address(record.need("src")),
        parse_address(record.take("dst", _NAMED) if name else record.need("dst")),
    )
    protocol = PROTOCOLS[record.need("protocol").lower()]
    own_port = record.take("srcPort", EPHEMERAL_PORT)
    port = record.take("dstPort", record.take("port", 0))
    record.finish()
    if protocol is None or Family.IPV6 in (family_of(source), family_of(destination)):
        raise NotApplicable("a flow of any protocol, or of IPv6, through a firewall")
    if protocol not in (TCP, UDP):
        return Asking(Flow(protocol, source, 0, destination, 0), name)
    if not (0 <= port <= LAST_PORT and 0 <= own_port <= LAST_PORT):
        raise NotApplicable("malformed: a flow with a port outside 0 to 65535")
    return Asking(Flow(protocol, source, own_port, destination, port), name)


def covers(names: Sequence[str], asked_for: str) -> bool:
    """Tell whether one of the names of a rule, of which a `*.` stands for what is before it, is the one asked for."""
    return any(
        name == "*" or asked_for == name or (name.startswith("*.") and asked_for.endswith(name[1:])) for name in names
    )
