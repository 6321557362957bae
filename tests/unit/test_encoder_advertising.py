"""What a site may advertise: a claim is broken iff some set of prefixes breaks it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import chain, combinations

import pytest

from vnetverify.encoder.advertising import Advertised, Announcing, Around, place_of
from vnetverify.encoder.claims import encode
from vnetverify.encoder.facts import Facts
from vnetverify.encoder.obligation import Obligation
from vnetverify.encoder.terms import Script, any_of, field_within, lies_in
from vnetverify.header import ALL_IPV4, Family, Prefix, addresses_of, parse_address, parse_prefix
from vnetverify.model.intents import Advertising, Claim
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Satisfiable, Solver
from vnetverify.prover.verdict import Proved, Refuted, Verdict
from vnetverify.simulator.claims import violates
from vnetverify.source import Source
from vnetverify.syntax import read

HUB = """\
vnet hub {
  address 10.0.0.0/16
  subnet s 10.0.0.0/24
  subnet GatewaySubnet 10.0.9.0/27
  gateway vpn g
  gateway expressroute e
}
vnet spoke { address 10.1.0.0/16  subnet s 10.1.0.0/24  subnet forced 10.1.1.0/24 routes forced
             subnet deaf 10.1.2.0/24 routes deaf }
vnet other { address 10.2.0.0/16  subnet s 10.2.0.0/24 nsg only-networks }
vnet far { address 10.8.0.0/16  subnet s 10.8.0.0/24  subnet GatewaySubnet 10.8.9.0/27  gateway vpn r }
peering hub -> spoke { allow-gateway-transit }
peering spoke -> hub { use-remote-gateways }
peering spoke -> other
peering other -> spoke
route-table forced { out 0.0.0.0/0 -> none  some 10.9.0.0/16 -> none }
route-table deaf { propagate-gateway-routes off }
nsg only-networks { inbound 100 in deny any from Internet to any }
site branch { address 192.168.0.0/16, 10.9.0.0/16 }
site second { address 172.20.0.0/16 }
connection by-vpn: branch -- hub.g { bgp }
connection by-er: branch -- hub.e { circuit c }
connection to-second: second -- hub.g { bgp }
connection hub-far: hub.g -- far.r { bgp }
"""


def asked(ends: str, within: str, network: str = HUB) -> tuple[Network, Claim]:
    document = read([Source("t.vnet", f"{network}\nintent asked {{ {ends} }}\n")], Network())
    assert not [found for found in document.diagnostics if found.severity.value == "error"], document.diagnostics
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    prefixes = tuple(map(parse_prefix, within.split()))
    return document.network, replace(claim, advertising=Advertising("branch", prefixes))


def decided(network: Network, claim: Claim, solver: Solver, *, documented: bool = True) -> Verdict:
    verdict = decide(Inquiry(network, claim, {}, documented), solver)
    if isinstance(verdict, Refuted) and verdict.witness is not None:
        witness = verdict.witness
        assert violates(network, claim, witness.origin, witness.flow, witness.world) is not None
    return verdict


def announcing(network: Network, by_connection: dict[str, tuple[Prefix, ...]]) -> Network:
    connections = tuple(
        replace(connection, prefixes=by_connection.get(connection.name, connection.prefixes))
        for connection in network.connections
    )
    return replace(network, connections=connections)


def is_broken(network: Network, claim: Claim, solver: Solver, documented: bool = True) -> bool:
    """Tell whether some flow contradicts the claim, in the documented world or in any."""
    return is_possible(encode(network, claim, {}), solver, documented)


def is_possible(obligation: Obligation, solver: Solver, documented: bool = True) -> bool:
    solver.open(obligation)
    facts = [symbol if fact.documented else f"-{symbol}" for symbol, fact in obligation.facts.items() if documented]
    return isinstance(solver.check([*facts, obligation.violation]), Satisfiable)


def confined(obligation: Obligation, universe: dict[str, tuple[Prefix, ...]]) -> Obligation:
    """Return the obligation where each connection announces nothing but prefixes of `universe`."""
    lines = []
    for symbol, (connection, place) in obligation.advertised.announced.items():
        address = field_within(place.address, 32, ALL_IPV4)
        allowed = (lies_in(address, prefix) for prefix in universe[connection] if prefix.length == place.length)
        lines.append(f"(assert (=> {symbol} {any_of(*allowed)}))")
    return replace(obligation, text="\n".join((obligation.text, *lines, "")))


def subsets(prefixes: tuple[Prefix, ...]) -> list[tuple[Prefix, ...]]:
    return list(chain.from_iterable(combinations(prefixes, size) for size in range(len(prefixes) + 1)))


# -- one behaviour each ---------------------------------------------------------------------------------


def test_a_longer_prefix_of_a_site_takes_traffic_from_a_peering_never(solver: Solver) -> None:
    network, claim = asked("spoke.s never reaches branch", "10.2.0.0/16")

    # 10.2.0.0/16 is a peer's: what lies inside it loses (R-SEL-3), and 10.9.0.0/16 may not be announced.
    assert isinstance(decided(network, claim, solver), Proved)


def test_what_may_be_announced_takes_traffic_to_the_site(solver: Solver) -> None:
    network, claim = asked("spoke.s never reaches branch", "10.9.0.0/20")
    verdict = decided(network, claim, solver)

    assert isinstance(verdict, Refuted)
    assert verdict.witness is not None
    announced = verdict.witness.world.advertised
    assert all(10 << 24 | 9 << 16 == prefix.value >> 12 << 12 for prefix in chain(*announced.values()))
    assert sum(len(prefixes) for prefixes in announced.values()) == 1


def test_what_is_declared_is_not_announced_by_itself(solver: Solver) -> None:
    network, claim = asked("spoke.s never reaches branch", "203.0.113.0/24")

    assert isinstance(decided(network, claim, solver), Proved)


def test_a_subnet_without_propagation_hears_nothing(solver: Solver) -> None:
    network, claim = asked("spoke.deaf never reaches branch", "0.0.0.0/0")

    assert isinstance(decided(network, claim, solver), Proved)


def test_a_user_route_loses_to_a_longer_announced_prefix(solver: Solver) -> None:
    network, claim = asked("spoke.forced never reaches branch", "10.9.0.0/16")
    assert isinstance(decided(network, claim, solver), Refuted)

    only_the_same = replace(claim, advertising=Advertising("branch", (parse_prefix("10.9.0.0/16"),)))
    obligation = encode(network, only_the_same, {})
    solver.open(obligation)
    longer = [f"-{symbol}" for symbol, (_, place) in obligation.advertised.announced.items() if place.length > 16]
    facts = [symbol if fact.documented else f"-{symbol}" for symbol, fact in obligation.facts.items()]
    assert not isinstance(solver.check([*facts, *longer, obligation.violation]), Satisfiable)


def test_an_announced_default_route_takes_what_went_to_the_internet(solver: Solver) -> None:
    network, claim = asked("hub.s reaches internet", "0.0.0.0/0")

    assert isinstance(decided(network, claim, solver), Refuted)


def test_the_choice_is_no_open_fact(solver: Solver) -> None:
    network, claim = asked("hub.s never reaches branch", "10.9.0.0/16")

    assert isinstance(decided(network, claim, solver, documented=False), Refuted)


# -- against every set there is -------------------------------------------------------------------------

UNIVERSES = {
    "around-the-site": ("10.9.0.0/16", "10.8.0.0/13"),
    "around-a-peer": ("10.2.0.0/24", "10.2.0.0/16", "10.0.0.0/8"),
    "the-hub-itself": ("10.0.0.0/24", "10.0.0.0/16", "0.0.0.0/0"),
    "public": ("203.0.113.0/24", "0.0.0.0/0"),
    "the-second-site": ("172.20.0.0/17", "172.16.0.0/12"),
}
SENTENCES = (
    "spoke.s never reaches branch",
    "spoke.forced never reaches branch",
    "spoke.forced never reaches other.s",
    "spoke.deaf reaches other.s on tcp",
    "spoke.s reaches other.s on tcp",
    "spoke.s reaches internet on tcp",
    "hub.s reaches internet on tcp",
    "second never reaches branch",
    "far.s never reaches branch",
    "spoke.s reaches second on tcp",
    "branch never reaches other.s",
)


def agrees(network: Network, claim: Claim, universe: str, solver: Solver, documented: bool = True) -> bool:
    """Tell whether the claim is broken iff some set of the universe's prefixes breaks it."""
    prefixes = tuple(map(parse_prefix, UNIVERSES[universe]))
    declared = replace(claim, advertising=None)
    expected = any(
        is_broken(announcing(network, {"by-vpn": by_vpn, "by-er": by_er}), declared, solver, documented)
        for by_vpn in subsets(prefixes)
        for by_er in ((), prefixes[:1])
    )
    obligation = confined(encode(network, claim, {}), {"by-vpn": prefixes, "by-er": prefixes[:1]})
    return is_possible(obligation, solver, documented) == expected


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("universe", UNIVERSES)
def test_a_claim_is_broken_iff_some_set_of_announcements_breaks_it(
    universe: str, sentence: str, solver: Solver
) -> None:
    network, claim = asked(sentence, "0.0.0.0/0")

    assert agrees(network, claim, universe, solver)


