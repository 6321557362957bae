"""The page on the language says only what the reader understands, and all that the grammar has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vnetverify.model.intents import Claim, EgressKind, HopKind, Verb
from vnetverify.model.services import WELL_KNOWN
from vnetverify.source import Source
from vnetverify.syntax import read, read_text
from vnetverify.syntax.layout import format_text
from vnetverify.syntax.words import RESERVED

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs"
PAGE = (SPECS / "language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```vnet\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
TUTORIAL = (SPECS / "tutorial.vnet").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_the_page_reads_without_a_diagnostic(block: str) -> None:
    assert read((Source("language.md", block),)).diagnostics == ()


def test_the_page_shows_every_word_of_the_grammar() -> None:
    shown = set(re.findall(r"[a-z0-9][a-z0-9-]*", PAGE))

    assert shown >= RESERVED


def test_the_page_shows_every_sentence_every_next_hop_and_every_egress() -> None:
    sentences = [said for block in BLOCKS for intent in read_text(block).intents for said in intent.claims]
    claims = [claim for claim in sentences if isinstance(claim, Claim)]

    assert {claim.verb for claim in claims} == set(Verb)
    assert len(claims) < len(sentences)  # some of them say who may establish a peering
    assert {claim.expected_hop.kind for claim in claims if claim.expected_hop is not None} >= set(HopKind) - {
        HopKind.INTERNET
    }
    assert {claim.expected_egress.kind for claim in claims if claim.expected_egress is not None} == set(EgressKind)


def test_the_page_lists_every_well_known_service() -> None:
    assert set(re.findall(r"`([a-z0-9]+)`", PAGE)) >= WELL_KNOWN.keys() - {"gre"}


def test_the_page_lists_every_code_of_a_mistake_in_a_text() -> None:
    sources = [*(ROOT / "vnetverify" / "syntax").glob("*.py"), ROOT / "vnetverify" / "loading.py"]
    said = re.compile(r'(?:error|warning|Diagnostic)\(\s*"([a-z-]+)"')
    codes = {code for source in sources for code in said.findall(source.read_text(encoding="utf-8"))}
    listed = set(re.findall(r"`([a-z-]+)`", PAGE.partition("| code | what is wrong |")[2]))

    assert len(codes) > 50
    assert {code for code in codes if not code.startswith("unknown-")} <= listed


def test_the_tutorial_reads_without_a_diagnostic_and_is_in_the_canonical_layout() -> None:
    assert read((Source("tutorial.vnet", TUTORIAL),)).diagnostics == ()
    assert format_text(TUTORIAL) == TUTORIAL
