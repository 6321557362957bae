"""What a text assumes holds in every story that is told about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnetverify.cli import main, status
from vnetverify.rules import SettledFacts

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
