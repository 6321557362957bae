"""What a run says that none of its proofs covers."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnetverify.cli import main

_BEHIND = """\
vnet v {{
  address 10.0.0.0/16
  subnet AzureFirewallSubnet 10.0.1.0/26
  subnet s 10.0.2.0/24 routes via-fw
}}
route-table via-fw {{ all 0.0.0.0/0 -> appliance 10.0.1.4 }}
firewall fw {{
  nic 10.0.1.4 in v.AzureFirewallSubnet public-ip standard
  collection {rules}
}}
intent out {{ v.s reaches 198.51.100.0/24 on https  expect {expected} }}
"""


@pytest.mark.parametrize(
    ("rules", "expected", "is_said"),
    [
        ("application 100 web allow { rule web https from * to * }", "proved", True),
        ("network 100 web allow { rule web tcp from * to * port 443 }", "proved", False),
        ("application 100 web deny { rule web https from * to * }", "refuted", False),
    ],
)
def test_what_application_rules_take_for_granted_is_said_beside_a_proof(
    rules: str, expected: str, is_said: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hub.vnet"
    path.write_text(_BEHIND.format(rules=rules, expected=expected))

    assert main(["prove", "--jobs", "1", str(path)]) == 0
    assert ("HTTP, HTTPS or MSSQL" in capsys.readouterr().out) is is_said
