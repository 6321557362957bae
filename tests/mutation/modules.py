"""The modules of which it matters most that what they say is tested: engines, prover, certificates, readers."""

from __future__ import annotations

from tests.mutation.caches import PARSER
from tests.mutation.changes import ROOT

# What runs in a process of its own has other functions than those that are changed here.
_IN_OTHER_PROCESSES = "vnetverify.prover.worker"
_PARTS = (
    "header.py", "encoder", "simulator", "prover", "certificate", "syntax", "ingest", "model",
    "assurance.py", "certifying.py", "comparison.py", "covering.py", "deciding.py", "grounds.py",
)  # fmt: skip


def _modules() -> tuple[str, ...]:
    found = []
    for part in _PARTS:
        place = ROOT / "vnetverify" / part
        found += [place] if place.suffix else sorted(place.rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in found if path.name != "__init__.py"]
    return tuple(name for name in names if name not in (_IN_OTHER_PROCESSES, PARSER))


MODULES = _modules()
