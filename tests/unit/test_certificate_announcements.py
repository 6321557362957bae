"""Certificates of sentences about whatever a site announces: made where these hold, and never where one does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.simulator_networks import at, flow
from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.certificate.questions import Unviolated, Unvisited
from vnetverify.certificate.regions import Region, one_flow, premise
from vnetverify.facts import SettledFacts
from vnetverify.header import Prefix, parse_prefix
from vnetverify.model.intents import Claim
from vnetverify.model.network import Network
from vnetverify.simulator.addressing import Field, Part, packet_of
from vnetverify.syntax import read_text

NODES = 5_000

HUB = """
vnet hub {
  address 10.0.0.0/16
  subnet app           10.0.1.0/24
  subnet nva           10.0.2.0/24
  subnet GatewaySubnet 10.0.255.0/27
  gateway GATEWAYS
}
vnet spoke { address 10.1.0.0/16  subnet web 10.1.1.0/24 WEB }
vnet alone { address 10.9.0.0/16  subnet s 10.9.0.0/24 }
peering hub -> spoke { allow-gateway-transit }
peering spoke -> hub { use-remote-gateways }
site branch { address 192.168.0.0/16 }
connection line: branch -- hub.g { bgp circuit c }
assume U-RELAYS = false
"""


def hub(more: str = "", *, web: str = "", gateways: str = "expressroute g") -> str:
    """Return a hub, a spoke `web` of it, and a site `branch` that may announce by the connection `line`."""
    text = HUB.replace("WEB", web).replace("GATEWAYS", gateways)
    return (text.replace(" circuit c", "") if "vpn g" in gateways else text) + more


def read(text: str, sentence: str) -> tuple[Network, Claim, dict[str, bool]]:
    document = read_text(f"{text}\nintent it {{ {sentence} }}")
    assumed = {each.fact: each.value for each in document.assumptions}
    claim = document.intents[0].claims[0]
    assert isinstance(claim, Claim)
    return document.network, claim, assumed


DC = "site dc { address 172.20.0.0/16 }\n"
OTHER = "vnet other { address 10.7.0.0/16  subnet GatewaySubnet 10.7.255.0/27  subnet t 10.7.1.0/24  gateway vpn h }\n"
WHATEVER = "whatever branch advertises"


def steered(more: str = "", *, gateways: str = "vpn g") -> str:
    """Return a hub that steers to an appliance what comes out of its tunnels for `alone`, a peer without transit."""
    beside = (
        "peering hub -> alone {}\npeering alone -> hub { allow-forwarded-traffic }\n"
        "route-table r { x 10.9.0.0/16 -> appliance 10.0.2.4 }\n"
        "appliance nva { nic 10.0.2.4 in hub.nva  forwards any from any to any }\nassume U-R-GW-22 = false\n"
    )
    return hub(f"{beside}{more}", gateways=gateways).replace("10.0.255.0/27", "10.0.255.0/27 routes r")


# A site `dc` of ExpressRoute beside a VPN gateway, which a Route Server joins, and a site beyond a tunnel.
BESIDE_A_ROUTE_SERVER = "vpn g { active-active }\n  gateway expressroute er\n  subnet RouteServerSubnet 10.0.254.0/27"
JOINED = (
    f"{DC}{OTHER}connection dc -- hub.er {{ circuit d }}\nroute-server rs in hub {{ branch-to-branch }}\n"
    "site depot { address 172.21.0.0/16 }\nconnection depot -- other.h { bgp }\nassume U-R-GW-17 = true\n"
)
ELSEWHERE = "whatever depot advertises"


HOLDING = {
    "no way leads there": (hub(), f"spoke.web never reaches alone.s {WHATEVER}"),
    "a peering keeps its range": (hub(), f"spoke.web reaches hub.app on tcp {WHATEVER}"),
    "the vnet keeps its own": (hub(), f"next hop of spoke.web to spoke.web is vnet-local {WHATEVER}"),
    "nothing is propagated": (
        hub("route-table r { propagate-gateway-routes off }", web="routes r"),
        f"spoke.web never reaches branch {WHATEVER}",
    ),
    "a user route of the same length": (
        hub("route-table r { x 192.168.0.4/32 -> none }", web="routes r"),
        "spoke.web never reaches 192.168.0.4/32 whatever branch advertises",
    ),
    "what lies outside": (hub(), f"spoke.web never reaches branch {WHATEVER} within 172.16.0.0/12"),
    "a network that no gateway serves": (hub(), f"next hop of alone.s to 172.20.0.0/24 is none {WHATEVER}"),
    "a range of one's own that is a private one": (
        hub("assume U-R-SYS-6 = true").replace("10.9.0.0/16  subnet s 10.9", "172.16.0.0/12  subnet s 172.16")
        + "\npeering hub -> alone { allow-gateway-transit }\npeering alone -> hub { use-remote-gateways }",
        f"next hop of alone.s to 172.20.0.0/24 is vnet-local {WHATEVER}",
    ),
    "what the gateway discards as its own": (
        hub(
            "route-table r { x 10.200.0.0/16 -> appliance 10.0.2.4 }\nappliance nva { nic 10.0.2.4 in hub.nva }\n"
            "assume U-R-SEL-8 = true",
            web="routes r",
        ).replace("10.0.0.0/16", "10.0.0.0/16, 10.200.0.0/16"),
        f"next hop of spoke.web to 10.200.1.0/24 is appliance nva {WHATEVER}",
    ),
    "what a site itself announces": (steered(), f"branch never reaches alone.s {WHATEVER}"),
    "what a Route Server hears without BGP": (
        steered(f"{JOINED}connection hub.g -- other.h", gateways=BESIDE_A_ROUTE_SERVER),
        f"dc never reaches alone.s {ELSEWHERE}",
    ),
    "what no page lists stays beside a default route": (
        hub(
            "site far { behind nva  address 25.4.0.0/16 }\n"
            "appliance nva { nic 10.0.2.4 in hub.nva  forwards any from any to any }\n"
            "route-table r { low 0.0.0.0/1 -> appliance 10.0.2.4 }\n"
            "assume U-R-SYS-6 = true\nassume U-R-SYS-10 = true",
            web="routes r",
        ),
        f"spoke.web never reaches far {WHATEVER}",
    ),
    "a user route to nowhere stays beside a default route": (
        hub(
            DC.replace("{ address", "{ behind nva  address")
            + "appliance nva { nic 10.0.2.4 in hub.nva  forwards any from any to any }\n"
            "route-table r {\n  high 128.0.0.0/1 -> appliance 10.0.2.4\n  block 172.16.0.0/12 -> none\n}\n"
            "assume U-R-SYS-6 = true",
            web="routes r",
        ),
        f"spoke.web never reaches dc {WHATEVER}",
    ),
    "a way out of a gateway to another site": (
        hub(f"{DC}connection dc -- hub.g {{ bgp }}", gateways="vpn g"),
        f"spoke.web reaches dc on tcp {WHATEVER} within 192.168.0.0/16",
    ),
    "past user routes by FastPath": (
        hub(
            DC.replace("{ address", "{ routes 192.168.0.0/16  address")
            + "connection dc -- hub.g { circuit d }\nassume U-R-GW-23 = true",
            gateways="expressroute g { fastpath }",
        ),
        f"dc never reaches branch {WHATEVER}",
    ),
    "a tag that does not matter": (
        hub("nsg n { inbound 100 none deny any from any to any }", web="nsg n"),
        f"branch never reaches spoke.web {WHATEVER}",
    ),
}

BROKEN = {
    "a route": (hub(), f"spoke.web never reaches branch {WHATEVER}"),
    "a longer prefix than a user route's": (
        hub("route-table r { x 192.168.0.0/16 -> none }", web="routes r"),
        f"spoke.web never reaches branch {WHATEVER}",
    ),
    "whatever lies around an address": (hub(), f"next hop of spoke.web to 198.51.100.0/24 is internet {WHATEVER}"),
    "a prefix as long as another's": (
        hub(f"{DC}connection dc -- hub.v {{ prefixes 192.168.0.4/32 }}", gateways="expressroute g\n  gateway vpn v"),
        f"gateway of spoke.web to 192.168.0.4/32 is hub.v {WHATEVER}",
    ),
    "a longer prefix that counts as static": (
        hub(
            f"{OTHER}"
            "peering other -> alone {}\npeering alone -> other {}\nconnection hub.g -- other.h\n"
            "assume U-R-SEL-3 = true\nassume U-R-GW-17 = true",
            gateways="vpn g",
        ),
        f"next hop of other.t to 10.9.0.0/24 is peering {WHATEVER} within 10.9.0.0/16",
    ),
    "a default route removes what keeps packets": (
        hub(
            DC.replace("{ address", "{ behind nva  address")
            + "appliance nva { nic 10.0.2.4 in hub.nva  forwards any from any to any }\n"
            "route-table r { high 128.0.0.0/1 -> appliance 10.0.2.4 }\nassume U-R-SYS-6 = true",
            web="routes r",
        ),
        f"spoke.web never reaches dc {WHATEVER}",
    ),
    "what one of two gateways hears": (
        hub(
            DC.replace("{ address", "{ behind nva  address")
            + "appliance nva { nic 10.0.2.4 in hub.nva  forwards any from any to any }\n"
            "route-table r { high 128.0.0.0/1 -> appliance 10.0.2.4 }\nassume U-R-SYS-6 = true",
            web="routes r",
            gateways="vpn v\n  gateway expressroute g",
        ),
        f"spoke.web never reaches dc {WHATEVER}",
    ),
    "what another site announces of what is steered": (
        steered(f"{DC}connection dc -- hub.g {{ bgp }}"),
        f"dc never reaches alone.s {WHATEVER}",
    ),
    "what a Route Server hears by BGP": (
        steered(f"{JOINED}connection hub.g -- other.h {{ bgp }}", gateways=BESIDE_A_ROUTE_SERVER),
        f"dc never reaches alone.s {ELSEWHERE}",
    ),
    "what a firewall sends on to an address that a rule names": (
        hub(
            "firewall fw {\n  nic 10.0.3.4 in hub.AzureFirewallSubnet  public-ip entry standard 203.0.113.5\n"
            "  collection nat 100 in { rule r tcp from * at entry port 443 -> 192.168.0.9 port 443 }\n}",
        ).replace("  gateway", "  subnet AzureFirewallSubnet 10.0.3.0/26\n  gateway"),
        f"internet never reaches branch {WHATEVER}",
    ),
    "a way out of a gateway": (
        hub(
            "route-table r { propagate-gateway-routes off\n x 192.168.0.0/16 -> gateway }",
            web="routes r",
            gateways="vpn g",
        ),
        f"spoke.web never reaches branch {WHATEVER}",
    ),
    "past the Microsoft edge": (
        hub(
            "vnet near { address 10.3.0.0/16  subnet s 10.3.0.0/24 }\n"
            "peering hub -> near { allow-gateway-transit }\npeering near -> hub { use-remote-gateways }\n"
            f"{DC}connection dc -- hub.g {{ circuit c  prefixes 10.0.0.0/8 }}"
        ).replace("192.168.0.0/16", "10.3.0.0/16"),
        f"spoke.web never reaches branch {WHATEVER} within 10.3.0.0/16",
    ),
    "a way from site to site": (
        hub(
            "site dc { address 172.20.0.0/16  routes 192.168.0.0/16 }\nconnection dc -- hub.g { bgp }", gateways="vpn g"
        ),
        f"dc never reaches branch {WHATEVER}",
    ),
    "a site that is told": (
        hub(f"{DC}connection dc -- hub.g {{ bgp }}", gateways="vpn g"),
        f"dc never reaches branch {WHATEVER}",
    ),
    "what VirtualNetwork gains": (hub("nsg n { }", web="nsg n"), f"branch never reaches spoke.web {WHATEVER}"),
    "what Internet loses": (
        hub(
            "nsg n { inbound 100 out deny any from Internet to any  inbound 200 rest allow any from any to any }\n"
            "assume U-INETMINUS = true",
            web="nsg n",
        ).replace("192.168.0.0/16", "203.0.113.0/24"),
        f"branch never reaches spoke.web {WHATEVER}",
    ),
    "over a tunnel between gateways": (
        hub(
            f"{OTHER}connection hub.g -- other.h {{ bgp }}",
            gateways="vpn g",
        ),
        f"other.t never reaches branch {WHATEVER}",
    ),
    "joined by a Route Server": (
        hub(
            f"{DC}connection dc -- hub.er {{ circuit d }}\nroute-server rs in hub {{ branch-to-branch }}",
            gateways="vpn g { active-active }\n  gateway expressroute er\n  subnet RouteServerSubnet 10.0.254.0/27",
        ),
        f"dc never reaches branch {WHATEVER}",
    ),
    "what an endpoint answers": (
        hub(
            f"{DC}connection dc -- hub.er {{ circuit d }}\nprivate-endpoint pe 10.0.1.9 in hub.app",
            gateways="vpn g\n  gateway expressroute er",
        ),
        f"dc reaches pe on tcp {WHATEVER}",
    ),
}


def muted(network: Network, claim: Claim) -> Network:
    """Return the network where the claim's site announces nothing."""
    assert claim.advertising is not None
    ends = (replace(end, prefixes=()) if end.site == claim.advertising.site else end for end in network.connections)
    return replace(network, connections=tuple(ends))


