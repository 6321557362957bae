"""The routes that a subnet's table may hold, where they lead, and how they rank (R-SEL-1, R-SEL-2, R-GW-15)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import assert_never

from vnetverify.encoder.terms import TRUE, Term
from vnetverify.header import IntervalSet, Prefix, address_text
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class LocalHop:
    """Deliver in the sender's own network; `by_user` when a user route says so."""

    by_user: bool = False


@dataclass(frozen=True, slots=True)
class PeerHop:
    vnet: str


@dataclass(frozen=True, slots=True)
class InternetHop:
    by_user: bool = False


@dataclass(frozen=True, slots=True)
class NoHop:
    """The packet is dropped."""


@dataclass(frozen=True, slots=True)
class ApplianceHop:
    """Send to the interface that holds `address` in `vnet`, whatever its own routes say (R-UDR-9).

    `vnet` is None where no directly connected network holds it: the packet is dropped (R-UDR-8).
    """

    address: int
    vnet: str | None


@dataclass(frozen=True, slots=True)
class GroupHop:
    """Deliver in another network of a connected group."""

    vnet: str


@dataclass(frozen=True, slots=True)
class EndpointHop:
    """Leave for a public service by its service endpoint."""

    service: str


@dataclass(frozen=True, slots=True)
class PrivateHop:
    """Deliver to a private endpoint, in the network that it stands in."""

    endpoint: str
    vnet: str


@dataclass(frozen=True, slots=True)
class UserGatewayHop:
    pass


@dataclass(frozen=True, slots=True)
class LearnedHop:
    gateway: str


Hop = (
    LocalHop | PeerHop | GroupHop | EndpointHop | PrivateHop | InternetHop | NoHop
    | ApplianceHop | UserGatewayHop | LearnedHop
)  # fmt: skip


class Class(IntEnum):
    """Classes of routes as R-SEL-2 ranks them for one prefix: greater is taken first."""

    SYSTEM = 0
    GATEWAY = 1
    USER = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route that may be in force. `rank` orders candidates of one prefix, greater first.

    One that a site may announce or not is about prefixes of up to `length` bits around the destination, and is
    `told_by` that site.
    """

    prefix: Prefix
    kind: Class
    hop: Hop
    rule: str
    condition: Term = TRUE
    rank: int = 0
    span: Span | None = None
    length: int | None = None
    told_by: str | None = None

    @property
    def bits(self) -> int:
        """Return how long the prefix is."""
        return self.prefix.length if self.length is None else self.length

    @property
    def preference(self) -> tuple[int, int, int]:
        return (self.bits, int(self.kind), self.rank)


@dataclass(frozen=True, slots=True)
class Piece:
    """Addresses that the same candidates contest, the preferred first and the last one unconditional.

    `choices` is empty where no route leads anywhere (R-SEL-10).
    """

    addresses: IntervalSet
    choices: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A range that the system has a route for, what kind of route, and the condition on which the table holds it."""

    prefix: Prefix
    hop: Hop
    condition: Term = TRUE
    span: Span | None = None


# Ranks inside GATEWAY for one prefix (R-GW-15): an appliance that a Route Server prefers comes before a VPN gateway.
EXPRESSROUTE, PREFERRED_APPLIANCE, VPN, APPLIANCE = 8000, 6000, 4000, 2000


def hop_text(candidate: Candidate) -> str:
    """Return where a route leads, in a reader's words."""
    match candidate.hop:
        case LocalHop():
            return "to the network itself"
        case PeerHop(vnet):
            return f"via the peering with {vnet}"
        case InternetHop():
            return "to the Internet"
        case NoHop():
            return "to nowhere"
        case ApplianceHop(address, _):
            return f"via appliance {address_text(address)}"
        case GroupHop(vnet):
            return f"via the connected group with {vnet}"
        case EndpointHop(service):
            return f"by the service endpoint of {service}"
        case PrivateHop(endpoint):
            return f"to private endpoint {endpoint}"
        case UserGatewayHop():
            return "via the gateway"
        case LearnedHop(gateway):
            return f"via gateway {gateway}"
        case unreachable:
            assert_never(unreachable)
