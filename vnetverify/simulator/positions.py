"""Where a packet can be on its way, how its walk can end, and what a walk reports.

Rules R-TRAF-3, R-META-3, F-LB-2, F-OUT-2, F-PE-10, F-FW-5, F-FW-7 and F-FW-8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import assert_never

from vnetverify.facts import Uncertainty
from vnetverify.header import Interval
from vnetverify.model.balancers import PublicAddress
from vnetverify.model.firewalls import FirewallPolicy
from vnetverify.model.intents import EgressKind, Place
from vnetverify.model.network import Gateway, Machine, PolicyRule, Site, Subnet
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService
from vnetverify.simulator.addressing import Address, Packet
from vnetverify.simulator.filters import declared_interface
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.situation import Situation, is_same
from vnetverify.simulator.ways import Way
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Loser:
    """A route that a better one beat: `what` it says, `why` it lost, and the rule by which."""

    what: str
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, for a reader: at `where`, `what` by `rule`, on the line at `span`, against what `lost`."""

    where: str
    what: str
    rule: str
    span: Span | None = None
    lost: tuple[Loser, ...] = ()
    facts: tuple[Uncertainty, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """At a host of a subnet (`nic` is None when it is not declared) or at a site; `address` is the host's own.

    `frontend` is where the packet was sent to, if a load balancer gave it to the host: the same delivery (F-LB-2). It
    is a private endpoint, called `endpoint`, where a private link service took it from there, by the frontend `passed`
    (F-PE-10). The known public address by which it came in to an interface is `passed`, too (F-ADDR-1). `port` is the
    destination port that a load balancer gives the packet, None where that is the packet's own.
    """

    place: Place
    address: Address
    nic: str | None = None
    frontend: tuple[Place, Address] | None = None
    endpoint: str | None = None
    port: Address | None = field(default=None, compare=False)
    passed: tuple[Place, Address] | None = None

    @property
    def ends(self) -> tuple[tuple[Place, Address], ...]:
        """Where the packet ended, the host first."""
        named = (end for end in (self.frontend, self.passed) if end is not None)
        return ((self.place, self.address), *named)


@dataclass(frozen=True, slots=True)
class Egress:
    """By what packets come to the Internet: the sender's method, or an appliance or a site (F-OUT-2).

    `names` are those of the NAT gateway, the public address, the load balancers, the appliance or the site. `address`
    is the source that the Internet sees, None where it is not declared.
    """

    kind: EgressKind
    names: tuple[str, ...] = ()
    address: int | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class LeftToInternet:
    """Out by `by`; `egress` tells how, and is None where a service endpoint is the way (R-SYS-9)."""

    by: str
    egress: Egress | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ToPlatform:
    """Taken by the platform at the sender's own machine."""


@dataclass(frozen=True, slots=True)
class Dropped:
    reason: str
    rule: str
    where: str


@dataclass(frozen=True, slots=True)
class Astray:
    """Translated more often than is followed, at firewall `where`, in a world in which it may end anywhere (F-FW-7)."""

    where: str


Outcome = Delivered | LeftToInternet | ToPlatform | Dropped | Astray


@dataclass(frozen=True, slots=True)
class Selected:
    """A look at the routes of `where` alone, which sends nothing."""

    where: str


class DeviceKind(Enum):
    APPLIANCE = "appliance"
    GATEWAY = "gateway"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class Met:
    """A machine, gateway or site that forwarded the packet, and the vnets it stands in."""

    name: str
    kind: DeviceKind
    vnets: tuple[str, ...] = ()

    @property
    def is_of_sentences(self) -> bool:
        """Whether sentences name it as a way: a site that is called as a machine or gateway is none (I-ONLY-VIA)."""
        return self.kind is not DeviceKind.SITE

    @property
    def is_gateway(self) -> bool:
        return self.kind is DeviceKind.GATEWAY

    @property
    def is_appliance(self) -> bool:
        return self.kind is DeviceKind.APPLIANCE


@dataclass(frozen=True, slots=True)
class Crossing:
    """A packet's step from the vnet `near` to `far`: over a peering, else inside a connected group (R-PEER-12)."""

    near: str
    far: str
    is_of_peering: bool
    span: Span | None = None

    def __str__(self) -> str:
        return f"{self.near} -> {self.far}"


@dataclass(frozen=True, slots=True)
class Visit:
    """A packet that came to the appliance `name`, past its filters, after `met` had forwarded it."""

    name: str
    met: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """One way of a packet; `met` names `devices`, in order of forwarding, and `asked` holds the facts with values.

    `crossings` are the steps from vnet to vnet in order, `entered_from` where it came in by a public address from.
    `translations` made it other packets on the way, in order; `outcome` is that of the last. `visits` are the
    appliances that it came to, whatever became of it there.
    """

    steps: tuple[Step, ...]
    outcome: Outcome | Selected
    met: tuple[str, ...]
    devices: tuple[Met, ...] = ()
    asked: tuple[tuple[Uncertainty, bool], ...] = ()
    crossings: tuple[Crossing, ...] = ()
    entered_from: Place | None = None
    translations: tuple[Translated, ...] = ()
    visits: tuple[Visit, ...] = ()


@dataclass(frozen=True, slots=True)
class Appliance:
    """A machine that may forward, declared or implied by a route to its address (R-META-3).

    One with a `firewall` keeps state and has no other policy (F-FW-8).
    """

    name: str
    interfaces: tuple[Interface, ...]
    policy: tuple[PolicyRule, ...] | None
    stateful: bool | None
    translates_source: bool | None
    is_managed: bool = False
    firewall: FirewallPolicy | None = None

    @property
    def met(self) -> Met:
        vnets = dict.fromkeys(interface.subnet.vnet for interface in self.interfaces)
        return Met(self.name, DeviceKind.APPLIANCE, tuple(vnets))


def declared_appliance(situation: Situation, machine: Machine) -> Appliance:
    interfaces = tuple(declared_interface(situation, nic) for nic in machine.nics)
    if machine.firewall is not None:
        return Appliance(machine.name, interfaces, (), True, True, is_managed=True, firewall=machine.firewall)
    translates, is_managed = machine.translates_source, machine.is_managed
    return Appliance(machine.name, interfaces, machine.policy, machine.stateful, translates, is_managed)


def implied_appliance(interface: Interface) -> Appliance:
    """Return the appliance that a route implies at an address which no declared interface holds (R-META-3)."""
    return Appliance(interface.name, (interface,), None, None, None)


@dataclass(frozen=True, slots=True)
class Translated:
    """What a firewall made of a packet that came to it: `before` became `after` (F-FW-5, F-FW-7).

    `own` is the address that it put in place of the source, None where it kept that. Where a NAT rule did it, `named`
    is the address of the firewall that the packet was for. `entered_from` is where it came in by that from, if it is a
    public one.
    """

    by: Appliance
    before: Packet
    after: Packet
    own: Interval | None
    named: tuple[Place, Address] | None = None
    entered_from: Place | None = None

    def gets_reply(self, situation: Situation, vnet: str, destination: Interval) -> bool:
        """Hold when what is sent to `destination` in `vnet` is sent to the address that stands for the source."""
        stands_there = self.by.interfaces[0].subnet.vnet == vnet
        return self.own is not None and stands_there and is_same(situation, destination, self.own)


@dataclass(frozen=True, slots=True)
class Host:
    """The machine that wrote the packet."""

    interface: Interface


@dataclass(frozen=True, slots=True)
class Forwarder:
    """An appliance that sends by `interface` what it received."""

    appliance: Appliance
    interface: Interface


@dataclass(frozen=True, slots=True)
class FromGateway:
    """A gateway that sends from GatewaySubnet; what came `out_of_tunnel` enters none by a learned route (R-GW-16)."""

    gateway: Gateway
    out_of_tunnel: bool


Sender = Host | Forwarder | FromGateway


@dataclass(frozen=True, slots=True)
class Sending:
    """About to be sent from `subnet` by its routes."""

    subnet: Subnet
    sender: Sender


@dataclass(frozen=True, slots=True)
class AtAppliance:
    """Arrived at an appliance by `interface`, or by its tunnel from a site when that is None."""

    appliance: Appliance
    interface: Interface | None


@dataclass(frozen=True, slots=True)
class AtOwnAddress:
    """Arrived at a firewall for one of its own addresses; `public` is the one by which it came in, if it did by one."""

    appliance: Appliance
    interface: Interface
    public: PublicAddress | None = None


@dataclass(frozen=True, slots=True)
class IntoGateway:
    """Arrived at a gateway from inside, by a user route or by a learned one."""

    gateway: Gateway
    by_user_route: bool


@dataclass(frozen=True, slots=True)
class OutOfTunnel:
    """Arrived at a gateway from outside, by `way`."""

    gateway: Gateway
    way: Way


@dataclass(frozen=True, slots=True)
class IntoSite:
    """Arrived at a site by `way` of `gateway`."""

    site: Site
    gateway: Gateway
    way: Way


Position = Sending | AtAppliance | AtOwnAddress | IntoGateway | OutOfTunnel | IntoSite
Next = Position | Outcome


@dataclass(frozen=True, slots=True)
class Linked:
    """A packet's way through a private link service (F-PE-10): from `endpoint` to `member`, which sees `address`."""

    endpoint: PrivateEndpoint
    service: PrivateLinkService
    member: Interface
    address: Interval


def place_name(interface: Interface) -> str:
    """Return how a story names the place: the machine, or the subnet of a host that is not declared."""
    return interface.subnet.id if interface.nic is None else interface.nic.machine


def sender_name(sending: Sending) -> str:
    """Return how a story names who sends: the appliance, or the subnet of a host or gateway."""
    match sending.sender:
        case Forwarder(appliance):
            return appliance.name
        case Host() | FromGateway():
            return sending.subnet.id
        case _:
            assert_never(sending.sender)
