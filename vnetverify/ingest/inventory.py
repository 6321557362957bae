"""All resources of an input by id, each once: children taken out of their parents, repetitions settled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from vnetverify.ingest.findings import Findings
from vnetverify.ingest.gaps import is_nameless, unknowns_in
from vnetverify.ingest.names import LONGEST_NAME
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.rule_lists import GROUPS, RuleList, rule_list, spelt_out
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import Malformed, entries, printable
from vnetverify.spelling import mistake_in

# The lists inside a resource whose members are resources of their own, and the type segment of their ids.
_CHILDREN = {
    "virtualnetworks": (("subnets", "subnets"), ("virtualnetworkpeerings", "virtualNetworkPeerings")),
    "networksecuritygroups": (("securityrules", "securityRules"),),
    "routetables": (("routes", "routes"),),
}
_RULES = f"{GROUPS}/securityrules"
_VOLATILE = frozenset(
    (
        "etag",
        "provisioningstate",
        "resourceguid",
        "type",
        "apiversion",
        "resourcegroup",
        "subscriptionid",
        "tenantid",
        "systemdata",
        "defaultsecurityrules",
    )
)
# Kinds that say nothing by being there: without properties they would be read as empty, which they are not.
_TELLING = frozenset(
    (
        *_CHILDREN,
        "networkinterfaces",
        "publicipaddresses",
        "natgateways",
        "virtualnetworkgateways",
        "localnetworkgateways",
        "connections",
    )
)
_IN_PLACE_OF_LISTINGS = "`az resource list` tells no properties; take `az network … list`, or `vnetverify snapshot`"
# Kinds that are in doubt as a whole without properties.
_TELLING_MORE = frozenset(
    (
        "loadbalancers",
        "privateendpoints",
        "privatelinkservices",
        "applicationgateways",
        "bastionhosts",
        "azurefirewalls",
        "firewallpolicies",
        "firewallpolicies/rulecollectiongroups",
    )
)
_INLINE = frozenset(f"{kind}/{segment.lower()}" for kind, lists in _CHILDREN.items() for _, segment in lists)
# Lists of who refers to the resource: they change without it, and the referring side is what counts.
_REFERRERS = {
    "virtualnetworks/subnets": frozenset(("ipConfigurations", "privateEndpoints")),
    "networksecuritygroups": frozenset(("subnets", "networkInterfaces")),
    "routetables": frozenset(("subnets",)),
    "publicipaddresses": frozenset(("ipConfiguration",)),
}


class Inventory:
    """The resources of one input. Iteration follows the order of reading, and passes over the rules that their group
    has in a `RuleList`: there is nothing to say about these."""

    def __init__(self, resources: Iterable[Resource], findings: Findings) -> None:
        self._findings = findings
        self._by_key: dict[str, Resource] = {}
        self._by_kind: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._children: defaultdict[str, list[str]] = defaultdict(list)
        for resource in _listed_apart(resources):
            if self._add(resource):
                self._add_children(resource)
        for resource in self._by_key.values():
            self._refuse_unreadable(resource)

    def _add_children(self, resource: Resource) -> None:
        keys = self._children[resource.key] if resource.kind in _CHILDREN else []
        for child in self._children_of(resource):
            self._add(child)
            keys.append(child.key)

    def _refuse_unreadable(self, resource: Resource) -> None:
        """Report what would be read as something else than it is."""
        if resource.kind in _INLINE:
            if len(resource.name) > LONGEST_NAME:
                message = f"{resource.subject} has a name of more than {LONGEST_NAME} characters"
                self._findings.error("name-too-long", message, resource.span)
            mistake = mistake_in(resource.name)
            if mistake is not None:
                self._findings.error("bad-name", f"the name of {resource.subject} {mistake}", resource.span)
        if resource.kind not in _TELLING and resource.kind not in _TELLING_MORE:
            return
        if not isinstance(resource.body.get("properties"), (dict, type(None), Unknown)):
            self._findings.error("bad-value", f"`properties` is not an object in {resource.subject}", resource.span)
        elif resource.is_bare and resource.kind in _TELLING:
            message = f"{resource.subject} is listed without its properties"
            advice = _IN_PLACE_OF_LISTINGS if resource.is_literal else None
            self._findings.error("no-properties", message, resource.span, advice=advice)

    def __contains__(self, key: str) -> bool:
        return key in self._by_key or self._find_listed(key) is not None

    def find(self, key: str) -> Resource | None:
        found = self._by_key.get(key)
        return found if found is not None else self._find_listed(key)

    def _find_listed(self, key: str) -> Resource | None:
        """Return the rule called `key` whose group has it in a `RuleList`."""
        group = self._by_key.get(parent_of(key))
        if group is None or rule_list(group) is None:
            return None
        return next((child for child in self._children_of(spelt_out(group)) if child.key == key), None)

    def all(self) -> Iterator[Resource]:
        return iter(self._by_key.values())

    def amend(self, resource: Resource) -> None:
        """Keep `resource` in place of the one with its id."""
        self._by_key[resource.key] = resource

    def drop(self, resource: Resource) -> None:
        """Forget a resource that has become a part of another."""
        del self._by_key[resource.key]
        del self._by_kind[resource.kind][resource.key]

    def of(self, kind: str) -> Iterator[Resource]:
        """Yield the resources of one kind."""
        return (self._by_key[key] for key in self._by_kind[kind])

    def untold(self, resource: Resource) -> tuple[str, ...]:
        """Return the lists of children that `resource` leaves out and of which the input holds no member either.

        Azure gives an empty list where there is none. A resource without id is not from Azure, but written by hand.
        """
        if not resource.is_of_azure:
            return ()
        return tuple(
            segment
            for name, segment in _CHILDREN.get(resource.kind, ())
            if resource.stated(name) is None and (resource.key, f"{resource.kind}/{name}") not in self._parents
        )

    @cached_property
    def _parents(self) -> frozenset[tuple[str, str]]:
        """The resources that have children, each with the kind of these."""
        return frozenset((parent_of(key), kind) for kind in _INLINE for key in self._by_kind[kind])

    def kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind, keys in self._by_kind.items() if keys)

    def _add(self, resource: Resource) -> bool:
        """Keep `resource`, or the one of the same id that is there already. Return whether it was kept."""
        first = self._by_key.get(resource.key)
        if first is None:
            self._by_kind[resource.kind][resource.key] = None
            self._by_key[resource.key] = resource
            return True
        if first.is_bare or resource.is_bare:
            if resource.is_bare:
                return False
        elif first.recorded and resource.recorded and first.file == resource.file:
            if _state(first) == "succeeded" and _state(resource) != "succeeded":
                return False
            self._forget_children(first)
        elif not _say_the_same(first, resource) and (_is_partly_known(first) or _is_partly_known(resource)):
            self._findings.either(first, resource)
            return False
        elif not _say_the_same(first, resource):
            message = f"{resource.subject} appears twice, with different content"
            self._findings.error("duplicate-id", message, resource.span, ((first.span, "also here"),))
            return False
        elif first.file != resource.file and first.kind not in _INLINE:
            self._findings.note("read-twice", f"{resource.subject} appears in two files", resource.span)
        self._by_key[resource.key] = resource if resource.recorded else _with_referrers(resource, first)
        return True

    def _forget_children(self, parent: Resource) -> None:
        for key in self._children.pop(parent.key, ()):
            child = self._by_key.pop(key, None)
            if child is not None:
                del self._by_kind[child.kind][key]

    def _children_of(self, resource: Resource) -> Iterator[Resource]:
        for name, segment in _CHILDREN.get(resource.kind, ()):
            value, pointer = resource.located(name)
            if isinstance(value, RuleList):
                continue
            try:
                items = entries(None if isinstance(value, Unknown) else value, segment)
            except Malformed as fault:
                self._findings.fault(resource, f"{fault} in {resource.subject}")
                continue
            kind, holder = f"{resource.kind}/{name}", f"{resource.id.rstrip('/')}/{segment}/"
            for position, item in items:
                child = _child(resource, kind, holder, item, f"{pointer}/{position}")
                if child is None and is_nameless(item):
                    continue  # in doubt already
                if child is None:
                    message = f"entry {position} of `{segment}` in {resource.subject} has neither name nor id"
                    self._findings.fault(resource, message)
                else:
                    yield child


def _listed_apart(resources: Iterable[Resource]) -> list[Resource]:
    """Return `resources`, of which no group has its rules in a list of their own that anything else speaks of."""
    found = list(resources)
    groups = Counter(resource.key for resource in found if resource.kind == GROUPS)
    shared = {key for key, times in groups.items() if times > 1}
    shared.update(parent_of(resource.key) for resource in found if resource.kind == _RULES)
    return [spelt_out(resource) if resource.key in shared else resource for resource in found]


def _child(parent: Resource, kind: str, holder: str, item: Any, pointer: str) -> Resource | None:
    """Return the member of a list inside `parent` as a resource of its own, or None when nothing names it.

    Its id begins with `holder`.
    """
    if not isinstance(item, dict):
        return None
    named = item.get("id")
    if not named or isinstance(named, Unknown):
        named = item.get("name")
    name = name_of(printable(named)) if isinstance(named, str) else ""
    if not name:
        return None
    identity = holder + name
    file, recorded, is_literal, origins = parent.file, parent.recorded, parent.is_literal, parent.origins
    return Resource(identity, identity.lower(), kind, name, item, file, pointer, recorded, is_literal, None, origins)


def _is_partly_known(resource: Resource) -> bool:
    """Hold when it is not known of a resource whether it is there, or what it says."""
    is_whole = resource.is_literal or next(unknowns_in(resource.body), None) is None
    return resource.uncertain is not None or not is_whole


def _state(resource: Resource) -> str:
    value = resource.stated("provisioningState")
    return value.lower() if isinstance(value, str) else ""


def _say_the_same(first: Resource, second: Resource) -> bool:
    """Hold when two views of one resource agree. A list of children may be left out of one of them."""
    children = {name for name, _ in _CHILDREN.get(first.kind, ())}
    left_out = {name.lower() for name in _REFERRERS.get(first.kind, ())} | children
    try:
        if essence(first.body, left_out) != essence(second.body, left_out):
            return False
    except RecursionError:
        return False
    for name in children:
        lists = [resource.stated(name) for resource in (first, second)]
        if all(lists) and _names_in(lists[0]) != _names_in(lists[1]):
            return False
    return True


def _with_referrers(resource: Resource, other: Resource) -> Resource:
    """Return `resource` with the lists of who refers to it that only `other`, a view of the same resource, has."""
    inner = resource.body.get("properties")
    added = {
        name: value
        for name in _REFERRERS.get(resource.kind, ())
        if not resource.stated(name) and (value := other.stated(name))
    }
    if not added:
        return resource
    if isinstance(inner, dict):
        return replace(resource, body={**resource.body, "properties": {**inner, **added}})
    return replace(resource, body={**resource.body, **added})


def _names_in(items: Any) -> list[str]:
    found = [item.get("name") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return sorted(name.casefold() for name in found if isinstance(name, str))


def essence(value: Any, left_out: frozenset[str] | set[str] = frozenset()) -> Any:
    """Return `value` without what differs between two views of one resource: wrapping, letter case, empty values."""
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, item in value.items():
            name = key.lower()
            if name == "properties" and isinstance(item, dict):
                found.update(essence(item, left_out))
            elif name not in _VOLATILE and name not in left_out and item not in (None, "", [], {}):
                found[name] = key_of(item) if name == "id" and isinstance(item, str) else essence(item)
        return found
    if isinstance(value, list):
        return [essence(item) for item in value]
    return value
