"""Reading inputs for every command: how much of them, and that with errors there is nothing to work on."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from vnetverify.cli import status
from vnetverify.cli.findings import findings
from vnetverify.cli.output import tell
from vnetverify.files import LARGEST_INPUT, Allowance

if TYPE_CHECKING:
    from vnetverify.diagnostic import Diagnostic
    from vnetverify.ingest import Given, Imported
    from vnetverify.loading import Loaded
    from vnetverify.model.intents import EndpointSet
    from vnetverify.report.lines import Quotes

_MAX_INPUT = "vnetverify.max-input"
_PARAMETERS = "parameter_values"
_PARAMETER_FILES = "parameter_files"
_DEPLOYED_TO = "deployed_to"
_AS_RECORDED = "as_recorded"
_Command = TypeVar("_Command", bound=Callable[..., object])
_Shown = TypeVar("_Shown")


def takes_networks(command: _Command) -> _Command:
    """Give `command` the options for networks that are read from Azure's JSON, and for its list of service tags."""
    network = click.option(
        "--network",
        "networks",
        multiple=True,
        metavar="PATH",
        type=click.Path(),
        help="Azure resource JSON, a file or a folder, as if the text said `use`.",
    )
    return network(takes_settings(command))


def takes_settings(command: _Command) -> _Command:
    """Give `command` the options for how files that are read from Azure's JSON are to be understood."""
    tags = click.option(
        "--service-tags",
        metavar="FILE",
        type=click.Path(),
        help="Azure's list of service tags, as if the text said `service-tags`.",
    )
    return _takes_parameters(tags(takes_max_input(command)))


def _takes_parameters(command: _Command) -> _Command:
    """Give `command` the options for the parameters of templates, which `given` then knows."""
    one = click.option(
        "--parameter",
        _PARAMETERS,
        multiple=True,
        metavar="NAME=VALUE",
        expose_value=False,
        callback=_keep_parameters,
        help="The value of a template's parameter; as JSON unless its type is string.",
    )
    files = click.option(
        "--parameters",
        _PARAMETER_FILES,
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_keep,
        help="A parameter file for a template.",
    )
    scope = click.option(
        "--deploy-to",
        _DEPLOYED_TO,
        multiple=True,
        metavar="[TEMPLATE=]ID",
        expose_value=False,
        callback=_keep_scopes,
        help="Where TEMPLATE, or every other template, is deployed: the id of a resource group or a subscription.",
    )
    recorded = click.option(
        "--as-recorded",
        _AS_RECORDED,
        is_flag=True,
        expose_value=False,
        callback=_keep,
        help="Read templates as records of a running network: the addresses that they state are what is there.",
    )
    return one(files(scope(recorded(command))))


