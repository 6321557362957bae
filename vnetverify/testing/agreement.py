"""Both engines asked the same: what the encoding makes of one flow in one world, beside what the simulator does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vnetverify.encoder.claims import encode
from vnetverify.encoder.entrances import EgressOf, egress_name
from vnetverify.encoder.obligation import Obligation
from vnetverify.facts import World
from vnetverify.header import TCP, UDP, Family, Flow, family_of
from vnetverify.model.intents import Claim, Place
from vnetverify.model.network import Network
from vnetverify.model.planes import claim_in, families_of, plane
from vnetverify.prover.prove import evaluate
from vnetverify.prover.solver import Solver
from vnetverify.simulator.failures import down_in


@dataclass(frozen=True, slots=True)
class Encoded:
    """A claim of a network, encoded for each family that it speaks of, and the solver to ask."""

    network: Network
    claim: Claim
    obligations: Mapping[Family, Obligation]
    solver: Solver

    @property
    def only_obligation(self) -> Obligation:
        """Return the obligation of a claim that is of one family, which is open."""
        (obligation,) = self.obligations.values()
        return obligation

    def violation(self, origin: Place, flow: Flow, world: World) -> frozenset[bool]:
        """Return what the encoding says of whether the flow violates the claim; empty where it is not a flow of it."""
        return self._value(lambda obligation: obligation.violation, origin, flow, world)

    def question(self, origin: Place, flow: Flow, world: World) -> frozenset[bool]:
        """Return what the encoding says of whether the claim speaks of the flow."""
        return self._value(lambda obligation: obligation.in_question, origin, flow, world)

    def _value(self, term: Callable[[Obligation], str], origin: Place, flow: Flow, world: World) -> frozenset[bool]:
        obligation = self.obligations.get(family_of(flow.source))
        if obligation is None or obligation.origins.selector(origin) is None:
            return frozenset()  # flows of the claim never begin there
        failures = self.claim.failures
        if failures is not None and len(down_in(self.network, world, failures)) > failures.most:
            return frozenset()  # nor in worlds with so much down, whether or not the encoding asks for all of it
        fixed = obligation.fixing(origin, flow)
        egress = egress_name(EgressOf.SUBNET, origin.name, obligation.family)
        for symbol, names in obligation.addresses.items():
            if not (egress in names and self._has_known_address(origin, flow)):
                fixed[symbol] = obligation.fixed_address(world.addresses[names[0]])
        if len(self.obligations) > 1:
            self.solver.open(obligation)
        return evaluate(obligation, self.solver, fixed, world, term(obligation))

    def _has_known_address(self, origin: Place, flow: Flow) -> bool:
        """Hold when the source host leaves by a public address that is declared, so that the world chooses none."""
        senders = [nic for nic in self.network.nics() if nic.subnet_id == origin.name and flow.source in nic.addresses]
        public = [nic.public_address if family_of(flow.source) is Family.IPV4 else nic.public_ipv6 for nic in senders]
        is_known = any(address is not None and address.address is not None for address in public)
        return is_known and not self._leaves_by_nat_gateway(origin, flow)

    def _leaves_by_nat_gateway(self, origin: Place, flow: Flow) -> bool:
        """Tell whether the flow would leave by the NAT gateway of the subnet it begins in (F-OUT-2)."""
        if flow.protocol not in (TCP, UDP) or family_of(flow.source) is not Family.IPV4:
            return False
        return any(subnet.id == origin.name and subnet.nat_gateway for subnet in self.network.subnets())


def opened(network: Network, claim: Claim, solver: Solver) -> Encoded:
    """Return the claim's encoding, whose first obligation the solver then holds until the next is opened."""
    families = families_of(claim) or (Family.IPV4,)
    obligations = {family: encode(plane(network, family), claim_in(claim, family), {}) for family in families}
    solver.open(obligations[families[0]])
    return Encoded(network, claim, obligations, solver)
