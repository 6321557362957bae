"""The formats in which Terraform tells of resources: plans, states, parts of them, and raw state files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from vnetverify.ingest.terraform.addresses import module_path, steps_of
from vnetverify.ingest.terraform.configuration import Configuration
from vnetverify.ingest.terraform.instances import SENSITIVE, Instance, marked
from vnetverify.ingest.unknown import Unknown

_RAW_VERSION = 4
# What takes a resource away, and what leaves it where it is and only forgets it.
_GONE, _FORGOTTEN = ["delete"], ["forget"]


@dataclass(slots=True)
class Told:
    """What one document tells: resources that will be there, those that will be gone, also what others of their
    address replace, and what is said about the document, as code, words and pointer."""

    instances: list[Instance] = field(default_factory=list)
    gone: list[Instance] = field(default_factory=list)
    # Instances of which it is not known what becomes of them, with the reason.
    open: list[tuple[Instance, str]] = field(default_factory=list)
    configuration: Configuration = field(default_factory=lambda: Configuration({}, {}))
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    errors: list[tuple[str, str, str]] = field(default_factory=list)


def is_terraform(content: Any) -> bool:
    """Hold for a plan, a state, the part of one that holds its modules, or a raw state file."""
    if not isinstance(content, dict):
        return False
    if "planned_values" in content or "root_module" in content or "resource_changes" in content:
        return True
    values = content.get("values")
    if "format_version" in content and isinstance(values, dict) and "root_module" in values:
        return True
    return "terraform_version" in content


def told_by(content: Mapping[str, Any]) -> Told:
    """Return what a document of Terraform's tells; nothing but an error where a resource does not say what it is."""
    try:
        return _told_by(content)
    except _Untold as untold:
        return Told(errors=[("bad-value", "holds a resource that does not say what it is", str(untold))])


def _told_by(content: Mapping[str, Any]) -> Told:
    if "planned_values" in content or "resource_changes" in content:
        return _Plan(content).told()
    told = Told()
    if isinstance(content.get("values"), dict):
        told.instances = list(_modules(_object(content["values"].get("root_module")), "/values/root_module"))
    elif isinstance(content.get("root_module"), dict):
        told.instances = list(_modules(content["root_module"], "/root_module"))
    elif content.get("version") == _RAW_VERSION:
        _read_raw(content, told)
    elif "version" in content:
        message = f"is a state file of version {content['version']}; `terraform show -json` writes one that is read"
        told.errors.append(("unsupported-format", message, "/version"))
    return told


class _Untold(Exception):
    """An object in the place of a resource that does not say what it is; the message is its pointer."""


class _Plan:
    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self._changes: dict[str, tuple[int, dict[str, Any]]] = {}
        for position, change in enumerate(_list(content.get("resource_changes"))):
            if not isinstance(change, dict) or not isinstance(change.get("address"), str):
                raise _Untold(f"/resource_changes/{position}")
            if "deposed" not in change:
                self._changes[change["address"]] = position, change

    def told(self) -> Told:
        content = self._content
        told = Told()
        told.configuration = Configuration(_object(content.get("configuration")), _object(content.get("variables")))
        planned = _object(content.get("planned_values")).get("root_module")
        if isinstance(planned, dict):
            told.instances = list(_modules(planned, "/planned_values/root_module", self._unknown, self._sensitive))
        else:
            told.instances = list(self._of_changes("after"))
        known = {instance.address for instance in told.instances}
        for instance in self._of_changes("before"):
            if self._is_replaced(instance.address):
                told.gone.append(instance)
            elif instance.address not in known:
                actions = self._actions(instance.address)
                (told.instances if actions == _FORGOTTEN else told.gone).append(instance)
        prior = _object(_object(content.get("prior_state")).get("values")).get("root_module")
        where = "/prior_state/values/root_module"
        before = [one for one in _modules(_object(prior), where) if one.address not in known]
        # A part of a plan that lacks the changes does not tell what it deletes from what it does not plan. A whole plan
        # lacks them where it changes nothing, and then plans nothing either.
        is_told = "resource_changes" in content or ("configuration" in content and planned == {})
        touched = self._touched()
        kept = [one for one in before if one.is_data or (is_told and one.address not in touched)]
        told.instances += kept
        self._say_kept(told, sum(not one.is_data for one in kept))
        self._read_deferred(told)
        self._say(told)
        return told

    def _unknown(self, address: str) -> Any:
        return _object(self._change(address)).get("after_unknown")

    def _sensitive(self, address: str) -> Any:
        return _object(self._change(address)).get("after_sensitive")

    def _change(self, address: str) -> Any:
        return self._changes[address][1].get("change") if address in self._changes else None

    def _actions(self, address: str) -> list[Any]:
        return _list(_object(self._change(address)).get("actions"))

    def _touched(self) -> set[str]:
        """Return the addresses, also those before a move, of all that the plan does something to or looked at.

        What else there was stays as it is: a plan for a target, or one that only refreshes, does not plan it.
        """
        before = {change.get("previous_address") for _, change in self._changes.values()}
        return self._changes.keys() | {one for one in before if isinstance(one, str)}

    def _is_replaced(self, address: str) -> bool:
        actions = self._actions(address)
        return "delete" in actions and actions != _GONE

    def _of_changes(self, side: str) -> Iterator[Instance]:
        """Yield the resources of one side of the changes: those before that go or are replaced, or those after."""
        for address, (position, change) in self._changes.items():
            inner = _object(change.get("change"))
            goes = inner.get("actions") in (_GONE, _FORGOTTEN)
            is_asked = (goes or self._is_replaced(address)) if side == "before" else not goes
            if is_asked and isinstance(inner.get(side), dict):
                pointer = f"/resource_changes/{position}"
                unknown = inner.get("after_unknown") if side == "after" else None
                values = marked(inner[side], unknown, inner.get(f"{side}_sensitive"))
                yield _instance(change, values, pointer, f"{pointer}/change/{side}", change.get("module_address"))

    def _read_deferred(self, told: Told) -> None:
        for position, item in enumerate(_list(self._content.get("deferred_changes"))):
            change = _object(_object(item).get("resource_change"))
            pointer = f"/deferred_changes/{position}"
            inner = _object(change.get("change"))
            values = marked(_object(inner.get("after")), inner.get("after_unknown"), inner.get("after_sensitive"))
            where = f"{pointer}/resource_change/change/after"
            found = _instance(change, values, pointer, where, change.get("module_address"))
            told.instances = [one for one in told.instances if one.address != found.address]
            told.open.append((found, "Terraform deferred the change, so it is not known what it will be"))

    def _say_kept(self, told: Told, count: int) -> None:
        if count:
            things, do = ("resource", "stays as it was") if count == 1 else ("resources", "stay as they were")
            what = f"does not plan {count} {things} of its prior state, which {do}"
            told.notes.append(("terraform-kept", what, "/prior_state"))

    def _say(self, told: Told) -> None:
        content = self._content
        if content.get("errored") is True:
            told.errors.append(("plan-incomplete", "is a plan that ended in errors", "/errored"))
        drifted = len(_list(content.get("resource_drift")))
        if drifted:
            noun = "resource" if drifted == 1 else "resources"
            what = f"tells of {drifted} {noun} changed outside of Terraform; what is planned counts"
            told.notes.append(("terraform-drift", what, "/resource_drift"))


