"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from vnetverify.prover.verdict import CERTIFICATE_NODES, NODES_PER_PLACE

_Command = TypeVar("_Command", bound=Callable[..., object])


def takes_pattern(command: _Command) -> _Command:
    """Give `command` the option that selects intents by name."""
    option = click.option(
        "-k",
        "pattern",
        metavar="PATTERN",
        help="Only intents whose name matches; `*` and `?` are wildcards.",
    )
    return option(command)


def takes_certificate_nodes(command: _Command) -> _Command:
    """Give `command` the option that bounds certificates."""
    option = click.option(
        "--certificate-nodes",
        type=click.IntRange(min=1),
        default=CERTIFICATE_NODES,
        show_default=True,
        metavar="N",
        help=f"The most nodes of a certificate, or {NODES_PER_PLACE} for each place where flows begin if that is more.",
    )
    return option(command)


def takes_output(command: _Command) -> _Command:
    """Give `command` the option that names a file to write instead of printing."""
    option = click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=click.Path(allow_dash=True),
        help="The file to write, completely or not at all; standard output by default.",
    )
    return option(command)
