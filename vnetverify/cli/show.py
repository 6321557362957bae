"""`vnetverify show tag`: what a service tag holds at a subnet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.assuming import takes_assumptions, world_of
from vnetverify.cli.group import Guessing
from vnetverify.cli.naming import interface_or_subnet_called, unknown
from vnetverify.cli.output import emit
from vnetverify.cli.reading import load_or_tell, something_to_read, takes_networks, with_lines

if TYPE_CHECKING:
    from vnetverify.loading import Loaded
    from vnetverify.model.network import Network


@click.group("show", cls=Guessing)
def command() -> None:
    """Show what something stands for."""


@command.command("tag")
@click.argument("tag")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@click.argument("where", metavar="NIC|SUBNET")
@takes_networks
@takes_assumptions
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it."
)
def show_tag(
    tag: str,
    files: tuple[str, ...],
    where: str,
    networks: tuple[str, ...],
    service_tags: str | None,
    assumed: Mapping[str, bool],
    output_format: str,
) -> int:
    """Show which prefixes the service tag TAG holds at a subnet (`vnet.subnet`), an interface or a machine of FILE...,
    and which line put each there.

    What the documents leave open is shown with its open fact, and what is documented or assumed of it.
    """
    from vnetverify.model.untold import about, untold_of_routes
    from vnetverify.report.json import render_tag
    from vnetverify.report.tables import tag_table, with_circumstances
    from vnetverify.simulator.tag_listing import tag_at

    something_to_read(files, networks, where)
    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    document = loaded.document
    network = _knowing(tag, loaded)
    subnet_id, _ = interface_or_subnet_called(network, where)
    vnet = network.subnet(subnet_id).vnet
    world = world_of(document.assumptions, assumed)
    listed = (tag_at(network, subnet_id, tag, world), about(untold_of_routes(network), vnet))
    (parts, items), _ = with_lines(loaded, listed)
    if output_format == "text":
        emit(with_circumstances(tag_table(parts, world), network.era, items))
    else:
        emit(render_tag(tag, subnet_id, parts, world))
    return status.AS_EXPECTED


def _knowing(tag: str, loaded: Loaded) -> Network:
    """Return the network with what the provider's list says of `tag`. Raises `UsageError` where it is no tag."""
    from vnetverify.model.published import tags_named
    from vnetverify.syntax.tags import DEFINED_TAGS, SERVICE_TAGS, tag_spelling

    network, listed = loaded.document.network, loaded.published
    if listed is not None and (spelling := listed.spelling(tag)) is not None:
        return replace(network, service_tags={**network.service_tags, spelling: listed.prefixes[spelling]})
    usual, declared = tag_spelling(tag), {name.casefold() for name in network.service_tags}
    may_be_any = listed is None and (usual is not None or tag.casefold() in tags_named(network))
    if tag.casefold() in declared or usual in DEFINED_TAGS or may_be_any:
        return network
    others = SERVICE_TAGS if listed is None else (*sorted(DEFINED_TAGS), *listed.prefixes)
    raise unknown("service tag", tag, (*network.service_tags, *others))
