"""What stands in resources of its own with the provider, and inside of others with Azure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from vnetverify.ingest.resources import key_of, name_of
from vnetverify.ingest.terraform.configuration import Configuration
from vnetverify.ingest.terraform.fields import Fastening
from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.terraform.links import Links
from vnetverify.ingest.terraform.tables import KINDS
from vnetverify.ingest.terraform.translation import Draft
from vnetverify.ingest.unknown import Unknown

# The lists that the provider also fills with what other resources manage, by the attribute.
_INLINE = {
    "subnets": "subnet",
    "securityRules": "security_rule",
    "routes": "route",
    "loadBalancerBackendAddresses": "backend_address",
}
# What a subnet inside of a network tells with every version of the provider.
_TOLD_INSIDE = ("addressPrefix", "addressPrefixes", "networkSecurityGroup")


class Folding:
    """The drafts of a document, into which parts and associations are folded; two may have one id."""

    def __init__(self, drafts: list[Draft], links: Links, configuration: Configuration) -> None:
        self.drafts = drafts
        self._by_key = {key_of(draft.identity): draft for draft in reversed(drafts)}
        self._named: dict[tuple[str, str], tuple[int, dict[str, dict[str, Any]]]] = {}
        self._links = links
        self._configuration = configuration

    def find(self, identity: str) -> dict[str, Any] | None:
        """Return the body of a resource, or of what stands inside of one, None for what the document does not hold."""
        draft = self._by_key.get(key_of(identity))
        if draft is not None:
            return draft.body
        steps = identity.rstrip("/").split("/")
        holder = self._by_key.get(key_of("/".join(steps[:-2])))
        if holder is None or len(steps) < 2:
            return None
        return self._members(holder, steps[-2]).get(steps[-1].lower())

    def _members(self, holder: Draft, segment: str) -> dict[str, dict[str, Any]]:
        """Return the members of a list inside of a resource by lower-case name."""
        members = holder.properties.get(segment)
        count = len(members) if isinstance(members, list) else 0
        known = self._named.get((holder.identity, segment))
        if known is None or known[0] != count:  # it has grown since
            listed = members if isinstance(members, list) else []
            found = {str(one.get("name")).lower(): one for one in reversed(listed) if isinstance(one, dict)}
            known = self._named[holder.identity, segment] = (count, found)
        return known[1]

    def fold_parts(self) -> list[Draft]:
        """Move the drafts that are parts of others into these, and return those whose holder is not in the document."""
        orphans = []
        parts = [draft for draft in self.drafts if _segment(draft)]
        self.drafts = [draft for draft in self.drafts if not _segment(draft)]
        # What is deeper in a resource goes first, so that it goes along.
        for draft in sorted(parts, key=lambda one: -one.identity.count("/")):
            segment, holder = _segment(draft), self._by_key.get(key_of(draft.base))
            if holder is None:
                orphans.append(draft)
                continue
            members = holder.properties.setdefault(segment, [])
            if isinstance(members, list):
                where = f"{holder.instance.pointer}/properties/{segment}/{len(members)}"
                holder.origins |= {
                    where + pointer.removeprefix(draft.instance.pointer): origin
                    for pointer, origin in draft.origins.items()
                }
                holder.origins[where] = draft.instance.pointer
                members.append({"name": draft.body["name"], "properties": draft.properties})
        return orphans

    def told_at(self, identity: str, to: str) -> Iterator[dict[str, Any]]:
        """Yield the bodies of a resource, by itself and inside of another, as far as nobody wrote its property `to`."""
        draft = self._by_key.get(key_of(identity))
        if draft is not None and not self._writes(draft.instance, to):
            yield draft.body
        parent, _, name = identity.rstrip("/").rpartition("/")
        parent, _, segment = parent.rpartition("/")
        holder = self._by_key.get(key_of(parent))
        if holder is not None and segment in _INLINE and not self._is_written(holder.instance, _INLINE[segment]):
            inline = self._members(holder, segment).get(name.lower())
            if inline is not None:
                yield inline

    def _writes(self, instance: Instance, to: str) -> bool:
        if instance.is_data or instance.type not in KINDS:
            return not instance.is_data
        fields = KINDS[instance.type].table.fields
        return any(field.to == to and self._is_written(instance, attribute) for attribute, field in fields.items())

    def drop_seen(self) -> None:
        """Drop what data sources saw of subnets that are written inside of a network of the document.

        Before version 4 of the provider what is written there tells no more of a subnet than its name, prefix and
        group; the rest is as it was seen.
        """
        seen = [one for one in self.drafts if one.instance.is_data and one.instance.type == "azurerm_subnet"]
        for draft in seen:
            network, _, name = draft.identity.rstrip("/").rpartition("/subnets/")
            holder = self._by_key.get(key_of(network))
            inline = None if holder is None else self._members(holder, "subnets").get(name.lower())
            if holder is None or inline is None or not self._is_written(holder.instance, _INLINE["subnets"]):
                continue
            self.drafts.remove(draft)
            del self._by_key[key_of(draft.identity)]
            if _tells_all(holder.instance.values.get("subnet")):
                continue
            for to, value in draft.properties.items():
                if to not in _TOLD_INSIDE and not isinstance(value, Unknown):
                    inline["properties"].setdefault(to, value)

    def drop_repeated(self, gone: Iterable[Instance]) -> None:
        """Take out of computed lists what stands in a resource of its own, and what will be gone."""
        elsewhere = [draft.identity for draft in self.drafts if not draft.instance.is_data]
        # An association, like an update of a resource, has the id of what it is about.
        elsewhere += [one.identity for one in gone if one.identity is not None and _is_resource(one)]
        dropped: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for identity in elsewhere:
            holder, _, rest = identity.rstrip("/").rpartition("/")
            parent, _, segment = holder.rpartition("/")
            if segment in _INLINE:
                dropped[key_of(parent), segment].add(rest.lower())
        for (parent, segment), names in dropped.items():
            draft = self._by_key.get(parent)
            if draft is not None and not self._is_written(draft.instance, _INLINE[segment]):
                _drop(draft, segment, names)

    def _is_written(self, instance: Instance, attribute: str) -> bool:
        is_body = instance.type not in KINDS  # one in Azure's own words is written as it is
        return is_body or (self._configuration.is_told and self._configuration.is_written(instance, attribute))

    def fasten(self, instance: Instance, fastening: Fastening) -> bool:
        """Fasten what an association says, and return whether the document holds one of its ends."""
        at = self._links.reference(instance, (fastening.at,), fastening.at_types)
        what = self._links.reference(instance, (fastening.what,), fastening.what_types)
        if at is None or what is None:
            return False
        body = self.find(at) if isinstance(at, str) else None
        if body is not None:
            draft = self._by_key.get(key_of(at)) if isinstance(at, str) else None
            for holder in _holders(body, fastening, instance.values):
                if draft is not None and draft.instance.is_data and not fastening.several:
                    holder.pop(fastening.to, None)  # what a data source saw may be what this replaces
                _fasten(holder, fastening, what)
            self._note_origin(at, fastening, instance)
            return True
        other = self._by_key.get(key_of(what)) if isinstance(what, str) else None
        if other is None or not fastening.back:
            return False
        members = other.properties.setdefault(fastening.back, [])
        if not isinstance(members, list):
            return False  # which has it is not known, as far as that one says
        members.append({"id": at})
        return True

    def _note_origin(self, at: str | Unknown, fastening: Fastening, instance: Instance) -> None:
        draft = self._by_key.get(key_of(at)) if isinstance(at, str) else None
        if draft is not None and not fastening.several:
            draft.origins[f"{draft.instance.pointer}/properties/{fastening.to}"] = instance.pointer


def _tells_all(subnets: Any) -> bool:
    """Hold when what is written of subnets inside of a network is all that there is to say of them."""
    return isinstance(subnets, list) and all(isinstance(one, dict) and "route_table_id" in one for one in subnets)


def _is_resource(instance: Instance) -> bool:
    return instance.type in KINDS or instance.type == "azapi_resource"


def _segment(draft: Draft) -> str:
    """Return the list of its parent in which a draft stands, nothing for a resource."""
    kind = KINDS.get(draft.instance.type)
    return "" if kind is None else kind.part


def _holders(body: dict[str, Any], fastening: Fastening, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects at which something is fastened: the resource, or members of one of its lists."""
    if not fastening.segment:
        return [body.setdefault("properties", {})]
    members = body.setdefault("properties", {}).get(fastening.segment)
    named = values.get(fastening.within) if fastening.within else None
    return [
        member.setdefault("properties", {})
        for member in (members if isinstance(members, list) else ())
        if isinstance(member, dict) and (not isinstance(named, str) or member.get("name") == named)
    ]


