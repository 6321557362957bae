"""Dual-stack networks: what the encoder and the prover say of packets of IPv6, and of claims about both families."""

from __future__ import annotations

import pytest

from tests.unit.verdicts import open_facts
from vnetverify.header import Family, family_of
from vnetverify.model.intents import Claim, Verb
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict
from vnetverify.simulator.claims import violates
from vnetverify.source import Source
from vnetverify.syntax import read

# Two peered networks of both families: `web` has hosts of each, `old` of IPv4 alone, `new` of IPv6 alone.
PEERED = """\
vnet a { address 10.0.0.0/16, fd00:a::/48
         subnet web 10.0.1.0/24, fd00:a:0:1::/64
         subnet old 10.0.2.0/24 }
vnet b { address 10.1.0.0/16, fd00:b::/48
         subnet db  10.1.1.0/24, fd00:b:0:1::/64
         subnet new 10.1.2.0/24, fd00:b:0:2::/64 }
vm one { nic 10.0.1.4, fd00:a:0:1::4 in a.web }
vm two { nic 10.1.1.4, fd00:b:0:1::4 in b.db }
"""
BOTH_WAYS = "peering a -> b\npeering b -> a\n"
ONLY_IPV6 = "peering a -> b { enable-only-ipv6-peering }\npeering b -> a { enable-only-ipv6-peering }\n"


def verdict_on(network: str, sentence: str, solver: Solver, *, documented: bool = False) -> Verdict:
    """Return the verdict on the sentence; its witness, if there is one, is one to the simulator as well."""
    document = read([Source("t.vnet", f"{network}\nintent asked {{ {sentence} }}\n")], Network())
    assert not document.diagnostics, document.diagnostics
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    fixed = {assumption.fact.casefold(): assumption.value for assumption in document.assumptions}
    verdict = decide(Inquiry(document.network, claim, fixed, documented), solver)
    witness = None if isinstance(verdict, Vacuous) else verdict.witness
    if witness is not None and not fixed:
        found = violates(document.network, claim, witness.origin, witness.flow, witness.world)
        assert (found is None) == (claim.verb is Verb.SOMETIMES_REACHES)
    return verdict


def family_shown(verdict: Verdict) -> Family:
    assert isinstance(verdict, Refuted | Unknown)
    assert verdict.witness is not None
    assert family_of(verdict.witness.flow.source) is family_of(verdict.witness.flow.destination)
    return family_of(verdict.witness.flow.source)


# -- two planes -----------------------------------------------------------------------------------------


def test_peered_networks_reach_each_other_in_both_families(solver: Solver) -> None:
    assert isinstance(verdict_on(PEERED + BOTH_WAYS, "one reaches two on sql", solver), Proved)


def test_a_claim_is_as_true_as_the_worse_of_its_two_families(solver: Solver) -> None:
    verdict = verdict_on(PEERED + ONLY_IPV6, "one reaches two on sql", solver)

    assert isinstance(verdict, Refuted)
    assert family_shown(verdict) is Family.IPV4


def test_a_peering_of_ipv6_alone_carries_ipv6(solver: Solver) -> None:
    verdict = verdict_on(PEERED + ONLY_IPV6, "one never reaches two on sql", solver)

    assert isinstance(verdict, Refuted)
    assert family_shown(verdict) is Family.IPV6


def test_a_wish_is_as_true_as_the_better_of_its_two_families(solver: Solver) -> None:
    verdict = verdict_on(PEERED + ONLY_IPV6, "one sometimes reaches two on sql", solver)

    assert isinstance(verdict, Proved)
    assert verdict.witness is not None
    assert family_of(verdict.witness.flow.source) is Family.IPV6


# Two security rules, one for each family, stop what `web` sends to `db`.
SHUT = """\
nsg shut { inbound 100 no-four deny tcp from 10.0.0.0/8 to * port *
           inbound 110 no-six  deny tcp from fd00::/8   to * port * }
vnet v { address 10.0.0.0/16, fd00:a::/48
         subnet web 10.0.1.0/24, fd00:a:0:1::/64
         subnet db  10.0.2.0/24, fd00:a:0:2::/64 nsg shut }
"""


@pytest.mark.parametrize("sentence", ["v.web never reaches v.db on sql", "v.web sometimes reaches v.db on sql"])
def test_an_answer_about_both_families_rests_on_the_lines_of_both(sentence: str, solver: Solver) -> None:
    verdict = verdict_on(SHUT, sentence, solver)

    assert isinstance(verdict, Proved | Refuted)
    assert {"no-four denies", "no-six denies"} <= {ground.what for ground in verdict.grounds}


