"""A network as Azure would hold it: frozen values, no rules.

Names are unique without regard to case within their kind; every reference is the declared spelling.
Elements that refer to each other do so by name (`"spoke.web"` for subnet `web` of vnet `spoke`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from vnetverify.header import IntervalSet, Prefix
from vnetverify.model.balancers import (
    LoadBalancer,
    PublicAddress,
)
from vnetverify.model.firewalls import FirewallPolicy
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService, Proxy
from vnetverify.model.security import (
    Access,
    AdminRules,
    Nsg,
)
from vnetverify.model.zones import DnsZone, NameServer
from vnetverify.source import NOWHERE, Span

GATEWAY_SUBNET = "GatewaySubnet"
# The autonomous system of every gateway that is given no other.
DEFAULT_AS_NUMBER = 65515
# Subnets in which no host of the user can be: what stands there is Azure's own (R-ADDR-7, R-ADDR-8).
SUBNETS_WITHOUT_HOSTS = frozenset({"gatewaysubnet", "routeserversubnet"})
# Subnets that hold declared interfaces only, never an undeclared virtual machine.
SUBNETS_OF_SERVICES = frozenset({"azurefirewallsubnet", "azurefirewallmanagementsubnet"})


def region_called(name: str | None) -> str | None:
    """Return the name of a region without the blanks in which its display name differs: `West Europe`, `westeurope`."""
    return None if name is None else name.replace(" ", "")


class Era(Enum):
    """The state of the documentation that the rules follow (R-META-2)."""

    Y2016 = "2016-07"
    Y2018 = "2018-02"
    CURRENT = "current"


class DeploymentModel(Enum):
    RESOURCE_MANAGER = "resource-manager"
    CLASSIC = "classic"


class AdminScope(Enum):
    """Which security admin rules hold in a network with services that keep them out (F-ADM-10)."""

    NONE = "none"
    ALLOW_ONLY = "allow-only"
    ALL = "all"


class NextHopType(Enum):
    VNET_LOCAL = "vnet-local"
    APPLIANCE = "appliance"
    GATEWAY = "gateway"
    INTERNET = "internet"
    NONE = "none"


class LinkState(Enum):
    INITIATED = "initiated"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


class PrivateEndpointPolicies(Enum):
    """Which of a subnet's network policies hold for its private endpoints (R-SYS-11, F-PE-2)."""

    DISABLED = "disabled"
    SECURITY_GROUPS = "security-groups"
    ROUTE_TABLES = "route-tables"
    ENABLED = "enabled"


class GatewayKind(Enum):
    VPN = "vpn"
    EXPRESSROUTE = "expressroute"


@dataclass(frozen=True, slots=True)
class Subnet:
    """`default_outbound` and `private_endpoint_policies` are None where the text does not say (`U-DOA`, `U-PEPOL`)."""

    name: str
    vnet: str
    prefixes: tuple[Prefix, ...]
    nsg: str | None = None
    route_table: str | None = None
    default_outbound: bool | None = None
    nat_gateway: str | None = None
    service_endpoints: tuple[str, ...] = ()
    private_endpoint_policies: PrivateEndpointPolicies | None = None
    span: Span = NOWHERE

    @property
    def id(self) -> str:
        return f"{self.vnet}.{self.name}"

    def is_called(self, name: str) -> bool:
        return self.name.casefold() == name.casefold()


ANY_TAG = "*"


@dataclass(frozen=True, slots=True)
class Vnet:
    """A virtual network. Its hosts ask its `dns_servers` about names, in order; Azure's resolver where it has none.

    Of `unknown_tags` the values are not known; one of these is `ANY_TAG` where it may have any.
    """

    name: str
    address_space: tuple[Prefix, ...]
    subnets: tuple[Subnet, ...] = ()
    region: str | None = None
    subscription: str | None = None
    tenant: str | None = None
    summarized_gateway_prefixes: tuple[Prefix, ...] = ()
    model: DeploymentModel = DeploymentModel.RESOURCE_MANAGER
    tags: tuple[tuple[str, str], ...] = ()
    unknown_tags: tuple[str, ...] = ()
    admin_scope: AdminScope = AdminScope.ALL
    flow_timeout: bool = False
    dns_servers: tuple[int, ...] = ()
    span: Span = NOWHERE

    def subnet(self, name: str) -> Subnet | None:
        return next((subnet for subnet in self.subnets if subnet.is_called(name)), None)

    @property
    def gateway_subnet(self) -> Subnet | None:
        return self.subnet(GATEWAY_SUBNET)


