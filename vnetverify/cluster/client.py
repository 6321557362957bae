"""A Dask cluster as this run sees it: batches of claims go there, answers come back and are checked here.

What no answer comes for, or none that holds, is decided here, so that a cluster can make a run faster and not wrong.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

from vnetverify.cache.notation import NotRead
from vnetverify.cache.remembering import Keys, checked, keys_of
from vnetverify.clock import Clock
from vnetverify.cluster import NoCluster
from vnetverify.cluster.task import Batch, Estate, decide, estate_of, packed, reply_of
from vnetverify.model.intents import Claim
from vnetverify.report.results import ClaimResult
from vnetverify.workers.sentences import Sentences
from vnetverify.workers.sharing import Sharing

_BATCH_SECONDS = 0.35
_LARGEST_BATCH = 500
_AHEAD = 2  # batches for each thread of the cluster
_RETRIES = 2
_TICK_SECONDS = 0.5
_CONNECTING_SECONDS = 10.0
_SILENT_SECONDS = 120.0
"""How long nothing may come back, beyond what a single sentence may take, before the rest is decided here."""
_FAREWELL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Cluster:
    """Asks the cluster of `client`; `sharing` decides the rest."""

    client: Any
    sharing: Sharing
    clock: Clock

    def results(self, sentences: Sentences) -> Generator[ClaimResult, None, None]:
        """Yield the result of each sentence in order. Raises `Disagreement`."""
        found: dict[int, ClaimResult] = {}
        done = 0
        answers = self._answers(sentences)
        while True:
            with self.clock.phase("cluster"):
                answer = next(answers, None)
            if answer is None:
                break
            found.update([answer])
            while done in found:
                yield found.pop(done)
                done += 1
        missing = [number for number in range(done, len(sentences.statements)) if number not in found]
        rest = replace(sentences, statements=tuple(sentences.statements[number] for number in missing))
        with closing(self.sharing.results(rest)) as decided:
            for number in range(done, len(sentences.statements)):
                yield found[number] if number in found else next(decided)

    def _answers(self, sentences: Sentences) -> Iterator[tuple[int, ClaimResult]]:
        """Yield what answers of the cluster give that hold here, as they come, until there is no cluster any more."""
        with suppress(
            Exception
        ):  # of Dask, whose scheduler is gone, or of what has no form as bytes: the rest stays here
            asking = _Asking(self.client, sentences, keys_of(sentences.deciding, sentences.limits))
            yield from asking.answers(self.sharing)


@dataclass(slots=True)
class _Asking:
    """One run's conversation with a cluster."""

    client: Any
    sentences: Sentences
    keys: Keys
    waiting: deque[int] = field(default_factory=deque)
    under_way: dict[Any, tuple[int, ...]] = field(default_factory=dict)
    over: SimpleQueue[Any] = field(default_factory=SimpleQueue)
    estate: Any = None
    spent: float = 0.0
    counted: int = 0

    def answers(self, sharing: Sharing) -> Iterator[tuple[int, ClaimResult]]:
        """Yield results by the number of their sentence, each checked here; a silent cluster leaves the rest out."""
        statements = self.sentences.statements
        self.waiting.extend(number for number, each in enumerate(statements) if isinstance(each, Claim))
        self.estate = self._submit(estate_of, packed(self._estate()))
        heard = time.monotonic()
        while self.waiting or self.under_way:
            self._feed()
            finished = self._finished()
            sharing.tick()
            if finished:
                heard = time.monotonic()
            elif time.monotonic() - heard > self.sentences.limits.seconds + _SILENT_SECONDS:
                return
            for future in finished:
                yield from self._checked(self.under_way.pop(future), future)

    def _estate(self) -> Estate:
        asked, demands = self.sentences, self.sentences.demands
        return Estate(
            asked.network,
            asked.assumed,
            asked.documented,
            demands.least,
            demands.nodes,
            demands.evidence,
            asked.limits,
        )

    def _submit(self, function: Any, *arguments: Any) -> Any:
        return self.client.submit(function, *arguments, pure=False, retries=_RETRIES)

    def _feed(self) -> None:
        """Give each thread of the cluster something to do and something to do next."""
        room = max(1, _AHEAD * sum(self.client.nthreads().values())) - len(self.under_way)
        for _ in range(min(room, len(self.waiting))):
            numbers = tuple(self.waiting.popleft() for _ in range(min(self._batch_size(), len(self.waiting))))
            if not numbers:
                return
            claims = tuple(each for number in numbers if isinstance(each := self.sentences.statements[number], Claim))
            future = self._submit(decide, self.estate, packed(Batch(claims)))
            self.under_way[future] = numbers
            future.add_done_callback(self.over.put)

    def _batch_size(self) -> int:
        """Return how many claims take as long as a batch should, at the pace so far."""
        if not self.counted:
            return 1
        return max(1, min(_LARGEST_BATCH, round(_BATCH_SECONDS * self.counted / max(self.spent, 1e-6))))

    def _finished(self) -> list[Any]:
        """Return the batches that are over, as soon as there is one or a moment has passed."""
        found = []
        with suppress(Empty):
            found.append(self.over.get(timeout=_TICK_SECONDS))
            while True:
                found.append(self.over.get_nowait())
        return found

    def _checked(self, numbers: tuple[int, ...], future: Any) -> Iterator[tuple[int, ClaimResult]]:
        if future.status != "finished":
            return  # its workers were lost again and again
        try:
            reply = reply_of(future.result(timeout=_CONNECTING_SECONDS))
        except (NotRead, TimeoutError):
            return
        self.spent, self.counted = self.spent + reply.seconds, self.counted + len(numbers)
        for number, answer in zip(numbers, reply.answers, strict=False):
            result = None if answer is None else self._result(number, *answer)
            if result is not None:
                yield number, result

    def _result(self, number: int, name: str, text: str) -> ClaimResult | None:
        """Return the result that an answer gives, None where it is about something else or does not hold."""
        claim = self.sentences.statements[number]
        if not isinstance(claim, Claim):
            return None
        key = self.keys.key(claim)
        return checked(self.sentences.deciding, claim, key, text) if name == key.name else None


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Give a client of the cluster whose scheduler is at `address`, with TLS as Dask is configured.

    Raises `NoCluster`.
    """
    try:
        from distributed import Client
    except ImportError:
        raise NoCluster("`--cluster` needs the extra `cluster`: pip install 'vnetverify[cluster]'") from None
    for name in ("distributed", "tornado", "asyncio"):  # what they would complain of we see
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(
            address,
            timeout=_CONNECTING_SECONDS,
            set_as_default=False,
            serializers=["dask", "pickle"],  # functions go there by name
            deserializers=["dask", "error"],  # and nothing but bytes comes back
        )
    except (OSError, TimeoutError, ValueError) as problem:
        why = str(problem) or type(problem).__name__
        raise NoCluster(f"cannot reach a scheduler at `{address}`: {why}") from problem
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=_FAREWELL_SECONDS)
