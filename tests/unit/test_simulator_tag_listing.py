"""What a service tag holds at a subnet, and which line put it there."""

from __future__ import annotations

from vnetverify.facts import DOCUMENTED
from vnetverify.model.network import Network
from vnetverify.simulator.tag_listing import Listed, tag_at
from vnetverify.simulator.tags import HOLES
from vnetverify.source import Source
from vnetverify.syntax import read

TEXT = """\
vnet hub   { address 10.0.0.0/16  subnet fw 10.0.0.0/24  subnet GatewaySubnet 10.0.9.0/27  gateway vpn g }
vnet spoke { address 10.1.0.0/16  subnet web 10.1.1.0/24 routes via  subnet db 10.1.2.0/24 }
peering hub -> spoke { allow-gateway-transit }
peering spoke -> hub { use-remote-gateways }
site branch { address 192.168.0.0/16 }
connection c: branch -- hub.g
route-table via { all 0.0.0.0/0 -> appliance 10.0.0.4  dark 10.7.0.0/16 -> none  lab 10.8.0.0/16 -> appliance 10.0.0.4 }
appliance fw { nic 10.0.0.4 in hub.fw }
service-tag Sql 40.78.0.0/16
"""


def parts(tag: str, subnet: str, text: str = TEXT) -> tuple[Listed, ...]:
    document = read([Source("t.vnet", text)], Network())
    assert not document.diagnostics, document.diagnostics
    return tag_at(document.network, subnet, tag, DOCUMENTED)


def by_prefix(tag: str, subnet: str, text: str = TEXT) -> dict[str, Listed]:
    return {str(part.prefix): part for part in parts(tag, subnet, text)}


def test_what_is_surely_in_virtual_network_is_shown_with_its_line() -> None:
    sure = {
        prefix: part.span.line for prefix, part in by_prefix("VirtualNetwork", "spoke.web").items() if not part.fact
    }

    assert {"10.1.0.0/16": 2, "10.0.0.0/16": 4, "192.168.0.0/16": 6, "10.8.0.0/16": 7, "168.63.129.16/32": 0} == sure


def test_what_may_be_in_it_is_shown_with_its_fact() -> None:
    shown = by_prefix("VirtualNetwork", "spoke.web")

    assert "U-VNTAG(spoke.web, 0.0.0.0/0)" == str(shown["0.0.0.0/0"].fact)
    assert ("F-TAG-8", 7) == (shown["0.0.0.0/0"].rule, shown["0.0.0.0/0"].span.line)
    assert "U-VNTAG(spoke.web, 10.7.0.0/16)" == str(shown["10.7.0.0/16"].fact)
    assert ("F-TAG-7", 7) == (shown["10.7.0.0/16"].rule, shown["10.7.0.0/16"].span.line)


def test_of_what_is_surely_in_it_by_one_line_no_doubtful_line_is_shown() -> None:
    doubtful = "route-table of-db { lab-too 10.8.0.0/16 -> appliance 10.0.0.4 }"
    text = TEXT.replace("db 10.1.2.0/24", "db 10.1.2.0/24 routes of-db") + doubtful
    shown = [part for part in parts("VirtualNetwork", "spoke.web", text) if str(part.prefix) == "10.8.0.0/16"]

    assert [("user route lab, next hop appliance", None)] == [(part.what, part.fact) for part in shown]


def test_a_route_of_a_neighbour_is_named_with_the_neighbour() -> None:
    assert "user route lab of spoke.web" == by_prefix("VirtualNetwork", "spoke.db")["10.8.0.0/16"].what


def test_the_internet_is_without_own_space_and_perhaps_without_what_virtual_network_gained() -> None:
    shown = by_prefix("Internet", "spoke.web")

    assert shown["None"].what == "public IPv4 addresses"
    assert shown["10.1.0.0/16"].is_out
    assert shown["10.1.0.0/16"].fact is None
    assert shown["192.168.0.0/16"].is_out
    assert "U-INETMINUS(spoke.web, 192.168.0.0/16)" == str(shown["192.168.0.0/16"].fact)


def test_where_lists_of_the_internet_differ_the_fact_of_each_prefix_is_shown() -> None:
    shown = by_prefix("Internet", "spoke.web")

    assert [f"U-INET({hole})" for hole in HOLES] == [str(shown[str(hole)].fact) for hole in HOLES]
    assert "U-INET(168.63.129.16/32)" == str(shown["168.63.129.16/32"].fact)
    assert not shown["168.63.129.16/32"].is_out


def test_a_declared_tag_holds_what_is_declared_and_another_nobody_knows_what() -> None:
    assert ["40.78.0.0/16"] == [str(part.prefix) for part in parts("sql", "spoke.web")]
    assert ["U-TAG(Storage, source)", "U-TAG(Storage, destination)"] == [
        str(part.fact) for part in parts("Storage", "spoke.web")
    ]


def test_in_a_network_of_both_families_both_are_shown() -> None:
    text = "vnet v { address 10.0.0.0/16, fd00:db8::/48  subnet s 10.0.0.0/24, fd00:db8::/64 }"

    assert {"10.0.0.0/16", "fd00:db8::/48"} <= set(by_prefix("VirtualNetwork", "v.s", text))
    assert {"2000::/3", "::/0"} <= set(by_prefix("Internet", "v.s", text))
    for tag in ("VirtualNetwork", "Internet"):
        every = [str(part.prefix) for part in parts(tag, "v.s", text) if part.prefix is not None]
        assert len(every) == len(set(every))


def test_a_line_that_several_neighbours_have_is_shown_once() -> None:
    text = TEXT.replace("subnet db 10.1.2.0/24", "subnet db 10.1.2.0/24  subnet more 10.1.3.0/24 routes via")
    shown = [part for part in parts("VirtualNetwork", "spoke.db", text) if str(part.prefix) == "10.8.0.0/16"]

    assert ["user route lab of spoke.web"] == [part.what for part in shown]


def test_tags_of_the_platform_are_told_apart() -> None:
    assert [("168.63.129.16/32", "F-TAG-12"), ("fe80::1234:5678:9abc/128", "F-TAG-12")] == [
        (str(part.prefix), part.rule) for part in parts("AzureLoadBalancer", "spoke.web")
    ]
    assert [(None, "F-PLAT-1")] == [(part.prefix, part.rule) for part in parts("AzurePlatformDNS", "spoke.web")]
