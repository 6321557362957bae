"""What a network and a claim are for one family of addresses."""

from __future__ import annotations

import pytest

from vnetverify.encoder.claims import encode
from vnetverify.header import ALL_PORTS, ICMP, ICMPV6, TCP, Family, Prefix, parse_prefix
from vnetverify.model.intents import INTERNET, Claim
from vnetverify.model.network import Network
from vnetverify.model.planes import claim_in, families_of, has_ipv6, only_family, plane
from vnetverify.source import Source
from vnetverify.syntax import Document, read

BOTH = """\
vnet v { address 10.0.0.0/16, fd00:a::/48
         subnet web 10.0.1.0/24, fd00:a:0:1::/64 routes table
         subnet old 10.0.2.0/24 }
vnet w { address 10.1.0.0/16, fd00:b::/48  subnet s 10.1.1.0/24, fd00:b:0:1::/64 }
peering v -> w { enable-only-ipv6-peering }
peering w -> v
route-table table { four 10.9.0.0/16 -> none  six fd00:9::/48 -> none }
vm one { nic 10.0.1.4, fd00:a:0:1::4 in v.web public-ip four standard 20.0.0.9 public-ip six standard 2a00::9 }
route-server rs in w { peer one advertises 10.7.0.0/16, fd00:7::/48 }
load-balancer front standard in w.s {
  frontend four 10.1.1.100
  frontend six fd00:b:0:1::100
  rule web tcp 80 at four -> one
  rule web6 tcp 80 at six -> one
}
"""
ONE = """\
vnet v { address 10.0.0.0/16  subnet web 10.0.1.0/24  subnet db 10.0.2.0/24 }
"""


def read_text(text: str, sentence: str = "") -> Document:
    found = read([Source("t.vnet", f"{text}\nintent asked {{ {sentence} }}\n" if sentence else text)], Network())
    assert not found.diagnostics, found.diagnostics
    return found


def claim_of(text: str, sentence: str) -> Claim:
    claim = read_text(text, sentence).intents[0].claims[0]
    assert isinstance(claim, Claim)
    return claim


def prefixes(*texts: str) -> tuple[Prefix, ...]:
    return tuple(map(parse_prefix, texts))


def test_a_network_without_ipv6_is_its_own_plane() -> None:
    network = read_text(ONE).network

    assert not has_ipv6(network)
    assert plane(network, Family.IPV4) is network


def test_ranges_subnets_routes_and_interfaces_keep_what_is_of_the_family() -> None:
    network = plane(read_text(BOTH).network, Family.IPV6)
    (nic,) = network.nics()

    assert network.vnets["v"].address_space == prefixes("fd00:a::/48")
    assert [subnet.prefixes for subnet in network.vnets["v"].subnets] == [prefixes("fd00:a:0:1::/64"), ()]
    assert [route.name for route in network.route_tables["table"].routes] == ["six"]
    assert nic.addresses == (parse_prefix("fd00:a:0:1::4").value,)
    assert nic.public_address is not None
    assert nic.public_address.name == "six"


def test_a_peering_of_ipv6_alone_has_no_half_in_ipv4() -> None:
    network = read_text(BOTH).network

    assert plane(network, Family.IPV4).peerings == ()
    assert len(plane(network, Family.IPV6).peerings) == 2


def test_a_route_server_tells_nothing_in_ipv6() -> None:
    network = read_text(BOTH).network
    told = {family: [p.prefixes for s in plane(network, family).route_servers for p in s.peers] for family in Family}

    assert told == {Family.IPV4: [prefixes("10.7.0.0/16")], Family.IPV6: [()]}


def test_a_load_balancer_keeps_the_frontends_of_the_family_and_by_all_rules_its_members() -> None:
    whole = read_text(BOTH).network.load_balancers["front"]
    balancer = plane(read_text(BOTH).network, Family.IPV6).load_balancers["front"]

    assert [frontend.name for frontend in balancer.frontends] == ["six"]
    assert [rule.members for rule in balancer.rules] == [rule.members for rule in whole.rules]


# -- claims ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "families"),
    [
        ("v.web reaches w.s", (Family.IPV4, Family.IPV6)),
        ("v.old reaches w.s", (Family.IPV4,)),
        ("fd00:a::/48 reaches w.s", (Family.IPV6,)),
        ("v.old reaches fd00:b::/48", ()),
    ],
)
def test_a_claim_is_about_the_families_that_a_pair_has_on_both_sides(
    sentence: str, families: tuple[Family, ...]
) -> None:
    assert families_of(claim_of(BOTH, sentence)) == families


