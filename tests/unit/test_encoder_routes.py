"""Pieces of a table against a longest-prefix match that looks at every route for every address."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.term_values import Reader
from tests.unit.verdicts import verdict_on
from vnetverify.encoder.candidates import Candidate, Class, LearnedHop, NoHop, PeerHop
from vnetverify.encoder.routes import partition
from vnetverify.encoder.terms import TRUE
from vnetverify.header import ALL_IPV4, EVERY_IPV4, LAST_IPV4, Interval, Prefix, interval_set, parse_prefix
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved

FACTS = ("u0", "u1")
CONDITIONS = [TRUE, "u0", "(not u0)", "(and u0 u1)", "false"]

# Prefixes that nest, touch and tie: of five bits at either end of the address space, and the usual suspects.
small = st.builds(
    lambda length, value, top: Prefix(((0xFFFFFFE0 if top else 0) + value) >> (32 - length) << (32 - length), length),
    st.sampled_from([27, 28, 29, 30, 31, 32]),
    st.integers(0, 31),
    st.booleans(),
)
prefixes = st.one_of(small, st.sampled_from([EVERY_IPV4, parse_prefix("0.0.0.0/1"), parse_prefix("128.0.0.0/1")]))


@st.composite
def tables(draw: st.DrawFn) -> list[Candidate]:
    """Draw routes of which no two tie: Azure has one user and one system route for a prefix, gateways are ranked."""
    drawn = draw(st.lists(st.tuples(prefixes, st.sampled_from(Class), st.sampled_from(CONDITIONS)), max_size=7))
    return [
        Candidate(prefix, kind, PeerHop(f"hop{number}"), "R", condition, rank=number)
        for number, (prefix, kind, condition) in enumerate(drawn)
    ]


def selected(table: list[Candidate], address: int, facts: dict[str, bool]) -> Candidate | None:
    """Return the route in force with the longest prefix that holds the address, then by class and rank."""
    covering = [
        route
        for route in table
        if route.prefix.value <= address <= route.prefix.last and Reader().value(route.condition, facts)
    ]
    return max(covering, key=lambda route: (route.prefix.length, route.kind.value, route.rank), default=None)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(table=tables())
def test_the_first_choice_in_force_is_the_longest_prefix_match(table: list[Candidate]) -> None:
    pieces = partition(table, EVERY_IPV4)
    for address in (*range(36), 0x7FFFFFFF, 0x80000000, *range(LAST_IPV4 - 35, LAST_IPV4 + 1)):
        (piece,) = (piece for piece in pieces if address in piece.addresses)
        for values in product([True, False], repeat=len(FACTS)):
            facts = dict(zip(FACTS, values, strict=True))
            chosen = next((route for route in piece.choices if Reader().value(route.condition, facts)), None)

            assert chosen == selected(table, address, facts)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(table=tables())
def test_pieces_are_disjoint_cover_all_addresses_and_differ_in_their_choices(table: list[Candidate]) -> None:
    pieces = partition(table, EVERY_IPV4)

    assert sum(piece.addresses.size for piece in pieces) == 1 << 32
    assert interval_set(interval for piece in pieces for interval in piece.addresses) == ALL_IPV4
    assert len({piece.choices for piece in pieces}) == len(pieces)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(table=tables())
def test_only_the_last_choice_of_a_piece_is_unconditional(table: list[Candidate]) -> None:
    for piece in partition(table, EVERY_IPV4):
        assert all(route.condition != TRUE for route in piece.choices[:-1])


@settings(max_examples=30, deadline=None, derandomize=True)
@given(table=tables(), data=st.data())
def test_the_order_in_which_routes_are_given_is_no_matter(table: list[Candidate], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(table))

    assert partition(shuffled, EVERY_IPV4) == partition(table, EVERY_IPV4)


def test_a_table_without_routes_leads_nowhere() -> None:
    (piece,) = partition([], EVERY_IPV4)

    assert (piece.addresses, piece.choices) == (ALL_IPV4, ())


def test_a_route_that_may_not_be_there_leaves_the_next_best_behind_it() -> None:
    learned = Candidate(parse_prefix("10.1.0.0/16"), Class.GATEWAY, LearnedHop("g"), "R-SYS-8", "u0")
    dropped = Candidate(parse_prefix("10.0.0.0/8"), Class.SYSTEM, NoHop(), "R-SYS-3")
    pieces = {piece.choices: piece.addresses for piece in partition([dropped, learned], EVERY_IPV4)}

    assert pieces[learned, dropped] == interval_set([Interval(0x0A010000, 0x0A01FFFF)])


def test_a_proof_names_the_members_of_a_group_that_overlap(solver: Solver) -> None:
    text = """\
vnet a { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
vnet b { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
vnet c { address 10.2.0.0/16  subnet s 10.2.0.0/24 }
connected-group mesh { members a, b, c }
"""
    verdict = verdict_on(text, "c never reaches a", solver)

    assert isinstance(verdict, Proved)
    assert "R-CG-4" in {ground.rule for ground in verdict.grounds}
