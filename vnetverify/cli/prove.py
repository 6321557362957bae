"""`vnetverify prove`: the verdict on every intent of a text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit, is_terminal, tell
from vnetverify.cli.reading import has_errors, takes_networks

if TYPE_CHECKING:
    from vnetverify.pipeline import Loaded
    from vnetverify.report.results import Report


@click.command("prove")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option("-k", "pattern", metavar="PATTERN", help="Only the intents whose name holds PATTERN; `*` and `?` as in a shell.")
@takes_networks
@click.option("--reading", type=click.Choice(["documented"]), help="Take every open fact as the documentation prefers.")
@click.option(
    "--output-format",
    type=click.Choice(["full", "concise", "json"]),
    default="full",
    show_default=True,
    envvar="VNETVERIFY_OUTPUT_FORMAT",
    help="How to print the verdicts.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For each question to the solver; reaching it is `unknown`.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=64),
    default=4096,
    show_default=True,
    metavar="MB",
    help="For each solver process; reaching it is `unknown`.",
)
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Questions at once.")
@click.option("--timings", is_flag=True, help="Say where the time went.")
def command(
    files: tuple[str, ...],
    pattern: str | None,
    networks: tuple[str, ...],
    reading: str | None,
    output_format: str,
    timeout: float,
    memory: int,
    jobs: int,
    timings: bool,
) -> int:
    """Prove or refute the intents of FILE...; `-` is standard input.

    Every intent ends as proved, as refuted with a flow that the simulator has replayed, as vacuous, or
    as unknown with the reason. A proof holds for every packet, whatever the open facts are.
    """
