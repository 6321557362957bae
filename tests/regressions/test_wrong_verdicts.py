"""Networks on which a verdict was wrong by the rule book, cut down to what it takes."""

from __future__ import annotations

import pytest

from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.verdict import verdict_word
from vnetverify.syntax.read import read_text


def verdicts(text: str) -> dict[str, str]:
    report = prove(Loaded(read_text(text), {}, ()), Options())
    return {result.intent.name: verdict_word(result.verdict) for result in report.results}


TWO_ON_A_CIRCUIT = """
vnet a {
  address 10.1.0.0/16
  subnet GatewaySubnet 10.1.0.0/27
  subnet w 10.1.1.0/24
  gateway expressroute ga { allow-remote-vnets on }
}
vnet b {
  address 10.2.0.0/16
  subnet GatewaySubnet 10.2.0.0/27
  subnet w 10.2.1.0/24
  gateway expressroute gb { allow-remote-vnets on }
}
site hq { address 172.16.0.0/12 }
connection to-a: hq -- a.ga { circuit Main }
connection to-b: hq -- b.gb { circuit main }
"""


def test_a_gateway_whose_connection_is_down_is_off_the_circuit() -> None:
    """The encoding let it share the circuit still, and proved what one cut cable breaks."""
    text = f"{TWO_ON_A_CIRCUIT} intent sturdy {{ a reaches b under any 1 failure of connection }}"

    assert verdicts(text) == {"sturdy": "refuted"}


def test_circuits_are_compared_without_regard_to_case() -> None:
    """The simulator took them for two."""
    text = f"{TWO_ON_A_CIRCUIT} intent joined {{ a never reaches b }}"

    assert verdicts(text) == {"joined": "refuted"}


TWINS = """
vnet left  { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
vnet right { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
vnet hub   { address 10.2.0.0/16  subnet s 10.2.0.0/24 }
site far   { address 10.1.0.0/24 }
peering hub -> left
peering left -> hub
"""


@pytest.mark.parametrize("others", ["right", "far", "right, far"])
def test_to_reach_two_places_of_one_address_is_to_reach_each(others: str) -> None:
    """A packet for an address of both came to one of them, and that counted for both."""
    text = f"""{TWINS}
    intent one    {{ hub reaches left on ssh }}
    intent others {{ hub reaches {others} on ssh }}
    intent each   {{ hub reaches left, {others} on ssh }}
    intent kept   {{ hub loses no packets to left, {others} on ssh }}
    intent some   {{ hub sometimes reaches left, {others} on ssh }}
    """

    assert verdicts(text) == {
        "one": "proved", "others": "refuted", "each": "refuted", "kept": "refuted", "some": "proved"
    }  # fmt: skip


def test_a_default_route_over_a_peering_that_is_down_may_fail_open() -> None:
    """Where Azure skips a next hop that is not directly connected, the system's route leads out (R-UDR-8)."""
    text = """
    vnet hub { address 10.0.0.0/16  subnet dmz 10.0.1.0/24 }
    vnet spoke { address 10.1.0.0/16  subnet w 10.1.1.0/24 routes rt default-outbound on }
    peering hub -> spoke
    peering spoke -> hub { allow-forwarded-traffic }
    route-table rt { all 0.0.0.0/0 -> appliance 10.0.1.4 }
    appliance fw { nic 10.0.1.4 in hub.dmz  forwards nothing }
    intent shut    { spoke never reaches internet }
    intent cut-off { spoke never reaches internet under any 1 failure of peering }
    intent no-wall { spoke never reaches internet under any 1 failure of appliance }
    """

    assert verdicts(text) == {"shut": "proved", "cut-off": "unknown", "no-wall": "proved"}


