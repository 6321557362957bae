"""What gateways announce and know, as terms tell: prefixes and the ways they point (R-GW-2, R-GW-8)."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.encoder.terms import TRUE, Term, all_of
from vnetverify.header import Prefix
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Way:
    """Where a gateway can send: a connection to a site or gateway, or its circuit to another gateway."""

    name: str
    is_bgp: bool
    site: str | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """A prefix that a gateway announces by itself, with what it takes as for an entry."""

    prefix: Prefix
    condition: Term = TRUE
    works: Term = TRUE

    @property
    def in_force(self) -> Term:
        return all_of(self.condition, self.works)


@dataclass(frozen=True, slots=True)
class Entry:
    """A prefix that a gateway knows and the way it points.

    It is known where `condition`, a term over open facts, holds, and as long as what it depends on `works`. One that a
    site may announce or not is about the prefix of `length` around the address asked about; it is `told` where the
    address lies where this can be so, and `announcement` (a symbol) holds.
    """

    prefix: Prefix
    way: Way
    is_static: bool
    condition: Term = TRUE
    works: Term = TRUE
    span: Span | None = None
    length: int | None = None
    told: Term = TRUE
    announcement: Term = TRUE

    @property
    def in_force(self) -> Term:
        return all_of(self.condition, self.works, self.told)

    @property
    def bits(self) -> int:
        """Return how long the prefix is."""
        return self.prefix.length if self.length is None else self.length


def contains(outer: Prefix, inner: Prefix) -> bool:
    """Tell whether every address of `inner` is one of `outer`."""
    return inner.length >= outer.length and (inner.value ^ outer.value) >> (outer.family.bits - outer.length) == 0
