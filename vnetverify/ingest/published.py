"""The provider's list of service tags, as it is downloaded or as the REST call gives it (F-TAG-18)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vnetverify.diagnostic import Diagnostic
from vnetverify.files import Allowance
from vnetverify.header import NotAPrefix, Prefix, parse_prefix
from vnetverify.ingest.documents import read_documents
from vnetverify.ingest.notation import place
from vnetverify.ingest.values import Malformed, as_list, as_object, as_text, member, shown
from vnetverify.model.published import TagList
from vnetverify.quick import collector_off
from vnetverify.source import Span
from vnetverify.syntax.tags import DEFINED_TAGS

_MISTAKES = 20  # told of one list
_LONGEST = 260  # characters of a name


def read_tag_list(
    path: Path, asked: Span, allowance: Allowance | None = None, within: Path | None = None
) -> tuple[TagList | None, tuple[Diagnostic, ...]]:
    """Return the list of service tags in the file at `path`, asked for at `asked`, or what is wrong with it.

    Where it has to lie `within` a folder no link may lead out of that.
    """
    if path.is_dir():
        return None, (Diagnostic("not-a-tag-list", f"`{path}` is a folder, not a list of service tags", asked),)
    with collector_off():
        documents, diagnostics = read_documents(path, allowance, within)
        if not documents:
            return None, diagnostics
        content = documents[0].content
        if not isinstance(content, dict) or not _has_values(content):
            message, label = f"`{path}` is not a list of service tags", "holds no `values` with tags"
            return None, (Diagnostic("not-a-tag-list", message, asked, label, help=_elsewhere(content)),)
        reader = _Reader(str(path))
        made = reader.tag_list(content, asked)
        return (None if reader.found else made), tuple(reader.found)


def _elsewhere(content: Any) -> str | None:
    is_text = isinstance(content, (dict, list))
    return "for Azure resources write `use` or `--network`" if is_text else None


def _stated(content: dict[str, Any], name: str) -> Any:
    """Return the member called `name` without regard to case, or the one under `properties`."""
    value = member(content, name)
    inner = member(content, "properties")
    return member(inner, name) if value is None and isinstance(inner, dict) else value


def _has_values(content: dict[str, Any]) -> bool:
    values = _stated(content, "values")
    return isinstance(values, list) and all(isinstance(value, dict) and _is_tag(value) for value in values[:1])


def _is_tag(value: dict[str, Any]) -> bool:
    return member(value, "name") is not None and isinstance(_stated(value, "addressprefixes"), list)


class _Reader:
    """Reads one list; the first mistakes are kept in `found`."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._known: dict[str, Prefix] = {}
        self.found: list[Diagnostic] = []

    def tag_list(self, content: dict[str, Any], asked: Span) -> TagList:
        """Return the tags of a list with their prefixes; what is wrong with it goes to `found`."""
        cloud = number = None
        try:
            cloud = _name(_stated(content, "cloud"), "cloud")
            number = _change_number(_stated(content, "changenumber"))
        except Malformed as fault:
            self._say(f"{fault} in the list of service tags", "")
        if _stated(content, "nextlink"):
            self._say("a page of the list is missing: it ends with a link to the next", "/nextLink")
        prefixes: dict[str, tuple[Prefix, ...]] = {}
        names: dict[str, int] = {}
        inner = "" if member(content, "values") is not None else "/properties"
        for position, value in enumerate(_stated(content, "values")):
            pointer = f"{inner}/values/{position}"
            if len(self.found) >= _MISTAKES:
                break
            try:
                body = as_object(value, "values")
                name = _name(member(body, "name"), "name")
                self._check_name(name, position, names, pointer)
                prefixes[name] = tuple(dict.fromkeys(self._prefixes(name, body, pointer)))
            except Malformed as fault:
                self._say(f"{fault} in the list of service tags", pointer)
        return TagList(cloud or "", number or 0, prefixes, self._file, asked)

    def _check_name(self, name: str, position: int, names: dict[str, int], pointer: str) -> None:
        earlier = names.setdefault(name.casefold(), position)
        if earlier != position:
            self._say(f"the service tag `{shown(name)}` appears twice in the list, also at /values/{earlier}", pointer)
        if name.casefold() in _DEFINED:
            message = f"the service tag `{shown(name)}` follows from Azure's rules, and no list can say what it holds"
            self._say(message, pointer)

    def _prefixes(self, tag: str, body: dict[str, Any], pointer: str) -> Iterator[Prefix]:
        listed = _stated(body, "addressprefixes")
        if listed is None:
            raise Malformed(f"`addressPrefixes` of `{shown(tag)}` is missing")
        for position, text in enumerate(as_list(listed, "addressPrefixes")):
            prefix = self._known.get(text) if isinstance(text, str) else None
            if prefix is None:
                try:
                    prefix = self._known[text] = parse_prefix(as_text(text, "addressPrefixes"))
                except (NotAPrefix, Malformed) as fault:
                    where = f"{pointer}/properties/addressPrefixes/{position}"
                    self._say(f"{shown(str(fault))} in service tag `{shown(tag)}`", where)
                    return
            yield prefix

    def _say(self, message: str, pointer: str) -> None:
        self.found.append(Diagnostic("bad-tag-list", message, place(self._file, pointer)))


_DEFINED = frozenset(tag.casefold() for tag in DEFINED_TAGS)


def _name(value: Any, what: str) -> str:
    name = as_text(value, what)
    if not name.strip() or len(name) > _LONGEST or not name.isprintable():
        raise Malformed(f"`{what}` is not a name")
    return name


def _change_number(value: Any) -> int:
    """Return the number of the list, which the download writes as a number and REST as a text."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    raise Malformed("`changeNumber` is missing" if value is None else "`changeNumber` is not a number")
