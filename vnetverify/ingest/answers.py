"""Resources in what was saved: answers of calls, lists of scripts, tables, recordings; told by content."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.ingest.attributes import has_attributes, is_of_sdk, with_properties
from vnetverify.ingest.documents import Document
from vnetverify.ingest.notation import Refused, escaped, parse, place
from vnetverify.ingest.resources import Resource, resource_of

_TYPE = re.compile(r"\w+\.[\w.]+/")

_IN_PLACE_OF_POWERSHELL = "take `az … list`, or Search-AzGraph with `ConvertTo-Json -Depth 100`, which cuts nothing off"
_ATTRIBUTES = "properties under names of Python or Terraform, in objects that are no resources of Azure"
_IN_PLACE_OF_ATTRIBUTES = "take `as_dict()` of the SDK's whole resources, `az … list`, or a plan or state as a file"
_IN_PLACE_OF_PAGES = "take `az … list` or `vnetverify snapshot`, which ask for all pages"
_FOR_CONFORM = "`vnetverify conform --network NETWORK FILE` compares it with what is derived"


def resources_in(document: Document) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    """Return the resources of one document, told by its content, and what was not understood in it."""
    reader = _Reader(document.file)
    reader.read(document.content, "")
    return tuple(reader.found), tuple(reader.diagnostics)


class _Reader:
    """Reads one document; `found` and `diagnostics` grow with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Resource] = []
        self.diagnostics: list[Diagnostic] = []
        self.recorded = False
        self.requested: set[str] = set()
        self._foreign: set[str] = set()

    def read(self, content: Any, pointer: str) -> None:
        if isinstance(content, dict) and isinstance(content.get("interactions"), list):
            self._read_recording(content["interactions"])
        elif isinstance(content, dict) and isinstance(content.get("responses"), dict):
            self._read_responses(content["responses"])
        elif isinstance(content, dict) and isinstance(content.get("log"), dict) and _entries_of(content["log"]):
            self._read_log(_entries_of(content["log"]))
        else:
            self._read_answer(content, pointer)

    def _read_answer(self, content: Any, pointer: str) -> None:
        """Read what a call returns or a script gathers: resources, at whatever depth of lists and objects."""
        known, told = len(self.found), len(self.diagnostics)
        pending = [(content, pointer)]
        while pending:
            item, where = pending.pop()
            if isinstance(item, list):
                pending.extend(reversed(self._entries(item, where)))
            elif not isinstance(item, dict):
                continue
            elif is_tag_list(item):
                message = "is a list of service tags: name it with `service-tags` or `--service-tags`"
                self._say("tag-list-for-use", message, where, Severity.ERROR)
            elif has_attributes(item):
                self._read_attributes(item, where)
            elif _is_resource(item):
                self._keep(item, where)
            elif foreign := _foreign_format(item):
                self._say_foreign(*foreign, where)
            else:
                self._check_whole(item, where)
                if (table := _table_in(item)) is not None:
                    self._read_table(*table, f"{where}/data")
                else:
                    pending.extend(reversed(_members(item, where)))
        if len(self.found) == known and len(self.diagnostics) == told and not is_empty_list(content):
            what = _effective(content)
            message = "holds no Azure resource" if what is None else f"holds {what} and no Azure resource"
            self._say("no-resources", message, pointer, Severity.WARNING, None if what is None else _FOR_CONFORM)

    def _read_attributes(self, item: dict[str, Any], pointer: str) -> None:
        """Read a resource as Python's SDK prints it."""
        if not is_of_sdk(item):
            self._say_foreign(_ATTRIBUTES, _IN_PLACE_OF_ATTRIBUTES, pointer)
            return
        body, origins = with_properties(item, pointer)
        self._keep(body, pointer, origins)

    def _say_foreign(self, what: str, advice: str, pointer: str) -> None:
        """Report the first object of a kind that is not read, however many the file holds."""
        if what not in self._foreign:
            self._foreign.add(what)
            self._say("unsupported-format", f"holds {what}", pointer, Severity.ERROR, advice)

    def _check_whole(self, answer: dict[str, Any], pointer: str) -> None:
        """Report an answer that is none, or not all of one."""
        if _is_refusal(answer):
            message = "holds an error that Azure gave in place of an answer"
            self._say("not-an-answer", message, pointer, Severity.ERROR)
        if _is_cut(answer, self.requested):
            message = "holds a page of a list whose next page is missing"
            self._say("page-missing", message, pointer, Severity.ERROR, _IN_PLACE_OF_PAGES)

    def _read_table(self, columns: list[str], rows: list[Any], pointer: str) -> None:
        """Read a table of Resource Graph: each row is a resource, its cells under the names of their columns."""
        if len({name.lower() for name in columns}) < len(columns):
            self._say("bad-table", "holds a table with two columns of one name", pointer, Severity.ERROR)
            return
        for position, row in enumerate(rows):
            where = f"{pointer}/rows/{position}"
            if not isinstance(row, list) or len(row) != len(columns):
                self._say("bad-table", "holds a row that has not one cell for each column", where, Severity.ERROR)
                continue
            body = {name: cell for name, cell in zip(columns, row, strict=True) if cell is not None}
            if _is_resource(body):
                origins = {f"{where}/{escaped(name)}": f"{where}/{at}" for at, name in enumerate(columns)}
                self._keep(body, where, origins)
            else:
                self._say("no-resources", "holds a row that is not a resource", where, Severity.NOTE)

    def _entries(self, items: list[Any], pointer: str) -> list[tuple[Any, str]]:
        """Return the entries of a list that are read on, having noted how many are not."""
        entries = [(item, f"{pointer}/{position}") for position, item in enumerate(items)]
        kept = [entry for entry in entries if isinstance(entry[0], list) or _leads_on(entry[0])]
        strangers = len(entries) - len(kept)
        if strangers and _effective({"value": items}) is None:
            things = (
                "an entry that is not a resource" if strangers == 1 else f"{strangers} entries that are not resources"
            )
            self._say("no-resources", f"holds {things}", pointer, Severity.NOTE)
        return kept

    def _read_recording(self, interactions: list[Any]) -> None:
        """Read a recording of calls (a cassette): every answer with status 200 or 201."""
        self.recorded = True
        calls = [call for call in interactions if isinstance(call, dict)]
        requests = [call["request"] for call in calls if isinstance(call.get("request"), dict)]
        self.requested = {request["uri"] for request in requests if isinstance(request.get("uri"), str)}
        for position, call in enumerate(interactions):
            response = call.get("response") if isinstance(call, dict) else None
            if isinstance(response, dict) and _succeeded(response):
                content, pointer = self._body(response)
                if isinstance(content, (dict, list)):
                    self._read_answer(content, f"/interactions/{position}/response{pointer}")

    def _read_log(self, entries: list[Any]) -> None:
        """Read what a browser has recorded (HAR): every answer with status 200 or 201 that is of JSON."""
        self.recorded = True
        calls = [entry for entry in entries if isinstance(entry, dict)]
        requests = [call["request"] for call in calls if isinstance(call.get("request"), dict)]
        self.requested = {request["url"] for request in requests if isinstance(request.get("url"), str)}
        for position, call in enumerate(entries):
            response = call.get("response") if isinstance(call, dict) else None
            if isinstance(response, dict) and response.get("status") in (200, 201):
                pointer = f"/log/entries/{position}/response/content/text"
                content = self._spelt(_text_in(response.get("content")))
                if isinstance(content, (dict, list)) and _is_from_azure(content):
                    self._read_answer(content, pointer)

    def _body(self, response: dict[str, Any]) -> tuple[Any, str]:
        """Return the content of a recorded answer, which may be spelt as JSON inside a string, and its pointer."""
        body = response.get("body")
        if not isinstance(body, dict):
            return body, "/body"
        content, pointer = (body["data"], "/body/data") if "data" in body else (body.get("string"), "/body/string")
        return (self._spelt(content) if isinstance(content, str) else content), pointer

    def _spelt(self, text: str) -> Any:
        """Return the JSON that a recorded text spells, None where it is of another kind."""
        if not text.lstrip().startswith(("{", "[")):
            return None  # other services answer in XML or plain text
        try:
            return parse(text, self.file)
        except Refused as refusal:
            self.diagnostics.append(refusal.diagnostic)
            return None

    def _read_responses(self, responses: dict[str, Any]) -> None:
        """Read an example of the API's specification: the answers by status."""
        self.recorded = True
        for status, response in responses.items():
            content = response.get("body") if isinstance(response, dict) else None
            if status in ("200", "201") and isinstance(content, (dict, list)):
                self._read_answer(content, f"/responses/{status}/body")

    def _keep(self, body: dict[str, Any], pointer: str, origins: Mapping[str, str] | None = None) -> None:
        resource = resource_of(body, self.file, pointer, self.recorded, is_literal=True)
        if resource is None:
            what = "holds an object whose id names no type of resource: it is left out"
            self._say("no-type", what, pointer, Severity.WARNING)
            return
        self.found.append(resource if origins is None else replace(resource, origins=origins))

    def _say(self, code: str, what: str, pointer: str, severity: Severity, advice: str | None = None) -> None:
        message, where = f"`{self.file}` {what}", place(self.file, pointer)
        self.diagnostics.append(Diagnostic(code, message, where, help=advice, severity=severity))