@pytest.mark.parametrize(("text", "sentence"), HOLDING.values(), ids=HOLDING)
def test_what_holds_whatever_is_announced_is_certified(text: str, sentence: str) -> None:
    network, claim, assumed = read(text, sentence)
    subject = Subject(network, claim, SettledFacts(assumed))
    made = certify(subject, NODES)
    assert not isinstance(made, NoCover), made.why

    judge(subject, made)


@pytest.mark.parametrize(("text", "sentence"), BROKEN.values(), ids=BROKEN)
def test_what_an_announcement_breaks_is_not_certified(text: str, sentence: str) -> None:
    network, claim, assumed = read(text, sentence)
    silent = Subject(muted(network, claim), replace(claim, advertising=None), SettledFacts(assumed))
    made = certify(silent, NODES)
    assert not isinstance(made, NoCover), f"without announcements: {made.why}"

    assert isinstance(certify(Subject(network, claim, SettledFacts(assumed)), NODES), NoCover)


def test_what_is_declared_to_be_announced_settles_nothing() -> None:
    """A group that denies `VirtualNetwork` denies the site only as long as that announces its prefix."""
    nets = hub(
        "nsg n { inbound 100 near deny any from VirtualNetwork to any  inbound 200 rest allow any from any to any }",
        web="nsg n",
    )
    network, declared, assumed = read(nets, "branch never reaches spoke.web on tcp")
    _, claim, _ = read(nets, f"branch never reaches spoke.web on tcp {WHATEVER}")
    made = certify(Subject(network, declared, SettledFacts(assumed)), NODES)
    assert not isinstance(made, NoCover)

    assert isinstance(certify(Subject(network, claim, SettledFacts(assumed)), NODES), NoCover)
    with pytest.raises(Refused):
        judge(Subject(network, claim, SettledFacts(assumed)), made)
    settled = next(premise(declared, SettledFacts(assumed)))
    settled = replace(settled, packet=replace(settled.packet, protocol=Field(6, 6, Part.PROTOCOL)))
    for part, prefix in ((Part.SOURCE, "192.168.0.0/16"), (Part.DESTINATION, "10.1.1.128/26")):
        settled = narrowed(settled, part, parse_prefix(prefix))
    assert Unviolated(network, declared).is_settled(settled)
    assert not Unviolated(network, claim).is_settled(settled)
    assert not Unviolated(network, replace(declared, unfiltered=True)).is_settled(settled)


