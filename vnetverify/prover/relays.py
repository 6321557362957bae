"""What appliances of undeclared behaviour could do beyond forwarding: take one flow and send another.

The encoding follows one header. An appliance that translates or proxies ends a flow and begins a new one from its
own address; so for a claim that packets stay away, each such appliance is asked whether a packet can get to
it and whether one of its own can get on from there (F-ADDR-8, F-META-7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vnetverify.encoder.appliances import undeclared_machines
from vnetverify.encoder.claims import encode, encode_arrival
from vnetverify.encoder.obligation import Obligation
from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.header import Family, Interval, interval_set
from vnetverify.model.intents import OF_ABSENCE, OF_QUALITY, Claim, EndpointSet, Place, PlaceKind, Verb
from vnetverify.model.network import Machine, Network
from vnetverify.model.planes import claim_in, families_of, has_ipv6, plane
from vnetverify.model.services import EVERY_PACKET
from vnetverify.prover.solver import Solver, Undecided, Unsatisfiable

_FOLLOWED = OF_ABSENCE | OF_QUALITY
"""Verbs that say what does not happen; a flow that a relay sends on is taken to break them by whatever way it goes."""


Planes = Mapping[Family, Network]


@dataclass(frozen=True, slots=True)
class Relay:
    """Appliances that, if they translate or proxy, can carry something from one side of a claim to the other."""

    facts: tuple[Uncertainty, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(fact.about[0] for fact in self.facts)


def find_relay(network: Network, claim: Claim, fixed: Mapping[str, bool], solver: Solver) -> Relay | Undecided | None:
    """Return appliances that could break a claim of absence by a flow of their own, None if there are none.

    One that has addresses of both families may take a flow of the one and send another of the other.
    """
    if claim.verb not in _FOLLOWED:
        return None
    planes = planes_of(network)
    left = [machine for machine in undeclared_machines(network) if _is_doubtful(machine, claim, fixed)]
    reached: dict[str, tuple[Uncertainty, ...]] = {}
    waiting: list[tuple[Claim, tuple[Uncertainty, ...]]] = [(claim, ())]
    while waiting:
        leg, facts = waiting.pop()
        for machine in left:
            if machine.name in reached:
                continue
            arrives = _gets_to(planes, leg, machine, fixed, solver)
            if isinstance(arrives, Undecided):
                return arrives
            if not arrives:
                continue
            reached[machine.name] = (*facts, uncertainty("U-REWRITES", machine.name))
            onward = _from(machine, leg)
            gets_on = gets_through(planes, onward, fixed, solver)
            if isinstance(gets_on, Undecided):
                return gets_on
            if gets_on and _breaks(machine, claim):
                return Relay(reached[machine.name])
            waiting.append((onward, reached[machine.name]))
    return None


def planes_of(network: Network) -> Planes:
    """Return the planes that `network` has addresses in."""
    return {family: plane(network, family) for family in Family if family is Family.IPV4 or has_ipv6(network)}


def _gets_to(
    planes: Planes, leg: Claim, machine: Machine, fixed: Mapping[str, bool], solver: Solver
) -> bool | Undecided:
    """Tell whether some packet of the left side comes to the machine, on its way elsewhere or addressed to it."""
    for family, network in planes.items():
        asked = claim_in(leg, family)
        if any(left for left, _ in asked.pairs):
            passing = _is_possible(encode_arrival(network, asked, machine.name, fixed), solver)
            if passing is not False:
                return passing
    itself = _own_addresses(machine)
    verb = Verb.ONLY_VIA if leg.verb is Verb.ONLY_VIA else Verb.NEVER_REACHES
    addressed = replace(
        leg,
        verb=verb,
        service=EVERY_PACKET,
        arriving=None,
        pairs=tuple((left, itself) for left, _ in leg.pairs),
        apart=(),
    )
    return gets_through(planes, addressed, fixed, solver)


def gets_through(planes: Planes, claim: Claim, fixed: Mapping[str, bool], solver: Solver) -> bool | Undecided:
    """Tell whether some flow of either family violates the claim."""
    for family in families_of(claim):
        broken = _is_possible(encode(planes[family], claim_in(claim, family), fixed), solver)
        if broken is not False:
            return broken
    return False


def _is_doubtful(machine: Machine, claim: Claim, fixed: Mapping[str, bool]) -> bool:
    """Tell whether a machine may translate at all, and the claim does not allow for it."""
    fact = uncertainty("U-REWRITES", machine.name)
    settled = fixed.get(str(fact).casefold(), fixed.get(fact.question.casefold()))
    passes = claim.via if claim.verb is Verb.ONLY_VIA else claim.excused
    return settled is not False and machine.name not in passes


def _breaks(machine: Machine, claim: Claim) -> bool:
    """Tell whether a flow that this machine hands on breaks the claim: for a hub or a way, if it stands there."""
    if claim.verb is Verb.NOT_TRANSITIVE:
        return any(nic.vnet in claim.via for nic in machine.nics)
    return claim.verb is not Verb.NOT_VIA or machine.name in claim.via


def _from(machine: Machine, claim: Claim) -> Claim:
    """Return the claim that nothing the machine sends from its own addresses is delivered on the right."""
    sender = _own_addresses(machine)
    verb = Verb.ONLY_VIA if claim.verb is Verb.ONLY_VIA else Verb.NEVER_REACHES
    return replace(claim, verb=verb, pairs=tuple((sender, right) for _, right in claim.pairs), apart=())


def _own_addresses(machine: Machine) -> EndpointSet:
    places: dict[Place, list[Interval]] = {}
    for nic in machine.nics:
        place = Place(PlaceKind.SUBNET.value, nic.subnet_id)
        places.setdefault(place, []).extend(Interval(address, address) for address in nic.addresses)
    return EndpointSet(tuple((place, interval_set(found)) for place, found in sorted(places.items())), machine.name)


def _is_possible(obligation: Obligation, solver: Solver) -> bool | Undecided:
    solver.open(obligation)
    answer = solver.check([obligation.violation, *obligation.settled])
    return answer if isinstance(answer, Undecided) else not isinstance(answer, Unsatisfiable)
