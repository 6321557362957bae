"""Ways out to the Internet in the encoding: who has one, and by which method flows leave."""

from __future__ import annotations

import pytest

from tests.unit.verdicts import open_facts
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted, Verdict
from vnetverify.source import Source
from vnetverify.syntax import read

# One subnet for each method, and an appliance that translates.
WAYS = """\
vnet v {
  address 10.0.0.0/16
  subnet nat     10.0.1.0/24 nat-gateway out
  subnet plain   10.0.2.0/24 default-outbound off
  subnet default 10.0.3.0/24 default-outbound on
  subnet forced  10.0.4.0/24 routes inspected
  subnet fw      10.0.5.0/24 nat-gateway out
}
nat-gateway out
route-table inspected { all 0.0.0.0/0 -> appliance 10.0.5.4 }
appliance fw1 { nic 10.0.5.4 in v.fw  forwards any }
vm known  { nic 10.0.2.10 in v.plain  public-ip standard 203.0.113.9 }
vm pooled { nic 10.0.2.11 in v.plain }
vm outbound { nic 10.0.2.12 in v.plain }
vm target { nic 10.0.3.13 in v.default }
vm bare { nic 10.0.2.14 in v.plain }
load-balancer shop standard {
  frontend front public-ip 203.0.113.7
  rule web tcp 443 at front -> pooled port 443
  nat ssh tcp 50001 at front -> target port 22
  outbound all udp at front -> outbound
}
"""
# No further blocks are dropped, and the appliance translates.
USUAL = "assume U-R-SYS-10 = false\nassume U-R-UDR-17 = true\n"


def verdict_on(network: str, sentence: str, solver: Solver, assumed: str = USUAL) -> Verdict:
    found = read([Source("t.vnet", f"{network}\n{assumed}\nintent asked {{ {sentence} }}\n")], Network())
    assert not found.diagnostics, found.diagnostics
    claim = found.intents[0].claims[0]
    assert isinstance(claim, Claim)
    fixed = {assumption.fact.casefold(): assumption.value for assumption in found.assumptions}
    return decide(Inquiry(found.network, claim, fixed, False), solver)


# -- the method -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "other"),
    [
        ("egress of v.nat to internet on tcp is nat-gateway", "nat-gateway elsewhere"),
        ("egress of v.nat to internet on tcp is nat-gateway out", "default"),
        ("egress of known to internet is public-ip", "load-balancer"),
        ("egress of pooled to internet on tcp is load-balancer", "default"),
        ("egress of pooled to internet on udp is load-balancer shop", "none"),
        ("egress of outbound to internet on udp is load-balancer shop", "public-ip"),
        ("egress of outbound to internet on tcp is none", "load-balancer"),
        ("egress of v.default except target to internet is default", "public-ip"),
        ("egress of v.forced to internet on tcp is appliance", "nat-gateway"),
        ("egress of v.forced to internet on tcp is appliance fw1", "none"),
        ("egress of bare to internet is none", "default"),
        ("egress of v.nat to v.plain is none", "nat-gateway"),
    ],
)
def test_flows_leave_by_the_method_that_comes_first(sentence: str, other: str, solver: Solver) -> None:
    text = WAYS.replace("nat-gateway out\nroute", "nat-gateway out\nnat-gateway elsewhere\nroute")
    subject, _, _ = sentence.rpartition(" is ")

    assert isinstance(verdict_on(text, sentence, solver), Proved)
    assert isinstance(verdict_on(text, f"{subject} is {other}", solver), Refuted)


def test_a_nat_gateway_comes_before_a_public_address_of_the_interface(solver: Solver) -> None:
    both = WAYS.replace("10.0.2.0/24 default-outbound off", "10.0.2.0/24 nat-gateway out")

    assert isinstance(verdict_on(both, "egress of known to internet on tcp is nat-gateway out", solver), Proved)
    assert open_facts(verdict_on(both, "egress of known to internet on icmp is public-ip", solver)) == {"U-NATPROTO"}
    assert isinstance(verdict_on(both, "egress of pooled to internet on tcp is nat-gateway", solver), Proved)


def test_filters_and_policies_are_not_asked(solver: Solver) -> None:
    shut = WAYS.replace("nat-gateway out\n  subnet plain", "nat-gateway out nsg shut\n  subnet plain")
    shut = shut.replace("forwards any", "forwards nothing") + "nsg shut { outbound 100 no deny any from any to any }"

    assert isinstance(verdict_on(shut, "egress of v.nat to internet on tcp is nat-gateway", solver), Proved)
    assert isinstance(verdict_on(shut, "egress of v.forced to internet on tcp is appliance", solver), Proved)


def test_the_way_of_a_service_endpoint_is_no_way_out(solver: Solver) -> None:
    served = WAYS.replace("10.0.1.0/24 nat-gateway out", "10.0.1.0/24 nat-gateway out service-endpoints Storage")
    served += "service-tag Storage 20.60.0.0/24\n"

    assert isinstance(verdict_on(served, "egress of v.nat to 20.60.0.0/24 on tcp is none", solver), Proved)
    assert isinstance(verdict_on(served, "egress of v.nat to 20.61.0.0/24 on tcp is nat-gateway", solver), Proved)