def narrowed(region: Region, part: Part, prefix: Prefix) -> Region:
    """Return the part of the region whose address lies in the prefix."""
    for number, side in ((prefix.value, 1), (prefix.last + 1, 0)):
        halves = region.cut(part, number)
        assert halves is not None
        region = halves[side]
    return region


RELAYED = (
    f"{DC}connection dc -- hub.g {{ bgp }}\nassume U-R-GW-22 = false\n"
    "peering hub -> alone {}\npeering alone -> hub {}\n"
    "route-table r { x 192.168.0.0/16 -> appliance 10.0.2.4 }\nappliance nva { nic 10.0.2.4 in hub.nva }\n"
    "nsg n { inbound 100 own deny any from any to 10.0.2.0/24  inbound 200 rest allow any from any to any }\n"
)


def test_an_appliance_may_be_come_to_by_what_is_announced() -> None:
    """What it sends of its own gets to where the site does not (F-ADDR-8)."""
    nets = hub(RELAYED, gateways="vpn g").replace("10.0.255.0/27", "10.0.255.0/27 routes r")
    nets = nets.replace("10.0.2.0/24\n", "10.0.2.0/24 nsg n\n", 1).replace("{ bgp }", "{ bgp prefixes none }", 1)
    network, claim, assumed = read(nets, f"dc never reaches alone.s {WHATEVER}")
    as_declared = Subject(network, replace(claim, advertising=None), SettledFacts(assumed))

    assert not isinstance(certify(as_declared, NODES), NoCover)
    assert isinstance(certify(Subject(network, claim, SettledFacts(assumed)), NODES), NoCover)


