"""Azure resources found in JSON documents, whatever wrapping they came in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.ingest.documents import Document
from vnetverify.ingest.notation import Refused, escaped, parse, place
from vnetverify.ingest.unknown import Unknown
from vnetverify.ingest.values import key_called, member, printable, shown
from vnetverify.quick import quickly_made
from vnetverify.source import Span


@quickly_made
@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as read. `key` is its id in lower case, `kind` its type in lower case, without the provider's
    `Microsoft.Network/` (`virtualnetworks/subnets`) or with another's (`microsoft.compute/virtualmachines`).

    `recorded` resources come from a recording of calls, where one may be seen in several states. `is_literal` ones
    stand in JSON as they are; the body of another may hold `Unknown` anywhere, and whether it will be there at all is
    `uncertain` where a condition is not known. Such a resource stays in the network, and all that it could change is in
    doubt.

    Where the body was translated from another notation, `origins` maps the pointers that it would have below `pointer`
    (`{pointer}/properties/securityRules/0`) to those of the file; the longest that leads to a place counts, and one
    that none leads to stands for itself. Parts that become resources of their own inherit it.
    """

    id: str
    key: str
    kind: str
    name: str
    body: dict[str, Any]
    file: str
    pointer: str
    recorded: bool = False
    is_literal: bool = False
    uncertain: Unknown | None = None
    origins: Mapping[str, str] | None = None

    @property
    def span(self) -> Span:
        return self.place(self.pointer)

    def place(self, pointer: str) -> Span:
        """Return the place in the user's file of what stands at `pointer` of the resource as it is read."""
        return place(self.file, pointer if self.origins is None else _origin(pointer, self.origins))

    @property
    def subject(self) -> str:
        """The words that name the resource in a message, for example "nsg `web`"."""
        return f"{SUBJECTS.get(self.kind, self.kind)} `{shown(self.name)}`"

    @property
    def region(self) -> str | None:
        """The region without blanks, in lower case; None where it is not said."""
        location = self.body.get("location")
        return location.lower().replace(" ", "") if isinstance(location, str) else None

    def stated(self, name: str) -> Any:
        """Return the property called `name` without regard to letter case; the one under `properties` goes first."""
        for layer in self._layers:
            key = key_called(name, layer)
            if key is not None:
                return layer[key]
        return None

    def located(self, name: str) -> tuple[Any, str]:
        """Return that property and its pointer; None and the pointer of the resource where it is not said."""
        for layer in self._layers:
            key = key_called(name, layer)
            if key is not None:
                where = self.pointer if layer is self.body else f"{self.pointer}/properties"
                return layer[key], f"{where}/{escaped(key)}"
        return None, self.pointer

    @property
    def _layers(self) -> tuple[dict[str, Any], ...]:
        inner = self.body.get("properties")
        return (inner, self.body) if isinstance(inner, dict) else (self.body,)

    @property
    def is_of_azure(self) -> bool:
        """Hold when the resource has an id as Azure gives it; without, it is written by hand."""
        return self.key.startswith("/subscriptions/")

    @property
    def is_bare(self) -> bool:
        """Hold when nothing is said but what every listing of resources says: `az resource list`, a projection."""
        return not self.body.get("properties") and {key.lower() for key in self.body} <= _LISTED


def _origin(pointer: str, origins: Mapping[str, str]) -> str:
    """Return where `pointer` of a translated body comes from: the origin of the longest part of it that has one."""
    part = pointer
    while part not in origins and "/" in part:
        part = part.rpartition("/")[0]
    return origins.get(part, pointer)


NIC_KINDS = ("networkinterfaces", "microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces")
MANAGERS = "networkmanagers"
_RULES_OF_MANAGERS = f"{MANAGERS}/securityadminconfigurations/rulecollections/rules"
ACTIVE_RULES = f"{_RULES_OF_MANAGERS}/active"
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
    "loadbalancers": "load balancer",
    "privateendpoints": "private endpoint",
    "privatelinkservices": "private link service",
    "applicationgateways": "application gateway",
    "bastionhosts": "bastion",
    "azurefirewalls": "firewall",
    "firewallpolicies": "firewall policy",
    "firewallpolicies/rulecollectiongroups": "rule collection group",
    "microsoft.compute/virtualmachines": "vm",
    MANAGERS: "network manager",
    f"{MANAGERS}/networkgroups": "network group",
    f"{MANAGERS}/networkgroups/staticmembers": "member",
    ACTIVE_RULES: "admin rule",
}

