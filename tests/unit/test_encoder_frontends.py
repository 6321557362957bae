"""Internal load balancers in the encoding: who gets a flow, what filters see, and frontends as next hops."""

from __future__ import annotations

import pytest

from tests.unit.verdicts import inquiry_about, open_facts, verdict_on
from vnetverify.encoder.claims import encode
from vnetverify.header import Family
from vnetverify.model.planes import claim_in, plane
from vnetverify.prover.reach import within_reach
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous

# Two databases behind a frontend; web may use them, and so may the probes.
POOL = """\
vnet v {
  address 10.0.0.0/16
  subnet web   10.0.1.0/24
  subnet db    10.0.2.0/24 nsg db
  subnet front 10.0.3.0/24
}
nsg db {
  inbound 100 sql   allow tcp from 10.0.1.0/24 to any port 1433
  inbound 110 probe allow tcp from AzureLoadBalancer to any port 1433
  inbound 400 rest  deny any from any to any
}
vm db1 { nic 10.0.2.10 in v.db }
vm db2 { nic 10.0.2.11 in v.db }
load-balancer orders standard in v.front {
  frontend 10.0.3.100
  rule sql tcp 1433 -> db1, db2 port 1433  probe 1433
}
"""
# Two firewalls behind a frontend that all traffic between the spokes is sent to.
INSPECTED = """\
vnet hub { address 10.0.0.0/16  subnet fw 10.0.0.0/24  subnet front 10.0.1.0/24 }
vnet one { address 10.1.0.0/16  subnet s 10.1.0.0/24 routes via }
vnet two { address 10.2.0.0/16  subnet s 10.2.0.0/24 routes via }
peering hub -> one
peering one -> hub { allow-forwarded-traffic }
peering hub -> two
peering two -> hub { allow-forwarded-traffic }
route-table via {
  to-one 10.1.0.0/16 -> appliance 10.0.1.100
  to-two 10.2.0.0/16 -> appliance 10.0.1.100
}
appliance fw1 { nic 10.0.0.4 in hub.fw  forwards any }
appliance fw2 { nic 10.0.0.5 in hub.fw  forwards any }
load-balancer lb standard in hub.front { frontend 10.0.1.100  rule ha any -> fw1, fw2 }
"""


# -- delivery -------------------------------------------------------------------------------------------


def test_a_frontend_is_reached_when_every_member_lets_the_flow_in(solver: Solver) -> None:
    verdict = verdict_on(POOL, "v.web reaches orders on sql", solver)

    assert isinstance(verdict, Proved)
    assert ("load balancer orders", "rule sql at frontend") in {(g.group, g.what) for g in verdict.grounds}


def test_a_member_that_denies_the_flow_makes_the_frontend_fail_for_it(solver: Solver) -> None:
    closed = POOL.replace("vm db2 { nic 10.0.2.11 in v.db }", "vm db2 { nic 10.0.2.11 in v.db  nsg shut }")
    closed += """
    nsg shut { inbound 100 probe allow tcp from AzureLoadBalancer to any  inbound 110 no deny any from any to any }
    """
    verdict = verdict_on(closed, "v.web reaches orders on sql", solver)

    assert "U-BACKEND(orders/frontend, db1)" in open_facts(verdict)


def test_a_member_whose_probe_is_stopped_gets_nothing_as_documented(solver: Solver) -> None:
    unprobed = POOL.replace("vm db2 { nic 10.0.2.11 in v.db }", "vm db2 { nic 10.0.2.11 in v.db  nsg shut }")
    unprobed += "nsg shut { inbound 110 no deny any from any to any }"
    verdict = verdict_on(unprobed, "v.web reaches orders on sql", solver)

    assert open_facts(verdict) == {"U-PROBE(orders/sql, db2)"}


def test_a_port_that_no_rule_has_is_closed_and_the_proof_says_so(solver: Solver) -> None:
    verdict = verdict_on(POOL, "v.web never reaches orders on ssh", solver)

    assert isinstance(verdict, Proved)
    assert [ground.rule for ground in verdict.grounds] == ["F-LB-2"]


_SQL = "  rule sql tcp 1433 -> db1, db2 port 1433  probe 1433\n"


def test_the_question_grows_with_the_rules_of_a_frontend_and_not_with_their_pairs() -> None:
    def size(count: int) -> int:
        rules = "\n".join(f"  rule r{port} tcp {port} -> db1, db2" for port in range(2000, 2000 + count))
        pool = POOL.replace(_SQL, _SQL + rules).replace(" nsg db", "")
        asked = inquiry_about(pool, "v.web reaches orders on tcp")
        obligation = encode(plane(asked.network, Family.IPV4), claim_in(asked.claim, Family.IPV4), {})
        return len(obligation.text) + len(obligation.violation)

    assert size(40) - size(20) < 1.1 * (size(20) - size(0))


