"""A report that does not reach its reader whole is no success, whatever it would have said."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vnetverify.cli import output, status

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "specs" / "seed" / "same-region.vnet"
COMMANDS = ("prove {} --output-format full", "prove {} --output-format json", "routes {} left.s", "check {}")


def run(command: str, stdout: int | None) -> subprocess.CompletedProcess[str]:
    arguments = command.format(SPEC).split()
    script = f"import sys; from vnetverify.cli import main\nsys.exit(main({arguments!r}))"
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )


@pytest.fixture
def abandoned() -> Iterator[int]:
    """A pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("command", [*COMMANDS, "prove --help"])
def test_a_pipe_without_reader_is_cut_short_in_silence(command: str, abandoned: int) -> None:
    done = run(command, abandoned)

    assert (done.returncode, done.stderr) == (status.INTERRUPTED, "")


@pytest.mark.parametrize("command", [*COMMANDS, "prove --help"])
def test_a_full_disk_is_cut_short_with_its_reason(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(command, full.fileno())

    assert done.returncode == status.INTERRUPTED
    assert done.stderr == "error: cannot write the output: No space left on device\n"


def test_an_output_that_is_closed_is_cut_short_with_its_reason() -> None:
    script = f"exec {sys.executable} -m vnetverify prove {SPEC} >&-"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)

    assert done.returncode == status.INTERRUPTED
    assert done.stderr == "error: cannot write the output: standard output is closed\n"


def test_messages_that_cannot_be_written_change_no_status(tmp_path: Path) -> None:
    bad = tmp_path / "bad.vnet"
    bad.write_text("vnet a { address 10.0.0.0/33 }\n")
    script = f"exec {sys.executable} -m vnetverify prove {bad} 2>/dev/full"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)

    assert (done.returncode, done.stdout) == (status.BAD_INPUT, "")


def test_a_file_is_replaced_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "hub.vnet"
    path.write_text("old")
    path.chmod(0o640)
    output.write_file(path, "new\n")

    assert path.read_text() == "new\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["hub.vnet"]


def test_a_file_written_through_a_link_leaves_the_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    output.write_file(link, "new")

    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_disk_that_fills_up_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "hub.vnet"
    path.write_text("old")
    monkeypatch.setattr(output.os, "fsync", full)

    with pytest.raises(OSError, match="No space left"):
        output.write_file(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["hub.vnet"]
