"""The network that the resources of an input make together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from vnetverify.ingest import managers
from vnetverify.ingest.absences import doubt_absent
from vnetverify.ingest.balancers import Balancers
from vnetverify.ingest.endpoints import Endpoints
from vnetverify.ingest.filters import Filters
from vnetverify.ingest.findings import NOT_HERE, Findings
from vnetverify.ingest.firewalls import Firewalls
from vnetverify.ingest.folded import fold_parts
from vnetverify.ingest.gateways import Gateways
from vnetverify.ingest.hubs import concern_hubs
from vnetverify.ingest.interfaces import Interfaces
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.links import LinkServices
from vnetverify.ingest.machines import MachineNames
from vnetverify.ingest.names import unique_names
from vnetverify.ingest.networks import Attachments, Networks
from vnetverify.ingest.others import Others
from vnetverify.ingest.properties import read
from vnetverify.ingest.proxies import Proxies
from vnetverify.ingest.publics import PublicAddresses
from vnetverify.ingest.references import ids_in
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.routing import Tables, Tags
from vnetverify.ingest.scale_sets import scale_set_of
from vnetverify.ingest.settling import settle
from vnetverify.ingest.shapes import NAT_GATEWAY, SUBNET
from vnetverify.ingest.values import Malformed, as_list, as_reference, shown
from vnetverify.ingest.zones import Zones, doubt_host_names
from vnetverify.model.network import Network, Vnet
from vnetverify.model.published import TagList
from vnetverify.source import Span

_NAT_GATEWAYS = "natgateways"
_SUBNETS = "virtualnetworks/subnets"
_MACHINES = "microsoft.compute/virtualmachines"


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
        self._doubt_nat_gateways()
        Others(self._inventory, self._findings, self._networks).tell()
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

    def _doubt_nat_gateways(self) -> None:
        for resource in self._inventory.of(_NAT_GATEWAYS):
            values, doubts = read(resource.body, resource.pointer, NAT_GATEWAY)
            self._findings.doubts(resource, doubts, resource.key)
            if not (values.get("publicipaddresses") or values.get("publicipprefixes")):
                self._findings.doubt(resource.subject, "it has no public address", resource.key, resource.span)


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
