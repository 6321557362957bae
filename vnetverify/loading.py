"""From paths to what they hold: texts, the exports and lists that these name, and everything found wrong with them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vnetverify.clock import Clock
from vnetverify.diagnostic import Diagnostic, Severity, in_source_order
from vnetverify.files import Allowance, NotRead, read_file, read_standard_input, reason, resolved_within
from vnetverify.model.intents import EndpointSet
from vnetverify.model.network import Network
from vnetverify.model.published import TagList
from vnetverify.model.wellformed import check
from vnetverify.source import Source, Span
from vnetverify.syntax import Document, declared_vnets, read, resolve_expression, service_tags, tag_lists, uses

if TYPE_CHECKING:
    from vnetverify.ingest import Given

_UTF_16 = re.compile(rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]", re.DOTALL)
_JSON = re.compile(rb"\s*(?:\{\s*\"|\[\s*\{)")
_FOLDER = "name the texts in it; a folder of Azure's JSON goes with `--network`"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the inputs hold, and everything found wrong with them; with an error nothing may be proved.

    `paths` are the files and folders that were read, or were to be; `digests` those of the files of JSON among them,
    and `quotes` the lines of these, by number, that may be shown with the diagnostics.
    """

    document: Document
    sources: Mapping[str, Source]
    diagnostics: tuple[Diagnostic, ...]
    timings: Mapping[str, float] = field(default_factory=dict)
    imported: Network = field(default_factory=Network)
    published: TagList | None = None
    paths: tuple[Path, ...] = ()
    digests: Mapping[str, bytes] = field(default_factory=dict)
    quotes: Mapping[str, Mapping[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A path with the place that names it, and the folder that it may not lead out of where a text names it."""

    path: Path
    span: Span
    within: Path | None = None


def load(
    paths: Sequence[str],
    networks: Sequence[str],
    tags: str | None = None,
    allowance: Allowance | None = None,
    given: Given | None = None,
) -> Loaded:
    """Return what the texts at `paths` (`-` is standard input) and the exports at `networks` hold together.

    `tags` names the provider's list of service tags, where no text does. All together may not be larger than the
    `allowance`. Templates are deployed with the parameters that are `given` for them.
    """
    clock, allowance = Clock(), allowance if allowance is not None else Allowance()
    diagnostics: list[Diagnostic] = []
    with clock.phase("parse"):
        once = _each_once(paths, diagnostics)
        sources = [source for path in once if (source := source_at(path, diagnostics, allowance)) is not None]
        wanted = [_Wanted(Path(path), Span(path, 0, 0, 0, 0)) for path in networks]
        lists = [_Wanted(Path(path), Span(path, 0, 0, 0, 0)) for path in (tags,) if path is not None]
        for source in sources:
            wanted += _named_in(source, uses(source), diagnostics)
            lists += _named_in(source, tag_lists(source), diagnostics)
    with clock.phase("ingest"):
        published = _tag_list(_present(lists, diagnostics), diagnostics, allowance)
        present = _present(wanted, diagnostics)
        imported, digests = _import_all(present, sources, published, diagnostics, allowance, given)
    with clock.phase("resolve"):
        document = read(sources, imported, published, are_all=not _has_errors(diagnostics))
    is_sound = document.is_sound and not _has_errors(diagnostics)
    diagnostics += document.diagnostics
    if is_sound:
        with clock.phase("check"):
            diagnostics += check(document.network)
    read_from = (*(Path(path) for path in paths if path != "-"), *(one.path for one in (*wanted, *lists)))
    by_name = {source.name: source for source in sources}
    found = in_source_order(diagnostics)
    return Loaded(document, by_name, found, clock.seconds, imported, published, read_from, digests)


def resolve(loaded: Loaded, expression: Source) -> EndpointSet:
    """Return what a set expression stands for in what was loaded. Raises `InputError`."""
    return resolve_expression(expression, tuple(loaded.sources.values()), loaded.imported, loaded.published)


def _has_errors(diagnostics: Sequence[Diagnostic]) -> bool:
    return any(found.severity is Severity.ERROR for found in diagnostics)


def _each_once(paths: Sequence[str], diagnostics: list[Diagnostic]) -> Iterator[str]:
    """Yield the paths of texts, with a mistake reported for each that leads to the text of an earlier one."""
    earlier: dict[str, str] = {}
    for path in paths:
        file = path if path == "-" else os.path.realpath(path)
        if file in earlier:
            same = earlier[file]
            message = f"`{path}` is given twice" if path == same else f"`{path}` is the same file as `{same}`"
            diagnostics.append(Diagnostic("said-twice", message, Span(path, 0, 0, 0, 0)))
        else:
            earlier[file] = path
            yield path


def source_at(path: str, diagnostics: list[Diagnostic], allowance: Allowance) -> Source | None:
    """Return the text at `path`, `-` being standard input; None with a diagnostic where it is not a text to read."""
    whole = Span(path, 0, 0, 0, 0)
    try:
        raw = read_standard_input(allowance) if path == "-" else read_file(Path(path), allowance)
    except NotRead as refusal:
        message = f"cannot read `{path}`: {refusal}"
        help_text = _FOLDER if path != "-" and os.path.isdir(path) else refusal.help
        diagnostics.append(Diagnostic(refusal.code, message, whole, help=help_text))
        return None
    if _JSON.match(raw):
        advice = "name it with `--network`, or in a text with `use`"
        diagnostics.append(Diagnostic("json-for-text", f"`{path}` is JSON, not a text", whole, help=advice))
        return None
    if not raw.strip():
        diagnostics.append(Diagnostic("empty", f"`{path}` is empty", whole))
        return None
    if _UTF_16.match(raw):
        message = f"`{path}` is text in UTF-16, as Windows PowerShell writes it"
        diagnostics.append(Diagnostic("not-text", message, whole, help="save it as UTF-8"))
        return None
    try:
        return Source(path, raw.decode("utf-8-sig"), allowance.most_words)
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        message = f"`{path}` is not UTF-8 text (line {line}, byte {problem.start} of the file)"
        diagnostics.append(Diagnostic("not-text", message, whole, help="save it as UTF-8"))
        return None


def _named_in(source: Source, named: Sequence[tuple[str, Span]], diagnostics: list[Diagnostic]) -> Iterator[_Wanted]:
    """Yield the paths that a text names, with a mistake reported for each that leads out of the text's folder."""
    folder = Path() if source.name == "-" else Path(source.name).parent
    for path, span in named:
        try:
            yield _Wanted(resolved_within(folder, path), span, folder)
        except NotRead as refusal:
            message = f"cannot read `{path}`: {refusal}"
            diagnostics.append(Diagnostic(refusal.code, message, span, help=refusal.help))


def _present(wanted: Sequence[_Wanted], diagnostics: list[Diagnostic]) -> dict[Path, _Wanted]:
    """Return the paths that are there, each as it is named first."""
    present: dict[Path, _Wanted] = {}
    for one in wanted:
        try:
            one.path.stat()
        except (OSError, ValueError) as problem:
            message = f"cannot read `{one.path}`: {reason(problem)}"
            diagnostics.append(Diagnostic("unreadable", message, one.span))
        else:
            present.setdefault(one.path, one)
    return present


def _import_all(
    present: Mapping[Path, _Wanted],
    sources: Sequence[Source],
    published: TagList | None,
    diagnostics: list[Diagnostic],
    allowance: Allowance,
    given: Given | None,
) -> tuple[Network, Mapping[str, bytes]]:
    """Return what all exports hold together, and the digests of their files: resources may name each other across them,
    and vnets of the texts."""
    if not present and given is None:
        return Network(), {}
    from vnetverify.ingest import read_paths  # late, since it takes a quarter of the start of a run that needs none

    within = {path: one.within for path, one in present.items() if one.within is not None}
    vnets, tags = declared_vnets(sources, published), service_tags(sources)
    texts = [source.text for source in sources]
    imported = read_paths(tuple(present), vnets, tags, published, allowance, within, given, texts)
    diagnostics += imported.diagnostics
    return imported.network, imported.digests


def _tag_list(present: Mapping[Path, _Wanted], diagnostics: list[Diagnostic], allowance: Allowance) -> TagList | None:
    """Return the provider's list of service tags; all that name one have to name the same."""
    if not present:
        return None
    from vnetverify.ingest import read_tag_list

    first, *others = present.values()
    for other in others:
        message = f"the service tags come from `{first.path}` already, and from one list alone"
        places = ((first.span, "named here"),) if first.span.line else ()
        diagnostics.append(Diagnostic("said-twice", message, other.span, f"`{other.path}` is another", places))
    published, found = read_tag_list(first.path, first.span, allowance, first.within)
    diagnostics += found
    return published
