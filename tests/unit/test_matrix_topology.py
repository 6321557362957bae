"""What gateways may put into tables, as matrices take it: where it may be, nothing is said of what lies there."""

from __future__ import annotations

import pytest

from vnetverify.header import EVERY_IPV4
from vnetverify.matrix.topology import topology_of
from vnetverify.syntax.read import read_text


@pytest.mark.parametrize(("option", "is_open"), [("default-site", True), ("bgp", False)])
def test_a_default_site_leaves_open_what_leaves_the_networks_that_its_gateway_serves(
    option: str, is_open: bool
) -> None:
    network = read_text(f"""
vnet hub   {{ address 10.0.0.0/16  subnet GatewaySubnet 10.0.255.0/27  gateway vpn g }}
vnet spoke {{ address 10.1.0.0/16 }}
vnet apart {{ address 10.2.0.0/16 }}
peering hub -> spoke {{ allow-gateway-transit }}
peering spoke -> hub {{ use-remote-gateways }}
peering hub -> apart
peering apart -> hub
site hq {{ address 192.168.0.0/16 }}
connection hq -- hub.g {{ {option} }}
""").network
    learned = topology_of(network).learned

    assert {vnet: EVERY_IPV4 in learned[vnet] for vnet in ("hub", "spoke", "apart")} == {
        "hub": is_open,
        "spoke": is_open,
        "apart": False,
    }
