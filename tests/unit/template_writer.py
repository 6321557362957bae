"""Azure's resources written as templates, in whichever style, so that both can be read and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.unit.arm_templates import SUBSCRIPTION_SCHEMA, nested, template

_CHILDREN = {
    "Microsoft.Network/virtualNetworks": ("subnets", "virtualNetworkPeerings"),
    "Microsoft.Network/networkSecurityGroups": ("securityRules",),
    "Microsoft.Network/routeTables": ("routes",),
}


class TemplateWriter:
    """Writes resources as templates; `choose` picks one of so many styles each time that there are several."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self.variables: dict[str, Any] = {}

    def template(self, resources: list[dict[str, Any]]) -> dict[str, Any]:
        """Return a template to a subscription that deploys `resources` into their groups."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for one in resources:
            groups.setdefault(one["id"].partition("/providers/")[0], []).append(one)
        return template(*map(self._deployment, groups, groups.values()), schema=SUBSCRIPTION_SCHEMA)

    def _deployment(self, scope: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
        self.variables = {}
        written = [piece for one in resources for piece in self._resource(one)]
        steps = scope.split("/")
        inner = template(*written, variables=dict(self.variables))
        return nested("group", inner, subscriptionId=steps[2], resourceGroup=steps[4])

    def _resource(self, one: dict[str, Any]) -> list[dict[str, Any]]:
        """Return a resource as a template declares it, with those of its children that it declares beside it."""
        lists = _CHILDREN.get(one["type"], ()) if self._choose(2) else ()
        properties = {name: self._value(value) for name, value in one["properties"].items() if name not in lists}
        others = {
            name: self._value(value) for name, value in one.items() if name not in ("id", "name", "type", "properties")
        }
        own = {"type": one["type"], "apiVersion": "2024-05-01", "name": self._text(one["name"]), **others}
        apart = [self._child(one, name, child) for name in lists for child in one["properties"].get(name) or ()]
        return [{**own, "properties": properties}, *apart]

    def _child(self, parent: dict[str, Any], segment: str, child: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": f"{parent['type']}/{segment}",
            "apiVersion": "2024-05-01",
            "name": self._text(f"{parent['name']}/{child['name']}"),
            "properties": self._value(child.get("properties", {})),
        }

    def _value(self, value: Any) -> Any:
        match value:
            case str():
                return self._id(value) if value.startswith("/subscriptions/") else self._text(value)
            case dict():
                return {key: self._value(item) for key, item in value.items()}
            case list() if value and self._choose(4) == 0:
                return self._loop(value)
            case list():
                return [self._value(item) for item in value]
            case _:
                return value

    def _loop(self, items: list[Any]) -> str:
        """Return a list as a variable that a loop makes of another one."""
        name = f"list{len(self.variables)}"
        self.variables[f"{name}Items"] = self._escaped(items)
        item = f"variables('{name}Items')[copyIndex('items')]"
        loop = {"name": "items", "count": f"[length(variables('{name}Items'))]", "input": f"[{item}]"}
        self.variables[name] = {"copy": [loop]}
        return f"[variables('{name}').items]"

    def _escaped(self, value: Any) -> Any:
        if isinstance(value, str):
            return f"[{value}" if value.startswith("[") else value
        if isinstance(value, dict):
            return {key: self._escaped(item) for key, item in value.items()}
        return [self._escaped(item) for item in value] if isinstance(value, list) else value

    def _text(self, text: str) -> str:
        match self._choose(3):
            case 0:
                return str(self._escaped(text))
            case 1:
                half = len(text) // 2
                return f"[concat({_quoted(text[:half])}, {_quoted(text[half:])})]"
            case _:
                name = f"text{len(self.variables)}"
                self.variables[name] = self._escaped(text)
                return f"[variables('{name.upper()}')]"

    def _id(self, identity: str) -> str:
        scope, marker, tail = identity.partition("/providers/")
        steps = tail.split("/")
        if self._choose(3) == 0 or not marker or len(steps) % 2 == 0 or "/providers/" in tail:
            return self._text(identity)
        _, _, subscription, _, group = scope.split("/")
        type_name = "/".join((steps[0], *steps[1::2]))
        parts = (subscription, group, type_name, *steps[2::2])
        return f"[resourceId({', '.join(map(_quoted, parts))})]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
