"""Certificates as files: JSON that names a sentence of a text, the facts that are given, and the covers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from vnetverify.certificate.evidence import Certificate
from vnetverify.header import LAST_IPV6, LAST_PORT, Flow
from vnetverify.model.intents import Place, PlaceKind

FORMAT = "vnetverify-certificate"
FORMAT_VERSION = 1
LARGEST = 256 << 20
"""Bytes of a file beyond which it is not read."""
_LAST_PROTOCOL = 255


class NoCertificate(Exception):
    """What was read is no certificate; the message says why."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A certificate with what it is about: the sentence numbered `number` of an intent, from 0.

    With `arriving` it is about what arrives as the sentence's service (`model.arrivals`). `given` are the facts that
    it takes as so, beside what the text assumes. `shown_by` is the flow that a sentence asks for.
    """

    intent: str
    number: int
    sentence: str
    arriving: bool
    given: Mapping[str, bool]
    sections: Certificate
    shown_by: tuple[Place, Flow] | None = None


def to_text(filed: Filed) -> str:
    """Return the text of the file, one section a line."""
    head = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "intent": filed.intent,
        "number": filed.number,
        "sentence": filed.sentence,
        "arriving": filed.arriving,
        "given": dict(filed.given),
        "shown_by": None if filed.shown_by is None else _shown(*filed.shown_by),
    }
    lines = [f"{json.dumps(name)}: {json.dumps(list(tokens))}" for name, tokens in filed.sections.items()]
    sections = ",\n".join(lines)
    return f'{json.dumps(head)[:-1]},\n"sections": {{\n{sections}\n}}}}'


def _shown(origin: Place, flow: Flow) -> dict[str, object]:
    numbers = [flow.protocol, flow.source, flow.source_port, flow.destination, flow.destination_port]
    return {"kind": origin.kind, "place": origin.name, "flow": numbers}


def from_text(text: str) -> Filed:
    """Return what the file holds; whether it is true is for the judge to say. Raises `NoCertificate`."""
    try:
        document = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NoCertificate("it is not valid JSON") from None
    match document:
        case {"format": str(name), "format_version": int(version)} if (name, version) != (FORMAT, FORMAT_VERSION):
            raise NoCertificate(f"it is of format {name[:40]} {version}, not {FORMAT} {FORMAT_VERSION}")
        case {
            "format": _,
            "intent": str(intent),
            "number": int(number),
            "sentence": str(sentence),
            "arriving": bool(arriving),
            "given": dict(given),
            "shown_by": shown,
            "sections": dict(sections),
        }:
            return Filed(intent, number, sentence, arriving, _given(given), _sections(sections), _flow(shown))
        case _:
            raise NoCertificate("it lacks what a certificate has")


def _given(given: dict[str, Any]) -> dict[str, bool]:
    if not all(type(value) is bool for value in given.values()):
        raise NoCertificate("a fact that it is given is neither true nor false")
    return given


def _sections(sections: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    for tokens in sections.values():
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise NoCertificate("a section is not a list of nodes")
    return {name: tuple(tokens) for name, tokens in sections.items()}


def _flow(shown: object) -> tuple[Place, Flow] | None:
    bounds = (_LAST_PROTOCOL, LAST_IPV6, LAST_PORT, LAST_IPV6, LAST_PORT)
    match shown:
        case None:
            return None
        case {"kind": str(kind), "place": str(name), "flow": [*numbers]} if kind in {each.value for each in PlaceKind}:
            fits = len(numbers) == len(bounds) and all(
                type(number) is int and 0 <= number <= last for number, last in zip(numbers, bounds, strict=False)
            )
            if fits:
                return Place(kind, name), Flow(*numbers)
    raise NoCertificate("the flow that it shows is none")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key appears twice")
    return document


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")
