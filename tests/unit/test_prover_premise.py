"""What a proof speaks of: a flow of it, how many pairs of places, and what its sentence names in vain."""

from __future__ import annotations

import json

import jsonschema
import pytest

from vnetverify.model.network import Network
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover import premise as module
from vnetverify.prover.solver import Limits
from vnetverify.prover.verdict import Premise, Proved, Vacuous, Verdict
from vnetverify.report.json import render_json
from vnetverify.report.results import Report
from vnetverify.report.schema import REPORT
from vnetverify.source import Source
from vnetverify.syntax import read

APART = """\
vnet a { address 10.0.0.0/16  subnet s 10.0.0.0/24  tag env = "test" }
vnet b { address 10.1.0.0/16  subnet s 10.1.0.0/24  subnet t 10.1.1.0/24  tag env = "test" }
vnet empty { address 10.2.0.0/16  tag env = "test" }
group tested = vnet where env = "test"
group nobody = a except a
"""
DUAL = """\
vnet one { address 10.0.0.0/16, fd00:1::/48  subnet four 10.0.0.0/24  subnet six fd00:1::/64 }
vnet two { address 10.2.0.0/16, fd00:2::/48  subnet four 10.2.0.0/24  subnet six fd00:2::/64 }
vnet both { address 10.3.0.0/16, fd00:3::/48  subnet s 10.3.0.0/24, fd00:3::/64  subnet t 10.3.1.0/24, fd00:3:0:1::/64 }
"""


def reported(network: str, sentence: str) -> Report:
    text = Source("t.vnet", f"{network}\nintent asked {{ {sentence} }}\n")
    document = read([text], Network())
    assert not [found for found in document.diagnostics if found.severity.value == "error"], document.diagnostics
    return prove(Loaded(document, {}, ()), Options(limits=Limits(seconds=30)))


def verdict_on(network: str, sentence: str) -> Verdict:
    return reported(network, sentence).results[0].results[0].verdict


def premise_of(network: str, sentence: str) -> Premise:
    verdict = verdict_on(network, sentence)
    assert isinstance(verdict, Proved)
    assert verdict.premise is not None
    return verdict.premise


def silences(premise: Premise) -> dict[str, str]:
    return {silence.what: silence.why for silence in premise.nothing_of}


def test_a_proof_shows_a_flow_between_the_first_addresses_that_it_speaks_of() -> None:
    premise = premise_of(APART, "a never reaches b on ssh")

    assert (str(premise.example.origin), str(premise.example.flow)) == ("a.s", "tcp 10.0.0.4:49152 -> 10.1.0.4:22")


def test_it_counts_the_pairs_of_places_that_have_flows() -> None:
    assert premise_of(APART, "a never reaches b").pairs == 2


def test_members_of_a_for_each_have_no_flows_to_themselves() -> None:
    assert premise_of(APART, "for each p, q in a, b: p isolated from q").pairs == 4


def test_a_place_counts_once_though_it_has_both_families() -> None:
    shut = DUAL.replace("fd00:3:0:1::/64", "fd00:3:0:1::/64 nsg shut")
    shut += "nsg shut { inbound 100 all deny any from any to any }"

    assert premise_of(DUAL, "both.s never reaches one").pairs == 2
    assert premise_of(shut, "both.s never reaches both.t on ssh").pairs == 1


def test_more_pairs_than_it_counts_are_more_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 1)
    premise = premise_of(APART, "a never reaches b")

    assert (premise.pairs, premise.more_pairs) == (1, True)


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("a, empty never reaches b", "empty"),
        ("a never reaches b, empty", "empty"),
        ("tested except b never reaches b", "empty"),
        ("a, nobody never reaches b", "nobody"),
        ("for each p, q in tested: p isolated from q", "empty"),
        ("for each p in tested except b: p never reaches b", "empty"),
        ("a, 192.0.2.0/24 except 192.0.0.0/8 never reaches b", None),
    ],
)
def test_what_stands_for_no_address_is_named(sentence: str, named: str | None) -> None:
    expected = {} if named is None else {named: "holds no address of the network"}

    assert silences(premise_of(APART, sentence)) == expected


def test_a_member_without_an_address_of_the_other_sides_family_is_named() -> None:
    premise = premise_of(DUAL, "one.four, one.six never reaches two.six")

    assert silences(premise) == {"one.four": "no flow from there is in question"}


def test_two_members_between_which_nothing_goes_are_named() -> None:
    premise = premise_of(DUAL, "one.four, one.six never reaches two.four, two.six")

    assert silences(premise) == dict.fromkeys(
        ("one.four to two.six", "one.six to two.four"), "no flow is in question between them"
    )
    assert premise.pairs == 2


def test_a_host_has_no_flow_to_itself() -> None:
    premise = premise_of(APART, "10.0.0.4/32, b.t never reaches 10.0.0.4/32")

    assert (premise.pairs, silences(premise)) == (1, {"10.0.0.4/32": "no flow from there is in question"})


def test_a_frontend_begins_no_flow() -> None:
    front = "load-balancer lb standard { frontend f 10.0.0.20 in a.s }"

    assert silences(premise_of(APART + front, "lb, a.s never reaches b")) == {"lb": "no flow begins there"}


def test_a_site_has_no_next_hop() -> None:
    site = "site branch { address 192.168.0.0/24 }"
    premise = premise_of(APART + site, "next hop of a, branch to 198.51.100.0/24 is internet")

    assert (premise.pairs, silences(premise)) == (1, {"branch": "no flow begins there"})


def test_pairs_that_a_sentence_about_each_member_stands_for_are_counted_together() -> None:
    assert premise_of(APART, "for each p in b.s, b.t: p never reaches a").pairs == 2


def test_a_machine_that_forwards_nothing_is_named_where_flows_must_not_pass_it() -> None:
    machines = "vm plain { nic 10.1.0.4 in b.s }\nappliance box { nic 10.1.0.5 in b.s  forwards any }"

    assert silences(premise_of(APART + machines, "b.t reaches b.s not via plain, box")) == {
        "plain": "forwards nothing, so no way passes it"
    }


@pytest.mark.parametrize(
    "sentence",
    [
        "nobody never reaches b",
        "a never reaches a except a",
        "empty never reaches b",
        "one_host never reaches one_host",
        "for each p, q in a: p isolated from q",
        "for each p, q in nobody: p isolated from q",
        'vnet where env = "none" never reaches b',
        "10.77.0.0/16 never reaches b",
    ],
)
def test_a_sentence_that_is_empty_in_every_part_is_vacuous(sentence: str) -> None:
    text = sentence.replace("one_host", "10.0.0.4/32")

    assert isinstance(verdict_on(APART, text), Vacuous)


def test_a_sentence_about_names_shows_a_host_from_which_the_simulator_looked_it_up() -> None:
    text = "vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 }\nvm shelf { nic 10.0.0.9 in v.s }"
    report = reported(text, "v resolves shelf")
    verdict = report.results[0].results[0].verdict
    assert isinstance(verdict, Proved)
    assert verdict.premise is not None
    document = json.loads(render_json(report))

    assert str(verdict.premise.example) == "10.0.0.4 in v.s"
    assert document["intents"][0]["claims"][0]["verdict"]["premise"]["host"]["address"] == "10.0.0.4"
    assert [*jsonschema.Draft202012Validator(REPORT).iter_errors(document)] == []
