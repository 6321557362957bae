"""Parts of statements in the tree of a text: fields of rules, sets of endpoints, services, options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lark import Token


class PortsNode(NamedTuple):
    ports: Sequence[Token]


class PrefixField(NamedTuple):
    prefixes: Sequence[Token]

    @property
    def last(self) -> Token:
        return self.prefixes[-1]


class WordField(NamedTuple):
    """`*`, `any` or a service tag, whose region is the `suffix`; in quotes any service tag at all."""

    word: Token
    suffix: Token | None

    @property
    def last(self) -> Token:
        return self.suffix or self.word


class AsgField(NamedTuple):
    names: Sequence[Token]

    @property
    def last(self) -> Token:
        return self.names[-1]


FieldNode = PrefixField | WordField | AsgField


class ReferenceNode(NamedTuple):
    """`name` or `qualifier.name`."""

    first: Token
    second: Token | None

    @property
    def last(self) -> Token:
        return self.second or self.first


class AddressTerm(NamedTuple):
    first: Token

    @property
    def last(self) -> Token:
        return self.first


class TaggedTerm(NamedTuple):
    """`vnet where tag = "value"`."""

    first: Token
    tag: Token
    last: Token


TermNode = ReferenceNode | AddressTerm | TaggedTerm


class EndpointsNode(NamedTuple):
    terms: Sequence[TermNode]
    excluded: Sequence[TermNode]

    @property
    def first(self) -> Token:
        return self.terms[0].first

    @property
    def last(self) -> Token:
        return (self.excluded or self.terms)[-1].last


class ServiceItem(NamedTuple):
    """A service's name, `protocol/ports`, or further ports of the protocol before it."""

    word: Token | None
    ports: Token | None

    @property
    def last(self) -> Token:
        last = self.ports if self.ports is not None else self.word
        assert last is not None
        return last


class ServicesNode(NamedTuple):
    items: Sequence[ServiceItem]

    @property
    def first(self) -> Token:
        first = self.items[0].word if self.items[0].word is not None else self.items[0].ports
        assert first is not None
        return first

    @property
    def last(self) -> Token:
        return self.items[-1].last


class OptionNode(NamedTuple):
    """A keyword with what follows it: names, prefixes, a switch; `references` where names may be qualified."""

    kind: str
    words: Sequence[Token | None]
    references: Sequence[ReferenceNode] = ()
