"""Which resource an attribute refers to: by an id, by a name, or through the configuration where neither is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from vnetverify.ingest.resources import key_of
from vnetverify.ingest.terraform.candidates import Follower, Found, Target
from vnetverify.ingest.terraform.configuration import Configuration, Path, value_at
from vnetverify.ingest.terraform.identities import GROUPS, Identities, arm_type, name_for, plain_name
from vnetverify.ingest.terraform.instances import LATER, Instance
from vnetverify.ingest.terraform.tables import KINDS, PARTS
from vnetverify.ingest.unknown import RuntimeProperty, Unknown

# What can hand on ids of resources that it does not show.
_OPAQUE = (
    "azapi_",
    "external",
    "terraform_remote_state",
    "terraform_data",
    "http",
    "azurerm_resource_group_template",
    "azurerm_subscription_template",
    "azurerm_management_group_template",
    "azurerm_template_deployment",
    "azurerm_resources",
)
_MOST_NAMED = 5
# Before a type of Azure's, whichever provider has it.
_AZAPI = "azapi "
_AZAPI_GROUPS = f"{_AZAPI}Microsoft.Resources/resourceGroups"
# Azure's property for an address that it assigns, by the attribute that will hold it: the list and its place there.
_ADDRESSES = {
    ("azurerm_firewall", "ip_configuration"): "ipconfigurations",
    ("azurerm_network_interface", "ip_configuration"): "ipconfigurations",
    ("azurerm_network_interface", "private_ip_address"): "ipconfigurations",
    ("azurerm_network_interface", "private_ip_addresses"): "ipconfigurations",
    ("azurerm_lb", "frontend_ip_configuration"): "frontendipconfigurations",
    ("azurerm_lb", "private_ip_address"): "frontendipconfigurations",
    ("azurerm_lb", "private_ip_addresses"): "frontendipconfigurations",
}
# Attributes that are one address: what they refer to is the value itself, and no part of a longer text.
_ONE_ADDRESS = (
    "next_hop_in_ip_address",
    "translated_address",
    "private_ip_address",
    "ip_address",
    "gateway_address",
)
_NICS, _PUBLIC = ("azurerm_network_interface",), "azurerm_public_ip"


class Links:
    """The resources of one document, as they refer to each other."""

    def __init__(self, instances: Sequence[Instance], configuration: Configuration) -> None:
        self._instances = instances
        self._follower = Follower(instances, configuration)
        self._identities = Identities(instances, configuration)
        self._ids: dict[int, str | None] = {}
        self._by_name: defaultdict[tuple[str, str, str], list[Instance]] = defaultdict(list)
        for one in instances:
            if one.text("name") is not None:
                self._by_name[one.type, self._group(one).lower(), str(one.text("name")).lower()].append(one)
        self._known_new: dict[tuple[str, ...], dict[str, str]] = {}
        self._is_opaque = any(one.type.startswith(_OPAQUE) for one in instances)

    # -- ids ----------------------------------------------------------------------------------------------

    def id_of(self, instance: Instance) -> str | None:
        """Return the id of a resource, or one that stands for it; None where it is not known what it belongs to."""
        if id(instance) not in self._ids:
            self._ids[id(instance)] = None  # so that what refers to itself comes to an end
            self._ids[id(instance)] = self._made_id(instance)
        return self._ids[id(instance)]

    def _made_id(self, instance: Instance) -> str | None:
        if instance.identity is not None:
            return instance.identity
        if instance.type == GROUPS:
            return self._identities.group_id(instance)
        kind = KINDS.get(instance.type)
        if kind is not None and kind.parent is not None:
            parent = self.parent_of(instance)
            return None if parent is None else f"{parent}/{kind.arm}/{name_for(instance)}"
        if instance.type.startswith("azapi_"):
            return self._id_of_azapi(instance)
        stated = arm_type(instance)
        if stated is None:
            return None
        return self._identities.stand_in(instance, self._group(instance), stated, name_for(instance))

    def _id_of_azapi(self, instance: Instance) -> str | None:
        """Return the id of a resource that carries Azure's own body, whose type says of what type its parent is."""
        stated = arm_type(instance)
        if stated is None:
            return None
        outer, _, last = stated.rpartition("/")
        is_child = "/" in outer
        above = self.reference(instance, ("parent_id",), (f"{_AZAPI}{outer}",) if is_child else (GROUPS, _AZAPI_GROUPS))
        if not isinstance(above, str):
            group = plain_name(instance.address)
            return None if is_child else self._identities.stand_in(instance, group, stated, name_for(instance))
        if f"{_AZAPI}{stated}".lower() == _AZAPI_GROUPS.lower():
            return f"{above.rstrip('/')}/resourceGroups/{name_for(instance)}"
        return f"{above.rstrip('/')}/{last if is_child else f'providers/{stated}'}/{name_for(instance)}"

    def parent_of(self, instance: Instance) -> str | None:
        """Return the id of what holds a child, None where that is not known."""
        kind = KINDS.get(instance.type)
        if kind is None or kind.parent is None:
            return None
        attribute, wanted = kind.parent.attribute, kind.parent.type
        is_by_id = kind.parent.or_by and instance.values.get(kind.parent.or_by) is not None
        if is_by_id and instance.text(attribute) is None:
            attribute = kind.parent.or_by
        if attribute == kind.parent.or_by or not kind.parent.by_name:
            found = self.reference(instance, (attribute,), (wanted,))
            return found.rstrip("/") if isinstance(found, str) else None
        name = instance.text(attribute)
        if name is None:
            found = self.reference(instance, (attribute,), (wanted,))
            return found if isinstance(found, str) else None
        group = self._group(instance)
        known = self._by_name.get((wanted, group.lower(), name.lower()), [])
        if known:
            return self._id_of_one(known, instance)
        return self._identities.stand_in(instance, group, KINDS[wanted].arm, name)

    def _id_of_one(self, known: list[Instance], child: Instance) -> str | None:
        """Return the id of the one of `known`, all of one group and name, that `child` belongs to, if that is clear."""
        managed = [one for one in known if not one.is_data] or known
        provider = self._identities.provider_of(child)
        fitting = [one for one in managed if self._identities.provider_of(one) == provider] or managed
        found = {self.id_of(one) for one in fitting}
        return found.pop() if len(found) == 1 else None

    def _group(self, instance: Instance) -> str:
        """Return the name of the resource group, or what stands for it."""
        told = instance.text("resource_group_name")
        if told is not None:
            return told
        if isinstance(instance.values.get("resource_group_name"), Unknown):
            targets = self._follower.follow(instance, ("resource_group_name",)).targets.values()
            groups = {id(one.instance): one.instance for one in targets if one.instance.type == GROUPS}
            if len(groups) == 1:
                return name_for(next(iter(groups.values())))
        return plain_name(instance.address)

    @property
    def counted(self) -> int:
        """The number of references for which `count.index` was taken for the index itself."""
        return self._follower.counted

    @property
    def valued(self) -> int:
        """The number of references for which `each.value` was taken for a member of the variable that is repeated."""
        return self._follower.valued

    # -- references ---------------------------------------------------------------------------------------

    def reference(
        self, instance: Instance, path: Path, types: tuple[str, ...], excluding: str | None = None
    ) -> str | Unknown | None:
        """Return the id at `path` of `instance`, of a resource of one of the `types`; None where none is named.

        One that is not known is that of the only resource that it can be of, of which `excluding` is none.
        """
        value = value_at(instance.values, path)
        if isinstance(value, str):
            return value or None
        if not isinstance(value, Unknown):
            return None
        if value.why != LATER:
            return value
        found = self._follower.follow(instance, path, by_count=excluding is None)
        ids = {key_of(one): one for one in self._ids_of(found, types) if excluding is None or key_of(one) != excluding}
        if len(ids) == 1 and not (found.lost and self._could_be_another(types, next(iter(ids)))):
            return next(iter(ids.values()))
        if not ids and found.lost and not self._is_opaque:
            possible = {key: one for key, one in self._new(types).items() if key != excluding}
            if len(possible) == 1:
                return next(iter(possible.values()))
        return Unknown(self._why(found, types), instance.pointer)

    def references(self, instance: Instance, path: Path, types: tuple[str, ...], count: int) -> list[str] | Unknown:
        """Return the `count` ids of the list at `path` that are not known, if it is told which they are."""
        found = self._follower.follow(instance, path)
        ids = {key_of(one): one for one in self._ids_of(found, types)}
        if len(ids) == count and not found.lost:
            return list(ids.values())
        if len(ids) == count == 1 and not self._could_be_another(types, next(iter(ids))):
            return list(ids.values())
        return Unknown(self._why(found, types), instance.pointer)

    def anything(self, instance: Instance, path: Path) -> str | Unknown | None:
        """Return the id at `path`, of whatever it is; one that is not known of a type without table names the type."""
        value = value_at(instance.values, path)
        if not isinstance(value, Unknown) or value.why != LATER:
            return value if isinstance(value, (str, Unknown)) and value else None
        found = self._follower.follow(instance, path)
        holder = _only_holder(found)
        if holder is None:
            return Unknown(self._why(found, ()), instance.pointer)
        made = self.id_of(holder)
        return made or f"{self._identities.group_id(holder)}/providers/Terraform.{holder.type}/{name_for(holder)}"

    def whose(self, instance: Instance, path: Path) -> Instance | None:
        """Return the resource of any type that has the id at `path`, None where that is not in the document or not
        known."""
        value = value_at(instance.values, path)
        if isinstance(value, str):
            return next(
                (one for one in self._instances if one.identity and key_of(one.identity) == key_of(value)), None
            )
        is_later = isinstance(value, Unknown) and value.why == LATER
        return _only_holder(self._follower.follow(instance, path)) if is_later else None

    def runtime(self, instance: Instance, path: Path) -> Unknown:
        """Return what stands for a value that only the deployment will tell, with where that comes from."""
        found = self._follower.follow(instance, path)
        targets = list(found.targets.values())
        if found.lost or not targets:
            lost = ", ".join(found.lost)
            return Unknown(f"{LATER}, from {lost}" if lost else LATER, instance.pointer)
        names = ", ".join(f"`{one.instance.address}`" for one in targets[:_MOST_NAMED])
        is_one = len(targets) == 1 and path[-1] in _ONE_ADDRESS
        return Unknown(f"{LATER}, from {names}", instance.pointer, self._property(targets[0]) if is_one else None)

    def _property(self, target: Target) -> RuntimeProperty | None:
        """Return the property with the address that `target` is, None where it is another thing or not known."""
        holder, path = target.instance, target.path
        if path[:1] == ("private_ip_address",) and "network_interface_ids" in holder.values:
            first = self.reference(holder, ("network_interface_ids", 0), _NICS)
            is_known = isinstance(first, str)
            return RuntimeProperty(key_of(str(first)), _private_address("ipconfigurations", 0)) if is_known else None
        listed = _ADDRESSES.get((holder.type, str(path[0]))) if path else _only_list(holder)
        identity = self.id_of(holder)
        if holder.type == _PUBLIC and path[:1] == ("ip_address",) and identity is not None:
            return RuntimeProperty(key_of(identity), "ipaddress")
        if listed is None or identity is None:
            return None
        position = path[1] if len(path) > 1 and isinstance(path[1], int) else 0
        return RuntimeProperty(key_of(identity), _private_address(listed, position))

    def _ids_of(self, found: Found, types: tuple[str, ...]) -> Iterator[str]:
        """Yield the ids of what `found` leads to, as far as it is of one of the `types` or an id."""
        for target in found.targets.values():
            value = value_at(target.instance.values, target.path) if target.path else None
            if isinstance(value, str) and value.startswith("/subscriptions/"):
                yield value
            elif self._is_of(target.instance, types):
                identity = self.id_of(target.instance)
                if identity is not None:
                    yield identity
            else:
                yield from self._parts_of(target, types)

    def _is_of(self, instance: Instance, types: tuple[str, ...]) -> bool:
        """Hold when `instance` is of one of the `types`, of the provider or of Azure's own bodies."""
        if instance.type in types:
            return True
        stated = f"{_AZAPI}{_type_of(instance.type) if instance.type in KINDS else arm_type(instance)}".lower()
        if any(stated == wanted.lower() for wanted in types):
            return True
        is_own = instance.type.startswith("azapi_resource")
        return is_own and any(stated == f"{_AZAPI}{_type_of(one)}".lower() for one in types if one in KINDS)

    def _parts_of(self, target: Target, types: tuple[str, ...]) -> Iterator[str]:
        """Yield the ids of the parts of `target` that a reference to it can mean."""
        for wanted in types:
            for holder, block, segment in PARTS.get(wanted, ()):
                if target.instance.type != holder or (target.path and target.path[0] != block):
                    continue
                names = list(_part_names(target.instance, block))
                at = target.path[1] if len(target.path) > 1 else None
                if isinstance(at, int) and at < len(names):
                    names = names[at : at + 1]
                identity = self.id_of(target.instance)
                yield from (f"{identity}/{segment}/{name}" for name in names if identity is not None)

    def _new(self, types: tuple[str, ...]) -> dict[str, str]:
        """Return the ids of all resources of the `types` whose ids are not known yet, by key."""
        if types not in self._known_new:
            self._known_new[types] = {key_of(one): one for one in self._all_new(types)}
        return self._known_new[types]

    def _all_new(self, types: tuple[str, ...]) -> Iterator[str]:
        for instance in self._instances:
            if not instance.is_new:
                continue
            if self._is_of(instance, types):
                identity = self.id_of(instance)
                yield from () if identity is None else (identity,)
            else:
                yield from self._parts_of(Target(instance, ()), types)

    def _could_be_another(self, types: tuple[str, ...], key: str) -> bool:
        """Hold when what was not followed could lead to another resource than that with `key`."""
        return self._is_opaque or any(one != key for one in self._new(types))

    def _why(self, found: Found, types: tuple[str, ...]) -> str:
        candidates = list(dict.fromkeys(one.instance.address for one in found.targets.values()))
        kinds = ", ".join(types) or "resource"
        lost = ", ".join(found.lost)
        if len(candidates) > 1:
            more = ", …" if len(candidates) > _MOST_NAMED else ""
            said = f"it is one of {', '.join(f'`{one}`' for one in candidates[:_MOST_NAMED])}{more}"
            return f"{said}, or comes from {lost}" if lost else said
        return f"the {kinds} comes from {lost}" if lost else f"the document does not tell which {kinds} it is"


def _only_holder(found: Found) -> Instance | None:
    """Return the only resource that `found` leads to, None where there are several or something was not followed."""
    holders = {id(one.instance): one.instance for one in found.targets.values()}
    return next(iter(holders.values())) if len(holders) == 1 and not found.lost else None


def _private_address(listed: str, position: int) -> str:
    return f"{listed}[{position}].properties.privateipaddress"


def _only_list(holder: Instance) -> str | None:
    """Return the list with the only address that `holder` has; not every plan tells which attribute is meant."""
    for (kind, block), listed in _ADDRESSES.items():
        held = holder.values.get(block)
        if kind == holder.type and isinstance(held, list):
            return listed if len(held) == 1 else None
    return None


def _type_of(wanted: str) -> str:
    """Return Azure's whole type of a type of the provider."""
    kind = KINDS[wanted]
    return kind.arm if kind.parent is None else f"{_type_of(kind.parent.type)}/{kind.arm}"


def _part_names(instance: Instance, block: str) -> Iterable[str]:
    parts: Any = instance.values.get(block)
    for part in parts if isinstance(parts, list) else ():
        name = part.get("name") if isinstance(part, dict) else None
        if isinstance(name, str):
            yield name
