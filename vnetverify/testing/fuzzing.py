"""A network and its claims, asked of both engines in more and more worlds, for as long as somebody likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice
from random import Random

from vnetverify.facts import SettledFacts
from vnetverify.model.arrivals import arriving_claim
from vnetverify.model.intents import Claim, Statement
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.verdict import Vacuous, Verdict, Witness, verdict_word
from vnetverify.simulator.advertising import as_claimed
from vnetverify.testing.agreement import Encoded, opened
from vnetverify.testing.certifying import Certified, certified
from vnetverify.testing.classes import Classes, classes_of
from vnetverify.testing.counting import CountingSolver
from vnetverify.testing.shrinking import shrunk
from vnetverify.testing.trial import (
    Difference,
    difference_of_proof,
    difference_of_witness,
    difference_on,
    differences_of_models,
)
from vnetverify.testing.worlds import seeded_world

FLOWS_AT_ONCE = 24
_NODES = 200_000  # of a certificate


@dataclass(slots=True)
class Tally:
    """What was compared so far. `left_out` are sentences that one engine alone decides."""

    claims: int = 0
    left_out: int = 0
    flows: int = 0
    worlds: int = 0
    classes: int = 0
    of_classes: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    certificates: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A difference, and what it was found on."""

    claim: Claim
    difference: Difference


@dataclass(slots=True)
class _Asked:
    """A claim with what was decided of it and the classes that were not tried yet in this round of worlds."""

    claim: Claim
    classes: Classes
    untried: Iterator[int]
    verdict: Verdict | None = None
    tried: set[int] = field(default_factory=set)


def claims_in(network: Network, statements: Sequence[Statement]) -> tuple[tuple[Claim, ...], int]:
    """Return the claims that both engines decide, those about what arrives too, and how many sentences are none."""
    said = [statement for statement in statements if isinstance(statement, Claim)]
    arriving = [claim for claim in (arriving_claim(network, claim) for claim in said) if claim is not None]
    of_somebody = (claim for claim in arriving if any(left and right for left, right in claim.pairs))
    return (*said, *of_somebody), len(statements) - len(said)


