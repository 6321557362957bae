"""`vnetverify import`: the network of Azure's files as a text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.destination import destination, save
from vnetverify.cli.options import takes_output
from vnetverify.cli.output import emit, tell
from vnetverify.cli.reading import load_or_tell, takes_settings, with_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vnetverify.loading import Loaded


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@takes_settings
@click.option("--origins", is_flag=True, help="Add comments that say where in PATH... each statement comes from.")
@takes_output
def command(paths: tuple[str, ...], service_tags: str | None, origins: bool, output: str | None) -> int:
    """Write the network in PATH..., files or folders of Azure's JSON, as a text.

    The text also says what is not modelled, so its verdicts are the same as those on the files.
    """
    from vnetverify.syntax.write import origins_in, write

    inputs = (*paths, *(() if service_tags is None else (service_tags,)))
    target = None if output in (None, "-") else destination(str(output), map(Path, inputs))
    loaded = load_or_tell((), paths, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    network = loaded.document.network
    spans = origins_in(network) if origins else ()
    places = dict(zip(spans, with_lines(loaded, spans)[0], strict=True)) if origins else None
    text = write(network, list(_heading(loaded, paths)), places).removesuffix("\n")
    if target is None:
        emit(text)
    else:
        save(text, target)
        tell(f"{_counted(loaded)} written to {output}")
    return status.AS_EXPECTED


def _heading(loaded: Loaded, paths: tuple[str, ...]) -> Iterator[str]:
    """Yield where the text comes from and what else was found there."""
    yield f"written by `vnetverify import` from {', '.join(paths)}"
    published = loaded.document.network.published_tags
    if published is not None:
        yield f"service tags of cloud {published.cloud}, change {published.change_number}"
    yield from (f"{found.severity.value}: {found.message}" for found in loaded.diagnostics)


def _counted(loaded: Loaded) -> str:
    from vnetverify.report.terminal import counted

    network = loaded.document.network
    open_items = len(network.unmodelled) + len(network.unmodelled_names)
    return (
        f"{counted(len(network.vnets), 'vnet')}, {counted(len(network.subnets()), 'subnet')},"
        f" {counted(open_items, 'thing')} not modelled,"
    )
