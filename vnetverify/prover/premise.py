"""What a proof speaks of: how many pairs of places have flows in question, and what its sentence names in vain.

A claim about many members is not vacuous while one of them has a flow, and says nothing about those that have none
(I-VACUOUS). Which flows a claim speaks of is a matter of its sets: where they have hosts, and of which family.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from vnetverify.header import ALL_IPV4, ALL_IPV6, Family, Interval, IntervalSet, interval_set
from vnetverify.model.intents import Claim, EndpointSet, Place, PlaceKind, Verb
from vnetverify.model.network import Network
from vnetverify.prover.verdict import Host, Premise, Silence, Witness

MOST_PAIRS = 10_000
"""Of more pairs of places it is only said that there are more, and more pairs of members are not looked at."""

_FAMILIES = ((Family.IPV4, ALL_IPV4), (Family.IPV6, ALL_IPV6))


def premise_of(network: Network, claim: Claim, example: Witness | Host) -> Premise:
    """Return what a proof of `claim` in `network` speaks of, the flow of `example` among it."""
    flows = _Flows(claim, _silent(network))
    pairs = sum(1 for _ in islice(flows.pairs_of_places(), MOST_PAIRS + 1))
    silences = (*flows.silences(), *_avoided_by_all(network, claim))
    return Premise(example, min(pairs, MOST_PAIRS), pairs > MOST_PAIRS, silences)


def _avoided_by_all(network: Network, claim: Claim) -> Iterator[Silence]:
    """Yield the machines that a claim keeps flows from though no flow at all passes them: they forward nothing."""
    for name in claim.via if claim.verb is Verb.NOT_VIA else ():
        machine = network.machines.get(name)
        if machine is not None and not machine.is_managed and not any(nic.ip_forwarding for nic in machine.nics):
            yield Silence(name, "forwards nothing, so no way passes it")


def _silent(network: Network) -> dict[str, IntervalSet]:
    """Return the addresses of each subnet where no flow begins: frontends, private endpoints (F-LB-1, F-PE-5)."""
    found: dict[str, list[Interval]] = {}
    for balancer in network.load_balancers.values():
        for frontend in balancer.frontends:
            found.setdefault(frontend.subnet_id, []).append(Interval(frontend.address, frontend.address))
    for endpoint in network.private_endpoints.values():
        found.setdefault(endpoint.subnet_id, []).extend(Interval(one, one) for one in endpoint.addresses)
    return {subnet: interval_set(addresses) for subnet, addresses in found.items()}


@dataclass(frozen=True, slots=True)
class _Part:
    """Addresses of one family at a place: the members of `for each` that hold some, and whether some lie in none.

    With `is_one` it is a single address.
    """

    place: Place
    family: Family
    addresses: IntervalSet
    apart: tuple[int, ...]
    is_free: bool
    is_one: bool

    def goes_to(self, other: _Part) -> bool:
        """Tell whether some flow in question goes from here to the addresses of `other`."""
        if self.family is not other.family or (self.is_one and self._is_one_host_with(other)):
            return False
        return self.is_free or other.is_free or self.apart != other.apart or len(self.apart) > 1

    def _is_one_host_with(self, other: _Part) -> bool:
        return self.place == other.place and self.addresses == other.addresses


class _Flows:
    """The flows that a claim speaks of, by the parts of its sets."""

    def __init__(self, claim: Claim, silent: dict[str, IntervalSet]) -> None:
        self._claim = claim
        self._silent = silent
        self._apart: dict[Place, list[tuple[int, IntervalSet]]] = {}
        self._known: dict[tuple[Place, IntervalSet], _Part] = {}
        for number, member in enumerate(claim.apart):
            for place, addresses in member.parts:
                self._apart.setdefault(place, []).append((number, addresses))
        self._pairs = [(self._begins(left), self._parts(right)) for left, right in claim.pairs]

    def pairs_of_places(self) -> Iterator[tuple[Place, Place]]:
        """Yield each pair of places that has a flow once."""
        seen: dict[Place, set[Place]] = {}
        for lefts, rights in self._pairs:
            for left in lefts:
                met = seen.setdefault(left.place, set())
                for right in rights:
                    if right.place not in met and left.goes_to(right):
                        met.add(right.place)
                        yield left.place, right.place

    def silences(self) -> Iterator[Silence]:
        """Yield what the sentence names though no flow begins or ends there, then members between which none goes."""
        lefts, rights = self._claim.named
        mute = {member.text: self._why_none_begins(member) for member in lefts if not self._begins_flows(member)}
        deaf = {member.text: self._why_none_ends(member) for member in rights if not self._ends_flows(member)}
        yield from (Silence(text, why) for text, why in (deaf | mute).items())
        if len(self._pairs) == 1 and len(lefts) * len(rights) <= MOST_PAIRS:
            speaking = [member for member in lefts if member.text not in mute]
            heard = [member for member in rights if member.text not in deaf]
            yield from self._between(speaking, heard)

    def _between(self, lefts: Sequence[EndpointSet], rights: Sequence[EndpointSet]) -> Iterator[Silence]:
        begins = [(member, self._begins(member)) for member in lefts]
        ends = [(member, self._parts(member)) for member in rights]
        for (member, sources), (other, targets) in product(begins, ends):
            if member.parts != other.parts and not _some_go(sources, targets):
                yield Silence(f"{member.text} to {other.text}", "no flow is in question between them")

    def _begins_flows(self, member: EndpointSet) -> bool:
        sources = self._begins(member)
        return any(_some_go(self._within(sources, lefts), rights) for lefts, rights in self._pairs)

    def _ends_flows(self, member: EndpointSet) -> bool:
        targets = self._parts(member)
        return any(_some_go(lefts, self._within(targets, rights)) for lefts, rights in self._pairs)

    def _why_none_begins(self, member: EndpointSet) -> str:
        if not member.parts:
            return _STANDS_FOR_NOTHING
        return "no flow from there is in question" if self._begins(member) else "no flow begins there"

    def _why_none_ends(self, member: EndpointSet) -> str:
        return "no flow to there is in question" if member.parts else _STANDS_FOR_NOTHING

    def _begins(self, ends: EndpointSet) -> list[_Part]:
        """Return the parts at which flows begin: of a claim about next hops in subnets alone (I-NEXT-HOP)."""
        subnet, public = PlaceKind.SUBNET.value, PlaceKind.PUBLIC.value
        standing = (
            (place, addresses - self._silent.get(place.name, IntervalSet()) if place.kind == subnet else addresses)
            for place, addresses in ends.parts
            if place.kind != public and (place.kind == subnet or self._claim.verb is not Verb.NEXT_HOP)
        )
        return self._parts(EndpointSet(tuple(standing)))

    def _parts(self, ends: EndpointSet) -> list[_Part]:
        return [
            self._part(place, family, inside)
            for place, addresses in ends.parts
            for family, every in _FAMILIES
            if (inside := addresses & every)
        ]

    def _part(self, place: Place, family: Family, addresses: IntervalSet) -> _Part:
        found = self._known.get((place, addresses))
        if found is None:
            found = self._known[place, addresses] = self._new_part(place, family, addresses)
        return found

    def _new_part(self, place: Place, family: Family, addresses: IntervalSet) -> _Part:
        held = [(number, there & addresses) for number, there in self._apart.get(place, ())]
        rest = addresses - interval_set(interval for _, there in held for interval in there)
        apart = tuple(number for number, there in held if there)
        return _Part(place, family, addresses, apart, bool(rest), addresses.size == 1)

    def _within(self, parts: Sequence[_Part], whole: Sequence[_Part]) -> list[_Part]:
        """Return what of a member's `parts` lies in `whole`, one side of a pair: of the only pair, all of it."""
        if len(self._pairs) == 1:
            return list(parts)
        held = {(part.place, part.family): part.addresses for part in whole}
        shared = ((part, part.addresses & held.get((part.place, part.family), IntervalSet())) for part in parts)
        return [self._part(part.place, part.family, addresses) for part, addresses in shared if addresses]


_STANDS_FOR_NOTHING = "holds no address of the network"


def _some_go(sources: Iterable[_Part], targets: Sequence[_Part]) -> bool:
    return any(source.goes_to(target) for source in sources for target in targets)
