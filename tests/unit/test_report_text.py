"""Reports for people: what the headings, the summary and the reasons say."""

from __future__ import annotations

import re
from dataclasses import replace

import click
import pytest

from tests.golden.samples import (
    AS_DOCUMENTED,
    EVERYTHING,
    FIREWALL,
    FORWARDED,
    KNOWN_GAP,
    LONG_PROOF,
    OPEN,
    PROVED,
    REFUTED,
    STORY,
)
from vnetverify.explanation.story import FactUsed
from vnetverify.facts import Uncertainty, uncertainty
from vnetverify.model.intents import Assumption
from vnetverify.model.network import Era, Unmodelled
from vnetverify.prover.verdict import Proved, Unknown
from vnetverify.report.formats import NAMES, writer_of
from vnetverify.report.results import IntentResult, Report
from vnetverify.report.text import render_concise, render_full, summary
from vnetverify.source import NOWHERE
from vnetverify.syntax import read_text


def report(*results: IntentResult) -> Report:
    return Report(results, selected=len(results))


def full(*results: IntentResult) -> str:
    return click.unstyle(render_full(report(*results)))


def test_the_summary_counts_what_was_expected_apart() -> None:
    assert summary(report(PROVED, REFUTED, KNOWN_GAP)) == "3 of 3 intents: 1 proved, 1 refuted, 1 refuted (expected)"


def test_a_proof_where_a_refutation_was_expected_is_named_so() -> None:
    surprise = replace(KNOWN_GAP, verdict=PROVED.verdict, results=PROVED.results, as_expected=False)

    assert summary(report(surprise)) == "1 of 1 intent: 1 proved (expected refuted)"
    assert "\n  expected refuted: ticket 4711\n" in full(surprise)


def test_an_empty_selection_does_not_look_green() -> None:
    assert summary(report()) == "no intent to check"


def test_a_proof_that_needs_the_documented_reading_never_passes_for_an_unconditional_one() -> None:
    assert full(AS_DOCUMENTED).startswith("proved (as documented)[hub-is-no-relay]")
    assert summary(report(AS_DOCUMENTED)) == "1 of 1 intent: 1 proved (as documented)"
    assert "proved (as documented)[" in click.unstyle(render_concise(report(AS_DOCUMENTED)))


@pytest.mark.parametrize("name", NAMES)
def test_a_proof_by_the_rules_of_another_time_never_passes_for_one_of_today(name: str) -> None:
    assert "2016-07" in writer_of(name)(replace(report(PROVED), era=Era.Y2016))
    assert "2016-07" not in writer_of(name)(report(PROVED))


@pytest.mark.parametrize("name", NAMES)
def test_a_proof_under_an_assumption_never_passes_for_one_without(name: str) -> None:
    assuming = replace(report(PROVED), assumptions=(Assumption("U-FORWARDS(fw)", False, NOWHERE),))
    told = re.compile(r"under 1 assumption|assum[a-z]*\W.*U-FORWARDS\(fw\)", re.DOTALL)

    assert told.search(writer_of(name)(assuming))
    assert not told.search(writer_of(name)(report(PROVED)))


def test_an_open_verdict_names_the_facts_and_how_to_settle_them() -> None:
    text = full(OPEN)

    assert "proved as documented, open if U-R-PEER-16 or U-FORWARDS(fw)" in text
    assert "to settle it: the configuration of the appliance" in text


def test_an_open_verdict_names_what_is_not_modelled_beside_the_facts() -> None:
    item = Unmodelled("a thing", "it does something", (), NOWHERE)
    verdict = Unknown("open", (uncertainty("U-R-PEER-16"),), unmodelled=(item,))
    text = full(replace(OPEN, verdict=verdict, results=(replace(OPEN.results[0], verdict=verdict),)))

    assert "depends on U-R-PEER-16, and on what is not modelled" in text
    assert "a thing" in text


@pytest.mark.parametrize("word", ["proved", None])
def test_documents_are_said_to_give_a_verdict_only_where_they_do(word: str | None) -> None:
    verdict = Unknown("open", (uncertainty("U-R-PEER-16"), uncertainty("U-FORWARDS", "fw")), word)
    text = full(replace(OPEN, verdict=verdict, results=(replace(OPEN.results[0], verdict=verdict),)))

    assert ("or take what is documented: `--reading documented`" in text) is (word == "proved")
    assert ("`--reading documented` settles those that documents speak of" in text) is (word is None)


