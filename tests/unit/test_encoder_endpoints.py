"""Private endpoints in the encoding: their routes, their filters, their replies."""

from __future__ import annotations

import pytest

from tests.unit.verdicts import open_facts, verdict_on
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted, Vacuous

POLICIES = ("disabled", "security-groups", "route-tables", "enabled")


def network(policies: str | None = "disabled", through: str = "10.1.0.0/16", rules: str = "", stands: str = "") -> str:
    """Return a client in `c` with a route to `through` by a firewall, and a vault in `w`, whose filters are `rules`."""
    stated = "" if policies is None else f"private-endpoint-policies {policies}"
    return f"""\
vnet hub {{ address 10.0.0.0/16  subnet fw 10.0.0.0/24 }}
vnet w {{ address 10.1.0.0/16  subnet pe 10.1.2.0/24 nsg pe {stated} }}
vnet c {{ address 10.2.0.0/16  subnet s 10.2.1.0/24 routes via  subnet plain 10.2.2.0/24 }}
peering hub -> w {{ allow-forwarded-traffic }}
peering w -> hub {{ allow-forwarded-traffic }}
peering hub -> c {{ allow-forwarded-traffic }}
peering c -> hub {{ allow-forwarded-traffic }}
peering w -> c {{ allow-forwarded-traffic }}
peering c -> w {{ allow-forwarded-traffic }}
nsg pe {{ {rules} }}
route-table via {{ w {through} -> appliance 10.0.0.4 }}
appliance fw {{ nic 10.0.0.4 in hub.fw  forwards any  stateful }}
private-endpoint vault 10.1.2.20 in w.pe {stands}
"""


# -- routes ---------------------------------------------------------------------------------------------


def test_an_endpoints_own_route_goes_past_the_firewall_that_a_shorter_route_names(solver: Solver) -> None:
    verdict = verdict_on(network(), "c.s reaches vault on https", solver)

    assert isinstance(verdict, Proved)
    assert {ground.rule for ground in verdict.grounds} == {"R-SYS-11"}
    assert isinstance(verdict_on(network(), "c.s reaches vault on https only via fw", solver), Refuted)


@pytest.mark.parametrize("policies", POLICIES)
def test_with_the_policy_for_routes_one_as_long_as_the_range_decides(policies: str, solver: Solver) -> None:
    inspected = verdict_on(network(policies), "c.s reaches vault on https only via fw", solver)

    assert isinstance(inspected, Proved) is (policies in ("route-tables", "enabled"))


def test_a_route_for_the_very_address_decides_whatever_the_policy(solver: Solver) -> None:
    text = network("disabled", through="10.1.2.20/32")

    assert isinstance(verdict_on(text, "c.s reaches vault on https only via fw", solver), Proved)


def test_a_default_route_never_makes_it_void(solver: Solver) -> None:
    text = network("enabled", through="0.0.0.0/0")

    assert isinstance(verdict_on(text, "next hop of c.s to vault is peering", solver), Proved)


@pytest.mark.parametrize("through", ["10.0.0.0/8", "10.1.2.0/24"])
def test_a_route_of_another_length_than_the_range_is_an_open_question(through: str, solver: Solver) -> None:
    verdict = verdict_on(network("route-tables", through=through), "c.s reaches vault on https only via fw", solver)

    if through == "10.0.0.0/8":  # where it makes the endpoint's route void, the peering's still comes first
        assert isinstance(verdict, Refuted)
    else:
        assert open_facts(verdict) == {"U-R-SYS-11"}


def test_a_policy_that_is_not_stated_is_an_open_question(solver: Solver) -> None:
    verdict = verdict_on(network(None), "c.s reaches vault on https only via fw", solver)

    assert "U-PEPOL-ROUTES(w.pe)" in open_facts(verdict)


def test_an_endpoint_is_no_appliance(solver: Solver) -> None:
    text = network().replace("appliance 10.0.0.4", "appliance 10.1.2.20").replace("w 10.1.0.0/16", "w 10.9.0.0/16")

    assert isinstance(verdict_on(text + "site s { address 10.9.0.0/16 }", "c.s never reaches s", solver), Proved)


# -- filters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policies", POLICIES)
def test_a_group_holds_where_the_policy_says_so(policies: str, solver: Solver) -> None:
    closed = network(policies, rules="inbound 100 no deny any from any to any")
    verdict = verdict_on(closed, "c.plain never reaches vault on https", solver)

    assert isinstance(verdict, Proved) is (policies in ("security-groups", "enabled"))


def test_whether_groups_hold_is_open_where_it_is_not_stated(solver: Solver) -> None:
    closed = network(None, rules="inbound 100 no deny any from any to any")

    assert open_facts(verdict_on(closed, "c.plain never reaches vault on https", solver)) == {"U-PEPOL(w.pe)"}


