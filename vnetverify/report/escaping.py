"""Escapers, one for each place where text from the input may end up: applied at the last step, and only there."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from urllib.parse import quote

# What a build server would obey: `##[name` and `##vso[name` anywhere in a line, `::name` at its beginning. Every
# command of theirs has a letter above `f` or a hyphen in its name, which no IPv6 address has before its next colon.
_COMMAND = re.compile(r"#(?=#\[)|#(?=#vso\[)|\A\s*:(?=:[A-Za-z]*[G-Zg-z-])", re.IGNORECASE)

_FORMULA = re.compile(r"(?:\A|(?<=[,;\"]))(?=[\s\"]*[=+\-@＝＋－＠])")


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


def html_text(text: str) -> str:
    """Return `text` for the content of an element or for a quoted attribute of HTML."""
    return html.escape(printable(text), quote=True)


def markdown_code(text: str) -> str:
    """Return `text` as code of GitHub's Markdown, also for a cell of a table.

    In code nothing is a link, a mention of somebody or markup. A pipe would end the cell even there, and how it is
    escaped behind a backslash differs between readers, so pipes stand alone as entities.
    """
    parts = re.split(r"(\|+)", printable(text))
    return "".join(_pipes(part) if part.startswith("|") else _code_span(part) for part in parts if part)


def _pipes(text: str) -> str:
    return f"<code>{'&#124;' * len(text)}</code>"


def _code_span(text: str) -> str:
    if not text.strip(" "):
        return f"<code>{'&#32;' * len(text)}</code>"
    fence = "`" * (_longest_run("`", text) + 1)
    inner = f" {text} " if text[0] in "` " or text[-1] in "` " else text
    return f"{fence}{inner}{fence}"


def markdown_block(lines: Iterable[str]) -> str:
    """Return printable `lines` as a block of code, which ends where they do."""
    text = "\n".join(lines)
    fence = "`" * max(3, _longest_run("`", text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def _longest_run(character: str, text: str) -> int:
    return max(map(len, re.findall(f"{re.escape(character)}+", text)), default=0)


def csv_cell(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula: an apostrophe stands before what would begin one.

    So does it behind a comma or a semicolon, which for some locales begins a cell.
    """
    return _FORMULA.sub("'", printable(text))


def annotation_message(text: str) -> str:
    """Return `text`, which may have several lines, as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def annotation_property(text: str) -> str:
    """Return `text` as the value of a property of a workflow command."""
    return annotation_message(printable(text)).replace(":", "%3A").replace(",", "%2C")


def json_text(document: Mapping[str, object] | Sequence[object]) -> str:
    """Return JSON in ASCII that can stand in a page or a build server's log: no tag and no command begins in it."""
    text = json.dumps(document, indent=2, ensure_ascii=True)
    return text.replace("<", r"\u003c").replace("##", r"#\u0023")


def uri_path(path: str) -> str:
    """Return a path of the file system as the path of a URI."""
    return quote(PurePath(path).as_posix(), safe="/", errors="backslashreplace")


def sarif_message(lines: Iterable[str]) -> str:
    """Return printable `lines` as the plain text of a message, without placeholders (`{0}`) and links (`[…](…)`)."""
    return "\n".join(lines).replace("{", "{{").replace("}", "}}").replace("](", r"\](")
