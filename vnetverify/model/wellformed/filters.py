"""Network and application security groups (F-NSG-2, 3, 6, 8, 11, 15, F-NSG-16; F-ASG-2, 3, 5; F-EVAL-9)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from vnetverify.diagnostic import Diagnostic
from vnetverify.header import ALL_PORTS, EVERY_IPV4, LAST_PORT, PROTOCOL_NAMES, Family, IntervalSet, Prefix
from vnetverify.model.network import Network, Nic, Subnet
from vnetverify.model.security import AddressPrefixes, AsgMembers, Direction, Nsg, SecurityRule
from vnetverify.source import Span

_FIRST_PRIORITY, _LAST_PRIORITY = 100, 4096
_PROTOCOLS = frozenset((None, 1, 6, 17, 50, 51))
_NAME = re.compile(r"\w(?:[\w.-]{0,78}\w)?", re.ASCII)
# Subnets where an nsg is not supported.
_WITHOUT_NSG = frozenset(("gatewaysubnet", "azurefirewallsubnet", "routeserversubnet"))


def filter_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with security groups and where they are attached."""
    for nsg in network.nsgs.values():
        yield from _nsg_faults(nsg)
    for subnet in network.subnets():
        yield from _subnet_faults(subnet)
    members = _members(network)
    yield from _membership_faults(members)
    yield from _asg_faults(network, {name: nics[0] for name, nics in members.items()})


def _nsg_faults(nsg: Nsg) -> Iterator[Diagnostic]:
    inbound: dict[int, SecurityRule] = {}
    outbound: dict[int, SecurityRule] = {}
    names: dict[str, SecurityRule] = {}
    for rule in nsg.rules:
        first = (inbound if rule.direction is Direction.INBOUND else outbound).setdefault(rule.priority, rule)
        if first is not rule:
            yield _priority_taken(nsg, rule, first)
        first = names.setdefault(rule.name.casefold(), rule)
        if first is not rule:
            message = f"nsg `{nsg.name}` has a second rule called `{rule.name}`"
            others = ((first.span, "the first"),)
            yield Diagnostic("rule-name-taken", message, rule.span, "second", others, rule="F-NSG-15")
        if not _FIRST_PRIORITY <= rule.priority <= _LAST_PRIORITY:
            message = (
                f"rule `{rule.name}` has priority {rule.priority}, not one of {_FIRST_PRIORITY} to {_LAST_PRIORITY}"
            )
            yield Diagnostic("priority-out-of-range", message, rule.span, rule="F-NSG-2")
        if not _is_name(rule.name):
            yield Diagnostic(
                "rule-name",
                f"`{rule.name[:90]}` cannot name a security rule",
                rule.span,
                help="up to 80 letters, digits, `_`, `.` and `-`, with a letter, digit or `_` at both ends",
                rule="F-NSG-15",
            )
        if rule.protocol not in _PROTOCOLS:
            name = PROTOCOL_NAMES.get(rule.protocol or 0, str(rule.protocol))
            message = f"rule `{rule.name}` is about {name}, and rules know only tcp, udp, icmp, esp, ah and any"
            yield Diagnostic("protocol-unsupported", message, rule.span, rule="F-NSG-6")
        if not (_are_ports(rule.source_ports) and _are_ports(rule.destination_ports)):
            yield from _port_faults(rule)
        if len(prefixes := _prefixes_of(rule)) > 1:
            yield from _family_faults(rule, prefixes)


@lru_cache(maxsize=4_096)  # the rules of one group are often called as those of others
def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _prefixes_of(rule: SecurityRule) -> tuple[Prefix, ...]:
    """Return the prefixes of both sides of `rule`."""
    source, destination = rule.source, rule.destination
    first = source.prefixes if isinstance(source, AddressPrefixes) else ()
    return first + destination.prefixes if isinstance(destination, AddressPrefixes) else first


def _priority_taken(nsg: Nsg, rule: SecurityRule, first: SecurityRule) -> Diagnostic:
    return Diagnostic(
        "priority-taken",
        f"priority {rule.priority} {rule.direction.value} of nsg `{nsg.name}` is taken by `{first.name}`",
        rule.span,
        "the same priority",
        ((first.span, f"`{first.name}` has priority {rule.priority}"),),
        rule="F-NSG-3",
        azure="SecurityRuleConflict",
    )


def _are_ports(ports: IntervalSet) -> bool:
    intervals = ports.intervals
    return ports is ALL_PORTS or (bool(intervals) and intervals[0].low >= 0 and intervals[-1].high <= LAST_PORT)