def test_the_internet_has_ipv6_only_where_the_network_has() -> None:
    (_, internet), *_ = claim_of(ONE, "v reaches internet").pairs
    (_, both), *_ = claim_of(BOTH, "v reaches internet").pairs

    assert parse_prefix("2a00::1").value not in internet.at(INTERNET)
    assert parse_prefix("2a00::1").value in both.at(INTERNET)
    assert parse_prefix("2a00::9").value not in both.at(INTERNET)


def test_a_claim_about_ipv4_alone_is_its_own_plane() -> None:
    claim = claim_of(ONE, "v.web reaches v.db on icmp")

    assert claim_in(claim, Family.IPV4) is claim


def test_icmp_in_a_claim_is_the_icmp_of_each_family() -> None:
    claim = claim_of(BOTH, "v.web reaches w.s on icmp, tcp/80")
    protocols = {family: [number for number, _ in claim_in(claim, family).service.parts] for family in Family}

    assert protocols == {Family.IPV4: [ICMP, TCP], Family.IPV6: [TCP, ICMPV6]}
    assert dict(claim_in(claim, Family.IPV6).service.parts)[ICMPV6] == ALL_PORTS


def test_what_is_encoded_is_of_one_plane() -> None:
    document = read_text(BOTH, "v.web reaches w.s")
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)

    assert only_family(claim_in(claim, Family.IPV6)) is Family.IPV6
    with pytest.raises(ValueError, match="both families"):
        encode(document.network, claim, {})


DEVICES = """\
vnet v { address 10.0.0.0/16, fd00:a::/48
         subnet web 10.0.1.0/24, fd00:a:0:1::/64
         subnet AzureFirewallSubnet 10.0.2.0/26
         subnet links 10.0.3.0/24 }
vm one { nic 10.0.1.4, fd00:a:0:1::4 in v.web }
load-balancer shop standard {
  frontend four public-ip 20.0.0.9
  frontend some public-ip
  frontend six public-ip 2a00::9
  rule web tcp 80 at four -> one
}
load-balancer orders standard in v.web { frontend 10.0.1.100  rule web tcp 80 -> one }
private-link-service offer of orders at 10.0.3.9 in v.links
firewall fw {
  nic 10.0.2.4 in v.AzureFirewallSubnet  public-ip entry standard 20.0.0.10
  public-ip second standard 20.0.0.11
  collection nat 100 d { rule web tcp from * at second port 80 -> 10.0.1.4 }
  collection network 100 n allow { rule all any from * to 10.0.0.0/8, fd00::/8 }
}
"""


def test_public_frontends_are_of_their_addresses_family_and_of_ipv4_where_that_is_not_known() -> None:
    network = read_text(DEVICES).network
    four, six = (plane(network, family).load_balancers["shop"] for family in Family)

    assert [frontend.name for frontend in four.public_frontends] == ["four", "some"]
    assert [frontend.name for frontend in six.public_frontends] == ["six"]


def test_firewalls_translate_and_private_link_services_serve_in_ipv4_alone() -> None:
    network = read_text(DEVICES).network
    four, six = (plane(network, family) for family in Family)
    kept, other = four.machines["fw"].firewall, six.machines["fw"].firewall

    assert four.machines["fw"] == network.machines["fw"]
    assert kept is not None
    assert other is not None
    assert [rule.name for rule in kept.rules] == ["web", "all"]
    assert ([rule.name for rule in other.rules], other.public_addresses) == (["all"], ())
    assert len(four.private_link_services["offer"].addresses) == 1
    assert six.private_link_services["offer"].addresses == ()


def test_a_public_frontend_of_ipv6_is_ipv6_in_the_network() -> None:
    assert has_ipv6(read_text(f"{ONE}load-balancer b {{ frontend public-ip 2a00::9 }}").network)
    assert not has_ipv6(read_text(f"{ONE}load-balancer b {{ frontend public-ip }}").network)


def test_a_claim_about_public_frontends_has_each_in_its_family() -> None:
    claim = claim_of(DEVICES, "internet reaches shop, fw on http")
    places = [[place.name for place, _ in claim_in(claim, family).pairs[0][1].parts] for family in Family]

    assert places[0] == ["fw/second", "shop/four", "shop/some", "v.AzureFirewallSubnet"]
    assert places[1] == ["shop/six"]
