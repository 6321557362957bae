"""What stands beside a proof of absence: proxies that join two flows, senders that could lie."""

from __future__ import annotations

from dataclasses import replace

from vnetverify.header import Interval, IntervalSet
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.model.private_links import Proxy, ProxyKind
from vnetverify.prover.prove import Inquiry, decide
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved
from vnetverify.source import Source
from vnetverify.syntax import read

# The gateway's subnet may be entered from `web` and may enter `db`; `web` itself may not enter `db`.
JOINED = """\
vnet v {
  address 10.0.0.0/16
  subnet web 10.0.1.0/24
  subnet agw 10.0.2.0/24
  subnet db  10.0.3.0/24 nsg db
}
nsg db {
  inbound 100 gate allow tcp from 10.0.2.0/24 to any
  inbound 200 rest deny any from any to any
}
"""
FORWARDING = """\
vnet v {
  address 10.0.0.0/16
  subnet nva 10.0.1.0/24
  subnet db  10.0.3.0/24 nsg db
}
nsg db { inbound 200 rest deny any from any to any }
appliance box { nic 10.0.1.4 in v.nva  forwards any }
vm plain { nic 10.0.1.5 in v.nva }
appliance other { nic 10.0.1.6 in v.nva  forwards any }
"""
SPOKES = """\
vnet hub {
  address 10.0.0.0/16
  subnet agw 10.0.2.0/24
}
vnet one {
  address 10.1.0.0/16
  subnet s 10.1.0.0/24
}
vnet two {
  address 10.2.0.0/16
  subnet s 10.2.0.0/24
}
peering hub -> one
peering one -> hub
peering hub -> two
peering two -> hub
"""

SPOKES = """\
vnet hub {
  address 10.0.0.0/16
  subnet agw 10.0.2.0/24
}
vnet one {
  address 10.1.0.0/16
  subnet s 10.1.0.0/24
}
vnet two {
  address 10.2.0.0/16
  subnet s 10.2.0.0/24
}
peering hub -> one
peering one -> hub
peering hub -> two
peering two -> hub
"""
HTTPS = IntervalSet((Interval(443, 443),))


def beside(solver: Solver, text: str, sentence: str, *proxies: Proxy) -> list[str]:
    """Return the rules of what stands beside the proof of `sentence`."""
    document = read([Source("t.vnet", f"{text}\nintent i {{ {sentence} }}")], Network())
    assert not document.diagnostics, document.diagnostics
    network = replace(document.network, proxies={proxy.name: proxy for proxy in proxies})
    (claim,) = document.intents[0].claims
    assert isinstance(claim, Claim)
    verdict = decide(Inquiry(network, claim, {}, False), solver)
    assert isinstance(verdict, Proved), verdict
    return [note.rule for note in verdict.caveats]


GATE = Proxy("gate", ProxyKind.APPLICATION_GATEWAY, "v", "agw", HTTPS)


def test_a_proxy_that_may_join_both_sides_is_named(solver: Solver) -> None:
    assert beside(solver, JOINED, "v.web never reaches v.db", GATE) == ["F-AGW-1"]


def test_a_proxy_that_nothing_gets_to_is_not(solver: Solver) -> None:
    text = JOINED.replace("subnet agw 10.0.2.0/24", "subnet agw 10.0.2.0/24 nsg agw")
    text += "nsg agw { inbound 100 no deny tcp from any to any port 443 }"

    assert beside(solver, text, "v.web never reaches v.db", GATE) == []


def test_a_proxy_that_gets_nowhere_is_not(solver: Solver) -> None:
    text = JOINED.replace("inbound 100 gate allow tcp from 10.0.2.0/24 to any\n", "")

    assert beside(solver, text, "v.web never reaches v.db", GATE) == []


def test_the_internet_is_taken_to_get_to_a_bastion(solver: Solver) -> None:
    bastion = replace(GATE, name="jump", kind=ProxyKind.BASTION)

    assert beside(solver, JOINED, "internet never reaches v.db", bastion) == ["F-BAS-1"]


def test_the_public_address_of_a_proxy_is_none_of_the_text(solver: Solver) -> None:
    assert beside(solver, JOINED, "internet never reaches v.agw", GATE) == ["F-AGW-1"]
    assert beside(solver, JOINED, "internet never reaches v.web", GATE) == ["F-AGW-1"]  # by its own flows to there


def test_a_bastion_developer_serves_every_machine_of_its_network(solver: Solver) -> None:
    developer = Proxy("dev", ProxyKind.BASTION, "v", None, HTTPS)

    assert beside(solver, JOINED, "internet never reaches v.db", developer) == ["F-BAS-3"]
    assert beside(solver, JOINED, "v.web never reaches v.db", developer) == []


def test_a_proxy_in_a_hub_may_join_the_spokes(solver: Solver) -> None:
    sentence = "one, two not transitive through hub"
    in_hub = replace(GATE, vnet="hub")
    in_spoke = replace(GATE, vnet="one", subnet="s")

    assert beside(solver, SPOKES, sentence, in_hub) == ["F-AGW-1"]
    assert beside(solver, SPOKES, sentence, in_spoke) == []


def test_a_proxy_is_no_device_that_a_way_could_avoid(solver: Solver) -> None:
    text = JOINED + "appliance other { nic 10.0.3.4 in v.db  forwards any }"

    assert beside(solver, text, "v.web reaches v.agw not via other", GATE) == []


def test_a_sender_that_forwards_could_lie_about_its_source(solver: Solver) -> None:
    spokes = SPOKES + "appliance box { nic 10.1.0.4 in one.s  forwards any }"

    assert beside(solver, FORWARDING, "box never reaches v.db") == ["F-FWD-6"]
    assert beside(solver, FORWARDING, "box reaches plain not via other") == ["F-FWD-6"]
    assert beside(solver, spokes, "one, two not transitive through hub") == ["F-FWD-6"]


def test_a_sender_that_does_not_forward_could_not(solver: Solver) -> None:
    assert beside(solver, FORWARDING, "plain never reaches v.db") == []


def test_a_proof_of_presence_has_nothing_beside_it(solver: Solver) -> None:
    assert beside(solver, FORWARDING, "v.db reaches plain on ssh") == []
