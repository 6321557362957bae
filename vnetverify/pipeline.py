"""From what was loaded to a report: every sentence of the selected intents is decided and its result reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING

from vnetverify import __version__
from vnetverify.assurance import Demands
from vnetverify.cache.remembering import memory_of
from vnetverify.cache.store import Store
from vnetverify.clock import WHOLE, Clock
from vnetverify.deciding import Disagreement
from vnetverify.executor import Executor
from vnetverify.loading import Loaded, load, resolve, source_at
from vnetverify.model.intents import Claim, Intent
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict, verdict_word
from vnetverify.report.caveats import caveats
from vnetverify.report.results import ClaimResult, IntentResult, Report
from vnetverify.spelling import fits
from vnetverify.workers.sentences import Sentences
from vnetverify.workers.sharing import Sharing

if TYPE_CHECKING:
    from vnetverify.cluster.client import Cluster

__all__ = ["Disagreement", "Loaded", "Options", "load", "prove", "resolve", "source_at"]

_WORTH_CHECKING = 1.0
"""Seconds of checking answers from which on several processes pay: each has to find out anew what they share."""

_WORST_FIRST = (Refuted, Unknown, Vacuous, Proved)


@dataclass(frozen=True, slots=True)
class Options:
    """How to prove: which intents (a name with `*` and `?`), under which limits, and reading what as documented.

    `jobs` are the processes that do it, AUTO as many as pay. What earlier runs found is in the `cache`, if any;
    with the address of a `cluster` that one is asked first.

    With `why` each proof is asked what becomes of it without each of the lines that it rests on.
    """

    pattern: str | None = None
    limits: Limits = field(default_factory=Limits)
    jobs: int = 1
    cache: Store | None = None
    cluster: str | None = None
    documented: bool = False
    why: bool = False
    demands: Demands = field(default_factory=Demands)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: so many of the `selected` intents are decided, and the next one is under way."""

    decided: int
    selected: int
    under_way: str


def prove(
    loaded: Loaded,
    options: Options,
    progress: Callable[[Progress], None] | None = None,
    warmed_up: Solver | None = None,
) -> Report:
    """Return the verdict on every intent that `options` select, in the order of the text.

    The solver that a caller has `warmed_up` is used and closed.

    Raises `Disagreement` when the simulator does not confirm a witness. An interrupt ends the run with the
    intents decided so far and `complete` false. Raises `NoCluster` where one is asked for that is not there.
    """
    document = loaded.document
    selected = [intent for intent in document.intents if fits(intent.name, options.pattern)]
    sentences = _sentences(loaded, selected, options)
    clock, begun = Clock(dict(loaded.timings)), time.perf_counter()
    results = _decided(selected, sentences, options, clock, progress, warmed_up)
    for result in results:
        for claim in result.results:
            clock.add_all(claim.phases)
    whole = sum(loaded.timings.values()) + time.perf_counter() - begun
    return Report(
        tuple(results),
        selected=len(selected),
        diagnostics=loaded.diagnostics,
        unmodelled=document.network.unmodelled,
        assumptions=document.assumptions,
        documented_reading=sentences.documented,
        era=document.network.era,
        timings={**clock.in_order(), WHOLE: whole},
        complete=len(results) == len(selected),
        version=__version__,
        published=document.network.published_tags,
        caveats=caveats(document.network, results),
    )


def _decided(
    selected: Sequence[Intent],
    sentences: Sentences,
    options: Options,
    clock: Clock,
    progress: Callable[[Progress], None] | None,
    warmed_up: Solver | None,
) -> list[IntentResult]:
    """Return the verdicts on the `selected` intents: after an interrupt on those alone that were decided by then."""
    results: list[IntentResult] = []

    def show() -> None:
        if progress is not None and len(results) < len(selected):
            progress(Progress(len(results), len(selected), selected[len(results)].name))

    sharing = Sharing(options.jobs, warmed_up, show)
    executor = sharing.executor(Event(), _WORTH_CHECKING)
    with (
        _workforce(options, sharing, clock) as workforce,
        closing(_results(sentences, workforce, options.cache, executor, clock)) as decided,
        suppress(KeyboardInterrupt),
    ):
        show()
        for result in _by_intent(selected, decided):
            results.append(result)
            show()
    return results


def _sentences(loaded: Loaded, intents: Sequence[Intent], options: Options) -> Sentences:
    """Return the sentences of the intents with what they are decided by."""
    document = loaded.document
    return Sentences(
        document.network,
        tuple(statement for intent in intents for statement in intent.claims),
        {assumption.fact: assumption.value for assumption in document.assumptions},
        options.documented or document.documented_reading,
        options.why,
        options.demands,
        options.limits,
        remembers=options.cache is not None and not options.why and options.demands.keep is None,
    )


@contextmanager
def _workforce(options: Options, sharing: Sharing, clock: Clock) -> Iterator[Sharing | Cluster]:
    """Give who decides: a cluster where one is asked for that can do what is asked. Raises `NoCluster`."""
    if options.cluster is None or options.why or options.demands.keep is not None:
        yield sharing
        return
    from vnetverify.cluster.client import Cluster, connected

    with connected(options.cluster) as client:
        yield Cluster(client, sharing, clock)


def _results(
    sentences: Sentences, workforce: Sharing | Cluster, store: Store | None, executor: Executor, clock: Clock
) -> Generator[ClaimResult, None, None]:
    """Yield the result of each sentence in order: what is remembered and holds, or else what is found."""
    memory = None
    if store is not None and sentences.remembers:
        with clock.phase("cache"):
            memory = memory_of(store, sentences.deciding, sentences.limits)
    if memory is None:
        yield from workforce.results(sentences)
        return
    with clock.phase("cache"):
        recalled = memory.recalled(sentences.statements, executor)
    missing = tuple(each for each, known in zip(sentences.statements, recalled, strict=True) if known is None)
    with closing(workforce.results(replace(sentences, statements=missing))) as found:
        for known in recalled:
            result = known if known is not None else next(found)
            if result.answer is not None and known is None and isinstance(result.claim, Claim):
                with clock.phase("cache"):
                    memory.keep(result.claim, result.answer)
            yield result
    if missing:
        with clock.phase("cache"):
            memory.store.prune()


def _by_intent(intents: Sequence[Intent], decided: Iterable[ClaimResult]) -> Iterator[IntentResult]:
    """Yield the verdict on each intent once all its sentences are decided."""
    results = iter(decided)
    for intent in intents:
        of_intent = tuple(islice(results, len(intent.claims)))
        verdict = _worst([result.verdict for result in of_intent])
        yield IntentResult(intent, verdict, of_intent, verdict_word(verdict) == intent.expect)


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict that stands for all: of the worst kind, one that needs the documented reading if some does."""
    kind = next(kind for kind in _WORST_FIRST if any(isinstance(verdict, kind) for verdict in verdicts))
    return max(
        (verdict for verdict in verdicts if isinstance(verdict, kind)),
        key=lambda verdict: isinstance(verdict, Proved | Refuted) and verdict.documented,
    )
