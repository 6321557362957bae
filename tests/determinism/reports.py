"""Reports of the same texts, in processes that differ in all that should not matter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TEXTS = (
    "specs/tutorial.vnet",
    "specs/estates/shop.vnet",
    "tests/golden/cases/hub.vnet",
    "tests/faults/estate.vnet",
)
SOLVED = ("json", "full")
OTHERS = (
    ("lint", "--output-format", "json", "tests/golden/cases/lint.vnet"),
    ("lint", "tests/golden/cases/managed.vnet"),
    ("diff", "--output-format", "json", "tests/golden/cases/lint.vnet", "tests/golden/cases/changed.vnet"),
)
_SCRIPT = """\
import contextlib, io, json, sys
from vnetverify.cli import main
printed = {}
for arguments in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = main(arguments)
    printed[" ".join(arguments)] = f"{out.getvalue()}[exit status {status}]"
json.dump(printed, sys.__stdout__)
"""
_ZONES = ("UTC", "Asia/Kathmandu")
_LOCALES = ("C", "C.UTF-8")


def reports(
    number: int,
    texts: Sequence[str] = TEXTS,
    others: Sequence[Sequence[str]] = OTHERS,
    timed: Sequence[str] = TEXTS[1:],
) -> Mapping[str, str]:
    """Return what commands print, by command, in run `number`: with its own hash seed, number of jobs, zone, locale.

    Of the `timed` texts the steps that Z3 took are there too, without the seconds beside them.
    """
    jobs = ["-j", str(1 + number % 4)]
    wanted = [["prove", text, "--output-format", name, *jobs] for text in texts for name in SOLVED]
    wanted += [["prove", text, "--output-format", "json", "--timings", *jobs] for text in timed]
    wanted += [list(command) for command in others]
    environment = {**os.environ, "PYTHONHASHSEED": str(number), "PYTHONPATH": str(ROOT)}
    environment |= {"TZ": _ZONES[number % len(_ZONES)], "LC_ALL": _LOCALES[number // 2 % len(_LOCALES)]}
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=ROOT,
        env=environment,
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    printed: dict[str, str] = json.loads(done.stdout)
    tail = " ".join(jobs)
    return {
        command.removesuffix(tail).rstrip(): _without_seconds(text) if "--timings" in command else text
        for command, text in printed.items()
    }


def _without_seconds(text: str) -> str:
    """Return a report without what differs each time: how long it took, and the digest over that."""
    document: dict[str, Any] = json.loads(text.rpartition("[")[0])
    del document["seconds"], document["end"]
    for intent in document["intents"]:
        for claim in intent["claims"]:
            del claim["seconds"]
    return json.dumps(document)


def fingerprint(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
