"""`fuzz` compares both engines on a user's network, and writes a small one where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vnetverify.cli import main, status
from vnetverify.facts import World
from vnetverify.header import Flow
from vnetverify.model.intents import Claim, Place
from vnetverify.model.network import Network
from vnetverify.simulator.claims import Violation, violates
from vnetverify.syntax.read import read_text
from vnetverify.testing import trial

SHOP = """
vnet shop {
  address 10.0.0.0/16
  subnet web 10.0.0.0/24  nsg guard
  subnet db 10.0.1.0/24  nsg guard
  subnet spare 10.0.2.0/24  nsg idle
}
vnet far { address 10.1.0.0/16  subnet office 10.1.0.0/24 }
nsg guard {
  inbound 100 ssh deny tcp from any to any port 22
  inbound 110 sql allow tcp from any to any port 1433
}
nsg idle {}
intent on-sql { shop.web reaches shop.db on tcp/1433 }
intent on-ssh { shop.web never reaches shop.db on tcp/22 }
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.vnet"
    path.write_text(SHOP)
    return path


def simulator_that_lets_ssh_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def lying(network: Network, claim: Claim, origin: Place, flow: Flow, world: World) -> Violation | None:
        if flow.destination_port == 22 and network.nsgs:
            return Violation("`web` is delivered", ())
        return violates(network, claim, origin, flow, world)

    monkeypatch.setattr(trial, "violates", lying)


def test_two_engines_that_agree_end_with_0(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", str(shop), "--flows", "60"]) == status.AS_EXPECTED

    text = capsys.readouterr().out

    assert "compared 2 claims: 2 proved" in text
    assert "asked about 60 flows in 5 worlds, 10 of 10 classes covered" in text
    assert text.endswith("no differences\n")


def test_the_same_seed_compares_the_same(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for _ in range(2):
        main(["fuzz", str(shop), "--flows", "30", "--seed", "7"])
        texts.append(capsys.readouterr().out)

    assert texts[0] == texts[1]


def test_a_pattern_selects_intents(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["fuzz", str(shop), "--flows", "5", "-k", "*-ssh"])

    assert "compared 1 claim:" in capsys.readouterr().out


def test_a_difference_ends_with_5_and_a_small_network(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator_that_lets_ssh_pass(monkeypatch)
    written = tmp_path / "difference.vnet"

    assert main(["fuzz", str(shop), "--flows", "400", "--reproducer", str(written)]) == status.OUR_BUG

    text, told = written.read_text(), capsys.readouterr().err

    assert "this is a bug of vnetverify" in told
    assert str(written) in told
    assert "shop.web never reaches shop.db on tcp/22-22" in text
    assert "far" not in text
    assert "sql" not in text
    assert [intent.name for intent in read_text(text).intents] == ["differs"]


def test_an_anonymous_one_has_no_name_of_the_user(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator_that_lets_ssh_pass(monkeypatch)
    written = tmp_path / "difference.vnet"
    main(["fuzz", str(shop), "--flows", "400", "--anonymous", "--reproducer", str(written)])

    text = written.read_text()

    assert not [name for name in ("shop", "web", "db", "guard", "office", "idle") if name in text]
    assert read_text(text).intents


def test_what_cannot_be_written_is_said(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator_that_lets_ssh_pass(monkeypatch)
    nowhere = tmp_path / "missing" / "difference.vnet"

    assert main(["fuzz", str(shop), "--flows", "400", "--reproducer", str(nowhere)]) == status.BAD_INPUT
    assert f"cannot write `{nowhere}`" in capsys.readouterr().err


def test_an_interrupt_ends_with_what_was_done(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vnetverify.testing.fuzzing.difference_on", interrupted)

    assert main(["fuzz", str(shop)]) == status.AS_EXPECTED

    captured = capsys.readouterr()

    assert "this is what was done" in captured.err
    assert "2 proved" in captured.out


def test_without_claims_about_flows_there_is_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "names.vnet"
    path.write_text('vnet a { address 10.0.0.0/16 }\nintent named { a resolves "web.corp" }\n')

    assert main(["fuzz", str(path)]) == status.NOTHING_CHECKED
    assert "nothing to compare" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--seconds", "0"], ["--flows", "0"], ["--seed", "-1"], ["--timeout", "0"]], ids=" ".join
)
def test_budgets_that_make_no_sense_are_refused(shop: Path, arguments: list[str]) -> None:
    assert main(["fuzz", str(shop), *arguments]) == status.BAD_INPUT


def test_an_input_with_errors_is_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.vnet"
    path.write_text("vnet {\n")

    assert main(["fuzz", str(path)]) == status.BAD_INPUT
    assert "error[syntax]" in capsys.readouterr().err
