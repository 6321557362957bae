"""Firewalls with rules in the encoding: what they drop, what they translate, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from vnetverify.header import ALL_IPV4, ALL_PORTS, TCP, UDP, Interval, IntervalSet, addresses_of, interval_set
from vnetverify.header import parse_address, parse_prefix
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Verdict
from vnetverify.source import Source
from vnetverify.syntax import read

NOTHING = IntervalSet()
WEB = interval_set((Interval(80, 80), Interval(443, 443)))


def ports(*numbers: int) -> IntervalSet:
    return interval_set(Interval(number, number) for number in numbers)


def addresses(*texts: str) -> IntervalSet:
    return addresses_of(parse_prefix(text) for text in texts)


def network_rule(name: str, allows: bool = True, **given: object) -> FirewallRule:
    """Return a network rule for every packet, but for what is `given`."""
    rule = FirewallRule(name, FirewallRuleKind.NETWORK, allows, (None,), ALL_IPV4, ALL_IPV4, ALL_PORTS)
    return replace(rule, **given)  # type: ignore[arg-type]


def application_rule(name: str, allows: bool = True, **given: object) -> FirewallRule:
    rule = FirewallRule(name, FirewallRuleKind.APPLICATION, allows, (TCP,), ALL_IPV4, ALL_IPV4, WEB)
    return replace(rule, **given)  # type: ignore[arg-type]


def nat_rule(name: str, target: str, port: int = 443, at: str | None = None, **given: object) -> FirewallRule:
    """Return a NAT rule at port 8443, from everywhere."""
    translation = Translation(parse_address(target), port)
    rule = FirewallRule(
        name, FirewallRuleKind.NAT, True, (TCP,), ALL_IPV4, NOTHING, ports(8443), at=at, translation=translation
    )
    return replace(rule, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    solver = Solver(Limits(seconds=60))
    yield solver
    solver.close()


def verdict_on(
    text: str, sentence: str, solver: Solver, documented: bool = False, **policies: FirewallPolicy
) -> Verdict:
    """Return the verdict on `sentence` where the firewalls of `text` have these policies."""
    asked = read([Source("t.vnet", f"{text}\nintent asked {{ {sentence} }}\n")], Network())
    assert not asked.diagnostics, asked.diagnostics
    machines = dict(asked.network.machines)
    for name, policy in policies.items():
        machines[name] = replace(machines[name], firewall=policy, policy=())
    claim = asked.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return decide(Inquiry(replace(asked.network, machines=machines), claim, {}, documented), solver)


def open_facts(verdict: Verdict) -> set[str]:
    assert isinstance(verdict, Unknown), verdict
    return {str(fact) for fact in verdict.open_facts}


def grounds(verdict: Verdict) -> set[str]:
    assert isinstance(verdict, Proved), verdict
    return {f"{ground.group}: {ground.what}" for ground in verdict.grounds}


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
firewall fw { nic 10.0.1.4 in hub.AzureFirewallSubnet public-ip entry standard 20.1.2.3 }
"""
# The second spoke sends nothing to the firewall: it knows only its own way to the hub.
ONE_WAY = HUB.replace("subnet s 10.2.0.0/24 routes via", "subnet s 10.2.0.0/24")


# -- rules ----------------------------------------------------------------------------------------------


def test_without_a_rule_a_firewall_passes_nothing(solver: Solver) -> None:
    verdict = verdict_on(HUB, "one never reaches two", solver, fw=FirewallPolicy())

    assert isinstance(verdict, Proved)
    assert "firewall fw: passes nothing else" in grounds(verdict)


def test_a_network_rule_passes_what_it_allows_between_spokes_and_the_answer(solver: Solver) -> None:
    policy = FirewallPolicy((network_rule("a", sources=addresses("10.1.0.0/16"), destinations=addresses("10.2.0.0/16")),))

    verdict = verdict_on(HUB, "one reaches two on https", solver, fw=policy)
    assert isinstance(verdict, Proved)
    assert "firewall fw: network rule a allows" in grounds(verdict)
    assert isinstance(verdict_on(HUB, "two never reaches one", solver, fw=policy), Proved)


def test_the_first_network_rule_that_matches_decides(solver: Solver) -> None:
    policy = FirewallPolicy((network_rule("no", False, destination_ports=ports(22)), network_rule("yes")))

    assert isinstance(verdict_on(HUB, "one never reaches two on ssh", solver, fw=policy), Proved)
    assert isinstance(verdict_on(HUB, "one reaches two on https", solver, fw=policy), Proved)


