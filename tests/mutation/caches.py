"""What functions of ours and of the tests remember of earlier calls."""

from __future__ import annotations

import functools
import gc
from typing import Any

_OURS = ("vnetverify", "tests")
# The parser takes seconds to build, and is the same whatever is changed elsewhere.
PARSER = "vnetverify.syntax.grammar"


def caches() -> list[Any]:
    """Return the functions with a cache that exist, to have it emptied; not the one that holds the parser."""
    remembering = [found for found in gc.get_objects() if type(found) is functools._lru_cache_wrapper]
    modules = [(found, found.__module__ or "") for found in remembering]
    return [found for found, module in modules if module.startswith(_OURS) and module != PARSER]