# What every listing says of a resource, whatever its type.
_LISTED = frozenset(
    (
        "id",
        "name",
        "type",
        "kind",
        "location",
        "tags",
        "sku",
        "zones",
        "plan",
        "identity",
        "managedby",
        "etag",
        "apiversion",
        "resourcegroup",
        "subscriptionid",
        "tenantid",
        "extendedlocation",
        "provisioningstate",
        "createdtime",
        "changedtime",
        "systemdata",
        "properties",
    )
)
_NETWORK = "microsoft.network/"
_TYPE = re.compile(r"\w+\.[\w.]+/")


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
        if isinstance(content, dict) and isinstance(content.get("interactions"), list):
            self._read_recording(content["interactions"])
        elif isinstance(content, dict) and isinstance(content.get("responses"), dict):
            self._read_responses(content["responses"])
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
            elif _is_resource(item):
                self._keep(item, where)
            elif foreign := _foreign_format(item):
                self._say("unsupported-format", f"holds {foreign}, which is not read yet", where, Severity.ERROR)
            else:
                if _is_refusal(item):
                    self._say(
                        "not-an-answer", "holds an error that Azure gave in place of an answer", where, Severity.ERROR
                    )
                if _is_cut(item, self.requested):
                    message = "holds a page of a list whose next page is missing"
                    self._say("page-missing", message, where, Severity.ERROR)
                pending.extend(reversed(_members(item, where)))
        if len(self.found) == known and len(self.diagnostics) == told and not _is_empty_list(content):
            self._say("no-resources", "holds no Azure resource", pointer, Severity.WARNING)

    def _entries(self, items: list[Any], pointer: str) -> list[tuple[Any, str]]:
        """Return the entries of a list that are read on, having noted how many are not."""
        entries = [(item, f"{pointer}/{position}") for position, item in enumerate(items)]
        kept = [entry for entry in entries if isinstance(entry[0], list) or _leads_on(entry[0])]
        strangers = len(entries) - len(kept)
        if strangers:
            things = "an entry that is no resource" if strangers == 1 else f"{strangers} entries that are no resources"
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
                self._read_answer(content, f"/responses/{status}/body")

    def _keep(self, body: dict[str, Any], pointer: str) -> None:
        resource = resource_of(body, self.file, pointer, self.recorded, is_literal=True)
        if resource is not None:
            self.found.append(resource)

    def _say(self, code: str, what: str, pointer: str, severity: Severity) -> None:
        self.diagnostics.append(Diagnostic(code, f"`{self.file}` {what}", place(self.file, pointer), severity=severity))


def resource_of(
    body: dict[str, Any], file: str, pointer: str, recorded: bool = False, is_literal: bool = False
) -> Resource | None:
    """Return `body` as a resource, or None when neither its id nor its type says what it is."""
    identity, type_name, name = body.get("id"), body.get("type"), body.get("name")
    if not (isinstance(identity, str) and kind_of(key_of(identity))):
        if not (isinstance(type_name, str) and isinstance(name, str)):
            return None
        identity = f"/providers/{type_name}/{name}"
    identity = printable(identity)
    key, kind = key_of(identity), kind_of(key_of(identity))
    if kind.startswith(f"{MANAGERS}/"):
        view = _view_of_configured(body)
        if view is not None:  # no other reading of what is configured, but what has become of it
            key, kind = f"{key}@{view[1]}", f"{kind}/{view[0]}"
    return Resource(identity, key, kind, name_of(identity), body, file, pointer, recorded, is_literal)


def _view_of_configured(body: dict[str, Any]) -> tuple[str, str] | None:
    """Return `active` and the region for an entry of a list of what a manager has deployed, `effective` for one of what
    acts at a network, which says not at which; None for what is configured."""
    if member(body, "commitTime") is not None and isinstance(member(body, "region"), str):
        return "active", str(member(body, "region")).lower().replace(" ", "")
    listed = ("ruleGroups", "ruleCollectionAppliesToGroups", "configurationGroups")
    return ("effective", "effective") if any(member(body, name) is not None for name in listed) else None


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
    return _is_resource(item) or _foreign_format(item) is not None or any(_members(item, ""))


def _is_refusal(content: dict[str, Any]) -> bool:
    """Hold for what a call returns that failed."""
    error = content.get("error")
    return isinstance(error, dict) and isinstance(error.get("code"), str) and isinstance(error.get("message"), str)


def _is_empty_list(content: Any) -> bool:
    """Hold for a listing of nothing, as a subscription without such resources gives it."""
    return content == [] or (isinstance(content, dict) and [] in (content.get("value"), content.get("data")))


_CONTINUATIONS = frozenset(("nextlink", "odatanextlink", "skiptoken"))


def _is_cut(page: dict[str, Any], requested: Collection[str]) -> bool:
    """Hold when an answer says that there is more of it, and none of the `requested` addresses is that of the rest."""
    said = {re.sub("[^a-z]", "", key.lower()): value for key, value in page.items()}
    if any(said.get(key) and str(said[key]) not in requested for key in _CONTINUATIONS):
        return True
    rows, total = page.get("data"), said.get("totalrecords")
    if str(said.get("resulttruncated")).lower() == "true":
        return True
    return isinstance(rows, list) and isinstance(total, int) and total > len(rows)


def _foreign_format(content: dict[str, Any]) -> str | None:
    schema, table = content.get("$schema"), content.get("data")
    if isinstance(schema, str) and "deploymenttemplate" in schema.lower():
        return "an ARM template"
    if "terraform_version" in content or "planned_values" in content or "root_module" in content:
        return "a Terraform plan or state"
    if isinstance(table, dict) and isinstance(table.get("rows"), list):
        return "a Resource Graph answer as a table"
    if _is_id(content.get("Id")):
        return "objects as PowerShell prints them"
    return None


def is_tag_list(content: dict[str, Any]) -> bool:
    """Hold for the provider's list of service tags, downloaded or of the REST call (F-TAG-18)."""
    keys = {key.lower() for key in content}
    return {"changenumber", "cloud", "values"} <= keys


def _succeeded(response: dict[str, Any]) -> bool:
    status = response.get("status")
    code = status.get("code") if isinstance(status, dict) else response.get("status_code")
    return code in (200, 201)
