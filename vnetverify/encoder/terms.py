"""SMT-LIB terms as text: a page of small functions that fold what is known.

A term is a Boolean or bit-vector expression. Connectives of nought or one argument are folded, since
some solvers refuse them; constants disappear where they can.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from vnetverify.header import Interval, IntervalSet, Prefix, prefixes_of

Term = str

_FEW_INTERVALS = 200

TRUE: Term = "true"
FALSE: Term = "false"


def negate(term: Term) -> Term:
    if term == TRUE:
        return FALSE
    if term == FALSE:
        return TRUE
    if term.startswith("(not "):
        return term[5:-1]
    return f"(not {term})"


def all_of(*terms: Term) -> Term:
    kept = dict.fromkeys(term for term in terms if term != TRUE)
    if FALSE in kept:
        return FALSE
    if len(kept) < 2:
        return next(iter(kept), TRUE)
    return f"(and {' '.join(kept)})"


def any_of(*terms: Term) -> Term:
    kept = dict.fromkeys(term for term in terms if term != FALSE)
    if TRUE in kept:
        return TRUE
    if len(kept) < 2:
        return next(iter(kept), FALSE)
    return f"(or {' '.join(kept)})"


def none_of(*terms: Term) -> Term:
    return negate(any_of(*terms))


def either(condition: Term, then: Term, otherwise: Term) -> Term:
    """Return `then` where `condition` holds, else `otherwise`; all three are Boolean."""
    if condition == TRUE or then == otherwise:
        return then
    if condition == FALSE:
        return otherwise
    if then == TRUE:
        return any_of(condition, otherwise)
    if then == FALSE:
        return all_of(negate(condition), otherwise)
    if otherwise == FALSE:
        return all_of(condition, then)
    if otherwise == TRUE:
        return any_of(negate(condition), then)
    return f"(ite {condition} {then} {otherwise})"


def first_match(taken: Sequence[tuple[bool, Term]], otherwise: Term) -> Term:
    """Hold when the first of `taken` that matches allows, or none does and `otherwise` holds; runs of one action join.

    Each is whether it allows, and what matches it.
    """
    result = otherwise
    for allows, run in groupby(reversed(taken), key=itemgetter(0)):
        matches = any_of(*reversed([term for _, term in run]))
        result = any_of(matches, result) if allows else all_of(negate(matches), result)
    return result


def bits(value: int, width: int) -> Term:
    """Return the low `width` bits of the unsigned `value` as a bit-vector.

    An address of IPv6 so loses what tells it from one of IPv4: a field is of one family, and folds by it.
    """
    value &= (1 << width) - 1
    return f"#x{value:0{width // 4}x}" if width % 4 == 0 else f"#b{value:0{width}b}"


def at_most(most: int, terms: Sequence[Term]) -> Term:
    """Hold when no more than `most` of the Boolean `terms` hold."""
    if most >= len(terms):
        return TRUE
    width = len(terms).bit_length()
    one, count = bits(1, width), bits(0, width)
    for term in terms:
        count = f"(bvadd {count} (ite {term} {one} {bits(0, width)}))"
    return f"(bvule {count} {bits(most, width)})"


@dataclass(frozen=True, slots=True)
class Field:
    """A header field: an unsigned bit-vector and the numbers it can have where the term is used.

    Tests fold against `within`, so a term is valid only under the premise that the field lies there.
    """

    term: Term
    width: int
    within: IntervalSet
    lows: tuple[int, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_simple(self) -> bool:
        """Tell whether what is known of the field is little enough to compute with at every use."""
        return len(self.within.intervals) <= _FEW_INTERVALS

    def narrowed(self, numbers: IntervalSet) -> Field:
        """Return the field where it is known to lie in `numbers` as well, unless that would cost more than it folds."""
        if not self.is_simple and len(numbers.intervals) > 1:
            return self
        return field_within(self.term, self.width, self.within & numbers)

    def meets(self, interval: Interval) -> bool:
        """Tell whether some possible number lies in `interval`."""
        index = bisect_right(self.lows, interval.high) - 1
        return index >= 0 and self.within.intervals[index].high >= interval.low

    def lies_within(self, interval: Interval) -> bool:
        """Tell whether every possible number, of which there is one, lies in `interval`."""
        within = self.within.intervals
        return interval.low <= within[0].low and within[-1].high <= interval.high


def field_within(term: Term, width: int, within: IntervalSet) -> Field:
    return Field(term, width, within, tuple(interval.low for interval in within.intervals))


def constant(value: int, width: int) -> Field:
    return field_within(bits(value, width), width, IntervalSet((Interval(value, value),)))


def equals(number: Field, value: int) -> Term:
    """Hold when `number` is `value`."""
    return lies_between(number, Interval(value, value))


def lies_between(number: Field, interval: Interval) -> Term:
    """Hold when `number` lies in `interval`, bounds included."""
    if not number.meets(interval):
        return FALSE
    if number.lies_within(interval):
        return TRUE
    span = interval.high - interval.low
    if span & (span + 1) == 0 and interval.low & span == 0:
        return _shares_leading_bits(number, interval.low, number.width - span.bit_length())
    within = number.within.intervals
    return all_of(
        TRUE if within[0].low >= interval.low else f"(bvuge {number.term} {bits(interval.low, number.width)})",
        TRUE if within[-1].high <= interval.high else f"(bvule {number.term} {bits(interval.high, number.width)})",
    )


def _shares_leading_bits(number: Field, value: int, length: int) -> Term:
    host_bits = number.width - length
    if host_bits == 0:
        return f"(= {number.term} {bits(value, number.width)})"
    return f"(= ((_ extract {number.width - 1} {host_bits}) {number.term}) {bits(value >> host_bits, length)})"


def lies_in(address: Field, prefix: Prefix) -> Term:
    """Hold when the unsigned `address` lies in `prefix`, which is of its family or holds nothing of it."""
    return lies_between(address, Interval(prefix.value, prefix.last))


def is_among(number: Field, numbers: IntervalSet) -> Term:
    """Hold when `number` lies in one of the intervals of `numbers`."""
    met = [interval for interval in numbers if number.meets(interval)]
    if len(met) > 1 and number.is_simple and not number.within - numbers:
        return TRUE
    return any_of(*(lies_between(number, interval) for interval in met))


@dataclass(slots=True)
class Script:
    """Declarations and shared definitions of one obligation; symbols are a letter and a number."""

    lines: list[str] = field(default_factory=list)
    _names: dict[Term, Term] = field(default_factory=dict)
    _held: dict[Term, Term] = field(default_factory=dict)

    def declare(self, symbol: Term, width: int | None = None) -> Term:
        """Declare a Boolean constant, or a bit-vector of `width` bits, and return it."""
        self.lines.append(f"(declare-const {symbol} {'Bool' if width is None else f'(_ BitVec {width})'})")
        return symbol

    def share(self, term: Term) -> Term:
        """Return a name for the Boolean `term`; equal terms share one definition."""
        if len(term) < 40:
            return term
        name = self._names.get(term)
        if name is None:
            name = f"d{len(self._names)}"
            self._names[term] = name
            self.lines.append(f"(define-fun {name} () Bool {term})")
        return name

    def hold(self, term: Term) -> Term:
        """Return a constant as true as `term`, which solvers do not unfold where it stands: for long chains."""
        if len(term) < 40:
            return term
        name = self._held.get(term)
        if name is None:
            name = self.declare(f"h{len(self._held)}")
            self._held[term] = name
            self.lines.append(f"(assert (= {name} {term}))")
        return name


@dataclass(frozen=True, slots=True)
class Key:
    """What a tree decides by: an address below the bits of a selector (for spaces that overlap)."""

    address: Field
    selector: Term | None = None
    selector_width: int = 0

    @property
    def width(self) -> int:
        return self.address.width + self.selector_width

    def under(self, selector: int, address: int = 0) -> int:
        """Return the key of `address` under that selector, as a number."""
        return selector << self.address.width | address & ((1 << self.address.width) - 1)

    def has_bits(self, value: int, start: int, end: int) -> Term:
        """Hold when bits `start` to `end` (exclusive, counted from the top) are those of `value`."""
        tests = []
        if start < min(end, self.selector_width):
            high, low = self.selector_width - 1 - start, max(self.selector_width - end, 0)
            tests.append(_has_bits(str(self.selector), value >> self.address.width, high, low))
        start = max(start, self.selector_width)
        if start < end:
            tests.append(_has_bits(self.address.term, value, self.width - 1 - start, self.width - end))
        return all_of(*tests)


def _has_bits(term: Term, value: int, high: int, low: int) -> Term:
    return f"(= ((_ extract {high} {low}) {term}) {bits(value >> low, high - low + 1)})"


@dataclass(frozen=True, slots=True)
class Branch:
    """A term that counts where the key starts with the first `length` bits of `value`."""

    value: int
    length: int
    term: Term


def branches_of(key: Key, addresses: IntervalSet, term: Term, selector: int = 0) -> list[Branch]:
    """Return branches that give `term` exactly to `addresses` under that selector."""
    return [
        Branch(key.under(selector, prefix.value), key.selector_width + prefix.length, term)
        for prefix in prefixes_of(addresses)
    ]


def decision_tree(key: Key, branches: Sequence[Branch], share: Callable[[Term], Term], free_outside: bool) -> Term:
    """Return the disjunction of the branches that the key falls into, as a tree over its bits.

    An if-then-else tree is what solvers take best (a disjunction costs twenty times more at a thousand
    branches). With `free_outside` keys in no branch may give anything; otherwise they give false.
    """

    def decide(depth: int, inside: Sequence[Branch], free: bool) -> Term:
        here = any_of(*(branch.term for branch in inside if branch.length <= depth))
        deeper = [branch for branch in inside if branch.length > depth]
        free = free and len(deeper) == len(inside)  # below a branch that has been decided no key is outside
        if not deeper or here == TRUE:
            return here
        common = _common_bits(deeper, key.width)
        if common > depth:
            below = decide(common, deeper, free)
            known = TRUE if free else key.has_bits(deeper[0].value, depth, common)
            return share(any_of(here, all_of(known, below)))
        position = key.width - 1 - depth
        ones = [branch for branch in deeper if branch.value >> position & 1]
        zeros = [branch for branch in deeper if not branch.value >> position & 1]
        split = either(
            key.has_bits(1 << position, depth, depth + 1), decide(depth + 1, ones, free), decide(depth + 1, zeros, free)
        )
        return share(any_of(here, split))

    # Where keys outside are free, a branch that gives false is still one: its keys are not outside.
    return decide(
        0, branches if free_outside else [branch for branch in branches if branch.term != FALSE], free_outside
    )


def _common_bits(branches: Sequence[Branch], width: int) -> int:
    """Return how many leading bits all branches fix and share."""
    shortest = min(branch.length for branch in branches)
    first = branches[0].value
    differing = 0
    for branch in branches:
        differing |= branch.value ^ first
    return min(shortest, width - differing.bit_length())
