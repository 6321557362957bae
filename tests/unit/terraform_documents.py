"""Plans and states as `terraform show -json` writes them, for tests: the smallest that say something."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vnetverify.diagnostic import Severity
from vnetverify.ingest import Imported, read_path
from vnetverify.ingest.terraform.addresses import Key, module_path, spelt
from vnetverify.model.network import Network

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
ANY_VALUE = True  # stands in `later` for what is known after apply


def identity(kind: str, name: str) -> str:
    return f"{GROUP}/providers/Microsoft.Network/{kind}/{name}"


@dataclass(frozen=True)
class Planned:
    """A resource of a plan: what is known of it, and what is `later`; by default the id is."""

    type: str
    name: str
    values: dict[str, Any]
    later: dict[str, Any]
    key: Key = None
    module: str = ""
    is_data: bool = False
    actions: tuple[str, ...] = ("create",)

    @property
    def address(self) -> str:
        dot = "." if self.module else ""
        mode = "data." if self.is_data else ""
        return f"{self.module}{dot}{mode}{self.type}.{self.name}{spelt(self.key)}"

    def told(self) -> dict[str, Any]:
        made = {
            "address": self.address,
            "mode": "data" if self.is_data else "managed",
            "type": self.type,
            "name": self.name,
            "provider_name": "registry.example/hashicorp/azurerm",
            "values": self.values,
        }
        return made | ({} if self.key is None else {"index": self.key})


def planned(
    kind: str,
    name: str,
    /,
    *,
    key: Key = None,
    module: str = "",
    later: dict[str, Any] | None = None,
    is_data: bool = False,
    actions: tuple[str, ...] = ("create",),
    **values: Any,
) -> Planned:
    """Return a resource of the plan, called as with Azure where `values` say no other name, in group `rg`."""
    ordinary = {"name": name, "resource_group_name": "rg"}
    unknown = {"id": True} | (later or {}) if "id" not in values else later or {}
    kept = {attribute: value for attribute, value in (ordinary | values).items() if unknown.get(attribute) is not True}
    return Planned(f"azurerm_{kind}", name, kept, unknown, key, module, is_data, actions)


@dataclass
class Module:
    """The configuration of a module: `blocks` of resources, calls of modules, outputs."""

    blocks: list[dict[str, Any]] = field(default_factory=list)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        outputs = {name: {"expression": written} for name, written in self.outputs.items()}
        return {
            "resources": self.blocks,
            "module_calls": self.calls,
            "outputs": outputs,
            "variables": self.variables,
        }


def block(
    kind: str, name: str, /, *, for_each: Any = None, is_data: bool = False, **expressions: Any
) -> dict[str, Any]:
    made = {
        "address": f"azurerm_{kind}.{name}",
        "mode": "data" if is_data else "managed",
        "type": f"azurerm_{kind}",
        "name": name,
        "expressions": expressions,
    }
    return made | ({} if for_each is None else {"for_each_expression": for_each})


def call(module: Module, /, *, for_each: Any = None, **expressions: Any) -> dict[str, Any]:
    made = {"source": "./m", "expressions": expressions, "module": module.told()}
    return made | ({} if for_each is None else {"for_each_expression": for_each})


def refers(*texts: str) -> dict[str, Any]:
    """Return an expression with these references, each followed by what it begins with, as Terraform lists them."""
    found: list[str] = []
    for text in texts:
        found.append(text)
        while (shorter := _without_last_step(text)) is not None:
            found.append(shorter)
            text = shorter
    return {"references": found}


def _without_last_step(text: str) -> str | None:
    cut = text.rindex("[") if text.endswith("]") else text.rfind(".")
    shorter = text[:cut] if cut > 0 else ""
    least = 2 if shorter.startswith("data.") else 1
    return shorter if shorter.count(".") >= least else None


def plan(*resources: Planned, configuration: Module | None = None, **more: Any) -> dict[str, Any]:
    """Return the plan of `resources`, of which those are gone whose action is to delete them."""
    staying = [one for one in resources if one.actions[0] not in ("delete", "forget")]
    root = _modules([one for one in staying if one.actions != ("no-op",) or not one.is_data])
    changes = [
        {
            "address": one.address,
            "module_address": one.module or None,
            "mode": "data" if one.is_data else "managed",
            "type": one.type,
            "name": one.name,
            "index": one.key,
            "change": {
                "actions": list(one.actions),
                "before": one.values if one.actions != ("create",) else None,
                "after": one.values if one in staying else None,
                "after_unknown": one.later,
                "after_sensitive": {},
            },
        }
        for one in resources
    ]
    told = {} if configuration is None else {"configuration": {"root_module": configuration.told()}}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": root},
        "resource_changes": changes,
        **told,
        **more,
    }


def _modules(resources: list[Planned]) -> dict[str, Any]:
    root: dict[str, Any] = {"resources": [one.told() for one in resources if not one.module]}
    made: dict[str, dict[str, Any]] = {"": root}
    for path in sorted({one.module for one in resources} - {""}):
        parent = ""
        for name, key in module_path(path) or ():
            inner = f"{parent}{'.' if parent else ''}module.{name}{spelt(key)}"
            if inner not in made:
                made[inner] = {"address": inner, "resources": []}
                made[parent].setdefault("child_modules", []).append(made[inner])
            parent = inner
        made[path]["resources"] = [one.told() for one in resources if one.module == path]
    return root


def state(*resources: Planned) -> dict[str, Any]:
    """Return the state in which `resources` are."""
    return {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {"root_module": _modules(list(resources))},
    }


# -- frequent resources -----------------------------------------------------------------------------------


def vnet(name: str, space: str = "10.0.0.0/16", /, **more: Any) -> Planned:
    return planned("virtual_network", name, address_space=[space], location="westeurope", **more)


def subnet(name: str, vnet_name: str, prefix: str = "10.0.0.0/24", /, **more: Any) -> Planned:
    return planned("subnet", name, virtual_network_name=vnet_name, address_prefixes=[prefix], **more)


def nic(name: str, address: str | None, /, **more: Any) -> Planned:
    """Return an interface in subnet `app` of vnet `hub`, whose address Azure will assign where none is given."""
    where = f"{identity('virtualNetworks', 'hub')}/subnets/app"
    configuration: dict[str, Any] = {"name": "c", "subnet_id": where, "private_ip_address_allocation": "Dynamic"}
    later = {"ip_configuration": [{"private_ip_address": True}]} if address is None else {}
    if address is not None:
        configuration |= {"private_ip_address": address, "private_ip_address_allocation": "Static"}
    configuration |= more.pop("configuration", {})
    return planned("network_interface", name, ip_configuration=[configuration], later=later, **more)


RULE = {
    "name": "web",
    "priority": 100,
    "direction": "Inbound",
    "access": "Allow",
    "protocol": "Tcp",
    "source_port_range": "*",
    "destination_port_range": "443",
    "source_address_prefix": "*",
    "destination_address_prefix": "*",
}


# -- reading ----------------------------------------------------------------------------------------------


def read(folder: Path, content: Any) -> Imported:
    (folder / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    return read_path(folder / "plan.json")


def read_network(folder: Path, content: Any) -> Network:
    """Return the network of a document in which nothing is wrong."""
    imported = read(folder, content)
    assert [found.message for found in imported.diagnostics if found.severity is Severity.ERROR] == []
    return imported.network


def doubts(network: Network) -> list[str]:
    """Return what is in doubt, as words."""
    return [f"{item.what}: {item.why}" for item in network.unmodelled]


ASSOCIATION = "subnet_network_security_group_association"
LATER = {"subnet_id": True, "network_security_group_id": True}


def groups_called(*names: str, **more: Any) -> list[Planned]:
    return [planned("network_security_group", name, security_rule=[], **more) for name in names]


def group_by_subnet(network: Network) -> dict[str, str | None]:
    """Return the group of each subnet by name."""
    return {subnet.name: subnet.nsg for subnet in network.subnets()}


SUBNETS = [
    subnet("s", "hub", "10.0.0.0/24", key="a", name="a"),
    subnet("s", "hub", "10.0.1.0/24", key="b", name="b"),
]
