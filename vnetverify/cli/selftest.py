"""`vnetverify selftest`: attacks on ourselves."""

from __future__ import annotations

import click

from vnetverify.cli import status
from vnetverify.cli.output import emit


@click.command("selftest")
@click.option(
    "--forgeries",
    type=click.IntRange(1, 1_000_000),
    default=2000,
    show_default=True,
    metavar="N",
    help="How many forged certificates and proofs to try.",
)
def command(forgeries: int) -> int:
    """Attack this installation: solvers that lie or die, forged certificates and proofs.

    No attack may end in `proved`. The test uses a small network of its own and takes some seconds.

    \b
    Exit status: 0 no attack succeeded,
    5 one did: do not trust what this installation proves.
    """
    from vnetverify.selftest import attacks

    succeeded = 0
    for attack in attacks(forgeries):
        ends = "proved or accepted" if attack.successes else " or ".join(attack.ends)
        emit(f"{'SUCCEEDED' if attack.successes else 'held':9} {attack.tries:>6}  {attack.name}: {ends}")
        for success in attack.successes[:5]:
            emit(f"            {success}")
        succeeded += len(attack.successes)
    emit(f"{succeeded} attacks succeeded")
    return status.OUR_BUG if succeeded else status.AS_EXPECTED
