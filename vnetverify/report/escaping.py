"""Escapers, one for each place where a text of the input's may end up: applied at the last step, and only there."""

from __future__ import annotations

import re

# What a build server would obey: `##[name` and `##vso[name` anywhere in a line, `::name` at its beginning. Every
# command of theirs has a letter above `f` or a hyphen in its name, which no IPv6 address has before its next colon.
_COMMAND = re.compile(r"#(?=#\[)|#(?=#vso\[)|\A\s*:(?=:[A-Za-z]*[G-Zg-z-])", re.IGNORECASE)


def printable(text: str) -> str:
    """Return `text` with everything that is not plainly visible written as an escape, for lines of a terminal or log.

    Control characters, bidirectional marks and zero-width characters become `\\x1b`, `\\u202e` and so on; so does the
    first character of what a build server would take for a command.
    """
    seen = "".join(map(_visible, text)) if not text.isprintable() else text
    return _COMMAND.sub(_disarmed, seen) if "#" in seen or ":" in seen else seen


def _visible(character: str) -> str:
    return character if character.isprintable() else _escape(character)


def _disarmed(command: re.Match[str]) -> str:
    return command[0][:-1] + f"\\x{ord(command[0][-1]):02x}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