def test_a_network_rule_that_denies_keeps_application_rules_from_being_asked(solver: Solver) -> None:
    policy = FirewallPolicy((network_rule("no", False, destination_ports=ports(443)), application_rule("web")))

    assert isinstance(verdict_on(HUB, "one never reaches two on https", solver, fw=policy), Proved)
    assert isinstance(verdict_on(HUB, "one reaches two on http", solver, fw=policy), Proved)


def test_ping_passes_rules_of_all_ports_alone(solver: Solver) -> None:
    some = FirewallPolicy((network_rule("some", destination_ports=ports(443)),))

    assert isinstance(verdict_on(HUB, "one never reaches two on icmp", solver, fw=some), Proved)
    assert isinstance(verdict_on(HUB, "one reaches two on icmp", solver, fw=FirewallPolicy((network_rule("a"),))), Proved)


def test_names_that_a_rule_is_of_leave_open_what_it_passes(solver: Solver) -> None:
    policy = FirewallPolicy((network_rule("names", destinations=NOTHING, has_names=True),))

    assert open_facts(verdict_on(HUB, "one never reaches two on ssh", solver, fw=policy)) == {"U-FQDN(fw/names)"}


def test_threat_intelligence_is_taken_not_to_drop_and_speaks_of_public_addresses_alone(solver: Solver) -> None:
    policy = FirewallPolicy((network_rule("a"),), denies_by_threat_intelligence=True)

    assert isinstance(verdict_on(HUB, "one reaches two on https", solver, fw=policy), Proved)
    verdict = verdict_on(HUB, "one reaches internet on https", solver, documented=True, fw=policy)
    assert isinstance(verdict, Proved)
    assert "U-FWTI(fw)" in {str(fact) for fact in verdict.leaned_on}


def test_intrusion_detection_may_drop_anything(solver: Solver) -> None:
    policy = FirewallPolicy((network_rule("a"),), denies_by_intrusion_detection=True)

    assert open_facts(verdict_on(HUB, "one reaches two on https", solver, fw=policy)) == {"U-FWIDPS(fw)"}


# -- sources --------------------------------------------------------------------------------------------


def test_a_network_rule_keeps_the_source_so_that_the_way_back_has_to_pass_the_firewall(solver: Solver) -> None:
    policy = FirewallPolicy((network_rule("a"),))

    assert isinstance(verdict_on(ONE_WAY, "one reaches two on https", solver, fw=policy), Refuted)


def test_an_application_rule_replaces_the_source_so_that_the_way_back_needs_no_route(solver: Solver) -> None:
    policy = FirewallPolicy((application_rule("web"),))

    assert isinstance(verdict_on(ONE_WAY, "one reaches two on https", solver, fw=policy), Proved)
    assert isinstance(verdict_on(ONE_WAY, "one reaches two on https symmetrically", solver, fw=policy), Proved)


def test_the_target_sees_an_address_of_the_firewalls_subnet(solver: Solver) -> None:
    closed = ONE_WAY.replace("10.2.0.0/24", "10.2.0.0/24 nsg shut")
    for_firewall = "nsg shut { inbound 100 fw allow any from 10.0.1.0/26 to any  inbound 200 no deny any from any to any }"
    for_client = "nsg shut { inbound 100 fw deny any from 10.0.1.0/26 to any }"
    policy = FirewallPolicy((application_rule("web"),))

    assert isinstance(verdict_on(closed + for_firewall, "one reaches two on https", solver, fw=policy), Proved)
    assert isinstance(verdict_on(closed + for_client, "one never reaches two on https", solver, fw=policy), Proved)


# A site whose addresses are public, reached by a gateway of the hub.
OFFICE = HUB.replace(
    "subnet AzureFirewallSubnet 10.0.1.0/26", "subnet AzureFirewallSubnet 10.0.1.0/26  subnet GatewaySubnet 10.0.2.0/27"
) + """
gateway vpn vpn in hub
site office { prefixes 20.50.0.0/16 }
connection line vpn to office
"""


