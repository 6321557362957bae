"""The lines that proofs rest on, as the solver finds them: each without which the claim would not hold."""

from __future__ import annotations

import pytest

from tests.unit.verdicts import verdict_on
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved

PEERED = """\
vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 nsg n }
vnet w { address 10.1.0.0/16  subnet s 10.1.0.0/24 routes r }
peering v -> w { FLAGS }
peering w -> v
nsg n { RULES }
route-table r { ROUTES }
"""


HUB = """\
vnet hub { address 10.0.0.0/16  subnet nva 10.0.9.0/24 }
vnet a { address 10.1.0.0/16  subnet s 10.1.0.0/24 routes by-box }
vnet b { address 10.2.0.0/16  subnet s 10.2.0.0/24 }
peering hub -> a
peering a -> hub
peering hub -> b
peering b -> hub { FLAGS }
route-table by-box { b 10.2.0.0/16 -> appliance 10.0.9.4 }
appliance box { nic 10.0.9.4 in hub.nva  forwards any  stateless }
"""
ALONE = """vnet v { region westeurope  address 10.0.0.0/16  subnet s 10.0.0.0/24 }
vnet w { region westeurope  address 10.1.0.0/16  subnet s 10.1.0.0/24 }
peering v -> w
peering w -> v
vm m { nic 10.0.0.4 in v.s public-ip standard 20.0.0.4  bandwidth 4 Gbps }
appliance box { nic 10.0.0.5 in v.s  forwards any  bandwidth 4 Gbps }
load-balancer lb standard in v.s { frontend 10.0.0.100  rule web tcp 443 -> m }
"""


def peered(flags: str = "", rules: str = "", routes: str = "") -> str:
    return PEERED.replace("FLAGS", flags).replace("RULES", rules).replace("ROUTES", routes)


DENIED = "outbound 100 no deny any from any to any"


FORWARDED = HUB.replace("FLAGS", "allow-forwarded-traffic")


@pytest.mark.parametrize(
    ("network", "sentence", "lines"),
    [
        (
            peered("allow-virtual-network-access off"),
            "w.s never reaches v.s",
            {"F-TAG-4 peering v -> w", "F-NSG-5 nsg n"},
        ),
        (peered(routes="all 0.0.0.0/0 -> none"), "w.s never reaches internet", {"R-UDR-6 route table r"}),
        # What leads to the Internet keeps no packet from it.
        (peered(rules=DENIED), "v.s never reaches internet", {"F-NSG-4 nsg n", "F-NSG-5 nsg n"}),
        (
            HUB.replace("FLAGS", ""),
            "a.s never reaches b.s",
            {"R-PEER-16 peering b -> hub", "R-SEL-4 route table by-box"},
        ),
        (
            FORWARDED,
            "a.s loses no packets to b.s",
            {"R-PEER-15 peering b -> hub", "R-SEL-4 route table by-box", "R-SYS-7 routes of hub"},
        ),
        (ALONE, "internet never reaches m", {"F-PIP-1 interface m"}),
        (ALONE, "m never reaches lb on https", {"F-LB-8 load balancer lb"}),
        (ALONE, "latency of v.s to w.s is local", {"R-LINT-2 networks v and w"}),
        (ALONE, "bottleneck of m to box at least 4 Gbps", {"R-LINT-2 machine m", "R-LINT-2 machine box"}),
    ],
)
def test_a_proof_names_the_lines_without_which_it_does_not_hold(
    network: str, sentence: str, lines: set[str], solver: Solver
) -> None:
    verdict = verdict_on(network, sentence, solver, assumed="assume U-R-PEER-16 = false")

    assert isinstance(verdict, Proved)
    assert {f"{ground.rule} {ground.group}" for ground in verdict.grounds} == lines