def test_a_connection_between_gateways_takes_over_from_a_peering_that_is_down() -> None:
    """What the peering led to counted as near the gateway still, which then refused to send it along the tunnel."""
    text = """
    vnet a {
      address 10.1.0.0/16
      subnet GatewaySubnet 10.1.0.0/27
      subnet w 10.1.1.0/24
      gateway vpn ga { asn 65001 }
    }
    vnet b {
      address 10.2.0.0/16
      subnet GatewaySubnet 10.2.0.0/27
      subnet w 10.2.1.0/24
      gateway vpn gb { asn 65002 }
    }
    connection tunnel: a.ga -- b.gb { bgp }
    peering a -> b
    peering b -> a
    intent past   { a reaches b not via a.ga }
    intent around { a reaches b not via a.ga under any 1 failure of peering }
    intent sturdy { a reaches b under any 1 failure of peering, connection }
    intent both   { a reaches b under any 2 failures of peering, connection }
    """

    assert verdicts(text) == {"past": "proved", "around": "refuted", "sturdy": "proved", "both": "refuted"}


def test_the_other_of_two_equal_appliances_takes_over_from_one_that_is_down() -> None:
    """The encoding left the route of the one that is up to the choice between both."""
    text = """
    vnet hub { address 10.0.0.0/16  subnet RouteServerSubnet 10.0.0.0/27  subnet dmz 10.0.2.0/24 }
    vnet a { address 10.1.0.0/16  subnet w 10.1.1.0/24 }
    vnet b { address 10.2.0.0/16  subnet w 10.2.1.0/24 }
    peering hub -> a { allow-gateway-transit }
    peering a -> hub { use-remote-gateways  allow-forwarded-traffic }
    peering hub -> b { allow-gateway-transit }
    peering b -> hub { use-remote-gateways  allow-forwarded-traffic }
    appliance r1 { nic 10.0.2.4 in hub.dmz  forwards any }
    appliance r2 { nic 10.0.2.5 in hub.dmz  forwards any }
    route-server rs in hub { peer r1 advertises 10.0.0.0/8  peer r2 advertises 10.0.0.0/8 }
    intent one-of-two  { a loses no packets to b under any 1 failure of appliance }
    intent both-of-two { a loses no packets to b under any 2 failures of appliance }
    """

    assert verdicts(text) == {"one-of-two": "proved", "both-of-two": "refuted"}


def test_a_user_route_into_the_gateway_of_a_peer_ends_with_the_peering() -> None:
    """The encoding still let packets into the gateway of a network that nothing led to."""
    text = """
    vnet hub { address 10.0.0.0/16  subnet GatewaySubnet 10.0.0.0/27  gateway vpn g }
    vnet spoke { address 10.1.0.0/16  subnet w 10.1.1.0/24 routes rt }
    peering hub -> spoke { allow-gateway-transit }
    peering spoke -> hub { use-remote-gateways }
    route-table rt { all 0.0.0.0/0 -> gateway }
    site branch { address 192.168.0.0/16 }
    connection branch -- hub.g
    intent kept { spoke loses no packets to branch }
    intent cut  { spoke loses no packets to branch under any 1 failure of peering }
    """

    assert verdicts(text) == {"kept": "proved", "cut": "refuted"}


def test_an_undeclared_appliance_is_down_for_its_own_packets_too() -> None:
    """The encoding knew it as an appliance only where some packet of the claim is routed to it."""
    text = """
    vnet v {
      address 10.0.0.0/16
      subnet client 10.0.1.0/24 nsg to-host
      subnet other  10.0.2.0/24 routes out
    }
    nsg to-host { outbound 100 to-host allow any from any to 10.0.2.9/32  outbound 200 rest deny any from any to any }
    route-table out { all 0.0.0.0/0 -> appliance 10.0.2.9 }
    intent sturdy { v.client reaches 10.0.2.9/32 on ssh under any 1 failure of appliance }
    """

    assert verdicts(text) == {"sturdy": "refuted"}


