"""Kinds of packets, wherever they come from and go to. Only the maker of certificates uses this, to choose cuts."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.certificate.regions import field_of
from vnetverify.certificate.tree import Token, cut
from vnetverify.header import EVERY_NUMBER, Interval
from vnetverify.simulator.addressing import Packet, Part

_PARTS = (Part.PROTOCOL, Part.SOURCE_PORT, Part.DESTINATION_PORT)


@dataclass(frozen=True, slots=True)
class Kind:
    """The packets of some protocols and ports, in the order of `_PARTS`."""

    intervals: tuple[Interval, ...]

    @staticmethod
    def of(packet: Packet) -> Kind:
        return Kind(tuple(field_of(packet, part) for part in _PARTS))

    def parting(self, packet: Packet) -> Token | None:
        """Return a cut of the box by a bound of the kind; None where it lies in the kind or outside."""
        found: Token | None = None
        for part, own in zip(_PARTS, self.intervals, strict=True):
            asked = field_of(packet, part)
            if asked.high < own.low or own.high < asked.low:
                return None
            if found is None and asked.low < own.low:
                found = cut(part.value, own.low)
            if found is None and own.high < asked.high:
                found = cut(part.value, own.high + 1)
        return found

    def holds(self, packet: Packet) -> bool:
        """Hold when a box that the kind does not part lies in it."""
        firsts = (field_of(packet, part).low for part in _PARTS)
        return all(own.low <= first <= own.high for own, first in zip(self.intervals, firsts, strict=True))


EVERY_KIND = Kind((EVERY_NUMBER,) * len(_PARTS))
