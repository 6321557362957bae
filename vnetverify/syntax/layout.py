"""The one canonical layout of a text: what `vnetverify fmt` writes.

Tokens and comments keep their order, but for what stands behind a sentence: `whatever … advertises` comes before the
failures. Otherwise only the blanks between them change. A block stands on one line where that is
short and customary, else one item stands on a line, and the columns of security rules, routes and subnets line up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from vnetverify.source import Source
from vnetverify.syntax.parse import STATEMENTS
from vnetverify.syntax.tokens import Lexeme, lexemes

_ONE_LINE = 100  # columns of a block on one line
_LINE = 120  # columns of a line, where it can be broken
_WIDEST = 40  # characters of a cell that others line up with
_INDENT = "  "
_BYTE_ORDER_MARK = "\ufeff"

_OF_NAME_SERVERS = ("serves", "record", "forwards-dns")
_STARTS_ITEM = {
    "vnet": frozenset(
        {
            "region",
            "subscription",
            "tenant",
            "model",
            "address",
            "summarized-gateway-prefixes",
            "tag",
            "admin-scope",
            "flow-timeout",
            "subnet",
            "gateway",
            "dns",
        }
    ),
    "peering": frozenset(
        {
            "state",
            "allow-virtual-network-access",
            "allow-forwarded-traffic",
            "allow-gateway-transit",
            "use-remote-gateways",
            "enable-only-ipv6-peering",
            "remote-space",
            "local-subnets",
            "remote-subnets",
        }
    ),
    "connected-group": frozenset({"members", "global"}),
    "route-server": frozenset({"branch-to-branch", "peer"}),
    "nsg": frozenset({"inbound", "outbound"}),
    "admin-rules": frozenset({"inbound", "outbound"}),
    "route-table": frozenset({"propagate-gateway-routes"}),
    "vm": frozenset({"nic", "bandwidth", *_OF_NAME_SERVERS}),
    "appliance": frozenset(
        {"nic", "forwards", "drops", "stateful", "stateless", "source-nat", "bandwidth", *_OF_NAME_SERVERS}
    ),
    "dns-zone": frozenset({"link", "record"}),
    "firewall": frozenset(
        {
            "nic",
            "forwards",
            "drops",
            "bandwidth",
            "threat-intelligence",
            "intrusion-detection",
            "private-address",
            "private-ranges",
            "collection",
        }
    ),
    "collection": frozenset({"rule"}),
    "load-balancer": frozenset({"frontend", "rule", "nat", "outbound"}),
    "application-gateway": frozenset({"listens"}),
    "principal": frozenset({"write", "peer"}),
    "site": frozenset({"address", "behind", "routes", "point-to-site"}),
    "connection": frozenset({"bgp", "prefixes", "circuit", "default-site"}),
}
# Words that begin an option of a line, set apart by two blanks.
_OPTIONS = {
    "subnet": frozenset(
        {"nsg", "routes", "nat-gateway", "default-outbound", "service-endpoints", "private-endpoint-policies"}
    ),
    "nic": frozenset({"nsg", "asg", "ip-forwarding", "public-ip", "dns"}),
    "rule": frozenset({"probe", "floating-ip", "all-when-none", "no-egress", "up", "down"}),
    "nat": frozenset({"floating-ip"}),
}
_OF_LISTS = frozenset({"nsg", "admin-rules"})
_ALWAYS_OPEN = frozenset({"vnet", "nsg", "admin-rules", "route-table", "dns-zone"})
_OFTEN_SHORT = frozenset({"peering", "connected-group", "route-server", "connection", "principal"})
_ENDS_WITHOUT_NAME = frozenset({
    "peering", "peerings", "vnet-local", "none", "internet", "symmetrically", "local", "advertises",
    "public-ip", "default",
})  # fmt: skip
_FAILURES = frozenset({"failure", "failures"})
_TIGHT_BEFORE = frozenset({",", ".", ":", "/"})
_TIGHT_AFTER = frozenset({".", "/"})


@dataclass(slots=True)
class _Item:
    """Tokens that belong on a line, with their comments; a statement without braces is one too."""

    tokens: list[Lexeme]
    comments: list[str] = field(default_factory=list)
    trailing: str | None = None
    after_blank_line: bool = False


@dataclass(slots=True)
class _Block:
    """A statement or item with braces: its header, what stands in them, and the comments before the closing one."""

    header: _Item
    items: list[_Item | _Block] = field(default_factory=list)
    last_comments: list[str] = field(default_factory=list)


def format_text(text: str, name: str = "text.vnet") -> str:
    """Return `text` in the canonical layout. Raises `InputError` where it has mistakes of syntax."""
    *tokens, end = lexemes(Source(name, text.removeprefix(_BYTE_ORDER_MARK)))
    statements = list(_statements(tokens))
    if statements and end.trailing is not None:
        _header(statements[-1]).trailing = end.trailing
    lines: list[str] = []
    was_open = False
    for statement in statements:
        written = list(_lines(statement))
        is_open = isinstance(statement, _Block) and len(written) > len(_header(statement).comments) + 1
        if lines and (is_open or was_open or _header(statement).after_blank_line):
            lines.append("")
        lines += written
        was_open = is_open
    if end.comments:
        last = _without_last_blank(end.comments)
        lines += ["", *last] if lines and (end.after_blank_line or was_open) else last
    return "\n".join(lines) + "\n" if lines else ""


def laid_out_rules(header: str, rules: Sequence[tuple[list[str], str]]) -> str:
    """Return a block of rules, each with the cells that line up and the rest, as `format_text` lays it out.

    An open block, which stands apart from its neighbours, ends in a line end; one that is empty does not.
    """
    if not rules:
        return f"{header} {{}}"
    widths = _widths(cells for cells, _ in rules)
    lines = [f"{_INDENT}{' '.join(map(_padded, cells, widths[len(cells)]))} {rest}".rstrip() for cells, rest in rules]
    if any(len(line) > _LINE for line in lines):
        return format_text("\n".join((f"{header} {{", *lines, "}")))
    return "\n".join((f"{header} {{", *lines, "}", ""))


def _header(statement: _Item | _Block) -> _Item:
    return statement.header if isinstance(statement, _Block) else statement


def _statements(tokens: Sequence[Lexeme]) -> Iterator[_Item | _Block]:
    """Yield the statements; the comment after one on its line is found before the token that follows."""
    starts = [index for index, depth in enumerate(_depths(tokens)) if depth == 0 and _starts_statement(tokens[index])]
    for start, end in pairwise([*starts, len(tokens)]):
        statement = _statement(tokens[start:end])
        if end < len(tokens):
            _header(statement).trailing = tokens[end].trailing
        yield statement


def _starts_statement(token: Lexeme) -> bool:
    return token.is_word(*STATEMENTS)


def _depths(tokens: Iterable[Lexeme]) -> Iterator[int]:
    """Yield for each token how many braces are open before it."""
    depth = 0
    for token in tokens:
        yield depth
        depth += token.is_word("{") - token.is_word("}")


def _statement(tokens: Sequence[Lexeme]) -> _Item | _Block:
    opening = next((index for index, token in enumerate(tokens) if token.is_word("{")), None)
    if opening is None:
        return _item(tokens)
    block = _Block(_item(tokens[: opening + 1]))
    inside, closing = tokens[opening + 1 : -1], tokens[-1]
    depths = _depths(inside)
    starts = [index for index, depth in enumerate(depths) if depth == 0 and _starts_item(tokens[0].text, inside, index)]
    for start, end in pairwise([*starts, len(inside)]):
        is_block = inside[start].is_word("collection")
        block.items.append(_statement(inside[start:end]) if is_block else _item(inside[start:end]))
        header = _header(block.items[-1])
        if tokens[0].is_word("intent"):
            header.tokens = _with_failures_last(header.tokens)
        header.trailing = (inside[end] if end < len(inside) else closing).trailing
    first = inside[0] if inside else closing
    if first.trailing is not None:
        (_header(block.items[0]).comments if block.items else block.last_comments).insert(0, first.trailing)
    block.last_comments += closing.comments
    return block


def _item(tokens: Sequence[Lexeme]) -> _Item:
    """Return the item of `tokens`; comments between them come to stand before it."""
    comments = list(tokens[0].comments)
    for token in tokens[1:]:
        comments += [comment for comment in (token.trailing, *token.comments) if comment]
    return _Item(list(tokens), comments, None, tokens[0].after_blank_line)


def _starts_item(statement: str, tokens: Sequence[Lexeme], index: int) -> bool:
    token = tokens[index]
    if statement == "intent":
        return _starts_sentence(tokens, index)
    if statement == "route-table" and token.kind in ("NAME", "STRING"):
        return bool(tokens[index + 1].kind)  # its destination
    if statement == "firewall" and token.is_word("public-ip"):
        return any(before.is_word("public-ip") for before in tokens[:index])  # the first belongs to the interface
    return token.is_word(*_STARTS_ITEM[statement])


def _starts_sentence(tokens: Sequence[Lexeme], index: int) -> bool:
    """Tell whether a sentence of an intent begins here: where a word follows another without a joint between them."""
    token = tokens[index]
    if index == 0 or token.is_word("expect"):
        return True
    before = tokens[index - 1]
    if before.is_word(":"):
        return False
    if token.is_word("for", "next", "bottleneck", "latency", "egress"):
        return True
    if token.is_word("gateway"):
        return index + 1 < len(tokens) and tokens[index + 1].is_word("of")  # else the last kind of `failures of …`
    if index > 1 and tokens[index - 2].is_word("least"):
        return False  # the unit of a bandwidth
    ends_here = bool(before.kind) or before.is_word(*_ENDS_WITHOUT_NAME) or _ends_failures(tokens[:index])
    return bool(token.kind) and ends_here


def _ends_failures(tokens: Sequence[Lexeme]) -> bool:
    """Tell whether `tokens` end in the kinds of `failures of KIND, KIND`."""
    of = next((at for at in range(len(tokens) - 2, 0, -2) if not tokens[at].is_word(",")), 0)
    return tokens[of].is_word("of") and tokens[of - 1].is_word(*_FAILURES)


def _with_failures_last(tokens: list[Lexeme]) -> list[Lexeme]:
    """Return the tokens of a sentence with `under any …` at the end, where more stands behind it."""
    failures, advertising = (
        next((at for at, token in enumerate(tokens) if token.is_word(word)), len(tokens))
        for word in ("under", "whatever")
    )
    if failures > advertising:
        return tokens
    return [*tokens[:failures], *tokens[advertising:], *tokens[failures:advertising]]


def _lines(statement: _Item | _Block) -> Iterator[str]:
    header = _header(statement)
    yield from header.comments
    if isinstance(statement, _Item):
        yield from _filled([], header.tokens, header.trailing, "")
        return
    short = _short(statement)
    if short is not None:
        yield _with_comment(short, header.trailing)
        return
    yield _joined(header.tokens)
    yield from _inside(statement)
    yield _with_comment("}", header.trailing)


def _short(block: _Block) -> str | None:
    """Return the block on one line; None where it is too long for that, has comments, or is one that stays open."""
    if not block.items and not block.last_comments:
        return _joined(block.header.tokens) + "}"
    kind = block.header.tokens[0].text
    items = [item for item in block.items if isinstance(item, _Item)]
    if len(items) < len(block.items):
        return None
    has_comments = block.last_comments or any(item.comments or item.trailing for item in items)
    said = [item for item in items if not item.tokens[0].is_word("expect")]
    if kind in _ALWAYS_OPEN or has_comments or (len(said) > 1 and kind not in _OFTEN_SHORT):
        return None
    line = f"{_joined(block.header.tokens)} {'  '.join(_joined(item.tokens) for item in items)} }}"
    return line if len(line) <= _ONE_LINE else None


def _inside(block: _Block) -> Iterator[str]:
    statement = block.header.tokens[0].text
    rows = [_row(statement, item.tokens) for item in block.items if isinstance(item, _Item)]
    widths, following = _widths(cells for cells, _ in rows), iter(rows)
    for number, item in enumerate(block.items):
        if number and _header(item).after_blank_line:
            yield ""
        if isinstance(item, _Block):
            yield from _indented(_lines(item))
            continue
        yield from _indented(item.comments)
        cells, rest = next(following)
        padded = [_padded(cell, width) for cell, width in zip(cells, widths.get(len(cells), ()), strict=True)]
        yield from _filled(padded, rest, item.trailing, _INDENT)
    yield from _indented(_without_last_blank(block.last_comments))


def _indented(comments: Iterable[str]) -> Iterator[str]:
    return (_INDENT + comment if comment else "" for comment in comments)


def _without_last_blank(comments: Sequence[str]) -> Sequence[str]:
    return comments if not comments or comments[-1] else comments[:-1]


def _row(statement: str, tokens: Sequence[Lexeme]) -> tuple[list[str], Sequence[Lexeme]]:
    """Return the cells of an item that line up with those of its kind, and the tokens that follow them."""
    if statement in _OF_LISTS and tokens[0].is_word("inbound", "outbound"):
        return [token.text for token in tokens[:5]], tokens[5:]
    if tokens[0].is_word("subnet"):
        end = next((at for at, token in enumerate(tokens) if token.is_word(*_OPTIONS["subnet"])), len(tokens))
        return ["subnet", tokens[1].text, _joined(tokens[2:end])], tokens[end:]
    if statement == "route-table" and tokens[0].kind:
        arrow = next(at for at, token in enumerate(tokens) if token.is_word("->"))
        return [tokens[0].text, _joined(tokens[1:arrow])], tokens[arrow:]
    return [], tokens


def _widths(rows: Iterable[list[str]]) -> dict[int, list[int]]:
    """Return the widths of the columns by their number, which tells the kinds of items of one block apart."""
    widths: dict[int, list[int]] = {}
    for cells in rows:
        known = widths.setdefault(len(cells), [0] * len(cells))
        widths[len(cells)] = [
            max(width, len(cell)) if len(cell) <= _WIDEST else width for width, cell in zip(known, cells, strict=True)
        ]
    return widths


def _padded(cell: str, width: int) -> str:
    return cell.rjust(width) if cell.isdigit() else cell.ljust(width)


def _filled(cells: Sequence[str], tokens: Sequence[Lexeme], trailing: str | None, indent: str) -> Iterator[str]:
    """Yield the lines of an item, broken after commas where it is too long for one."""
    blanks = "  " if tokens and tokens[0].is_word(*_OPTIONS["subnet"]) else " "
    line = indent + " ".join(cells) + (blanks if cells else "")
    start = len(line)
    for chunk in _chunks(tokens):
        if len(line) > start and len(line) + len(chunk) > _LINE:
            yield line.rstrip()
            line, start = indent + _INDENT * 2, len(indent + _INDENT * 2)
        line += chunk
    yield _with_comment(line.rstrip(), trailing)


def _chunks(tokens: Sequence[Lexeme]) -> Iterator[str]:
    """Yield the text of `tokens` with the blanks between them, in pieces that may each begin a line."""
    option_words = next((words for start, words in _OPTIONS.items() if _is_row_of(start, tokens)), frozenset())
    piece = ""
    for position, token in enumerate(tokens):
        if position and not token.is_word(*_TIGHT_BEFORE) and not tokens[position - 1].is_word(*_TIGHT_AFTER):
            piece += "  " if token.is_word(*option_words) else " "
            if tokens[position - 1].is_word(","):
                yield piece
                piece = ""
        piece += token.text
    yield piece


def _is_row_of(start: str, tokens: Sequence[Lexeme]) -> bool:
    """Tell whether these are the tokens of a subnet or nic, or what follows the columns of one."""
    return bool(tokens) and tokens[0].is_word(start, *(_OPTIONS["subnet"] if start == "subnet" else ()))


def _joined(tokens: Sequence[Lexeme]) -> str:
    return "".join(_chunks(tokens))


def _with_comment(line: str, comment: str | None) -> str:
    return line if comment is None else f"{line}  {comment}"
