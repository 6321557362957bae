"""`fmt` writes the canonical layout, once and for all."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from vnetverify.cli import main, status

UNTIDY = "vnet   hub { address 10.0.0.0/16\n subnet a   10.0.0.0/24 } # the hub\nintent one {hub reaches hub}\n"


@pytest.fixture
def untidy(tmp_path: Path) -> Path:
    path = tmp_path / "hub.vnet"
    path.write_text(UNTIDY)
    return path


def test_a_file_is_laid_out_in_place_and_keeps_its_comments(untidy: Path) -> None:
    assert main(["fmt", str(untidy)]) == status.AS_EXPECTED

    text = untidy.read_text()

    assert text != UNTIDY
    assert "# the hub" in text


def test_laying_out_again_changes_nothing(untidy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["fmt", str(untidy)])
    once = untidy.read_text()
    capsys.readouterr()

    assert main(["fmt", str(untidy)]) == status.AS_EXPECTED
    assert untidy.read_text() == once
    assert capsys.readouterr().out == ""
    assert main(["fmt", "--check", str(untidy)]) == status.AS_EXPECTED


def test_check_writes_nothing_and_ends_with_1(untidy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--check", str(untidy)]) == status.REFUTED
    assert untidy.read_text() == UNTIDY
    assert "is not in the canonical layout" in capsys.readouterr().out


def test_a_mistake_leaves_the_file_alone_and_the_others_are_still_laid_out(
    untidy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.vnet"
    broken.write_text("vnet {\n")

    assert main(["fmt", str(broken), str(untidy)]) == status.BAD_INPUT
    assert broken.read_text() == "vnet {\n"
    assert untidy.read_text() != UNTIDY
    assert "error[syntax]" in capsys.readouterr().err


def test_standard_input_goes_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UNTIDY.encode())))

    assert main(["fmt", "-"]) == status.AS_EXPECTED
    assert capsys.readouterr().out.startswith("vnet hub {\n")


def test_line_ends_of_windows_stay_where_all_are_so(untidy: Path) -> None:
    untidy.write_bytes(UNTIDY.replace("\n", "\r\n").encode())

    main(["fmt", str(untidy)])

    once = untidy.read_bytes()
    assert once.count(b"\r\n") == once.count(b"\n") > 0
    assert main(["fmt", "--check", str(untidy)]) == status.AS_EXPECTED

    untidy.write_bytes(UNTIDY.replace("\n", "\r\n", 1).encode())
    main(["fmt", str(untidy)])
    assert b"\r" not in untidy.read_bytes()
