"""From statements to virtual machines and appliances: interfaces, public addresses, policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vnetverify.header import ALL_IPV4, IntervalSet
from vnetverify.model.network import Access, Machine, Nic, PolicyRule, PublicAddress, Sku
from vnetverify.syntax.elements import Options
from vnetverify.syntax.names import text_of
from vnetverify.syntax.scope import NotUnderstood, Scope
from vnetverify.syntax.tree import EndpointsNode, MachineNode, NicNode, OptionNode, PolicyNode

if TYPE_CHECKING:
    pass

_NOTHING = "nothing"


def machine(scope: Scope, name: str, node: MachineNode) -> Machine:
    """Return the machine; the lines of its policy, which may name sets, follow from `policy`."""
    is_appliance = node.kind == "appliance"
    nodes = [item for item in node.items if isinstance(item, NicNode)]
    nics = tuple(
        made
        for number, item in enumerate(nodes, 1)
        if (made := nic(scope, name if number == 1 else f"{name}-{number}", name, item, is_appliance)) is not None
    )
    options = Options(scope, node.items)
    stateful = options.word("stateful")
    is_router = is_appliance or any(interface.ip_forwarding for interface in nics)
    return Machine(
        name,
        nics,
        None if is_router else (),
        stateful == "stateful" if stateful else None if is_router else False,
        options.switch("source-nat"),
        span=scope.span(node.name),
    )


def nic(scope: Scope, default_name: str, machine_name: str, node: NicNode, forwards: bool) -> Nic | None:
    """Return the interface; None where its subnet is unknown or its name taken."""
    name = scope.name(node.name) if node.name is not None else default_name
    subnet = scope.subnet(node.subnet)
    addresses = tuple(address for token in node.addresses if (address := scope.address(token)) is not None)
    options = Options(scope, node.options)
    nsg, forwarding = options.word("nsg"), options.switch("ip-forwarding")
    asgs = scope.find_all("asg", options.all_words("asg"))
    group = scope.find("nsg", nsg) if nsg else None
    span = scope.span(node.first, node.last)
    if name is None or subnet is None or not scope.names.declare("nic", name, span):
        return None
    return Nic(
        name,
        machine_name,
        *subnet,
        addresses,
        group,
        asgs,
        forwards if forwarding is None else forwarding,
        public_address(scope, name, node.options),
        span=span,
    )


def public_address(scope: Scope, nic_name: str, options: Sequence[OptionNode]) -> PublicAddress | None:
    words = next((option.words for option in options if option.kind == "public-ip"), None)
    if words is None:
        return None
    keyword, name_token, sku, address = words
    assert keyword is not None
    place = scope.span(keyword, address or sku or name_token)
    name = text_of(name_token) if name_token is not None else f"{nic_name}-ip"
    if not scope.names.declare("public address", name, place):
        return None
    return PublicAddress(name, Sku(str(sku)) if sku else None, scope.address(address) if address else None, place)


def policy(
    scope: Scope, node: MachineNode, addresses: Callable[[EndpointsNode], IntervalSet]
) -> tuple[PolicyRule, ...] | None:
    """Return the lines of a machine's policy, `()` where it forwards nothing, None where no line says."""
    lines = [item for item in node.items if isinstance(item, PolicyNode)]
    if not lines:
        return None
    rules = (policy_rule(scope, line, addresses) for line in lines if not _is_nothing(line))
    return tuple(rule for rule in rules if rule is not None)


def _is_nothing(line: PolicyNode) -> bool:
    return (line.first, line.protocol) == ("forwards", _NOTHING)


def policy_rule(scope: Scope, node: PolicyNode, addresses: Callable[[EndpointsNode], IntervalSet]) -> PolicyRule | None:
    """Return the line; None where a part of it could not be understood."""
    protocol = scope.protocol(node.protocol)
    ports = scope.ports(node.ports)
    sources = addresses(node.sources) if node.sources is not None else ALL_IPV4
    destinations = addresses(node.destinations) if node.destinations is not None else ALL_IPV4
    if isinstance(protocol, NotUnderstood) or ports is None:
        return None
    access = Access.ALLOW if node.first == "forwards" else Access.DENY
    return PolicyRule(access, protocol, sources, destinations, ports, scope.span(node.first, node.last))
