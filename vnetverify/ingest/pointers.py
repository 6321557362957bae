"""Where in a JSON text the values are that pointers name: found late, for the few that are shown.

Comments and strings over several lines are passed over, as templates have them. What the text has not is found where
the longest part of its pointer is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from vnetverify.ingest import shapes
from vnetverify.ingest.leniency import may_be_template, without_comments
from vnetverify.ingest.properties import Shape, words_of

_COMMA = re.compile(r"\s*+,\s*+")
_BLANK = re.compile(r"\s*+")
_QUOTED = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRING = re.compile(_QUOTED, re.DOTALL)
_SCALAR = re.compile(rf'{_QUOTED}|[^\s,\]}}"]++', re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)
_NEXT_BRACKET = re.compile(rf'[^"\[\]{{}}]*+(?:{_QUOTED}[^"\[\]{{}}]*+)*+([\[\]{{}}])', re.DOTALL)
# What an entry of a list of objects is best known by.
_TITLES = frozenset(("name", "address"))


@dataclass(frozen=True, slots=True)
class Spot:
    """A member of an object or an entry of a list, by its first character and the one after its last, from 1.

    `end_column` is on the same line.
    """

    line: int
    column: int
    end_column: int


@dataclass(slots=True)
class _Node:
    """A part of pointers: what is wanted below it, by token, and where it was found, as offsets in the text."""

    wanted: list[str] = field(default_factory=list)
    children: dict[str, _Node] = field(default_factory=dict)
    found: tuple[int, int] | None = None


def spots_in(text: str, pointers: Iterable[str]) -> dict[str, Spot]:
    """Return where the values of `pointers` (RFC 6901) are; one of which not even the beginning is there is left out.

    Keys are compared exactly and, where none is so called, without regard to letter case.
    """
    root = _Node()
    for pointer in dict.fromkeys(pointers):
        _node_at(root, pointer).wanted.append(pointer)
    plain = without_comments(text) if _may_have_comments(text) else text
    with suppress(_Lost):
        _Search(plain).run(root)
    offsets = dict(_offsets(root, None))
    return _as_spots(plain, offsets)


def _may_have_comments(text: str) -> bool:
    """Hold for texts with what begins a comment, unless it stands in a string of JSON that is strictly so."""
    if "//" not in text and "/*" not in text:
        return False
    if may_be_template(text):
        return True
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return True
    return False


def _node_at(root: _Node, pointer: str) -> _Node:
    node = root
    for token in pointer.split("/")[1:]:
        node = node.children.setdefault(token.replace("~1", "/").replace("~0", "~"), _Node())
    return node


def _offsets(node: _Node, above: tuple[int, int] | None) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the pointers at `node` and below it with what was found of them, at worst the part `above`."""
    pending = [(node, above)]
    while pending:
        one, outer = pending.pop()
        found = one.found if one.found is not None else outer
        if found is not None:
            yield from ((pointer, found) for pointer in one.wanted)
        pending += ((child, found) for child in one.children.values())


def _as_spots(text: str, offsets: Mapping[str, tuple[int, int]]) -> dict[str, Spot]:
    spots: dict[str, Spot] = {}
    line, counted, begun = 1, 0, 0
    for pointer, (start, end) in sorted(offsets.items(), key=lambda item: item[1]):
        line += text.count("\n", counted, start)
        begun = max(begun, text.rfind("\n", counted, start) + 1)
        counted = start
        broken = text.find("\n", start, end)
        spots[pointer] = Spot(line, start - begun + 1, (broken if broken >= 0 else end) - begun + 1)
    return spots


class _Lost(Exception):
    """The text is not such that one could go on in it."""


