"""What Z3, whichever is installed, says of the specs and of drawn networks.

    python -m tests.versions.verdicts NETWORKS SEED

prints the version of Z3, then a line of JSON for each sentence: what it is, and its verdict in words.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.agreement.campaigns import LOT
from tests.agreement.test_agreement import situations
from vnetverify.facts import World
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.pipeline import Options, load, prove
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Unknown, Verdict, verdict_word

ROOT = Path(__file__).resolve().parents[2]
TEXTS = sorted((ROOT / "specs").glob("**/*.vnet"))

UNDECIDED = "undecided"

Said = tuple[str, str]


def told(verdict: Verdict) -> str:
    """Return the word of a verdict, of what depends on open facts how it depends; `UNDECIDED` where Z3 gave up."""
    if not isinstance(verdict, Unknown):
        return verdict_word(verdict)
    return verdict.why if verdict.open_facts or verdict.unmodelled else UNDECIDED


def of_specs() -> Iterator[Said]:
    """Yield the sentences of each text that Azure would not refuse."""
    for path in TEXTS:
        loaded = load([str(path)], [])
        for intent in () if "refused" in path.parts else prove(loaded, Options()).results:
            for number, result in enumerate(intent.results):
                yield f"{path.relative_to(ROOT)} {intent.intent.name} {number}", told(result.verdict)


def of_networks(networks: int, campaign_seed: int) -> list[Said]:
    """Return what is said of as many drawn networks or a few more, the same ones for the same seed."""
    said: list[Said] = []
    solver = Solver(Limits())

    def ask(situation: tuple[Network, Claim, World], documented: bool) -> None:
        network, claim, _ = situation
        verdict = decide(Inquiry(network, claim, {}, documented), solver)
        said.append((f"network {len(said)} of seed {campaign_seed}: {claim.text}", told(verdict)))

    run = settings(
        max_examples=LOT, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
    )(given(situation=situations(), documented=st.booleans())(ask))
    lot = 0
    while len(said) < networks:
        seed(campaign_seed << 32 | lot)(run)()
        lot += 1
    solver.close()
    return said


def main() -> None:
    import z3  # of this process alone, to tell which it is: what solves is a process of its own

    networks, campaign_seed = map(int, sys.argv[1:])
    sys.stdout.write(z3.get_version_string() + "\n")
    for said in (*of_specs(), *of_networks(networks, campaign_seed)):
        sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