def test_a_family_in_which_nothing_is_delivered_does_not_spoil_a_proof_about_ways(solver: Solver) -> None:
    network = f"""\
{PEERED}peering a -> b
peering b -> a {{ allow-forwarded-traffic }}
route-table via-fw {{ four 10.1.0.0/16 -> appliance 10.0.2.4  six fd00:b::/48 -> none }}
appliance fw {{ nic 10.0.2.4 in a.old ip-forwarding on  forwards any  stateless }}
""".replace("fd00:a:0:1::/64\n", "fd00:a:0:1::/64 routes via-fw\n", 1)

    assert isinstance(verdict_on(network, "a.web reaches b.db on sql only via fw", solver), Proved)


def test_sides_of_different_families_make_a_claim_of_nothing(solver: Solver) -> None:
    network = """\
vnet v { address 10.0.0.0/16, fd00:a::/48  subnet web 10.0.1.0/24, fd00:a:0:1::/64 }
"""
    verdict = verdict_on(network, "10.0.1.0/24 reaches fd00:a:0:1::/64 on sql", solver)

    assert verdict == Vacuous("no pair has addresses of one family on both sides")


def test_a_family_that_only_one_side_has_is_not_asked_about(solver: Solver) -> None:
    assert isinstance(verdict_on(PEERED + BOTH_WAYS, "a.old reaches b.db on sql", solver), Proved)


def test_an_appliance_of_both_families_may_carry_a_flow_from_one_to_the_other(solver: Solver) -> None:
    """`old` has IPv4 and gets to the appliance by it; the appliance gets to `db` by IPv6 alone."""
    network = """\
vnet a { address 10.0.0.0/16  subnet old 10.0.1.0/24 }
vnet hub { address 10.2.0.0/16, fd00:c::/48  subnet s 10.2.1.0/24, fd00:c:0:1::/64 }
vnet b { address 10.1.0.0/16, fd00:b::/48  subnet db 10.1.1.0/24, fd00:b:0:1::/64 }
peering a -> hub
peering hub -> a
peering hub -> b { enable-only-ipv6-peering }
peering b -> hub { enable-only-ipv6-peering }
appliance proxy { nic 10.2.1.4, fd00:c:0:1::4 in hub.s }
"""
    verdict = verdict_on(network, "a.old never reaches b.db on sql", solver)

    assert isinstance(verdict, Unknown)
    assert [str(fact) for fact in verdict.open_facts] == ["U-REWRITES(proxy)"]


# -- filters --------------------------------------------------------------------------------------------


def guarded(rules: str) -> str:
    return f"""\
nsg group {{ {rules} }}
vnet v {{ address 10.0.0.0/16, fd00:a::/48
         subnet web 10.0.1.0/24, fd00:a:0:1::/64
         subnet db  10.0.2.0/24, fd00:a:0:2::/64 nsg group }}
vm two {{ nic 10.0.2.4, fd00:a:0:2::4 in v.db }}
"""


def test_whether_every_ipv4_address_in_a_rule_means_ipv6_is_open(solver: Solver) -> None:
    network = guarded("inbound 100 no deny tcp from 0.0.0.0/0 to * port *")
    verdict = verdict_on(network, "v.web never reaches v.db on sql", solver)

    assert open_facts(verdict) == {"U-V6ANY"}
    assert family_shown(verdict) is Family.IPV6


def test_a_star_means_both_families(solver: Solver) -> None:
    network = guarded("inbound 100 no deny tcp from * to * port *")

    assert isinstance(verdict_on(network, "v.web never reaches v.db on sql", solver), Proved)


def test_icmp_is_the_icmp_of_the_family(solver: Solver) -> None:
    assert isinstance(verdict_on(PEERED + BOTH_WAYS, "one reaches two on icmp", solver), Proved)


def test_a_security_group_decides_nothing_about_icmpv6(solver: Solver) -> None:
    network = guarded("inbound 100 no deny * from * to *")
    verdict = verdict_on(network, "v.web never reaches two on icmp", solver)

    assert open_facts(verdict) == {"U-ICMPV6(two, inbound)"}


def test_icmpv6_to_hosts_that_nobody_declares_is_asked_of_their_subnet(solver: Solver) -> None:
    network = guarded("inbound 100 no deny * from * to *")
    verdict = verdict_on(network, "v.web never reaches fd00:a:0:2::9 on icmp", solver)

    assert open_facts(verdict) == {"U-ICMPV6(v.db, inbound)"}