def _fasten(holder: dict[str, Any], fastening: Fastening, what: str | Unknown) -> None:
    if fastening.several:
        holder.setdefault(fastening.to, []).append({"id": what})
        return
    known = holder.get(fastening.to)
    before = known.get("id") if isinstance(known, dict) else None
    if isinstance(before, str) and isinstance(what, str) and key_of(before) != key_of(what):
        names = f"`{name_of(before)}` and `{name_of(what)}`"
        what = Unknown(f"the document fastens both {names} there")
    holder[fastening.to] = {"id": what}


def _drop(draft: Draft, segment: str, names: Collection[str]) -> None:
    """Take the members called by `names` out of a list, and move the origins of the others along."""
    members = draft.properties.get(segment)
    if not isinstance(members, list):
        return
    kept = [
        at for at, one in enumerate(members) if not (isinstance(one, dict) and str(one.get("name")).lower() in names)
    ]
    base = f"{draft.instance.pointer}/properties/{segment}/"
    moved = {str(at): str(new) for new, at in enumerate(kept)}
    origins: dict[str, str] = {}
    for pointer, origin in draft.origins.items():
        position, slash, rest = pointer.removeprefix(base).partition("/")
        if not pointer.startswith(base):
            origins[pointer] = origin
        elif position in moved:
            origins[f"{base}{moved[position]}{slash}{rest}"] = origin
    draft.origins = origins
    draft.properties[segment] = [members[at] for at in kept]