def test_a_member_can_be_reached_by_the_frontend_alone(solver: Solver) -> None:
    # The client may send to the frontend alone, and the databases take no other port than the rule's.
    behind = POOL.replace("subnet web   10.0.1.0/24", "subnet web   10.0.1.0/24 nsg web").replace(
        "tcp 1433 ->", "tcp 99 ->"
    )
    behind += (
        "nsg web { outbound 100 front allow any from any to 10.0.3.100/32  outbound 200 rest deny any from any to any }"
    )
    by_frontend = verdict_on(behind, "v.web never reaches db1 on tcp/99", solver, "assume U-LBOUT = true")
    not_otherwise = verdict_on(behind, "v.web never reaches db1 on tcp/98", solver, "assume U-LBOUT = true")

    assert isinstance(by_frontend, Refuted | Unknown)
    assert isinstance(not_otherwise, Proved)


def test_a_senders_rules_may_see_the_member_in_place_of_the_frontend(solver: Solver) -> None:
    behind = POOL.replace("subnet web   10.0.1.0/24", "subnet web   10.0.1.0/24 nsg web")
    behind += (
        "nsg web { outbound 100 db allow any from any to 10.0.2.0/24  outbound 200 rest deny any from any to any }"
    )

    assert open_facts(verdict_on(behind, "v.web reaches orders on sql", solver)) == {"U-LBOUT"}
    assert isinstance(verdict_on(behind, "v.web reaches orders on sql", solver, "assume U-LBOUT = false"), Proved)


def test_a_member_sees_its_own_port_and_address(solver: Solver) -> None:
    translated = POOL.replace("tcp 1433 -> db1", "tcp 99 -> db1")

    assert isinstance(verdict_on(translated, "v.web reaches orders on tcp/99", solver), Proved)


def test_with_floating_ip_it_is_open_which_address_a_members_rules_see(solver: Solver) -> None:
    floating = POOL.replace("to any port 1433", "to 10.0.3.100/32 port 1433", 1).replace(
        "probe 1433", "probe 1433 floating-ip"
    )

    assert isinstance(verdict_on(floating, "v.web reaches orders on sql", solver, "assume U-FLOAT = true"), Proved)
    assert isinstance(
        verdict_on(floating, "v.web never reaches orders on sql", solver, "assume U-FLOAT = false"), Proved
    )


def test_a_member_that_gets_its_own_flow_back_gets_nothing(solver: Solver) -> None:
    alone = POOL.replace("-> db1, db2 port", "-> db1 port").replace("from 10.0.1.0/24", "from any")

    assert isinstance(verdict_on(alone, "db1 never reaches orders on sql", solver), Proved)
    assert isinstance(verdict_on(alone, "db2 reaches orders on sql", solver), Proved)


def test_no_flow_begins_at_a_frontend(solver: Solver) -> None:
    assert isinstance(verdict_on(POOL, "orders never reaches v.web", solver), Vacuous)


def test_sets_of_subnets_leave_frontends_out(solver: Solver) -> None:
    verdict = verdict_on(POOL, "v.web reaches v.front on ssh", solver)

    assert isinstance(verdict, Proved)


def test_icmp_comes_to_a_member_only_if_an_open_question_says_so(solver: Solver) -> None:
    anything = POOL.replace("allow tcp from 10.0.1.0/24 to any port 1433", "allow any from 10.0.1.0/24 to any")

    assert open_facts(verdict_on(anything, "v.web reaches orders on icmp", solver)) == {"U-LBICMP(orders/frontend)"}


def test_an_appliance_behind_a_frontend_gets_what_is_for_the_frontend_and_does_not_forward_it(solver: Solver) -> None:
    silent = INSPECTED.replace("forwards any", "forwards nothing")

    assert isinstance(verdict_on(silent, "one.s reaches lb on ssh", solver), Proved)


def test_of_two_regions_a_basic_frontend_is_closed_to_the_other(solver: Solver) -> None:
    regions = INSPECTED.replace("vnet hub {", "vnet hub { region westeurope").replace(
        "vnet one {", "vnet one { region eastus"
    )

    assert isinstance(verdict_on(regions, "one.s reaches lb on ssh", solver), Proved)
    basic = verdict_on(regions.replace("lb standard", "lb basic"), "one.s never reaches lb on ssh", solver)
    assert isinstance(basic, Proved)
    assert "F-LB-6" in {ground.rule for ground in basic.grounds}
    assert open_facts(verdict_on(regions.replace("lb standard", "lb"), "one.s reaches lb on ssh", solver)) == {
        "U-SKU(load balancer lb)"
    }