def test_flows_leave_by_a_firewall_whether_or_not_its_rules_translate_others(solver: Solver) -> None:
    translating = """\
    vnet v {
      address 10.0.0.0/16
      subnet s 10.0.1.0/24 routes via
      subnet AzureFirewallSubnet 10.0.2.0/26
    }
    route-table via { all 0.0.0.0/0 -> appliance 10.0.2.4 }
    firewall fw {
      nic 10.0.2.4 in v.AzureFirewallSubnet public-ip entry standard 203.0.113.20
      collection network 200 all allow { rule a any from * to * }
      collection nat 100 in { rule web tcp from * at entry port 443 -> 10.0.1.4 port 443 }
    }
    """

    assert isinstance(verdict_on(translating, "egress of v.s to internet is appliance fw", solver), Proved)
    assert isinstance(verdict_on(translating, "egress of v.s to internet is none", solver), Refuted)


def test_a_site_is_a_way_out_where_it_sends_on(solver: Solver) -> None:
    tunnelled = """\
    vnet v {
      address 10.0.0.0/16
      subnet s 10.0.1.0/24
      subnet GatewaySubnet 10.0.255.0/27
      gateway vpn g
    }
    site here { address 172.16.0.0/16 }
    connection c: here -- v.g { bgp  prefixes 0.0.0.0/0, 172.16.0.0/16 }
    """
    relays, keeps = (f"{USUAL}assume U-RELAYS = {value}" for value in ("true", "false"))

    assert isinstance(verdict_on(tunnelled, "egress of v.s to internet is site here", solver, relays), Proved)
    assert isinstance(verdict_on(tunnelled, "egress of v.s to internet is none", solver, keeps), Proved)
    assert isinstance(verdict_on(tunnelled, "egress of v.s to internet is default", solver, relays), Refuted)


def test_a_proof_that_nothing_leaves_names_what_keeps_it(solver: Solver) -> None:
    verdict = verdict_on(WAYS, "egress of bare to internet is none", solver)

    assert isinstance(verdict, Proved)
    assert "R-TRAF-5" in {ground.rule for ground in verdict.grounds}


# -- who has a way out ----------------------------------------------------------------------------------


def test_members_of_a_public_rule_reach_the_internet_by_tcp_and_udp_alone(solver: Solver) -> None:
    assert isinstance(verdict_on(WAYS, "pooled reaches internet on tcp", solver), Proved)
    assert isinstance(verdict_on(WAYS, "pooled reaches internet on udp", solver), Proved)
    assert isinstance(verdict_on(WAYS, "pooled never reaches internet on icmp", solver), Proved)


def test_a_rule_that_gives_no_egress_gives_none(solver: Solver) -> None:
    without = WAYS.replace("pooled port 443", "pooled port 443  no-egress")

    assert isinstance(verdict_on(without, "pooled never reaches internet", solver), Proved)


def test_outbound_rules_are_of_their_protocol(solver: Solver) -> None:
    assert isinstance(verdict_on(WAYS, "outbound reaches internet on udp", solver), Proved)
    assert isinstance(verdict_on(WAYS, "outbound never reaches internet on tcp", solver), Proved)


def test_a_member_of_a_standard_load_balancer_has_no_implicit_address(solver: Solver) -> None:
    moved = WAYS.replace("10.0.2.0/24 default-outbound off", "10.0.2.0/24 default-outbound on")

    assert isinstance(verdict_on(moved, "pooled never reaches internet on icmp", solver), Proved)
    assert isinstance(verdict_on(moved, "outbound never reaches internet on tcp", solver), Proved)
    basic = moved.replace("shop standard", "shop basic")
    assert isinstance(verdict_on(basic, "bare reaches internet on tcp, udp", solver), Proved)


def test_the_implicit_address_of_a_nat_rules_target_is_in_doubt(solver: Solver) -> None:
    assert open_facts(verdict_on(WAYS, "target reaches internet on tcp", solver)) == {"U-DOA(v.default)"}
    assert isinstance(verdict_on(WAYS, "v.default except target reaches internet on tcp", solver), Proved)


def test_behind_a_nat_gateway_nobody_shows_its_own_public_address(solver: Solver) -> None:
    seen = WAYS.replace("10.0.2.0/24 default-outbound off", "10.0.2.0/24 nat-gateway out routes apart")
    seen += "route-table apart { door 10.0.3.0/24 -> none }"  # by its private address it is not reached
    seen += """
    vm door { nic 10.0.3.20 in v.default  public-ip standard 203.0.113.20  nsg others }
    nsg others { inbound 100 known deny any from 203.0.113.9/32 to any  inbound 200 rest allow any from any to any }
    """
    comes_in = f"{USUAL}assume U-R-TRAF-10 = true\nassume U-HAIRPUB = true"
    by_icmp, by_tcp = (f"10.0.2.10 never reaches door on {protocol}" for protocol in ("icmp", "tcp"))

    assert isinstance(verdict_on(seen, by_icmp, solver, comes_in), Proved)
    assert isinstance(verdict_on(seen, by_tcp, solver, comes_in), Refuted)
