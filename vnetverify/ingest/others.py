"""What an input holds besides what is modelled: services, hubs, resolvers, types that nobody knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from enum import Enum

from vnetverify.ingest import managers
from vnetverify.ingest.concerns import vnets_named_by
from vnetverify.ingest.findings import ANYTHING, Findings
from vnetverify.ingest.hubs import HUBS, PEERS_NOT_TOLD, is_part_of_route_server, is_route_server
from vnetverify.ingest.injected import (
    NODE_POOLS,
    admits,
    changes_lists,
    deploys_hosts_only,
    is_service_of_hosts,
    places_named_by,
    tells_of_services,
    without_admissions,
)
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.links import LINK_SERVICES
from vnetverify.ingest.networks import PASSED, Networks
from vnetverify.ingest.proxies import BASTIONS
from vnetverify.ingest.proxies import GATEWAYS as APPLICATION_GATEWAYS
from vnetverify.ingest.publics import PUBLIC_KINDS
from vnetverify.ingest.references import places_in, vnet_of
from vnetverify.ingest.resources import NIC_KINDS, SCALE_SETS, SUBJECTS, Resource, key_of, parent_of
from vnetverify.ingest.scale_sets import NOT_LISTED
from vnetverify.ingest.shapes import has_no_effect, is_no_network
from vnetverify.source import NOWHERE

_SUBNETS, _MACHINES = "virtualnetworks/subnets", "microsoft.compute/virtualmachines"
_MODELLED = frozenset(
    (
        "virtualnetworks",
        _SUBNETS,
        "virtualnetworks/virtualnetworkpeerings",
        "networksecuritygroups",
        "networksecuritygroups/securityrules",
        "routetables",
        "routetables/routes",
        *NIC_KINDS,
        *PUBLIC_KINDS,
        "natgateways",
        "virtualnetworkgateways",
        "localnetworkgateways",
        "connections",
        "applicationsecuritygroups",
        _MACHINES,
        "loadbalancers",
        "privateendpoints",
        LINK_SERVICES,
        APPLICATION_GATEWAYS,
        BASTIONS,
        "azurefirewalls",
        *managers.KINDS,
    )
)
# Management across networks: what it does depends on membership that is decided elsewhere, but for hubs that tell it.
_ANYWHERE = ("networkmanagers", "virtualwans", "virtualhubs", "networkgroups")
# What answers and forwards questions about names, and carries nothing else.
_RESOLVING = ("dnsresolvers", "dnsforwardingrulesets", "dnsresolverpolicies", "dnsresolverdomainlists")
_ENDPOINT_POLICIES = "serviceendpointpolicies"
# Providers whose resources name subnets to let them in, or to watch them, and put nothing into them.
_NAMING_ONLY = frozenset(
    f"microsoft.{provider}"
    for provider in (
        "authorization",
        "eventhub",
        "insights",
        "keyvault",
        "operationalinsights",
        "recoveryservices",
        "resources",
        "servicebus",
        "storage",
    )
)


_NOT_TOLD = "what it puts into a subnet is not in the input"
_NOT_MODELLED = "resources of this type are not modelled"


class Standing(Enum):
    """What the model makes of a kind of resource."""

    MODELLED = "modelled"
    WITHOUT_EFFECT = "without effect"
    NOT_NETWORK = "not network"
    NOT_MODELLED = "not modelled"


def standing_of(kind: str) -> Standing:
    """Return what is made of resources of `kind`: whatever is not known to be without effect puts verdicts in doubt."""
    if kind in _MODELLED:
        return Standing.MODELLED
    if has_no_effect(kind):
        return Standing.WITHOUT_EFFECT
    return Standing.NOT_NETWORK if is_no_network(kind) else Standing.NOT_MODELLED


class Others:
    """The resources of an input that are not modelled; `tell` records what they leave open."""

    def __init__(self, inventory: Inventory, findings: Findings, networks: Networks) -> None:
        self._inventory = inventory
        self._findings = findings
        self._networks = networks

    def tell(self) -> None:
        """Record every resource of a type that is not modelled and may carry or change packets."""
        strangers: Counter[str] = Counter()
        for kind in self._inventory.kinds():
            standing = standing_of(kind)
            if standing is Standing.NOT_NETWORK:
                strangers[kind] = sum(not self._doubt_machines_of(one) for one in self._inventory.of(kind))
            elif standing is Standing.NOT_MODELLED:
                for resource in self._inventory.of(kind):
                    if not is_part_of_route_server(resource, self._inventory):
                        self._doubt_whole(resource)
        strangers = +strangers  # those of which there are any
        if strangers:
            count = sum(strangers.values())
            which = "1 resource that is not network is" if count == 1 else f"{count} resources that are not network are"
            kinds = ", ".join(sorted(strangers)[:5]) + (", …" if len(strangers) > 5 else "")
            self._findings.note("not-network", f"{which} left out: {kinds}", NOWHERE)

    def _doubt_machines_of(self, resource: Resource) -> bool:
        """Tell of a service that a template deploys into a subnet, and return whether it is one.

        What it puts there is in no template, while an export lists the interfaces, or the service at its subnet.
        """
        if resource.is_literal and not is_service_of_hosts(resource):
            return False
        resource = replace(resource, body=without_admissions(resource.body))
        if resource.is_literal:
            return self._doubt_service(resource)
        if admits(resource):
            return False
        if resource.kind.startswith(tuple(f"{one}/" for one in _NAMING_ONLY)) and not deploys_hosts_only(resource):
            return False
        named = places_named_by(resource)
        vnets = [home for key in named if (home := vnet_of(key)) in self._networks.names]
        self._findings.concern(resource.key, *(home for home in vnets if home is not None))
        why = _NOT_TOLD
        if vnets and self._puts_hosts_only(resource) and self._is_confined(resource, named):
            self._doubt_at(resource, why, named)
        elif vnets:
            self._findings.doubt_about(resource, resource.subject, why, with_peers=True)
        return bool(vnets)

    def _doubt_service(self, service: Resource) -> bool:
        """Tell of a service in subnets that do not tell of it themselves, and return whether there are some."""
        subnets = (self._inventory.find(key_of(place)) for place in places_in(service))
        silent = [one for one in subnets if one is not None and one.kind == _SUBNETS and not tells_of_services(one)]
        if silent:
            self._findings.concern(service.key, *(parent_of(one.key) for one in silent))
            self._doubt_at(service, _NOT_TOLD, [one.key for one in silent])
        return bool(silent)

    def _puts_hosts_only(self, resource: Resource) -> bool:
        """Hold when `resource`, or the cluster that it is a pool of nodes of, adds machines that forward nothing."""
        whole = self._inventory.find(parent_of(resource.key)) if resource.kind == NODE_POOLS else resource
        return whole is not None and deploys_hosts_only(whole)

    def _is_confined(self, resource: Resource, subnets: Collection[str]) -> bool:
        """Hold when what stands in `subnets` (by key) changes no flow but those that begin or end there, or where the
        lists act that it changes."""
        if not _changes_lists(resource):
            return all(key in self._networks.places for key in subnets)
        return bool(self._networks.where_lists_act(*subnets))

    def _doubt_at(self, resource: Resource, why: str, subnets: Iterable[str]) -> None:
        """Record that flows from and to `subnets` (by key) are in doubt for `resource`, which forwards none."""
        if _changes_lists(resource):
            subnets = sorted(self._networks.shared_lists.subnets(subnets))
            self._findings.concern(resource.key, *map(parent_of, subnets))
        places = [self._networks.places[key] for key in subnets]
        where = tuple(f"{place.vnet}.{place.subnet}" for place in places)
        self._findings.doubt(resource.subject, why, resource.key, resource.span, True, where, ends_there=True)

    def _doubt_resolver(self, resource: Resource) -> None:
        """Tell of a part of a private resolver: it changes what names are known, and its endpoints are hosts."""
        vnets = vnets_named_by(resource, self._findings, self._networks.names)
        why = "private resolvers and their rulesets are not modelled"
        names = (self._networks.names[vnet] for vnet in vnets)
        self._findings.doubt_names(resource.subject, why, resource.span, *names)
        subnets = [key for place in places_in(resource) if (key := key_of(place)) in self._networks.places]
        if subnets:
            self._findings.concern(resource.key, *vnets)
            self._doubt_at(resource, why, subnets)

    def _names_ordinary_subnets(self, policy: Resource) -> bool:
        """Hold when a policy of service endpoints concerns no subnet that packets of others pass; tell of its subnets.

        It decides what its subnets may reach by their endpoints. One that no subnet has does nothing.
        """
        named = [key_of(place) for place in places_in(policy)]
        places = [self._networks.places.get(key) for key in named]
        if not all(place is not None and place.subnet.lower() not in PASSED for place in places):
            return False
        self._findings.concern(policy.key, *(home for key in named if (home := vnet_of(key)) is not None))
        if named:
            self._doubt_at(policy, "service endpoint policies are not modelled", named)
        return True

    def _doubt_whole(self, resource: Resource) -> None:
        if resource.kind.split("/")[0] in _RESOLVING:
            self._doubt_resolver(resource)
            return
        if resource.kind == SCALE_SETS and self._networks.scale_sets.is_listed(resource):
            return
        if resource.kind.split("/")[0] == _ENDPOINT_POLICIES and self._names_ordinary_subnets(resource):
            return
        if resource.kind.split("/")[0] in _ANYWHERE:
            vnets = self._findings.concerned_by(resource.key)
        else:
            vnets = vnets_named_by(resource, self._findings, self._networks.names)
        subject = resource.key if vnets else ANYTHING
        self._findings.concern(subject, *vnets)
        what = f"{SUBJECTS.get(resource.kind, resource.kind)} `{resource.name}`"
        why = _why_not(resource)
        named = self._networks.scale_sets.places(resource) or frozenset()
        if deploys_hosts_only(resource):
            named = frozenset(key_of(place) for place in places_in(resource))
        if named and self._is_confined(resource, named):
            self._findings.concern(resource.key, *vnets)
            self._doubt_at(resource, why, sorted(named))
            return
        self._findings.doubt(
            what, why, subject, resource.span, with_peers=True, is_outside=why == PEERS_NOT_TOLD
        )  # whose routes win over none of a vnet's own (R-SEL-3, R-GW-19)


def _changes_lists(resource: Resource) -> bool:
    """Hold for what changes lists when it is deployed; in an export these stand as they are."""
    return changes_lists(resource) and not resource.is_literal


def _why_not(resource: Resource) -> str:
    """Return why `resource` is in doubt as a whole."""
    if resource.kind == HUBS and is_route_server(resource):
        return PEERS_NOT_TOLD
    if resource.is_literal:
        return NOT_LISTED if resource.kind == SCALE_SETS else _NOT_MODELLED
    if resource.kind == SCALE_SETS:
        return _NOT_TOLD
    told = resource.stated("notRead")
    return told if isinstance(told, str) and told else _NOT_MODELLED
