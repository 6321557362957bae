"""The parser, made from `grammar/vnet.lark`: the only module that imports lark, and late, since that takes time."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vnetverify.syntax.builder import Builder

if TYPE_CHECKING:
    from lark import Lark

_IN_PACKAGE = Path(__file__).parents[1] / "grammar" / "vnet.lark"
_IN_CHECKOUT = Path(__file__).parents[2] / "grammar" / "vnet.lark"


def grammar_text() -> str:
    """Return the grammar: the copy inside an installed package, else the checkout's."""
    path = _IN_PACKAGE if _IN_PACKAGE.exists() else _IN_CHECKOUT
    return path.read_text(encoding="utf-8")


@cache
def parser() -> tuple[Lark, Builder]:
    """Return the parser with the builder it calls as it reduces; both serve one text at a time."""
    from lark import Lark

    builder = Builder()
    return (
        Lark(
            grammar_text(),
            parser="lalr",
            lexer="contextual",
            start=["start", "endpoints"],
            transformer=builder,
        ),
        builder,
    )
