"""What a claim is about, as regions of packets and worlds, and how a region is cut into smaller ones.

A region is a box of headers, an origin (or all origins of the claim at once) and a world that leaves facts open. The
regions of a claim together hold every flow that the claim may speak of in every world; parting loses none (I-FLOW).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import assert_never

from vnetverify.facts import SettledFacts, World
from vnetverify.header import EVERY_NUMBER, LAST_PORT, TCP, UDP, Family, Interval, address_text, family_of
from vnetverify.model.intents import Claim, Place
from vnetverify.model.pieces import Pieces
from vnetverify.model.planes import EVERY_ADDRESS
from vnetverify.simulator.addressing import Field, Mixed, Packet, Part, point

OF_FLOWS = ("ARE-ONE", "ANNOUNCED-")
"""How facts are called that part the flows of one world, beside those that part worlds."""

_LAST_PROTOCOL = 255


@dataclass(frozen=True)
class Region:
    """Every flow of the box `packet` that begins at `origin`, in every world that reads facts as here.

    `assumed` are those of the text or of a reading, `decided` the ones by which the region was parted, each by its
    full name; `spans` say where addresses lie that the world names. `origin` is None where the flows may begin
    anywhere: at any place of the claim's left sides, with any source.
    """

    packet: Packet
    assumed: SettledFacts
    origin: Place | None = None
    decided: Mapping[str, bool] = field(default_factory=dict)
    spans: Mapping[str, Interval] = field(default_factory=dict)

    @cached_property
    def world(self) -> World:
        """Every world in which what is decided here and what is assumed is so, in this order."""
        facts = ChainMap(dict(self.decided), self.assumed)  # type: ignore[arg-type]
        return World(facts, partial=True, spans=self.spans)

    def cut(self, part: Part, number: int) -> tuple[Region, ...] | None:
        """Return the region below `number` and that from it on, as far as they hold flows; None where the part has no
        numbers on both sides."""
        whole = field_of(self.packet, part)
        if not whole.low < number <= whole.high:
            return None
        below, above = Field(whole.low, number - 1, part), Field(number, whole.high, part)
        packets = (_flows_in(self._packet_with(part, half)) for half in (below, above))
        return tuple(self._at(self.origin, packet) for packet in packets if packet is not None)

    def _at(self, origin: Place | None, packet: Packet) -> Region:
        return Region(packet, self.assumed, origin, self.decided, self.spans)

    def named(self, name: str, number: int) -> tuple[Region, ...] | None:
        """Return the region where the address that the world calls `name` is below `number`, and where it is not."""
        whole = self.spans.get(name, EVERY_NUMBER)
        if not whole.low < number <= whole.high:
            return None
        halves = Interval(whole.low, number - 1), Interval(number, whole.high)
        return tuple(replace(self, spans={**self.spans, name: half}) for half in halves)

    def asked(self, fact: str) -> tuple[Region, ...] | None:
        """Return the region where the fact holds and that where it does not; None where it is decided already."""
        if fact in self.world.facts:
            return None
        return tuple(replace(self, decided={**self.decided, fact: value}) for value in (True, False))

    def by_origin(self, origins: Pieces) -> tuple[Region, ...] | None:
        """Return the region's part at each of `origins`; None where it is of one origin already."""
        if self.origin is not None:
            return None
        met = (
            (place, Field(piece.low, piece.high, Part.SOURCE)) for place, piece in origins.meeting(self.packet.source)
        )
        return tuple(self._at(place, self._packet_with(Part.SOURCE, half)) for place, half in met)

    def by_target(self, targets: Pieces) -> tuple[Region, ...] | None:
        """Return the region's parts where each of `targets` begins and ends, and between them; None where there is but
        one."""
        whole = self.packet.destination
        met = [piece for _, piece in targets.meeting(whole)]
        firsts = sorted(
            {whole.low, *(piece.low for piece in met), *(piece.high + 1 for piece in met if piece.high < whole.high)}
        )
        if len(firsts) == 1:
            return None
        lasts = (*(first - 1 for first in firsts[1:]), whole.high)
        halves = (Field(first, last, Part.DESTINATION) for first, last in zip(firsts, lasts, strict=True))
        return tuple(self._at(self.origin, self._packet_with(Part.DESTINATION, half)) for half in halves)

    def _packet_with(self, part: Part, field: Field) -> Packet:
        was = self.packet
        match part:
            case Part.PROTOCOL:
                return Packet(field, was.source, was.source_port, was.destination, was.destination_port)
            case Part.SOURCE:
                return Packet(was.protocol, field, was.source_port, was.destination, was.destination_port)
            case Part.SOURCE_PORT:
                return Packet(was.protocol, was.source, field, was.destination, was.destination_port)
            case Part.DESTINATION:
                return Packet(was.protocol, was.source, was.source_port, field, was.destination_port)
            case Part.DESTINATION_PORT:
                return Packet(was.protocol, was.source, was.source_port, was.destination, field)
            case _:
                assert_never(part)


