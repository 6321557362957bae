"""What is proved of names holds at every host of drawn networks, looked up one by one; refutations are replayed."""

from __future__ import annotations

from random import Random

import pytest

from vnetverify.facts import DOCUMENTED, World
from vnetverify.model.intents import Resolution
from vnetverify.model.network import Network
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.verdict import Proved, Refuted, Unknown
from vnetverify.simulator.names import Lookup, may_resolve, resolves
from vnetverify.syntax import read_text
from vnetverify.testing.named_networks import DrawnFacts, from_ipv6, in_both_families, named_network, sentences

WORLDS = (DOCUMENTED, *(World(DrawnFacts(seed)) for seed in range(3)))


def lookups(statement: Resolution, network: Network, world: World, port: int) -> list[Lookup]:
    """Return look-ups from the first, the last and a middle host of each place."""
    hosts = []
    for place, addresses in statement.hosts.parts:
        first, last = addresses.intervals[0].low, addresses.intervals[-1].high
        hosts += [(place, a) for a in sorted({first, first + 49, (first + last) // 2, last}) if a in addresses]
    return [Lookup(network, world, statement.name, statement.addresses, *host, port) for host in hosts]


def drawn(seed: int, *, dual: bool = False) -> str:
    random = Random(seed)
    network, said = named_network(random), list(sentences(random, 6))
    if dual:
        network, said = in_both_families(network, random), [from_ipv6(sentence, random) for sentence in said]
    return network + "\n" + "".join(f"intent i{number} {{ {each} }}\n" for number, each in enumerate(said))


def disagreements(text: str) -> tuple[list[str], list[str]]:
    """Return what the simulator sees otherwise in one drawn network, and the kinds of verdicts."""
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
    assert disagreements(drawn(seed))[0] == []


@pytest.mark.parametrize("seed", range(8))
def test_what_is_proved_of_names_in_both_families_holds_at_every_host(seed: int) -> None:
    assert disagreements(drawn(seed, dual=True))[0] == []


def test_the_drawn_networks_decide_most_sentences() -> None:
    kinds = [kind for seed in range(300, 308) for kind in disagreements(drawn(seed))[1]]

    assert kinds.count(Proved.__name__) > len(kinds) / 5
    assert kinds.count(Refuted.__name__) > len(kinds) / 5
    assert kinds.count("Unknown") < len(kinds) / 10