def _port_faults(rule: SecurityRule) -> Iterator[Diagnostic]:
    for ports, what in ((rule.source_ports, "source port"), (rule.destination_ports, "destination port")):
        if not ports:
            yield Diagnostic("no-ports", f"rule `{rule.name}` has no {what}", rule.span, rule="F-NSG-8")
        elif ports.intervals[0].low < 0 or ports.intervals[-1].high > LAST_PORT:
            message = f"rule `{rule.name}` has a {what} outside 0 to {LAST_PORT}"
            yield Diagnostic("port-out-of-range", message, rule.span, rule="F-NSG-8")


def _family_faults(rule: SecurityRule, stated: tuple[Prefix, ...]) -> Iterator[Diagnostic]:
    """Yield a rule with prefixes of both families; 0.0.0.0/0 may stand for every address (F-NSG-16)."""
    prefixes = [prefix for prefix in stated if prefix != EVERY_IPV4]
    first = {prefix.family: prefix for prefix in reversed(prefixes)}
    if len(first) > 1:
        message = f"rule `{rule.name}` joins IPv4 and IPv6: {' and '.join(str(first[family]) for family in Family)}"
        yield Diagnostic("rule-of-two-families", message, rule.span, help="write two rules", rule="F-NSG-16")


def _subnet_faults(subnet: Subnet) -> Iterator[Diagnostic]:
    if subnet.nsg is not None and subnet.name.lower() in _WITHOUT_NSG:
        message = f"`{subnet.id}` takes no nsg"
        yield Diagnostic("nsg-forbidden", message, subnet.span, f"has nsg `{subnet.nsg}`", rule="F-EVAL-9")


def _members(network: Network) -> Mapping[str, list[Nic]]:
    """Return the interfaces of each application security group that has any."""
    members: defaultdict[str, list[Nic]] = defaultdict(list)
    for nic in network.nics():
        for name in nic.asgs:
            members[name].append(nic)
    return members


def _membership_faults(members: Mapping[str, list[Nic]]) -> Iterator[Diagnostic]:
    for name, nics in members.items():
        for nic in nics[1:]:
            if nic.vnet != nics[0].vnet:
                yield Diagnostic(
                    "asg-spans-vnets",
                    f"asg `{name}` has members in `{nics[0].vnet}` and `{nic.vnet}`, not in one vnet",
                    nic.span,
                    f"in `{nic.vnet}`",
                    ((nics[0].span, f"the first member, in `{nics[0].vnet}`"),),
                    rule="F-ASG-2",
                )


def _asg_faults(network: Network, first_member: Mapping[str, Nic]) -> Iterator[Diagnostic]:
    """Yield rules that join groups of two vnets, or that stand where their groups have no member (F-ASG-3, F-ASG-5)."""
    attached = _attachments(network) if first_member else {}
    for nsg in network.nsgs.values():
        for rule in nsg.rules:
            if not isinstance(rule.source, AsgMembers) and not isinstance(rule.destination, AsgMembers):
                continue
            names = [
                name for side in (rule.source, rule.destination) if isinstance(side, AsgMembers) for name in side.names
            ]
            homes = {first_member[name].vnet: name for name in names if name in first_member}
            if len(homes) > 1:
                (one, first), (two, second) = sorted(homes.items())[:2]
                message = f"rule `{rule.name}` joins asg `{first}` of `{one}` and asg `{second}` of `{two}`"
                yield Diagnostic("asgs-of-two-vnets", message, rule.span, rule="F-ASG-3")
                continue
            for home, name in homes.items():
                for vnet, place in attached.get(nsg.name, {}).items():
                    if vnet != home:
                        yield Diagnostic(
                            "asg-of-other-vnet",
                            f"rule `{rule.name}` names asg `{name}` of `{home}`, and its nsg is used in `{vnet}`",
                            rule.span,
                            others=((place, "used here"),),
                            rule="F-ASG-5",
                        )


def _attachments(network: Network) -> Mapping[str, dict[str, Span]]:
    """Return for each nsg the vnets where it is attached, with one place of attachment in each."""
    found: defaultdict[str, dict[str, Span]] = defaultdict(dict)
    for subnet in network.subnets():
        if subnet.nsg is not None:
            found[subnet.nsg].setdefault(subnet.vnet, subnet.span)
    for nic in network.nics():
        if nic.nsg is not None:
            found[nic.nsg].setdefault(nic.vnet, nic.span)
    return found
