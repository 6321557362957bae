"""Security admin rules of managers: which stand at an interface, and which of them decide.

Rules F-ADM-1, F-ADM-2, F-ADM-3, F-ADM-4, F-ADM-6, F-ADM-8, F-ADM-9, F-ADM-10, F-ADM-11, F-ADM-12, F-ADM-13 and
F-ADM-15.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.model.network import AdminScope, Subnet
from vnetverify.model.security import AdminAction, AdminRule, Direction
from vnetverify.simulator.matching import Filter, Interface, matches
from vnetverify.simulator.situation import Situation

# Subnets of services that no admin rule reaches, in lower case (F-ADM-11).
_SKIPPED_SUBNETS = frozenset(
    {
        "gatewaysubnet",
        "routeserversubnet",
        "azurebastionsubnet",
        "azurefirewallsubnet",
        "azurefirewallmanagementsubnet",
    }
)


@dataclass(frozen=True, slots=True)
class AdminList:
    """The rules of `manager` that stand at an interface, in the order they are tried."""

    manager: str
    rules: tuple[AdminRule, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """A rule of `manager` that decided for its list."""

    manager: str
    rule: AdminRule


def standing(situation: Situation, interface: Interface, direction: Direction) -> tuple[AdminList, ...]:
    """Return the lists that stand at `interface`, the one of the highest scope first, none empty (F-ADM-8 to F-ADM-13).

    They are the same with and without a security group. The subnet of a managed firewall has none, and with an
    application gateway a fact says whether there are any.
    """
    if interface.subnet.name.casefold() in _SKIPPED_SUBNETS:
        return ()
    collections = situation.network.admin_rules
    lists = (
        AdminList(manager, tuple(_in_force(situation, interface.subnet.vnet, manager, direction)))
        for manager in dict.fromkeys(collection.manager for collection in collections)
    )
    in_force = tuple(each for each in lists if each.rules)
    return () if in_force and _is_beside_gateway(situation, interface.subnet) else in_force


def _is_beside_gateway(situation: Situation, subnet: Subnet) -> bool:
    """Hold when an application gateway in the subnet keeps admin rules out of it (F-ADM-11)."""
    # Another proxy is a Bastion, whose subnet no rule reaches.
    gateways = {proxy.subnet_id for proxy in situation.network.proxies.values()}
    return subnet.id in gateways and situation.holds(_beside_gateway(subnet))


def _beside_gateway(subnet: Subnet) -> Uncertainty:
    return uncertainty("U-ADMAGW", subnet.id)


def are_kept_out(situation: Situation, interface: Interface) -> bool:
    """Hold when the network has admin rules, and what stands in the subnet was found to keep them out (F-ADM-11)."""
    subnet = interface.subnet
    if interface.is_managed or not any(subnet.vnet in each.vnets for each in situation.network.admin_rules):
        return False
    by_gateway = _beside_gateway(subnet)
    is_asked = by_gateway in situation.asked and situation.holds(by_gateway)
    return is_asked or subnet.name.casefold() in _SKIPPED_SUBNETS


def _in_force(situation: Situation, vnet: str, manager: str, direction: Direction) -> Sequence[AdminRule]:
    """Return what the collections of `manager` say at `vnet`, by priority and then as declared (F-ADM-1, F-ADM-3)."""
    rules = [
        rule
        for collection in situation.network.admin_rules
        if collection.manager == manager and vnet in collection.vnets
        for rule in collection.rules
        if rule.direction is direction and _is_let_in(situation, vnet, rule.action)
    ]
    return sorted(rules, key=lambda rule: rule.priority)


def _is_let_in(situation: Situation, vnet: str, action: AdminAction) -> bool:
    """Hold when rules that do this hold in `vnet`, whose services may keep them out (F-ADM-10)."""
    scope = situation.vnet(vnet).admin_scope
    if scope is AdminScope.ALLOW_ONLY and action is AdminAction.ALWAYS_ALLOW:
        return situation.holds(uncertainty("U-AANIP", vnet))
    return scope is AdminScope.ALL or (scope is AdminScope.ALLOW_ONLY and action is AdminAction.ALLOW)


def deciding(place: Filter, lists: Sequence[AdminList]) -> Iterator[Decided]:
    """Yield the rules that decide, list by list; those before the last allow (F-ADM-3, F-ADM-4, F-ADM-6, F-ADM-13).

    Of one that allows a fact says whether the lists of lower scope are asked as well.
    """
    for number, each in enumerate(lists, 1):
        rule = _first_match(place, each)
        if rule is None:
            continue
        yield Decided(each.manager, rule)
        is_last = rule.action is not AdminAction.ALLOW or number == len(lists)
        if is_last or not place.situation.holds(uncertainty("U-ADMNEST")):
            return


def _first_match(place: Filter, each: AdminList) -> AdminRule | None:
    """Return the first rule of the list that matches; where equals differ facts say which one (F-ADM-3, F-ADM-15)."""
    for _, equals in groupby(each.rules, key=lambda rule: rule.priority):
        matching = [rule for rule in equals if matches(place, each.manager, rule)]
        if matching:
            return _first_of(place, each.manager, matching)
    return None


def _first_of(place: Filter, manager: str, equals: Sequence[AdminRule]) -> AdminRule:
    if len({rule.action for rule in equals}) == 1:
        return equals[0]
    for rule in equals[:-1]:
        if place.situation.holds(uncertainty("U-ADMTIE", f"{manager}/{rule.name}")):
            return rule
    return equals[-1]
