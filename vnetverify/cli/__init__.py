"""The command line. Importing this loads click and no engine: `--help` must not wait for a solver."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from vnetverify import __version__
from vnetverify.cli import status
from vnetverify.cli.group import LazyGroup
from vnetverify.cli.output import Unwritten, finish, lost, occupy_closed_streams, speak_utf8, tell

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
    3 undecided, 4 nothing to check or vacuous, 5 our own bug,
    130 cut short: interrupted, or the output could not be written.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that `arguments`, or those of the process, name.

    Raises nothing, unless VNETVERIFY_DEBUG asks for the traceback of a bug.
    """
    occupy_closed_streams()
    speak_utf8()
    with sigterm_interrupts():
        return _run(arguments)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does, where we are asked to run as a program and not from some thread of another."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        given = None if arguments is None else list(arguments)
        result = vnetverify.main(args=given, prog_name="vnetverify", standalone_mode=False)
        finish()
    except Unwritten as problem:
        return _cut_short(problem)
    except SystemExit:  # so click says that nobody reads what it writes itself
        return status.INTERRUPTED
    except click.ClickException as problem:
        with suppress(OSError):
            problem.show()
        return status.BAD_INPUT
    except (KeyboardInterrupt, click.Abort):
        tell("interrupted")
        return status.INTERRUPTED
    except Exception as problem:
        if isinstance(problem, OSError) and problem.errno == errno.ENOSPC:  # of `--help`, which click writes itself
            return _cut_short(lost(problem))
        if os.environ.get("VNETVERIFY_DEBUG"):
            raise
        with suppress(Exception):  # where nothing works any more, not even to say so: our status says it
            tell(_bug(problem))
        return status.OUR_BUG
    return result if isinstance(result, int) else status.AS_EXPECTED


def _cut_short(problem: Unwritten) -> int:
    if problem.why is not None:
        tell(f"error: cannot write the output: {problem.why}")
    return status.INTERRUPTED


def _bug(problem: Exception) -> str:
    from vnetverify.report.terminal import printable, shortened

    return f"internal error: {type(problem).__name__}: {shortened(printable(str(problem)), 300)}\n{_BUG_REPORT}"
