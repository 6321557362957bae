"""The lists that judge what is forwarded, as rows: policies of appliances, and groups at their interfaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetverify.header import ALL_PORTS, IntervalSet
from vnetverify.matrix.cells import Hits
from vnetverify.matrix.courses import Passage
from vnetverify.matrix.filters import Filters
from vnetverify.matrix.spots import Order
from vnetverify.matrix.wide import EVERYONE, Bounds, Extent, Frame, Line
from vnetverify.model.network import Network, PolicyRule
from vnetverify.model.security import Access


@dataclass(frozen=True, slots=True)
class _Index:
    """The lines of a policy by the spots on one side: those for all, and those for each, by position."""

    common: tuple[int, ...]
    of_spot: tuple[tuple[tuple[int, bool], ...], ...]
    lines: tuple[tuple[bool, Extent, Hits], ...]

    def lines_at(self, spot: int) -> Iterator[Line]:
        """Return the lines that speak of a spot, in their order; of one that may not speak of all nothing is sure."""
        own = dict(self.of_spot[spot])
        for number in sorted((*self.common, *own)):
            allows, far, hits = self.lines[number]
            yield Line(allows, far, hits if own.get(number, True) else Hits(0, hits.part))


class Passages:
    """The lists of one network under one reading."""

    def __init__(self, network: Network, order: Order, frame: Frame, filters: Filters) -> None:
        self._network = network
        self._order = order
        self._frame = frame
        self._filters = filters
        self._indexes: dict[tuple[str, bool], _Index] = {}
        self._spot = -1
        self._of_spot: dict[Passage | tuple[str, ...], Bounds] = {}

    def of(self, spot: int, passage: Passage) -> Bounds:
        """Return what a list says of first packets from a spot to every other."""
        return self._kept(spot, passage)

    def of_replies(self, spot: int, devices: tuple[str, ...]) -> Bounds:
        """Return what the policies of stateless appliances say of replies to a spot from every other."""
        return self._kept(spot, devices)

    def _kept(self, spot: int, asked: Passage | tuple[str, ...]) -> Bounds:
        """Return the bounds, which are kept while the same spot is asked about."""
        if self._spot != spot:
            self._spot, self._of_spot = spot, {}
        found = self._of_spot.get(asked)
        if found is None:
            found = self._of_spot[asked] = self._found(spot, asked)
        return found

    def _found(self, spot: int, asked: Passage | tuple[str, ...]) -> Bounds:
        if isinstance(asked, Passage):
            if asked.group is None:
                return self._by_policy(asked.owner, spot, reply=False)
            subnet, source = self._network.subnet(asked.subnet), self._order.spots[spot]
            return self._filters.at_interface(asked.group, subnet, asked.direction, source)
        bounds = Bounds(self._frame.all, 0)
        for device in asked:
            bounds &= self._by_policy(device, spot, reply=True)
        return bounds

    def _by_policy(self, owner: str, spot: int, *, reply: bool) -> Bounds:
        index = self._indexes.get((owner, reply))
        if index is None:
            policy = self._network.machines[owner].policy
            index = self._indexes[owner, reply] = self._indexed(policy or (), reply)
        return self._frame.bounds(index.lines_at(spot))

    def _indexed(self, policy: tuple[PolicyRule, ...], reply: bool) -> _Index:
        """Return the lines by source, of replies by destination, since there the spot is where they go."""
        common: list[int] = []
        of_spot: list[list[tuple[int, bool]]] = [[] for _ in self._order.spots]
        lines = []
        for number, line in enumerate(policy):
            near, far = (line.destinations, line.sources) if reply else (line.sources, line.destinations)
            hits = self._frame.cells.hits((line.protocol, ALL_PORTS, line.destination_ports), reply=reply)
            lines.append((line.access is Access.ALLOW, self._extent(far), hits))
            if not hits.part:
                continue
            extent = self._extent(near)
            if extent is EVERYONE:
                common.append(number)
                continue
            full = {index for run in extent.full for index in range(*run)}
            for run in extent.part:
                for index in range(*run):
                    of_spot[index].append((number, index in full))
        return _Index(tuple(common), tuple(map(tuple, of_spot)), tuple(lines))

    def _extent(self, addresses: IntervalSet) -> Extent:
        if len(addresses.intervals) == 1:
            full, part = self._order.runs(addresses.intervals[0])
        else:
            full, part = self._order.runs_of(addresses)
        return EVERYONE if full == ((0, len(self._order.spots)),) else Extent(full, part)
