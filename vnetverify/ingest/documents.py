"""Files of JSON: which there are, and what each holds."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.files import Allowance, NotRead, json_files_in, read_file, reason
from vnetverify.ingest.leniency import may_be_template, without_comments
from vnetverify.ingest.listings import listing
from vnetverify.ingest.notation import Refused, made_json_by, parse, parse_several
from vnetverify.ingest.rule_lists import RuleReader
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Document:
    """The content of one JSON file; `file` is its name as the user wrote or would write it, `digest` that of its bytes,
    by which `text_again` knows that it is the same file still."""

    file: str
    content: Any
    digest: bytes = b""


def read_documents(
    path: Path, allowance: Allowance | None = None, within: Path | None = None
) -> tuple[tuple[Document, ...], tuple[Diagnostic, ...]]:
    """Return the JSON documents at `path`, a file or a folder, and what is wrong with them.

    No file is read that lies, whatever links say, outside the folder `within`, or outside a folder `path`.
    """
    allowance = allowance if allowance is not None else Allowance()
    files, diagnostics = _files_at(path)
    folder = within if within is not None else path if path.is_dir() else None
    documents = []
    for file in files:
        try:
            text, digest = _text_of(file, allowance, folder)
            content, oddities = _content(text, str(file), allowance.most_values)
            documents.append(Document(str(file), content, digest))
            diagnostics += oddities
        except Refused as refusal:
            diagnostics.append(refusal.diagnostic)
    return tuple(documents), tuple(diagnostics)


def text_again(file: str, digest: bytes, allowance: Allowance | None = None) -> str | None:
    """Return the text of a file that was read before, None where it is not what it was then."""
    try:
        data = read_file(Path(file), allowance if allowance is not None else Allowance(), None)
        return _decoded(data, file) if blake2b(data).digest() == digest else None
    except (NotRead, Refused):
        return None


def _content(text: str, file: str, most_values: int) -> tuple[Any, list[Diagnostic]]:
    """Return what the text spells, read strictly, and what is odd about it.

    A template may have in it what the tools for templates allow. Comments that somebody has put into an export, and
    several values one after the other, lose nothing and are read as well.
    """
    listed = listing(text, file, most_values, RuleReader(text, file).fold)
    if listed is not None:
        return listed, []
    try:
        return parse(text, file, most_values), []
    except Refused as refusal:
        if refusal.diagnostic.code != "bad-json":
            raise
        first = refusal
    if may_be_template(text):
        return parse(without_comments(text), file, most_values, over_lines=True), []
    bare = without_comments(text)
    try:
        values = parse_several(bare, file, most_values)
    except Refused as refusal:
        raise (refusal if _is_about_oddities(first, text) else first) from refusal
    found = [_odd(file, "comments or trailing commas, which JSON does not allow")] if bare != text else []
    if len(values) == 1:
        return values[0], found
    return values, [*found, _odd(file, f"{len(values)} values one after the other, which are read as one list")]


def _is_about_oddities(refusal: Refused, text: str) -> bool:
    """Hold when what is refused is a comment, a comma that nothing follows, or a second value."""
    span = refusal.diagnostic.span
    line = text.split("\n", span.line)[span.line - 1 : span.line]
    at = line[0][span.column - 1 : span.column] if line else ""
    return refusal.diagnostic.label == "extra data" or at in ("/", "]", "}")


def _odd(file: str, what: str) -> Diagnostic:
    return Diagnostic("odd-json", f"`{file}` holds {what}", Span(file, 0, 0, 0, 0), severity=Severity.NOTE)


def _files_at(path: Path) -> tuple[list[Path], list[Diagnostic]]:
    whole = Span(str(path), 0, 0, 0, 0)
    try:
        if path.is_dir():
            files = json_files_in(path)
            return files, [] if files else [_nothing_in(path, whole)]
        if path.is_file():
            return [path], []
        missing = "is neither a file nor a folder" if path.exists() else "does not exist"
    except NotRead as refusal:
        return [], [_said(refusal, path)]
    except (OSError, ValueError) as error:
        return [], [Diagnostic("unreadable-file", f"cannot read `{path}`: {reason(error)}", whole)]
    return [], [Diagnostic("no-such-file", f"`{path}` {missing}", whole)]


def _nothing_in(folder: Path, whole: Span) -> Diagnostic:
    advice = (made_json_by(name) for name in sorted(os.listdir(folder)))
    message = f"folder `{folder}` holds no .json or .tfstate file"
    return Diagnostic("no-resources", message, whole, help=next(filter(None, advice), None))


def _text_of(file: Path, allowance: Allowance, folder: Path | None) -> tuple[str, bytes]:
    """Return the text of a file and the digest of its bytes, which are not kept. Raises `Refused`."""
    try:
        data = read_file(file, allowance, folder)
    except NotRead as refusal:
        raise Refused(_said(refusal, file)) from refusal
    return _decoded(data, str(file)), blake2b(data).digest()


_CODES = {"unreadable": "unreadable-file", "too-large": "input-too-large"}


def _said(refusal: NotRead, path: Path) -> Diagnostic:
    code = _CODES.get(refusal.code, refusal.code)
    return Diagnostic(code, f"cannot read `{path}`: {refusal}", Span(str(path), 0, 0, 0, 0), help=refusal.help)


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"`{file}` is not text in UTF-8 or UTF-16 (byte {error.start})"
        advice = made_json_by(file, data)
        raise Refused(Diagnostic("bad-json", message, Span(file, 0, 0, 0, 0), help=advice)) from error
