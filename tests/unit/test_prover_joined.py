"""One verdict of the verdicts on two families of addresses."""

from __future__ import annotations

import pytest

from vnetverify.facts import World, uncertainty
from vnetverify.header import TCP, Family, Flow
from vnetverify.model.intents import INTERNET
from vnetverify.prover.joined import joined_proof, unsettled
from vnetverify.prover.verdict import Ground, Proved, Refuted, Unknown, Vacuous, Witness

ONE, OTHER = Ground("nsg g", "one denies", "F-NSG-4"), Ground("nsg g", "other denies", "F-NSG-4")
FACT = uncertainty("U-V6ANY")
EMPTY = Vacuous("nothing goes there")
FOUR, SIX = Family.IPV4, Family.IPV6


def test_the_proof_of_both_rests_on_what_either_rests_on() -> None:
    joined = joined_proof([Proved((OTHER,), minimal=True), Proved((ONE,), True, True, (FACT,))])

    assert joined == Proved((ONE, OTHER), minimal=True, documented=True, leaned_on=(FACT,))


def test_a_proof_for_one_family_stays_as_it_is() -> None:
    assert joined_proof([Proved((OTHER, ONE))]).grounds == (OTHER, ONE)


def test_nothing_is_settled_by_a_family_that_is_unknown() -> None:
    verdict = unsettled([(FOUR, EMPTY), (SIX, Unknown("the time limit was reached"))], is_wish=False)

    assert verdict == Unknown("the time limit was reached (IPv6)")


def test_a_flow_shows_its_family_and_needs_no_word_for_it() -> None:
    witness = Witness(INTERNET, Flow(TCP, 1, 1, 2, 2), World())
    unknown = Unknown("proved as documented", (FACT,), "proved", witness)

    assert unsettled([(FOUR, unknown), (SIX, EMPTY)], is_wish=False) == unknown


@pytest.mark.parametrize(("is_wish", "word"), [(False, "refuted"), (True, "proved")])
def test_of_two_unknown_ones_the_worse_counts_and_of_a_wish_the_better(is_wish: bool, word: str) -> None:
    both = [(FOUR, Unknown("a", (FACT,), "proved")), (SIX, Unknown("b", (FACT,), "refuted"))]
    verdict = unsettled(both, is_wish)

    assert isinstance(verdict, Unknown)
    assert verdict.as_documented == word


def test_only_two_vacuous_families_make_a_vacuous_claim() -> None:
    refuted = Refuted(None, "no such flow", grounds=(ONE,))

    assert unsettled([(FOUR, EMPTY), (SIX, EMPTY)], is_wish=True) == EMPTY
    assert unsettled([(FOUR, EMPTY), (SIX, refuted)], is_wish=True) == refuted


def test_a_wish_that_neither_family_grants_leans_on_what_either_leans_on() -> None:
    sure, documented = Refuted(None, "never", grounds=(ONE,)), Refuted(None, "as documented", True, (FACT,))

    assert unsettled([(FOUR, sure), (SIX, documented)], is_wish=True) == Refuted(
        None, "as documented", True, (FACT,), (ONE,)
    )
