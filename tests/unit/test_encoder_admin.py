"""Security admin rules in the encoding: in front of groups, by manager and scope, at public addresses, for replies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.verdicts import inquiry_about, open_facts
from vnetverify.header import Family
from vnetverify.model.planes import claim_in, plane
from vnetverify.prover.prove import decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Verdict

DENY = "inbound 10 shut deny tcp from any to any port 443"
ALLOW = "inbound 10 may allow tcp from any to any port 443"
ALWAYS = "inbound 10 must always-allow tcp from any to any port 443"
CLOSED = "inbound 100 none deny * from * to *"


def network(admin: str = "", groups: str = "", scope: str = "all", subnet: str = "s") -> str:
    """Return a client `c.s` and a server `v.s`, whose group, where there is one, holds `groups`."""
    guarded = "nsg guard" if groups else ""
    return f"""\
vnet v {{ address 10.1.0.0/16  admin-scope {scope}  subnet {subnet} 10.1.1.0/24 {guarded} }}
vnet c {{ address 10.2.0.0/16  subnet s 10.2.1.0/24 }}
peering v -> c {{ allow-forwarded-traffic }}
peering c -> v {{ allow-forwarded-traffic }}
nsg guard {{ {groups} }}
{admin}
"""


def rules(lines: str, manager: str = "corp", vnets: str = "v", name: str = "base") -> str:
    return f"admin-rules {name} by {manager} for {vnets} {{ {lines} }}"


def verdict_on(text: str, sentence: str, solver: Solver, family: Family | None = None) -> Verdict:
    inquiry = inquiry_about(text, sentence)
    if family is not None:
        network, claim = plane(inquiry.network, family), claim_in(inquiry.claim, family)
        inquiry = replace(inquiry, network=network, claim=claim)
    return decide(inquiry, solver)


# -- in front of the groups -----------------------------------------------------------------------------


def test_a_denying_rule_stops_packets_where_no_group_is_attached(solver: Solver) -> None:
    verdict = verdict_on(network(rules(DENY)), "c.s never reaches v.s on https", solver)

    assert isinstance(verdict, Proved)
    assert {(ground.group, ground.rule) for ground in verdict.grounds} == {("admin rules corp", "F-ADM-4")}


def test_a_rule_for_another_network_or_direction_decides_nothing(solver: Solver) -> None:
    assert isinstance(verdict_on(network(rules(DENY, vnets="c")), "c.s reaches v.s on https", solver), Proved)
    outbound = rules(DENY.replace("inbound", "outbound"))
    assert isinstance(verdict_on(network(outbound), "c.s reaches v.s on https", solver), Proved)
    senders = rules(DENY.replace("inbound", "outbound"), vnets="c")
    assert isinstance(verdict_on(network(senders), "c.s never reaches v.s on https", solver), Proved)


def test_a_denying_rule_wins_over_a_group_that_allows(solver: Solver) -> None:
    text = network(rules(DENY), groups="inbound 100 all allow * from * to *")

    assert isinstance(verdict_on(text, "c.s never reaches v.s on https", solver), Proved)


def test_an_always_allowing_rule_opens_what_the_group_closes(solver: Solver) -> None:
    text = network(rules(ALWAYS), groups=CLOSED)

    assert isinstance(verdict_on(text, "c.s never reaches v.s on https", solver), Refuted)
    assert isinstance(verdict_on(text, "c.s never reaches v.s on ssh", solver), Proved)


def test_an_allowing_rule_opens_nothing_but_shields_from_rules_behind_it(solver: Solver) -> None:
    closed = network(rules(ALLOW), groups=CLOSED)
    shielded = network(rules(f"{ALLOW}\n inbound 20 shut deny tcp from any to any"))

    assert isinstance(verdict_on(closed, "c.s never reaches v.s on https", solver), Proved)
    assert isinstance(verdict_on(shielded, "c.s reaches v.s on https", solver), Proved)
    assert isinstance(verdict_on(shielded, "c.s never reaches v.s on ssh", solver), Proved)


def test_an_allowing_rule_that_shields_from_always_allow_is_a_ground_of_isolation(solver: Solver) -> None:
    text = network(rules(f"{ALLOW}\n inbound 20 must always-allow tcp from any to any port 443"), groups=CLOSED)
    verdict = verdict_on(text, "c.s never reaches v.s on https", solver)

    assert isinstance(verdict, Proved)
    assert {ground.rule for ground in verdict.grounds} == {"F-ADM-6", "F-NSG-4"}


@pytest.mark.parametrize("first", [1, 20])
def test_collections_of_one_manager_make_one_list(first: int, solver: Solver) -> None:
    other = f"inbound {first} may allow tcp from any to any port 443"
    text = network(rules(DENY) + rules(other, name="exceptions"))
    verdict = verdict_on(text, "c.s reaches v.s on https", solver)

    assert isinstance(verdict, Proved if first == 1 else Refuted)


# -- what is open ---------------------------------------------------------------------------------------


def test_rules_of_one_priority_that_differ_are_open(solver: Solver) -> None:
    text = network(rules(DENY + "\n inbound 10 may allow tcp from 10.2.0.0/16 to any"))

    assert open_facts(verdict_on(text, "c.s reaches v.s on https", solver)) == {"U-ADMTIE(corp/shut)"}
    assert open_facts(verdict_on(text, "c.s never reaches v.s on https", solver)) == {"U-ADMTIE(corp/shut)"}
    assert isinstance(verdict_on(text, "c.s reaches v.s on ssh", solver), Proved)


def test_rules_of_one_priority_that_do_the_same_leave_nothing_open(solver: Solver) -> None:
    text = network(rules(DENY + "\n inbound 10 too deny tcp from 10.2.0.0/16 to any"))

    assert isinstance(verdict_on(text, "c.s never reaches v.s on https", solver), Proved)


def test_what_the_higher_manager_denies_or_always_allows_stands(solver: Solver) -> None:
    denied = network(rules(DENY) + rules(ALWAYS, "team", name="own"))
    admitted = network(rules(ALWAYS) + rules(DENY, "team", name="own"))

    assert isinstance(verdict_on(denied, "c.s never reaches v.s on https", solver), Proved)
    assert isinstance(verdict_on(admitted, "c.s never reaches v.s on https", solver), Refuted)


def test_after_an_allow_the_lower_manager_may_or_may_not_be_asked(solver: Solver) -> None:
    text = network(rules(ALLOW) + rules(DENY, "team", name="own"))

    assert open_facts(verdict_on(text, "c.s never reaches v.s on https", solver)) == {"U-ADMNEST"}
    assert isinstance(verdict_on(text, "c.s never reaches v.s on ssh", solver), Refuted)


def test_where_no_rule_of_the_higher_manager_matches_the_lower_one_decides(solver: Solver) -> None:
    text = network(rules(DENY.replace("443", "22")) + rules(DENY, "team", name="own"))

    assert isinstance(verdict_on(text, "c.s never reaches v.s on https", solver), Proved)


# -- where none stand -----------------------------------------------------------------------------------


def test_a_network_that_takes_no_admin_rules_takes_none(solver: Solver) -> None:
    verdict = verdict_on(network(rules(DENY), scope="none"), "c.s reaches v.s on https", solver)

    assert isinstance(verdict, Proved)


def test_of_allowing_rules_alone_denying_ones_are_left_out_and_always_allowing_ones_are_open(solver: Solver) -> None:
    denying = network(rules(DENY), scope="allow-only")
    always = network(rules(ALWAYS), groups=CLOSED, scope="allow-only")

    assert isinstance(verdict_on(denying, "c.s reaches v.s on https", solver), Proved)
    assert open_facts(verdict_on(always, "c.s never reaches v.s on https", solver)) == {"U-AANIP(v)"}


@pytest.mark.parametrize("subnet", ["AzureBastionSubnet", "AzureFirewallSubnet", "RouteServerSubnet"])
def test_none_stand_in_subnets_of_platform_services(subnet: str, solver: Solver) -> None:
    text = network(rules(DENY), subnet=subnet) + f"vm inside {{ nic 10.1.1.4 in v.{subnet} }}\n"

    assert isinstance(verdict_on(text, "c.s reaches inside on https", solver), Proved)


def test_none_stand_at_private_endpoints(solver: Solver) -> None:
    text = network(rules(DENY)) + "private-endpoint vault 10.1.1.20 in v.s\n"

    assert isinstance(verdict_on(text, "c.s reaches vault on https", solver), Proved)
    assert isinstance(verdict_on(text, "c.s never reaches v.s except vault on https", solver), Proved)


# -- matching -------------------------------------------------------------------------------------------


def test_rules_match_by_the_other_side_and_by_tags(solver: Solver) -> None:
    elsewhere = network(rules("inbound 10 shut deny * from 10.3.0.0/16 to *"))
    tagged = network(rules("inbound 10 shut deny tcp from VirtualNetwork to VirtualNetwork"))

    assert isinstance(verdict_on(elsewhere, "c.s reaches v.s on https", solver), Proved)
    assert isinstance(verdict_on(tagged, "c.s never reaches v.s on https", solver), Proved)


def test_rules_with_ports_leave_open_whether_they_match_icmp(solver: Solver) -> None:
    text = network(rules("inbound 10 shut deny * from * to * port 443"))

    assert open_facts(verdict_on(text, "c.s reaches v.s on icmp", solver)) == {"U-ICMPPORT(corp/shut)"}


# -- appliances, probes, senders ------------------------------------------------------------------------

MEMBER = "vm db { nic 10.1.1.4 in v.s }\n"


def balancer(more: str = "") -> str:
    return f"""{MEMBER}
