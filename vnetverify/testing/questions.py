"""What the rule book asks of a network: typed questions and their answers (`question_lines` says how they read)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vnetverify.header import ICMP, TCP, UDP, Family, Flow, Prefix, family_of
from vnetverify.model.intents import ExpectedEgress, HopKind, Place
from vnetverify.model.network import Network, Nic
from vnetverify.model.security import Direction

EPHEMERAL_PORT = 50000


class NotAQuestion(ValueError):
    """A line that is not a question or answer of the rule book; the message says why."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a flow: an address at a place."""

    place: Place
    address: int


@dataclass(frozen=True, slots=True)
class NextHop:
    subnet: str
    destination: int


@dataclass(frozen=True, slots=True)
class GatewayOf:
    """Which gateway's learned route carries packets of the subnet for the destination."""

    subnet: str
    destination: int


@dataclass(frozen=True, slots=True)
class Carried:
    """Whether a flow is delivered, or, if `answered`, whether its reply comes back too."""

    origin: End
    target: End
    flow: Flow
    answered: bool


@dataclass(frozen=True, slots=True)
class Filtered:
    """What the filters at interfaces say about a new packet, whatever its way there.

    `stages`, interfaces or private endpoints, are passed in order; the packet is written as they see it, but for one
    that is sent to a frontend (F-ADDR-4). `by_public_address` holds when it came from the Internet through the public
    address of the interface.
    """

    stages: tuple[tuple[Direction, str], ...]
    flow: Flow
    by_public_address: bool = False


@dataclass(frozen=True, slots=True)
class IsValid:
    """Whether Azure would accept the network."""


@dataclass(frozen=True, slots=True)
class Announced:
    """Which prefixes the gateway announces by itself."""

    gateway: str


@dataclass(frozen=True, slots=True)
class Learned:
    """Whether the gateway keeps a prefix that it is told."""

    gateway: str
    prefix: Prefix


@dataclass(frozen=True, slots=True)
class Reserved:
    """Which addresses of the subnet no host can have."""

    subnet: str


