"""Networks on which the two engines once differed, as Hypothesis shrank them."""

from __future__ import annotations

import pytest

from vnetverify.facts import World
from vnetverify.model.intents import INTERNET, Place
from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.verdict import verdict_word
from vnetverify.simulator.claims import violates
from vnetverify.syntax.read import read_text
from vnetverify.testing.question_lines import parse_flow


def verdicts(text: str) -> dict[str, str]:
    report = prove(Loaded(read_text(text), {}, ()), Options())
    return {result.intent.name: verdict_word(result.verdict) for result in report.results}


def test_a_site_has_no_next_hop() -> None:
    """The encoding found a flow from the site to contradict; the simulator, which knows no subnet there, did not."""
    text = """
    vnet a {
      address 10.0.0.0/16
      subnet s 10.0.0.0/24
    }
    site branch { address 192.168.0.0/24 }
    intent from-a-site   { next hop of branch to a is peering }
    intent from-anywhere { next hop of branch, internet, a to a is vnet-local }
    """

    assert verdicts(text) == {"from-a-site": "vacuous", "from-anywhere": "proved"}


def test_a_public_address_that_an_interface_holds_is_not_at_the_internet() -> None:
    """The simulator asked that a packet for the interface reach the Internet."""
    text = """
    vnet a {
      address 10.0.0.0/16
      subnet s 10.0.0.0/24 default-outbound on
    }
    vm m { nic 10.0.0.4 in a.s  public-ip standard }
    intent out { a reaches internet on https }
    """
    document = read_text(text)
    (public,) = [nic.public_address for nic in document.network.nics() if nic.public_address]
    flow = parse_flow("tcp 10.0.0.5:50000 -> 41.0.0.1:443")
    held = World({}, {public.name: flow.destination})

    assert violates(document.network, document.intents[0].claims[0], Place("subnet", "a.s"), flow, held) is None


def test_what_is_for_its_own_sender_is_no_flow() -> None:
    """Where a vnet uses public space, an address is one at the Internet too; the simulator took the sender for it.

    Nobody sends to the address that is its own; what is for the neighbour's comes to one of the two places alone.
    """
    text = """
    vnet a {
      address 4.130.0.0/24
      subnet s 4.130.0.0/26
    }
    intent out { a reaches internet, a on https }
    """
    document = read_text(text)
    claim, origin = document.intents[0].claims[0], Place("subnet", "a.s")
    own, other = (parse_flow(f"tcp 4.130.0.4:50000 -> 4.130.0.{host}:443") for host in (4, 5))

    assert violates(document.network, claim, origin, own, World()) is None
    assert violates(document.network, claim, origin, other, World()) is not None


def test_nobody_at_the_internet_is_both_ends() -> None:
    """The encoding counted a packet from an Internet host to itself."""
    text = """
    vnet a { address 10.0.0.0/16 }
    intent itself { 203.0.113.9/32 reaches 203.0.113.9/32 on https }
    """
    claim = read_text(text).intents[0].claims[0]

    assert [place for place, _ in claim.pairs[0][0].parts] == [INTERNET]
    assert verdicts(text) == {"itself": "vacuous"}


def test_both_engines_name_an_unlisted_tag_alike() -> None:
    """The encoding called the fact otherwise, so that a replayed witness ran in another world."""
    text = """
    vnet a {
      address 10.0.0.0/16
      subnet s 10.0.0.0/24  nsg n  default-outbound on
    }
    nsg n { outbound 100 storage deny any from any to Storage }
    assume U-TAG(Storage, destination) = false
    intent out { a reaches 203.0.113.0/24 on https }
    """

    assert verdicts(text) == {"out": "proved"}


