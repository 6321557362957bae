"""From statements to what stands at an address of a subnet without being a host: load balancers, private endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vnetverify.header import LAST_PORT
from vnetverify.model.network import (
    Frontend,
    LoadBalancer,
    LoadBalancingRule,
    Machine,
    PrivateEndpoint,
    Probe,
    Sku,
)
from vnetverify.syntax.elements import Options, is_new
from vnetverify.syntax.names import text_of
from vnetverify.syntax.problems import did_you_mean, listed, shown
from vnetverify.syntax.scope import NotUnderstood, Scope
from vnetverify.syntax.tree import (
    BalancingNode,
    FrontendNode,
    LoadBalancerNode,
    PrivateEndpointNode,
    ReferenceNode,
)

if TYPE_CHECKING:
    from lark import Token

FIRST_FRONTEND = "frontend"  # what a frontend is called that has no name of its own


def load_balancer(scope: Scope, name: str, node: LoadBalancerNode, machines: Mapping[str, Machine]) -> LoadBalancer:
    """Return the load balancer; its frontends lie in its subnet unless they name another."""
    subnet = scope.subnet(node.subnet) if node.subnet is not None else None
    frontends = frontends_of(scope, node, subnet)
    names: dict[str, Token] = {}
    nodes = [item for item in node.items if isinstance(item, BalancingNode) and is_new(scope, names, "rule", item.name)]
    rules = (balancing_rule(scope, name, item, frontends, machines) for item in nodes)
    return LoadBalancer(
        name,
        Sku(str(node.sku)) if node.sku is not None else None,
        tuple(frontends.values()),
        tuple(rule for rule in rules if rule is not None),
        span=scope.span(node.name),
    )


def frontends_of(scope: Scope, node: LoadBalancerNode, subnet: tuple[str, str] | None) -> dict[str, Frontend]:
    """Return the frontends by case-folded name; those with a mistake are left out."""
    found: dict[str, Frontend] = {}
    for item in node.items:
        if not isinstance(item, FrontendNode):
            continue
        made = frontend(scope, item, subnet, is_placed=node.subnet is not None)
        if made is None:
            continue
        earlier = found.setdefault(made.name.casefold(), made)
        if earlier is not made:
            scope.problems.error(
                "duplicate-name",
                f"the name {shown(made.name)} is taken by another frontend",
                made.span,
                "declared again",
                ((earlier.span, f"{shown(earlier.name)} is declared here"),),
                None if item.name is not None else "give it a name: `frontend NAME ADDRESS`",
            )
    return found


def frontend(scope: Scope, node: FrontendNode, subnet: tuple[str, str] | None, is_placed: bool) -> Frontend | None:
    """Return the frontend; None where its address or subnet is not known. `is_placed` if one is said for all."""
    name = scope.name(node.name) if node.name is not None else FIRST_FRONTEND
    address, span = scope.address(node.address), scope.span(node.first, node.last)
    if node.subnet is not None:
        subnet = scope.subnet(node.subnet)
    elif not is_placed:
        scope.problems.error("unknown-subnet", "this frontend is in no subnet", span, "write `in VNET.SUBNET`")
    if name is None or address is None or subnet is None:
        return None
    return Frontend(name, *subnet, address, span)


def balancing_rule(
    scope: Scope, balancer: str, node: BalancingNode, frontends: Mapping[str, Frontend], machines: Mapping[str, Machine]
) -> LoadBalancingRule | None:
    """Return the rule; None where a part of it could not be understood."""
    name, at = scope.name(node.name), frontend_of(scope, balancer, node, frontends)
    options = Options(scope, node.options)
    protocol, port = protocol_and_port(scope, node)
    backend_port = port_of(scope, options.word("port"))
    probe = port_of(scope, options.word("probe"))
    members = [member(scope, reference, machines) for reference in node.members]
    if protocol is None and "port" in options:
        scope.problems.error("bad-port", "a rule for every port has no port", scope.span(node.first, node.last), "")
    if name is None or at is None or isinstance(protocol, NotUnderstood) or None in members:
        return None
    if protocol is not None and port is None:
        return None
    return LoadBalancingRule(
        name,
        at.name,
        protocol,
        port,
        tuple(dict.fromkeys(found for found in members if found is not None)),
        (backend_port or port) if protocol is not None else None,
        Probe(probe) if probe is not None else None,
        options.flag("floating-ip"),
        span=scope.span(node.first, node.last),
    )


def frontend_of(scope: Scope, balancer: str, node: BalancingNode, frontends: Mapping[str, Frontend]) -> Frontend | None:
    """Return the frontend that a rule is for: the one it names, else the first."""
    first = next(iter(frontends.values()), None)
    if node.frontend is not None:
        found = frontends.get(text_of(node.frontend).casefold())
        if found is None:
            known = [frontend.name for frontend in frontends.values()]
            scope.problems.error(
                "unknown-frontend",
                f"load balancer {shown(balancer)} has no frontend {shown(text_of(node.frontend))}",
                scope.span(node.frontend),
                "not declared",
                (),
                did_you_mean(text_of(node.frontend), known) or (f"declared: {listed(known)}" if known else None),
            )
        return found
    if first is None:
        message = f"load balancer {shown(balancer)} has no frontend for this rule"
        scope.problems.error("unknown-frontend", message, scope.span(node.first, node.name), "takes no packet")
    return first


def protocol_and_port(scope: Scope, node: BalancingNode) -> tuple[int | NotUnderstood | None, int | None]:
    """Return the protocol, None for every port of TCP and UDP, and the frontend's port."""
    protocol = scope.protocol(node.protocol)
    span = scope.span(node.protocol, node.port)
    if protocol is None and node.port is not None:
        scope.problems.error("bad-port", "`any` stands for every port of TCP and UDP", span, "has no port")
    elif protocol is not None and not isinstance(protocol, NotUnderstood):
        if node.protocol.casefold() not in ("tcp", "udp"):
            message, label = f"no load balancer has a rule for {shown(node.protocol)}", "expected `tcp`, `udp` or `any`"
            scope.problems.error("unknown-protocol", message, span, label)
        elif node.port is None:
            scope.problems.error("bad-port", "this rule has no port", span, "for every port write `any`")
        else:
            return protocol, port_of(scope, node.port)
    return protocol, None


