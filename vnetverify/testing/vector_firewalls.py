"""Test vectors about a managed firewall: what its rule collections make of a flow that comes to it (F-FW-1 to F-FW-6).

The format tells neither where the firewall stands nor how flows come to it. Here it stands in a subnet of one network
with all private addresses of the vector, and routes lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vnetverify.header import Prefix, addresses_of, host_prefix, parse_address, parse_prefix
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.firewalls import FirewallPolicy, FirewallRule
from vnetverify.model.intents import INTERNET, Place, PlaceKind
from vnetverify.model.network import Machine, Network, NextHopType, Nic, RouteTable, Subnet, UserRoute, Vnet
from vnetverify.testing.firewall_collections import Asking, ToldRule, asking, covers, told_rules
from vnetverify.testing.questions import Asked, Carried, End, Inspected, Inspection
from vnetverify.testing.records import NotApplicable, Record, answer_of, facts_of, fixed_atoms, verdict_of

_NAME, _VNET, _TABLE, _SUBNET = "fw", "hub", "by-firewall", "AzureFirewallSubnet"
_PRIVATE = addresses_of(map(parse_prefix, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
_OWN = parse_address("20.0.113.4")  # of a firewall whose public address is not told
_EVERYTHING = parse_prefix("0.0.0.0/0")


@dataclass(frozen=True, slots=True)
class _Told:
    rules: tuple[ToldRule, ...]
    asking: Asking

    @property
    def own(self) -> tuple[int, ...]:
        """Return the addresses of the firewall: those that NAT rules are at, and where a flow from outside comes to."""
        at = [address for rule in self.rules for address in rule.at]
        flow = self.asking.flow
        if flow.source not in _PRIVATE and flow.destination not in _PRIVATE:
            at.append(flow.destination)
        return tuple(dict.fromkeys(at))

    @property
    def hosts(self) -> tuple[int, ...]:
        """Return the private addresses of hosts: senders, receivers, and where NAT rules lead."""
        led_to = [each.rule.translation.address for each in self.rules if each.rule.translation is not None]
        every = dict.fromkeys((self.asking.flow.source, self.asking.flow.destination, *led_to))
        return tuple(address for address in every if address in _PRIVATE and address not in self.own)


def network_of(vector: Mapping[str, Any]) -> Network:
    """Return a network in which the flow of the vector comes to its firewall. Raises `NotApplicable`."""
    told = _told(vector)
    flow, hosts = told.asking.flow, told.hosts
    if flow.source in told.own:
        raise NotApplicable("malformed: a flow from the firewall's own address")
    if flow.source not in _PRIVATE and flow.destination in hosts:
        raise NotApplicable("a flow from the Internet to a private address")
    blocks = list(dict.fromkeys(_block(address, 24) for address in hosts))
    inside = [address for address in told.own if address in _PRIVATE]
    if len(inside) > 1 or any(_block(address, 24) in blocks for address in inside):
        raise NotApplicable("a firewall at several private addresses, or in the subnet of a host")
    of_firewall = _block(inside[0], 26) if inside else _free_block(blocks)
    own = inside[0] if inside else of_firewall.value + 4
    outside = [address for address in told.own if address not in _PRIVATE] or [_OWN]
    publics = [PublicAddress(f"entry{n}", Sku.STANDARD, address) for n, address in enumerate(outside, 1)]
    subnets = [Subnet(_SUBNET, _VNET, (of_firewall,))]
    subnets += [Subnet(f"s{n}", _VNET, (block,), route_table=_TABLE) for n, block in enumerate(blocks, 1)]
    nic = Nic(_NAME, _NAME, _VNET, _SUBNET, (own,), ip_forwarding=True, public_address=publics[0])
    rules = tuple(_at_addresses(told.rules, {public.address: public.name for public in publics}))
    policy = FirewallPolicy(rules, public_addresses=tuple(publics[1:]))
    return Network(
        vnets={_VNET: Vnet(_VNET, (of_firewall, *blocks), tuple(subnets))},
        route_tables={_TABLE: RouteTable(_TABLE, tuple(_routes(hosts, own)))},
        machines={_NAME: Machine(_NAME, (nic,), None, True, True, is_managed=True, firewall=policy)},
    )


def asked_of(vector: Mapping[str, Any], network: Network) -> Asked:
    """Return what the vector asks of its firewall. Raises `NotApplicable`.

    The name that the sender asked for settles which rules for names cover the flow; Azure's built-in ones do not.
    """
    told, answer = _told(vector), answer_of(vector)
    allowed = verdict_of(answer)
    rule, translated = answer.take("rule"), answer.take("translatedTo")
    answer.finish()
    if translated is not None and not allowed:
        raise NotApplicable("malformed: a flow that is denied and translated")
    port, target = None, told.asking.flow.destination
    if allowed and translated is None:
        leading = (each.rule for each in told.rules if each.rule.translation is not None and each.rule.name == rule)
        target = next((each.translation.address for each in leading if each.translation is not None), target)
    if allowed and translated is not None:
        led_to, _, port_text = translated.partition(":")
        target, port = parse_address(led_to), int(port_text) if port_text else None
    flow = told.asking.flow
    carried = Carried(_end(network, flow.source), _end(network, target), flow, answered=False)
    deciding = None if "rule" not in vector["answer"] else () if rule is None else (rule,)
    facts = {f"U-FQDN({_NAME}/infrastructure)": False}
    named = [each for each in told.rules if each.rule.has_names]
    facts |= {f"U-FQDN({_NAME}/{each.rule.name})": covers(each.names, told.asking.name) for each in named}
    facts |= facts_of(fixed_atoms(vector), network)
    return Asked(Inspected(_NAME, carried), Inspection(allowed, deciding, port), facts)


def _told(vector: Mapping[str, Any]) -> _Told:
    network, question = Record(vector["network"], "network"), Record(vector["question"], "question")
    question.only("kind", "firewall")
    told = _Told(
        told_rules(Record(network.take("firewall", {}), "firewall")),
        asking(Record(question.take("flow") or question.need("packet"), "flow")),
    )
    network.take("fixedAtoms"), network.take("fixed_atoms")
    network.finish()
    question.finish()
    return told


# -- the network around it --------------------------------------------------------------------------------


def _block(address: int, length: int) -> Prefix:
    return Prefix(address >> (32 - length) << (32 - length), length)


def _free_block(taken: Sequence[Prefix]) -> Prefix:
    candidates = (parse_address(f"10.255.{third}.0") for third in range(256))
    return next(_block(each, 26) for each in candidates if _block(each, 24) not in taken)


def _at_addresses(rules: Sequence[ToldRule], names: Mapping[int | None, str]) -> Iterator[FirewallRule]:
    """Yield the rules of the model, one of NAT at several addresses as one for each (F-FW-5)."""
    for told in rules:
        if not told.at:
            yield told.rule
        for number, address in enumerate(told.at):
            name = told.rule.name if number == 0 else f"{told.rule.name}-{number + 1}"
            yield replace(told.rule, name=name, at=names.get(address))


def _routes(hosts: Sequence[int], firewall: int) -> Iterator[UserRoute]:
    for number, address in enumerate(hosts, 1):
        yield UserRoute(f"to{number}", host_prefix(address), NextHopType.APPLIANCE, firewall)
    yield UserRoute("all", _EVERYTHING, NextHopType.APPLIANCE, firewall)


def _end(network: Network, address: int) -> End:
    """Return who has the address: the firewall, a host of a subnet, or the Internet."""
    for public in network.machines[_NAME].public_addresses:
        if public.address == address:
            return End(Place(PlaceKind.PUBLIC.value, f"{_NAME}/{public.name}"), address)
    for subnet in network.subnets():
        if any(prefix.value <= address <= prefix.last for prefix in subnet.prefixes):
            return End(Place(PlaceKind.SUBNET.value, subnet.id), address)
    return End(INTERNET, address)
