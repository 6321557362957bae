"""Bandwidth, latency and crossings of the ways that delivered flows take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vnetverify.facts import DOCUMENTED
from vnetverify.header import TCP, Flow
from vnetverify.model.intents import Claim, Place, Verb
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown, Vacuous, Verdict
from vnetverify.source import Source
from vnetverify.syntax import read
from vnetverify.testing.agreement import opened

# What `one` sends to `two` goes by the firewall of the hub; `far` is in another region, `odd` in who knows which.
HUB = """\
vnet hub { region westeurope  address 10.0.0.0/16
           subnet s 10.0.0.0/24  subnet GatewaySubnet 10.0.9.0/27  gateway vpn g }
vnet one { region WestEurope  address 10.1.0.0/16  subnet s 10.1.0.0/24 routes via-fw  subnet plain 10.1.1.0/24 }
vnet two { region westeurope  address 10.2.0.0/16  subnet s 10.2.0.0/24 }
vnet far { region eastus  address 10.3.0.0/16  subnet s 10.3.0.0/24 }
vnet odd { address 10.4.0.0/16  subnet s 10.4.0.0/24 }
peering hub -> one { allow-gateway-transit  allow-forwarded-traffic }
peering one -> hub { use-remote-gateways  allow-forwarded-traffic }
peering hub -> two { allow-forwarded-traffic }
peering two -> hub { allow-forwarded-traffic }
peering far -> hub
peering hub -> far
peering odd -> hub
peering hub -> odd
route-table via-fw { to-two 10.2.0.0/16 -> appliance 10.0.0.4 }
site branch { address 192.168.0.0/16 }
connection to-branch: branch -- hub.g { bgp }
appliance fw { nic 10.0.0.4 in hub.s  forwards any  stateless }
vm client { nic 10.1.0.4 in one.s }
vm server { nic 10.2.0.4 in two.s }
"""
GIGABIT = 1_000_000_000


def asked(ends: str, verb: Verb, limit: int | None = None) -> tuple[Network, Claim]:
    document = read([Source("t.vnet", f"{HUB}\nintent asked {{ {ends} }}\n")], Network())
    assert not document.diagnostics, document.diagnostics
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return document.network, replace(claim, verb=verb, limit=limit)


def decided(network: Network, claim: Claim, solver: Solver) -> Verdict:
    return decide(Inquiry(network, claim, {}, False), solver)


def capped(network: Network, **caps: int) -> Network:
    machines = {
        name: replace(machine, bandwidth=caps.get(name, machine.bandwidth))
        for name, machine in network.machines.items()
    }
    gateways = {
        name: replace(gateway, bandwidth=caps.get(name, gateway.bandwidth))
        for name, gateway in network.gateways.items()
    }
    return replace(network, machines=machines, gateways=gateways)


# -- bandwidth ------------------------------------------------------------------------------------------


def test_a_way_is_as_narrow_as_its_narrowest_machine(solver: Solver) -> None:
    network, claim = asked("one.s never reaches two.s on sql", Verb.BOTTLENECK, GIGABIT)
    wide = {"client": GIGABIT, "server": GIGABIT, "fw": 2 * GIGABIT}
    assert isinstance(decided(capped(network, **wide), claim, solver), Proved)

    for narrow in wide:
        verdict = decided(capped(network, **{**wide, narrow: GIGABIT - 1}), claim, solver)
        assert isinstance(verdict, Refuted), narrow


def test_a_slow_machine_slows_only_its_own_flows(solver: Solver) -> None:
    network, claim = asked("one.s never reaches two.s on sql", Verb.BOTTLENECK, GIGABIT)
    verdict = decided(capped(network, client=1, server=GIGABIT, fw=GIGABIT), claim, solver)

    assert isinstance(verdict, Refuted)
    assert verdict.witness is not None
    assert verdict.witness.flow.source == 0x0A010004
    asked_of = opened(capped(network, client=1, server=GIGABIT, fw=GIGABIT), claim, solver)
    flows = [Flow(TCP, source, 49152, 0x0A020004, 1433) for source in (0x0A010004, 0x0A010005)]
    expected = [frozenset({True}), frozenset({False})]
    assert expected == [asked_of.violation(Place("subnet", "one.s"), flow, DOCUMENTED) for flow in flows]


def test_a_bandwidth_that_is_not_stated_leaves_the_claim_open(solver: Solver) -> None:
    network, claim = asked("one.s never reaches two.s on sql", Verb.BOTTLENECK, GIGABIT)
    verdict = decided(capped(network, client=GIGABIT, server=GIGABIT), claim, solver)

    assert isinstance(verdict, Unknown)
    assert [str(fact) for fact in verdict.open_facts] == ["U-BANDWIDTH(fw)"]


def test_a_gateway_on_the_way_counts(solver: Solver) -> None:
    network, claim = asked("one.plain never reaches branch on sql", Verb.BOTTLENECK, GIGABIT)

    assert isinstance(decided(capped(network, g=650_000_000), claim, solver), Refuted)
    assert isinstance(decided(capped(network, g=GIGABIT), claim, solver), Proved)


# -- latency --------------------------------------------------------------------------------------------


def test_peers_of_one_region_are_near(solver: Solver) -> None:
    network, claim = asked("one.s never reaches two.s on sql", Verb.LOCAL_LATENCY)

    assert isinstance(decided(network, claim, solver), Proved)


def test_peers_of_two_regions_are_far(solver: Solver) -> None:
    network, claim = asked("hub.s never reaches far.s on sql", Verb.LOCAL_LATENCY)

    assert isinstance(decided(network, claim, solver), Refuted)


def test_a_region_that_is_not_stated_leaves_latency_open(solver: Solver) -> None:
    network, claim = asked("hub.s never reaches odd.s on sql", Verb.LOCAL_LATENCY)
    verdict = decided(network, claim, solver)

    assert isinstance(verdict, Unknown)
    assert [str(fact) for fact in verdict.open_facts] == ["U-REGION(hub, odd)"]


@pytest.mark.parametrize("ends", ["one.plain never reaches branch", "branch never reaches one.plain"])
def test_what_comes_from_or_goes_to_a_site_is_never_local(ends: str, solver: Solver) -> None:
    network, claim = asked(ends, Verb.LOCAL_LATENCY)

    assert isinstance(decided(network, claim, solver), Refuted)


def test_what_stays_in_one_network_is_local(solver: Solver) -> None:
    network, claim = asked("one.s never reaches one.plain", Verb.LOCAL_LATENCY)

    assert isinstance(decided(network, claim, solver), Proved)


# -- crossings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "crossings"),
    [
        ("one.s never reaches one.plain", 0),
        ("one.plain never reaches hub.s", 1),
        ("one.s never reaches two.s", 2),  # to the firewall, and from there
        ("one.plain never reaches branch", 1),  # to the gateway of the hub
        ("branch never reaches one.plain", 1),
        ("branch never reaches hub.s", 0),
    ],
)
def test_each_peering_on_the_way_is_one_crossing(ends: str, crossings: int, solver: Solver) -> None:
    network, claim = asked(ends, Verb.CROSSES_AT_MOST, crossings)
    assert isinstance(decided(network, claim, solver), Proved)

    if crossings:
        fewer = replace(claim, limit=crossings - 1)
        assert isinstance(decided(network, fewer, solver), Refuted)


def test_where_nothing_is_delivered_no_way_has_any_quality(solver: Solver) -> None:
    network, claim = asked("two.s never reaches far.s", Verb.CROSSES_AT_MOST, 1)

    assert isinstance(decided(network, claim, solver), Vacuous)
