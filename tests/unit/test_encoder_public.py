"""Public frontends in the encoding: who gets in, by which member, who is answered, and what stands in doubt."""

from __future__ import annotations

from tests.unit.verdicts import open_facts, verdict_on
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous

# Two web servers behind a public frontend, and an office that may leave for the Internet.
SHOP = """\
vnet v {
  address 10.0.0.0/16
  subnet web    10.0.1.0/24 nsg web
  subnet office 10.0.2.0/24 default-outbound on
}
nsg web {
  inbound 100 shop  allow tcp from Internet to any port 8443
  inbound 110 probe allow tcp from AzureLoadBalancer to any port 8080
  inbound 400 rest  deny any from any to any
}
vm web1 { nic 10.0.1.10 in v.web }
vm web2 { nic 10.0.1.11 in v.web }
load-balancer shop standard {
  frontend front public-ip 203.0.113.7
  rule web tcp 443 at front -> web1, web2 port 8443  probe 8080
}
"""
SHUT = "nsg shut { inbound 110 no deny any from any to any }\n"


def shut(network: str, machine: str = "web2", address: str = "10.0.1.11") -> str:
    """Return the network with a group at one server that lets neither clients nor probes in."""
    alone = f"vm {machine} {{ nic {address} in v.web }}"
    return network.replace(alone, alone.replace(" }", "  nsg shut }")) + SHUT


# -- who gets in ----------------------------------------------------------------------------------------


def test_a_client_reaches_a_public_frontend_by_every_member(solver: Solver) -> None:
    verdict = verdict_on(SHOP, "8.8.8.8 reaches shop on tcp/443", solver)

    assert isinstance(verdict, Proved)
    assert ("load balancer shop", "rule web at front") in {(g.group, g.what) for g in verdict.grounds}


def test_a_member_is_reached_by_the_frontend_and_by_no_other_way(solver: Solver) -> None:
    assert isinstance(verdict_on(SHOP, "internet never reaches web1 on tcp/443", solver), Refuted | Unknown)
    assert isinstance(verdict_on(SHOP, "internet never reaches web1 on tcp/8443", solver), Proved)


def test_a_port_that_no_rule_has_is_closed_and_the_proof_says_so(solver: Solver) -> None:
    verdict = verdict_on(SHOP, "internet never reaches shop on tcp/22", solver)

    assert isinstance(verdict, Proved)
    assert [ground.rule for ground in verdict.grounds] == ["F-LB-2"]


def test_a_host_behind_no_frontend_is_out_of_the_internets_reach(solver: Solver) -> None:
    assert isinstance(verdict_on(SHOP, "internet never reaches v.office", solver), Proved)


def test_a_frontend_whose_address_is_not_known_is_reached_by_whatever_address_it_has(solver: Solver) -> None:
    unknown = SHOP.replace("public-ip 203.0.113.7", "public-ip")

    assert isinstance(verdict_on(unknown, "8.8.8.8 reaches shop on tcp/443", solver), Proved)
    assert isinstance(verdict_on(unknown, "internet never reaches web1 on tcp/443", solver), Refuted | Unknown)
    assert isinstance(verdict_on(unknown, "internet never reaches web1 on tcp/8443", solver), Proved)


def test_a_literal_address_names_the_frontend(solver: Solver) -> None:
    assert isinstance(verdict_on(SHOP, "8.8.8.8 reaches 203.0.113.7 on tcp/443", solver), Proved)


def test_a_frontends_address_is_none_of_the_internet(solver: Solver) -> None:
    elsewhere = "v.office never reaches 203.0.113.7 on tcp/22"

    assert isinstance(verdict_on(SHOP, elsewhere, solver), Proved)


def test_no_flow_begins_at_a_public_frontend(solver: Solver) -> None:
    assert isinstance(verdict_on(SHOP, "shop never reaches internet", solver), Vacuous)


# -- filters at members ---------------------------------------------------------------------------------


