"""The matrix of a network: every ordered pair of subnets, in every world and as documented."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from vnetverify.matrix.answers import is_settled, together
from vnetverify.matrix.reading import reading
from vnetverify.matrix.split import refined
from vnetverify.matrix.survey import Ground, Survey, ground_of
from vnetverify.model.network import Network, Service, Subnet

_MOST_SPLIT = 20_000
_SETTLED = bytes(is_settled(code) for code in range(256))


@dataclass(frozen=True, slots=True)
class Matrix:
    """Bytes of `answers` by row and column: of all worlds in `codes`, and in `documented` where facts read so.

    `senders` and `receivers` are the subnets of the rows and columns. A byte of a subnet and itself says nothing.
    `spot_rows` are those of the senders' spots as documented, before boxes decided anything.
    """

    service: Service
    senders: tuple[Subnet, ...]
    receivers: tuple[Subnet, ...]
    codes: tuple[bytes, ...]
    documented: tuple[bytes, ...]
    survey: Survey
    documented_survey: Survey
    spot_rows: tuple[tuple[int, bytes], ...]

    def facts(self, sender: str, receiver: str) -> frozenset[str]:
        """Return the open facts that may have to do with what becomes of the flows of a pair."""
        facts: frozenset[str] = frozenset()
        spots = self.survey.ground.spots
        for spot, one in enumerate(spots):
            if one.subnet.id == sender:
                for other, another in enumerate(spots):
                    if another.subnet.id == receiver:
                        facts |= self.survey.facts_between(spot, other)
        return facts

    def pairs(self) -> int:
        """Return how many ordered pairs there are."""
        both = {subnet.id for subnet in self.senders} & {subnet.id for subnet in self.receivers}
        return len(self.senders) * len(self.receivers) - len(both)


def matrix_of(
    network: Network,
    service: Service,
    assumed: Mapping[str, bool],
    senders: Collection[str] | None = None,
    receivers: Collection[str] | None = None,
) -> Matrix:
    """Return the matrix of a network of IPv4 between these subnets, all of them where none are named.

    Where bounds leave a pair open, they stay apart in its byte.
    """
    ground = ground_of(network, service)
    table = _Folding(ground, senders, receivers)
    survey = Survey(ground, reading(assumed, documented=False))
    ends, rows = (table.senders, table.receivers), tuple(table.rows(survey))
    codes = tuple(table.folded(refined(survey, rows, _MOST_SPLIT)))
    if all(_is_all_settled(row) for row in codes):
        return Matrix(service, *ends, codes, codes, survey, survey, rows)
    as_documented = Survey(ground, reading(assumed, documented=True))
    rows = tuple(table.rows(as_documented))
    documented = tuple(table.folded(refined(as_documented, rows, _MOST_SPLIT)))
    return Matrix(service, *ends, codes, documented, survey, as_documented, rows)


def _is_all_settled(row: bytes) -> bool:
    return 0 not in row.translate(_SETTLED)


class _Folding:
    """From spots to subnets."""

    def __init__(self, ground: Ground, senders: Collection[str] | None, receivers: Collection[str] | None) -> None:
        spots: dict[str, list[int]] = {}
        subnets: dict[str, Subnet] = {}
        for position, spot in enumerate(ground.spots):
            spots.setdefault(spot.subnet.id, []).append(position)
            subnets[spot.subnet.id] = spot.subnet
        self._spots = spots
        declared = [subnet for subnet in ground.network.subnets() if subnet.id in spots]
        self.senders = tuple(subnet for subnet in declared if senders is None or subnet.id in senders)
        self.receivers = tuple(subnet for subnet in declared if receivers is None or subnet.id in receivers)
        self._columns = [spots[subnet.id] for subnet in self.receivers]

    def rows(self, survey: Survey) -> Iterator[tuple[int, bytes]]:
        """Return the rows of the senders' spots, subnet by subnet."""
        for subnet in self.senders:
            for spot in self._spots[subnet.id]:
                yield spot, survey.row(spot)

    def folded(self, rows: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
        """Return a row for each sender, with a byte for each receiver."""
        taken = iter(rows)
        for subnet in self.senders:
            merged: bytes | None = None
            for _ in self._spots[subnet.id]:
                _, row = next(taken)
                merged = row if merged is None else bytes(map(together, merged, row))
            assert merged is not None
            yield bytes(self._folded(merged))

    def _folded(self, row: bytes) -> Iterator[int]:
        for column in self._columns:
            code = row[column[0]]
            for position in column[1:]:
                code = together(code, row[position])
            yield code
