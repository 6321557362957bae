"""Reading JSON records key by key, so that no key goes unread."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from vnetverify.facts import QUESTIONS
from vnetverify.header import address_text, parse_address, parse_prefix
from vnetverify.model.network import Network
from vnetverify.syntax.assumptions import ABOUT_SUBNETS


class NotApplicable(Exception):
    """A vector that asks for more than the model holds; the message says for what."""


class Refused(NotApplicable):
    """A vector with something written that no network can hold, because `rule` forbids to write it."""

    def __init__(self, what: str, rule: str) -> None:
        super().__init__(f"{what}, which {rule} forbids")
        self.rule = rule


# What stands under a key of either format; a text under all others. One element may stand for a list of it alone.
_LISTS = frozenset((
    "address_space", "addresses", "addressSpace", "advertises", "backends", "contains", "decidingRuleOneOf",
    "destination", "destinationPorts", "fqdns", "ignore_prefixes", "learnedRoutes", "local_subnets",
    "localSubnetNames", "members", "methods", "notEvaluated", "path", "ports", "prefixes", "protocols", "reaches",
    "remote_address_space", "remote_subnets", "remoteSubnetNames", "service_endpoints", "serviceEndpoints", "source",
    "sourcePorts", "summarized_gateway_prefixes", "violates", "vnets",
))  # fmt: skip
_FLAGS = frozenset((
    "active_active", "allow_forwarded_traffic", "allow_gateway_transit", "allow_remote_vnet_traffic",
    "allow_vnet_access", "allowForwardedTraffic", "allowGatewayTransit", "allowVirtualNetworkAccess", "bgp",
    "branch_to_branch", "default_site", "disable_bgp_route_propagation", "disableBgpRoutePropagation",
    "enable_only_ipv6_peering", "enableOnlyIPv6Peering", "floating_ip", "floatingIp", "flushConnection", "global",
    "internal", "ip_forwarding", "ipForwarding", "peer_complete_vnets", "peerCompleteVnets", "stateful",
    "use_remote_gateways", "useRemoteGateways", "value",
))  # fmt: skip
_NUMBERS = frozenset((
    "asn", "backend_port", "backendPort", "dstPort", "frontend_port", "frontendPort", "port", "priority", "probe_port",
    "probePort", "srcPort", "translatedPort",
))  # fmt: skip
_OBJECTS = frozenset((
    "establishedFlow", "firewall", "fixed_atoms", "fixedAtoms", "flow", "packet", "privateEndpoint", "publicIp",
))  # fmt: skip
_NAMED = frozenset({"asg", "gateway", "load balancer", "nic", "nsg", "route table", "site", "subnet", "vnet"})
# Here a name, there more; readers look.
_EITHER = frozenset({"change", "dns", "from", "gateway", "ip", "may", "must", "os_routes"})
# What is said in words: of anything, and of an answer why it is so and what follows.
_WORDS = frozenset({"comment", "description", "note"})
_REMARKS = frozenset({"because", "consequence", "explanation", "reason"})


def _fits(key: str, value: Any) -> bool:
    """Hold when `value` is of the kind that stands under `key`."""
    if key in _LISTS:
        return isinstance(value, list) and all(_is_element(key, element) for element in value)
    kind = bool if key in _FLAGS else int if key in _NUMBERS else dict if key in _OBJECTS else str
    return type(value) is kind or key in _EITHER


def _is_element(key: str, value: Any) -> bool:
    return type(value) is str or (type(value) is int and key.lower().endswith("ports"))


class Record:
    """One JSON object: `take` hands out values, `finish` refuses what nobody took."""

    def __init__(self, values: Mapping[str, Any], what: str) -> None:
        if not isinstance(values, dict):
            raise NotApplicable(f"malformed: {_a(what)} that is no object")
        self._values, self._what, self._taken = values, what, set[str]()

    def take(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or `default` where it is absent or null. Raises `NotApplicable`."""
        self._taken.add(key)
        value = self._values.get(key)
        if value is None:
            return default
        if key in _LISTS and _is_element(key, value):
            value = [value]
        if not _fits(key, value):
            raise NotApplicable(f"malformed: `{key}` of {_a(self._what)} is of the wrong kind")
        return value

    def has(self, key: str) -> bool:
        """Hold when something stands under `key`, be it an empty list."""
        return self._values.get(key) is not None

    def tags(self, key: str) -> dict[str, list[str]]:
        """Return the prefixes by name of the tag. Raises `NotApplicable`."""
        self._taken.add(key)
        tags = self._values.get(key) or {}
        if not isinstance(tags, dict) or not all(_fits("prefixes", prefixes) for prefixes in tags.values()):
            raise NotApplicable(f"malformed: `{key}` of {_a(self._what)} is of the wrong kind")
        return tags

    def addresses(self, key: str) -> tuple[int, ...]:
        """Return the address under `key`, or the addresses of a list there. Raises `NotApplicable`."""
        value = self.need(key)
        return tuple(map(parse_address, [value] if isinstance(value, str) else value))

    def need(self, key: str) -> Any:
        """Return the value of `key`. Raises `NotApplicable` where there is none."""
        value = self.take(key)
        if value is None:
            raise NotApplicable(f"{_a(self._what)} without `{key}`")
        return value

    def only(self, key: str, *values: Any) -> None:
        """Refuse the record unless `key` is absent, null or one of `values`, which mean what its absence means."""
        value = self.take(key)
        if value is not None and value not in values:
            raise NotApplicable(f"`{key}` of {_a(self._what)}")

    def records(self, key: str, what: str) -> Sequence[Record]:
        """Return the objects of the list under `key`, whose names must differ. Raises `NotApplicable`."""
        self._taken.add(key)
        values = self._values.get(key) or []
        if not isinstance(values, list):
            raise NotApplicable(f"malformed: `{key}` of {_a(self._what)} is not a list")
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
            if key in _WORDS and isinstance(value, str):
                continue
            if key not in self._taken and value not in (None, [], {}):
                raise NotApplicable(f"`{key}` of {_a(self._what)}")


