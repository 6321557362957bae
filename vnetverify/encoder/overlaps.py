"""Which rules of two versions decide the same packets otherwise, told from the bounds of the rules alone.

F-NSG-4, F-EVAL-1, F-EVAL-2, F-EVAL-3, F-EVAL-4.

A rule decides about what it matches and no rule before it does. So two rules, one of each version, decide about a
packet iff what both match is not taken by the rules before the one and before the other; and where two versions differ,
one of the rules that decide is one that its version alone has. What rules match is bounded from both sides (`Extent`):
where the bounds do not settle whether packets are left, the answer is for the solver.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from vnetverify.encoder.comparing import LAST_RULE, Alignment, Decision
from vnetverify.encoder.extents import Extent, Extents, Plane
from vnetverify.encoder.lists import LineName
from vnetverify.encoder.regions import DESTINATION_PORT, Region, Steps, TooMuch, meet, remainder
from vnetverify.facts import QUESTIONS, Uncertainty
from vnetverify.header import Flow
from vnetverify.model.security import Access, Direction, Nsg

_STEPS = 6_000_000
_USUAL_PORT, _HTTPS = 49152, 443
_COVERED = Uncertainty("U-ANYPROTO", documented=QUESTIONS["U-ANYPROTO"].documented)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two decisions about `flow`, and surely about it, that differ.

    So it is where the facts `needed` hold, which are documented as false, and all others are as documented.
    """

    old: Decision
    new: Decision
    was_allowed: bool
    flow: Flow
    needed: tuple[Uncertainty, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A rule in its list; `lowest` and `highest` are the bounds of its destination ports.

    In groups that both versions have alike, lines of one `number` are the same rule.
    """

    name: LineName
    number: int
    allows: bool
    is_changed: bool
    surely: Region | None
    perhaps: Region
    given: Uncertainty | None
    lowest: int
    highest: int

    @property
    def is_exact(self) -> bool:
        return self.surely is self.perhaps


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a rule takes first of packets, surely and at most, where a fact holds."""

    surely: Region | None
    perhaps: Region
    given: Uncertainty


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is left for some rules to decide where the facts `given` hold: packets that all match, without those that
    others take first.

    `surely` and `perhaps` bound the former, `taken` (surely) and `doubtful` (perhaps) the latter; where they are the
    same, `is_exact`. What other facts would have taken is in `unless`: these can always be false.
    """

    surely: Region | None
    perhaps: Region
    taken: tuple[Region, ...] = ()
    doubtful: tuple[Region, ...] = ()
    is_exact: bool = True
    given: tuple[Uncertainty, ...] = ()
    unless: tuple[_Taken, ...] = ()


_Lists = Sequence[Sequence[_Line]]
_Chosen = tuple[_Line, ...]


@dataclass(slots=True)
class Overlaps:
    """The pairs of decisions in which two aligned versions differ; `is_complete` tells after all were asked for whether
    there are no others."""

    alignment: Alignment
    steps: Steps = field(default_factory=lambda: Steps(_STEPS))
    is_complete: bool = True
    _extents: dict[tuple[int, Plane], Extent] = field(default_factory=dict)
    _found: set[tuple[Decision, Decision]] = field(default_factory=set)
    _doubtful: set[tuple[Decision, Decision]] = field(default_factory=set)

    def __iter__(self) -> Iterator[Overlap]:
        """Yield each pair of decisions once."""
        pair = self.alignment.pair
        if pair.old.spot.is_endpoint or pair.old.entry is not None or self.alignment.has_admin:
            self.is_complete = False  # there rules read otherwise, or others than those of groups have a say
            return
        extents = tuple(
            Extents(asking.filters, self.alignment.header, context.spot, self.alignment.direction)
            for asking, context in zip(self.alignment.askings, (pair.old, pair.new), strict=True)
        )
        try:
            for plane in extents[0].planes:
                if self._is_in_question(plane, extents):
                    old, new = (self._lists(side, bounds, plane) for side, bounds in enumerate(extents))
                    yield from self._of_plane(plane, (old, new))
        except TooMuch:
            self.is_complete = False
        if self._doubtful - self._found:
            self.is_complete = False

    def _is_in_question(self, plane: Plane, extents: Sequence[Extents]) -> bool:
        """Tell whether a rule that one version alone has can match packets of the plane."""
        if self.alignment.changed is None:
            return True
        return any(
            extents[side].of(self._nsg(side, position), rule, plane).perhaps is not None
            for position, changed in enumerate(self.alignment.changed)
            for side, rules in enumerate(changed)
            for rule in rules
        )

    def _nsg(self, side: int, position: int) -> Nsg:
        return self.alignment.estates[side].network.nsgs[self.alignment.lists[side][position].nsg]

    def _lists(self, side: int, extents: Extents, plane: Plane) -> list[list[_Line]]:
        """Return the groups in the order they are asked in, without rules that match nothing of the plane."""
        changed = self.alignment.changed
        found: list[list[_Line]] = []
        for position, group in enumerate(self.alignment.lists[side]):
            own = {rule.name for rule in changed[position][side]} if changed is not None else set()
            lines: list[_Line] = []
            for number, (rule, match) in enumerate(zip(group.rules, group.matches, strict=True)):
                extent = self._extents.get((match, plane))
                if extent is None:
                    extent = extents.of(self._nsg(side, position), rule, plane)
                    self._extents[match, plane] = extent
                allows = rule.access is Access.ALLOW
                lines += _line((group.nsg, rule.name), number, allows, rule.name in own, extent)
            last = (group.nsg, LAST_RULE[self.alignment.direction])
            lines += _line(last, len(group.rules), False, False, extents.whole(plane))
            found.append(lines)
        return found if self.alignment.direction is Direction.INBOUND else found[::-1]

    # -- decisions ----------------------------------------------------------------------------------------

    def _of_plane(self, plane: Plane, lists: tuple[_Lists, _Lists]) -> Iterator[Overlap]:
        for side, position, line in self._roots(lists):
            for chosen, verdict, rest in self._own(lists[side], position, line):
                for others, left in self._others(lists[1 - side], chosen, not verdict, rest):
                    decisions = tuple(tuple(one.name for one in lines) for lines in (chosen, others))
                    old, new = decisions if side == 0 else decisions[::-1]
                    if (old, new) in self._found or (old, new) in self._doubtful:
                        continue
                    sure = self._surely(left)
                    if sure is not None:
                        self._found.add((old, new))
                        yield Overlap(old, new, verdict is (side == 0), _flow(sure), _needed(plane, left))
                    elif not left.is_exact and self._is_possible(left):
                        self._doubtful.add((old, new))

    def _roots(self, lists: tuple[_Lists, _Lists]) -> Iterator[tuple[int, int, _Line]]:
        """Yield rules, by side and position of their group, of which one decides wherever the versions differ."""
        if self.alignment.changed is None:
            side = 0 if lists[0] else 1
            yield from ((side, 0, line) for line in lists[side][0])
            return
        for position, groups in enumerate(zip(*lists, strict=True)):
            for side, lines in enumerate(groups):
                yield from ((side, position, line) for line in lines if line.is_changed)

    def _own(self, lists: _Lists, position: int, root: _Line) -> Iterator[tuple[_Chosen, bool, _Rest]]:
        """Yield the decisions of a version in which `root` takes part, with what they let through."""
        given = () if root.given is None else (root.given,)
        start = _Rest(root.surely, root.perhaps, is_exact=root.is_exact, given=given)
        for _, rest in self._extended(start, lists[position], only=root):
            if self._is_possible(rest):
                yield from self._completed(lists, 0, (), position, root, rest)

    def _completed(
        self, lists: _Lists, number: int, chosen: _Chosen, position: int, root: _Line, rest: _Rest
    ) -> Iterator[tuple[_Chosen, bool, _Rest]]:
        if number == len(lists):
            yield chosen, True, rest
        elif number == position:
            if root.allows:
                yield from self._completed(lists, number + 1, (*chosen, root), position, root, rest)
            else:
                yield (*chosen, root), False, rest
        else:
            for line, left in self._extended(rest, lists[number]):
                if not self._is_possible(left):
                    continue
                if line.allows:
                    yield from self._completed(lists, number + 1, (*chosen, line), position, root, left)
                elif number > position:
                    yield (*chosen, line), False, left

    def _others(
        self, lists: _Lists, chosen: _Chosen, wanted: bool, rest: _Rest, number: int = 0
    ) -> Iterator[tuple[_Chosen, _Rest]]:
        """Yield the decisions of the other version that are `wanted`, to let through or to stop."""
        if number == len(lists):
            if wanted:
                yield (), rest
            return
        if number < len(chosen) and self._is_kept(number):
            # The same rule decides here in both versions; one that denies leaves them no difference.
            twin = next(line for line in lists[number] if line.number == chosen[number].number)
            if twin.allows:
                for others, left in self._others(lists, chosen, wanted, rest, number + 1):
                    yield (twin, *others), left
            return
        is_last = number + 1 == len(lists)
        for line, left in self._extended(rest, lists[number]):
            if not line.allows:
                if not wanted:
                    yield (line,), left
            elif (wanted or not is_last) and (is_last or self._is_possible(left)):
                for others, more in self._others(lists, chosen, wanted, left, number + 1):
                    yield (line, *others), more

    def _is_kept(self, number: int) -> bool:
        """Tell whether the group at a place of the order is the same in both versions."""
        changed = self.alignment.changed
        if changed is None:
            return False
        position = number if self.alignment.direction is Direction.INBOUND else len(changed) - 1 - number
        return not any(changed[position])

    # -- what is left -------------------------------------------------------------------------------------

    def _extended(
        self, rest: _Rest, lines: Sequence[_Line], only: _Line | None = None
    ) -> Iterator[tuple[_Line, _Rest]]:
        """Yield each rule of a group that some of the packets may reach and match, with what is left for it.

        With `only` it is that rule, whose extent the packets are in already.
        """
        taken, doubtful, unless, is_exact = list(rest.taken), list(rest.doubtful), list(rest.unless), rest.is_exact
        lowest, highest = rest.perhaps[DESTINATION_PORT][0][0], rest.perhaps[DESTINATION_PORT][-1][1]
        near = [line for line in lines if line.lowest <= highest and line.highest >= lowest]
        self.steps.take(len(lines) // 8 + len(near))
        for line in near:
            if line is only:
                yield (
                    line,
                    replace(
                        rest, taken=tuple(taken), doubtful=tuple(doubtful), unless=tuple(unless), is_exact=is_exact
                    ),
                )
                return
            perhaps = meet(line.perhaps, rest.perhaps)
            if perhaps is None:
                continue
            surely = perhaps if line.is_exact else line.surely and meet(line.surely, rest.perhaps)
            if only is None:
                both = surely if rest.is_exact else surely and rest.surely and meet(surely, rest.surely)
                given = rest.given if line.given is None else tuple(dict.fromkeys((*rest.given, line.given)))
                yield (
                    line,
                    _Rest(
                        both, perhaps, tuple(taken), tuple(doubtful), is_exact and line.is_exact, given, tuple(unless)
                    ),
                )
            is_exact = is_exact and line.is_exact
            if line.given is not None and line.given not in rest.given:
                unless.append(_Taken(surely, perhaps, line.given))
                continue
            if surely == rest.perhaps:
                return  # nothing is left for rules behind
            if surely is not None:
                taken.append(surely)
            doubtful.append(perhaps)

    def _is_possible(self, rest: _Rest) -> bool:
        """Tell whether packets may be left."""
        also = (one.surely for one in rest.unless if one.given in rest.given and one.surely is not None)
        return remainder(rest.perhaps, (*rest.taken, *also), self.steps) is not None

    def _surely(self, rest: _Rest) -> Region | None:
        """Return packets that are left where the facts given hold and all others of their kind do not."""
        if rest.surely is None:
            return None
        also = (one.perhaps for one in rest.unless if one.given in rest.given)
        return remainder(rest.surely, (*rest.doubtful, *also), self.steps)


def _needed(plane: Plane, rest: _Rest) -> tuple[Uncertainty, ...]:
    return (_COVERED, *rest.given) if plane is Plane.COVERED else rest.given


def _line(name: LineName, number: int, allows: bool, is_changed: bool, extent: Extent) -> Iterator[_Line]:
    """Yield the line of a rule, none where it matches nothing."""
    if extent.perhaps is not None:
        ports = extent.perhaps[DESTINATION_PORT]
        low, high = ports[0][0], ports[-1][1]
        yield _Line(name, number, allows, is_changed, extent.surely, extent.perhaps, extent.given, low, high)


def _flow(region: Region) -> Flow:
    """Return a packet of a region, by usual ports where it has them."""
    protocols, destination_ports, sources, destinations, source_ports = region
    ports = (
        usual if any(low <= usual <= high for low, high in held) else held[0][0]
        for usual, held in ((_USUAL_PORT, source_ports), (_HTTPS, destination_ports))
    )
    return Flow(protocols[0][0], sources[0][0], next(ports), destinations[0][0], next(ports))
