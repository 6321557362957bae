"""Whatever stands where in an export, reading ends in a network and diagnostics, never in a traceback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import errors, nic, read, strange_variants, subnet_id, vnet
from vnetverify.diagnostic import Severity
from vnetverify.ingest import Imported, read_path
from vnetverify.model.wellformed import check

_EXPORT = Path(__file__).resolve().parents[2] / "specs" / "estates" / "contoso-export"


def _has_errors(imported: Imported) -> bool:
    return any(found.severity is Severity.ERROR for found in imported.diagnostics)


@pytest.mark.parametrize(
    "name",
    ["contoso-hub", "web-nsg", "from-branch", "firewall-nic", "firewall-ip", "hub-vpn", "branch", "branch-connection"],
)
def test_a_strange_value_anywhere_is_no_traceback(name: str, tmp_path: Path) -> None:
    resources = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(_EXPORT.glob("*.json"))]
    position = next(index for index, resource in enumerate(resources) if resource["name"] == name)
    file = tmp_path / "export.json"
    for changed in strange_variants(resources[position]):
        file.write_text(json.dumps([*resources[:position], changed, *resources[position + 1 :]]), encoding="utf-8")
        imported = read_path(file)
        if not _has_errors(imported):
            check(imported.network)


def test_the_export_as_it_stands_is_wholly_modelled() -> None:
    imported = read_path(_EXPORT)

    assert imported.diagnostics == ()
    assert imported.network.unmodelled == ()
    assert check(imported.network) == ()


@pytest.mark.parametrize("missing", sorted(file.name for file in _EXPORT.glob("*.json")))
def test_a_missing_file_never_goes_unnoticed(missing: str, tmp_path: Path) -> None:
    for file in _EXPORT.glob("*.json"):
        if file.name != missing:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    whole, partial = read_path(_EXPORT), read_path(tmp_path)

    noticed = bool(partial.network.unmodelled) or bool(partial.diagnostics)
    # Nothing else in the export refers to these two: a gateway's connection and a gateway's own address.
    assert noticed or missing in ("branch-connection.json", "vpn-ip.json")
    assert repr(partial.network) != repr(whole.network)


def _flattened(value: Any) -> Any:
    """The shape that `az … show` prints: no `properties`, at any depth."""
    if isinstance(value, list):
        return [_flattened(item) for item in value]
    if not isinstance(value, dict):
        return value
    outer = {key: _flattened(item) for key, item in value.items() if key != "properties"}
    return {**outer, **_flattened(value["properties"])} if "properties" in value else outer


def _capitalised(value: Any) -> Any:
    """Every id in capitals, as some services give them back."""
    if isinstance(value, list):
        return [_capitalised(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: item.upper() if key == "id" else _capitalised(item) for key, item in value.items()}


def _without_spans(network: object) -> str:
    return re.sub(r"Span\([^)]*\)", "", repr(network))


def _export() -> list[Any]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(_EXPORT.glob("*.json"))]


def test_the_shape_of_az_gives_the_same_network(tmp_path: Path) -> None:
    file = tmp_path / "az.json"
    file.write_text(json.dumps(_flattened(_export())), encoding="utf-8")
    imported = read_path(file)

    assert imported.diagnostics == ()
    assert _without_spans(imported.network) == _without_spans(read_path(_EXPORT).network)


def test_the_letter_case_of_ids_changes_no_more_than_names(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(_capitalised(_export())), encoding="utf-8")
    imported = read_path(file)

    assert imported.diagnostics == ()
    assert _without_spans(imported.network).casefold() == _without_spans(read_path(_EXPORT).network).casefold()


@pytest.mark.parametrize("end", ["/", "//", "/s/", ""])
def test_an_id_with_a_type_and_no_name_is_no_place(tmp_path: Path, end: str) -> None:
    place = subnet_id("hub", "s").removesuffix("/s") + end

    imported = read(tmp_path, vnet("hub"), nic("n", "10.0.0.4", place))

    assert errors(imported) == ([] if end == "/s/" else ["bad-value"])