def _a(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def rules_of(vector: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of the rules that a vector names. Raises `NotApplicable`."""
    rules = vector.get("rules") or ()
    rules = (rules,) if isinstance(rules, str) else rules
    if not isinstance(rules, list | tuple) or not all(isinstance(rule, str) for rule in rules):
        raise NotApplicable("malformed: `rules` of a vector are of the wrong kind")
    return tuple(rules)


def atoms_of(vector: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the kinds of atoms that the rules of a vector leave open."""
    return tuple(known.name for known in QUESTIONS.values() if set(rules_of(vector)) & set(known.rules))


def answer_of(vector: Mapping[str, Any]) -> Record:
    """Return the answer of a vector, of which nobody has to read what is said about it in words."""
    record = Record(vector["answer"], "answer")
    for key in _REMARKS:
        record.take(key)
    return record


def verdict_of(answer: Record) -> bool:
    """Return whether the verdict is that packets pass. Raises `NotApplicable`."""
    verdict = answer.need("verdict")
    if verdict.casefold() not in ("allow", "deny"):
        raise NotApplicable(f"the verdict `{verdict}`")
    return bool(verdict.casefold() == "allow")


def fixed_atoms(vector: Mapping[str, Any]) -> dict[str, bool]:
    """Return the fixed atoms of a vector, which may stand beside its network or in it. Raises `NotApplicable`."""
    fixed: dict[str, bool] = {}
    for place in (vector["network"], vector):
        for key in ("fixedAtoms", "fixed_atoms"):
            told = place.get(key) or {}
            if not isinstance(told, dict) or not all(type(value) is bool for value in told.values()):
                raise NotApplicable("malformed: fixed atoms that are no object of true and false")
            fixed |= told
    return fixed


_FACT = re.compile(r"(U-[A-Z0-9-]+)(?:\((.*)\))?")


def facts_of(fixed: Mapping[str, bool], network: Network) -> dict[str, bool]:
    """Return fixed atoms by this project's names for what they are about.

    Raises `NotApplicable` for a kind of atom that the rules here do not have, and for a rule that is not the only one.
    """
    facts: dict[str, bool] = {}
    for text, value in fixed.items():
        match = _FACT.fullmatch(text)
        if match is None or match[1] not in QUESTIONS:
            raise NotApplicable(f"the atom `{text}`")
        parts = [part.strip() for part in match[2].split(",")] if match[2] else []
        if match[1] == "U-ADMTIE" and len(parts) == 2:  # of a pair: the first is tried before the second
            facts |= {f"U-ADMTIE({_rule_meant(part, network)})": value is (part == parts[0]) for part in parts}
            continue
        about = [_meant(match[1], number, part, network) for number, part in enumerate(parts)]
        facts[f"{match[1]}({', '.join(about)})" if about else match[1]] = value
    return facts


_OF_RULES = frozenset({"U-ADMTIE", "U-ICMPPORT", "U-PROTOPORT", "U-ASGFWD", "U-PEPORT", "U-PEDENY"})
_OF_FRONTENDS = frozenset({"U-LBICMP", "U-LBECHO", "U-R-UDR-15", "U-BACKEND"})
_OF_BALANCING = frozenset({"U-FLOAT", "U-PROBE"})
_OF_LINKS = frozenset({"U-AVNA", "U-SUBPEER"})
_OF_PREFIXES = frozenset({"U-INET"})
_OF_NAMED = {"U-AANIP": "vnet", "U-AAPIP": "nic", "U-ICMPV6": "nic", "U-PECG": "endpoint", "U-PEPROTO": "endpoint"}


def _meant(kind: str, number: int, text: str, network: Network) -> str:
    """Return the name here of what an atom's part `number` is about: the format leaves out what a name stands in."""
    if kind in _OF_LINKS:
        return _half_meant(text, network)
    if kind in _OF_NAMED and number == 0:
        return _known(text, _OF_NAMED[kind], network)
    if kind == "U-SKU":
        return _public_or_balancer_meant(text, network)
    if kind in _OF_RULES:
        return _rule_meant(text, network) if number == 0 else text
    if kind in _OF_FRONTENDS | _OF_BALANCING:
        return _balanced_meant(kind, text, network) if number == 0 else text
    if kind in _OF_PREFIXES or (kind in ABOUT_SUBNETS and number == 1):
        return str(parse_prefix(text))
    if kind == "U-FQDN":
        return _firewall_rule_meant(text, network)
    return _subnet_meant(text, network) if kind in ABOUT_SUBNETS else text


def _half_meant(text: str, network: Network) -> str:
    local, remote = (name.strip() for name in text.partition("->")[::2])
    if (local, remote) not in {(half.local, half.remote) for half in network.peerings}:
        raise NotApplicable(f"an atom of the peering `{text}`, which there is not")
    return f"{local} -> {remote}"


def _known(name: str, what: str, network: Network) -> str:
    places = {"vnet": network.vnets, "endpoint": network.private_endpoints, "nic": {n.name for n in network.nics()}}
    if name not in places[what]:
        raise NotApplicable(f"an atom of the {what} `{name}`, which there is not")
    return name


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
        publics = [(b.name, f.name, f.public_address.address) for b in balancers for f in b.public_frontends]
        named += [(name, part, "" if address is None else address_text(address)) for name, part, address in publics]
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


def _firewall_rule_meant(text: str, network: Network) -> str:
    firewalls = [(machine.name, machine.firewall) for machine in network.machines.values()]
    named = [f"{name}/{rule.name}" for name, policy in firewalls if policy is not None for rule in policy.rules]
    return next((name for name in named if name.partition("/")[2] == text), text)


def _subnet_meant(text: str, network: Network) -> str:
    """Return the name here of the subnet called so, alone or with its vnet, or of that of an interface."""
    of_nics = [(nic.subnet_id, (nic.name, f"{nic.name} subnet")) for nic in network.nics()]
    known = [(subnet.id, (subnet.name, subnet.id, f"{subnet.vnet}/{subnet.name}")) for subnet in network.subnets()]
    for each in (known, of_nics):
        meant = {name for name, spellings in each if text in spellings}
        if len(meant) == 1:
            return meant.pop()
    raise NotApplicable(f"an atom of the subnet `{text}`, of which there is not one")
