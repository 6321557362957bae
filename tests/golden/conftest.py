"""Golden files: compared whole, and written anew by `make golden`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def matches_golden() -> Callable[[str, str], bool]:
    """Return whether a text is what the golden file of this name holds; pytest shows the difference."""

    def matches(name: str, text: str) -> bool:
        path = Path(__file__).parent / "files" / name
        if os.environ.get("VNETVERIFY_WRITE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
        assert text + "\n" == path.read_text(encoding="utf-8")
        return True

    return matches