@dataclass(frozen=True, slots=True)
class Peering:
    """One directed half of a peering: what `local` says about `remote` (R-PEER-1).

    `state` is None unless it was stated; then it follows from the other half (R-PEER-2). `remote_space` is
    the remote space as this half last saw it, None where that is the present one (R-PEER-17). For a peering of
    subnets `local_subnets` and `remote_subnets` name those that take part; None for whole networks (R-PEER-18). One
    that is `only_ipv6` is not there for IPv4 (R-PEER-20).
    """

    local: str
    remote: str
    allow_virtual_network_access: bool = True
    allow_forwarded_traffic: bool = False
    allow_gateway_transit: bool = False
    use_remote_gateways: bool = False
    state: LinkState | None = None
    remote_space: tuple[Prefix, ...] | None = None
    local_subnets: tuple[str, ...] | None = None
    remote_subnets: tuple[str, ...] | None = None
    only_ipv6: bool = False
    span: Span = NOWHERE

    @property
    def id(self) -> str:
        return f"{self.local} -> {self.remote}"

    @property
    def is_of_subnets(self) -> bool:
        return self.local_subnets is not None or self.remote_subnets is not None


@dataclass(frozen=True, slots=True)
class UserRoute:
    """A user-defined route; `next_hop_address` is set for appliances alone (R-UDR-2).

    With a `service_tag` the route stands for each prefix of that tag (R-UDR-4) and `prefix` is one of them.
    """

    name: str
    prefix: Prefix
    next_hop: NextHopType
    next_hop_address: int | None = None
    service_tag: str | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class RouteTable:
    name: str
    routes: tuple[UserRoute, ...]
    propagate_gateway_routes: bool = True
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Nic:
    """A network interface; all its addresses share its filters (F-EVAL-7).

    `addresses` may be of both families; each has a public address of its own, `public_ipv6` that of IPv6. It may have
    `dns_servers` of its own, in place of those of its network.
    """

    name: str
    machine: str
    vnet: str
    subnet: str
    addresses: tuple[int, ...]
    nsg: str | None = None
    asgs: tuple[str, ...] = ()
    ip_forwarding: bool = False
    public_address: PublicAddress | None = None
    public_ipv6: PublicAddress | None = None
    dns_servers: tuple[int, ...] = ()
    span: Span = NOWHERE

    @property
    def subnet_id(self) -> str:
        return f"{self.vnet}.{self.subnet}"


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One line of an appliance's policy, first match; addresses and ports are plain sets."""

    access: Access
    protocol: int | None
    sources: IntervalSet
    destinations: IntervalSet
    destination_ports: IntervalSet
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Machine:
    """A virtual machine or appliance with its interfaces.

    `policy` is None where what it forwards is not declared (`U-FORWARDS`), and `()` where it forwards
    nothing; a packet that no line of a policy matches is dropped. Forwarding needs `ip_forwarding` on
    the interfaces used (R-UDR-10). `stateful` and `translates_source` (towards the Internet,
    R-UDR-17) are None where not declared. A managed firewall is a service of Azure's: its interface has no
    security group and needs no switch to forward (R-UDR-19); its syntax sets `ip_forwarding`, `stateful` and
    `translates_source`. One with a `firewall` policy has no other. `bandwidth` is the cap of its size in bits a
    second, None where not stated (R-LINT-2).
    """

    name: str
    nics: tuple[Nic, ...]
    policy: tuple[PolicyRule, ...] | None = ()
    stateful: bool | None = False
    translates_source: bool | None = None
    is_managed: bool = False
    firewall: FirewallPolicy | None = None
    bandwidth: int | None = None
    span: Span = NOWHERE

    @property
    def public_addresses(self) -> tuple[PublicAddress, ...]:
        """Return the public addresses of IPv4: those of the interfaces, then the further ones of a firewall."""
        further = () if self.firewall is None else self.firewall.public_addresses
        return (*(nic.public_address for nic in self.nics if nic.public_address is not None), *further)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A virtual network gateway. `allows_remote_vnets` is the switch of R-GW-18, `bandwidth` in bits a second."""

    name: str
    vnet: str
    kind: GatewayKind
    allows_remote_vnets: bool | None = None
    active_active: bool = False
    asn: int = DEFAULT_AS_NUMBER
    fastpath: bool = False
    bandwidth: int | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Site:
    """A network on premises. `behind` names the appliance whose tunnel leads to it, if one does.

    `routes` are what its devices send towards Azure, None where that is not declared (R-GW-24). The clients of a
    gateway's `point_to_site` pool are a site as well, whose addresses are the pool (R-GW-2).
    """

    name: str
    prefixes: tuple[Prefix, ...]
    behind: str | None = None
    routes: tuple[Prefix, ...] | None = None
    point_to_site: bool = False
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection of `gateway` to a site, or to another gateway (VNet-to-VNet), given once for both ends.

    `prefixes` is None where the gateway learns all of the site's prefixes. `circuit` names the
    ExpressRoute circuit. `default_site` sends to it what nothing else covers (R-GW-21).
    """

    name: str
    gateway: str
    site: str | None = None
    remote_gateway: str | None = None
    bgp: bool = False
    circuit: str | None = None
    prefixes: tuple[Prefix, ...] | None = None
    default_site: bool = False
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class ConnectedGroup:
    """Networks that a network manager connects to each other; `is_global` when regions may differ (R-CG-1)."""

    name: str
    members: tuple[str, ...]
    is_global: bool = False
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class BgpPeer:
    """An appliance that announces prefixes to a Route Server; `next_hop` is None where it names itself."""

    machine: str
    prefixes: tuple[Prefix, ...]
    next_hop: int | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class RouteServer:
    """A Route Server; with `branch_to_branch` it exchanges routes with its network's gateways (R-GW-16, R-GW-19)."""

    name: str
    vnet: str
    peers: tuple[BgpPeer, ...] = ()
    branch_to_branch: bool = False
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks for peerings: the vnets whose peerings it may `write`, and those it may `peer` with (R-PEER-9)."""

    name: str
    write: tuple[str, ...] = ()
    peer: tuple[str, ...] = ()
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class PublishedTags:
    """Which of a network's service `tags` come from the provider's list, and from which one (F-TAG-18, F-TAG-20).

    `span` names the file that was read.
    """

    cloud: str
    change_number: int
    tags: tuple[str, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Service:
    """What a packet asks for: alternatives of a protocol (None for every one) and destination ports."""

    name: str
    parts: tuple[tuple[int | None, IntervalSet], ...]


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """Something the input holds and the model does not.

    `vnets` are the networks whose traffic it could change; empty means any. With `places`, names of subnets, it changes
    only how flows get there by way of the Internet, and how those from there leave for it; where `ends_there`, all
    flows that begin or end there, and no others. With `is_unknown` it is a value that the input does not tell, so what
    a vnet seems to lack may be there. What `is_outside` changes no flow that stays inside one network: what is behind
    a gateway or a peering of it, a load balancer for the Internet.
    """

    what: str
    why: str
    vnets: tuple[str, ...]
    span: Span
    places: tuple[str, ...] = ()
    is_unknown: bool = False
    ends_there: bool = False
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """Everything declared, by declared name and in order of declaration.

    `unmodelled_names` change what names are known, and no packet's way. With `is_strict` what one page alone says
    against the others is open as well (F-STATE-5).
    """

    era: Era = Era.CURRENT
    vnets: Mapping[str, Vnet] = field(default_factory=dict)
    peerings: tuple[Peering, ...] = ()
    nsgs: Mapping[str, Nsg] = field(default_factory=dict)
    route_tables: Mapping[str, RouteTable] = field(default_factory=dict)
    machines: Mapping[str, Machine] = field(default_factory=dict)
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    sites: Mapping[str, Site] = field(default_factory=dict)
    connections: tuple[Connection, ...] = ()
    asgs: Mapping[str, Span] = field(default_factory=dict)
    nat_gateways: Mapping[str, Span] = field(default_factory=dict)
    service_tags: Mapping[str, tuple[Prefix, ...]] = field(default_factory=dict)
    connected_groups: tuple[ConnectedGroup, ...] = ()
    route_servers: tuple[RouteServer, ...] = ()
    load_balancers: Mapping[str, LoadBalancer] = field(default_factory=dict)
    private_endpoints: Mapping[str, PrivateEndpoint] = field(default_factory=dict)
    principals: Mapping[str, Principal] = field(default_factory=dict)
    admin_rules: tuple[AdminRules, ...] = ()
    published_tags: PublishedTags | None = None
    unmodelled: tuple[Unmodelled, ...] = ()
    private_link_services: Mapping[str, PrivateLinkService] = field(default_factory=dict)
    proxies: Mapping[str, Proxy] = field(default_factory=dict)
    is_strict: bool = False
    dns_zones: Mapping[str, DnsZone] = field(default_factory=dict)
    name_servers: Mapping[str, NameServer] = field(default_factory=dict)
    unmodelled_names: tuple[Unmodelled, ...] = ()

    def subnets(self) -> tuple[Subnet, ...]:
        return tuple(subnet for vnet in self.vnets.values() for subnet in vnet.subnets)

    def subnet(self, subnet_id: str) -> Subnet:
        """Return the subnet called `vnet.subnet`. Raises KeyError when there is none."""
        return next(subnet for subnet in self.subnets() if subnet.id == subnet_id)

    def nics(self) -> tuple[Nic, ...]:
        return tuple(nic for machine in self.machines.values() for nic in machine.nics)
