"""Every property of an export is modelled, known to change no packet, or not modelled: then verdicts it could change
are unknown. Here a property and a child that nobody knows stand at every place of an export in turn (G22)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.ingest import Imported, read_path
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.pipeline import Options, load, prove
from vnetverify.prover.reach import doubts
from vnetverify.prover.verdict import Unknown
from vnetverify.source import Source
from vnetverify.syntax import read

EXPORT = Path(__file__).resolve().parents[2] / "specs" / "estates" / "contoso-export"
NAMES = sorted(file.stem for file in EXPORT.glob("*.json"))
NEW = "aPropertyOfTomorrow"
# Where each resource acts, told by hand: the networks of what it is, stands in or is attached to.
ACTS_IN = {
    "app-nsg": {"contoso-billing"},
    "branch": {"contoso-hub"},
    "branch-connection": {"contoso-hub"},
    "contoso-billing": {"contoso-billing"},
    "contoso-hub": {"contoso-hub"},
    "contoso-orders": {"contoso-orders"},
    "db-nsg": {"contoso-orders"},
    "firewall-ip": {"contoso-hub"},
    "firewall-nic": {"contoso-hub"},
    "from-branch": {"contoso-hub"},
    "hub-vpn": {"contoso-hub"},
    "invoices-nic": {"contoso-billing"},
    "jumpbox-nic": {"contoso-hub"},
    "ledger-nic": {"contoso-orders"},
    "management-nsg": {"contoso-hub"},
    "shop-nic": {"contoso-orders"},
    "via-firewall": {"contoso-billing", "contoso-orders"},
    "web-nsg": {"contoso-orders"},
}
# What is known to change no packet, whatever stands in it: labels, the size of a gateway, and all of a gateway's own
# public address.
WITHOUT_EFFECT = {("hub-vpn", "sku")}
REFERENCES = {"id", "resourceGroup"}


@cache
def resource(name: str) -> Any:
    return json.loads((EXPORT / f"{name}.json").read_text(encoding="utf-8"))


def objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to each object in `value` that is no reference and no bag of labels."""
    if isinstance(value, dict) and not (path and value.keys() <= REFERENCES):
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inside:
        if step != "tags":
            yield from objects(item, (*path, step))


def changed(name: str, path: tuple[Any, ...]) -> Any:
    """Return the resource with a property that nobody knows at `path`."""
    whole = copy.deepcopy(resource(name))
    holder = whole
    for step in path:
        holder = holder[step]
    holder[NEW] = "x"
    return whole


def imported(folder: Path, *more: Any, instead_of: str = "") -> Imported:
    """Return what is read of the export with `more` resources, without the one called `instead_of`."""
    kept = [resource(name) for name in NAMES if name != instead_of]
    file = folder / "export.json"
    file.write_text(json.dumps([*kept, *more]), encoding="utf-8")
    return read_path(file)


def sentences(network: Network, vnet: str) -> list[Claim]:
    """Return sentences about flows to, from and inside `vnet`."""
    said = f"any never reaches {vnet} {vnet} reaches any {vnet} never reaches {vnet}"
    document = read([Source("t.vnet", f"intent asked {{ {said} }}")], network)
    claims = [claim for claim in document.intents[0].claims if isinstance(claim, Claim)]
    assert len(claims) == 3
    return claims


@pytest.mark.parametrize("name", [name for name in NAMES if name != "vpn-ip"])
def test_a_property_that_nobody_knows_puts_verdicts_in_doubt_wherever_it_stands(name: str, tmp_path: Path) -> None:
    for path in objects(resource(name)):
        if (name, path[-1] if path else "") in WITHOUT_EFFECT:
            continue
        found = imported(tmp_path, changed(name, path), instead_of=name)
        refused = any(problem.severity is Severity.ERROR for problem in found.diagnostics)

        for vnet in ACTS_IN[name]:
            assert refused or all(doubts(found.network, claim, {}) for claim in sentences(found.network, vnet)), path


@pytest.mark.parametrize("name", [name for name in NAMES if name != "vpn-ip"])
def test_a_resource_that_nobody_knows_inside_another_puts_verdicts_in_doubt(name: str, tmp_path: Path) -> None:
    parent = resource(name)
    for identity in (parent["id"], *(child["id"] for child in _children(parent))):
        child = {"id": f"{identity}/childrenOfTomorrow/c", "name": "c", "properties": {}}
        child["type"] = f"{parent['type']}/childrenOfTomorrow"
        found = imported(tmp_path, child)

        for vnet in ACTS_IN[name]:
            assert all(doubts(found.network, claim, {}) for claim in sentences(found.network, vnet)), identity


def _children(parent: Any) -> Iterator[Any]:
    lists = ("subnets", "virtualNetworkPeerings", "securityRules", "routes")
    yield from (child for name in lists for child in parent["properties"].get(name, ()) if child.get("id"))


@pytest.mark.parametrize(
    "path", [("properties", "addressSpace"), ("properties", "subnets", 0), ("properties", "virtualNetworkPeerings", 0)]
)
def test_every_verdict_in_doubt_is_unknown_and_says_of_what(path: tuple[Any, ...], tmp_path: Path) -> None:
    kept = [resource(name) for name in NAMES if name != "contoso-orders"]
    (tmp_path / "export.json").write_text(json.dumps([*kept, changed("contoso-orders", path)]), encoding="utf-8")
    sentence = "contoso-orders.web reaches contoso-orders.db on sql"
    (tmp_path / "a.vnet").write_text(f'use "export.json"\nintent a {{ {sentence} }}\n', encoding="utf-8")
    verdict = prove(load([str(tmp_path / "a.vnet")], []), Options()).results[0].verdict

    assert isinstance(verdict, Unknown)
    assert any(NEW in item.what or NEW in item.why for item in verdict.unmodelled)
