"""The world that a question is asked in: `--assume FACT=true`, and what the text assumes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import click

from vnetverify.model.intents import Assumption
from vnetverify.rules import QUESTIONS, SettledFacts, World

_Command = TypeVar("_Command", bound=Callable[..., object])
_VALUES = {"true": True, "false": False}


def takes_assumptions(command: _Command) -> _Command:
    """Give `command` the option that fixes open facts."""
    option = click.option(
        "--assume", "assumed", multiple=True, metavar="FACT=VALUE", callback=_read,
        help="Fix an open fact to `true` or `false`; others are read as documented.",
    )  # fmt: skip
    return option(command)


def world_of(assumptions: Iterable[Assumption], assumed: Mapping[str, bool]) -> World:
    """Return the documented world, but for the text's `assumptions` and, before these, `assumed`."""
    return World(SettledFacts({**{a.fact: a.value for a in assumptions}, **assumed}))


def _read(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, bool]:
    return dict(map(_fact_and_value, texts))


def _fact_and_value(text: str) -> tuple[str, bool]:
    fact, equals, value = text.rpartition("=")
    if not equals and text.partition("(")[0] in QUESTIONS:
        raise click.BadParameter(f"{text[:60]!r} lacks its value: `{text[:60]}=true` or `=false`")
    if fact.partition("(")[0] not in QUESTIONS:
        raise click.BadParameter(f"{(fact or text)[:60]!r} is not an open fact; for example U-R-PEER-16=true")
    if value not in _VALUES:
        raise click.BadParameter(f"{value[:60]!r} is neither true nor false")
    return fact.strip(), _VALUES[value]
