"""Azure resources found in JSON documents, whatever wrapping they came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.ingest.documents import Document, Refused, parse, place
from vnetverify.ingest.values import printable, shown
from vnetverify.source import Span


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as read. `key` is its id in lower case, `kind` its type in lower case, without the provider's
    `Microsoft.Network/` (`virtualnetworks/subnets`) or with another's (`microsoft.compute/virtualmachines`).

    `recorded` resources come from a recording of calls, where one may be seen in several states.
    """

    id: str
    key: str
    kind: str
    name: str
    body: dict[str, Any]
    file: str
    pointer: str
    recorded: bool = False

    @property
    def span(self) -> Span:
        return place(self.file, self.pointer)

    @property
    def subject(self) -> str:
        """The words that name the resource in a message, for example "nsg `web`"."""
        return f"{SUBJECTS.get(self.kind, self.kind)} `{shown(self.name)}`"


SUBJECTS = {
    "virtualnetworks": "vnet",
    "virtualnetworks/subnets": "subnet",
    "virtualnetworks/virtualnetworkpeerings": "peering",
    "networksecuritygroups": "nsg",
    "networksecuritygroups/securityrules": "rule",
    "routetables": "route table",
    "routetables/routes": "route",
    "networkinterfaces": "nic",
    "publicipaddresses": "public address",
    "natgateways": "nat gateway",
    "virtualnetworkgateways": "gateway",
    "localnetworkgateways": "local network gateway",
    "connections": "connection",
    "applicationsecuritygroups": "asg",
    "microsoft.compute/virtualmachines": "vm",
}

_NETWORK = "microsoft.network/"


def kind_of(key: str) -> str:
    """Return the kind of the resource whose lower-case id is `key`; empty when the id names no type."""
    _, marker, rest = key.rpartition("/providers/")
    if not marker:
        return ""
    parts = rest.split("/")
    return "/".join((parts[0], *parts[1::2])).removeprefix(_NETWORK)


def name_of(resource_id: str) -> str:
    return resource_id.rstrip("/").rpartition("/")[2]


def parent_of(key: str, levels: int = 1) -> str:
    """Return the id of the resource that holds the child resource `key`."""
    return key.rsplit("/", 2 * levels)[0]


def key_of(resource_id: str) -> str:
    return resource_id.rstrip("/").lower()


