"""The shared vectors that ask whether a configuration is valid, read in place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.model.wellformed import check
from vnetverify.testing.vectors import NotApplicable, read_vector, vectors_in

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "semantics"
_FOLDER = Path(os.environ.get("VNETVERIFY_VECTORS", _BESIDE))
pytestmark = pytest.mark.skipif(
    not _FOLDER.is_dir(), reason=f"the shared vectors are not at {_FOLDER}; VNETVERIFY_VECTORS says where else"
)


def _all_vectors() -> list[dict[str, Any]]:
    files = [_FOLDER / "routing-vectors.json", _FOLDER / "filtering-vectors.json"]
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()]
    return [dict(vector) for document in documents for vector in vectors_in(document)]


def _asks_for_validity(vector: dict[str, Any]) -> bool:
    return vector["question"]["kind"] in ("valid_config", "validate")


@pytest.mark.parametrize(
    "vector", [v for v in _all_vectors() if _asks_for_validity(v)], ids=lambda vector: vector["id"]
)
def test_a_configuration_is_refused_for_the_rule_that_the_vector_names(vector: dict[str, Any]) -> None:
    answer = vector["answer"]
    valid = answer["value"] if "value" in answer else answer["verdict"] == "valid"
    broken = set(answer.get("violates", ())) or (set() if valid else set(vector["rules"]))

    errors = [fault for fault in check(read_vector(vector).network) if fault.severity is Severity.ERROR]

    assert {fault.rule for fault in errors} == broken


def test_no_vector_about_packets_is_refused() -> None:
    refused = []
    for vector in _all_vectors():
        if not _asks_for_validity(vector):
            try:
                network = read_vector(vector).network
            except NotApplicable:
                continue
            refused += [vector["id"] for fault in check(network) if fault.severity is Severity.ERROR]

    assert refused == []
