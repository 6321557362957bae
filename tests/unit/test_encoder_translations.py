"""Firewalls with rules in the encoding: what they drop, what they translate, and the way back."""

from __future__ import annotations

import pytest

from tests.unit.verdicts import inquiry_about, open_facts
from vnetverify.encoder.claims import encode_arrival
from vnetverify.prover.prove import decide
from vnetverify.prover.solver import Satisfiable, Solver, Unsatisfiable
from vnetverify.prover.verdict import Proved, Refuted, Vacuous, Verdict

# Two spokes whose traffic goes by the hub's firewall, both ways.
HUB = """\
vnet hub { address 10.0.0.0/16  subnet AzureFirewallSubnet 10.0.1.0/26 }
vnet one { address 10.1.0.0/16  subnet s 10.1.0.0/24 routes via }
vnet two { address 10.2.0.0/16  subnet s 10.2.0.0/24 routes via }
peering hub -> one
peering one -> hub { allow-forwarded-traffic }
peering hub -> two
peering two -> hub { allow-forwarded-traffic }
route-table via { all 0.0.0.0/0 -> appliance 10.0.1.4 }
firewall fw { nic 10.0.1.4 in hub.AzureFirewallSubnet public-ip entry standard 20.1.2.3  RULES }
service alt = tcp/8443
"""
# The second spoke sends nothing to the firewall: it knows only its own way to the hub.
ONE_WAY = HUB.replace("subnet s 10.2.0.0/24 routes via", "subnet s 10.2.0.0/24")

ANYTHING = "collection network 200 all allow { rule a any from * to * }"
WEB = "collection application 300 web allow { rule web http, https from * to * }"
TO_TWO = "collection nat 100 in { rule web tcp from * at private port 8443 -> 10.2.0.4 port 443 }"
ENTRY = "collection nat 100 in { rule web tcp from * at entry port 8443 -> 10.2.0.4 port 443 }"


def verdict_on(text: str, rules: str, sentence: str, solver: Solver, documented: bool = False) -> Verdict:
    """Return the verdict on `sentence` where the firewall of `text` has these rules."""
    return decide(inquiry_about(text.replace("RULES", rules), sentence, documented=documented), solver)


def grounds(verdict: Verdict) -> set[str]:
    assert isinstance(verdict, Proved), verdict
    return {f"{ground.group}: {ground.what}" for ground in verdict.grounds}


# -- rules ----------------------------------------------------------------------------------------------

NO_RULE = "collection network 200 none allow { rule a tcp from 10.99.0.0/16 to 10.99.0.0/16 port 1 }"


def test_what_no_rule_is_for_does_not_pass(solver: Solver) -> None:
    verdict = verdict_on(HUB, NO_RULE, "one never reaches two", solver)

    assert "firewall fw: passes nothing else" in grounds(verdict)


def test_a_network_rule_passes_what_it_allows_between_spokes_and_the_answer(solver: Solver) -> None:
    rules = "collection network 200 n allow { rule a any from 10.1.0.0/16 to 10.2.0.0/16 }"

    verdict = verdict_on(HUB, rules, "one reaches two on https", solver)
    assert "firewall fw: network rule a allows" in grounds(verdict)
    assert isinstance(verdict_on(HUB, rules, "two never reaches one", solver), Proved)


def test_the_first_network_rule_that_matches_decides(solver: Solver) -> None:
    rules = f"collection network 100 no deny {{ rule no tcp from * to * port 22 }} {ANYTHING}"

    assert isinstance(verdict_on(HUB, rules, "one never reaches two on ssh", solver), Proved)
    assert isinstance(verdict_on(HUB, rules, "one reaches two on https", solver), Proved)


def test_a_network_rule_that_denies_keeps_application_rules_from_being_asked(solver: Solver) -> None:
    rules = f"collection network 900 no deny {{ rule no tcp from * to * port 443 }} {WEB}"

    assert isinstance(verdict_on(HUB, rules, "one never reaches two on https", solver), Proved)
    assert isinstance(verdict_on(HUB, rules, "one reaches two on http", solver), Proved)


def test_ping_passes_rules_of_all_ports_alone(solver: Solver) -> None:
    some = "collection network 200 n allow { rule a any from * to * port 443 }"

    assert isinstance(verdict_on(HUB, some, "one never reaches two on icmp", solver), Proved)
    assert isinstance(verdict_on(HUB, ANYTHING, "one reaches two on icmp", solver), Proved)