def _is_resource(content: dict[str, Any]) -> bool:
    type_name = content.get("type")
    if _is_id(content.get("id")):
        return True
    return isinstance(type_name, str) and _TYPE.match(type_name) is not None and isinstance(content.get("name"), str)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and "/providers/" in value.lower()


def _members(content: dict[str, Any], pointer: str) -> list[tuple[Any, str]]:
    """Return the members of an object that may hold resources: lists and objects, but for bare references."""
    return [
        (value, f"{pointer}/{escaped(key)}")
        for key, value in content.items()
        if (isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value))
        or (isinstance(value, dict) and not _is_reference(value))
    ]


def _is_reference(value: dict[str, Any]) -> bool:
    """Hold for `{"id": …}`, to which `az` adds a resource group: it names a resource and is none."""
    return _is_id(value.get("id")) and value.keys() <= {"id", "resourceGroup"}


def _leads_on(item: Any) -> bool:
    """Hold when an entry of a list is a resource, or something in it could be one."""
    if not isinstance(item, dict):
        return False
    return _is_resource(item) or has_attributes(item) or _foreign_format(item) is not None or any(_members(item, ""))


def _foreign_format(content: dict[str, Any]) -> tuple[str, str] | None:
    """Return what an object is that is not read where it stands, and what to take in its place."""
    schema = content.get("$schema")
    if isinstance(schema, str) and "deploymenttemplate" in schema.lower():
        return "an ARM template within something else", "save it in a file of its own"
    if "terraform_version" in content or "planned_values" in content or "root_module" in content:
        return "a Terraform plan or state within something else", "save it in a file of its own"
    changes = content.get("changes")
    if isinstance(changes, list) and any(isinstance(one, dict) and "changeType" in one for one in changes):
        return "changes that `what-if` predicts", "name the template itself, or an export made after the change"
    parts = content.get("resources")
    if isinstance(parts, list) and any(isinstance(one, dict) and "associations" in one for one in parts):
        return "a topology of Network Watcher, which tells no properties", "take `az network … list`"
    return ("objects as PowerShell prints them", _IN_PLACE_OF_POWERSHELL) if _is_id(content.get("Id")) else None


