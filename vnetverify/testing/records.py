"""Reading JSON records key by key, so that no key goes unread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from vnetverify.model.network import Network
from vnetverify.rules import QUESTIONS


class NotApplicable(Exception):
    """A vector that asks for more than the model holds; the message says for what."""


class Refused(NotApplicable):
    """A vector with something written that no network can hold, because `rule` forbids to write it."""

    def __init__(self, what: str, rule: str) -> None:
        super().__init__(f"{what}, which {rule} forbids")
        self.rule = rule


class Record:
    """One JSON object: `take` hands out values, `finish` refuses what nobody took."""

    def __init__(self, values: Mapping[str, Any], what: str) -> None:
        self._values, self._what, self._taken = values, what, set[str]()

    def take(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or `default` where it is absent or null."""
        self._taken.add(key)
        value = self._values.get(key)
        return default if value is None else value

    def need(self, key: str) -> Any:
        """Return the value of `key`. Raises `NotApplicable` where there is none."""
        value = self.take(key)
        if value is None:
            raise NotApplicable(f"a {self._what} without `{key}`")
        return value

    def only(self, key: str, *values: Any) -> None:
        """Refuse the record unless `key` is absent, null or one of `values`, which mean what its absence means."""
        value = self.take(key)
        if value is not None and value not in values:
            raise NotApplicable(f"`{key}` of a {self._what}")

    def records(self, key: str, what: str) -> Iterable[Record]:
        return [Record(values, what) for values in self.take(key, ())]

    def finish(self) -> None:
        """Raise `NotApplicable` when a key was never asked for and holds something."""
        for key, value in self._values.items():
            if key not in self._taken and value not in (None, [], {}):
                raise NotApplicable(f"`{key}` of a {self._what}")


_FACT = re.compile(r"(U-[A-Z0-9-]+)(?:\((.*)\))?")


def facts_of(fixed: Mapping[str, bool], network: Network) -> dict[str, bool]:
    """Return fixed atoms by this project's names for what they are about.

    Raises `NotApplicable` for a kind of atom that the rules here do not have, and for a rule that is not the only one.
    """
    facts = {}
    for text, value in fixed.items():
        match = _FACT.fullmatch(text)
        if match is None or match[1] not in QUESTIONS:
            raise NotApplicable(f"the atom `{text}`")
        parts = [part.strip() for part in match[2].split(",")] if match[2] else []
        about = [_meant(match[1], number, part, network) for number, part in enumerate(parts)]
        facts[f"{match[1]}({', '.join(about)})" if about else match[1]] = bool(value)
    return facts


_OF_RULES = frozenset({"U-ICMPPORT", "U-PROTOPORT", "U-ASGFWD"})
_OF_LINKS = frozenset({"U-AVNA", "U-SUBPEER"})


def _meant(kind: str, number: int, text: str, network: Network) -> str:
    """Return the name here of what an atom's part `number` is about: the format leaves out what a name stands in."""
    if kind in _OF_LINKS:
        return " -> ".join(name.strip() for name in text.split("->"))
    if kind == "U-SKU":
        public = (nic.public_address for nic in network.nics() if nic.name == text)
        return next((address.name for address in public if address is not None), text)
    if kind in _OF_RULES:
        return _rule_meant(text, network) if number == 0 else text
    return _subnet_meant(text, network)


def _rule_meant(text: str, network: Network) -> str:
    named = [f"{nsg.name}/{rule.name}" for nsg in network.nsgs.values() for rule in nsg.rules]
    meant = [name for name in named if text in (name, name.partition("/")[2])]
    if len(meant) != 1:
        raise NotApplicable(f"an atom of the rule `{text}`, of which there are {len(meant)}")
    return meant[0]


def _subnet_meant(text: str, network: Network) -> str:
    if text.endswith(" subnet"):
        return next(nic.subnet_id for nic in network.nics() if nic.name == text.removesuffix(" subnet"))
    named = [subnet.id for subnet in network.subnets() if subnet.name == text]
    return named[0] if len(named) == 1 else text
