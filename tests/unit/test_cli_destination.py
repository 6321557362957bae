"""`prove --output FILE`: the report stands there whole or not at all, and never where an input stood."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.golden.samples import EVERYTHING, INTERRUPTED
from tests.unit.test_cli_prove import prover as prover
from tests.unit.test_cli_prove import text as text
from vnetverify.cli import main, output, status
from vnetverify.report.json import render_json


def test_a_report_goes_to_the_file_and_its_summary_to_stderr(
    text: str, tmp_path: Path, prover: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"

    assert main(["prove", text, "--output-format", "json", "-o", str(path)]) == status.REFUTED
    assert path.read_text() == render_json(EVERYTHING) + "\n"

    streams = capsys.readouterr()

    assert streams.out == ""
    assert streams.err.startswith("8 of 8 intents: 2 proved, 1 refuted")


def test_an_interrupted_run_leaves_a_file_that_says_so(text: str, tmp_path: Path, prover: list[Any]) -> None:
    prover[0] = INTERRUPTED
    path = tmp_path / "report.md"

    assert main(["prove", text, "--output-format", "markdown", "-o", str(path)]) == status.INTERRUPTED
    assert "**interrupted: 3 of 4 intents were not decided**" in path.read_text()


def test_text_in_a_file_has_no_colours(
    text: str, tmp_path: Path, prover: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    main(["prove", text, "-o", str(tmp_path / "report.txt")])

    assert "\x1b" not in (tmp_path / "report.txt").read_text()


def test_a_hyphen_is_standard_output(text: str, prover: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    main(["prove", text, "-o", "-"])

    assert "proved[orders-work]" in capsys.readouterr().out


@pytest.mark.parametrize("format_name", ["json", "markdown", "csv", "junit", "github", "sarif", "html"])
def test_what_is_wrong_with_the_input_is_reported_in_every_format_for_programs(
    format_name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.vnet"
    bad.write_text("vnet a { address 10.0.0.0/33 }\nintent one { a reaches a }\n")

    assert main(["prove", str(bad), "--output-format", format_name]) == status.BAD_INPUT

    told = capsys.readouterr().out

    assert "bad-prefix" in told
    assert "nothing was checked: the input has 1 error" in told or json.loads(told)["intents"] == []


@pytest.mark.parametrize("way", ["itself", "link", "hard link", "with dots"])
def test_an_input_is_never_written_over(
    way: str, text: str, tmp_path: Path, prover: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path(text).read_text()
    target = {"itself": Path(text), "with dots": tmp_path / "." / ".." / tmp_path.name / Path(text).name}.get(way)
    if target is None:
        target = tmp_path / "other"
        (target.symlink_to if way == "link" else target.hardlink_to)(text)

    assert main(["prove", text, "-o", str(target)]) == status.BAD_INPUT
    assert Path(text).read_text() == before
    assert "it is an input" in capsys.readouterr().err
    assert prover == [EVERYTHING]


@pytest.mark.parametrize("named", ["on the command line", "in the text"])
def test_no_report_goes_into_a_folder_that_is_read_as_input(
    named: str, tmp_path: Path, prover: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    export, intents = tmp_path / "export", tmp_path / "intents.vnet"
    export.mkdir()
    (export / "hub.json").write_text("[]")
    intents.write_text('use "export"\n' if named == "in the text" else "vnet a { address 10.0.0.0/16 }\n")
    networks = ["--network", str(export)] if named == "on the command line" else []

    assert main(["prove", str(intents), *networks, "-o", str(export / "report.json")]) == status.BAD_INPUT
    assert os.listdir(export) == ["hub.json"]
    assert "all of which is read as input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (".", "it is a folder"),
        ("missing/report.txt", "there is no such folder"),
        ("/dev/null", "it is not a regular file"),
        ("loop", "symlink loop"),
    ],
)
def test_a_file_that_cannot_be_made_is_refused_before_anything_is_proved(
    target: str, reason: str, text: str, prover: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(text).parent
    (folder / "loop").symlink_to("loop")

    assert main(["prove", text, "-o", str(folder / target)]) == status.BAD_INPUT
    assert reason in capsys.readouterr().err
    assert prover == [EVERYTHING]


def test_a_disk_that_fills_up_leaves_the_old_report_and_nothing_else(
    text: str, tmp_path: Path, prover: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.csv").write_text("old")
    monkeypatch.setattr(output.os, "fsync", full)

    assert main(["prove", text, "--output-format", "csv", "-o", str(folder / "report.csv")]) == status.INTERRUPTED
    assert (folder / "report.csv").read_text() == "old"
    assert os.listdir(folder) == ["report.csv"]


def test_every_sentence_is_a_row_of_the_table(text: str, tmp_path: Path, prover: list[Any]) -> None:
    main(["prove", text, "--output-format", "csv", "-o", str(tmp_path / "report.csv")])
    with (tmp_path / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert [row["verdict"] for row in rows] == [
        *("proved", "refuted", "refuted", "unknown", "unknown", "vacuous", "proved (as documented)", "proved"),
        "complete",
    ]
