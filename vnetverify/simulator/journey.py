"""What a walk reports, and the state of one under way.

Rules R-TRAF-2, R-TRAF-3, R-ADDR-6, R-GW-8, F-ADDR-4, F-ADDR-5, F-LB-2, F-OUT-2, F-PE-10, F-STATE-2, F-STATE-3,
F-STATE-5, F-FW-5, F-FW-7, F-FW-8, F-ADM-18 and I-FAILURES.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from vnetverify.facts import uncertainty
from vnetverify.header import TCP, Family
from vnetverify.model.intents import FailureKind, Place
from vnetverify.model.network import Gateway, Site
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import Packet, is_number
from vnetverify.simulator.admin import are_kept_out
from vnetverify.simulator.failures import Element
from vnetverify.simulator.filters import Judgement, Stage, judge_at, judge_public_entry
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.positions import (
    Appliance,
    Crossing,
    DeviceKind,
    Dropped,
    Linked,
    Loser,
    Met,
    Outcome,
    Selected,
    Sender,
    Step,
    Trace,
    Translated,
    Visit,
    place_name,
)
from vnetverify.simulator.situation import Situation, public_of
from vnetverify.source import Span

FAILED = "I-FAILURES"
_Refusal = TypeVar("_Refusal")


@dataclass(slots=True)
class Journey:
    """A walk under way. `first` is the walk of the flow's first packet when this is its reply.

    With `unfiltered`, every filter and every declared policy allows (the GATEWAY claim). One that has a list of what is
    `postponed` goes on as if nothing refused the packet, and puts the questions there. One that `tells` nothing keeps
    no steps. `began_at` names the interface that sent it, `member` is the one that a load balancer gave it to, `linked`
    tells of the private link service that took it there. One that `ends_at_frontend` came to no member. `translations`
    are those of the first packets; on the way back those that are still to be undone. Records are of one of the packets
    that the flow becomes, by its `number`. One that `is_from_own_address` is as an appliance sends it to the
    Internet, or the reply to that.
    """

    situation: Situation
    packet: Packet
    first: Journey | None = None
    unfiltered: bool = False
    postponed: list[Callable[[], object]] | None = None
    tells: bool = True
    steps: list[Step] = field(default_factory=list)
    devices: list[Met] = field(default_factory=list)
    crossings: list[Crossing] = field(default_factory=list)
    forwarded: set[tuple[int, Met]] = field(default_factory=set)
    filtered: set[tuple[int, str]] = field(default_factory=set)
    always_allowed: set[tuple[int, str]] = field(default_factory=set)
    perhaps_stateless: set[tuple[int, str]] = field(default_factory=set)
    seen_as: dict[tuple[int, str, Direction], Packet] = field(default_factory=dict)
    modes: set[tuple[str, ...]] = field(default_factory=set)
    entered_from: Place | None = None
    sent_out_by: Sender | Site | None = None
    began_at: str | None = None
    member: Interface | None = None
    linked: Linked | None = None
    ends_at_frontend: bool = False
    translations: list[Translated] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    noted: int = 0
    is_from_own_address: bool = False

    def note(self, where: str, what: str, rule: str, span: Span | None = None, lost: tuple[Loser, ...] = ()) -> None:
        """Record a step with the facts asked for since the last one."""
        if not self.tells:
            return
        self.steps.append(Step(where, what, rule, span, lost, self.situation.asked_since(self.noted)))
        self.noted = len(self.situation.asked)

    def drop(self, where: str, reason: str, rule: str, span: Span | None = None) -> Dropped:
        """Record the step that ends the walk and return its outcome."""
        self.note(where, reason, rule, span)
        return Dropped(reason, rule, where)

    def asked(self, refusal: Callable[[], _Refusal | None]) -> _Refusal | None:
        """Return what `refusal` says of the packet as it is now; nothing where such questions are postponed."""
        if self.postponed is None:
            return refusal()
        packet = self.packet

        def later() -> _Refusal | None:
            now, self.packet = self.packet, packet
            try:
                return refusal()
            finally:
                self.packet = now

        self.postponed.append(later)
        return None

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
        ends = [end for end in self.situation.network.connections if end.name in advertised]
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
        self.forwarded.add((self.number, translated.by.met))
        self.translations.append(translated)
        self.forwarded.add((self.number, translated.by.met))
        self.packet = translated.after
        self.entered_from = None
        self.modes.clear()

    @property
    def number(self) -> int:
        """Which of the packets that the flow becomes this is, or is the reply to; the first has 0 (F-FW-5, F-FW-7).

        What an appliance sends to the Internet is another packet, too (R-UDR-17).
        """
        return len(self.translations) + self.is_from_own_address

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

    def meet_appliance(self, appliance: Appliance) -> None:
        """Record that `appliance` forwarded the packet."""
        self.devices.append(appliance.met)
        self.forwarded.add((self.number, appliance.met))

    def visit(self, appliance: Appliance) -> None:
        """Record that the packet came to `appliance`, past its filters."""
        self.visits.append(
            Visit(appliance.name, tuple(device.name for device in self.devices if device.is_of_sentences))
        )

    def knows_flow(self, appliance: Appliance) -> bool:
        """Hold when `appliance` has a record of the packet that this is the reply to (R-TRAF-2)."""
        return self.first is not None and (self.number, appliance.met) in self.first.forwarded

    def filter(self, interface: Interface, direction: Direction, seen: Packet | None = None) -> Dropped | None:
        """Return the drop by the filters at `interface`; a reply of a recorded flow passes (F-STATE-2, F-STATE-3).

        `seen` is the packet as they read it, where that is another (F-ADDR-4, F-ADDR-5).
        """
        if self.unfiltered:
            return None
        if self._is_on_record(interface):
            return None
        if seen is not None and seen != self.packet:
            self.show(interface, direction, seen)
        packet = self._seen_back(interface, direction) or seen or self.packet
        return self.asked(
            lambda: self.judged(interface, judge_at(self.situation, interface, direction, packet, self.is_reply))
        )

    def show(self, interface: Interface, direction: Direction, seen: Packet) -> None:
        """Record that the filters at `interface` are shown another packet than comes (F-ADDR-4, F-ADDR-5)."""
        self.seen_as[self.number, interface.name, direction] = seen

    def _seen_back(self, interface: Interface, direction: Direction) -> Packet | None:
        """Return the reply to what the filters there were shown of the first packet (F-ADDR-4, F-ADDR-5).

        It passes them the other way round. None where they were shown the packet as it came, or nothing.
        """
        if self.first is None:
            return None
        there = Direction.OUTBOUND if direction is Direction.INBOUND else Direction.INBOUND
        shown = self.first.seen_as.get((self.number, interface.name, there))
        return None if shown is None else shown.reply

    def _is_on_record(self, interface: Interface) -> bool:
        """Hold when the flow's record lets this reply pass, telling so (F-STATE-2).

        That of another packet, which a firewall made of this one's or made this one's of, is none (F-STATE-1, F-FW-8).
        What an always-allow rule let pass may have left none (F-ADM-18), nor what a custom rule took in (F-STATE-5).
        """
        here = (self.number, interface.name)
        if self.first is None or here not in self.first.filtered:
            return False
        vnet = interface.subnet.vnet
        if here in self.first.perhaps_stateless and self.situation.holds(uncertainty("U-STATELESSIN", vnet)):
            what = f"{vnet} has no flow timeout, and an inbound rule let the flow pass and left no record of it"
            self.note(place_name(interface), what, "F-STATE-5", self.situation.vnet(vnet).span)
            return False
        if here in self.first.always_allowed and self.situation.holds(uncertainty("U-AASTATE")):
            what = "an always-allow rule let the flow pass and left no record of it"
            self.note(place_name(interface), what, "F-ADM-18")
            return False
        self.note(place_name(interface), "the flow's record lets the reply pass", "F-STATE-2")
        return True

    def left_from_own_address(self, interface: Interface) -> bool:
        """Hold when an appliance sent the packet to the Internet by `interface`, past its filters (R-UDR-17)."""
        return (self.number + 1, interface.name) in self.filtered

    def may_lack_record(self, name: str) -> bool:
        """Hold when the flow may have left no record at the interface of this name (F-ADM-18, F-STATE-5)."""
        here = (self.number, name)
        return here in self.always_allowed or here in self.perhaps_stateless

    def judged_from_outside(self, interface: Interface) -> Dropped | None:
        """Return the drop, by the filters at `interface`, of a reply from the Internet to what left there (F-ADM-18).

        Only what may have left no record is ever dropped.
        """
        assert self.first is not None
        if self._is_on_record(interface):
            return None
        situation, packet = self.situation, self._seen_back(interface, Direction.INBOUND) or self.packet
        if interface.nic is not None and public_of(interface.nic, packet.family) is not None:
            inbound = judge_public_entry(situation, interface, packet, is_reply=True)
        else:
            inbound = judge_at(situation, interface, Direction.INBOUND, packet, is_reply=True)
        return self.judged(interface, inbound)

    def judged(self, interface: Interface, judgement: Judgement) -> Dropped | None:
        """Record what the filters said; return the drop where they deny."""
        where = place_name(interface)
        if are_kept_out(self.situation, interface):
            self.note(where, f"no admin rule acts in {interface.subnet.id}, for what stands there", "F-ADM-11")
        for stage in judgement.stages:
            self.note(where, _told_of(stage), stage.rule_id, stage.span)
        if not judgement.allowed:
            last = judgement.stages[-1]
            return Dropped(_denial(last), last.rule_id, where)
        if judgement.by_custom_rules and self._keeps_no_state(interface):
            self.perhaps_stateless.add((self.number, interface.name))
        if judgement.always_allowed:
            self.always_allowed.add((self.number, interface.name))
        elif judgement.exempt:
            self.note(where, "host services are exempt from security groups", "F-PLAT-1")
        elif not interface.is_managed and all(stage.stage == "securityAdmin" for stage in judgement.stages):
            self.note(where, "no network security group, so nothing is denied", "F-EVAL-3")
        self.filtered.add((self.number, interface.name))
        return None

    def _keeps_no_state(self, interface: Interface) -> bool:
        """Hold where one page has custom inbound rules keep no state of TCP (F-STATE-5)."""
        has_timeout = self.situation.vnet(interface.subnet.vnet).flow_timeout
        return self.situation.network.is_strict and not has_timeout and is_number(self.packet.protocol, TCP)

    @property
    def entries(self) -> tuple[Place | None, ...]:
        """Where the packet, and before it those it was translated from, came in by a public address from."""
        return (*(translated.entered_from for translated in self.translations), self.entered_from)

    @property
    def is_reply(self) -> bool:
        return self.first is not None

    def ended(self, outcome: Outcome | Selected) -> Trace:
        """Return the report of the walk."""
        names = tuple(device.name for device in self.devices)
        asked = tuple((fact, self.situation.world.holds(fact)) for fact in self.situation.asked_since(0))
        return Trace(
            tuple(self.steps),
            outcome,
            names,
            tuple(self.devices),
            asked,
            tuple(self.crossings),
            next((place for place in self.entries if place is not None), None),
            tuple(self.translations),
            tuple(self.visits),
        )


_ADMIN_ACTIONS = {
    "F-ADM-4": "denies, whatever the security groups say",
    "F-ADM-5": "always allows, so that no security group is asked",
    "F-ADM-6": "allows, which leaves it to what comes after",
}


def _told_of(stage: Stage) -> str:
    """Return how a story tells what decided at one stage of the filters."""
    allows = stage.access.value == "allow"
    match stage.stage:
        case "securityAdmin":
            return _told_of_admin_rule(stage)
        case "publicAddress":
            return f"{stage.nsg} is {'open' if allows else 'closed'} where there is {stage.rule}"
        case "icmpv6":
            return f"{stage.nsg} has no rule for ICMPv6, and {'it passes' if allows else 'it does not pass'}"
        case _:
            verb = "allows" if allows else "denies"
            return f"{stage.rule} ({stage.priority}) of {stage.nsg} {verb}, nothing earlier matches"


def _denial(stage: Stage) -> str:
    """Return in a few words why the filters drop, where `stage` denies."""
    match stage.stage:
        case "publicAddress":
            return f"{stage.nsg} is closed where there is {stage.rule}"
        case "icmpv6":
            return f"{stage.nsg} has no rule for ICMPv6"
        case _:
            return f"{stage.rule} of {stage.nsg} denies"


def _told_of_admin_rule(stage: Stage) -> str:
    """Return how a story names the admin rule that decided."""
    return f"admin rule {stage.nsg}/{stage.rule} ({stage.priority}) {_ADMIN_ACTIONS[stage.rule_id]}"
