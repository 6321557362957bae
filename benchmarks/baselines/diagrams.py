"""Decision diagrams: a set of packets for each list, and for each pair the question whether two sets meet.

Lists and tables become diagrams once; what a subnet can send to the appliance is met with the policy once. A pair then
is one conjunction. Bits of destinations stand on top, ports below, which did best here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from baselines.plain import Endpoint, Hop, Line, Model, Range, prefixes_of

FIELDS = (("destination", 32), ("source", 32), ("protocol", 2), ("ports", 16), ("source_ports", 16))
BITS = sum(bits for _, bits in FIELDS)


class Diagrams(Protocol):
    """What both packages have, under one name."""

    true: Any
    false: Any

    def bit(self, level: int) -> Any: ...
    def meet(self, one: Any, other: Any) -> bool: ...
    def nodes(self) -> int: ...


class Cudd:
    def __init__(self) -> None:
        from dd.cudd import BDD

        self._manager = BDD(memory_estimate=2 << 30)
        self._manager.configure(reordering=False)
        names = [f"x{level}" for level in range(BITS)]
        self._manager.declare(*names)
        self._bits = [self._manager.var(name) for name in names]
        self.true, self.false = self._manager.true, self._manager.false

    def bit(self, level: int) -> Any:
        return self._bits[level]

    def meet(self, one: Any, other: Any) -> bool:
        return (one & other) != self.false

    def nodes(self) -> int:
        return int(self._manager.statistics()["n_nodes"])


class Oxidd:
    def __init__(self) -> None:
        from oxidd.bdd import BDDManager

        self._manager = BDDManager(1 << 24, 1 << 22, 1)
        self._manager.add_vars(BITS)
        self._bits = [self._manager.var(level) for level in range(BITS)]
        self.true, self.false = self._manager.true(), self._manager.false()

    def bit(self, level: int) -> Any:
        return self._bits[level]

    def meet(self, one: Any, other: Any) -> bool:
        return (one & other).satisfiable()

    def nodes(self) -> int:
        return self._manager.num_inner_nodes()


class Compiler:
    """Sets of packets as diagrams, each made once."""

    def __init__(self, diagrams: Diagrams) -> None:
        self._diagrams = diagrams
        self._offsets: dict[str, tuple[int, int]] = {}
        offset = 0
        for name, bits in FIELDS:
            self._offsets[name] = (offset, bits)
            offset += bits
        self._fields: dict[tuple[str, Range], Any] = {}

    def field(self, name: str, numbers: Range) -> Any:
        """Return the packets whose field lies in the range."""
        known = self._fields.get((name, numbers))
        if known is None:
            offset, bits = self._offsets[name]
            known = self._diagrams.false
            for value, length in prefixes_of(numbers, bits):
                known |= self._prefix(offset, bits, value, length)
            self._fields[name, numbers] = known
        return known

    def _prefix(self, offset: int, bits: int, value: int, length: int) -> Any:
        held = self._diagrams.true
        for level in reversed(range(length)):
            bit = self._diagrams.bit(offset + level)
            held &= bit if value >> (bits - 1 - level) & 1 else ~bit
        return held

    def matched(self, line: Line) -> Any:
        held = self._diagrams.true
        for name, numbers in (
            ("source_ports", line.source_ports),
            ("ports", line.ports),
            ("protocol", None if line.protocol is None else (line.protocol, line.protocol)),
            ("source", line.source),
            ("destination", line.destination),
        ):
            if numbers is not None:
                held &= self.field(name, numbers)
        if line.ports is not None or line.source_ports is not None:
            held &= ~self.field("protocol", (2, 2))
        return held

    def allowed(self, lines: tuple[Line, ...]) -> Any:
        """Return what a list allows: everything where there is none."""
        if not lines:
            return self._diagrams.true
        held = self._diagrams.false
        for line in reversed(lines):
            matched = self.matched(line)
            held = held | matched if line.allows else held & ~matched
        return held

    def routed(self, table: tuple[Hop, ...]) -> tuple[Any, Any]:
        """Return the destinations that a table delivers, and those that it sends to the appliance."""
        delivered = by_appliance = self._diagrams.false
        for hop in reversed(table):
            prefix = self.field("destination", hop.prefix)
            delivered = delivered | prefix if hop.delivers else delivered & ~prefix
            by_appliance = by_appliance | prefix if hop.by_appliance else by_appliance & ~prefix
        return delivered, by_appliance


def answers(model: Model, diagrams: Diagrams) -> Iterator[bytes]:
    """Return a row for each subnet: a byte for each other, 1 where something arrives, 2 more past no appliance."""
    compiler = Compiler(diagrams)
    valid = ~compiler.field("protocol", (3, 3))
    policy = compiler.allowed(model.policy) & compiler.routed(model.onward)[0]
    tables = [compiler.routed(table) for table in model.tables]
    targets = [_target(compiler, endpoint) for endpoint in model.endpoints]
    for one, endpoint in enumerate(model.endpoints):
        sent = valid & compiler.field("source", endpoint.prefix) & compiler.allowed(endpoint.outbound)
        delivered, by_appliance = tables[endpoint.table]
        direct, forwarded = sent & delivered, sent & by_appliance & policy
        row = bytearray(len(targets))
        for other, target in enumerate(targets):
            if one != other:
                if diagrams.meet(direct, target):
                    row[other] = 3
                elif diagrams.meet(forwarded, target):
                    row[other] = 1
        yield bytes(row)


def _target(compiler: Compiler, endpoint: Endpoint) -> Any:
    return compiler.field("destination", endpoint.prefix) & compiler.allowed(endpoint.inbound)
