"""Whether processes can be made that have all that is loaded already."""

from __future__ import annotations

import os
import sys


def may_fork() -> bool:
    """Tell whether the system lets us fork safely: on macOS its own libraries do not."""
    return hasattr(os, "fork") and sys.platform != "darwin"
