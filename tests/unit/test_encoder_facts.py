"""The labels of lines that a proof may rest on: which lines have one, and which share one."""

from __future__ import annotations

import pytest

from vnetverify.encoder.facts import Bearing, Detail, Ground, Grounds
from vnetverify.encoder.terms import TRUE, Script

ONE = Ground("nsg n", "one", "F-NSG-4", of_filter=True)
OTHER = Ground("nsg n", "other", "F-NSG-4")
ELSEWHERE = Ground("nsg m", "one", "F-NSG-4")


@pytest.mark.parametrize("detail", Detail)
def test_lines_that_cannot_carry_the_proof_have_no_label(detail: Detail) -> None:
    grounds = Grounds(Script(), Bearing.STOPS, detail)

    assert grounds.counts(Bearing.PASSES, ONE) == TRUE
    assert not grounds.labelled


def test_without_detail_no_line_has_a_label() -> None:
    grounds = Grounds(Script(), Bearing.STOPS, Detail.NONE)

    assert grounds.counts(Bearing.STOPS, ONE) == TRUE
    assert not grounds.labelled


def test_each_line_has_a_label_of_its_own() -> None:
    grounds = Grounds(Script(), Bearing.STOPS, Detail.LINE)
    labels = [grounds.counts(Bearing.STOPS, ground) for ground in (ONE, OTHER, ELSEWHERE, ONE)]

    assert labels[3] == labels[0]
    assert len(set(labels)) == 3
    assert [grounds.labelled[label] for label in labels[:3]] == [ONE, OTHER, ELSEWHERE]


def test_the_lines_of_a_list_share_a_label_that_names_a_single_line() -> None:
    grounds = Grounds(Script(), Bearing.STOPS, Detail.GROUP)
    label = grounds.counts(Bearing.STOPS, OTHER)
    again, elsewhere = (grounds.counts(Bearing.STOPS, ground) for ground in (OTHER, ELSEWHERE))

    assert again == label != elsewhere
    assert grounds.labelled == {label: OTHER, elsewhere: ELSEWHERE}

    assert grounds.counts(Bearing.STOPS, ONE) == label
    assert grounds.labelled[label] == Ground("nsg n", "its lines together", "F-NSG-4", of_filter=True)