def test_of_a_region_that_is_not_stated_it_is_open_whether_a_basic_frontend_is_closed(solver: Solver) -> None:
    basic = INSPECTED.replace("lb standard", "lb basic")

    assert open_facts(verdict_on(basic, "one.s reaches lb on ssh", solver)) == {"U-REGION(hub, one)"}


def test_the_reply_leaves_by_the_routes_of_the_members_subnet(solver: Solver) -> None:
    lost = POOL.replace("subnet db    10.0.2.0/24 nsg db", "subnet db    10.0.2.0/24 nsg db routes nowhere")
    lost += "route-table nowhere { away 10.0.1.0/24 -> none }"

    assert isinstance(verdict_on(lost, "v.web reaches orders on sql", solver), Refuted)


# -- as next hop ----------------------------------------------------------------------------------------


def test_a_frontend_with_ha_ports_is_a_next_hop_and_both_ways_take_one_member(solver: Solver) -> None:
    stateful = INSPECTED.replace("forwards any", "forwards any  stateful")

    assert isinstance(verdict_on(stateful, "one.s reaches two.s on ssh symmetrically", solver), Proved)
    assert isinstance(verdict_on(stateful, "one.s reaches two.s on ssh only via fw1, fw2", solver), Proved)
    assert isinstance(verdict_on(stateful, "one.s reaches two.s on ssh only via fw1", solver), Unknown)


def test_one_member_may_be_down_and_the_other_takes_over(solver: Solver) -> None:
    one = "one.s reaches two.s on ssh under any 1 failure of appliance"

    assert isinstance(verdict_on(INSPECTED, one, solver), Proved)
    assert isinstance(verdict_on(INSPECTED, one.replace("any 1 failure", "any 2 failures"), solver), Refuted)


@pytest.mark.parametrize("balancer", ["lb basic", "lb standard"])
def test_what_the_rules_are_not_made_for_passes_only_if_an_open_question_says_so(balancer: str, solver: Solver) -> None:
    text = INSPECTED.replace("lb standard", balancer)
    asked = text if balancer == "lb basic" else text.replace("rule ha any -> fw1, fw2", "rule ssh tcp 22 -> fw1, fw2")

    assert open_facts(verdict_on(asked, "one.s reaches two.s on ssh", solver)) == {"U-R-UDR-15(lb/frontend)"}


def test_a_member_that_does_not_forward_ends_the_way(solver: Solver) -> None:
    host = INSPECTED.replace(
        "appliance fw2 { nic 10.0.0.5 in hub.fw  forwards any }", "vm fw2 { nic 10.0.0.5 in hub.fw }"
    )

    assert "U-BACKEND(lb/frontend, fw1)" in open_facts(verdict_on(host, "one.s reaches two.s on ssh", solver))


def test_the_next_hop_is_an_appliance_by_name_where_no_other_is_behind_the_frontend(solver: Solver) -> None:
    alone = INSPECTED.replace("-> fw1, fw2", "-> fw1")

    assert isinstance(verdict_on(INSPECTED, "next hop of one.s to two.s is appliance", solver), Proved)
    assert isinstance(verdict_on(INSPECTED, "next hop of one.s to two.s is appliance fw1", solver), Refuted)
    assert isinstance(verdict_on(alone, "next hop of one.s to two.s is appliance fw1", solver), Proved)


# -- reach ----------------------------------------------------------------------------------------------


def test_a_load_balancer_joins_its_network_to_its_members() -> None:
    apart = inquiry_about(POOL + "vnet far { address 10.9.0.0/16 }", "v.web reaches orders")

    assert within_reach(apart.network, apart.claim) == {"v"}


# -- IPv6 -----------------------------------------------------------------------------------------------

SIX = """\
vnet v {
  address fd00:db8::/48, 10.0.0.0/16
  subnet web   fd00:db8:0:1::/64
  subnet db    fd00:db8:0:2::/64
  subnet front fd00:db8:0:3::/64
}
vm db1 { nic fd00:db8:0:2::10 in v.db }
load-balancer orders standard in v.front {
  frontend fd00:db8:0:3::100
  rule sql tcp 1433 -> db1  probe 1433
}
"""


def test_an_ipv6_frontend_is_reached_by_ipv6(solver: Solver) -> None:
    assert isinstance(verdict_on(SIX.replace("probe 1433", ""), "v.web reaches orders on sql", solver), Proved)


def test_an_ipv6_probe_needs_a_group_that_lets_it_in(solver: Solver) -> None:
    grouped = SIX.replace("subnet db    fd00:db8:0:2::/64", "subnet db    fd00:db8:0:2::/64 nsg open") + "nsg open {}"

    assert open_facts(verdict_on(SIX, "v.web reaches orders on sql", solver)) == {"U-PROBE(orders/sql, db1)"}
    assert isinstance(verdict_on(grouped, "v.web reaches orders on sql", solver), Proved)
