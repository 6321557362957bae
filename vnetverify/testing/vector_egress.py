"""Test vectors about the choice among ways out to the Internet: a host that has those that are listed (F-OUT-2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vnetverify.header import ALL_IPV4, ALL_PORTS, TCP, parse_address, parse_prefix
from vnetverify.model.balancers import LoadBalancer, OutboundRule, PublicAddress, PublicFrontend, Sku
from vnetverify.model.intents import EgressKind, ExpectedEgress, Place, PlaceKind
from vnetverify.model.network import (
    GATEWAY_SUBNET,
    Connection,
    Gateway,
    GatewayKind,
    Machine,
    Network,
    NextHopType,
    Nic,
    PolicyRule,
    RouteTable,
    Site,
    Subnet,
    UserRoute,
    Vnet,
)
from vnetverify.model.security import Access
from vnetverify.source import NOWHERE
from vnetverify.testing.questions import Asked, End, LeavesBy, WayOut, new_flow
from vnetverify.testing.records import NotApplicable, Record, answer_of, facts_of, fixed_atoms

_PASSES = PolicyRule(Access.ALLOW, None, ALL_IPV4, ALL_IPV4, ALL_PORTS)
_HOST, _APPLIANCE = parse_address("10.0.1.4"), parse_address("10.0.9.4")
_SOMEBODY = parse_address("198.51.100.9")
_EVERYTHING, _ON_PREMISES = parse_prefix("0.0.0.0/0"), parse_prefix("172.16.0.0/16")

_RELAYS = {"U-RELAYS": True}  # a site with a default route sends on what it gets

# Spellings without regard to case; a gateway's default route comes from a site.
_METHODS: Mapping[str, EgressKind] = {
    "udrvirtualappliance": EgressKind.APPLIANCE,
    "udrvirtualnetworkgateway": EgressKind.SITE,
    "virtualnetworkgateway": EgressKind.SITE,
    "vpngateway": EgressKind.SITE,
    "expressroute": EgressKind.SITE,
    "udrvpngateway": EgressKind.SITE,
    "udrexpressroute": EgressKind.SITE,
    "natgateway": EgressKind.NAT_GATEWAY,
    "instancepublicip": EgressKind.PUBLIC_IP,
    "loadbalanceroutboundrule": EgressKind.LOAD_BALANCER,
    "loadbalanceroutboundrules": EgressKind.LOAD_BALANCER,
    "loadbalanceroutbound": EgressKind.LOAD_BALANCER,
    "loadbalancer": EgressKind.LOAD_BALANCER,
    "outboundrule": EgressKind.LOAD_BALANCER,
    "outboundrules": EgressKind.LOAD_BALANCER,
    "defaultoutboundaccess": EgressKind.DEFAULT,
    "defaultoutbound": EgressKind.DEFAULT,
    "default": EgressKind.DEFAULT,
}


def network_of(vector: Mapping[str, Any]) -> Network:
    """Return a network with a host `vm` that has the listed ways out. Raises `NotApplicable`."""
    record = Record(vector["network"], "network")
    ways = {_kind(method) for method in record.need("methods")}
    record.take("fixedAtoms"), record.take("fixed_atoms")
    record.finish()
    public = PublicAddress("vm-public", Sku.STANDARD, parse_address("20.0.0.4"))
    nic = Nic("vm", "vm", "v", "s", (_HOST,), public_address=public if EgressKind.PUBLIC_IP in ways else None)
    machines = {"vm": Machine("vm", (nic,))}
    if EgressKind.APPLIANCE in ways:
        machines["nva"] = _appliance()
    subnet = Subnet(
        name="s",
        vnet="v",
        prefixes=(parse_prefix("10.0.1.0/24"),),
        route_table="to-nva" if EgressKind.APPLIANCE in ways else None,
        default_outbound=EgressKind.DEFAULT in ways,
        nat_gateway="ng" if EgressKind.NAT_GATEWAY in ways else None,
    )
    of_nva = Subnet("nva", "v", (parse_prefix("10.0.9.0/24"),), route_table="of-nva", default_outbound=True)
    of_gateway = Subnet(GATEWAY_SUBNET, "v", (parse_prefix("10.0.255.0/27"),))
    subnets = (subnet, of_nva, *((of_gateway,) if EgressKind.SITE in ways else ()))
    to_nva = UserRoute("all", _EVERYTHING, NextHopType.APPLIANCE, _APPLIANCE)
    tables = [RouteTable("of-nva", (UserRoute("all", _EVERYTHING, NextHopType.INTERNET),))]
    tables += [RouteTable("to-nva", (to_nva,))] if EgressKind.APPLIANCE in ways else []
    return Network(
        vnets={"v": Vnet("v", (parse_prefix("10.0.0.0/16"),), subnets)},
        route_tables={table.name: table for table in tables},
        machines=machines,
        nat_gateways={"ng": NOWHERE} if EgressKind.NAT_GATEWAY in ways else {},
        load_balancers={"lb": _balancer()} if EgressKind.LOAD_BALANCER in ways else {},
        **(_tunnel() if EgressKind.SITE in ways else {}),
    )


def asked_of(vector: Mapping[str, Any], network: Network) -> Asked:
    """Return the question by which way the host leaves. Raises `NotApplicable`."""
    question, answer = Record(vector["question"], "question"), answer_of(vector)
    question.only("kind", "egress-method")
    question.finish()
    method = answer.take("method")
    answer.finish()
    way = ExpectedEgress(EgressKind.NONE if method in (None, "none") else _kind(method))
    origin = End(Place(PlaceKind.SUBNET.value, "v.s"), _HOST)
    flow = new_flow(TCP, _HOST, _SOMEBODY, 443)
    return Asked(
        LeavesBy(origin, flow),
        WayOut(way),
        {**(_RELAYS if network.sites else {}), **facts_of(fixed_atoms(vector), network)},
    )


def _kind(method: Any) -> EgressKind:
    kind = _METHODS.get(str(method).lower())
    if kind is None:
        raise NotApplicable(f"the way out `{method}`")
    return kind


def _appliance() -> Machine:
    nic = Nic("nva", "nva", "v", "nva", (_APPLIANCE,), ip_forwarding=True)
    return Machine("nva", (nic,), policy=(_PASSES,), stateful=True, translates_source=True)


def _balancer() -> LoadBalancer:
    front = PublicFrontend("front", PublicAddress("lb-public", Sku.STANDARD, parse_address("20.0.0.5")))
    rule = OutboundRule("out", ("front",), None, ("vm",))
    return LoadBalancer("lb", Sku.STANDARD, public_frontends=(front,), outbound_rules=(rule,))


def _tunnel() -> dict[str, Any]:
    return {
        "gateways": {"gateway": Gateway("gateway", "v", GatewayKind.VPN)},
        "sites": {"site": Site("site", (_ON_PREMISES,))},
        "connections": (Connection("tunnel", "gateway", site="site", bgp=True, prefixes=(_EVERYTHING, _ON_PREMISES)),),
    }
