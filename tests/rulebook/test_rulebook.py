"""The rule book: its layout, and every example asked of both engines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.facts import QUESTIONS, Question, World
from vnetverify.model.network import Network
from vnetverify.model.wellformed import check
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import verdict_word
from vnetverify.source import Source
from vnetverify.syntax import read
from vnetverify.syntax.read import read_text
from vnetverify.testing.answers import agrees, simulated_answer
from vnetverify.testing.confirmation import confirmations
from vnetverify.testing.examples import Example, Page, read_page, rule_ids
from vnetverify.testing.question_lines import answer_text, parse_asked

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "specs" / "semantics"
PAGES: dict[str, Page] = {
    name: read_page((BOOK / f"{name}.md").read_text()) for name in ("routing", "filtering", "boundaries", "intents")
}
RULES = {rule.id: rule for page in PAGES.values() for rule in page.rules}


def _named(examples: Iterator[Example]) -> list[object]:
    return [pytest.param(example, id=" ".join(example.names)) for example in examples]


EVERY = [example for page in PAGES.values() for example in page.examples]
ASKED = _named(example for example in EVERY if example.asked)
CARRYING = _named(example for example in EVERY if example.asked and ("is valid", "valid") not in example.asked
                  and not any(answer.startswith("invalid") for _, answer in example.asked))  # fmt: skip
INTENDED = _named(example for example in EVERY if not example.asked)


def network_of(example: Example) -> Network:
    return read((Source(example.names[0], example.network),)).network


def faults(network: Network, example: Example) -> list[str]:
    read_faults = read((Source(example.names[0], example.network),)).diagnostics
    found = (*read_faults, *check(network))
    return [f"{fault.code}: {fault.message}" for fault in found if fault.severity is Severity.ERROR]


# -- the simulator --------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", ASKED)
def test_the_simulator_gives_the_answer_of_the_book(example: Example) -> None:
    network = network_of(example)
    on_reading = read((Source(example.names[0], example.network),)).diagnostics
    for question, answer in example.asked:
        asked = parse_asked(question, answer, network)
        given = simulated_answer(network, asked.question, World(asked.facts), lambda n: (*on_reading, *check(n)))

        assert agrees(asked.answer, given), f"{question}\nwanted {answer}\ngiven  {answer_text(given)}"


@pytest.mark.parametrize("example", CARRYING)
def test_azure_accepts_the_networks_that_carry_packets(example: Example) -> None:
    assert faults(network_of(example), example) == []


# -- the encoder ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", ASKED)
def test_the_encoder_gives_the_answer_of_the_book(example: Example, solver: Solver) -> None:
    network = network_of(example)
    for question, answer in example.asked:
        for confirmation in confirmations(network, parse_asked(question, answer, network), solver):
            assert confirmation.expected == confirmation.given, f"{question}\nwanted {answer}: {confirmation.what}"


@pytest.mark.parametrize("example", INTENDED)
def test_the_intents_of_the_book_come_out_as_they_expect(example: Example) -> None:
    document = read_text(example.network, example.names[0])
    report = prove(Loaded(document, {}, ()), Options())

    assert {result.intent.name: result.intent.expect for result in report.results} == {
        result.intent.name: verdict_word(result.verdict) for result in report.results
    }
    assert report.results


# -- the layout -----------------------------------------------------------------------------------------


def test_no_rule_stands_twice() -> None:
    ids = [rule.id for page in PAGES.values() for rule in page.rules]

    assert sorted(set(ids)) == sorted(ids)


def test_no_example_has_the_name_of_another() -> None:
    names = [name for example in EVERY for name in example.names]

    assert sorted(set(names)) == sorted(names)


SHOWN = {id_ for example in EVERY for id_ in example.rules}


# Rules that no packet and no refusal can show, with what they are about.
WITHOUT_AN_EXAMPLE = {
    "F-ADM-14": "the time until admin rules hold",
    "F-AGW-2": "advice on groups, which a lint gives",
    "F-BAS-2": "advice on groups, which a lint gives",
    "F-DEL-1": "what services put into a subnet, which an import lists",
    "F-LB-11": "the guest's own configuration",
    "F-META-2": "how facts are read: every example with `where` leans on it",
    "F-NSG-14": "limits, which move with time",
    "F-OUT-5": "fragments",
    "F-PE-6": "R-SYS-11 under another name",
    "F-SE-4": "accounts behind a service",
    "F-STATE-8": "that no answer comes to what is dropped",
    "F-TAG-18": "how lists of tags are published",
    "F-TAG-20": "what a verdict says of its list of tags",
    "R-LINT-1": "F-DNS-1 to F-DNS-6 under another name",
    "R-LINT-5": "limits, which move with time",
    "R-LINT-6": "R-PEER-13, F-TAG-2 and F-TAG-4 under another name",
    "R-META-1": "how the pages are read: every open question leans on it",
    "R-PEER-10": "limits, which move with time",
    "R-PEER-21": "an option that changes no packet",
    "R-PEER-22": "limits, which move with time",
    "R-PEER-23": "operations that change no packet",
    "R-SEL-10": "a table without a default route, which R-SYS-2 makes impossible",
    "R-UDR-1": "what the language cannot say",
    "R-UDR-3": "limits, which move with time",
}


def test_every_rule_has_an_example_unless_nothing_can_show_it() -> None:
    every = set(RULES) | _ids_of_prose()

    assert sorted(every - SHOWN) == sorted(WITHOUT_AN_EXAMPLE)


def test_there_are_as_many_examples_as_were_promised() -> None:
    cited = [example for example in EVERY if _sources(example) - {"none", "design"}]

    assert len(EVERY) >= 540
    assert len(cited) >= 500


def test_every_example_cites_sources_of_the_tables() -> None:
    known = set().union(*(page.keys for page in PAGES.values())) | {"none", "design"} | set(RULES)

    assert [example.names for example in EVERY if not _sources(example) or not _sources(example) <= known] == []


_CITED = re.compile(r"^\| (?P<rule>[RF]-[A-Z]+-\d+) \| (?P<sources>[^|]+) \|$", re.MULTILINE)
PROSE_SOURCES = {
    match["rule"]: set(match["sources"].split(", "))
    for match in _CITED.finditer((BOOK / "boundaries.md").read_text())
}  # fmt: skip


def _sources(example: Example) -> set[str]:
    stated = (set(RULES[id_].sources) if id_ in RULES else PROSE_SOURCES[id_] for id_ in example.rules)
    return set().union(*stated)


def test_rules_follow_from_rules_of_the_book() -> None:
    assert {id_ for rule in RULES.values() for id_ in rule.follows} <= set(RULES)


def test_examples_are_examples_of_rules_of_the_book() -> None:
    assert SHOWN <= set(RULES) | _ids_of_prose()


@pytest.mark.parametrize("name", PAGES)
def test_every_source_is_in_the_table_of_its_page(name: str) -> None:
    page = PAGES[name]

    assert {key for rule in page.rules for key in rule.sources} <= page.keys | {"none"} | set(RULES)


def test_the_open_questions_of_the_book_are_those_of_the_program() -> None:
    assert sorted({question for rule in RULES.values() for question in rule.open}) == sorted(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_the_rules_that_a_question_names_say_that_it_is_open(question: Question) -> None:
    assert [id_ for id_ in question.rules if id_ not in RULES or question.name not in RULES[id_].open] == []


# Whether one flow enters an appliance and another leaves is no matter of one flow's path: see `prover/relays.py`.
ASKED_BY_THE_PROVER = {"U-REWRITES"}
# What is down is chosen with the flow, under a sentence that says so, and what stays then is asked under none but such
# sentences: the examples of I-FAILURES are intents.
CHOSEN_WITH_THE_FLOW = {"U-DOWN", "U-STATICDOWN"}
# Sentences ask these, no question about one flow does: the examples of R-LINT-2 are intents.
ASKED_BY_SENTENCES = {"U-BANDWIDTH", "U-REGION"}
# What names are known, and to whom, is decided in `prover/names.py` and `simulator/names.py`; its examples are intents.
ASKED_ABOUT_NAMES = {"U-DNS", "U-DNSANSWERS", "U-DNSHOST", "U-DNSLINK"}
NOT_OF_ONE_FLOW = ASKED_ABOUT_NAMES | ASKED_BY_THE_PROVER | CHOSEN_WITH_THE_FLOW | ASKED_BY_SENTENCES


@pytest.mark.parametrize(
    "question", [name for name in QUESTIONS if name not in ASKED_BY_THE_PROVER | ASKED_ABOUT_NAMES]
)
@pytest.mark.parametrize("engine", ["simulator", "encoder"])
def test_both_engines_ask_every_open_question(question: str, engine: str) -> None:
    code = "".join(path.read_text() for path in (ROOT / "vnetverify" / engine).rglob("*.py"))

    assert f'"{question}"' in code


@pytest.mark.parametrize("question", sorted(QUESTIONS.keys() - NOT_OF_ONE_FLOW))
def test_an_example_shows_what_an_open_question_decides(question: str) -> None:
    settled = {fact.partition("(")[0] for example in EVERY for line, _ in example.asked for fact in _facts_of(line)}

    assert question in settled


def _facts_of(line: str) -> list[str]:
    return re.findall(r"U-[A-Z0-9-]+(?:\([^)]*\))?", line.partition(" where ")[2])


# -- three sets of rule ids -----------------------------------------------------------------------------

READERS = [
    ("engines", "vnetverify/simulator"),
    ("engines", "vnetverify/encoder"),
    ("acceptance", "vnetverify/model/wellformed"),
]


@pytest.mark.parametrize(("reader", "package"), READERS)
def test_every_rule_is_named_by_who_reads_it(reader: str, package: str) -> None:
    wanted = {rule.id for rule in RULES.values() if reader in rule.readers}

    assert sorted(wanted - _ids_in(package)) == []


NAMING = ("vnetverify/**/*.py", "grammar/*.lark", "docs/**/*.md", "specs/**/*.md", "specs/**/*.vnet", "*.md")


@pytest.mark.parametrize("pattern", NAMING)
def test_every_rule_that_is_named_stands_in_the_book(pattern: str) -> None:
    known = {*RULES, *_ids_of_prose()}.union(*(page.keys for page in PAGES.values()))  # a source may be called alike
    strange = {str(path.relative_to(ROOT)): rule_ids(path.read_text()) - known for path in ROOT.glob(pattern)}

    assert {} == {path: sorted(ids) for path, ids in strange.items() if ids}


CITED_BY_PROOFS_ALONE = {"R-SEL-4"}  # what a proof rests on where a user route carries; a trace says what it beats


def test_both_engines_name_the_same_rules_of_routing() -> None:
    simulated, encoded = (
        {id_ for id_ in _ids_in(f"vnetverify/{engine}") if id_.startswith("R-")} for engine in ("simulator", "encoder")
    )

    assert simulated ^ encoded == CITED_BY_PROOFS_ALONE


# Of names the simulator alone has rules: the prover asks the encoder whether questions to servers arrive, as of any
# packets, and looks up itself what a server knows.
LOOKED_UP_BY_THE_SIMULATOR_ALONE = {f"F-DNS-{number}" for number in range(1, 7)}


def test_both_engines_name_the_same_rules_of_filtering() -> None:
    simulated, encoded = (
        {id_ for id_ in _ids_in(f"vnetverify/{engine}") if id_.startswith("F-")} for engine in ("simulator", "encoder")
    )

    assert simulated ^ encoded == LOOKED_UP_BY_THE_SIMULATOR_ALONE


def _ids_in(package: str) -> frozenset[str]:
    return frozenset().union(*(rule_ids(path.read_text()) for path in (ROOT / package).rglob("*.py")))


def _ids_of_prose() -> frozenset[str]:
    """Return the ids that the pages state in running text: how the rules are to be read, and what is left out."""
    bold = [line for name in PAGES for line in (BOOK / f"{name}.md").read_text().splitlines() if "**" in line]
    return rule_ids("\n".join(bold))


# -- the notes that lean on the book --------------------------------------------------------------------

TRAPS = (ROOT / "docs" / "decisions" / "2026-11-25-traps-of-routing.md").read_text()


def test_every_trap_points_at_examples_or_texts_that_are_there() -> None:
    names = {name for example in EVERY for name in example.names}
    shown = [line for line in TRAPS.splitlines() if line.startswith("*Shown by* ")]
    pointers = [pointer for line in shown for pointer in re.findall(r"`([^`]+)`", line)]

    assert len(shown) == 14
    assert [pointer for pointer in pointers if pointer not in names and not (ROOT / pointer).is_file()] == []


def test_the_traps_name_rules_of_the_book() -> None:
    assert rule_ids(TRAPS) <= set(RULES)
