"""What is handed to a solver: a text, the names in it that matter, and how to read a model back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vnetverify.encoder.advertising import Advertised
from vnetverify.encoder.facts import Ground
from vnetverify.encoder.terms import Term
from vnetverify.facts import Uncertainty, World
from vnetverify.header import FIRST_IPV6, Family, Flow, IntervalSet
from vnetverify.model.intents import Place

HEADER_SYMBOLS = ("pr", "src", "sp", "dst", "dp")


class NoFlow(Exception):
    """A model stands for no flow of the obligation, which no solver that tells the truth can give."""


@dataclass(frozen=True, slots=True)
class Origins:
    """Which place a flow starts at, from its selector and source address."""

    places: tuple[tuple[int, Place, IntervalSet], ...]

    def place(self, selector: int, source: int) -> Place:
        held = (place for number, place, region in self.places if number == selector and source in region)
        found = next(held, None)
        if found is None:
            raise NoFlow
        return found

    def selector(self, place: Place) -> int | None:
        return next((number for number, other, _ in self.places if other == place), None)


@dataclass(frozen=True, slots=True)
class Obligation:
    """A question about all flows of a claim in all worlds.

    `text` declares and defines, and asserts which flows there are. Then `in_question` is unsatisfiable iff the
    claim speaks of no flow, `violation` iff no flow contradicts it in any world. `facts` are the open facts by
    symbol, `settled` the literals that assumptions make of some of them, to be assumed in every question, `labels`
    the lines that count. `addresses` names the public addresses that a world chooses, by symbol;
    `failures` are the elements that may be down, `advertised` is what a site may announce: these are chosen with the
    flow. `derived` are the bits of the numbers that firewalls put in place of those of the flow, in the order of the
    packets.
    """

    text: str
    in_question: Term
    violation: Term
    facts: Mapping[Term, Uncertainty]
    labels: Mapping[Term, Ground]
    addresses: Mapping[Term, tuple[str, ...]]
    origins: Origins
    selector_width: int
    settled: tuple[Term, ...] = ()
    failures: Mapping[Term, Uncertainty] = field(default_factory=dict)
    family: Family = Family.IPV4
    advertised: Advertised = field(default_factory=Advertised)
    derived: Mapping[Term, int] = field(default_factory=dict)

    @property
    def choices(self) -> tuple[Term, ...]:
        """Return the symbols of what is chosen with the flow and not decided by open facts."""
        return (*self.failures, *self.advertised.announced)

    @property
    def symbols(self) -> tuple[Term, ...]:
        """Return the symbols whose values make a witness."""
        selector = ("at",) if self.selector_width else ()
        return (*HEADER_SYMBOLS, *selector, *self.addresses, *self.derived, *self.facts, *self.choices)

    def witness(self, model: Mapping[str, int]) -> tuple[Place, Flow, World]:
        """Return the flow, its origin and its world that a model stands for."""
        source, destination = self._address(model["src"]), self._address(model["dst"])
        flow = Flow(model["pr"], source, model["sp"], destination, model["dp"])
        facts = {str(fact): bool(model[symbol]) for symbol, fact in self.named(model).items()}
        addresses = {name: self._address(model[symbol]) for symbol, names in self.addresses.items() for name in names}
        announced = self.advertised.prefixes(model.__getitem__)
        return self.origins.place(model.get("at", 0), flow.source), flow, World(facts, addresses, announced)

    def named(self, model: Mapping[str, int]) -> dict[Term, Uncertainty]:
        """Return the facts that a world decides, by symbol, as they are called where terms have these values.

        Those about prefixes that a site announces come last, so that of one name theirs is the word.
        """
        named = {symbol: fact for symbol, fact in self.facts.items() if symbol not in self.advertised.facts}
        names = {str(fact) for fact in named.values()}
        for symbol in self.advertised.facts:
            fact = self.fact(symbol, model)
            if self.advertised.settles(symbol, str(fact) in names, model.__getitem__):
                named[symbol] = fact
        return {**named, **self.failures}

    def fact(self, symbol: Term, model: Mapping[str, int]) -> Uncertainty:
        """Return the fact of a symbol, about the very prefix that it is about where terms have these values."""
        return self.advertised.named(symbol, self.facts[symbol], model.__getitem__)

    @property
    def widths(self) -> dict[Term, int]:
        """Return the bits of each symbol that is no Boolean."""
        bits = self.family.bits
        header = {"pr": 8, "src": bits, "sp": 16, "dst": bits, "dp": 16}
        widths = {**header, **dict.fromkeys(self.addresses, bits), **self.derived}
        return {**widths, "at": self.selector_width} if self.selector_width else widths

    def _address(self, value: int) -> int:
        """Return the address that a solver's value stands for, as the rest of the program numbers them."""
        return FIRST_IPV6 | value if self.family is Family.IPV6 else value

    def fixed_address(self, address: int) -> tuple[int, int]:
        """Return the value and width that a solver has for an address of the obligation's family."""
        return address & ((1 << self.family.bits) - 1), self.family.bits

    def fixing(self, origin: Place, flow: Flow) -> dict[Term, tuple[int, int]]:
        """Return the value and width of each symbol that makes the header this flow from `origin`."""
        values = {
            "pr": (flow.protocol, 8),
            "src": self.fixed_address(flow.source),
            "sp": (flow.source_port, 16),
            "dst": self.fixed_address(flow.destination),
            "dp": (flow.destination_port, 16),
        }
        selector = self.origins.selector(origin)
        if self.selector_width and selector is not None:
            values["at"] = (selector, self.selector_width)
        return values
