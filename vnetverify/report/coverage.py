"""What the model makes of an input, as tables or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from vnetverify.ingest.coverage import Coverage, Kind, Treatment
from vnetverify.ingest.others import Standing
from vnetverify.model.network import Network, Unmodelled
from vnetverify.report.json import span_as_json
from vnetverify.report.terminal import aligned, bold, counted, printable
from vnetverify.source import NOWHERE

FORMAT = "vnetverify-coverage"
FORMAT_VERSION = 1

_STANDINGS = {
    Standing.MODELLED: "modelled",
    Standing.WITHOUT_EFFECT: "known to change no packet",
    Standing.NOT_NETWORK: "not network, left out",
    Standing.NOT_MODELLED: "not modelled",
}
_TREATMENTS = {
    Treatment.MODELLED: "modelled",
    Treatment.IRRELEVANT: "known to change no packet",
    Treatment.HARMLESS: "not modelled, but these values change no packet",
    Treatment.NOT_MODELLED: "not modelled",
    Treatment.NOT_KNOWN: "not known",
}
_NAMED = 6  # vnets in one cell


def as_text(coverage: Coverage, network: Network) -> str:
    """Return the kinds of resources, the properties of each kind, and what is not modelled, as tables."""
    open_items = [*network.unmodelled, *network.unmodelled_names]
    lines = [bold("resources"), *aligned([_kind_cells(kind) for kind in coverage.kinds], widest=60)]
    for kind in coverage.kinds:
        if kind.properties:
            lines += ["", bold(f"properties of {printable(kind.name)}"), *_properties(kind)]
    lines += ["", *_values(coverage), bold("not modelled" if open_items else "everything that counts is modelled")]
    lines += aligned([_open_cells(item) for item in open_items], widest=70)
    return "\n".join(lines)


def _properties(kind: Kind) -> Iterator[str]:
    """Yield the properties that count, a line each, and the others together."""
    counting = [one for one in kind.properties if one.treatment is not Treatment.IRRELEVANT]
    others = ", ".join(printable(one.name) for one in kind.properties if one.treatment is Treatment.IRRELEVANT)
    yield from aligned(
        [[printable(one.name), _TREATMENTS[one.treatment], str(one.count)] for one in counting], widest=60
    )
    yield from _wrapped(f"{_TREATMENTS[Treatment.IRRELEVANT]}: {others}") if others else ()


def _wrapped(text: str) -> list[str]:
    return wrap(text, 118, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _values(coverage: Coverage) -> Iterator[str]:
    known, unknown = coverage.known_values, coverage.unknown_values
    if known + unknown:
        share = f"{100 * known / (known + unknown):.1f} %"
        yield f"of {counted(known + unknown, 'value')} that templates and plans give, {known} are known ({share})"
        yield ""


def _kind_cells(kind: Kind) -> list[str]:
    return [printable(kind.name), _STANDINGS[kind.standing], str(kind.count)]


def _open_cells(item: Unmodelled) -> list[str]:
    return [
        printable(item.what),
        printable(item.why),
        _networks(item.vnets),
        "" if item.span == NOWHERE else printable(item.span.brief),
    ]


def _networks(vnets: Sequence[str]) -> str:
    if not vnets:
        return "every network"
    more = f" and {len(vnets) - _NAMED} more" if len(vnets) > _NAMED else ""
    return ", ".join(map(printable, vnets[:_NAMED])) + more


def as_json(coverage: Coverage, network: Network) -> str:
    """Return the same as a document of JSON."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "resources": [_kind_json(kind) for kind in coverage.kinds],
        "values": {"known": coverage.known_values, "unknown": coverage.unknown_values},
        "not_modelled": [_open_json(item) for item in network.unmodelled],
        "names_not_modelled": [_open_json(item) for item in network.unmodelled_names],
    }
    return json.dumps(document, indent=2)


def _kind_json(kind: Kind) -> dict[str, Any]:
    return {
        "type": kind.name,
        "standing": kind.standing.value,
        "count": kind.count,
        "properties": [
            {"name": one.name, "treatment": one.treatment.value, "count": one.count} for one in kind.properties
        ],
    }


def _open_json(item: Unmodelled) -> dict[str, Any]:
    return {
        "what": item.what,
        "why": item.why,
        "networks": list(item.vnets),
        "not_known": item.is_unknown,
        "at": span_as_json(item.span),
    }
