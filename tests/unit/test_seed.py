"""The statements of the 2016 peering overview hold as `specs/seed` states them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.pipeline import Loaded, Options, load, prove
from vnetverify.prover.verdict import Unknown, verdict_word
from vnetverify.report.results import Report

_SEED = Path(__file__).parents[2] / "specs" / "seed"
_ACCEPTED = sorted(_SEED.glob("*.vnet"))
_REFUSED = sorted((_SEED / "refused").glob("*.vnet"))
_ERA = "\nera 2016-07\n"
_OF_THE_PREVIEW = [path for path in _REFUSED if _ERA in path.read_text(encoding="utf-8")]
_PROMISE = re.compile(r"# refused: ([a-z-]+) \(([RF]-[A-Z]+-\d+)\)")


# The rules that the statements of the overview come down to, one line of the overview each.
_STATED = {
    "R-PEER-1", "R-PEER-11", "R-SYS-7",
    "R-LINT-2",
    "R-UDR-7", "R-UDR-9", "R-UDR-10", "R-UDR-11", "R-PEER-15", "R-PEER-25",
    "R-PEER-4", "R-PEER-8",
    "R-PEER-5",
    "R-PEER-6", "R-PEER-7",
    "R-PEER-12",
    "R-PEER-9", "R-LINT-4",
    "F-LB-6",
    "R-LINT-6", "R-PEER-13", "R-PEER-14",
    "R-LINT-1", "F-DNS-1", "F-DNS-3",
    "R-GW-3", "R-GW-11", "R-SEL-3",
    "R-GW-1", "R-GW-4", "R-GW-5",
    "R-GW-9",
    "R-GW-12",
    "R-PEER-10", "R-LINT-5",
    "R-LINT-3",
}  # fmt: skip


def _name(path: Path) -> str:
    return path.stem


def _errors(loaded: Loaded) -> list[tuple[str, str | None]]:
    return [(found.code, found.rule) for found in loaded.diagnostics if found.severity is Severity.ERROR]


@cache
def _proved(path: Path) -> Report:
    return prove(load([str(path)], []), Options())


def test_the_seed_is_there() -> None:
    assert len(_ACCEPTED) >= 15
    assert len(_REFUSED) >= 7


@pytest.mark.parametrize("path", _ACCEPTED, ids=_name)
def test_a_network_of_the_seed_is_one_that_azure_accepts(path: Path) -> None:
    assert _errors(load([str(path)], [])) == []


@pytest.mark.parametrize("path", _ACCEPTED, ids=_name)
def test_every_intent_of_the_seed_comes_out_as_it_expects(path: Path) -> None:
    report = _proved(path)
    surprises = {
        result.intent.name: verdict_word(result.verdict) for result in report.results if not result.as_expected
    }

    assert report.complete
    assert surprises == {}


@pytest.mark.parametrize("path", _ACCEPTED, ids=_name)
def test_beside_what_is_proved_stands_something_tempting_that_is_not(path: Path) -> None:
    expected = [intent.expect for intent in load([str(path)], []).document.intents]

    assert "proved" in expected
    assert {"refuted", "unknown"} & set(expected)


@pytest.mark.parametrize("path", _ACCEPTED, ids=_name)
def test_what_is_expected_to_fail_says_why(path: Path) -> None:
    intents = load([str(path)], []).document.intents
    unexplained = [intent.name for intent in intents if intent.expect != "proved" and not intent.because]

    assert unexplained == []


@pytest.mark.parametrize("path", _ACCEPTED, ids=_name)
def test_an_unknown_is_open_for_the_facts_that_its_reason_names(path: Path) -> None:
    for result in _proved(path).results:
        named = set(re.findall(r"U-[A-Z0-9-]*[A-Z0-9]", result.intent.because or ""))
        verdicts = [claim.verdict for claim in result.results]
        asked = {fact.question for verdict in verdicts if isinstance(verdict, Unknown) for fact in verdict.open_facts}

        assert asked == named, result.intent.name


@pytest.mark.parametrize("path", [*_ACCEPTED, *_REFUSED], ids=_name)
def test_a_text_of_the_seed_begins_with_a_comment_that_names_its_rules(path: Path) -> None:
    comment = path.read_text(encoding="utf-8").partition("\n\n")[0]

    assert all(line.startswith("# ") for line in comment.splitlines())
    assert re.search(r"\b[RF]-[A-Z]+-\d+", comment)


@pytest.mark.parametrize("rule", sorted(_STATED))
def test_a_text_of_the_seed_shows_each_statement(rule: str) -> None:
    comments = [path.read_text(encoding="utf-8").partition("\n\n")[0] for path in (*_ACCEPTED, *_REFUSED)]

    assert any(re.search(rf"\b{rule}\b", comment) for comment in comments)


def test_a_network_with_one_peering_too_many_is_warned_of_and_proved_all_the_same(tmp_path: Path) -> None:
    text = (_SEED / "limits.vnet").read_text(encoding="utf-8")
    spoke = text[text.index("vnet spoke") : text.index("intent")]

    def spokes(count: int) -> list[str]:
        more = "".join(
            spoke.replace("spoke", f"spoke{number}").replace("172.16.0", f"172.{17 + number // 256}.{number % 256}")
            for number in range(1, count)
        )
        path = tmp_path / f"{count}.vnet"
        path.write_text(text + more, encoding="utf-8")
        loaded = load([str(path)], [])
        (peered,) = prove(loaded, Options("peered")).results
        assert peered.as_expected
        return [f"{found.code} {found.rule} {found.severity.value}" for found in loaded.diagnostics]

    assert spokes(500) == []
    assert spokes(501) == ["above-limit R-PEER-10 warning"]


@pytest.mark.parametrize("path", _REFUSED, ids=_name)
def test_what_azure_refuses_is_refused_with_the_code_that_the_text_promises(path: Path) -> None:
    first_line = path.read_text(encoding="utf-8").partition("\n")[0]
    promise = _PROMISE.fullmatch(first_line)
    assert promise is not None, first_line

    found = _errors(load([str(path)], []))

    assert found == [(promise[1], promise[2])]


@pytest.mark.parametrize("path", _OF_THE_PREVIEW, ids=_name)
def test_what_the_first_preview_alone_refused_is_accepted_today(path: Path, tmp_path: Path) -> None:
    today = tmp_path / path.name
    today.write_text(path.read_text(encoding="utf-8").replace(_ERA, "\n"), encoding="utf-8")

    assert _errors(load([str(today)], [])) == []