def _flows_in(packet: Packet) -> Packet | None:
    """Return the box of the flows in `packet`, None where it holds none: one without ports writes 0 (I-FLOW)."""
    if any(packet.protocol.low <= protocol <= packet.protocol.high for protocol in (TCP, UDP)):
        return packet
    if packet.source_port.low > 0 or packet.destination_port.low > 0:
        return None
    return replace(
        packet, source_port=Field(0, 0, Part.SOURCE_PORT), destination_port=Field(0, 0, Part.DESTINATION_PORT)
    )


def field_of(packet: Packet, part: Part) -> Interval:
    """Return the numbers that `part` of the header has in a first packet."""
    match part:
        case Part.PROTOCOL:
            return packet.protocol
        case Part.SOURCE:
            return packet.source
        case Part.SOURCE_PORT:
            return packet.source_port
        case Part.DESTINATION:
            return packet.destination
        case Part.DESTINATION_PORT:
            return packet.destination_port
        case _:
            assert_never(part)


def origins_of(claim: Claim) -> Pieces:
    """Return the places at which flows of the claim begin, with the addresses they begin from."""
    return Pieces.of(
        (place, piece) for left, _ in claim.pairs for place, addresses in left.parts for piece in addresses.intervals
    )


def premise(claim: Claim, assumed: SettledFacts) -> Iterator[Region]:
    """Yield the regions that hold all flows the claim can speak of, in all worlds that read facts as assumed.

    They are all headers of each family that a left side has addresses of.
    """
    families = {family_of(piece.low) for _, piece in origins_of(claim)}
    yield from (Region(_every_packet(family), assumed) for family in Family if family in families)


def _every_packet(family: Family) -> Packet:
    every = EVERY_ADDRESS[family].intervals[0]
    return Packet(
        Field(0, _LAST_PROTOCOL, Part.PROTOCOL),
        Field(every.low, every.high, Part.SOURCE),
        Field(0, LAST_PORT, Part.SOURCE_PORT),
        Field(every.low, every.high, Part.DESTINATION),
        Field(0, LAST_PORT, Part.DESTINATION_PORT),
    )


def one_flow(origin: Place, packet: Packet, assumed: SettledFacts) -> Region:
    """Return the region of one flow, in every world that reads facts as assumed."""
    numbers = {part: field_of(packet, part).low for part in Part}
    return Region(
        Packet(
            point(numbers[Part.PROTOCOL]),
            point(numbers[Part.SOURCE]),
            point(numbers[Part.SOURCE_PORT]),
            point(numbers[Part.DESTINATION]),
            point(numbers[Part.DESTINATION_PORT]),
        ),
        assumed,
        origin,
    )


def where_they_differ(doubt: Mixed) -> str:
    """Return for a reader from which number on the flows of a region fare otherwise."""
    match doubt.interval:
        case Field(of=Part.PROTOCOL | Part.SOURCE_PORT | Part.DESTINATION_PORT, name=name):
            return f"those with {name} {doubt.cut} and above from those below"
        case Field(name=name):
            return f"those with {name} {address_text(doubt.cut)} and above from those below"
        case _:
            return "some fare otherwise than others"
