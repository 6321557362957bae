"""The README shows what the program prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
STORIES = [block for block in BLOCKS if " --> specs/" in block]


def printed(text: str) -> str:
    """Return what `vnetverify prove` prints of a text of the repository."""
    command = [sys.executable, "-m", "vnetverify", "prove", text]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("block", STORIES, ids=[block.splitlines()[0] for block in STORIES])
def test_the_output_in_the_readme_is_what_is_printed(block: str) -> None:
    text = re.findall(r"--> (specs/[^:]+\.vnet):", block)[0]
    paragraphs = block.strip("\n").split("\n\n")
    shown = printed(text)

    assert [] == [paragraph for paragraph in paragraphs if paragraph not in shown]


def test_the_readme_shows_a_proof_and_a_refutation() -> None:
    assert {"proved", "refuted"} <= {word for block in STORIES for word in re.findall(r"^(\w+)\[", block, re.MULTILINE)}
