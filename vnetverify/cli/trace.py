"""`vnetverify trace`: one flow through the simulator, there and back."""

from __future__ import annotations

from collections.abc import Mapping

import click

from vnetverify.cli import status
from vnetverify.cli.assuming import takes_assumptions, world_of
from vnetverify.cli.output import emit
from vnetverify.cli.reading import endpoints_called, load_or_tell, something_to_read, takes_networks, with_lines


@click.command("trace")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@click.option(
    "--from", "sender", required=True, metavar="A", help="The sender: a machine, subnet, site, address, `internet`."
)
@click.option("--to", "receiver", required=True, metavar="B", help="The receiver, named in the same way.")
@click.option("--protocol", default="tcp", show_default=True, help="`tcp`, `udp`, `icmp` or a number.")
@click.option("--port", type=click.IntRange(0, 65535), help="The destination port.")
@click.option("--source-port", type=click.IntRange(0, 65535), help="The source port; by default 49152.")
@takes_networks
@takes_assumptions
def command(
    files: tuple[str, ...],
    sender: str,
    receiver: str,
    protocol: str,
    port: int | None,
    source_port: int | None,
    networks: tuple[str, ...],
    service_tags: str | None,
    assumed: Mapping[str, bool],
) -> int:
    """Follow one flow from A to B in FILE..., hop by hop, and its reply.

    A name stands for its lowest address, of IPv4 where both have one. Open facts read as
    documented unless the text or --assume says otherwise. The exit status is 0 whatever happens to the flow.
    """
    from vnetverify.cli.ends import (
        address_as_written,
        first_ends,
        flow_between,
        protocol_called,
        that_send,
        with_public_addresses,
    )
    from vnetverify.explanation.story import tell_conversation
    from vnetverify.report.narrative import narrate
    from vnetverify.report.tables import with_circumstances
    from vnetverify.simulator.walk import converse

    something_to_read(files, networks)
    number = protocol_called(protocol)
    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    network = loaded.document.network
    senders = that_send(network, endpoints_called(loaded, sender), sender)
    receivers = endpoints_called(loaded, receiver)
    (origin, source), (place, address) = first_ends(senders, receivers, sender, receiver)
    world = with_public_addresses(network, world_of(loaded.document.assumptions, assumed))
    destination = address_as_written(network, world, origin, place, address)
    flow = flow_between(source, destination, number, port, source_port)
    story = tell_conversation(origin, flow, converse(network, origin, flow, world), network.era)
    (story, items), _ = with_lines(loaded, (story, network.unmodelled))
    emit(with_circumstances("\n".join(narrate(story, losers=True)), network.era, items))
    return status.AS_EXPECTED
