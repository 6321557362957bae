"""What lies outside a network changes no flow that stays inside it (R-SEL-3, R-SEL-4, R-SEL-5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.arm_templates import read, resource, subnet, template, vnet
from vnetverify.pipeline import Options, load, prove
from vnetverify.prover.verdict import verdict_word
from vnetverify.syntax.write import write

_GROUP = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/hub"
_HUB = f"{_GROUP}/providers/Microsoft.Network/virtualNetworks/hub"
_NVA = {"nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.9.0.4"}


def _id(kind: str, *names: str) -> dict[str, str]:
    quoted = "".join(f", '{name}'" for name in names)
    return {"id": f"[resourceId('Microsoft.Network/{kind}'{quoted})]"}


def _spoke(*more: dict[str, Any], routed: str = "0.0.0.0/0") -> dict[str, Any]:
    """Return a template of a spoke whose hub is elsewhere: web may speak SQL to db, and no more."""
    rule = {
        "protocol": "Tcp",
        "sourceAddressPrefix": "10.1.0.0/24",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
    }
    sql = {**rule, "priority": 100, "direction": "Inbound", "access": "Allow", "destinationPortRange": "1433"}
    none = {**sql, "protocol": "*", "priority": 200, "access": "Deny", "destinationPortRange": "*"}
    return template(
        resource("routeTables", "rt", {"routes": [{"name": "r", "properties": {"addressPrefix": routed, **_NVA}}]}),
        resource(
            "networkSecurityGroups",
            "nsg",
            {"securityRules": [{"name": "sql", "properties": sql}, {"name": "none", "properties": none}]},
        ),
        vnet(
            "spoke",
            "10.1.0.0/16",
            subnet("web", "10.1.0.0/24", routeTable=_id("routeTables", "rt")),
            subnet("db", "10.1.1.0/24", networkSecurityGroup=_id("networkSecurityGroups", "nsg")),
        ),
        *more,
    )


_TO_HUB = resource(
    "virtualNetworks/virtualNetworkPeerings",
    "spoke/to-hub",
    {
        "remoteVirtualNetwork": {"id": _HUB},
        "remoteAddressSpace": {"addressPrefixes": ["10.9.0.0/16"]},
        "allowForwardedTraffic": True,
        "useRemoteGateways": True,
    },
)


_STATIC_LOSES = "assume U-R-SEL-3 = false\n"


def _said(tmp_path: Path, body: dict[str, Any], *claims: str, given: str = _STATIC_LOSES) -> list[str]:
    (tmp_path / "in.json").write_text(json.dumps(body), encoding="utf-8")
    path = tmp_path / "a.vnet"
    intents = "".join(f"intent i{number} {{ {claim} }}\n" for number, claim in enumerate(claims))
    path.write_text(given + intents, encoding="utf-8")
    return [
        verdict_word(result.verdict)
        for result in prove(load([str(path)], [str(tmp_path / "in.json")]), Options()).results
    ]


def test_what_stays_in_a_spoke_does_not_turn_on_a_hub_that_is_not_in_the_input(tmp_path: Path) -> None:
    assert _said(
        tmp_path,
        _spoke(_TO_HUB),
        "spoke.web reaches spoke.db on tcp/1433",
        "spoke.web reaches spoke.db on tcp/22",
        "spoke.web sometimes reaches spoke.db on tcp/22",
        "spoke.db never reaches spoke.web on tcp/22",
        "next hop of spoke.web to 10.1.1.4 is vnet-local",
    ) == ["proved", "refuted", "refuted", "refuted", "proved"]


_INSIDE = "spoke.web reaches spoke.db on tcp/1433"


def test_where_it_uses_that_hubs_gateway_a_static_prefix_may_win_over_its_own_range(tmp_path: Path) -> None:
    refuted = "spoke.db never reaches spoke.web on tcp/22"

    assert _said(tmp_path, _spoke(_TO_HUB), _INSIDE, refuted, given="") == ["unknown", "unknown"]
    own = {**_TO_HUB, "properties": {**_TO_HUB["properties"], "useRemoteGateways": False}}
    assert _said(tmp_path, _spoke(own), _INSIDE, refuted, given="") == ["proved", "refuted"]


_PAIR = """
vnet hub { address 10.0.0.0/16  subnet GatewaySubnet 10.0.255.0/27  gateway KIND g }
vnet spoke { address 10.1.0.0/16  subnet s 10.1.1.0/24 routes t  subnet p 10.1.2.0/24 routes TABLE }
peering hub -> spoke { allow-gateway-transit }
peering spoke -> hub { use-remote-gateways }
route-table t { propagate-gateway-routes PROPAGATE }
route-table u { }
not-modelled "its sites" because "they are not in the input" for hub, spoke outside
intent i { spoke.s reaches spoke.p }
intent j { next hop of spoke.s to spoke.p is vnet-local }
"""


@pytest.mark.parametrize(
    ("kind", "propagate", "table", "word"),
    [
        ("vpn", "on", "t", "unknown"),
        ("expressroute", "on", "t", "proved"),  # which has no static prefixes
        ("vpn", "off", "t", "proved"),  # and gets none
        ("vpn", "off", "u", "unknown"),
    ],
)
def test_only_a_vpn_gateway_whose_routes_are_there_has_such_a_prefix(
    tmp_path: Path, kind: str, propagate: str, table: str, word: str
) -> None:
    path = tmp_path / "a.vnet"
    text = _PAIR.replace("KIND", kind).replace("PROPAGATE", propagate).replace("TABLE", table)
    path.write_text(text, encoding="utf-8")

    words = [verdict_word(result.verdict) for result in prove(load([str(path)], []), Options()).results]

    assert words == [word, word]


def test_what_a_site_sends_comes_by_others_though_its_address_is_one_of_the_network(tmp_path: Path) -> None:
    path = tmp_path / "a.vnet"
    sites = "site branch { address 10.1.2.128/25 }\nconnection c: branch -- hub.g\nassume U-R-SEL-3 = false\n"
    text = (
        _PAIR.replace("KIND", "vpn")
        .replace("PROPAGATE", "on")
        .replace("TABLE", "t")
        .replace("hub, spoke outside", "hub")
    )
    path.write_text(f"{text}{sites}intent k {{ branch loses no packets to spoke.s }}\n", encoding="utf-8")

    words = [verdict_word(result.verdict) for result in prove(load([str(path)], []), Options()).results]

    assert words == ["proved", "proved", "unknown"]


@pytest.mark.parametrize(
    "claim",
    [
        "spoke.web never reaches spoke.db on tcp/22",  # a firewall there may translate what it gets to db
        "spoke.web sometimes reaches hub",
        "hub never reaches spoke.db",
        "next hop of spoke.web to 10.9.0.4 is peering",
        "egress of spoke.web to internet is none",
    ],
)
def test_what_may_come_to_that_hub_does(tmp_path: Path, claim: str) -> None:
    assert _said(tmp_path, _spoke(_TO_HUB), claim) == ["unknown"]


@pytest.mark.parametrize(
    ("routed", "word"), [("10.1.1.0/24", "unknown"), ("10.1.0.0/16", "unknown"), ("10.0.0.0/8", "proved")]
)
def test_a_route_to_a_part_of_the_network_may_lead_out_of_it(tmp_path: Path, routed: str, word: str) -> None:
    assert _said(tmp_path, _spoke(_TO_HUB, routed=routed), "spoke.web reaches spoke.db on tcp/1433") == [word]


_OFFERED = """
vnet v {
  address 10.1.0.0/16
  subnet web 10.1.0.0/24
  subnet pe  10.1.5.0/24
}
vnet far {
  address 10.9.0.0/16
  subnet pls    10.9.2.0/24
  subnet orders 10.9.3.0/24
}
load-balancer orders standard in far.orders {
  frontend front 10.9.3.100
  rule sql tcp 1433 -> machine
}
vm machine { nic 10.9.3.4 in far.orders }
private-link-service offer of orders.front at 10.9.2.4 in far.pls
private-endpoint to-offer 10.1.5.4 in v.pe to offer
not-modelled "a thing" because "it is strange" for far
intent i { v.web sometimes reaches to-offer on tcp/1433 }
intent j { v.web sometimes reaches 10.1.5.9/32 on tcp/1433 }
"""


def test_what_an_endpoint_hands_on_leaves_the_network(tmp_path: Path) -> None:
    path = tmp_path / "a.vnet"
    path.write_text(_OFFERED, encoding="utf-8")

    words = [verdict_word(result.verdict) for result in prove(load([str(path)], []), Options()).results]

    assert words == ["unknown", "proved"]


def test_what_is_open_about_the_network_itself_stays_open(tmp_path: Path) -> None:
    strange = resource("networkVirtualAppliances", "x", {"subnet": _id("virtualNetworks/subnets", "spoke", "web")})

    assert _said(tmp_path, _spoke(_TO_HUB, strange), "spoke.web reaches spoke.db on tcp/1433") == ["unknown"]


_GATEWAY = (
    resource("publicIPAddresses", "p", {"publicIPAllocationMethod": "Static"}, sku={"name": "Standard"}),
    resource(
        "virtualNetworkGateways",
        "er",
        {
            "gatewayType": "ExpressRoute",
            "ipConfigurations": [
                {
                    "name": "c",
                    "properties": {
                        "subnet": _id("virtualNetworks/subnets", "v", "GatewaySubnet"),
                        "publicIPAddress": _id("publicIPAddresses", "p"),
                    },
                }
            ],
        },
    ),
    resource(
        "connections",
        "to-circuit",
        {
            "connectionType": "ExpressRoute",
            "virtualNetworkGateway1": _id("virtualNetworkGateways", "er"),
            "peer": {"id": _HUB.replace("virtualNetworks/hub", "expressRouteCircuits/c")},
        },
    ),
)


def test_what_a_circuit_announces_changes_nothing_inside_a_network(tmp_path: Path) -> None:
    spaces = [subnet("web", "10.0.0.0/24"), subnet("db", "10.0.1.0/24"), subnet("GatewaySubnet", "10.0.2.0/27")]
    body = template(vnet("v", "10.0.0.0/16", *spaces), *_GATEWAY)

    assert _said(tmp_path, body, "v.web reaches v.db", "v.web reaches internet") == ["proved", "unknown"]


def test_it_is_written_as_it_is_read(tmp_path: Path) -> None:
    text = write(read(tmp_path, _spoke(_TO_HUB)).network)

    assert 'because "it is not in the input" for spoke, hub outside\n' in text
