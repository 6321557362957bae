"""Reading JSON records key by key, so that no key goes unread."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from vnetverify.header import address_text, parse_address
from vnetverify.model.network import Network
from vnetverify.rules import QUESTIONS


class NotApplicable(Exception):
    """A vector that asks for more than the model holds; the message says for what."""


class Refused(NotApplicable):
    """A vector with something written that no network can hold, because `rule` forbids to write it."""

    def __init__(self, what: str, rule: str) -> None:
        super().__init__(f"{what}, which {rule} forbids")
        self.rule = rule


# What stands under a key of either format; a text under all others.
_LISTS = frozenset((
    "address_space", "addressSpace", "advertises", "backends", "ignore_prefixes", "learnedRoutes", "local_subnets",
    "localSubnetNames", "members", "prefixes", "reaches", "remote_address_space", "remote_subnets",
    "remoteSubnetNames", "service_endpoints", "serviceEndpoints", "source", "destination", "sourcePorts",
    "contains", "destinationPorts", "fqdns", "methods", "ports", "protocols", "summarized_gateway_prefixes", "vnets",
))  # fmt: skip
_FLAGS = frozenset((
    "active_active", "allow_forwarded_traffic", "allow_gateway_transit", "allow_remote_vnet_traffic",
    "allow_vnet_access", "allowForwardedTraffic", "allowGatewayTransit", "allowVirtualNetworkAccess", "bgp",
    "branch_to_branch", "default_site", "disable_bgp_route_propagation", "floating_ip", "floatingIp", "global",
    "internal", "ip_forwarding", "ipForwarding", "enable_only_ipv6_peering", "enableOnlyIPv6Peering",
    "peer_complete_vnets", "peerCompleteVnets", "stateful", "use_remote_gateways", "useRemoteGateways",
))  # fmt: skip
_NUMBERS = frozenset((
    "asn", "backend_port", "backendPort", "dstPort", "frontend_port", "frontendPort", "port", "priority", "probe_port",
    "probePort", "srcPort", "translatedPort",
))  # fmt: skip
_OBJECTS = frozenset({"establishedFlow", "firewall", "fixedAtoms", "flow", "packet", "privateEndpoint", "publicIp"})
_NAMED = frozenset({"asg", "gateway", "load balancer", "nic", "nsg", "route table", "site", "subnet", "vnet"})
_EITHER = frozenset({"change", "dns", "from", "gateway", "ip", "os_routes"})  # here a name, there more; readers look


def _fits(key: str, value: Any) -> bool:
    """Hold when `value` is of the kind that stands under `key`."""
    if key in _LISTS:
        elements = (str, int) if key.lower().endswith("ports") else (str,)
        return isinstance(value, list) and all(type(element) in elements for element in value)
    kind = bool if key in _FLAGS else int if key in _NUMBERS else dict if key in _OBJECTS else str
    return type(value) is kind or key in _EITHER


class Record:
    """One JSON object: `take` hands out values, `finish` refuses what nobody took."""

    def __init__(self, values: Mapping[str, Any], what: str) -> None:
        if not isinstance(values, dict):
            raise NotApplicable(f"malformed: a {what} that is no object")
        self._values, self._what, self._taken = values, what, set[str]()

    def take(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or `default` where it is absent or null. Raises `NotApplicable`."""
        self._taken.add(key)
        value = self._values.get(key)
        if value is None:
            return default
        if not _fits(key, value):
            raise NotApplicable(f"malformed: `{key}` of a {self._what} is of the wrong kind")
        return value

    def tags(self, key: str) -> dict[str, list[str]]:
        """Return the prefixes by name of the tag. Raises `NotApplicable`."""
        self._taken.add(key)
        tags = self._values.get(key) or {}
        if not isinstance(tags, dict) or not all(_fits("prefixes", prefixes) for prefixes in tags.values()):
            raise NotApplicable(f"malformed: `{key}` of a {self._what} is of the wrong kind")
        return tags

    def addresses(self, key: str) -> tuple[int, ...]:
        """Return the address under `key`, or the addresses of a list there. Raises `NotApplicable`."""
        value = self.need(key)
        return tuple(map(parse_address, [value] if isinstance(value, str) else value))

    def need(self, key: str) -> Any:
        """Return the value of `key`. Raises `NotApplicable` where there is none."""
        value = self.take(key)
        if value is None:
            raise NotApplicable(f"a {self._what} without `{key}`")
        return value

    def only(self, key: str, *values: Any) -> None:
        """Refuse the record unless `key` is absent, null or one of `values`, which mean what its absence means."""
        value = self.take(key)
        if value is not None and value not in values:
            raise NotApplicable(f"`{key}` of a {self._what}")

    def records(self, key: str, what: str) -> Sequence[Record]:
        """Return the objects of the list under `key`, whose names must differ. Raises `NotApplicable`."""
        self._taken.add(key)
        values = self._values.get(key) or []
        if not isinstance(values, list):
            raise NotApplicable(f"malformed: `{key}` of a {self._what} is not a list")
        records = [Record(value, what) for value in values]
        if what in _NAMED:
            counts = Counter(str(value.get("name")).casefold() for value in values)
            twice, times = counts.most_common(1)[0] if counts else ("", 0)
            if times > 1:
                raise NotApplicable(f"malformed: two of a {what} called `{twice}`")
        return records

    def finish(self) -> None:
        """Raise `NotApplicable` when a key was never asked for and holds something."""
        for key, value in self._values.items():
            if key not in self._taken and value not in (None, [], {}):
                raise NotApplicable(f"`{key}` of a {self._what}")


