"""Lark's tables, walked in one loop, read what Lark reads, and leave to it what it refuses."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Token

from tests.unit.text_samples import EVERYTHING
from vnetverify.source import Source
from vnetverify.syntax import parse as parsing
from vnetverify.syntax.automaton import Automaton, Word
from vnetverify.syntax.grammar import automaton, parser

_SEEDS = Path(__file__).parents[2] / "specs" / "seed"
_WORDS = re.compile(r"\s+|[\w./*-]+|.")


@cache
def _samples() -> tuple[tuple[str, ...], ...]:
    """Return texts as words and what stands between them."""
    texts = [EVERYTHING, *(path.read_text(encoding="utf-8") for path in sorted(_SEEDS.glob("*.vnet")))]
    return tuple(tuple(_WORDS.findall(text)) for text in texts)


def _spelt(node: Any) -> Any:
    """Return a node as plain values, of which every part of a token can be compared."""
    if isinstance(node, Token | Word):
        place = (node.start_pos, node.line, node.column, node.end_pos, node.end_line, node.end_column)
        return (node.type, str(node), place)
    if is_dataclass(node) and not isinstance(node, type):
        return (type(node).__name__, [_spelt(getattr(node, field.name)) for field in fields(node)])
    if isinstance(node, list | tuple):
        return (type(node).__name__, [_spelt(part) for part in node])
    return node


def _parsed(text: str, most_words: int) -> Any:
    parsing.parse.cache_clear()
    found = parsing.parse(Source("a.vnet", text, most_words))
    return ([_spelt(node) for node in found.statements], found.diagnostics, found.broken)


def _parsed_by_lark(text: str, most_words: int) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Automaton, "read", lambda *_: 0)
        return _parsed(text, most_words)


@st.composite
def _texts(draw: st.DrawFn) -> str:
    """Draw a text of the samples, some words of which are lost, said twice, or taken from elsewhere."""
    words = list(draw(st.sampled_from(_samples())))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(words) - 1))
        new = draw(
            st.sampled_from(["", " ", "\n", "# x\n", "}", "{", '"', "in", "\ufeff", "\r\n", "10.0.0.0/8", "7", "é"])
        )
        words[at] = draw(st.sampled_from([new, words[at] + new, words[at - 1], words[at] * 2]))
    return "".join(words)


@settings(max_examples=60, deadline=None)
@given(_texts(), st.sampled_from([10**6, 10**6, 40]))
def test_a_text_is_read_as_lark_reads_it(text: str, most_words: int) -> None:
    assert _parsed(text, most_words) == _parsed_by_lark(text, most_words)


def test_a_text_without_a_mistake_is_read_to_its_end() -> None:
    lark, builder = parser()
    walked, alone = (lark.parse_interactive(EVERYTHING, start="start") for _ in range(2))
    read = automaton().read(walked, EVERYTHING, 10**6)

    assert read == len(alone.exhaust_lexer()) > 400
    assert walked.exhaust_lexer() == []
    builder.statements.clear()
