"""Attacks on this installation: solvers that lie or die, and forged certificates. None may end in `proved`."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from vnetverify.assurance import Demands
from vnetverify.cache.store import Store, opened
from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Certificate, Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.tree import SETTLED, WALKED, Token
from vnetverify.encoder.obligation import Obligation
from vnetverify.encoder.terms import Term
from vnetverify.facts import SettledFacts
from vnetverify.loading import Loaded
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.pipeline import Disagreement, Options, prove
from vnetverify.prover.evidence.lrat import Accepted, check_proof
from vnetverify.prover.solver import Answer, Limits, Satisfiable, Solver, Unsatisfiable
from vnetverify.prover.verdict import Assurance, verdict_word
from vnetverify.source import Source
from vnetverify.syntax import read

_NETWORK = """
vnet hub { address 10.0.0.0/16  subnet firewall 10.0.1.0/24  subnet shared 10.0.2.0/24 nsg shared }
vnet left { address 10.1.0.0/16  subnet app 10.1.1.0/24 routes via-firewall }
vnet right { address 10.2.0.0/16  subnet app 10.2.1.0/24 routes via-firewall }
peering hub -> left { }
peering left -> hub { allow-forwarded-traffic }
peering hub -> right { }
peering right -> hub { allow-forwarded-traffic }
route-table via-firewall { default 0.0.0.0/0 -> appliance 10.0.1.4 }
appliance fw { nic 10.0.1.4 in hub.firewall  forwards tcp from any to any port 443  stateful }
nsg shared {
  inbound 100 sql  allow tcp from 10.1.0.0/16 to any port 1433
  inbound 200 rest deny  any from any to any
}
"""
_TRUE = (
    "left never reaches hub.shared on ssh",
    "left reaches hub.shared on sql",
    "left reaches right only via fw",
    "right never reaches hub.shared",
    "left isolated from right on ssh",
)
_FALSE = (
    "left never reaches hub.shared on sql",
    "right reaches hub.shared on sql",
    "left reaches hub.shared only via fw",
    "left never reaches right",
    "hub.shared isolated from left",
)
_CHANGES = (
    ("inbound 200 rest deny  any", "inbound 200 rest allow any"),
    ("subnet shared 10.0.2.0/24 nsg shared", "subnet shared 10.0.2.0/24"),
    ("peering right -> hub { allow-forwarded-traffic }", "peering right -> hub { }"),
    ("subnet app 10.1.1.0/24 routes via-firewall", "subnet app 10.1.1.0/24"),
    ("port 443  stateful", "port 22  stateful"),
)


@dataclass(frozen=True, slots=True)
class Attack:
    """What was tried `tries` times; `successes` say which of them ended in a proof that is none, `ends` how others."""

    name: str
    tries: int
    successes: tuple[str, ...]
    ends: tuple[str, ...]


def attacks(forgeries: int) -> Iterator[Attack]:
    """Make each kind of attack, `forgeries` of the cheap ones, and yield what came of it."""
    yield _with_solver("a solver that finds nothing, ever", _Denying)
    yield _with_solver("a solver that makes flows up", _Inventing)
    yield _with_solver("a solver that is killed", _Dying)
    certified = tuple(_certified(_loaded(_NETWORK, _TRUE)))
    yield _forged("damaged certificates", _damaged(certified, forgeries))
    yield _forged("certificates of another sentence", _swapped(certified))
    yield _forged("certificates of a network before it changed", _stale(certified))
    yield _forged("certificates of what is true for what is not", _for_what_is_false(certified))
    yield _from_stale_caches()
    yield _proofs(forgeries)


def _loaded(network: str, sentences: Iterable[str]) -> Loaded:
    intents = (f"intent i{number} {{ {sentence} }}" for number, sentence in enumerate(sentences))
    document = read([Source("selftest.vnet", "\n".join((network, *intents)))])
    return Loaded(document, {}, document.diagnostics)


# -- solvers ----------------------------------------------------------------------------------------------


class _Denying(Solver):
    """Says that no flow violates a claim, whatever the truth is."""

    def check(
        self, assumed: Iterable[Term], *, core: bool = False, fix: Mapping[Term, tuple[int, int]] | None = None
    ) -> Answer:
        literals = tuple(assumed)
        answer = super().check(literals, core=core, fix=fix)
        is_asked = isinstance(self._obligation, Obligation) and self._obligation.violation in literals
        return Unsatisfiable(()) if is_asked and isinstance(answer, Satisfiable) else answer


class _Inventing(Solver):
    """Answers every question with a flow, whose numbers are all nought."""

    def check(
        self, assumed: Iterable[Term], *, core: bool = False, fix: Mapping[Term, tuple[int, int]] | None = None
    ) -> Answer:
        obligation = self._opened_obligation()
        return Satisfiable(dict.fromkeys(obligation.symbols, 0))


class _Dying(Solver):
    """Its process is killed before each question."""

    def check(
        self, assumed: Iterable[Term], *, core: bool = False, fix: Mapping[Term, tuple[int, int]] | None = None
    ) -> Answer:
        os.kill(self._running().pid, signal.SIGKILL)
        return super().check(assumed, core=core, fix=fix)


def _with_solver(name: str, kind: Callable[[Limits], Solver]) -> Attack:
    """Ask what is false of a solver that lies or dies: a proof would be wrong."""
    ends = {sentence: _end(sentence, kind) for sentence in _FALSE}
    proved = tuple(sentence for sentence, end in ends.items() if end == "proved")
    return Attack(name, len(ends), proved, tuple(dict.fromkeys(ends.values())))


def _end(sentence: str, kind: Callable[[Limits], Solver]) -> str:
    demands = Demands(Assurance.CERTIFICATE)
    try:
        report = prove(_loaded(_NETWORK, (sentence,)), Options(demands=demands), warmed_up=kind(Limits(seconds=20.0)))
    except Disagreement:
        return "disagreement"
    return verdict_word(report.results[0].verdict)


# -- certificates -------------------------------------------------------------------------------------------


def _certified(loaded: Loaded) -> Iterator[tuple[Subject, Certificate]]:
    for claim in _claims(loaded):
        subject = Subject(loaded.document.network, claim, SettledFacts({}))
        made = certify(subject, 20_000)
        if not isinstance(made, NoCover):
            yield subject, made


def _claims(loaded: Loaded) -> list[Claim]:
    return [claim for intent in loaded.document.intents for claim in intent.claims if isinstance(claim, Claim)]


_Forgery = tuple[str, Subject, Certificate]


def _forged(name: str, forgeries: Iterable[_Forgery]) -> Attack:
    accepted, tries = [], 0
    for what, subject, certificate in forgeries:
        tries += 1
        try:
            judge(subject, certificate)
        except Refused:
            continue
        accepted.append(what)
    return Attack(name, tries, tuple(accepted), ("refused",))


def _damaged(certified: tuple[tuple[Subject, Certificate], ...], count: int) -> Iterator[_Forgery]:
    """Yield certificates with a node too few, a leaf too many or a leaf in place of all below a cut."""
    dice = Random(0)
    for _ in range(count):
        subject, certificate = dice.choice(certified)
        name = dice.choice(tuple(certificate))
        tokens = _one_damaged(certificate[name], dice)
        yield f"`{subject.claim.text}`, damaged", subject, {**certificate, name: tokens}


def _one_damaged(tokens: tuple[Token, ...], dice: Random) -> tuple[Token, ...]:
    place = dice.randrange(len(tokens))
    match dice.randrange(3):
        case 0:
            return tokens[:place] + tokens[place + 1 :]
        case 1:
            return (*tokens[:place], dice.choice((WALKED, SETTLED)), *tokens[place:])
        case _:
            return tokens[:place]


def _swapped(certified: tuple[tuple[Subject, Certificate], ...]) -> Iterator[_Forgery]:
    for subject, _ in certified:
        for other, certificate in certified:
            if other.claim != subject.claim:
                yield f"`{subject.claim.text}` by that of `{other.claim.text}`", subject, certificate


def _stale(certified: tuple[tuple[Subject, Certificate], ...]) -> Iterator[_Forgery]:
    """Yield certificates for networks in which a line changed, so that their sentence is no longer true."""
    for old, new in _CHANGES:
        changed = _loaded(_NETWORK.replace(old, new), _TRUE).document.network
        for subject, certificate in certified:
            if _is_false(changed, subject.claim):
                yield (
                    f"`{subject.claim.text}` with `{new}`",
                    Subject(changed, subject.claim, subject.assumed),
                    certificate,
                )


def _is_false(network: Network, claim: Claim) -> bool:
    """Tell whether the claim is false of the network: its certificate fails at a flow that violates it."""
    made = certify(Subject(network, claim, SettledFacts({})), 20_000)
    return isinstance(made, NoCover) and made.is_flaw


def _for_what_is_false(certified: tuple[tuple[Subject, Certificate], ...]) -> Iterator[_Forgery]:
    loaded = _loaded(_NETWORK, _FALSE)
    for claim in _claims(loaded):
        for _, certificate in certified:
            yield f"`{claim.text}`", Subject(loaded.document.network, claim, SettledFacts({})), certificate


# -- caches -------------------------------------------------------------------------------------------------


def _from_stale_caches() -> Attack:
    """Put what was remembered of a network before a line changed in the place of everything remembered since."""
    wrong: list[str] = []
    ends: list[str] = []
    tries = 0
    for old, new in _CHANGES:
        with tempfile.TemporaryDirectory() as folder:
            store = opened(Path(folder, "cache"))
            _remembered(_NETWORK, store)
            stale = [path.read_text("utf-8") for path in sorted(store.folder.iterdir())]
            changed = _NETWORK.replace(old, new)
            honest = _remembered(changed, store)
            for entry in stale:
                tries += 1
                for path in store.folder.iterdir():
                    path.write_text(entry, "utf-8")
                found = _remembered(changed, store)
                wrong += [f"`{sentence}` with `{new}`" for sentence, end in found.items() if end != honest[sentence]]
                ends += found.values()
    return Attack("answers from a cache before the network changed", tries, tuple(wrong), tuple(dict.fromkeys(ends)))


def _remembered(network: str, store: Store) -> dict[str, str]:
    """Return how each sentence that is true of the network before it changes ends, with what `store` remembers."""
    report = prove(_loaded(network, _TRUE), Options(cache=store))
    return {result.results[0].claim.text: verdict_word(result.verdict) for result in report.results}


# -- proofs -------------------------------------------------------------------------------------------------


def _proofs(count: int) -> Attack:
    """Give the checker of proofs lemmas that follow from nothing, for clauses that can all hold."""
    dice, accepted = Random(1), 0
    for _ in range(count):
        clauses = [(1, 2), (-1, 3), (2, -3), (-2, 4)]
        lines = [_lemma(number, len(clauses), dice) for number in range(dice.randrange(1, 6))]
        proof = "".join(f"{line}\n" for line in (*lines, f"{len(clauses) + len(lines) + 1} 0 1 2 0")).encode()
        accepted += isinstance(check_proof(clauses, proof, 100_000), Accepted)
    return Attack("forged proofs of a SAT solver", count, ("accepted",) * accepted, ("refused",))


def _lemma(number: int, clauses: int, dice: Random) -> str:
    literals = " ".join(str(dice.choice((1, -1)) * dice.randrange(1, 5)) for _ in range(dice.randrange(3)))
    hints = " ".join(str(dice.randrange(1, clauses + number + 1)) for _ in range(3))
    return f"{clauses + number + 1} {literals} 0 {hints} 0".replace("  ", " ")
