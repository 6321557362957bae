"""Effective routes, effective security rules and sets of endpoints as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import assert_never

from vnetverify.facts import World
from vnetverify.header import ALL_PORTS, IntervalSet, Prefix, address_text
from vnetverify.model.intents import EndpointSet
from vnetverify.model.network import Era, Unmodelled
from vnetverify.model.security import (
    AddressField,
    AddressPrefixes,
    AdminRule,
    AnyAddress,
    AsgMembers,
    SecurityRule,
    ServiceTag,
)
from vnetverify.report.narrative import by_era, place
from vnetverify.report.terminal import aligned, bold, dim, printable, shortened
from vnetverify.simulator.effective_rules import EffectiveRule
from vnetverify.simulator.routes import EffectiveRoute
from vnetverify.simulator.tag_listing import Listed
from vnetverify.syntax.wording import port_range, protocol

_LISTED = 4  # prefixes or names in one cell
_NOT_MODELLED = 12
_EXPANDED = 24  # prefixes of a tag
_STAGES = {
    "subnetNsg": "on the subnet",
    "nicNsg": "on the interface",
    "securityAdmin": "in front of the security groups",
}


def routes_table(routes: Sequence[EffectiveRoute]) -> str:
    """Return the table of a subnet: each prefix with the route in force, and below it what lost and why."""
    head = ("prefix", "source", "next hop", "rule", "line")
    rows = [
        (
            str(route.prefix) if not route.why else f"  {route.prefix}",
            route.source,
            f"{route.hop_type} {printable(route.next_hop)}".rstrip(),
            route.rule,
            place(route.span) + (dim(f"  not used: {printable(route.why)}") if route.why else ""),
        )
        for route in routes
    ]
    return "\n".join(_with_head(head, rows))


def with_circumstances(text: str, era: Era, items: Sequence[Unmodelled]) -> str:
    """Return `text` with what it stands under below it: other rules than today's, and what is not modelled."""
    if era is not Era.CURRENT:
        text = f"{text.rstrip()}\n\n{by_era(era)}"
    if not items:
        return text
    rows = [(printable(item.what), printable(item.why), place(item.span)) for item in items[:_NOT_MODELLED]]
    lines = [text.rstrip("\n"), "", "not modelled, so that this may be otherwise", *aligned(rows)]
    return "\n".join([*lines, *([f"  and {len(items) - len(rows)} more"] if len(items) > len(rows) else [])])


def rules_table(rules: Sequence[EffectiveRule]) -> str:
    """Return the rules in the order they are tried, a table for each direction and manager or group, then tags."""
    if not rules:
        return "  no network security group, so nothing is denied"
    lines: list[str] = []
    for (direction, stage, nsg), group in groupby(rules, key=lambda r: (r.rule.direction.value, r.stage, r.nsg)):
        lines += [f"{direction}: {printable(nsg)} {_STAGES.get(stage, stage)}", *_rules_of_group(list(group)), ""]
    if all(isinstance(effective.rule, AdminRule) for effective in rules):
        lines += ["no network security group, so nothing else is denied", ""]
    return "\n".join([*lines, *_expansions(rules)]).rstrip()


def tag_table(parts: Sequence[Listed], world: World) -> str:
    """Return what a tag holds and what leaves it, surely or by which open fact, which `world` settles or documents."""
    head = ("part", "is in it", "why", "rule", "line")
    rows = [
        (
            printable(part.what) if part.prefix is None else str(part.prefix),
            _membership(part, world),
            "" if part.prefix is None else printable(part.what),
            part.rule,
            place(part.span) if part.span.line or part.span.pointer is not None else "",
        )
        for part in parts
    ]
    return "\n".join(_with_head(head, rows))


def _membership(part: Listed, world: World) -> str:
    """Return for example `yes`, `no`, `as documented, if U-INET(…)`."""
    if part.fact is None:
        return "no" if part.is_out else "yes"
    name, word = printable(str(part.fact)), "not if" if part.is_out else "if"
    known = world.facts.get(str(part.fact))
    if known is not None:
        return f"{word} {name}, assumed {str(known).lower()}"
    if part.fact.documented is None:
        return f"{word} {name}, not known"
    return f"{word} {name}, documented {str(part.fact.documented).lower()}"


def endpoints_table(endpoints: EndpointSet) -> str:
    """Return the places and addresses that a set of endpoints holds."""
    if not endpoints:
        return "  nothing"
    return "\n".join(
        aligned([(printable(str(where)), where.kind, _addresses(addresses)) for where, addresses in endpoints.parts])
    )


def _with_head(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    titles, *lines = aligned([head, *rows])
    yield bold(titles)
    yield from lines


def _rules_of_group(rules: Sequence[EffectiveRule]) -> Iterator[str]:
    head = ("priority", "name", "access", "protocol", "from", "ports", "to", "ports", "line")
    rows = [
        (
            str(effective.rule.priority),
            printable(effective.rule.name),
            _access(effective.rule),
            protocol(effective.rule.protocol),
            _field(effective.rule.source),
            _ports(effective.rule.source_ports),
            _field(effective.rule.destination),
            _ports(effective.rule.destination_ports),
            place(effective.span),
        )
        for effective in rules
    ]
    return _with_head(head, rows)


def _access(rule: SecurityRule | AdminRule) -> str:
    return rule.action.value if isinstance(rule, AdminRule) else rule.access.value


def _expansions(rules: Sequence[EffectiveRule]) -> Iterator[str]:
    known: dict[str, str] = {}
    for effective in rules:
        ends = ((effective.rule.source, effective.sources), (effective.rule.destination, effective.destinations))
        for field, prefixes in ends:
            if isinstance(field, ServiceTag | AsgMembers):
                known.setdefault(_field(field), _expansion(field, prefixes))
    if known:
        yield "where"
        yield from aligned([(name, f"is {expansion}") for name, expansion in known.items()])


def _expansion(field: ServiceTag | AsgMembers, prefixes: tuple[Prefix, ...] | None) -> str:
    if prefixes is not None:
        return _listed(map(str, prefixes), _EXPANDED) or "nothing"
    if isinstance(field, ServiceTag) and field.name.casefold() == "internet":
        return "the public addresses outside VirtualNetwork"
    return "what Azure publishes, not declared here"


def _field(field: AddressField) -> str:
    match field:
        case AnyAddress():
            return "any"
        case AddressPrefixes(prefixes):
            return _listed(map(str, prefixes))
        case ServiceTag(name):
            return printable(name)
        case AsgMembers(names):
            return f"asg {_listed(names)}"
        case _:
            assert_never(field)


def _ports(ports: IntervalSet) -> str:
    return "any" if ports == ALL_PORTS else _listed(map(port_range, ports))


def _addresses(addresses: IntervalSet) -> str:
    return _listed(
        address_text(piece.low) if piece.low == piece.high else f"{address_text(piece.low)}-{address_text(piece.high)}"
        for piece in addresses
    )


def _listed(texts: Iterable[str], most: int = _LISTED) -> str:
    every = [shortened(printable(text), 80) for text in texts]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")