def port_of(scope: Scope, token: Token | None) -> int | None:
    return scope.number(token, 1, LAST_PORT, "port") if token is not None else None


def member(scope: Scope, node: ReferenceNode, machines: Mapping[str, Machine]) -> str | None:
    """Return the interface of a pool that is named: `machine` (its first), `interface` or `machine.interface`."""
    word, span = text_of(node.first), scope.span(node.first, node.last)
    if node.second is not None:
        name = scope.find("machine", node.first)
        known = machines.get(name) if name is not None else None
        return interface_of(scope, known, text_of(node.second), node) if known is not None else None
    machine, nic = (scope.names.lookup(kind, word) for kind in ("machine", "nic"))
    nics = machines[machine.spelling].nics if machine is not None and machine.spelling in machines else ()
    if machine is None and nic is None:
        scope.names.unknown(("machine", "nic"), word, span)
        return None
    if machine is None or (nic is not None and nic.spelling in (interface.name for interface in nics[:1])):
        return nic.spelling if nic is not None else None
    if nic is not None:
        places = ((machine.span, "a machine"), (nic.span, "an interface"))
        message, help_text = f"{shown(word)} is a machine and an interface", f"write `{word}.INTERFACE` for the former"
        scope.problems.error("ambiguous-name", message, span, "which one?", places, help_text)
        return None
    if not nics:
        scope.problems.error("unknown-nic", f"{shown(word)} has no interface", span, "can take no packet")
    return nics[0].name if nics else None


def interface_of(scope: Scope, machine: Machine, word: str, node: ReferenceNode) -> str | None:
    names = [nic.name for nic in machine.nics]
    found = next((name for name in names if name.casefold() == word.casefold()), None)
    if found is None:
        message = f"{shown(machine.name)} has no interface {shown(word)}"
        help_text = did_you_mean(word, names) or (f"it has {listed(names)}" if names else None)
        scope.problems.error("unknown-nic", message, scope.span(node.first, node.last), "not declared", (), help_text)
    return found


def private_endpoint(scope: Scope, name: str, node: PrivateEndpointNode) -> PrivateEndpoint | None:
    """Return the private endpoint; None where its subnet is unknown."""
    subnet = scope.subnet(node.subnet)
    addresses = tuple(address for token in node.addresses if (address := scope.address(token)) is not None)
    if subnet is None:
        return None
    span = scope.span(node.first, node.pending or node.subnet.last)
    return PrivateEndpoint(name, *subnet, addresses, node.pending is None, span=span)
