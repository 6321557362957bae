"""Who may pass: network security groups and the security admin rules of network managers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vnetverify.header import IntervalSet, Prefix
from vnetverify.quick import quickly_made
from vnetverify.source import NOWHERE, Span


class Direction(Enum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Access(Enum):
    ALLOW = "allow"
    DENY = "deny"


class AdminAction(Enum):
    """What a security admin rule does (F-ADM-4, F-ADM-5, F-ADM-6)."""

    ALLOW = "allow"
    ALWAYS_ALLOW = "always-allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class AnyAddress:
    """`*`: every address."""


@dataclass(frozen=True, slots=True)
class AddressPrefixes:
    prefixes: tuple[Prefix, ...]


@dataclass(frozen=True, slots=True)
class ServiceTag:
    """A service tag by Azure's spelling, for example `VirtualNetwork` or `Storage.WestUS`."""

    name: str


@dataclass(frozen=True, slots=True)
class AsgMembers:
    """The addresses of the members of application security groups (F-ASG-1)."""

    names: tuple[str, ...]


AddressField = AnyAddress | AddressPrefixes | ServiceTag | AsgMembers


@quickly_made
@dataclass(frozen=True, slots=True)
class SecurityRule:
    """A rule of a network security group; a smaller `priority` is tried first (F-NSG-2).

    `protocol` is a number from 0 to 255, or None for `*`. Where the rule lists several ranges of destination ports,
    `first_destination_ports` is the first of them: all that is sure at a private endpoint (F-PE-9).
    """

    name: str
    priority: int
    direction: Direction
    access: Access
    protocol: int | None
    source: AddressField
    source_ports: IntervalSet
    destination: AddressField
    destination_ports: IntervalSet
    first_destination_ports: IntervalSet | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Nsg:
    """A network security group without its default rules, which every group has (F-DEF-1)."""

    name: str
    rules: tuple[SecurityRule, ...]
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class AdminRule:
    """A security admin rule; a smaller `priority` (1 to 4096) is tried first (F-ADM-2, F-ADM-3).

    `protocol` is a number from 0 to 255, or None for any. Neither field names application security groups.
    """

    name: str
    priority: int
    direction: Direction
    action: AdminAction
    protocol: int | None
    source: AddressField
    source_ports: IntervalSet
    destination: AddressField
    destination_ports: IntervalSet
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class AdminRules:
    """A collection of security admin rules that `manager` applies to the networks `vnets` (F-ADM-1).

    Managers are ordered as a network first names them, the one of the highest scope first (F-ADM-13).
    """

    name: str
    manager: str
    vnets: tuple[str, ...]
    rules: tuple[AdminRule, ...]
    span: Span = NOWHERE
