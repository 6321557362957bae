"""From a claim to a verdict: ask what contradicts it, and what the answer rests on. Witnesses are not replayed here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.claims import encode
from vnetverify.encoder.facts import Detail
from vnetverify.encoder.obligation import Obligation
from vnetverify.encoder.terms import Term
from vnetverify.facts import Uncertainty, World
from vnetverify.header import Family
from vnetverify.model.intents import ABOUT_WAYS, OF_ABSENCE, Claim, Verb
from vnetverify.model.network import Network
from vnetverify.model.planes import claim_in, families_of, plane
from vnetverify.prover.caveats import caveats_of
from vnetverify.prover.evidence.confirming import Question
from vnetverify.prover.joined import joined_proof, unsettled
from vnetverify.prover.premise import premise_of
from vnetverify.prover.questions import (
    Finding,
    FlowAlways,
    FlowSometimes,
    NoFlowAsDocumented,
    NoFlowEver,
    Questions,
    smaller_core,
)
from vnetverify.prover.relays import Relay, find_relay, gets_through, planes_of
from vnetverify.prover.solver import Satisfiable, Solver, Undecided, Unsatisfiable
from vnetverify.prover.verdict import Ground, Premise, Proved, Refuted, Unknown, Vacuous, Verdict, Witness

_LITTLE_WORK = 1_000_000  # by Z3's count: well below a second

_FINE_LINES = 1500
"""Networks with more lines than this get a proof's grounds by list, not by line."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A claim about a network, with what is taken for granted."""

    network: Network
    claim: Claim
    fixed: Mapping[str, bool]
    documented: bool


@dataclass(frozen=True, slots=True)
class Uncontradicted:
    """No flow of one family contradicts the claim, given `facts`; what that rests on has not been asked yet.

    `example` is a flow in question.
    """

    inquiry: Inquiry
    obligation: Obligation
    facts: tuple[Uncertainty, ...]
    example: Witness


def decide(inquiry: Inquiry, solver: Solver) -> Verdict:
    """Return the verdict on a claim, which speaks of each family that some pair has addresses of on both sides.

    Witnesses in it are candidates: nobody has replayed them yet.
    """
    spent = solver.rlimit
    families = families_of(inquiry.claim)
    if not families:
        return Vacuous(_empty_part(inquiry.claim))
    settles = Proved if inquiry.claim.verb is Verb.SOMETIMES_REACHES else Refuted
    answers: list[tuple[Family, Verdict | Uncontradicted]] = []
    for family in families:
        network, claim = plane(inquiry.network, family), claim_in(inquiry.claim, family)
        answer = _decided(replace(inquiry, network=network, claim=claim), solver)
        if isinstance(answer, settles):
            return _speaking(inquiry, answer)
        answers.append((family, answer))
    verdicts = [(family, answer) for family, answer in answers if not isinstance(answer, Uncontradicted)]
    uncontradicted = [answer for _, answer in answers if isinstance(answer, Uncontradicted)]
    if not uncontradicted or any(isinstance(verdict, Unknown) for _, verdict in verdicts):
        return unsettled(verdicts, inquiry.claim.verb is Verb.SOMETIMES_REACHES)
    verdict = _proof(inquiry, uncontradicted, solver)
    if isinstance(verdict, Proved):
        verdict = replace(verdict, by_routing=_by_routing(inquiry, verdict, solver, solver.rlimit - spent))
    return _speaking(inquiry, verdict)


def _speaking(inquiry: Inquiry, verdict: Verdict) -> Verdict:
    """Return `verdict`, a proof with all that it speaks of in both families."""
    if not isinstance(verdict, Proved) or verdict.premise is None:
        return verdict
    return replace(verdict, premise=premise_of(inquiry.network, inquiry.claim, verdict.premise.example))


def _decided(inquiry: Inquiry, solver: Solver) -> Verdict | Uncontradicted:
    """Return the verdict on a claim of one family."""
    claim = inquiry.claim
    unpeered = _unpeered(inquiry.network, claim)
    if unpeered is not None:
        return Vacuous(f"`{unpeered}` has no usable peering with `{claim.via[0]}`")
    obligation = encode(inquiry.network, claim, inquiry.fixed)
    solver.open(obligation)
    questions = Questions(solver, obligation, inquiry.documented)
    asked = questions.example([obligation.in_question])
    if isinstance(asked, Undecided):
        return Unknown(asked.why)
    if asked is None:
        if len(claim.apart) == 1:
            return Vacuous("no flow is in question: the sentence is about two members of a set that has one")
        return Vacuous("no flow is in question: nothing goes from one side to the other")
    example = _witness(obligation, asked)
    if claim.verb is Verb.SOMETIMES_REACHES:
        works = [obligation.in_question, f"-{obligation.violation}"]
        finding = questions.find(works, [obligation.violation])
        return _verdict_on_wish(inquiry, solver, obligation, finding)
    finding = questions.find([obligation.violation], [f"-{obligation.violation}"])
    return _verdict_on_rule(inquiry, solver, obligation, finding, example)


