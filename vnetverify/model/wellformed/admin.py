"""Security admin rules: what a rule may say, rules that tie and that change nothing, limits (F-ADM-2, 7, 15, 17)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import PROTOCOL_NAMES, addresses_of
from vnetverify.model.network import Network
from vnetverify.model.security import (
    AddressField,
    AddressPrefixes,
    AdminAction,
    AdminRule,
    AdminRules,
    AsgMembers,
    ServiceTag,
)

_FIRST_PRIORITY, _LAST_PRIORITY = 1, 4096
_PROTOCOLS = frozenset((None, 1, 6, 17, 50, 51))
_PLATFORM_TAG = re.compile(r"AzurePlatform(DNS|IMDS|LKM)", re.IGNORECASE)
# As published in 2024; under correction since.
RULES_OF_A_MANAGER = 100
PREFIXES_OF_A_MANAGER = 1000
PRIVATE_ENDPOINTS_OF_A_GROUP = 1000


@dataclass(frozen=True, slots=True)
class _Placed:
    """A rule in its collection; the manager with the smaller `rank` has the higher scope."""

    rule: AdminRule
    collection: AdminRules
    rank: int

    @property
    def id(self) -> str:
        return f"{self.collection.manager}/{self.rule.name}"


def admin_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with security admin rules, and which of them are not what they seem."""
    managers = list(dict.fromkeys(collection.manager for collection in network.admin_rules))
    placed = [
        _Placed(rule, collection, managers.index(collection.manager))
        for collection in network.admin_rules
        for rule in collection.rules
    ]
    for collection in network.admin_rules:
        yield from _unknown_vnets(network, collection)
    for each in placed:
        yield from _rule_faults(each.rule)
    yield from _names(network, placed)
    yield from _ties(placed)
    yield from _idle_exceptions(placed)
    yield from _limits(network, placed, managers)


def _unknown_vnets(network: Network, collection: AdminRules) -> Iterator[Diagnostic]:
    for name in dict.fromkeys(collection.vnets):
        if name not in network.vnets:
            message = f"the admin rules `{collection.name}` are for `{name}`, which is not a vnet"
            yield Diagnostic("unknown-vnet", message, collection.span, rule="F-ADM-1")


def _rule_faults(rule: AdminRule) -> Iterator[Diagnostic]:
    if not _FIRST_PRIORITY <= rule.priority <= _LAST_PRIORITY:
        bounds = f"{_FIRST_PRIORITY} to {_LAST_PRIORITY}"
        message = f"admin rule `{rule.name}` has priority {rule.priority}, not one of {bounds}"
        yield Diagnostic("priority-out-of-range", message, rule.span, rule="F-ADM-2")
    if rule.protocol not in _PROTOCOLS:
        name = PROTOCOL_NAMES.get(rule.protocol or 0, str(rule.protocol))
        message = f"admin rule `{rule.name}` is about {name}, and rules know only tcp, udp, icmp, esp, ah and any"
        yield Diagnostic("protocol-unsupported", message, rule.span, rule="F-ADM-2")
    for side in (rule.source, rule.destination):
        if isinstance(side, AsgMembers):
            message = f"admin rule `{rule.name}` names an application security group, which only rules of an nsg can"
            help_text = "write the prefixes of its members"
            yield Diagnostic("asg-in-admin-rule", message, rule.span, help=help_text, rule="F-ADM-2")
        if isinstance(side, ServiceTag) and _PLATFORM_TAG.fullmatch(side.name):
            message = f"admin rule `{rule.name}` names `{side.name}`, which only rules of an nsg can"
            help_text = "what the platform offers is kept out by rules of an nsg alone"
            yield Diagnostic("platform-tag-in-admin-rule", message, rule.span, help=help_text, rule="F-ADM-2")


def _names(network: Network, placed: list[_Placed]) -> Iterator[Diagnostic]:
    """Yield rules that would be called alike where a fact or a verdict names them."""
    if not placed:
        return
    first: dict[str, tuple[str, AdminRule | None]] = {
        f"{nsg.name}/{rule.name}".casefold(): (f"rule `{rule.name}` of nsg `{nsg.name}`", None)
        for nsg in network.nsgs.values()
        for rule in nsg.rules
    }
    for each in placed:
        rule, manager = each.rule, each.collection.manager
        what, earlier = first.setdefault(each.id.casefold(), (f"admin rule `{rule.name}` of `{manager}`", rule))
        if earlier is not rule:
            others = ((earlier.span, "the first"),) if earlier is not None else ()
            message = f"`{each.id}` names {what} already"
            help_text = "rename the rule" if earlier is not None else "rename the manager or the rule"
            yield Diagnostic("rule-name-taken", message, rule.span, "second", others, help_text, "F-ADM-2")


