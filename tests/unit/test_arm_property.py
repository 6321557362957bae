"""A network written as a template, in whichever style, is the network that Azure's own JSON tells."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.unit.deployable_networks import deployable
from tests.unit.template_writer import TemplateWriter
from tests.unit.text_samples import without_spans
from vnetverify.diagnostic import Severity
from vnetverify.ingest import Given, read_paths
from vnetverify.model.network import Network
from vnetverify.testing.azure_json import azure_resources
from vnetverify.testing.estates import networks
from vnetverify.testing.records import NotApplicable


def _read(content: Any) -> Network | None:
    """Return the network that a document tells, None where there is a mistake in it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "input.json")
        path.write_text(json.dumps(content), encoding="utf-8")
        imported = read_paths((path,), given=Given(as_recorded=True))
    if any(found.severity is Severity.ERROR for found in imported.diagnostics):
        return None
    return imported.network


def _comparable(network: Network) -> Any:
    """Return `network` without the order in which things stand, and without places in files."""
    rules = {
        name: replace(group, rules=tuple(sorted(group.rules, key=lambda rule: (rule.direction.value, rule.priority))))
        for name, group in sorted(network.nsgs.items())
    }
    tables = {
        name: replace(table, routes=tuple(sorted(table.routes, key=lambda route: (route.name, str(route.prefix)))))
        for name, table in sorted(network.route_tables.items())
    }
    doubts = tuple(sorted(network.unmodelled, key=lambda item: (item.what, item.why, item.vnets)))
    halves = tuple(sorted(network.peerings, key=lambda half: (half.local, half.remote)))
    changed = replace(network, nsgs=rules, route_tables=tables, unmodelled=doubts, peerings=halves, unmodelled_names=())
    return without_spans(changed)


@settings(max_examples=12, deadline=None)
@given(networks(), st.integers(0, 1000))
def test_a_template_tells_what_azure_tells_of_what_it_deploys(network: Network, seed: int) -> None:
    try:
        resources = azure_resources(deployable(network))
    except NotApplicable:
        resources = []
    expected = _read(resources) if resources else None
    assume(expected is not None)
    assert expected is not None
    writer = TemplateWriter(Random(seed).randrange)

    found = _read(writer.template(resources))

    assert found is not None
    assert _comparable(found) == _comparable(expected)
