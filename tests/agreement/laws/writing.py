"""Laws of writing: networks that say the same in other words, in another order, or beside what plays no part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TypeVar

from tests.agreement.laws.law import Case, Changed, Law, Relation
from vnetverify.header import Interval, IntervalSet, Prefix, parse_address, parse_prefix
from vnetverify.model.network import Network, RouteTable, Subnet, Vnet
from vnetverify.model.security import Nsg
from vnetverify.syntax.read import read_text
from vnetverify.syntax.write import write
from vnetverify.testing.rewriting import Rewriting, renaming

_Part = TypeVar("_Part")

# Both halves of 10.0.0.0/9 change places by one bit, so that every prefix of it stays one.
_MOVED = 1 << 22
_LOW = IntervalSet((Interval(parse_address("10.0.0.0"), parse_address("10.63.255.255")),))
_HIGH = IntervalSet((Interval(parse_address("10.64.0.0"), parse_address("10.127.255.255")),))


def _with_network(change: Callable[[Network, Random], Network | None]) -> Callable[[Case, Random], Changed | None]:
    """Return the change of a case whose network alone changes."""

    def changed(case: Case, random: Random) -> Changed | None:
        network = change(case.network, random)
        if network is None or network == case.network:
            return None
        return Changed(case, replace(case, network=network))

    return changed


def _shuffled(parts: Sequence[_Part], random: Random) -> tuple[_Part, ...]:
    return tuple(random.sample(parts, len(parts)))


def _reordered(parts: Mapping[str, _Part], random: Random) -> dict[str, _Part]:
    return dict(_shuffled(tuple(parts.items()), random))


# -- names and order --------------------------------------------------------------------------------------


def _renamed(case: Case, random: Random) -> Changed:
    first = random.randrange(1000, 9000)
    rewriting = renaming(case.network, lambda number: f"x{first - number}")
    after = replace(case, network=rewriting.of(case.network), claim=rewriting.of(case.claim))
    return Changed(case, after, rewriting)


def _declared_in_another_order(network: Network, random: Random) -> Network:
    return replace(
        network,
        vnets=_reordered(network.vnets, random),
        nsgs=_reordered(network.nsgs, random),
        route_tables=_reordered(network.route_tables, random),
        asgs=_reordered(network.asgs, random),
        nat_gateways=_reordered(network.nat_gateways, random),
        service_tags=_reordered(network.service_tags, random),
        peerings=_shuffled(network.peerings, random),
    )


def _subnets_in_another_order(network: Network, random: Random) -> Network:
    return _of_vnets(network, lambda vnet: replace(vnet, subnets=_shuffled(vnet.subnets, random)))


def _ranges_in_another_order(network: Network, random: Random) -> Network:
    return _of_vnets(network, lambda vnet: replace(vnet, address_space=_shuffled(vnet.address_space, random)))


def _of_vnets(network: Network, change: Callable[[Vnet], Vnet]) -> Network:
    return replace(network, vnets={name: change(vnet) for name, vnet in network.vnets.items()})


def _rules_in_another_order(network: Network, random: Random) -> Network:
    groups = {name: replace(nsg, rules=_shuffled(nsg.rules, random)) for name, nsg in network.nsgs.items()}
    return replace(network, nsgs=groups)


def _routes_in_another_order(network: Network, random: Random) -> Network:
    tables = {n: replace(table, routes=_shuffled(table.routes, random)) for n, table in network.route_tables.items()}
    return replace(network, route_tables=tables)


def _members_in_another_order(network: Network, random: Random) -> Network:
    groups = tuple(replace(group, members=_shuffled(group.members, random)) for group in network.connected_groups)
    return replace(network, connected_groups=groups)


def _read_again(network: Network, random: Random) -> Network:
    return read_text(write(network)).network


# -- what plays no part -----------------------------------------------------------------------------------


def _with_idle_lists(network: Network, random: Random) -> Network:
    return replace(
        network,
        nsgs={**network.nsgs, "idle-group": Nsg("idle-group", ())},
        route_tables={**network.route_tables, "idle-table": RouteTable("idle-table", ())},
    )


def _with_a_network_apart(network: Network, random: Random) -> Network:
    prefix = parse_prefix("10.200.0.0/24")
    apart = Vnet("apart", (prefix,), (Subnet("alone", "apart", (Prefix(prefix.value, 26),)),), region="r")
    return replace(network, vnets={**network.vnets, "apart": apart})


def _a_table_each(network: Network, random: Random) -> Network:
    """Return the network in which subnets share no table: each has a copy of its own."""
    tables = dict(network.route_tables)
    vnets = {}
    for name, vnet in network.vnets.items():
        subnets = []
        for subnet in vnet.subnets:
            if subnet.route_table is not None:
                own = f"{subnet.route_table}-of-{name}-{subnet.name}"
                tables[own] = replace(network.route_tables[subnet.route_table], name=own)
                subnet = replace(subnet, route_table=own)
            subnets.append(subnet)
        vnets[name] = replace(vnet, subnets=tuple(subnets))
    return replace(network, vnets=vnets, route_tables=tables)


# -- addresses --------------------------------------------------------------------------------------------


def _moved(case: Case, random: Random) -> Changed | None:
    """Move what lies in one quarter of 10.0.0.0/8 to the next, and what lies there to the first."""
    rewriting = Rewriting(address=_moved_address, addresses=_moved_addresses)
    network = rewriting.of(case.network)
    if network == case.network:
        return None
    return Changed(case, replace(case, network=network, claim=rewriting.of(case.claim)), rewriting)


def _moved_address(address: int) -> int:
    return address ^ _MOVED if address in _LOW or address in _HIGH else address


def _moved_addresses(addresses: IntervalSet) -> IntervalSet:
    up = IntervalSet(tuple(Interval(i.low + _MOVED, i.high + _MOVED) for i in addresses & _LOW))
    down = IntervalSet(tuple(Interval(i.low - _MOVED, i.high - _MOVED) for i in addresses & _HIGH))
    return (addresses - _LOW - _HIGH) | up | down


def _same(name: str, change: Callable[[Network, Random], Network | None]) -> Law:
    return Law(name, Relation.SAME, _with_network(change), in_every_world=True)


WRITING = (
    Law("names play no part", Relation.SAME, _renamed),
    Law("addresses may be moved together", Relation.SAME, _moved),
    # A peering that is down is called by its first half, so that a world says another thing of another order.
    Law("the order of declarations plays no part", Relation.SAME, _with_network(_declared_in_another_order)),
    _same("the order of subnets plays no part", _subnets_in_another_order),
    _same("the order of ranges plays no part", _ranges_in_another_order),
    _same("rules go by priority, not by line", _rules_in_another_order),
    _same("routes go by prefix, not by line", _routes_in_another_order),
    _same("the order of a group's members plays no part", _members_in_another_order),
    _same("what is written is read as the same", _read_again),
    _same("lists that nothing has play no part", _with_idle_lists),
    _same("a network that nothing joins plays no part", _with_a_network_apart),
    _same("who shares a route table plays no part", _a_table_each),
)
