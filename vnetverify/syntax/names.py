"""The names that are declared, by kind; a reference finds the declared spelling without regard to case."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from vnetverify.model.balancers import PublicAddress
from vnetverify.model.network import Network
from vnetverify.model.published import TagList
from vnetverify.source import NOWHERE, Span
from vnetverify.spelling import folded, look_of, scripts_in
from vnetverify.syntax.problems import Problems, did_you_mean, listed, shown, with_article

if TYPE_CHECKING:
    from lark import Token

_ESCAPE = re.compile(r'\\(["\\])')


class Declared(NamedTuple):
    spelling: str
    span: Span


class _Named(Protocol):
    """An element of a network that has a name of its own."""

    @property
    def name(self) -> str: ...

    @property
    def span(self) -> Span: ...


def text_of(token: Token) -> str:
    """Return what a word or a text in quotes says."""
    if token.type == "STRING":
        return _ESCAPE.sub(r"\1", token[1:-1])
    return str(token)


class Names:
    """One table of names for each kind of element; a kind is called as messages call it.

    Where there is a `tag_list`, the provider's own, service tags are those of it and those that a text declares. Unless
    these `are_all` names there are, since an input could not be read, nobody is told that one is missing.
    """

    def __init__(
        self,
        problems: Problems,
        broken: Iterable[str] = (),
        tag_list: TagList | None = None,
        are_all: bool = True,
    ) -> None:
        self.problems = problems
        self.tag_list = tag_list
        self._are_all = are_all
        self._tables: dict[str, dict[str, Declared]] = {}
        self._beyond_ascii: dict[str, dict[str, Declared]] = {}  # by look
        self._broken = frozenset(broken)
        self.vnet_of_gateway: dict[str, str] = {}
        self.managers: dict[str, str] = {}  # of security admin rules, by folded name

    def declare(self, kind: str, spelling: str, span: Span) -> bool:
        """Enter a name; False, with the mistake reported, where one of its kind folds alike."""
        table = self._tables.setdefault(kind, {})
        declared = Declared(spelling, span)
        earlier = table.setdefault(folded(spelling), declared)
        if earlier.span is span:
            self._check_looks(kind, declared)
            return True
        self.problems.error(
            "duplicate-name",
            f"the name {shown(spelling)} is taken by another {kind}",
            span,
            "declared again",
            ((earlier.span, f"{shown(earlier.spelling)} is declared here"),) if earlier.span != NOWHERE else (),
            _about_twins(earlier, declared),
        )
        return False

    def _check_looks(self, kind: str, declared: Declared) -> None:
        """Report a name that looks like another of its kind, and tell of one whose letters are of several scripts."""
        spelling, span = declared
        others = self._beyond_ascii.setdefault(kind, {})
        if spelling.isascii():
            twin = others.get(folded(spelling)) if others else None
        else:
            look = look_of(spelling)
            known = others.get(look, declared)
            twin = known if known is not declared else self._tables[kind].get(look, declared)
            others.setdefault(look, declared)
            own = spelling.rpartition(".")[2] if kind == "subnet" else spelling  # behind the vnet's
            if len(scripts_in(own)) > 1:
                message = f"the name {shown(own)} has letters of several scripts: {listed(scripts_in(own))}"
                self.problems.warning("mixed-scripts", message, span)
        if twin is not None and twin is not declared:
            places = ((twin.span, "looks the same"),) if twin.span != NOWHERE else ()
            message = f"the name {shown(spelling)} looks like that of another {kind}"
            self.problems.error("duplicate-name", message, span, "spelt with other characters", places)

    def lookup(self, kind: str, spelling: str) -> Declared | None:
        return self._tables.get(kind, {}).get(folded(spelling))

    def find(self, kind: str, spelling: str, span: Span) -> str | None:
        """Return the declared spelling; None, with the mistake reported, where nothing is called so."""
        found = self.lookup(kind, spelling)
        if found is None:
            self.unknown((kind,), spelling, span)
            return None
        return found.spelling

    def unknown(self, kinds: tuple[str, ...], spelling: str, span: Span) -> None:
        """Report that none of `kinds` is called so, unless a statement with a mistake of its own declares it."""
        if folded(spelling) in self._broken or not self._are_all:
            return
        what = kinds[0] if len(kinds) == 1 else f"{', '.join(kinds[:-1])} or {kinds[-1]}"
        code = f"unknown-{kinds[0].replace(' ', '-')}" if len(kinds) == 1 else "unknown-name"
        help_text = None if self.problems.is_crowded else self._repair(kinds, spelling)
        self.problems.error(code, f"no {what} is called {shown(spelling)}", span, "not declared", (), help_text)

    def _repair(self, kinds: tuple[str, ...], spelling: str) -> str | None:
        known = [declared.spelling for kind in kinds for declared in self._tables.get(kind, {}).values()]
        subnets = [each for each in self.spellings("subnet") if folded(each.rpartition(".")[2]) == folded(spelling)]
        if "vnet" in kinds and len(kinds) > 1 and subnets:
            return f"a subnet is named with its vnet: {listed(subnets, 'or')}"
        meant = did_you_mean(spelling, known)
        if meant is not None:
            return meant
        elsewhere = self._kind_elsewhere(spelling)
        if elsewhere is not None:
            return f"{shown(spelling)} is declared as {elsewhere}"
        return f"declared: {listed(known)}" if known else None

    def spellings(self, kind: str) -> list[str]:
        return [declared.spelling for declared in self._tables.get(kind, {}).values()]

    def _kind_elsewhere(self, spelling: str) -> str | None:
        kinds = [kind for kind, table in self._tables.items() if folded(spelling) in table]
        return " and ".join(with_article(kind) for kind in kinds) or None


def declare_imported(names: Names, network: Network, completed: Collection[Span] = ()) -> None:
    """Enter the names of an imported network, but for the vnets that a text declares at the places `completed`.

    Of these the import has what the text says, and subnets that it only mentions: places in an export have no lines.
    """
    for vnet in network.vnets.values():
        is_completed = vnet.span in completed
        if not is_completed:
            names.declare("vnet", vnet.name, vnet.span)
        for subnet in vnet.subnets:
            if not is_completed or subnet.span.line == 0:
                names.declare("subnet", subnet.id, subnet.span)
    for kind, name, span in _of_one_element(network):
        names.declare(kind, name, span)
    for kind, name, span in _of_several_elements(network):
        if names.lookup(kind, name) is None:
            names.declare(kind, name, span)
    names.vnet_of_gateway.update((gateway.name, gateway.vnet) for gateway in network.gateways.values())
    for collection in network.admin_rules:
        names.managers.setdefault(collection.manager.casefold(), collection.manager)


def _of_one_element(network: Network) -> Iterator[tuple[str, str, Span]]:
    """Yield the names that one element alone may have, with their kinds."""
    elements: tuple[tuple[str, Iterable[_Named]], ...] = (
        ("nsg", network.nsgs.values()),
        ("route table", network.route_tables.values()),
        ("machine", network.machines.values()),
        ("gateway", network.gateways.values()),
        ("site", network.sites.values()),
        ("load balancer", network.load_balancers.values()),
        ("private link service", network.private_link_services.values()),
        ("private endpoint", network.private_endpoints.values()),
        ("dns zone", network.dns_zones.values()),
        ("proxy", network.proxies.values()),
        ("principal", network.principals.values()),
        ("nic", network.nics()),
        ("connection", network.connections),
        ("connected group", network.connected_groups),
        ("route server", network.route_servers),
    )
    for kind, named in elements:
        yield from ((kind, element.name, element.span) for element in named)
    yield from (("peering", peering.id, peering.span) for peering in network.peerings)
    yield from (("asg", name, span) for name, span in network.asgs.items())
    yield from (("nat gateway", name, span) for name, span in network.nat_gateways.items())
    yield from (("service tag", name, NOWHERE) for name in network.service_tags)


def _of_several_elements(network: Network) -> Iterator[tuple[str, str, Span]]:
    """Yield the names that several may have: public addresses, and sets of rules, which each manager names itself."""
    yield from (("public address", public.name, public.span) for public in _public_addresses(network))
    yield from (("set of admin rules", collection.name, collection.span) for collection in network.admin_rules)


def _public_addresses(network: Network) -> Iterator[PublicAddress]:
    for nic in network.nics():
        yield from (public for public in (nic.public_address, nic.public_ipv6) if public is not None)
    for machine in network.machines.values():
        yield from () if machine.firewall is None else machine.firewall.public_addresses
    for balancer in network.load_balancers.values():
        yield from (frontend.public_address for frontend in balancer.public_frontends)


def _about_twins(earlier: Declared, later: Declared) -> str | None:
    """Return why two names that may seem to be different, or to have nothing to do with each other, are one."""
    if earlier.spelling != later.spelling:
        return "Azure compares names without regard to case"
    is_elsewhere = earlier.span != NOWHERE and earlier.span.file != later.span.file
    return "all inputs of a run are one network" if is_elsewhere else None
