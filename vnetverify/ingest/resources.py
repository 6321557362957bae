"""Azure resources found in JSON documents, whatever wrapping they came in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vnetverify.ingest.notation import escaped, place
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import key_called, member, printable, shown
from vnetverify.quick import quickly_made
from vnetverify.source import Span


@quickly_made
@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as read. `key` is its id in lower case, `kind` its type in lower case, without the provider's
    `Microsoft.Network/` (`virtualnetworks/subnets`) or with another's (`microsoft.compute/virtualmachines`).

    `recorded` resources come from a recording of calls, where one may be seen in several states. `is_literal` ones
    stand in JSON as they are; the body of another may hold `Unknown` anywhere, and whether it will be there at all is
    `uncertain` where a condition is not known. Such a resource stays in the network, and all that it could change is in
    doubt.

    Where the body was translated from another notation, `origins` maps the pointers that it would have below `pointer`
    (`{pointer}/properties/securityRules/0`) to those of the file; the longest that leads to a place counts, and one
    that none leads to stands for itself. Parts that become resources of their own inherit it.
    """

    id: str
    key: str
    kind: str
    name: str
    body: dict[str, Any]
    file: str
    pointer: str
    recorded: bool = False
    is_literal: bool = False
    uncertain: Unknown | None = None
    origins: Mapping[str, str] | None = None

    @property
    def span(self) -> Span:
        return self.place(self.pointer)

    def place(self, pointer: str) -> Span:
        """Return the place in the user's file of what stands at `pointer` of the resource as it is read."""
        return place(self.file, pointer if self.origins is None else _origin(pointer, self.origins))

    @property
    def subject(self) -> str:
        """The words that name the resource in a message, for example "nsg `web`"."""
        return f"{SUBJECTS.get(self.kind, self.kind)} `{shown(self.name)}`"

    @property
    def region(self) -> str | None:
        """The region without blanks, in lower case; None where it is not stated."""
        location = self.body.get("location")
        return location.lower().replace(" ", "") if isinstance(location, str) else None

    def stated(self, name: str) -> Any:
        """Return the property called `name` without regard to letter case; the one under `properties` goes first."""
        for layer in self._layers:
            key = key_called(name, layer)
            if key is not None:
                return layer[key]
        return None

    def located(self, name: str) -> tuple[Any, str]:
        """Return that property and its pointer; None and the pointer of the resource where it is not stated."""
        for layer in self._layers:
            key = key_called(name, layer)
            if key is not None:
                where = self.pointer if layer is self.body else f"{self.pointer}/properties"
                return layer[key], f"{where}/{escaped(key)}"
        return None, self.pointer

    @property
    def _layers(self) -> tuple[dict[str, Any], ...]:
        inner = self.body.get("properties")
        return (inner, self.body) if isinstance(inner, dict) else (self.body,)

    @property
    def is_of_azure(self) -> bool:
        """Hold when the resource has an id as Azure gives it; without, it is written by hand."""
        return self.key.startswith("/subscriptions/")

    @property
    def is_bare(self) -> bool:
        """Hold when nothing is said but what every listing of resources says: `az resource list`, a projection."""
        return not self.body.get("properties") and {key.lower() for key in self.body} <= _LISTED


def certain_first(resources: Iterable[Resource]) -> list[Resource]:
    """Return `resources` with those last of which it is not known whether they are there.

    Of two that exclude each other, as the alternatives of a template, only the first can stand in a network.
    """
    return sorted(resources, key=lambda resource: resource.uncertain is not None)


def _origin(pointer: str, origins: Mapping[str, str]) -> str:
    """Return where `pointer` of a translated body comes from: the origin of the longest part of it that has one."""
    part = pointer
    while part not in origins and "/" in part:
        part = part.rpartition("/")[0]
    return origins.get(part, pointer)


