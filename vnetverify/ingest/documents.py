"""Files of JSON, read strictly: every oddity that could change a meaning is a diagnostic, never a guess."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from vnetverify.diagnostic import Diagnostic
from vnetverify.source import Span

MAX_BYTES = 400_000_000
MAX_FILES = 20_000
MAX_DEPTH = 200


@dataclass(frozen=True, slots=True)
class Document:
    """The content of one JSON file; `file` is its name as the user wrote or would write it."""

    file: str
    content: Any


def place(file: str, pointer: str) -> Span:
    """Return the span of the JSON value at `pointer`, whose line is not known."""
    return Span(file, 0, 0, 0, 0, pointer)


def read_documents(path: Path) -> tuple[tuple[Document, ...], tuple[Diagnostic, ...]]:
    """Return the JSON documents at `path`, a file or a folder, and what is wrong with them."""
    files, diagnostics = _files_at(path)
    documents = []
    budget = MAX_BYTES
    for file in files:
        try:
            data = _read_at_most(file, budget)
            documents.append(Document(str(file), parse(_decoded(data, str(file)), str(file))))
        except Refused as refusal:
            diagnostics.append(refusal.diagnostic)
        else:
            budget -= len(data)
    return tuple(documents), tuple(diagnostics)


class Refused(Exception):
    """A text that is not read any further; carries the one diagnostic that says why."""

    def __init__(self, code: str, message: str, span: Span, label: str = "") -> None:
        self.diagnostic = Diagnostic(code, message, span, label)
        super().__init__(message)


def _files_at(path: Path) -> tuple[list[Path], list[Diagnostic]]:
    whole = Span(str(path), 0, 0, 0, 0)
    try:
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() == ".json" and file.is_file()]
            if not files:
                return [], [Diagnostic("no-resources", f"folder `{path}` holds no .json file", whole)]
            if len(files) > MAX_FILES:
                return [], [Diagnostic("input-too-large", f"folder `{path}` holds more than {MAX_FILES} files", whole)]
            return files, []
        if path.is_file():
            return [path], []
        missing = "is neither a file nor a folder" if path.exists() else "does not exist"
    except (OSError, ValueError) as error:
        return [], [Diagnostic("unreadable-file", f"cannot read `{path}`: {_reason(error)}", whole)]
    return [], [Diagnostic("no-such-file", f"`{path}` {missing}", whole)]


def _read_at_most(file: Path, budget: int) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(budget + 1)
    except OSError as error:
        message = f"cannot read `{file}`: {_reason(error)}"
        raise Refused("unreadable-file", message, Span(str(file), 0, 0, 0, 0)) from error
    if len(data) > budget:
        message = f"the input is larger than {MAX_BYTES // 1_000_000} MB"
        raise Refused("input-too-large", message, Span(str(file), 0, 0, 0, 0))
    return data


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@contextmanager
def collector_off() -> Iterator[None]:
    """Reading makes millions of objects and no cycles, so the collector would only slow it down (fourfold)."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Repeated(dict[str, Any]):
    """An object in which a key stands more than once; found again when its pointer is wanted."""

    __slots__ = ("key",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.key = next(key for position, key in enumerate(keys) if key in keys[:position])


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"`{file}` is not text in UTF-8 or UTF-16 (byte {error.start})"
        raise Refused("bad-json", message, Span(file, 0, 0, 0, 0)) from error


def parse(text: str, file: str) -> Any:
    """Return the value that `text` spells. Raises `Refused` for what RFC 8259 leaves open or forbids."""
    repeated: list[_Repeated] = []

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        repeated.append(_Repeated(pairs))
        return repeated[-1]

    try:
        content = json.loads(text, object_pairs_hook=as_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        span = Span(file, error.lineno, error.colno, error.lineno, error.colno + 1)
        raise Refused("bad-json", f"`{file}` is not valid JSON", span, _lower(error.msg)) from error
    except RecursionError as error:
        raise _too_deep(file) from error
    except ValueError as error:
        raise Refused("bad-json", f"`{file}` is not valid JSON: {error}", Span(file, 0, 0, 0, 0)) from error
    if _is_deeper_than(MAX_DEPTH, content):
        raise _too_deep(file)
    if repeated:
        message = f"key `{repeated[0].key}` stands twice in one object"
        raise Refused("duplicate-key", message, place(file, _pointer_to(repeated[0], content)))
    return content


def _too_deep(file: str) -> Refused:
    return Refused("bad-json", f"`{file}` nests deeper than {MAX_DEPTH} levels", Span(file, 0, 0, 0, 0))


def _is_deeper_than(limit: int, content: Any) -> bool:
    """Hold when lists and objects nest more than `limit` deep; level by level, so that nothing exhausts the stack."""
    level = [content] if isinstance(content, (dict, list)) else []
    for _ in range(limit):
        members = (item.values() if isinstance(item, dict) else item for item in level)
        level = [child for some in members for child in some if isinstance(child, (dict, list))]
        if not level:
            return False
    return True


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"`{word}` is no number")


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _pointer_to(wanted: object, content: Any) -> str:
    """Return the pointer of the very object `wanted` in `content`; the text may nest deeply, so no recursion."""
    pending = [("", content)]
    while pending:
        pointer, value = pending.pop()
        if value is wanted:
            return pointer
        if isinstance(value, dict):
            pending.extend((f"{pointer}/{escaped(key)}", item) for key, item in value.items())
        elif isinstance(value, list):
            pending.extend((f"{pointer}/{position}", item) for position, item in enumerate(value))
    return ""


def escaped(key: str) -> str:
    """Return `key` as a reference token of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