@pytest.mark.parametrize("value", [True, False])
def test_a_story_that_takes_another_world_than_the_documented_one_does_not_happen_as_documented(value: bool) -> None:
    verdict = Unknown("open", (FORWARDED,), "refuted")
    story = replace(STORY, facts=(FactUsed(FIREWALL, True), FactUsed(FORWARDED, value)))
    text = full(replace(OPEN, results=(replace(OPEN.results[0], verdict=verdict, story=story),)))

    assert ("\n  what happens as documented\n" in text) is (value is FORWARDED.documented)
    assert ("\n  what may happen\n" in text) is (value is not FORWARDED.documented)


@pytest.mark.parametrize("name", ["fw", "a (b)", 'say "hi"', "back\\slash)"])
def test_what_the_help_says_to_write_can_be_read(name: str) -> None:
    fact = uncertainty("U-FORWARDS", name)
    verdict = Unknown("depends on open facts", (fact,))
    text = full(replace(OPEN, verdict=verdict, results=(replace(OPEN.results[0], verdict=verdict),)))
    (written,) = re.findall(r"write `(assume .* = true)` or", text)

    assert [assumption.fact for assumption in read_text(f"{written}\n", "a.vnet").assumptions] == [str(fact)]


def _help(*facts: Uncertainty) -> str:
    unknown = Unknown("why", facts)
    result = replace(OPEN, results=(replace(OPEN.results[0], verdict=unknown, story=None),))
    return next(line for line in full(result).split("\n") if "help: " in line)


def test_what_azure_chooses_for_each_flow_is_nothing_to_know() -> None:
    chosen, known = uncertainty("U-BACKEND", "lb/frontend", "vm"), uncertainty("U-EXIT", "nva", "nic")

    assert "write `assume U-EXIT(nva, nic) = true`" in _help(chosen, known)
    assert "Azure chooses for each flow" not in _help(chosen, known)
    assert "Azure chooses for each flow, so reckon with both" in _help(chosen)


def test_of_several_facts_the_help_speaks_of_all() -> None:
    one, other = uncertainty("U-EXIT", "nva", "one"), uncertainty("U-EXIT", "nva", "other")

    assert "likewise for the others" in _help(one, other)
    assert "likewise" not in _help(one)


def test_many_grounds_are_summed_up_by_the_list_they_stand_in() -> None:
    assert "nsg big: 20 lines  F-NSG-2  hub.vnet:30" in full(LONG_PROOF)


def test_a_proof_that_may_need_less_says_so() -> None:
    assert "rests on some of" in full(LONG_PROOF)
    assert "rests on\n" in full(PROVED)


def test_a_fact_leaned_on_shows_the_value_that_was_assumed() -> None:
    assumed = replace(report(AS_DOCUMENTED), assumptions=(Assumption("U-R-PEER-16", True, NOWHERE),))

    assert "U-R-PEER-16 = true  forwarded packets cross" in click.unstyle(render_full(assumed))


def test_an_assumption_about_one_fact_goes_before_one_about_its_kind() -> None:
    firewall = OPEN.results[0].verdict.open_facts[1]  # type: ignore[union-attr]
    proof = Proved((), leaned_on=(firewall,))
    leaning = replace(PROVED, verdict=proof, results=(replace(PROVED.results[0], verdict=proof),))
    assumptions = (Assumption("U-FORWARDS", True, NOWHERE), Assumption("U-FORWARDS(fw)", False, NOWHERE))

    text = click.unstyle(render_full(replace(report(leaning), assumptions=assumptions)))

    assert "U-FORWARDS(fw) = false  it is false that fw forwards this flow" in text


def test_an_interrupted_report_says_what_is_missing() -> None:
    partial = Report((PROVED,), selected=3, complete=False)

    assert summary(partial) == "interrupted: 2 of 3 intents were not decided\n1 of 3 intents: 1 proved"


def test_a_hostile_name_cannot_move_the_cursor() -> None:
    intent = replace(REFUTED.intent, name="\x1b[2J", because="\u202e", expect="proved")
    claim = replace(REFUTED.results[0].claim, text="a\x1b]0;title\x07 never reaches b")
    hostile = replace(REFUTED, intent=intent, results=(replace(REFUTED.results[0], claim=claim),))

    for text in (render_full(report(hostile)), render_concise(report(hostile))):
        without_our_colours = re.sub(r"\x1b\[\d*m", "", text)
        assert all(line.isprintable() for line in without_our_colours.split("\n"))


def test_a_concise_line_begins_with_the_place() -> None:
    first = click.unstyle(render_concise(EVERYTHING)).split("\n")[0]

    assert first == "hub.vnet:20:12: proved[orders-work]: spoke.web reaches hub.db on sql"


def test_a_proof_whose_grounds_were_not_found_in_time_says_so() -> None:
    proof = Proved(())
    bare = replace(PROVED, verdict=proof, results=(replace(PROVED.results[0], verdict=proof),))

    assert "what it rests on was not worked out: it is too much, or took too long" in full(bare)
