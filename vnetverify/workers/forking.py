"""Whether processes can be forked, so that they start with everything that is loaded."""

from __future__ import annotations

import os
import sys


def may_fork() -> bool:
    """Tell whether the system lets us fork safely: on macOS its own libraries do not."""
    return hasattr(os, "fork") and sys.platform != "darwin"
