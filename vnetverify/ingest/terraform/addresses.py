"""Terraform's addresses: of modules, of resources in them, and of what expressions refer to."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The key of an instance: of `for_each` a text, of `count` a number, None for a single one.
Key = str | int | None
# A module instance by the names and keys of the calls that lead to it, the root first.
ModulePath = tuple[tuple[str, Key], ...]

_STEP = re.compile(r'\.?([A-Za-z_][\w-]*)|\[(?:"((?:[^"\\]|\\.)*)"|(\d{1,9}))\]|\.(\d{1,9})', re.ASCII)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Index:
    """A step in brackets."""

    key: str | int


Step = str | Index


def steps_of(text: str) -> tuple[Step, ...] | None:
    """Return the steps of an address or reference, None for what is none."""
    found: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            return None
        name, quoted, number, dotted = match.groups()
        if name is not None:
            found.append(name)
        elif quoted is not None:
            found.append(Index(_ESCAPED.sub(r"\1", quoted)))
        else:
            found.append(Index(int(number or dotted)))
        at = match.end()
    return tuple(found)


def module_path(text: str) -> ModulePath | None:
    """Return the path that `module.hub["a"].module.net` spells, None for what is none."""
    steps = steps_of(text)
    if steps is None:
        return None
    found: list[tuple[str, Key]] = []
    at = 0
    while at < len(steps):
        name = steps[at + 1] if at + 1 < len(steps) else None
        if steps[at] != "module" or not isinstance(name, str):
            return None
        following = steps[at + 2] if at + 2 < len(steps) else None
        key = following.key if isinstance(following, Index) else None
        found.append((name, key))
        at += 2 if key is None else 3
    return tuple(found)


def spelt(key: Key) -> str:
    """Return `key` in brackets, nothing for that of a single instance."""
    if key is None:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{escaped}"]'
