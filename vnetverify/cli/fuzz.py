"""`vnetverify fuzz`: both engines against each other, on the user's own network."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vnetverify.cli import status
from vnetverify.cli.destination import destination, save
from vnetverify.cli.options import takes_pattern
from vnetverify.cli.output import emit, tell
from vnetverify.cli.progress import watched_line
from vnetverify.cli.reading import load_or_tell, takes_networks
from vnetverify.spelling import fits

if TYPE_CHECKING:
    from vnetverify.model.intents import Claim
    from vnetverify.pipeline import Loaded
    from vnetverify.testing.fuzzing import Found, Fuzzing, Tally

_SECONDS = 60.0
_SHRINKING_SECONDS = 120.0
_FOUND_OUR_BUG = (
    "the encoding and the simulator disagree: this is a bug of vnetverify and no verdict; "
    "please report it with `{}`, which shows it"
)


@click.command("fuzz")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@takes_pattern
@takes_networks
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31),
    default=0,
    show_default=True,
    metavar="N",
    help="The random seed.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help=f"How long to run; {_SECONDS:g} if neither this nor `--flows` is given.",
)
@click.option("--flows", type=click.IntRange(min=1), metavar="N", help="Stop after this many flows.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For each question to the solver.",
)
@click.option(
    "--reproducer",
    type=click.Path(),
    default="vnetverify-difference.vnet",
    show_default=True,
    metavar="FILE",
    help="Where to write a network on which the engines differ.",
)
@click.option("--anonymous", is_flag=True, help="Replace your names in it; addresses stay as they are.")
def command(
    files: tuple[str, ...],
    pattern: str | None,
    networks: tuple[str, ...],
    service_tags: str | None,
    seed: int,
    seconds: float | None,
    flows: int | None,
    timeout: float,
    reproducer: str,
    anonymous: bool,
) -> int:
    """Compare the encoding and the simulator on the network and the intents of FILE....

    Every intent is decided and its witness replayed. Then both engines are asked about flows from every class that the
    bounds of rules and routes distinguish, for one setting of the open facts after another. Ctrl-C stops and reports.

    \b
    Exit status: 0 no difference, 2 usage or input is wrong, 4 nothing to compare,
    5 the engines differ, which is our bug: a smaller network
    that shows it is written.
    """
    from vnetverify.prover.solver import Limits
    from vnetverify.report.terminal import printable
    from vnetverify.testing.counting import CountingSolver
    from vnetverify.testing.fuzzing import Fuzzing

    loaded = load_or_tell(files, networks, service_tags)
    if loaded is None:
        return status.BAD_INPUT
    claims, left_out = _claims(loaded, pattern)
    if not claims:
        tell("no intent makes a claim about flows, so there is nothing to compare")
        return status.NOTHING_CHECKED
    target = destination(reproducer, loaded.paths)
    solver = CountingSolver(Limits(timeout))
    assumed = {assumption.fact: assumption.value for assumption in loaded.document.assumptions}
    fuzzing = Fuzzing(loaded.document.network, claims, assumed, solver, seed)
    fuzzing.tally.left_out = left_out
    try:
        found = _first_difference(fuzzing, _SECONDS if seconds is None and flows is None else seconds, flows)
        emit(_summary(fuzzing.tally, solver.undecided))
        if found is None:
            emit("no differences")
            return status.AS_EXPECTED
        _report(fuzzing, found, target, anonymous)
        tell(_FOUND_OUR_BUG.format(printable(reproducer)))
        return status.OUR_BUG
    finally:
        solver.close()


def _claims(loaded: Loaded, pattern: str | None) -> tuple[tuple[Claim, ...], int]:
    from vnetverify.testing.fuzzing import claims_in

    intents = [intent for intent in loaded.document.intents if fits(intent.name, pattern)]
    return claims_in(loaded.document.network, [said for intent in intents for said in intent.claims])


def _first_difference(fuzzing: Fuzzing, seconds: float | None, flows: int | None) -> Found | None:
    """Return the first difference, None where there was none until the time or the flows were spent, or Ctrl-C."""
    end = None if seconds is None else time.monotonic() + seconds
    try:
        with watched_line() as show:
            for found in fuzzing.run():
                if found is not None:
                    return found
                show(_progress(fuzzing.tally))
                if (end is not None and time.monotonic() > end) or fuzzing.tally.flows >= (flows or sys.maxsize):
                    break
    except KeyboardInterrupt:
        tell("interrupted; this is what was done")
    return None


def _progress(tally: Tally) -> str:
    from vnetverify.report.terminal import counted

    asked = f"{counted(tally.flows, 'flow')} in {counted(tally.worlds, 'world')}"
    return f"{asked}, {tally.classes:,} of {tally.of_classes:,} classes covered"


def _summary(tally: Tally, undecided: int) -> str:
    from vnetverify.report.terminal import counted

    verdicts = ", ".join(f"{count} {word}" for word, count in sorted(tally.verdicts.items()))
    lines = [
        f"compared {counted(tally.claims, 'claim')}: {verdicts or 'none decided yet'}",
        f"both engines were asked about {_progress(tally)}",
    ]
    if tally.certificates:
        lines.append(f"made and checked {counted(tally.certificates, 'certificate')}")
    if tally.left_out:
        lines.append(
            f"left out {counted(tally.left_out, 'sentence')} about names and peerings, which one engine decides"
        )
    if undecided:
        lines.append(f"left {counted(undecided, 'question')} undecided")
    return "\n".join(lines)


def _report(fuzzing: Fuzzing, found: Found, target: Path, anonymous: bool) -> None:
    """Say what differs, and write a smaller network that shows it."""
    from vnetverify.report.terminal import printable
    from vnetverify.testing.fuzzing import smaller
    from vnetverify.testing.reproducer import reproducer

    tell(printable(f"`{found.claim.text}`: {found.difference}"))
    end = time.monotonic() + _SHRINKING_SECONDS
    network, difference = fuzzing.network, found.difference
    try:
        network, difference = smaller(found, fuzzing, lambda: time.monotonic() > end)
    except KeyboardInterrupt:
        tell("interrupted; the network was not made smaller")
    save(reproducer(network, found.claim, difference, anonymous).removesuffix("\n"), target)
