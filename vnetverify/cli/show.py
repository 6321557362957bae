"""`vnetverify show tag`: what a service tag holds at a subnet."""

from __future__ import annotations

from collections.abc import Mapping

import click

from vnetverify.cli import status
from vnetverify.cli.assuming import takes_assumptions, world_of
from vnetverify.cli.naming import subnet_called
from vnetverify.cli.output import emit
from vnetverify.cli.reading import load_or_tell, takes_networks, with_lines


@click.group("show")
def command() -> None:
    """Show what something stands for."""


@command.command("tag")
@click.argument("tag")
@click.argument("file", type=click.Path(allow_dash=True))
@click.argument("subnet")
@takes_networks
@takes_assumptions
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it."
)
def show_tag(
    tag: str,
    file: str,
    subnet: str,
    networks: tuple[str, ...],
    service_tags: str | None,
    assumed: Mapping[str, bool],
    output_format: str,
) -> int:
    """Show which prefixes the service tag TAG holds at SUBNET (`vnet.subnet`) of FILE, and which line put each there.

    What the documents leave open is shown with its open fact, and what is documented or assumed of it.
    """
    from vnetverify.report.json import render_tag
    from vnetverify.report.tables import tag_table
    from vnetverify.simulator.tag_listing import tag_at

    loaded = load_or_tell([file], networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    document = loaded.document
    found = subnet_called(document.network, subnet)
    world = world_of(document.assumptions, assumed)
    parts, _ = with_lines(loaded, tag_at(document.network, found.id, tag, world))
    emit(tag_table(parts, world) if output_format == "text" else render_tag(tag, found.id, parts, world))
    return status.AS_EXPECTED
