"""Azure resource JSON, as REST, the portal and `az` give it, templates and Terraform's plans, read into a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vnetverify.diagnostic import Diagnostic, Severity, in_source_order
from vnetverify.files import Allowance
from vnetverify.ingest.answers import is_empty_list, resources_in
from vnetverify.ingest.arm.given import Given, ParameterFile
from vnetverify.ingest.arm.reading import deploy, parts_of
from vnetverify.ingest.arm.templates import Template
from vnetverify.ingest.coverage import Coverage, coverage_of
from vnetverify.ingest.documents import Document, read_documents
from vnetverify.ingest.estate import network_of
from vnetverify.ingest.findings import Findings
from vnetverify.ingest.inline_interfaces import with_inline_interfaces
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.notation import place
from vnetverify.ingest.published import read_tag_list
from vnetverify.ingest.recorded import without_records
from vnetverify.ingest.representatives import Amended, with_representatives
from vnetverify.ingest.resources import Resource
from vnetverify.ingest.routing import Tags
from vnetverify.ingest.rule_lists import spelt_out
from vnetverify.ingest.shapes import has_no_effect, is_no_network
from vnetverify.ingest.terraform.formats import is_terraform
from vnetverify.ingest.terraform.reading import terraform_resources
from vnetverify.model.network import Network, Vnet
from vnetverify.model.published import TagList
from vnetverify.quick import collector_off
from vnetverify.source import NOWHERE, Span

__all__ = ["Given", "Imported", "read_path", "read_paths", "read_tag_list", "survey"]

_BY_PARAMETERS = "conditions may leave out all of it: `--parameter NAME=VALUE` sets what they ask for"
_AS_RECORDED = "`--as-recorded` takes such addresses: verdicts are then about the network that was exported"


@dataclass(frozen=True, slots=True)
class Imported:
    """A network read from files; with an error among the diagnostics it must not be reasoned about. Each file has the
    digest of what was read."""

    network: Network
    diagnostics: tuple[Diagnostic, ...]
    digests: Mapping[str, bytes] = field(default_factory=dict)


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
    given: Given | None = None,
    texts: Sequence[str] = (),
) -> Imported:
    """Return the network that the JSON files and folders at `paths` hold together, and what was found on the way.

    Templates are deployed with the parameters that are `given` for them; of the `texts` it matters which addresses they
    speak of.

    Vnets that resources refer to without the input holding them are completed from `declared` (by name); the
    network returned then holds the completed vnet. Routes and service endpoints lead to the prefixes of service
    tags that `tags` and the `published` list hold. A path may have to lie `within` a folder, whatever links say. Never
    raises for what the files contain.
    """
    with collector_off():
        resources, findings, digests = _read(paths, allowance, within, given, texts)
        network = network_of(Inventory(resources, findings), findings, declared or {}, tags or {}, published)
        return Imported(network, in_source_order(findings.diagnostics), digests)


def survey(
    paths: Sequence[Path],
    published: TagList | None = None,
    allowance: Allowance | None = None,
    given: Given | None = None,
) -> tuple[Coverage, Imported]:
    """Return what the files at `paths` hold, and the network that they make together; see `read_paths`."""
    with collector_off():
        resources, findings, digests = _read(paths, allowance, None, given, ())
        resources = [spelt_out(resource) for resource in resources]
        inventory = Inventory(resources, findings)
        coverage = coverage_of(resources, inventory)
        network = network_of(inventory, findings, {}, {}, published)
        return coverage, Imported(network, in_source_order(findings.diagnostics), digests)


def _read(
    paths: Sequence[Path],
    allowance: Allowance | None,
    within: Mapping[Path, Path] | None,
    given: Given | None,
    texts: Sequence[str],
) -> tuple[Sequence[Resource], Findings, Mapping[str, bytes]]:
    """Return the resources of all files together, what was found on the way, and the digests of the files."""
    findings = Findings()
    reading = _Reading(findings, allowance if allowance is not None else Allowance())
    for path in paths:
        reading.read(path, (within or {}).get(path))
    reading.say_where_nothing_is()
    given = given if given is not None else Given()
    deployed = reading.deployed(given)
    if not given.as_recorded:
        deployed = without_records(deployed)
    found = list(with_inline_interfaces([*reading.resources, *deployed]))
    if not all(resource.is_literal for resource in found):  # what is not known may lean on anything
        found = [spelt_out(resource) for resource in found]
    amended = with_representatives(found, texts, given.as_recorded)
    _note(amended, findings)
    return amended.resources, findings, reading.digests


def _note(amended: Amended, findings: Findings) -> None:
    """Say that addresses are taken that stand for any of their subnets, or that routes name."""
    standing = amended.standing
    for subject, address in list(standing.items())[:1]:
        more = f", as others do for {len(standing) - 1} more" if len(standing) > 1 else ""
        message = f"{address} stands for the address that {subject} will get in its subnet{more}"
        findings.note("address-not-assigned", message, NOWHERE)
    if amended.recorded:
        count = len(amended.recorded)
        what = "1 address" if count == 1 else f"{count} addresses"
        message = f"{what} that Azure assigns and templates record count as what their interfaces have"
        findings.note("address-recorded", message, NOWHERE)
    for subject, address in list(amended.passed_over.items())[:1]:
        more = f", and {len(amended.passed_over) - 1} more" if len(amended.passed_over) > 1 else ""
        message = f"{address} is what {subject} had when its template was exported{more}; deployed, it may get another"
        findings.note("address-recorded", message, NOWHERE, _AS_RECORDED)
    for subject, address in amended.presumed.items():
        message = f"{address} is taken for the address of {subject}, as routes name it; it may get another (`U-FWADDR`)"
        findings.note("address-presumed", message, NOWHERE)


class _Reading:
    """The files of one input: resources as they are, templates, and the parameters of these."""

    def __init__(self, findings: Findings, allowance: Allowance) -> None:
        self._findings = findings
        self._allowance = allowance
        self.resources: list[Resource] = []
        self.digests: dict[str, bytes] = {}
        self._templates: list[Template] = []
        self._parameters: list[ParameterFile] = []
        self._without: list[tuple[Path, bool]] = []  # the paths without a resource, and whether they list nothing
        self._holds_any = False

    def read(self, path: Path, within: Path | None) -> None:
        documents, diagnostics = read_documents(path, self._allowance, within)
        self.digests.update((document.file, document.digest) for document in documents)
        self._findings.diagnostics.extend(diagnostics)
        found = [self._take(document) for document in documents]
        if any(found):
            self._holds_any = True
        elif documents:
            self._without.append((path, all(is_empty_list(document.content) for document in documents)))

    def say_where_nothing_is(self) -> None:
        """Report the paths that hold no resource, but not listings of nothing beside others: a network without route
        tables has such a one."""
        for path, is_listing in self._without:
            if not (is_listing and self._holds_any):
                self._say_nothing_is_in(path)

    def _say_nothing_is_in(self, path: Path) -> None:
        """Report that `path` holds no resource: as its one file says so already, or in words of its own.

        Where that is since a file was not understood, that has been said.
        """
        said, file = self._findings.diagnostics, str(path)
        for position, one in enumerate(said):
            if one.code == "no-resources" and one.span.file == file:
                said[position] = replace(one, severity=Severity.ERROR)
                return
        if not any(one.severity is Severity.ERROR and _lies_in(one.span.file, path) for one in said):
            self._findings.error("no-resources", f"`{path}` holds no Azure resource", Span(file, 0, 0, 0, 0))

    def _take(self, document: Document) -> bool:
        """Keep what a document holds; return whether that is anything."""
        templates, parameters, said = parts_of(document)
        self._findings.diagnostics.extend(said)
        if templates or parameters:
            self._templates.extend(templates)
            self._parameters.extend(parameters)
            return True
        read = terraform_resources if is_terraform(document.content) else resources_in
        resources, told = read(document)
        self.resources.extend(resources)
        self._findings.diagnostics.extend(told)
        return bool(resources)

    def deployed(self, given: Given) -> Sequence[Resource]:
        """Return what the templates deploy, having told of what they deploy and nobody knows."""
        chosen = [file for path in given.files for file in self._chosen(path)]
        if not self._templates and not self._parameters and not chosen and given == Given():
            return ()
        found = deploy(self._templates, self._parameters, chosen, given)
        told = self.resources or found.resources or found.gaps or found.diagnostics
        if self._templates and not told:
            file = self._templates[0].file
            message = f"`{file}` deploys no Azure resource"
            self._findings.error("no-resources", message, Span(file, 0, 0, 0, 0), advice=_BY_PARAMETERS)
        self._findings.diagnostics.extend(found.diagnostics)
        for gap in found.gaps:
            if not has_no_effect(gap.kind) and not is_no_network(gap.kind):
                why = f"it is not known: {gap.unknown.why}"
                self._findings.doubt_everywhere(gap.what, why, place(gap.where.file, gap.where.pointer))
        return found.resources

    def _chosen(self, path: Path) -> list[ParameterFile]:
        """Return what the parameter file at `path` gives, having told of what it is where it is none."""
        documents, diagnostics = read_documents(path, self._allowance)
        self.digests.update((document.file, document.digest) for document in documents)
        self._findings.diagnostics.extend(diagnostics)
        found = [file for document in documents for file in parts_of(document)[1]]
        if documents and not found:
            self._findings.error("no-parameters", f"`{path}` is not a parameter file", Span(str(path), 0, 0, 0, 0))
        return found


def _lies_in(file: str, path: Path) -> bool:
    return file == str(path) or Path(file).is_relative_to(path)