def _table_in(content: dict[str, Any]) -> tuple[list[str], list[Any]] | None:
    """Return the names of the columns and the rows of a table as Resource Graph gives it."""
    table = content.get("data")
    if not isinstance(table, dict) or not isinstance(table.get("rows"), list):
        return None
    columns = table.get("columns")
    if not isinstance(columns, list):
        return None
    names = [column.get("name") if isinstance(column, dict) else None for column in columns]
    return [str(name) for name in names], table["rows"]


def _entries_of(log: dict[str, Any]) -> list[Any]:
    entries = log.get("entries")
    return entries if isinstance(entries, list) else []


def _text_in(content: Any) -> str:
    """Return the text of a recorded answer, which may be written in base 64; nothing where there is none."""
    if not isinstance(content, dict) or not isinstance(content.get("text"), str):
        return ""
    if content.get("encoding") != "base64":
        return str(content["text"])
    try:
        return base64.b64decode(content["text"], validate=True).decode("utf-8-sig")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _is_from_azure(content: Any) -> bool:
    """Hold when a recorded answer names a resource somewhere; browsers ask for much besides."""
    pending = [content]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if _is_resource(item) or _is_refusal(item):
                return True
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return False


def _effective(content: Any) -> str | None:
    """Return what Azure says of one interface or flow, where `content` is that and no resource."""
    if not isinstance(content, dict):
        return None
    keys = {key.lower() for key in content}
    listed = content.get("value")
    first = listed[0] if isinstance(listed, list) and listed else None
    firsts = {key.lower() for key in first} if isinstance(first, dict) else set()
    if {"nexthoptype", "addressprefix", "state"} <= firsts:
        return "the effective routes of an interface"
    if "effectivesecurityrules" in firsts:
        return "the effective security rules of an interface"
    if "nexthoptype" in keys:
        return "a next hop"
    return "a verdict on one flow" if {"access", "rulename"} <= keys else None


def _is_refusal(content: dict[str, Any]) -> bool:
    """Hold for what a call returns that failed."""
    error = content.get("error")
    return isinstance(error, dict) and isinstance(error.get("code"), str) and isinstance(error.get("message"), str)


def is_empty_list(content: Any) -> bool:
    """Hold for a listing of nothing, as a subscription without such resources gives it."""
    return content == [] or (isinstance(content, dict) and [] in (content.get("value"), content.get("data")))


_CONTINUATIONS = frozenset(("nextlink", "odatanextlink", "skiptoken"))


def _is_cut(page: dict[str, Any], requested: Collection[str]) -> bool:
    """Hold when an answer says that there is more of it, and none of the `requested` addresses is that of the rest."""
    said = {re.sub("[^a-z]", "", key.lower()): value for key, value in page.items()}
    if any(said.get(key) and str(said[key]) not in requested for key in _CONTINUATIONS):
        return True
    data, total = page.get("data"), said.get("totalrecords")
    rows = data.get("rows") if isinstance(data, dict) else data
    if str(said.get("resulttruncated")).lower() == "true":
        return True
    return isinstance(rows, list) and isinstance(total, int) and total > len(rows)


def _succeeded(response: dict[str, Any]) -> bool:
    status = response.get("status")
    code = status.get("code") if isinstance(status, dict) else response.get("status_code")
    return code in (200, 201)


def is_tag_list(content: dict[str, Any]) -> bool:
    """Hold for the provider's list of service tags, downloaded or of the REST call (F-TAG-18)."""
    keys = {key.lower() for key in content}
    return {"changenumber", "cloud", "values"} <= keys
