"""Worker processes may die, hang or raise: it costs a retry, then that one task, and never the run or an orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pytest

from vnetverify.assurance import Demands
from vnetverify.loading import load
from vnetverify.prover.solver import Limits
from vnetverify.workers import pool as pools
from vnetverify.workers.pool import NoWorkers, Pool
from vnetverify.workers.sentences import Sentences

ROOT = Path(__file__).parents[2]


def lost(number: int, why: str) -> str:
    return f"{number} lost: {why}"


@dataclass(frozen=True)
class Squares:
    """Work that can be sent to a process that was not forked."""

    def prepare(self) -> Callable[[int], str]:
        return lambda number: str(number * number)


def pool_of(work: Callable[[int], str], jobs: int = 2) -> Pool[str]:
    return Pool(lambda: work, lost, jobs, method="fork")


def results(work: Callable[[int], str], count: int, jobs: int = 2) -> list[str]:
    with closing(pool_of(work, jobs).results(count)) as found:
        return list(found)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_results_come_in_order_however_workers_are_started(method: str) -> None:
    with closing(Pool(Squares().prepare, lost, 2, method=method).results(12)) as found:
        assert [str(number * number) for number in range(12)] == list(found)


def test_sentences_can_be_sent_to_a_process_that_was_not_forked() -> None:
    document = load([str(ROOT / "specs" / "tutorial.vnet")], []).document
    statements = tuple(statement for intent in document.intents for statement in intent.claims)
    sentences = Sentences(document.network, statements, {"U-RELAYS": True}, True, False, Demands(), Limits())

    assert sentences == ForkingPickler.loads(bytes(ForkingPickler.dumps(sentences)))


def test_a_task_whose_worker_dies_is_done_by_another(tmp_path: Path) -> None:
    def work(number: int) -> str:
        sign = tmp_path / "died"
        if number == 3 and not sign.exists():
            sign.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return str(number)

    assert [str(number) for number in range(9)] == results(work, 9)


def test_a_task_that_kills_two_workers_is_given_up_and_no_other() -> None:
    def work(number: int) -> str:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return str(number)

    found = results(work, 9)

    assert "3 lost: the process that was to decide it was ended by signal SIGKILL, twice" == found[3]
    assert [str(number) for number in range(9) if number != 3] == found[:3] + found[4:]


def test_a_worker_that_is_stopped_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "SILENT_TICKS", 1)
    monkeypatch.setattr(pools, "TICK_SECONDS", 0.3)
    monkeypatch.setattr(pools.work.__globals__["time"], "sleep", lambda _: _short())

    def work(number: int) -> str:
        if number == 1:
            os.kill(os.getpid(), signal.SIGSTOP)
        return str(number)

    found = results(work, 4)

    assert "1 lost: the process that was to decide it went silent, twice" == found[1]
    assert ["0", "2", "3"] == [found[0], *found[2:]]


def _short(sleep: Callable[[float], None] = time.sleep) -> None:
    sleep(0.05)


def test_a_worker_without_memory_is_lost() -> None:
    def work(number: int) -> str:
        if number == 1:
            raise MemoryError
        return str(number)

    assert "1 lost: the process that was to decide it ran out of memory, twice" == results(work, 3)[1]


def test_what_work_raises_is_raised_where_its_result_would_come() -> None:
    def work(number: int) -> str:
        return str(6 // (number - 2))

    with closing(pool_of(work).results(5)) as found:
        assert ["-3", "-6"] == [next(found), next(found)]
        with pytest.raises(ZeroDivisionError):
            next(found)


def test_who_stops_waiting_leaves_no_worker() -> None:
    def work(number: int) -> str:
        if number:
            time.sleep(60)
        return str(os.getpid())

    with closing(pool_of(work).results(5)) as found:
        worker = int(next(found))

    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_without_processes_there_are_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)

    with pytest.raises(NoWorkers):
        results(str, 3)


def test_workers_end_with_a_parent_that_is_killed() -> None:
    script = (
        "import os, time\n"
        "from vnetverify.workers.pool import Pool\n"
        "work = lambda number: print(os.getpid(), flush=True) or time.sleep(60)\n"
        "list(Pool(lambda: work, None, 2).results(9))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = {int(parent.stdout.readline()) for _ in range(2)}
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < until:
        time.sleep(0.02)

    assert [worker for worker in workers if Path(f"/proc/{worker}").exists()] == []
