"""The parser, made from `grammar/vnet.lark`: the only module that imports lark, and late, since that takes time."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vnetverify.syntax.automaton import Automaton
from vnetverify.syntax.builder import Builder

if TYPE_CHECKING:
    from lark import Lark

_Tokens = TypeVar("_Tokens")

_IN_PACKAGE = Path(__file__).parents[1] / "grammar" / "vnet.lark"
_IN_CHECKOUT = Path(__file__).parents[2] / "grammar" / "vnet.lark"


def grammar_text() -> str:
    """Return the grammar: the copy inside an installed package, else the checkout's."""
    path = _IN_PACKAGE if _IN_PACKAGE.exists() else _IN_CHECKOUT
    return path.read_text(encoding="utf-8")


def parse_table() -> Path:
    """Return where the parse table is kept between runs.

    It lies beside this module's bytecode, since it is the same: derived from what is installed, and trusted as that is.
    """
    return Path(__file__).with_name("__pycache__") / "vnet.lark.table"


class _WholeWords:
    """Has the lexer look for a whole word everywhere, so that `vnethub` is not read as `vnet hub`."""

    always_accept = ("NAME",)

    def process(self, tokens: _Tokens) -> _Tokens:
        return tokens


@cache
def parser() -> tuple[Lark, Builder]:
    """Return the parser with the builder it calls as it reduces; both serve one text at a time."""
    from lark import Lark

    builder = Builder()
    keeps_table = parse_table().parent.is_dir() and not sys.dont_write_bytecode
    return (
        Lark(
            grammar_text(),
            parser="lalr",
            lexer="contextual",
            postlex=_WholeWords(),
            start=["start", "endpoints"],
            transformer=builder,
            cache=str(parse_table()) if keeps_table else False,
        ),
        builder,
    )


@cache
def automaton() -> Automaton:
    """Return the tables of the parser, which are walked as long as a text has no mistake."""
    return Automaton(parser()[0])