def _keep_parameters(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> None:
    """Keep each value with its name."""
    for value in values:
        if not value.partition("=")[1] or not value.partition("=")[0].strip():
            raise click.BadParameter(f"`{value[:60]}` is not of the form NAME=VALUE", context, option)
    pairs = tuple((value.partition("=")[0].strip(), value.partition("=")[2]) for value in values)
    context.meta[f"vnetverify.{option.name}"] = pairs


def _keep_scopes(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> None:
    """Keep each id with the file of the template, empty where it names none."""
    pairs = [("", value) if value.startswith("/") else value.partition("=")[::2] for value in values]
    if len({file for file, _ in pairs}) < len(pairs):
        raise click.BadParameter("one template is deployed to one place", context, option)
    context.meta[f"vnetverify.{option.name}"] = tuple(pairs)


def _keep(context: click.Context, option: click.Parameter, value: object) -> None:
    context.meta[f"vnetverify.{option.name}"] = value


def given() -> Given | None:
    """Return what the command line gives to the parameters of templates; None where it says nothing about them."""
    meta = click.get_current_context().meta
    said = [meta.get(f"vnetverify.{name}", ()) for name in (_PARAMETERS, _PARAMETER_FILES, _DEPLOYED_TO)]
    as_recorded = bool(meta.get(f"vnetverify.{_AS_RECORDED}"))
    if not any(said) and not as_recorded:
        return None
    from vnetverify.ingest import Given

    values, files, scopes = said
    return Given(values, files, scopes, as_recorded)


def takes_max_input(command: _Command) -> _Command:
    """Give `command` the option for how much it reads, which `allowance` then knows."""
    option = click.option(
        "--max-input",
        type=click.IntRange(1, 4096),
        default=LARGEST_INPUT,
        show_default=True,
        metavar="MB",
        envvar="VNETVERIFY_MAX_INPUT",
        expose_value=False,
        callback=_keep_max_input,
        help="The most that all inputs together may hold.",
    )
    return option(command)


def _keep_max_input(context: click.Context, _: click.Parameter, megabytes: int) -> None:
    context.meta[_MAX_INPUT] = megabytes


def allowance() -> Allowance:
    """Return how much of its inputs the command that runs may read."""
    return Allowance(click.get_current_context().meta[_MAX_INPUT])


def load(files: Sequence[str], networks: Sequence[str], service_tags: str | None = None) -> Loaded:
    """Return what `files` and `networks` hold, as far as it may be read."""
    from vnetverify import loading

    gc.disable()
    try:
        loaded = loading.load(files, networks, service_tags, allowance(), given())
        diagnostics, quotes = with_lines(loaded, loaded.diagnostics)
        return replace(loaded, diagnostics=diagnostics, quotes=quotes)
    finally:
        gc.freeze()  # millions of objects, which live to the end: nothing to go through again and again
        gc.enable()


def something_to_read(files: Sequence[str], networks: Sequence[str], last: str = "") -> None:
    """Raise `UsageError` where a command that can do without a text is told no network either.

    `last` is what stands behind the files on the command line, where something has to.
    """
    if files or networks:
        return
    if last and os.path.isfile(last):
        raise click.UsageError(f"behind the file {last[:60]!r} has to stand what is asked about")
    before = f" before {last[:60]!r}" if last else ""
    raise click.UsageError(f"there is nothing to read: name a FILE{before} or a --network")


def with_lines(was_read: Loaded | Imported, value: _Shown) -> tuple[_Shown, Quotes]:
    """Return what is to be shown with the lines of all places in JSON, and those of these lines that may be quoted.

    Files that are not any more what they were when they were read have no lines.
    """
    if not was_read.digests:
        return value, {}
    from vnetverify.ingest.documents import text_again
    from vnetverify.report import lines

    def text_of(file: str) -> str | None:
        digest = was_read.digests.get(file)
        return None if digest is None else text_again(file, digest, allowance())

    return lines.with_lines(value, text_of)


def has_errors(diagnostics: Sequence[Diagnostic]) -> bool:
    from vnetverify.diagnostic import Severity

    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def load_or_tell(files: Sequence[str], networks: Sequence[str], service_tags: str | None = None) -> Loaded | None:
    """Return what `files` and `networks` hold, None when there are errors; every finding goes to stderr."""
    loaded = load(files, networks, service_tags)
    if loaded.diagnostics:
        tell(findings(sys.stderr, loaded.diagnostics, loaded.sources, loaded.quotes))
    return None if has_errors(loaded.diagnostics) else loaded


def endpoints_called(loaded: Loaded, expression: str) -> EndpointSet:
    """Return what a set expression on the command line stands for; what is wrong with it ends the command."""
    from vnetverify.diagnostic import InputError
    from vnetverify.loading import resolve
    from vnetverify.source import Source

    source = Source("<expression>", expression)
    try:
        return resolve(loaded, source)
    except InputError as mistakes:
        tell(findings(sys.stderr, mistakes.diagnostics, {**loaded.sources, source.name: source}))
        raise click.exceptions.Exit(status.BAD_INPUT) from None
