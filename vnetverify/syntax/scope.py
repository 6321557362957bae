"""Where a statement is read: its file, the declared names, and the literals of the language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from vnetverify.header import (
    ALL_PORTS,
    LAST_PORT,
    LAST_PROTOCOL,
    PROTOCOL_NUMBERS,
    Interval,
    IntervalSet,
    NotAPrefix,
    Prefix,
    interval_set,
    parse_address,
    parse_prefix,
    whole_number,
)
from vnetverify.model.security import AddressPrefixes
from vnetverify.source import Source, Span
from vnetverify.spelling import mistake_in
from vnetverify.syntax.names import Names, text_of
from vnetverify.syntax.parts import PortsNode, ReferenceNode
from vnetverify.syntax.problems import did_you_mean, listed, shown, span_of, with_article
from vnetverify.syntax.repairs import meant_by, port_meant_by

if TYPE_CHECKING:
    from lark import Token

Value = TypeVar("Value")

ANY_WORDS = frozenset({"any", "*"})
BANDWIDTH_UNITS = {"bps": 1, "Kbps": 10**3, "Mbps": 10**6, "Gbps": 10**9}
_LARGEST_BANDWIDTH = 10**9
_LONGEST_NAME = 260
_TEXT = 200  # characters kept of a sentence's text


class Scope:
    """Reads the words of one source; every mistake is reported and read as None."""

    def __init__(self, source: Source, names: Names) -> None:
        self.source = source
        self.names = names
        self.problems = names.problems
        self._prefixes: dict[str, Prefix] = {}
        self._ports: dict[str, Interval] = {}
        self._fields: dict[str, AddressPrefixes] = {}
        self._port_sets: dict[str, IntervalSet] = {}

    def span(self, first: Token, last: Token | None = None) -> Span:
        return span_of(self.source.name, first, last)

    def text(self, first: Token, last: Token) -> str:
        """Return what is written from `first` to `last`, on one line and without comments."""
        written = self.source.text[first.start_pos : last.end_pos]
        if "\n" in written:
            written = re.sub(r'("(?:[^"\\\n]|\\.)*")|#[^\n]*', lambda match: match.group(1) or "", written)
        words = " ".join(written.split())
        return words if len(words) <= _TEXT else words[:_TEXT] + "…"

    def name(self, token: Token) -> str | None:
        """Return a name that is declared here."""
        name = text_of(token)
        if not name.strip() or len(name) > _LONGEST_NAME:
            self.problems.error("bad-name", f"a name has 1 to {_LONGEST_NAME} characters", self.span(token))
            return None
        mistake = mistake_in(name)
        if mistake is not None:
            self.problems.error("bad-name", f"the name {mistake}", self.span(token))
            return None
        return name

    def declare(self, kind: str, token: Token) -> str | None:
        """Enter a name; None where it is not a name or taken."""
        name = self.name(token)
        return name if name is not None and self.names.declare(kind, name, self.span(token)) else None

    def find(self, kind: str, token: Token) -> str | None:
        """Return the declared spelling of a reference to an element of `kind`."""
        return self.names.find(kind, text_of(token), self.span(token))

    def find_all(self, kind: str, tokens: Sequence[Token]) -> tuple[str, ...]:
        return tuple(name for token in tokens if (name := self.find(kind, token)) is not None)

    def subnet(self, reference: ReferenceNode) -> tuple[str, str] | None:
        """Return the vnet and the subnet that `vnet.subnet` refers to."""
        span = self.span(reference.first, reference.last)
        if reference.second is None:
            self.problems.error(
                "unknown-subnet", f"{shown(text_of(reference.first))} names no subnet", span, "expected `vnet.subnet`"
            )
            return None
        vnet = self.find("vnet", reference.first)
        if vnet is None:
            return None
        name = self.subnet_of(vnet, reference.second, span)
        return None if name is None else (vnet, name)

    def subnet_of(self, vnet: str, token: Token, span: Span | None = None) -> str | None:
        """Return the declared spelling of a subnet of `vnet`; `span` is what to point at, if not at the name alone."""
        found = self.names.lookup("subnet", f"{vnet}.{text_of(token)}")
        if found is None:
            self.no_such_subnet(vnet, text_of(token), span or self.span(token))
            return None
        return found.spelling[len(vnet) + 1 :]

    def no_such_subnet(self, vnet: str, name: str, span: Span) -> None:
        message = f"vnet {shown(vnet)} has no subnet {shown(name)}"
        if self.problems.is_crowded:
            self.problems.error("unknown-subnet", message, span, "not declared")
            return
        inside = [subnet for subnet in self.names.spellings("subnet") if subnet.startswith(f"{vnet}.")]
        subnets = [subnet[len(vnet) + 1 :] for subnet in inside]
        declared = self.names.lookup("vnet", vnet)
        label = f"has subnets {listed(subnets)}" if len(subnets) > 1 else f"has subnet {listed(subnets)}"
        meant = did_you_mean(f"{vnet}.{name}", inside)
        self.problems.error(
            "unknown-subnet",
            message,
            span,
            "not declared",
            ((declared.span, label if subnets else "has no subnets"),) if declared and declared.span.line else (),
            meant,
        )

    def prefix(self, token: Token) -> Prefix | None:
        """Return the prefix that is written; an address is a prefix of itself alone."""
        known = self._prefixes.get(token)
        if known is not None:
            return known
        try:
            prefix = parse_prefix(token)
        except NotAPrefix as reason:
            self._bad_prefix(token, str(reason))
            return None
        self._prefixes[str(token)] = prefix
        return prefix

    def prefixes(self, tokens: Sequence[Token]) -> tuple[Prefix, ...]:
        return tuple(prefix for token in tokens if (prefix := self.prefix(token)) is not None)

    def field(self, tokens: Sequence[Token]) -> AddressPrefixes | None:
        """Return the addresses of one side of a rule, which are one object where they are written again."""
        written = ",".join(tokens)
        known = self._fields.get(written)
        if known is None:
            prefixes = self.prefixes(tokens)
            if len(prefixes) < len(tokens):
                return None
            known = self._fields[written] = AddressPrefixes(prefixes)
        return known

    def address(self, token: Token) -> int | None:
        """Return the address that is written."""
        if "/" in token:
            self.problems.error("bad-address", f"{shown(token)} is a prefix", self.span(token), "expected one address")
            return None
        try:
            return parse_address(token)
        except NotAPrefix as reason:
            self._bad_prefix(token, str(reason), "bad-address")
            return None

    def number(self, token: Token, low: int, high: int, what: str) -> int | None:
        """Return the number that is written, if it lies from `low` to `high`."""
        number = whole_number(token, high)
        if number is not None and number >= low:
            return number
        self.problems.error(
            f"bad-{what}", f"{shown(token)} is not {with_article(what)}", self.span(token), f"from {low} to {high}"
        )
        return None

    def ports(self, node: PortsNode | None) -> IntervalSet | None:
        """Return the ports of a `port …` clause, all where there is none; one object where they are written again."""
        if node is None or node.ports[0].casefold() in ANY_WORDS:
            return ALL_PORTS
        written = ",".join(node.ports)
        known = self._port_sets.get(written)
        if known is None:
            intervals = [interval for token in node.ports if (interval := self.port_range(token)) is not None]
            if len(intervals) < len(node.ports):
                return None
            known = self._port_sets[written] = interval_set(intervals)
        return known

    def port_range(self, token: Token) -> Interval | None:
        known = self._ports.get(token)
        if known is not None:
            return known
        low_text, _, high_text = token.partition("-")
        low, high = (whole_number(text, LAST_PORT) for text in (low_text, high_text or low_text))
        if low is None or high is None or low > high:
            reason = f"from 0 to {LAST_PORT}" if low is None or high is None else "the first port is the larger one"
            message, help_text = f"{shown(token)} is not a port or range of ports", port_meant_by(token)
            self.problems.error("bad-port", message, self.span(token), reason, (), help_text)
            return None
        self._ports[str(token)] = interval = Interval(low, high)
        return interval

    def protocol(self, token: Token) -> int | NotUnderstood | None:
        """Return the protocol's number, None for every protocol."""
        word = token.casefold()
        if word in ANY_WORDS:
            return None
        if word in PROTOCOL_NUMBERS:
            return PROTOCOL_NUMBERS[word]
        number = whole_number(word, LAST_PROTOCOL)
        if number is not None:
            return number
        self.problems.error(
            "unknown-protocol",
            f"{shown(token)} is not a protocol",
            self.span(token),
            f"expected {listed([*PROTOCOL_NUMBERS, 'any'], 'or')} or a number to 255",
            (),
            did_you_mean(word, [*PROTOCOL_NUMBERS, "any"]),
        )
        return NOT_UNDERSTOOD

    def bandwidth(self, number: Token, unit: Token) -> int | None:
        """Return the bits a second that are written."""
        amount = self.number(number, 1, _LARGEST_BANDWIDTH, "bandwidth")
        factor = self.one_of(unit, BANDWIDTH_UNITS, "unit")
        return None if amount is None or factor is None else amount * factor

    def one_of(self, token: Token, choices: Mapping[str, Value], what: str) -> Value | None:
        """Return the value that a word stands for, without regard to case."""
        found = {choice.casefold(): value for choice, value in choices.items()}.get(token.casefold())
        if found is None:
            self.problems.error(
                f"unknown-{what.replace(' ', '-')}",
                f"{shown(token)} is not {with_article(what)}",
                self.span(token),
                f"expected {listed(choices, 'or')}",
                (),
                did_you_mean(token, choices),
            )
        return found

    def _bad_prefix(self, token: Token, reason: str, code: str = "bad-prefix") -> None:
        help_text = meant_by(token)
        self.problems.error(
            code, f"{shown(token)} is not an address or prefix", self.span(token), reason, (), help_text
        )


class NotUnderstood:
    """Stands for a protocol that is none, where None means every protocol."""


NOT_UNDERSTOOD = NotUnderstood()
