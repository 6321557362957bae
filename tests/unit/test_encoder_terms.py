"""Terms mean what they say, for every number of a small field and every key of a small tree."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.term_values import Reader
from vnetverify.encoder.terms import (
    FALSE,
    TRUE,
    Branch,
    Key,
    Script,
    Term,
    all_of,
    any_of,
    at_most,
    bits,
    branches_of,
    constant,
    decision_tree,
    either,
    equals,
    field_within,
    first_match,
    is_among,
    lies_between,
    lies_in,
    negate,
    none_of,
)
from vnetverify.header import (
    ALL_IPV4,
    ALL_IPV6,
    Interval,
    IntervalSet,
    addresses_of,
    interval_set,
    parse_address,
    parse_prefix,
)

quick = settings(max_examples=150, deadline=None, derandomize=True)

# -- connectives ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "folded"),
    [
        (TRUE, all_of()),
        (FALSE, any_of()),
        (TRUE, none_of()),
        ("a", all_of("a")),
        ("a", any_of("a", FALSE)),
        ("a", all_of(TRUE, "a", "a")),
        (FALSE, all_of("a", FALSE, "b")),
        (TRUE, any_of("a", TRUE, "b")),
        ("(and a b)", all_of("a", "b", "a")),
        ("(or b a)", any_of("b", "a")),
        ("(not a)", negate("a")),
        ("a", negate(negate("a"))),
        (FALSE, negate(TRUE)),
        (TRUE, negate(FALSE)),
        ("(not (or a b))", none_of("a", "b")),
    ],
)
def test_connectives_fold_what_is_known(expected: Term, folded: Term) -> None:
    assert expected == folded


@pytest.mark.parametrize("parts", list(product([TRUE, FALSE, "a", "b"], repeat=3)))
def test_a_choice_is_worth_what_its_condition_chooses(parts: tuple[Term, Term, Term]) -> None:
    reader = Reader()
    for a, b in product([True, False], repeat=2):
        values = {"a": a, "b": b}
        condition, then, otherwise = (reader.value(part, values) for part in parts)

        assert reader.value(either(*parts), values) == (then if condition else otherwise)


@pytest.mark.parametrize(
    ("expected", "term"),
    [("#x50", bits(80, 8)), ("#x0a000004", bits(0x0A000004, 32)), ("#b101", bits(5, 3)), ("#b0", bits(0, 1))],
)
def test_numbers_are_written_with_all_their_bits(expected: str, term: Term) -> None:
    assert expected == term


@pytest.mark.parametrize("number", range(9))
def test_at_most_so_many_hold_of_any_number(number: int) -> None:
    names = [f"b{index}" for index in range(number)]
    for most in range(number + 2):
        term = at_most(most, names)
        for count in range(number + 1):
            held = {name: index < count for index, name in enumerate(names)}

            assert Reader().value(term, held) is (count <= most)


# -- numbers in ranges ----------------------------------------------------------------------------------

WIDTH = 5
LAST = (1 << WIDTH) - 1
intervals = st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(lambda ends: Interval(min(ends), max(ends)))
sets = st.lists(intervals, max_size=4).map(interval_set)


@quick
@given(within=sets, interval=intervals)
def test_lying_between_is_exact_where_the_field_can_lie(within: IntervalSet, interval: Interval) -> None:
    number = field_within("n", WIDTH, within)
    term = lies_between(number, interval)
    for value in range(LAST + 1):
        if value in within:
            assert Reader().value(term, {"n": (value, WIDTH)}) == (interval.low <= value <= interval.high)


@quick
@given(within=sets, numbers=sets)
def test_being_among_is_exact_where_the_field_can_lie(within: IntervalSet, numbers: IntervalSet) -> None:
    term = is_among(field_within("n", WIDTH, within), numbers)
    for value in range(LAST + 1):
        if value in within:
            assert Reader().value(term, {"n": (value, WIDTH)}) == (value in numbers)


@quick
@given(within=sets, narrower=sets, numbers=sets)
def test_a_narrowed_field_folds_by_both(within: IntervalSet, narrower: IntervalSet, numbers: IntervalSet) -> None:
    field = field_within("n", WIDTH, within).narrowed(narrower)
    term = is_among(field, numbers)

    assert field == field_within("n", WIDTH, within & narrower)
    for value in range(LAST + 1):
        if value in within and value in narrower:
            assert Reader().value(term, {"n": (value, WIDTH)}) == (value in numbers)


@pytest.mark.parametrize(
    ("expected", "term"),
    [
        (TRUE, lies_in(field_within("a", 32, ALL_IPV4), parse_prefix("0.0.0.0/0"))),
        ("(= a #x0a000004)", lies_in(field_within("a", 32, ALL_IPV4), parse_prefix("10.0.0.4/32"))),
        ("(= ((_ extract 31 24) a) #x0a)", lies_in(field_within("a", 32, ALL_IPV4), parse_prefix("10.0.0.0/8"))),
        (TRUE, lies_in(constant(0x0A000004, 32), parse_prefix("10.0.0.0/8"))),
        (FALSE, lies_in(constant(0x0B000004, 32), parse_prefix("10.0.0.0/8"))),
        (FALSE, equals(field_within("a", 32, IntervalSet()), 4)),
        (
            "(bvuge p #x0400)",
            lies_between(field_within("p", 16, IntervalSet((Interval(0, 65535),))), Interval(1024, 65535)),
        ),
    ],
)
def test_prefixes_and_ranges_are_tested_with_as_little_as_will_do(expected: Term, term: Term) -> None:
    assert expected == term


# -- shared definitions ---------------------------------------------------------------------------------


def test_equal_terms_share_one_definition_and_short_ones_need_none() -> None:
    script = Script()
    long = all_of(*(f"u{number}" for number in range(20)))

    assert script.share("u1") == "u1"
    assert script.share(long) == script.share(long) == "d0"
    assert script.lines == [f"(define-fun d0 () Bool {long})"]


@pytest.mark.parametrize(("length", "share", "hold"), [(39, "", ""), (40, "d0", "h0")])
def test_what_is_short_is_neither_shared_nor_held(length: int, share: str, hold: str) -> None:
    term = "u" * length

    assert Script().share(term) == (share or term)
    assert Script().hold(term) == (hold or term)


# -- fields of many intervals ---------------------------------------------------------------------------


def of_intervals(number: int) -> IntervalSet:
    """Return every other of the first numbers."""
    return IntervalSet(tuple(Interval(2 * n, 2 * n) for n in range(number)))


@pytest.mark.parametrize(("number", "folds"), [(200, True), (201, False)])
def test_a_field_of_many_intervals_is_not_computed_with_at_every_use(number: int, folds: bool) -> None:
    field = field_within("a", 16, of_intervals(number))
    two, one = IntervalSet((Interval(0, 0), Interval(4, 6))), IntervalSet((Interval(4, 6),))

    assert (field.narrowed(two).within == field.within & two) is folds
    assert field.narrowed(one).within == field.within & one
    assert (is_among(field, of_intervals(number)) == TRUE) is folds
    assert is_among(field, two) != TRUE


# -- decision trees -------------------------------------------------------------------------------------

# Keys that differ in their first three and last three bits, under a selector of two bits: 256 of them.
SELECTOR = 2
LEADING, MIDDLE = 3, 0x00123450


def key_bits(selector: int, leading: int, trailing: int) -> tuple[int, int]:
    return selector, leading << 29 | MIDDLE << 3 & 0x1FFFFFF8 | trailing


KEYS = [key_bits(*parts) for parts in product(range(1 << SELECTOR), range(8), range(8))]
lengths = st.sampled_from([0, 1, 2, 3, 4, 5, 20, SELECTOR + 29, SELECTOR + 30, SELECTOR + 31, SELECTOR + 32])
MEANINGS = {TRUE: lambda p, q: True, FALSE: lambda p, q: False, "p": lambda p, q: p, "q": lambda p, q: q}
terms = st.sampled_from(sorted(MEANINGS))


@st.composite
def branches(draw: st.DrawFn) -> Branch:
    selector, address = draw(st.sampled_from(KEYS))
    length = draw(lengths)
    kept = 32 + SELECTOR - length
    return Branch((selector << 32 | address) >> kept << kept, length, draw(terms))


def is_inside(branch: Branch, selector: int, address: int) -> bool:
    return (selector << 32 | address) >> (32 + SELECTOR - branch.length) == branch.value >> (
        32 + SELECTOR - branch.length
    )


@pytest.mark.parametrize("free_outside", [False, True])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(drawn=st.lists(branches(), max_size=7))
def test_a_tree_is_the_disjunction_of_the_branches_a_key_falls_into(free_outside: bool, drawn: list[Branch]) -> None:
    script = Script()
    key = Key(field_within("a", 32, ALL_IPV4), "s", SELECTOR)
    tree = decision_tree(key, drawn, script.share, free_outside)
    reader = Reader("\n".join(script.lines))
    for selector, address in KEYS:
        entered = [branch for branch in drawn if is_inside(branch, selector, address)]
        if free_outside and not entered:
            continue
        for p, q in product([True, False], repeat=2):
            values = {"s": (selector, SELECTOR), "a": (address, 32), "p": p, "q": q}
            expected = any(MEANINGS[branch.term](p, q) for branch in entered)

            assert reader.value(tree, values) == expected, (selector, hex(address), drawn)


def test_a_tree_without_selector_never_names_one() -> None:
    key = Key(field_within("a", 32, ALL_IPV4))
    branches = branches_of(key, addresses_of([parse_prefix("10.0.0.0/8")]), "p")
    tree = decision_tree(key, branches, lambda term: term, False)

    assert tree == "(and (= ((_ extract 31 24) a) #x0a) p)"


def test_an_empty_tree_gives_false() -> None:
    assert decision_tree(Key(field_within("a", 32, ALL_IPV4)), [], lambda term: term, False) == FALSE


@quick
@given(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 20)), max_size=4), st.integers(0, 3))
def test_branches_of_a_set_hold_exactly_for_its_addresses(spans: list[tuple[int, int]], selector: int) -> None:
    addresses = interval_set(Interval(low, low + size) for low, size in spans)
    found = branches_of(Key(field_within("a", 32, ALL_IPV4), "s", SELECTOR), addresses, "p", selector)
    for other, address in product(range(1 << SELECTOR), range(95)):
        inside = any(is_inside(branch, other, address) for branch in found)

        assert inside == (other == selector and address in addresses)


# -- IPv6 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "built"),
    [
        (TRUE, lies_in(field_within("a", 128, ALL_IPV6), parse_prefix("::/0"))),
        (FALSE, lies_in(field_within("a", 128, ALL_IPV6), parse_prefix("0.0.0.0/0"))),
        (FALSE, lies_in(field_within("a", 32, ALL_IPV4), parse_prefix("::/0"))),
        ("(= ((_ extract 127 112) a) #xfd00)", lies_in(field_within("a", 128, ALL_IPV6), parse_prefix("fd00::/16"))),
        (
            "(= a #x20010000000000000000000000000009)",
            lies_in(field_within("a", 128, ALL_IPV6), parse_prefix("2001::9")),
        ),
        (TRUE, lies_in(constant(parse_address("fd00::4"), 128), parse_prefix("fd00::/16"))),
    ],
)
def test_a_term_of_ipv6_leaves_out_the_bit_that_tells_the_families_apart(expected: str, built: str) -> None:
    assert built == expected


def test_a_tree_over_ipv6_decides_by_selector_and_address() -> None:
    key = Key(field_within("a", 128, ALL_IPV6), "s", 1)
    branches = branches_of(key, addresses_of([parse_prefix("fd00::/16")]), "p", 1)
    tree = decision_tree(key, branches, lambda term: term, False)

    assert tree == "(and (and (= ((_ extract 0 0) s) #b1) (= ((_ extract 127 112) a) #xfd00)) p)"


def test_the_first_match_decides_and_runs_of_one_action_join() -> None:
    assert "(or a b)" == first_match([(True, "a"), (True, "b"), (False, "c")], FALSE)
    assert "(and (not (or a b)) c)" == first_match([(False, "a"), (False, "b"), (True, "c")], FALSE)
    assert "(not a)" == first_match([(False, "a")], TRUE)
    assert TRUE == first_match([], TRUE)
