"""What a network must do: intents made of claims over sets of endpoints, all names resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from vnetverify.header import Family, Interval, IntervalSet, Prefix, family_of
from vnetverify.model.network import Service
from vnetverify.source import Span


class PlaceKind(Enum):
    SUBNET = "subnet"
    SITE = "site"
    INTERNET = "internet"
    PUBLIC = "public"
    ADDRESSES = "addresses"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a flow can begin or end: a subnet (`vnet.subnet`), a site, or the Internet.

    A PUBLIC place is a public frontend (`balancer/frontend`), a public address of a firewall with NAT rules
    (`firewall/address`) or one of an interface (called as the address, which is known). No flow begins there; it holds
    its address, or every public one where that is not known.
    The destinations of NEXT_HOP may be addresses alone: those of a prefix, whether or not anybody has them.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return self.name


INTERNET = Place(PlaceKind.INTERNET.value, "internet")
ANYWHERE = Place(PlaceKind.ADDRESSES.value, "anywhere")


@dataclass(frozen=True)
class EndpointSet:
    """Addresses at places, sorted by place; no place appears twice or with no address.

    `unknown` are the places that belong to the set and whose addresses are not known: what an import only mentions.
    """

    parts: tuple[tuple[Place, IntervalSet], ...]
    text: str = ""
    unknown: tuple[Place, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parts)

    def at(self, place: Place) -> IntervalSet:
        return self._by_place.get(place, _NO_ADDRESSES)

    @cached_property
    def _by_place(self) -> Mapping[Place, IntervalSet]:
        return dict(self.parts)

    @cached_property
    def hulls(self) -> Mapping[Family, Interval]:
        """The addresses from the first to the last, of each family that there are addresses of."""
        found: dict[Family, Interval] = {}
        for piece in (piece for _, addresses in self.parts for piece in addresses):
            known = found.setdefault(family_of(piece.low), piece)
            found[family_of(piece.low)] = Interval(min(known.low, piece.low), max(known.high, piece.high))
        return found


_NO_ADDRESSES = IntervalSet()


class Verb(Enum):
    """The sentences; `specs/semantics/intents.md` says when each holds."""

    REACHES = "reaches"
    REACHES_SYMMETRICALLY = "reaches symmetrically"
    LOSES_NO_PACKETS = "loses no packets"
    SOMETIMES_REACHES = "sometimes reaches"
    NEVER_REACHES = "never reaches"
    ONLY_VIA = "only via"
    NOT_VIA = "not via"
    NOT_TRANSITIVE = "not transitive through"
    NEXT_HOP = "next hop"
    GATEWAY = "gateway"
    BOTTLENECK = "bottleneck"
    LOCAL_LATENCY = "latency"
    CROSSES_AT_MOST = "crosses at most"
    EGRESS = "egress"


OF_ABSENCE = frozenset({Verb.NEVER_REACHES, Verb.ONLY_VIA, Verb.NOT_VIA, Verb.NOT_TRANSITIVE})
"""Sentences of absence: nothing is delivered, be it in any way or in a certain one."""
OF_QUALITY = frozenset({Verb.BOTTLENECK, Verb.LOCAL_LATENCY, Verb.CROSSES_AT_MOST})
"""Sentences of quality: nothing is delivered by a way that is too slow, leaves the region, or is too long."""
ABOUT_WAYS = OF_QUALITY | {Verb.ONLY_VIA, Verb.NOT_VIA}
"""Sentences about the ways of delivered flows, which say nothing where none is delivered (I-ONLY-VIA)."""


class HopKind(Enum):
    """What `next hop of A to B is …` may say; `vnet-local` and `peering` are the system's own ways."""

    VNET_LOCAL = "vnet-local"
    PEERING = "peering"
    APPLIANCE = "appliance"
    GATEWAY = "gateway"
    INTERNET = "internet"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ExpectedHop:
    """`name` is the machine or gateway, None where any of the kind will do."""

    kind: HopKind
    name: str | None = None