def test_names_that_a_rule_is_of_leave_open_what_it_passes(solver: Solver) -> None:
    rules = 'collection network 200 n allow { rule names any from * to "db.example.com" }'

    assert open_facts(verdict_on(HUB, rules, "one never reaches two on ssh", solver)) == {"U-FQDN(fw/names)"}


def test_threat_intelligence_is_taken_not_to_drop_and_speaks_of_public_addresses_alone(solver: Solver) -> None:
    rules = f"threat-intelligence deny {ANYTHING}"

    assert isinstance(verdict_on(HUB, rules, "one reaches two on https", solver), Proved)
    verdict = verdict_on(HUB, rules, "one reaches internet on https", solver, documented=True)
    assert isinstance(verdict, Proved)
    assert "U-FWTI(fw)" in {str(fact) for fact in verdict.leaned_on}


def test_intrusion_detection_may_drop_anything(solver: Solver) -> None:
    rules = f"intrusion-detection deny {ANYTHING}"

    assert open_facts(verdict_on(HUB, rules, "one reaches two on https", solver)) == {"U-FWIDPS(fw)"}


@pytest.mark.parametrize(
    "claim",
    [
        "one reaches two on https",
        "next hop of one to 10.2.1.0/24 is appliance fw",
        "one sometimes reaches two",
        "one loses no packets to two",
    ],
)
def test_what_is_steered_to_an_address_that_is_presumed_may_be_lost(solver: Solver, claim: str) -> None:
    rules = f"private-address presumed {ANYTHING}"

    assert open_facts(verdict_on(HUB, rules, claim, solver)) == {"U-FWADDR(fw)"}
    assert isinstance(verdict_on(HUB, f"private-address known {ANYTHING}", claim, solver), Proved)


def test_what_a_firewall_refuses_it_refuses_wherever_it_stands(solver: Solver) -> None:
    rules = f"private-address presumed {NO_RULE}"

    assert isinstance(verdict_on(HUB, rules, "one never reaches two", solver), Proved)


def test_web_traffic_to_the_internet_may_pass_for_what_azure_itself_needs(solver: Solver) -> None:
    verdict = verdict_on(HUB, NO_RULE, "one never reaches internet on https", solver)

    assert open_facts(verdict) == {"U-FQDN(fw/infrastructure)"}
    assert isinstance(verdict_on(HUB, NO_RULE, "one never reaches internet on ssh", solver), Proved)


# -- sources --------------------------------------------------------------------------------------------


def test_a_network_rule_keeps_the_source_so_that_the_way_back_has_to_pass_the_firewall(solver: Solver) -> None:
    assert isinstance(verdict_on(ONE_WAY, ANYTHING, "one reaches two on https", solver), Refuted)


def test_an_application_rule_replaces_the_source_so_that_the_way_back_needs_no_route(solver: Solver) -> None:
    assert isinstance(verdict_on(ONE_WAY, WEB, "one reaches two on https", solver), Proved)
    assert isinstance(verdict_on(ONE_WAY, WEB, "one reaches two on https symmetrically", solver), Proved)


def test_the_target_sees_an_address_of_the_firewalls_subnet(solver: Solver) -> None:
    closed = ONE_WAY.replace("10.2.0.0/24", "10.2.0.0/24 nsg shut")
    for_firewall = """
    nsg shut { inbound 100 fw allow any from 10.0.1.0/26 to any  inbound 200 no deny any from any to any }
    """
    for_client = "nsg shut { inbound 100 fw deny any from 10.0.1.0/26 to any }"

    assert isinstance(verdict_on(closed + for_firewall, WEB, "one reaches two on https", solver), Proved)
    assert isinstance(verdict_on(closed + for_client, WEB, "one never reaches two on https", solver), Proved)


# A site whose addresses are public, reached by a gateway of the hub that knows the spokes.
OFFICE = (
    HUB.replace("0.1.0/26 }", "0.1.0/26  subnet GatewaySubnet 10.0.2.0/27  gateway vpn g }")
    .replace("peering hub -> one", "peering hub -> one { allow-gateway-transit }")
    .replace("peering one -> hub { allow", "peering one -> hub { use-remote-gateways  allow")
    .replace("route-table via {", "route-table via { office 20.50.0.0/16 -> appliance 10.0.1.4 ")
    + """
site office { address 20.50.0.0/16 }
connection office -- hub.g
"""
)


def test_a_source_is_replaced_towards_public_ranges_unless_these_are_private_ones(solver: Solver) -> None:
    asked = "one reaches office on https"

    # With the firewall's source the answer has a way: the gateway sends what is for a spoke past the firewall.
    assert isinstance(verdict_on(OFFICE, ANYTHING, asked, solver), Proved)
    assert isinstance(verdict_on(OFFICE, f"private-ranges 20.0.0.0/8 {ANYTHING}", asked, solver), Refuted)


