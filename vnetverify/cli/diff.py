"""`vnetverify diff`: what a change of security groups lets through or stops."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit
from vnetverify.cli.reading import load_or_tell, takes_settings, with_lines
from vnetverify.files import is_json_by_name
from vnetverify.prover.solver import FENCE_SECONDS, Limits

if TYPE_CHECKING:
    from vnetverify.pipeline import Loaded
    from vnetverify.report.changes import Changes


@click.command("diff")
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@takes_settings
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=FENCE_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="For each question to the solver, which has a budget of steps as well.",
)
@click.option(
    "--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it."
)
def command(old: str, new: str, service_tags: str | None, timeout: float, output_format: str) -> int:
    """Prove that the security groups of OLD and NEW let the same packets through, or show all differences.

    OLD and NEW are texts, or Azure resource JSON (a file or a folder). They are compared at every interface and place
    for hosts, in both directions, whatever the open facts are. Anything else that differs is named, not compared.

    \b
    Exit status: 0 equal, 1 different, 2 usage or input is wrong,
    3 undecided, or equal but for what is not known or was not compared,
    4 they have no place in common.
    """
    from vnetverify.comparison import compare
    from vnetverify.report.changes import render_changes, render_changes_json
    from vnetverify.report.narrative import by_era

    versions = [_loaded(path, service_tags) for path in (old, new)]
    before, after = versions
    if before is None or after is None:
        return status.BAD_INPUT
    changes = compare(before.document.network, after.document.network, Limits(seconds=timeout))
    for version in (before, after):
        changes, _ = with_lines(version, changes)
    emit(render_changes(changes) if output_format == "text" else render_changes_json(changes))
    era = before.document.network.era
    if output_format == "text" and era is after.document.network.era and by_era(era):
        emit(by_era(era))
    return _status(changes)


def _loaded(path: str, service_tags: str | None) -> Loaded | None:
    """Return what a text or an export holds; None with its errors on stderr."""
    is_export = is_json_by_name(path) or Path(path).is_dir()
    return load_or_tell([], [path], service_tags) if is_export else load_or_tell([path], [], service_tags)


def _status(changes: Changes) -> int:
    if not all(change.is_open for change in changes.found):
        return status.DIFFERENT
    if not changes.places:
        return status.NOTHING_CHECKED
    return status.AS_EXPECTED if changes.are_equal and not changes.not_compared else status.UNDECIDED