@pytest.mark.parametrize("hop", ["peering", "vnet-local", "none"])
def test_a_subnet_without_a_table_does_not_borrow_the_routes_of_its_neighbour(hop: str) -> None:
    """A branch that gives false vanished from the tree where other keys may give anything: a false proof."""
    text = f"""
    vnet v {{
      address 10.0.0.0/16
      subnet a 10.0.0.0/24  routes r
      subnet b 10.0.1.0/24
    }}
    route-table r {{ all 192.168.0.0/16 -> vnet-local }}
    site branch {{ address 192.168.0.0/24 }}
    intent both {{ next hop of v to branch is {hop} }}
    """

    assert verdicts(text) == {"both": "refuted"}


@pytest.mark.parametrize(("hop", "verdict"), [("appliance", "proved"), ("none", "refuted")])
def test_a_route_to_an_appliance_that_nobody_is_names_an_appliance_all_the_same(hop: str, verdict: str) -> None:
    """The encoding took the next hop of a route that drops for `none`."""
    text = f"""
    vnet v {{
      address 10.0.0.0/16
      subnet s 10.0.0.0/24  routes r
    }}
    route-table r {{ far 192.168.0.0/16 -> appliance 10.99.0.4 }}
    site branch {{ address 192.168.0.0/24 }}
    assume U-R-UDR-8 = false
    intent there {{ next hop of v to branch is {hop} }}
    """

    assert verdicts(text) == {"there": verdict}


def test_peered_subnets_are_not_in_the_tag_where_access_is_off() -> None:
    """The encoding let the tag hold the peer's space, which the flag takes out of it; the simulator did not."""
    text = """
    vnet a {
      address 10.0.0.0/16
      subnet s 10.0.0.0/24 nsg n
    }
    vnet b {
      address 10.1.0.0/16
      subnet s 10.1.0.0/24
    }
    peering a -> b {
      allow-virtual-network-access off
      local-subnets s
      remote-subnets s
    }
    peering b -> a {
      local-subnets s
      remote-subnets s
    }
    nsg n {}
    intent apart { a isolated from b }
    """

    assert verdicts(text) == {"apart": "proved"}


def test_of_two_reasons_for_the_tag_one_that_is_documented_is_enough() -> None:
    """The range of a group's member was documented in the tag for the encoding, and for the simulator not.

    Of another subnet's route to the same prefix nothing is documented.
    """
    text = """
    vnet a {
      address 10.0.0.0/16
      subnet s 10.0.0.0/24 nsg n
      subnet t 10.0.1.0/24 routes r
    }
    vnet b {
      address 10.1.0.0/16
      subnet s 10.1.0.0/24
    }
    connected-group mesh { members a, b }
    nsg n {}
    route-table r { b 10.1.0.0/16 -> none }
    reading documented
    intent apart { b never reaches a.s }
    """

    assert verdicts(text) == {"apart": "refuted"}


IMPLIED = """
vnet hub {
  address 10.0.0.0/16
  subnet fw 10.0.1.0/24
}
vnet a {
  address 10.1.0.0/16
  subnet s 10.1.0.0/24 routes r
}
peering hub -> a
peering a -> hub
route-table r { x 10.0.1.0/24 -> appliance 10.0.1.9 }
"""


def test_an_undeclared_next_hop_is_a_destination_too() -> None:
    """The encoding delivered nothing to it, and proved that nothing reaches it (R-META-3, R-UDR-10)."""
    intents = """
    intent apart { a.s never reaches 10.0.1.9/32 }
    intent there { a.s reaches 10.0.1.9/32 on ssh }
    """

    assert verdicts(IMPLIED + intents) == {"apart": "refuted", "there": "proved"}


def test_an_undeclared_next_hop_may_fail() -> None:
    """The simulator let only declared appliances fail (I-FAILURES)."""
    text = f"{IMPLIED} intent sturdy {{ a.s reaches 10.0.1.9/32 on ssh under any 1 failure of appliance }}"

    assert verdicts(text) == {"sturdy": "refuted"}