def test_where_no_group_is_attached_icmpv6_is_no_question(solver: Solver) -> None:
    network = guarded("").replace(" nsg group", "")

    assert isinstance(verdict_on(network, "v.web reaches two on icmp", solver), Proved)


# -- routes ---------------------------------------------------------------------------------------------


def test_a_default_route_of_one_family_leaves_the_other_alone(solver: Solver) -> None:
    network = PEERED + BOTH_WAYS + "route-table nowhere { six ::/0 -> none }\n"
    network = network.replace("fd00:a:0:1::/64\n", "fd00:a:0:1::/64 routes nowhere\n", 1)

    assert isinstance(verdict_on(network, "next hop of a.web to 8.8.8.0/24 is internet", solver), Proved)
    assert isinstance(verdict_on(network, "next hop of a.web to 2a00::/16 is none", solver), Proved)


def test_an_appliance_forwards_ipv6_as_it_forwards_ipv4(solver: Solver) -> None:
    network = """\
vnet v { address 10.0.0.0/16, fd00:a::/48
  subnet s 10.0.0.0/24, fd00:a:0:1::/64 routes there
  subnet fw 10.0.2.0/24, fd00:a:0:2::/64
  subnet t 10.0.3.0/24, fd00:a:0:3::/64 routes back }
appliance nva { nic 10.0.2.4, fd00:a:0:2::4 in v.fw  forwards tcp from any to any port 1433  stateful }
route-table there { six fd00:a:0:3::/64 -> appliance fd00:a:0:2::4 }
route-table back { six fd00:a:0:1::/64 -> appliance fd00:a:0:2::4 }
"""
    left, right = "fd00:a:0:1::/64", "fd00:a:0:3::/64"

    assert isinstance(verdict_on(network, f"{left} reaches {right} on sql", solver), Proved)
    assert isinstance(verdict_on(network, f"{left} never reaches {right} on ssh", solver), Proved)


def test_azure_may_keep_private_ipv6_addresses_from_the_default_route(solver: Solver) -> None:
    verdict = verdict_on(PEERED + BOTH_WAYS, "next hop of a.web to fd99::/32 is internet", solver)

    assert open_facts(verdict) == {"U-R-ADDR-6"}
    assert isinstance(verdict, Unknown)
    assert verdict.as_documented == "proved"


@pytest.mark.parametrize(("kind", "word"), [("vpn", "never reaches"), ("expressroute", "reaches")])
def test_vpn_gateways_carry_no_ipv6_and_expressroute_gateways_do(kind: str, word: str, solver: Solver) -> None:
    network = f"""\
vnet v {{ address 10.0.0.0/16, fd00:a::/48
         subnet web 10.0.1.0/24, fd00:a:0:1::/64
         subnet GatewaySubnet 10.0.9.0/27, fd00:a:0:9::/64
         gateway {kind} g }}
site branch {{ address 192.168.0.0/16, fd00:5::/48 }}
connection c: branch -- v.g
"""
    verdict = verdict_on(network, f"fd00:a:0:1::/64 {word} branch on sql", solver)

    assert isinstance(verdict, Proved)


def test_ipv6_beside_a_route_server_is_doubtful(solver: Solver) -> None:
    network = """\
vnet v { address 10.0.0.0/16, fd00:a::/48
         subnet web 10.0.1.0/24, fd00:a:0:1::/64
         subnet db  10.0.2.0/24, fd00:a:0:2::/64
         subnet RouteServerSubnet 10.0.9.0/26 }
route-server rs in v
"""
    verdict = verdict_on(network, "v.web reaches v.db on sql", solver)

    assert open_facts(verdict) == {"U-ARSV6(v)"}
    assert family_shown(verdict) is Family.IPV6


def test_a_managed_firewall_may_pass_no_ipv6(solver: Solver) -> None:
    network = """\
vnet hub { address 10.0.0.0/16, fd00:c::/48  subnet AzureFirewallSubnet 10.0.1.0/26, fd00:c:0:1::/64 }
vnet a { address 10.1.0.0/16, fd00:a::/48  subnet s 10.1.1.0/24, fd00:a:0:1::/64 routes via }
vnet b { address 10.2.0.0/16, fd00:b::/48  subnet s 10.2.1.0/24, fd00:b:0:1::/64 routes via }
route-table via { four 10.0.0.0/8 -> appliance 10.0.1.4  six fd00::/8 -> appliance fd00:c:0:1::4 }
firewall fw { nic 10.0.1.4, fd00:c:0:1::4 in hub.AzureFirewallSubnet  forwards any }
peering a -> hub { allow-forwarded-traffic }
peering hub -> a
peering b -> hub { allow-forwarded-traffic }
peering hub -> b
"""
    verdict = verdict_on(network, "a reaches b on sql", solver)

    assert open_facts(verdict) == {"U-FWV6(fw)"}
    assert family_shown(verdict) is Family.IPV6


