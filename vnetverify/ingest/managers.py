"""Network managers: the security admin rules that are in force, and for which networks (F-ADM-1, F-ADM-10, F-ADM-13).

A manager's configuration is a goal: what of it was deployed where, only the list of active rules tells
(`az network manager list-active-security-admin-rule`), for each region.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, combinations, count
from typing import Any

from vnetverify.ingest.findings import ANYTHING, NOT_HERE, Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import Networks
from vnetverify.ingest.properties import read
from vnetverify.ingest.resources import (
    ACTIVE_RULES,
    MANAGERS,
    Resource,
    is_said,
    key_of,
    kind_of,
    name_of,
    parent_of,
    subscription_of,
)
from vnetverify.ingest.security_rules import DIRECTIONS, NotModelled, addresses_named, choice, protocol_of
from vnetverify.ingest.shapes import ADMIN_RULE, MANAGER, NETWORK_GROUP, STATIC_MEMBER
from vnetverify.ingest.values import Malformed, as_list, as_number, as_object, as_ports, as_text, member, shown
from vnetverify.model.security import AddressField, AdminAction, AdminRule, AdminRules

GROUPS, MEMBERS = f"{MANAGERS}/networkgroups", f"{MANAGERS}/networkgroups/staticmembers"
# What is read here; the configured rules are a goal and change nothing by themselves.
KINDS = (
    MANAGERS,
    GROUPS,
    MEMBERS,
    ACTIVE_RULES,
    *(
        f"{MANAGERS}/securityadminconfigurations{rest}"
        for rest in ("", "/rulecollections", "/rulecollections/rules", "/rulecollections/rules/effective")
    ),
)
_ACTIONS = {"allow": AdminAction.ALLOW, "alwaysallow": AdminAction.ALWAYS_ALLOW, "deny": AdminAction.DENY}
_SPECIAL_SUBNETS = ("delegations", "serviceAssociationLinks", "resourceNavigationLinks", "networkIntentPolicies")
_HOW_TO_TELL = (
    "which of its admin rules are in force is not in the input;"
    " `az network manager list-active-security-admin-rule` tells"
)


@dataclass(frozen=True, slots=True)
class _Active:
    """An active rule with its collection and the networks that are listed as members of the groups it is for."""

    resource: Resource
    rule: AdminRule
    vnets: tuple[str, ...]

    @property
    def collection(self) -> str:
        return parent_of(key_of(self.resource.id))


class Managers:
    """The network managers of an input, told by themselves, by their parts, or by rules that are active."""

    def __init__(self, inventory: Inventory, findings: Findings, networks: Networks, nsgs: Collection[str]) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks
        self._ids = dict(self._manager_ids())
        self._names = _apart_from(unique_names(((r.id, r.span) for r in self._ids.values()), findings), nsgs)
        self._members = self._static_members()
        self._taken: set[str] = set()

    def admin_rules(self) -> tuple[AdminRules, ...]:
        """Return the collections that are active, those of the manager with the highest scope first."""
        found: dict[str, list[_Active]] = {}
        for manager in sorted(self._ids, key=self._rank):
            self._doubt_manager(manager)
            found[manager] = list(self._active(manager))
        self._doubt_order(found)
        return tuple(
            collection for manager, active in found.items() for collection in self._collections(manager, active)
        )

    # -- which managers, and for what ---------------------------------------------------------------------

    def _manager_ids(self) -> Iterator[tuple[str, Resource]]:
        """Yield each manager by its key, with the resource that it is or else one that is its part."""
        for kind in KINDS:
            for resource in self._inventory.of(kind):
                levels = kind_of(key_of(resource.id)).count("/")
                identity = parent_of(resource.id.rstrip("/"), levels) if levels else resource.id
                if key_of(identity) not in self._inventory:
                    yield key_of(identity), _named(resource, identity)
        for resource in self._inventory.of(MANAGERS):
            yield resource.key, resource

    @cached_property
    def _vnets(self) -> tuple[str, ...]:
        """The keys of all vnets, also of those that are only mentioned."""
        return tuple(self._networks.names)

    def _scope(self, manager: str) -> tuple[str, ...] | None:
        """Return the keys of the vnets that `manager` may manage; None where that cannot be told.

        Where the input does not say to which subscription something is deployed, that may be any.
        """
        resource = self._inventory.find(manager)
        if resource is None:
            return None
        scopes = resource.stated("networkManagerScopes")
        if not isinstance(scopes, dict) or member(scopes, "managementGroups") or member(scopes, "crossTenantScopes"):
            return None
        listed = member(scopes, "subscriptions")
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            return None
        managed = {subscription_of(key_of(item)) for item in listed}
        if None in managed:
            return None
        if not resource.is_literal and not all(map(is_said, managed)):
            return self._vnets
        return tuple(vnet for vnet in self._vnets if subscription_of(vnet) in managed or self._is_anywhere(vnet))

    def _is_anywhere(self, vnet: str) -> bool:
        """Hold when the input does not say in which subscription the vnet with this key is."""
        resource = self._inventory.find(vnet)
        return not is_said(subscription_of(vnet)) and not (resource is not None and resource.is_literal)

    def _within(self, scope: tuple[str, ...] | None) -> tuple[str, ...]:
        return self._vnets if scope is None else scope

    def _rank(self, manager: str) -> int:
        """Return 0 for managers of management groups, whose scope is higher than that of others (F-ADM-13)."""
        return 0 if self._has_scope(manager, "managementGroups") else 1

    def _has_scope(self, manager: str, kind: str) -> bool:
        resource = self._inventory.find(manager)
        scopes = None if resource is None else resource.stated("networkManagerScopes")
        return isinstance(scopes, dict) and bool(member(scopes, kind))

    def _is_ordered(self, one: str, other: str) -> bool:
        """Hold when it is known which of two managers has the higher scope."""
        across = any(self._has_scope(manager, "crossTenantScopes") for manager in (one, other))
        return not across and self._rank(one) != self._rank(other)

    def _doubt_manager(self, manager: str) -> None:
        """Record what the manager may do beyond the rules that are listed as active."""
        resource = self._ids[manager]
        if manager not in self._inventory:
            what = f"network manager `{shown(name_of(resource.id))}`"
            self._findings.doubt(what, NOT_HERE, ANYTHING, resource.span)
            return
        self._findings.doubts(resource, read(resource.body, resource.pointer, MANAGER)[1], self._subject(manager))
        accesses = resource.stated("networkManagerScopeAccesses")
        if accesses == [] and not self._is_configured(manager):
            return
        if not (isinstance(accesses, list) and [str(item).lower() for item in accesses] == ["securityadmin"]):
            why = "it may also connect networks and manage their routes, and that is not in the input"
            self._findings.doubt(resource.subject, why, self._subject(manager), resource.span, with_peers=True)
        self._doubt_unlisted_regions(manager, resource)

    def _is_configured(self, manager: str) -> bool:
        """Hold when the input tells of anything by which `manager` changes networks."""
        parts = (part for kind in KINDS for part in self._inventory.of(kind))
        return any(part.key.startswith(f"{manager}/") for part in parts)

    def _subject(self, manager: str) -> str:
        """Return the subject of doubts about all that a manager may manage."""
        scope = self._scope(manager)
        if scope is None:
            return ANYTHING
        self._findings.concern(manager, *scope)
        return manager

    def _doubt_unlisted_regions(self, manager: str, resource: Resource) -> None:
        """Record the networks of which no list of active rules tells whether rules are in force there."""
        listed = {region for region, _ in self._listed(manager)}
        scope = self._scope(manager)
        unlisted = [vnet for vnet in self._within(scope) if self._region(vnet) not in listed]
        if unlisted or (scope is None and not listed):
            subject = f"{manager} elsewhere" if listed or scope is not None else ANYTHING
            self._findings.concern(subject, *unlisted)
            self._findings.doubt(resource.subject, _HOW_TO_TELL, subject, resource.span)

    def _region(self, vnet: str) -> str | None:
        resource = self._inventory.find(vnet)
        return None if resource is None else resource.region

    # -- active rules -------------------------------------------------------------------------------------

    def _listed(self, manager: str) -> list[tuple[str, Resource]]:
        """Return the active rules of a manager, each with the region in which it is."""
        rules = (rule for rule in self._inventory.of(ACTIVE_RULES) if rule.key.startswith(f"{manager}/"))
        return [(str(rule.stated("region")).lower().replace(" ", ""), rule) for rule in rules]

    def _active(self, manager: str) -> Iterator[_Active]:
        """Yield the active rules that are for networks of the input."""
        within: defaultdict[str, list[str]] = defaultdict(list)
        for vnet in self._within(self._scope(manager)):
            within[self._region(vnet) or ""].append(vnet)
        for region, resource in self._listed(manager):
            try:
                groups = [key_of(identity) for identity in _groups_of(resource)]
                for group in groups:
                    self._doubt_further_members(group, region, within[region], resource)
                vnets = [vnet for vnet in within[region] if any(vnet in self._members.get(g, set()) for g in groups)]
                self._findings.concern(resource.key, *vnets)
                self._doubt_services(vnets, resource)
                yield _Active(resource, self._rule(resource), tuple(self._networks.names[vnet] for vnet in vnets))
            except NotModelled as reason:
                self._findings.doubt_about(resource, resource.subject, str(reason))
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")

    def _doubt_further_members(self, group: str, region: str, within: Sequence[str], resource: Resource) -> None:
        """Record the networks that may be in a group of active rules although no static member lists them."""
        others = [vnet for vnet in within if vnet not in self._members.get(group, set())]
        subject = f"{group} in {region}"
        if others and not self._findings.concerned_by(subject):
            self._findings.concern(subject, *others)
            what = f"members of network group `{shown(name_of(group))}`, for which admin rules are in force,"
            why = "a policy may add networks to it, and the input does not tell which"
            self._findings.doubt(what, why, subject, resource.span)

    def _doubt_services(self, vnets: Iterable[str], resource: Resource) -> None:
        """Record networks with services that may keep the rules out (F-ADM-10)."""
        for vnet in vnets:
            subject = f"services of {vnet} under admin rules"
            if vnet in self._with_services and not self._findings.concerned_by(subject):
                self._findings.concern(subject, vnet)
                what = f"admin rules for `{self._networks.names[vnet]}`"
                why = "services in the network may keep them out (F-ADM-10)"
                self._findings.doubt(what, why, subject, resource.span)

    @cached_property
    def _with_services(self) -> frozenset[str]:
        subnets = self._inventory.of("virtualnetworks/subnets")
        return frozenset(
            parent_of(subnet.key) for subnet in subnets if any(subnet.stated(name) for name in _SPECIAL_SUBNETS)
        )

    def _static_members(self) -> dict[str, set[str]]:
        """Return the keys of the networks that are listed as members of each group."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for resource in self._inventory.of(MEMBERS):
            values, doubts = read(resource.body, resource.pointer, STATIC_MEMBER)
            self._findings.doubts(resource, doubts, ANYTHING)
            try:
                found[parent_of(resource.key)].add(key_of(as_text(values.get("resourceid"), "resourceId")))
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
        for resource in self._inventory.of(GROUPS):
            self._findings.doubts(resource, read(resource.body, resource.pointer, NETWORK_GROUP)[1], ANYTHING)
        return dict(found)

    def _rule(self, resource: Resource) -> AdminRule:
        values, doubts = read(resource.body, resource.pointer, ADMIN_RULE)
        self._findings.doubts(resource, doubts, resource.key)
        return AdminRule(
            resource.name,
            as_number(values.get("priority"), "priority"),
            choice(DIRECTIONS, values.get("direction"), "direction"),
            choice(_ACTIONS, values.get("access"), "access"),
            protocol_of(as_text(values.get("protocol"), "protocol")),
            _side(values.get("sources"), "sources"),
            as_ports(_listed_texts(values.get("sourceportranges"), "sourcePortRanges")),
            _side(values.get("destinations"), "destinations"),
            as_ports(_listed_texts(values.get("destinationportranges"), "destinationPortRanges")),
            resource.span,
        )

    # -- collections --------------------------------------------------------------------------------------

    def _collections(self, manager: str, active: Sequence[_Active]) -> Iterator[AdminRules]:
        """Yield the collections of a manager: rules of one collection for the same networks together."""
        together: defaultdict[tuple[str, tuple[str, ...]], list[_Active]] = defaultdict(list)
        for each in active:
            if each.vnets:
                together[each.collection, each.vnets].append(each)
        names = _rule_names([each for several in together.values() for each in several])
        for (_, vnets), several in together.items():
            rules = tuple(replace(each.rule, name=names[each.resource.key]) for each in several)
            title = self._title(name_of(parent_of(several[0].resource.id.rstrip("/"), 1)), self._names[manager])
            yield AdminRules(title, self._names[manager], vnets, rules, several[0].resource.span)

    def _title(self, name: str, manager: str) -> str:
        """Return a name for a collection that no other has."""
        forms = chain((name, f"{manager}.{name}"), (f"{manager}.{name}.{number}" for number in count(2)))
        title = next(form for form in forms if form.casefold() not in self._taken)
        self._taken.add(title.casefold())
        return title

    def _doubt_order(self, found: Mapping[str, Sequence[_Active]]) -> None:
        """Record networks with rules of several managers of which it is not known whose scope is higher (F-ADM-13)."""
        keys = {name: key for key, name in self._networks.names.items()}
        reached = {
            manager: dict.fromkeys(vnet for each in active for vnet in each.vnets) for manager, active in found.items()
        }
        for one, other in combinations(reached, 2):
            shared = [keys[vnet] for vnet in reached[one] if vnet in reached[other]]
            if shared and not self._is_ordered(one, other):
                subject = f"{one} and {other}"
                self._findings.concern(subject, *shared)
                what = f"admin rules of `{self._names[one]}` and `{self._names[other]}`"
                why = "which of the two managers has the higher scope is not known"
                self._findings.doubt(what, why, subject, self._ids[other].span)


