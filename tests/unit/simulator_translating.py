"""A hub with a managed firewall between two spokes, and what becomes of packets there."""

from __future__ import annotations

from tests.unit.simulator_networks import (
    Element,
    at,
    flow,
    machine,
    network,
    nic,
    nsg,
    peered,
    port,
    prefixes,
    public,
    route,
    rule,
    subnet,
    table,
    vnet,
    world,
)
from vnetverify.facts import World
from vnetverify.header import (
    ALL_ADDRESSES,
    ALL_IPV4,
    ALL_PORTS,
    TCP,
    Flow,
    Interval,
    IntervalSet,
    addresses_of,
    parse_address,
)
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.network import Machine, Network, Subnet
from vnetverify.model.security import Nsg, ServiceTag
from vnetverify.simulator.walk import Conversation, Dropped, converse, trace

PUBLIC = "203.0.113.5"
CLIENT = "198.51.100.9"


def addresses(texts: str) -> IntervalSet:
    return ALL_ADDRESSES if texts == "*" else addresses_of(prefixes(texts))


def passing(
    name: str, to: str = "*", *, allows: bool = True, ports: IntervalSet = ALL_PORTS, **more: object
) -> FirewallRule:
    """Return a network rule, from everywhere."""
    values: dict[str, object] = {"protocols": (None,), "sources": ALL_ADDRESSES, **more}
    return FirewallRule(
        name, FirewallRuleKind.NETWORK, allows, destinations=addresses(to), destination_ports=ports, **values
    )  # type: ignore[arg-type]


def web(name: str, *, allows: bool = True, number: int = 443, **more: object) -> FirewallRule:
    """Return an application rule for every name, from everywhere."""
    values: dict[str, object] = {"sources": ALL_ADDRESSES, "destinations": ALL_ADDRESSES, **more}
    return FirewallRule(name, FirewallRuleKind.APPLICATION, allows, (TCP,), destination_ports=port(number), **values)  # type: ignore[arg-type]


def leading(
    name: str, number: int, to: str, to_port: int, where: str | None = "entry", source: str = "*"
) -> FirewallRule:
    """Return a NAT rule of TCP at the public address `where`, or at the private one where that is None."""
    translation = Translation(parse_address(to), to_port)
    return FirewallRule(
        name,
        FirewallRuleKind.NAT,
        True,
        (TCP,),
        addresses(source),
        ALL_IPV4,
        port(number),
        at=where,
        translation=translation,
    )


def firewall(
    *rules: FirewallRule, name: str = "fw", where: str = "hub.AzureFirewallSubnet", address: str = "10.0.1.4",
    entry: str | None = PUBLIC, **more: object,
) -> Machine:  # fmt: skip
    """Return a firewall with a public address `entry`; the second one's is called otherwise."""
    called = public("entry" if name == "fw" else f"{name}-entry", entry)
    held = nic(name, where, address, ip_forwarding=True, public_address=called)
    policy = FirewallPolicy(rules, **more)  # type: ignore[arg-type]
    return machine(name, held, policy=None, stateful=True, translates_source=True, is_managed=True, firewall=policy)


TO_FW = table("t", route("10.1.0.0/16", "10.0.1.4"), route("10.2.0.0/16", "10.0.1.4"), route("0.0.0.0/0", "10.0.1.4"))
PEERINGS = (
    peered("a", "hub", allow_forwarded_traffic=True),
    peered("b", "hub", allow_forwarded_traffic=True),
)


def spokes(
    *elements: Element, back: str | None = "t", group: str | None = None, hub_subnet: Subnet | None = None
) -> Network:
    """Return two spokes around a hub with a firewall; `a` sends by it, and `b` does where `back` says so."""
    return network(
        vnet("hub", "10.0.0.0/16", hub_subnet or subnet("AzureFirewallSubnet", "10.0.1.0/26")),
        vnet("a", "10.1.0.0/16", subnet("s", "10.1.1.0/24", route_table="t")),
        vnet("b", "10.2.0.0/16", subnet("s", "10.2.1.0/24", route_table=back, nsg=group)),
        TO_FW,
        *PEERINGS,
        *elements,
    )


ACROSS = flow("10.1.1.4", "10.2.1.4")
FROM_OUTSIDE = flow(CLIENT, PUBLIC)


def of(net: Network, sent: Flow, origin: str = "a.s", in_world: World | None = None) -> Conversation:
    return converse(net, at(origin), sent, in_world or world())


def told(conversation: Conversation, rule_id: str) -> list[str]:
    """Return what the way there says by one rule."""
    return [step.what for step in conversation.forward.steps if step.rule == rule_id]


def dropped_by(net: Network, sent: Flow, origin: str = "a.s", in_world: World | None = None) -> str:
    outcome = trace(net, at(origin), sent, in_world or world()).outcome
    assert isinstance(outcome, Dropped), outcome
    return outcome.rule


def only_from(source: str | ServiceTag) -> Nsg:
    """Return a group that lets in nothing but TCP 443 and 8443 from `source`."""
    ports = IntervalSet((Interval(443, 443), Interval(8443, 8443)))
    return nsg("n", rule(100, "allow", "inbound", source=source, ports=ports), rule(200, "deny", "inbound"))
