"""Which values each template of an input is deployed with."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from vnetverify.diagnostic import Diagnostic
from vnetverify.ingest.arm.failures import EvaluationError
from vnetverify.ingest.arm.given import COMMAND_LINE, Argument, Given, ParameterFile
from vnetverify.ingest.arm.templates import Template
from vnetverify.ingest.notation import place
from vnetverify.source import Span
from vnetverify.spelling import folded


@dataclass(slots=True)
class Assigned:
    """The templates, each with the arguments that it is deployed with, and what is wrong with them."""

    arguments: list[tuple[Template, Mapping[str, Argument]]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def assigned(
    templates: Sequence[Template], files: Sequence[ParameterFile], chosen: Sequence[ParameterFile], given: Given
) -> Assigned:
    """Return what each of `templates` is deployed with: first what is `given` one by one, then what the `chosen` files
    say, then the one among the `files` of the input that fits the template."""
    found = Assigned()
    by_template: dict[int, list[ParameterFile]] = {id(template): [] for template in templates}
    for file in chosen:
        for template in _fitting(file, templates, found.diagnostics):
            by_template[id(template)].append(file)
    _spread(templates, files, by_template, found.diagnostics)
    named = {folded(name): template for template in templates for name in _declared(template)}
    values = _given_values(given, named, found.diagnostics)
    for template in templates:
        own = by_template[id(template)]
        _refuse_strangers(template, own, found.diagnostics)
        arguments = {folded(name): one for file in reversed(own) for name, one in file.arguments.items()}
        declared = {folded(name) for name in _declared(template)}
        arguments |= {name: one for name, one in values.items() if name in declared}
        found.arguments.append((template, arguments))
    return found


def _declared(template: Template) -> tuple[str, ...]:
    try:
        return tuple(template.section("parameters"))
    except EvaluationError:
        return ()  # what is wrong with it is told when it is deployed


def _given_values(given: Given, named: Mapping[str, Template], diagnostics: list[Diagnostic]) -> dict[str, Argument]:
    values: dict[str, Argument] = {}
    spelt = {folded(name): name for template in named.values() for name in _declared(template)}
    for name, text in given.values:
        if folded(name) not in named:
            message = f"no template declares a parameter `{name[:60]}`"
            diagnostics.append(_unknown(message, Span(COMMAND_LINE, 0, 0, 0, 0), name, spelt.values()))
        elif folded(name) in values and values[folded(name)].value != text:
            message = f"parameter `{name[:60]}` is given two values"
            diagnostics.append(Diagnostic("said-twice", message, Span(COMMAND_LINE, 0, 0, 0, 0)))
        values[folded(name)] = Argument(text, COMMAND_LINE, "", is_text=True)
    return values


def _unknown(message: str, span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    close = difflib.get_close_matches(name[:60], list(known), n=1)
    return Diagnostic("unknown-parameter", message, span, help=f"did you mean `{close[0]}`?" if close else None)


def _refuse_strangers(template: Template, files: Sequence[ParameterFile], diagnostics: list[Diagnostic]) -> None:
    known = _declared(template)
    declared = {folded(name) for name in known}
    for file in files:
        for name, argument in file.arguments.items():
            if folded(name) not in declared:
                message = f"`{template.file}` declares no parameter `{name[:60]}`"
                diagnostics.append(_unknown(message, place(file.file, argument.pointer), name, known))


def _fitting(file: ParameterFile, templates: Sequence[Template], diagnostics: list[Diagnostic]) -> list[Template]:
    """Return the template that a file named on the command line is for: the only one that declares all it gives."""
    if len(templates) == 1:
        return list(templates)
    beside = [template for template in templates if _is_named_after(file.file, template.file)]
    given = {folded(name) for name in file.arguments}
    takers = [template for template in templates if given <= {folded(name) for name in _declared(template)}]
    found = beside if len(beside) == 1 else takers
    if len(found) == 1:
        return found
    whole = Span(file.file, 0, 0, 0, 0)
    if templates:
        message = f"which template `{file.file}` gives parameters to is not clear"
        advice = f"call it `{_own_name(templates[0])}` for the template `{templates[0].file}`, or name fewer templates"
        diagnostics.append(Diagnostic("ambiguous-parameters", message, whole, help=advice))
    else:
        message = f"`{file.file}` gives parameters, and the input holds no template"
        diagnostics.append(Diagnostic("parameters-without-template", message, whole))
    return []


def _spread(
    templates: Sequence[Template],
    files: Sequence[ParameterFile],
    by_template: Mapping[int, list[ParameterFile]],
    diagnostics: list[Diagnostic],
) -> None:
    """Give each of `files` to the template that it fits; a template that has its parameters already needs none."""
    taken: dict[int, list[ParameterFile]] = {}
    for file in files:
        template = _template_of(file, templates)
        if template is None:
            _fitting_or_told(file, templates, by_template, diagnostics)
        elif not by_template[id(template)]:
            taken.setdefault(id(template), []).append(file)
    for template in templates:
        found = taken.get(id(template), [])
        own = [file for file in found if PurePath(file.file).name.lower() == _own_name(template).lower()]
        best = own if len(own) == 1 else found
        if len(best) > 1:
            names = " and ".join(f"`{file.file}`" for file in best[:2])
            message = f"{names} both give parameters to `{template.file}`"
            advice = "name the one that counts with `--parameters FILE`"
            span = Span(template.file, 0, 0, 0, 0)
            diagnostics.append(Diagnostic("ambiguous-parameters", message, span, help=advice))
        by_template[id(template)].extend(best[:1])


def _fitting_or_told(
    file: ParameterFile,
    templates: Sequence[Template],
    by_template: Mapping[int, list[ParameterFile]],
    diagnostics: list[Diagnostic],
) -> None:
    if templates and all(by_template[id(template)] for template in templates):
        return
    for template in _fitting(file, templates, diagnostics):
        by_template[id(template)].append(file)


def _template_of(file: ParameterFile, templates: Sequence[Template]) -> Template | None:
    """Return the template that a file of the input belongs to: in one file with it, beside it by name, or alone."""
    same = [template for template in templates if template.file == file.file]
    named = [template for template in templates if _is_named_after(file.file, template.file)]
    for found in (same, named, list(templates)):
        if len(found) == 1:
            return found[0]
    closest = sorted(named, key=lambda template: -len(PurePath(template.file).stem))
    return closest[0] if closest else None


def _is_named_after(file: str, template: str) -> bool:
    """Hold for `main.parameters.json`, `main.prod.parameters.json` and the like beside `main.json`."""
    one, other = PurePath(file), PurePath(template)
    return one.parent == other.parent and one.name.lower().startswith(f"{other.stem.lower()}.")


def _own_name(template: Template) -> str:
    return f"{PurePath(template.file).stem}.parameters.json"
