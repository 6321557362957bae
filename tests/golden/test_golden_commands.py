"""What whole commands print about the texts in `cases`, from reading to the last line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vnetverify.cli import main

COMMANDS = {
    "check-mistakes": ["check", "mistakes.vnet"],
    "prove-full": ["prove", "hub.vnet"],
    "prove-documented": ["prove", "--output-format", "concise", "--reading", "documented", "hub.vnet"],
    "trace-delivered": ["trace", "hub.vnet", "--from", "app.web", "--to", "hub.shared", "--port", "1433"],
    "trace-forwarded": [
        *["trace", "hub.vnet", "--from", "app.jobs", "--to", "hub.shared", "--port", "1433"],
        *["--assume", "U-FORWARDS=true"],
    ],
    "trace-denied": ["trace", "hub.vnet", "--from", "internet", "--to", "bastion", "--port", "22"],
    "routes": ["routes", "hub.vnet", "app.jobs"],
    "rules": ["rules", "hub.vnet", "hub.shared"],
    "lint": ["lint", "lint.vnet"],
    "lint-concise": ["lint", "--output-format", "concise", "lint.vnet"],
    "lint-json": ["lint", "--output-format", "json", "hub.vnet"],
    "lint-admin": ["lint", "managed.vnet"],
    "show-tag": ["show", "tag", "VirtualNetwork", "lint.vnet", "spoke.web"],
    "show-tag-internet": ["show", "tag", "Internet", "lint.vnet", "spoke.web", "--assume", "U-INET=false"],
    "show-tag-json": ["show", "tag", "AzureLoadBalancer", "--output-format", "json", "lint.vnet", "spoke.web"],
    "diff": ["diff", "lint.vnet", "changed.vnet"],
    "diff-json": ["diff", "--output-format", "json", "lint.vnet", "changed.vnet"],
    "diff-equal": ["diff", "lint.vnet", "tidied.vnet"],
    "diff-admin": ["diff", "managed.vnet", "relaxed.vnet"],
    "resolve": ["resolve", "hub.vnet", "hub, lab except hub.shared"],
}


@pytest.fixture(autouse=True)
def beside_the_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run there, so that outputs name the texts without folders; the solver's process must still find the package."""
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", str(here.parents[1]))
    monkeypatch.chdir(here / "cases")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_prints_what_is_recorded(
    name: str,
    matches_golden: Callable[[str, str], bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(COMMANDS[name])

    assert matches_golden(f"{name}.txt", f"{capsys.readouterr().out}[exit status {status}]")
