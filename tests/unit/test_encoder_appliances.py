"""The machines of which nobody says what they forward: found in a network by what routes name."""

from __future__ import annotations

import pytest

from vnetverify.encoder.appliances import undeclared_machines
from vnetverify.model.network import Network
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Limits, Solver
from vnetverify.prover.verdict import Proved
from vnetverify.source import Source
from vnetverify.syntax import read
from vnetverify.syntax.read import read_text

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
    far = route.replace("10.0.1.9", "10.99.0.4")  # in nobody's network
    assert undeclared_machines(read([Source("t.vnet", used + far)], Network()).network) == ()
    document = read([Source("t.vnet", used + route)], Network())
    assert [machine.name for machine in undeclared_machines(document.network)] == ["10.0.1.9 in hub.nva"]


def test_what_announces_for_another_implies_that_other_machine() -> None:
    server = """
    route-server rs in hub { peer fw advertises 10.9.0.0/16 via 10.0.1.9 }
    appliance fw { nic 10.0.1.5 in hub.nva  forwards any }
    """

    assert undeclared(server) == ["10.0.1.9 in hub.nva"]
    assert undeclared(server.replace(" via 10.0.1.9", "")) == []


ROUTED = """
vnet v { address 10.0.0.0/16  subnet a 10.0.1.0/24 routes t  subnet b 10.0.2.0/24  subnet nva 10.0.9.0/24 }
route-table t { b 10.0.2.0/24 -> appliance 10.0.9.4 }
appliance fw { nic 10.0.9.4 in v.nva
  drops tcp from any to any port 22
  forwards any }
"""


@pytest.mark.parametrize(
    ("sentence", "decides"),
    [
        ("v.a never reaches v.b on ssh", ("line 5 drops", "R-META-3")),
        ("v.a reaches v.b on https", ("line 6 forwards", "R-META-3")),
    ],
)
def test_a_proof_names_the_line_of_a_policy_that_it_rests_on(sentence: str, decides: tuple[str, str]) -> None:
    asked = read_text(f"{ROUTED}assume U-STATEFUL(fw) = false  intent i {{ {sentence} }}")
    fixed = {assumption.fact.casefold(): assumption.value for assumption in asked.assumptions}
    solver = Solver(Limits(seconds=30))
    try:
        verdict = decide(Inquiry(asked.network, asked.intents[0].claims[0], fixed, False), solver)
    finally:
        solver.close()

    assert isinstance(verdict, Proved)
    assert decides in {(ground.what, ground.rule) for ground in verdict.grounds}
    assert len([ground for ground in verdict.grounds if ground.group == "policy of fw"]) == 1