def test_what_leaves_by_a_service_endpoint_comes_back_in_nowhere() -> None:
    """The encoding let it in at the VM whose public address lies in the service's range (R-SYS-9, R-TRAF-10)."""
    text = """
    service-tag Sql 40.0.0.0/30
    vnet a {
      address 10.0.0.0/16
      subnet s 10.0.0.0/24 service-endpoints Microsoft.Sql
      subnet t 10.0.1.0/24 nsg closed
    }
    nsg closed {
      inbound 100 web allow tcp from internet to any port 80
      inbound 200 rest deny any from any to any
    }
    vm m { nic 10.0.1.4 in a.t public-ip basic 40.0.0.1 }
    intent apart { a.s never reaches a.t }
    """

    assert verdicts(text) == {"apart": "proved"}


def test_what_a_site_announces_may_lie_around_the_member_behind_a_frontend() -> None:
    """The encoding asked whether a prefix was announced around an address that no model has."""
    text = """
    vnet v {
      address 10.0.0.0/16
      subnet clients       10.0.1.0/24 nsg n
      subnet servers       10.0.2.0/24
      subnet GatewaySubnet 10.0.255.0/27
      gateway vpn g
    }
    nsg n {
      outbound 100 inside allow any from any to VirtualNetwork
      outbound 200 rest   deny  any from any to any
    }
    vm server { nic 10.0.2.4 in v.servers }
    load-balancer web standard in v.servers {
      frontend 10.0.2.100
      rule https tcp 443 -> server
    }
    site branch { address 192.168.0.0/16 }
    connection branch -- v.g { bgp }
    intent kept-out { v.clients never reaches web whatever branch advertises }
    intent let-in   { v.clients reaches web on https whatever branch advertises }
    """

    assert verdicts(text) == {"kept-out": "refuted", "let-in": "proved"}


def test_a_member_of_an_ipv6_frontend_has_no_implicit_way_out_in_ipv4_either() -> None:
    """The plane of IPv4 had lost the rule, and the encoding with it the membership (F-OUT-4)."""
    text = """
    vnet v {
      address 10.0.0.0/16, fd00:db8::/48
      subnet s 10.0.1.0/24, fd00:db8:0:1::/64 default-outbound on
    }
    vm m { nic 10.0.1.4, fd00:db8:0:1::4 in v.s }
    load-balancer lb standard in v.s {
      frontend fd00:db8:0:1::100
      rule web tcp 443 -> m
    }
    intent out  { m reaches internet on https }
    intent none { m never reaches internet }
    """

    assert verdicts(text) == {"out": "refuted", "none": "proved"}


def test_a_reply_comes_to_its_own_sender_as_to_an_appliance() -> None:
    """The encoding had the groups of the sender judge the reply as new where it is its own next hop (F-STATE-2)."""
    text = """
    vnet a {
      address 10.0.1.0/24
      subnet t 10.0.1.64/26 nsg n
    }
    vnet b {
      address 10.0.4.0/24
      subnet s 10.0.4.0/26 routes r
    }
    peering a -> b
    peering b -> a
    nsg n { inbound 100 rest deny any from any to any }
    route-table r { back 10.0.1.0/24 -> appliance 10.0.1.68 }
    appliance fw {
      nic 10.0.1.68 in a.t
      forwards any from any to any
      stateless
    }
    intent there { fw reaches b on ssh }
    intent ever  { fw sometimes reaches b on ssh }
    intent back  { b never reaches fw }
    """

    assert verdicts(text) == {"there": "proved", "ever": "proved", "back": "proved"}


