"""From a text to its statements, with every mistake of syntax on the way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Any

from vnetverify.diagnostic import Diagnostic
from vnetverify.files import WORDS_OF_A_MEGABYTE
from vnetverify.source import Source, Span
from vnetverify.spelling import folded
from vnetverify.syntax.grammar import automaton, parser
from vnetverify.syntax.habits import habit
from vnetverify.syntax.parts import EndpointsNode
from vnetverify.syntax.problems import Problems, did_you_mean, joined, shown
from vnetverify.syntax.tree import Statement
from vnetverify.syntax.words import RESERVED, quoted

if TYPE_CHECKING:
    from lark import Token
    from lark.exceptions import UnexpectedInput

_MISTAKES = 50  # mistakes of syntax reported for one text
_TOO_LARGE = "too-large"

STATEMENTS = (
    "admin-rules", "appliance", "application-gateway", "asg", "assume", "bastion", "connected-group", "connection",
    "dns-zone", "era", "firewall", "group", "intent", "load-balancer", "nat-gateway", "not-known", "not-modelled",
    "nsg", "peering", "principal", "private-endpoint", "private-link-service", "reading", "route-server", "route-table",
    "service", "service-tag", "service-tags", "site", "strict", "use", "vm", "vnet",
)  # fmt: skip
_FLAGS = (
    "allow-virtual-network-access", "allow-forwarded-traffic", "allow-gateway-transit", "use-remote-gateways",
    "enable-only-ipv6-peering",
)  # fmt: skip

# A statement begins a line, in the canonical layout without indentation; that is where reading goes on after a mistake.
_NEXT_STATEMENT = re.compile(rf"^(?:(?:{'|'.join(STATEMENTS)})(?=[ \t])|strict[ \t\r]*$)", re.MULTILINE)
_HEADER = re.compile(r'\s*[a-z-]+[ \t]+("[^"\n]{1,260}"|[A-Za-z0-9_-]{1,260})')
# Control characters, and the directional ones with which a text can look other than it is. A carriage return alone is
# one, and so is a form feed: many show a new line where it stands, and a comment goes on.
_UNPRINTABLE = re.compile(
    r"\r(?!\r*(?:\n|\Z))|"
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)

# What follows on a name where a sentence begins, and on no word of the language in its own place.
_STANDS_FOR_A_NAME = re.compile(r"\.|\s+(reaches|never|isolated|sometimes|loses|resolves)\b")
_RANGE_OF_ADDRESSES = re.compile(r"(\d+\.){3}\d+-(\d+\.){3}\d+")
_CURLY_QUOTES = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"

_APART = re.compile(
    r'#[^\n]*+|"[^"\n]*+"?|[^\s#"]++'
)  # a comment, a text in quotes, or words without a blank between them

_CLASSES = {
    "NAME": "a name",
    "STRING": "a text in quotes",
    "ADDRESS": "an address or prefix",
    "NUMBER": "a number",
    "RANGE": "a range of ports",
    "FACT": "an uncertainty such as `U-R-PEER-16`",
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """The statements that could be read, in order, and what is wrong with the rest.

    `broken` holds the folded names that statements with a mistake declare: their absence is no second mistake.
    """

    statements: tuple[Statement, ...]
    diagnostics: tuple[Diagnostic, ...]
    broken: frozenset[str] = frozenset()


@lru_cache(maxsize=8)
def parse(source: Source) -> Parsed:
    """Return the statements of `source`; after a mistake reading goes on at the next line that begins one."""
    problems = Problems()
    if refused(source, problems):
        return Parsed((), tuple(problems.found))
    _, builder = parser()
    builder.statements.clear()
    broken: set[str] = set()
    position: int | None = 0
    while position is not None and len(problems.found) < _MISTAKES:
        position = _parse_from(source, position, problems, broken)
    statements = tuple(builder.statements)
    builder.statements.clear()
    if any(found.code == _TOO_LARGE for found in problems.found):
        return Parsed((), tuple(problems.found))
    return Parsed(statements, tuple(problems.found), frozenset(broken))


def parse_endpoints(source: Source) -> tuple[EndpointsNode | None, tuple[Diagnostic, ...]]:
    """Return the set expression that `source` consists of, None where it is none."""
    from lark.exceptions import UnexpectedInput

    problems = Problems()
    if refused(source, problems):
        return None, tuple(problems.found)
    try:
        return parser()[0].parse(source.text, start="endpoints"), ()  # type: ignore[return-value]
    except UnexpectedInput as mistake:
        problems.found.append(_diagnostic(source, mistake))
        return None, tuple(problems.found)


def refused(source: Source, problems: Problems) -> bool:
    """Tell whether `source` is not a text at all, and say why."""
    words = _words_at_least(source)
    if words > source.most_words:
        _too_many_words(source, problems, f"`--max-input {ceil(words / WORDS_OF_A_MEGABYTE)}` allows as many")
        return True
    unprintable = _UNPRINTABLE.search(source.text)
    if unprintable is None:
        return False
    span = _span_at(source, unprintable.start(), 1)
    character = f"U+{ord(unprintable.group()):04X}"
    if unprintable.group() == "\0":
        problems.error("not-a-text", "the input is not a text", span, "holds a NUL character")
    else:
        problems.error("unprintable-character", f"the text holds the invisible character {character}", span)
    return True


def _parse_from(source: Source, position: int, problems: Problems, broken: set[str]) -> int | None:
    """Parse from `position` on; None at the end, else where to go on after a mistake."""
    from lark.exceptions import UnexpectedInput

    interactive: Any = parser()[0].parse_interactive(source.text, start="start")
    interactive.lexer_thread.state.line_ctr.feed(source.text[:position])
    try:
        read = automaton().read(interactive, source.text, source.most_words)
        # What is left, if anything: Lark knows what is wrong with it. `exhaust_lexer` would keep every token.
        for number, token in enumerate(interactive.lexer_thread.lex(interactive.parser_state), read):
            if number == source.most_words:
                _too_many_words(source, problems)
                return None
            interactive.parser_state.feed_token(token)
        interactive.feed_eof()
        return None
    except UnexpectedInput as mistake:
        problems.found.append(_diagnostic(source, mistake))
        _finish_statement(interactive)
        offset = _offset(source, mistake)
        broken |= _names_declared(source.text, position, offset)
        following = _NEXT_STATEMENT.search(source.text, max(offset, position + 1))
        return following.start() if following else None


def _words_at_least(source: Source) -> int:
    """Return how many words blanks alone part, which is told sooner than by reading them; 0 where they cannot be too
    many."""
    if source.text.count(" ") + source.text.count("\n") < source.most_words:
        return 0
    return sum(match.group()[0] != "#" for match in _APART.finditer(source.text))


def _too_many_words(source: Source, problems: Problems, advice: str = "`--max-input MB` allows more") -> None:
    message = f"the text holds more than {source.most_words} words"
    problems.error(_TOO_LARGE, message, Span(source.name, 1, 1, 1, 1), help=advice)


def _names_declared(text: str, start: int, end: int) -> set[str]:
    """Return the name that the statement around a mistake at `end` declares, if it declares one."""
    begun = max((match.start() for match in _NEXT_STATEMENT.finditer(text, start, end)), default=start)
    header = _HEADER.match(text, begun)
    return {folded(header.group(1).strip('"'))} if header else set()


def _finish_statement(interactive: Any) -> None:
    """Let the parser reduce a statement that was complete when the mistake came."""
    from lark.exceptions import UnexpectedInput

    try:
        interactive.feed_eof()
    except UnexpectedInput:
        return


def _offset(source: Source, mistake: UnexpectedInput) -> int:
    return len(source.text) if _at_end(mistake) else mistake.pos_in_stream or 0


def _at_end(mistake: UnexpectedInput) -> bool:
    token = getattr(mistake, "token", None)
    return token is not None and token.type == "$END"


def _diagnostic(source: Source, mistake: UnexpectedInput) -> Diagnostic:
    expected = _expected(mistake)
    token: Token | None = getattr(mistake, "token", None)
    if _at_end(mistake):
        span = _span_at(source, len(source.text.rstrip()), 1)
        message = "the text ends in the middle of a statement"
        return Diagnostic("syntax", message, span, _alternatives(expected), (), _closing(expected))
    if token is None:
        return _unreadable(source, mistake)
    span = Span(source.name, token.line or 0, token.column or 0, token.end_line or 0, token.end_column or 0)
    help_text = _advice(source, token, expected) or did_you_mean(token, _keywords(expected))
    return Diagnostic("syntax", f"did not expect {shown(token)} here", span, _alternatives(expected), (), help_text)


def _advice(source: Source, token: Token, expected: Collection[str]) -> str | None:
    """Return what to do about a token in the wrong place, for mistakes that people make who know other languages."""
    match token:
        case ".":
            return "a name with dots in it stands in quotes"
        case "/" if source.text.startswith(("//", "/*"), token.start_pos):
            return "a comment begins with `#`"
        case "=" if source.text.startswith("=>", token.start_pos) and "->" in expected:
            return "write `->`"
        case "," if {"to", "port"} <= set(expected):
            return "only prefixes and application security groups are listed with commas: write a rule for each"
        case "," if list(expected) == ["from"]:
            return "a security rule has one protocol, or `any`: write a rule for each"
        case ":" | "=" | ",":
            return f"leave out `{token}`"
    start, end = token.start_pos or 0, token.end_pos or 0
    before = source.text[source.text.rfind("\n", 0, start) + 1 : start]
    if "NAME" in expected and str(token).casefold() in RESERVED and _STANDS_FOR_A_NAME.match(source.text, end):
        return f"a name that is a word of the language stands in quotes: `{quoted(token)}`"
    told = habit(before, str(token), source.text[end:].partition("\n")[0], expected)
    if told is not None or token in STATEMENTS:
        return told or _closing(expected)
    if token.type in ("NUMBER", "RANGE") and "/" in expected:
        return f"a port is written with its protocol: `tcp/{token}`"
    return None


def _unreadable(source: Source, mistake: UnexpectedInput) -> Diagnostic:
    """Return what is wrong with a character that no token has."""
    offset = mistake.pos_in_stream or 0
    span = _span_at(source, offset, 1)
    character = source.text[offset : offset + 1]
    if character == '"':
        return Diagnostic("syntax", "this text has no closing quote on its line", span, "opened here")
    help_text = None
    if character in _CURLY_QUOTES:
        help_text = 'quotes are straight: `"`'
    elif character == "'":
        help_text = 'quotes are double: `"`'
    elif character.isspace():
        help_text = "it looks like a blank and is another character: write a plain blank"
    elif unicodedata.category(character) == "Cf":
        help_text = "it is invisible: leave it out"
    elif source.text.startswith("<->", offset):
        help_text = "a peering has two halves: `a -> b` and `b -> a`"
    elif _RANGE_OF_ADDRESSES.match(source.text, source.text.rfind(" ", 0, offset) + 1):
        help_text = "a range of addresses is written as its prefixes, separated by commas"
    elif character == ";":
        help_text = "leave out `;`"
    elif character.isalnum():
        help_text = "a name with other letters than a to z stands in quotes"
    message, label = f"did not expect {shown(character)} here", "has no meaning outside of quotes"
    return Diagnostic("syntax", message, span, label, (), help_text)


def _expected(mistake: UnexpectedInput) -> tuple[str, ...]:
    """Return what could have stood here: keywords as they are written, classes of words by their names."""
    names: Collection[str] = getattr(mistake, "expected", None) or ()
    state: Any = getattr(mistake, "state", None)
    if state is not None and "NAME" in names:
        known = state.parse_conf.parse_table.states[state.position]
        names = names if "NAME" in known else known  # the lexer looks for names everywhere
    patterns = {terminal.name: terminal.pattern for terminal in parser()[0].terminals}
    words: set[str] = set()
    for name in names:
        if name == "FLAG":
            words.update(_FLAGS)
        elif name in _CLASSES:
            words.add(name)
        elif name in patterns:
            words.add(patterns[name].value)
    return tuple(sorted(words))


def _keywords(expected: Collection[str]) -> list[str]:
    return [word for word in expected if word not in _CLASSES and word[0].isalpha()]


def _closing(expected: Collection[str]) -> str | None:
    return "close the statement before it with `}`" if "}" in expected else None


def _alternatives(expected: Collection[str]) -> str:
    if not expected:
        return ""
    if set(STATEMENTS) <= set(expected):
        return "expected a statement such as `vnet`, `nsg` or `intent`"
    classes = [_CLASSES[word] for word in expected if word in _CLASSES]
    literals = [shown(word) for word in expected if word not in _CLASSES]
    return f"expected {joined([*classes, *literals], 'or')}"


def _span_at(source: Source, offset: int, length: int) -> Span:
    line = source.text.count("\n", 0, offset) + 1
    column = offset - (source.text.rfind("\n", 0, offset) + 1) + 1
    return Span(source.name, line, column, line, column + length)
