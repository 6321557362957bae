"""`vnetverify prove`: the verdict on every intent of a text."""

from __future__ import annotations

import sys
from typing import assert_never

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit, is_terminal, tell
from vnetverify.cli.reading import has_errors, takes_networks

_FORMATS = ["full", "concise", "json"]


@click.command("prove")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option("-k", "pattern", metavar="PATTERN", help="Only the intents whose name fits, with `*` and `?`.")
@takes_networks
@click.option(
    "--reading",
    type=click.Choice(["every-world", "documented"]),
    default=None,
    help="Take every open fact as the current documentation prefers, or as it may be (default).",
)
@click.option(
    "--output-format",
    type=click.Choice(_FORMATS),
    default="full",
    show_default=True,
    envvar="VNETVERIFY_OUTPUT_FORMAT",
    help="How to print the verdicts.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="For each claim; reaching it is `unknown`.",
)
@click.option("--memory", type=click.IntRange(min=64), metavar="MB", help="For each solver; reaching it is `unknown`.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=1, metavar="N", help="Claims to work on at once.")
@click.option("--timings", is_flag=True, help="Say where the time went.")
def command(
    files: tuple[str, ...], pattern: str | None, networks: tuple[str, ...], reading: str | None, output_format: str,
    timeout: float | None, memory: int | None, jobs: int, timings: bool,
) -> int:  # fmt: skip
    """Prove or refute the intents of FILE...; `-` is standard input.

    Each intent ends as proved, refuted with a flow that the simulator has replayed, vacuous, or
    unknown with the reason. A proof holds for all packets, whatever the open facts are.
    """
    raise SystemExit
