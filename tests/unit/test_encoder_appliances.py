"""The machines of which nobody says what they forward: found in a network by what routes name."""

from __future__ import annotations

from vnetverify.encoder.appliances import undeclared_machines
from vnetverify.model.network import Network
from vnetverify.source import Source
from vnetverify.syntax import read

HUB = """\
vnet hub { address 10.0.0.0/16  subnet nva 10.0.1.0/24  subnet RouteServerSubnet 10.0.2.0/27 }
vnet spoke { address 10.1.0.0/16  subnet s 10.1.0.0/24 }
vnet far { address 10.2.0.0/16  subnet s 10.2.0.0/24 }
peering hub -> spoke { allow-gateway-transit }
peering spoke -> hub { use-remote-gateways }
"""


def undeclared(text: str) -> list[str]:
    document = read([Source("t.vnet", HUB + text)], Network())
    assert not document.diagnostics, document.diagnostics
    return [machine.name for machine in undeclared_machines(document.network)]


def test_a_machine_without_policy_forwards_nobody_says_what() -> None:
    machines = """
    appliance open { nic 10.0.1.4 in hub.nva }
    appliance said { nic 10.0.1.5 in hub.nva  forwards any }
    """

    assert undeclared(machines) == ["open"]


def test_a_route_implies_a_machine_where_its_next_hop_stands() -> None:
    route = "route-table t { out 0.0.0.0/0 -> appliance 10.0.1.9  other 10.9.0.0/16 -> none }"
    used = HUB.replace("10.1.0.0/24", "10.1.0.0/24 routes t", 1)

    assert undeclared(route) == []  # no subnet uses the table
    document = read([Source("t.vnet", used + route)], Network())
    assert [machine.name for machine in undeclared_machines(document.network)] == ["10.0.1.9 in hub.nva"]


def test_what_announces_for_another_implies_that_other_machine() -> None:
    server = """
    route-server rs in hub { peer fw advertises 10.9.0.0/16 via 10.0.1.9 }
    appliance fw { nic 10.0.1.5 in hub.nva  forwards any }
    """

    assert undeclared(server) == ["10.0.1.9 in hub.nva"]
    assert undeclared(server.replace(" via 10.0.1.9", "")) == []
