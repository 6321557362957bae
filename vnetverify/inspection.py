"""What there is to say of a network that nobody asked for: lints, those that need a proof among them."""

from __future__ import annotations

from vnetverify.diagnostic import Diagnostic, in_source_order
from vnetverify.model.lints import plain_lints
from vnetverify.pipeline import Loaded


def lint(loaded: Loaded) -> tuple[Diagnostic, ...]:
    """Return all warnings and notes about what was loaded without errors, in source order."""
    return in_source_order((*loaded.diagnostics, *plain_lints(loaded.document.network)))
