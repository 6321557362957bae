"""Both engines asked the same: what the encoding makes of one flow in one world, beside what the simulator does."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.encoder.claims import encode
from vnetverify.encoder.obligation import Obligation
from vnetverify.header import Flow
from vnetverify.model.intents import Claim, Place
from vnetverify.model.network import Network
from vnetverify.prover.prove import evaluate
from vnetverify.prover.solver import Solver
from vnetverify.rules import World
from vnetverify.simulator.failures import down_in


@dataclass(frozen=True, slots=True)
class Encoded:
    """A claim of a network, open at a solver."""

    network: Network
    claim: Claim
    obligation: Obligation
    solver: Solver

    def violation(self, origin: Place, flow: Flow, world: World) -> frozenset[bool]:
        """Return what the encoding says of whether the flow violates the claim; empty where it is no flow of it."""
        return self._value(self.obligation.violation, origin, flow, world)

    def question(self, origin: Place, flow: Flow, world: World) -> frozenset[bool]:
        """Return what the encoding says of whether the claim speaks of the flow."""
        return self._value(self.obligation.in_question, origin, flow, world)

    def _value(self, term: str, origin: Place, flow: Flow, world: World) -> frozenset[bool]:
        if self.obligation.origins.selector(origin) is None:
            return frozenset()  # flows of the claim never begin there
        failures = self.claim.failures
        if failures is not None and len(down_in(self.network, world, failures)) > failures.most:
            return frozenset()  # nor in worlds with so much down, whether or not the encoding asks for all of it
        asked = (*self.obligation.facts.values(), *self.obligation.failures.values())
        facts = {str(fact): world.holds(fact) for fact in asked}
        fixed = self.obligation.fixing(origin, flow)
        for symbol, names in self.obligation.addresses.items():
            if not (f"egress of {origin.name}" in names and self._has_known_address(origin, flow)):
                fixed[symbol] = (world.addresses[names[0]], 32)
        return evaluate(self.obligation, self.solver, fixed, facts, term)

    def _has_known_address(self, origin: Place, flow: Flow) -> bool:
        """Hold when the source host leaves by a public address that is declared, so that the world chooses none."""
        senders = [nic for nic in self.network.nics() if nic.subnet_id == origin.name and flow.source in nic.addresses]
        return any(nic.public_address and nic.public_address.address is not None for nic in senders)


def opened(network: Network, claim: Claim, solver: Solver) -> Encoded:
    """Return the claim's encoding, which the solver then holds until the next is opened."""
    obligation = encode(network, claim, {})
    solver.open(obligation)
    return Encoded(network, claim, obligation, solver)
