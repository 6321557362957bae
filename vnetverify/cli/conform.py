"""`vnetverify conform`: test vectors in JSON, asked of both engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit, tell

if TYPE_CHECKING:
    from vnetverify.testing.conformance import Outcome


@click.command("conform")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--left-out", is_flag=True, help="Also print which vectors are not applicable, and why.")
def command(files: tuple[str, ...], left_out: bool) -> int:
    """Ask both engines the test vectors of FILE..., and print every answer that is not the one wanted.

    A vector that asks for something vnetverify does not model is not applicable. Where a vector says `must` and
    `may`, the verdict has to be open on the facts that its rules name.
    """
    from vnetverify.prover.solver import Limits, Solver
    from vnetverify.report.terminal import printable
    from vnetverify.testing.conformance import conform

    vectors = [vector for file in files for vector in _vectors_in(file)]
    counts = {"agreed": 0, "disagreed": 0, "not applicable": 0}
    solver = Solver(Limits())
    try:
        for outcome in conform(vectors, solver):
            counts[_heading(outcome)] += 1
            for disagreement in outcome.disagreements:
                emit(printable(str(disagreement)))
            if left_out and outcome.left_out:
                emit(printable(f"{outcome.vector}: not applicable: {outcome.left_out}"))
    finally:
        solver.close()
    emit(", ".join(f"{count} {heading}" for heading, count in counts.items()))
    return status.REFUTED if counts["disagreed"] else status.AS_EXPECTED


def _heading(outcome: Outcome) -> str:
    if outcome.left_out:
        return "not applicable"
    return "disagreed" if outcome.disagreements else "agreed"


def _vectors_in(file: str) -> Sequence[Mapping[str, Any]]:
    """Return the vectors of `file`; what is wrong with it as a whole ends the command."""
    from vnetverify.ingest.documents import read_documents
    from vnetverify.report.excerpt import render_diagnostics
    from vnetverify.testing.vectors import NotApplicable, vectors_in

    documents, diagnostics = read_documents(Path(file))
    if diagnostics:
        tell(render_diagnostics(diagnostics, {}))
        raise click.exceptions.Exit(status.BAD_INPUT)
    try:
        return [vector for document in documents for vector in vectors_in(document.content)]
    except NotApplicable as reason:
        raise click.ClickException(f"{file}: {reason}") from None
