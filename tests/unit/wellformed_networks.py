"""Networks of two lines for the tests of what Azure refuses, and what is found there."""

from __future__ import annotations

from vnetverify.diagnostic import Diagnostic
from vnetverify.header import ALL_PORTS, Interval, IntervalSet
from vnetverify.model.network import Network
from vnetverify.model.security import Access, AnyAddress, Direction, Nsg, SecurityRule
from vnetverify.model.wellformed import check
from vnetverify.syntax import read_text


def found(text: str) -> list[tuple[str, str | None]]:
    """Return code and rule of everything but notes that is wrong with the network that `text` declares."""
    return [(fault.code, fault.rule) for fault in check(read_text(text).network)]


def codes(network: Network) -> list[str]:
    return [fault.code for fault in check(network)]


def only(text: str) -> Diagnostic:
    (fault,) = check(read_text(text).network)
    return fault


A = "vnet a { address 10.0.0.0/16 subnet s 10.0.0.0/24 }\n"
B = "vnet b { address 10.1.0.0/16 subnet s 10.1.0.0/24 }\n"
HUB = "vnet hub { address 10.0.0.0/16 subnet GatewaySubnet 10.0.255.0/27 gateway vpn gw }\n"
HUB += "site branch { address 192.168.0.0/16 }\nconnection c: branch -- hub.gw\n"
SPOKE = "vnet spoke { address 10.1.0.0/16 subnet s 10.1.0.0/24 }\n"
TRANSIT = "peering hub -> spoke { allow-gateway-transit }\npeering spoke -> hub { use-remote-gateways }\n"
RULE = SecurityRule(
    "r",
    100,
    Direction.INBOUND,
    Access.ALLOW,
    6,
    AnyAddress(),
    ALL_PORTS,
    AnyAddress(),
    IntervalSet((Interval(80, 80),)),
)


def filtered(*rules: SecurityRule) -> list[tuple[str, str | None]]:
    return [(fault.code, fault.rule) for fault in check(Network(nsgs={"n": Nsg("n", rules)}))]