@dataclass(frozen=True, slots=True)
class EffectiveRoutes:
    """The subnet's table as Azure shows it, without the lines for the `ignored` prefixes."""

    subnet: str
    ignored: tuple[Prefix, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the rules of a managed firewall make of a flow that is led to it; `carried` asks whether it is delivered."""

    firewall: str
    carried: Carried


@dataclass(frozen=True, slots=True)
class LeavesBy:
    """By which method a flow leaves for the Internet, filters aside."""

    origin: End
    flow: Flow


@dataclass(frozen=True, slots=True)
class LooksUp:
    """Whether the host at `asker` finds a name, in lower case, at all these `addresses` where any are given."""

    asker: End
    name: str
    addresses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlives:
    """Whether an established flow goes on after a change of rules (F-STATE-4).

    `gone` are rules of the network, each `NSG/RULE`, that were there when the flow began and are taken out, `added`
    those that were not yet there. `is_flushed` where `flushConnection` has the flows of the group judged again.
    """

    carried: Carried
    gone: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    is_flushed: bool = False


Question = (
    NextHop
    | GatewayOf
    | Carried
    | Filtered
    | IsValid
    | Announced
    | Learned
    | Reserved
    | EffectiveRoutes
    | Inspected
    | LeavesBy
    | LooksUp
    | Outlives
)

# Next hops that the language has no word for: a group is a kind of peering to it, a service endpoint one way to the
# Internet, and a private endpoint, in whatever network, stands for delivery inside.
SPECIAL_HOPS = {
    "group": HopKind.PEERING,
    "service-endpoint": HopKind.INTERNET,
    "private-endpoint": HopKind.VNET_LOCAL,
}


@dataclass(frozen=True, slots=True)
class Hop:
    """A selected route. `name` is an appliance's address, a gateway, a peer, or None for any.

    `origin` is `user`, `gateway` or `system`, `special` one of `SPECIAL_HOPS` or nothing.
    """

    kind: HopKind
    prefix: Prefix
    origin: str
    name: str | None = None
    special: str = ""


@dataclass(frozen=True, slots=True)
class Hops:
    """The next hop is one of these."""

    anyone: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of an effective route table; further invalid ones may stand in it."""

    active: frozenset[Hop]
    invalid: frozenset[Hop] = frozenset()


@dataclass(frozen=True, slots=True)
class Passage:
    """`via` are the devices that forward the first packet, in order; None leaves them open."""

    happens: bool
    via: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """`deciding` lists alternatives, each one `NSG/RULE` for every group consulted; None leaves them open."""

    allowed: bool
    deciding: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """`broken` are ids of rules that must be among those reported."""

    accepted: bool
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prefixes:
    prefixes: frozenset[Prefix]


@dataclass(frozen=True, slots=True)
class Addresses:
    addresses: frozenset[int]


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a device, or None where none is meant."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a firewall says: `deciding` is the rule that decides, `()` where none does; None leaves it open.

    `port` is that at which an allowed flow arrives, None where that is left open.
    """

    allowed: bool
    deciding: tuple[str, ...] | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class WayOut:
    way: ExpectedEgress


Answer = Hops | Table | Passage | FilterVerdict | Validity | Prefixes | Addresses | Name | Inspection | WayOut


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its expected answer, in the documented world changed by `facts`."""

    question: Question
    answer: Answer
    facts: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contested:
    """A question on which the sources disagree: `must` is so in every world, `may` in some world.

    `atoms` are the kinds of facts that decide it, if they are known.
    """

    question: Question
    must: bool
    may: bool
    atoms: tuple[str, ...] = ()
    facts: dict[str, bool] = field(default_factory=dict)


def interface(network: Network, name: str) -> Nic:
    """Return the interface called `name`, or the first one of the machine called so. Raises `NotAQuestion`."""
    nics = network.nics()
    for nic in (*(n for n in nics if n.name == name), *(n for n in nics if n.machine == name)):
        return nic
    raise NotAQuestion(f"no machine or interface is called `{name}`")


def spot(network: Network, name: str) -> str:
    """Return the name of where filters stand: a private endpoint, or an interface or machine. Raises `NotAQuestion`."""
    return name if name in network.private_endpoints else interface(network, name).name


# How Azure's tables, and pages about them, name next hops and the sources of routes, in lower case.
_SHOWN_HOPS: Mapping[str, tuple[HopKind, str]] = {
    "vnetlocal": (HopKind.VNET_LOCAL, ""),
    "vnetpeering": (HopKind.PEERING, ""),
    "vnetglobalpeering": (HopKind.PEERING, ""),
    "globalvnetpeering": (HopKind.PEERING, ""),
    "connectedgroup": (HopKind.PEERING, "group"),
    "virtualnetworkserviceendpoint": (HopKind.INTERNET, "service-endpoint"),
    "serviceendpoint": (HopKind.INTERNET, "service-endpoint"),
    "interfaceendpoint": (HopKind.VNET_LOCAL, "private-endpoint"),
    "privateendpoint": (HopKind.VNET_LOCAL, "private-endpoint"),
    "virtualappliance": (HopKind.APPLIANCE, ""),
    "bgpnva": (HopKind.APPLIANCE, ""),
    "virtualnetworkgateway": (HopKind.GATEWAY, ""),
    "internet": (HopKind.INTERNET, ""),
    "none": (HopKind.NONE, ""),
}
_SHOWN_SOURCES = {"user": "user", "virtualnetworkgateway": "gateway", "default": "system"}


def shown_hop(hop_type: str, prefix: Prefix, source: str, name: str | None) -> Hop:
    """Return the hop of a line of an effective route table, in Azure's words. Raises `NotAQuestion` for other words."""
    called, origin = hop_type.casefold(), source.casefold()
    if called not in _SHOWN_HOPS or origin not in _SHOWN_SOURCES:
        raise NotAQuestion(f"a next hop of type `{hop_type}` from `{source}`")
    kind, special = _SHOWN_HOPS[called]
    return Hop(kind, prefix, _SHOWN_SOURCES[origin], name, special)


def public_address(network: Network, end: End) -> int:
    """Return the public address by which the host at `end` is reached, its own where it has none."""
    for nic in network.nics():
        public = nic.public_address if family_of(end.address) is Family.IPV4 else nic.public_ipv6
        if nic.subnet_id == end.place.name and end.address in nic.addresses and public:
            return public.address or end.address
    return end.address


def new_flow(protocol: int, source: int, destination: int, port: int) -> Flow:
    """Return a flow from an ephemeral port; protocols without ports have none, and ICMP is the addresses' own."""
    if protocol in (TCP, UDP):
        return Flow(protocol, source, EPHEMERAL_PORT, destination, port)
    return Flow(family_of(source).icmp if protocol == ICMP else protocol, source, 0, destination, 0)