def test_a_sender_that_its_own_flow_passes_keeps_no_record_that_it_does_not_keep_as_an_appliance() -> None:
    """The encoding asked for the record of what it sent alone, and so had a wrong proof (F-ADM-18)."""
    text = """
    vnet a {
      address 10.0.1.0/24
      subnet t 10.0.1.64/26 routes r
      subnet u 10.0.1.128/26
    }
    vnet b {
      address 10.0.4.0/24
      subnet s 10.0.4.0/26
    }
    peering a -> b { allow-forwarded-traffic }
    peering b -> a { allow-forwarded-traffic }
    admin-rules w by corp for a {
      inbound 10 in always-allow tcp from 10.0.1.68/32 to 10.0.4.0/24
      inbound 20 no deny tcp from 10.0.4.0/24 to any
    }
    route-table r { back 10.0.4.0/24 -> appliance 10.0.1.68 }
    appliance fw {
      nic 10.0.1.68 in a.t
      nic 10.0.1.132 in a.u
      forwards any from any to any
      stateless
    }
    intent there { fw reaches b on ssh }
    assume U-EXIT(fw, fw) = false
    assume U-AASTATE = true
    """

    assert verdicts(text) == {"there": "refuted"}
    assert verdicts(text.replace("AASTATE = true", "AASTATE = false")) == {"there": "proved"}


def test_a_receiver_that_its_own_flow_passes_keeps_no_record_that_it_does_not_keep_as_an_appliance() -> None:
    """The encoding asked for the record of what came in alone, and so had a wrong proof (F-ADM-18)."""
    text = """
    vnet a {
      address 10.0.1.0/24
      subnet t 10.0.1.64/26
      subnet u 10.0.1.128/26
    }
    vnet b {
      address 10.0.4.0/24
      subnet s 10.0.4.0/26 routes r
    }
    peering a -> b { allow-forwarded-traffic }
    peering b -> a { allow-forwarded-traffic }
    admin-rules w by corp for a {
      outbound 10 out always-allow tcp from 10.0.4.0/24 to 10.0.1.132/32
      outbound 20 no deny tcp from any to 10.0.4.0/24
    }
    route-table r { back 10.0.1.128/26 -> appliance 10.0.1.68 }
    appliance fw {
      nic 10.0.1.68 in a.t
      nic 10.0.1.132 in a.u
      forwards any from any to any
      stateless
    }
    intent there { b reaches 10.0.1.132/32 on ssh }
    assume U-EXIT(fw, fw) = false
    assume U-OWNADDR = false
    assume U-AASTATE = true
    """

    assert verdicts(text) == {"there": "refuted"}
    assert verdicts(text.replace("AASTATE = true", "AASTATE = false")) == {"there": "proved"}


def test_icmpv6_passes_an_implied_appliance_as_it_passes_its_neighbours() -> None:
    """The encoding had a fact for the implied interface, the simulator that of its subnet (F-NSG-16)."""
    text = """
    vnet a {
      address 10.0.0.0/16
      address fd00:db8::/48
      subnet s 10.0.0.0/24, fd00:db8:0:1::/64  routes r
      subnet t 10.0.1.0/24, fd00:db8:0:2::/64  nsg n
      subnet u 10.0.2.0/24, fd00:db8:0:3::/64
    }
    nsg n { inbound 100 all allow any from any to any }
    route-table r { over fd00:db8:0:3::/64 -> appliance fd00:db8:0:2::9 }
    assume U-ICMPV6(a.t, inbound) = false
    assume U-REWRITES(fd00:db8:0:2::9 in a.t) = false
    intent over  { a.s never reaches fd00:db8:0:3::/64 on icmp }
    intent there { a.s never reaches fd00:db8:0:2::9/128 on icmp }
    """

    assert verdicts(text) == {"over": "proved", "there": "proved"}


