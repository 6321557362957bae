"""What a firewall is told besides its addresses: by itself, or by a policy and the parents of that (F-FW-1, F-FW-2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from vnetverify.header import ALL_ADDRESSES, IntervalSet, addresses_of, parse_prefix
from vnetverify.ingest.findings import NOT_HERE
from vnetverify.ingest.firewall_rules import Collection, Doubting, WrittenRule
from vnetverify.ingest.inventory import Inventory
from vnetverify.ingest.properties import read
from vnetverify.ingest.resources import Resource, key_of, name_of, parent_of
from vnetverify.ingest.shapes import FIREWALL_COLLECTION, FIREWALL_POLICY, RULE_COLLECTION_GROUP
from vnetverify.ingest.values import (
    as_flag,
    as_list,
    as_number,
    as_object,
    as_prefix,
    as_reference,
    as_text,
    entries,
    member,
    shown,
)
from vnetverify.model.firewalls import FirewallRuleKind

_GROUPS = "firewallpolicies/rulecollectiongroups"
_LEFT_OUT = "the input leaves the list out"
_IN_FIREWALL = {
    "natRuleCollections": FirewallRuleKind.NAT,
    "networkRuleCollections": FirewallRuleKind.NETWORK,
    "applicationRuleCollections": FirewallRuleKind.APPLICATION,
}
_COLLECTIONS = {
    "firewallpolicynatrulecollection": ("natrule",),
    "firewallpolicyfilterrulecollection": ("networkrule", "applicationrule"),
}
_RULES = {
    "natrule": FirewallRuleKind.NAT,
    "networkrule": FirewallRuleKind.NETWORK,
    "applicationrule": FirewallRuleKind.APPLICATION,
}
_ACTIONS = {"allow": True, "deny": False}
# The destinations towards which a firewall keeps the source by default; the word stands for all of them.
_KEPT_WORD = "ianaprivateranges"
_KEPT = addresses_of(map(parse_prefix, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
_EVERYTHING, _NOTHING = parse_prefix("0.0.0.0/0"), parse_prefix("255.255.255.255/32")
# Settings of a firewall without effect, by the first words of their keys.
_HARMLESS_SETTINGS = (
    "network.dns.servers",
    "network.dns.requireproxyfornetworkrules",
    "network.ftp.",
    "network.additionallogs.",
    "network.logging.",
    "threatintel.",
)
_NAMES_PROXY = "a firewall that answers about names at its own address is not modelled"
_EXPLICIT_PROXY = "a firewall that clients send to as their proxy is not modelled"


@dataclass(frozen=True, slots=True)
class Told:
    """What a firewall is told; `private_ranges` is None for Azure's own choice.

    `serves` is what tells it to answer what is sent to its own address, as a message calls that, with what it does.
    """

    collections: tuple[Collection, ...] = ()
    private_ranges: IntervalSet | None = None
    learns_private_ranges: bool = False
    denies_by_threat_intelligence: bool = False
    denies_by_intrusion_detection: bool = False
    serves: tuple[tuple[str, str], ...] = ()


class FirewallPolicies:
    """Reads what firewalls are told; what the model does not hold goes to the `doubt` of each call."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def of_firewall(self, firewall: Resource, values: dict[str, Any], doubt: Doubting) -> Told:
        """Return what the firewall, whose properties are `values`, is told."""
        policy = as_reference(values.get("firewallpolicy"), "firewallPolicy")
        settings = self._settings(firewall, values, doubt)
        denies = _word(values.get("threatintelmode"), "threatIntelMode") == "deny"
        if policy is None:
            return replace(
                settings,
                collections=tuple(self._own(firewall, values, doubt)),
                denies_by_threat_intelligence=denies,
            )
        if any(values.get(field.lower()) for field in _IN_FIREWALL):
            doubt(f"the rules of {firewall.subject}", "it has a policy besides")
        if settings != Told():
            doubt(f"the settings of {firewall.subject}", "it has a policy besides")
        told = self._of_policies(policy, firewall, doubt)
        return replace(told, denies_by_threat_intelligence=told.denies_by_threat_intelligence or denies)

    def _settings(self, firewall: Resource, values: dict[str, Any], doubt: Doubting) -> Told:
        """Return what the additional properties say of translation."""
        ranges: IntervalSet | None = None
        learns = False
        serves: list[tuple[str, str]] = []
        for key, value in as_object(values.get("additionalproperties"), "additionalProperties").items():
            name, text = key.lower(), str(value).strip()
            if value in (None, "") or name.startswith(_HARMLESS_SETTINGS):
                continue
            if name == "network.snat.privateranges":
                ranges = _private_ranges([part.strip() for part in text.split(",")])
            elif name == "network.snat.autolearnprivateranges" and text.lower() in ("enabled", "disabled"):
                learns = text.lower() == "enabled"
            elif name == "network.dns.enableproxy":
                if text.lower() != "false":
                    serves.append((f"`{shown(key)}` of {firewall.subject}", _NAMES_PROXY))
            else:
                doubt(f"`{shown(key)}` of {firewall.subject}", "this setting is not modelled")
        return Told(private_ranges=ranges, learns_private_ranges=learns, serves=tuple(serves))

    def _own(self, firewall: Resource, values: dict[str, Any], doubt: Doubting) -> Iterator[Collection]:
        """Yield the collections of a firewall without policy; Azure always gives their lists."""
        for field, kind in _IN_FIREWALL.items():
            if firewall.stated(field) is None and firewall.is_of_azure:
                doubt(f"`{field}` of {firewall.subject}", _LEFT_OUT)
            _, pointer = firewall.located(field)
            for position, item in entries(values.get(field.lower()), field):
                body = as_object(item, field)
                yield from self._collections(firewall, body, f"{pointer}/{position}", (kind,), (), (), doubt)

    def _of_policies(self, reference: str, firewall: Resource, doubt: Doubting) -> Told:
        """Return what a policy and its parents tell; rules of the parents are asked first (F-FW-2)."""
        policies: list[tuple[Resource, dict[str, Any]]] = []
        following: str | None = reference
        while following is not None:
            policy = self._inventory.find(key_of(following))
            if any(policy is known for known, _ in policies):
                doubt(policies[0][0].subject, "it is among its own parents")
                break
            if policy is None or policy.is_bare:
                why = NOT_HERE if policy is None else "it is listed without its properties"
                doubt(f"firewall policy `{shown(name_of(following))}` of {firewall.subject}", why)
                break
            values, doubts = read(policy.body, policy.pointer, FIREWALL_POLICY)
            for each in doubts:
                doubt(f"`{each.name}` of {policy.subject}", each.why)
            policies.append((policy, values))
            following = as_reference(values.get("basepolicy"), "basePolicy")
        if not policies:
            return Told()
        collections: list[Collection] = []
        for level, (policy, values) in enumerate(reversed(policies)):
            own = list(self._of_policy(policy, values, level, doubt))
            if policy is not policies[0][0] and any(one.kind is FirewallRuleKind.NAT for one in own):
                doubt(policy.subject, "whether its children inherit destination translation is not modelled")
            collections += own
        return self._modes(policies, tuple(collections), doubt)

    def _modes(
        self, policies: list[tuple[Resource, dict[str, Any]]], collections: tuple[Collection, ...], doubt: Doubting
    ) -> Told:
        """Return what is told besides rules: of the checks the strictest counts, of translation the policy's own."""
        told = [_snat(values) for _, values in policies]
        if any(one != told[0] for one in told):
            doubt(f"`snat` of {policies[0][0].subject}", "its parents say otherwise")
        return Told(
            collections,
            *told[0],
            any(_word(values.get("threatintelmode"), "threatIntelMode") == "deny" for _, values in policies),
            any(_detection_denies(values) for _, values in policies),
            tuple(each for policy, values in policies for each in _services_of(policy, values)),
        )

    def _of_policy(self, policy: Resource, values: dict[str, Any], level: int, doubt: Doubting) -> Iterator[Collection]:
        for group in self._groups(policy, values.get("rulecollectiongroups"), doubt):
            inner, doubts = read(group.body, group.pointer, RULE_COLLECTION_GROUP)
            for each in doubts:
                doubt(f"`{each.name}` of {group.subject}", each.why)
            if inner.get("rulecollections") is None:
                doubt(f"`ruleCollections` of {group.subject}", _LEFT_OUT)
            if inner.get("priority") is None:
                doubt(f"`priority` of {group.subject}", "the input leaves it out")
                continue
            rank = (level, as_number(inner["priority"], "priority"))
            before = (group.name, f"{policy.name}/{group.name}")
            _, pointer = group.located("ruleCollections")
            for position, item in entries(inner.get("rulecollections"), "ruleCollections"):
                body = as_object(item, "ruleCollections")
                word = _word(member(body, "ruleCollectionType"), "ruleCollectionType")
                kinds = tuple(_RULES[rule] for rule in _COLLECTIONS.get(word, ()))
                yield from self._collections(group, body, f"{pointer}/{position}", kinds, rank, before, doubt)

    def _groups(self, policy: Resource, listed: Any, doubt: Doubting) -> Iterator[Resource]:
        """Yield the rule collection groups of a policy, in doubt about those that the input lacks."""
        present = {group.key: group for group in self._inventory.of(_GROUPS) if parent_of(group.key) == policy.key}
        if listed is None:
            doubt(f"`ruleCollectionGroups` of {policy.subject}", _LEFT_OUT)
        references = [as_reference(item, "ruleCollectionGroups") for item in as_list(listed, "ruleCollectionGroups")]
        known = {key_of(reference): reference for reference in references if reference is not None}
        for key, reference in known.items():
            if key not in present:
                doubt(f"rule collection group `{shown(name_of(reference))}` of {policy.subject}", NOT_HERE)
        for key, group in present.items():
            if listed is not None and key not in known:
                doubt(group.subject, "its policy does not list it")
            if group.is_bare:
                doubt(group.subject, "it is listed without its properties")
            else:
                yield group

    def _collections(
        self,
        holder: Resource,
        body: dict[str, Any],
        pointer: str,
        kinds: tuple[FirewallRuleKind, ...],
        rank: tuple[int, ...],
        before: tuple[str, ...],
        doubt: Doubting,
    ) -> Iterator[Collection]:
        """Yield a collection once for each of the `kinds` of rules that it holds."""
        name = as_text(member(body, "name") or "", "name")
        what = f"rule collection `{shown(name)}` of {holder.subject}"
        values, doubts = read(body, pointer, FIREWALL_COLLECTION)
        for each in doubts:
            doubt(f"`{each.name}` of {what}", each.why)
        action = _word(member(as_object(values.get("action"), "action"), "type"), "action")
        for field in ("rules", "priority"):
            if values.get(field) is None:
                doubt(f"`{field}` of {what}", _LEFT_OUT)
                return
        is_nat = kinds == (FirewallRuleKind.NAT,)
        if not kinds or action not in (("dnat",) if is_nat else _ACTIONS):
            doubt(what, "a collection of this form is not modelled")
            return
        within = "/properties" if isinstance(body.get("properties"), dict) else ""
        rules = [
            (as_object(item, "rules"), holder.place(f"{pointer}{within}/rules/{position}"))
            for position, item in entries(values["rules"], "rules")
        ]
        priority = as_number(values["priority"], "priority")
        for kind, own in _by_kind(rules, kinds, lambda why: doubt(what, why)).items():
            if own:
                yield Collection(
                    (name, *(f"{each}/{name}" for each in before)),
                    kind,
                    (*rank, priority),
                    is_nat or _ACTIONS[action],
                    tuple(own),
                    what,
                )


