"""From statements to load balancers: frontends in networks and on the Internet, rules, members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard

from vnetverify.header import LAST_PORT, TCP, UDP
from vnetverify.model.balancers import (
    Frontend,
    LoadBalancer,
    LoadBalancingRule,
    OutboundRule,
    Probe,
    PublicAddress,
    PublicFrontend,
    Sku,
)
from vnetverify.model.network import Machine
from vnetverify.syntax.devices import (
    BalancingNode,
    FrontendNode,
    LoadBalancerNode,
    OutboundRuleNode,
    PublicFrontendNode,
)
from vnetverify.syntax.elements import Options, is_new
from vnetverify.syntax.names import text_of
from vnetverify.syntax.parts import ReferenceNode
from vnetverify.syntax.problems import did_you_mean, listed, shown
from vnetverify.syntax.scope import NotUnderstood, Scope

if TYPE_CHECKING:
    from lark import Token

FIRST_FRONTEND = "frontend"  # what a frontend is called that has no name of its own

AnyFrontend = Frontend | PublicFrontend


def load_balancer(scope: Scope, name: str, node: LoadBalancerNode, machines: Mapping[str, Machine]) -> LoadBalancer:
    """Return the load balancer; its internal frontends lie in its subnet unless they name another."""
    subnet = scope.subnet(node.subnet) if node.subnet is not None else None
    sku = Sku(str(node.sku)) if node.sku is not None else None
    frontends = frontends_of(scope, name, sku, node, subnet)
    names: dict[str, dict[str, Token]] = {}  # Azure has a table for each kind of rule
    items = [item for item in node.items if isinstance(item, BalancingNode | OutboundRuleNode)]
    new = [item for item in items if is_new(scope, names.setdefault(str(item.first), {}), "rule", item.name)]
    rules = [balancing_rule(scope, name, item, frontends, machines) for item in new if isinstance(item, BalancingNode)]
    outbound = [outbound_rule(scope, name, item, frontends, machines) for item in new if _is_outbound(item)]
    return LoadBalancer(
        name,
        sku,
        tuple(made for made in frontends.values() if isinstance(made, Frontend)),
        tuple(rule for rule in rules if rule is not None),
        tuple(made for made in frontends.values() if isinstance(made, PublicFrontend)),
        tuple(rule for rule in outbound if rule is not None),
        span=scope.span(node.name),
    )


def frontends_of(
    scope: Scope, balancer: str, sku: Sku | None, node: LoadBalancerNode, subnet: tuple[str, str] | None
) -> dict[str, AnyFrontend]:
    """Return the frontends by case-folded name; those with a mistake are left out."""
    found: dict[str, AnyFrontend] = {}
    for item in node.items:
        if isinstance(item, FrontendNode):
            made: AnyFrontend | None = frontend(scope, item, subnet, is_placed=node.subnet is not None)
        elif isinstance(item, PublicFrontendNode):
            made = public_frontend(scope, balancer, sku, item)
        else:
            continue
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
        label, help_text = "write `in VNET.SUBNET`", f"one on the Internet is written `public-ip {node.address}`"
        scope.problems.error("unknown-subnet", "this frontend is in no subnet", span, label, (), help_text)
    if name is None or address is None or subnet is None:
        return None
    return Frontend(name, *subnet, address, span)


def public_frontend(scope: Scope, balancer: str, sku: Sku | None, node: PublicFrontendNode) -> PublicFrontend | None:
    """Return the public frontend, whose address is called `BALANCER/FRONTEND`; None where a part is a mistake."""
    name = scope.name(node.name) if node.name is not None else FIRST_FRONTEND
    address, span = scope.address(node.address) if node.address is not None else None, scope.span(node.first, node.last)
    if name is None or (node.address is not None and address is None):
        return None
    called = f"{balancer}/{name}"
    scope.names.declare("public address", called, span)
    return PublicFrontend(name, PublicAddress(called, sku, address, span), span)


def _is_outbound(node: BalancingNode | OutboundRuleNode) -> TypeGuard[OutboundRuleNode]:
    return isinstance(node, OutboundRuleNode)


def balancing_rule(
    scope: Scope,
    balancer: str,
    node: BalancingNode,
    frontends: Mapping[str, AnyFrontend],
    machines: Mapping[str, Machine],
) -> LoadBalancingRule | None:
    """Return the rule; None where a part of it could not be understood."""
    name, at = scope.name(node.name), frontend_of(scope, balancer, node, frontends)
    options = Options(scope, node.options)
    protocol, port = protocol_and_port(scope, node)
    backend_port = port_of(scope, options.word("port"))
    members = members_of(scope, node.members, machines)
    up, down = (members_of(scope, options.references(word), machines) for word in ("up", "down"))
    if protocol is None and "port" in options:
        scope.problems.error("bad-port", "a rule for every port has no port", scope.span(node.first, node.last), "")
    is_whole = not node.is_inbound_nat or _is_nat(scope, node, protocol, options)
    probe = _probe(scope, node, options)
    if name is None or at is None or members is None or up is None or down is None or not is_whole:
        return None
    if isinstance(protocol, NotUnderstood) or (protocol is not None and port is None):
        return None
    return LoadBalancingRule(
        name,
        at.name,
        protocol,
        port,
        members,
        (backend_port or port) if protocol is not None else None,
        probe,
        options.flag("floating-ip"),
        up,
        down,
        is_inbound_nat=node.is_inbound_nat,
        gives_egress=not options.flag("no-egress"),
        span=scope.span(node.first, node.last),
    )


def _probe(scope: Scope, node: BalancingNode, options: Options) -> Probe | None:
    """Return what the members are asked; what a probe alone gives a meaning to is a mistake without one (F-LB-12)."""
    port = port_of(scope, options.word("probe"))
    if "probe" in options:
        return Probe(port, options.flag("all-when-none")) if port is not None else None
    for word in ("all-when-none", "up", "down"):
        if word in options:
            message = f"{shown(word)} is said of members that are asked, and this rule has no probe"
            place, help_text = options.place(word), "write `probe PORT` in front of it"
            scope.problems.error("rule-without-probe", message, scope.span(place), "no probe", (), help_text)
    return None


def _is_nat(scope: Scope, node: BalancingNode, protocol: int | NotUnderstood | None, options: Options) -> bool:
    """Tell whether an inbound NAT rule has what it needs and nothing else (F-LB-2)."""
    mistakes = scope.problems.errors
    if protocol is None:
        message, label = "an inbound NAT rule is for one port of TCP or UDP", "`any` has none"
        scope.problems.error("nat-rule", message, scope.span(node.protocol), label)
    if len(node.members) > 1:
        message, help_text = "an inbound NAT rule has one member", "for several write `rule`"
        span = scope.span(node.members[1].first, node.members[-1].last)
        scope.problems.error("nat-rule", message, span, "one too many", (), help_text)
    for word in ("probe", "all-when-none", "up", "down", "no-egress"):
        if word in options:
            span = scope.span(options.place(word))
            scope.problems.error("nat-rule", f"an inbound NAT rule has no {shown(word)}", span, "not here")
    return scope.problems.errors == mistakes


def outbound_rule(
    scope: Scope,
    balancer: str,
    node: OutboundRuleNode,
    frontends: Mapping[str, AnyFrontend],
    machines: Mapping[str, Machine],
) -> OutboundRule | None:
    """Return the outbound rule; None where a part of it could not be understood."""
    name, protocol = scope.name(node.name), scope.protocol(node.protocol)
    at = [named_frontend(scope, balancer, token, frontends) for token in node.frontends]
    members = members_of(scope, node.members, machines)
    for token, found in zip(node.frontends, at, strict=True):
        if isinstance(found, Frontend):
            message, label = f"outbound rules leave by public frontends, and {shown(found.name)} is none", "internal"
            scope.problems.error("outbound-by-internal", message, scope.span(token), label, ((found.span, "here"),))
            return None
    if not isinstance(protocol, NotUnderstood) and protocol not in (None, TCP, UDP):
        message, label = f"no outbound rule is for {shown(node.protocol)}", "expected `tcp`, `udp` or `any`"
        scope.problems.error("unknown-protocol", message, scope.span(node.protocol), label)
        return None
    if name is None or isinstance(protocol, NotUnderstood) or members is None or None in at:
        return None
    names = dict.fromkeys(found.name for found in at if found is not None)
    return OutboundRule(name, tuple(names), protocol, members, scope.span(node.first, node.last))


def frontend_of(
    scope: Scope, balancer: str, node: BalancingNode, frontends: Mapping[str, AnyFrontend]
) -> AnyFrontend | None:
    """Return the frontend that a rule is for: the one it names, else the first."""
    if node.frontend is not None:
        return named_frontend(scope, balancer, node.frontend, frontends)
    first = next(iter(frontends.values()), None)
    if first is None:
        message = f"load balancer {shown(balancer)} has no frontend for this rule"
        scope.problems.error("unknown-frontend", message, scope.span(node.first, node.name), "takes no packet")
    return first


def named_frontend(
    scope: Scope, balancer: str, token: Token, frontends: Mapping[str, AnyFrontend]
) -> AnyFrontend | None:
    found = frontends.get(text_of(token).casefold())
    if found is None:
        unknown_frontend(scope, balancer, token, [frontend.name for frontend in frontends.values()])
    return found


def unknown_frontend(scope: Scope, balancer: str, token: Token, known: Sequence[str]) -> None:
    scope.problems.error(
        "unknown-frontend",
        f"load balancer {shown(balancer)} has no frontend {shown(text_of(token))}",
        scope.span(token),
        "not declared",
        (),
        did_you_mean(text_of(token), known) or (f"declared: {listed(known)}" if known else None),
    )


def members_of(
    scope: Scope, references: Iterable[ReferenceNode], machines: Mapping[str, Machine]
) -> tuple[str, ...] | None:
    """Return the interfaces that are named, each once; None where one is unknown."""
    found = [member(scope, reference, machines) for reference in references]
    known = dict.fromkeys(name for name in found if name is not None)
    return tuple(known) if None not in found else None


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
