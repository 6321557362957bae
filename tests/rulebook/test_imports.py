"""The examples of the book read as Azure's resources: an import must mean what the text means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from vnetverify.diagnostic import InputError, Severity
from vnetverify.facts import World
from vnetverify.model.network import Network
from vnetverify.model.wellformed import check
from vnetverify.pipeline import Loaded, load
from vnetverify.syntax import read_text
from vnetverify.testing.answers import agrees, simulated_answer
from vnetverify.testing.azure_json import azure_resources
from vnetverify.testing.examples import Example, read_page
from vnetverify.testing.question_lines import answer_text, parse_asked
from vnetverify.testing.questions import IsValid, Validity
from vnetverify.testing.records import NotApplicable

BOOK = Path(__file__).parents[2] / "specs" / "semantics"
PAGES = ("routing", "filtering", "boundaries")


def _written() -> Iterator[tuple[Example, Network, str]]:
    """Yield the examples whose networks can be written, with the network and the JSON."""
    for name in PAGES:
        for example in read_page((BOOK / f"{name}.md").read_text()).examples:
            try:
                network = read_text(example.network, example.names[0]).network
                resources = azure_resources(network)
            except (InputError, NotApplicable):
                continue
            if example.asked:
                yield example, network, json.dumps(resources)


WRITTEN = list(_written())


def imported(network: Network, resources: str, folder: Path) -> Loaded:
    """Return what the readers make of the JSON; lists of service tags come by a text, as no export holds them."""
    (folder / "network.json").write_text(resources)
    tags = (f"service-tag {tag} {', '.join(map(str, held))}\n" for tag, held in network.service_tags.items())
    (folder / "tags.vnet").write_text("".join(tags))
    return load([str(folder / "tags.vnet")] if network.service_tags else [], [str(folder / "network.json")])


@pytest.mark.parametrize(
    ("example", "network", "resources"), [pytest.param(*one, id=" ".join(one[0].names)) for one in WRITTEN]
)
def test_an_import_gives_the_answers_of_the_book(
    example: Example, network: Network, resources: str, tmp_path: Path
) -> None:
    loaded = imported(network, resources, tmp_path)
    errors = [found for found in loaded.diagnostics if found.severity is Severity.ERROR]
    if errors:
        assert [answer for _, answer in example.asked if answer.startswith("invalid")]
    else:
        assert loaded.document.network.unmodelled == ()
    for question, answer in example.asked:
        asked = parse_asked(question, answer, network)
        if errors:  # what Azure refuses no import accepts either, and then nothing else is asked of it
            given = Validity(False, tuple(found.rule for found in errors if found.rule))
            assert not isinstance(asked.question, IsValid) or agrees(asked.answer, given), answer_text(given)
        else:
            said = simulated_answer(loaded.document.network, asked.question, World(asked.facts), check)
            assert agrees(asked.answer, said), f"{question}\nwanted {answer}\ngiven  {answer_text(said)}"


def test_many_examples_come_by_the_readers_as_well() -> None:
    questions = sum(len(example.asked) for example, _, _ in WRITTEN)

    assert len(WRITTEN) >= 280
    assert questions >= 680


def test_what_is_not_written_is_named() -> None:
    network = read_text("strict\nvnet v { address 10.0.0.0/16 }").network

    with pytest.raises(NotApplicable, match="`is_strict` is not written"):
        azure_resources(network)


@pytest.mark.parametrize("text", ["appliance m {{ nic 10.0.0.4 in v.s  forwards any from any to any }}",
                                  "vm m {{ nic 10.0.0.4 in v.s  dns 10.0.0.5 }}"])  # fmt: skip
def test_a_machine_that_an_import_could_not_tell_is_not_written(text: str) -> None:
    network = read_text(f"vnet v {{ address 10.0.0.0/16  subnet s 10.0.0.0/24 }}\n{text.format()}").network

    with pytest.raises(NotApplicable):
        azure_resources(network)
