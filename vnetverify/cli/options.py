"""Options that several commands take."""

from __future__ import annotations

import os
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


FOR_FINDINGS = ("full", "concise", "json")


def takes_format_of_findings(command: _Command) -> _Command:
    """Give `command` the option for how findings are printed: the variable for reports counts where it fits."""
    option = click.option(
        "--output-format",
        type=click.Choice(FOR_FINDINGS),
        default=_format_of_findings,
        show_default="full",
        help="How to print the findings.",
    )
    return option(command)


def _format_of_findings() -> str:
    wanted = os.environ.get("VNETVERIFY_OUTPUT_FORMAT", "")
    return wanted if wanted in FOR_FINDINGS else "full"