def test_with_no_private_ranges_every_source_is_replaced_and_with_all_none_gets_out(solver: Solver) -> None:
    always, never = (f"private-ranges {word} {ANYTHING}" for word in ("none", "all"))

    assert isinstance(verdict_on(ONE_WAY, always, "one reaches two on https", solver), Proved)
    assert isinstance(verdict_on(HUB, never, "one never reaches internet on https", solver), Proved)


def test_ranges_that_a_firewall_learns_leave_open_whom_it_translates(solver: Solver) -> None:
    rules = f"private-ranges learned {ANYTHING}"

    assert open_facts(verdict_on(OFFICE, rules, "one reaches office on https", solver)) == {"U-FWSNAT(fw)"}


# -- NAT rules at the private address -------------------------------------------------------------------


def test_a_nat_rule_leads_from_the_private_address_to_its_target(solver: Solver) -> None:
    verdict = verdict_on(HUB, TO_TWO, "one reaches 10.0.1.4 on alt", solver)

    assert "firewall fw: NAT rule web translates" in grounds(verdict)
    assert isinstance(verdict_on(HUB, TO_TWO, "one reaches 10.0.1.4 on https", solver), Refuted)
    assert isinstance(verdict_on(HUB, TO_TWO, "one never reaches two on alt", solver), Refuted)
    assert isinstance(verdict_on(HUB, TO_TWO, "one never reaches two on https", solver), Proved)


def test_where_a_nat_rule_keeps_the_source_the_answer_has_to_pass_the_firewall(solver: Solver) -> None:
    verdict = verdict_on(ONE_WAY, TO_TWO, "one reaches 10.0.1.4 on alt", solver)

    assert open_facts(verdict) == {"U-FWDNATSRC(fw/web)"}


def test_a_network_rule_that_denies_the_target_overrides_the_nat_rule(solver: Solver) -> None:
    no = "collection network 200 no deny { rule no tcp from * to 10.2.0.0/16 port 443 }"

    assert isinstance(verdict_on(HUB, TO_TWO + no, "one never reaches two on alt", solver), Proved)


def test_a_nat_rule_translates_where_filters_are_left_out(solver: Solver) -> None:
    nowhere = TO_TWO.replace("10.2.0.4", "10.9.0.4")

    assert isinstance(verdict_on(HUB, TO_TWO, "one loses no packets to 10.0.1.4 on alt", solver), Proved)
    assert isinstance(verdict_on(HUB, nowhere, "one loses no packets to 10.0.1.4 on alt", solver), Refuted)


def test_a_flow_that_comes_back_to_where_it_began_is_none(solver: Solver) -> None:
    to_one = TO_TWO.replace("10.2.0.4", "10.1.0.4")

    assert isinstance(verdict_on(HUB, to_one, "10.1.0.4 reaches 10.0.1.4 on alt", solver), Vacuous)
    other = verdict_on(HUB, to_one, "10.1.0.5 reaches 10.0.1.4 on alt", solver)
    assert open_facts(other) == {"U-FWDNATSRC(fw/web)"}  # with its source the answer goes straight to it


# -- NAT rules at the public address --------------------------------------------------------------------


def test_the_internet_gets_by_a_public_address_to_the_target_and_has_its_answer(solver: Solver) -> None:
    verdict = verdict_on(HUB, ENTRY, "20.9.0.0/16 reaches fw on alt", solver)

    assert "firewall fw: NAT rule web translates" in grounds(verdict)
    assert isinstance(verdict_on(HUB, ENTRY, "20.9.0.0/16 reaches fw on https", solver), Refuted)
    assert isinstance(verdict_on(HUB, ENTRY, "internet never reaches two on alt", solver), Refuted)
    assert isinstance(verdict_on(HUB, ENTRY, "internet never reaches one", solver), Proved)


def test_a_target_sees_no_address_of_the_internet(solver: Solver) -> None:
    closed = HUB.replace("10.2.0.0/24", "10.2.0.0/24 nsg shut")
    to_internet = "nsg shut { inbound 100 no deny any from Internet to any }"
    to_network = "nsg shut { inbound 100 no deny any from VirtualNetwork to any }"

    assert isinstance(verdict_on(closed + to_internet, ENTRY, "20.9.0.0/16 reaches fw on alt", solver), Proved)
    assert isinstance(verdict_on(closed + to_network, ENTRY, "internet never reaches two", solver), Proved)


