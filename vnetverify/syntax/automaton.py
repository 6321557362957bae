"""Lark's own tables, walked in one loop: three times as fast as Lark walks them, and as far as a text has no mistake.

Lark's lexer and parser call each other for every token, match the blanks between tokens by themselves, and look rules
up by values that are compared in Python. Here one pattern matches blanks and token, and what a state of the parser
makes of each kind of token is put together when the state is first met. Where a text cannot be read on, Lark reads from
there, and says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Lark

_BLANK, _NAME = "_BLANK", "NAME"


class Word(str):
    """A token as Lark has it, but for what follows from the rest: no token goes over the end of its line.

    A text has a dozen for each line, and a tree keeps most, so that they are what reading takes in memory.
    """

    __slots__ = ("column", "line", "start_pos", "type")

    type: str
    start_pos: int
    line: int
    column: int

    @property
    def end_pos(self) -> int:
        return self.start_pos + len(self)

    @property
    def end_line(self) -> int:
        return self.line

    @property
    def end_column(self) -> int:
        return self.column + len(self)


@dataclass(frozen=True, slots=True)
class _Reduction:
    """A rule of the grammar that is complete: its `size` values become one, which `build` makes of them.

    Where it is None that is the only value itself.
    """

    size: int
    build: Callable[[list[Any]], Any] | None
    origin: str


@dataclass(frozen=True, slots=True)
class _State:
    """What the parser does in one of its states.

    `match` finds blanks and the token after them. Of the words that look like names the `keywords` are none here. What
    `follows` on a token of some kind, or on what a rule of some origin made, is the number of the next state, or a
    reduction before it.
    """

    match: Callable[[str, int], re.Match[str] | None]
    keywords: Mapping[str, str]
    follows: Mapping[str, int | _Reduction]


_Scanning = tuple[Callable[[str, int], re.Match[str] | None], Mapping[str, str]]


class Automaton:
    """The tables of one parser, and how far a text goes by them."""

    def __init__(self, lark: Lark) -> None:
        self._states = _States(lark)

    def read(self, interactive: Any, text: str, most_tokens: int) -> int:
        """Read `text` on from where `interactive` is, as far as no mistake is met, and leave it there.

        Return how many tokens were read, at most `most_tokens`. Raises Lark's `UnexpectedToken`.
        """
        parser, counter = interactive.parser_state, interactive.lexer_thread.state.line_ctr
        stack, values, states = parser.state_stack, parser.value_stack, self._states
        position, line, line_start = counter.char_pos, counter.line, counter.line_start_pos
        number = 0
        while number < most_tokens:
            state = states[stack[-1]]
            found = state.match(text, position)
            if found is None:
                break
            kind: Any = found.lastgroup
            word = Word(found[kind])
            if kind == _NAME:
                kind = state.keywords.get(word, kind)
            end = found.end()
            start = end - len(word)
            if text[position] != " " or start - position > 1:  # there may be a new line between
                line += text.count("\n", position, start)
                line_start = max(line_start, text.rfind("\n", position, start) + 1)
            word.type, word.start_pos, word.line, word.column = kind, start, line, start - line_start + 1
            follows: Any = state.follows.get(kind)
            while follows.__class__ is _Reduction:
                first = len(values) - follows.size
                if follows.build is not None:
                    values[first:] = (follows.build(values[first:]),)
                del stack[first + 1 :]  # a state for each value, upon the one to begin in
                stack.append(states[stack[-1]].follows[follows.origin])
                follows = states[stack[-1]].follows.get(kind)
            if follows is None:
                parser.feed_token(word)  # which is refused
            stack.append(follows)
            values.append(word)
            position = end
            number += 1
        counter.char_pos, counter.line, counter.line_start_pos = position, line, line_start
        counter.column = position - line_start + 1
        return number


class _States(dict[int, _State]):
    """The states of a parser by number, each put together when it is first met."""

    def __init__(self, lark: Lark) -> None:
        super().__init__()
        interactive: Any = lark.parse_interactive("", start="start")
        self._table = interactive.parser_state.parse_conf.states
        self._builds = interactive.parser_state.parse_conf.callbacks
        self._lexers = interactive.lexer_thread.lexer.lexer.lexers  # the outer one passes tokens on
        classes = {each.name: each for each in lark.terminals if each.pattern.type == "re"}
        words = [each for each in lark.terminals if each.pattern.type == "str"]
        self._scans: dict[Any, _Scanning] = {}  # many states share a lexer
        self._reductions: dict[int, _Reduction] = {}
        self._blank = classes[_BLANK].pattern.to_regexp()
        self._keywords = _words_like(classes[_NAME], words)

    def __missing__(self, number: int) -> _State:
        lexer = self._lexers[number]
        if lexer not in self._scans:
            self._scans[lexer] = self._scanning(lexer.terminals)
        match, keywords = self._scans[lexer]
        follows = {name: self._following(what) for name, (_, what) in self._table[number].items()}
        found = self[number] = _State(match, keywords, follows)
        return found

    def _scanning(self, terminals: Sequence[Any]) -> _Scanning:
        """Return how the next token is found where these may stand, which are in the order in which to try them."""
        here = {terminal.name for terminal in terminals}
        keywords = {word: name for word, name in self._keywords.items() if name in here} if _NAME in here else {}
        hidden = {_BLANK, *keywords.values()}
        shown = [f"(?P<{each.name}>{each.pattern.to_regexp()})" for each in terminals if each.name not in hidden]
        pattern = re.compile(f"(?:{self._blank})*+(?:{'|'.join(shown) or '(?!)'})")
        return pattern.match, keywords

    def _following(self, what: Any) -> int | _Reduction:
        """Return what follows as Lark's tables have it: the number of a state, or a rule."""
        if isinstance(what, int):
            return what
        found = self._reductions.get(id(what))  # rules are slow to compare
        if found is None:
            found = self._reductions[id(what)] = self._reduction(what)
        return found

    def _reduction(self, rule: Any) -> _Reduction:
        from lark.parse_tree_builder import ExpandSingleChild

        size, build = len(rule.expansion), self._builds[rule]
        is_one = size == 1 and isinstance(build, ExpandSingleChild)
        return _Reduction(size, None if is_one else _picking(build), rule.origin.name)


def _picking(build: Any) -> Any:
    """Return what `build` does, which for most rules is to leave out some of the values and put None between others.

    Lark does that one by one; a fifth of the time of reading goes into it.
    """
    from lark.parse_tree_builder import ChildFilterLALR

    if type(build) is not ChildFilterLALR or any(is_list for _, is_list, _ in build.to_include):
        return build
    places: list[int] = []  # in the values with a None before them
    for position, _, left_out in build.to_include:
        places += [0] * left_out + [position + 1]
    places += [0] * build.append_none
    if len(places) < 2:
        return build  # for one place an `itemgetter` gives no tuple
    picked, make = itemgetter(*places), build.node_builder
    return lambda values: make([*picked((None, *values))])


def _words_like(terminal: Any, words: list[Any]) -> dict[str, str]:
    """Return those `words` of the grammar that a class of words would match, with the names of their terminals."""
    pattern = re.compile(terminal.pattern.to_regexp())
    return {
        word.pattern.value: word.name
        for word in words
        if word.priority == terminal.priority
        and (found := pattern.match(word.pattern.value)) is not None
        and found.group() == word.pattern.value
    }
