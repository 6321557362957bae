"""Laws that verdicts obey among themselves, whatever the rules are: on the statements of the seed and the tutorial."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from vnetverify.diagnostic import Severity
from vnetverify.header import ALL_PORTS
from vnetverify.model.intents import Claim, EndpointSet, Resolution, Verb
from vnetverify.model.network import Network, Service
from vnetverify.model.wellformed import check
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Verdict, verdict_word
from vnetverify.source import Source
from vnetverify.syntax import Document, read
from vnetverify.syntax.layout import format_text

SPECS = Path(__file__).parents[2] / "specs"
TEXTS = (*sorted((SPECS / "seed").glob("*.vnet")), SPECS / "tutorial.vnet")
every_text = pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)

# Absences that rest on routes, of which the seed has few: into appliances, gateways and loops, or with no way out.
ABSENCES = """
vnet hub {
  address 10.0.0.0/16
  subnet GatewaySubnet 10.0.0.0/27
  subnet dmz 10.0.1.0/24
  gateway vpn g
}
vnet a {
  address 10.1.0.0/16
  subnet w 10.1.1.0/24  routes by-fw
  subnet x 10.1.2.0/24  routes by-gateway
  subnet y 10.1.3.0/24  default-outbound off
  subnet z 10.1.4.0/24  routes to-itself
}
peering hub -> a { allow-gateway-transit }
peering a -> hub { use-remote-gateways  allow-forwarded-traffic }
site branch { address 192.168.0.0/16 }
connection branch -- hub.g
appliance fw {
  nic 10.0.1.4 in hub.dmz
  forwards tcp from any to branch port 443
  drops    icmp
}
appliance looping {
  nic 10.1.4.4 in a.z  public-ip standard
  forwards any
  source-nat on
}
route-table by-fw {
  all 0.0.0.0/0 -> appliance 10.0.1.4
  to-branch 192.168.0.0/16 -> appliance 10.0.1.4
  unused 10.77.0.0/16 -> none
}
route-table by-gateway { all 0.0.0.0/0 -> gateway }
route-table to-itself { all 0.0.0.0/0 -> appliance 10.1.4.4 }
intent filtered  { a.w never reaches internet }
intent no-ssh    { a.w never reaches branch on ssh }
intent swallowed { a.x never reaches internet }
intent no-way    { a.y never reaches internet }
intent looping   { a.z never reaches internet }
intent inspected { a.w reaches branch on https only via fw }
"""
# Without its last `forwards` line an appliance is undeclared, so that such a line says more than itself.
DROPPABLE = re.compile(r"\s+(inbound|outbound|drops)\b|\s+\S+\s+\S+\s+-> ")


def document(text: str) -> Document:
    found = read([Source("text", text)], Network())
    diagnostics = (*found.diagnostics, *check(found.network))
    assert not [problem for problem in diagnostics if problem.severity is Severity.ERROR]
    return found


def words(text: str) -> dict[str, str]:
    """Return the verdict on each intent."""
    report = prove(Loaded(document(text), {}, ()), Options())
    return {result.intent.name: verdict_word(result.verdict) for result in report.results}


def word(found: Document, claim: Claim, solver: Solver) -> str:
    assumed = {assumption.fact.casefold(): assumption.value for assumption in found.assumptions}
    verdict: Verdict = decide(Inquiry(found.network, claim, assumed, found.documented_reading), solver)
    return verdict_word(verdict)


def names_asked_for(found: Document) -> list[str]:
    """Return the names that sentences about names speak of."""
    return [said.name for intent in found.intents for said in intent.claims if isinstance(said, Resolution)]


def universal_claims(found: Document) -> list[Claim]:
    """Return the sentences about every flow between two sets."""
    others = (Verb.SOMETIMES_REACHES, Verb.NOT_TRANSITIVE)
    said = (claim for intent in found.intents for claim in intent.claims if isinstance(claim, Claim))
    return [claim for claim in said if claim.verb not in others]


# -- what a sentence speaks of ----------------------------------------------------------------------------


@every_text
def test_a_sentence_about_a_set_says_what_its_parts_say(path: Path, solver: Solver) -> None:
    found = document(path.read_text())
    for claim in universal_claims(found):
        if len(claim.pairs) != 1:
            continue
        left, right = claim.pairs[0]
        parts = [replace(claim, pairs=((left, EndpointSet((part,))),)) for part in right.parts]
        said = {word(found, part, solver) for part in parts}
        worst = next((verdict for verdict in ("refuted", "unknown", "proved") if verdict in said), "vacuous")

        assert word(found, claim, solver) == worst, claim.text


@every_text
def test_what_fails_of_a_service_fails_of_every_wider_one(path: Path, solver: Solver) -> None:
    found = document(path.read_text())
    for claim in universal_claims(found):
        wider = replace(claim, service=Service("any", ((None, ALL_PORTS),)))
        if word(found, claim, solver) == "refuted":
            assert word(found, wider, solver) == "refuted", claim.text


# -- how it is written ------------------------------------------------------------------------------------


@every_text
def test_the_order_of_statements_plays_no_part(path: Path) -> None:
    text = path.read_text()
    statements = _statements(format_text(text))
    random.Random(path.stem).shuffle(statements)

    assert words("\n".join(statements)) == words(text)


@every_text
def test_names_and_their_letter_case_play_no_part(path: Path) -> None:
    text = path.read_text()
    whole_text = document(text)
    network = whole_text.network
    names = {*network.vnets, *network.machines, *network.sites, *network.nsgs, *network.route_tables, *network.gateways}
    # In the DNS they do play a part: hosts are called as machines are, and names in quotes are left as they are.
    names -= {label for name in names_asked_for(whole_text) for label in name.split(".") if "." in name}
    spelled = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    unquoted = r"(?=[^\"\n]*(?:\"[^\"\n]*\"[^\"\n]*)*$)"
    whole = re.compile(rf"(?<![\w-])({spelled})(?![\w-]){unquoted}", re.MULTILINE)
    numbers = {name: f"n{number}-" for number, name in enumerate(sorted(names))}
    expected = list(words(text).values())

    assert list(words(whole.sub(lambda found: numbers[found[0]] + found[0], text)).values()) == expected
    assert list(words(whole.sub(lambda found: found[0].swapcase(), text)).values()) == expected


def _statements(text: str) -> list[str]:
    """Return the statements of a text in canonical layout, without comments."""
    statements, depth = [""], 0
    for line in text.splitlines():
        code = line.partition("#")[0]
        depth += code.count("{") - code.count("}")
        statements[-1] += code + "\n"
        if depth == 0:
            statements.append("")
    return [statement for statement in statements if statement.strip()]


# -- what a proof names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [ABSENCES, *(path.read_text() for path in TEXTS)], ids=["absences", *(path.stem for path in TEXTS)]
)
def test_a_proof_names_the_rules_and_routes_that_it_needs_and_no_others(text: str) -> None:
    lines = format_text(text).splitlines()
    proofs = _proofs("\n".join(lines))
    for number, line in enumerate(lines, 1):
        if not DROPPABLE.match(line):
            continue
        without = _proofs("\n".join("" if n == number else kept for n, kept in enumerate(lines, 1)))
        for sentence, grounds in proofs.items():
            if number in grounds:
                assert without.get(sentence) != grounds, f"`{sentence}` needs `{line.strip()}`"
            else:
                assert sentence in without, f"`{sentence}` falls without `{line.strip()}`"


def _proofs(text: str) -> dict[str, frozenset[int]]:
    """Return the proved sentences, each with the lines that its proof names; not those that a flow proves."""
    report = prove(Loaded(document(text), {}, ()), Options())
    return {
        result.claim.text: frozenset(ground.span.line for ground in result.verdict.grounds if ground.span is not None)
        for intent in report.results
        for result in intent.results
        if isinstance(result.verdict, Proved) and result.verdict.witness is None
    }