def test_without_a_group_a_standard_load_balancer_lets_nobody_in(solver: Solver) -> None:
    bare = SHOP.replace(" nsg web\n", "\n").replace("  probe 8080", "")
    closed = verdict_on(bare, "internet never reaches shop on tcp/443", solver)

    assert isinstance(closed, Proved)
    assert {ground.rule for ground in closed.grounds} == {"F-LB-7"}
    basic = bare.replace("shop standard", "shop basic")
    assert isinstance(verdict_on(basic, "8.8.8.8 reaches shop on tcp/443", solver), Proved)
    unstated = bare.replace("shop standard", "shop")
    assert open_facts(verdict_on(unstated, "8.8.8.8 reaches shop on tcp/443", solver)) == {"U-SKU(load balancer shop)"}


def test_a_members_group_sees_its_own_port_and_the_clients_address(solver: Solver) -> None:
    named = SHOP.replace("from Internet to any port 8443", "from 198.51.100.0/24 to 10.0.1.0/24 port 8443")

    assert isinstance(verdict_on(named, "198.51.100.0/24 reaches shop on tcp/443", solver), Proved)
    assert isinstance(verdict_on(named, "8.8.8.8 never reaches shop on tcp/443", solver), Proved)


def test_with_floating_ip_it_is_open_which_address_a_members_rules_see(solver: Solver) -> None:
    floating = SHOP.replace("from Internet to any port 8443", "from Internet to 203.0.113.7/32 port 443")
    floating = floating.replace("probe 8080\n", "probe 8080  floating-ip\n").replace(" port 8443  probe", "  probe")

    assert open_facts(verdict_on(floating, "8.8.8.8 reaches shop on tcp/443", solver)) == {"U-FLOAT(shop/web)"}


def test_icmp_comes_to_a_member_only_if_an_open_question_says_so(solver: Solver) -> None:
    anything = SHOP.replace("allow tcp from Internet to any port 8443", "allow any from Internet to any")

    assert open_facts(verdict_on(anything, "8.8.8.8 reaches shop on icmp", solver)) == {"U-LBICMP(shop/front)"}


# -- which member ---------------------------------------------------------------------------------------


def test_a_member_whose_probe_is_stopped_gets_nothing_as_documented(solver: Solver) -> None:
    verdict = verdict_on(shut(SHOP), "8.8.8.8 reaches shop on tcp/443", solver)

    assert open_facts(verdict) == {"U-PROBE(shop/web, web2)"}


def test_a_member_taken_out_gets_nothing_by_any_probe(solver: Solver) -> None:
    down = shut(SHOP).replace("probe 8080\n", "probe 8080  down web2\n")

    assert isinstance(verdict_on(down, "8.8.8.8 reaches shop on tcp/443", solver), Proved)
    assert isinstance(verdict_on(down, "internet never reaches web2", solver), Proved)


def test_a_member_that_is_always_up_gets_flows_whatever_its_probe_says(solver: Solver) -> None:
    up = shut(SHOP).replace("probe 8080\n", "probe 8080  up web2\n")

    assert open_facts(verdict_on(up, "8.8.8.8 reaches shop on tcp/443", solver)) == {"U-BACKEND(shop/front, web1)"}


NO_PROBE = SHOP.replace("  inbound 110 probe allow tcp from AzureLoadBalancer to any port 8080\n", "")


def test_where_no_member_answers_the_probe_nobody_gets_anything_or_all_of_them_do(solver: Solver) -> None:
    unanswered = "assume U-PROBE = false"
    all_of_them = NO_PROBE.replace("probe 8080", "probe 8080  all-when-none")

    assert isinstance(verdict_on(NO_PROBE, "internet never reaches shop on tcp/443", solver, unanswered), Proved)
    assert isinstance(verdict_on(all_of_them, "8.8.8.8 reaches shop on tcp/443", solver, unanswered), Proved)


def test_the_probe_of_one_that_answers_keeps_the_others_out(solver: Solver) -> None:
    all_when_none = shut(SHOP).replace("probe 8080", "probe 8080  all-when-none")
    verdict = verdict_on(all_when_none, "8.8.8.8 reaches shop on tcp/443", solver, "assume U-PROBE = false")

    assert isinstance(verdict, Proved)


