"""What is proved of names holds at every host of drawn networks, looked up one by one; refutations are replayed."""

from __future__ import annotations

from random import Random

import pytest

from vnetverify.model.intents import Resolution
from vnetverify.model.network import Network
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.verdict import Proved, Refuted, Unknown
from vnetverify.rules import DOCUMENTED, World
from vnetverify.simulator.names import Lookup, may_resolve, resolves
from vnetverify.syntax import read_text
from vnetverify.testing.named_networks import DrawnFacts, named_network, sentences

WORLDS = (DOCUMENTED, *(World(DrawnFacts(seed)) for seed in range(3)))


def lookups(statement: Resolution, network: Network, world: World, port: int) -> list[Lookup]:
    """Return look-ups from the first, the last and a middle host of each place."""
    hosts = []
    for place, addresses in statement.hosts.parts:
        first, last = addresses.intervals[0].low, addresses.intervals[-1].high
        hosts += [(place, a) for a in sorted({first, first + 49, (first + last) // 2, last}) if a in addresses]
    return [Lookup(network, world, statement.name, statement.addresses, *host, port) for host in hosts]


def disagreements(seed: int) -> tuple[list[str], list[str]]:
    """Return what the simulator sees otherwise in one drawn network, and the kinds of verdicts."""
    random = Random(seed)
    text = (
        named_network(random)
        + "\n"
        + "".join(f"intent i{number} {{ {sentence} }}\n" for number, sentence in enumerate(sentences(random, 6)))
    )
    document = read_text(text)
    report = prove(Loaded(document, {}, ()), Options())
    found, kinds = [], []
    for result in (claim for intent in report.results for claim in intent.results):
        statement, verdict = result.claim, result.verdict
        assert isinstance(statement, Resolution)
        kinds.append(type(verdict).__name__ + (" open" if isinstance(verdict, Unknown) and verdict.open_facts else ""))
        if not isinstance(verdict, Proved):
            continue
        for world in WORLDS:
            every = lookups(statement, document.network, world, 1500 if world is DOCUMENTED else 49152)
            wrong = [one for one in every if (may_resolve(one) if statement.never else not resolves(one))]
            found += [f"{statement.text} at {lookup.place} {lookup.address}\n{text}" for lookup in wrong]
    return found, kinds


@pytest.mark.parametrize("seed", range(12))
def test_what_is_proved_of_names_holds_at_every_host(seed: int) -> None:
    assert disagreements(seed)[0] == []


def test_the_drawn_networks_decide_most_sentences() -> None:
    kinds = [kind for seed in range(300, 308) for kind in disagreements(seed)[1]]

    assert kinds.count(Proved.__name__) > len(kinds) / 5
    assert kinds.count(Refuted.__name__) > len(kinds) / 5
    assert kinds.count("Unknown") < len(kinds) / 10
