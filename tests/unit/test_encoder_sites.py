"""Point-to-site pools, declared routes of sites, and managed firewalls in the encoding."""

from __future__ import annotations

import pytest

from tests.unit.verdicts import open_facts, verdict_on
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted

SITES = """\
vnet hub { address 10.0.0.0/16  subnet GatewaySubnet 10.0.0.0/27  subnet s 10.0.1.0/24  gateway vpn g }
vnet spoke { address 10.1.0.0/16  subnet s 10.1.1.0/24 }
peering hub -> spoke { allow-gateway-transit }
peering spoke -> hub { use-remote-gateways }
site users { point-to-site  address 172.16.201.0/24 }
site branch { address 192.168.0.0/16 }
connection users -- hub.g
connection branch -- hub.g
"""
FIREWALL = """\
vnet hub { address 10.0.0.0/16  subnet AzureFirewallSubnet 10.0.3.0/26 }
vnet one { address 10.1.0.0/16  subnet s 10.1.0.0/24 routes via }
vnet two { address 10.2.0.0/16  subnet s 10.2.0.0/24 routes via }
peering hub -> one
peering one -> hub { allow-forwarded-traffic }
peering hub -> two
peering two -> hub { allow-forwarded-traffic }
route-table via { one 10.1.0.0/16 -> appliance 10.0.3.4  two 10.2.0.0/16 -> appliance 10.0.3.4 }
"""


def test_a_gateway_passes_nothing_on_into_a_network_without_a_subnet_for_gateways(solver: Solver) -> None:
    without = SITES.replace("subnet GatewaySubnet 10.0.0.0/27  ", "")
    asked = "gateway of branch to hub.s is hub.g"

    assert isinstance(verdict_on(SITES, asked, solver), Proved)
    assert isinstance(verdict_on(without, asked, solver), Refuted)
    assert isinstance(verdict_on(SITES, "branch reaches hub.s on ssh", solver), Proved)
    assert isinstance(verdict_on(without, "branch never reaches hub.s on ssh", solver), Proved)


def test_a_gateway_hands_packets_to_the_one_beside_it_without_a_subnet_for_gateways(solver: Solver) -> None:
    text = """
        vnet hub { address 10.0.0.0/16  subnet RouteServerSubnet 10.0.254.0/27  SUBNET
                   gateway vpn g { active-active }  gateway expressroute e }
        route-server rs in hub { branch-to-branch }
        site branch { address 192.168.0.0/16 }
        site dc { address 172.20.0.0/16 }
        connection branch -- hub.g { bgp }
        connection dc -- hub.e { circuit c }
    """
    for subnet in ("subnet GatewaySubnet 10.0.255.0/27", ""):
        beside = text.replace("SUBNET", subnet)

        assert isinstance(verdict_on(beside, "gateway of branch to dc is hub.g", solver), Proved)
        assert isinstance(verdict_on(beside, "branch reaches dc on ssh", solver), Proved)


# -- point-to-site --------------------------------------------------------------------------------------


@pytest.mark.parametrize("vnet", ["hub", "spoke"])
def test_clients_of_a_pool_reach_the_networks_of_the_gateway(vnet: str, solver: Solver) -> None:
    assert isinstance(verdict_on(SITES, f"users reaches {vnet}.s on ssh", solver), Proved)
    assert isinstance(verdict_on(SITES, f"{vnet}.s reaches users on ssh", solver), Proved)


def test_whether_clients_reach_each_other_is_open(solver: Solver) -> None:
    assert open_facts(verdict_on(SITES, "users reaches users on ssh", solver)) == {"U-R-GW-25(g)"}
    assert isinstance(verdict_on(SITES, "users reaches users on ssh", solver, "assume U-R-GW-25 = true"), Proved)
    assert isinstance(verdict_on(SITES, "users never reaches users", solver, "assume U-R-GW-25 = false"), Proved)


def test_what_clients_send_each_other_meets_the_gateway(solver: Solver) -> None:
    met = "users reaches users on ssh not via hub.g"

    assert isinstance(verdict_on(SITES, met, solver, "assume U-R-GW-25 = true"), Refuted)


def test_other_sites_send_nothing_to_themselves(solver: Solver) -> None:
    assert isinstance(verdict_on(SITES, "branch never reaches branch", solver, "assume U-R-GW-25 = true"), Proved)


