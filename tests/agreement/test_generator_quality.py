"""The strategies find what the agreement tests are for; measured over one seeded campaign."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.agreement.drawn import samples
from vnetverify.diagnostic import Severity
from vnetverify.header import EVERY_IPV4, Family
from vnetverify.model.network import Network
from vnetverify.model.wellformed import check
from vnetverify.simulator.positions import Delivered, Dropped, LeftToInternet
from vnetverify.simulator.situation import index_of
from vnetverify.simulator.walk import Conversation


@cache
def campaign() -> Counter[str]:
    """Return how many networks and flows show what."""
    seen: Counter[str] = Counter()
    for sample in samples():
        seen.update(("network", *traits(sample.network)))
        for walk in sample.anywhere:
            seen.update(("flow", *features(walk.conversation)))
    return seen


def traits(network: Network) -> set[str]:
    routes = [route for table in network.route_tables.values() for route in table.routes]
    ranges = {prefix for vnet in network.vnets.values() for prefix in vnet.address_space}
    peers = index_of(network, Family.IPV4).peers
    found = {
        "a tie with a system route": any(route.prefix in ranges for route in routes),
        "a chain of peerings": any(
            far != near and far not in peers[near] for near in peers for via in peers[near] for far in peers[via]
        ),
        "a user route for 0.0.0.0/0": any(route.prefix == EVERY_IPV4 for route in routes),
        "gateway transit": any(half.use_remote_gateways for half in network.peerings),
        "accepted by Azure": not any(fault.severity is Severity.ERROR for fault in check(network)),
        "several interfaces": any(len(machine.nics) > 1 for machine in network.machines.values()),
        "a shared circuit": _shares_circuit(network),
        "gateways joined": any(connection.remote_gateway for connection in network.connections),
        "a peering of subnets": any(half.is_of_subnets for half in network.peerings),
        "a half not in sync": any(half.remote_space is not None for half in network.peerings),
        "a connected group": bool(network.connected_groups),
        "a Route Server with a peer": any(server.peers for server in network.route_servers),
        "a service endpoint": any(subnet.service_endpoints for subnet in network.subnets()),
        "a route to a service tag": any(route.service_tag for route in routes),
        "members that overlap": any(fault.rule == "R-CG-4" for fault in check(network)),
    }
    return {name for name, is_so in found.items() if is_so}


def _shares_circuit(network: Network) -> bool:
    users = {(connection.circuit, connection.gateway) for connection in network.connections if connection.circuit}
    return len(users) > len({circuit for circuit, _ in users})


def features(conversation: Conversation) -> set[str]:
    outcome = conversation.forward.outcome
    machines = [device for device in conversation.forward.devices if not device.is_gateway]
    gateways = [device for device in conversation.forward.devices if device.is_gateway]
    found = {
        "delivered": isinstance(outcome, Delivered),
        "left to the Internet": isinstance(outcome, LeftToInternet),
        "answered": conversation.established,
        "one way only": isinstance(outcome, Delivered) and not conversation.established,
        "forwarded by an appliance": bool(machines),
        "delivered through an appliance": bool(machines) and isinstance(outcome, Delivered),
        "answered through an appliance": bool(machines) and conversation.established,
        "delivered through a gateway": bool(gateways) and isinstance(outcome, Delivered),
        "a loop": isinstance(outcome, Dropped) and outcome.rule == "R-TRAF-3",
        "denied by a filter": isinstance(outcome, Dropped) and outcome.rule in ("F-NSG-4", "F-DEF-1"),
        "dropped by a None route": isinstance(outcome, Dropped) and outcome.rule in ("R-SYS-3", "R-UDR-6"),
    }
    return {name for name, is_so in found.items() if is_so}


@pytest.mark.parametrize(
    ("trait", "share"),
    [
        ("a tie with a system route", 0.3),
        ("a chain of peerings", 0.15),
        ("a user route for 0.0.0.0/0", 0.08),
        ("gateway transit", 0.12),
        ("accepted by Azure", 0.7),
        ("several interfaces", 0.25),
        ("a shared circuit", 0.03),
        ("gateways joined", 0.05),
        ("a peering of subnets", 0.04),
        ("a half not in sync", 0.04),
        ("a connected group", 0.30),
        ("a Route Server with a peer", 0.05),
        ("a service endpoint", 0.10),
        ("a route to a service tag", 0.10),
        ("members that overlap", 0.01),
    ],
)
def test_networks_have(trait: str, share: float) -> None:
    assert campaign()[trait] / campaign()["network"] >= share


@pytest.mark.parametrize(
    ("feature", "share"),
    [
        ("delivered", 0.12),
        ("left to the Internet", 0.01),
        ("answered", 0.11),
        ("one way only", 0.015),
        ("forwarded by an appliance", 0.015),
        ("delivered through an appliance", 0.02),
        ("answered through an appliance", 0.01),
        ("delivered through a gateway", 0.01),
        ("a loop", 0.005),
        ("denied by a filter", 0.03),
        ("dropped by a None route", 0.03),
    ],
)
def test_flows_are(feature: str, share: float) -> None:
    assert campaign()[feature] / campaign()["flow"] >= share


_DRAWN_LOT = """\
from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.agreement.campaigns import LOT
from tests.agreement.test_agreement import situations
from vnetverify.syntax.write import write

def told(situation):
    network, claim, _ = situation
    print(write(network), claim.verb, claim.pairs, claim.service, claim.failures is None)

checks = list(HealthCheck)
lot = settings(max_examples=LOT, deadline=None, suppress_health_check=checks, database=None, phases=[Phase.generate])
seed(1 << 32 | 9)(lot(given(situation=situations())(told)))()
"""


def test_the_same_seed_draws_the_same_whatever_python_hashes_to() -> None:
    drawn = [
        subprocess.run(
            [sys.executable, "-c", _DRAWN_LOT],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]

    assert drawn[0] == drawn[1]
    assert drawn[0]