def test_an_inbound_nat_rule_leads_to_its_one_member(solver: Solver) -> None:
    nat = SHOP.replace("  rule web tcp", "  nat ssh1 tcp 50001 at front -> web1 port 22\n  rule web tcp").replace(
        "nsg web {", "nsg web {\n  inbound 120 ssh allow tcp from Internet to any port 22"
    )

    assert isinstance(verdict_on(nat, "8.8.8.8 reaches shop on tcp/50001", solver), Proved)
    assert isinstance(verdict_on(nat, "internet never reaches web2 on tcp/50001", solver), Proved)
    assert isinstance(verdict_on(nat, "internet never reaches web1 on tcp/22", solver), Proved)


# -- answers --------------------------------------------------------------------------------------------


def test_an_answer_that_does_not_leave_by_the_internet_is_none(solver: Solver) -> None:
    forced = SHOP.replace("nsg web\n", "nsg web routes away\n", 1) + "route-table away { all 0.0.0.0/0 -> none }"

    assert isinstance(verdict_on(forced, "8.8.8.8 reaches shop on tcp/443", solver), Refuted)
    assert isinstance(verdict_on(forced, "internet loses no packets to shop on tcp/443", solver), Proved)


# -- from inside ----------------------------------------------------------------------------------------


def test_what_leaves_for_a_frontend_may_come_back_in_and_is_not_answered(solver: Solver) -> None:
    assert isinstance(verdict_on(SHOP, "v.office reaches shop on tcp/443", solver), Refuted)
    assert "U-R-TRAF-10" in open_facts(verdict_on(SHOP, "v.office never reaches web1 on tcp/443", solver))


def test_a_member_gets_nothing_of_its_own_back(solver: Solver) -> None:
    alone = SHOP.replace("-> web1, web2 port", "-> web1 port").replace("from Internet to any", "from any to any")
    alone = alone.replace("nsg web\n", "nsg web default-outbound on\n", 1).replace("shop standard", "shop basic")

    assert isinstance(verdict_on(alone, "web1 never reaches shop on tcp/443", solver), Proved)
    assert "U-R-TRAF-10" in open_facts(verdict_on(alone, "web2 never reaches shop on tcp/443", solver))


def test_latency_is_not_local_where_a_flow_comes_in_by_a_frontend(solver: Solver) -> None:
    regional = SHOP.replace("vnet v {", "vnet v { region r")

    assert not isinstance(verdict_on(regional, "latency of v.office to web1 on tcp/443 is local", solver), Proved)


# -- state in doubt -------------------------------------------------------------------------------------

STRICT = """\
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24
  subnet db  10.0.2.0/24 nsg db
}
nsg db {
  inbound  100 sql  allow tcp from 10.0.1.0/24 to any port 1433
  outbound 100 none deny any from any to any
}
strict
"""


def test_strictly_a_custom_inbound_rule_may_keep_no_state(solver: Solver) -> None:
    assert open_facts(verdict_on(STRICT, "v.web reaches v.db on tcp/1433", solver)) == {"U-STATELESSIN(v)"}
    relaxed = STRICT.replace("strict\n", "")
    assert isinstance(verdict_on(relaxed, "v.web reaches v.db on tcp/1433", solver), Proved)


def test_a_flow_timeout_or_a_rule_for_the_answer_settles_it(solver: Solver) -> None:
    timed = STRICT.replace("vnet v {", "vnet v { flow-timeout 10 minutes")
    answered = STRICT.replace("deny any from any to any", "allow tcp from any to 10.0.1.0/24")

    assert isinstance(verdict_on(timed, "v.web reaches v.db on tcp/1433", solver), Proved)
    assert isinstance(verdict_on(answered, "v.web reaches v.db on tcp/1433", solver), Proved)


def test_default_rules_and_other_protocols_keep_state_all_the_same(solver: Solver) -> None:
    assert isinstance(verdict_on(STRICT, "v.web reaches v.db on udp/53", solver), Proved)
    assert isinstance(verdict_on(STRICT, "v.web reaches v.db on tcp/80", solver), Proved)


def test_strictly_the_internets_flows_are_doubted_too(solver: Solver) -> None:
    closed = SHOP.replace("  inbound 400 rest", "  outbound 100 none deny any from any to any\n  inbound 400 rest")

    assert isinstance(verdict_on(closed, "8.8.8.8 reaches shop on tcp/443", solver), Proved)
    doubted = verdict_on(closed + "strict\n", "8.8.8.8 reaches shop on tcp/443", solver)
    assert open_facts(doubted) == {"U-STATELESSIN(v)"}