class _Search:
    """One way through a text, into what is wanted and past all else."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_plain = True

    def run(self, root: _Node) -> None:
        start = self._after_blanks(0)
        with suppress(_Lost):  # what was found so far is as good as ever
            self._go_down(root, start)
        if root.wanted or any(child.found is None for child in root.children.values()):
            root.found = self._title(start)

    def _go_down(self, root: _Node, start: int) -> None:
        pending = [(root, start)]
        while pending:
            node, at = pending.pop()
            if node.children and self._at(at) == "{":
                pending += self._members(node, at)
            elif node.children and self._at(at) == "[":
                pending += self._entries(node, at)

    def _members(self, node: _Node, at: int) -> Iterator[tuple[_Node, int]]:
        """Yield what of `node` the object at `at` has, with the places of the values."""
        loose: dict[str, str] = {}
        places: dict[str, tuple[int, int]] = {}
        folded = {token.lower() for token in node.children}
        for key, start, value in self._keys(at):
            if key in node.children:
                places[key] = (start, value)
            elif key.lower() in folded:
                loose.setdefault(key.lower(), key)
                places.setdefault(key, (start, value))
            if all(token in places for token in node.children):
                break
        for token, child in node.children.items():
            called = token if token in places else loose.get(token.lower())
            if called is not None:
                start, value = places[called]
                child.found = (start, self._end_of_member(value))
                yield child, value

    def _entries(self, node: _Node, at: int) -> Iterator[tuple[_Node, int]]:
        """Yield what of `node` the list at `at` has, with the places of the values."""
        wanted = {int(token): child for token, child in node.children.items() if token.isascii() and token.isdigit()}
        last = max(wanted, default=-1)
        value = self._after_blanks(at + 1)
        for position in range(last + 1):
            if self._at(value) == "]":
                return
            if position in wanted:
                wanted[position].found = self._title(value)
                yield wanted[position], value
            if position == last:
                return
            comma = _COMMA.match(self._text, self._end_of(value))
            if comma is None:
                return
            value = comma.end()

    def _title(self, at: int) -> tuple[int, int]:
        """Return the place of an entry of a list, or of all: of its name, where it is an object that has one."""
        if self._at(at) == "{":
            for key, start, value in self._keys(at):
                if key.lower() in _TITLES and self._at(value) == '"':
                    return start, self._end_of(value)
            return at, at + 1
        return at, self._end_of_member(at)

    def _keys(self, at: int) -> Iterator[tuple[str, int, int]]:
        """Yield the keys of the object at `at`, each with its place and that of its value."""
        start = self._after_blanks(at + 1)
        while self._at(start) == '"':
            end = self._match(_STRING, start).end()
            colon = self._after_blanks(end)
            if self._at(colon) != ":":
                raise _Lost
            value = self._after_blanks(colon + 1)
            yield _unescaped(self._text[start:end]), start, value
            comma = _COMMA.match(self._text, self._end_of(value))
            if comma is None:
                return
            start = comma.end()

    def _end_of_member(self, value: int) -> int:
        """Return where a member is cut whose value begins at `value`: before what a bracket opens."""
        return value + 1 if self._at(value) in "{[" else self._end_of(value)

    def _end_of(self, value: int) -> int:
        if self._at(value) not in "{[":
            return self._match(_SCALAR, value).end()
        if self._is_plain:
            try:
                return _DECODER.raw_decode(self._text, value)[1]
            except (ValueError, RecursionError):
                self._is_plain = False  # from now on bracket by bracket: a mistake may take as long as the text
        depth, at = 1, value + 1
        text, next_bracket = self._text, _NEXT_BRACKET.match
        while depth:
            match = next_bracket(text, at)
            if match is None:
                raise _Lost
            at = match.end()
            depth += 1 if text[at - 1] in "{[" else -1
        return at

    def _after_blanks(self, at: int) -> int:
        return self._match(_BLANK, at).end()

    def _at(self, at: int) -> str:
        if at >= len(self._text):
            raise _Lost
        return self._text[at]

    def _match(self, pattern: re.Pattern[str], at: int) -> re.Match[str]:
        match = pattern.match(self._text, at)
        if match is None:
            raise _Lost
        return match


def _unescaped(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted[1:-1]
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError as error:
        raise _Lost from error


# -- quoting ----------------------------------------------------------------------------------------------

_MEMBER = re.compile(r'\s*+(?:\{\s*+)?"(\w{1,60})"\s*+:\s*+(?:"(?:[^"\\]|\\.)*+"|[\w.+-]++|[\[{])\s*+[\]}]*+\s*+,?\s*+')
_ENTRY = re.compile(r'\s*+"(?:[^"\\]|\\.)*+"\s*+,?\s*+')
LONGEST_QUOTE = 300
_READ = words_of("name id type address location properties").union(
    *(kind.modelled for kind in vars(shapes).values() if isinstance(kind, Shape))
)
# Around it: of exports, of templates, of Terraform's plans and states.
_WRAPPINGS = words_of("resources value data template plannedValues rootModule childModules values instances attributes")


def quotable(line: str, pointer: str) -> bool:
    """Hold for a line that may be shown: of `pointer` every part is called as what the model reads is, and nothing
    stands on the line but a member that is called so, or an entry of a list.

    An export can hold keys and passwords, and those are never shown.
    """
    parts = [token for token in pointer.split("/")[1:] if not token.isdigit()]
    if len(line) > LONGEST_QUOTE or not all(map(_is_known, parts)):
        return False
    member = _MEMBER.fullmatch(line)
    if member is not None:
        return _plain(member[1]) in _READ
    return _ENTRY.fullmatch(line) is not None and pointer[-1:].isdigit()


def _is_known(key: str) -> bool:
    return _plain(key) in _READ or _plain(key) in _WRAPPINGS


def _plain(key: str) -> str:
    """Return `key` without letter case, and without what Terraform sets between words."""
    return key.replace("_", "").lower()