_FACT = re.compile(r"(U-[A-Z0-9-]+)(?:\((.*)\))?")


def facts_of(fixed: Mapping[str, bool], network: Network) -> dict[str, bool]:
    """Return fixed atoms by this project's names for what they are about.

    Raises `NotApplicable` for a kind of atom that the rules here do not have, and for a rule that is not the only one.
    """
    if not isinstance(fixed, dict):
        raise NotApplicable("malformed: fixed atoms that are no object")
    facts = {}
    for text, value in fixed.items():
        match = _FACT.fullmatch(text)
        if match is None or match[1] not in QUESTIONS:
            raise NotApplicable(f"the atom `{text}`")
        parts = [part.strip() for part in match[2].split(",")] if match[2] else []
        about = [_meant(match[1], number, part, network) for number, part in enumerate(parts)]
        facts[f"{match[1]}({', '.join(about)})" if about else match[1]] = bool(value)
    return facts


_OF_RULES = frozenset({"U-ADMTIE", "U-ICMPPORT", "U-PROTOPORT", "U-ASGFWD", "U-PEPORT", "U-PEDENY"})
_OF_FRONTENDS = frozenset({"U-LBICMP", "U-LBECHO", "U-R-UDR-15", "U-BACKEND"})
_OF_BALANCING = frozenset({"U-FLOAT", "U-PROBE"})
_VERBATIM = frozenset({"U-AANIP", "U-AAPIP", "U-ICMPV6", "U-PECG", "U-PEPROTO"})
_OF_LINKS = frozenset({"U-AVNA", "U-SUBPEER"})


def _meant(kind: str, number: int, text: str, network: Network) -> str:
    """Return the name here of what an atom's part `number` is about: the format leaves out what a name stands in."""
    if kind in _OF_LINKS:
        return " -> ".join(name.strip() for name in text.split("->"))
    if kind == "U-SKU":
        return _public_or_balancer_meant(text, network)
    if kind in _OF_RULES:
        return _rule_meant(text, network) if number == 0 else text
    if kind in _OF_FRONTENDS | _OF_BALANCING:
        return _balanced_meant(kind, text, network) if number == 0 else text
    return text if kind in _VERBATIM else _subnet_meant(text, network)


def _public_or_balancer_meant(text: str, network: Network) -> str:
    publics = (public for nic in network.nics() if nic.name == text for public in (nic.public_address, nic.public_ipv6))
    known = next((public.name for public in publics if public is not None), None)
    if known is not None:
        return known
    return f"load balancer {text}" if text in network.load_balancers else text


def _balanced_meant(kind: str, text: str, network: Network) -> str:
    """Return the frontend or rule here of what is called so, or by the load balancer's name where it has one alone."""
    balancers = network.load_balancers.values()
    if kind in _OF_FRONTENDS:
        named = [(b.name, f.name, address_text(f.address)) for b in balancers for f in b.frontends]
    else:
        named = [(b.name, rule.name, "") for b in balancers for rule in b.rules]
    meant = [f"{name}/{part}" for name, part, address in named if text in (name, part, f"{name}/{part}", address)]
    if len(meant) != 1:
        raise NotApplicable(f"an atom of the load balancer `{text}`, of which there are {len(meant)}")
    return meant[0]


def _rule_meant(text: str, network: Network) -> str:
    named = [f"{nsg.name}/{rule.name}" for nsg in network.nsgs.values() for rule in nsg.rules]
    named += [f"{rules.manager}/{rule.name}" for rules in network.admin_rules for rule in rules.rules]
    meant = [name for name in named if text in (name, name.partition("/")[2])]
    if len(meant) != 1:
        raise NotApplicable(f"an atom of the rule `{text}`, of which there are {len(meant)}")
    return meant[0]


def _subnet_meant(text: str, network: Network) -> str:
    if text.endswith(" subnet"):
        return next(nic.subnet_id for nic in network.nics() if nic.name == text.removesuffix(" subnet"))
    named = [subnet.id for subnet in network.subnets() if subnet.name == text]
    return named[0] if len(named) == 1 else text
