"""`vnetverify certify`: certificates of what is proved, as files that anybody can judge."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.destination import destination, save
from vnetverify.cli.output import emit, tell
from vnetverify.cli.reading import load_or_tell, takes_networks
from vnetverify.prover.verdict import CERTIFICATE_NODES

if TYPE_CHECKING:
    from vnetverify.certificate.evidence import Certificate, Subject
    from vnetverify.pipeline import Loaded

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 60


@click.command("certify")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option(
    "-o", "--output", "folder", required=True, metavar="DIR", type=click.Path(), help="The folder to write to."
)
@click.option("-k", "pattern", metavar="PATTERN", help="Only the intents whose name fits; `*` and `?` stand for any.")
@takes_networks
@click.option(
    "--certificate-nodes",
    type=click.IntRange(min=1),
    default=CERTIFICATE_NODES,
    show_default=True,
    metavar="N",
    help="How large a certificate may be, or ten nodes for each place where flows begin, if that is more.",
)
def command(
    files: tuple[str, ...],
    folder: str,
    pattern: str | None,
    networks: tuple[str, ...],
    service_tags: str | None,
    certificate_nodes: int,
) -> int:
    """Prove the intents of FILE... and write a certificate of each proof to a file in DIR.

    `vnetverify verify-certificate` judges them without a solver. A sentence that is not proved has none, nor has one
    whose certificate would be too large; each is named.

    \b
    Exit status: 0 every sentence has a certificate, 2 usage or input is wrong, 3 some sentence has none.
    """
    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    made = _made(loaded, pattern, certificate_nodes)
    Path(folder).mkdir(parents=True, exist_ok=True)
    return _written(loaded, pattern, made, folder)


def _made(loaded: Loaded, pattern: str | None, nodes: int) -> list[tuple[Subject, Certificate]]:
    """Return the certificates of all that is proved."""
    from vnetverify.assurance import Demands
    from vnetverify.pipeline import Disagreement, Options, prove
    from vnetverify.prover.verdict import Assurance

    made: list[tuple[Subject, Certificate]] = []
    demands = Demands(Assurance.CERTIFICATE, nodes, keep=lambda *both: made.append(both))
    try:
        prove(loaded, Options(pattern, demands=demands))
    except Disagreement as difference:
        raise click.ClickException(str(difference)) from None
    return made


def _written(loaded: Loaded, pattern: str | None, made: list[tuple[Subject, Certificate]], folder: str) -> int:
    """Write a file for each sentence that has a certificate, and say of each sentence whether it has."""
    from fnmatch import fnmatch

    from vnetverify.certificate.files import to_text
    from vnetverify.certifying import filed, sentences
    from vnetverify.report.terminal import printable

    assumed = {assumption.fact: assumption.value for assumption in loaded.document.assumptions}
    asked = [s for s in sentences(loaded.document) if pattern is None or fnmatch(s.intent.name, pattern)]
    written = 0
    for number, sentence in enumerate(asked, 1):
        found = next((both for both in made if both[0].claim == sentence.claim), None)
        title = f"{sentence.intent.name}: {sentence.claim.text}{', arriving' if sentence.arriving else ''}"
        if found is None:
            tell(f"no certificate: {printable(title)}")
            continue
        name = _UNSAFE.sub("-", sentence.intent.name)[:_LONGEST_NAME]
        target = destination(str(Path(folder) / f"{number:03}-{name}.json"), loaded.paths)
        save(to_text(filed(sentence, *found, assumed)), target)
        written += 1
    emit(f"{written} of {len(asked)} sentences have a certificate, in {printable(folder)}")
    if not asked:
        return status.NOTHING_CHECKED
    return status.AS_EXPECTED if written == len(asked) else status.UNDECIDED
