"""Certificates as texts: what is written is read as the same, and nothing else is read at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vnetverify.certificate.files import Filed, NoCertificate, from_text, to_text
from vnetverify.header import LAST_IPV6, Flow
from vnetverify.model.intents import Place

LAST, FIRST, OTHER = Flow(255, LAST_IPV6, 65535, LAST_IPV6, 65535), Flow(0, 0, 0, 0, 0), Flow(6, 1, 2, 3, 4)
ORIGIN = Place("subnet", "a.s")
SECTIONS = {"claim": ("walked", "settled"), "from fw": ()}
SHOWING = Filed("i", 3, "a sometimes reaches b", True, {"U-A": True, "U-B(x)": False}, SECTIONS, (ORIGIN, LAST))
DOCUMENT = json.loads(to_text(SHOWING))


@pytest.mark.parametrize("shown_by", [(ORIGIN, LAST), (Place("internet", "internet"), FIRST), (ORIGIN, OTHER), None])
def test_what_is_written_is_read_as_the_same(shown_by: tuple[Place, Flow] | None) -> None:
    filed = Filed("i", 0, "a never reaches b", False, {}, SECTIONS, shown_by)

    assert filed == from_text(to_text(filed))
    assert SHOWING == from_text(to_text(SHOWING))


def refusal(**changed: Any) -> str:
    with pytest.raises(NoCertificate) as refused:
        from_text(json.dumps({**DOCUMENT, **changed}))
    return str(refused.value)


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("number", [-1, LAST_IPV6 + 1, True, 1.0, "6", None, []])
def test_a_flow_is_numbers_that_fit_its_parts(part: int, number: Any) -> None:
    numbers = DOCUMENT["shown_by"]["flow"]

    told = {**DOCUMENT["shown_by"], "flow": [*numbers[:part], number, *numbers[part + 1 :]]}

    assert refusal(shown_by=told) == "the flow that it shows is none"


@pytest.mark.parametrize(("part", "number"), [(0, 256), (2, 65536), (4, 65536)])
def test_a_protocol_and_ports_have_bounds_of_their_own(part: int, number: int) -> None:
    numbers = list(DOCUMENT["shown_by"]["flow"])
    numbers[part] = number

    assert refusal(shown_by={**DOCUMENT["shown_by"], "flow": numbers}) == "the flow that it shows is none"


@pytest.mark.parametrize(
    "changed",
    [
        {"flow": [6, 1, 2, 3]},
        {"flow": [6, 1, 2, 3, 4, 5]},
        {"flow": []},
        {"flow": {"0": 6}},
        {"kind": "subnets"},
        {"kind": None},
        {"place": 7},
    ],
)
def test_a_flow_has_five_numbers_and_a_place(changed: dict[str, Any]) -> None:
    assert refusal(shown_by={**DOCUMENT["shown_by"], **changed}) == "the flow that it shows is none"
    assert refusal(shown_by=False) == "the flow that it shows is none"


@pytest.mark.parametrize("value", [0, 1, None, "true", []])
def test_a_fact_is_true_or_false(value: Any) -> None:
    assert refusal(given={"U-A": True, "U-B": value}) == "a fact that it is given is neither true nor false"


@pytest.mark.parametrize("tokens", ["walked", {}, None, ["walked", 1], [None], [["walked"]]])
def test_a_section_is_a_list_of_texts(tokens: Any) -> None:
    assert refusal(sections={"claim": ["walked"], "from fw": tokens}) == "a section is not a list of nodes"


@pytest.mark.parametrize("key", [key for key in DOCUMENT if key != "format_version"])
def test_nothing_may_be_missing(key: str) -> None:
    document = {name: value for name, value in DOCUMENT.items() if name != key}

    with pytest.raises(NoCertificate, match="it lacks what a certificate has"):
        from_text(json.dumps(document))


@pytest.mark.parametrize(("name", "version"), [("another", 1), (DOCUMENT["format"], 2), (DOCUMENT["format"], 0)])
def test_another_format_or_version_is_not_read(name: str, version: int) -> None:
    assert refusal(format=name, format_version=version).startswith(f"it is of format {name} {version}, not ")


@pytest.mark.parametrize(
    "text",
    [
        to_text(SHOWING).replace('"number": 3', '"number": 3, "number": 4'),
        to_text(SHOWING).replace('"claim": [', '"claim": [], "claim": ['),
        to_text(SHOWING).replace('"number": 3', '"number": NaN'),
        to_text(SHOWING)[:-1],
        "[" * 100_000,
    ],
    ids=["a key twice", "a section twice", "no number", "cut short", "too deep"],
)
def test_what_is_no_plain_json_is_not_read(text: str) -> None:
    with pytest.raises(NoCertificate, match="it is not valid JSON"):
        from_text(text)
