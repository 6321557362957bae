"""Virtual networks with their subnets and peerings, those included that are only mentioned."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from vnetverify.header import Prefix
from vnetverify.ingest.findings import NOT_HERE, Findings
from vnetverify.ingest.injected import names_changing, names_hosts_only, names_modelled_only
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.names import LONGEST_NAME, unique_names, with_instance
from vnetverify.ingest.peerings import Halves
from vnetverify.ingest.properties import Doubt, read
from vnetverify.ingest.references import ids_in, places_mentioned, vnet_of
from vnetverify.ingest.resources import Resource, key_of, kind_of, name_of, parent_of, subscription_of
from vnetverify.ingest.scale_sets import ScaleSets, is_of_scale_set
from vnetverify.ingest.shapes import SUBNET, VNET
from vnetverify.ingest.shared_lists import SharedLists
from vnetverify.ingest.values import (
    Malformed,
    address_space_of,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_text,
    member,
    prefixes_of,
    shown,
)
from vnetverify.ingest.zones import dns_servers_in
from vnetverify.model.network import DeploymentModel, Peering, PrivateEndpointPolicies, Subnet, Vnet
from vnetverify.model.services import endpoint_name
from vnetverify.source import Span

_SUBNETS = "virtualnetworks/subnets"
_PEERINGS = "virtualnetworks/virtualnetworkpeerings"
# Subnets through which Azure's own devices forward what is between others.
PASSED = ("gatewaysubnet", "azurefirewallsubnet")
_POOLS = "ipamPoolPrefixAllocations"
_SERVICE_THERE = "which flows the machines of this service begin and take is not modelled"
_LISTS_CHANGED = "the service changes the group and the table of its subnet, which others have as well"
_POLICIES = {
    "disabled": PrivateEndpointPolicies.DISABLED,
    "networksecuritygroupenabled": PrivateEndpointPolicies.SECURITY_GROUPS,
    "routetableenabled": PrivateEndpointPolicies.ROUTE_TABLES,
    "enabled": PrivateEndpointPolicies.ENABLED,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subnet is, by the names of the model."""

    vnet: str
    subnet: str


