"""A network written as a plan in which no id is known is the network that Azure's own JSON tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import assume, given, settings

from tests.unit.deployable_networks import deployable
from tests.unit.terraform_writer import NotWritten, as_plan
from tests.unit.text_samples import without_spans
from vnetverify.diagnostic import InputError, Severity
from vnetverify.ingest import read_path
from vnetverify.model.network import Network
from vnetverify.syntax import read_text
from vnetverify.testing.azure_json import azure_resources
from vnetverify.testing.estates import networks
from vnetverify.testing.examples import read_page
from vnetverify.testing.records import NotApplicable

_BOOK = Path(__file__).resolve().parents[2] / "specs" / "semantics"


def _read(content: Any) -> Network | None:
    """Return the network that a document tells, None where there is a mistake in it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "input.json")
        path.write_text(json.dumps(content), encoding="utf-8")
        imported = read_path(path)
    if any(found.severity is Severity.ERROR for found in imported.diagnostics):
        return None
    return imported.network


def _comparable(network: Network) -> Any:
    """Return what a plan tells: not the states of peerings, which follow, nor the order in which things stand."""
    halves = [replace(half, state=None) for half in network.peerings]
    ordered = {
        "peerings": tuple(sorted(halves, key=lambda half: (half.local, half.remote))),
        "nsgs": {
            name: replace(
                group, rules=tuple(sorted(group.rules, key=lambda rule: (rule.direction.value, rule.priority)))
            )
            for name, group in sorted(network.nsgs.items())
        },
        "route_tables": {
            name: replace(table, routes=tuple(sorted(table.routes, key=lambda route: (route.name, str(route.prefix)))))
            for name, table in sorted(network.route_tables.items())
        },
    }
    doubts = tuple(sorted(network.unmodelled, key=lambda item: (item.what, item.why)))
    return without_spans(replace(network, unmodelled=doubts, unmodelled_names=(), **ordered))


def _written_both_ways(network: Network) -> tuple[Any, Any] | None:
    """Return the resources and the plan that stand for a network, None where one of them cannot."""
    try:
        resources = azure_resources(network)
        return resources, as_plan(resources)
    except (NotApplicable, NotWritten):
        return None


@settings(max_examples=20, deadline=None)
@given(networks())
def test_a_plan_tells_what_azure_tells_of_what_it_deploys(network: Network) -> None:
    written = _written_both_ways(deployable(network))
    assume(written is not None)
    assert written is not None
    expected = _read(written[0])
    assume(expected is not None)
    assert expected is not None

    found = _read(written[1])

    assert found is not None
    assert _comparable(found) == _comparable(expected)


def _of_the_book() -> Iterator[Network]:
    """Yield the networks of every sixth example of the book."""
    for page in ("routing", "filtering", "boundaries"):
        for example in read_page((_BOOK / f"{page}.md").read_text(encoding="utf-8")).examples[::6]:
            try:
                yield read_text(example.network, example.names[0]).network
            except InputError:
                continue


def test_the_networks_of_the_book_are_told_alike() -> None:
    compared = 0
    for network in _of_the_book():
        written = _written_both_ways(network)
        expected, found = (None, None) if written is None else map(_read, written)
        if expected is not None:
            assert found is not None
            assert _comparable(found) == _comparable(expected)
            compared += 1

    assert compared >= 30
