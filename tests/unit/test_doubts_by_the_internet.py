"""What is not modelled where only the Internet joins it to a claim's ends, or at who forwards by BGP alone."""

from __future__ import annotations

import pytest

from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.prover.reach import doubts
from vnetverify.source import Source
from vnetverify.syntax import read

_APART = """
vnet a { address 10.1.0.0/16  subnet x 10.1.1.0/24 }
vnet g { address 10.2.0.0/16  subnet y 10.2.1.0/24  subnet z 10.2.2.0/24 }
vm t { nic 10.2.1.4 in g.y public-ip standard 203.0.113.77 }
vnet f { address 10.0.0.0/16  subnet AzureFirewallSubnet 10.0.1.0/26  subnet n 10.0.2.0/24 }
not-modelled "the route table" because "it is not in the input" for f
"""
_FIREWALL = """
firewall fw {
  nic 10.0.1.4 in f.AzureFirewallSubnet public-ip entry standard 203.0.113.5
  collection nat 100 c { rule r tcp from * at entry port 443 -> TARGET port 443 }
}
"""


def _open(text: str, sentence: str) -> bool:
    """Tell whether something not modelled could change the sentence."""
    found = read([Source("t.vnet", f"{text}\nintent i {{ {sentence} }}\n")], Network())
    assert not found.diagnostics
    (claim,) = found.intents[0].claims
    assert isinstance(claim, Claim)
    return bool(doubts(found.network, claim, {}))


@pytest.mark.parametrize(
    ("target", "public", "is_open"),
    [
        ("203.0.113.77", "203.0.113.77", True),
        ("203.0.113.77", "", True),  # whose address may be that
        ("203.0.113.77", "203.0.113.78", False),
        ("10.0.2.4", "203.0.113.77", False),
        ("10.0.2.4", "", False),
    ],
)
def test_a_nat_rule_to_a_public_address_leads_into_the_network_of_whoever_has_it(
    target: str, public: str, is_open: bool
) -> None:
    text = (_APART + _FIREWALL).replace("TARGET", target).replace("standard 203.0.113.77", f"ip standard {public}")

    for sentence in ("a reaches g.y", "a never reaches g.y", "a never reaches g.z"):
        assert _open(text, sentence) is is_open


@pytest.mark.parametrize(("front", "is_open"), [("203.0.113.77", True), ("", True), ("203.0.113.79", False)])
def test_one_that_leads_to_a_public_frontend_leads_to_its_members(front: str, is_open: bool) -> None:
    balancer = f"load-balancer lb standard {{ frontend p public-ip {front}  rule r tcp 443 at p -> w }}"
    text = (_APART.replace("203.0.113.77", "203.0.113.78") + _FIREWALL).replace("TARGET", "203.0.113.77")

    assert _open(f"{text} {balancer} vm w {{ nic 10.2.2.4 in g.z }}", "a reaches g.z") is is_open


_WHATEVER_IS_SAID = {
    "firewall r { nic 10.0.1.4 in f.AzureFirewallSubnet public-ip standard 203.0.113.6 }": True,
    "appliance r { nic 10.0.2.9 in f.n public-ip standard 203.0.113.6 }": True,
    "appliance r { nic 10.0.2.9 in f.n }": False,
    "appliance r { nic 10.0.2.9 in f.n public-ip standard 203.0.113.6  forwards tcp }": False,
    "vm r { nic 10.0.2.9 in f.n public-ip standard 203.0.113.6 }": False,
}


@pytest.mark.parametrize(("machine", "sends_on"), _WHATEVER_IS_SAID.items())
def test_who_may_send_on_what_comes_by_a_public_address_may_send_it_to_another_network(
    machine: str, sends_on: bool
) -> None:
    text = _APART + machine

    assert _open(text, "a never reaches g.y") is sends_on
    assert _open(text, "a never reaches internet") is sends_on
    # Who has no public address gets nothing from there, and what is written for a host goes to nobody else.
    assert not _open(text, "a never reaches g.z")
    assert not _open(text, "a reaches g.y")


_BY_BGP = """
vnet hub { address 10.0.0.0/16  subnet RouteServerSubnet 10.0.0.0/26  subnet nva 10.0.1.0/24  subnet out 10.0.2.0/24 }
vnet s1 { address 10.1.0.0/16  subnet x 10.1.1.0/24 }
vnet s2 { address 10.2.0.0/16  subnet y 10.2.1.0/24 }
peering hub -> s1 { allow-gateway-transit allow-forwarded-traffic }
peering s1 -> hub { use-remote-gateways allow-forwarded-traffic }
peering hub -> s2 { allow-gateway-transit allow-forwarded-traffic }
peering s2 -> hub { use-remote-gateways allow-forwarded-traffic }
appliance speaker { nic 10.0.1.4 in hub.nva forwards any }
not-modelled "a service endpoint" because "its prefixes are not declared" for hub at hub.out alone
"""


@pytest.mark.parametrize(("via", "is_open"), [("via 10.0.2.4", True), ("via 10.0.1.9", False), ("", False)])
def test_a_next_hop_that_an_appliance_announces_forwards_in_its_subnet(via: str, is_open: bool) -> None:
    text = f"{_BY_BGP}route-server rs in hub {{ peer speaker advertises 10.0.0.0/8 {via} }}"

    assert _open(text, "s1 reaches s2") is is_open


_PROXY = """
vnet v { address 10.0.0.0/16  subnet gate 10.0.1.0/24  subnet web 10.0.2.0/24  subnet db 10.0.3.0/24 }
vnet w { address 10.9.0.0/16  subnet web 10.9.2.0/24 }
vm one { nic 10.9.2.4 in w.web public-ip standard 203.0.113.77 }
not-modelled "the public address of the gateway" because "it is not modelled" for v at v.gate
"""


@pytest.mark.parametrize(
    ("sentence", "is_open"),
    [
        ("v.gate never reaches internet", True),
        ("v.gate reaches internet", True),
        ("v.gate sometimes reaches internet", True),
        ("v.gate never reaches w.web", True),
        ("v.gate reaches 203.0.113.77", True),
        ("v.gate reaches w.web", False),
        ("v.gate never reaches v.db", False),
        ("next hop of v.gate to internet is internet", False),
        ("v.web never reaches internet", False),
    ],
)
def test_what_leaves_by_a_public_address_that_is_not_modelled_may_come_wherever_the_internet_leads(
    sentence: str, is_open: bool
) -> None:
    assert _open(_PROXY, sentence) is is_open
