"""The stories of the flows that the book asks about, word for word: what a reader is told, by which rules and facts.

The files in `stories` are written anew by `make golden`. An example that is not in them yet is not asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rulebook.test_rulebook import PAGES, network_of
from vnetverify.facts import World
from vnetverify.header import address_text
from vnetverify.model.network import Network
from vnetverify.simulator.addressing import Address
from vnetverify.simulator.positions import Delivered, Dropped, LeftToInternet, Outcome, Selected, Trace
from vnetverify.simulator.walk import converse
from vnetverify.testing.examples import Example
from vnetverify.testing.question_lines import parse_asked
from vnetverify.testing.questions import Carried, Inspected

STORIES = Path(__file__).parent / "stories"
EXAMPLES = {page: {example.names[0]: example for example in each.examples} for page, each in PAGES.items()}


def stories_of(example: Example) -> str:
    """Return what is told of each flow of the example, there and back."""
    network = network_of(example)
    return "".join(f"? {line}\n{told}\n" for line, told in _told(example, network))


def _told(example: Example, network: Network) -> Iterator[tuple[str, str]]:
    for line, answer in example.asked:
        asked = parse_asked(line, answer, network)
        question = asked.question.carried if isinstance(asked.question, Inspected) else asked.question
        if isinstance(question, Carried):
            talk = converse(network, question.origin.place, question.flow, World(asked.facts))
            ways = [_way(way, sign) for way, sign in ((talk.forward, ">"), (talk.reply, "<")) if way is not None]
            yield line, "\n".join((*ways, f"= {talk.why or 'established'}"))


def _way(way: Trace, sign: str) -> str:
    lines = []
    for step in way.steps:
        facts = f" {{{', '.join(map(str, step.facts))}}}" if step.facts else ""
        line = f" line {step.span.line}" if step.span else ""
        lines.append(f"{sign} {step.where}: {step.what} ({step.rule}{line}){facts}")
        lines += [f"{sign}   not {loser.what}: {loser.why} ({loser.rule})" for loser in step.lost]
    asked = ", ".join(f"{fact} {'yes' if value else 'no'}" for fact, value in way.asked)
    met = "".join(f" by {each.name}" for each in way.devices)
    return "\n".join((*lines, f"{sign} {_end(way.outcome)}{met}{f' where {asked}' if asked else ''}"))


def _end(outcome: Outcome | Selected) -> str:
    match outcome:
        case Delivered():
            at = ", ".join(f"{_address(address)} in {place.name}" for place, address in outcome.ends)
            return f"to {outcome.nic or 'a host'} at {at}"
        case LeftToInternet():
            return f"out by {outcome.by}"
        case Dropped():
            return f"dropped at {outcome.where}: {outcome.reason} ({outcome.rule})"
        case _:
            return str(outcome)


def _address(address: Address) -> str:
    return address_text(address) if isinstance(address, int) else address.name


def _kept(page: str) -> dict[str, str]:
    """Return the stories of a page as they were kept, by example."""
    path = STORIES / f"{page}.txt"
    parts = re.split(r"^# (.+)\n", path.read_text(encoding="utf-8") if path.exists() else "", flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


if os.environ.get("VNETVERIFY_WRITE_GOLDEN"):
    STORIES.mkdir(exist_ok=True)
    for page, examples in EXAMPLES.items():
        told = {name: stories_of(example) for name, example in examples.items() if example.asked}
        text = "".join(f"# {name}\n{stories}" for name, stories in told.items() if stories)
        if text:
            (STORIES / f"{page}.txt").write_text(text, encoding="utf-8")

KEPT = [pytest.param(EXAMPLES[page][name], stories, id=name) for page in PAGES for name, stories in _kept(page).items()]


@pytest.mark.parametrize(("example", "stories"), KEPT)
def test_the_stories_of_the_book_are_as_they_were(example: Example, stories: str) -> None:
    assert stories_of(example) == stories