load-balancer front standard in v.s {{ frontend 10.1.1.100  rule web tcp 443 -> db port 8443 {more} }}
"""


def test_an_appliance_drops_what_admin_rules_deny_at_its_interface(solver: Solver) -> None:
    text = """\
vnet v { address 10.1.0.0/16  subnet s 10.1.1.0/24 routes via  subnet t 10.1.2.0/24 }
vnet hub { address 10.0.0.0/16  subnet fw 10.0.1.0/24 }
peering v -> hub { allow-forwarded-traffic }
peering hub -> v { allow-forwarded-traffic }
route-table via { t 10.1.2.0/24 -> appliance 10.0.1.4 }
appliance fw { nic 10.0.1.4 in hub.fw  forwards any  stateless }
"""

    assert isinstance(verdict_on(text + rules(DENY), "v.s never reaches v.t on https", solver), Proved)
    assert isinstance(verdict_on(text + rules(DENY, vnets="hub"), "v.s never reaches v.t on https", solver), Proved)
    assert isinstance(verdict_on(text + rules(ALLOW, vnets="hub"), "v.s reaches v.t on https", solver), Proved)


def test_a_probe_that_admin_rules_deny_leaves_a_member_open(solver: Solver) -> None:
    text = network(rules("inbound 10 shut deny tcp from AzureLoadBalancer to any"))
    verdict = verdict_on(text + balancer("probe 8443"), "c.s reaches front on https", solver)

    assert open_facts(verdict) == {"U-PROBE(front/web, db)"}


def test_rules_at_a_member_see_its_own_port(solver: Solver) -> None:
    text = network(rules(DENY.replace("443", "8443"))) + balancer()

    assert isinstance(verdict_on(text, "c.s never reaches front on https", solver), Proved)


def test_rules_of_a_sender_may_see_the_member_behind_a_frontend(solver: Solver) -> None:
    outbound = DENY.replace("inbound", "outbound").replace("443", "8443")
    text = network(rules(outbound, vnets="c")) + balancer()

    assert open_facts(verdict_on(text, "c.s reaches front on https", solver)) == {"U-LBOUT"}


# -- public addresses -----------------------------------------------------------------------------------


def public(sku: str, admin: str) -> str:
    return network(admin) + f"vm web {{ nic 10.1.1.4 in v.s public-ip {sku} 20.0.0.1 }}\n"


def test_always_allow_may_open_a_standard_address_without_a_group(solver: Solver) -> None:
    asked = "internet never reaches web on https"

    assert isinstance(verdict_on(public("standard", ""), asked, solver), Proved)
    assert isinstance(verdict_on(public("standard", rules(ALLOW)), asked, solver), Proved)
    assert isinstance(verdict_on(public("standard", rules(DENY)), asked, solver), Proved)
    assert open_facts(verdict_on(public("standard", rules(ALWAYS)), asked, solver)) == {"U-AAPIP(web)"}


def test_a_basic_address_is_open_to_what_admin_rules_do_not_deny(solver: Solver) -> None:
    asked = "internet never reaches web on https"

    assert isinstance(verdict_on(public("basic", rules(ALLOW)), asked, solver), Refuted)
    assert isinstance(verdict_on(public("basic", rules(DENY)), asked, solver), Proved)


# -- replies --------------------------------------------------------------------------------------------

SILENT = "outbound 100 none deny * from * to *"
DEAF = "inbound 100 none deny * from * to *"


def test_denying_rules_do_not_keep_back_replies(solver: Solver) -> None:
    text = network(rules("outbound 10 shut deny * from * to *"))

    assert isinstance(verdict_on(text, "c.s reaches v.s on https", solver), Proved)


def test_what_always_allow_let_in_may_leave_no_record_for_the_reply(solver: Solver) -> None:
    text = network(rules(ALWAYS), groups=SILENT)
    paired = network(rules(f"{ALWAYS}\n outbound 10 back always-allow tcp from any port 443 to any"), groups=SILENT)

    assert open_facts(verdict_on(text, "c.s reaches v.s on https", solver)) == {"U-AASTATE"}
    assert isinstance(verdict_on(paired, "c.s reaches v.s on https", solver), Proved)


def test_what_always_allow_let_out_may_leave_no_record_for_the_reply(solver: Solver) -> None:
    outbound = rules(ALWAYS.replace("inbound", "outbound"), vnets="c")
    text = (
        network(outbound).replace("subnet s 10.2.1.0/24", "subnet s 10.2.1.0/24 nsg deaf") + f"nsg deaf {{ {DEAF} }}\n"
    )

    assert open_facts(verdict_on(text, "c.s reaches v.s on https", solver)) == {"U-AASTATE"}


def test_a_reply_of_the_internet_may_find_no_record_at_the_host_that_asked(solver: Solver) -> None:
    text = network(rules(ALWAYS.replace("inbound", "outbound")), groups=DEAF)
    text = text.replace("10.1.1.0/24", "10.1.1.0/24 default-outbound on")

    assert open_facts(verdict_on(text, "v.s reaches internet on https", solver)) == {"U-AASTATE", "U-R-SYS-10"}


def test_a_reply_to_the_internet_may_find_no_record_at_a_public_address(solver: Solver) -> None:
    text = network(rules(ALWAYS), groups=SILENT) + "vm web { nic 10.1.1.4 in v.s public-ip standard 20.0.0.1 }\n"

    assert open_facts(verdict_on(text, "internet reaches web on https", solver)) == {"U-AASTATE", "U-R-SYS-10"}


def test_a_reply_of_a_member_is_judged_by_its_own_address_and_port(solver: Solver) -> None:
    always = ALWAYS.replace("443", "8443")
    closed = network(rules(always), groups=SILENT) + balancer()
    opened = (
        network(rules(always), groups=f"outbound 90 back allow tcp from 10.1.1.4 port 8443 to any\n {SILENT}")
        + balancer()
    )

    assert open_facts(verdict_on(closed, "c.s reaches front on https", solver)) == {"U-AASTATE"}
    assert isinstance(verdict_on(opened, "c.s reaches front on https", solver), Proved)


def test_a_reply_past_an_appliance_may_find_no_record_at_its_interface(solver: Solver) -> None:
    text = """\
