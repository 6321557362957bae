"""One sentence in parts: several processes come to what one comes to, and losing them costs that sentence at most."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from vnetverify import covering, deciding
from vnetverify.certificate import judging, maker
from vnetverify.certificate.questions import Unviolated
from vnetverify.cli import main, status
from vnetverify.executor import IN_PROCESS, Lost
from vnetverify.model.intents import Place
from vnetverify.workers.pool import Pool
from vnetverify.workers.several import Several

SPOKES = 5


def hub_and_spokes(*sentences: str) -> str:
    """Return a text of spokes around an appliance that refuses RDP, and SSH but from the one that is asked last."""
    spokes = [f"spoke{number}" for number in range(1, SPOKES + 1)]
    lines = ["vnet hub { address 10.0.0.0/16  subnet firewall 10.0.1.0/24 }"]
    lines += ["route-table t { rest 10.0.0.0/8 -> appliance 10.0.1.4 }"]
    lines += [
        "appliance fw {",
        "  stateful",
        "  nic 10.0.1.4 in hub.firewall",
        "  drops tcp from 10.0.0.0/8 to 10.0.0.0/8 port 3389",
    ]
    lines += [
        "  forwards tcp from 10.1.0.0/24 to 10.0.0.0/8 port 22",
        "  drops tcp from 10.0.0.0/8 to 10.0.0.0/8 port 22",
    ]
    lines += ["  forwards any from 10.0.0.0/8 to 10.0.0.0/8", "}"]
    for number, spoke in enumerate(spokes, 1):
        subnets = [f"  subnet s{each} 10.{number}.{each}.0/24  routes t" for each in range(3)]
        lines += [f"vnet {spoke} {{", f"  address 10.{number}.0.0/16", *subnets, "}"]
        lines += [f"peering hub -> {spoke} {{ }}", f"peering {spoke} -> hub {{ allow-forwarded-traffic }}"]
    lines += [f"group spokes = {', '.join(spokes)}"]
    lines += [f"intent i{number} {{ {sentence} }}" for number, sentence in enumerate(sentences)]
    return "\n".join(lines)


@pytest.fixture
def shared_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Everything is large, wide and worth sharing, in batches of two; the tasks that were shared out are told."""
    monkeypatch.setattr(covering, "LARGE", -1)
    monkeypatch.setattr(deciding, "WIDE", 2)
    monkeypatch.setattr(Several, "_pays", lambda _, done, left, begun: done > 0 and left > 1)
    monkeypatch.setattr(maker, "_BATCH", 2)
    monkeypatch.setattr(judging, "_BATCH", 2)
    told: list[int] = []
    results = Pool.results

    def counted(pool: Pool[object], count: int) -> object:
        told.append(count)
        return results(pool, count)

    monkeypatch.setattr(Pool, "results", counted)
    return told


def report(text: Path, capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, str]:
    ended = main(["prove", str(text), "--output-format", "full", *given])
    return ended, capsys.readouterr().out


@pytest.mark.parametrize(
    ("sentence", "ended"),
    [
        ("for each a, b in spokes: a reaches b only via fw", status.AS_EXPECTED),
        ("for each a, b in spokes: a never reaches b on rdp", status.AS_EXPECTED),
        ("for each a, b in spokes: a never reaches b on ssh", status.REFUTED),
        ("spokes reaches spoke1 on https", status.AS_EXPECTED),
    ],
)
def test_a_report_is_the_same_however_many_decide_a_sentence(
    sentence: str, ended: int, shared_out: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "estate.vnet"
    text.write_text(hub_and_spokes(sentence))

    alone = report(text, capsys, "-j", "1")
    assert ended == alone[0]
    assert [] == shared_out
    assert alone == report(text, capsys, "-j", "2") == report(text, capsys, "-j", "3")
    assert min(shared_out) > 1


def test_a_sentence_whose_processes_die_is_unknown_and_no_other(
    shared_out: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, parent, flaw = tmp_path / "estate.vnet", os.getpid(), Unviolated.flaw
    dies, lives = "for each a, b in spokes: a never reaches b on rdp", "spoke1 reaches spoke2.s0 on https"
    text.write_text(hub_and_spokes(dies, lives))

    def deadly(question: Unviolated, region: object, origin: Place) -> str | None:
        if os.getpid() != parent and "rdp" in question.claim.text:
            os.kill(os.getpid(), signal.SIGKILL)
        return flaw(question, region, origin)  # type: ignore[arg-type]

    monkeypatch.setattr(Unviolated, "flaw", deadly)
    main(["prove", str(text), "-j", "2"])
    told = capsys.readouterr().out

    assert "unknown[i0]" in told
    assert "was ended by signal SIGKILL, twice" in told
    assert "proved[i1]" in told


def test_results_come_in_order_from_one_and_from_several(shared_out: list[int]) -> None:
    expected = [number * number for number in range(9)]

    assert expected == list(IN_PROCESS.results(_square, 9)) == list(Several(1, Event()).results(_square, 9))
    assert [] == shared_out
    assert expected == list(Several(2, Event()).results(_square, 9))
    assert [8] == shared_out


def test_what_is_soon_done_is_not_shared_out() -> None:
    assert {os.getpid()} == set(Several(2, Event()).results(lambda _: os.getpid(), 50))


def test_this_process_is_one_of_the_several(shared_out: list[int]) -> None:
    done_by = set(Several(2, Event()).results(_slowly, 12))

    assert os.getpid() in done_by
    assert 2 == len(done_by)


def test_this_process_waits_for_others_with_what_is_long(shared_out: list[int]) -> None:
    assert os.getpid() not in set(Several(2, Event()).results(_slowly, 4, long=True))


def test_a_task_that_kills_is_lost_and_never_tried_in_this_process(shared_out: list[int]) -> None:
    found = Several(2, Event()).results(_killing_but_in(os.getpid()), 8)

    assert 0 == next(found)
    with pytest.raises(Lost, match="SIGKILL, twice"):
        next(found)


def _square(number: int) -> int:
    return number * number


def _slowly(_: int) -> int:
    time.sleep(0.03)
    return os.getpid()


def _killing_but_in(parent: int) -> Callable[[int], int]:
    def work(task: int) -> int:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    return work
