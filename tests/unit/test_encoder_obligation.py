"""Whole obligations: loops, chains and overlaps, and what a text handed to the solver may hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.term_values import parsed
from vnetverify.encoder.claims import encode
from vnetverify.encoder.facts import Detail
from vnetverify.encoder.obligation import Obligation
from vnetverify.header import Flow, parse_address
from vnetverify.model.intents import Claim, Place, PlaceKind
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Satisfiable, Solver
from vnetverify.prover.verdict import Proved, Refuted, Verdict
from vnetverify.simulator.claims import violates
from vnetverify.source import Source
from vnetverify.syntax import Document, read

SPECS = Path(__file__).parents[2] / "specs"


def document(text: str) -> Document:
    found = read([Source("t.vnet", text)], Network())
    assert not found.diagnostics, found.diagnostics
    return found


def verdict_on(network: str, sentence: str, solver: Solver) -> Verdict:
    asked = document(f"{network}\nintent asked {{ {sentence} }}\n")
    claim = asked.intents[0].claims[0]
    verdict = decide(Inquiry(asked.network, claim, {}, False), solver)
    if isinstance(verdict, Refuted) and verdict.witness is not None:
        witness = verdict.witness
        assert violates(asked.network, claim, witness.origin, witness.flow, witness.world) is not None
    return verdict


# -- circuits -------------------------------------------------------------------------------------------

CHAIN = """\
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24 routes via-one
  subnet db  10.0.2.0/24
  subnet one 10.0.3.0/24 routes from-one
  subnet two 10.0.4.0/24 routes from-two
}
route-table via-one  { to-db 10.0.2.0/24 -> appliance 10.0.3.4 }
route-table from-one { to-db 10.0.2.0/24 -> appliance 10.0.4.4 }
route-table from-two { to-db 10.0.2.0/24 -> %s }
appliance first  { nic 10.0.3.4 in v.one  forwards any  stateless }
appliance second { nic 10.0.4.4 in v.two  forwards tcp from any to any port 443  stateless }
"""
ONWARD, BACK = CHAIN % "vnet-local", CHAIN % "appliance 10.0.3.4"
ITSELF = CHAIN % "appliance 10.0.4.4"


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("v.web reaches v.db on https", Proved),
        ("v.web never reaches v.db on ssh", Proved),
        ("v.web reaches v.db on https only via first", Proved),
        ("v.web reaches v.db on https only via second", Proved),
        ("v.web reaches v.db on https not via second", Refuted),
        ("v.one reaches v.db on https not via first", Proved),
    ],
)
def test_a_chain_is_followed_through_every_appliance(sentence: str, kind: type[Verdict], solver: Solver) -> None:
    assert type(verdict_on(ONWARD, sentence, solver)) is kind


@pytest.mark.parametrize("network", [BACK, ITSELF], ids=["two at each other", "one at itself"])
def test_appliances_that_send_to_each_other_deliver_nothing(network: str, solver: Solver) -> None:
    assert isinstance(verdict_on(network, "v.web never reaches v.db", solver), Proved)
    assert isinstance(verdict_on(network, "v.web sometimes reaches v.db on https", solver), Refuted)


def test_a_loop_that_some_packets_leave_delivers_those(solver: Solver) -> None:
    leaving = BACK.replace("route-table from-two {", "route-table from-two { out 10.0.2.128/25 -> vnet-local ")

    assert isinstance(verdict_on(leaving, "v.web reaches 10.0.2.200/32 on https", solver), Proved)
    assert isinstance(verdict_on(leaving, "v.web never reaches 10.0.2.20/32", solver), Proved)


# -- overlaps -------------------------------------------------------------------------------------------


def test_a_flow_from_a_place_that_the_claim_does_not_name_fixes_no_selector() -> None:
    asked = document(TWINS + "intent asked { left, right never reaches left-hub }")
    obligation = encode(asked.network, asked.intents[0].claims[0], {})
    flow = Flow(6, parse_address("10.1.0.4"), 50000, parse_address("10.2.0.4"), 443)
    named, other = (Place(PlaceKind.SUBNET.value, name) for name in ("right.s", "left-hub.s"))

    assert "at" in obligation.fixing(named, flow)
    assert "at" not in obligation.fixing(other, flow)


# Two spokes with one address space, each peered with a hub of its own; only one hub lets its spoke in.
TWINS = """\
vnet left      { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
vnet right     { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
vnet left-hub  { address 10.2.0.0/16  subnet s 10.2.0.0/24 }
vnet right-hub { address 10.2.0.0/16  subnet s 10.2.0.0/24 nsg shut }
peering left -> left-hub
peering left-hub -> left
peering right -> right-hub
peering right-hub -> right
nsg shut { inbound 100 all deny any from any to any }
group spokes = left, right
group hubs   = left-hub, right-hub
"""


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("left reaches left-hub on ssh", Proved),
        ("right never reaches right-hub", Proved),
        ("left never reaches right-hub", Proved),
        ("left reaches right-hub on ssh", Refuted),
        ("spokes reaches left-hub on ssh", Refuted),
        ("right, right-hub never reaches left, left-hub", Proved),
        ("spokes never reaches hubs on ssh", Refuted),
        ("hubs never reaches right on ssh", Refuted),
        ("left-hub never reaches right", Proved),
        ("spokes sometimes reaches hubs on ssh", Proved),
        ("left-hub reaches left on ssh", Proved),
        ("left-hub reaches spokes on ssh", Refuted),
        ("spokes reaches hubs on ssh", Refuted),
    ],
)
def test_places_with_the_same_addresses_are_told_apart_at_both_ends(
    sentence: str, kind: type[Verdict], solver: Solver
) -> None:
    assert type(verdict_on(TWINS, sentence, solver)) is kind


@pytest.mark.parametrize(
    ("left", "width"), [("left", 0), ("left, left-hub", 0), ("spokes", 1), ("spokes, hubs", 1), ("vnet", 1)]
)
def test_a_selector_is_as_wide_as_the_overlap_asks_for(left: str, width: int) -> None:
    asked = document(f"{TWINS}intent asked {{ {left} never reaches left-hub }}")
    obligation = encode(asked.network, asked.intents[0].claims[0], {})

    assert obligation.selector_width == width
    assert ("at" in obligation.symbols) == bool(width)
    assert ("(declare-const at " in obligation.text) == bool(width)


def test_three_places_of_one_address_space_take_two_bits(solver: Solver) -> None:
    third = f"{TWINS}vnet third {{ address 10.1.0.0/16  subnet s 10.1.0.0/24 }}\n"
    asked = document(f"{third}intent asked {{ spokes, third never reaches left-hub on ssh }}")
    obligation = encode(asked.network, asked.intents[0].claims[0], {})
    solver.open(obligation)
    answer = solver.check([obligation.violation])

    assert obligation.selector_width == 2
    assert isinstance(answer, Satisfiable)
    assert str(obligation.witness(answer.model)[0]) == "left.s"


# -- the text -------------------------------------------------------------------------------------------

SYMBOL = re.compile(r"[a-z][a-z]?[0-9]*|src|dst")
WORDS = {
    "declare-const", "define-fun", "assert", "Bool", "BitVec", "_", "extract",
    "and", "or", "not", "ite", "=", "bvuge", "bvule", "true", "false",
}  # fmt: skip
HOSTILE = """\
vnet "true) (assert false" {{ address 10.0.0.0/16  subnet "assert" 10.0.1.0/24 nsg "x)(y" routes "|q|"
  subnet "s;" 10.0.2.0/24 }}
vnet "declare-const" {{ address 10.1.0.0/16  subnet "v" 10.1.0.0/24 }}
peering "true) (assert false" -> "declare-const"
peering "declare-const" -> "true) (assert false"
nsg "x)(y" {{ inbound 100 "false" deny tcp from "Tag)(check-sat" to asg "u0 u1" port 22 }}
asg "u0 u1"
route-table "|q|" {{ "(exit)" 10.1.0.0/16 -> appliance 10.0.2.4 }}
appliance "(not v)" {{ nic 10.0.2.4 in "true) (assert false"."s;" asg "u0 u1" public-ip "src dst" }}
site "#b1" {{ address 192.168.0.0/16  behind "(not v)" }}
intent asked {{ {sentence} }}
"""
SENTENCES = [
    '"true) (assert false", "#b1" never reaches "declare-const", internet',
    'internet reaches "(not v)" on ssh',
    '"declare-const" reaches "true) (assert false"."assert" on ssh not via "(not v)"',
    'next hop of "true) (assert false"."assert" to "declare-const" is appliance "(not v)"',
]


def atoms(expression: object) -> Iterator[str]:
    if isinstance(expression, str):
        yield expression
    elif isinstance(expression, list):
        for part in expression:
            yield from atoms(part)


def unexpected(obligation: Obligation) -> set[str]:
    """Return the words of the text that are no symbol of ours, number or word of SMT-LIB."""
    words = set(atoms(parsed(obligation.text))) - WORDS
    return {w for w in words if not SYMBOL.fullmatch(w) and not re.fullmatch(r"#x[0-9a-f]+|#b[01]+|[0-9]+", w)}


@pytest.mark.parametrize("detail", [Detail.NONE, Detail.LINE])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_no_name_of_the_user_reaches_the_solver(sentence: str, detail: Detail, solver: Solver) -> None:
    asked = _hostile(sentence)
    obligation = encode(asked.network, asked.intents[0].claims[0], {}, detail)
    solver.open(obligation)

    assert unexpected(obligation) == set()
    assert all(SYMBOL.fullmatch(symbol) for symbol in (*obligation.symbols, *obligation.labels))
    assert isinstance(solver.check([obligation.in_question]), Satisfiable)


def _hostile(sentence: str) -> Document:
    text = HOSTILE.format(sentence=sentence)
    return document(text)


@pytest.mark.parametrize("spec", ["tutorial.vnet", "seed/gateway-transit.vnet", "seed/service-chaining.vnet"])
def test_a_text_is_made_of_our_symbols_numbers_and_words_of_smt_lib(spec: str) -> None:
    asked = document((SPECS / spec).read_text())
    for claim in _claims(asked):
        assert unexpected(encode(asked.network, claim, {}, Detail.LINE)) == set()


def _claims(asked: Document) -> list[Claim]:
    return [claim for intent in asked.intents for claim in intent.claims]


PRINT_TEXTS = """\
import hashlib, sys
from vnetverify.encoder.claims import encode
from vnetverify.encoder.facts import Detail
from vnetverify.pipeline import load
loaded = load([sys.argv[1]], [])
digest = hashlib.sha256()
for intent in loaded.document.intents:
    for claim in intent.claims:
        for detail in Detail:
            digest.update(encode(loaded.document.network, claim, {}, detail).text.encode())
print(digest.hexdigest())
"""


@pytest.mark.parametrize("spec", ["tutorial.vnet", "seed/gateway-transit.vnet"])
def test_one_network_has_one_text_whatever_the_hash_seed(spec: str) -> None:
    texts = set()
    for seed in ("1", "2", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", PRINT_TEXTS, str(SPECS / spec)],
            env=environment,
            cwd=SPECS.parent,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        texts.add(done.stdout)

    assert len(texts) == 1