vnet v { address 10.1.0.0/16  subnet s 10.1.1.0/24 routes there  subnet t 10.1.2.0/24 routes back }
vnet hub { address 10.0.0.0/16  subnet fw 10.0.1.0/24 nsg guard }
peering v -> hub { allow-forwarded-traffic }
peering hub -> v { allow-forwarded-traffic }
route-table there { t 10.1.2.0/24 -> appliance 10.0.1.4 }
route-table back { s 10.1.1.0/24 -> appliance 10.0.1.4 }
appliance fw { nic 10.0.1.4 in hub.fw  forwards any  stateful }
nsg guard { inbound 90 web allow tcp from 10.1.1.0/24 to any port 443
            inbound 100 none deny * from * to *  outbound 100 all allow * from * to * }
"""
    always = rules(ALWAYS, vnets="hub")

    assert isinstance(verdict_on(text, "v.s reaches v.t on https", solver), Proved)
    assert open_facts(verdict_on(text + always, "v.s reaches v.t on https", solver)) == {"U-AASTATE"}


def test_a_reply_of_the_internet_may_find_no_record_at_the_appliance_that_sent_it_out(solver: Solver) -> None:
    text = """\
vnet v { address 10.1.0.0/16  subnet s 10.1.1.0/24 routes out  subnet fw 10.1.2.0/24 nsg guard }
route-table out { default 0.0.0.0/0 -> appliance 10.1.2.4 }
appliance fw { nic 10.1.2.4 in v.fw public-ip standard 20.0.0.1  forwards any  stateful  source-nat on }
nsg guard { inbound 90 web allow tcp from 10.1.1.0/24 to any port 443
            inbound 100 none deny * from * to *  outbound 100 all allow * from * to * }