def _verdict_on_rule(
    inquiry: Inquiry, solver: Solver, obligation: Obligation, finding: Finding, example: Witness
) -> Verdict | Uncontradicted:
    """Return what a finding about flows that contradict says of the claim."""
    match finding:
        case Undecided(why):
            return Unknown(why)
        case NoFlowEver():
            return _of_something(Uncontradicted(inquiry, obligation, (), example), solver)
        case NoFlowAsDocumented(facts, model):
            if inquiry.documented:
                return _of_something(Uncontradicted(inquiry, obligation, facts, example), solver)
            return _open("proved", facts, _witness(obligation, model))
        case FlowAlways(model, facts):
            return Refuted(_witness(obligation, model), "", bool(facts), facts)
        case FlowSometimes(model, facts):
            return _open("refuted", facts, _witness(obligation, model))
        case unreachable:
            assert_never(unreachable)


def _verdict_on_wish(inquiry: Inquiry, solver: Solver, obligation: Obligation, finding: Finding) -> Verdict:
    """Return what a finding about flows that do as asked says of `sometimes reaches`."""
    works = [obligation.in_question, f"-{obligation.violation}"]
    match finding:
        case Undecided(why):
            return Unknown(why)
        case NoFlowEver():
            return Refuted(
                None,
                "no such flow gets there and back in any world",
                grounds=_basis(inquiry, solver, works, ()).grounds,
            )
        case NoFlowAsDocumented(facts, model):
            if inquiry.documented:
                return Refuted(None, "no such flow gets there and back", True, facts)
            return _open("refuted", facts, _witness(obligation, model))
        case FlowAlways(model, facts):
            witness = _witness(obligation, model)
            return Proved((), False, bool(facts), facts, witness, premise=Premise(witness))
        case FlowSometimes(model, facts):
            return _open("proved", facts, _witness(obligation, model))
        case unreachable:
            assert_never(unreachable)


def _open(word: str, facts: tuple[Uncertainty, ...], witness: Witness) -> Unknown:
    """Return that the answer turns on `facts`, and is `word` as documented where documents speak of all of them."""
    if any(fact.documented is None for fact in facts):
        return Unknown("it depends on what no document can tell", facts, None, witness)
    return Unknown(f"{word} as documented", facts, word, witness)


def _witness(obligation: Obligation, model: Mapping[Term, int]) -> Witness:
    return Witness(*obligation.witness(model))


def _of_something(answer: Uncontradicted, solver: Solver) -> Vacuous | Unknown | Uncontradicted:
    """Return `answer`, unless it is one on a waypoint claim that holds because nothing is delivered (I-ONLY-VIA)."""
    inquiry = answer.inquiry
    if inquiry.claim.verb in ABOUT_WAYS:
        delivery = encode(inquiry.network, replace(inquiry.claim, verb=Verb.NEVER_REACHES), inquiry.fixed)
        solver.open(delivery)
        match solver.check([*delivery.settled, delivery.violation]):
            case Unsatisfiable():
                return Vacuous("nothing is delivered at all, so no way is taken")
            case Undecided(why):
                return Unknown(why)
            case Satisfiable():
                pass
    return answer


def _proof(inquiry: Inquiry, answers: list[Uncontradicted], solver: Solver) -> Verdict:
    """Return the proof of what no flow of any family contradicts; or that an appliance could by flows of its own."""
    match find_relay(inquiry.network, inquiry.claim, inquiry.fixed, solver):
        case None:
            proof = joined_proof(_proved(answer, solver) for answer in answers)
            return replace(proof, caveats=caveats_of(inquiry.network, inquiry.claim, inquiry.fixed, solver))
        case Undecided(why):
            return Unknown(why)
        case Relay() as relay:
            way = " and ".join(f"`{name}`" for name in relay.names)
            return Unknown(
                f"proved for packets that keep their header, but {way} could take one flow and send another",
                relay.facts,
            )


