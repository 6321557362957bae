"""Naive Z3: the whole network as one transition relation over bit-vectors, unrolled twice, and a query a pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import z3

from baselines.plain import Hop, Line, Model, Range

_DROPPED, _APPLIANCE = 0, 1
_FIRST = 2


class Network:
    """The terms of a packet that keeps its header, and where it is after nought, one and two steps."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.source, self.destination = z3.BitVecs("source destination", 32)
        self.source_port, self.port = z3.BitVecs("source_port port", 16)
        self.protocol = z3.BitVec("protocol", 2)
        self.at = z3.BitVecs("at0 at1 at2", 16)

    def relation(self) -> list[Any]:
        """Return what holds of every way: each place is followed by the one that its table and lists lead to."""
        return [
            z3.ULT(self.protocol, 3),
            self.at[1] == self._next(self.at[0]),
            self.at[2] == self._next(self.at[1]),
        ]

    def _next(self, place: Any) -> Any:
        following = z3.BitVecVal(_DROPPED, 16)
        onward = z3.If(self._allowed(self._model.policy), self._by(self._model.onward), _DROPPED)
        following = z3.If(place == _APPLIANCE, onward, following)
        for number, endpoint in enumerate(self._model.endpoints):
            sent = z3.If(self._allowed(endpoint.outbound), self._by(self._model.tables[endpoint.table]), _DROPPED)
            following = z3.If(place == _FIRST + number, sent, following)
        return following

    def _by(self, table: Sequence[Hop]) -> Any:
        place = z3.BitVecVal(_DROPPED, 16)
        for hop in reversed(table):
            then: Any = self._delivered(hop.prefix) if hop.delivers else _APPLIANCE if hop.by_appliance else _DROPPED
            place = z3.If(_within(self.destination, hop.prefix), then, place)
        return place

    def _delivered(self, prefix: Range) -> Any:
        place = z3.BitVecVal(_DROPPED, 16)
        for number, endpoint in enumerate(self._model.endpoints):
            if prefix[0] <= endpoint.prefix[0] and endpoint.prefix[1] <= prefix[1]:
                arrives = z3.And(_within(self.destination, endpoint.prefix), self._allowed(endpoint.inbound))
                place = z3.If(arrives, z3.BitVecVal(_FIRST + number, 16), place)
        return place

    def _allowed(self, lines: Sequence[Line]) -> Any:
        allowed: Any = z3.BoolVal(not lines)
        for line in reversed(lines):
            allowed = z3.If(self._matched(line), z3.BoolVal(line.allows), allowed)
        return allowed

    def _matched(self, line: Line) -> Any:
        parts = [
            _within(term, numbers)
            for term, numbers in (
                (self.source, line.source), (self.destination, line.destination),
                (self.source_port, line.source_ports), (self.port, line.ports),
            )
            if numbers is not None
        ]  # fmt: skip
        if line.protocol is not None:
            parts.append(self.protocol == line.protocol)
        if line.ports is not None or line.source_ports is not None:
            parts.append(self.protocol != 2)
        return z3.And(*parts) if parts else z3.BoolVal(True)

    def question(self, one: int, other: int) -> tuple[list[Any], Any, Any]:
        """Return what asks for a pair, and the two ways to be there: at once, and after the appliance."""
        source, destination = (self._model.endpoints[number].prefix for number in (one, other))
        asked = [
            _within(self.source, source), _within(self.destination, destination), self.at[0] == _FIRST + one
        ]  # fmt: skip
        return asked, self.at[1] == _FIRST + other, self.at[2] == _FIRST + other


def _within(term: Any, numbers: Range) -> Any:
    return z3.And(z3.UGE(term, numbers[0]), z3.ULE(term, numbers[1]))


def pairs_of(model: Model, every: int) -> Iterator[tuple[int, int]]:
    """Return one of `every` so many ordered pairs, spread evenly."""
    size = len(model.endpoints)
    pairs = ((one, other) for one in range(size) for other in range(size) if one != other)
    return (pair for number, pair in enumerate(pairs) if number % every == 0)


class Shared:
    """One solver that holds the relation, and asks about each pair between push and pop."""

    def __init__(self, model: Model) -> None:
        self._network = Network(model)
        self._relation = self._network.relation()
        self._solver = z3.SolverFor("QF_BV")
        self._solver.add(*self._relation)

    def code(self, one: int, other: int) -> int:
        """Return 3 where something arrives at once, 1 where something does behind the appliance, else 0."""
        asked, at_once, behind = self._network.question(one, other)
        for goal, value in ((at_once, 3), (behind, 1)):
            self._solver.push()
            self._solver.add(*asked, goal)
            found = self._solver.check()
            self._solver.pop()
            if found == z3.sat:
                return value
        return 0

    def size(self) -> int:
        return sum(map(_nodes, self._relation))

    def work(self) -> int:
        return _work(self._solver)


class Fresh:
    """A solver for each question; the terms of the relation are built once."""

    def __init__(self, model: Model) -> None:
        self._network = Network(model)
        self._relation = self._network.relation()
        self._done = 0

    def code(self, one: int, other: int) -> int:
        """Return the same byte."""
        asked, at_once, behind = self._network.question(one, other)
        for goal, value in ((at_once, 3), (behind, 1)):
            solver = z3.SolverFor("QF_BV")
            solver.add(*self._relation, *asked, goal)
            found = solver.check()
            self._done += _work(solver)
            if found == z3.sat:
                return value
        return 0

    def size(self) -> int:
        return sum(map(_nodes, self._relation))

    def work(self) -> int:
        return self._done


def _work(solver: Any) -> int:
    statistics = solver.statistics()
    return next((statistics.get_key_value(key) for key in statistics.keys() if key == "rlimit count"), 0)  # noqa: SIM118


def _nodes(term: Any) -> int:
    """Return how many different subterms a term has."""
    seen, waiting = set(), [term]
    while waiting:
        current = waiting.pop()
        if current.get_id() not in seen:
            seen.add(current.get_id())
            waiting += current.children()
    return len(seen)
