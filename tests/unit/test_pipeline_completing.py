"""A text completes an export that only mentions a vnet: it declares that vnet, and the export says what is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import GROUP, nic, nsg, peering, reference, resource, rule, subnet_id, vnet
from vnetverify.diagnostic import Severity
from vnetverify.header import parse_prefix
from vnetverify.pipeline import Loaded, Options, load, prove
from vnetverify.prover.verdict import verdict_word

_WEB, _DB = subnet_id("hub", "web"), subnet_id("hub", "db")
_HUB = """
vnet hub {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24
  subnet db 10.0.2.0/24
}
"""
_CARDS = (nic("one", "10.0.1.4", _WEB), nic("two", "10.0.2.4", _DB))


def _loaded(folder: Path, text: str, *contents: Any) -> Loaded:
    (folder / "export").mkdir()
    for position, content in enumerate(contents):
        (folder / "export" / f"{position}.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "text.vnet").write_text(text, encoding="utf-8")
    return load([str(folder / "text.vnet")], [str(folder / "export")])


def _errors(loaded: Loaded) -> list[str]:
    return [found.code for found in loaded.diagnostics if found.severity is Severity.ERROR]


def _verdict(loaded: Loaded) -> str:
    assert _errors(loaded) == []
    return verdict_word(prove(loaded, Options()).results[0].verdict)


def test_interfaces_of_the_export_stand_in_the_vnet_of_the_text(tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, f"{_HUB} intent i {{ one reaches two on ssh }}", *_CARDS)

    assert loaded.document.network.unmodelled == ()
    assert list(loaded.document.network.vnets) == ["hub"]
    assert _verdict(loaded) == "proved"


def test_without_the_vnet_the_same_question_is_open(tmp_path: Path) -> None:
    assert _verdict(_loaded(tmp_path, "intent i { one reaches two on ssh }", *_CARDS)) == "unknown"


def test_groups_of_the_export_judge_at_the_subnets_of_the_text(tmp_path: Path) -> None:
    deny = rule(access="Deny", destinationPortRange="22")
    group = nsg("closed", deny, subnets=[{"id": _DB}])

    loaded = _loaded(tmp_path, f"{_HUB} intent i {{ one never reaches two on ssh }}", *_CARDS, group)

    assert loaded.document.network.subnet("hub.db").nsg == "closed"
    assert _verdict(loaded) == "proved"


def test_a_subnet_of_the_text_may_name_the_group_of_the_export(tmp_path: Path) -> None:
    text = _HUB.replace("10.0.2.0/24", "10.0.2.0/24 nsg closed")

    loaded = _loaded(tmp_path, text, *_CARDS, nsg("closed", subnets=[{"id": _DB}]))

    assert _errors(loaded) == []
    assert loaded.document.network.subnet("hub.db").nsg == "closed"


def test_a_subnet_with_one_group_in_the_text_and_another_in_the_export_is_an_error(tmp_path: Path) -> None:
    text = f"nsg open {{ }} {_HUB.replace('10.0.2.0/24', '10.0.2.0/24 nsg open')}"

    assert _errors(_loaded(tmp_path, text, *_CARDS, nsg("closed", subnets=[{"id": _DB}]))) == ["attachment-differs"]


def test_a_subnet_that_the_text_leaves_out_is_in_doubt(tmp_path: Path) -> None:
    text = _HUB.replace("subnet db 10.0.2.0/24", "")

    loaded = _loaded(tmp_path, f"{text} intent i {{ web never reaches one on ssh }}", *_CARDS)

    assert [item.vnets for item in loaded.document.network.unmodelled] == [("hub",), ("hub",)]


@pytest.mark.parametrize("speaker", ["subnets", "networkInterfaces"])
def test_what_a_group_names_and_neither_holds_is_in_doubt_in_the_vnet_of_the_text(tmp_path: Path, speaker: str) -> None:
    named = {"subnets": {"id": subnet_id("hub", "gone")}, "networkInterfaces": reference("networkInterfaces", "gone")}
    group = nsg("closed", **{speaker: [named[speaker]]})

    loaded = _loaded(tmp_path, _HUB, *_CARDS, group)

    assert [item.vnets for item in loaded.document.network.unmodelled] == [("hub",)]


def test_a_vnet_that_the_export_holds_cannot_be_declared_again(tmp_path: Path) -> None:
    assert "duplicate-name" in _errors(_loaded(tmp_path, _HUB, vnet("hub")))


def test_of_two_vnets_of_one_name_none_is_completed(tmp_path: Path) -> None:
    other = nic("three", "10.0.2.5", _DB.replace(GROUP, f"{GROUP}-2"))

    loaded = _loaded(tmp_path, _HUB, *_CARDS, other)

    assert len(loaded.document.network.vnets) == 3
    assert loaded.document.network.unmodelled


def test_the_other_half_of_a_connected_peering_stays_in_doubt(tmp_path: Path) -> None:
    spoke = vnet("spoke", "10.1.0.0/16", virtualNetworkPeerings=[peering("p", "hub", peeringState="Connected")])

    loaded = _loaded(tmp_path, _HUB, spoke, resource("routeTables", "t", routes=[]))

    assert [set(item.vnets) for item in loaded.document.network.unmodelled] == [{"spoke", "hub"}]


def test_a_half_that_saw_other_ranges_than_the_text_gives_keeps_what_it_saw(tmp_path: Path) -> None:
    seen = {"remoteAddressSpace": {"addressPrefixes": ["10.0.0.0/15"]}}
    spoke = vnet("spoke", "10.8.0.0/16", virtualNetworkPeerings=[peering("p", "hub", **seen)])

    (half,) = _loaded(tmp_path, _HUB, spoke).document.network.peerings

    assert half.remote_space == (parse_prefix("10.0.0.0/15"),)
