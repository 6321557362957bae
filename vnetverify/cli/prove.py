"""`vnetverify prove`: the verdict on every intent of a text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit, tell
from vnetverify.cli.progress import progress_line
from vnetverify.cli.reading import has_errors, takes_networks

if TYPE_CHECKING:
    from vnetverify.pipeline import Disagreement, Loaded
    from vnetverify.report.results import Report

_NAMED = 8  # intents named when none fits the pattern


@click.command("prove")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option("-k", "pattern", metavar="PATTERN", help="Only the intents whose name fits; `*` and `?` stand for any.")
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
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N", help="Intents at once."
)
@click.option("--timings", is_flag=True, help="Say where the time went.")
def command(
    files: tuple[str, ...],
    pattern: str | None,
    networks: tuple[str, ...],
    service_tags: str | None,
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
    from vnetverify.prover.solver import Limits, Solver

    limits = Limits(timeout, memory)
    solver = Solver(limits)
    solver.warm_up()  # it loads Z3 while we load the rest of ourselves and read the input
    try:
        from vnetverify.pipeline import Disagreement, Options, load, prove

        loaded = load(files, networks, service_tags)
        if has_errors(loaded.diagnostics):
            _refuse(loaded, output_format)
            return status.BAD_INPUT
        _warn(loaded, output_format)
        options = Options(pattern, limits, jobs, reading == "documented")
        try:
            with progress_line() as show:
                report = prove(loaded, options, show, solver)
        except Disagreement as difference:
            tell(_disagreement(difference))
            return status.OUR_BUG
    finally:
        solver.close()
    emit(_rendered(report if timings else replace(report, timings={}), output_format))
    if report.selected == 0 and loaded.document.intents:
        tell(_which_there_are(loaded))
    return status.status_of(report)


def _refuse(loaded: Loaded, output_format: str) -> None:
    """Print what is wrong with the input, in the format that was asked for."""
    from vnetverify import __version__
    from vnetverify.report.results import Report

    _warn(loaded, output_format)
    if output_format == "json":
        emit(_rendered(Report((), 0, loaded.diagnostics, version=__version__), output_format))


def _warn(loaded: Loaded, output_format: str) -> None:
    from vnetverify.report.excerpt import one_line, render_diagnostics

    found = loaded.diagnostics
    if found and output_format == "concise":
        tell("\n".join(map(one_line, found)))
    elif found:
        tell(render_diagnostics(found, loaded.sources))


def _which_there_are(loaded: Loaded) -> str:
    from vnetverify.report.terminal import printable

    names = [f"`{printable(intent.name)}`" for intent in loaded.document.intents]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"help: the intents are {', '.join(names[:_NAMED])}{more}"


def _rendered(report: Report, output_format: str) -> str:
    match output_format:
        case "json":
            from vnetverify.report.json import render_json

            return render_json(report)
        case "concise":
            from vnetverify.report.text import render_concise

            return render_concise(report)
        case _:
            from vnetverify.report.text import render_full

            return render_full(report)


def _disagreement(difference: Disagreement) -> str:
    from vnetverify.report.terminal import printable

    return (
        f"internal error: {printable(str(difference))}\n"
        "the encoding and the simulator disagree: this is a bug of vnetverify and no verdict; please report it "
        "with the lines above and, if you can share it, the input"
    )