class EgressKind(Enum):
    """What `egress of A to B is …` may say: by which method flows get the source that the Internet sees (F-OUT-2)."""

    NAT_GATEWAY = "nat-gateway"
    PUBLIC_IP = "public-ip"
    LOAD_BALANCER = "load-balancer"
    DEFAULT = "default"
    APPLIANCE = "appliance"
    SITE = "site"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ExpectedEgress:
    """`name` is the NAT gateway, load balancer, machine or site; None where any of the kind will do."""

    kind: EgressKind
    name: str | None = None


class FailureKind(Enum):
    """What can be down in `under any K failures of KIND, …`."""

    GATEWAY = "gateway"
    APPLIANCE = "appliance"
    CONNECTION = "connection"
    PEERING = "peering"


@dataclass(frozen=True, slots=True)
class Failures:
    """The adversary may take down any `most` elements of these kinds at once."""

    most: int
    kinds: frozenset[FailureKind]


@dataclass(frozen=True, slots=True)
class Advertising:
    """`whatever SITE advertises within PREFIXES`: by BGP the site may announce any prefixes inside these."""

    site: str
    within: tuple[Prefix, ...]


@dataclass(frozen=True)
class Claim:
    """One sentence about every flow (or some flow) from `pairs[i][0]` to `pairs[i][1]` on `service`.

    A flow is in question when it goes from the left to the right of some pair and its two ends do not
    both lie in one of `apart` (the members of `for each a, b in …`). `via` names machines and
    gateways; for NOT_TRANSITIVE it is the hub's vnet name, and `excused` the devices that may pass.
    `peered_with` are the vnets whose usable peering with the hub NOT_TRANSITIVE presumes.
    `limit` is the bits a second of BOTTLENECK and the peerings of CROSSES_AT_MOST. With `arriving` a flow counts as
    delivered only where the packet that arrives is of that service (`model.arrivals`). `named` is what the sentence
    names on its left and on its right, one by one and be it nothing. `unfiltered` asks a claim of absence of a network
    in which every filter and declared policy lets everything pass, as LOSES_NO_PACKETS, GATEWAY and EGRESS always do.
    """

    verb: Verb
    pairs: tuple[tuple[EndpointSet, EndpointSet], ...]
    service: Service
    text: str
    span: Span
    apart: tuple[EndpointSet, ...] = ()
    via: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    expected_hop: ExpectedHop | None = None
    peered_with: tuple[str, ...] = ()
    failures: Failures | None = None
    advertising: Advertising | None = None
    limit: int | None = None
    expected_egress: ExpectedEgress | None = None
    arriving: Service | None = None
    named: tuple[tuple[EndpointSet, ...], tuple[EndpointSet, ...]] = ((), ())
    unfiltered: bool = False

    def apart_at(self, place: Place) -> tuple[EndpointSet, ...]:
        """Return the members of `for each a, b in …` that have addresses at the place."""
        return self._apart_by_place.get(place, ())

    @cached_property
    def _apart_by_place(self) -> Mapping[Place, tuple[EndpointSet, ...]]:
        found: dict[Place, tuple[EndpointSet, ...]] = {}
        for member in self.apart:
            for place, _ in member.parts:
                found[place] = (*found.get(place, ()), member)
        return found


@dataclass(frozen=True, slots=True)
class Establishment:
    """`PRINCIPALS may establish A -> B`: together they may set up the peering, and Azure would accept it (R-LINT-4)."""

    principals: tuple[str, ...]
    between: tuple[str, str]
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Resolution:
    """`A resolves NAME [as ADDRESSES]`: every host of `hosts` gets an answer, these `addresses` where any are given.

    With `never` no host gets one: `A never resolves NAME` (F-DNS-1 to F-DNS-6).
    """

    hosts: EndpointSet
    name: str
    never: bool
    addresses: tuple[int, ...]
    text: str
    span: Span


Statement = Claim | Establishment | Resolution


@dataclass(frozen=True, slots=True)
class Intent:
    """`expect` is the verdict's word that counts as success (`proved` unless stated), `because` its reason."""

    name: str
    claims: tuple[Statement, ...]
    span: Span
    reason: str | None = None
    expect: str = "proved"
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Assumption:
    """`assume U-… = true`: fixes every uncertainty of this name, or of this kind when `fact` names a kind alone."""

    fact: str
    value: bool
    span: Span
