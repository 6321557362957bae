"""`vnetverify matrix`: all ordered pairs of subnets at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.assuming import all_assumed, takes_assumptions
from vnetverify.cli.output import emit
from vnetverify.cli.reading import endpoints_called, load_or_tell, something_to_read, takes_networks

if TYPE_CHECKING:
    from vnetverify.loading import Loaded
    from vnetverify.model.network import Service
    from vnetverify.report.matrix import Pairs


@click.command("matrix")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(allow_dash=True))
@takes_networks
@takes_assumptions
@click.option(
    "--service",
    metavar="SERVICE",
    help="For example https, tcp/443 or a service that the text names; all of TCP, UDP and ICMP by default.",
)
@click.option(
    "--from",
    "senders",
    metavar="SET",
    help="The subnets in which SET has hosts, its sites, the Internet; every subnet by default.",
)
@click.option("--to", "receivers", metavar="SET", help="The same for the other side.")
@click.option("--pairs", "every_pair", is_flag=True, help="List every pair by itself, not in groups.")
@click.option(
    "--proofs",
    type=click.IntRange(0, 100_000),
    default=25,
    show_default=True,
    metavar="N",
    help="For how many of the pairs that classes do not settle Z3 is asked.",
)
@click.option(
    "--output-format",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="How to print it; JSON and CSV contain every pair.",
)
def command(
    files: tuple[str, ...],
    networks: tuple[str, ...],
    service_tags: str | None,
    assumed: Mapping[str, bool],
    service: str | None,
    senders: str | None,
    receivers: str | None,
    every_pair: bool,
    proofs: int,
    output_format: str,
) -> int:
    """Show for every ordered pair of subnets in FILE... whether all, some or no flows arrive and are answered.

    Pairs are not decided one by one but by classes of hosts, routes and rules that behave alike. What these leave open
    goes to Z3; every class is checked with packets by the simulator and in part by Z3. Only flows to the hosts' own
    addresses count: public addresses, frontends and translations are other ways, which `prove` follows.

    \b
    Exit status: 0 every pair is settled, 2 usage or input is wrong,
    3 some pair is not settled or could depend on what is not modelled,
    4 there are no pairs, 5 the classes were contradicted: our own bug.
    """
    from vnetverify.report.matrix import render_matrix, render_matrix_csv, render_matrix_json
    from vnetverify.surveying import Asked, Effort, survey

    something_to_read(files, networks)
    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    document = loaded.document
    loaded = replace(loaded, document=replace(document, assumptions=all_assumed(document.assumptions, assumed)))
    ends = (None if text is None else endpoints_called(loaded, text) for text in (senders, receivers))
    pairs = survey(loaded, Asked(_service_called(loaded, service), *ends), Effort(proved=proofs))
    if output_format == "text":
        emit(render_matrix(pairs, every_pair=every_pair))
    else:
        emit(render_matrix_json(pairs) if output_format == "json" else render_matrix_csv(pairs))
    return _status(pairs)


def _service_called(loaded: Loaded, text: str | None) -> Service:
    """Return the service of that name, or of a protocol and ports. Raises `BadParameter`."""
    from vnetverify.model.services import EVERY_CONVERSATION, WELL_KNOWN, service_written
    from vnetverify.report.terminal import printable

    if text is None:
        return EVERY_CONVERSATION
    declared = {name.casefold(): service for name, service in loaded.document.services.items()}
    found = declared.get(text.casefold()) or WELL_KNOWN.get(text.casefold()) or service_written(text)
    if found is None:
        close = get_close_matches(text.casefold()[:60], [*declared, *WELL_KNOWN], 1)
        hint = f"did you mean `{printable(close[0])}`?" if close else "for example https, tcp/443 or udp/1000-2000"
        raise click.BadParameter(f"{text[:60]!r} is not a service; {hint}", param_hint="'--service'")
    return found


def _status(pairs: Pairs) -> int:
    from vnetverify.report.matrix import Outcome

    counts = pairs.counts()
    if not counts:
        return status.NOTHING_CHECKED
    unsure = any(kind.outcome is Outcome.UNSETTLED or kind.doubted for kind in counts)
    return status.UNDECIDED if unsure else status.AS_EXPECTED
