"""What settles a region whoever sends: each sentence of `certificate/shared.py`, and where it must not be said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.test_simulator_claims import ends
from vnetverify.certificate import shared as shared_module
from vnetverify.certificate.questions import Unviolated
from vnetverify.certificate.regions import Region, premise
from vnetverify.certificate.shared import Shared
from vnetverify.facts import SettledFacts
from vnetverify.header import ICMPV6, TCP, Family, parse_address
from vnetverify.model.balancers import Sku
from vnetverify.model.intents import Claim, Place, Verb
from vnetverify.model.network import PublicAddress
from vnetverify.simulator.addressing import Field, Mixed, Part
from vnetverify.syntax.read import read_text

NOTHING = SettledFacts({})
SHUT = "inbound 100 no deny any from any to any"
OPEN = "inbound 100 yes allow any from any to any"
TEXT = """
vnet v {{
  address 10.0.0.0/16
  subnet s 10.0.0.0/24
  subnet t 10.0.2.0/24  nsg guard
  subnet u 10.0.3.0/24  nsg guard
}}
nsg guard {{ {guard} }}
{more}
intent i {{ {sentence} }}
"""
NEVER = "v.s never reaches v.t on https"


def question(guard: str = SHUT, more: str = "", sentence: str = NEVER) -> Unviolated:
    document = read_text(TEXT.format(guard=guard, more=more, sentence=sentence))
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return Unviolated(document.network, claim)


def box(low: str, high: str | None = None, protocol: int = TCP, ports: tuple[int, int] = (443, 443)) -> Region:
    """Return the region of what goes to these destinations and ports, from anywhere."""
    destination = Field(parse_address(low), parse_address(high or low), Part.DESTINATION)
    family = Family.IPV6 if ":" in low else Family.IPV4
    every = question(more=IPV6, sentence="v.s, x.s never reaches v.t, x.t on any").claim
    (region,) = (each for each in premise(every, NOTHING) if each.packet.family is family)
    packet = replace(
        region.packet,
        protocol=Field(protocol, protocol, Part.PROTOCOL),
        destination=destination,
        destination_port=Field(*ports, Part.DESTINATION_PORT),
    )
    return replace(region, packet=packet)


def sent_from(source: str, region: Region) -> Region:
    field = Field(parse_address(source), parse_address(source), Part.SOURCE)
    return replace(region, packet=replace(region.packet, source=field))


IPV6 = """
vnet x {
  address 10.9.0.0/16, fd00:9::/48
  subnet s 10.9.0.0/24, fd00:9::/64
  subnet t 10.9.2.0/24, fd00:9:0:2::/64  nsg guard
}"""
TO_T = box("10.0.2.4", "10.0.2.254")


# -- another service, another aim ---------------------------------------------------------------------------


def test_no_claim_speaks_of_another_service() -> None:
    assert question(OPEN).is_settled(box("10.0.2.4", ports=(22, 80)))
    assert question(OPEN, sentence="v.s reaches v.t on https").is_settled(box("10.0.2.4", ports=(22, 80)))
    with pytest.raises(Mixed):
        question(OPEN).is_settled(box("10.0.2.4", ports=(22, 443)))


@pytest.mark.parametrize("sentence", [NEVER, "v.s reaches v.t on https"])
def test_no_claim_speaks_of_what_aims_at_nothing_on_a_right_side(sentence: str) -> None:
    asked = question(OPEN, sentence=sentence)

    assert asked.is_settled(box("10.0.3.0", "10.0.9.255"))
    assert asked.is_settled(box("20.1.2.3"))
    with pytest.raises(Mixed):
        asked.is_settled(box("10.0.1.0", "10.0.2.4"))


# -- denied at the destination ------------------------------------------------------------------------------


def test_what_is_denied_at_each_destination_is_settled_and_nothing_else() -> None:
    assert question(SHUT).is_settled(TO_T)
    assert not question(OPEN).is_settled(TO_T)
    assert not question("").is_settled(sent_from("10.0.0.4", TO_T))
    assert question("", sentence="internet never reaches v.t on https").is_settled(sent_from("30.1.2.3", TO_T))


@pytest.mark.parametrize("verb", Verb)
def test_that_is_so_of_claims_about_what_is_delivered_and_of_no_others(verb: Verb) -> None:
    about_what_is_delivered = {
        Verb.NEVER_REACHES, Verb.ONLY_VIA, Verb.NOT_VIA, Verb.NOT_TRANSITIVE,
        Verb.BOTTLENECK, Verb.LOCAL_LATENCY, Verb.CROSSES_AT_MOST,
    }  # fmt: skip
    asked = question(SHUT)

    settled = replace(asked, claim=replace(asked.claim, verb=verb)).is_settled(TO_T)

    assert (verb in about_what_is_delivered) is settled


def test_that_is_so_of_claims_about_what_is_delivered_alone() -> None:
    assert question(sentence="v.s reaches v.t on https only via fw", more="vm fw { nic 10.0.0.9 in v.s }").is_settled(
        TO_T
    )
    assert not question(sentence="v.s reaches v.t on https").is_settled(TO_T)


def test_a_rule_that_denies_some_of_a_region_parts_it() -> None:
    with pytest.raises(Mixed):
        question(
            "inbound 100 no deny any from any to 10.0.2.0/25\n inbound 110 rest allow any from any to any"
        ).is_settled(TO_T)


def test_a_rule_that_no_document_tells_about_settles_nothing() -> None:
    unsure = "inbound 100 maybe allow any from Storage to any\n inbound 110 no deny any from any to any"

    asked = question(unsure, sentence="internet, v.s never reaches v.t on https")

    assert not asked.is_settled(sent_from("30.1.2.3", TO_T))
    assert asked.is_settled(sent_from("10.0.0.4", TO_T))


TWICE = "vnet w { address 10.0.0.0/16  subnet t 10.0.2.0/24 %s }"


@pytest.mark.parametrize(("group", "expected"), [("", False), ("nsg guard", True)])
def test_each_place_that_has_the_address_has_to_deny(group: str, expected: bool) -> None:
    asked = question(more=TWICE % group, sentence="v.s never reaches v.t, w.t on https")

    assert asked.is_settled(TO_T) is expected


def test_a_region_that_goes_to_some_place_with_a_part_only_is_parted() -> None:
    narrower = "vnet w { address 10.0.0.0/16  subnet t 10.0.2.0/25  nsg guard }"
    asked = question(more=narrower, sentence="v.s never reaches v.t, w.t on https")

    with pytest.raises(Mixed):
        asked.is_settled(TO_T)
    assert asked.is_settled(box("10.0.2.4", "10.0.2.126"))


def test_a_place_that_is_no_subnet_denies_nothing() -> None:
    asked = question(more="site branch { address 192.168.0.0/16 }", sentence="v.s never reaches branch on https")

    assert not asked.is_settled(box("192.168.0.4"))
    assert asked.is_settled(box("10.0.2.4"))


def test_a_private_endpoint_at_the_address_is_asked_by_a_walk() -> None:
    asked = question(more="private-endpoint pe 10.0.2.9 in v.t")

    assert not asked.is_settled(box("10.0.2.9"))
    assert asked.is_settled(box("10.0.2.10", "10.0.2.254"))


MANAGED = "admin-rules rules by manager for v {{ inbound 1 force {action} any from any to any }}"


@pytest.mark.parametrize("action", ["always-allow", "deny", "allow"])
def test_where_managers_have_rules_a_walk_tells(action: str) -> None:
    assert not question(more=MANAGED.format(action=action)).is_settled(TO_T)


def test_no_group_denies_icmpv6() -> None:
    asked = question(more=IPV6, sentence="x.s never reaches x.t on any")

    assert asked.is_settled(box("fd00:9:0:2::4"))
    assert not asked.is_settled(box("fd00:9:0:2::4", protocol=ICMPV6, ports=(0, 0)))


# -- what keeps no destination ------------------------------------------------------------------------------

TAKER = "vm db {{ nic {member} }}\nload-balancer lb standard {frontend}  rule one tcp 443 -> db }}"
ELSEWHERE = TAKER.format(member="10.0.3.4 in v.u", frontend="in v.u { frontend 10.0.3.9")
BALANCER = TAKER.format(member="10.0.2.4 in v.t", frontend="in v.u { frontend 10.0.3.9")
TO_MEMBER = TAKER.format(member="10.0.2.4 in v.t", frontend="{ frontend public-ip")
FIREWALL = """
vnet f { address 10.8.0.0/16  subnet AzureFirewallSubnet 10.8.0.0/26 }
firewall fw {
  nic 10.8.0.4 in f.AzureFirewallSubnet
  collection network 200 core allow { rule dns udp from any to any port 53 }
}"""


@pytest.mark.parametrize("more", [BALANCER, TO_MEMBER, FIREWALL], ids=["internal", "public", "firewall"])
def test_where_something_may_lead_there_nothing_is_settled_of_what_is_delivered(more: str) -> None:
    asked = question(more=more)

    assert not asked.is_settled(TO_T)
    assert not asked.is_settled(box("10.0.9.9"))
    assert asked.is_settled(box("10.0.2.4", ports=(22, 22)))
    assert question(more=more, sentence="v.s reaches v.t on https").is_settled(box("10.0.9.9"))


def test_a_load_balancer_of_others_leads_nothing_there() -> None:
    asked = question(more=ELSEWHERE)

    assert asked.is_settled(TO_T)
    assert asked.is_settled(box("10.0.3.9"))
    assert question(more=ELSEWHERE.replace("in v.u { frontend 10.0.3.9", "{ frontend public-ip")).is_settled(TO_T)


@pytest.mark.parametrize("frontend", ["in v.u { frontend 10.0.3.9", "{ frontend public-ip"])
def test_a_frontend_of_a_right_side_leads_there(frontend: str) -> None:
    asked = question(
        more=TAKER.format(member="10.0.3.4 in v.u", frontend=frontend), sentence="v.s never reaches lb, v.t on https"
    )

    assert not asked.is_settled(TO_T)
    assert not asked.is_settled(box("10.0.9.9"))


@pytest.mark.parametrize("more", [ELSEWHERE, BALANCER, FIREWALL], ids=["elsewhere", "balancer", "firewall"])
def test_where_something_may_lead_elsewhere_nothing_holds_by_routing_alone(more: str) -> None:
    origin, asked = Place("subnet", "v.s"), question(more=more)
    flow = sent_from("10.0.0.4", box("10.0.2.4"))
    by_routing = replace(asked, by_routing=True)

    assert by_routing.flaw(flow, origin) == "what filters let pass may be led elsewhere"
    assert replace(question(), by_routing=True).flaw(flow, origin) == "what is delivered violates it"
    assert question().flaw(flow, origin) is None


PUBLIC = "vm web { nic 10.0.2.4 in v.t public-ip 20.1.2.3 }"


def test_a_public_address_may_stand_for_a_host_of_a_right_side() -> None:
    there, elsewhere = question(more=PUBLIC), question(more=PUBLIC.replace("10.0.2.4 in v.t", "10.0.3.4 in v.u"))

    assert not there.is_settled(box("20.1.2.3"))
    assert there.is_settled(box("10.0.9.9"))
    assert there.is_settled(box("10.0.2.5", "10.0.2.254"))
    assert elsewhere.is_settled(box("20.1.2.3"))


def test_an_address_of_ipv6_may_stand_for_a_host_and_so_may_one_of_its_addresses() -> None:
    nothing = question(OPEN, "vm web { nic 10.0.2.4 in v.t }")
    (web,) = nothing.network.machines.values()
    public = PublicAddress(parse_address("2001:db8::1"), Sku.STANDARD)
    several = replace(
        web.nics[0], addresses=(parse_address("10.0.2.4"), parse_address("10.0.2.200")), public_ipv6=public
    )
    network = replace(nothing.network, machines={"web": replace(web, nics=(several,))})
    right = ends(("v.t", "10.0.2.4/32"))
    claim = replace(nothing.claim, pairs=((nothing.claim.pairs[0][0], right),))

    assert Shared(network, claim).leads_there_from_outside
    assert not Shared(nothing.network, claim).leads_there_from_outside


# -- of one member ------------------------------------------------------------------------------------------

EACH = "for each a, b in vnet: a never reaches b on https"
OTHER = "vnet w {{ address 10.1.0.0/16  subnet t 10.1.2.0/24 }}\n{more}"


def shared(more: str = "", sentence: str = EACH) -> Shared:
    asked = question(OPEN, OTHER.format(more=more), sentence)
    return Shared(asked.network, asked.claim)


def of_one_member(asked: Shared, region: Region, source: str = "10.0.0.4") -> bool:
    return asked.is_of_one_member(Place("subnet", "v.s"), sent_from(source, region).packet)


def test_no_claim_speaks_of_what_stays_with_one_member() -> None:
    assert of_one_member(shared(), TO_T)
    assert of_one_member(shared(), box("10.0.2.0", "10.0.3.255"))
    assert not of_one_member(shared(), box("10.1.2.4"))
    assert not of_one_member(shared(), box("10.0.2.0", "10.1.2.255"))


def test_a_claim_is_about_what_begins_on_a_left_side_and_leaves_its_member() -> None:
    asked = question(OPEN, OTHER.format(more=""), EACH)
    origin = Place("subnet", "v.s")

    def is_about(source: str, region: Region) -> bool:
        return asked.is_about(sent_from(source, region), origin)

    assert is_about("10.0.0.4", box("10.1.2.4"))
    assert not is_about("10.0.0.4", TO_T)
    assert not is_about("10.0.0.4", box("10.1.2.4", ports=(22, 22)))
    assert not is_about("10.3.0.4", box("10.1.2.4"))


def test_what_comes_from_no_member_stays_with_none() -> None:
    assert not of_one_member(shared(), TO_T, source="10.1.2.4")


def test_only_what_is_delivered_can_stay_with_one_member() -> None:
    assert not of_one_member(shared(sentence=EACH.replace("never reaches", "reaches")), TO_T)
    assert not of_one_member(shared(BALANCER), TO_T)


def test_what_goes_to_a_public_address_may_end_with_another_member() -> None:
    other = "vm web { nic 10.1.2.4 in w.t public-ip 20.1.2.3 }"

    assert not of_one_member(shared(other), box("20.1.2.3"))
    assert not of_one_member(shared(other), box("10.0.2.0", "20.1.2.3"))
    assert of_one_member(shared(other), TO_T)
    assert of_one_member(shared(), box("20.1.2.3"))


# -- senders below, within and above a member ---------------------------------------------------------------

THREE = """
vnet u {{ address 10.0.0.0/16  subnet s 10.0.0.0/24  nsg {u} }}
vnet v {{ address 10.1.0.0/16  subnet s 10.1.0.0/24  nsg {v} }}
vnet w {{ address 10.2.0.0/16  subnet s 10.2.0.0/24  nsg {w} }}
nsg open {{ outbound 100 yes allow any from any to any }}
nsg shut {{ outbound 100 no deny any from any to any }}
nsg guard {{
  outbound 100 yes allow any from any to any
  inbound 100 own allow any from {welcome} to any
  inbound 110 no deny any from any to any
}}
intent i {{ for each a, b in vnet: a never reaches b on https }}
"""
TO_V = box("10.1.0.4", "10.1.0.254")


def among_three(
    u: str = "open",
    v: str = "open",
    w: str = "open",
    welcome: str = "10.1.0.0/16",
    region: Region = TO_V,
    text: str = THREE,
) -> bool:
    """Tell whether it is settled of what goes to the network in the middle; False as well where parting may tell."""
    document = read_text(text.format(u=u, v=v, w=w, welcome=welcome))
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    try:
        return Unviolated(document.network, claim).is_settled(region)
    except Mixed:
        return False


def test_a_group_that_lets_in_its_own_network_alone_settles_it_of_all_others() -> None:
    assert among_three(v="guard")


@pytest.mark.parametrize("welcome", ["10.0.0.0/15", "10.1.0.0/16, 10.2.0.0/16", "10.0.0.0/24", "10.2.0.0/24", "any"])
def test_one_that_lets_in_another_network_does_not(welcome: str) -> None:
    assert not among_three(v="guard", welcome=welcome)


@pytest.mark.parametrize(
    ("sources", "welcome"),
    [
        (("10.0.0.254", "10.1.0.255"), "10.0.0.254/32, 10.1.0.0/16"),
        (("10.1.0.0", "10.2.0.4"), "10.1.0.0/16, 10.2.0.4/32"),
        (("10.0.0.254", "10.2.0.4"), "10.0.0.254/32, 10.1.0.0/16"),
    ],
)
def test_a_single_address_of_another_network_is_asked_about(sources: tuple[str, str], welcome: str) -> None:
    low, high = map(parse_address, sources)
    region = replace(TO_V, packet=replace(TO_V.packet, source=Field(low, high, Part.SOURCE)))

    assert not among_three(v="guard", welcome=welcome, region=region)
    assert among_three(v="guard", region=region)


@pytest.mark.parametrize("low", ["10.0.0.4", "10.0.0.64", "10.0.0.200"])
def test_every_sender_of_a_place_has_to_be_kept_in(low: str) -> None:
    """`shut` lets out some in the midst of those that it keeps in."""
    text = THREE.replace("nsg shut {{", f"nsg shut {{{{ outbound 90 some allow any from {low}/32 to any  ")

    assert not among_three(u="shut", w="shut", text=text)
    assert among_three(u="shut", w="shut")


@pytest.mark.parametrize("most", [1, 2, 3, 16])
@pytest.mark.parametrize(("u", "w"), [("shut", "open"), ("open", "shut"), ("open", "open"), ("shut", "shut")])
def test_each_sender_has_to_be_kept_in_however_many_are_asked(
    u: str, w: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_module, "_FEW", most)

    assert among_three(u=u, w=w) is (u == w == "shut" and most >= 3)


@pytest.mark.parametrize("most", [1, 2, 3, 16])
def test_a_member_of_more_places_than_are_asked_is_not_left_out(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_module, "_FEW", most)
    inside = "10.1.0.0/16  subnet a 10.1.1.0/24  subnet b 10.1.2.0/24"
    text = THREE.replace("10.1.0.0/16  subnet", inside + "  subnet", 1)
    two = text.replace("intent i {{ for each a, b in vnet: a never reaches b on https }}", "") + (
        "intent i {{ for each a, b in u.s, v.s, v.a, v.b: a never reaches b on https }}"
    )
    document = read_text(two.format(u="open", v="guard", w="open", welcome="10.1.2.0/24"))
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    asked = Unviolated(document.network, claim)

    for source in ("10.1.2.4", "10.1.1.4", "10.0.0.4"):
        settled = asked.is_settled(sent_from(source, TO_V))
        assert settled is (source != "10.1.2.4")
