"""Where in a resource something is not known, and whether that can matter."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from vnetverify.ingest.notation import escaped
from vnetverify.ingest.properties import words_of
from vnetverify.ingest.resources import NIC_KINDS, Resource
from vnetverify.ingest.shapes import has_no_effect, is_no_network
from vnetverify.ingest.trees import ANY, PLACELESS_IN_ANY, TREES, Tree
from vnetverify.ingest.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Gap:
    """Something of a resource that is not known: `name` is the property, as a message calls it.

    `says_where` tells that it could name the place where the resource stands.
    """

    name: str
    unknown: Unknown
    pointer: str
    says_where: bool


# Properties that name no place, whatever their value. What stands in no such list may.
_PLACELESS = words_of(
    "addressprefix addressprefixes networksecuritygroup routetable natgateway publicipaddress publicipprefix"
    " privateipaddress privateipaddressversion privateipallocationmethod enableipforwarding"
    " applicationsecuritygroups virtualmachine dnssettings dnsservers disabletcpstatetracking nictype"
    " auxiliarymode protocol protocols port frontendport backendport enablefloatingip disableoutboundsnat"
    " enabletcpreset frontendportrangestart frontendportrangeend nohealthybackendsbehavior adminstate sku name"
    " tier privatelinkserviceconnectionstate status frontendports httplisteners listeners natrulecollections"
    " networkrulecollections applicationrulecollections firewallpolicy additionalproperties threatintelmode"
    " gatewaytype gatewaydefaultsite allowremotevnettraffic activeactive bgpsettings asn vpntype"
    " vpnclientconfiguration vpnclientaddresspool customroutes natrules enablebgproutetranslationfornat"
    " allowvirtualwantraffic connectiontype enablebgp connectionstatus expressroutegatewaybypass"
    " usepolicybasedtrafficselectors trafficselectorpolicies ingressnatrules egressnatrules probes"
    " loadbalancingrules outboundrules frontendipconfiguration backendaddresspool probe"
    # Members, services and interfaces stand in the network of what names them, or are no part of it (F-LB-5, F-PE-8).
    " loadbalancerbackendaddresspools loadbalancerinboundnatrules applicationgatewaybackendaddresspools"
    " privateendpoint privatelinkservice privatelinkserviceid alias managementipconfiguration"
)
ZONES = "privatednszones"
# Kinds that stand in a vnet by their id, or that say nothing of where they are used: those who use them do. What
# lists users is told in an export alone, and says where.
_PLACED = ("virtualnetworks", "virtualnetworks/subnets", "virtualnetworks/virtualnetworkpeerings")
USED_BY_OTHERS = frozenset(
    (
        "networksecuritygroups",
        "networksecuritygroups/securityrules",
        "routetables",
        "routetables/routes",
        "publicipaddresses",
        f"{NIC_KINDS[1]}/ipconfigurations/publicipaddresses",
        "natgateways",
        "applicationsecuritygroups",
        "localnetworkgateways",
        "firewallpolicies",
        "firewallpolicies/rulecollectiongroups",
        "ipgroups",
    )
)
_LISTS_OF_USERS = frozenset(("subnets", "networkinterfaces", "ipconfiguration", "properties"))


def gaps_in(resource: Resource) -> Iterator[Gap]:
    """Yield what is not known of `resource` and could matter. Parts that are resources of their own have their own."""
    kind = resource.kind
    is_zone = kind.split("/")[0] == ZONES
    if resource.is_literal or (kind not in TREES and not is_zone and (has_no_effect(kind) or is_no_network(kind))):
        return
    for name, unknown, pointer in _gaps(resource.body, resource.pointer, TREES.get(kind, ANY), is_part=False):
        yield Gap(name, unknown, pointer, _says_where(kind, name))


def _says_where(kind: str, name: str) -> bool:
    last = name.rpartition(".")[2].lower()
    if kind in _PLACED:
        return False
    if kind in USED_BY_OTHERS:
        return last in _LISTS_OF_USERS
    return last not in _PLACELESS


# The name of a property, what is not known there, and its pointer.
_Found = tuple[str, Unknown, str]


def _gaps(body: dict[str, Any], pointer: str, tree: Tree, is_part: bool, before: str = "") -> Iterator[_Found]:
    inner = body.get("properties")
    if is_part:
        yield from _nameless(body, pointer, before)
    if isinstance(inner, Unknown):
        yield f"{before}properties", inner, f"{pointer}/properties"
    layers = [(body, pointer)]
    if isinstance(inner, dict):
        layers.append((inner, f"{pointer}/properties"))
    for layer, where in layers:
        for key, value in layer.items():
            if tree.heeds(key.lower()) and key.lower() not in tree.open:
                yield from _within(key, value, f"{where}/{escaped(key)}", tree, before)


def _within(key: str, value: Any, pointer: str, tree: Tree, before: str) -> Iterator[_Found]:
    """Yield the gaps of one property."""
    name, said = key.lower(), f"{before}{key}"
    part = tree.parts.get(name)
    if part is None and name not in tree.apart:
        passed_over = PLACELESS_IN_ANY if tree is ANY else frozenset[str]()
        yield from ((said, unknown, where) for unknown, where in unknowns_in(value, pointer, passed_over))
        return
    several = isinstance(value, list)
    for position, item in enumerate(value if several else [value]):
        where = f"{pointer}/{position}" if several else pointer
        if isinstance(item, Unknown):
            yield said, item, where
        elif isinstance(item, dict) and part is not None:
            yield from _gaps(item, where, part, True, f"{said}.")
        elif isinstance(item, dict):
            yield from _nameless(item, where, f"{said}.")


def _nameless(item: dict[str, Any], pointer: str, before: str) -> Iterator[_Found]:
    """Yield the gap of a part by whose name others would know it, and that has none that is known."""
    if is_nameless(item):
        for key in ("id", "name"):
            if isinstance(unknown := item.get(key), Unknown):
                yield f"{before}{key}", unknown, f"{pointer}/{key}"


def is_nameless(item: Any) -> bool:
    """Hold for a part that has a name, of which it is not known how it reads."""
    if not isinstance(item, dict):
        return False
    named = [item.get(key) for key in ("id", "name")]
    return any(isinstance(name, Unknown) for name in named) and not any(isinstance(name, str) for name in named)


def unknowns_in(
    value: Any, pointer: str = "", passed_over: frozenset[str] = frozenset()
) -> Iterator[tuple[Unknown, str]]:
    """Yield each `Unknown` inside `value`, at any depth and in order, with its pointer.

    What stands under a key in `passed_over` (in lower case) is left out.
    """
    pending = [(value, pointer)]
    while pending:
        item, where = pending.pop()
        if isinstance(item, Unknown):
            yield item, where
        elif isinstance(item, dict):
            pending.extend(
                (inner, f"{where}/{escaped(key)}")
                for key, inner in reversed(item.items())
                if key.lower() not in passed_over
            )
        elif isinstance(item, list):
            pending.extend((item[at], f"{where}/{at}") for at in reversed(range(len(item))))


def without_unknowns(value: Any, kept: Container[str] = ()) -> Any:
    """Return `value` without the members of objects that are not known; a reference whose id is not known is none.

    Of what is called as in `kept` something not known is all that is left.

    Members of lists stay, so that the others keep their positions: `values.as_list` passes them over.
    """
    if isinstance(value, dict):
        known = {
            key: _first_unknown(item) if key.lower() in kept else without_unknowns(item, kept)
            for key, item in value.items()
            if not isinstance(_named_by(item), Unknown) or key.lower() in kept
        }
        same = len(known) == len(value) and all(known[key] is item for key, item in value.items())
        return value if same else known
    if isinstance(value, list):
        items = [without_unknowns(_named_by(item), kept) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


def _named_by(value: Any) -> Any:
    """Return what is not known where `value` is a reference of which that is the id; else `value`."""
    if isinstance(value, dict) and len(value) == 1:
        (key, item), *_ = value.items()
        return item if key.lower() == "id" and isinstance(item, Unknown) else value
    return value


def _first_unknown(value: Any) -> Any:
    """Return what is not known inside `value`, or all of it where everything is known."""
    return next((unknown for unknown, _ in unknowns_in(value)), value)
