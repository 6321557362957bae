"""Reading inputs for every command: what is wrong goes to stderr, and with errors there is nothing to work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from vnetverify.cli import status
from vnetverify.cli.output import tell

if TYPE_CHECKING:
    from vnetverify.diagnostic import Diagnostic
    from vnetverify.model.intents import EndpointSet
    from vnetverify.pipeline import Loaded

_Command = TypeVar("_Command", bound=Callable[..., object])


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
    tags = click.option(
        "--service-tags",
        metavar="FILE",
        type=click.Path(),
        help="Azure's list of service tags, as if the text said `service-tags`.",
    )
    return network(tags(command))


def has_errors(diagnostics: Sequence[Diagnostic]) -> bool:
    from vnetverify.diagnostic import Severity

    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def load_or_tell(files: Sequence[str], networks: Sequence[str], service_tags: str | None = None) -> Loaded | None:
    """Return what `files` and `networks` hold, None when there are errors; every finding goes to stderr."""
    from vnetverify.pipeline import load
    from vnetverify.report.excerpt import render_diagnostics

    loaded = load(files, networks, service_tags)
    if loaded.diagnostics:
        tell(render_diagnostics(loaded.diagnostics, loaded.sources))
    return None if has_errors(loaded.diagnostics) else loaded


def endpoints_called(loaded: Loaded, expression: str) -> EndpointSet:
    """Return what a set expression on the command line stands for; what is wrong with it ends the command."""
    from vnetverify.diagnostic import InputError
    from vnetverify.pipeline import resolve
    from vnetverify.report.excerpt import render_diagnostics
    from vnetverify.source import Source

    source = Source("<expression>", expression)
    try:
        return resolve(loaded, source)
    except InputError as mistakes:
        tell(render_diagnostics(mistakes.diagnostics, {**loaded.sources, source.name: source}))
        raise click.exceptions.Exit(status.BAD_INPUT) from None
