"""`vnetverify prove`: the verdict on every intent of a text."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from vnetverify.cli import status
from vnetverify.cli.destination import destination, save
from vnetverify.cli.findings import findings
from vnetverify.cli.options import takes_certificate_nodes, takes_output, takes_pattern
from vnetverify.cli.output import emit, tell
from vnetverify.cli.progress import progress_line
from vnetverify.cli.reading import has_errors, load, takes_networks, with_lines
from vnetverify.prover.solver import BUDGET, FENCE_SECONDS, Limits, Solver
from vnetverify.prover.verdict import Assurance
from vnetverify.report.formats import FOR_PEOPLE_ONLY, NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from vnetverify.cache.store import Store
    from vnetverify.pipeline import Disagreement, Loaded, Options
    from vnetverify.report.results import Report

_MOST_JOBS = 64
_NAMED = 8  # intents named when none fits the pattern


class Jobs(click.IntRange):
    """A number of worker processes, or `auto`, which is 0."""

    name = "jobs"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "auto":
            return 0
        if isinstance(value, str) and not value.strip().removeprefix("-").isdigit():
            self.fail(f"{value[:40]!r} is neither `auto` nor a number", param, ctx)
        return super().convert(value, param, ctx)


@click.command("prove")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@takes_pattern
@takes_networks
@click.option("--reading", type=click.Choice(["documented"]), help="Read every open fact as the documentation prefers.")
@click.option(
    "--output-format",
    type=click.Choice(NAMES),
    default="full",
    show_default=True,
    envvar="VNETVERIFY_OUTPUT_FORMAT",
    help="How to print the verdicts.",
)
@takes_output
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    default=BUDGET,
    show_default=True,
    metavar="N",
    help="Z3's own steps for each sentence, or each part of one about many places; beyond it: `unknown`.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=FENCE_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="A second limit behind the budget: a sentence that takes longer to solve is `unknown`.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=64),
    default=4096,
    show_default=True,
    metavar="MB",
    help="For each solver process; beyond it: `unknown`.",
)
@click.option(
    "-j",
    "--jobs",
    type=Jobs(1, _MOST_JOBS),
    default="auto",
    show_default=True,
    metavar="N|auto",
    help="Worker processes; the report is the same for any number. `auto`: one per processor, if that pays off.",
)
@click.option(
    "--assurance",
    type=click.Choice([level.value for level in Assurance if level is not Assurance.INSPECTION]),
    default=Assurance.Z3_ALONE.value,
    show_default=True,
    help="The least assurance that a proof needs; with less it is `unknown`.",
)
@takes_certificate_nodes
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Ask the Dask scheduler there first (extra `cluster`); its answers are checked here.",
)
@click.option(
    "--cache/--no-cache",
    "caches",
    default=False,
    show_default=True,
    envvar="VNETVERIFY_CACHE",
    help="Keep proofs and refutations, and check them again instead of searching for them.",
)
@click.option(
    "--cache-dir",
    metavar="DIR",
    type=click.Path(),
    envvar="VNETVERIFY_CACHE_DIR",
    help="The folder of `--cache`; by default `vnetverify` among the user's caches.",
)
@click.option("--why", is_flag=True, help="Test for each line that a proof rests on whether it still holds without it.")
@click.option("--timings", is_flag=True, help="Show where the time went.")
def command(
    files: tuple[str, ...],
    pattern: str | None,
    networks: tuple[str, ...],
    service_tags: str | None,
    reading: str | None,
    output_format: str,
    output: str | None,
    budget: int,
    timeout: float,
    memory: int,
    jobs: int,
    assurance: str,
    certificate_nodes: int,
    cluster: str | None,
    caches: bool,
    cache_dir: str | None,
    why: bool,
    timings: bool,
) -> int:
    """Prove or refute the intents of FILE...; `-` is standard input.

    Every intent ends as proved, as refuted with a flow that the simulator has replayed, as vacuous, or
    as unknown with the reason. A proof holds for every packet, whatever the open facts are.
    """
    begun = time.perf_counter()
    limits = Limits(timeout, memory, budget)
    with closing(Solver(limits)) as solver:
        if not caches:  # or nothing may have to be searched
            solver.warm_up()  # it loads Z3 while we load the rest of ourselves and read the input
        from vnetverify.assurance import Demands
        from vnetverify.pipeline import Options
        from vnetverify.prover.evidence.confirming import EvidenceLimits

        started = time.perf_counter() - begun
        loaded = load(files, networks, service_tags)
        loaded = replace(loaded, timings={"start": started, **loaded.timings})
        target = None if output in (None, "-") else destination(output, loaded.paths)
        if has_errors(loaded.diagnostics):
            _refuse(loaded, output_format, target)
            return status.BAD_INPUT
        _warn(loaded, output_format)
        demands = Demands(Assurance(assurance), certificate_nodes, EvidenceLimits(timeout, memory))
        store = _cache(cache_dir) if caches else None
        options = Options(pattern, limits, jobs, store, cluster, reading == "documented", why, demands)
        found = _proved(loaded, options, solver)
    if found is None:
        return status.OUR_BUG
    report, _ = with_lines(loaded, found if timings else replace(found, timings={}))
    _deliver(report, output_format, target)
    if report.selected == 0 and loaded.document.intents:
        tell(_which_there_are(loaded))
    return status.status_of(report)


def _proved(loaded: Loaded, options: Options, solver: Solver) -> Report | None:
    """Return what the run found; None where the engines disagree, which is told. Raises `ClickException`."""
    from vnetverify.cluster import NoCluster
    from vnetverify.pipeline import Disagreement, prove

    try:
        with progress_line() as show:
            return prove(loaded, options, show, solver)
    except Disagreement as difference:
        tell(_disagreement(difference))
        return None
    except NoCluster as refusal:
        raise click.ClickException(str(refusal)) from None


def _cache(folder: str | None) -> Store | None:
    """Return the cache in `folder`, None with a word of why where that cannot be one."""
    from pathlib import Path

    from vnetverify.cache.store import Unusable, default_folder, opened

    try:
        return opened(Path(folder) if folder is not None else default_folder())
    except Unusable as refusal:
        tell(f"warning: {refusal}; nothing is remembered")
        return None


def _refuse(loaded: Loaded, output_format: str, target: Path | None) -> None:
    """Print what is wrong with the input, in the format that was asked for."""
    from vnetverify import __version__
    from vnetverify.report.excerpt import counts_of
    from vnetverify.report.results import Report

    _warn(loaded, output_format)
    if output_format != "concise":
        tell(f"\n{counts_of(loaded.diagnostics)}: nothing was proved")
    if output_format not in FOR_PEOPLE_ONLY:
        _deliver(Report((), 0, loaded.diagnostics, version=__version__), output_format, target)


def _deliver(report: Report, output_format: str, target: Path | None) -> None:
    """Write `report` to the file `target`, or to stdout where that is None. Raises `ClickException`."""
    from vnetverify.report.formats import writer_of
    from vnetverify.report.text import summary

    text = writer_of(output_format)(report)
    if target is None:
        emit(text)
        return
    save(click.unstyle(text) if output_format in FOR_PEOPLE_ONLY else text, target)
    tell(summary(report))


def _warn(loaded: Loaded, output_format: str) -> None:
    from vnetverify.report.excerpt import one_line

    found = loaded.diagnostics
    if found and output_format == "concise":
        tell("\n".join(map(one_line, found)))
    elif found:
        tell(findings(sys.stderr, found, loaded.sources, loaded.quotes))


def _which_there_are(loaded: Loaded) -> str:
    from vnetverify.report.terminal import printable

    names = [f"`{printable(intent.name)}`" for intent in loaded.document.intents]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"help: the intents are {', '.join(names[:_NAMED])}{more}"


def _disagreement(difference: Disagreement) -> str:
    from vnetverify.report.terminal import printable

    return (
        f"internal error: {printable(str(difference))}\n"
        "the encoding and the simulator disagree: this is a bug of vnetverify and no verdict; please report it "
        "with the lines above and, if you can share it, the input"
    )
