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
