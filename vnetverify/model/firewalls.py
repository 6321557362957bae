"""What a managed firewall is told: its rules in the order in which they are asked, and whom it translates.

F-FW-1 to F-FW-10.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vnetverify.header import IntervalSet
from vnetverify.model.balancers import PublicAddress
from vnetverify.source import NOWHERE, Span


class FirewallRuleKind(Enum):
    """Types of rules, in the order in which they are asked (F-FW-1)."""

    NAT = "nat"
    NETWORK = "network"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class Translation:
    """The destination that a NAT rule puts in place of the firewall's own."""

    address: int
    port: int


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """One rule. `protocols` are numbers, None for every one; a NAT or application rule has TCP and UDP, or TCP, alone.

    A NETWORK or APPLICATION rule matches a destination in `destinations` or in one of `service_tags`; with
    `has_names` those that its domain names stand for as well (`U-FQDN`). A NAT rule is `at` a public address of the
    firewall, by name, or at its private one where that is None.
    """

    name: str
    kind: FirewallRuleKind
    allows: bool
    protocols: tuple[int | None, ...]
    sources: IntervalSet
    destinations: IntervalSet
    destination_ports: IntervalSet
    service_tags: tuple[str, ...] = ()
    has_names: bool = False
    at: str | None = None
    translation: Translation | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class FirewallPolicy:
    """`rules` stand in the order in which they are asked: by type, then by priority (F-FW-1, F-FW-2).

    `private_ranges` are the destinations towards which network rules keep the source, None for Azure's own choice of
    them; `learns_private_ranges` leaves open which others there are (F-FW-7). `public_addresses` are those of IPv4 that
    the firewall has besides its interface's. Where the policy `presumes_address`, the private address is what routes
    say, and Azure may assign another one (F-FW-12).
    """

    rules: tuple[FirewallRule, ...] = ()
    private_ranges: IntervalSet | None = None
    learns_private_ranges: bool = False
    denies_by_threat_intelligence: bool = False
    denies_by_intrusion_detection: bool = False
    public_addresses: tuple[PublicAddress, ...] = ()
    presumes_address: bool = False
    span: Span = NOWHERE

    def of_kind(self, kind: FirewallRuleKind) -> tuple[FirewallRule, ...]:
        return tuple(rule for rule in self.rules if rule.kind is kind)
