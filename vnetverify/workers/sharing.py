"""Who decides the sentences of a run: this process, or several where that pays off."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from threading import Event

from vnetverify.deciding import is_wide
from vnetverify.executor import Executor
from vnetverify.prover.crew import Crew
from vnetverify.prover.solver import Solver
from vnetverify.report.results import ClaimResult
from vnetverify.workers.sentences import Sentences
from vnetverify.workers.several import WORTH_SECONDS, Several

AUTO = 0
"""As many jobs as pay."""

_WORTH_SECONDS = 1.5
"""Work that is left from which on further processes pay: each takes a quarter of a second to be of use."""
_MOST_WORKERS = 16


@dataclass(frozen=True, slots=True)
class Sharing:
    """How sentences are shared out. `warmed_up` is a solver to be used by this process, and closed; `tick` is called
    now and then."""

    jobs: int = 1
    warmed_up: Solver | None = None
    tick: Callable[[], None] = lambda: None

    def results(self, sentences: Sentences) -> Generator[ClaimResult, None, None]:
        """Yield the result of each sentence in order, the same whoever decides it. Raises `Disagreement`.

        Of what is about many places each sentence is decided by all processes together, of the rest each by one.
        """
        solver = self.warmed_up
        for wide, some in groupby(sentences.statements, partial(is_wide, sentences.network)):
            run, sharing = replace(sentences, statements=tuple(some)), replace(self, warmed_up=solver)
            with closing(sharing._alone(run) if wide else sharing._side_by_side(run)) as found:
                yield from found
            solver = None
        if solver is not None:
            solver.close()

    def _side_by_side(self, sentences: Sentences) -> Generator[ClaimResult, None, None]:
        done = 0
        few = len(sentences.statements) == 1 or sentences.demands.keep is not None  # what is to be kept is kept here
        if few or self.jobs in (AUTO, 1):
            with closing(self._alone(sentences, until_it_pays=not few)) as decided:
                for result in decided:
                    yield result
                    done += 1
        elif self.warmed_up is not None:
            self.warmed_up.close()
        if done < len(sentences.statements):
            with closing(self._shared_out(replace(sentences, statements=sentences.statements[done:]))) as found:
                yield from found

    def _shared_out(self, sentences: Sentences) -> Generator[ClaimResult, None, None]:
        from vnetverify.workers.pool import NoWorkers, Pool  # which are not needed where one process does it all

        pool = Pool(sentences.prepare, sentences.lost, self._processes, self.tick)
        try:
            with closing(pool.results(len(sentences.statements))) as found:
                for number, each in enumerate(found):
                    yield sentences.result(number, each)
        except NoWorkers:
            yield from replace(self, jobs=1, warmed_up=None)._alone(sentences)

    def _alone(self, sentences: Sentences, *, until_it_pays: bool = False) -> Generator[ClaimResult, None, None]:
        """Yield results of this process: all of them, or until it pays to share out the rest.

        Of each sentence it shares out what it can.
        """
        solver, stopped = self.warmed_up or Solver(sentences.limits), Event()
        deciding = replace(sentences.deciding, stopped=stopped, executor=self.executor(stopped))
        may_share = until_it_pays and self._processes > 1
        crew = Crew(deciding.result, [solver], stopped, self.tick)
        begun = time.monotonic()
        with closing(crew.results(sentences.statements)) as decided:
            for number, result in enumerate(decided, start=1):
                yield result
                left = len(sentences.statements) - number
                if may_share and left > 1 and (time.monotonic() - begun) / number * left > _WORTH_SECONDS:
                    return

    def executor(self, stopped: Event, worth: float = WORTH_SECONDS) -> Executor:
        """Return who does the parts of what is done here, until it is `stopped`; several where so many seconds are
        left."""
        return Several(self._processes, stopped, worth)

    @property
    def _processes(self) -> int:
        return self.jobs or processors()


def processors() -> int:
    """Return how many processes can compute at once here."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, _MOST_WORKERS)
