"""Which addresses at which places the elements of a network stand for."""

from __future__ import annotations

import pytest

from vnetverify.header import Interval, IntervalSet, Prefix, addresses_of, parse_address, parse_prefix
from vnetverify.model.endpoints import (
    PUBLIC_ADDRESSES,
    Endpoints,
    are_disjoint,
    assignable,
    endpoint_set,
    place_of,
    size,
    union,
    without,
)
from vnetverify.model.intents import INTERNET, EndpointSet, Place
from vnetverify.model.network import Network, Site, Subnet, Vnet
from vnetverify.syntax import read_text

NETWORK = read_text("""
vnet hub {
  address 10.0.0.0/16
  subnet GatewaySubnet       10.0.0.0/27
  subnet RouteServerSubnet   10.0.0.64/27
  subnet AzureFirewallSubnet 10.0.1.0/26
  subnet shared              10.0.2.0/24, 10.0.3.0/29
}
vnet spoke { address 10.1.0.0/16  subnet web 10.1.0.0/24 }
appliance fw { nic 10.0.1.4 in hub.AzureFirewallSubnet  nic 10.0.2.9, 10.0.2.8 in hub.shared  public-ip 20.0.0.9 }
site branch { address 192.168.0.0/24, 192.168.1.0/24 }
""").network
ENDPOINTS = Endpoints(NETWORK)
SHARED, FIREWALL, WEB = place_of("hub.shared"), place_of("hub.AzureFirewallSubnet"), place_of("spoke.web")
BRANCH = Place("site", "branch")


def addresses(*texts: str) -> IntervalSet:
    return addresses_of(parse_prefix(text) for text in texts)


def span(first: str, last: str) -> Interval:
    return Interval(parse_address(first), parse_address(last))


def test_a_subnet_stands_for_its_addresses_but_the_first_four_and_the_last_of_each_prefix() -> None:
    subnet = NETWORK.subnet("hub.shared")
    expected = IntervalSet((span("10.0.2.4", "10.0.2.254"), span("10.0.3.4", "10.0.3.6")))

    assert ENDPOINTS.of_subnet(subnet).parts == ((SHARED, expected),)


@pytest.mark.parametrize(("length", "number"), [(29, 3), (30, 0), (31, 0), (32, 0), (24, 251)])
def test_a_prefix_has_as_many_hosts_as_azure_leaves(length: int, number: int) -> None:
    assert assignable(Prefix(0, length)).size == number


@pytest.mark.parametrize("name", ["GatewaySubnet", "RouteServerSubnet"])
def test_a_subnet_of_azures_own_holds_no_hosts(name: str) -> None:
    assert ENDPOINTS.of_subnet(NETWORK.subnet(f"hub.{name}")) == EndpointSet((), f"hub.{name}")


def test_a_firewall_subnet_holds_its_declared_interfaces_alone() -> None:
    expected = ((FIREWALL, addresses("10.0.1.4")),)

    assert ENDPOINTS.of_subnet(NETWORK.subnet("hub.AzureFirewallSubnet")).parts == expected


def test_a_vnet_stands_for_its_subnets() -> None:
    hub = ENDPOINTS.of_vnet(NETWORK.vnets["hub"])

    assert [place for place, _ in hub.parts] == [FIREWALL, SHARED]


def test_a_machine_stands_for_the_addresses_of_its_interfaces_where_they_are() -> None:
    expected = ((FIREWALL, addresses("10.0.1.4")), (SHARED, addresses("10.0.2.8/31")))

    assert ENDPOINTS.of_machine(NETWORK.machines["fw"]).parts == expected


def test_a_site_stands_for_its_prefixes() -> None:
    assert ENDPOINTS.of_site(NETWORK.sites["branch"]).parts == ((BRANCH, addresses("192.168.0.0/23")),)