def test_what_came_back_in_at_a_firewall_is_not_answered_by_the_internet() -> None:
    """Where targets have public addresses the encoding took a packet on its way out for one that is answered there."""
    text = """
    vnet v {
      address 30.0.0.0/24
      subnet s                   30.0.0.0/26 routes to-fw
      subnet t                   30.0.0.64/26
      subnet AzureFirewallSubnet 30.0.0.128/26
    }
    route-table to-fw { all 0.0.0.0/0 -> appliance 30.0.0.132 }
    vm target { nic 30.0.0.68 in v.t }
    firewall fw {
      nic 30.0.0.132 in v.AzureFirewallSubnet public-ip entry standard 203.0.113.5
      collection nat 100 in { rule web tcp from 30.0.0.0/24 at entry port 80 -> 30.0.0.68 port 443 }
      collection application 200 out allow { rule web http from * to * }
    }
    assume U-FWHAIRPIN = false
        assume U-R-TRAF-10 = true
    assume U-R-SYS-10 = false
    assume U-HAIRPUB = false
    intent back { v.s, 198.51.100.0/24 sometimes reaches fw.entry on tcp/80 }
    """

    assert verdicts(text) == {"back": "refuted"}


def test_a_sender_has_one_address_on_the_internet_whatever_was_translated_before() -> None:
    """The encoding let the firewall have two, and told the simulator the one by which it had not sent (F-ADDR-7)."""
    text = """
    vnet a {
      address 10.0.0.0/16
      subnet t                   10.0.0.0/24  routes to-fw  nsg apart
      subnet s                   10.0.1.0/24
      subnet AzureFirewallSubnet 10.0.2.0/26
      subnet GatewaySubnet       10.0.3.0/27
      gateway vpn gw
    }
    nsg n {}
    nsg apart { outbound 100 within deny any from * to 10.0.1.0/24 }
    route-table to-fw { all 0.0.0.0/0 -> appliance 10.0.2.4 }
    vm m { nic 10.0.1.4 in a.s  nsg n  public-ip standard }
    firewall fw {
      nic 10.0.2.4 in a.AzureFirewallSubnet  public-ip standard
      private-ranges learned
      bandwidth 10 Gbps
      collection network 100 out allow { rule all any from * to * }
    }
    site here { address 31.0.0.0/24 }
    connection c: here -- a.gw
    intent wide { bottleneck of a.t to internet, a.s at least 100 Mbps }
    """

    assert verdicts(text) == {"wide": "unknown"}


def test_what_a_nat_rule_sends_on_counts_by_the_place_of_the_rule() -> None:
    """The simulator counted it by its end too, where that had the address of the firewall (F-FW-5)."""
    text = """
    vnet v {
      address 30.0.0.0/24
      subnet t                   30.0.0.64/26
      subnet AzureFirewallSubnet 30.0.0.128/26
    }
    vm m { nic 30.0.0.68 in v.t }
    firewall fw {
      nic 30.0.0.133 in v.AzureFirewallSubnet  public-ip entry standard 30.0.0.68
      collection nat 100 in { rule web tcp from * at entry port 8443 -> 30.0.0.68 port 443 }
    }
    intent host  { 198.51.100.7/32 reaches m on tcp/8443 }
    intent place { 198.51.100.7/32 reaches fw.entry on tcp/8443 }
    """

    assert verdicts(text) == {"host": "refuted", "place": "proved"}


def test_what_an_endpoint_takes_counts_by_the_endpoint_where_its_member_has_the_same_address() -> None:
    """The simulator counted it as a packet for the member, whose network overlaps that of the endpoint (F-PE-10)."""
    text = """
    vnet a {
      address 10.0.0.0/24, 10.9.9.0/24
      subnet s 10.0.0.0/26
      subnet o 10.9.9.0/26
    }
    vnet b { address 10.9.9.0/24  subnet o 10.9.9.0/26 }
    vm m { nic 10.9.9.4 in a.o }
    load-balancer lb standard in a.o { frontend f 10.9.9.6  rule all any -> m }
    private-link-service pls of lb.f at 10.0.0.4 in a.s
    private-endpoint linked 10.9.9.4 in b.o to pls
    intent member   { b.o reaches m on tcp/443 }
    intent endpoint { b.o reaches linked on tcp/443 }
    """

    assert verdicts(text) == {"member": "refuted", "endpoint": "proved"}