@dataclass(slots=True)
class Fuzzing:
    """Claims of a network, with what its text assumes; `seed` decides which flows and worlds are tried."""

    network: Network
    claims: Sequence[Claim]
    assumed: Mapping[str, bool]
    solver: CountingSolver
    seed: int = 0
    tally: Tally = field(default_factory=Tally)

    def run(self) -> Iterator[Found | None]:
        """Yield after each piece of work what was found different, or None; it has no end where there are claims."""
        asked = []
        self.tally.claims = len(self.claims)
        for number, claim in enumerate(self.claims):
            classes = classes_of(self.network, claim, seeded_world(self.network, claim, 0, self._settled))
            self.tally.of_classes += classes.count
            asked.append(_Asked(claim, classes, classes.in_turn(self.seed + number)))
        for one in asked:
            yield from self._verdict(one)
        for number in count():
            if not asked:
                return
            self.tally.worlds += 1
            for one in asked:
                yield from self._flows(one, number)

    @property
    def _settled(self) -> SettledFacts:
        return SettledFacts(self.assumed)

    def _verdict(self, asked: _Asked) -> Iterator[Found | None]:
        asked.verdict = self._decided(asked.claim)
        self.tally.verdicts[verdict_word(asked.verdict)] += 1
        yield None
        yield from (Found(asked.claim, one) for one in self._differences_of(asked.claim, asked.verdict, ()))
        result = certified(self.network, asked.claim, asked.verdict, self._settled, _NODES)
        self.tally.certificates += isinstance(result, Certified)
        yield Found(asked.claim, result) if isinstance(result, Difference) else None

    def differences_of_verdict(self, claim: Claim, examples: Sequence[Witness]) -> Iterator[Difference]:
        """Decide the claim, and yield what the simulator says against the verdict and what the solver makes of it."""
        return self._differences_of(claim, self._decided(claim), examples)

    def _differences_of(self, claim: Claim, verdict: Verdict, examples: Sequence[Witness]) -> Iterator[Difference]:
        for one in (
            difference_of_witness(self.network, claim, self._in_its_world(claim, verdict)),
            difference_of_proof(self.network, claim, verdict, examples),
        ):
            yield from () if one is None else (one,)
        yield from differences_of_models(opened(self.network, claim, self.solver), self.solver)

    def _decided(self, claim: Claim) -> Verdict:
        fixed = {fact.casefold(): value for fact, value in self.assumed.items()}
        return decide(Inquiry(self.network, claim, fixed, False), self.solver)

    def _in_its_world(self, claim: Claim, verdict: Verdict) -> Verdict:
        """Return the verdict with a witness whose world says what is assumed, which the solver was not asked about."""
        if isinstance(verdict, Vacuous) or verdict.witness is None:
            return verdict
        world = as_claimed(self.network, claim.advertising, verdict.witness.world)
        world = replace(world, facts=SettledFacts({**world.facts, **self.assumed}))
        return replace(verdict, witness=replace(verdict.witness, world=world))

    def _flows(self, asked: _Asked, number: int) -> Iterator[Found | None]:
        """Ask both engines about flows of the next classes in one world, and of a proof whether they contradict it."""
        seed = 0 if number == 0 else self.seed * 65536 + number
        world = seeded_world(self.network, asked.claim, seed, self._settled)
        encoded = opened(self.network, asked.claim, self.solver)
        random = Random(seed)
        # What a world chooses of public addresses bounds other classes, which it numbers alike if it has as many.
        classes = classes_of(self.network, asked.claim, world)
        classes = classes if classes.count == asked.classes.count else asked.classes
        for position in self._next_classes(asked, seed):
            example = Witness(*classes.flow(position, random), world)
            yield self._compared(encoded, asked, example)

    def _next_classes(self, asked: _Asked, seed: int) -> list[int]:
        """Return the numbers of classes to try now; once each was, all of them begin again in another order."""
        chosen = list(islice(asked.untried, FLOWS_AT_ONCE))
        if len(chosen) < FLOWS_AT_ONCE:
            asked.untried = asked.classes.in_turn(seed)
            chosen += islice(asked.untried, FLOWS_AT_ONCE - len(chosen))
        new = set(chosen) - asked.tried
        asked.tried |= new
        self.tally.classes += len(new)
        return chosen

    def _compared(self, encoded: Encoded, asked: _Asked, example: Witness) -> Found | None:
        undecided = self.solver.undecided
        difference = difference_on(encoded, example)
        self.tally.flows += 1
        if self.solver.undecided > undecided:
            difference = None  # the solver did not say; what it leaves open counts as possible
        if difference is None and asked.verdict is not None:
            difference = difference_of_proof(self.network, asked.claim, asked.verdict, (example,))
        return None if difference is None else Found(asked.claim, difference)


def smaller(found: Found, fuzzing: Fuzzing, is_late: Callable[[], bool]) -> tuple[Network, Difference]:
    """Return a network without what the difference does not need, and how the engines differ there."""
    here = next(_differences(fuzzing.network, found, fuzzing), None)
    if here is None:  # it came of a world or a model that is not met again at once
        return fuzzing.network, found.difference

    def is_there(network: Network) -> bool:
        try:
            return any(one.kind is here.kind for one in _differences(network, found, fuzzing))
        except (LookupError, ValueError, AttributeError, RuntimeError):
            return False  # what was left out is needed to ask at all

    network = shrunk(fuzzing.network, found.claim, is_there, is_late)
    return network, next(_differences(network, found, fuzzing), here)


def _differences(network: Network, found: Found, fuzzing: Fuzzing) -> Iterator[Difference]:
    """Yield the differences on the claim in `network`: on the very flow, then by its verdict and by models."""
    claim, example = found.claim, found.difference.example
    if example is not None:
        on_flow = difference_on(opened(network, claim, fuzzing.solver), example)
        yield from () if on_flow is None else (on_flow,)
    trial = replace(fuzzing, network=network, claims=(claim,), tally=Tally())
    yield from trial.differences_of_verdict(claim, () if example is None else (example,))
