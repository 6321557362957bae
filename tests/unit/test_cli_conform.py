"""`conform` counts, tells each disagreement in a line, and ends as it should."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.conformance_vectors import DIRECT, vector
from vnetverify.cli import conform, main, status


def file_of(tmp_path: Path, content: object) -> str:
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_the_command_counts_and_ends_well_when_nothing_disagrees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about_else = vector({"kind": "bottleneck"}, {"value": 1})
    content = {"vectors": [vector(DIRECT, {"value": True}), about_else]}

    assert main(("conform", file_of(tmp_path, content))) == status.AS_EXPECTED
    assert capsys.readouterr().out == "1 agreed, 0 disagreed, 1 not applicable\n"


def test_the_command_prints_a_line_for_each_disagreement_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = [vector(DIRECT, {"value": False})]

    assert main(("conform", file_of(tmp_path, content))) == status.REFUTED
    assert capsys.readouterr().out == (
        "V: simulator: wanted no, given yes directly\n"
        "V: encoder: wanted no, given it is answered: yes\n"
        "0 agreed, 1 disagreed, 0 not applicable\n"
    )


def test_the_command_says_what_it_left_out_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = [vector({"kind": "bottleneck"}, {"value": 1})]

    assert main(("conform", "--left-out", file_of(tmp_path, content))) == status.NOTHING_CHECKED
    assert capsys.readouterr().out.startswith("V: not applicable: questions of kind `bottleneck`\n")


@pytest.mark.parametrize("content", [{"networks": []}, 7, [1, 2], {"vectors": "none"}])
def test_a_file_without_vectors_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: object
) -> None:
    assert main(("conform", file_of(tmp_path, content))) == status.BAD_INPUT
    assert "no list of vectors" in capsys.readouterr().err


@pytest.mark.parametrize("files", [1, 2])
def test_more_vectors_than_are_asked_are_bad_input_in_a_file_or_in_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conform, "_MOST_VECTORS", 5)
    about_else = vector({"kind": "bottleneck"}, {"value": 1})
    for number in range(files):
        (tmp_path / f"{number}.json").write_text(json.dumps([about_else] * (6 // files)))

    assert main(("conform", str(tmp_path))) == status.BAD_INPUT
    assert "6 vectors, more than the 5 that are asked" in capsys.readouterr().err


def test_as_many_vectors_as_are_asked_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conform, "_MOST_VECTORS", 2)

    assert main(("conform", file_of(tmp_path, [vector({"kind": "bottleneck"}, {"value": 1})] * 2))) == (
        status.NOTHING_CHECKED
    )


def test_what_is_no_json_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "vectors.json"
    path.write_text("[" * 100_000)

    assert main(("conform", str(path))) == status.BAD_INPUT
    assert "error[bad-json]" in capsys.readouterr().err


def test_a_missing_file_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("conform", "nowhere.json")) == status.BAD_INPUT
    assert "error[no-such-file]" in capsys.readouterr().err


def test_hostile_names_are_printed_visibly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = [{**vector(DIRECT, {"value": False}), "id": "\x1b[31mred"}]

    assert main(("conform", file_of(tmp_path, content))) == status.REFUTED
    assert "\x1b" not in capsys.readouterr().out
