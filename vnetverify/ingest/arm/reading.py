"""Templates and parameter files of an input as the resources that they deploy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.ingest.arm.arguments import Assigned, assigned
from vnetverify.ingest.arm.completion import FOLDED, completed
from vnetverify.ingest.arm.declared import Declared, settled
from vnetverify.ingest.arm.deployments import Deployment, Origin
from vnetverify.ingest.arm.expansion import Expansion, Gap, all_declared
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.given import Given, ParameterFile, parameter_file
from vnetverify.ingest.arm.merging import View, merged
from vnetverify.ingest.arm.mistakes import TooLarge, mistake
from vnetverify.ingest.arm.standins import StandIn
from vnetverify.ingest.arm.targets import Target
from vnetverify.ingest.arm.templates import Template, is_parameter_file, is_template, texts_in_built
from vnetverify.ingest.documents import Document
from vnetverify.ingest.notation import Refused, parse, place
from vnetverify.ingest.resources import Resource, key_of, kind_of, name_of, parent_of
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import printable


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the templates of an input deploy. `gaps` are resources that may be there beside those that are known."""

    resources: tuple[Resource, ...]
    gaps: tuple[Gap, ...]
    diagnostics: tuple[Diagnostic, ...]


def parts_of(document: Document) -> tuple[list[Template], list[ParameterFile], list[Diagnostic]]:
    """Return the templates and the parameter files that a document is; it is neither where both are empty."""
    templates: list[Template] = []
    files: list[ParameterFile] = []
    diagnostics: list[Diagnostic] = []
    for content, pointer in _contents(document, diagnostics):
        if is_template(content):
            templates.append(Template(content, document.file, pointer))
        elif is_parameter_file(content):
            files.append(parameter_file(content, document.file, pointer))
    return templates, files, diagnostics


def _contents(document: Document, diagnostics: list[Diagnostic]) -> Iterator[tuple[Any, str]]:
    """Yield the content of a document; what Bicep makes of a parameter file holds several, spelt as texts."""
    built = texts_in_built(document.content)
    if not built:
        yield document.content, ""
    for key, text in built.items():
        try:
            yield parse(text, document.file), f"/{key}"
        except Refused as refusal:
            diagnostics.append(refusal.diagnostic)


def deploy(
    templates: Sequence[Template], files: Sequence[ParameterFile], chosen: Sequence[ParameterFile], given: Given
) -> Deployed:
    """Return what `templates` deploy with the parameters that `given`, the `chosen` files and the `files` of the input
    give. A template to which another one links deploys nothing by itself."""
    expansion = Expansion({template.file: template for template in templates})
    whole = assigned(templates, files, chosen, given)
    diagnostics = list(whole.diagnostics)
    try:
        deployments = list(_deployments(whole, expansion))
        kept = [one for one in deployments if one.template.file not in expansion.linked]
        resources = tuple(_resources(kept, expansion))
    except TooLarge as refusal:
        return Deployed((), (), (*diagnostics, refusal.diagnostic))
    notes = _notes(resources)
    return Deployed(resources, tuple(expansion.gaps), (*diagnostics, *expansion.diagnostics, *notes))


def _deployments(whole: Assigned, expansion: Expansion) -> Iterator[Deployment]:
    several = len(whole.arguments) > 1
    for template, arguments in whole.arguments:
        stem = template.file.replace("\\", "/").rpartition("/")[2].removesuffix(".json")
        origin = Origin(stem, stem if several else "")
        yield expansion.deploy(template, Target(template.level), arguments, origin)


