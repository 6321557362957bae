"""A cluster is asked for evidence: a lost worker, a lie or silence changes no report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from vnetverify.cache.notation import NotRead
from vnetverify.cluster import NoCluster, client
from vnetverify.cluster.task import Batch, Estate, Reply, decide, packed, reply_of
from vnetverify.loading import Loaded, load
from vnetverify.model.intents import Claim
from vnetverify.pipeline import Options, Progress, prove
from vnetverify.prover.evidence.confirming import EvidenceLimits
from vnetverify.prover.solver import Limits
from vnetverify.prover.verdict import CERTIFICATE_NODES, Assurance
from vnetverify.report.json import render_json

ROOT = Path(__file__).parents[2]
NETWORK = """\
vnet v {
  address 10.0.0.0/16
  subnet web  10.0.1.0/24
  subnet db   10.0.2.0/24 nsg db
}
nsg db {
  inbound 100 sql  allow tcp from 10.0.1.0/24 to any port 1433
  inbound 200 rest deny  any from any to any
}
group nobody = v except 10.0.0.0/16
intent nothing { nobody never reaches v }
"""
SENTENCES = (
    "v.web never reaches v.db on ssh",
    "v.web reaches v.db on sql",
    "v.web never reaches v.db on sql",
    "v.web reaches v.db on https",
)


def loaded(folder: Path, count: int) -> Loaded:
    path = folder / "a.vnet"
    intents = (f"intent i{number} {{ {SENTENCES[number % len(SENTENCES)]} }}\n" for number in range(count))
    path.write_text(NETWORK + "".join(intents))
    return load([str(path)], [])


def printed(given: Loaded, options: Options) -> str:
    return render_json(replace(prove(given, options), timings={}))


def test_an_answer_is_bytes_that_name_what_they_are_about(tmp_path: Path) -> None:
    document = loaded(tmp_path, 4).document
    claims = tuple(claim for intent in document.intents for claim in intent.claims if isinstance(claim, Claim))
    estate = Estate(document.network, {}, False, Assurance.Z3_ALONE, CERTIFICATE_NODES, EvidenceLimits(), Limits())
    reply = reply_of(decide(packed(estate), packed(Batch(claims))))

    assert [False, True, True, True, True] == [answer is not None for answer in reply.answers]
    assert 5 - 1 == len({answer[0] for answer in reply.answers if answer is not None})


@pytest.mark.parametrize("text", [b"", b"\xff", b"[]", b'{"is":"Reply"}', b'{"is":"Reply","answers":7,"seconds":0}'])
def test_what_is_no_reply_is_not_read(text: bytes) -> None:
    with pytest.raises(NotRead):
        reply_of(text)


def test_a_reply_comes_back_as_it_was_packed() -> None:
    reply = Reply((None, ("key", "{}")), 0.25)

    assert reply == reply_of(packed(reply))


@dataclass(frozen=True)
class Over:
    """A task that is over."""

    status: str
    value: Any

    def result(self, timeout: float) -> Any:
        return self.value

    def add_done_callback(self, call: Callable[[Over], None]) -> None:
        call(self)


class HereAndNow:
    """A cluster of one that does what it is given at once, and then what its word for it is."""

    def __init__(self, word: Callable[[Any], Over]) -> None:
        self._word = word

    def nthreads(self) -> dict[str, int]:
        return {"here": 1}

    def submit(self, function: Callable[..., Any], *given: Any, **_: Any) -> Any:
        values = [each.value if isinstance(each, Over) else each for each in given]
        done = function(*values)
        return self._word(done) if function is decide else Over("finished", done)


class Liar:
    """Gives each claim the answer on the one before, under its own key."""

    def __init__(self) -> None:
        self._last: tuple[tuple[str, str] | None, ...] = ()

    def __call__(self, packed_reply: bytes) -> Over:
        reply = reply_of(packed_reply)
        told = self._last or reply.answers
        self._last = reply.answers
        swapped = tuple(
            None if own is None or other is None else (own[0], other[1])
            for own, other in zip(reply.answers, told, strict=False)
        )
        return Over("finished", packed(replace(reply, answers=swapped)))


def vanish(_: object) -> Over:
    raise OSError("the scheduler is gone")


@pytest.mark.parametrize(
    "word",
    [
        lambda done: Over("finished", done),
        Liar(),
        lambda _: Over("finished", b"no reply"),
        lambda _: Over("error", None),
        vanish,
    ],
    ids=["honest", "lie", "babble", "lost", "gone"],
)
def test_a_report_is_the_same_whatever_a_cluster_says(
    word: Callable[[Any], Over], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = loaded(tmp_path, 5)
    monkeypatch.setattr(client, "connected", lambda _: nullcontext(HereAndNow(word)))

    assert printed(given, Options()) == printed(given, Options(cluster="tcp://somewhere:1"))


@dataclass(frozen=True, slots=True)
class Started:
    """A scheduler with two workers, each a process of its own."""

    address: str
    workers: tuple[subprocess.Popen[bytes], ...]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Started]:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    place, environment = tmp_path / "scheduler.json", {**os.environ, "PYTHONPATH": str(ROOT)}
    environment |= {"DASK_CONFIG": str(tmp_path / "config"), "TMPDIR": str(tmp_path)}

    def start(kind: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--scheduler-file", str(place)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([*command, "--no-dashboard", *options], env=environment, **quiet)

    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0")
    local = ("--no-nanny", "--nthreads", "1", "--local-directory", str(tmp_path / "space"))
    workers = tuple(start("worker", *local) for _ in range(2))
    try:
        yield Started(address_in(place), workers)
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def address_in(place: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            return str(json.loads(place.read_text())["address"])
        except (OSError, ValueError):
            time.sleep(0.05)
    raise TimeoutError("no scheduler")


def test_a_worker_killed_in_the_middle_changes_no_report(
    cluster: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_CONFIG", str(tmp_path / "config"))
    given = loaded(tmp_path, 40)
    seen: list[int] = []

    def kill(progress: Progress) -> None:
        if 1 <= progress.decided and not seen:
            cluster.workers[0].send_signal(signal.SIGKILL)
        seen.extend([progress.decided] if progress.decided else [])

    report = prove(given, Options(cluster=cluster.address), kill)

    assert seen
    assert cluster.workers[0].wait(10) == -signal.SIGKILL
    assert printed(given, Options()) == render_json(replace(report, timings={}))
    assert "cluster" in report.timings


def test_where_there_is_no_scheduler_nothing_is_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    monkeypatch.setattr(client, "_CONNECTING_SECONDS", 0.5)

    with pytest.raises(NoCluster, match="cannot reach a scheduler at `tcp://"):
        prove(loaded(tmp_path, 1), Options(cluster="tcp://127.0.0.1:1"))


def test_without_dask_it_is_said_which_extra_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(NoCluster, match="the extra `cluster`"):
        prove(loaded(tmp_path, 1), Options(cluster="tcp://127.0.0.1:1"))