def test_the_next_hop_that_an_appliance_announces_may_translate() -> None:
    """Only next hops of user routes were asked whether they could take one flow and send another (F-ADDR-8)."""
    text = """
    vnet hub {
      address 10.0.0.0/16
      subnet RouteServerSubnet 10.0.0.0/27
      subnet dmz 10.0.2.0/24
      subnet db  10.0.3.0/24 nsg from-dmz
    }
    vnet a { address 10.1.0.0/16  subnet w 10.1.1.0/24 }
    peering hub -> a { allow-gateway-transit }
    peering a -> hub { use-remote-gateways  allow-forwarded-traffic }
    nsg from-dmz {
      inbound 100 dmz  allow any from 10.0.2.0/24 to any
      inbound 200 rest deny any from any to any
    }
    appliance speaker { nic 10.0.2.4 in hub.dmz  forwards nothing }
    route-server rs in hub { peer speaker advertises 10.200.0.0/16 via 10.0.2.9 }
    intent apart { a never reaches hub.db }
    """

    assert verdicts(text) == {"apart": "unknown"}


def test_a_slow_member_counts_only_for_what_is_sent_to_its_frontend() -> None:
    """The encoding took a packet that went nowhere for one that a slow member gets."""
    text = """
    vnet a {
      address 30.0.0.0/24
      subnet s 30.0.0.0/26
    }
    appliance m0 {
      nic 30.0.0.4 in a.s
      bandwidth 99 Mbps
    }
    load-balancer lc standard in a.s {
      frontend f0 30.0.0.5
      rule one tcp 443 -> m0
    }
    intent slow   { bottleneck of a.s to 30.0.0.5/32 on https at least 10 Gbps }
    intent enough { bottleneck of a.s to 30.0.0.5/32 on https at least 99 Mbps }
    intent other  { bottleneck of a.s to 30.0.0.5/32 on ssh at least 10 Gbps }
    """

    assert verdicts(text) == {"slow": "refuted", "enough": "proved", "other": "vacuous"}


def test_the_internet_gets_nowhere_at_a_firewall_that_translates_nothing() -> None:
    text = """
    vnet v {
      address 10.0.0.0/16
      subnet AzureFirewallSubnet 10.0.1.0/26
    }
    firewall fw {
      nic 10.0.1.4 in v.AzureFirewallSubnet public-ip standard 203.0.113.9
      forwards any
    }
    intent closed { internet never reaches fw }
    """

    assert verdicts(text) == {"closed": "proved"}


def test_an_answer_from_outside_is_judged_as_it_leaves_the_appliance_again() -> None:
    """The encoding asked the exit interface of an appliance for what comes in alone."""
    text = """
    vnet v {
      address 10.0.0.0/16
      subnet app 10.0.1.0/24 routes out
      subnet box 10.0.2.0/24
      subnet fw  10.0.3.0/24 nat-gateway nat
    }
    nat-gateway nat
    route-table out { default 0.0.0.0/0 -> appliance 10.0.2.4 }
    appliance x {
      nic inner 10.0.2.4 in v.box
      nic outer 10.0.3.4 in v.fw
      forwards any
      source-nat on
      stateless
    }
    vm a { nic 10.0.1.4 in v.app }
    admin-rules baseline by corp for v {
      outbound 10 go always-allow tcp from any to any port 443
      outbound 20 no deny tcp from any port 443 to any
    }
    assume U-AASTATE = true
    assume U-R-SYS-10 = false
    assume U-EXIT(x, inner) = false
    assume U-EXITBACK(x, inner) = BACK
    intent no-record { a reaches internet on https }
    """

    assert verdicts(text.replace("= BACK", "= false")) == {"no-record": "refuted"}
    assert verdicts(text.replace("= BACK", "= true")) == {"no-record": "proved"}  # which knows the client's packet