def _by_kind(
    rules: list[WrittenRule], kinds: tuple[FirewallRuleKind, ...], doubt: Callable[[str], None]
) -> dict[FirewallRuleKind, list[WrittenRule]]:
    """Return the rules of a collection by their kind, those alone that are of `kinds`."""
    found: dict[FirewallRuleKind, list[WrittenRule]] = {kind: [] for kind in kinds}
    for rule, span in rules:
        word = _word(member(rule, "ruleType"), "ruleType")
        kind = _RULES.get(word) if word or len(kinds) > 1 else kinds[0]
        if kind in found:
            found[kind].append((rule, span))
        else:
            doubt(f"rules of type `{shown(word)}` are not modelled in it")
    return found


def _word(value: Any, field: str) -> str:
    return as_text(value or "", field).lower()


def _snat(values: dict[str, Any]) -> tuple[IntervalSet | None, bool]:
    """Return the ranges towards which a policy keeps sources, and whether it learns others (F-FW-7)."""
    snat = as_object(values.get("snat"), "snat")
    ranges = [as_text(text, "privateRanges") for text in as_list(member(snat, "privateRanges"), "privateRanges")]
    return _private_ranges(ranges), _word(member(snat, "autoLearnPrivateRanges"), "autoLearnPrivateRanges") == "enabled"