# What comes to `far` over a connection without BGP counts as static there, and so may beat a peering (R-SEL-3).
OVER_STATIC = HUB.replace("hub-far: hub.g -- far.r { bgp }", "hub-far: hub.g -- far.r").replace(
    "peering other -> spoke", "peering other -> spoke\npeering far -> other\npeering other -> far"
)


@pytest.mark.parametrize(
    "sentence",
    [
        "far.s reaches other.s on tcp",
        "far.s never reaches branch",
        "far.s reaches internet on tcp",
        "far.s reaches far.s",
    ],
)
@pytest.mark.parametrize("universe", UNIVERSES)
def test_a_prefix_that_came_over_a_static_connection_is_static(universe: str, sentence: str, solver: Solver) -> None:
    network, claim = asked(sentence, "0.0.0.0/0", OVER_STATIC)

    assert agrees(network, claim, universe, solver, documented=False)


# -- the pieces of what may be announced ----------------------------------------------------------------


def test_what_may_be_announced_is_parted_where_networks_with_gateways_begin_and_end() -> None:
    network, claim = asked("spoke reaches branch", "10.0.0.0/12 192.168.0.0/16")
    hub, far, site = (addresses_of([parse_prefix(text)]) for text in ("10.0.0.0/16", "10.8.0.0/16", "192.168.0.0/16"))
    others = addresses_of([parse_prefix("10.0.0.0/12")]) - hub - far

    cells = Announcing(Script(), Facts(Script()), network, claim.advertising, Family.IPV4).cells()

    assert {(hub, 12), (far, 12), (others, 12), (site, 16)} == {(cell.addresses, cell.shortest) for cell in cells}


