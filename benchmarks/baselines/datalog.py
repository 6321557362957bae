"""Z3's own Datalog over differences of cubes (network optimised Datalog): relations of packets at places.

Ranges become prefixes. A list is one guard, a chain of conjunctions and disjunctions; each pair has a flag relation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import z3

from baselines.plain import Hop, Line, Model, Range, prefixes_of

_WIDTHS = (32, 32, 16, 16, 2)


class Program:
    def __init__(self, model: Model) -> None:
        self._model = model
        self._engine = z3.Fixedpoint()
        self._engine.set(engine="datalog")
        self._engine.set("datalog.default_relation", "doc")
        self._sorts = [z3.BitVecSort(width) for width in _WIDTHS]
        names = ("source", "destination", "source_port", "port", "protocol")
        self._packet = [z3.Const(name, sort) for name, sort in zip(names, self._sorts, strict=True)]
        self._engine.declare_var(*self._packet)
        self._declare()

    def _relation(self, name: str) -> Any:
        relation = z3.Function(name, *self._sorts, z3.BoolSort())
        self._engine.register_relation(relation)
        return relation

    def _declare(self) -> None:
        """Say where packets begin, what each step lets on, and where they end."""
        at_appliance, passed = self._relation("at_appliance"), self._relation("passed")
        self._direct = [self._relation(f"direct{number}") for number in range(len(self._model.endpoints))]
        self._behind = [self._relation(f"behind{number}") for number in range(len(self._model.endpoints))]
        for number, endpoint in enumerate(self._model.endpoints):
            sent = self._relation(f"sent{number}")
            begins = self._within(0, endpoint.prefix)
            self._rule(sent, [begins, self._allowed(endpoint.outbound), self._packet[4] != 3])
            delivers, by_appliance = self._routed(self._model.tables[endpoint.table])
            self._rule(at_appliance, [sent(*self._packet), by_appliance])
            local = self._relation(f"local{number}")
            self._rule(local, [sent(*self._packet), delivers])
            for other, target in enumerate(self._model.endpoints):
                if other != number:
                    self._rule(self._direct[other], [local(*self._packet), self._arrives(target)])
        self._rule(passed, [at_appliance(*self._packet), self._allowed(self._model.policy)])
        onward = self._routed(self._model.onward)[0]
        for other, target in enumerate(self._model.endpoints):
            self._rule(self._behind[other], [passed(*self._packet), onward, self._arrives(target)])

    def _arrives(self, target: Any) -> Any:
        return z3.And(self._within(1, target.prefix), self._allowed(target.inbound))

    def _rule(self, head: Any, body: list[Any]) -> None:
        self._engine.rule(head(*self._packet), body)

    def _within(self, field: int, numbers: Range) -> Any:
        width = _WIDTHS[field]
        return z3.Or(
            *(
                z3.Extract(width - 1, width - length, self._packet[field]) == value >> width - length
                if length
                else z3.BoolVal(True)
                for value, length in prefixes_of(numbers, width)
            )
        )

    def _allowed(self, lines: Sequence[Line]) -> Any:
        allowed: Any = z3.BoolVal(not lines)
        for line in reversed(lines):
            matched = self._matched(line)
            allowed = z3.Or(matched, allowed) if line.allows else z3.And(z3.Not(matched), allowed)
        return allowed

    def _matched(self, line: Line) -> Any:
        fields = ((0, line.source), (1, line.destination), (2, line.source_ports), (3, line.ports))
        parts = [self._within(field, numbers) for field, numbers in fields if numbers is not None]
        if line.protocol is not None:
            parts.append(self._packet[4] == line.protocol)
        if line.ports is not None or line.source_ports is not None:
            parts.append(self._packet[4] != 2)
        return z3.And(*parts) if parts else z3.BoolVal(True)

    def _routed(self, table: Sequence[Hop]) -> tuple[Any, Any]:
        delivers: Any = z3.BoolVal(False)
        by_appliance: Any = z3.BoolVal(False)
        for hop in reversed(table):
            prefix = self._within(1, hop.prefix)
            delivers = z3.Or(prefix, delivers) if hop.delivers else z3.And(z3.Not(prefix), delivers)
            by_appliance = z3.Or(prefix, by_appliance) if hop.by_appliance else z3.And(z3.Not(prefix), by_appliance)
        return z3.simplify(delivers), z3.simplify(by_appliance)

    def code(self, one: int, other: int) -> int:
        for relations, value in ((self._direct, 3), (self._behind, 1)):
            flag = z3.Function(f"asked{one}_{other}_{value}", z3.BoolSort())
            self._engine.register_relation(flag)
            source = self._within(0, self._model.endpoints[one].prefix)
            self._engine.rule(flag(), [relations[other](*self._packet), source])
            if self._engine.query(flag()) == z3.sat:
                return value
        return 0