class Networks:
    """The vnets of an input. `names` and `places` hold the names of vnets and subnets by key, stand-ins included.

    A stand-in is a vnet or subnet that something refers to and that the input does not hold: it has no prefixes
    but those told elsewhere, and everything about its traffic is in doubt. One that the text declares is no stand-in.
    """

    def __init__(
        self, inventory: Inventory, findings: Findings, declared: Mapping[str, Vnet], tags: Collection[str]
    ) -> None:
        self._inventory = inventory
        self._findings = findings
        self.scale_sets = ScaleSets(inventory)
        self.shared_lists = SharedLists(inventory)
        self._tags = tags
        self._mentioned = {key_of(identity): (identity, by) for identity, by in places_mentioned(inventory)}
        self._namers = {vnet_of(key): by for key, (_, by) in self._mentioned.items()}
        self.names = unique_names(self._vnet_ids(), findings)
        self._declared = self._completed_by(declared)
        self.names.update((key, vnet.name) for key, vnet in self._declared.items())
        self.places = dict(self._subnet_places())
        self._spaces: dict[str, tuple[Prefix, ...]] = {}
        self._placed: set[str] = set()
        subnets = {key: place.subnet for key, place in self.places.items()}
        self.halves = Halves(inventory, findings, self.names, subnets)

    def _vnet_ids(self) -> Iterator[tuple[str, Span]]:
        for resource in self._inventory.of("virtualnetworks"):
            yield resource.id, resource.span
        for key, (identity, by) in self._mentioned.items():
            vnet = vnet_of(key)
            if vnet is not None and vnet not in self._inventory:
                yield (identity if vnet == key else parent_of(identity)), by.span

    def _completed_by(self, declared: Mapping[str, Vnet]) -> dict[str, Vnet]:
        """Return the declared vnets by the keys of those that the input only mentions, where no two are called so."""
        by_name = {name.casefold(): vnet for name, vnet in declared.items()}
        uses = Counter(name_of(key).casefold() for key in self.names)
        missing = [key for key in self.names if key not in self._inventory and uses[name_of(key).casefold()] == 1]
        return {key: by_name[name_of(key).casefold()] for key in missing if name_of(key).casefold() in by_name}

    def _subnet_places(self) -> Iterator[tuple[str, Place]]:
        keys = [(subnet.key, subnet.id) for subnet in self._inventory.of(_SUBNETS)]
        keys += [(key, identity) for key, (identity, _) in self._mentioned.items() if kind_of(key) == _SUBNETS]
        for key, identity in dict(keys).items():
            if key not in self._inventory and len(name_of(identity)) > LONGEST_NAME:
                message = f"subnet `{shown(name_of(identity))}` has a name of more than {LONGEST_NAME} characters"
                self._findings.error("name-too-long", message, self._mentioned[key][1].span)
            vnet = parent_of(key)
            known = self._declared[vnet].subnet(name_of(identity)) if vnet in self._declared else None
            yield key, Place(self.names[vnet], known.name if known is not None else name_of(identity))
        for vnet, declared in self._declared.items():
            for subnet in declared.subnets:
                yield f"{vnet}/subnets/{subnet.name.lower()}", Place(declared.name, subnet.name)

    def holds_vnet(self, key: str) -> bool:
        """Hold when all subnets of the vnet are known: the input holds it, or the text declares it."""
        return key in self._inventory or key in self._declared

    def is_stand_in(self, key: str) -> bool:
        """Hold when vnet or subnet `key` is only mentioned."""
        if key in self._inventory:
            return False
        if key in self._declared:
            return False
        vnet = self._declared.get(parent_of(key))
        return vnet is None or vnet.subnet(name_of(key)) is None

    def has_prefixes(self, subnet: str) -> bool:
        """Hold when prefixes of the subnet with key `subnet` are known; call after `vnets`."""
        return subnet in self._placed

    def possible_homes(self, resource: Resource) -> tuple[str, ...]:
        """Return the keys of the vnets in which something could stand that `resource` names and the input lacks.

        They are of its subscription and region and do not list what stands in them, since Azure lists all.
        """
        own = subscription_of(resource.key)
        found = self._silent.get(own, ())
        present = [vnet.key for vnet in found if resource.region is None or vnet.region in (None, resource.region)]
        return (*present, *(key for key in self._declared if subscription_of(key) == own))

    def homes_of(self, configuration: str) -> tuple[str, ...]:
        """Return the key of the vnet with a subnet that lists the IP configuration of this key, if there is one."""
        return self._listed_in.get(configuration, ())

    def lists(self, interface: str) -> bool:
        """Hold when a subnet lists the interface of this key: what is open about one that the input lacks is told."""
        return interface in self._listed_interfaces or bool(self.scale_sets.places_described(interface))

    @cached_property
    def _listed_interfaces(self) -> frozenset[str]:
        return frozenset(map(parent_of, self._listed_in))

    @cached_property
    def _listed_in(self) -> dict[str, tuple[str, ...]]:
        """The vnets of the IP configurations that subnets list, by key."""
        return {
            key_of(identity): (parent_of(subnet.key),)
            for subnet in self._inventory.of(_SUBNETS)
            for identity in ids_in(subnet.stated("ipConfigurations"))
        }

    @cached_property
    def _silent(self) -> dict[str | None, list[Resource]]:
        """The vnets that do not list what stands in them, by subscription."""
        listing = {
            parent_of(subnet.key) for subnet in self._inventory.of(_SUBNETS) if subnet.stated("ipConfigurations")
        }
        found: defaultdict[str | None, list[Resource]] = defaultdict(list)
        for vnet in self._inventory.of("virtualnetworks"):
            if vnet.key not in listing:
                found[subscription_of(vnet.key)].append(vnet)
        return found

    def peerings(self) -> tuple[Peering, ...]:
        """Return the peerings, having noted what is in doubt about them; call after `vnets`."""
        return self.halves.peerings(self._spaces, self.is_stand_in)

    def vnets(self, attachments: Mapping[str, Attachments]) -> dict[str, Vnet]:
        """Return the vnets by name with their subnets, to which `attachments` (by subnet key) are fastened."""
        subnets: defaultdict[str, list[Subnet]] = defaultdict(list)
        for key, place in self.places.items():
            try:
                subnet = self._subnet(key, place)
            except Malformed as fault:
                resource = self._inventory.find(key) or self._mentioned[key][1]
                self._findings.fault(resource, f"{fault} in subnet `{place.vnet}.{place.subnet}`")
                subnet = Subnet(place.subnet, place.vnet, (), span=resource.span)
            if subnet.prefixes:
                self._placed.add(key)
            found = attachments.get(key, Attachments())
            subnets[parent_of(key)].append(
                replace(
                    subnet,
                    nsg=found.nsg or subnet.nsg,
                    route_table=found.route_table or subnet.route_table,
                    nat_gateway=found.nat_gateway or subnet.nat_gateway,
                )
            )
        return {name: self._vnet(key, tuple(subnets[key])) for key, name in self.names.items()}

    def _vnet(self, key: str, subnets: tuple[Subnet, ...]) -> Vnet:
        self._findings.concern(key, key)
        declared = self._declared.get(key)
        if declared is not None:
            self._spaces[key] = declared.address_space
            amended = {subnet.name: subnet for subnet in declared.subnets} | {subnet.name: subnet for subnet in subnets}
            return replace(declared, subnets=tuple(amended.values()))
        resource = self._inventory.find(key)
        if resource is None:
            return self._stand_in(key, subnets)
        try:
            return self._vnet_of(resource, subnets)
        except Malformed as fault:
            self._findings.fault(resource, f"{fault} in {resource.subject}")
            return Vnet(self.names[key], (), subnets, span=resource.span)

    def _stand_in(self, key: str, subnets: tuple[Subnet, ...]) -> Vnet:
        by = self._namers[key]
        self._findings.doubt(f"vnet `{self.names[key]}`, which {by.subject} names", NOT_HERE, key, by.span)
        classic = kind_of(key) != "virtualnetworks"
        model = DeploymentModel.CLASSIC if classic else DeploymentModel.RESOURCE_MANAGER
        return Vnet(self.names[key], self.halves.told_ranges.get(key, ()), subnets, model=model, span=by.span)

    def _vnet_of(self, resource: Resource, subnets: tuple[Subnet, ...]) -> Vnet:
        values, doubts = read(resource.body, resource.pointer, VNET)
        self._findings.doubts(resource, doubts, resource.key)
        self._findings.doubt_untold(resource, self._inventory.untold(resource))
        space = as_object(values.get("addressspace"), "addressSpace")
        ranges = address_space_of(space, "addressSpace")
        self._doubt_pools(resource, "addressSpace", member(space, _POOLS), ranges)
        self._spaces[resource.key] = ranges
        minutes = values.get("flowtimeoutinminutes")
        return Vnet(
            self.names[resource.key],
            ranges,
            subnets,
            resource.region,
            subscription_of(resource.id),
            # What gateways announce in place of the ranges, nothing where that is not stated (R-GW-20).
            summarized_gateway_prefixes=address_space_of(
                values.get("summarizedgatewayprefixes"), "summarizedGatewayPrefixes"
            ),
            tags=_tags(resource.body.get("tags")),
            unknown_tags=self._findings.unknown_tags.get(resource.key, ()),
            flow_timeout=minutes is not None and as_number(minutes, "flowTimeoutInMinutes") > 0,
            dns_servers=dns_servers_in(values.get("dhcpoptions"), resource, self.names[resource.key], self._findings),
            span=resource.span,
        )

    def _subnet(self, key: str, place: Place) -> Subnet:
        resource = self._inventory.find(key)
        vnet = parent_of(key)
        self._findings.concern(key, vnet)
        if resource is None:
            declared = self._declared.get(vnet)
            known = declared.subnet(place.subnet) if declared is not None else None
            return known or self._subnet_stand_in(key, place)
        values, doubts = read(resource.body, resource.pointer, SUBNET)
        self._doubt_subnet(resource, place, doubts)
        self._doubt_missing_interfaces(resource, values.get("ipconfigurations"))
        self._doubt_missing_endpoints(resource, values.get("privateendpoints"))
        self._doubt_missing_gateways(resource, values.get("applicationgatewayipconfigurations"))
        prefixes = _subnet_prefixes(values)
        pools = resource.stated(_POOLS)
        self._doubt_pools(resource, "addressPrefix", pools, prefixes)
        if not prefixes and not pools:
            raise Malformed("`addressPrefix` is missing")
        return Subnet(
            place.subnet,
            place.vnet,
            prefixes,
            default_outbound=as_flag(values.get("defaultoutboundaccess"), "defaultOutboundAccess"),
            service_endpoints=tuple(self._service_endpoints(resource, values.get("serviceendpoints"))),
            private_endpoint_policies=self._policies(resource, values.get("privateendpointnetworkpolicies")),
            span=resource.span,
        )

    def _doubt_pools(self, resource: Resource, name: str, pools: Any, told: Collection[Prefix]) -> None:
        """What pools of addresses give `resource` when it is deployed is known where it is among the prefixes `told`.

        An answer of Azure tells all of them; a template does where it was exported.
        """
        if told and resource.is_literal:
            return
        given = [as_object(pool, _POOLS) for pool in as_list(pools, _POOLS)]
        if any(not set(_allocated(pool)) or not set(_allocated(pool)) <= set(told) for pool in given):
            what, why = f"`{name}` of {resource.subject}", "it is not known: Azure chooses prefixes out of a pool"
            self._findings.doubt_unknown(resource, what, why, resource.span)

    def _subnet_stand_in(self, key: str, place: Place) -> Subnet:
        by = self._mentioned[key][1]
        what = f"subnet `{place.vnet}.{place.subnet}`, which {by.subject} names"
        self._findings.doubt(what, NOT_HERE, key, by.span)
        return Subnet(place.subnet, place.vnet, (), span=by.span)

    def _doubt_subnet(self, resource: Resource, place: Place, doubts: Sequence[Doubt]) -> None:
        """Record what is not modelled of a subnet, as far-reaching as it is."""
        doubts = [each for each in doubts if not names_modelled_only(each.name, resource.stated(each.name))]
        at_hosts = [each for each in doubts if names_hosts_only(each.name, resource.stated(each.name))]
        of_endpoints = [each for each in doubts if each.name.lower() == "serviceendpointpolicies"]
        self._findings.doubts(
            resource, (each for each in doubts if each not in (*at_hosts, *of_endpoints)), resource.key
        )
        for each in at_hosts:
            what, why, subject = f"`{each.name}` of {resource.subject}", _SERVICE_THERE, resource.key
            where: tuple[str, ...] = (f"{place.vnet}.{place.subnet}",)
            acting = self.shared_lists.subnets((resource.key,))
            if len(acting) > 1 and not resource.is_literal and names_changing(each.name, resource.stated(each.name)):
                subject, why, where = (
                    f"{resource.key} and its lists",
                    _LISTS_CHANGED,
                    self.where_lists_act(resource.key),
                )
                self._findings.concern(subject, *map(parent_of, acting))
            span = resource.place(each.pointer)
            self._findings.doubt(what, why, subject, span, places=where, ends_there=bool(where))
        for each in of_endpoints:
            span = resource.place(each.pointer)
            self._doubt_endpoint(f"`{each.name}` of {resource.subject}", each.why, resource, span)

    def where_lists_act(self, *subnets: str) -> tuple[str, ...]:
        """Return the subnets in which groups and tables of `subnets` (by key) act; none where not only flows that begin
        or end there have to do with these."""
        places = [self.places.get(key) for key in sorted(self.shared_lists.subnets(subnets))]
        known = [place for place in places if place is not None and place.subnet.lower() not in PASSED]
        return tuple(f"{place.vnet}.{place.subnet}" for place in known) if len(known) == len(places) else ()

    def _policies(self, subnet: Resource, value: Any) -> PrivateEndpointPolicies | None:
        """Return which policies hold for private endpoints (F-PE-2), None where that is not told."""
        if value is None:
            return None
        word = as_text(value, "privateEndpointNetworkPolicies")
        if word.lower() not in _POLICIES:
            what = f"`privateEndpointNetworkPolicies` of {subnet.subject}"
            self._findings.doubt_about(subnet, what, f"`{shown(word)}` is not known to this version")
        return _POLICIES.get(word.lower())

    def _service_endpoints(self, subnet: Resource, endpoints: Any) -> Iterator[str]:
        """Yield the services whose prefixes are told; where those of another lead is not known."""
        for item in as_list(endpoints, "serviceEndpoints"):
            service = as_text(member(as_object(item, "serviceEndpoints"), "service"), "serviceEndpoints.service")
            name = endpoint_name(service, self._tags)
            if name is not None:
                yield name
            else:
                what = f"service endpoint `{shown(service)}` of {subnet.subject}"
                why = "its prefixes are not declared; a text that imports this can do so with `service-tag`"
                self._doubt_endpoint(what, why, subnet, subnet.span)

    def _doubt_endpoint(self, what: str, why: str, subnet: Resource, span: Span) -> None:
        """Record what is not known of a service endpoint, which takes what its subnet sends, and what passes by it."""
        place = self.places[subnet.key]
        is_passed = place.subnet.lower() in PASSED
        where = () if is_passed else (f"{place.vnet}.{place.subnet}",)
        self._findings.doubt(what, why, subnet.key, span, places=where, ends_there=not is_passed)

    def _doubt_missing_interfaces(self, subnet: Resource, configurations: Any) -> None:
        """An interface in the subnet that the input does not hold may have an nsg, an address and a role of its own."""
        missing: dict[str, str] = {}
        for item in as_list(configurations, "ipConfigurations"):
            identity = as_text(member(as_object(item, "ipConfigurations"), "id"), "ipConfigurations.id")
            owner = parent_of(identity.rstrip("/"))
            if key_of(owner) not in self._inventory and key_of(owner) not in self._of_endpoints:
                missing.setdefault(key_of(owner), owner)
        for key, owner in missing.items():
            if subnet.key in self.scale_sets.places_described(key):
                continue  # its scale set is in doubt itself
            what = f"interface `{shown(with_instance(owner))}` in {subnet.subject}"
            why = f"{NOT_HERE}; `az vmss nic list` gives it" if is_of_scale_set(key) else NOT_HERE
            self._findings.doubt(what, why, subnet.key, subnet.span, with_peers=True)

    def _doubt_missing_endpoints(self, subnet: Resource, endpoints: Any) -> None:
        """A private endpoint in the subnet that the input does not hold has addresses with routes of their own."""
        for item in as_list(endpoints, "privateEndpoints"):
            identity = as_text(member(as_object(item, "privateEndpoints"), "id"), "privateEndpoints.id")
            self._findings.concern(key_of(identity), parent_of(subnet.key))
            if key_of(identity) not in self._inventory:
                what = f"private endpoint `{shown(name_of(identity))}` in {subnet.subject}"
                self._findings.doubt(what, NOT_HERE, subnet.key, subnet.span, with_peers=True)

    def _doubt_missing_gateways(self, subnet: Resource, configurations: Any) -> None:
        """An application gateway in the subnet that the input does not hold may have an address of its own."""
        for identity in sorted({parent_of(identity.rstrip("/")) for identity in ids_in(configurations)}):
            if key_of(identity) not in self._inventory:
                what = f"application gateway `{shown(name_of(identity))}` in {subnet.subject}"
                self._findings.doubt(what, NOT_HERE, subnet.key, subnet.span, with_peers=True)

    @cached_property
    def _of_endpoints(self) -> frozenset[str]:
        """The keys of the interfaces that private endpoints and private link services name as theirs.

        These say themselves what is to be said.
        """
        return frozenset(
            key_of(identity)
            for kind in ("privateendpoints", "privatelinkservices")
            for holder in self._inventory.of(kind)
            for identity in ids_in(holder.stated("networkInterfaces"))
        )


@dataclass(frozen=True, slots=True)
class Attachments:
    """The names of what is fastened to a subnet."""

    nsg: str | None = None
    route_table: str | None = None
    nat_gateway: str | None = None


def _subnet_prefixes(values: dict[str, Any]) -> tuple[Prefix, ...]:
    """Return the prefixes of a subnet, told in a list, by themselves, or both. Raises `Malformed`."""
    several, single = as_list(values.get("addressprefixes"), "addressPrefixes"), values.get("addressprefix")
    if several and single and single not in several:
        raise Malformed("`addressPrefix` is none of `addressPrefixes`")
    return prefixes_of(several or ([single] if single else []), "addressPrefix")


def _allocated(pool: dict[str, Any]) -> tuple[Prefix, ...]:
    """Return the prefixes that Azure has chosen out of a pool."""
    return prefixes_of(member(pool, "allocatedAddressPrefixes"), f"{_POOLS}.allocatedAddressPrefixes")


def _tags(tags: Any) -> tuple[tuple[str, str], ...]:
    return tuple((name, as_text(value or "", "tags")) for name, value in as_object(tags, "tags").items())
