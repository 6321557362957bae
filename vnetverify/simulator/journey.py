"""What a walk reports, and the state of one under way.

Rules R-TRAF-2, R-TRAF-3, R-ADDR-6, R-GW-8, F-ADDR-4, F-ADDR-5, F-LB-2, F-OUT-2, F-PE-10, F-STATE-2, F-STATE-3,
F-STATE-5, F-FW-5, F-FW-7, F-FW-8, F-ADM-18 and I-FAILURES.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import assert_never

from vnetverify.header import TCP, Family, Interval
from vnetverify.model.firewalls import FirewallPolicy
from vnetverify.model.intents import EgressKind, FailureKind, Place
from vnetverify.model.network import (
    Direction,
    Gateway,
    Machine,
    PolicyRule,
    PrivateEndpoint,
    PrivateLinkService,
    PublicAddress,
    Site,
    Subnet,
)
from vnetverify.rules import Uncertainty, uncertainty
from vnetverify.simulator.addressing import Packet, only
from vnetverify.simulator.failures import Element
from vnetverify.simulator.filters import Judgement, Stage, declared_interface, judge_at, judge_public_entry
from vnetverify.simulator.gateways import Way
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.situation import Situation, public_of
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
    is a private endpoint, called `endpoint`, where a private link service took it from there (F-PE-10).
    """

    place: Place
    address: int
    nic: str | None = None
    frontend: tuple[Place, int] | None = None
    endpoint: str | None = None


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


FAILED = "I-FAILURES"


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
class Trace:
    """One way of a packet; `met` names `devices`, in order of forwarding, and `asked` holds the facts with values.

    `crossings` are the steps from vnet to vnet in order, `entered_from` where it came in by a public address from.
    `translations` made it other packets on the way, in order; `outcome` is that of the last.
    """

    steps: tuple[Step, ...]
    outcome: Outcome | Selected
    met: tuple[str, ...]
    devices: tuple[Met, ...] = ()
    asked: tuple[tuple[Uncertainty, bool], ...] = ()
    crossings: tuple[Crossing, ...] = ()
    entered_from: Place | None = None
    translations: tuple[Translated, ...] = ()


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
    own: int | None
    named: tuple[Place, int] | None = None
    entered_from: Place | None = None

    def gets_reply(self, vnet: str, destination: Interval) -> bool:
        """Hold when what is sent to `destination` in `vnet` is sent to the address that stands for the source."""
        if self.own is None or only(destination) != self.own:
            return False
        return any(interface.subnet.vnet == vnet for interface in self.by.interfaces)


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
    address: int


