"""Whether a law holds of drawn networks: `make laws` asks about thousands of them, the tests about a few.

python -m tests.agreement.laws.obeying --networks 5000 [--seed N] [--verdicts N] [--only WORDS] [--state FILE]

With a state file a run that was stopped goes on where it was, which is after the last whole lot of networks.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.agreement.campaigns import LOT
from tests.agreement.laws.filtering import FILTERING
from tests.agreement.laws.law import Case, Changed, Law, broken_by_simulation, broken_by_verdict
from tests.agreement.laws.saying import SAYING
from tests.agreement.laws.writing import WRITING
from tests.agreement.test_agreement import situations
from vnetverify.facts import World
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Witness
from vnetverify.syntax.write import write
from vnetverify.testing.classes import classes_of
from vnetverify.testing.strategies import flows_of

LAWS = (*WRITING, *FILTERING, *SAYING)
_DRAWN, _CLASSES = 3, 5


@dataclass(frozen=True, slots=True)
class Examples:
    """Flows of sentences about one network: some drawn, and some of their classes; the same for the same sentence."""

    network: Network
    world: World
    data: st.DataObject
    known: dict[tuple[Claim, bool], list[Witness]] = field(default_factory=dict)

    def of(self, claim: Claim, in_every_world: bool) -> list[Witness]:
        """Return them in the world that was drawn, or in the documented one where not `in_every_world`."""
        key = (claim, in_every_world)
        if key not in self.known:
            world = self.world if in_every_world else World({}, self.world.addresses)
            drawn = [self.data.draw(flows_of(self.network, claim, world)) for _ in range(_DRAWN)]
            sampled = classes_of(self.network, claim, world).sampled(_CLASSES, 0)
            self.known[key] = [Witness(*one, world) for one in (*drawn, *sampled)]
        return self.known[key]


@dataclass(slots=True)
class Obeying:
    """Laws, and what came of them: on how many changes each was asked, and how those were broken that are.

    Networks are drawn in lots; `lots` of them are done.
    """

    laws: Sequence[Law]
    verdicts: int
    solver: Solver
    asked: Counter[str] = field(default_factory=Counter)
    broken: dict[str, str] = field(default_factory=dict)
    lots: int = 0

    def run(self, networks: int, campaign_seed: int, after_a_lot: Callable[[], object] = lambda: None) -> None:
        """Ask of as many drawn networks, those done before among them; verdicts of the first few changes by each law."""
        drawn = given(situation=situations(), number=st.integers(0, 2**16), data=st.data())(self._ask_all)
        run = settings(
            max_examples=LOT,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],
        )(drawn)
        while self.asked["networks"] < networks:
            seed(campaign_seed << 32 | self.lots)(run)()
            self.lots += 1
            after_a_lot()

    def _ask_all(self, situation: tuple[Network, Claim, World], number: int, data: st.DataObject) -> None:
        network, claim, world = situation
        self.asked["networks"] += 1
        examples = Examples(network, world, data)
        for law in self.laws:
            changed = law.change(Case(network, claim), Random(number)) if law.name not in self.broken else None
            if changed is not None:
                self._ask(law, changed, examples)

    def _ask(self, law: Law, changed: Changed, examples: Examples) -> None:
        self.asked[law.name] += 1
        how = broken_by_simulation(law, changed, examples.of(changed.before.claim, law.in_every_world))
        if how is None and self.asked[law.name] <= self.verdicts:
            self.asked[f"verdicts of {law.name}"] += 1
            how = broken_by_verdict(law, changed, self.solver)
        if how is not None:
            self.broken[law.name] = f"{changed.before.claim.text}: {how}\n{write(changed.before.network)}"


def laws_called(words: str) -> Sequence[Law]:
    return [law for law in LAWS if words in law.name]


@dataclass(frozen=True, slots=True)
class State:
    """A file that keeps what came of a campaign; `path` is None where nothing is to be kept."""

    path: Path | None
    campaign: str

    def resume(self, obeying: Obeying) -> None:
        if self.path is None or not self.path.exists():
            return
        kept = json.loads(self.path.read_text())
        if kept["campaign"] == self.campaign:
            obeying.asked, obeying.broken, obeying.lots = Counter(kept["asked"]), kept["broken"], kept["lots"]

    def keep(self, obeying: Obeying) -> None:
        if self.path is not None:
            kept = {"campaign": self.campaign, "asked": obeying.asked, "broken": obeying.broken, "lots": obeying.lots}
            self.path.write_text(json.dumps(kept))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--networks", type=int, default=5000, help="to be drawn; every law is asked of each")
    options.add_argument(
        "--verdicts", type=int, default=5000, help="of how many changes by each law verdicts are asked"
    )
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", metavar="WORDS", help="the laws whose name has these words")
    options.add_argument("--state", type=Path, help="where to keep what came of it")
    chosen = options.parse_args()
    solver, state = Solver(Limits()), State(chosen.state, f"{chosen.seed} {chosen.only}")
    obeying = Obeying(laws_called(chosen.only), chosen.verdicts, solver)
    state.resume(obeying)
    obeying.run(chosen.networks, chosen.seed, lambda: state.keep(obeying))
    solver.close()
    _tell(obeying)
    return 1 if obeying.broken else 0


def _tell(obeying: Obeying) -> None:
    print(f"{obeying.asked['networks']} networks")
    for law in obeying.laws:
        counts = f"{obeying.asked[law.name]} changes, {obeying.asked[f'verdicts of {law.name}']} verdicts"
        print(f"{'BROKEN' if law.name in obeying.broken else 'held'}: {law.name}: {counts}")
    for name, how in obeying.broken.items():
        print(f"\n{name}\n{how}")


if __name__ == "__main__":
    sys.exit(main())