@pytest.mark.parametrize(
    ("address", "is_there"),
    [
        ("8.8.8.8", True),
        ("1.0.0.0", True),
        ("223.255.255.255", True),
        ("20.0.0.8", True),
        ("20.0.0.9", False),  # fw holds it
        ("0.255.255.255", False),
        ("10.0.0.0", False),
        ("100.64.0.0", False),
        ("127.0.0.1", False),
        ("168.63.129.16", False),
        ("169.254.1.1", False),
        ("172.31.255.255", False),
        ("172.32.0.0", True),
        ("192.168.0.1", False),
        ("224.0.0.0", False),
        ("255.255.255.255", False),
    ],
)
def test_the_internet_is_the_public_addresses_that_the_network_does_not_hold(address: str, is_there: bool) -> None:
    internet = ENDPOINTS.of_internet()

    assert (parse_address(address) in internet.at(INTERNET)) is is_there
    assert len(internet.parts) == 1


def test_a_prefix_stands_for_its_addresses_at_every_place() -> None:
    found = ENDPOINTS.in_prefix(parse_prefix("0.0.0.0/1"))

    assert [place for place, _ in found.parts] == [INTERNET, Place("public", "20.0.0.9"), FIREWALL, SHARED, WEB]
    assert found.at(WEB) == IntervalSet((span("10.1.0.4", "10.1.0.254"),))
    assert found.at(INTERNET).intervals[0].low == parse_address("1.0.0.0")


def test_a_single_address_stands_where_it_can_be_and_nowhere_else() -> None:
    assert ENDPOINTS.in_prefix(parse_prefix("10.1.0.4/32")).parts == ((WEB, addresses("10.1.0.4")),)
    assert not ENDPOINTS.in_prefix(parse_prefix("10.1.0.3/32"))  # one of the first four
    assert not ENDPOINTS.in_prefix(parse_prefix("10.77.0.0/16"))  # nowhere in this network


def test_everywhere_is_all_subnets_sites_and_the_internet() -> None:
    assert [place for place, _ in ENDPOINTS.everywhere().parts] == [INTERNET, BRANCH, FIREWALL, SHARED, WEB]


def test_an_empty_network_has_the_internet_alone() -> None:
    assert [place for place, _ in Endpoints(Network()).everywhere().parts] == [INTERNET]


def test_a_union_merges_what_adjoins_at_one_place() -> None:
    left, right = (endpoint_set([(WEB, addresses(text))]) for text in ("10.1.0.0/25", "10.1.0.128/25"))

    assert union((left, right), "both") == EndpointSet(((WEB, addresses("10.1.0.0/24")),), "both")


def test_a_difference_leaves_no_place_without_addresses() -> None:
    both = endpoint_set([(WEB, addresses("10.1.0.0/24")), (SHARED, addresses("10.0.2.0/24"))])
    rest = without(both, endpoint_set([(WEB, addresses("10.1.0.0/24")), (SHARED, addresses("10.0.2.0/25"))]))

    assert rest.parts == ((SHARED, addresses("10.0.2.128/25")),)


def test_one_address_at_two_places_is_two_endpoints() -> None:
    left, right = (endpoint_set([(place, addresses("10.1.0.4"))]) for place in (WEB, SHARED))

    assert are_disjoint((left, right))
    assert not are_disjoint((left, left))
    assert size(union((left, right))) == 2


MENTIONED = Network(
    vnets={
        "v": Vnet("v", (), (Subnet("s", "v", ()),)),
        "w": Vnet("w", (parse_prefix("10.2.0.0/16"),)),
        "x": Vnet("x", (), (Subnet("s", "x", (parse_prefix("10.3.0.0/24"),)),)),
    },
    sites={"circuit": Site("circuit", ())},
)


def test_places_without_known_addresses_are_unknown_parts_of_a_set() -> None:
    endpoints = Endpoints(MENTIONED)
    v, w, x = (endpoints.of_vnet(vnet) for vnet in MENTIONED.vnets.values())

    assert [place.name for place in v.unknown] == ["v.s"]
    assert [place.name for place in w.unknown] == ["w"]
    assert x.unknown == ()
    assert [place.name for place in endpoints.of_site(MENTIONED.sites["circuit"]).unknown] == ["circuit"]
    assert {place.name for place in endpoints.everywhere().unknown} == {"v.s", "w", "circuit"}