def test_a_member_behind_a_private_link_sees_the_frontend_that_is_offered() -> None:
    """With floating IP the encoding judged packets that still named the endpoint, which no rule lets in."""
    text = """
    vnet provider { address 10.0.4.0/23  subnet s 10.0.4.0/26 nsg defaults }
    vnet consumer { address 10.0.0.0/24  subnet t 10.0.0.64/26 }
    nsg defaults {}
    vm member { nic 10.0.4.4 in provider.s }
    load-balancer lb standard in provider.s {
      frontend f 10.0.4.6
      rule all any -> member floating-ip
    }
    private-link-service offer of lb.f at 10.0.4.7 in provider.s
    private-endpoint linked 10.0.0.69 in consumer.t to offer
    intent no-way-in { consumer never reaches member }
    """

    assert verdicts(text) == {"no-way-in": "refuted"}


def test_a_firewall_assumed_to_stand_elsewhere_takes_what_comes_by_its_public_address() -> None:
    """Routes name 10.0.1.4; another address than that does not keep NAT rules from what comes in (F-FW-12)."""
    text = """
vnet v { address 10.0.0.0/16  subnet AzureFirewallSubnet 10.0.1.0/26  subnet t 10.0.3.0/24 routes via }
route-table via { all 0.0.0.0/0 -> appliance 10.0.1.4 }
vm web { nic 10.0.3.4 in v.t }
firewall fw {
  nic 10.0.1.4 in v.AzureFirewallSubnet public-ip entry standard 20.1.2.3
  private-address presumed
  collection nat 100 in {
    rule web tcp from * at entry port 8443 -> 10.0.3.4 port 443
  }
}
service alt = tcp/8443
intent shut { internet never reaches web on alt }
"""
    for assumed in ("assume U-FWADDR(fw) = false", "assume U-FWADDR = false", ""):
        assert verdicts(f"{text}{assumed}\n") == {"shut": "unknown"}, assumed
    assert verdicts(f"{text}assume U-FWADDR(fw) = true\n") == {"shut": "refuted"}


HUB_WITH_SITES = """
vnet hub {
  address 10.0.0.0/16
  subnet s             10.0.1.0/24  nat-gateway way-out
  subnet GatewaySubnet 10.0.255.0/27
  gateway vpn g
}
nat-gateway way-out
site hq     { address 192.168.0.0/16 }
site branch { address 172.20.0.0/16 }
"""


def test_a_default_site_may_take_what_leaves_for_the_internet() -> None:
    """Without a user route it was proved to leave by the NAT gateway; the newer pages send it through the tunnel."""
    text = f"""{HUB_WITH_SITES}
    connection hq -- hub.g {{ default-site }}
    intent next {{ next hop of hub.s to 198.51.100.0/24 is internet }}
    intent out  {{ hub.s reaches 198.51.100.0/24 on https }}
    """

    assert verdicts(text) == {"next": "unknown", "out": "unknown"}
    assert verdicts(f"{text} assume U-R-GW-21(g) = false") == {"next": "proved", "out": "proved"}


def test_a_site_hears_nothing_of_the_default_route_of_another() -> None:
    """It was taken to send there all that Azure has no better route for, so that the two were proved to talk."""
    text = f"""{HUB_WITH_SITES}
    connection hq -- hub.g {{ bgp  prefixes 0.0.0.0/0 }}
    connection branch -- hub.g {{ bgp }}
    intent joined {{ branch reaches hq }}
    intent apart  {{ branch never reaches hq }}
    """

    assert verdicts(text) == {"joined": "refuted", "apart": "proved"}


