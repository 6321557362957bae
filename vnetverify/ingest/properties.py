"""The properties of an object as a shape knows them: the modelled ones read, the irrelevant dropped, others a doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vnetverify.ingest.notation import escaped
from vnetverify.ingest.values import member


@dataclass(frozen=True, slots=True)
class Suspect:
    """A property that can change packets and is not modelled; `harmless` are the values that change nothing.

    `with_peers` says that it changes the traffic of directly peered networks as well, as a new address does.
    An object that holds nothing under any of `members` (if there are some) changes nothing either.
    """

    why: str
    harmless: tuple[Any, ...] = ()
    with_peers: bool = False
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Treatment:
    """What is done with the properties of an object, but for the irrelevant ones.

    `each` holds them as spelt and in lower case, with why they are suspect: None for the modelled ones. It `is_plain`
    where all are modelled, are no objects of which only a part is known, and no two are one.
    """

    each: tuple[tuple[str, str, Suspect | None], ...]
    is_plain: bool


_MOST_TREATMENTS, _MOST_KEYS = 4_096, 64  # of one kind that are kept: an input may spell its keys in ever new ways
_UNKNOWN = Suspect("a property that is not known to this version", with_peers=True)


@dataclass(frozen=True, slots=True)
class Shape:
    """The properties of one kind of resource, in lower case."""

    modelled: frozenset[str]
    irrelevant: frozenset[str] = frozenset()
    suspects: Mapping[str, Suspect] = field(default_factory=dict)
    _treatments: dict[tuple[str, ...], _Treatment] = field(default_factory=dict, compare=False, repr=False)

    def treatment(self, layer: dict[str, Any]) -> _Treatment:
        """Return what is done with each property of an object with the keys of `layer`.

        Most objects of one kind have the same keys in the same order, so that is settled once for all of these.
        """
        keys = tuple(layer)
        found = self._treatments.get(keys)
        if found is None:
            found = self._settled([key for key in keys if key.lower() not in self.irrelevant - self.modelled])
            if len(self._treatments) < _MOST_TREATMENTS and len(keys) < _MOST_KEYS:
                self._treatments[keys] = found
        return found

    def _settled(self, keys: list[str]) -> _Treatment:
        names = tuple(key.lower() for key in keys)
        suspects = (None if name in self.modelled else self.suspects.get(name, _UNKNOWN) for name in names)
        is_plain = self.modelled.issuperset(names) and WITHIN.keys().isdisjoint(names) and len(set(names)) == len(names)
        return _Treatment(tuple(zip(keys, names, suspects, strict=True)), is_plain)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A property whose value the model does not follow."""

    name: str
    why: str
    pointer: str
    with_peers: bool


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.lower().split())


_EVERYWHERE = words_of(
    "id name type etag location tags kind zones apiversion resourcegroup resourceguid provisioningstate"
    " identity managedby managedbyextended plan extendedlocation systemdata subscriptionid tenantid"
    " createdtime changedtime properties sku"
)


def shape(modelled: str, irrelevant: str = "", **suspects: Suspect) -> Shape:
    """Return the shape whose properties are named in `modelled`, `irrelevant` (separated by blanks) and `suspects`."""
    return Shape(
        words_of(modelled),
        _EVERYWHERE | words_of(irrelevant),
        {name.lower(): suspect for name, suspect in suspects.items()},
    )


def read(body: dict[str, Any], pointer: str, kind: Shape) -> tuple[dict[str, Any], list[Doubt]]:
    """Return the modelled properties of `body` by lower-case name, and the doubts that the others raise.

    Properties stand under `properties` (REST, portal) or beside it (`az`), in whatever letter case.
    """
    inner = body.get("properties")
    layers = [(body, pointer)]
    if isinstance(inner, dict):
        layers.append((inner, f"{pointer}/properties"))
    values: dict[str, Any] = {}
    doubts: list[Doubt] = []
    for layer, where in layers:
        treatment = kind.treatment(layer)
        if treatment.is_plain and not values:
            values = {name: layer[key] for key, name, _ in treatment.each}
            continue
        for key, name, suspect in treatment.each:
            value = layer[key]
            if suspect is not None:
                if value not in NOTHING and not is_harmless(value, suspect):
                    doubts.append(Doubt(key, suspect.why, f"{where}/{escaped(key)}", suspect.with_peers))
                continue
            if name in values:
                if value in NOTHING:
                    continue
                if values[name] not in (*NOTHING, value):
                    doubts.append(
                        Doubt(key, "it appears twice, with different values", f"{where}/{escaped(key)}", True)
                    )
            values[name] = value
            if name in WITHIN:
                doubts += inside(name, value, key, f"{where}/{escaped(key)}")
    return values, doubts


def inside(name: str, value: Any, key: str, pointer: str) -> Iterator[Doubt]:
    """Yield the doubts that objects without a shape of their own raise: those that are no references."""
    known = WITHIN[name]
    several = isinstance(value, list)
    for position, item in enumerate(value if several else [value]):
        where = f"{pointer}/{position}" if several else pointer
        for inner, said in item.items() if isinstance(item, dict) else ():
            if inner.lower() not in known and said not in NOTHING:
                yield Doubt(f"{key}.{inner}", _UNKNOWN.why, f"{where}/{escaped(inner)}", _UNKNOWN.with_peers)


_RANGES = words_of("addressPrefixes ipamPoolPrefixAllocations")
# What is known of the objects inside properties that are modelled. What a reference holds besides its id is read where
# the resource that it names stands, and is no part of this.
WITHIN = {
    "addressspace": _RANGES,
    "remoteaddressspace": _RANGES,
    "remotevirtualnetworkaddressspace": _RANGES,
    "localnetworkaddressspace": _RANGES,
    "summarizedgatewayprefixes": _RANGES,
    "vpnclientaddresspool": _RANGES,
    "dhcpoptions": words_of("dnsServers"),
    "dnssettings": words_of(
        "dnsServers appliedDnsServers internalDnsNameLabel internalFqdn internalDomainNameSuffix"
        " servers enableProxy requireProxyForNetworkRules"
    ),
    "sku": words_of("name tier"),
    "snat": words_of("privateRanges autoLearnPrivateRanges"),
    "serviceendpoints": words_of("service locations provisioningState networkIdentifier"),
    "privatelinkserviceconnectionstate": words_of("status description actionsRequired actionRequired"),
    "customdnsconfigs": words_of("fqdn ipAddresses"),
    "networkmanagerscopes": words_of("managementGroups subscriptions crossTenantScopes"),
    "intrusiondetection": words_of("mode configuration profile"),
    "action": words_of("type"),
    "sources": words_of("addressPrefix addressPrefixType"),
    "destinations": words_of("addressPrefix addressPrefixType"),
}

NOTHING: tuple[Any, ...] = (None, "", [], {})


def is_harmless(value: Any, suspect: Suspect) -> bool:
    if suspect.members and isinstance(value, dict) and not any(member(value, name) for name in suspect.members):
        return True
    spelt = _plain(value)
    if spelt == "false" and False in suspect.harmless:
        return True  # quoted, as templates may have it
    return any(spelt == (plain := _plain(harmless)) and type(spelt) is type(plain) for harmless in suspect.harmless)


def _plain(value: Any) -> Any:
    """Return `value` in lower case, an object without the members that say nothing and with its flags unquoted."""
    if isinstance(value, dict):
        members = {key.lower(): _plain(item) for key, item in value.items() if item is not None}
        return {key: item == "true" if item in ("true", "false") else item for key, item in members.items()}
    return value.lower() if isinstance(value, str) else value
