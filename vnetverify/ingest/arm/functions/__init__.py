"""The functions of the template language."""

from __future__ import annotations

from vnetverify.ingest.arm.functions.catalogue import Function
from vnetverify.ingest.arm.functions.logic import LOGIC
from vnetverify.ingest.arm.functions.places import PLACES

FUNCTIONS: dict[str, Function] = {function.name.lower(): function for function in (*LOGIC, *PLACES)}
"""By lower-case name."""
