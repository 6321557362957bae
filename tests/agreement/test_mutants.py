"""Rules of routing and of parts of filtering have faults planted in whoever follows them; examples notice a sample.

All of them are planted by `make mutants`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection

import pytest

from tests.agreement import (
    mutants_acceptance,
    mutants_admin,
    mutants_encoder,
    mutants_names,
    mutants_publics,
    mutants_routing,
)
from tests.agreement.mutants import MUTANTS
from tests.agreement.noticing import noticed_by
from tests.agreement.planting import ROOT, BadMutant, Mutant, planted
from vnetverify.simulator import walk
from vnetverify.testing.examples import read_page

SIMULATOR = {"R-META-3", "R-PEER-19", "R-SYS-6", "R-SEL-3", "R-UDR-12", "R-GW-18", "R-CG-2", "R-TRAF-3", "R-LINT-3"}
ACCEPTANCE, ENCODER = {"R-PEER-8", "R-LINT-4", "R-UDR-14"}, {"R-PEER-20", "R-GW-25", "R-LINT-3"}
ADMIN = {"F-ADM-6", "F-ADM-12", "F-ADM-18", "F-PIP-6"}
NAMES = {"F-DNS-4", "F-DNS-5"}
PUBLIC = {"F-LB-10", "F-LB-13", "F-STATE-5"}
# Rules of filtering that have faults planted in the simulator.
OF_PUBLICS = {
    *(f"F-LB-{number}" for number in (2, 7, 10, 12, 13)), *(f"F-OUT-{number}" for number in (1, 2, 3, 4)),
    "F-PE-10", "F-STATE-5",
}  # fmt: skip
FILTERING_RULES = read_page((ROOT / "specs" / "semantics" / "filtering.md").read_text()).rules
RULES = read_page((ROOT / "specs" / "semantics" / "routing.md").read_text()).rules


def _of(mutants: Collection[Mutant], rules: Collection[str]) -> list[Mutant]:
    return [mutant for mutant in mutants if mutant.rule in rules]


SAMPLE = (
    *_of(mutants_routing.MUTANTS, SIMULATOR),
    *_of(mutants_acceptance.MUTANTS, ACCEPTANCE),
    *_of(mutants_encoder.MUTANTS, ENCODER),
    *_of(mutants_admin.MUTANTS, ADMIN),
    *_of(mutants_publics.MUTANTS, PUBLIC),
    *_of(mutants_names.MUTANTS, NAMES),
)


@pytest.mark.parametrize(
    ("reader", "mutants"), [("engines", mutants_routing.MUTANTS), ("acceptance", mutants_acceptance.MUTANTS)]
)
def test_every_routing_rule_has_a_fault_planted_in_whoever_follows_it(reader: str, mutants: Collection[Mutant]) -> None:
    assert {mutant.rule for mutant in mutants} == {rule.id for rule in RULES if reader in rule.readers}


@pytest.mark.parametrize("mutants", [mutants_admin.SIMULATOR, mutants_admin.ENCODER], ids=["simulator", "encoder"])
def test_every_rule_about_admin_rules_has_a_fault_planted_in_either_engine(mutants: Collection[Mutant]) -> None:
    rules = {rule.id for rule in FILTERING_RULES if "engines" in rule.readers}

    assert {mutant.rule for mutant in mutants} == {rule for rule in rules if "-ADM-" in rule or rule == "F-PIP-6"}


def test_rules_about_public_load_balancers_links_ways_out_and_state_have_a_fault_planted_in_the_simulator() -> None:
    assert {mutant.rule for mutant in mutants_publics.MUTANTS} == OF_PUBLICS


def test_every_rule_about_names_has_a_fault_planted() -> None:
    rules = {rule.id for rule in FILTERING_RULES if "-DNS-" in rule.id}

    assert {mutant.rule for mutant in mutants_names.MUTANTS} == rules


def test_faults_planted_in_the_encoder_are_of_rules_that_the_engines_follow() -> None:
    assert {mutant.rule for mutant in mutants_encoder.MUTANTS} <= {mutant.rule for mutant in mutants_routing.MUTANTS}


def test_no_fault_is_planted_twice() -> None:
    changes = [(mutant.module, mutant.right, mutant.wrong) for mutant in MUTANTS]

    assert [change for change in changes if changes.count(change) > 1] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.module} {mutant.rule} {mutant.fault}")
def test_what_a_planted_fault_changes_is_there(mutant: Mutant) -> None:
    source = (ROOT / mutant.module.replace(".", "/")).with_suffix(".py").read_text()

    assert mutant.right in source
    compile(source.replace(mutant.right, mutant.wrong), mutant.module, "exec")


@pytest.mark.parametrize("mutant", SAMPLE, ids=lambda mutant: f"{mutant.module} {mutant.rule} {mutant.fault}")
def test_an_example_of_the_rule_notices_the_fault(mutant: Mutant) -> None:
    assert noticed_by(mutant) is not None


@pytest.mark.parametrize(
    ("module", "text", "rule"),
    [
        ("vnetverify.simulator.walk", "ENCAPSULATIONS", "R-TRAF-3"),
        ("vnetverify.simulator.qualities", "Shortcoming", "R-LINT-2"),
        ("vnetverify.encoder.frontends", "Balanced", "R-UDR-15"),
        ("vnetverify.model.wellformed.pairs", "Requirement", "R-PEER-9"),
    ],
)
def test_no_example_notices_a_change_that_is_none(module: str, text: str, rule: str) -> None:
    assert noticed_by(Mutant(rule, "nothing", module, text, text)) is None


def test_a_fault_that_cannot_be_planted_is_an_error() -> None:
    elsewhere = Mutant("R-TRAF-3", "nothing", "vnetverify.simulator.walk", "what is not there", "")

    with pytest.raises(BadMutant):
        noticed_by(elsewhere)


def test_nothing_is_left_of_a_fault() -> None:
    before = {name: module for name, module in sys.modules.items() if name.startswith("vnetverify")}
    with planted(Mutant("R-TRAF-7", "GRE is carried", walk.__name__, "(4, 47)", "(4,)")):
        assert sys.modules[walk.__name__].ENCAPSULATIONS == (4,)

    assert {name: module for name, module in sys.modules.items() if name.startswith("vnetverify")} == before
    assert sys.modules["vnetverify.simulator"].walk is walk
