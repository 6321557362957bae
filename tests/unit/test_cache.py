"""What is remembered counts once it is checked: a line that does not matter loses nothing, a forger wins nothing."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vnetverify.cache import remembering
from vnetverify.cache import store as stores
from vnetverify.cache.canonical import NotCanonical, part_of
from vnetverify.cache.notation import NotRead, from_text
from vnetverify.cache.store import Store, Unusable, default_folder, opened
from vnetverify.certificate.evidence import Subject, certify
from vnetverify.certificate.maker import NoCover
from vnetverify.deciding import Deciding
from vnetverify.facts import SettledFacts
from vnetverify.loading import load
from vnetverify.model.intents import Claim
from vnetverify.pipeline import Options, prove
from vnetverify.prover.verdict import Assurance, Proved, verdict_word
from vnetverify.report.json import render_json
from vnetverify.report.results import Answer, ClaimResult, Report
from vnetverify.source import Span
from vnetverify.syntax import read_text
from vnetverify.workers.several import Several

NETWORK = """\
vnet v {
  address 10.0.0.0/16
  subnet web  10.0.1.0/24
  subnet db   10.0.2.0/24 nsg db
  subnet mail 10.0.3.0/24 nsg mail
}
nsg db {
  inbound 100 sql  allow tcp from 10.0.1.0/24 to any port 1433
  inbound 200 rest deny  any from any to any
}
nsg mail {
  inbound 100 smtp allow tcp from any to any port 25
  inbound 200 rest deny  any from any to any
}
"""
INTENTS = """\
intent holds { v.web never reaches v.db on ssh }
intent works { v.web reaches v.db on sql }
intent fails { v.web never reaches v.db on sql }
intent mail-is-apart { v.web never reaches v.mail on ssh }
"""


@pytest.fixture
def cache(tmp_path: Path) -> Store:
    return opened(tmp_path / "cache")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "a.vnet"
    path.write_text(NETWORK + INTENTS)
    return path


def run(text: Path, cache: Store | None) -> Report:
    return prove(load([str(text)], []), Options(cache=cache))


def recalled(report: Report) -> list[str]:
    """Return the intents whose verdict an earlier run found."""
    return [result.intent.name for result in report.results if all(claim.recalled for claim in result.results)]


def told(report: Report) -> str:
    document = json.loads(render_json(report))
    for intent in document["intents"]:
        for claim in intent["claims"]:
            for measured in ("seconds", "rlimit", "recalled"):
                del claim[measured]
    return json.dumps({**document, "seconds": None, "end": None})


EVERY = ["holds", "works", "fails", "mail-is-apart"]


def test_a_second_run_reports_the_same_and_recalls_all(text: Path, cache: Store) -> None:
    cold, warm = run(text, cache), run(text, cache)

    assert [] == recalled(cold)
    assert EVERY == recalled(warm)
    assert told(run(text, None)) == told(cold) == told(warm)


def test_answers_checked_by_several_processes_are_those_checked_by_one(
    text: Path, cache: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cold, parent, checked = run(text, cache), os.getpid(), remembering.checked
    monkeypatch.setattr(Several, "_pays", lambda _, done, left, begun: done > 0 and left > 1)
    by_two = prove(load([str(text)], []), Options(cache=cache, jobs=2))

    assert EVERY == recalled(by_two)
    assert told(cold) == told(by_two)

    def deadly(*given: object) -> ClaimResult | None:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return checked(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(remembering, "checked", deadly)
    by_lost = prove(load([str(text)], []), Options(cache=cache, jobs=2))

    assert ["holds"] == recalled(by_lost)
    assert told(cold) == told(by_lost)


def test_a_line_put_in_above_loses_nothing_and_lines_are_those_of_today(text: Path, cache: Store) -> None:
    run(text, cache)
    text.write_text("# a word before\n\n" + NETWORK + INTENTS)
    warm = run(text, cache)

    assert EVERY == recalled(warm)
    assert told(run(text, None)) == told(warm)


def test_a_changed_rule_asks_anew_what_it_can_matter_to(text: Path, cache: Store) -> None:
    run(text, cache)
    text.write_text(NETWORK.replace("port 25", "port 22") + INTENTS)
    warm = run(text, cache)

    assert ["holds", "works", "fails"] == recalled(warm)
    assert "refuted" == verdict_word(warm.results[3].verdict)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("subnet web  10.0.1.0/24", "subnet web  10.0.1.0/25"),
        ("v.web never reaches v.db on ssh", "v.mail never reaches v.db on ssh"),
        ("nsg db {", "nsg spare {\n}\nnsg db {"),
    ],
)
def test_what_the_key_covers_is_asked_anew(old: str, new: str, text: Path, cache: Store) -> None:
    run(text, cache)
    text.write_text((NETWORK + INTENTS).replace(old, new))

    assert "holds" not in recalled(run(text, cache))


def entries(cache: Store) -> dict[Path, str]:
    return {path: path.read_text() for path in sorted(cache.folder.iterdir())}


def forgeries(kept: dict[Path, str]) -> Iterator[dict[Path, str]]:
    """Yield every answer in the place of every other, and all of them with something changed or cut off."""
    yield from (dict.fromkeys(kept, text) for text in kept.values())
    changes: tuple[Callable[[str], str], ...] = (
        lambda text: text.replace('"CERTIFICATE"', '"Z3_ALONE"'),
        lambda text: text.replace('"v.web"', '"nowhere"'),
        lambda text: re.sub(r'("destination_port"):[0-9]+', r"\1:70000", text),
        lambda text: text[: len(text) // 2],
        lambda _: "[" * 100_000,
    )
    yield from ({path: change(text) for path, text in kept.items()} for change in changes)


def test_no_forged_answer_becomes_a_verdict(text: Path, cache: Store) -> None:
    honest = run(text, cache)
    verdicts = [verdict_word(result.verdict) for result in honest.results]
    kept = entries(cache)

    for forged in forgeries(kept):
        for path, entry in forged.items():
            path.write_text(entry)

        assert verdicts == [verdict_word(result.verdict) for result in run(text, cache).results]


def test_a_proof_of_a_network_that_has_changed_is_refused(text: Path, cache: Store) -> None:
    run(text, cache)
    stale = entries(cache)
    text.write_text(NETWORK.replace("deny  any from any to any", "allow any from any to any") + INTENTS)
    changed = run(text, cache)
    for entry in stale.values():
        for path in cache.folder.iterdir():
            path.write_text(entry)

        assert told(changed) == told(run(text, cache))


@pytest.mark.parametrize(
    ("sentence", "is_vacuous"), [("v.web reaches w.s only via guard", True), ("v.web never reaches w.s", False)]
)
def test_a_forged_proof_of_what_is_vacuous_is_refused(sentence: str, is_vacuous: bool) -> None:
    apart = "vnet w { address 10.9.0.0/16  subnet s 10.9.1.0/24 } appliance guard { nic 10.9.1.4 in w.s  forwards any }"
    document = read_text(f"{NETWORK} {apart} intent forged {{ {sentence} }}")
    (claim,) = next(intent.claims for intent in document.intents if intent.name == "forged")
    assert isinstance(claim, Claim)
    certificate = certify(Subject(document.network, claim, SettledFacts({})), 20_000)
    assert not isinstance(certificate, NoCover)
    forged = Answer(Proved((), assurance=Assurance.CERTIFICATE), ((False, certificate),))

    found = Deciding(document.network, {}, False).recalled(claim, forged)

    assert (found is None) is is_vacuous


def test_what_is_no_answer_is_not_read() -> None:
    verdict = '{"is":"Vacuous","why":"nothing"}'
    for text in ("", "7", "[]", f'{{"is":"Answer","verdict":{verdict}}}', '{"is":"Proved"}', '{"is":"Span"}'):
        with pytest.raises(NotRead):
            from_text(Answer, text, lambda _: None)


def test_a_folder_that_others_may_write_to_is_no_cache(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    (tmp_path / "link").symlink_to(opened(tmp_path / "own").folder)

    with pytest.raises(Unusable, match="others may write there"):
        opened(folder)
    with pytest.raises(Unusable, match="it is not a folder"):
        opened(tmp_path / "link")
    assert 0o700 == (tmp_path / "own").stat().st_mode & 0o777


def test_links_and_what_is_too_large_are_not_read(cache: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write("a", "text")
    (cache.folder / "b.json").symlink_to(cache.folder / "a.json")

    assert ["text", None, None] == [cache.read(key) for key in "abc"]

    monkeypatch.setattr(stores, "LARGEST_ENTRY", 3)
    cache.write("c", "four")

    assert [None, None] == [cache.read(key) for key in "ac"]


def test_what_was_not_used_for_longest_goes_first(cache: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "MOST_ENTRIES", 5)
    for number in range(6):
        cache.write(str(number), "text")
        os.utime(cache.folder / f"{number}.json", (number, number))
    cache.read("0")
    cache.prune()

    assert ["0.json", "3.json", "4.json", "5.json"] == sorted(os.listdir(cache.folder))


def test_a_disk_that_is_full_is_no_reason_to_fail(cache: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stores.os, "replace", full)
    cache.write("a", "text")

    assert [] == os.listdir(cache.folder)


def test_caches_lie_where_the_user_has_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    there = default_folder()
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", "/home/somebody")

    assert [tmp_path / "vnetverify", Path("/home/somebody/.cache/vnetverify")] == [there, default_folder()]


def test_places_count_by_their_order_and_values_by_their_kind() -> None:
    one, other = Span("a", 1, 1, 1, 9), Span("b", 7, 2, 8, 1)

    assert part_of((one, other)).digest == part_of((other, one)).digest != part_of((one, one)).digest
    assert (one, other) == part_of((one, other, one)).places
    assert len({part_of(value).digest for value in (1, "1", True, (1,), [1, 1], None, {"1": 1}, frozenset({1}))}) == 8
    with pytest.raises(NotCanonical):
        part_of(object())
