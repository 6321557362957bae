"""What Azure itself answered about a network, as its REST API, its command line or a cassette of calls keeps it.

Effective routes and effective security rules of an interface, a next hop, and a verdict on one flow.
"""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.header import Flow, IntervalSet, Prefix
from vnetverify.model.security import Access, Direction


@dataclass(frozen=True, slots=True)
class RecordedRoute:
    """One prefix of a line; `address` is that of an appliance, None where none is told."""

    prefix: Prefix
    source: str
    is_active: bool
    hop_type: str
    address: str | None


@dataclass(frozen=True, slots=True)
class RecordedRoutes:
    at: str
    lines: tuple[RecordedRoute, ...]

    @property
    def what(self) -> str:
        return f"effective routes of {self.at}"


@dataclass(frozen=True, slots=True)
class RecordedAddresses:
    """A field of a rule: `words` as it is written, a tag or prefixes, and what Azure expanded that to, if it did."""

    words: tuple[str, ...]
    expanded: tuple[Prefix, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedRule:
    """`protocol` is a number, or None for all."""

    name: str
    direction: Direction
    priority: int
    access: Access
    protocol: int | None
    source: RecordedAddresses
    source_ports: IntervalSet
    destination: RecordedAddresses
    destination_ports: IntervalSet


@dataclass(frozen=True, slots=True)
class RecordedGroup:
    """A security group as it stands at the interface, by its `association` with that, its subnet, or both."""

    name: str
    at_subnet: bool
    at_interface: bool
    rules: tuple[RecordedRule, ...]


@dataclass(frozen=True, slots=True)
class RecordedRules:
    at: str
    groups: tuple[RecordedGroup, ...]

    @property
    def what(self) -> str:
        return f"effective rules of {self.at}"


@dataclass(frozen=True, slots=True)
class RecordedHop:
    """`table` is the name of the route table, None for the system's own routes."""

    at: str
    source: int
    destination: int
    hop_type: str
    address: str | None
    table: str | None

    @property
    def what(self) -> str:
        return f"next hop of {self.at}"


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """`flow` is as the interface sees it; `rule` is None where none is told."""

    at: str
    direction: Direction
    flow: Flow
    allowed: bool
    rule: str | None

    @property
    def what(self) -> str:
        return f"{self.direction.value} flow at {self.at}"


Recording = RecordedRoutes | RecordedRules | RecordedHop | RecordedVerdict
