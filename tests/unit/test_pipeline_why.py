"""What becomes of a proof without each of the lines that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from vnetverify import deciding
from vnetverify.pipeline import Options, load, prove
from vnetverify.prover.verdict import Refuted, verdict_word
from vnetverify.report.account import account_of
from vnetverify.report.results import ClaimResult, Report

NETWORK = """\
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24
  subnet db  10.0.2.0/24 nsg db
}
nsg db {
  inbound 100 sql allow tcp from 10.0.1.0/24 to any port 1433
  inbound 200 ssh deny tcp from any to any port 22
  inbound 300 rest deny any from any to any
}
"""


def reported(text: str, tmp_path: Path, why: bool = True) -> Report:
    (tmp_path / "a.vnet").write_text(text)
    loaded = load([str(tmp_path / "a.vnet")], [])
    assert not [found for found in loaded.diagnostics if found.severity.value == "error"], loaded.diagnostics
    return prove(loaded, Options(why=why))


def result_of(text: str, tmp_path: Path, why: bool = True) -> ClaimResult:
    return reported(text, tmp_path, why).results[0].results[0]


def becoming(result: ClaimResult) -> Mapping[str, str | None]:
    return {
        omission.ground.what: None if omission.verdict is None else verdict_word(omission.verdict)
        for omission in result.omissions
    }


def test_a_line_without_which_the_sentence_is_refuted_is_needed(tmp_path: Path) -> None:
    result = result_of(f"{NETWORK}intent a {{ v.web never reaches v.db on udp/53 }}", tmp_path)

    assert becoming(result) == {"rest denies": "refuted"}


def test_it_is_refuted_by_a_flow_that_the_simulator_has_replayed_without_the_line(tmp_path: Path) -> None:
    result = result_of(f"{NETWORK}intent a {{ v.web never reaches v.db on udp/53 }}", tmp_path)
    verdict = result.omissions[0].verdict

    assert isinstance(verdict, Refuted)
    assert verdict.witness is not None
    assert verdict.witness.flow.destination_port == 53
    assert verdict.why == "the first packet is delivered"


def test_a_line_that_another_one_stands_in_for_is_not_needed(tmp_path: Path) -> None:
    result = result_of(f"{NETWORK}intent a {{ v.web never reaches v.db on ssh }}", tmp_path)

    assert set(becoming(result).values()) == {"proved"}


def test_what_lets_pass_is_needed_by_a_sentence_of_presence(tmp_path: Path) -> None:
    result = result_of(f"{NETWORK}intent a {{ v.web reaches v.db on sql }}", tmp_path)

    assert becoming(result) == {"sql allows": "refuted", "10.0.0.0/16 to the network itself": None}


def test_without_an_option_nothing_is_left_out(tmp_path: Path) -> None:
    assert result_of(f"{NETWORK}intent a {{ v.web never reaches v.db on ssh }}", tmp_path, why=False).omissions == ()


def test_what_is_no_proof_has_nothing_to_leave_out(tmp_path: Path) -> None:
    assert result_of(f"{NETWORK}intent a {{ v.web never reaches v.db on sql }}", tmp_path).omissions == ()


def test_more_lines_than_a_few_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "MOST_OMITTED", 1)
    report = reported(f"{NETWORK}intent a {{ v.web reaches v.db on sql }}", tmp_path)
    result = report.results[0].results[0]
    (part,) = (part for part in account_of(result, report).parts if part.says == "without each of these lines alone")

    assert len(result.omissions) == 1
    assert (part.items[-1].what, part.items[-1].meaning) == ("1 more", "not asked")


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("v.web never reaches v.db on udp/53", "needed: without it refuted: udp 10.0.1."),
        ("v.web never reaches v.db on ssh", "not needed: still proved"),
        ("v.web reaches v.db on sql", "cannot go by itself"),
    ],
)
def test_the_report_says_so(sentence: str, expected: str, tmp_path: Path) -> None:
    report = reported(f"{NETWORK}intent a {{ {sentence} }}", tmp_path)
    account = account_of(report.results[0].results[0], report)
    (part,) = (part for part in account.parts if part.says == "without each of these lines alone")

    assert [item for item in part.items if item.meaning.startswith(expected)]