# -- facts about what is announced ----------------------------------------------------------------------


def test_a_fact_about_an_announced_prefix_is_called_by_its_subnet_and_the_prefix() -> None:
    guarded = HUB.replace("10.1.2.0/24 routes deaf", "10.1.2.0/24 routes deaf nsg tags")
    tags = "nsg tags { inbound 100 in allow any from VirtualNetwork to any  inbound 200 no deny any from any to any }"
    obligation = encode(*asked("branch never reaches spoke.deaf", "10.9.0.0/24", guarded + tags), {})
    facts = {place.length: symbol for symbol, (place, _) in obligation.advertised.facts.items()}
    source = defaultdict(int, src=0x0A090007)

    assert "U-VNTAG(spoke.deaf, 10.9.0.0/24)" == str(obligation.fact(facts[24], source))
    assert "U-VNTAG(spoke.deaf, 10.9.0.7/32)" == str(obligation.fact(facts[32], source))


def test_a_static_route_loses_to_what_expressroute_announces_alike(solver: Solver) -> None:
    static = HUB.replace("192.168.0.0/16, 10.9.0.0/16", "10.9.0.1/32").replace(
        "branch -- hub.g { bgp }", "branch -- hub.g"
    )
    network, claim = asked("spoke.s reaches branch only via g", "10.9.0.1/32", static)

    assert isinstance(decided(network, claim, solver), Refuted)
    assert isinstance(decided(network, replace(claim, advertising=None), solver), Refuted)


# -- what a model says of announcements -----------------------------------------------------------------


VALUES = {"dst": parse_address("172.16.3.4"), "src": parse_address("10.1.2.3"), "yes": 1, "no": 0}


def value(term: str) -> int:
    return VALUES[term]


def test_announcements_that_the_claim_does_not_allow_are_none() -> None:
    places = {
        ("dst", 12),
        ("dst", 11),
        ("dst", 24),
        ("src", 8),
        ("src", 7),
        ("src", 32),
        ("#xc0a80001", 24),
        ("#x01020304", 24),
    }
    announced = Advertised(
        within=(parse_prefix("10.0.0.0/8"), parse_prefix("172.16.0.0/12")),
        announced={f"{term}/{length}": ("c", Around(term, length)) for term, length in sorted(places)},
    )

    assert announced.prefixes(lambda term: VALUES.get(term, 1)) == {
        "c": tuple(map(parse_prefix, ("10.0.0.0/8", "10.1.2.3/32", "172.16.0.0/12", "172.16.3.0/24")))
    }


def test_the_narrowest_and_the_widest_address_of_what_is_allowed_count() -> None:
    announced = Advertised(within=(parse_prefix("10.1.2.3/32"),), announced={"yes": ("c", Around("src", 32))})

    assert announced.prefixes(value) == {"c": (parse_prefix("10.1.2.3/32"),)}
    assert replace(announced, announced={"no": ("c", Around("src", 32))}).prefixes(value) == {}


@pytest.mark.parametrize(
    ("raised_by", "length", "is_listed", "is_settled"),
    [
        (("yes",), 16, False, True), (("yes", "no"), 16, False, True), (("no",), 16, False, False),
        ((), 16, False, False), (("yes",), 16, True, False), (("yes",), 0, True, True), (("no",), 0, True, False),
    ],
)  # fmt: skip
def test_a_fact_is_settled_by_who_announces_its_prefix(
    raised_by: tuple[str, ...], length: int, is_listed: bool, is_settled: bool
) -> None:
    chosen = Advertised(facts={"u0": (place_of("dst", length), raised_by)})

    assert chosen.settles("u0", is_listed, value) is is_settled


def test_a_prefix_is_written_by_the_address_around_which_it_lies() -> None:
    written = [str(place_of(term, 24)) for term in ("src", "dst", "p0", "#x0a000004", f"#xfd{4:030x}")]

    assert written == [
        "/24 around the source", "/24 around the destination", "/24 around the address p0", "/24 around 10.0.0.4",
        "/24 around fd00::4",
    ]  # fmt: skip
    assert str(place_of("dst", 0)) == "/0"
