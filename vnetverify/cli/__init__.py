"""The command line. Importing this loads click and no engine: `--help` must not wait for a solver."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from vnetverify import __version__
from vnetverify.cli import status
from vnetverify.cli.group import LazyGroup

_BUG_REPORT = (
    "this is a bug of vnetverify, not of your input; please report it with the command and, "
    "if you can share it, the input. VNETVERIFY_DEBUG=1 shows where"
)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="vnetverify", message="%(prog)s %(version)s")
def vnetverify() -> None:
    """Proofs and counterexamples for Azure virtual networks.

    \b
    Exit status: 0 all as expected, 1 some intent is not, 2 usage or input is wrong,
    3 undecided, 4 nothing to check or vacuous, 5 our own bug, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that `arguments` name. Raises nothing."""
    try:
        result = vnetverify.main(args=None if arguments is None else list(arguments), standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else status.AS_EXPECTED
    except click.ClickException as problem:
        problem.show()
        return status.BAD_INPUT
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return status.INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return status.AS_EXPECTED
    except Exception as problem:
        if os.environ.get("VNETVERIFY_DEBUG"):
            raise
        click.echo(f"internal error: {type(problem).__name__}: {problem}"[:300], err=True)
        click.echo(_BUG_REPORT, err=True)
        return status.OUR_BUG


def _forget_stdout() -> None:
    """Send what is left of the output nowhere: who read it has gone, and shutdown would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
