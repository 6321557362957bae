"""What a service tag holds at a subnet and which line put it there, for people to read.

Rules F-TAG-7, F-TAG-9, F-TAG-10, F-TAG-11, F-TAG-12, F-TAG-19, F-TAG-21 and F-PLAT-1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.facts import Uncertainty, World, uncertainty
from vnetverify.header import EVERY_IPV6, Family, Prefix
from vnetverify.model.network import Network
from vnetverify.model.planes import has_ipv6
from vnetverify.simulator.addressing import PLATFORM_HOST, PUBLIC_IPV6
from vnetverify.simulator.situation import Situation, situation_of
from vnetverify.simulator.tags import HOLES, PROBES_IPV6, Member, certain_members, possible_members, virtual_network
from vnetverify.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of a tag: `prefix` (None for the `what` of it that is no prefix) is in it, or with `is_out` out of it.

    That is so where `fact` holds; without one, surely.
    """

    prefix: Prefix | None
    what: str
    rule: str
    span: Span = NOWHERE
    fact: Uncertainty | None = None
    is_out: bool = False


def tag_at(network: Network, subnet_id: str, tag: str, world: World) -> tuple[Listed, ...]:
    """Return the parts of `tag` at the subnet; the most telling first."""
    name = tag.casefold()
    if name == "azureloadbalancer":
        source = "where probes come from"
        return tuple(Listed(prefix, source, "F-TAG-12") for prefix in (PLATFORM_HOST, PROBES_IPV6))
    if name.startswith("azureplatform"):
        return (Listed(None, "no address: it shuts off a host service and does nothing else", "F-PLAT-1"),)
    if name not in ("virtualnetwork", "internet"):
        return tuple(_published(network, tag))
    families = tuple(Family) if has_ipv6(network) else (Family.IPV4,)
    parts = _virtual_network if name == "virtualnetwork" else _internet
    return tuple(
        part for family in families for part in parts(situation_of(network, world, family), subnet_id)
    )  # fmt: skip


def _published(network: Network, tag: str) -> Iterator[Listed]:
    for declared, prefixes in network.service_tags.items():
        if declared.casefold() == tag.casefold():
            yield from (Listed(prefix, "declared", "F-TAG-14") for prefix in prefixes)
            return
    for side in ("source", "destination"):
        what = f"public addresses, as the {side} of a flow, since nothing says which"
        yield Listed(None, what, "F-TAG-19", fact=uncertainty("U-TAG", tag, side))


def _virtual_network(situation: Situation, subnet_id: str) -> Iterator[Listed]:
    """Return every line that puts a prefix into the tag; of a prefix that is surely in it the sure ones."""
    subnet = situation.index.subnets[subnet_id]
    tag = virtual_network(situation, subnet)
    facts = dict(tag.possible)
    for member in dict.fromkeys(certain_members(situation, subnet)):
        if member.prefix.family is situation.family:
            yield Listed(member.prefix, member.source, "F-TAG-7", member.span)
    told: set[tuple[Prefix, Span]] = set()
    for member in possible_members(situation, subnet):
        line = (member.prefix, member.span)
        if member.prefix in facts and member.prefix.family is situation.family and line not in told:
            told.add(line)
            yield Listed(member.prefix, member.source, _rule_of(member), member.span, facts[member.prefix])


def _rule_of(member: Member) -> str:
    return "F-TAG-8" if member.prefix.length == 0 else "F-TAG-7"


def _internet(situation: Situation, subnet_id: str) -> Iterator[Listed]:
    """Return what the tag holds, then what leaves it (F-TAG-9, F-TAG-10, F-TAG-11, F-TAG-21)."""
    subnet = situation.index.subnets[subnet_id]
    tag = virtual_network(situation, subnet)
    if situation.family is Family.IPV4:
        yield Listed(None, "public IPv4 addresses", "F-TAG-9")
        host = Uncertainty("U-INET", (str(PLATFORM_HOST),), False)
        yield Listed(PLATFORM_HOST, "the address of the host", "F-TAG-9", fact=host)
        for hole in HOLES:
            yield Listed(hole, "missing in a published list", "F-TAG-10", fact=uncertainty("U-INET", str(hole)))
    else:
        for prefix, what in ((PUBLIC_IPV6, "public IPv6 addresses"), (EVERY_IPV6, "all other IPv6 addresses")):
            yield Listed(prefix, what, "F-TAG-21", fact=uncertainty("U-INET", str(prefix)))
    own = situation.vnet(subnet.vnet)
    gained = (*own.address_space, *tag.certain, *(prefix for prefix, _ in tag.possible))
    for prefix in dict.fromkeys(prefix for prefix in gained if prefix.family is situation.family):
        if prefix in own.address_space:
            yield Listed(prefix, "own address space", "F-TAG-9", own.span, is_out=True)
        elif prefix != PLATFORM_HOST:
            fact = uncertainty("U-INETMINUS", subnet.id, str(prefix))
            yield Listed(prefix, "held by VirtualNetwork", "F-TAG-11", fact=fact, is_out=True)