def resources_in(document: Document) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    """Return the resources of one document, told by its content, and what was not understood in it."""
    reader = _Reader(document.file)
    reader.read(document.content, "")
    return tuple(reader.found), tuple(reader.diagnostics)


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Resource] = []
        self.diagnostics: list[Diagnostic] = []
        self.recorded = False
        self.requested: set[str] = set()

    def read(self, content: Any, pointer: str) -> None:
        if isinstance(content, list):
            self._read_all(content, pointer)
        elif not isinstance(content, dict):
            self._say("no-resources", "holds no Azure resource", pointer, Severity.WARNING)
        elif foreign := _foreign_format(content):
            self._say("unsupported-format", f"is {foreign}, which is not read yet", pointer, Severity.ERROR)
        elif isinstance(content.get("interactions"), list):
            self._read_recording(content["interactions"])
        elif isinstance(content.get("responses"), dict):
            self._read_responses(content["responses"])
        else:
            self._read_answer(content, pointer)

    def _read_answer(self, content: dict[str, Any], pointer: str) -> None:
        """Read what a call returns: a resource, or a page of a list of them."""
        if _is_resource(content):
            self._keep(content, pointer)
            return
        wrapping = next((key for key in ("value", "data") if isinstance(content.get(key), list)), None)
        if wrapping is None:
            self._say("no-resources", "holds no Azure resource", pointer, Severity.WARNING)
            return
        self._read_all(content[wrapping], f"{pointer}/{wrapping}")
        following = content.get("nextLink") or content.get("skipToken") or content.get("$skipToken")
        if following and following not in self.requested:
            self._say("page-missing", "holds a page of a list whose next page is missing", pointer, Severity.ERROR)

    def _read_all(self, items: list[Any], pointer: str) -> None:
        strangers = 0
        for position, item in enumerate(items):
            where = f"{pointer}/{position}"
            if isinstance(item, dict) and _is_resource(item):
                self._keep(item, where)
            elif isinstance(item, (dict, list)) and _wraps_resources(item):
                self.read(item, where)
            else:
                strangers += 1
        if strangers:
            things = "an entry that is no resource" if strangers == 1 else f"{strangers} entries that are no resources"
            self._say("no-resources", f"holds {things}", pointer, Severity.NOTE)

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
                    self.read_page(content, f"/interactions/{position}/response{pointer}")

    def _body(self, response: dict[str, Any]) -> tuple[Any, str]:
        """Return the content of a recorded answer, which may be spelt as JSON inside a string, and its pointer."""
        body = response.get("body")
        if not isinstance(body, dict):
            return body, "/body"
        content, pointer = (body["data"], "/body/data") if "data" in body else (body.get("string"), "/body/string")
        if isinstance(content, str):
            if not content.lstrip().startswith(("{", "[")):
                return None, pointer  # other services answer in XML or plain text
            try:
                return parse(content, self.file), pointer
            except Refused as refusal:
                self.diagnostics.append(refusal.diagnostic)
                return None, pointer
        return content, pointer

    def _read_responses(self, responses: dict[str, Any]) -> None:
        """Read an example of the API's specification: the answers by status."""
        self.recorded = True
        for status, response in responses.items():
            content = response.get("body") if isinstance(response, dict) else None
            if status in ("200", "201") and isinstance(content, (dict, list)):
                self.read_page(content, f"/responses/{status}/body")

    def read_page(self, content: Any, pointer: str) -> None:
        if isinstance(content, list):
            self._read_all(content, pointer)
        else:
            self._read_answer(content, pointer)

    def _keep(self, body: dict[str, Any], pointer: str) -> None:
        resource = resource_of(body, self.file, pointer, self.recorded)
        if resource is not None:
            self.found.append(resource)

    def _say(self, code: str, what: str, pointer: str, severity: Severity) -> None:
        self.diagnostics.append(Diagnostic(code, f"`{self.file}` {what}", place(self.file, pointer), severity=severity))


def resource_of(body: dict[str, Any], file: str, pointer: str, recorded: bool = False) -> Resource | None:
    """Return `body` as a resource, or None when neither its id nor its type says what it is."""
    identity, type_name, name = body.get("id"), body.get("type"), body.get("name")
    if not (isinstance(identity, str) and kind_of(key_of(identity))):
        if not (isinstance(type_name, str) and isinstance(name, str)):
            return None
        identity = f"/providers/{type_name}/{name}"
    identity = printable(identity)
    key = key_of(identity)
    return Resource(identity, key, kind_of(key), name_of(identity), body, file, pointer, recorded)


def _is_resource(content: dict[str, Any]) -> bool:
    identity, type_name = content.get("id"), content.get("type")
    if isinstance(identity, str) and "/providers/" in identity.lower():
        return True
    return isinstance(type_name, str) and "/" in type_name and isinstance(content.get("name"), str)


def _wraps_resources(item: Any) -> bool:
    return isinstance(item, list) or isinstance(item.get("value"), list)


def _foreign_format(content: dict[str, Any]) -> str | None:
    schema = content.get("$schema")
    if isinstance(schema, str) and "deploymenttemplate" in schema.lower():
        return "an ARM template"
    if "terraform_version" in content or "planned_values" in content or "root_module" in content:
        return "a Terraform plan or state"
    return None


def _succeeded(response: dict[str, Any]) -> bool:
    status = response.get("status")
    code = status.get("code") if isinstance(status, dict) else response.get("status_code")
    return code in (200, 201)
