"""What settles a region whoever sends, and covers that are short by it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.unit.simulator_networks import at
from vnetverify.certificate import checker, maker
from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import MAIN, Subject, certify, judge
from vnetverify.certificate.judging import Judge
from vnetverify.certificate.maker import NoCover, cover
from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import Region, premise
from vnetverify.certificate.shared import Shared
from vnetverify.certificate.tree import SETTLED, TARGETS, WALKED, cut, parted
from vnetverify.facts import SettledFacts, World
from vnetverify.header import LAST_PORT, TCP, parse_address
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.simulator.addressing import Field, Mixed, Packet, Part
from vnetverify.syntax.read import read_text

NOTHING = SettledFacts({})
SPOKES = """
vnet a {{ address 10.1.0.0/16  subnet s 10.1.0.0/24 nsg shut  subnet t 10.1.1.0/24 {out} }}
vnet b {{ address 10.2.0.0/16  subnet s 10.2.0.0/24 nsg {b} }}
vnet c {{ address 10.3.0.0/16  subnet s 10.3.0.0/24 }}
peering a -> b
peering b -> a
nsg shut {{
  outbound 100 low  deny tcp from any port 0-32767 to any port 22
  outbound 110 high deny tcp from any port {high} to any port 22
}}
nsg open {{ inbound 100 all allow any from any to any }}
nsg closed {{
  inbound 100 a deny any from 10.1.0.0/16 to any
  inbound 110 c allow any from 10.3.0.0/16 to any
}}
group spokes = a, b, c
intent i {{ for each x, y in spokes: x never reaches y on ssh }}
"""


def claim_of(text: str) -> tuple[Network, Claim]:
    document = read_text(text)
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return document.network, claim


def asked(out: str = "nsg shut", b: str = "open", high: str = "32768-65535") -> tuple[Network, Claim]:
    return claim_of(SPOKES.format(out=out, b=b, high=high))


def field(part: Part, first: str, last: str) -> Field:
    return Field(parse_address(first), parse_address(last), part)


def box(source: tuple[str, str], destination: tuple[str, str]) -> Packet:
    return Packet(
        Field(TCP, TCP, Part.PROTOCOL),
        field(Part.SOURCE, *source),
        Field(0, LAST_PORT, Part.SOURCE_PORT),
        field(Part.DESTINATION, *destination),
        Field(22, 22, Part.DESTINATION_PORT),
    )


FROM_A, FROM_B, FROM_ALL = ("10.1.0.0", "10.1.255.255"), ("10.2.0.0", "10.2.0.255"), ("10.0.0.0", "10.3.255.255")
TO_B, TO_C = ("10.2.0.4", "10.2.0.254"), ("10.3.0.4", "10.3.0.254")
WORLD = World(NOTHING, partial=True)


def settles(asked: tuple[Network, Claim], packet: Packet, *, by_routing: bool = False) -> bool:
    return Shared(*asked).denials(packet, WORLD, by_routing=by_routing) is not None


# -- where flows begin -------------------------------------------------------------------------------------


def test_what_the_groups_of_every_origin_keep_is_settled() -> None:
    assert settles(asked(), box(FROM_A, TO_B))


@pytest.mark.parametrize(
    "network",
    [asked(out=""), asked(out="nsg open"), asked(high="32769-65535"), asked(high="32768-65534")],
)
def test_one_origin_that_lets_some_out_leaves_it_open(network: tuple[Network, Claim]) -> None:
    assert not settles(network, box(FROM_A, TO_B))


def test_groups_say_nothing_of_what_holds_by_routing() -> None:
    assert not settles(asked(), box(FROM_A, TO_B), by_routing=True)


def test_what_is_of_one_member_wherever_it_begins_is_settled_by_routing_too() -> None:
    assert settles(asked(), box(FROM_B, TO_B), by_routing=True)
    assert settles(asked(), box(("10.9.0.0", "10.9.255.255"), TO_B), by_routing=True)  # where nothing begins
    assert not settles(asked(), box(FROM_ALL, TO_B), by_routing=True)


def test_the_own_member_need_not_be_denied() -> None:
    closed = asked(out="", b="closed")

    assert settles(closed, box(("10.1.0.0", "10.2.255.255"), TO_B))
    with pytest.raises(Mixed) as parting:
        settles(closed, box(("10.1.0.0", "10.3.255.255"), TO_B))
    assert parse_address("10.1.1.254") < parting.value.cut <= parse_address("10.3.0.4")


@pytest.mark.parametrize(
    ("sources", "is_kept_out"), [(("10.1.0.0", "10.2.255.255"), True), (("10.2.0.0", "10.3.255.255"), False)]
)
def test_others_on_either_side_of_the_own_member_are_asked_about(sources: tuple[str, str], is_kept_out: bool) -> None:
    """`a` lies below `b` and is denied, `c` above and is not; then the other way round."""
    for (denied, allowed), expected in ((("10.1", "10.3"), is_kept_out), (("10.3", "10.1"), not is_kept_out)):
        text = SPOKES.format(out="", b="closed", high="32768-65535")
        text = text.replace("deny any from 10.1.0.0/16", f"deny any from {denied}.0.0/16")
        text = text.replace("allow any from 10.3.0.0/16", f"allow any from {allowed}.0.0/16")
        try:
            found = settles(claim_of(text), box(sources, TO_B))
        except Mixed:
            found = False
        assert found is expected


@pytest.mark.parametrize("count", [17, 20])
def test_an_address_of_others_is_found_among_many_of_the_member(count: int) -> None:
    """`b` has many subnets, and `c` one address space in the midst of its: too many to look at each."""
    subnets = "  ".join(f"subnet s{number} 10.2.{number}.0/24 nsg own" for number in range(count))
    text = SPOKES.format(out="", b="open", high="32768-65535")
    text = text.replace("subnet s 10.2.0.0/24 nsg open", subnets)
    text = text.replace("10.3.0.0/16  subnet s 10.3.0.0/24", "10.2.0.128/25  subnet s 10.2.0.128/25")
    text += "nsg own { inbound 100 own allow any from 10.2.0.0/16 to any  inbound 110 rest deny any from any to any }"

    with pytest.raises(Mixed):
        settles(claim_of(text), box(FROM_ALL, ("10.2.9.4", "10.2.9.254")))


def test_addresses_of_others_within_those_of_a_member_are_asked_about() -> None:
    """`c` has addresses in the midst of those of `b`, which are not peered: nothing but its own flows are spared."""
    text = SPOKES.format(out="", b="open", high="32768-65535").replace("10.3.0.0/16", "10.2.0.0/16")
    overlapping = claim_of(text.replace("subnet s 10.3.0.0/24", "subnet s 10.2.0.0/24"))

    assert not settles(overlapping, box(FROM_B, TO_B), by_routing=True)


# -- what walks have to tell -------------------------------------------------------------------------------

TWO = """
vnet a {{ address 10.1.0.0/16, fd00:a::/48  subnet s 10.1.0.0/24, fd00:a:0:1::/64 nsg shut }}
vnet b {{ address 10.2.0.0/16, fd00:b::/48  subnet s 10.2.0.0/24, fd00:b:0:1::/64 }}
peering a -> b
peering b -> a
nsg shut {{ outbound 100 none deny any from any to any }}
{more}
intent i {{ a.s never reaches b.s on {service} }}
"""


def two(more: str = "", service: str = "ssh") -> tuple[Network, Claim]:
    return claim_of(TWO.format(more=more, service=service))


def test_the_group_of_an_interface_keeps_what_it_sends() -> None:
    open_subnet = TWO.replace("nsg shut {{ outbound", "nsg own {{ outbound").replace("::/64 nsg shut", "::/64")
    text = open_subnet.format(more="vm m {{ nic 10.1.0.9 in a.s nsg own }}".format(), service="ssh")

    assert settles(claim_of(text), box(("10.1.0.9", "10.1.0.9"), TO_B))
    assert not settles(claim_of(text), box(("10.1.0.8", "10.1.0.8"), TO_B))


def test_no_rule_is_about_icmpv6() -> None:
    icmp = 58
    source, destination = ("fd00:a:0:1::4", "fd00:a:0:1::ffff"), ("fd00:b:0:1::4", "fd00:b:0:1::ffff")
    ssh = box(source, destination)
    ping = replace(
        ssh,
        protocol=Field(icmp, icmp, Part.PROTOCOL),
        source_port=Field(0, 0, Part.SOURCE_PORT),
        destination_port=Field(0, 0, Part.DESTINATION_PORT),
    )

    assert settles(two(), ssh)
    assert not settles(two(service="icmp"), ping)


def test_what_is_balanced_or_comes_by_a_public_address_is_walked() -> None:
    balanced = two(
        "load-balancer l standard in b.s {\n frontend 10.2.0.100\n rule r tcp 22 -> m probe 22\n}\n"
        "vm m { nic 10.2.0.9 in b.s }"
    )
    public = two("vm m { nic 10.2.0.9 in b.s  public-ip standard 20.5.0.1 }")

    assert settles(two(), box(FROM_A, TO_B))
    assert not settles(balanced, box(FROM_A, TO_B))
    assert settles(public, box(FROM_A, TO_B))
    assert not settles(public, box(FROM_A, ("20.5.0.1", "20.5.0.1")))
    assert settles(two(), box(FROM_A, ("20.5.0.1", "20.5.0.1")))


def test_nothing_above_the_last_member_has_to_be_denied() -> None:
    text = SPOKES.format(out="", b="open", high="32768-65535").replace("10.3.0.0/24", "10.3.0.0/24 nsg last")

    with pytest.raises(Mixed):
        settles(claim_of(f"{text}nsg last {{ inbound 100 b allow any from 10.2.0.0/16 to any }}"), box(FROM_ALL, TO_C))
    assert settles(claim_of(f"{text}nsg last {{ inbound 100 all deny any from any to any }}"), box(FROM_ALL, TO_C))


def test_a_public_address_may_be_that_of_anyone() -> None:
    text = SPOKES.format(out="", b="open", high="32768-65535")
    at_b, to_itself = at("b.s"), box(TO_B, TO_B)
    public = Shared(*claim_of(f"{text}vm m {{ nic 10.1.0.9 in a.s  public-ip standard 20.5.0.1 }}"))

    assert public.is_of_one_member(at_b, to_itself)
    assert not public.is_of_one_member(at_b, box(TO_B, ("20.5.0.1", "20.5.0.1")))
    assert not Shared(*claim_of(text.replace("never reaches", "reaches"))).is_of_one_member(at_b, to_itself)


# -- kinds of packets and targets --------------------------------------------------------------------------


def estate(spokes: int) -> tuple[Network, Claim]:
    """Return spokes whose subnets admit RDP from everywhere and something else from the next one; the hub drops RDP."""
    lines = ["vnet hub { address 10.0.0.0/16  subnet fw 10.0.1.0/24 }"]
    lines += ["appliance nva { nic 10.0.1.4 in hub.fw  drops tcp from any to any port 22-3389", "  stateful }"]
    lines += ["route-table out { all 10.0.0.0/8 -> appliance 10.0.1.4 }"]
    for number in range(1, spokes + 1):
        lines += [
            f"vnet v{number} {{ address 10.{number}.0.0/16  subnet s 10.{number}.0.0/24 nsg n{number} routes out }}",
            f"peering hub -> v{number} {{ allow-forwarded-traffic }}",
            f"peering v{number} -> hub {{ allow-forwarded-traffic }}",
            f"nsg n{number} {{ inbound 100 rdp allow tcp from any to any port 3389",
            f"  inbound 110 next allow tcp from 10.{number % spokes + 1}.0.0/16 to any port 22",
            "  inbound 200 rest deny any from any to any }",
        ]
    names = ", ".join(f"v{number}" for number in range(1, spokes + 1))
    lines += [f"group spokes = {names}", "service s = tcp/22, 3389"]
    lines += ["intent i { for each x, y in spokes: x never reaches y on s }"]
    document = read_text("\n".join(lines))
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return document.network, claim


def nodes(network: Network, claim: Claim) -> int:
    subject = Subject(network, claim, NOTHING)
    made = certify(subject, 100_000)
    assert not isinstance(made, NoCover), made.why
    judge(Subject(network, claim, NOTHING), made)
    return len(made[MAIN])


def test_covers_grow_with_the_places_and_not_with_their_pairs() -> None:
    few, many = nodes(*estate(30)), nodes(*estate(60))

    assert many < 2.2 * few


@pytest.mark.parametrize(("spokes", "by_routes", "by_filters"), [(3, 43, 62), (6, 73, 94)])
def test_covers_are_as_short_as_they_were(
    spokes: int, by_routes: int, by_filters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nodes(*estate(spokes)) <= by_routes

    for name, number in {"_FEW_NODES": 0, "_FEW_TARGETS": 1, "_MANY_ORIGINS": 2}.items():
        monkeypatch.setattr(maker, name, number)

    assert nodes(*estate(spokes)) <= by_filters


def test_targets_part_a_region_where_they_begin_and_end() -> None:
    network, claim = asked()
    question = Unviolated(network, claim)
    (whole,) = premise(claim, NOTHING)

    parts = parted(whole, question, TARGETS)

    assert parts is not None
    spans = [(part.packet.destination.low, part.packet.destination.high) for part in parts]
    assert spans[0][0] == whole.packet.destination.low
    assert spans[-1][1] == whole.packet.destination.high
    assert all(last + 1 == first for (_, last), (first, _) in pairwise(spans))
    assert {(parse_address("10.2.0.4"), parse_address("10.2.0.254")), (spans[0][0], parse_address("10.1.0.3"))} <= set(
        spans
    )
    assert all(parted(part, question, TARGETS) is None for part in parts)


# -- what is judged once -----------------------------------------------------------------------------------


class Counting(Unviolated):
    """Counts how often a leaf is judged."""

    judged = 0

    def is_settled(self, region: Region) -> bool:
        Counting.judged += 1
        return super().is_settled(region)


def test_what_was_judged_in_this_run_is_not_judged_again() -> None:
    network, claim = estate(12)
    judging = Judge(Counting(network, claim))
    regions = tuple(premise(claim, NOTHING))
    tokens = cover(judging, regions, 100_000)
    assert not isinstance(tokens, NoCover)

    Counting.judged = 0
    judging.check(regions, tokens)
    again = Counting.judged
    Judge(Counting(network, claim)).check(regions, tokens)

    assert (again, Counting.judged) == (0, tokens.count(SETTLED))


@pytest.mark.parametrize("accepts", [True, False])
def test_what_was_made_in_batches_is_judged_where_it_was_made_or_later(
    accepts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maker, "_BATCH", 2)
    if not accepts:
        monkeypatch.setattr(Judge, "accepts", lambda *_: False)
    network, claim = estate(6)
    judging = Judge(Unviolated(network, claim))
    regions = tuple(premise(claim, NOTHING))
    tokens = cover(judging, regions, 100_000)
    assert not isinstance(tokens, NoCover)

    judged: list[object] = []
    monkeypatch.setattr(checker, "why_refused", lambda *leaf: judged.append(leaf))
    judging.check(regions, tokens)

    assert (not judged) is accepts


@pytest.mark.parametrize("batch", [1, 2, 3, 32])
def test_a_flaw_is_found_in_whichever_batch_it_is(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "_BATCH", batch)
    network, claim = asked(out="nsg open")

    found = cover(Judge(Unviolated(network, claim)), tuple(premise(claim, NOTHING)), 100_000)

    assert isinstance(found, NoCover)
    assert found.is_flaw


def test_flows_of_both_families_are_covered() -> None:
    assert nodes(*two()) > 0


def test_what_was_not_judged_is_not_accepted_for_what_was() -> None:
    network, claim = asked(out="")
    judging = Judge(Unviolated(network, claim))
    region = Region(box(FROM_A, TO_C), NOTHING, None)
    bad = Region(box(FROM_A, TO_B), NOTHING, None)

    assert judging.accepts(region, (cut("source", parse_address("10.1.1.0")), SETTLED, SETTLED)) is False
    for tree in ((SETTLED,), (WALKED,)):
        judging.take_over(region, (*tree, "more"))
        with pytest.raises(Refused):
            judging.check([region], tree)
        with pytest.raises(Refused):
            judging.check([bad], tree)
