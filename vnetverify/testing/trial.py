"""One claim of one network asked of both engines: where they differ on a flow, on a model or on a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.solver import Satisfiable, Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict, Witness
from vnetverify.simulator.claims import in_question, violates
from vnetverify.testing.agreement import Encoded


class Kind(Enum):
    """How two answers differ."""

    TWO_OUTCOMES = "the encoding gives a flow two outcomes in one world"
    JUDGED_OTHERWISE = "the encoding and the simulator judge a flow otherwise"
    LEFT_OUT = "the encoding leaves out a flow that the claim speaks of"
    MODEL = "the simulator judges a flow of the solver's choice otherwise"
    WITNESS = "the simulator does not see the witness do what the verdict says"
    PROOF = "a flow contradicts what is proved"
    CERTIFICATE = "a certificate and a verdict do not fit each other"


@dataclass(frozen=True, slots=True)
class Difference:
    """A bug of ours: on `example`, if one flow shows it. `what` says who says what."""

    kind: Kind
    what: str
    example: Witness | None = None

    def __str__(self) -> str:
        where = "" if self.example is None else f": {self.example.flow} from {self.example.origin}"
        return f"{self.kind.value}{where}: {self.what}"


def difference_on(encoded: Encoded, example: Witness) -> Difference | None:
    """Return how the engines differ on one flow in one world, None where they agree."""
    origin, flow, world = example.origin, example.flow, example.world
    allowed = encoded.violation(origin, flow, world)
    if len(allowed) > 1:
        return Difference(Kind.TWO_OUTCOMES, "it violates the claim, and it does not", example)
    if not allowed:
        asked = in_question(encoded.network, encoded.claim, origin, flow, world)
        return Difference(Kind.LEFT_OUT, "the simulator has it in question", example) if asked else None
    violation = violates(encoded.network, encoded.claim, origin, flow, world)
    if (violation is not None) in allowed:
        return None
    said = "it does not violate the claim" if violation is None else f"it violates the claim, as {violation.why}"
    return Difference(Kind.JUDGED_OTHERWISE, f"the simulator says that {said}", example)


def differences_of_models(encoded: Encoded, solver: Solver) -> Iterator[Difference]:
    """Yield what the simulator does not do of what the encoding allows, by flows and worlds of the solver's choice."""
    for obligation in encoded.obligations.values():
        solver.open(obligation)
        for literals, expected in (
            ([obligation.violation], True),
            ([obligation.in_question, f"-{obligation.violation}"], False),
        ):
            answer = solver.check(literals)
            if isinstance(answer, Satisfiable):
                witness = Witness(*obligation.witness(answer.model))
                if _violates(encoded.network, encoded.claim, witness) is not expected:
                    said = "contradicts" if expected else "obeys"
                    yield Difference(Kind.MODEL, f"the encoding says that it {said} the claim", witness)


def difference_of_witness(network: Network, claim: Claim, verdict: Verdict) -> Difference | None:
    """Return how the witness of a verdict does otherwise in the simulator, None where it does not or there is none."""
    witness = None if isinstance(verdict, Vacuous) else verdict.witness
    if witness is None:
        return None
    asked = in_question(network, claim, witness.origin, witness.flow, witness.world)
    does_it = _violates(network, claim, witness)
    wanted = _is_contradicted_by_its_witness(claim, verdict)
    if does_it is wanted and (wanted or asked):
        return None
    said = "is not in question" if not asked and not does_it else f"{'contradicts' if does_it else 'obeys'} the claim"
    return Difference(Kind.WITNESS, f"it {said}, and the verdict is {type(verdict).__name__.casefold()}", witness)


def _is_contradicted_by_its_witness(claim: Claim, verdict: Verdict) -> bool:
    match verdict:
        case Refuted():
            return True
        case Unknown():
            return claim.verb is not Verb.SOMETIMES_REACHES
        case Proved() | Vacuous():
            return False


def difference_of_proof(
    network: Network, claim: Claim, verdict: Verdict, examples: Sequence[Witness]
) -> Difference | None:
    """Return which of the examples contradicts what is proved; their worlds are those that the proof speaks of."""
    if not isinstance(verdict, Proved) or claim.verb is Verb.SOMETIMES_REACHES:
        return None
    found = next((example for example in examples if _violates(network, claim, example)), None)
    return None if found is None else Difference(Kind.PROOF, "the simulator has it contradict the claim", found)


def _violates(network: Network, claim: Claim, witness: Witness) -> bool:
    return violates(network, claim, witness.origin, witness.flow, witness.world) is not None
