"""One lot of a long campaign: a few drawn networks with everything that both engines can be compared on.

    python -m tests.agreement.lots SEED FIRST LAST

prints one line of JSON: counts, the ledger of what was covered, and each difference as the text of a small network.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.agreement.campaigns import LOT
from tests.agreement.test_agreement import situations
from vnetverify.facts import SettledFacts, World
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Limits
from vnetverify.prover.verdict import Proved, Verdict, Witness, verdict_word
from vnetverify.simulator.claims import in_question
from vnetverify.simulator.walk import converse
from vnetverify.syntax.write import write
from vnetverify.testing.agreement import Encoded, opened
from vnetverify.testing.certifying import Certified, NotCertified, certified
from vnetverify.testing.classes import classes_of
from vnetverify.testing.counting import CountingSolver
from vnetverify.testing.fuzzing import Found, Fuzzing, smaller
from vnetverify.testing.ledger import Ledger, Noted
from vnetverify.testing.reproducer import reproducer
from vnetverify.testing.strategies import flows, flows_of
from vnetverify.testing.trial import (
    Difference,
    difference_of_proof,
    difference_of_witness,
    difference_on,
    differences_of_models,
)

DRAWN_FLOWS, CLASSES, FLOWS_AGAINST_PROOFS, WALKS = 4, 8, 40, 12
NODES = 3000  # of a certificate: most need far fewer, and what needs more is counted as none


@dataclass(slots=True)
class Lot:
    """What came of some networks."""

    counts: Counter[str] = field(default_factory=Counter)
    ledger: Ledger = field(default_factory=Ledger)
    differences: list[dict[str, str]] = field(default_factory=list)


def run_lots(campaign_seed: int, first: int, last: int, *, shrinking_seconds: float = 60.0) -> Lot:
    """Return what came of the lots from `first` to before `last`; the same seed draws the same.

    A network that shows a difference is made smaller for as long as `shrinking_seconds`.
    """
    lot = Lot()
    solver = CountingSolver(Limits())

    def compare(situation: tuple[Network, Claim, World], documented: bool, data: st.DataObject) -> None:
        network, claim, world = situation
        lot.counts["networks"] += 1
        try:
            noted = lot.ledger.note_network(network)
            _walk(noted, network, world, data)
            found = _compared(lot, noted, network, claim, world, documented, data, solver)
            if found is not None:
                lot.differences.append(_told(network, found, solver, shrinking_seconds))
        except (LookupError, ValueError, AssertionError, AttributeError, TypeError) as crash:
            told = f"{type(crash).__name__}: {crash}\n{traceback.format_exc()[-2000:]}"
            lot.differences.append({"kind": "crash", "what": told, "text": write(network)})

    run = settings(
        max_examples=LOT, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
    )(given(situation=situations(), documented=st.booleans(), data=st.data())(compare))
    try:
        for number in range(first, last):
            seed(campaign_seed << 32 | number)(run)()
    finally:
        solver.close()
    lot.counts.update(questions=solver.asked, undecided=solver.undecided)
    return lot


def _walk(noted: Noted, network: Network, world: World, data: st.DataObject) -> None:
    """Follow flows in the simulator alone, for the ledger."""
    for _ in range(WALKS):
        origin, flow = data.draw(flows(network, world))
        noted.note_flow(flow, converse(network, origin, flow, world))


def _compared(
    lot: Lot,
    noted: Noted,
    network: Network,
    claim: Claim,
    world: World,
    documented: bool,
    data: st.DataObject,
    solver: CountingSolver,
) -> Found | None:
    """Return the first difference on the claim, None where there is none."""
    verdict = decide(Inquiry(network, claim, {}, documented), solver)
    word = verdict_word(verdict)
    noted.note_claim(claim.verb, word)
    lot.counts.update(("claims", word, f"{claim.verb.value}: {word}"))
    spoken_of = World({}, world.addresses) if documented else world
    classes = classes_of(network, claim, world)
    against = [Witness(*one, spoken_of) for one in classes.sampled(FLOWS_AGAINST_PROOFS, 0)]
    differences = [
        difference_of_witness(network, claim, verdict),
        difference_of_proof(network, claim, verdict, against),
    ]
    lot.counts.update(witnesses=getattr(verdict, "witness", None) is not None)
    lot.counts["flows against proofs"] += len(against) if isinstance(verdict, Proved) else 0
    encoded = opened(network, claim, solver)
    lot.counts["classes"] += classes.count
    chosen = [Witness(*data.draw(flows_of(network, claim, world)), world) for _ in range(DRAWN_FLOWS)]
    chosen += [Witness(*one, world) for one in classes.sampled(CLASSES, 0)]
    differences += [_on_flow(lot, encoded, example, solver) for example in chosen]
    differences += list(differences_of_models(encoded, solver))
    lot.counts["models"] += 2 * len(encoded.obligations)
    differences.append(_on_certificate(lot, network, claim, verdict))
    found = next((one for one in differences if one is not None), None)
    return None if found is None else Found(claim, found)


def _on_certificate(lot: Lot, network: Network, claim: Claim, verdict: Verdict) -> Difference | None:
    """Make and check a certificate of a proof; a refutation has none."""
    result = certified(network, claim, verdict, SettledFacts({}), NODES)
    match result:
        case Certified(nodes):
            lot.counts.update({"certificates": 1, "nodes of certificates": nodes})
        case NotCertified(why):
            if isinstance(verdict, Proved):
                lot.counts.update(("proved without a certificate", f"no certificate: {why.rpartition(': ')[2]}"))
        case Difference():
            return result
    return None


def _on_flow(lot: Lot, encoded: Encoded, example: Witness, solver: CountingSolver) -> Difference | None:
    undecided = solver.undecided
    difference = difference_on(encoded, example)
    lot.counts["flows"] += 1
    asked = in_question(encoded.network, encoded.claim, example.origin, example.flow, example.world)
    lot.counts["flows in question"] += asked
    return None if solver.undecided > undecided else difference


def _told(network: Network, found: Found, solver: CountingSolver, seconds: float) -> dict[str, str]:
    """Return a difference with the text of a network that is small and shows it."""
    end = time.monotonic() + seconds
    small, difference = smaller(found, Fuzzing(network, (found.claim,), {}, solver), lambda: time.monotonic() > end)
    text = reproducer(small, found.claim, difference)
    return {"kind": difference.kind.name, "what": str(difference), "text": text}


def as_json(lot: Lot) -> dict[str, Any]:
    return {"counts": dict(lot.counts), "ledger": lot.ledger.as_json(), "differences": lot.differences}


if __name__ == "__main__":
    campaign, *bounds = map(int, sys.argv[1:])
    sys.stdout.write(json.dumps(as_json(run_lots(campaign, *bounds))) + "\n")
