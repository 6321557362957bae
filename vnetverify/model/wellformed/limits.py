"""Numeric limits of the platform: warnings only, because they move (R-LINT-5, F-NSG-14)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.network import Network
from vnetverify.model.security import AddressField, AddressPrefixes, AsgMembers, SecurityRule
from vnetverify.source import Span

# As published in December 2022.
PEERINGS_OF_A_VNET = 500
SUBNETS_OF_A_VNET = 3000
ROUTES_OF_A_TABLE = 400
TAG_ROUTES_OF_A_TABLE = 25
RULES_OF_AN_NSG = 1000
PREFIXES_OF_AN_NSG_SIDE = 4000
ASGS_OF_A_RULE_SIDE = 10
ASGS_OF_AN_INTERFACE = 20
ADDRESSES_OF_AN_INTERFACE = 256


def limit_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield a warning for every number above its limit."""
    peerings = Counter(peering.local for peering in network.peerings)
    for vnet in network.vnets.values():
        yield from _above(
            peerings[vnet.name], PEERINGS_OF_A_VNET, f"vnet `{vnet.name}`", "peerings", vnet.span, "R-PEER-10"
        )
        yield from _above(len(vnet.subnets), SUBNETS_OF_A_VNET, f"vnet `{vnet.name}`", "subnets", vnet.span)
    for table in network.route_tables.values():
        subject = f"route table `{table.name}`"
        names = {route.name: route.service_tag for route in table.routes}  # one for all prefixes of a service tag
        yield from _above(len(names), ROUTES_OF_A_TABLE, subject, "routes", table.span, "R-UDR-3")
        tagged = sum(tag is not None for tag in names.values())
        yield from _above(tagged, TAG_ROUTES_OF_A_TABLE, subject, "routes to service tags", table.span, "R-UDR-3")
    yield from _nsg_limits(network)
    for nic in network.nics():
        subject = f"nic `{nic.name}`"
        yield from _above(len(nic.addresses), ADDRESSES_OF_AN_INTERFACE, subject, "addresses", nic.span)
        yield from _above(len(nic.asgs), ASGS_OF_AN_INTERFACE, subject, "application security groups", nic.span)


def _nsg_limits(network: Network) -> Iterator[Diagnostic]:
    for nsg in network.nsgs.values():
        subject = f"nsg `{nsg.name}`"
        yield from _above(len(nsg.rules), RULES_OF_AN_NSG, subject, "rules", nsg.span)
        sources = [rule.source for rule in nsg.rules]
        destinations = [rule.destination for rule in nsg.rules]
        yield from _above(_prefixes(sources), PREFIXES_OF_AN_NSG_SIDE, subject, "source prefixes", nsg.span)
        yield from _above(_prefixes(destinations), PREFIXES_OF_AN_NSG_SIDE, subject, "destination prefixes", nsg.span)
        if AsgMembers in map(type, (*sources, *destinations)):
            for rule in nsg.rules:
                for side in (rule.source, rule.destination):
                    yield from _group_limit(rule, side) if isinstance(side, AsgMembers) else ()


def _group_limit(rule: SecurityRule, side: AsgMembers) -> Iterator[Diagnostic]:
    groups = "application security groups on one side"
    yield from _above(len(side.names), ASGS_OF_A_RULE_SIDE, f"rule `{rule.name}`", groups, rule.span, "F-NSG-11")


def _prefixes(sides: Iterable[AddressField]) -> int:
    return sum([len(side.prefixes) for side in sides if isinstance(side, AddressPrefixes)])


def _above(
    count: int, limit: int, subject: str, things: str, span: Span, rule: str = "F-NSG-14"
) -> Iterator[Diagnostic]:
    if count > limit:
        message = f"{subject} has {count} {things}, and the limit was {limit}"
        yield Diagnostic("above-limit", message, span, rule=rule, severity=Severity.WARNING)