def test_the_client_of_a_nat_rule_is_judged_by_its_own_address(solver: Solver) -> None:
    some = ENTRY.replace("from *", "from 20.9.0.0/16")

    assert isinstance(verdict_on(HUB, some, "20.9.0.0/16 reaches fw on alt", solver), Proved)
    assert isinstance(verdict_on(HUB, some, "20.8.0.0/16 never reaches two", solver), Proved)


def test_from_inside_a_public_address_leads_there_only_if_azure_turns_packets_round(solver: Solver) -> None:
    rules = ENTRY + ANYTHING.replace("to *", "to 20.0.0.0/8")
    outside_alone = f"{HUB}\nassume U-FWHAIRPIN = false"

    assert "U-R-TRAF-10" in open_facts(verdict_on(outside_alone, rules, "one never reaches two on alt", solver))
    assert "U-FWHAIRPIN(fw)" in open_facts(verdict_on(HUB, ENTRY, "one never reaches two on alt", solver))
    assert isinstance(verdict_on(HUB, rules, "one never reaches two on https", solver), Proved)
    assert isinstance(verdict_on(outside_alone, rules, "one reaches 20.1.2.3 on alt", solver), Refuted)


# -- chains of firewalls --------------------------------------------------------------------------------

# From the first spoke by two firewalls, each of a hub, to the second.
CHAIN = """\
vnet west { address 10.0.0.0/16  subnet AzureFirewallSubnet 10.0.1.0/26 routes far }
vnet east { address 10.3.0.0/16  subnet AzureFirewallSubnet 10.3.1.0/26 }
vnet one { address 10.1.0.0/16  subnet s 10.1.0.0/24 routes via }
vnet two { address 10.2.0.0/16  subnet s 10.2.0.0/24 }
peering west -> one
peering one -> west { allow-forwarded-traffic }
peering west -> east { allow-forwarded-traffic }
peering east -> west { allow-forwarded-traffic }
peering east -> two
peering two -> east { allow-forwarded-traffic }
route-table via { all 10.0.0.0/8 -> appliance 10.0.1.4 }
route-table far { all 10.2.0.0/16 -> appliance 10.3.1.4 }
firewall fw { nic 10.0.1.4 in west.AzureFirewallSubnet  RULES }
firewall other { nic 10.3.1.4 in east.AzureFirewallSubnet  RULES }
service alt = tcp/8443
"""


def test_a_flow_passes_two_firewalls_that_each_put_their_own_source(solver: Solver) -> None:
    assert isinstance(verdict_on(CHAIN, WEB, "one reaches two on https", solver), Proved)
    assert isinstance(verdict_on(CHAIN, ANYTHING, "one reaches two on https", solver), Refuted)
    assert isinstance(verdict_on(CHAIN, WEB, "one reaches two on https only via other", solver), Proved)


def test_a_second_firewall_sees_the_source_of_the_first(solver: Solver) -> None:
    seen = "collection application 300 web allow { rule web https from SOURCE to * }"
    first = CHAIN.replace("RULES", WEB, 1)

    by_first, by_client = seen.replace("SOURCE", "10.0.1.0/26"), seen.replace("SOURCE", "10.1.0.0/16")
    assert isinstance(verdict_on(first, by_first, "one reaches two on https", solver), Proved)
    assert isinstance(verdict_on(first, by_client, "one never reaches two on https", solver), Proved)


def test_a_flow_that_would_be_translated_a_third_time_is_left_open(solver: Solver) -> None:
    # Around and around: the second firewall sends what is for the second spoke back to the first.
    around = CHAIN.replace("10.3.1.0/26 }", "10.3.1.0/26 routes back }")
    around += "route-table back { all 10.2.0.0/16 -> appliance 10.0.1.4 }"

    assert open_facts(verdict_on(around, WEB, "one never reaches two on https", solver)) == {"U-FWCHAIN"}
    assert open_facts(verdict_on(around, WEB, "one reaches two on https", solver)) == {"U-FWCHAIN"}
    assert isinstance(verdict_on(around, WEB, "one never reaches two on ssh", solver), Proved)


@pytest.mark.parametrize(("service", "comes"), [("http, https", Satisfiable), ("https", Unsatisfiable)])
def test_what_would_be_translated_a_third_time_may_come_to_any_device(
    service: str, comes: type, solver: Solver
) -> None:
    lone = "vnet lone { address 10.9.0.0/16  subnet s 10.9.0.0/24 }  appliance apart { nic 10.9.0.4 in lone.s }"
    back = f"route-table back {{ all 10.2.0.0/16 -> appliance 10.0.1.4 }}  {lone}"
    around = CHAIN.replace("10.3.1.0/26 }", "10.3.1.0/26 routes back }") + back
    first, second = WEB.replace("http, https", service), WEB.replace("http, https", "http")
    asked = inquiry_about(around.replace("RULES", first, 1).replace("RULES", second), "one never reaches two on ssh")
    obligation = encode_arrival(asked.network, asked.claim, "apart", asked.fixed)
    solver.open(obligation)

    assert isinstance(solver.check([obligation.violation]), comes)