def test_a_source_is_replaced_towards_public_ranges_of_a_site_unless_these_are_private_ones(solver: Solver) -> None:
    asked = "one reaches office on https"
    as_ever = FirewallPolicy((network_rule("a"),))
    never = FirewallPolicy((network_rule("a"),), private_ranges=ALL_IPV4)

    # With the firewall's source the answer needs no way to the spoke from the gateway by the firewall.
    assert isinstance(verdict_on(OFFICE, asked, solver, fw=as_ever), Proved)
    assert isinstance(verdict_on(OFFICE, asked, solver, fw=never), Refuted)


def test_with_no_private_ranges_every_source_is_replaced_and_with_all_none_gets_out(solver: Solver) -> None:
    always = FirewallPolicy((network_rule("a"),), private_ranges=NOTHING)
    never = FirewallPolicy((network_rule("a"),), private_ranges=ALL_IPV4)

    assert isinstance(verdict_on(ONE_WAY, "one reaches two on https", solver, fw=always), Proved)
    assert isinstance(verdict_on(HUB, "one never reaches internet on https", solver, fw=never), Proved)


def test_ranges_that_a_firewall_learns_leave_open_whom_it_translates(solver: Solver) -> None:
    learning = FirewallPolicy((network_rule("a"),), private_ranges=NOTHING, learns_private_ranges=True)

    assert open_facts(verdict_on(ONE_WAY, "one reaches two on https", solver, fw=learning)) == {"U-FWSNAT(fw)"}


def test_web_traffic_to_the_internet_may_pass_for_what_azure_itself_needs(solver: Solver) -> None:
    verdict = verdict_on(HUB, "one never reaches internet on https", solver, fw=FirewallPolicy())

    assert open_facts(verdict) == {"U-FQDN(fw/infrastructure)"}
    assert isinstance(verdict_on(HUB, "one never reaches internet on ssh", solver, fw=FirewallPolicy()), Proved)


# -- NAT rules at the private address -------------------------------------------------------------------


def test_a_nat_rule_leads_from_the_private_address_to_its_target(solver: Solver) -> None:
    policy = FirewallPolicy((nat_rule("web", "10.2.0.4"),))

    assert isinstance(verdict_on(HUB, "one reaches fw on tcp 8443", solver, fw=policy), Proved)
    assert isinstance(verdict_on(HUB, "one reaches fw on tcp 443", solver, fw=policy), Refuted)
    assert isinstance(verdict_on(HUB, "one never reaches two on tcp 8443", solver, fw=policy), Refuted)
    assert isinstance(verdict_on(HUB, "one never reaches two on tcp 443", solver, fw=policy), Proved)


def test_where_a_nat_rule_keeps_the_source_the_answer_has_to_pass_the_firewall(solver: Solver) -> None:
    policy = FirewallPolicy((nat_rule("web", "10.2.0.4"),))

    verdict = verdict_on(ONE_WAY, "one reaches fw on tcp 8443", solver, fw=policy)
    assert open_facts(verdict) == {"U-FWDNATSRC(fw/web)"}


def test_a_network_rule_that_denies_the_target_overrides_the_nat_rule(solver: Solver) -> None:
    no = network_rule("no", False, destinations=addresses("10.2.0.0/16"), destination_ports=ports(443))
    policy = FirewallPolicy((nat_rule("web", "10.2.0.4"), no))

    assert isinstance(verdict_on(HUB, "one never reaches two on tcp 8443", solver, fw=policy), Proved)


def test_a_nat_rule_translates_where_filters_are_left_out_and_its_target_is_what_is_lost(solver: Solver) -> None:
    there = FirewallPolicy((nat_rule("web", "10.2.0.4"),))
    nowhere = FirewallPolicy((nat_rule("web", "10.9.0.4"),))

    assert isinstance(verdict_on(HUB, "one loses no packets to fw on tcp 8443", solver, fw=there), Proved)
    assert isinstance(verdict_on(HUB, "one loses no packets to fw on tcp 8443", solver, fw=nowhere), Refuted)


def test_a_flow_that_comes_back_to_where_it_began_is_none(solver: Solver) -> None:
    policy = FirewallPolicy((nat_rule("web", "10.1.0.4"),))

    assert isinstance(verdict_on(HUB, "{10.1.0.4} reaches fw on tcp 8443", solver, fw=policy), Refuted)
    assert isinstance(verdict_on(HUB, "{10.1.0.5} reaches fw on tcp 8443", solver, fw=policy), Proved)
