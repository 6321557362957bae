"""Each kind of fault once; `make faults` does it many times over questions drawn by seed.

Runs that are sent a signal are programs of their own, as at a user's; the others are forked, which saves the loading.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.command import as_fork
from tests.faults.harness import Verdicts, complaints, run, verdicts_in
from tests.faults.kinds import KINDS, Kind
from vnetverify.cli import status


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """The verdicts of a run without faults, which ends with 0."""
    kind = Kind("honest", arguments=("--timeout", "60"))
    ending = run(kind, 0, tmp_path_factory.mktemp("honest") / "run")

    assert (ending.status, ending.errors) == (status.AS_EXPECTED, "")
    assert ending.report is not None

    return verdicts_in(ending.report)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_fault_makes_a_proof_a_success_an_orphan_or_half_a_file(
    kind: Kind, honest: Verdicts, tmp_path: Path
) -> None:
    if kind.signal is None:
        expected = {kind.intent: honest[kind.intent]}
        ending = run(kind, 7, tmp_path / "run", kind.intent, share=1, launch=as_fork)
    else:
        expected = dict(honest)
        ending = run(kind, 7, tmp_path / "run")

    assert ending.struck
    assert complaints(kind, ending, expected) == []
