"""Small networks to walk through, and the words that tests have for how a walk ends."""

from __future__ import annotations

from tests.unit.simulator_networks import Element, at, flow, network, peered, route, router, subnet, table, vnet
from vnetverify.facts import World
from vnetverify.header import Flow
from vnetverify.model.network import Network, Vnet
from vnetverify.simulator.walk import Conversation, Delivered, Dropped, LeftToInternet, ToPlatform, converse, trace


def ends(net: Network, origin: str, packet: Flow, facts: World | None = None) -> str:
    """Return where the first packet ends: a place, `INTERNET by …`, `PLATFORM`, or the rule that drops it."""
    outcome = trace(net, at(origin), packet, facts or World()).outcome
    match outcome:
        case Delivered(place):
            return place.name
        case LeftToInternet(by):
            return f"INTERNET by {by}"
        case ToPlatform():
            return "PLATFORM"
        case Dropped(_, rule_id):
            return rule_id


def talk(net: Network, origin: str, packet: Flow, facts: World | None = None) -> Conversation:
    return converse(net, at(origin), packet, facts or World())


def hub(*more: object, routes: str | None = None) -> Vnet:
    gateways = subnet("GatewaySubnet", "10.0.0.0/27", route_table=routes)
    return vnet("hub", "10.0.0.0/16", subnet("fw", "10.0.1.0/24"), gateways, *more)  # type: ignore[arg-type]


def spoke(name: str, number: int, **more: object) -> Vnet:
    return vnet(name, f"10.{number}.0.0/16", subnet("s", f"10.{number}.0.0/24", **more))


A_TO_B = flow("10.1.0.4", "10.2.0.4")
PAIR = (spoke("a", 1), spoke("b", 2))


def chained(*more: Element, forwarded: bool = True, fw: object = None) -> Network:
    """Return two spokes that send each other's packets to an appliance of their hub."""
    flags = {"allow_forwarded_traffic": forwarded}
    return network(
        hub(),
        spoke("a", 1, route_table="rt"),
        spoke("b", 2, route_table="rt"),
        peered("hub", "a", **flags),
        peered("hub", "b", **flags),
        table("rt", route("10.0.0.0/8", "10.0.1.4")),
        *((router("fw", "hub.fw", "10.0.1.4"),) if fw is None else (fw,)),  # type: ignore[arg-type]
        *more,
    )