def _modules(
    root: dict[str, Any], pointer: str, unknown: Any = lambda address: None, sensitive: Any = lambda address: None
) -> Iterator[Instance]:
    """Yield the resources of a module and those within; `unknown` and `sensitive` give the marks by address."""
    pending: list[tuple[dict[str, Any], str]] = [(root, pointer)]
    while pending:
        module, where = pending.pop()
        for position, resource in enumerate(_list(module.get("resources"))):
            if not isinstance(resource, dict):
                raise _Untold(f"{where}/resources/{position}")
            if "deposed_key" in resource:
                continue
            address, own = str(resource.get("address")), f"{where}/resources/{position}"
            hidden = sensitive(address) or resource.get("sensitive_values")
            values = marked(_object(resource.get("values")), unknown(address), hidden)
            yield _instance(resource, values, own, f"{own}/values", module.get("address"))
        children = [
            (child, f"{where}/child_modules/{at}") for at, child in enumerate(_list(module.get("child_modules")))
        ]
        pending.extend(reversed([(child, at) for child, at in children if isinstance(child, dict)]))


def _instance(resource: Mapping[str, Any], values: Any, pointer: str, inside: str, module: Any) -> Instance:
    """Return the resource that an object tells of. Raises `_Untold` where it does not say what it is."""
    kind, name, key = resource.get("type"), resource.get("name"), resource.get("index")
    path = module_path(module) if isinstance(module, str) else ()
    if not isinstance(name, str) and isinstance(resource.get("address"), str):  # a cut of a plan may leave it out
        steps = steps_of(resource["address"]) or ()
        name = next((after for step, after in pairwise(steps) if step == kind and isinstance(after, str)), None)
    is_key = isinstance(key, (str, int, type(None))) and not isinstance(key, bool)
    if not isinstance(kind, str) or not isinstance(name, str) or path is None or not is_key:
        raise _Untold(pointer)
    known = values if isinstance(values, dict) else {"everything": Unknown("nothing of it is known", pointer)}
    provider = resource.get("provider_name")
    is_data = resource.get("mode") == "data"
    return Instance(
        path, kind, name, key, is_data, known, pointer, inside, provider if isinstance(provider, str) else ""
    )


def _read_raw(content: Mapping[str, Any], told: Told) -> None:
    """Read a raw state file, which Terraform keeps for itself."""
    for position, resource in enumerate(_list(content.get("resources"))):
        if not isinstance(resource, dict):
            raise _Untold(f"/resources/{position}")
        for at, instance in enumerate(_list(resource.get("instances"))):
            where = f"/resources/{position}/instances/{at}"
            attributes = _object(instance).get("attributes")
            if not isinstance(attributes, dict):
                what = "holds a resource without attributes, as of an old Terraform; `terraform show -json` tells them"
                told.errors.append(("unsupported-format", what, where))
                continue
            values = dict(attributes)
            for path in _list(instance.get("sensitive_attributes")):
                _hide(values, _list(path))
            described = {**resource, "index": instance.get("index_key"), "provider_name": resource.get("provider")}
            found = _instance(described, values, where, f"{where}/attributes", resource.get("module"))
            if "deposed" in instance:
                told.open.append((found, "Terraform has replaced it and not yet destroyed it"))
            else:
                told.instances.append(found)


def _hide(values: dict[str, Any], path: list[Any]) -> None:
    """Put `Unknown` in place of the value to which the steps of `path` lead; of all where a step is not followed."""
    here: Any = values
    for position, step in enumerate(path):
        inner = step.get("value") if isinstance(step, dict) else None
        key = inner.get("value") if isinstance(inner, dict) else inner
        is_there = (isinstance(here, dict) and isinstance(key, str) and key in here) or (
            isinstance(here, list) and isinstance(key, int) and key < len(here)
        )
        if not is_there:
            first = path[0].get("value") if isinstance(path[0], dict) else None
            if isinstance(first, str) and first in values:
                values[first] = Unknown(SENSITIVE)
            return
        if position == len(path) - 1:
            here[key] = Unknown(SENSITIVE)
        else:
            here[key] = copy(here[key])
            here = here[key]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
