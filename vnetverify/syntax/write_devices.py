"""From what stands between the hosts to its statements: load balancers, private links, managed firewalls, proxies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from vnetverify.header import ALL_ADDRESSES, IntervalSet, address_text
from vnetverify.model.balancers import Frontend, LoadBalancer, LoadBalancingRule, OutboundRule, PublicFrontend
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule, FirewallRuleKind, Translation
from vnetverify.model.network import Machine, Network
from vnetverify.model.private_links import PrivateEndpoint, PrivateLinkService, Proxy, ProxyKind
from vnetverify.syntax import wording
from vnetverify.syntax.balancers import FIRST_FRONTEND
from vnetverify.syntax.firewalls import APPLICATION_PORTS, PRIVATE
from vnetverify.syntax.tags import tag_spelling
from vnetverify.syntax.words import quoted, written

_FIRST_PRIORITY = 100
_SOME_NAME = "names.invalid"  # in place of the names of a rule, which a network does not keep


def load_balancer(balancer: LoadBalancer, network: Network) -> str:
    header = f"load-balancer {written(balancer.name)}"
    if balancer.sku is not None:
        header += f" {balancer.sku.value}"
    first = next(iter(balancer.frontends), None)
    if first is not None:
        header += f" in {_place(first)}"
    items = (
        *(_frontend(frontend, first) for frontend in balancer.frontends),
        *map(_public_frontend, balancer.public_frontends),
        *(_balancing_rule(rule, balancer, network) for rule in balancer.rules),
        *(_outbound_rule(rule, network) for rule in balancer.outbound_rules),
    )
    return wording.block(header, items)


def _place(element: Frontend | PrivateEndpoint | PrivateLinkService) -> str:
    return f"{written(element.vnet)}.{written(element.subnet)}"


def _frontend(frontend: Frontend, first: Frontend | None) -> str:
    name = f"{written(frontend.name)} " if frontend.name != FIRST_FRONTEND else ""
    elsewhere = f" in {_place(frontend)}" if first is not None and frontend.subnet_id != first.subnet_id else ""
    return f"frontend {name}{address_text(frontend.address)}{elsewhere}"


def _public_frontend(frontend: PublicFrontend) -> str:
    name = f"{written(frontend.name)} " if frontend.name != FIRST_FRONTEND else ""
    address = frontend.public_address.address
    return f"frontend {name}public-ip" + (f" {address_text(address)}" if address is not None else "")


def _balancing_rule(rule: LoadBalancingRule, balancer: LoadBalancer, network: Network) -> str:
    names = [frontend.name for frontend in balancer.frontends]
    names += [frontend.name for frontend in balancer.public_frontends]
    parts = [f"{'nat' if rule.is_inbound_nat else 'rule'} {written(rule.name)} {wording.protocol(rule.protocol)}"]
    if rule.port is not None:
        parts.append(str(rule.port))
    if rule.frontend != names[0]:
        parts.append(f"at {written(rule.frontend)}")
    parts.append(f"-> {_members(rule.members, network)}")
    if rule.backend_port != rule.port:
        parts.append(f"port {rule.backend_port}")
    if rule.probe is not None:
        parts.append(f"probe {rule.probe.port}" + (" all-when-none" if rule.probe.all_when_none else ""))
    if rule.floating_ip:
        parts.append("floating-ip")
    if not rule.gives_egress and not rule.is_inbound_nat:
        parts.append("no-egress")
    for word, members in (("up", rule.always_up), ("down", rule.down)):
        if members:
            parts.append(f"{word} {_members(members, network)}")
    return " ".join(parts)


def _outbound_rule(rule: OutboundRule, network: Network) -> str:
    frontends = ", ".join(map(written, rule.frontends))
    header = f"outbound {written(rule.name)} {wording.protocol(rule.protocol)}"
    return f"{header} at {frontends} -> {_members(rule.members, network)}"


def _members(names: Sequence[str], network: Network) -> str:
    return ", ".join(_member(name, network) for name in names) or "none"


def _member(nic: str, network: Network) -> str:
    """Return the interface's name, behind its machine's where a machine is called as it is and begins with another."""
    namesake = next((machine for name, machine in network.machines.items() if name.casefold() == nic.casefold()), None)
    if namesake is None or (namesake.nics[:1] and namesake.nics[0].name == nic):
        return written(nic)
    return f"{written(next(known.machine for known in network.nics() if known.name == nic))}.{written(nic)}"


def private_endpoint(endpoint: PrivateEndpoint) -> str:
    addresses = ", ".join(map(address_text, endpoint.addresses))
    behind = f" to {written(endpoint.link_service)}" if endpoint.link_service is not None else ""
    pending = "" if endpoint.is_approved else " pending"
    return f"private-endpoint {written(endpoint.name)} {addresses} in {_place(endpoint)}{behind}{pending}"


def link_service(service: PrivateLinkService) -> str:
    addresses = ", ".join(map(address_text, service.addresses))
    frontend = f"{written(service.balancer)}.{written(service.frontend)}"
    return f"private-link-service {written(service.name)} of {frontend} at {addresses} in {_place(service)}"


def proxy(made: Proxy) -> str:
    header = f"{made.kind.value} {written(made.name)} in {written(made.vnet)}"
    if made.subnet is None:
        return f"{header} developer"
    header += f".{written(made.subnet)}"
    if made.kind is ProxyKind.BASTION or not made.listens:
        return header
    return f"{header} {{ listens {wording.port_ranges(made.listens)} }}"


def firewall_policy(machine: Machine, policy: FirewallPolicy) -> Iterator[str]:
    """Yield the lines of a managed firewall's policy: its rules in collections that keep their order.

    A rule that nothing can match, since it has no source or no destination, is left out.
    """
    for number, public in enumerate(policy.public_addresses, 2):
        yield wording.public_address(public, f"{machine.name}-ip-{number}", "")
    options = (
        ("threat-intelligence", policy.denies_by_threat_intelligence),
        ("intrusion-detection", policy.denies_by_intrusion_detection),
    )
    yield from (f"{option} deny" for option, is_on in options if is_on)
    if policy.presumes_address:
        yield "private-address presumed"
    if policy.private_ranges is not None:
        yield f"private-ranges {_private_ranges(policy.private_ranges)}"
    if policy.learns_private_ranges:
        yield "private-ranges learned"
    rules = [rule for rule in policy.rules if _can_match(rule)]
    for number, ((kind, allows), group) in enumerate(groupby(rules, lambda rule: (rule.kind, rule.allows))):
        does = "" if kind is FirewallRuleKind.NAT else " allow" if allows else " deny"
        header = f"collection {kind.value} {_FIRST_PRIORITY + number} {kind.value}-{number + 1}{does}"
        yield wording.block(header, map(_firewall_rule, group))
    off = next((option for option, is_on in options if not is_on), None)
    if not rules and off is not None:  # so that the text says that nothing else passes
        yield f"{off} off"


def _private_ranges(ranges: IntervalSet) -> str:
    if ranges == ALL_ADDRESSES:
        return "all"
    return wording.addresses(ranges) if ranges else "none"


def _can_match(rule: FirewallRule) -> bool:
    is_for_something = bool(rule.destinations) or bool(rule.service_tags) or rule.has_names
    return bool(rule.sources) and (rule.kind is FirewallRuleKind.NAT or is_for_something)


def _firewall_rule(rule: FirewallRule) -> str:
    sources, ports = _firewall_ends(rule.sources), wording.ports(rule.destination_ports)
    name = f"rule {written(rule.name)}"
    if rule.kind is FirewallRuleKind.NAT:
        at = PRIVATE if rule.at is None else _address_name(rule.at)
        to = "" if rule.translation is None else _translation(rule.translation)
        return f"{name} {_protocols(rule)} from {sources} at {at}{ports}{to}"
    if rule.kind is FirewallRuleKind.NETWORK:
        tags = (tag if tag_spelling(tag) == tag else quoted(tag) for tag in rule.service_tags)
        said = [_firewall_ends(rule.destinations)] if rule.destinations else []
        ends = ", ".join((*said, *tags, *((quoted(_SOME_NAME),) if rule.has_names else ())))
        return f"{name} {_protocols(rule)} from {sources} to {ends}{ports}"
    known = {number: word for word, number in APPLICATION_PORTS.items()}
    words = [known.get(interval.low, "") for interval in rule.destination_ports if interval.low == interval.high]
    is_default = len(words) == len(rule.destination_ports.intervals) and all(words)
    asked = ", ".join(words) if is_default else f"{next(iter(APPLICATION_PORTS))}"
    ends = "*" if rule.destinations else quoted(_SOME_NAME)
    return f"{name} {asked} from {sources} to {ends}{'' if is_default else ports}"


def _protocols(rule: FirewallRule) -> str:
    return ", ".join(map(wording.protocol, rule.protocols))


def _translation(translation: Translation) -> str:
    return f" -> {address_text(translation.address)} port {translation.port}"


def _address_name(name: str) -> str:
    return quoted(name) if name.casefold() == PRIVATE else written(name)


def _firewall_ends(ends: IntervalSet) -> str:
    return "*" if ends == ALL_ADDRESSES else wording.addresses(ends)
