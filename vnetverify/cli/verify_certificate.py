"""`vnetverify verify-certificate`: judges certificates of a text without a solver."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit
from vnetverify.cli.reading import load_or_tell, takes_networks

if TYPE_CHECKING:
    from vnetverify.model.network import Unmodelled
    from vnetverify.pipeline import Loaded


@click.command("verify-certificate")
@click.argument("file", metavar="FILE", type=click.Path(allow_dash=True))
@click.argument("certificates", nargs=-1, required=True, metavar="CERTIFICATE...", type=click.Path())
@takes_networks
def command(file: str, certificates: tuple[str, ...], networks: tuple[str, ...], service_tags: str | None) -> int:
    """Judge each CERTIFICATE, a file or a folder of them, against what FILE says now.

    The judge walks the network itself, on boxes of packets. It uses no solver and no encoding, and does not trust
    whoever made a certificate. The last line says how many sentences of FILE they prove: not those that are vacuous,
    that what is not modelled could change, or that hold where open facts are as only the certificate says; nor those
    about names or who may establish a peering, which no certificate is about.

    \b
    Exit status: 0 all accepted, 1 some is refused, 2 usage or input is wrong,
    3 all accepted, and some sentence of FILE is not proved,
    4 there is nothing to judge.
    """
    loaded = load_or_tell([file], networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    paths = list(_files(certificates))
    refused, proved = _judged(loaded, paths)
    from vnetverify.certifying import sentences, uncertifiable
    from vnetverify.report.terminal import counted
    from vnetverify.report.text import presumed

    beyond = sum(1 for _ in uncertifiable(loaded.document))
    asked = sum(1 for _ in sentences(loaded.document)) + beyond
    told = [f"{proved} of {asked} sentences proved", f"{refused} of {len(paths)} certificates refused"]
    if beyond:
        told.append(f"{counted(beyond, 'sentence')} about names or peerings, of which there are no certificates")
    emit(", ".join([*told, *presumed(len(loaded.document.assumptions), loaded.document.network.era)]))
    if not paths:
        return status.NOTHING_CHECKED
    if refused:
        return status.REFUTED
    return status.AS_EXPECTED if proved == asked else status.UNDECIDED


def _files(paths: tuple[str, ...]) -> Iterator[Path]:
    from vnetverify.report.terminal import printable, shortened

    for path in map(Path, paths):
        if not os.path.exists(path):
            raise click.UsageError(f"there is no file or folder `{shortened(printable(str(path)), 80)}`")
        if path.is_dir():
            yield from sorted(path.glob("*.json"))
        else:
            yield path


def _judged(loaded: Loaded, paths: list[Path]) -> tuple[int, int]:
    """Say of each file whether it is accepted; return how many are refused, and how many sentences are proved."""
    from vnetverify.certificate.checker import Refused
    from vnetverify.certificate.files import NoCertificate, from_text
    from vnetverify.certificate.vacuity import is_vacuous
    from vnetverify.certifying import is_conditional, judged_for, left_open
    from vnetverify.facts import SettledFacts
    from vnetverify.report.terminal import counted, printable

    document = loaded.document
    assumed = {assumption.fact: assumption.value for assumption in document.assumptions}
    proved: set[tuple[str, int, bool]] = set()
    refused = 0
    for path in paths:
        try:
            found = from_text(_text(path))
            sentence = judged_for(document, document.network, found, assumed)
        except (NoCertificate, Refused) as problem:
            refused += 1
            emit(f"refused  {printable(str(path))}: {printable(str(problem))}")
            continue
        nodes = counted(sum(map(len, found.sections.values())), "node")
        given = ", ".join(f"{fact} = {str(value).lower()}" for fact, value in sorted(found.given.items()))
        said = f"{sentence.intent.name}: {sentence.claim.text} ({nodes})"
        said += f", where {given}" if given else ""
        items = left_open(document.network, sentence, {**found.given, **assumed})
        if items:
            said += f", but open: not modelled is {shown_items(items)}"
        elif is_vacuous(document.network, sentence.claim, SettledFacts({**found.given, **assumed})):
            said += ", but vacuous: no flow is seen that it says anything of"
        elif not is_conditional(document, found):
            proved.add((sentence.intent.name, sentence.number, sentence.arriving))
        emit(f"accepted {printable(said)}")
    return refused, len(proved)


_NAMED = 3


def shown_items(items: Sequence[Unmodelled]) -> str:
    """Return the first of what is not modelled, and how much more there is."""
    named = ", ".join(item.what for item in items[:_NAMED])
    return named + (f" and {len(items) - _NAMED} more" if len(items) > _NAMED else "")


def _text(path: Path) -> str:
    """Return the text of a regular file that is not too large. Raises `NoCertificate`."""
    from vnetverify.certificate.files import LARGEST, NoCertificate

    try:
        if not path.is_file():
            raise NoCertificate("it is not a regular file")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise NoCertificate(f"it is larger than {LARGEST >> 20} MB")
        return raw.decode("utf-8")
    except (OSError, ValueError) as problem:
        raise NoCertificate(f"it cannot be read: {getattr(problem, 'strerror', None) or 'not UTF-8'}") from None