def test_what_is_unknown_of_a_set_goes_with_unions_and_prefixes_and_is_taken_away_by_name() -> None:
    endpoints = Endpoints(MENTIONED)
    v, w, x = (endpoints.of_vnet(vnet) for vnet in MENTIONED.vnets.values())

    assert [place.name for place in union((v, w, x)).unknown] == ["v.s", "w"]
    assert [place.name for place in without(union((v, w, x)), v).unknown] == ["w"]
    assert endpoints.in_prefix(parse_prefix("10.9.0.0/16")).unknown == endpoints.everywhere().unknown


# What comes in by public addresses

PUBLISHED = read_text("""
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24
  subnet AzureFirewallSubnet 10.0.2.0/26
}
vm one { nic 10.0.1.4 in v.web  public-ip standard 20.0.0.12 }
vm two { nic 10.0.1.5 in v.web  public-ip standard }
load-balancer shop standard in v.web {
  frontend 10.0.1.100
  frontend known public-ip 20.0.0.9
  frontend some public-ip
}
firewall fw {
  nic 10.0.2.4 in v.AzureFirewallSubnet  public-ip entry standard 20.0.0.10
  public-ip idle standard 20.0.0.11
  public-ip unknown
  collection nat 100 d {
    rule web tcp from * at entry port 80 -> 10.0.1.4
    rule ssh tcp from * at unknown port 22 -> 10.0.1.4
    rule rdp tcp from * at private port 3389 -> 10.0.1.4
  }
}
""").network
PUBLIC = Endpoints(PUBLISHED)


def test_a_load_balancer_stands_for_its_frontends_inside_and_outside() -> None:
    assert PUBLIC.of_load_balancer(PUBLISHED.load_balancers["shop"]).parts == (
        (Place("public", "shop/known"), addresses("20.0.0.9")),
        (Place("public", "shop/some"), PUBLIC_ADDRESSES),
        (place_of("v.web"), addresses("10.0.1.100")),
    )


def test_a_firewall_stands_for_its_address_and_the_public_ones_at_which_it_translates() -> None:
    assert PUBLIC.of_machine(PUBLISHED.machines["fw"]).parts == (
        (Place("public", "fw/entry"), addresses("20.0.0.10")),
        (Place("public", "fw/unknown"), PUBLIC_ADDRESSES),
        (place_of("v.AzureFirewallSubnet"), addresses("10.0.2.4")),
    )


def test_a_prefix_holds_the_public_places_whose_addresses_it_covers() -> None:
    parts = dict(PUBLIC.in_prefix(parse_prefix("20.0.0.8/29")).parts)

    assert {place.name: held for place, held in parts.items() if place.kind == "public"} == {
        "shop/known": addresses("20.0.0.9"),
        "fw/entry": addresses("20.0.0.10"),
        "20.0.0.12": addresses("20.0.0.12"),
    }


def test_with_a_host_goes_the_public_address_that_leads_to_it() -> None:
    of_one, of_two = (PUBLIC.of_machine(PUBLISHED.machines[name]) for name in ("one", "two"))

    assert PUBLIC.with_other_names(of_one).at(Place("public", "20.0.0.12")) == addresses("20.0.0.12")
    assert PUBLIC.with_other_names(of_two).parts == of_two.parts


def test_the_internet_does_not_hold_what_frontends_and_firewalls_have() -> None:
    internet = PUBLIC.of_internet().at(INTERNET)

    assert not any(parse_address(f"20.0.0.{last}") in internet for last in (9, 10, 11, 12))
    assert parse_address("20.0.0.13") in internet


def test_vnets_subnets_and_everything_leave_public_places_out() -> None:
    vnet = PUBLISHED.vnets["v"]
    sets = (PUBLIC.everywhere(), PUBLIC.of_vnet(vnet), *map(PUBLIC.of_subnet, vnet.subnets))

    assert all(place.kind != "public" for endpoints in sets for place, _ in endpoints.parts)
