"""Azure resource JSON, as REST, the portal and `az` give it, read into a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vnetverify.diagnostic import Diagnostic, in_source_order
from vnetverify.files import Allowance
from vnetverify.ingest.documents import collector_off, read_documents
from vnetverify.ingest.estate import network_of
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.published import read_tag_list
from vnetverify.ingest.resources import Resource, resources_in
from vnetverify.ingest.routing import Tags
from vnetverify.model.network import Network, Vnet
from vnetverify.model.published import TagList
from vnetverify.source import Span

__all__ = ["Imported", "read_path", "read_paths", "read_tag_list"]


@dataclass(frozen=True, slots=True)
class Imported:
    """A network read from files; with an error among the diagnostics it must not be reasoned about."""

    network: Network
    diagnostics: tuple[Diagnostic, ...]


def read_path(path: Path, declared: Mapping[str, Vnet] | None = None, tags: Tags | None = None) -> Imported:
    """Return the network that the JSON file or folder at `path` holds; see `read_paths`."""
    return read_paths((path,), declared, tags)


def read_paths(
    paths: Sequence[Path],
    declared: Mapping[str, Vnet] | None = None,
    tags: Tags | None = None,
    published: TagList | None = None,
    allowance: Allowance | None = None,
    within: Mapping[Path, Path] | None = None,
) -> Imported:
    """Return the network that the JSON files and folders at `paths` hold together, and what was found on the way.

    Vnets that resources refer to without the input holding them are completed from `declared` (by name); the
    network returned then holds the completed vnet. Routes and service endpoints lead to the prefixes of service
    tags that `tags` and the `published` list hold. A path may have to lie `within` a folder, whatever links say. Never
    raises for what the files contain.
    """
    with collector_off():
        findings = Findings()
        allowance, folders = allowance if allowance is not None else Allowance(), within or {}
        resources = [one for path in paths for one in _resources_at(path, findings, allowance, folders.get(path))]
        network = network_of(Inventory(resources, findings), findings, declared or {}, tags or {}, published)
        return Imported(network, in_source_order(findings.diagnostics))


def _resources_at(path: Path, findings: Findings, allowance: Allowance, within: Path | None) -> list[Resource]:
    documents, diagnostics = read_documents(path, allowance, within)
    findings.diagnostics.extend(diagnostics)
    resources: list[Resource] = []
    for document in documents:
        found, said = resources_in(document)
        resources.extend(found)
        findings.diagnostics.extend(said)
    if documents and not resources:
        findings.error("no-resources", f"`{path}` holds no Azure resource", Span(str(path), 0, 0, 0, 0))
    return resources
