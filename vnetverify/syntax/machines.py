"""From statements to virtual machines, appliances and firewalls: interfaces, public addresses, policies of lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vnetverify.header import ALL_ADDRESSES, Family, IntervalSet, family_of
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.firewalls import FirewallPolicy
from vnetverify.model.network import Machine, Nic, PolicyRule
from vnetverify.model.security import Access
from vnetverify.source import Span
from vnetverify.syntax import elements, firewalls
from vnetverify.syntax.elements import Options
from vnetverify.syntax.names import text_of
from vnetverify.syntax.parts import EndpointsNode, OptionNode
from vnetverify.syntax.problems import shown
from vnetverify.syntax.resolvers import dns_servers
from vnetverify.syntax.scope import NotUnderstood, Scope
from vnetverify.syntax.tree import MachineNode, NicNode, PolicyNode

if TYPE_CHECKING:
    from lark import Token

_NOTHING = "nothing"


def machine(scope: Scope, name: str, node: MachineNode) -> Machine:
    """Return the machine; the lines of its policy, which may name sets, follow from `policy` or `firewalls.policy`."""
    is_firewall = node.kind == "firewall"
    is_appliance = is_firewall or node.kind == "appliance"
    nodes = [item for item in node.items if isinstance(item, NicNode)]
    further: list[OptionNode] = []
    if is_firewall:
        nodes, further = _with_one_address(nodes)
    nics = tuple(
        made
        for number, item in enumerate(nodes, 1)
        if (made := nic(scope, name if number == 1 else f"{name}-{number}", name, item, is_appliance)) is not None
    )
    options = Options(scope, [item for item in node.items if not firewalls.is_option(item)])
    stateful = options.word("stateful")
    is_router = is_appliance or any(interface.ip_forwarding for interface in nics)
    host = Machine(
        name,
        nics,
        None if is_router else (),
        stateful == "stateful" if stateful else None if is_router else False,
        options.switch("source-nat"),
        bandwidth=elements.bandwidth(scope, options),
        span=scope.span(node.name),
    )
    return _firewall(scope, host, node, further) if is_firewall else host


def _firewall(scope: Scope, made: Machine, node: MachineNode, further: Sequence[OptionNode]) -> Machine:
    """Return the machine as a managed firewall, with what sets of endpoints ask of its policy."""
    made = replace(made, stateful=True, translates_source=True, is_managed=True)
    addresses = tuple(
        public
        for number, option in enumerate(further, 2)
        if (public := _further_address(scope, f"{made.name}-ip-{number}", option)) is not None
    )
    if not firewalls.has_policy(node):
        if further:
            message = f"firewall {shown(made.name)} has several public addresses, and no collection says what for"
            scope.problems.error("said-twice", message, _place_of_address(scope, further[0]), "a second address")
        return made
    made = replace(made, firewall=FirewallPolicy(public_addresses=addresses))
    return replace(made, firewall=firewalls.outline(node, made.public_addresses, addresses))


def _with_one_address(nodes: Sequence[NicNode]) -> tuple[list[NicNode], list[OptionNode]]:
    """Return the interfaces of a firewall with the first public IPv4 address alone, and the further ones."""
    options = [option for node in nodes for option in node.options if option.kind == "public-ip"]
    further = [option for option in options if not _is_ipv6(option)][1:]
    taken = set(map(id, further))
    kept = [node._replace(options=[each for each in node.options if id(each) not in taken]) for node in nodes]
    return kept, further


def _is_ipv6(option: OptionNode) -> bool:
    word = option.words[-1]
    return word is not None and (word == "ipv6" or ":" in word)


def _further_address(scope: Scope, default_name: str, option: OptionNode) -> PublicAddress | None:
    _, *words = option.words
    address = scope.address(words[2]) if words[2] is not None else None
    return public_address(scope, default_name, words[:2], address, _place_of_address(scope, option))


def _place_of_address(scope: Scope, option: OptionNode) -> Span:
    keyword, *words = option.words
    assert keyword is not None
    return scope.span(keyword, next((word for word in reversed(words) if word is not None), None))


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
        *public_addresses(scope, name, node.options),
        dns_servers=dns_servers(scope, options.words("dns")),
        span=span,
    )


def public_addresses(
    scope: Scope, nic_name: str, options: Sequence[OptionNode]
) -> tuple[PublicAddress | None, PublicAddress | None]:
    """Return the public addresses of IPv4 and of IPv6, at most one of each."""
    found: dict[Family, PublicAddress | None] = {}
    for option in (option for option in options if option.kind == "public-ip"):
        _, *words = option.words
        address = scope.address(words[2]) if words[2] is not None and words[2].type == "ADDRESS" else None
        is_ipv6 = words[2] == "ipv6" if address is None else family_of(address) is Family.IPV6
        family = Family.IPV6 if is_ipv6 else Family.IPV4
        place = _place_of_address(scope, option)
        if family in found:
            message = f"an interface has one public {'IPv6' if is_ipv6 else 'IPv4'} address"
            help_text = None if is_ipv6 else "one of IPv6 that is not known is written `public-ip ipv6`"
            scope.problems.error("said-twice", message, place, "said again", (), help_text)
            continue
        found[family] = public_address(scope, f"{nic_name}-ip{'v6' if is_ipv6 else ''}", words[:2], address, place)
    return found.get(Family.IPV4), found.get(Family.IPV6)


def public_address(
    scope: Scope, default_name: str, words: Sequence[Token | None], address: int | None, place: Span
) -> PublicAddress | None:
    """Return the public address; None where its name is taken. `words` are its name and SKU."""
    name_token, sku = words
    name = text_of(name_token) if name_token is not None else default_name
    if not scope.names.declare("public address", name, place):
        return None
    return PublicAddress(name, Sku(str(sku)) if sku else None, address, place)


def policy(
    scope: Scope, node: MachineNode, addresses: Callable[[EndpointsNode], IntervalSet]
) -> tuple[PolicyRule, ...] | None:
    """Return the lines of a machine's policy, `()` where it forwards nothing, None where no line says."""
    lines = [item for item in node.items if isinstance(item, PolicyNode)]
    if not lines:
        return None
    if firewalls.has_policy(node):
        message = f"firewall {shown(text_of(node.name))} has rules in collections, and lines as an appliance has"
        span, help_text = scope.span(lines[0].first, lines[0].last), "write it as a rule of a `network` collection"
        scope.problems.error("two-policies", message, span, "not beside collections", (), help_text)
        return None
    rules = (policy_rule(scope, line, addresses) for line in lines if not _is_nothing(line))
    return tuple(rule for rule in rules if rule is not None)


def _is_nothing(line: PolicyNode) -> bool:
    return (line.first, line.protocol) == ("forwards", _NOTHING)


def policy_rule(scope: Scope, node: PolicyNode, addresses: Callable[[EndpointsNode], IntervalSet]) -> PolicyRule | None:
    """Return the line; None where a part of it could not be understood."""
    protocol = scope.protocol(node.protocol)
    ports = scope.ports(node.ports)
    sources = addresses(node.sources) if node.sources is not None else ALL_ADDRESSES
    destinations = addresses(node.destinations) if node.destinations is not None else ALL_ADDRESSES
    if isinstance(protocol, NotUnderstood) or ports is None:
        return None
    access = Access.ALLOW if node.first == "forwards" else Access.DENY
    return PolicyRule(access, protocol, sources, destinations, ports, scope.span(node.first, node.last))
