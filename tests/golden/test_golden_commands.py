"""What whole commands print about the texts in `cases`, from reading to the last line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vnetverify.cli import main

COMMANDS = {
    "check-mistakes": ["check", "mistakes.vnet"],
    "prove-full": ["prove", "hub.vnet"],
    "prove-concise": ["prove", "--output-format", "concise", "hub.vnet"],
    "prove-documented": ["prove", "--output-format", "concise", "--reading", "documented", "hub.vnet"],
    "trace-delivered": ["trace", "hub.vnet", "--from", "app.web", "--to", "hub.shared", "--port", "1433"],
    "trace-forwarded": [
        *["trace", "hub.vnet", "--from", "app.jobs", "--to", "hub.shared", "--port", "1433"],
        *["--assume", "U-FORWARDS=true"],
    ],
    "trace-denied": ["trace", "hub.vnet", "--from", "internet", "--to", "bastion", "--port", "22"],
    "routes": ["routes", "hub.vnet", "app.jobs"],
    "rules": ["rules", "hub.vnet", "hub.shared"],
    "resolve": ["resolve", "hub.vnet", "hub, lab except hub.shared"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_prints_what_is_recorded(
    name: str,
    matches_golden: Callable[[str, str], bool],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(Path(__file__).parent / "cases")

    status = main(COMMANDS[name])

    assert matches_golden(f"{name}.txt", f"{capsys.readouterr().out}[exit status {status}]")