# -- the Internet ---------------------------------------------------------------------------------------


def outward(options: str, nic: str = "") -> str:
    return f"""\
nat-gateway out
vnet v {{ address 10.0.0.0/16, fd00:a::/48  subnet web 10.0.1.0/24, fd00:a:0:1::/64 {options} }}
vm one {{ nic 10.0.1.4, fd00:a:0:1::4 in v.web {nic} }}
"""


def test_a_nat_gateway_is_no_way_out_for_ipv6(solver: Solver) -> None:
    verdict = verdict_on(outward("nat-gateway out"), "one reaches internet on https", solver)

    assert isinstance(verdict, Refuted)
    assert family_shown(verdict) is Family.IPV6


def test_a_public_ipv6_address_is_a_way_out(solver: Solver) -> None:
    network = outward("nat-gateway out", "public-ip six standard 2a00::9")

    assert isinstance(verdict_on(network, "one reaches 8.8.8.0/24, 2a00:1::/32 on https", solver), Proved)


@pytest.mark.parametrize("address", ["2a00::9", "ipv6"])
def test_an_internet_host_enters_by_the_public_ipv6_address_known_or_not(address: str, solver: Solver) -> None:
    network = outward("", f"public-ip six basic {address}")
    verdict = verdict_on(network, "internet never reaches one on https", solver)

    assert isinstance(verdict, Refuted)
    assert family_shown(verdict) is Family.IPV6


def test_the_internet_tag_holds_ipv6_as_far_as_documented(solver: Solver) -> None:
    network = "nsg group { inbound 100 no deny * from Internet to * }\n"
    network += outward("nsg group", "public-ip six standard 2a00::9")
    network = network.replace("inbound 100", "inbound 200 yes allow * from * to * inbound 100")
    verdict = verdict_on(network, "internet never reaches one on https", solver)

    assert open_facts(verdict) == {"U-INET(2000::/3)"}
    assert isinstance(verdict, Unknown)
    assert verdict.as_documented == "proved"


def test_what_has_a_public_address_of_both_families_is_entered_by_either(solver: Solver) -> None:
    network = outward("", "public-ip four standard 20.0.0.9 public-ip six basic 2a00::9")
    verdict = verdict_on(network, "internet never reaches one on https", solver)

    assert family_shown(verdict) is Family.IPV6


def test_a_public_address_comes_back_in_by_ipv6_from_a_sender_that_is_not_known(solver: Solver) -> None:
    """The receiver sees the sender's public address, which the world chooses: a security rule may name it."""
    network = """\
nsg group { inbound 100 yes allow tcp from 2a00:9::/32 to * port *  inbound 200 no deny * from * to * }
vnet v { address 10.0.0.0/16, fd00:a::/48
         subnet web 10.0.1.0/24, fd00:a:0:1::/64
         subnet db  10.0.2.0/24, fd00:a:0:2::/64 nsg group }
vm one { nic fd00:a:0:1::4 in v.web public-ip mine standard ipv6 }
vm two { nic fd00:a:0:2::4 in v.db public-ip six standard 2a00::9 }
"""
    verdict = verdict_on(network, "one never reaches two on https", solver)

    assert family_shown(verdict) is Family.IPV6


@pytest.mark.parametrize(("addresses", "kind"), [("10.0.0.4", Proved), ("10.0.0.4, fd00:a:0:1::4", Refuted)])
def test_a_public_ipv6_address_leads_to_an_interface_that_has_one(
    addresses: str, kind: type[Verdict], solver: Solver
) -> None:
    """Texts may not say otherwise, and an import may not know it."""
    network = f"""\
vnet v {{ address 10.0.0.0/16, fd00:a::/48  subnet s 10.0.0.0/24, fd00:a:0:1::/64 nsg open }}
nsg open {{ inbound 100 all allow any from any to any }}
vm m {{ nic {addresses} in v.s  public-ip standard 2603:1::4 }}
"""

    assert isinstance(verdict_on(network, "internet never reaches fd00:a:0:1::/64 on https", solver), kind)
