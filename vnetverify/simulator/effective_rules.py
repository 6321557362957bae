"""Every security rule in force at an interface, as Azure lists them, tags expanded (F-ADM-5, F-TAG-7, F-TAG-21)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from vnetverify.facts import World
from vnetverify.header import Family, Prefix, host_prefix
from vnetverify.model.network import Network, Subnet
from vnetverify.model.security import AddressField, AddressPrefixes, AnyAddress, AsgMembers, Direction, ServiceTag
from vnetverify.simulator.addressing import PLATFORM_HOST
from vnetverify.simulator.admin import standing
from vnetverify.simulator.filters import attached, declared_interface, rules_of
from vnetverify.simulator.matching import Interface, Rule
from vnetverify.simulator.situation import Situation, situation_of
from vnetverify.simulator.tags import PROBES_IPV6, virtual_network
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class EffectiveRule:
    """A rule in force at an interface, of the group or manager `nsg`.

    `sources` and `destinations` list the prefixes of tags and groups. They are None where membership is not a list:
    `*`, or a tag whose prefixes are not declared.
    """

    stage: str
    nsg: str
    rule: Rule
    sources: tuple[Prefix, ...] | None
    destinations: tuple[Prefix, ...] | None
    span: Span


def effective_rules(network: Network, subnet_id: str, nic_name: str | None, world: World) -> tuple[EffectiveRule, ...]:
    """Return every rule in force at an interface, tags expanded, in the order they are tried in each direction."""
    situation = situation_of(network, world, Family.IPV4)
    subnet = situation.index.subnets[subnet_id]
    nic = None if nic_name is None else situation.index.nics[nic_name]
    interface = Interface(subnet_id, subnet, ()) if nic is None else declared_interface(situation, nic)
    return tuple(
        EffectiveRule(
            stage,
            owner,
            rule,
            _expanded(situation, subnet, rule.source),
            _expanded(situation, subnet, rule.destination),
            rule.span,
        )
        for direction in Direction
        for stage, owner, rules in _tried_at(situation, interface, direction)
        for rule in rules
    )


def _tried_at(
    situation: Situation, interface: Interface, direction: Direction
) -> Iterator[tuple[str, str, Sequence[Rule]]]:
    """Yield the lists of rules in the order they are tried: those of managers, then those of groups (F-ADM-5)."""
    for each in standing(situation, interface, direction):
        yield "securityAdmin", each.manager, each.rules
    for stage, nsg in attached(situation, interface, direction):
        yield stage, nsg.name, rules_of(nsg, direction)


def _expanded(situation: Situation, subnet: Subnet, field: AddressField) -> tuple[Prefix, ...] | None:
    """Return the prefixes a field stands for at `subnet`; None for `*` and for tags without a declared list."""
    match field:
        case AnyAddress():
            return None
        case AddressPrefixes(prefixes):
            return prefixes
        case AsgMembers(groups):
            nics = situation.network.nics()
            members = (nic for nic in nics if any(group in groups for group in nic.asgs))
            return tuple(host_prefix(address) for nic in members for address in nic.addresses)
        case ServiceTag(name) if name.casefold() == "virtualnetwork":
            return tuple(_virtual_network_prefixes(situation, subnet))
        case ServiceTag(name) if name.casefold() == "azureloadbalancer":
            return (PLATFORM_HOST, PROBES_IPV6)
        case ServiceTag(name):
            return situation.network.service_tags.get(name)
        case _:
            assert_never(field)


def _virtual_network_prefixes(situation: Situation, subnet: Subnet) -> Iterator[Prefix]:
    """Return what the tag holds at `subnet`, prefixes of IPv4 first (F-TAG-7, F-TAG-21)."""
    for family in Family:
        of_family = situation_of(situation.network, situation.world, family)
        tag = virtual_network(of_family, subnet)
        held = (*tag.certain, *(prefix for prefix, fact in tag.possible if of_family.holds(fact)))
        yield from (prefix for prefix in held if prefix.family is family)
