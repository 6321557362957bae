"""Security groups and security admin rules as a text says them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from vnetverify.header import Interval, IntervalSet
from vnetverify.model.network import Network
from vnetverify.model.security import (
    AddressField,
    AddressPrefixes,
    AdminRule,
    AdminRules,
    AnyAddress,
    AsgMembers,
    Nsg,
    SecurityRule,
    ServiceTag,
)
from vnetverify.syntax import wording
from vnetverify.syntax.admin import DEFAULT_MANAGER
from vnetverify.syntax.layout import laid_out_rules
from vnetverify.syntax.tags import tag_spelling
from vnetverify.syntax.words import quoted, written


def nsg_text(nsg: Nsg, network: Network) -> str:
    """Return `nsg` as it is laid out: an estate has hundreds of thousands of rules, and to lay out is to read again."""
    header = f"nsg {written(nsg.name)}"
    return laid_out_rules(header, [_security_rule(rule, network) for rule in nsg.rules])


def _security_rule(rule: SecurityRule, network: Network) -> tuple[list[str], str]:
    """Return the cells of `rule` that line up, and the rest."""
    cells = [rule.direction.value, str(rule.priority), written(rule.name), rule.access.value]
    rest = (
        f"from {_field(rule.source, network)}{wording.ports(rule.source_ports)}"
        f" to {_field(rule.destination, network)}{_destination_ports(rule)}"
    )
    return [*cells, wording.protocol(rule.protocol)], rest


def by_manager(collections: Sequence[AdminRules]) -> Iterable[AdminRules]:
    """Return the collections with those of each manager together: one that is for no vnet may be the first to name it.

    That one is left out, since the language has no empty set.
    """
    managers = list(dict.fromkeys(collection.manager for collection in collections))
    return sorted((one for one in collections if one.vnets), key=lambda one: managers.index(one.manager))


def admin_rules_text(collection: AdminRules, network: Network) -> str:
    by = f" by {written(collection.manager)}" if collection.manager != DEFAULT_MANAGER else ""
    vnets = ", ".join(map(written, collection.vnets))
    header = f"admin-rules {written(collection.name)}{by} for {vnets}"
    return wording.block(header, (_admin_rule(rule, network) for rule in collection.rules))


def _admin_rule(rule: AdminRule, network: Network) -> str:
    return (
        f"{rule.direction.value} {rule.priority} {written(rule.name)} {rule.action.value}"
        f" {wording.protocol(rule.protocol)} from {_field(rule.source, network)}{wording.ports(rule.source_ports)}"
        f" to {_field(rule.destination, network)}{wording.ports(rule.destination_ports)}"
    )


def _destination_ports(rule: SecurityRule) -> str:
    """Return the ports with the range that is the first of several in front."""
    first = rule.first_destination_ports
    if first is None:
        return wording.ports(rule.destination_ports)
    low = first.intervals[0].low
    # Where the first range holds all of them, another one inside it still says that there are several.
    others = rule.destination_ports - first or IntervalSet((Interval(low, low),))
    return f" port {', '.join(wording.port_range(interval) for interval in (*first, *others))}"


def _field(field: AddressField, network: Network) -> str:
    match field:
        case AnyAddress():
            return "any"
        case AddressPrefixes(prefixes):
            return wording.prefixes(prefixes)
        case AsgMembers(names):
            return f"asg {', '.join(map(written, names))}"
        case ServiceTag(name):
            is_bare = tag_spelling(name) == name and name not in network.service_tags
            return name if is_bare else quoted(name)
        case _:
            assert_never(field)
