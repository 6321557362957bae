"""Attacks on ourselves end in anything but a proof, and the command says so."""

from __future__ import annotations

import pytest

from vnetverify.cli import main, status


def test_no_attack_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert status.AS_EXPECTED == main(["selftest", "--forgeries", "60"])

    lines = capsys.readouterr().out.splitlines()
    assert "0 attacks succeeded" == lines[-1]
    assert len(lines) > 7
    assert all(line.startswith("held") for line in lines[:-1])
