"""The rule book: its layout, and every example asked of both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnetverify.model.network import Network
from vnetverify.model.wellformed import check
from vnetverify.rules import QUESTIONS, World
from vnetverify.syntax.read import read_text
from vnetverify.testing.answers import agrees, simulated_answer
from vnetverify.testing.examples import Example, Page, read_page, rule_ids
from vnetverify.testing.questions import IsValid, answer_text, parse_asked

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "specs" / "semantics"
PAGES: dict[str, Page] = {name: read_page((BOOK / f"{name}.md").read_text()) for name in ("routing", "filtering", "intents")}
RULES = {rule.id: rule for page in PAGES.values() for rule in page.rules}
EXAMPLES = [
    pytest.param(example, id=f"{name}: {' '.join(example.names)}")
    for name, page in PAGES.items()
    for example in page.examples
    if example.asked
]


def network_of(example: Example) -> Network:
    return read_text(example.network, example.names[0]).network


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_simulator_gives_the_answer_of_the_book(example: Example) -> None:
    network = network_of(example)
    for question, answer in example.asked:
        asked = parse_asked(question, answer, network)
        given = simulated_answer(network, asked.question, World(asked.facts), check)

        assert agrees(asked.answer, given), f"{question}\nwanted {answer}\ngiven  {answer_text(given)}"


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_that_carries_packets_is_one_that_azure_accepts(example: Example) -> None:
    network = network_of(example)
    if any(isinstance(parse_asked(*lines, network).question, IsValid) for lines in example.asked):
        pytest.skip("it asks whether it is accepted")

    assert [] == [fault for fault in check(network) if fault.severity.value == "error"]


def test_no_rule_stands_twice() -> None:
    ids = [rule.id for page in PAGES.values() for rule in page.rules]

    assert sorted(set(ids)) == sorted(ids)


def test_no_example_has_the_name_of_another() -> None:
    names = [name for page in PAGES.values() for example in page.examples for name in example.names]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_has_an_example_or_follows_from_rules_that_have(rule) -> None:  # type: ignore[no-untyped-def]
    shown = {id_ for page in PAGES.values() for example in page.examples for id_ in example.rules}

    assert rule.id in shown or (rule.follows and set(rule.follows) <= shown)


def test_rules_follow_from_rules_of_the_book() -> None:
    assert set() == {id_ for rule in RULES.values() for id_ in rule.follows} - set(RULES)


def test_examples_are_examples_of_rules_of_the_book() -> None:
    assert set() == {id_ for page in PAGES.values() for example in page.examples for id_ in example.rules} - set(RULES)


@pytest.mark.parametrize("name", PAGES)
def test_every_source_is_in_the_table_of_its_page(name: str) -> None:
    page = PAGES[name]

    assert set() == {key for rule in page.rules for key in rule.sources} - page.keys - {"none"} - set(RULES)


def test_the_open_questions_of_the_book_are_those_of_the_program() -> None:
    opened = {question for rule in RULES.values() for question in rule.open}

    assert set(QUESTIONS) == opened


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_names_rules_that_say_it_is_open(question) -> None:  # type: ignore[no-untyped-def]
    assert [id_ for id_ in question.rules if id_ not in RULES or question.name not in RULES[id_].open] == []


READ_BY = {
    "engines": ("vnetverify/simulator", "vnetverify/encoder"),
    "acceptance": ("vnetverify/model/wellformed",),
}


@pytest.mark.parametrize(("reader", "package"), [(reader, package) for reader, them in READ_BY.items() for package in them])
def test_every_rule_is_named_by_who_reads_it(reader: str, package: str) -> None:
    wanted = {rule.id for rule in RULES.values() if reader in rule.readers}

    assert set() == wanted - _ids_in(package)


@pytest.mark.parametrize("package", [package for packages in READ_BY.values() for package in packages])
def test_every_rule_that_is_named_stands_in_the_book(package: str) -> None:
    assert set() == _ids_in(package) - set(RULES) - _ids_of_prose()


def _ids_in(package: str) -> frozenset[str]:
    return frozenset().union(*(rule_ids(path.read_text()) for path in (ROOT / package).rglob("*.py")))


def _ids_of_prose() -> frozenset[str]:
    """Return the ids that the pages state in running text: how the rules are to be read."""
    return frozenset(
        id_ for name in PAGES for line in (BOOK / f"{name}.md").read_text().splitlines() if "**" in line
        for id_ in rule_ids(line)
    )  # fmt: skip
