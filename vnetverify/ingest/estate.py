"""The network that the resources of an input make together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from enum import Enum

from vnetverify.ingest import managers
from vnetverify.ingest.absences import doubt_absent
from vnetverify.ingest.balancers import Balancers
from vnetverify.ingest.concerns import vnets_named_by
from vnetverify.ingest.endpoints import Endpoints
from vnetverify.ingest.filters import Filters
from vnetverify.ingest.findings import ANYTHING, NOT_HERE, Findings
from vnetverify.ingest.firewalls import Firewalls
from vnetverify.ingest.folded import fold_parts
from vnetverify.ingest.gateways import Gateways
from vnetverify.ingest.hubs import HUBS, PEERS_NOT_TOLD, concern_hubs, is_route_server
from vnetverify.ingest.injected import (
    NODE_POOLS,
    deploys_hosts_only,
    is_service_of_hosts,
    tells_of_services,
    without_admissions,
)
from vnetverify.ingest.interfaces import Interfaces
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.links import LINK_SERVICES, LinkServices
from vnetverify.ingest.machines import MachineNames
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import PASSED, Attachments, Networks
from vnetverify.ingest.properties import read
from vnetverify.ingest.proxies import BASTIONS, Proxies
from vnetverify.ingest.proxies import GATEWAYS as APPLICATION_GATEWAYS
from vnetverify.ingest.publics import PUBLIC_KINDS, PublicAddresses
from vnetverify.ingest.references import ids_in, places_in, vnet_of
from vnetverify.ingest.resources import NIC_KINDS, SCALE_SETS, SUBJECTS, Resource, key_of, name_of, parent_of
from vnetverify.ingest.routing import Tables, Tags
from vnetverify.ingest.scale_sets import NOT_LISTED, scale_set_of
from vnetverify.ingest.settling import settle
from vnetverify.ingest.shapes import NAT_GATEWAY, SUBNET, has_no_effect, is_no_network
from vnetverify.ingest.values import Malformed, as_list, as_reference, shown
from vnetverify.ingest.zones import Zones, doubt_host_names
from vnetverify.model.network import Network, Vnet
from vnetverify.model.published import TagList
from vnetverify.source import NOWHERE, Span

_NAT_GATEWAYS = "natgateways"
_SUBNETS = "virtualnetworks/subnets"
_MACHINES = "microsoft.compute/virtualmachines"
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
        _NAT_GATEWAYS,
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
        "cognitiveservices",
        "containerregistry",
        "documentdb",
        "eventhub",
        "insights",
        "keyvault",
        "operationalinsights",
        "recoveryservices",
        "resources",
        "servicebus",
        "sql/servers",
        "storage",
    )
)


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


def network_of(
    inventory: Inventory, findings: Findings, declared: Mapping[str, Vnet], tags: Tags, published: TagList | None
) -> Network:
    """Return the network of `inventory`, telling `findings` what is wrong or not modelled.

    Vnets that the resources name and the inventory lacks are taken from `declared` (by name) where they are there;
    `tags` holds the prefixes of service tags as far as they are known, with those of a `published` list.
    """
    fold_parts(inventory)
    settle(inventory, findings)
    estate = _Estate(inventory, findings, declared, tags, published)
    return estate.network()


class _Estate:
    def __init__(
        self,
        inventory: Inventory,
        findings: Findings,
        declared: Mapping[str, Vnet],
        tags: Tags,
        published: TagList | None,
    ) -> None:
        self._inventory = inventory
        self._findings = findings
        known = {**(published.prefixes if published is not None else {}), **tags}
        self._tags = known
        self._networks = Networks(inventory, findings, declared, known)
        concern_hubs(inventory, findings, self._networks.names)
        self._filters = Filters(inventory, findings)
        self._tables = Tables(inventory, findings, tags, published)
        self._publics = PublicAddresses(inventory, findings)
        self._names = MachineNames(inventory, findings)
        self._interfaces = Interfaces(inventory, findings, self._networks, self._filters, self._publics, self._names)
        self._gateways = Gateways(inventory, findings, self._networks)
        self._nat_spans = self._nat_gateway_spans()
        self._nat_names = unique_names(((identity, span) for identity, span in self._nat_spans.values()), findings)

    def network(self) -> Network:
        """Return the network of the input, with everything in it that is not modelled. Can be asked once."""
        network = self._with_devices(
            Network(
                vnets=self._networks.vnets(self._attachments()),
                peerings=self._networks.peerings(),
                nsgs=self._filters.nsgs(),
                route_tables=self._tables.route_tables(),
                machines=self._interfaces.machines(),
                gateways=self._gateways.gateways(),
                sites=self._gateways.sites(),
                connections=self._gateways.connections(),
                asgs=self._filters.asgs(),
                nat_gateways={name: self._nat_spans[key][1] for key, name in self._nat_names.items()},
            )
        )
        doubt_absent(self._inventory, self._findings, self._networks)
        self._doubt_others()
        zones = Zones(self._inventory, self._findings, self._networks.names).zones()
        doubt_host_names(self._inventory, self._findings, network)
        return replace(
            network,
            unmodelled=self._findings.unmodelled(self._networks.names, self._networks.halves.peers),
            dns_zones=zones,
            unmodelled_names=tuple(self._findings.about_names),
        )

    def _with_devices(self, network: Network) -> Network:
        """Return `network` with what stands in it besides interfaces: load balancers, endpoints, firewalls."""
        inventory, findings, networks = self._inventory, self._findings, self._networks
        balancers = Balancers(inventory, findings, networks, self._interfaces.cards, network.vnets)
        found = balancers.load_balancers()
        proxies = Proxies(inventory, findings, networks)
        services = LinkServices(inventory, findings, networks, balancers.by_key)
        private_link_services = services.services()
        firewalls = Firewalls(inventory, findings, networks, self._publics, self._names, self._tags)
        return replace(
            network,
            load_balancers=found,
            private_link_services=private_link_services,
            proxies=proxies.proxies(),
            private_endpoints=Endpoints(inventory, findings, networks, services).private_endpoints(),
            machines={**network.machines, **firewalls.machines()},
            admin_rules=managers.Managers(inventory, findings, networks, network.nsgs).admin_rules(),
            vnets={
                name: _with_open_way_out(vnet, balancers.closed | self._without_way_out(), proxies.leaving)
                for name, vnet in network.vnets.items()
            },
        )

    def _without_way_out(self) -> set[str]:
        """Return the subnets (`vnet.subnet`) with machines of scale sets, which have no default way out (F-OUT-4)."""
        machines = (machine for machine in self._inventory.of(_MACHINES) if scale_set_of(machine) is not None)
        keys = {key_of(identity) for machine in machines for identity in ids_in(machine.stated("networkProfile"))}
        cards = self._interfaces.cards
        return {cards[key].nic.subnet_id for key in keys if key in cards}

    def _attachments(self) -> dict[str, Attachments]:
        """Return what is fastened to each subnet, by the subnet's own word and by that of what is fastened."""
        found = {key: self._own_attachments(key) for key in self._networks.places}
        for kind, names, field in (
            ("networksecuritygroups", self._filters.names, "nsg"),
            ("routetables", self._tables.names, "route_table"),
            (_NAT_GATEWAYS, self._nat_names, "nat_gateway"),
        ):
            for resource in self._inventory.of(kind):
                for subnet in self._subnets_named_by(resource):
                    if getattr(found[subnet], field) is None:
                        found[subnet] = replace(found[subnet], **{field: names[resource.key]})
                        self._doubt_one_sided(resource, subnet)
        return found

    def _own_attachments(self, key: str) -> Attachments:
        resource = self._inventory.find(key)
        if resource is None:
            return Attachments()
        values, _ = read(resource.body, resource.pointer, SUBNET)
        try:
            nsg = as_reference(values.get("networksecuritygroup"), "networkSecurityGroup")
            table = as_reference(values.get("routetable"), "routeTable")
            nat = as_reference(values.get("natgateway"), "natGateway")
        except Malformed as fault:
            self._findings.fault(resource, f"{fault} in {resource.subject}")
            return Attachments()
        return Attachments(
            self._attached(resource, nsg, self._filters.names, "nsg"),
            self._attached(resource, table, self._tables.names, "route table"),
            self._attached(resource, nat, self._nat_names, "nat gateway"),
        )

    def _attached(self, subnet: Resource, reference: str | None, names: Mapping[str, str], what: str) -> str | None:
        """Return the name of what `subnet` refers to. What is not in the input is unknown, not absent."""
        if reference is None:
            return None
        self._findings.concern(key_of(reference), parent_of(subnet.key))
        name = names.get(key_of(reference))
        if key_of(reference) not in self._inventory:
            subject = f"{what} `{name_of(reference)}` of {subnet.subject}"
            self._findings.doubt(subject, NOT_HERE, subnet.key, subnet.span)
        return name

    def _subnets_named_by(self, resource: Resource) -> list[str]:
        values, _ = read(resource.body, resource.pointer, NAT_GATEWAY)
        try:
            items = as_list(values.get("subnets"), "subnets")
            references = [as_reference(item, "subnets") for item in items]
        except Malformed as fault:
            self._findings.fault(resource, f"{fault} in {resource.subject}")
            return []
        keys = [key_of(reference) for reference in references if reference is not None]
        for key in keys:
            self._findings.concern(resource.key, parent_of(key))
        for key in keys:
            if key not in self._networks.places and self._networks.holds_vnet(parent_of(key)):
                what = f"subnet `{shown(name_of(key))}`, which {resource.subject} names"
                self._findings.doubt(what, "its vnet has no such subnet", resource.key, resource.span)
        return [key for key in keys if key in self._networks.places]

    def _doubt_one_sided(self, resource: Resource, subnet: str) -> None:
        """A NAT gateway often names a subnet that does not name it; for others that is a contradiction."""
        if resource.kind != _NAT_GATEWAYS and subnet in self._inventory:
            where = self._networks.places[subnet]
            what = f"{resource.subject} at subnet `{where.vnet}.{where.subnet}`"
            self._findings.doubt(what, "it names the subnet, which does not name it", subnet, resource.span)

    def _nat_gateway_spans(self) -> dict[str, tuple[str, Span]]:
        """Return id and span of every NAT gateway that is there or named by a subnet, by key."""
        found = {resource.key: (resource.id, resource.span) for resource in self._inventory.of(_NAT_GATEWAYS)}
        for subnet in self._inventory.of(_SUBNETS):
            values, _ = read(subnet.body, subnet.pointer, SUBNET)
            for identity in ids_in(values.get("natgateway")):
                found.setdefault(key_of(identity), (identity, subnet.span))
        return found

    def _doubt_others(self) -> None:
        """Record every resource of a type that is not modelled and may carry or change packets."""
        for resource in self._inventory.of(_NAT_GATEWAYS):
            values, doubts = read(resource.body, resource.pointer, NAT_GATEWAY)
            self._findings.doubts(resource, doubts, resource.key)
            if not (values.get("publicipaddresses") or values.get("publicipprefixes")):
                self._findings.doubt(resource.subject, "it has no public address", resource.key, resource.span)
        strangers: Counter[str] = Counter()
        for kind in self._inventory.kinds():
            standing = standing_of(kind)
            if standing is Standing.NOT_NETWORK:
                strangers[kind] = sum(not self._doubt_machines_of(one) for one in self._inventory.of(kind))
            elif standing is Standing.NOT_MODELLED:
                for resource in self._inventory.of(kind):
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
        resource = replace(resource, body=without_admissions(resource.body))
        if resource.is_literal:
            return self._doubt_service(resource)
        if resource.kind.startswith(tuple(f"{one}/" for one in _NAMING_ONLY)):
            return False
        named = [key_of(place) for place in places_in(resource)]
        vnets = [home for key in named if (home := vnet_of(key)) in self._networks.names]
        self._findings.concern(resource.key, *(home for home in vnets if home is not None))
        why = "what it puts into a subnet is not in the input"
        if vnets and self._puts_hosts_only(resource) and all(key in self._networks.places for key in named):
            self._doubt_at(resource, why, named)
        elif vnets:
            self._findings.doubt_about(resource, resource.subject, why, with_peers=True)
        return bool(vnets)

    def _doubt_service(self, service: Resource) -> bool:
        """Tell of a service in subnets that do not tell of it themselves, and return whether it is one."""
        if not is_service_of_hosts(service):
            return False
        subnets = (self._inventory.find(key_of(place)) for place in places_in(service))
        silent = [one for one in subnets if one is not None and one.kind == _SUBNETS and not tells_of_services(one)]
        if silent:
            self._findings.concern(service.key, *(parent_of(one.key) for one in silent))
            self._doubt_at(service, "what it puts into a subnet is not in the input", [one.key for one in silent])
        return bool(silent)

    def _puts_hosts_only(self, resource: Resource) -> bool:
        """Hold when `resource`, or the cluster that it is a pool of nodes of, adds machines that forward nothing."""
        whole = self._inventory.find(parent_of(resource.key)) if resource.kind == NODE_POOLS else resource
        return whole is not None and deploys_hosts_only(whole)

    def _doubt_at(self, resource: Resource, why: str, subnets: Iterable[str]) -> None:
        """Record that flows from and to `subnets` (by key) are in doubt for `resource`, which forwards none."""
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
        if named and all(key in self._networks.places for key in named):
            self._findings.concern(resource.key, *vnets)
            self._doubt_at(resource, why, sorted(named))
            return
        self._findings.doubt(what, why, subject, resource.span, with_peers=True)


def _why_not(resource: Resource) -> str:
    """Return why `resource` is in doubt as a whole."""
    if resource.kind == HUBS and is_route_server(resource):
        return PEERS_NOT_TOLD
    if resource.is_literal:
        return NOT_LISTED if resource.kind == SCALE_SETS else _NOT_MODELLED
    told = resource.stated("notRead")
    return told if isinstance(told, str) and told else _NOT_MODELLED


def _with_open_way_out(vnet: Vnet, closed: Collection[str], leaving: Collection[str]) -> Vnet:
    """Return `vnet` with the default way out of some subnets left open.

    A Standard load balancer takes it from its members (in `closed`), whatever their subnet says, and not from the other
    machines; a flexible scale set has none for its own. A proxy (in `leaving`) has a way out of its own.
    """
    opened = tuple(
        replace(subnet, default_outbound=None)
        if (subnet.default_outbound is True and subnet.id in closed)
        or (subnet.default_outbound is False and subnet.id in leaving)
        else subnet
        for subnet in vnet.subnets
    )
    return vnet if opened == vnet.subnets else replace(vnet, subnets=opened)
