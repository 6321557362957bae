"""One sentence of an intent, from question to result: decided, confirmed, its witness replayed and explained."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from threading import Event
from typing import assert_never

from vnetverify.assurance import Contradicted, Demands, assured, subject_of
from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Certificate, Subject, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.vacuity import is_vacuous
from vnetverify.clock import Clock
from vnetverify.covering import decided_by_cover, is_large
from vnetverify.encoder.obligation import NoFlow
from vnetverify.executor import IN_PROCESS, Executor, Lost
from vnetverify.explanation.story import Story, tell
from vnetverify.facts import SettledFacts, World
from vnetverify.header import UDP, Flow, address_text
from vnetverify.model.arrivals import arriving_claim
from vnetverify.model.intents import Claim, Establishment, Place, Resolution, Statement, Verb
from vnetverify.model.network import Era, Network, Unmodelled
from vnetverify.model.published import published_tags_in
from vnetverify.model.removal import without_line
from vnetverify.model.resolvers import AZURE_RESOLVER
from vnetverify.prover.caveats import caveats_of
from vnetverify.prover.establish import decide_establishment
from vnetverify.prover.joined import together
from vnetverify.prover.names import Resolved, decide_resolution
from vnetverify.prover.parts import decide_in_parts
from vnetverify.prover.prove import Inquiry
from vnetverify.prover.reach import doubts, presumed_elsewhere, unsettled_by, within_reach
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import (
    Assurance,
    Host,
    Premise,
    Proved,
    Refuted,
    Unknown,
    Vacuous,
    Verdict,
    Witness,
    verdict_word,
)
from vnetverify.report.results import MOST_OMITTED, Answer, ClaimResult, Omission
from vnetverify.simulator.advertising import as_claimed
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.examples import example_of, first_spoken_of
from vnetverify.simulator.names import Lookup, may_resolve, resolves
from vnetverify.simulator.premises import is_spoken_of
from vnetverify.simulator.walk import Trace, trace

WIDE = 128
"""Places from which on a sentence is about many."""
_REFUTED_BY_ARRIVING = (Verb.NEVER_REACHES, Verb.ONLY_VIA)


class Disagreement(Exception):
    """The encoding and the simulator differ on a flow: a bug of ours, and no verdict."""

    def __init__(self, claim: Claim | Resolution, witness: Witness | None, what: str) -> None:
        self.claim = claim
        self.witness = witness
        if witness is None:
            super().__init__(f"`{claim.text}`: {what}")
            return
        facts = ", ".join(f"{name}={value}" for name, value in sorted(witness.world.facts.items()))
        super().__init__(
            f"`{claim.text}`: {what}: {witness.flow} from {witness.origin}, addresses {dict(witness.world.addresses)}, "
            f"where {facts or 'no fact is open'}"
        )


@dataclass(frozen=True, slots=True)
class Deciding:
    """What sentences are decided about, and how. With `why` each proof is asked what it is without each of its lines.

    Where `stopped` is set nobody waits for a sentence any more. `executor` does what several can do at a time.
    """

    network: Network
    assumed: Mapping[str, bool]
    documented: bool
    why: bool = False
    demands: Demands = field(default_factory=Demands)
    stopped: Event = field(default_factory=Event)
    executor: Executor = IN_PROCESS

    def recalled(self, claim: Claim, answer: Answer) -> ClaimResult | None:
        """Return the verdict on a claim that an earlier run gave as its answer, None where that does not hold now.

        Nothing in it is believed: certificates are judged and witnesses replayed, as if somebody had made them up.
        """
        begun = time.perf_counter()
        try:
            found = _Sentence(self, Solver(Limits())).recalled(claim, answer)  # the solver is not asked
        except Exception:  # whatever it trips over: what cannot be checked is not an answer
            return None
        return replace(found, seconds=time.perf_counter() - begun)

    def result(self, statement: Statement, solver: Solver) -> ClaimResult:
        """Return the verdict on a sentence, with what it took.

        Raises `Disagreement` when the simulator does not confirm a witness.
        """
        begun, spent = time.perf_counter(), solver.rlimit
        solver.allot()
        sentence = _Sentence(self, solver)
        with sentence.clock.phase("explain"):  # but for what is told apart within
            try:
                found = sentence.result(statement)
            except Lost as loss:
                found = ClaimResult(statement, Unknown(str(loss)))
        seconds = time.perf_counter() - begun
        return replace(found, seconds=seconds, rlimit=solver.rlimit - spent, phases=sentence.clock.seconds)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """One sentence on its way to a verdict."""

    deciding: Deciding
    solver: Solver
    clock: Clock = field(default_factory=Clock)
    certificates: list[tuple[Claim, Certificate]] = field(default_factory=list)

    @property
    def network(self) -> Network:
        return self.deciding.network

    @property
    def assumed(self) -> Mapping[str, bool]:
        return self.deciding.assumed

    def result(self, statement: Statement) -> ClaimResult:
        match statement:
            case Claim():
                return self._claim(statement)
            case Establishment():
                with self.clock.phase("check"):
                    return ClaimResult(statement, decide_establishment(self.network, statement))
            case Resolution():
                return self._resolution(statement)
            case _:
                assert_never(statement)

    def _resolution(self, statement: Resolution) -> ClaimResult:
        fixed = {fact.casefold(): value for fact, value in self.assumed.items()}
        proofs: list[Proved] = []

        def ask(claim: Claim, documented: bool) -> Verdict:
            answer = self._assured(claim, self._decided(Inquiry(self.network, claim, fixed, documented)))
            if isinstance(answer, Proved):
                proofs.append(answer)
            return answer

        found = decide_resolution(self.network, statement, ask, fixed, self.deciding.documented)
        verdict, story = self._resolution_replayed(found)
        if isinstance(verdict, Refuted) and found.example is not None:
            self._confirm(statement, verdict, found.example)
        if isinstance(verdict, Proved):
            weakest = min(proofs, key=lambda proof: proof.assurance.rank, default=None)
            level, by = (Assurance.INSPECTION, "") if weakest is None else (weakest.assurance, weakest.assured_by)
            verdict = replace(verdict, assurance=level, assured_by=by)
            if found.hosts:
                verdict = replace(verdict, premise=Premise(self._host_shown(statement, found.hosts)))
        return self._told_of_names(statement, found, verdict, story)

    def _resolution_replayed(self, found: Resolved) -> tuple[Verdict, Story | None]:
        """Return the verdict with what the simulator says of its packets, if it has any. Raises `Disagreement`."""
        if found.claim is None:
            return found.verdict, None
        said = found.verdict.why if isinstance(found.verdict, Refuted) else ""
        verdict, story = self._replayed(found.claim, self._in_its_world(found.claim, found.verdict))
        if isinstance(verdict, Refuted) and verdict.why != said:
            verdict = replace(verdict, why=f"{said}: {verdict.why}")
            story = None if story is None else replace(story, conclusion="")
        return verdict, story

    def _told_of_names(
        self, statement: Resolution, found: Resolved, verdict: Verdict, story: Story | None
    ) -> ClaimResult:
        """Return the result, `unknown` where something that is not modelled could change the verdict."""
        reach = found.vnets.union(*(within_reach(self.network, claim) for claim in found.asked))
        tags = () if isinstance(verdict, Vacuous) or not found.asked else published_tags_in(self.network, reach)
        unmodelled = (*self.network.unmodelled, *presumed_elsewhere(self.network, self.assumed))
        items = tuple(item for item in unmodelled if not item.vnets or reach & set(item.vnets))
        about_names = self.network.unmodelled_names
        items += tuple(item for item in about_names if not item.vnets or found.vnets & set(item.vnets))
        return ClaimResult(statement, _unless_unmodelled(verdict, items), story, service_tags=tags)

    def _confirm(self, statement: Resolution, verdict: Refuted, host: tuple[Place, int]) -> None:
        """Have the simulator look the name up from the host that fares otherwise. Raises `Disagreement`."""
        lookup = self._lookup(statement, host)
        if verdict.witness is not None:
            lookup = replace(lookup, world=verdict.witness.world, port=verdict.witness.flow.source_port)
        if not _contradicts(statement, lookup):
            raise self._differing(statement, lookup, verdict.witness)

    def _host_shown(self, statement: Resolution, hosts: tuple[tuple[Place, int], ...]) -> Host:
        """Return a host of which the simulator finds what is proved. Raises `Disagreement` when it is none of them.

        A server of one family is asked from an address of that family, so that not every address will do.
        """
        lookups = [self._lookup(statement, host) for host in hosts]
        shown = next((lookup for lookup in lookups if not _contradicts(statement, lookup)), None)
        if shown is None:
            raise self._differing(statement, lookups[0], None)
        return Host(shown.place, shown.address)

    def _lookup(self, statement: Resolution, host: tuple[Place, int]) -> Lookup:
        world = World(SettledFacts(self.assumed))
        return Lookup(self.network, world, statement.name, statement.addresses, *host)

    def _differing(self, statement: Resolution, lookup: Lookup, witness: Witness | None) -> Disagreement:
        flow = Flow(UDP, lookup.address, lookup.port, AZURE_RESOLVER, 53)
        finds = "no answer" if statement.never is not _contradicts(statement, lookup) else "the answer"
        what = f"the simulator finds {finds} from {address_text(lookup.address)}"
        return Disagreement(statement, witness or Witness(lookup.place, flow, lookup.world), what)

    def _claim(self, claim: Claim) -> ClaimResult:
        fixed = {fact.casefold(): value for fact, value in self.assumed.items()}
        verdict, story = self._answered(claim, fixed)
        arriving = arriving_claim(self.network, claim)
        if arriving is not None and not isinstance(verdict, Refuted):
            arrived, told = self._answered(arriving, fixed)
            verdict = together(verdict, arrived)
            story = told if verdict is arrived else story
        answer = self._answer(verdict, arriving)
        result = self._told_of(claim, verdict, story)
        verdict = result.verdict
        why = self.deciding.why
        omissions = tuple(self._omissions(claim, verdict)) if why and isinstance(verdict, Proved) else ()
        return replace(result, omissions=omissions, answer=answer)

    def _told_of(self, claim: Claim, verdict: Verdict, story: Story | None) -> ClaimResult:
        """Return the result of a claim, `unknown` where something that is not modelled could change its verdict."""
        tags = self._published(claim, verdict)
        return ClaimResult(claim, self._qualified(claim, verdict), story, service_tags=tags)

    def _answer(self, verdict: Verdict, arriving: Claim | None) -> Answer | None:
        """Return what a later run can check by itself: a proof that is certified whole, a flow that contradicts."""
        match verdict:
            case Proved(documented=False, assurance=Assurance.CERTIFICATE):
                certified = [(about == arriving, certificate) for about, certificate in self.certificates]
                whole = [False] if arriving is None else [False, True]
                return Answer(verdict, tuple(certified)) if [flag for flag, _ in certified] == whole else None
            case Refuted(documented=False, witness=Witness()):
                return Answer(verdict)
            case _:
                return None

    def recalled(self, claim: Claim, answer: Answer) -> ClaimResult:
        """Return the result that an answer gives once it is checked. Raises `Refused` or `Disagreement`."""
        arriving = arriving_claim(self.network, claim)
        claims = (claim,) if arriving is None else (claim, arriving)
        verdict = self._in_its_world(claim, answer.verdict)
        match verdict:
            case Proved(documented=False, leaned_on=(), assurance=Assurance.CERTIFICATE):
                self._judge_all(claims, verdict, answer)
                if is_vacuous(self.network, claim, SettledFacts(self.assumed)):
                    raise Refused("no flow is seen that the claim says anything of")
                verdict, story = self._replayed(claim, verdict)
            case Refuted(documented=False, leaned_on=(), witness=Witness() as shown):
                seen = (violates(self.network, each, shown.origin, shown.flow, shown.world) for each in claims)
                about = next((each for each, found in zip(claims, seen, strict=True) if found is not None), claim)
                verdict, story = self._replayed(about, verdict)
            case _:
                raise Refused("it is not an answer that can be checked")
        return self._told_of(claim, verdict, story)

    def _judge_all(self, claims: tuple[Claim, ...], proof: Proved, answer: Answer) -> None:
        """Return where a certificate shows each of `claims`, and there is no other. Raises `Refused`."""
        if [flag for flag, _ in answer.certificates] != [False, True][: len(claims)]:
            raise Refused("a certificate is missing")
        for about, (_, certificate) in zip(claims, answer.certificates, strict=True):
            if sum(map(len, certificate.values())) > self.deciding.demands.nodes_for(about):
                raise Refused("the certificate is larger than is allowed")
            judge(subject_of(self.network, about, proof, self.assumed), certificate, self.deciding.executor)

    def _omissions(self, claim: Claim, proof: Proved) -> Iterator[Omission]:
        """Yield what becomes of the claim without each of the first lines that the proof rests on."""
        for ground in proof.grounds[:MOST_OMITTED]:
            if self.deciding.stopped.is_set():
                raise CancelledError
            network = None if ground.span is None else without_line(self.network, ground.span)
            if network is None:
                yield Omission(ground, None)
            else:
                without = replace(self, deciding=replace(self.deciding, network=network, why=False))
                yield Omission(ground, without._claim(claim).verdict)

    def _answered(self, claim: Claim, fixed: Mapping[str, bool]) -> tuple[Verdict, Story | None]:
        """Return the verdict on a claim as it stands, replayed. Raises `Disagreement`."""
        covered = self._covered(claim, fixed)
        if isinstance(covered, NoCover):
            verdict = self._decided(Inquiry(self.network, claim, fixed, self.deciding.documented))
            verdict = self._assured(claim, self._in_its_world(claim, verdict), covered)
        else:
            verdict = covered
        with self.clock.phase("replay"):
            return self._replayed(claim, verdict)

    def _covered(self, claim: Claim, fixed: Mapping[str, bool]) -> Proved | Refuted | NoCover:
        """Return the verdict on a claim about a large network without the solver, or why there is none.

        Raises `Disagreement`.
        """
        if not is_large(self.network):
            return NoCover("the network is small")
        with self.clock.phase("assure"):
            found = decided_by_cover(
                self.network, claim, self.assumed, self.deciding.demands.nodes_for(claim), self.deciding.executor
            )
        if isinstance(found, Contradicted):
            raise Disagreement(claim, found.witness, found.what)
        if isinstance(found, Refuted | NoCover):
            return found
        proof, certificate = found
        self._keep(Subject(self.network, claim, SettledFacts({})), certificate)
        return replace(proof, caveats=caveats_of(self.network, claim, fixed, self.solver))

    def _decided(self, inquiry: Inquiry) -> Verdict:
        """Return the verdict that the solver's answers give. Raises `Disagreement` where they make no sense."""
        solved = self.solver.seconds
        try:
            with self.clock.phase("encode"):
                return decide_in_parts(inquiry, self.solver, self.deciding.executor)
        except NoFlow:
            raise Disagreement(inquiry.claim, None, "the solver answers with what is not a flow at all") from None
        finally:
            self.clock.move(self.solver.seconds - solved, "encode", "solve")

    def _assured(self, claim: Claim, verdict: Verdict, tried: NoCover | None = None) -> Verdict:
        """Return a proof with what assures it, or what it is where that is not enough. Raises `Disagreement`."""
        if not isinstance(verdict, Proved) or self.deciding.stopped.is_set():
            return verdict
        with self.clock.phase("assure"):
            too_large = tried if tried is not None and tried.is_too_large else None
            demands = replace(self.deciding.demands, keep=self._keep)
            found = assured(self.network, claim, verdict, self.assumed, demands, too_large, self.deciding.executor)
        if isinstance(found, Contradicted):
            raise Disagreement(claim, found.witness, found.what)
        return found

    def _keep(self, subject: Subject, certificate: Certificate) -> None:
        self.certificates.append((subject.claim, certificate))
        if self.deciding.demands.keep is not None:
            self.deciding.demands.keep(subject, certificate)

    def _published(self, claim: Claim, verdict: Verdict) -> tuple[str, ...]:
        """Return the tags from the provider's list that decide on some way that the claim may speak of (F-TAG-20)."""
        if self.network.published_tags is None or isinstance(verdict, Vacuous):
            return ()
        return published_tags_in(self.network, within_reach(self.network, claim))

    def _in_its_world(self, claim: Claim, verdict: Verdict) -> Verdict:
        """Return `verdict` with a witness whose world says what was assumed: the solver was never asked about that.

        It also says of every connection that a claim leaves open what is announced there, be it nothing.
        """
        if isinstance(verdict, Proved) and verdict.premise is not None and isinstance(verdict.premise.example, Witness):
            example = self._with_assumed(claim, verdict.premise.example)
            verdict = replace(verdict, premise=replace(verdict.premise, example=example))
        if isinstance(verdict, Vacuous) or verdict.witness is None:
            return verdict
        return replace(verdict, witness=self._with_assumed(claim, verdict.witness))

    def _with_assumed(self, claim: Claim, witness: Witness) -> Witness:
        world = as_claimed(self.network, claim.advertising, witness.world)
        if self.assumed:
            world = replace(world, facts=SettledFacts({**world.facts, **self.assumed}))
        return replace(witness, world=world)

    def _replayed(self, claim: Claim, verdict: Verdict) -> tuple[Verdict, Story | None]:
        """Return the verdict with what the simulator says of its witness. Raises `Disagreement`."""
        if isinstance(verdict, Proved) and verdict.premise is not None:
            verdict = replace(verdict, premise=self._confirmed(claim, verdict.premise))
        witness = None if isinstance(verdict, Vacuous) else verdict.witness
        if witness is None:
            return verdict, self._example(claim) if isinstance(verdict, Proved) else None
        found = violates(self.network, claim, witness.origin, witness.flow, witness.world)
        billed_in = self.network.era if claim.verb is Verb.CROSSES_AT_MOST else None
        if claim.verb is Verb.SOMETIMES_REACHES:
            if found is not None or not in_question(self.network, claim, witness.origin, witness.flow, witness.world):
                raise Disagreement(claim, witness, "the simulator does not see the flow get there and back")
            way = trace(self.network, witness.origin, witness.flow, witness.world, claim.failures)
            return verdict, self._told(witness, (way,))
        if found is None:
            raise Disagreement(claim, witness, "the simulator does not see the flow contradict the claim")
        if isinstance(verdict, Refuted):
            verdict = replace(verdict, why=found.why)
        return verdict, self._told(witness, found.traces, found.why, billed_in)

    def _told(self, witness: Witness, ways: tuple[Trace, ...], end: str = "", billed_in: Era | None = None) -> Story:
        with self.clock.phase("explain"):
            return tell(witness.origin, witness.flow, ways, end, billed_in)

    def _confirmed(self, claim: Claim, premise: Premise) -> Premise:
        """Return the premise with a plainer flow where there is one. Raises `Disagreement` when its own is none."""
        example, world = premise.example, World(SettledFacts(self.assumed))
        if isinstance(example, Host):
            return premise
        if not is_spoken_of(self.network, claim, example.origin, example.flow, example.world):
            raise Disagreement(claim, example, "the simulator does not see that the claim speaks of the flow")
        plain = None if claim.verb is Verb.SOMETIMES_REACHES else first_spoken_of(self.network, claim, world)
        return premise if plain is None else replace(premise, example=Witness(*plain, world))

    def _example(self, claim: Claim) -> Story | None:
        """Return the story of a flow that a proof about routes speaks of: the route that wins, and what it beats."""
        with self.clock.phase("explain"):
            found = example_of(self.network, claim, World(SettledFacts(self.assumed)))
            return None if found is None else tell(found[0], found[1], (found[2],))

    def _qualified(self, claim: Claim, verdict: Verdict) -> Verdict:
        """Return `unknown` in place of an answer that something not modelled could change.

        A flow that gets from one place of a vnet to another without leaving it contradicts absence whatever is outside.
        """
        items = doubts(self.network, claim, self.assumed)
        if isinstance(verdict, Refuted) and verdict.witness is not None and claim.verb in _REFUTED_BY_ARRIVING:
            items = unsettled_by(self.network, verdict.witness, items, self.assumed)
        items = (*items, *presumed_elsewhere(self.network, self.assumed))
        return _unless_unmodelled(verdict, items)


def is_wide(network: Network, statement: Statement) -> bool:
    """Hold when a sentence about a large network is about so many places that several may share out its parts."""
    if not isinstance(statement, Claim):
        return False
    lefts = dict.fromkeys(left for left, _ in statement.pairs)
    return sum(len(left.parts) for left in lefts) >= WIDE and is_large(network)


def _contradicts(statement: Resolution, lookup: Lookup) -> bool:
    """Tell whether the simulator's look-up comes out otherwise than a sentence about names says."""
    return may_resolve(lookup) if statement.never else not resolves(lookup)


def _unless_unmodelled(verdict: Verdict, items: tuple[Unmodelled, ...]) -> Verdict:
    """Return `unknown` in place of an answer that the `items` not modelled could change; what is open besides them is
    no answer as documented."""
    if not items or (isinstance(verdict, Unknown) and not verdict.open_facts):
        return verdict
    if isinstance(verdict, Unknown):
        return replace(verdict, as_documented=None, unmodelled=items)
    word = verdict_word(verdict)
    witness = None if isinstance(verdict, Vacuous) else verdict.witness
    return Unknown(f"{word}, were it not for what is not modelled", (), None, witness, items)