def test_a_gateway_that_is_down_turns_nothing_back(solver: Solver) -> None:
    verdict = verdict_on(
        SITES, "users reaches users on ssh under any 1 failure of gateway", solver, "assume U-R-GW-25 = true"
    )

    assert isinstance(verdict, Refuted)


def test_a_pool_relays_nothing(solver: Solver) -> None:
    # The gateway's default site is the pool; a branch that may relay is one that may pass packets on.
    text = SITES.replace("connection users -- hub.g", "connection users -- hub.g { default-site }")

    assert isinstance(
        verdict_on(text, "hub.s never reaches 10.7.0.0/16", solver, "site far { address 10.7.0.0/16 }"), Proved
    )


# -- declared routes ------------------------------------------------------------------------------------


def test_a_site_sends_by_its_declared_routes_alone(solver: Solver) -> None:
    text = SITES.replace("address 192.168.0.0/16 }", "address 192.168.0.0/16  routes 10.1.0.0/16 }")

    assert isinstance(verdict_on(text, "branch reaches spoke.s on ssh", solver), Proved)
    silent = verdict_on(text, "branch never reaches hub.s", solver)
    assert isinstance(silent, Proved)
    assert [ground.rule for ground in silent.grounds] == ["R-GW-24"]


def test_declared_routes_bind_replies_too(solver: Solver) -> None:
    text = SITES.replace("address 192.168.0.0/16 }", "address 192.168.0.0/16  routes 10.1.0.0/16 }")

    assert isinstance(verdict_on(text, "hub.s reaches branch on ssh", solver), Refuted)


def test_by_bgp_a_site_sends_what_is_announced_to_it_as_well(solver: Solver) -> None:
    text = SITES.replace("address 192.168.0.0/16 }", "address 192.168.0.0/16  routes 10.9.0.0/16 }")
    text = text.replace("connection branch -- hub.g", "connection branch -- hub.g { bgp }")

    assert isinstance(verdict_on(text, "branch reaches hub.s on ssh", solver), Proved)


# -- managed firewalls ----------------------------------------------------------------------------------


def test_a_managed_firewall_forwards_what_its_policy_says(solver: Solver) -> None:
    text = FIREWALL + "firewall fw { nic 10.0.3.4 in hub.AzureFirewallSubnet  forwards tcp to 10.2.0.0/16 port 443 }"

    assert isinstance(verdict_on(text, "one.s reaches two.s on https", solver), Proved)
    assert isinstance(verdict_on(text, "one.s never reaches two.s on ssh", solver), Proved)


def test_without_a_policy_it_is_open_what_a_managed_firewall_forwards(solver: Solver) -> None:
    text = FIREWALL + "firewall fw { nic 10.0.3.4 in hub.AzureFirewallSubnet }"

    assert open_facts(verdict_on(text, "one.s never reaches two.s on ssh", solver)) == {"U-FORWARDS(fw)"}


def test_a_managed_firewall_turns_no_flow_into_another(solver: Solver) -> None:
    # Whether it forwards is settled: it does not. An appliance of which as little is known could still relay.
    firewall = FIREWALL + "firewall fw { nic 10.0.3.4 in hub.AzureFirewallSubnet }"
    appliance = FIREWALL.replace("AzureFirewallSubnet", "fw") + "appliance fw { nic 10.0.3.4 in hub.fw }"
    sentence, settled = "one.s never reaches two.s on ssh", "assume U-FORWARDS = false"

    assert isinstance(verdict_on(firewall, sentence, solver, settled), Proved)
    assert open_facts(verdict_on(appliance, sentence, solver, settled)) == {"U-REWRITES(fw)"}


# -- user routes to gateways ----------------------------------------------------------------------------


def test_a_user_routes_next_hop_is_the_gateway_that_it_leads_into(solver: Solver) -> None:
    routed = SITES.replace("subnet s 10.0.1.0/24", "subnet s 10.0.1.0/24 routes via")
    routed += "route-table via { branch 192.168.0.0/16 -> gateway }"
    sentence = "next hop of hub.s to branch is gateway g"

    assert isinstance(verdict_on(routed, sentence, solver), Proved)
    unsupported = routed.replace("gateway vpn g", "gateway expressroute g").replace("connection users -- hub.g", "")
    assert open_facts(verdict_on(unsupported, sentence, solver)) == {"U-R-UDR-5"}
