"""Rules of routing and of filtering have faults planted in whoever follows them; examples notice a sample.

All of them are planted by `make mutants`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection

import pytest

from tests.agreement import (
    mutants_acceptance,
    mutants_encoder,
    mutants_filtering,
    mutants_names,
    mutants_routing,
)
from tests.agreement.mutants import MUTANTS
from tests.agreement.noticing import noticed_by
from tests.agreement.planting import ROOT, BadMutant, Mutant, planted
from vnetverify.simulator import walk
from vnetverify.testing.examples import read_page

SIMULATOR = {"R-META-3", "R-PEER-19", "R-SYS-6", "R-SEL-3", "R-UDR-12", "R-GW-18", "R-CG-2", "R-TRAF-3", "R-LINT-3"}
ACCEPTANCE, ENCODER = {"R-PEER-8", "R-LINT-4", "R-UDR-14"}, {"R-PEER-20", "R-GW-25", "R-LINT-3"}
FILTERING = {"F-NSG-2", "F-EVAL-3", "F-FWD-4", "F-PIP-3", "F-ADM-18", "F-TAG-19", "F-LB-6", "F-FW-6", "F-ADM-7"}
NAMES = {"F-DNS-4", "F-DNS-5"}
FILTERING_RULES = read_page((ROOT / "specs" / "semantics" / "filtering.md").read_text()).rules
RULES = read_page((ROOT / "specs" / "semantics" / "routing.md").read_text()).rules


def _of(mutants: Collection[Mutant], rules: Collection[str]) -> list[Mutant]:
    return [mutant for mutant in mutants if mutant.rule in rules]


SAMPLE = (
    *_of(mutants_routing.MUTANTS, SIMULATOR),
    *_of(mutants_acceptance.MUTANTS, ACCEPTANCE),
    *_of(mutants_encoder.MUTANTS, ENCODER),
    *_of(mutants_filtering.MUTANTS, FILTERING),
    *_of(mutants_names.MUTANTS, NAMES),
)


@pytest.mark.parametrize(
    ("reader", "mutants"), [("engines", mutants_routing.MUTANTS), ("acceptance", mutants_acceptance.MUTANTS)]
)
def test_every_routing_rule_has_a_fault_planted_in_whoever_follows_it(reader: str, mutants: Collection[Mutant]) -> None:
    assert {mutant.rule for mutant in mutants} == {rule.id for rule in RULES if reader in rule.readers}


@pytest.mark.parametrize(
    ("reader", "mutants"),
    [
        pytest.param("engines", mutants_filtering.SIMULATOR, id="simulator"),
        pytest.param("engines", mutants_filtering.ENCODER, id="encoder"),
        pytest.param("acceptance", mutants_filtering.ACCEPTANCE, id="acceptance"),
    ],
)
def test_every_filtering_rule_has_a_fault_planted_in_whoever_follows_it(
    reader: str, mutants: Collection[Mutant]
) -> None:
    assert {mutant.rule for mutant in mutants} == {rule.id for rule in FILTERING_RULES if reader in rule.readers}


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
        ("vnetverify.simulator.tags", "STEERING", "F-TAG-7"),
        ("vnetverify.encoder.firewalls", "AZURES_PRIVATE_RANGES", "F-FW-5"),
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