def _named(resource: Resource, identity: str) -> Resource:
    """Return a stand-in for the manager with this id, of which `resource` is a part."""
    return Resource(identity, key_of(identity), MANAGERS, name_of(identity), {}, resource.file, resource.pointer)


def _apart_from(names: Mapping[str, str], nsgs: Collection[str]) -> dict[str, str]:
    """Return the names of managers, none of which is that of a security group: `NAME/RULE` has to name one rule."""
    taken = {name.casefold() for name in nsgs}
    return {key: f"{name}-manager" if name.casefold() in taken else name for key, name in names.items()}


def _groups_of(resource: Resource) -> list[str]:
    """Return the ids of the network groups that an active rule is for."""
    items = as_list(resource.stated("ruleCollectionAppliesToGroups"), "ruleCollectionAppliesToGroups")
    found = [as_text(member(as_object(item, "group"), "networkGroupId"), "networkGroupId") for item in items]
    found += [
        as_text(member(as_object(item, "group"), "id"), "ruleGroups.id")
        for item in as_list(resource.stated("ruleGroups"), "ruleGroups")
    ]
    if not found:
        raise Malformed("`ruleCollectionAppliesToGroups` is missing")
    return list(dict.fromkeys(found))


def _listed_texts(value: Any, what: str) -> tuple[str, ...]:
    texts = tuple(as_text(item, what) for item in as_list(value, what))
    if not texts:
        raise NotModelled(f"it has no `{what}`, and what that means is not stated")
    return texts


