"""Routes as values: where a prefix leads, where it comes from, and in which worlds it counts (R-SEL-2, R-UDR-2)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import groupby, product
from typing import assert_never

from vnetverify.facts import Uncertainty
from vnetverify.header import Interval, Prefix, address_text
from vnetverify.simulator.situation import Situation
from vnetverify.source import NOWHERE, Span

Literal = tuple[Uncertainty, bool]
Clause = tuple[Literal, ...]
# Holds when each clause has a literal that is so; the empty clause never is.
Condition = tuple[Clause, ...]
ALWAYS: Condition = ()
NEVER: Clause = ()


class Origin(Enum):
    """Where a route comes from, in Azure's words."""

    SYSTEM = "Default"
    GATEWAY = "VirtualNetworkGateway"
    USER = "User"


@dataclass(frozen=True, slots=True)
class ToVnet:
    """Delivery inside the sender's own vnet."""


@dataclass(frozen=True, slots=True)
class ToPeer:
    vnet: str


@dataclass(frozen=True, slots=True)
class ToMate:
    """Delivery in `vnet`, which a connected group joins (R-CG-1)."""

    vnet: str


@dataclass(frozen=True, slots=True)
class ToEndpoint:
    """Delivery in `vnet`, where the private endpoint `name` stands (R-SYS-11)."""

    name: str
    vnet: str


@dataclass(frozen=True, slots=True)
class ToAppliance:
    address: int


@dataclass(frozen=True, slots=True)
class ToGateway:
    """`name` is None for a user route, which names no gateway."""

    name: str | None


@dataclass(frozen=True, slots=True)
class ToService:
    """Out to the service of a service endpoint (R-SYS-9)."""

    service: str


@dataclass(frozen=True, slots=True)
class ToInternet:
    """Out, where an egress method exists."""


@dataclass(frozen=True, slots=True)
class ToNowhere:
    """Azure's next hop `None`: dropped."""


Hop = ToVnet | ToPeer | ToMate | ToEndpoint | ToAppliance | ToGateway | ToService | ToInternet | ToNowhere


def hop_text(hop: Hop) -> str:
    """Return how a story speaks of the hop."""
    match hop:
        case ToVnet():
            return "inside the vnet"
        case ToPeer(vnet):
            return f"via peering with {vnet}"
        case ToMate(vnet):
            return f"via the connected group with {vnet}"
        case ToEndpoint(name):
            return f"to private endpoint {name}"
        case ToAppliance(address):
            return f"via appliance {address_text(address)}"
        case ToGateway(None):
            return "via the virtual network gateway"
        case ToGateway(name):
            return f"via gateway {name}"
        case ToService(service):
            return f"via the service endpoint of {service}"
        case ToInternet():
            return "to the Internet"
        case ToNowhere():
            return "to nowhere"
        case _:
            assert_never(hop)


@dataclass(frozen=True, slots=True)
class Limit:
    """What keeps a route from being selected where `clause` fails, and the rule that says so."""

    clause: Clause
    why: str
    rule: str


# Behind the ranks of user routes, which begin with 0, and of learned ones, which begin with 1 (R-SEL-2).
SYSTEM_RANK = (2,)


@dataclass(frozen=True, slots=True)
class Route:
    """A candidate: in the subnet's table iff `present`, and free to be selected iff it also meets its `limits`.

    `rank` orders candidates of one prefix, smaller first (R-SEL-2, R-GW-15); those of one rank stay as they are made.
    """

    prefix: Prefix
    origin: Origin
    hop: Hop
    rank: tuple[int, ...]
    rule: str
    span: Span = NOWHERE
    present: Condition = ALWAYS
    limits: tuple[Limit, ...] = ()

    def __str__(self) -> str:
        return f"{self.prefix} {hop_text(self.hop)}"

    @property
    def condition(self) -> Condition:
        """When the route may be selected."""
        return (*self.present, *(limit.clause for limit in self.limits))


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates in their order, with where prefixes of one length begin and end among them, and how large those are.

    A hub has one for each of its peers, and most of them are far from any one destination.
    """

    routes: tuple[Route, ...]
    _firsts: tuple[int, ...]
    _runs: tuple[tuple[int, int, int], ...]

    @staticmethod
    def of(routes: Iterable[Route]) -> Candidates:
        ordered = sorted(routes, key=lambda route: (-route.prefix.length, route.prefix.value, route.rank))
        runs: list[tuple[int, int, int]] = []
        for _, run in groupby(ordered, key=lambda route: route.prefix.length):
            alike, begin = tuple(run), runs[-1][1] if runs else 0
            runs.append((begin, begin + len(alike), alike[0].prefix.size))
        return Candidates(tuple(ordered), tuple(route.prefix.value for route in ordered), tuple(runs))

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def meeting(self, addresses: Interval) -> Iterator[Route]:
        """Yield the candidates that cover some of `addresses`, in their order."""
        for begin, end, size in self._runs:
            for number in range(bisect_right(self._firsts, addresses.low - size, begin, end), end):
                if self._firsts[number] > addresses.high:
                    break
                yield self.routes[number]


def all_of(facts: Iterable[Uncertainty]) -> Condition:
    """Return the condition that each of `facts` holds."""
    return tuple(((fact, True),) for fact in facts)


def not_all_of(facts: Iterable[Uncertainty]) -> Clause:
    """Return the clause that some of `facts` does not hold; of none it never holds."""
    return tuple((fact, False) for fact in facts)


def denied(condition: Condition) -> Condition:
    """Return the condition that holds when `condition` does not."""
    return tuple(tuple((fact, not value) for fact, value in choice) for choice in product(*condition))


def is_so(situation: Situation, condition: Condition) -> bool:
    """Hold when the world makes some literal of each clause so."""
    return all(_holds(situation, clause) for clause in condition)


def obstacle(situation: Situation, route: Route) -> Limit | None:
    """Return what keeps a route that is in the table from being selected, None where nothing does."""
    return next((limit for limit in route.limits if not _holds(situation, limit.clause)), None)


def _holds(situation: Situation, clause: Clause) -> bool:
    return any(situation.holds(fact) is value for fact, value in clause)
