from __future__ import annotations

from dataclasses import replace

from tests.unit.simulator_networks import (
    Element,
    at,
    expressroute,
    flow,
    network,
    peered,
    prefixes,
    site,
    subnet,
    transit,
    vnet,
    vpn,
    world,
)
from vnetverify.facts import World
from vnetverify.header import ALL_PORTS, Family, Flow, addresses_of
from vnetverify.model.intents import Advertising, Claim, EndpointSet, Verb
from vnetverify.model.network import Connection, Network, Service
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.gateways import learned
from vnetverify.simulator.situation import situation_of
from vnetverify.simulator.tags import virtual_network
from vnetverify.source import NOWHERE

HUB: tuple[Element, ...] = (
    vnet("hub", "10.0.0.0/16", subnet("GatewaySubnet", "10.0.255.0/27")),
    vnet("spoke", "10.1.0.0/16", subnet("web", "10.1.1.0/24")),
    transit("spoke", "hub"),
    site("branch", "192.168.0.0/16"),
    expressroute("er", "hub"),
    Connection("line", "er", site="branch", circuit="k"),
)
TO_BRANCH = flow("10.1.1.4", "192.168.0.4")
NETWORK = network(*HUB)


def advertising(*within: str, site: str = "branch") -> Advertising:
    return Advertising(site, tuple(prefix for text in within for prefix in prefixes(text)))


def telling(**announced: str) -> World:
    """Return the documented world in which each connection announces these prefixes."""
    return World(advertised={name.replace("_", "-"): prefixes(texts) for name, texts in announced.items()})


def ends(place: str, space: str) -> EndpointSet:
    return EndpointSet(((at(place), addresses_of(prefixes(space))),))


def claim(verb: Verb, left: EndpointSet, right: EndpointSet) -> Claim:
    return Claim(verb, ((left, right),), Service("any", ((None, ALL_PORTS),)), "", NOWHERE)


def never(*within: str) -> Claim:
    asked = claim(Verb.NEVER_REACHES, ends("spoke.web", "10.1.1.0/24"), ends("branch", "192.168.0.0/16"))
    return replace(asked, advertising=advertising(*within))


def broken(asked: Claim, world: World, sent: Flow = TO_BRANCH, of: Network = NETWORK) -> bool:
    return violates(of, asked, at("spoke.web"), sent, world) is not None


def test_a_site_may_announce_what_it_holds() -> None:
    assert broken(never("0.0.0.0/0"), telling(line="192.168.0.0/24"))


def test_a_site_that_announces_nothing_is_not_reached_though_its_prefixes_are_declared() -> None:
    assert broken(replace(never("0.0.0.0/0"), advertising=None), World())
    assert not broken(never("0.0.0.0/0"), World())
    assert not broken(never("0.0.0.0/0"), telling(line=""))


def test_what_lies_outside_of_what_the_claim_allows_is_none_of_its_worlds() -> None:
    asked = never("10.0.0.0/8")

    assert not in_question(NETWORK, asked, at("spoke.web"), TO_BRANCH, telling(line="192.168.0.0/24"))
    assert not broken(asked, telling(line="192.168.0.0/24"))


def test_a_static_connection_announces_what_is_declared() -> None:
    static = (*HUB[:4], vpn("vpn", "hub"), Connection("tunnel", "vpn", site="branch"))

    assert broken(never("0.0.0.0/0"), World(), of=network(*static))
    assert not broken(never("0.0.0.0/0"), telling(tunnel="192.168.0.0/24"), of=network(*static))


def test_another_site_announces_what_is_declared() -> None:
    asked = replace(never("0.0.0.0/0"), advertising=advertising("0.0.0.0/0", site="elsewhere"))

    assert broken(asked, World(), of=network(*HUB, site("elsewhere", "172.16.0.0/16")))


def test_the_site_holds_no_more_than_is_declared() -> None:
    asked = replace(never("0.0.0.0/0"), pairs=((ends("spoke.web", "10.1.1.0/24"), ends("branch", "0.0.0.0/0")),))

    assert not broken(asked, telling(line="172.16.0.0/12"), flow("10.1.1.4", "172.16.0.4"))
    assert broken(asked, telling(line="192.168.0.0/16"))


def test_a_longer_announcement_draws_what_a_peering_would_not_carry() -> None:
    """The space of the peer stays with the peering, whatever is announced inside it (R-SEL-3)."""
    peers = network(*HUB, vnet("other", "10.2.0.0/16", subnet("db", "10.2.1.0/24")), peered("spoke", "other"))
    asked = replace(
        claim(Verb.REACHES, ends("spoke.web", "10.1.1.0/24"), ends("other.db", "10.2.1.0/24")),
        advertising=advertising("10.2.0.0/16"),
    )

    assert not broken(asked, telling(line="10.2.1.0/24"), flow("10.1.1.4", "10.2.1.4"), peers)


def test_what_lies_in_the_space_of_the_gateway_is_discarded() -> None:
    assert learned(NETWORK, "er", telling(line="10.0.0.0/24 10.0.0.0/8"))[0].prefix == prefixes("10.0.0.0/8")[0]
    assert len(learned(NETWORK, "er", telling(line="10.0.0.0/24 10.0.0.0/8"))) == 1


def test_the_virtual_network_tag_holds_what_is_announced() -> None:
    situation = situation_of(NETWORK, telling(line="172.16.0.0/12"), Family.IPV4)
    tag = virtual_network(situation, situation.index.subnets["spoke.web"])

    assert prefixes("172.16.0.0/12")[0] in tag.certain
    assert prefixes("192.168.0.0/16")[0] not in tag.certain


def test_a_story_says_what_the_site_announces() -> None:
    violation = violates(NETWORK, never("0.0.0.0/0"), at("spoke.web"), TO_BRANCH, telling(line="192.168.0.0/16"))

    assert violation is not None
    assert violation.traces[0].steps[0].what == "branch announces 192.168.0.0/16 (as it may)"


def test_a_world_with_announcements_and_failures_is_no_other_network() -> None:
    told = telling(line="192.168.0.0/16")

    assert situation_of(NETWORK, told, Family.IPV4).network is situation_of(NETWORK, replace(told), Family.IPV4).network
    assert situation_of(NETWORK, world(), Family.IPV4).network is NETWORK
