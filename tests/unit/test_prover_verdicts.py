"""From a text to its verdict: every way a claim can end, on the smallest network that ends that way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.facts import Uncertainty
from vnetverify.model.network import Network, Unmodelled
from vnetverify.prover import prove as module
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.reach import doubts
from vnetverify.prover.solver import Answer, Limits, Solver, Undecided
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict
from vnetverify.source import NOWHERE, Source
from vnetverify.syntax import Document, read

ONE_VNET = """\
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24
  subnet db  10.0.2.0/24 nsg db
  subnet far 10.0.3.0/24 routes via-box
  subnet nva 10.0.9.0/24
}
nsg db {
  inbound 100 sql  allow tcp from 10.0.1.0/24 to any port 1433
  inbound 200 ping deny any from 10.0.1.9/32 to any port 7
  inbound 300 icmp allow icmp from any to any
  inbound 400 rest deny any from any to any
}
route-table via-box { to-db 10.0.2.0/24 -> appliance 10.0.9.4 }
appliance box { nic 10.0.9.4 in v.nva }
"""
# What `one` sends to `two` goes by the firewall of the hub, and `two` does not take forwarded packets.
FORWARDED = """\
vnet hub { address 10.0.0.0/16  subnet s 10.0.0.0/24 }
vnet one { address 10.1.0.0/16  subnet s 10.1.0.0/24 routes via-fw  subnet quiet 10.1.1.0/24 }
vnet two { address 10.2.0.0/16  subnet s 10.2.0.0/24 routes via-fw }
peering hub -> one
peering one -> hub
peering hub -> two
peering two -> hub
route-table via-fw {
  to-one 10.1.0.0/16 -> appliance 10.0.0.4
  to-two 10.2.0.0/16 -> appliance 10.0.0.4
}
appliance fw { nic 10.0.0.4 in hub.s  forwards any  stateless }
"""


def document(network: str, sentence: str, more: str = "") -> Document:
    read_text = read([Source("t.vnet", f"{network}{more}\nintent asked {{ {sentence} }}\n")], Network())
    assert not read_text.diagnostics, read_text.diagnostics
    return read_text


def verdict_on(asked: Document, solver: Solver, documented: bool = False) -> Verdict:
    assumed = {assumption.fact.casefold(): assumption.value for assumption in asked.assumptions}
    return decide(Inquiry(asked.network, asked.intents[0].claims[0], assumed, documented), solver)


def names(facts: tuple[Uncertainty, ...]) -> set[str]:
    return {str(fact) for fact in facts}


# -- rules: no flow may contradict ----------------------------------------------------------------------


def test_what_a_rule_denies_is_proved_and_rests_on_that_rule(solver: Solver) -> None:
    verdict = verdict_on(document(ONE_VNET, "v.web never reaches v.db on ssh"), solver)

    assert isinstance(verdict, Proved)
    assert [(ground.group, ground.what) for ground in verdict.grounds] == [("nsg db", "rest denies")]
    assert (verdict.minimal, verdict.documented, verdict.leaned_on) == (True, False, ())


def test_what_nobody_carries_is_proved_and_rests_on_what_is_declared(solver: Solver) -> None:
    apart = "vnet a { address 10.0.0.0/16 subnet s 10.0.0.0/24 }\nvnet b { address 11.0.0.0/16 subnet s 11.0.0.0/24 }"
    verdict = verdict_on(document(apart, "b.s never reaches a.s"), solver)

    assert isinstance(verdict, Proved)
    assert verdict.grounds


def test_what_a_flow_does_in_every_world_is_refuted(solver: Solver) -> None:
    verdict = verdict_on(document(ONE_VNET, "v.web never reaches v.db on sql"), solver)

    assert isinstance(verdict, Refuted)
    assert verdict.witness is not None
    assert str(verdict.witness.origin) == "v.web"
    assert verdict.witness.flow.destination_port == 1433
    assert not verdict.documented


@pytest.mark.parametrize("documented", [False, True])
def test_what_holds_as_documented_names_the_one_fact_it_turns_on(documented: bool, solver: Solver) -> None:
    verdict = verdict_on(document(FORWARDED, "one.s never reaches two.s"), solver, documented)

    if documented:
        assert isinstance(verdict, Proved)
        assert verdict.documented
        assert names(verdict.leaned_on) == {"U-R-PEER-16"}
    else:
        assert isinstance(verdict, Unknown)
        assert (verdict.as_documented, names(verdict.open_facts)) == ("proved", {"U-R-PEER-16"})
        assert verdict.witness is not None
        assert verdict.witness.world.facts["U-R-PEER-16"]


@pytest.mark.parametrize("documented", [False, True])
def test_what_fails_as_documented_names_the_one_fact_it_turns_on(documented: bool, solver: Solver) -> None:
    asked = document(ONE_VNET, "10.0.1.9/32 never reaches v.db on icmp")
    verdict = verdict_on(asked, solver, documented)

    if documented:
        assert isinstance(verdict, Refuted)
        assert verdict.documented
        assert names(verdict.leaned_on) == {"U-ICMPPORT(db/ping)"}
    else:
        assert isinstance(verdict, Unknown)
        assert (verdict.as_documented, names(verdict.open_facts)) == ("refuted", {"U-ICMPPORT(db/ping)"})
        assert verdict.witness is not None
        assert not verdict.witness.world.facts["U-ICMPPORT(db/ping)"]


def test_another_flow_that_turns_on_nothing_refutes_all_the_same(solver: Solver) -> None:
    verdict = verdict_on(document(ONE_VNET, "v.web never reaches v.db on icmp"), solver)

    assert isinstance(verdict, Refuted)
    assert not verdict.documented
    assert verdict.witness is not None
    assert verdict.witness.flow.source != 0x0A000109


@pytest.mark.parametrize("documented", [False, True])
def test_a_fact_that_no_document_knows_is_open_in_either_reading(documented: bool, solver: Solver) -> None:
    verdict = verdict_on(
        document(ONE_VNET.replace("rest deny any", "rest allow any"), "v.far never reaches v.db on rdp"),
        solver,
        documented,
    )

    assert isinstance(verdict, Unknown)
    assert (verdict.as_documented, names(verdict.open_facts)) == (None, {"U-FORWARDS(box)"})


# -- assumptions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assumption", "kind"),
    [
        ("U-R-PEER-16 = false", Proved),
        ("U-R-PEER-16 = true", Refuted),
        ("U-AVNA = true", Unknown),
    ],
)
def test_an_assumption_settles_its_fact_and_no_other(assumption: str, kind: type[Verdict], solver: Solver) -> None:
    asked = document(FORWARDED, "one.s never reaches two.s on https", f"assume {assumption}\n")

    assert type(verdict_on(asked, solver)) is kind


@pytest.mark.parametrize(
    ("assumptions", "kind"),
    [
        ("assume U-FORWARDS = false", Proved),
        ("assume U-FORWARDS(box) = false", Proved),
        ("assume U-FORWARDS(other) = false\nappliance other { nic 10.0.9.5 in v.nva }", Unknown),
        ("assume U-FORWARDS(BOX) = true", Refuted),
        ("assume U-FORWARDS = true", Refuted),
    ],
)
def test_an_assumption_speaks_of_one_fact_or_of_its_whole_kind(
    assumptions: str, kind: type[Verdict], solver: Solver
) -> None:
    network = ONE_VNET.replace("rest deny any", "rest allow any")
    asked = document(network, "v.far never reaches v.db on rdp", f"assume U-REWRITES = false\n{assumptions}\n")

    assert type(verdict_on(asked, solver)) is kind


# -- relays ---------------------------------------------------------------------------------------------

RELAYED = """\
vnet v {
  address 10.0.0.0/16
  subnet web  10.0.1.0/24 routes via-box
  subnet db   10.0.2.0/24 nsg from-box
  subnet nva  10.0.9.0/24
  subnet nva2 10.0.8.0/24
}
route-table via-box { to-db 10.0.2.0/24 -> appliance 10.0.9.4 }
route-table via-next { to-db 10.0.2.0/24 -> appliance 10.0.8.4 }
nsg from-box {
  inbound 100 box  allow any from 10.0.9.4/32 to any
  inbound 200 rest deny  any from any to any
}
"""
NEVER = "v.web never reaches v.db"


def test_an_appliance_that_may_rewrite_keeps_a_claim_of_absence_open(solver: Solver) -> None:
    verdict = verdict_on(document(RELAYED, NEVER, "appliance box { nic 10.0.9.4 in v.nva }\n"), solver)

    assert isinstance(verdict, Unknown)
    assert names(verdict.open_facts) == {"U-REWRITES(box)"}
    assert "`box`" in verdict.why


@pytest.mark.parametrize(
    "more",
    [
        "appliance box { nic 10.0.9.4 in v.nva  forwards nothing }\n",
        "vm box { nic 10.0.9.4 in v.nva }\n",
        "appliance box { nic 10.0.9.4 in v.nva }\nassume U-REWRITES = false\n",
        "appliance box { nic 10.0.9.4 in v.nva }\nassume U-REWRITES(Box) = false\n",
        "appliance other { nic 10.0.9.5 in v.nva }\nvm box { nic 10.0.9.4 in v.nva }\n",
    ],
)
def test_one_that_does_not_rewrite_or_is_not_on_the_way_does_not(more: str, solver: Solver) -> None:
    assert isinstance(verdict_on(document(RELAYED, NEVER, more), solver), Proved)


def test_what_is_sent_to_the_appliance_itself_may_be_sent_on(solver: Solver) -> None:
    unrouted = RELAYED.replace("routes via-box", "")
    verdict = verdict_on(document(unrouted, NEVER, "appliance box { nic 10.0.9.4 in v.nva }\n"), solver)

    assert isinstance(verdict, Unknown)
    assert names(verdict.open_facts) == {"U-REWRITES(box)"}


def test_a_chain_of_rewriting_appliances_names_them_all(solver: Solver) -> None:
    chained = (
        RELAYED.replace("from 10.0.9.4/32", "from 10.0.8.4/32")
        .replace("10.0.9.0/24", "10.0.9.0/24 routes via-next")
        .replace("10.0.8.0/24", "10.0.8.0/24 nsg from-first")
    )
    boxes = (
        "nsg from-first {\n  inbound 100 box  allow any from 10.0.9.4 to any\n"
        "  inbound 200 rest deny any from any to any\n}\n"
        "appliance box { nic 10.0.9.4 in v.nva }\n"
        "appliance next { nic 10.0.8.4 in v.nva2 }\n"
        "assume U-FORWARDS(box) = false\n"
    )
    verdict = verdict_on(document(chained, NEVER, boxes), solver)

    assert isinstance(verdict, Unknown)
    assert names(verdict.open_facts) == {"U-REWRITES(box)", "U-REWRITES(next)"}


def test_an_address_that_only_a_route_names_may_rewrite_too(solver: Solver) -> None:
    verdict = verdict_on(document(RELAYED, NEVER), solver)

    assert isinstance(verdict, Unknown)
    assert names(verdict.open_facts) == {"U-REWRITES(10.0.9.4 in v.nva)"}


def test_the_appliance_that_a_claim_wants_on_the_way_may_rewrite(solver: Solver) -> None:
    lets_web_in = RELAYED.replace("from 10.0.9.4/32", "from 10.0.9.4/32, 10.0.1.0/24")
    asked = document(lets_web_in, "v.web reaches v.db only via box", "appliance box { nic 10.0.9.4 in v.nva }\n")

    assert isinstance(verdict_on(asked, solver), Proved)


# -- vacuous --------------------------------------------------------------------------------------------

EMPTY = "vnet none { address 10.8.0.0/16 }\n"


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("none never reaches v.db", "the left side holds no address of the network"),
        ("v.web never reaches none", "the right side holds no address of the network"),
        ("10.0.1.4/32 reaches 10.0.1.4/32 on ssh", "nothing goes from one side to the other"),
        ("for each x, y in v: x reaches y on ssh", "about two members of a set that has one"),
        ("v not transitive through hub", "about two members of a set that has one"),
        ("v.db reaches v.web on ssh only via gone", "nothing is delivered at all"),
        ("v.db reaches v.web on ssh not via gone", "nothing is delivered at all"),
        ("v, lone not transitive through hub", "has no usable peering with `hub`"),
    ],
)
def test_what_speaks_of_nothing_is_vacuous_and_says_of_what(sentence: str, why: str, solver: Solver) -> None:
    closed = ONE_VNET.replace("web 10.0.1.0/24", "web 10.0.1.0/24 nsg shut")
    more = (
        f"{EMPTY}nsg shut {{ inbound 100 all deny any from any to any }}\n"
        "appliance gone { nic 10.0.9.7 in v.nva  forwards any }\n"
        "vnet hub { address 10.7.0.0/16 subnet s 10.7.0.0/24 }\n"
        "vnet lone { address 10.6.0.0/16 subnet s 10.6.0.0/24 }\n"
        "peering hub -> v\npeering v -> hub\npeering hub -> lone\n"
    )
    verdict = verdict_on(document(closed, sentence, more), solver)

    assert isinstance(verdict, Vacuous)
    assert why in verdict.why


# -- wishes: some flow does it --------------------------------------------------------------------------


def test_a_wish_that_comes_true_in_every_world_is_proved_by_a_flow(solver: Solver) -> None:
    verdict = verdict_on(document(ONE_VNET, "v.web sometimes reaches v.db on sql"), solver)

    assert isinstance(verdict, Proved)
    assert verdict.witness is not None
    assert verdict.witness.flow.destination_port == 1433


def test_a_wish_that_comes_true_in_no_world_is_refuted_and_rests_on_what_stops_it(solver: Solver) -> None:
    verdict = verdict_on(document(ONE_VNET, "v.web sometimes reaches v.db on ssh"), solver)

    assert isinstance(verdict, Refuted)
    assert verdict.witness is None
    assert [(ground.group, ground.what) for ground in verdict.grounds] == [("nsg db", "rest denies")]


@pytest.mark.parametrize("documented", [False, True])
def test_a_wish_that_comes_true_as_documented_says_so(documented: bool, solver: Solver) -> None:
    asked = document(ONE_VNET, "10.0.1.9/32 sometimes reaches v.db on icmp")
    verdict = verdict_on(asked, solver, documented)

    if documented:
        assert isinstance(verdict, Proved)
        assert names(verdict.leaned_on) == {"U-ICMPPORT(db/ping)"}
    else:
        assert isinstance(verdict, Unknown)
        assert (verdict.as_documented, names(verdict.open_facts)) == ("proved", {"U-ICMPPORT(db/ping)"})
    assert verdict.witness is not None


@pytest.mark.parametrize("documented", [False, True])
def test_a_wish_that_only_another_world_grants_says_so(documented: bool, solver: Solver) -> None:
    verdict = verdict_on(document(FORWARDED, "one.s sometimes reaches two.s on ssh"), solver, documented)

    if documented:
        assert isinstance(verdict, Refuted)
        assert names(verdict.leaned_on) == {"U-R-PEER-16"}
        assert verdict.witness is None
    else:
        assert isinstance(verdict, Unknown)
        assert (verdict.as_documented, names(verdict.open_facts)) == ("refuted", {"U-R-PEER-16"})
        assert verdict.witness is not None


@pytest.mark.parametrize("documented", [False, True])
def test_a_wish_that_an_undeclared_appliance_may_grant_is_open(documented: bool, solver: Solver) -> None:
    network = ONE_VNET.replace("rest deny any", "rest allow any")
    verdict = verdict_on(document(network, "v.far sometimes reaches v.db on rdp"), solver, documented)

    assert isinstance(verdict, Unknown)
    assert verdict.as_documented is None
    assert "U-FORWARDS(box)" in names(verdict.open_facts)


# -- limits and doubts ----------------------------------------------------------------------------------


class Failing(Solver):
    """Leaves every question from its `n`th on undecided."""

    def __init__(self, n: int) -> None:
        super().__init__(Limits(seconds=30))
        self.left = n

    def check(self, assumed: object, **how: object) -> Answer:
        self.left -= 1
        return Undecided("test") if self.left <= 0 else super().check(assumed, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (ONE_VNET, "v.web never reaches v.db on ssh"),
        (ONE_VNET, "v.web never reaches v.db on sql"),
        (ONE_VNET, "v.web sometimes reaches v.db on ssh"),
        (FORWARDED, "one.s never reaches two.s on ssh"),
        (RELAYED + "appliance box { nic 10.0.9.4 in v.nva }\n", NEVER),
        (ONE_VNET, "v.far reaches v.db on icmp only via box"),
        (ONE_VNET, "v.web reaches v.db on ssh only via box"),
    ],
)
def test_a_question_without_an_answer_never_makes_a_verdict_firmer(network: str, sentence: str, solver: Solver) -> None:
    asked = document(network, sentence)
    expected = type(verdict_on(asked, solver))
    for n in range(1, 12):
        failing = Failing(n)
        verdict = verdict_on(asked, failing)
        failing.close()

        assert type(verdict) in (expected, Unknown)
        if failing.left > 0:
            break
    assert n > 1


def test_a_proof_whose_grounds_take_too_long_stands_without_them() -> None:
    plain = ONE_VNET.replace("routes via-box", "").replace("appliance box", "vm box")
    failing = Failing(3)  # some flow is in question, none contradicts, and the third question is about grounds
    verdict = verdict_on(document(plain, "v.web never reaches v.db on ssh"), failing)
    failing.close()

    assert isinstance(verdict, Proved)
    assert (verdict.grounds, verdict.minimal) == ((), False)


def test_large_networks_get_their_grounds_by_list(monkeypatch: pytest.MonkeyPatch, solver: Solver) -> None:
    monkeypatch.setattr(module, "_FINE_LINES", 1)
    verdict = verdict_on(document(ONE_VNET, "v.web never reaches v.db on ssh"), solver)

    assert isinstance(verdict, Proved)
    assert [(ground.group, ground.what) for ground in verdict.grounds] == [("nsg db", "its lines together")]


def test_only_what_lies_within_reach_of_a_claim_is_doubtful() -> None:
    asked = document(
        FORWARDED + "vnet lone { address 10.6.0.0/16 subnet s 10.6.0.0/24 }\n", "one.s never reaches hub.s"
    )
    near, far, anywhere = (Unmodelled("a thing", "r", vnets, NOWHERE) for vnets in (("two",), ("lone",), ()))
    network = replace(asked.network, unmodelled=(near, far, anywhere))

    assert doubts(network, asked.intents[0].claims[0], {}) == (near, anywhere)


def test_a_verdict_is_no_truth_value() -> None:
    with pytest.raises(TypeError, match="match it"):
        bool(Vacuous("nothing"))
