"""Estates as `.vnet` texts: the network, its appliances and what must hold."""

from __future__ import annotations

from collections.abc import Iterator

from estates_plan import SITE, Plan, Rule


def text_of(plan: Plan) -> Iterator[str]:
    """Return the lines of the whole estate."""
    for hub in range(plan.shape.hubs):
        yield from _hub(plan, hub)
    for spoke in range(plan.shape.spokes):
        yield from _spoke(plan, spoke)
    yield from _peerings(plan)
    for index, name in enumerate(plan.group_names()):
        yield from _group(name, plan.rules(index))
    yield "nsg shared {"
    yield "  inbound 100 web allow tcp from 10.0.0.0/8 to * port 443"
    yield "  inbound 110 closed deny * from 10.0.0.0/8 to *\n}"
    if plan.shape.gateway:
        yield f"site branch {{\n  address {SITE}\n}}"
        for hub in range(plan.shape.hubs):
            yield f"connection to-branch{hub}: vpn{hub} -- branch"
    yield from _appliances(plan)
    yield from _intents(plan)


def promises_of(plan: Plan, network: str) -> Iterator[str]:
    """Return the lines of a text that uses `network`: what no resource says, and what must hold."""
    yield f'use "{network}"'
    yield from _appliances(plan)
    yield from _intents(plan)


def _hub(plan: Plan, hub: int) -> Iterator[str]:
    base = plan.hub_base(hub)
    has_table = plan.shape.hubs > 1
    yield f"vnet {plan.hub(hub)} {{\n  address {base}.0.0/16"
    yield f"  subnet firewall {base}.1.0/24{'  routes ' + plan.hub(hub) if has_table else ''}"
    yield f"  subnet shared {base}.2.0/24  nsg shared"
    if plan.shape.gateway:
        yield f"  subnet GatewaySubnet {base}.0.0/27\n  gateway vpn vpn{hub}"
    yield "}"
    if has_table:
        yield f"route-table {plan.hub(hub)} {{"
        for route in plan.hub_routes(hub):
            yield f"  {route.name} {route.prefix} -> appliance {route.appliance}"
        yield "}"


def _spoke(plan: Plan, spoke: int) -> Iterator[str]:
    yield f"vnet spoke{spoke} {{\n  address {plan.space(spoke)}"
    for subnet in range(plan.shape.subnets):
        group = plan.group_of(spoke, subnet)
        yield f"  subnet s{subnet} {plan.subnet(spoke, subnet)}  nsg g{group}  routes t{spoke}"
    yield f"}}\nroute-table t{spoke} {{"
    for route in plan.routes(spoke):
        hop = f"appliance {route.appliance}" if route.appliance else "none"
        yield f"  {route.name} {route.prefix} -> {hop}"
    yield "}"


def _peerings(plan: Plan) -> Iterator[str]:
    transit, remote = ("allow-gateway-transit", "use-remote-gateways") if plan.shape.gateway else ("", "")
    for spoke in range(plan.shape.spokes):
        hub = plan.hub(plan.hub_of(spoke))
        yield f"peering {hub} -> spoke{spoke} {{ {transit} }}"
        yield f"peering spoke{spoke} -> {hub} {{ allow-forwarded-traffic {remote} }}"
    for hub in range(plan.shape.hubs):
        for other in range(plan.shape.hubs):
            if other != hub:
                yield f"peering {plan.hub(hub)} -> {plan.hub(other)} {{ allow-forwarded-traffic }}"
    if plan.shape.hole == "waypoint":
        yield "peering spoke0 -> spoke1\npeering spoke1 -> spoke0"


def _group(name: str, rules: Iterator[Rule]) -> Iterator[str]:
    yield f"nsg {name} {{"
    for rule in rules:
        direction, access = "inbound" if rule.is_inbound else "outbound", "allow" if rule.allows else "deny"
        source = rule.source + ("" if rule.source_ports == "*" else f" port {rule.source_ports}")
        destination = rule.destination + ("" if rule.ports == "*" else f" port {rule.ports}")
        yield f"  {direction} {rule.priority} {rule.name} {access} {rule.protocol} from {source} to {destination}"
    yield "}"


def _appliances(plan: Plan) -> Iterator[str]:
    for hub in range(plan.shape.hubs):
        yield f"appliance {plan.appliance(hub)} {{\n  stateful"
        yield f"  nic {plan.appliance_address(hub)} in {plan.hub(hub)}.firewall"
        for line in plan.policy():
            word, port = "forwards" if line.allows else "drops", f" port {line.ports}" if line.ports else ""
            yield f"  {word} {line.protocol} from {line.source} to {line.destination}{port}"
        yield "}"


def _intents(plan: Plan) -> Iterator[str]:
    appliances = ", ".join(map(plan.appliance, range(plan.shape.hubs)))
    yield f"group spokes = {', '.join(f'spoke{spoke}' for spoke in range(plan.shape.spokes))}"
    yield "service all-but-web = tcp/0-442, 444-8442, 8444-65535, udp, icmp"
    sentences = {
        "waypoint": [f"for each a, b in spokes: a reaches b only via {appliances}"],
        "shared": [_shared(plan, hub) for hub in range(plan.shape.hubs) if plan.spokes_of(hub)],
        "rdp": ["for each a, b in spokes: a never reaches b on rdp"],
        "ssh": ["for each a, b in spokes: a never reaches b on ssh"],
        "any": ["for each a, b in spokes: a never reaches b on all-but-web"],
    }
    for name, lines in sentences.items():
        yield f"intent {name} {{"
        yield from (f"  {line}" for line in lines)
        yield "}"


def _shared(plan: Plan, hub: int) -> str:
    members = "spokes" if plan.shape.hubs == 1 else ", ".join(f"spoke{spoke}" for spoke in plan.spokes_of(hub))
    return f"{members} reaches {plan.hub(hub)}.shared on https"
