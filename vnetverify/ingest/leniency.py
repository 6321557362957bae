"""Templates as their tools take them: JSON with comments, with commas that nothing follows, with strings over lines."""

from __future__ import annotations

import re

_TEMPLATES = re.compile(r"deployment(?:template|parameters)|\"contentVersion\"", re.IGNORECASE)
# Strings and comments that nothing ends go to the end, and repetitions are possessive: nothing is looked at twice.
_STRING = r'"(?:[^"\\]++|\\.)*+"?'
_STRINGS_AND_COMMENTS = re.compile(rf"{_STRING}|//[^\r\n]*+|/\*(?:.*?\*/|.*+)", re.DOTALL)
_LINES = re.compile(r"[^\r\n]+")
_STRINGS_AND_COMMAS = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)


def may_be_template(text: str) -> bool:
    """Hold when `text`, whatever is wrong with it, has the words of a template or of a parameter file in it."""
    return _TEMPLATES.search(text) is not None


def without_comments(text: str) -> str:
    """Return `text` with blanks in the place of comments and of commas that nothing follows, so that all else keeps its
    line and column."""
    bare = _STRINGS_AND_COMMENTS.sub(_blanked, text)
    return _STRINGS_AND_COMMAS.sub(_blanked, bare)


def _blanked(match: re.Match[str]) -> str:
    found = match.group()
    return found if found.startswith('"') else _LINES.sub(lambda line: " " * len(line.group()), found)
