"""The world that a question is asked in: `--assume FACT=true`, and what the text assumes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import click

from vnetverify.facts import QUESTIONS, SettledFacts, World, fact_written
from vnetverify.model.intents import Assumption
from vnetverify.source import NOWHERE

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
    return World(SettledFacts({a.fact: a.value for a in all_assumed(assumptions, assumed)}))


def all_assumed(assumptions: Iterable[Assumption], assumed: Mapping[str, bool]) -> tuple[Assumption, ...]:
    """Return what the command line fixes, and the text's `assumptions` about which it says nothing.

    A kind of facts on the command line goes before each fact of that kind in the text.
    """
    said = {fact.casefold() for fact in assumed}
    kept = (a for a in assumptions if said.isdisjoint({a.fact.casefold(), a.fact.casefold().partition("(")[0]}))
    return (*kept, *(Assumption(fact, value, NOWHERE) for fact, value in assumed.items()))


def _read(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    values: dict[str, bool] = {}
    for fact, value in map(_fact_and_value, texts):
        if values.setdefault(fact.casefold(), value) is not value:
            raise click.BadParameter(f"{fact[:60]!r} is assumed both ways")
        found[fact] = value
    return found


def _fact_and_value(text: str) -> tuple[str, bool]:
    name, equals, value = text.rpartition("=")
    written = (name if equals else text).strip()
    fact = fact_written(written)
    if fact is None:
        close = difflib.get_close_matches(written.partition("(")[0][:60].upper(), QUESTIONS, n=1)
        hint = f"did you mean {close[0]}?" if close else "for example U-R-PEER-16=true"
        raise click.BadParameter(f"{(written or text)[:60]!r} is not an open fact; {hint}")
    if not equals:
        raise click.BadParameter(f"{written[:60]!r} lacks its value: `{written[:60]}=true` or `=false`")
    if value.strip() not in _VALUES:
        raise click.BadParameter(f"{value.strip()[:60]!r} is neither true nor false")
    return str(fact), _VALUES[value.strip()]
