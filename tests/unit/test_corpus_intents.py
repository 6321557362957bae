"""What the index of the corpus states of real exports, as intents that the whole program answers as expected."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vnetverify.pipeline import Options, load, prove

_TEXTS = Path(__file__).resolve().parents[1] / "corpus"
_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
_CORPUS = Path(os.environ.get("VNETVERIFY_CORPUS", _BESIDE))
pytestmark = pytest.mark.skipif(
    not (_CORPUS / "INDEX.md").is_file(),
    reason=f"the corpus of real files is not at {_CORPUS}; VNETVERIFY_CORPUS says where else",
)

_RECORDINGS = "rest-recording/cloud-custodian"
_EXPORTS = {
    "d11": "rest-resource/batfish-cloud-azure/azure_configs",
    "d13": f"{_RECORDINGS}/NetworkInterfaceTest.test_find_by_default_routes.json",
    "d14": f"{_RECORDINGS}/RouteTableTest.test_detect_route_only_routes_to_specific_subnets.json",
}


@pytest.mark.parametrize("item", _EXPORTS)
def test_every_intent_about_a_real_export_ends_as_expected(item: str) -> None:
    loaded = load([str(_TEXTS / f"{item}.vnet")], [str(_CORPUS / _EXPORTS[item])])

    report = prove(loaded, Options())

    assert report.complete
    assert report.selected == len(loaded.document.intents) > 0
    assert [result.intent.name for result in report.results if not result.as_expected] == []


def test_internet_to_vm1_needs_the_documented_reading(tmp_path: Path) -> None:
    text = tmp_path / "d11.vnet"
    text.write_text('intent i { internet reaches VM1 on ssh  expect unknown because "U-R-SYS-10" }\n', encoding="utf-8")
    loaded = load([str(text)], [str(_CORPUS / _EXPORTS["d11"])])

    assert [result.as_expected for result in prove(loaded, Options()).results] == [True]
