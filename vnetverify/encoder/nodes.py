"""The devices that a packet meets and the ends it can come to, as the encoder names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnetverify.encoder.terms import FALSE, Term
from vnetverify.model.network import Gateway, Machine, Nic, Subnet


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet reaches a machine at an interface; its filters have not run yet."""

    machine: str
    nic: str


@dataclass(frozen=True, slots=True)
class FromTunnel:
    """A packet of a site behind an appliance reaches it."""

    machine: str
    site: str


@dataclass(frozen=True, slots=True)
class Inside:
    """A packet enters a gateway from the Azure side."""

    gateway: str
    by_user: bool


@dataclass(frozen=True, slots=True)
class OutOfTunnel:
    """A packet comes out of a gateway's tunnel, circuit or own edge."""

    gateway: str
    way: str


@dataclass(frozen=True, slots=True)
class AtSite:
    """A packet for elsewhere has come to a site by a way of a gateway, or by the tunnel of its appliance."""

    site: str
    way: str


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A packet out of a tunnel is handed to another gateway of the network, which has a way for it (R-GW-16)."""

    gateway: str


Node = Arrival | FromTunnel | Inside | OutOfTunnel | Exchanged | AtSite


@dataclass(frozen=True, slots=True)
class ToVnet:
    """The packet is to be delivered to the owner of its destination in this network."""

    vnet: str


@dataclass(frozen=True, slots=True)
class ToInterface:
    """The packet has been delivered to an appliance by its own address."""

    nic: str


@dataclass(frozen=True, slots=True)
class ToSite:
    site: str


@dataclass(frozen=True, slots=True)
class ToInternet:
    """The packet leaves for the Internet by the source host itself, by an appliance's interface, or by a site.

    One that leaves by a service endpoint is `for_service`, and comes back in nowhere (R-SYS-9).
    """

    nic: str | None = None
    site: str | None = None
    for_service: bool = False

    @property
    def is_by_host(self) -> bool:
        return self.nic is None and self.site is None


@dataclass(frozen=True, slots=True)
class AtPublicAddress:
    """A packet of an Internet host is at the public address that it names."""


@dataclass(frozen=True, slots=True)
class Anywhere:
    """A line that would have stopped or turned the packet does not count: it may be delivered to any host and site.

    Unless `is_sent_out`, to the Internet as well: a line that leads there does not keep a packet from it.
    """

    is_sent_out: bool = False


ANYWHERE = (Anywhere(), Anywhere(is_sent_out=True))


@dataclass(frozen=True, slots=True)
class Translated:
    """A firewall goes on with another packet: with a source of its own (`owns_source`), by the NAT rule that is the
    `rule`-th of its policy, or both. `is_steered` where a route led to it what was for its public address."""

    machine: str
    owns_source: bool
    rule: int | None = None
    is_steered: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """A reply has come back to the firewall that translated its flow, which goes on with the reply to what it got."""

    machine: str


Target = Node | ToVnet | ToInterface | ToSite | ToInternet | AtPublicAddress | Anywhere | Translated | Returned


@dataclass(frozen=True, slots=True)
class Sender:
    """Who puts a packet on the network: a host of `subnet`, an appliance by `nic`, or a gateway, which may
    have it out of a tunnel.

    `owns_source` tells when an appliance has put an address of its own as source, None where what is declared of it
    says so.
    """

    subnet: Subnet
    machine: Machine | None = None
    nic: Nic | None = None
    gateway: Gateway | None = None
    from_tunnel: bool = False
    owns_source: Term | None = None


@dataclass(frozen=True, slots=True)
class Onward:
    """A firewall that goes on with a packet after a translation, or with the reply to one."""

    machine: Machine
    owns_source: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """What the first packet left behind: terms for the interfaces and machines it passed, and the former it `left` by.

    Interfaces that keep no record of it all the same are `forgetful` (F-ADM-18). `at_end` tells when it began or ended
    at an interface, which a reply may come to as at an appliance, and when that leaves no record.
    """

    passed: dict[str, Term]
    left: dict[str, Term]
    forgetful: dict[str, Term]
    met: dict[str, Term]
    at_end: Callable[[Nic], tuple[Term, Term]] = lambda nic: (FALSE, FALSE)
