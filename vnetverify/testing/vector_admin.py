"""Security admin rules in the filtering format, and the settings for networks with services that keep them out."""

from __future__ import annotations

from collections import Counter

from vnetverify.model.network import AdminScope
from vnetverify.model.security import AdminAction, AdminRule, AdminRules, AsgMembers, Direction
from vnetverify.testing.filtering_fields import addresses_of_field, ports_of_field, protocol_of_field
from vnetverify.testing.records import NotApplicable, Record, Refused

_ACTIONS = {"allow": AdminAction.ALLOW, "alwaysallow": AdminAction.ALWAYS_ALLOW, "deny": AdminAction.DENY}
_SETTINGS = {"none": AdminScope.NONE, "allowrulesonly": AdminScope.ALLOW_ONLY, "all": AdminScope.ALL}


def admin_rules_of(record: Record) -> tuple[tuple[AdminRules, ...], dict[str, AdminScope]]:
    """Return the collections and, by network, the setting of the highest manager (F-ADM-10). Raises `NotApplicable`.

    A collection is called as its manager, with a number where that has more than one.
    """
    collections: list[AdminRules] = []
    settings: dict[str, AdminScope] = {}
    seen: Counter[str] = Counter()
    for each in record.records("securityAdmin", "security admin configuration"):
        manager, vnets = each.need("manager"), tuple(each.need("vnets"))
        seen[manager] += 1
        name = manager if seen[manager] == 1 else f"{manager}-{seen[manager]}"
        rules = tuple(_rule(rule) for rule in each.records("rules", "admin rule"))
        setting = _setting(each)
        each.finish()
        collections.append(AdminRules(name, manager, vnets, rules))
        for vnet in vnets:
            settings.setdefault(vnet, setting)
    return tuple(collections), settings


def _setting(record: Record) -> AdminScope:
    word = record.take("applyOnNetworkIntentPolicyBasedServices", "None")
    if word.casefold() not in _SETTINGS:
        raise NotApplicable(f"the setting `{word}` for services that keep admin rules out")
    return _SETTINGS[word.casefold()]


def _action(text: str) -> AdminAction:
    if text.casefold() not in _ACTIONS:
        raise Refused(f"an admin rule with the action `{text}`", "F-ADM-2")
    return _ACTIONS[text.casefold()]


def _rule(record: Record) -> AdminRule:
    source, destination = addresses_of_field(record.need("source")), addresses_of_field(record.need("destination"))
    if isinstance(source, AsgMembers) or isinstance(destination, AsgMembers):
        raise Refused("an application security group in an admin rule", "F-ADM-2")
    rule = AdminRule(
        name=record.need("name"),
        priority=record.need("priority"),
        direction=Direction(record.need("direction").lower()),
        action=_action(record.need("action")),
        protocol=protocol_of_field(record.need("protocol")),
        source=source,
        source_ports=ports_of_field(record.need("sourcePorts")),
        destination=destination,
        destination_ports=ports_of_field(record.need("destinationPorts")),
    )
    record.finish()
    return rule