def _side(value: Any, what: str) -> AddressField:
    """Return the addresses of one side of a rule."""
    items = [as_object(item, what) for item in as_list(value, what)]
    if not items:
        raise NotModelled(f"it has no `{what}`, and what that means is not stated")
    kinds = {as_text(member(item, "addressPrefixType"), "addressPrefixType").lower() for item in items}
    if kinds - {"ipprefix", "servicetag"}:
        raise NotModelled("rules for the addresses of network groups are not modelled")
    return addresses_named(tuple(as_text(member(item, "addressPrefix"), "addressPrefix") for item in items))


def _rule_names(active: Sequence[_Active]) -> dict[str, str]:
    """Return a name for each rule of a manager, by key: as short as makes it the only one."""
    names: dict[str, str] = {}
    pending = list(active)
    for levels in (1, 2, 3, 4):
        forms = {each.resource.key: _qualified(each.resource, levels) for each in pending}
        uses = Counter(form.casefold() for form in forms.values())
        taken = {name.casefold() for name in names.values()}
        settled = {key: form for key, form in forms.items() if uses[form.casefold()] == 1}
        names.update({key: form for key, form in settled.items() if form.casefold() not in taken})
        pending = [each for each in pending if each.resource.key not in names]
    return names | {each.resource.key: each.resource.key for each in pending}


def _qualified(resource: Resource, levels: int) -> str:
    """Return the name of a rule, with that of its collection, its configuration and its region before it."""
    identity = resource.id.rstrip("/")
    parts = [name_of(identity), name_of(parent_of(identity)), name_of(parent_of(identity, 2))]
    parts.append(resource.key.rpartition("@")[2])
    return ".".join(reversed(parts[:levels]))
