"""`vnetverify conform`: test vectors asked of both engines, and what Azure answered beside what is derived."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vnetverify.cli import status
from vnetverify.cli.assuming import takes_assumptions, world_of
from vnetverify.cli.findings import findings
from vnetverify.cli.output import emit, tell
from vnetverify.cli.reading import allowance, load_or_tell, takes_networks

if TYPE_CHECKING:
    from vnetverify.facts import World
    from vnetverify.ingest.documents import Document
    from vnetverify.model.network import Network
    from vnetverify.testing.conformance import Outcome
    from vnetverify.testing.recorded_groups import Compared

_TEXT = ".vnet"
_MOST_VECTORS = 20_000
"""Vectors of one file beyond which none is asked: both engines answer each."""


@click.command("conform")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@takes_networks
@takes_assumptions
@click.option("--at", "at", metavar="NIC", help="The interface of recordings that do not name theirs.")
@click.option("--left-out", is_flag=True, help="Also print which vectors are not applicable, and why.")
def command(
    files: tuple[str, ...],
    networks: tuple[str, ...],
    service_tags: str | None,
    assumed: Mapping[str, bool],
    at: str | None,
    left_out: bool,
) -> int:
    """Ask both engines the test vectors of FILE..., and print every answer that is not the expected one.

    A vector that asks for something vnetverify does not model is not applicable. Where a vector says `must` and
    `may`, the verdict has to be open on the facts that its rules name.

    With --network, or a text among FILE..., the JSON files are recordings instead: effective routes, effective rules,
    next hops and flow verdicts as Azure answered them. They are compared, line by line, with what is derived from the
    network; every difference is printed with its rule. Open facts read as documented.

    \b
    Exit status: 0 no answer differs, 1 some does,
    2 usage or input is wrong, 4 nothing was asked.
    """
    texts = [file for file in files if file.lower().endswith(_TEXT)]
    others = [file for file in files if file not in texts]
    if not networks and not texts:
        if at is not None or assumed or service_tags is not None:
            raise click.UsageError(
                "--at, --assume and --service-tags are about recordings; name a network with --network"
            )
        return _of_vectors(files, left_out)
    if not others:
        raise click.UsageError("no recording to compare with; name the JSON that Azure answered")
    loaded = load_or_tell(texts, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    world = world_of(loaded.document.assumptions, assumed)
    return _of_recordings(others, loaded.document.network, world, at)


# -- vectors ----------------------------------------------------------------------------------------------


def _of_vectors(files: Sequence[str], left_out: bool) -> int:
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
    return _status(counts["agreed"], counts["disagreed"])


def _status(agreed: int, differing: int) -> int:
    if differing:
        return status.REFUTED
    return status.AS_EXPECTED if agreed else status.NOTHING_CHECKED


def _heading(outcome: Outcome) -> str:
    if outcome.left_out:
        return "not applicable"
    return "disagreed" if outcome.disagreements else "agreed"


def _vectors_in(file: str) -> Sequence[Mapping[str, Any]]:
    """Return the vectors of `file`; what is wrong with it as a whole ends the command."""
    from vnetverify.testing.vectors import NotApplicable, vectors_in

    try:
        vectors = [vector for document in _documents(file) for vector in vectors_in(document.content)]
    except NotApplicable as reason:
        raise click.ClickException(f"{file}: {reason}") from None
    if len(vectors) > _MOST_VECTORS:
        raise click.ClickException(f"{file}: {len(vectors)} vectors, more than the {_MOST_VECTORS} that are asked")
    return vectors


def _documents(file: str) -> Sequence[Document]:
    from vnetverify.ingest.documents import read_documents

    documents, diagnostics = read_documents(Path(file), allowance())
    if diagnostics:
        tell(findings(sys.stderr, diagnostics, {}))
        raise click.exceptions.Exit(status.BAD_INPUT)
    return documents


# -- recordings -------------------------------------------------------------------------------------------


def _of_recordings(files: Sequence[str], network: Network, world: World, at: str | None) -> int:
    from vnetverify.report.narrative import by_era
    from vnetverify.report.terminal import printable

    counts = {"agreed": 0, "differ": 0, "open": 0}
    for compared in (each for file in files for each in _compared(file, network, world, at)):
        heading = "open" if compared.open_fact else "differ" if compared.is_difference else "agreed"
        counts[heading] += 1
        if heading != "agreed":
            emit(printable(str(compared)))
    emit(", ".join(f"{count} {heading}" for heading, count in counts.items()))
    if era := by_era(network.era):
        emit(era)
    return _status(counts["agreed"] + counts["open"], counts["differ"])


def _compared(file: str, network: Network, world: World, at: str | None) -> Iterator[Compared]:
    """Yield how the lines of a file compare; what is wrong with it ends the command."""
    from vnetverify.ingest.values import Malformed
    from vnetverify.testing.anchors import compare
    from vnetverify.testing.questions import NotAQuestion
    from vnetverify.testing.recorded_answers import recordings_in

    for document in _documents(file):
        try:
            for recording in recordings_in(document.content, at):
                yield from compare(network, recording, world)
        except (Malformed, NotAQuestion, ValueError) as reason:
            raise click.ClickException(f"{document.file}: {reason}") from None
