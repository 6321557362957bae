"""Templates and parameter files of an input as the resources that they deploy."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.ingest.arm.arguments import Assigned, assigned
from vnetverify.ingest.arm.completion import FOLDED, completed
from vnetverify.ingest.arm.deployments import Declared, Deployment, Origin
from vnetverify.ingest.arm.endpoints import with_interfaces
from vnetverify.ingest.arm.expansion import Expansion, Gap, all_declared
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.given import COMMAND_LINE, Argument, Given, ParameterFile, parameter_file
from vnetverify.ingest.arm.identities import Identities
from vnetverify.ingest.arm.merging import View, merged
from vnetverify.ingest.arm.mistakes import TooLarge, mistake
from vnetverify.ingest.arm.settled import settled
from vnetverify.ingest.arm.targets import Target, targets_called
from vnetverify.ingest.arm.templates import Template, is_parameter_file, is_template, part, texts_in_built
from vnetverify.ingest.documents import Document
from vnetverify.ingest.notation import Refused, parse, place
from vnetverify.ingest.resources import SUBJECTS, Resource, key_of, kind_of, name_of, parent_of
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import key_called, printable, shown
from vnetverify.source import Span

# Over templates that ask each other for what they declare; the last one takes what is yet to come for not known.
_MORE_PASSES = 4
_LONGEST_SCOPE = 200  # characters; a subscription and a resource group take 160 at most
_NETWORKS = "virtualnetworks"
_SPECIAL = Unknown("its name has no value, and may be one that Azure treats in its own way")


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
    by_file = {template.file: template for template in templates}
    whole = assigned(templates, files, chosen, given)
    diagnostics = list(whole.diagnostics)
    try:
        targets = targets_called(given.scopes, by_file)
        expansion = Expansion(by_file)
        deployments = _deployments(whole, targets, expansion, frozenset())
        linked = frozenset(expansion.linked)
        if linked:  # what only those have that are linked, mistakes among it, does not count
            expansion = Expansion(by_file)
            deployments = _deployments(whole, targets, expansion, linked)
        for left in reversed(range(_MORE_PASSES)):
            if expansion.is_settled:
                break
            expansion = Expansion(by_file, before=expansion if left else None)
            deployments = _deployments(whole, targets, expansion, linked)
        resources = tuple(_resources(deployments, expansion))
    except TooLarge as refusal:
        return Deployed((), (), (*diagnostics, refusal.diagnostic))
    except EvaluationError as error:
        diagnostics.append(Diagnostic("bad-scope", error.message, Span(COMMAND_LINE, 0, 0, 0, 0)))
        return Deployed((), (), tuple(diagnostics))
    notes = _notes(resources)
    return Deployed(resources, tuple(expansion.gaps), (*diagnostics, *expansion.diagnostics, *notes))


def _deployments(
    whole: Assigned, targets: Mapping[str, Target], expansion: Expansion, linked: Container[str]
) -> list[Deployment]:
    roots = [(template, arguments) for template, arguments in whole.arguments if template.file not in linked]
    deployments = list(_deployments_of(roots, targets, expansion))
    expansion.expand_all(deployments)
    return deployments


def _deployments_of(
    roots: Sequence[tuple[Template, Mapping[str, Argument]]], targets: Mapping[str, Target], expansion: Expansion
) -> Iterator[Deployment]:
    several = len(roots) > 1
    for template, arguments in roots:
        stem = template.file.replace("\\", "/").rpartition("/")[2].removesuffix(".json")
        origin = Origin(stem, stem if several else "")
        own = replace(targets.get(template.file, Target(template.level)), level=template.level)
        yield Deployment(template, own, arguments, origin, expansion)


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
    ids = Identities(expansion, whole)
    for declared, body, presence in whole:
        is_folded = declared.kind in FOLDED and presence is None and parent_of(declared.key) in ids.keys
        open_parent = ids.open_parent(declared)
        if open_parent is not None:
            kind = SUBJECTS.get(declared.kind, declared.kind)
            what = f"{kind} `{shown(name_of(declared.identity))}`, whose parent is not known,"
            expansion.gaps.append(Gap(what, open_parent, declared.spot, declared.kind))
        elif declared.kind and not is_folded:
            for one in with_interfaces(_resource(declared, ids.resolved(body, declared.spot), presence)):
                yield from _as_resources(one)
    for identity, (own, where) in ids.ambiguous.items():
        scope, _, tail = identity.partition("/providers/")
        file = next(declared.spot.file for declared, _, _ in whole if declared.key == own)
        advice = f"`--deploy-to {shown(file)}={printable(scope[:_LONGEST_SCOPE])}` says so if it is"
        why = Unknown(f"whether that is `{name_of(own)}` of the templates; {advice}")
        expansion.gaps.append(Gap(f"`{shown(tail)}` of `{shown(name_of(scope))}`", why, where))


def _as_resources(resource: Resource) -> Iterator[Resource]:
    """Yield a resource, and by itself each subnet in it of whose name nothing is known: it may be one that Azure treats
    in its own way, such as a `GatewaySubnet`."""
    if resource.kind == f"{_NETWORKS}/subnets":
        doubt = resource.uncertain or (_SPECIAL if _is_not_known(resource.name) else None)
        yield replace(resource, uncertain=doubt)
        return
    properties = resource.body.get("properties")
    if resource.kind != _NETWORKS or not isinstance(properties, dict):
        yield resource
        return
    key = key_called("subnets", properties)
    items = properties[key] if key is not None else None
    apart = [item for item in items if _is_not_known(_name(item))] if isinstance(items, list) else []
    if key is None or not isinstance(items, list) or not apart:
        yield resource
        return
    rest = [item for item in items if item not in apart]
    yield replace(resource, body={**resource.body, "properties": {**properties, key: rest}})
    for item in apart:
        identity = f"{resource.id}/subnets/{_name(item)}"
        pointer = f"{resource.pointer}/properties/{key}/{items.index(item)}"
        own, doubt = key_of(identity), resource.uncertain or _SPECIAL
        yield Resource(identity, own, kind_of(own), _name(item), item, resource.file, pointer, uncertain=doubt)


def _name(item: Any) -> str:
    return str(part(item, "name") or "") if isinstance(item, dict) else ""


def _is_not_known(name: str) -> bool:
    """Hold for a name of which nothing is known, not even a beginning or an end."""
    return name.startswith("<") and name.find(">") == len(name) - 1


def _children(found: Iterable[View]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the bodies of children that are surely there by the keys of their parents, and by kind."""
    by_parent: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for declared, body, presence in found:
        if declared.is_child and presence is None:
            by_parent.setdefault(parent_of(declared.key), {}).setdefault(declared.kind, []).append(body)
    return by_parent


def _resource(declared: Declared, body: dict[str, Any], presence: Unknown | None) -> Resource:
    identity = printable(str(declared.identity))
    key = key_of(identity)
    spot = declared.spot
    whole = {**body, "id": identity, "name": name_of(identity)}
    return Resource(identity, key, kind_of(key), name_of(identity), whole, spot.file, spot.pointer, uncertain=presence)


def _notes(resources: Iterable[Resource]) -> Iterator[Diagnostic]:
    """Yield a note on each resource that is called by a stand-in; the first of a kind speaks for all."""
    named = [one for one in resources if "<" in one.name and one.kind.count("/") == 0]
    for one in named[:1]:
        more = f", and {len(named) - 1} more" if len(named) > 1 else ""
        message = f"the name of {one.subject}{more} is not known; it is taken to differ from all others"
        yield Diagnostic("name-not-known", message, place(one.file, one.pointer), severity=Severity.NOTE)
