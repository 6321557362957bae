"""When two versions of Z3 contradict each other."""

from __future__ import annotations

import tomllib

import pytest

from tests.versions.campaign import ROOT, VERSIONS, contradictions
from tests.versions.verdicts import UNDECIDED


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": "proved"}, {"a": "proved"}, []),
        ({"a": "proved", "b": "proved"}, {"a": "proved", "b": "refuted"}, ["b: proved and refuted"]),
        ({"a": "proved"}, {"a": UNDECIDED}, []),
        ({"a": "proved"}, {}, ["a: proved and None"]),
        ({}, {"a": "vacuous"}, ["a: None and vacuous"]),
    ],
    ids=["the same", "another word", "one gives up", "one says nothing", "the other says nothing"],
)
def test_versions_contradict_each_other_where_both_decide_and_differ(
    one: dict[str, str], other: dict[str, str], expected: list[str]
) -> None:
    assert contradictions(one, other) == expected


def test_the_oldest_version_that_may_be_installed_is_asked() -> None:
    allowed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]

    assert any(one.startswith(f"z3-solver>={VERSIONS[0].removesuffix('.0.0')},") for one in allowed)