def _resources(deployments: Iterable[Deployment], expansion: Expansion) -> Iterator[Resource]:
    """Yield the resources, ids among them resolved: a stand-in that leads to no resource of the templates is none."""
    found = []
    for deployment in deployments:
        for declared in all_declared(deployment):
            if declared.is_absent or declared.is_existing:
                continue
            try:
                found.append((declared, settled(declared.body())))
            except (EvaluationError, BadExpression) as error:
                expansion.tell(mistake(error, declared.spot))
    once = list(merged(found))
    children = _children(once)
    whole = [(one, completed(one.kind, body, children.get(one.key, {})), doubt) for one, body, doubt in once]
    ids = _Ids(expansion, whole)
    for declared, body, presence in whole:
        gap = _open_parent(declared, ids)
        if gap is not None:
            expansion.gaps.append(gap)
        elif declared.kind and not (declared.kind in FOLDED and parent_of(declared.key) in ids.keys):
            yield _resource(declared, ids.resolved(body), presence)


def _children(found: Iterable[View]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the bodies of children that are surely there by the keys of their parents, and by kind."""
    by_parent: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for declared, body, presence in found:
        if "/" in declared.kind and presence is None:
            by_parent.setdefault(parent_of(declared.key), {}).setdefault(declared.kind, []).append(body)
    return by_parent


def _resource(declared: Declared, body: dict[str, Any], presence: Unknown | None) -> Resource:
    identity = printable(str(declared.identity))
    key = key_of(identity)
    spot = declared.spot
    whole = {**body, "id": identity, "name": name_of(identity)}
    return Resource(identity, key, kind_of(key), name_of(identity), whole, spot.file, spot.pointer, uncertain=presence)


def _open_parent(declared: Declared, ids: _Ids) -> Gap | None:
    """Return what is to be said of a child whose parent is any of the networks, since nobody says which."""
    if not isinstance(declared.identity, StandIn) or "/" not in declared.kind:
        return None
    parent = parent_of(declared.key)
    if "<" not in parent or ids.is_known(parent):
        return None
    what = f"{declared.kind} `{name_of(declared.identity)}`, whose parent is not known,"
    return Gap(what, declared.identity.unknown, declared.spot, declared.kind)


class _Ids:
    """The ids of what the templates deploy, with those of named parts inside: subnets, IP configurations and so on."""

    def __init__(self, expansion: Expansion, found: Sequence[View]) -> None:
        self._expansion = expansion
        self.keys = {declared.key for declared, _, _ in found}
        self._parts = {key for declared, body, _ in found for key in _parts_of(declared.key, body)}

    def is_known(self, key: str) -> bool:
        """Hold when the id, with all that is not known in it, is that of one resource of the templates."""
        while "<" in key:
            if self._expansion.declares(key) or key in self._parts:
                return True
            if "<" in name_of(key) or "/" not in kind_of(key):
                return False
            key = parent_of(key)
        return True

    def resolved(self, value: Any) -> Any:
        match value:
            case StandIn():
                return str(value) if self.is_known(key_of(printable(value))) else value.unknown
            case dict():
                return {key: self.resolved(item) for key, item in value.items()}
            case list():
                return [self.resolved(item) for item in value]
            case _:
                return value


def _parts_of(key: str, body: dict[str, Any]) -> Iterator[str]:
    """Yield the ids of the members of lists in a resource that have a name of their own."""
    properties = next((value for name, value in body.items() if name.lower() == "properties"), None)
    for name, items in properties.items() if isinstance(properties, dict) else ():
        for item in items if isinstance(items, list) else ():
            own = item.get("name") if isinstance(item, dict) else None
            if isinstance(own, str):
                yield f"{key}/{name.lower()}/{key_of(own)}"


def _notes(resources: Iterable[Resource]) -> Iterator[Diagnostic]:
    """Yield a note on each resource that is called by a stand-in; the first of a kind speaks for all."""
    named = [one for one in resources if "<" in one.name and one.kind.count("/") == 0]
    for one in named[:1]:
        more = f", and {len(named) - 1} more" if len(named) > 1 else ""
        message = f"the name of {one.subject}{more} is not known; it is taken to differ from all others"
        yield Diagnostic("name-not-known", message, place(one.file, one.pointer), severity=Severity.NOTE)