# -- sentences about the way ----------------------------------------------------------------------------


def test_a_firewall_that_translates_is_met(solver: Solver) -> None:
    assert isinstance(verdict_on(HUB, ENTRY, "internet reaches two on alt only via fw", solver), Proved)
    assert isinstance(verdict_on(HUB, ENTRY, "internet reaches two on alt not via fw", solver), Refuted)
    assert isinstance(verdict_on(HUB, TO_TWO, "one reaches 10.0.1.4 on alt not via fw", solver), Refuted)


def test_the_peerings_that_all_packets_of_a_flow_cross_are_counted_together(solver: Solver) -> None:
    crossed = "one reaches two on https over at most {} peerings"

    assert isinstance(verdict_on(CHAIN, WEB, crossed.format(3), solver), Proved)
    assert isinstance(verdict_on(CHAIN, WEB, crossed.format(2), solver), Refuted)
    assert isinstance(verdict_on(HUB, TO_TWO, "one reaches 10.0.1.4 on alt over at most 1 peering", solver), Refuted)


def test_what_comes_in_by_a_public_address_has_come_from_far(solver: Solver) -> None:
    rules = ENTRY + ANYTHING.replace("to *", "to 20.0.0.0/8")
    near = HUB.replace("subnet s", "region westus  subnet s").replace("vnet hub {", "vnet hub { region westus")

    near += "\nassume U-FWHAIRPIN = false"

    verdict = verdict_on(near, rules, "latency of one to two on alt is local", solver)
    assert "U-R-TRAF-10" in open_facts(verdict)


def test_a_target_is_slow_if_its_machine_is(solver: Solver) -> None:
    slow = HUB + "vm db { nic 10.2.0.4 in two.s  bandwidth 100 Mbps }"
    fast = slow.replace("100 Mbps", "10 Gbps")
    rules = f"bandwidth 10 Gbps {TO_TWO}"

    asked = "bottleneck of 10.1.0.9 to 10.0.1.4 on alt at least 1 Gbps"
    assert isinstance(verdict_on(slow, rules, asked, solver), Refuted)
    assert isinstance(verdict_on(fast, rules, asked, solver), Proved)


def test_a_firewall_that_is_down_translates_nothing(solver: Solver) -> None:
    assert isinstance(
        verdict_on(HUB, TO_TWO, "one reaches 10.0.1.4 on alt under any 1 failure of appliance", solver), Refuted
    )


# The same hub and spokes in both families.
BOTH = HUB
for four, six in (
    ("address 10.0.0.0/16", "address 10.0.0.0/16, fd00:0:0::/48"),
    ("address 10.1.0.0/16", "address 10.1.0.0/16, fd00:0:1::/48"),
    ("address 10.2.0.0/16", "address 10.2.0.0/16, fd00:0:2::/48"),
    ("Subnet 10.0.1.0/26", "Subnet 10.0.1.0/26, fd00:0:0:1::/64"),
    ("s 10.1.0.0/24", "s 10.1.0.0/24, fd00:0:1:1::/64"),
    ("s 10.2.0.0/24", "s 10.2.0.0/24, fd00:0:2:1::/64"),
    ("nic 10.0.1.4 in", "nic 10.0.1.4, fd00:0:0:1::4 in"),
    ("via { ", "via { every ::/0 -> appliance fd00:0:0:1::4 "),
):
    BOTH = BOTH.replace(four, six)


def test_packets_of_ipv6_pass_by_the_rules_if_at_all_and_are_never_translated(solver: Solver) -> None:
    asked = "fd00:0:1:1::/64 {} fd00:0:2:1::/64 on https"

    assert open_facts(verdict_on(BOTH, WEB, asked.format("never reaches"), solver)) == {"U-FWV6(fw)"}
    assert isinstance(verdict_on(BOTH, NO_RULE, asked.format("never reaches"), solver), Proved)
    # Where only the way there leads past the firewall no answer comes back, for the source stays the client's.
    one_way = BOTH.replace("fd00:0:2:1::/64 routes via", "fd00:0:2:1::/64")
    assert isinstance(verdict_on(one_way, WEB, asked.format("sometimes reaches"), solver), Refuted)