def _meet(one: _Placed, other: _Placed) -> bool:
    """Hold when some packet at some network may match both; where tags decide, assume so."""
    first, second = one.rule, other.rule
    return (
        first.direction is second.direction
        and not set(one.collection.vnets).isdisjoint(other.collection.vnets)
        and (None in (first.protocol, second.protocol) or first.protocol == second.protocol)
        and bool(first.source_ports & second.source_ports)
        and bool(first.destination_ports & second.destination_ports)
        and _sides_meet(first.source, second.source)
        and _sides_meet(first.destination, second.destination)
    )


def _sides_meet(one: AddressField, other: AddressField) -> bool:
    if isinstance(one, AddressPrefixes) and isinstance(other, AddressPrefixes):
        return bool(addresses_of(one.prefixes) & addresses_of(other.prefixes))
    return True


def _ties(placed: list[_Placed]) -> Iterator[Diagnostic]:
    """Yield each rule that ties with one before it of which it does otherwise (F-ADM-15)."""
    for position, each in enumerate(placed):
        for earlier in placed[:position]:
            ties = earlier.rank == each.rank and earlier.rule.priority == each.rule.priority
            if ties and earlier.rule.action is not each.rule.action and _meet(earlier, each):
                yield Diagnostic(
                    "tied-admin-rules",
                    f"`{earlier.id}` and `{each.id}` have priority {each.rule.priority} and differ in what they do",
                    each.rule.span,
                    "which is tried first is not stated",
                    ((earlier.rule.span, "the other rule"),),
                    f"give one of them another priority, or assume `U-ADMTIE({earlier.id})`",
                    "F-ADM-15",
                    severity=Severity.WARNING,
                )
                break


def _idle_exceptions(placed: list[_Placed]) -> Iterator[Diagnostic]:
    """Yield each rule that allows without any rule behind it that it could keep a packet from (F-ADM-7)."""
    for each in placed:
        if each.rule.action is AdminAction.ALLOW and not any(_shields_from(each, other) for other in placed):
            yield Diagnostic(
                "idle-admin-rule",
                f"admin rule `{each.id}` has no effect: no rule behind it does otherwise with its packets",
                each.rule.span,
                "leaves them to the security groups, as no rule would",
                help="to pass by the security groups write `always-allow`",
                rule="F-ADM-7",
                severity=Severity.WARNING,
            )


def _shields_from(each: _Placed, other: _Placed) -> bool:
    is_behind = (each.rank, each.rule.priority) <= (other.rank, other.rule.priority)
    return is_behind and other.rule.action is not AdminAction.ALLOW and _meet(each, other)


def _limits(network: Network, placed: list[_Placed], managers: list[str]) -> Iterator[Diagnostic]:
    for rank, manager in enumerate(managers):
        own = [each for each in placed if each.rank == rank]
        prefixes = sum(_prefixes(side) for each in own for side in (each.rule.source, each.rule.destination))
        span = next(collection.span for collection in network.admin_rules if collection.manager == manager)
        for count, limit, things in (
            (len(own), RULES_OF_A_MANAGER, "rules"),
            (prefixes, PREFIXES_OF_A_MANAGER, "prefixes in its rules"),
        ):
            if count > limit:
                message = f"manager `{manager}` has {count} {things}, and the limit was {limit}"
                yield Diagnostic("above-limit", message, span, rule="F-ADM-17", severity=Severity.WARNING)
    for group in network.connected_groups:
        count = sum(endpoint.vnet in group.members for endpoint in network.private_endpoints.values())
        if count > PRIVATE_ENDPOINTS_OF_A_GROUP:
            limit = PRIVATE_ENDPOINTS_OF_A_GROUP
            message = f"connected group `{group.name}` has {count} private endpoints, and the limit was {limit}"
            yield Diagnostic("above-limit", message, group.span, rule="F-ADM-17", severity=Severity.WARNING)


def _prefixes(side: AddressField) -> int:
    return len(side.prefixes) if isinstance(side, AddressPrefixes) else 0
