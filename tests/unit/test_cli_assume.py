"""What a text assumes holds in every story that is told about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnetverify.cli import main, status
from vnetverify.facts import SettledFacts

STEERED = """\
vnet hub {
  address 10.0.0.0/16
  subnet db 10.0.2.0/24
  subnet dmz 10.0.1.0/24
}
vnet spoke {
  address 10.1.0.0/16
  subnet app 10.1.0.0/24 routes via
}
peering hub -> spoke { allow-forwarded-traffic }
peering spoke -> hub { allow-forwarded-traffic }
route-table via { to-db 10.0.2.0/24 -> appliance 10.0.1.4 }
appliance fw { nic 10.0.1.4 in hub.dmz }
intent reads { spoke reaches hub.db on sql }
"""


@pytest.mark.parametrize("fact", ["U-FORWARDS", "U-FORWARDS(fw)", "U-FORWARDS(FW)"])
def test_a_witness_lives_in_the_world_that_was_assumed(
    fact: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hub.vnet"
    path.write_text(f"{STEERED}assume {fact} = true\n")

    assert main(["prove", str(path)]) == status.UNDECIDED

    told = capsys.readouterr().out

    assert "depends on U-STATEFUL(fw)" in told
    assert "U-FORWARDS(fw) = true  fw forwards this flow" in told
    assert "does not forward this flow" not in told


def test_an_exact_name_goes_before_its_kind_and_case_is_no_matter() -> None:
    facts = SettledFacts({"U-FORWARDS": True, "U-FORWARDS(fw)": False})

    assert facts["U-FORWARDS(FW)"] is False
    assert facts["U-FORWARDS(other)"] is True
    assert facts.get("U-STATEFUL(fw)") is None
    assert dict(facts) == {"U-FORWARDS": True, "U-FORWARDS(fw)": False}


RELAYED = """\
vnet hub {
  address 10.0.0.0/16
  subnet dmz 10.0.1.0/24
}
vnet left {
  address 10.1.0.0/16
  subnet app 10.1.0.0/24 routes via
}
vnet right {
  address 10.2.0.0/16
  subnet app 10.2.0.0/24
}
vnet lab {
  address 10.9.0.0/16
  subnet app 10.9.0.0/24
}
peering hub -> left { allow-forwarded-traffic }
peering left -> hub { allow-forwarded-traffic }
peering hub -> right {}
peering right -> hub {}
route-table via { default 0.0.0.0/0 -> appliance 10.0.1.4 }
appliance fw { nic 10.0.1.4 in hub.dmz  forwards tcp from any to any }
"""
APART = "left.app never reaches right.app on ssh"


def test_an_intent_is_proved_as_documented_if_one_of_its_claims_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hub.vnet"
    path.write_text(f"{RELAYED}intent apart {{ lab.app never reaches right.app  {APART} }}\n")

    assert main(["prove", str(path), "--reading", "documented", "--output-format", "concise"]) == status.AS_EXPECTED

    *claims, summary = capsys.readouterr().out.splitlines()

    assert [claim.split(": ")[1] for claim in claims] == ["proved[apart]", "proved (as documented)[apart]"]
    assert summary == "1 of 1 intent: 1 proved (as documented)"


def test_what_holds_as_documented_alone_is_unknown_in_every_world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hub.vnet"
    path.write_text(f"{RELAYED}intent apart {{ {APART} }}\n")

    assert main(["prove", str(path)]) == status.UNDECIDED
    assert "proved as documented, open if U-R-PEER-16" in capsys.readouterr().out


@pytest.mark.parametrize("spelled", ["U-FORWARDS(fw)", "U-FORWARDS(FW)", "U-FORWARDS( fw )", "U-FORWARDS"])
def test_one_fact_assumed_both_ways_is_an_error_however_it_is_spelled(
    spelled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hub.vnet"
    for lines in (("U-FORWARDS(fw) = false", f'"{spelled}" = true'), (f'"{spelled}" = true', "U-FORWARDS(fw) = false")):
        path.write_text(STEERED + "".join(f"assume {line}\n" for line in lines))

        assert main(["prove", str(path)]) == status.BAD_INPUT
        assert "is assumed both ways" in capsys.readouterr().err


TRACED = ["--from", "spoke", "--to", "hub.db", "--port", "22"]


@pytest.mark.parametrize(
    ("assumed", "arrives"),
    [
        (["U-STATEFUL(fw)=false", "U-FORWARDS( fw ) = true"], True),
        (["U-FORWARDS(FW)=true"], True),
        (["U-FORWARDS=true"], True),
        (["U-FORWARDS=true", "U-FORWARDS(fw)=false"], False),
    ],
)
def test_the_command_line_fixes_a_fact_before_the_text_and_with_any_blanks(
    assumed: list[str], arrives: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hub.vnet"
    path.write_text(f"{STEERED}assume U-FORWARDS(fw) = false\n")
    options = [word for fact in assumed for word in ("--assume", fact)]

    assert main(["trace", str(path), *TRACED, *options]) == status.AS_EXPECTED
    assert ("delivered to 10.0.2.4" in capsys.readouterr().out) is arrives
    assert main(["matrix", str(path), "--from", "spoke", "--to", "hub.db", *options]) == status.AS_EXPECTED
    assert ("  1  none  no flow arrives" not in capsys.readouterr().out) is arrives


@pytest.mark.parametrize(
    ("assumed", "reason"),
    [
        (["U-FORWARDS(fw)=true", "U-FORWARDS(FW)=false"], "'U-FORWARDS(FW)' is assumed both ways"),
        (["U-FORWARD(fw)=true"], "'U-FORWARD(fw)' is not an open fact; did you mean U-FORWARDS?"),
        (["u-forwards=true"], "did you mean U-FORWARDS?"),
        (["nonsense"], "'nonsense' is not an open fact; for example U-R-PEER-16=true"),
    ],
)
def test_what_is_wrong_with_an_assumption_on_the_command_line_is_said(
    assumed: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hub.vnet"
    path.write_text(STEERED)
    options = [word for fact in assumed for word in ("--assume", fact)]

    assert main(["trace", str(path), *TRACED, *options]) == status.BAD_INPUT
    assert reason in capsys.readouterr().err


def test_an_assumption_about_a_subnet_that_is_not_there_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hub.vnet"
    known = "assume U-DOA(HUB.db) = true\nassume U-FORWARDS(nobody) = true\nassume U-VNTAG = true\n"
    path.write_text(f"{STEERED}{known}assume U-VNTAG(spoke.ap, 0.0.0.0/0) = true\n")

    assert main(["check", str(path)]) == status.AS_EXPECTED

    told = capsys.readouterr().out
    assert told.count("warning[assumes-nothing]") == 1
    assert "`U-VNTAG(spoke.ap, 0.0.0.0/0)` is about nothing: there is no subnet `spoke.ap`" in told
    assert "help: did you mean `spoke.app`?" in told
