"""Lints that need no proof: what a statement by itself shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnetverify.cli import main, status
from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.lints import plain_lints
from vnetverify.model.network import Network
from vnetverify.source import Source
from vnetverify.syntax import read


def lints(text: str) -> tuple[Diagnostic, ...]:
    document = read([Source("t.vnet", text)], Network())
    assert not document.diagnostics, document.diagnostics
    return plain_lints(document.network)


def codes(text: str) -> list[str]:
    return [found.code for found in lints(text)]


PLACE = "vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24 }"


def test_a_group_that_is_attached_to_nothing_filters_nothing() -> None:
    assert ["nsg-unattached"] == codes(f"{PLACE}\nnsg idle {{}}")


def test_one_that_what_is_not_modelled_may_have_is_not_said_to_filter_nothing() -> None:
    (found,) = lints(f'{PLACE}\nnsg idle {{}}\nnot-known "the group of a subnet" because "it is assigned later" for v')

    assert (found.code, found.severity) == ("nsg-unattached", Severity.NOTE)
    assert "filters nothing" not in f"{found.message}{found.label}"


def test_a_route_table_that_is_attached_to_nothing_routes_nothing() -> None:
    attached = "vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24 routes idle }"
    not_known = '\nnot-known "the table of a subnet" because "it is assigned later" for v'
    (found,) = lints(f"{PLACE}\nroute-table idle {{}}")
    (doubtful,) = lints(f"{PLACE}\nroute-table idle {{}}{not_known}")

    assert (found.code, found.severity) == ("route-table-unattached", Severity.WARNING)
    assert (doubtful.code, doubtful.severity) == ("route-table-unattached", Severity.NOTE)
    assert "routes nothing" not in f"{doubtful.message}{doubtful.label}"
    assert not codes(f"{attached}\nroute-table idle {{}}")


def test_a_group_at_one_interface_is_attached() -> None:
    assert not codes(f"{PLACE}\nnsg busy {{}}\nvm a {{ nic 10.0.1.4 in v.web nsg busy }}")


@pytest.mark.parametrize(
    ("sku", "code"),
    [
        ("standard", "public-address-closed"),
        ("basic", "public-address-open"),
        ("", "public-address-unfiltered"),
    ],
)
def test_a_public_address_that_no_group_judges_is_as_open_as_its_sku(sku: str, code: str) -> None:
    assert [code] == codes(f"{PLACE}\nvm a {{ nic 10.0.1.4 in v.web public-ip {sku} }}")


def test_a_public_address_behind_a_group_is_what_the_group_makes_of_it() -> None:
    grouped = "vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }\nnsg g {}"

    assert not codes(f"{grouped}\nvm a {{ nic 10.0.1.4 in v.web public-ip standard }}")


def test_a_managed_firewall_needs_no_group() -> None:
    text = """\
vnet v { address 10.0.0.0/16  subnet AzureFirewallSubnet 10.0.1.0/26 }
firewall fw { nic 10.0.1.4 in v.AzureFirewallSubnet public-ip standard  forwards any }
"""
    assert not codes(text)


def test_lint_counts_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.vnet"
    path.write_text(f"{PLACE}\nnsg idle {{}}\n")

    assert main(["lint", str(path)]) == status.AS_EXPECTED

    assert capsys.readouterr().out.endswith("  = rule F-NSG-13\n\n1 warning\n")


def test_lint_of_an_ill_formed_text_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.vnet"
    path.write_text("vnet v { address 10.0.0.0/33 }\n")

    assert main(["lint", "--output-format", "concise", str(path)]) == status.BAD_INPUT

    assert "error[bad-prefix]" in capsys.readouterr().out
