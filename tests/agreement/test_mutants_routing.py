"""Every routing rule that the engines follow has a planted fault, and the book's examples notice a sample of them.

All of them are planted by `make mutants`.
"""

from __future__ import annotations

import pytest

from tests.agreement.mutants_routing import MUTANTS
from tests.agreement.planting import ROOT, BadMutant, Mutant, noticed_by
from vnetverify.testing.examples import read_page

SAMPLE = [
    mutant
    for mutant in MUTANTS
    if mutant.rule in {"R-META-3", "R-PEER-19", "R-SYS-6", "R-SEL-3", "R-UDR-12", "R-GW-18", "R-CG-2", "R-TRAF-3"}
]


def test_every_rule_of_routing_that_the_engines_follow_has_a_planted_fault() -> None:
    page = read_page((ROOT / "specs" / "semantics" / "routing.md").read_text())

    assert {mutant.rule for mutant in MUTANTS} == {rule.id for rule in page.rules if "engines" in rule.readers}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule} {mutant.fault}")
def test_what_a_planted_fault_changes_is_there(mutant: Mutant) -> None:
    source = (ROOT / mutant.module.replace(".", "/")).with_suffix(".py").read_text()

    assert mutant.right in source
    compile(source.replace(mutant.right, mutant.wrong), mutant.module, "exec")


@pytest.mark.parametrize("mutant", SAMPLE, ids=lambda mutant: f"{mutant.rule} {mutant.fault}")
def test_an_example_of_the_rule_notices_the_fault(mutant: Mutant) -> None:
    assert noticed_by(mutant) is not None


def test_no_example_notices_a_change_that_is_none() -> None:
    unchanged = Mutant("R-TRAF-3", "nothing", "vnetverify.simulator.walk", "ENCAPSULATIONS", "ENCAPSULATIONS")

    assert noticed_by(unchanged) is None


def test_a_fault_that_cannot_be_planted_is_an_error() -> None:
    elsewhere = Mutant("R-TRAF-3", "nothing", "vnetverify.simulator.walk", "what is not there", "")

    with pytest.raises(BadMutant):
        noticed_by(elsewhere)