def _by_routing(inquiry: Inquiry, proof: Proved, solver: Solver, most: int) -> bool | None:
    """Return whether a proof of absence stands without filters; None where that takes more work than the `most`.

    The proof has taken `most` itself, by Z3's count, or very little.
    """
    if inquiry.claim.verb not in OF_ABSENCE or inquiry.claim.unfiltered:
        return None
    claim = replace(inquiry.claim, unfiltered=True)
    limits, most = solver.limits, max(most, _LITTLE_WORK)
    solver.limits = replace(limits, rlimit=min(most, limits.rlimit or most))
    try:
        if proof.documented:
            return _is_proof(decide(replace(inquiry, claim=claim), solver))
        passes: bool | Undecided = False
        if not _needs_no_filter(proof, inquiry.network):
            passes = gets_through(planes_of(inquiry.network), claim, inquiry.fixed, solver)
        if passes is False:
            relay = find_relay(inquiry.network, claim, inquiry.fixed, solver)
            return None if isinstance(relay, Undecided) else relay is None
        return None if isinstance(passes, Undecided) else False
    finally:
        solver.limits = limits


def _needs_no_filter(proof: Proved, network: Network) -> bool:
    """Tell whether the grounds of a proof show that filters play no part in it.

    They do, since they suffice when no other line stops anything. But where load balancers and firewalls lead packets,
    letting one pass can lead it elsewhere.
    """
    leads = bool(network.load_balancers) or any(machine.firewall is not None for machine in network.machines.values())
    return bool(proof.grounds) and not leads and not any(ground.of_filter for ground in proof.grounds)


def _is_proof(verdict: Verdict) -> bool | None:
    if isinstance(verdict, Unknown) and not verdict.open_facts:
        return None
    return isinstance(verdict, Proved)


def _empty_part(claim: Claim) -> str:
    """Return which part of a claim stands for nothing, in words."""
    if not any(left for left, _ in claim.pairs):
        return "the left side holds no address of the network"
    if not any(right for _, right in claim.pairs):
        return "the right side holds no address of the network"
    if not any(left and right for left, right in claim.pairs):
        return "no pair has addresses on both sides"
    return "no pair has addresses of one family on both sides"


def _unpeered(network: Network, claim: Claim) -> str | None:
    """Return a network whose peering with the hub a claim presumes in vain, None when there is none."""
    if claim.verb is not Verb.NOT_TRANSITIVE or not claim.via:
        return None
    peers = Estate(network).peers(claim.via[0])
    return next((name for name in claim.peered_with if name not in peers and name != claim.via[0]), None)


# -- what a proof rests on ------------------------------------------------------------------------------


def contradictions(inquiry: Inquiry, taken: Iterable[Uncertainty]) -> Iterator[Question]:
    """Yield the questions to which a proof says no: of each family, whether a flow violates the claim where facts read
    as `taken`."""
    facts = set(taken)
    for family in families_of(inquiry.claim):
        network, claim = plane(inquiry.network, family), claim_in(inquiry.claim, family)
        obligation = encode(network, claim, inquiry.fixed)
        read = [
            symbol if fact.documented else f"-{symbol}" for symbol, fact in obligation.facts.items() if fact in facts
        ]
        yield Question(obligation.text, (*obligation.settled, obligation.violation, *read))


def _proved(answer: Uncontradicted, solver: Solver) -> Proved:
    facts = answer.facts
    basis = _basis(answer.inquiry, solver, [answer.obligation.violation], facts)
    return Proved(
        basis.grounds, basis.minimal, bool(facts), facts, assumed=basis.assumed, premise=Premise(answer.example)
    )


@dataclass(frozen=True, slots=True)
class Basis:
    """What a proof rests on: lines and assumed facts that suffice; `minimal` when none can be left out."""

    grounds: tuple[Ground, ...] = ()
    minimal: bool = False
    assumed: tuple[Uncertainty, ...] = ()


def has_grounds_by_line(network: Network) -> bool:
    """Tell whether proofs about `network` name their lines, and not only the lists that these stand in."""
    return sum(len(nsg.rules) for nsg in network.nsgs.values()) <= _FINE_LINES