def _private_ranges(texts: list[str]) -> IntervalSet | None:
    """Return the ranges that a list tells, None for the default: two of them stand for everything and for nothing."""
    found = IntervalSet()
    prefixes = [as_prefix(text) for text in texts if text.lower() != _KEPT_WORD]
    if len(prefixes) < len(texts):
        found = _KEPT
    found = found | addresses_of(prefixes)
    if not texts or found == _KEPT:
        return None
    if _EVERYTHING in prefixes:
        return ALL_ADDRESSES
    return IntervalSet() if prefixes == [_NOTHING] and len(texts) == 1 else found


def _services_of(policy: Resource, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    settings = as_object(values.get("dnssettings"), "dnsSettings")
    if as_flag(member(settings, "enableProxy"), "enableProxy"):
        yield f"`dnsSettings` of {policy.subject}", _NAMES_PROXY
    proxy = as_object(values.get("explicitproxy"), "explicitProxy")
    if as_flag(member(proxy, "enableExplicitProxy"), "enableExplicitProxy"):
        yield f"`explicitProxy` of {policy.subject}", _EXPLICIT_PROXY


def _detection_denies(values: dict[str, Any]) -> bool:
    """Hold where some signature may drop a packet (F-FW-10)."""
    detection = as_object(values.get("intrusiondetection"), "intrusionDetection")
    configuration = as_object(member(detection, "configuration"), "configuration")
    overrides = as_list(member(configuration, "signatureOverrides"), "signatureOverrides")
    modes = [_word(member(as_object(one, "signatureOverrides"), "mode"), "mode") for one in overrides]
    return "deny" in (_word(member(detection, "mode"), "mode"), *modes)