def test_source_ports_of_a_rule_do_not_count(solver: Solver) -> None:
    closed = network("security-groups", rules="inbound 100 no deny tcp from any port 9 to any")

    assert isinstance(verdict_on(closed, "c.plain never reaches vault on https", solver), Proved)
    assert isinstance(verdict_on(closed, "c.plain reaches w.pe on https", solver), Refuted)


def test_of_several_ranges_of_ports_the_first_alone_is_sure(solver: Solver) -> None:
    several = "inbound 100 some allow tcp from any to any port 443, 8443  inbound 200 no deny any from any to any"
    text = network("security-groups", rules=several)

    assert isinstance(verdict_on(text, "c.plain reaches vault on https", solver), Proved)
    assert open_facts(verdict_on(text, "c.plain reaches vault on tcp/8443", solver)) == {"U-PEPORT(pe/some)"}


def test_a_denial_of_several_ranges_may_deny_all_ports(solver: Solver) -> None:
    text = network("security-groups", rules="inbound 100 some deny tcp from any to any port 22, 3389")

    assert open_facts(verdict_on(text, "c.plain reaches vault on https", solver)) == {"U-PEDENY(pe/some)"}


def test_the_senders_own_rules_hold_as_ever(solver: Solver) -> None:
    text = network().replace("subnet plain 10.2.2.0/24", "subnet plain 10.2.2.0/24 nsg shut")
    text += "nsg shut { outbound 100 no deny any from any to 10.1.2.20/32 }"

    assert isinstance(verdict_on(text, "c.plain never reaches vault", solver), Proved)


def test_an_endpoint_that_is_not_approved_takes_nothing_in(solver: Solver) -> None:
    verdict = verdict_on(network(stands="pending"), "c.plain never reaches vault", solver)

    assert isinstance(verdict, Proved)
    assert [ground.rule for ground in verdict.grounds] == ["F-PE-5"]


def test_a_connected_group_may_not_reach_an_endpoint(solver: Solver) -> None:
    text = network().replace("peering w -> c { allow-forwarded-traffic }\n", "")
    text = text.replace("peering c -> w { allow-forwarded-traffic }\n", "connected-group mesh { members c, w }\n")

    assert open_facts(verdict_on(text, "c.plain never reaches vault on https", solver)) == {"U-PECG(vault)"}
    assert isinstance(verdict_on(text, "c.plain never reaches vault", solver, "assume U-PECG = false"), Proved)


# -- replies --------------------------------------------------------------------------------------------


def test_a_reply_goes_past_the_stateful_firewall_that_the_flow_came_through(solver: Solver) -> None:
    text = network("route-tables")

    assert isinstance(verdict_on(text, "c.s reaches vault on https", solver), Refuted)
    stateless = text.replace("stateful", "stateless")
    assert isinstance(verdict_on(stateless, "c.s reaches vault on https", solver), Proved)


def test_a_reply_obeys_no_route_table(solver: Solver) -> None:
    text = network("enabled").replace("subnet pe 10.1.2.0/24", "subnet pe 10.1.2.0/24 routes away")
    text += "route-table away { all 10.2.0.0/16 -> none }"

    assert isinstance(verdict_on(text, "c.plain reaches vault on https", solver), Proved)


def test_a_reply_goes_to_a_site_by_the_gateway_that_knows_it(solver: Solver) -> None:
    text = network().replace(
        "vnet w { address 10.1.0.0/16 ", "vnet w { address 10.1.0.0/16  gateway vpn g  subnet GatewaySubnet 10.1.0.0/27"
    )
    text += "site office { address 192.168.0.0/16 }\nconnection office -- w.g"

    assert isinstance(verdict_on(text, "office reaches vault on https", solver), Proved)


def test_no_flow_begins_at_an_endpoint(solver: Solver) -> None:
    assert isinstance(verdict_on(network(), "vault never reaches c", solver), Vacuous)


def test_sets_of_its_subnet_hold_an_endpoint(solver: Solver) -> None:
    closed = network("disabled", rules="inbound 100 no deny any from any to any")

    assert isinstance(verdict_on(closed, "c.plain never reaches w.pe on https", solver), Refuted)
    assert isinstance(verdict_on(closed, "c.plain never reaches w.pe except vault on https", solver), Proved)


def test_a_proof_names_the_policies_that_it_rests_on(solver: Solver) -> None:
    closed = network("enabled", rules="inbound 100 no deny any from any to any")
    filtered = verdict_on(closed, "c.plain never reaches vault", solver)

    assert isinstance(filtered, Proved)
    assert "F-PE-2" in {ground.rule for ground in filtered.grounds}
    by_routes = verdict_on(network("route-tables"), "c.s reaches vault on https only via fw", solver)
    assert isinstance(by_routes, Proved)
    assert "R-SYS-11" in {ground.rule for ground in by_routes.grounds}
