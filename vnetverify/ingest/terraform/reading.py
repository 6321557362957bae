"""A document of Terraform's as resources in Azure's spelling."""

from __future__ import annotations

from collections import Counter
from typing import Any

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.ingest.documents import Document
from vnetverify.ingest.notation import place
from vnetverify.ingest.resources import Resource, key_of, kind_of, name_of
from vnetverify.ingest.terraform import azapi
from vnetverify.ingest.terraform.clusters import told_of_cluster
from vnetverify.ingest.terraform.departures import release
from vnetverify.ingest.terraform.folding import Folding
from vnetverify.ingest.terraform.formats import Told, told_by
from vnetverify.ingest.terraform.instances import Instance
from vnetverify.ingest.terraform.links import Links
from vnetverify.ingest.terraform.scale_sets import told_of_scale_set
from vnetverify.ingest.terraform.specials import (
    CIDR,
    DNS_SERVERS,
    completed,
    count_in_zones,
    list_groups,
    settle_tables,
    tell_of_others,
)
from vnetverify.ingest.terraform.strangers import is_in_hub, is_left_out, is_of_azure, places_named
from vnetverify.ingest.terraform.tables import FASTENINGS, KINDS
from vnetverify.ingest.terraform.translation import Draft, Translator
from vnetverify.ingest.terraform.write_only import with_write_only

_SHOWN = 5


def terraform_resources(document: Document) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    """Return the resources of a plan or state, and what is said about it."""
    reader = _Reader(told_by(document.content), document.file)
    return tuple(reader.resources()), tuple(reader.diagnostics)


class _Reader:
    def __init__(self, told: Told, file: str) -> None:
        told.instances = [with_write_only(one, told.configuration) for one in told.instances]
        self._told = told
        self._file = file
        self._links = Links(told.instances, told.configuration)
        self._strangers: list[tuple[Instance, str]] = []
        self._left_out: Counter[str] = Counter()
        self.diagnostics = [
            Diagnostic(code, f"`{file}` {what}", place(file, where), severity=severity)
            for said, severity in ((told.errors, Severity.ERROR), (told.notes, Severity.NOTE))
            for code, what, where in said
        ]

    def resources(self) -> list[Resource]:
        told, links = self._told, self._links
        folding = Folding(self._drafts(), links, told.configuration)
        release(folding, told.gone)
        folding.drop_repeated(told.gone)
        folding.drop_seen()
        orphans = folding.fold_parts()
        self._strangers += [(draft.instance, "what it is part of is not in the input") for draft in orphans]
        for instance in told.instances:
            self._join(instance, folding)
        settle_tables(folding, told.gone)
        list_groups(folding, told.gone)
        count_in_zones(folding, told.instances)
        found = [self._resource(draft) for draft in folding.drafts]
        found += [self._stranger(instance, why) for instance, why in (*self._strangers, *self._open())]
        self._say_counted()
        self._say_left_out()
        return found

    def _drafts(self) -> list[Draft]:
        """Return what is a resource with Azure, each once: what is managed goes before what a data source saw of it."""
        found: list[Draft] = []
        known: set[str] = set()
        translator = Translator(self._links, self._told.configuration)
        for instance in sorted(self._told.instances, key=lambda one: one.is_data):
            draft = self._draft(instance, translator)
            if draft is not None and not (instance.is_data and key_of(draft.identity) in known):
                known.add(key_of(draft.identity))
                found += [draft, *completed(draft, self._links, self._told.configuration)]
        return found

    def _draft(self, instance: Instance, translator: Translator) -> Draft | None:
        kind = KINDS.get(instance.type)
        if is_in_hub(instance):
            self._left_out[instance.type] += 1
            return None
        if instance.type == azapi.RESOURCE and not instance.is_data:
            identity = self._links.id_of(instance)
            if identity is None:
                self._strangers.append((instance, "to what it belongs is not known"))
                return None
            if not azapi.is_network(instance) and azapi.hides_place(instance, self._links):
                self._strangers.append((instance, ""))
                return None
            return azapi.draft_of(instance, identity, self._links)
        if kind is None or (instance.is_data and kind.untold is None):
            return None
        identity = self._links.id_of(instance)
        if identity is None and not instance.is_data:
            self._strangers.append((instance, "to what it belongs is not known"))
        return None if identity is None else translator.draft(instance, kind, identity)

    def _join(self, instance: Instance, folding: Folding) -> None:
        """Read what is not a resource with Azure: associations, single values, changes to others, and strangers."""
        kind = instance.type
        if kind in KINDS or (kind == azapi.RESOURCE and not instance.is_data):
            return
        if kind in FASTENINGS:
            is_read = folding.fasten(instance, FASTENINGS[kind])
        elif kind in (DNS_SERVERS, CIDR):
            is_read = tell_of_others(instance, folding, self._links)
        elif kind == azapi.UPDATE:
            is_read = azapi.amend(instance, folding, self._links) or not azapi.is_network(instance)
        else:
            if is_left_out(instance):
                self._left_out[kind] += not instance.is_data
            else:
                self._strangers.append((instance, ""))
            return
        if not is_read:
            self._strangers.append((instance, "what it is about is not in the input"))

    def _open(self) -> list[tuple[Instance, str]]:
        """Return those of which it is not known what becomes of them and that could matter."""
        found = []
        for instance, why in self._told.open:
            is_known = instance.type in KINDS or instance.type in FASTENINGS
            if is_of_azure(instance) and not instance.is_data and (is_known or not is_left_out(instance)):
                found.append((instance, why))
        return found

    def _resource(self, draft: Draft) -> Resource:
        identity = draft.identity
        instance = draft.instance
        return Resource(
            identity,
            key_of(identity),
            kind_of(key_of(identity)),
            name_of(identity),
            draft.body,
            self._file,
            instance.pointer,
            origins=draft.origins,
        )

    def _stranger(self, instance: Instance, why: str) -> Resource:
        """Return a resource of a kind that nobody knows, so that what it could change is in doubt."""
        named = places_named(instance, self._links)
        body: dict[str, Any] = {"references": [{"id": one} for one in named], "properties": {"notRead": why}}
        body["properties"] |= told_of_cluster(instance, self._links) | told_of_scale_set(instance, self._links)
        key = f"terraform{instance.pointer}"
        return Resource(key, key, instance.type, instance.address, body, self._file, instance.pointer)

    def _say_counted(self) -> None:
        """Say that a reading of the plan is more than it tells (`docs/terraform.md`)."""
        by_count, by_value = self._links.counted, self._links.valued
        if by_count:
            self._say_read("terraform-count", by_count, "by `count.index` are taken to go together by number")
        if by_value:
            what = "by `each.value` are taken for what the variable says that `for_each` names"
            self._say_read("terraform-value", by_value, what)

    def _say_read(self, code: str, count: int, what: str) -> None:
        noun = "reference" if count == 1 else "references"
        self._note(code, f"{count} {noun} of `{self._file}` {what}: a plan does not tell what is computed from it")

    def _note(self, code: str, message: str) -> None:
        self.diagnostics.append(Diagnostic(code, message, place(self._file, ""), severity=Severity.NOTE))

    def _say_left_out(self) -> None:
        count = self._left_out.total()
        if count:
            things, do = ("resource", "changes no packet is") if count == 1 else ("resources", "change no packet are")
            kinds = [kind for kind, number in sorted(self._left_out.items()) if number]
            listed = ", ".join(kinds[:_SHOWN]) + (", …" if len(kinds) > _SHOWN else "")
            message = f"{count} {things} of `{self._file}` that {do} left out: {listed}"
            self._note("not-network", message)
