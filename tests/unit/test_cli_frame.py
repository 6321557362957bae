"""The frame of the command line: what it loads, how it ends, and what it does when the world is unkind."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import click
import pytest

from vnetverify import cli
from vnetverify.cli import main, progress, status
from vnetverify.cli.group import COMMANDS
from vnetverify.cli.output import emit
from vnetverify.cli.progress import progress_line
from vnetverify.pipeline import Progress

HEAVY = {"z3", "lark", "networkx", "hypothesis", "asyncio", "importlib.metadata"}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vnetverify", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}, check=False, timeout=60
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["prove", "--help"], ["no-such-command"]])
def test_help_waits_for_no_engine(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom vnetverify.cli import main\n"
        f"main({arguments!r})\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert done.stderr.strip().split("\n")[-1] == "[]"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == status.AS_EXPECTED

    text = capsys.readouterr().out

    assert all(f"  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == status.AS_EXPECTED
    assert f"Usage: vnetverify {name}" in capsys.readouterr().out


def test_a_misspelled_command_is_wrong_usage_and_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["proof"]) == status.BAD_INPUT
    assert "did you mean `prove`?" in capsys.readouterr().err


def test_a_bug_is_owned_in_two_lines_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(**_: object) -> int:
        raise ZeroDivisionError("\x1b[2J oh")

    monkeypatch.setattr(cli.vnetverify, "main", break_down)
    monkeypatch.delenv("VNETVERIFY_DEBUG", raising=False)

    assert main(["prove", "x.vnet"]) == status.OUR_BUG

    text = capsys.readouterr().err

    assert text.startswith("internal error: ZeroDivisionError: \\x1b[2J oh\nthis is a bug of vnetverify")
    assert "Traceback" not in text


def test_a_bug_shows_its_traceback_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(**_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(cli.vnetverify, "main", break_down)
    monkeypatch.setenv("VNETVERIFY_DEBUG", "1")

    with pytest.raises(ZeroDivisionError):
        main(["prove", "x.vnet"])


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, click.Abort])
def test_an_interrupted_command_ends_with_130(
    interruption: type[BaseException], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def be_interrupted(**_: object) -> int:
        raise interruption

    monkeypatch.setattr(cli.vnetverify, "main", be_interrupted)

    assert main(["prove", "x.vnet"]) == status.INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"


def test_a_reader_that_leaves_early_changes_neither_the_status_nor_the_peace() -> None:
    command = f"{sys.executable} -m vnetverify schema report | head -c 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)

    assert done.stdout == "{0\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("closed", "arguments", "expected"),
    [("2>&-", "prove -j 1 specs/tutorial.vnet", status.AS_EXPECTED), ("<&-", "check -", status.BAD_INPUT)],
)
def test_a_stream_that_was_closed_before_is_no_bug_of_ours(closed: str, arguments: str, expected: int) -> None:
    """The output goes to a file, which must not get the number of the closed stream and what is said there."""
    command = f"{sys.executable} -m vnetverify {arguments} {closed}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == expected
    assert "internal error" not in done.stderr
    assert ("standard input is closed" in done.stdout) is (expected == status.BAD_INPUT)


def test_no_quoted_line_is_wider_than_the_terminal(tmp_path: Path) -> None:
    """What wraps has its carets below another word."""
    (tmp_path / "a.vnet").write_text(f"vnet {'long-name-' * 6}x {{ address 10.0.0.0/33 subnet s 10.0.0.0/24 }}\n")
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    command = [sys.executable, "-m", "vnetverify", "check", str(tmp_path / "a.vnet")]
    subprocess.run(command, stdout=terminal, check=False, timeout=60)
    shown = os.read(screen, 10_000).decode()
    os.close(screen)
    os.close(terminal)

    quoted, carets = click.unstyle(shown).replace("\r", "").split("\n")[3:5]
    assert len(quoted) <= 60
    assert quoted[carets.index("^") :].startswith("10.0.0.0/33")


def test_output_is_utf8_whatever_the_locale_says() -> None:
    done = run("schema", "report", PYTHONIOENCODING="ascii", LC_ALL="C")

    assert done.returncode == status.AS_EXPECTED
    assert json.loads(done.stdout)["title"] == "vnetverify report"


@pytest.mark.parametrize(
    ("several", "expected"),
    [
        ([], status.NOTHING_CHECKED),
        ([0, 0], status.AS_EXPECTED),
        ([0, 4], status.NOTHING_CHECKED),
        ([4, 3], status.UNDECIDED),
        ([3, 2], status.BAD_INPUT),
        ([2, 1], status.REFUTED),
        ([1, 5], status.OUR_BUG),
        ([1, 130], status.INTERRUPTED),
    ],
)
def test_the_worst_status_stands_for_all(several: list[int], expected: int) -> None:
    assert status.worst(several) == expected


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_progress_line_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    monkeypatch.setattr(progress.time, "monotonic", iter([100.0, 101.5, 165.0]).__next__)
    monkeypatch.setattr(progress.shutil, "get_terminal_size", lambda: os.terminal_size((32, 24)))

    with progress_line() as show:
        show(Progress(0, 9, "no-ssh"))
        show(Progress(3, 9, "a-name-longer-than\nthe line"))

    first, second = "0:01  9 of 9 left  no-ssh", "1:05  6 of 9 left  a-name-longe"
    assert terminal.getvalue() == f"\r\x1b[K{first}\r\x1b[K{second}\r\x1b[K"


@pytest.mark.parametrize(("variable", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_nobody_is_shown_progress_in_a_build(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv(variable, value)

    with progress_line() as show:
        show(Progress(1, 2, "no-ssh"))

    assert terminal.getvalue() == ""


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colour_is_for_terminals_and_for_those_who_insist(
    environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    emit(click.style("proved", fg="green"))

    assert ("\x1b" in capsys.readouterr().out) is coloured
