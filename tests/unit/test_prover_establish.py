"""Who may set up a peering: permissions on both sides, and what Azure asks of the two networks in each era."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.model.intents import Establishment
from vnetverify.model.network import Network, Principal, Unmodelled
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.establish import decide_establishment
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Verdict
from vnetverify.report.facts import facts_table
from vnetverify.report.json import render_json
from vnetverify.report.text import render_concise, render_full
from vnetverify.source import NOWHERE
from vnetverify.syntax import read_text

_A = "vnet a { address 10.0.0.0/16 }\n"
_B = "vnet b { address 10.1.0.0/16 }\n"
BOTH = Principal("both", write=("a", "b"))
LEFT = Principal("left", write=("a",), peer=("b",))
RIGHT = Principal("right", write=("b",), peer=("a",))


def network_of(text: str, *principals: Principal) -> Network:
    return replace(read_text(text).network, principals={principal.name: principal for principal in principals})


def asked(text: str, *principals: Principal, between: tuple[str, str] = ("a", "b")) -> Verdict:
    """Return the verdict on `PRINCIPALS may establish a -> b` over the network that `text` declares."""
    network = network_of(text, *principals)
    names = tuple(principal.name for principal in principals)
    return decide_establishment(network, Establishment(names, between, "asked", NOWHERE))


def why(verdict: Verdict) -> str:
    assert isinstance(verdict, Refuted | Unknown)
    return verdict.why


# Permissions


def test_who_may_write_both_vnets_may_peer_them() -> None:
    assert isinstance(asked(_A + _B, BOTH), Proved)
    assert isinstance(asked(_A + _B, BOTH, between=("b", "a")), Proved)


def test_each_side_may_ask_for_its_own_half() -> None:
    assert isinstance(asked(_A + _B, LEFT, RIGHT), Proved)


def test_one_side_alone_establishes_nothing() -> None:
    assert why(asked(_A + _B, LEFT)) == "`left` may not request `b -> a`: may not write peerings of `b`"


def test_writing_the_own_vnet_does_not_open_the_other() -> None:
    assert why(asked(_A + _B, Principal("p", write=("a",)))) == (
        "`p` may not request `a -> b`: may not peer with `b`; "
        "`p` may not request `b -> a`: may not write peerings of `b`"
    )


def test_one_request_is_not_shared_between_two_principals() -> None:
    writer, guest = Principal("writer", write=("a",)), Principal("guest", peer=("b",))

    verdict = asked(_A + _B, writer, guest, RIGHT)

    assert why(verdict) == (
        "none of `writer`, `guest`, `right` may request `a -> b`: write peerings of `a` and peer with `b`"
    )


def test_the_permission_to_peer_is_none_to_write() -> None:
    assert isinstance(asked(_A + _B, Principal("p", peer=("a", "b"))), Refuted)


def test_a_classic_vnet_has_no_half_to_ask_for() -> None:
    classic = "vnet b { model classic address 10.1.0.0/16 }\n"

    assert isinstance(asked(_A + classic, LEFT), Proved)
    assert isinstance(asked(_A + classic, LEFT, between=("b", "a")), Proved)
    assert isinstance(asked(_A + classic, RIGHT), Refuted)


def test_a_proof_names_the_principals_and_the_rules() -> None:
    verdict = asked(_A + _B, LEFT, RIGHT)

    assert isinstance(verdict, Proved)
    assert verdict.minimal
    assert [ground.rule for ground in verdict.grounds] == ["R-PEER-8", "R-PEER-5", "R-PEER-9", "R-PEER-9", "R-PEER-6"]
    assert verdict.grounds[2].what == "`left` may request `a -> b`: writes `a`, may peer with `b`"


# What Azure asks of the two networks


def test_classic_vnets_are_not_peered_with_each_other() -> None:
    classic = "vnet a { model classic address 10.0.0.0/16 }\nvnet b { model classic address 10.1.0.0/16 }\n"

    assert why(asked(classic, BOTH)) == "`a` and `b` are both classic, and classic vnets cannot be peered"


def test_a_vnet_is_not_peered_with_itself() -> None:
    assert why(asked(_A, BOTH, between=("a", "a"))) == "vnet `a` is peered with itself"


def test_vnets_that_overlap_cannot_be_peered() -> None:
    assert (
        why(asked(_A + "vnet b { address 10.0.8.0/24 }\n", BOTH)) == "`a` (10.0.0.0/16) and `b` (10.0.8.0/24) overlap"
    )


def test_a_peer_of_a_peer_that_overlaps_is_in_the_way() -> None:
    third = "vnet c { address 10.1.8.0/24 }\n"
    peered = "peering a -> c\npeering c -> a\n"

    assert why(asked(_A + _B + third + peered, BOTH)) == ("`b` overlaps `c` at 10.1.8.0/24, and `a` is peered with it")
    assert isinstance(asked(_A + _B + third, BOTH), Proved)


def test_even_a_link_that_is_not_connected_keeps_its_addresses() -> None:
    third = "vnet c { address 10.1.8.0/24 }\npeering a -> c { state disconnected }\n"

    assert isinstance(asked(_A + _B + third, BOTH), Refuted)


def test_the_link_of_another_network_keeps_no_addresses_but_for_a_classic_one() -> None:
    third = "vnet c { address 10.1.8.0/24 }\npeering c -> a\n"
    classic = _A.replace("{", "{ model classic", 1)

    assert isinstance(asked(_A + _B + third, BOTH), Proved)
    assert isinstance(asked(classic + _B + third, BOTH), Refuted)


def test_what_a_link_saw_last_leaves_it_open() -> None:
    third = "vnet c { address 10.2.0.0/16 }\npeering a -> c { remote-space 10.1.8.0/24 }\npeering c -> a\n"

    assert why(asked(_A + _B + third, BOTH)) == (
        "`b` overlaps 10.1.8.0/24, which `a -> c` has last seen: synchronise that peering"
    )


def test_a_disconnected_half_has_to_be_deleted_first() -> None:
    halves = "peering a -> b { state disconnected }\n"

    assert why(asked(_A + _B + halves, BOTH)).startswith("`a -> b` is disconnected and has to be deleted first")


def test_a_peering_of_subnets_is_established_as_declared() -> None:
    overlapping = (
        "vnet a { address 10.0.0.0/16, 10.9.0.0/24 subnet s 10.0.0.0/24 }\n"
        "vnet b { address 10.1.0.0/16, 10.9.0.0/24 subnet s 10.1.0.0/24 }\n"
    )
    halves = (
        "peering a -> b { local-subnets s remote-subnets s }\npeering b -> a { local-subnets s remote-subnets s }\n"
    )

    assert isinstance(asked(overlapping, BOTH), Refuted)
    assert isinstance(asked(overlapping + halves, BOTH), Proved)


# Eras


@pytest.mark.parametrize(
    ("era", "regions", "expected"),
    [
        ("2016-07", ("westus", "WestUS"), Proved),
        ("2016-07", ("westus", "eastus"), Refuted),
        ("2018-02", ("westus", "eastus"), Proved),
        ("current", ("westus", "eastus"), Proved),
        ("current", ("westus", "chinaeast2"), Refuted),
        ("current", ("usgovvirginia", "usdodeast"), Proved),
    ],
)
def test_regions_matter_in_the_preview_and_clouds_always(
    era: str, regions: tuple[str, str], expected: type[Verdict]
) -> None:
    left, right = (text.replace("{", f"{{ region {region}", 1) for text, region in zip((_A, _B), regions, strict=True))
    tenants = "tenant t"
    text = f"era {era}\n" + left.replace("{", f"{{ {tenants}", 1) + right.replace("{", f"{{ {tenants}", 1)

    assert isinstance(asked(text, BOTH), expected)


def test_a_region_that_matters_has_to_be_stated() -> None:
    west = _A.replace("{", "{ region westus", 1)

    assert why(asked(f"era 2016-07\n{west}{_B}", BOTH)) == ("state the region of `b`: `era 2016-07` wants one for both")
    assert why(asked(f"era 2016-07\n{_A}{_B}", BOTH)).startswith("state the region of `a` and `b`")
    assert isinstance(asked(f"era 2016-07\n{west}{_B}", LEFT), Refuted)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (("tenant one", "tenant ONE"), Proved),
        (("tenant one", "tenant two"), Refuted),
        (("tenant one", ""), Unknown),
        (("", ""), Unknown),
        (("subscription s", "subscription s"), Proved),
        (("subscription s", "subscription t"), Unknown),
    ],
)
def test_in_2018_both_were_of_one_tenant(stated: tuple[str, str], expected: type[Verdict]) -> None:
    left, right = (text.replace("{", f"{{ {words}", 1) for text, words in zip((_A, _B), stated, strict=True))

    assert isinstance(asked(f"era 2018-02\n{left}{right}", BOTH), expected)


@pytest.mark.parametrize(("stated", "expected"), [(("s", "s"), Proved), (("s", "t"), Refuted), (("s", None), Unknown)])
def test_in_the_preview_two_models_were_of_one_subscription(
    stated: tuple[str, str | None], expected: type[Verdict]
) -> None:
    words = ["" if name is None else f"subscription {name} " for name in stated]
    left = f"vnet a {{ region r {words[0]}address 10.0.0.0/16 }}\n"
    right = f"vnet b {{ region r model classic {words[1]}address 10.1.0.0/16 }}\n"

    assert isinstance(asked(f"era 2016-07\n{left}{right}", BOTH), expected)


# What the model does not hold


def test_what_is_not_modelled_of_the_two_or_their_peers_leaves_it_open() -> None:
    network = network_of(_A + _B + "vnet c { address 10.2.0.0/16 }\npeering a -> c\npeering c -> a\n", BOTH, LEFT)

    def verdict(vnet: str, name: str = "both") -> Verdict:
        doubtful = replace(network, unmodelled=(Unmodelled("something", "why", (vnet,), NOWHERE),))
        return decide_establishment(doubtful, Establishment((name,), ("a", "b"), "asked", NOWHERE))

    assert isinstance(verdict("a"), Unknown)
    assert isinstance(verdict("c"), Unknown)
    assert isinstance(verdict("d"), Proved)
    assert isinstance(verdict("c", "left"), Refuted)
    assert isinstance(verdict("b", "left"), Unknown)


# The whole way


def test_an_intent_holds_sentences_of_both_kinds_and_every_report_tells_them() -> None:
    subnets = [text.replace("}", f"subnet s 10.{n}.0.0/24 }}") for n, text in enumerate((_A, _B))]
    document = read_text("".join(subnets) + "intent i { a never reaches b }")
    network = replace(document.network, principals={"left": LEFT, "both": BOTH})
    statements = [
        Establishment((name,), ("a", "b"), f"{name} may establish a -> b", NOWHERE) for name in ("both", "left")
    ]
    (intent,) = document.intents
    intents = (replace(intent, claims=(*intent.claims, *statements)),)
    report = prove(Loaded(replace(document, network=network, intents=intents), {}, ()), Options())

    assert [type(result.verdict) for result in report.results[0].results] == [Proved, Proved, Refuted]
    assert isinstance(report.results[0].verdict, Refuted)
    assert "both may establish a -> b" in render_full(report)
    assert "may not write peerings of `b`" in render_concise(report)
    assert '"text": "left may establish a -> b"' in render_json(report)
    assert facts_table(report) == "no verdict turns on an open fact"