@dataclass(slots=True)
class Journey:
    """A walk under way. `first` is the walk of the flow's first packet when this is its reply.

    With `unfiltered`, every filter and every declared policy allows (the GATEWAY claim). `began_at` names the interface
    that sent it, `member` is the one that a load balancer gave it to, `linked` tells of the private link service that
    took it there. `translations` are those of the first packets; on the way back those that are still to be undone.
    """

    situation: Situation
    packet: Packet
    first: Journey | None = None
    unfiltered: bool = False
    steps: list[Step] = field(default_factory=list)
    devices: list[Met] = field(default_factory=list)
    crossings: list[Crossing] = field(default_factory=list)
    filtered: set[str] = field(default_factory=set)
    always_allowed: set[str] = field(default_factory=set)
    perhaps_stateless: set[str] = field(default_factory=set)
    seen_as: dict[tuple[str, Direction], Packet] = field(default_factory=dict)
    modes: set[tuple[str, ...]] = field(default_factory=set)
    entered_from: Place | None = None
    sent_out_by: Sender | Site | None = None
    began_at: str | None = None
    member: Interface | None = None
    linked: Linked | None = None
    translations: list[Translated] = field(default_factory=list)
    noted: int = 0

    def note(self, where: str, what: str, rule: str, span: Span | None = None, lost: tuple[Loser, ...] = ()) -> None:
        """Record a step with the facts asked for since the last one."""
        self.steps.append(Step(where, what, rule, span, lost, self.situation.asked_since(self.noted)))
        self.noted = len(self.situation.asked)

    def drop(self, where: str, reason: str, rule: str, span: Span | None = None) -> Dropped:
        """Record the step that ends the walk and return its outcome."""
        self.note(where, reason, rule, span)
        return Dropped(reason, rule, where)

    def drop_at_fallen(self, element: Element, where: str | None = None) -> Dropped:
        """Return the drop by what is down (I-FAILURES)."""
        return self.drop(where or element.name, f"{element} is down", FAILED, element.span)

    def drop_if_down(self, kind: FailureKind, name: str) -> Dropped | None:
        """Return the drop at the device of this kind and name if it is down."""
        element = self.situation.is_down(kind, name)
        return None if element is None else self.drop_at_fallen(element)

    def turned_away(self, interface: Interface) -> Dropped | None:
        """Return the drop of what begins a flow to a managed firewall itself, where nothing answers (F-FW-6)."""
        if not interface.is_managed or self.is_reply or self.unfiltered:
            return None
        return self.drop(interface.name, f"{interface.name} takes nothing for itself", "F-FW-6")

    def drop_without_ipv6(self, vnet: str) -> Dropped | None:
        """Return the drop of an IPv6 packet in a vnet where a Route Server may break that (R-ADDR-6)."""
        if self.packet.family is Family.IPV4:
            return None
        server = next((server for server in self.situation.network.route_servers if server.vnet == vnet), None)
        if server is None or self.situation.holds(uncertainty("U-ARSV6", vnet)):
            return None
        return self.drop(vnet, f"Route Server {server.name} breaks IPv6 in {vnet}", "R-ADDR-6", server.span)

    def note_what_is_down(self) -> None:
        """Record what is down in this world, which may show by nothing but a route that is not there."""
        for element in self.situation.index.down:
            self.note(element.name, f"{element} is down", FAILED, element.span)

    def note_what_is_announced(self) -> None:
        """Record what sites announce in this world where a claim leaves that open to them (R-GW-8)."""
        advertised = self.situation.world.advertised
        ends = [end for end in self.situation.network.connections if end.site and end.name in advertised]
        for end in ends:
            assert end.site is not None
            what = ", ".join(map(str, advertised[end.name])) or "nothing"
            by = "" if len(ends) == 1 else f" by {end.name}"
            self.note(end.site, f"{end.site} announces {what}{by} (as it may)", "R-GW-8", end.span)

    def repeats(self, *mode: str) -> bool:
        """Hold when the packet was at this device in this mode before (R-TRAF-3)."""
        seen = mode in self.modes
        self.modes.add(mode)
        return seen

    def become(self, translated: Translated) -> None:
        """Go on as another packet, which has been nowhere yet (F-FW-5, F-FW-7)."""
        self.translations.append(translated)
        self.packet = translated.after
        self.entered_from = None
        self.modes.clear()

    @property
    def awaited_by(self) -> Translated | None:
        """The translation that this reply has to come back to next, None where none is left (F-FW-8)."""
        return self.translations[-1] if self.is_reply and self.translations else None

    def undo(self) -> Translated:
        """Go on as the reply of the packet before the last translation (F-FW-8)."""
        translated = self.translations.pop()
        self.packet = translated.before.reply
        self.modes.clear()
        return translated

    def meet_gateway(self, gateway: Gateway) -> None:
        """Record that `gateway` forwarded the packet."""
        self.devices.append(Met(gateway.name, DeviceKind.GATEWAY, (gateway.vnet,)))

    def was_met(self, appliance: Appliance) -> bool:
        return appliance.met in self.devices

    def filter(self, interface: Interface, direction: Direction, seen: Packet | None = None) -> Dropped | None:
        """Return the drop by the filters at `interface`; a reply of a recorded flow passes (F-STATE-2, F-STATE-3).

        `seen` is the packet as they read it, where that is another (F-ADDR-4, F-ADDR-5).
        """
        if self.unfiltered:
            return None
        if self._is_on_record(interface):
            return None
        if seen is not None:
            self.seen_as[interface.name, direction] = seen
        packet = self._seen_back(interface, direction) or seen or self.packet
        return self.judged(interface, judge_at(self.situation, interface, direction, packet, self.is_reply))

    def _seen_back(self, interface: Interface, direction: Direction) -> Packet | None:
        """Return the reply to what the filters there were shown of the first packet (F-ADDR-4, F-ADDR-5).

        It passes them the other way round. None where they were shown the packet as it came, or nothing.
        """
        if self.first is None:
            return None
        there = Direction.OUTBOUND if direction is Direction.INBOUND else Direction.INBOUND
        shown = self.first.seen_as.get((interface.name, there))
        return None if shown is None else shown.reply

    def _is_on_record(self, interface: Interface) -> bool:
        """Hold when the flow's record lets this reply pass, telling so (F-STATE-2).

        What an always-allow rule let pass may have left none (F-ADM-18), nor what a custom rule took in (F-STATE-5).
        """
        if self.first is None or interface.name not in self.first.filtered:
            return False
        vnet = interface.subnet.vnet
        if interface.name in self.first.perhaps_stateless and self.situation.holds(uncertainty("U-STATELESSIN", vnet)):
            what = f"{vnet} has no flow timeout, and an inbound rule let the flow pass and left no record of it"
            self.note(place_name(interface), what, "F-STATE-5", self.situation.vnet(vnet).span)
            return False
        if interface.name in self.first.always_allowed and self.situation.holds(uncertainty("U-AASTATE")):
            what = "an always-allow rule let the flow pass and left no record of it"
            self.note(place_name(interface), what, "F-ADM-18")
            return False
        self.note(place_name(interface), "the flow's record lets the reply pass", "F-STATE-2")
        return True

    def may_lack_record(self, name: str) -> bool:
        """Hold when the flow may have left no record at the interface of this name (F-ADM-18, F-STATE-5)."""
        return name in self.always_allowed or name in self.perhaps_stateless

    def judged_from_outside(self, interface: Interface, *, onward: bool = False) -> Dropped | None:
        """Return the drop, by the filters at `interface`, of a reply from the Internet to what left there (F-ADM-18).

        Only what may have left no record is ever dropped. `onward` says that it also leaves by `interface`.
        """
        assert self.first is not None
        if not self.first.may_lack_record(interface.name) or self._is_on_record(interface):
            return None
        situation, packet = self.situation, self._seen_back(interface, Direction.INBOUND) or self.packet
        if interface.nic is not None and public_of(interface.nic, packet.family) is not None:
            inbound = judge_public_entry(situation, interface, packet, is_reply=True)
        else:
            inbound = judge_at(situation, interface, Direction.INBOUND, packet, is_reply=True)
        blocked = self.judged(interface, inbound)
        if blocked is not None or not onward:
            return blocked
        return self.judged(interface, judge_at(situation, interface, Direction.OUTBOUND, packet, is_reply=True))

    def judged(self, interface: Interface, judgement: Judgement) -> Dropped | None:
        """Record what the filters said; return the drop where they deny."""
        where = place_name(interface)
        for stage in judgement.stages:
            verb = "allows" if stage.access.value == "allow" else "denies"
            named = f"{stage.rule} ({stage.priority}) of {stage.nsg} {verb}"
            what = f"{named}, nothing earlier matches"
            if stage.stage == "securityAdmin":
                what = _told_of_admin_rule(stage)
            elif stage.stage == "publicAddress":
                what = named
            elif stage.stage == "icmpv6":
                passes = "it passes" if verb == "allows" else "it does not pass"
                what = f"{stage.nsg} has no rule for ICMPv6, and {passes}"
            self.note(where, what, stage.rule_id, stage.span)
        if not judgement.allowed:
            last = judgement.stages[-1]
            icmpv6 = last.stage == "icmpv6"
            reason = f"{last.nsg} has no rule for ICMPv6" if icmpv6 else f"{last.rule} of {last.nsg} denies"
            return Dropped(reason, last.rule_id, where)
        if judgement.by_custom_rules and self._keeps_no_state(interface):
            self.perhaps_stateless.add(interface.name)
        if judgement.always_allowed:
            self.always_allowed.add(interface.name)
        elif judgement.exempt:
            self.note(where, "host services are exempt from security groups", "F-PLAT-1")
        elif not interface.is_managed and all(stage.stage == "securityAdmin" for stage in judgement.stages):
            self.note(where, "no network security group, so nothing is denied", "F-EVAL-3")
        self.filtered.add(interface.name)
        return None

    def _keeps_no_state(self, interface: Interface) -> bool:
        """Hold where one page has custom inbound rules keep no state of TCP (F-STATE-5)."""
        has_timeout = self.situation.vnet(interface.subnet.vnet).flow_timeout
        return self.situation.network.is_strict and self.packet.protocol == TCP and not has_timeout

    @property
    def flow_began_at(self) -> str | None:
        """The interface at which the flow's first packet began, None where that is none."""
        return self.began_at if self.first is None else self.first.began_at

    @property
    def is_reply(self) -> bool:
        return self.first is not None

    def ended(self, outcome: Outcome | Selected) -> Trace:
        """Return the report of the walk."""
        names = tuple(device.name for device in self.devices)
        asked = tuple((fact, self.situation.world.holds(fact)) for fact in self.situation.asked_since(0))
        entries = [*(translated.entered_from for translated in self.translations), self.entered_from]
        return Trace(
            tuple(self.steps),
            outcome,
            names,
            tuple(self.devices),
            asked,
            tuple(self.crossings),
            next((place for place in entries if place is not None), None),
            tuple(self.translations),
        )


_ADMIN_ACTIONS = {
    "F-ADM-4": "denies, whatever the security groups say",
    "F-ADM-5": "always allows, so that no security group is asked",
    "F-ADM-6": "allows, which leaves it to what comes after",
}


def _told_of_admin_rule(stage: Stage) -> str:
    """Return how a story names the admin rule that decided."""
    return f"admin rule {stage.nsg}/{stage.rule} ({stage.priority}) {_ADMIN_ACTIONS[stage.rule_id]}"


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
