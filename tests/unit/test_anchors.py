"""Azure's recorded answers beside what is derived: what agrees, what differs and by which rule, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import strange_variants
from vnetverify.cli import main, status
from vnetverify.facts import World
from vnetverify.ingest.values import Malformed
from vnetverify.syntax import read_text
from vnetverify.testing.anchors import compare
from vnetverify.testing.questions import NotAQuestion
from vnetverify.testing.recorded_answers import recordings_in
from vnetverify.testing.recorded_groups import Compared

TEXT = """\
vnet hub {
  address 10.0.0.0/16
  subnet app 10.0.1.0/24 nsg of-app routes by-nva
  subnet nva 10.0.9.0/24
}
vnet spoke {
  address 10.1.0.0/16
  subnet db 10.1.0.0/24
}
peering hub -> spoke {}
peering spoke -> hub {}
route-table by-nva {
  db   10.1.0.0/24    -> appliance 10.0.9.4
  docs 192.0.2.0/24   -> none
}
nsg of-app {
  inbound  100 web  allow tcp from Internet to any port 80, 443
  inbound  200 ssh  deny  tcp from 10.1.0.0/16 to 10.0.1.0/24 port 22
  outbound 100 mail deny  tcp from any to any port 25
}
nsg of-nic { inbound 300 dns allow udp from VirtualNetwork to any port 53 }
appliance fw { nic 10.0.9.4 in hub.nva }
vm web { nic web-nic 10.0.1.4 in hub.app nsg of-nic }
"""


def route(prefix: str, hop_type: str, source: str = "Default", *addresses: str, state: str = "Active") -> Any:
    told = {"source": source, "state": state, "addressPrefix": [prefix], "nextHopType": hop_type}
    return {**told, "nextHopIpAddress": list(addresses)}


ROUTES = [
    route("10.0.0.0/16", "VnetLocal"),
    route("10.1.0.0/16", "VNetPeering"),
    route("10.1.0.0/24", "VirtualAppliance", "User", "10.0.9.4"),
    route("192.0.2.0/24", "None", "User"),
    route("0.0.0.0/0", "Internet"),
    route("10.0.0.0/8", "None"),
    route("172.16.0.0/12", "None"),
    route("192.168.0.0/16", "None"),
    route("100.64.0.0/10", "None"),
]


def rule(name: str, priority: int, access: str, protocol: str, source: str, target: str, **more: Any) -> Any:
    direction = more.pop("direction", "Inbound")
    return {
        "name": name,
        "priority": priority,
        "access": access,
        "protocol": protocol,
        "direction": direction,
        "sourceAddressPrefix": source,
        "destinationAddressPrefix": target,
        "sourcePortRange": "0-65535",
        "destinationPortRange": "0-65535",
        **more,
    }


MEMBERS = ["10.0.0.0/16", "10.1.0.0/16", "168.63.129.16/32", "192.0.2.0/24"]
BOTH = {"expandedSourceAddressPrefix": MEMBERS, "expandedDestinationAddressPrefix": MEMBERS}
VNET, EVERYWHERE, OUT = "VirtualNetwork", "0.0.0.0/0", "Outbound"
DEFAULTS = [
    rule("defaultSecurityRules/AllowVnetInBound", 65000, "Allow", "All", VNET, VNET, **BOTH),
    rule("defaultSecurityRules/AllowAzureLoadBalancerInBound", 65001, "Allow", "All", "AzureLoadBalancer", EVERYWHERE),
    rule("defaultSecurityRules/DenyAllInBound", 65500, "Deny", "All", EVERYWHERE, EVERYWHERE),
    rule("defaultSecurityRules/AllowVnetOutBound", 65000, "Allow", "All", VNET, VNET, direction=OUT, **BOTH),
    rule("defaultSecurityRules/AllowInternetOutBound", 65001, "Allow", "All", EVERYWHERE, "Internet", direction=OUT),
    rule("defaultSecurityRules/DenyAllOutBound", 65500, "Deny", "All", EVERYWHERE, EVERYWHERE, direction=OUT),
]
WEB = rule("securityRules/web", 100, "Allow", "Tcp", "Internet", EVERYWHERE, destinationPortRanges=["80-80", "443-443"])
SSH = rule("securityRules/ssh", 200, "Deny", "Tcp", "10.1.0.0/16", "10.0.1.0/24", destinationPortRange="22-22")
MAIL = rule(
    "securityRules/mail", 100, "Deny", "Tcp", EVERYWHERE, EVERYWHERE, direction=OUT, destinationPortRange="25-25"
)
DNS = rule("securityRules/dns", 300, "Allow", "Udp", VNET, EVERYWHERE, destinationPortRange="53-53")


def group(name: str, at: str, *rules: Any) -> Any:
    prefix = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network"
    where = {"subnet": f"{prefix}/virtualNetworks/hub/subnets/app", "networkInterface": f"{prefix}/networkInterfaces/n"}
    return {
        "networkSecurityGroup": {"id": f"{prefix}/networkSecurityGroups/{name}"},
        "association": {at: {"id": where[at]}},
        "effectiveSecurityRules": [*rules, *DEFAULTS],
    }


OF_APP, OF_NIC = group("of-app", "subnet", WEB, SSH, MAIL), group("OF-NIC", "networkInterface", DNS)

VM = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/virtualMachines/web"


def next_hop(destination: str, hop_type: str, address: str = "", table: str = "System Route") -> Any:
    request = {"targetResourceId": VM, "sourceIPAddress": "10.0.1.4", "destinationIPAddress": destination}
    return {
        "request": request,
        "response": {"nextHopType": hop_type, "nextHopIpAddress": address, "routeTableId": table},
    }


def flow(direction: str, protocol: str, local: str, remote: str, access: str, name: str) -> Any:
    (own, own_port), (other, other_port) = local.split(":"), remote.split(":")
    request = {"targetResourceId": VM, "direction": direction, "protocol": protocol, "localPort": own_port}
    request |= {"remotePort": other_port, "localIPAddress": own, "remoteIPAddress": other}
    return {"request": request, "response": {"access": access, "ruleName": name}}


def conform(capsys: pytest.CaptureFixture[str], tmp_path: Path, recording: Any, *options: str) -> tuple[int, list[str]]:
    """Return how the comparison ends, and the lines it prints, or those of stderr where it prints none."""
    text, told = tmp_path / "network.vnet", tmp_path / "recording.json"
    text.write_text(TEXT)
    told.write_text(json.dumps(recording))
    ends = main(("conform", str(text), str(told), *options))
    streams = capsys.readouterr()
    return ends, (streams.out or streams.err).splitlines()


AT = ("--at", "WEB-NIC")


def pascal(line: dict[str, Any]) -> dict[str, Any]:
    return {key[0].upper() + key[1:]: value for key, value in line.items()}


@pytest.mark.parametrize("recording", [{"value": ROUTES}, ROUTES, list(map(pascal, ROUTES))])
def test_a_table_of_routes_agrees_line_by_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, recording: Any
) -> None:
    assert conform(capsys, tmp_path, recording, *AT) == (status.AS_EXPECTED, ["9 agreed, 0 differ, 0 open"])


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        (ROUTES[1:], "10.0.0.0/16: recorded nothing, derived vnetlocal from default, active [R-SYS-1]"),
        (
            [*ROUTES[:2], route("10.1.0.0/24", "VirtualAppliance", "User", "10.0.9.5"), *ROUTES[3:]],
            (
                "10.1.0.0/24: recorded virtualappliance 10.0.9.5 from user, active, "
                "derived virtualappliance 10.0.9.4 from user, active [R-SEL-1]"
            ),
        ),
        (
            [*ROUTES, route("10.2.0.0/16", "VNetPeering")],
            "10.2.0.0/16: recorded vnetpeering from default, active, derived nothing [R-SYS-7]",
        ),
        (
            [*ROUTES, route("172.20.0.0/16", "VirtualNetworkGateway", "VirtualNetworkGateway", "20.0.0.1")],
            (
                "172.20.0.0/16: recorded virtualnetworkgateway from virtualnetworkgateway, active, derived nothing "
                "[R-SYS-8]"
            ),
        ),
        (
            [ROUTES[0] | {"state": "Invalid"}, *ROUTES[1:]],
            "10.0.0.0/16: recorded vnetlocal from default, invalid, derived vnetlocal from default, active [R-SYS-1]",
        ),
    ],
)
def test_a_line_that_differs_is_told_with_its_rule(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, routes: Any, told: str
) -> None:
    ends, lines = conform(capsys, tmp_path, {"value": routes}, *AT)

    assert ends == status.REFUTED
    assert lines[:-1] == [f"effective routes of WEB-NIC: {told}"]
    assert ", 1 differ, 0 open" in lines[-1]


def test_a_line_that_settles_an_open_fact_is_no_difference(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ends, lines = conform(capsys, tmp_path, [*ROUTES, route("25.0.0.0/8", "None")], *AT)

    assert ends == status.AS_EXPECTED
    assert lines == [
        (
            "effective routes of WEB-NIC: 25.0.0.0/8: recorded none from default, active, derived nothing, "
            "which is open (U-R-SYS-10)"
        ),
        "9 agreed, 0 differ, 1 open",
    ]


def test_the_groups_at_an_interface_agree_rule_by_rule(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told = conform(capsys, tmp_path, {"value": [OF_APP, OF_NIC]}, *AT)

    assert told == (status.AS_EXPECTED, ["18 agreed, 0 differ, 0 open"])


def changed(name: str, /, **fields: Any) -> Any:
    rules = [one | (fields if one["name"] == name else {}) for one in OF_APP["effectiveSecurityRules"]]
    return {"value": [OF_APP | {"effectiveSecurityRules": rules}, OF_NIC]}


SSH_NAME, VNET_IN = "securityRules/ssh", "defaultSecurityRules/AllowVnetInBound"


@pytest.mark.parametrize(
    ("recording", "told"),
    [
        (changed(SSH_NAME, priority=201), "inbound ssh: priority: recorded 201, derived 200 [F-NSG-2]"),
        (changed(SSH_NAME, access="Allow"), "inbound ssh: access: recorded allow, derived deny [F-NSG-1]"),
        (changed(SSH_NAME, protocol="Udp"), "inbound ssh: protocol: recorded 17, derived 6 [F-NSG-6]"),
        (changed(SSH_NAME, protocol="All"), "inbound ssh: protocol: recorded any, derived 6 [F-NSG-6]"),
        (
            changed(SSH_NAME, destinationPortRange="22-23"),
            "inbound ssh: destination ports: recorded 22-23, derived 22-22 [F-NSG-8]",
        ),
        (
            changed(SSH_NAME, sourcePortRange="1-65535"),
            "inbound ssh: source ports: recorded 1-65535, derived 0-65535 [F-NSG-8]",
        ),
        (
            changed(SSH_NAME, sourceAddressPrefix="10.1.0.0/15"),
            "inbound ssh: source: recorded 10.0.0.0-10.0.255.255, derived nothing more [F-NSG-10]",
        ),
        (
            changed(SSH_NAME, destinationAddressPrefix="Internet"),
            "inbound ssh: destination: recorded internet, derived no tag [F-NSG-10]",
        ),
        (
            changed("securityRules/web", sourceAddressPrefix="VirtualNetwork"),
            "inbound web: source: recorded virtualnetwork, derived internet [F-TAG-9]",
        ),
        (
            changed(VNET_IN, expandedSourceAddressPrefix=MEMBERS[:1]),
            (
                "inbound allowvnetinbound: source: virtualnetwork: recorded nothing more, "
                "derived 10.1.0.0-10.1.255.255, 168.63.129.16-168.63.129.16, 192.0.2.0-192.0.2.255 [F-TAG-7]"
            ),
        ),
        (
            changed(VNET_IN, expandedSourceAddressPrefix=[*MEMBERS, "10.2.0.0/16"]),
            (
                "inbound allowvnetinbound: source: virtualnetwork: recorded 10.2.0.0-10.2.255.255, "
                "derived nothing more [F-TAG-7]"
            ),
        ),
        (changed(VNET_IN, name="x"), "inbound allowvnetinbound: recorded not there, derived there [F-DEF-1]"),
        (changed(SSH_NAME, name="securityRules/x"), "inbound x: recorded there, derived not there [F-NSG-1]"),
    ],
)
def test_a_field_that_differs_is_told_with_its_rule(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, recording: Any, told: str
) -> None:
    ends, lines = conform(capsys, tmp_path, recording, *AT)

    assert ends == status.REFUTED
    assert f"effective rules of WEB-NIC: group of-app at the subnet: {told}" in lines


def test_a_member_of_a_tag_that_settles_an_open_fact_is_no_difference(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ends, lines = conform(capsys, tmp_path, changed(VNET_IN, expandedSourceAddressPrefix=MEMBERS[:3]), *AT)

    assert ends == status.AS_EXPECTED
    assert lines == [
        (
            "effective rules of WEB-NIC: group of-app at the subnet: inbound allowvnetinbound: source: virtualnetwork: "
            "recorded nothing more, derived 192.0.2.0-192.0.2.255, which is open (U-VNTAG(hub.app, 192.0.2.0/24))"
        ),
        "17 agreed, 0 differ, 1 open",
    ]


def test_a_group_that_stands_elsewhere_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ends, lines = conform(capsys, tmp_path, {"value": [OF_APP]}, *AT)

    assert ends == status.REFUTED
    assert lines[0] == (
        "effective rules of WEB-NIC: group of-nic at the interface: recorded not there, derived there [F-NSG-13]"
    )


TABLE = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/routeTables/By-NVA"
RIGHT = [
    next_hop("10.0.1.9", "VnetLocal"),
    next_hop("10.1.0.4", "VirtualAppliance", "10.0.9.4", TABLE),
    next_hop("10.1.1.4", "VNetPeering"),
    next_hop("192.0.2.1", "None", "", TABLE),
    next_hop("198.51.100.9", "Internet"),
    flow("Inbound", "TCP", "10.0.1.4:22", "10.1.0.4:50000", "Deny", "securityRules/ssh"),
    flow("Inbound", "UDP", "10.0.1.4:53", "10.1.0.4:50000", "Allow", "UserRule_dns"),
    flow("Inbound", "UDP", "10.0.1.4:53", "10.1.0.4:50000", "Allow", "defaultSecurityRules/AllowVnetInBound"),
    flow("Inbound", "TCP", "10.0.1.4:443", "198.51.100.9:50000", "Deny", "DefaultRule_DenyAllInBound"),
    flow("Outbound", "TCP", "10.0.1.4:50000", "198.51.100.9:25", "Deny", "securityRules/mail"),
    flow(
        "Outbound", "TCP", "10.0.1.4:50000", "198.51.100.9:443", "Allow", "defaultSecurityRules/AllowInternetOutBound"
    ),
]


def test_next_hops_and_flows_agree_with_their_requests_beside_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert conform(capsys, tmp_path, RIGHT) == (status.AS_EXPECTED, ["11 agreed, 0 differ, 0 open"])


@pytest.mark.parametrize(
    ("recording", "told"),
    [
        (
            next_hop("10.1.0.4", "VirtualAppliance", "10.0.9.5", TABLE),
            (
                "next hop of web: 10.0.1.4 -> 10.1.0.4: recorded virtualappliance 10.0.9.5 by route table by-nva, "
                "derived virtualappliance 10.0.9.4 by route table by-nva [R-SEL-1]"
            ),
        ),
        (
            next_hop("198.51.100.9", "None"),
            (
                "next hop of web: 10.0.1.4 -> 198.51.100.9: recorded none by a route of no table, "
                "derived internet by a route of no table [R-SYS-2]"
            ),
        ),
        (
            flow("Outbound", "TCP", "10.0.1.4:50000", "198.51.100.9:25", "Allow", "AllowInternetOutBound"),
            (
                "outbound flow at web: tcp 10.0.1.4:50000 -> 198.51.100.9:25: recorded allow by allowinternetoutbound, "
                "derived deny by mail [F-NSG-4]"
            ),
        ),
        (
            flow("Inbound", "TCP", "10.0.1.4:22", "10.1.0.4:5000", "Deny", "securityRules/dns"),
            (
                "inbound flow at web: tcp 10.1.0.4:5000 -> 10.0.1.4:22: "
                "recorded deny by dns, derived deny by ssh [F-NSG-4]"
            ),
        ),
    ],
)
def test_another_next_hop_or_verdict_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, recording: Any, told: str
) -> None:
    assert conform(capsys, tmp_path, recording) == (status.REFUTED, [told, "0 agreed, 1 differ, 0 open"])


URI = "https://management.example/subscriptions/s/resourceGroups/r/providers/Microsoft.Network"


def call(uri: str, code: int, data: Any, **headers: Any) -> Any:
    response = {"status": {"code": code}, "headers": headers, "body": {"data": data}}
    return {"request": {"method": "GET", "uri": uri, "body": None}, "response": response}


def test_a_cassette_is_read_to_the_end_of_the_operation(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = f"{URI}/networkInterfaces/web-nic/effectiveRouteTable?api-version=2024-05-01"
    results = f"{URI}/locations/x/operationResults/1234?api-version=2024-05-01"
    calls = [
        call(f"{URI}/networkInterfaces?api-version=2024-05-01", 200, {"value": []}),
        call(asked, 202, None, location=[results]),
        call(results, 202, None),
        call(results, 200, {"value": ROUTES}),
    ]

    assert conform(capsys, tmp_path, {"interactions": calls})[1] == ["9 agreed, 0 differ, 0 open"]


def test_a_result_of_another_operation_is_no_answer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = f"{URI}/networkInterfaces/web-nic/effectiveRouteTable?api-version=2024-05-01"
    calls = [
        call(asked, 202, None, location=[f"{URI}/locations/x/operationResults/"]),
        call(f"{URI}/locations/x/operationResults/1234", 200, {"value": ROUTES[:1]}),
        call(asked, 202, None, location=[f"{URI}/locations/x/operationResults/1235?a=b"]),
        call(f"{URI}/locations/x/operations/1235", 200, {"status": "Succeeded"}),
        call(f"{URI}/locations/x/operationResults/1235?a=b", 200, {"value": ROUTES}),
    ]

    assert conform(capsys, tmp_path, {"interactions": calls})[1] == ["9 agreed, 0 differ, 0 open"]


STRANGE = [
    {"value": ROUTES[:1]},
    {"value": [group("of-app", "subnet", SSH) | {"effectiveSecurityRules": [SSH]}]},
    next_hop("10.1.0.4", "VirtualAppliance", "10.0.9.4", "t"),
    flow("Inbound", "TCP", "10.0.1.4:22", "10.1.0.4:50000", "Deny", "ssh"),
    {
        "interactions": [
            call(f"{URI}/networkInterfaces/web-nic/effectiveRouteTable", 202, None, location=["x/results/1"]),
            call("x/results/1", 200, {"value": ROUTES[:1]}),
        ]
    },
]


@pytest.mark.parametrize("recording", STRANGE)
def test_whatever_does_not_belong_in_a_recording_is_refused_or_harmless(recording: Any) -> None:
    network = read_text(TEXT).network
    outcomes: list[list[Compared] | None] = []
    for changed_one in strange_variants(recording):
        try:
            outcomes += [list(compare(network, one, World())) for one in recordings_in(changed_one, "web-nic")]
        except (Malformed, NotAQuestion, ValueError):
            outcomes.append(None)

    assert None in outcomes


def test_an_example_of_the_api_names_its_interface(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    responses = {"200": {"body": {"value": ROUTES}}, "202": {}}
    example = {"parameters": {"networkInterfaceName": "web-nic"}, "responses": responses}

    assert conform(capsys, tmp_path, example)[1] == ["9 agreed, 0 differ, 0 open"]


@pytest.mark.parametrize(
    ("recording", "options", "reason"),
    [
        ({"value": ROUTES}, (), "name that with `--at`"),
        ({"value": ROUTES}, ("--at", "db-nic"), "no interface is called `db-nic`"),
        ({"value": []}, AT, "no table of effective routes"),
        ({"interactions": []}, AT, "it holds no answer"),
        ({"nextHopType": "Internet"}, AT, "a request without `sourceIPAddress`"),
        ({"value": [ROUTES[0] | {"addressPrefix": ["10.0.0.0/33"]}]}, AT, "10.0.0.0/33"),
        ({"value": [group("g", "subnet", SSH | {"protocol": "Carrier"})]}, AT, "the protocol `Carrier`"),
        (flow("Sideways", "TCP", "10.0.1.4:1", "10.1.0.4:2", "Deny", "x"), (), "Sideways".lower()),
        (next_hop("10.1.0.4", "None") | {"request": {"nic": "web-nic", "sourceIPAddress": "10.0.1.9",
         "destinationIPAddress": "10.1.0.4"}}, (), "10.0.1.9 is not an address of `web-nic`"),
        (17, AT, "`answer` is not an object"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, recording: Any, options: tuple[str, ...], reason: str
) -> None:
    ends, lines = conform(capsys, tmp_path, recording, *options)

    assert ends == status.BAD_INPUT
    assert reason in lines[-1]


@pytest.mark.parametrize("option", [AT, ("--assume", "U-INET=true"), ("--service-tags", "tags.json")])
def test_options_for_recordings_need_a_network(
    option: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vectors.json").write_text("[]")

    assert main(("conform", str(tmp_path / "vectors.json"), *option)) == status.BAD_INPUT
    assert "name a network" in capsys.readouterr().err


def test_a_text_alone_is_nothing_to_compare(tmp_path: Path) -> None:
    (tmp_path / "network.vnet").write_text(TEXT)

    assert main(("conform", str(tmp_path / "network.vnet"))) == status.BAD_INPUT