def _basis(inquiry: Inquiry, solver: Solver, contradiction: list[Term], facts: tuple[Uncertainty, ...]) -> Basis:
    """Return lines and assumptions that suffice for the proof.

    The labelled obligation folds nothing away that a label guards, so what slicing would decide in
    Python is among the grounds as well. If asking takes too long the proof stands without them.
    """
    detail = Detail.LINE if has_grounds_by_line(inquiry.network) else Detail.GROUP
    obligation = encode(inquiry.network, inquiry.claim, inquiry.fixed, detail)
    solver.open(obligation)
    taken = [symbol if fact.documented else f"-{symbol}" for symbol, fact in obligation.facts.items() if fact in facts]
    given = [*contradiction, *taken]
    answer = solver.check([*given, *obligation.settled, *obligation.labels], core=True)
    if not isinstance(answer, Unsatisfiable):
        return Basis()
    candidates = [name for name in answer.core if name in obligation.labels or name in obligation.settled]
    core, minimal = smaller_core(solver, given, candidates)
    assumed = tuple(obligation.facts[name.lstrip("-")] for name in core if name in obligation.settled)
    grounds = tuple(sorted({obligation.labels[name] for name in core if name in obligation.labels}, key=str))
    if not grounds and not assumed:
        grounds = (_CLOSED_WORLD[inquiry.claim.verb],)
    return Basis(grounds, minimal, assumed)


def _by_all(what: str) -> Ground:
    return Ground("what is declared", what, "R-META-3")


_CARRIED = _by_all("gateways, connections and what they announce carry it, and no line plays a part")
_NOT_THERE = _by_all("nothing carries such a packet there")
_CLOSED_WORLD = {
    Verb.REACHES: _CARRIED,
    Verb.REACHES_SYMMETRICALLY: _CARRIED,
    Verb.LOSES_NO_PACKETS: _CARRIED,
    Verb.NEXT_HOP: _CARRIED,
    Verb.GATEWAY: _CARRIED,
    Verb.EGRESS: _by_all("nothing carries such a packet out another way"),
    Verb.SOMETIMES_REACHES: _NOT_THERE,
    Verb.NEVER_REACHES: _NOT_THERE,
    Verb.ONLY_VIA: _by_all("nothing carries such a packet another way"),
    Verb.NOT_VIA: _by_all("nothing carries such a packet that way"),
    Verb.NOT_TRANSITIVE: _by_all("nothing carries such a packet through there"),
    Verb.BOTTLENECK: _by_all("nothing carries such a packet past anything slow"),
    Verb.LOCAL_LATENCY: _by_all("nothing carries such a packet into another region or past a gateway"),
    Verb.CROSSES_AT_MOST: _by_all("nothing carries such a packet over more peerings"),
}
"""The ground of a proof that no line carries: the closed world."""


def evaluate(
    obligation: Obligation, solver: Solver, fix: Mapping[Term, tuple[int, int]], world: World, term: Term
) -> frozenset[bool]:
    """Return the values that `term` of an open obligation can take for one flow in one world; for tests.

    Exactly one when the encoding is functional, none when the flow is outside the obligation's premise. What the solver
    does not decide is possible.
    """
    values = defaultdict(int, {symbol: value for symbol, (value, _) in fix.items()})
    literals = _literals(obligation, values, world, frozenset(obligation.derived))
    # What is announced around an address that a firewall puts into a packet decides where that packet goes on.
    for number, symbol in enumerate(obligation.derived):
        answer = solver.check(literals, fix=fix) if obligation.advertised.announced else None
        if isinstance(answer, Satisfiable):
            values[symbol] = answer.model[symbol]
            literals = _literals(obligation, values, world, frozenset([*obligation.derived][number + 1 :]))
    possible = []
    for value, literal in ((True, term), (False, f"-{term}")):
        if not isinstance(solver.check([*literals, literal], fix=fix), Unsatisfiable):
            possible.append(value)
    return frozenset(possible)


def _literals(
    obligation: Obligation, values: defaultdict[Term, int], world: World, unknown: frozenset[Term]
) -> list[Term]:
    """Return the literals of what a world says where terms have these values, but for what is about `unknown` ones."""
    advertised = obligation.advertised
    told = advertised.told(world.advertised, values.__getitem__)
    told = {symbol: holds for symbol, holds in told.items() if advertised.announced[symbol][1].address not in unknown}
    values.update(told)
    doubtful = {symbol for symbol, (place, _) in advertised.facts.items() if place.address in unknown}
    named = obligation.named(values).items()
    decided = {symbol: world.holds(fact) for symbol, fact in named if symbol not in doubtful}
    return [symbol if holds else f"-{symbol}" for symbol, holds in (decided | told).items()]
