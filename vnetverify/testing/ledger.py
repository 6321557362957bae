"""What a campaign has covered: features of networks, bounds that flows stand on, and outcomes, alone and together.

A gap in what is drawn is a fault that no comparison finds. So every cell counts, and an empty one that could be
filled is a failure of the campaign.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product

from vnetverify.header import Flow
from vnetverify.model.intents import Verb
from vnetverify.model.network import Network
from vnetverify.simulator.positions import Astray, Delivered, Dropped, LeftToInternet, ToPlatform
from vnetverify.simulator.walk import Conversation
from vnetverify.testing.boundaries import BOUNDARIES, Edges, boundaries_of, edges_of
from vnetverify.testing.features import FEATURES, features_of
from vnetverify.testing.impossible import reason_against

VERDICTS = ("proved", "refuted", "unknown", "vacuous")

# How a packet ends that is dropped, by the rule that drops it: the longest beginning that fits.
_DROPS = {
    "F-NSG": "stopped by a group",
    "F-DEF": "stopped by a default rule",
    "F-ADM": "stopped by an admin rule",
    "F-PIP": "stopped at a public address",
    "F-LB": "lost at a load balancer",
    "F-PE": "lost at a private endpoint",
    "F-FW": "stopped by a firewall",
    "R-ADDR": "an address that nobody can have",
    "R-GW": "lost at a gateway or site",
    "R-META-3": "not forwarded by an appliance",
    "R-PEER": "lost at a peering",
    "R-SYS": "dropped by a system route",
    "R-TRAF-3": "a loop",
    "R-TRAF-5": "no way out",
    "R-TRAF-7": "a protocol that is not carried",
    "R-UDR-6": "dropped by a user route",
    "R-UDR": "lost at a next hop",
}
_OTHERS = (
    "answered",
    "delivered, and the reply is lost",
    "out to the Internet and back",
    "out to the Internet, and the reply is lost",
    "taken by the platform",
    "translated a third time",
    "dropped otherwise",
)
OUTCOMES = (*_OTHERS, *dict.fromkeys(_DROPS.values()))


def outcome_of(conversation: Conversation) -> str:
    """Return how a flow fares, as one of `OUTCOMES`."""
    answered = conversation.established
    match conversation.forward.outcome:
        case Delivered():
            return "answered" if answered else "delivered, and the reply is lost"
        case LeftToInternet():
            return "out to the Internet and back" if answered else "out to the Internet, and the reply is lost"
        case ToPlatform():
            return "taken by the platform"
        case Dropped(rule=rule):
            fitting = [begins for begins in _DROPS if rule == begins or rule.startswith(f"{begins}-")]
            return _DROPS[max(fitting, key=len)] if fitting else "dropped otherwise"
        case Astray():
            return "translated a third time"
        case _:
            raise ValueError("a conversation ends somewhere")


Cell = tuple[str, ...]


@dataclass(slots=True)
class Ledger:
    """How often each cell was hit: `triples` are feature, bound and outcome, `claims` feature, verb and verdict."""

    triples: Counter[Cell] = field(default_factory=Counter)
    pairs: Counter[Cell] = field(default_factory=Counter)
    claims: Counter[Cell] = field(default_factory=Counter)

    def note_network(self, network: Network) -> Noted:
        """Count a network, and return what its flows and claims are then counted with."""
        features = features_of(network)
        self.pairs.update(combinations(sorted(features), 2))
        return Noted(self, features, edges_of(network))

    def update(self, other: Ledger) -> None:
        for mine, theirs in zip(self._tables(), other._tables(), strict=True):
            mine.update(theirs)

    def _tables(self) -> tuple[Counter[Cell], ...]:
        return self.triples, self.pairs, self.claims

    def as_json(self) -> dict[str, dict[str, int]]:
        return {
            name: {"|".join(cell): count for cell, count in sorted(table.items())}
            for name, table in zip(("triples", "pairs", "claims"), self._tables(), strict=True)
        }

    @staticmethod
    def of_json(told: Mapping[str, Mapping[str, int]]) -> Ledger:
        """Return the ledger that `as_json` told."""
        tables = (Counter({tuple(cell.split("|")): n for cell, n in told[t].items()}) for t in ("triples", "pairs"))
        triples, pairs = tables
        return Ledger(triples, pairs, Counter({tuple(cell.split("|")): n for cell, n in told["claims"].items()}))

    # -- what is covered --------------------------------------------------------------------------------

    def singles(self) -> dict[str, Table]:
        """Return the tables of features, bounds and outcomes alone, and of verbs with verdicts."""
        return {
            "features": self._seen(0, FEATURES),
            "bounds": self._seen(1, BOUNDARIES),
            "outcomes": self._seen(2, OUTCOMES),
            "verdicts of verbs": _table(self.claims, (1, 2), product((verb.value for verb in Verb), VERDICTS)),
        }

    def doubles(self) -> dict[str, Table]:
        """Return the tables of two at a time."""
        verbs = [verb.value for verb in Verb]
        return {
            "pairs of features": _table(self.pairs, (0, 1), combinations(sorted(FEATURES), 2)),
            "features and bounds": _table(self.triples, (0, 1), product(FEATURES, BOUNDARIES)),
            "features and outcomes": _table(self.triples, (0, 2), product(FEATURES, OUTCOMES)),
            "bounds and outcomes": _table(self.triples, (1, 2), product(BOUNDARIES, OUTCOMES)),
            "features and verbs": _table(self.claims, (0, 1), product(FEATURES, verbs)),
            "features and verdicts": _table(self.claims, (0, 2), product(FEATURES, VERDICTS)),
        }

    def all_three(self) -> Table:
        """Return the table of feature, bound and outcome."""
        return _table(self.triples, (0, 1, 2), product(FEATURES, BOUNDARIES, OUTCOMES))

    def _seen(self, position: int, names: Iterable[str]) -> Table:
        return _table(self.triples, (position,), ((name,) for name in names))


@dataclass(frozen=True, slots=True)
class Noted:
    """One network in the ledger."""

    ledger: Ledger
    features: frozenset[str]
    edges: Edges

    def note_flow(self, flow: Flow, conversation: Conversation) -> None:
        outcome = outcome_of(conversation)
        stands_on = boundaries_of(self.edges, flow)
        self.ledger.triples.update((feature, bound, outcome) for feature in self.features for bound in stands_on)

    def note_claim(self, verb: Verb, verdict: str) -> None:
        self.ledger.claims.update((feature, verb.value, verdict) for feature in self.features)


@dataclass(frozen=True, slots=True)
class Table:
    """Hits by cell; `impossible` are cells that cannot be hit, with the reason."""

    hits: Mapping[Cell, int]
    impossible: Mapping[Cell, str]

    @property
    def empty(self) -> tuple[Cell, ...]:
        """Return the cells that could be hit and were not."""
        return tuple(cell for cell, count in self.hits.items() if count == 0)

    def __str__(self) -> str:
        covered = len(self.hits) - len(self.empty)
        least = min(self.hits.values(), default=0)
        return f"{covered} of {len(self.hits)} cells hit, the least {least} times; {len(self.impossible)} cannot be"


def _table(counted: Mapping[Cell, int], positions: tuple[int, ...], cells: Iterable[Cell]) -> Table:
    """Return the hits of `cells`, each of which is what counted cells have at `positions`."""
    hits: Counter[Cell] = Counter()
    for cell, count in counted.items():
        hits[tuple(cell[position] for position in positions)] += count
    reasons = {cell: reason_against(cell) for cell in cells}
    impossible = {cell: reason for cell, reason in reasons.items() if reason is not None}
    return Table({cell: hits[cell] for cell in reasons if cell not in impossible}, impossible)


def told(ledger: Ledger) -> Iterator[str]:
    """Yield the ledger as lines: each table, with the cells that are empty though they need not be."""
    for heading, table in {**ledger.singles(), **ledger.doubles(), "all three": ledger.all_three()}.items():
        yield f"{heading}: {table}"
        if heading != "all three":
            yield from (f"  never: {', '.join(cell)}" for cell in table.empty)