"""
    outbound = rules("outbound 10 must always-allow tcp from any to any port 443")
    asked = "v.s reaches internet on https"
    before, after = verdict_on(text, asked, solver), verdict_on(text + outbound, asked, solver)

    assert open_facts(after) - (open_facts(before) if isinstance(before, Unknown) else set()) == {"U-AASTATE"}


# -- IPv6 -----------------------------------------------------------------------------------------------

DUAL = """\
vnet v { address 10.1.0.0/16, fd00:1::/48  subnet s 10.1.1.0/24, fd00:1::/64 }
vnet c { address 10.2.0.0/16, fd00:2::/48  subnet s 10.2.1.0/24, fd00:2::/64 }
peering v -> c
peering c -> v
"""


def test_rules_for_prefixes_of_one_family_decide_in_that_family_alone(solver: Solver) -> None:
    text = DUAL + rules("inbound 10 shut deny tcp from fd00:2::/48 to any")

    assert isinstance(verdict_on(text, "c.s reaches v.s on https", solver, Family.IPV4), Proved)
    assert isinstance(verdict_on(text, "c.s never reaches v.s on https", solver, Family.IPV6), Proved)


def test_icmpv6_is_open_where_an_admin_rule_stands(solver: Solver) -> None:
    asked = "c.s reaches v.s on icmp"

    assert isinstance(verdict_on(DUAL, asked, solver, Family.IPV6), Proved)
    verdict = verdict_on(DUAL + rules(DENY), asked, solver, Family.IPV6)
    assert open_facts(verdict) == {"U-ICMPV6(v.s, inbound)"}


# -- every filter allowing ------------------------------------------------------------------------------


def test_a_claim_that_no_packet_is_lost_leaves_admin_rules_aside(solver: Solver) -> None:
    assert isinstance(verdict_on(network(rules(DENY)), "c.s loses no packets to v.s on https", solver), Proved)