SCALE_SETS = "microsoft.compute/virtualmachinescalesets"
NIC_KINDS = ("networkinterfaces", f"{SCALE_SETS}/virtualmachines/networkinterfaces")
MANAGERS = "networkmanagers"
_RULES_OF_MANAGERS = f"{MANAGERS}/securityadminconfigurations/rulecollections/rules"
ACTIVE_RULES = f"{_RULES_OF_MANAGERS}/active"
SUBJECTS = {
    "virtualnetworks": "vnet",
    "virtualnetworks/subnets": "subnet",
    "virtualnetworks/virtualnetworkpeerings": "peering",
    "networksecuritygroups": "nsg",
    "networksecuritygroups/securityrules": "rule",
    "routetables": "route table",
    "routetables/routes": "route",
    "networkinterfaces": "nic",
    "publicipaddresses": "public address",
    "natgateways": "nat gateway",
    "virtualnetworkgateways": "gateway",
    "localnetworkgateways": "local network gateway",
    "connections": "connection",
    "applicationsecuritygroups": "asg",
    "loadbalancers": "load balancer",
    "privateendpoints": "private endpoint",
    "virtualhubs": "virtual hub",
    "virtualwans": "virtual wan",
    "privatelinkservices": "private link service",
    "applicationgateways": "application gateway",
    "bastionhosts": "bastion",
    "azurefirewalls": "firewall",
    "firewallpolicies": "firewall policy",
    "firewallpolicies/rulecollectiongroups": "rule collection group",
    "microsoft.compute/virtualmachines": "vm",
    SCALE_SETS: "scale set",
    MANAGERS: "network manager",
    f"{MANAGERS}/networkgroups": "network group",
    f"{MANAGERS}/networkgroups/staticmembers": "member",
    ACTIVE_RULES: "admin rule",
}

# What every listing says of a resource, whatever its type.
_LISTED = frozenset(
    (
        "id",
        "name",
        "type",
        "kind",
        "location",
        "tags",
        "sku",
        "zones",
        "plan",
        "identity",
        "managedby",
        "etag",
        "apiversion",
        "resourcegroup",
        "subscriptionid",
        "tenantid",
        "extendedlocation",
        "provisioningstate",
        "createdtime",
        "changedtime",
        "systemdata",
        "properties",
    )
)
_NETWORK = "microsoft.network/"


def kind_of(key: str) -> str:
    """Return the kind of the resource whose lower-case id is `key`; empty when the id names no type."""
    _, marker, rest = key.rpartition("/providers/")
    if not marker:
        return ""
    parts = rest.split("/")
    return "/".join((parts[0], *parts[1::2])).removeprefix(_NETWORK)


def names_all(resource_id: str) -> bool:
    """Hold when an id has a name for each of its types, unlike `…/virtualNetworks/hub/subnets/`."""
    return len(key_of(resource_id).rpartition("/providers/")[2].split("/")) % 2 == 1


def name_of(resource_id: str) -> str:
    return resource_id.rstrip("/").rpartition("/")[2]


def subscription_of(identity: str) -> str | None:
    """Return the subscription of an id in the spelling that it has there; None where it has none."""
    parts = identity.strip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0].lower() == "subscriptions" else None


# What stands in ids for a subscription that the input does not name. Of a plan with several providers their names do.
NO_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


def is_said(subscription: str | None) -> bool:
    """Hold when this is a subscription, and nothing that stands for one of which the input does not say which it is."""
    return subscription is not None and subscription != NO_SUBSCRIPTION and _NO_ID.search(subscription) is None


_NO_ID = re.compile(r"[<.]")


def parent_of(key: str, levels: int = 1) -> str:
    """Return the id of the resource that holds the child resource `key`."""
    return key.rsplit("/", 2 * levels)[0]


def key_of(resource_id: str) -> str:
    return resource_id.rstrip("/").lower()


def resource_of(
    body: dict[str, Any], file: str, pointer: str, recorded: bool = False, is_literal: bool = False
) -> Resource | None:
    """Return `body` as a resource, or None when neither its id nor its type says what it is."""
    identity, type_name, name = body.get("id"), body.get("type"), body.get("name")
    if not (isinstance(identity, str) and kind_of(key_of(identity))):
        if not (isinstance(type_name, str) and isinstance(name, str)):
            return None
        identity = f"/providers/{type_name}/{name}"
    identity = printable(identity)
    key, kind = key_of(identity), kind_of(key_of(identity))
    if kind.startswith(f"{MANAGERS}/"):
        view = _view_of_configured(body)
        if view is not None:  # no other reading of what is configured, but what has become of it
            key, kind = f"{key}@{view[1]}", f"{kind}/{view[0]}"
    return Resource(identity, key, kind, name_of(identity), body, file, pointer, recorded, is_literal)


def _view_of_configured(body: dict[str, Any]) -> tuple[str, str] | None:
    """Return `active` and the region for an entry of a list of what a manager has deployed, `effective` for one of what
    acts at a network, which says not at which; None for what is configured."""
    if member(body, "commitTime") is not None and isinstance(member(body, "region"), str):
        return "active", str(member(body, "region")).lower().replace(" ", "")
    listed = ("ruleGroups", "ruleCollectionAppliesToGroups", "configurationGroups")
    return ("effective", "effective") if any(member(body, name) is not None for name in listed) else None