def test_what_an_appliance_sends_into_a_gateway_beyond_a_peering_needs_the_flag() -> None:
    """It was proved to get there and back: the peering with the hub asked nothing of what enters its gateway."""
    text = """
vnet hub    { address 10.0.0.0/16  subnet GatewaySubnet 10.0.255.0/27 routes back  gateway vpn g }
vnet middle { address 10.1.0.0/16  subnet nva 10.1.0.0/24 }
vnet far    { address 10.2.0.0/16  subnet s 10.2.0.0/24 routes via-nva }
peering hub -> middle { allow-gateway-transit FLAG }
peering middle -> hub { use-remote-gateways }
peering middle -> far
peering far -> middle { allow-forwarded-traffic }
route-table via-nva { to-branch 192.168.0.0/16 -> appliance 10.1.0.4 }
route-table back    { to-far 10.2.0.0/16 -> appliance 10.1.0.4 }
appliance nva { nic 10.1.0.4 in middle.nva  forwards any  stateless }
site branch { address 192.168.0.0/16  routes 10.0.0.0/8 }
connection branch -- hub.g
intent joined { far reaches branch on https }
intent whole  { far loses no packets to branch on https }
"""

    assert verdicts(text.replace("FLAG", "")) == {"joined": "unknown", "whole": "unknown"}
    assert verdicts(text.replace("FLAG", "allow-forwarded-traffic")) == {"joined": "proved", "whole": "proved"}


def test_a_ping_that_a_public_frontend_answers_by_itself_came_by_a_public_address() -> None:
    """It was proved to be as quick as inside one network: the encoding asked of members alone how it came there."""
    text = """
vnet a { address 10.0.2.0/24  subnet s 10.0.2.0/28 }
vnet b { address 10.0.4.0/24  subnet s 10.0.4.0/28 }
vm asking { nic 10.0.2.4 in a.s public-ip standard 43.0.0.9 }
vm m { nic 10.0.4.4 in b.s }
load-balancer lp standard { frontend p public-ip 43.0.0.2  rule web tcp 443 -> m }
assume U-R-TRAF-10 = true
assume U-LBICMP(lp/p) = true
assume U-LBECHO(lp/p) = true
intent quick { latency of a.s to lp.p on icmp is local }
"""

    assert verdicts(text) == {"quick": "refuted"}


def test_a_firewall_that_a_route_server_sends_back_to_itself_leaves_a_flow_astray() -> None:
    """The encoding looked for such flows towards the right side alone, where no route table steers the firewall."""
    text = """
    vnet v {
      address 10.0.0.0/16
      subnet s                   10.0.1.0/24
      subnet AzureFirewallSubnet 10.0.2.0/26
      subnet RouteServerSubnet   10.0.3.0/27
      subnet t                   10.0.4.0/24  nsg shut
    }
    nsg shut { inbound 100 all deny any from any to any }
    firewall fw {
      nic 10.0.2.4 in v.AzureFirewallSubnet
      private-ranges none
      collection network 100 out allow { rule all any from 0.0.0.0/0 to 0.0.0.0/0 }
    }
    route-server rs in v { peer fw advertises 172.16.0.0/12 }
    assume U-FWCHAIN = true
    assume U-FWSNAT = true
    intent apart { v.s never reaches v.t on tcp/443 }
    """

    assert verdicts(text) == {"apart": "refuted"}


def test_what_a_firewall_made_its_own_leaves_though_a_later_rule_kept_the_source() -> None:
    """The encoding had it leave by the last translation alone, and so let it stop (F-FW-7)."""
    text = """
    vnet v {
      address 10.0.0.0/16
      subnet s                   10.0.1.0/24
      subnet AzureFirewallSubnet 10.0.2.0/26
    }
    firewall fw {
      nic 10.0.2.4 in v.AzureFirewallSubnet  public-ip entry standard 20.0.0.1
      collection nat 100 in {
        rule out   tcp from 10.0.2.0/26 at private port 443 -> 30.0.0.4 port 1024
        rule again tcp from 10.0.1.0/24 at private port 8443 -> 10.0.2.4 port 443
      }
    }
    assume U-FWDNATSRC(fw/again) = true
    assume U-FWDNATSRC(fw/out) = false
    intent never { v.s never reaches fw on tcp/8443 }
    intent both  { v.s reaches fw on tcp/8443 }
    """

    assert verdicts(text) == {"never": "refuted", "both": "proved"}