def test_an_appliance_is_come_to_where_filters_do_not_count() -> None:
    nets = hub(
        "nsg n { inbound 100 none deny any from any to any }\nappliance nva { nic 10.0.2.4 in hub.nva }\n"
        "route-table r { x 10.9.0.0/16 -> appliance 10.0.2.4 }",
        web="routes r",
    ).replace("10.0.2.0/24\n", "10.0.2.0/24 nsg n\n", 1)
    network, claim, assumed = read(nets, "spoke.web never reaches alone.s")
    facts = SettledFacts({**assumed, "U-FORWARDS": False})
    region = one_flow(at("spoke.web"), packet_of(flow("10.1.1.4", "10.9.0.4")), facts)
    opened = Unvisited(network, replace(claim, unfiltered=True), "nva")

    assert Unvisited(network, claim, "nva").flaw(region, at("spoke.web")) is None
    assert opened.flaw(region, at("spoke.web")) == "it comes to nva"


@pytest.mark.parametrize("whatever", ["", WHATEVER])
def test_what_filters_alone_keep_apart_is_not_certified_without_them(whatever: str) -> None:
    denying = hub("nsg n { inbound 100 none deny any from any to any }", web="nsg n")
    network, closed, assumed = read(denying, f"hub.app never reaches spoke.web {whatever}")
    _, apart, _ = read(denying, f"hub.app never reaches alone.s {whatever}")
    made = certify(Subject(network, closed, SettledFacts(assumed)), NODES)
    opened = certify(Subject(network, replace(closed, unfiltered=True), SettledFacts(assumed)), NODES)
    by_routing = Subject(network, replace(apart, unfiltered=True), SettledFacts(assumed))
    made_of_routes = certify(by_routing, NODES)

    assert not isinstance(made, NoCover)
    assert isinstance(opened, NoCover)
    assert opened.is_flaw
    assert not isinstance(made_of_routes, NoCover)
    judge(by_routing, made_of_routes)
    with pytest.raises(Refused):
        judge(Subject(network, replace(closed, unfiltered=True), SettledFacts(assumed)), made)
