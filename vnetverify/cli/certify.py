"""`vnetverify certify`: certificates of what is proved, as files that anybody can judge."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.destination import destination, folder, save
from vnetverify.cli.options import takes_certificate_nodes, takes_pattern
from vnetverify.cli.output import emit, tell
from vnetverify.cli.reading import load_or_tell, takes_networks
from vnetverify.cli.verify_certificate import shown_items
from vnetverify.spelling import fits

if TYPE_CHECKING:
    from vnetverify.certificate.evidence import Certificate, Subject
    from vnetverify.certifying import Sentence
    from vnetverify.model.intents import Establishment, Intent, Resolution, Statement
    from vnetverify.pipeline import Loaded
    from vnetverify.report.results import Report

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 60


@click.command("certify")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option("-o", "--output", required=True, metavar="DIR", type=click.Path(), help="The folder to write to.")
@takes_pattern
@takes_networks
@takes_certificate_nodes
def command(
    files: tuple[str, ...],
    output: str,
    pattern: str | None,
    networks: tuple[str, ...],
    service_tags: str | None,
    certificate_nodes: int,
) -> int:
    """Prove the intents of FILE... and write a certificate of each proof to a file in DIR.

    `vnetverify verify-certificate` judges them without a solver. Sentences that are not proved, whose certificate
    would be too large, or that are about names or who may establish a peering get none; each is named.

    \b
    Exit status: 0 every sentence has a certificate, 2 usage or input is wrong,
    3 some sentence has none, 4 there is no sentence.
    """
    from vnetverify.certifying import left_open
    from vnetverify.report.terminal import printable
    from vnetverify.report.text import presumed

    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    asked = _asked(loaded, pattern)
    if not asked:
        whose = "no intent" if pattern is None else "no intent whose name matches"
        tell(f"{whose} makes a claim about flows, so there is nothing to certify")
        return status.NOTHING_CHECKED
    target = folder(output)
    made, report = _made(loaded, pattern, certificate_nodes)
    written = 0
    for number, sentence in enumerate(asked, 1):
        found = next((both for both in made if both[0].claim == sentence.claim), None)
        items = () if found is None else left_open(loaded.document.network, sentence, found[0].assumed)
        if items:
            tell(f"no certificate: {_title(sentence)}: open, as not modelled is {printable(shown_items(items))}")
        elif found is None:
            tell(f"no certificate: {_title(sentence)}{_what_became(sentence.claim, report)}")
        else:
            _write(loaded, number, sentence, found, target)
            written += 1
    beyond = _beyond_certificates(loaded, pattern)
    for intent, statement in beyond:
        title = printable(f"{intent.name}: {statement.text}")
        tell(f"no certificate: {title}{_what_became(statement, report)}; certificates are about flows alone")
    total = len(asked) + len(beyond)
    had = "sentence has" if total == 1 else "sentences have"
    under = presumed(len(loaded.document.assumptions), loaded.document.network.era)
    emit(", ".join([f"{written} of {total} {had} a certificate, in {printable(str(target))}", *under]))
    return status.AS_EXPECTED if written == total else status.UNDECIDED


def _asked(loaded: Loaded, pattern: str | None) -> list[Sentence]:
    from vnetverify.certifying import sentences

    return [each for each in sentences(loaded.document) if fits(each.intent.name, pattern)]


def _beyond_certificates(loaded: Loaded, pattern: str | None) -> list[tuple[Intent, Establishment | Resolution]]:
    from vnetverify.certifying import uncertifiable

    return [each for each in uncertifiable(loaded.document) if fits(each[0].name, pattern)]


def _made(loaded: Loaded, pattern: str | None, nodes: int) -> tuple[list[tuple[Subject, Certificate]], Report]:
    """Return the certificates of all that is proved, and what became of the rest."""
    from vnetverify.assurance import Demands
    from vnetverify.pipeline import Options, prove
    from vnetverify.prover.verdict import Assurance

    made: list[tuple[Subject, Certificate]] = []
    demands = Demands(Assurance.CERTIFICATE, nodes, keep=lambda *both: made.append(both))
    report = prove(loaded, Options(pattern, demands=demands))
    return made, report


def _title(sentence: Sentence) -> str:
    from vnetverify.report.terminal import printable

    return printable(f"{sentence.intent.name}: {sentence.claim.text}{', arriving' if sentence.arriving else ''}")


def _what_became(statement: Statement, report: Report) -> str:
    """Return what became of a sentence that has no certificate; nothing where it is not told by itself."""
    from vnetverify.report.account import account_of
    from vnetverify.report.terminal import printable

    results = (result for intent in report.results for result in intent.results)
    account = next((account_of(result, report) for result in results if result.claim == statement), None)
    return "" if account is None else printable("".join(f": {part}" for part in (account.word, account.gist) if part))


def _write(loaded: Loaded, number: int, sentence: Sentence, made: tuple[Subject, Certificate], target: Path) -> None:
    """Write the certificate of a sentence to a file that has its number and the name of its intent."""
    from vnetverify.certificate.files import to_text
    from vnetverify.certifying import filed

    assumed = {assumption.fact: assumption.value for assumption in loaded.document.assumptions}
    name = _UNSAFE.sub("-", sentence.intent.name)[:_LONGEST_NAME]
    file = destination(str(target / f"{number:03}-{name}.json"), loaded.paths)
    save(to_text(filed(sentence, *made, assumed)), file)
