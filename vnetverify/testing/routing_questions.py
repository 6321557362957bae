"""The questions of the routing format: next hops and tables, what is carried, what gateways say, what is accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vnetverify.header import TCP, Prefix, family_of, parse_address, parse_prefix
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Network
from vnetverify.testing.questions import (
    Addresses,
    Announced,
    Answer,
    Asked,
    Carried,
    Contested,
    EffectiveRoutes,
    End,
    GatewayOf,
    Hop,
    Hops,
    IsValid,
    Learned,
    Name,
    NextHop,
    Passage,
    Prefixes,
    Question,
    Reserved,
    Table,
    Validity,
    interface,
    new_flow,
    shown_hop,
)
from vnetverify.testing.records import NotApplicable, Record, answer_of, atoms_of, facts_of, fixed_atoms
from vnetverify.testing.vector_balancers import entrances

PORT = 443  # the format asks about no service: filters and policies of its networks let everything pass


def asked_of(vector: Mapping[str, Any], network: Network) -> Asked | Contested:
    """Return what a routing vector asks, with the atoms that its rules name where its answer is contested."""
    answer = _answer_of(vector)
    question = _question(vector, answer, network)
    facts = facts_of(fixed_atoms(vector), network)
    must, may, value = answer.take("must"), answer.take("may"), answer.take("value")
    if must is None and may is None:
        asked: Asked | Contested = Asked(question, _answer(question, answer, network), facts)
    else:
        must, may = (value if reading is None else reading for reading in (must, may))
        if type(must) is not bool or type(may) is not bool or value not in (None, must, may):
            raise NotApplicable("malformed: a contested answer without its two readings")
        if answer.has("path"):
            raise NotApplicable("the path of what is contested")
        asked = Contested(question, must, may, atoms_of(vector), facts)
    answer.finish()
    return asked


def _answer_of(vector: Mapping[str, Any]) -> Record:
    """Return the answer, which may be the list of a table's lines alone."""
    answer = vector["answer"]
    return answer_of({"answer": {"routes": answer}} if isinstance(answer, list) else vector)


def _question(vector: Mapping[str, Any], answer: Record, network: Network) -> Question:
    record = Record(vector["question"], "question")
    kind, origin = record.need("kind"), record.take("from")
    question: Question
    if vector.get("ignore_prefixes") and kind != "effective_routes":
        raise NotApplicable("`ignore_prefixes` of what is no table")
    match kind:
        case "next_hop":
            question = NextHop(_subnet_id(origin, network), parse_address(record.need("dst")))
        case "gateway_for":
            question = GatewayOf(_subnet_id(origin, network), parse_address(record.need("dst")))
        case "effective_routes":
            places = (record, answer, Record(vector, "vector"))
            ignored = tuple(parse_prefix(text) for place in places for text in place.take("ignore_prefixes", ()))
            question = EffectiveRoutes(_subnet_id(origin, network), ignored)
        case "deliver" | "converse":
            start, end = _ends(origin, record.need("to"), network)
            flow = new_flow(TCP, start.address, end.address, PORT)
            question = Carried(start, end, flow, answered=kind == "converse")
            _refuse_other_ends(answer.take("path"), origin, record.need("to"))
        case "valid_config":
            question = IsValid()
        case "gateway_advertises":
            question = Announced(network.gateways[record.need("gateway")].name)
        case "bgp_accepts":
            question = Learned(network.gateways[record.need("gateway")].name, parse_prefix(record.need("prefix")))
        case "reserved_addresses":
            question = Reserved(_subnet_id(origin, network))
        case _:
            raise NotApplicable(f"questions of kind `{kind}`")
    record.finish()
    return question


def _subnet_id(origin: Any, network: Network) -> str:
    if isinstance(origin, str):
        return interface(network, origin).subnet_id
    place = Record(origin, "place in `from`")
    subnet = network.subnet(f"{place.need('vnet')}.{place.need('subnet')}").id
    place.finish()
    return subnet


def _refuse_other_ends(path: list[str] | None, origin: str, target: str) -> None:
    """Refuse a path that does not lead from one end to the other, each called as the question does or by its site."""
    if path is not None and [end.partition(":")[0] for end in (path[0], path[-1])] != [
        end.partition(":")[0] for end in (origin, target)
    ]:
        raise NotApplicable(f"malformed: a path that does not lead from `{origin}` to `{target}`")


def _ends(origin: str, target: str, network: Network) -> tuple[End, End]:
    """Return the two ends, with the first addresses that are of one family. Raises `NotApplicable`."""
    for end in _possible_ends(target, network):
        for start in _possible_ends(origin, network):
            if family_of(start.address) is family_of(end.address):
                return start, end
    raise NotApplicable("malformed: two ends without addresses of one family")


def _possible_ends(text: str, network: Network) -> list[End]:
    name, is_site, address = text.partition(":")
    if is_site:
        if name not in network.sites:
            raise NotApplicable(f"malformed: there is no site `{name}`")
        return [End(Place(PlaceKind.SITE.value, network.sites[name].name), parse_address(address))]
    if name in network.private_endpoints:
        endpoint = network.private_endpoints[name]
        held, subnet = endpoint.addresses, endpoint.subnet_id
    elif name in network.load_balancers:
        return [end for _, end in entrances(network.load_balancers[name])]
    else:
        nic = interface(network, name)
        held, subnet = nic.addresses, nic.subnet_id
    return [End(Place(PlaceKind.SUBNET.value, subnet), address) for address in held]


def _answer(question: Question, answer: Record, network: Network) -> Answer:
    match question:
        case NextHop():
            several = answer.records("any_of", "hop")
            return Hops(tuple(_hop(hop, network) for hop in several or [answer]))
        case EffectiveRoutes(subnet, ignored):
            lines = answer.records("routes", "route")
            if not lines:
                raise NotApplicable("an answer without `routes`")
            return _table(lines, subnet, ignored, network)
        case GatewayOf():
            return Name(answer.take("gateway"))
        case Carried():
            return Passage(answer.need("value"), _forwarders(answer.take("path")))
        case IsValid():
            return Validity(answer.need("value"), tuple(answer.take("violates", ())))
        case Announced():
            return Prefixes(frozenset(parse_prefix(text) for text in answer.need("prefixes")))
        case Learned():
            return Passage(answer.need("value"))
        case Reserved():
            return Addresses(frozenset(parse_address(text) for text in answer.need("addresses")))
        case _:
            raise NotApplicable("an answer to another question")


def _forwarders(path: list[str] | None) -> tuple[str, ...] | None:
    return None if path is None else tuple(path[1:-1])


def _table(lines: Sequence[Record], subnet: str, ignored: tuple[Prefix, ...], network: Network) -> Table:
    states: dict[str, set[Hop]] = {"active": set(), "invalid": set()}
    for line in lines:
        state, name = line.take("state", "Active"), line.take("name")
        hop = _hop(line, network)
        if state.casefold() not in states:
            raise NotApplicable(f"a route in state `{state}`")
        if name is not None and (name, hop.prefix) not in _user_routes(network, subnet):
            raise NotApplicable(f"malformed: no user route `{name}` for {hop.prefix}")
        if hop.prefix not in ignored:
            states[state.casefold()].add(hop)
    return Table(frozenset(states["active"]), frozenset(states["invalid"]))


def _user_routes(network: Network, subnet: str) -> set[tuple[str, Prefix]]:
    table = network.subnet(subnet).route_table
    return {(route.name, route.prefix) for route in network.route_tables[table].routes} if table else set()


def _hop(record: Record, network: Network) -> Hop:
    """Return the hop; one to a gateway at an address is one to the appliance there, as portals show it (R-GW-19)."""
    shown, source = _either(record, "type", "next_hop_type"), _either(record, "route_source", "source")
    address, gateway = record.take("ip") or record.take("next_hop_ip"), record.take("gateway")
    if shown.casefold() == "virtualnetworkgateway" and address is not None:
        if parse_address(address) not in _told_by_route_servers(network):
            raise NotApplicable(f"a gateway at the address {address}, which this format does not tell of gateways")
        shown = "BgpNva"
    hop = shown_hop(shown, parse_prefix(record.need("prefix")), source, address or gateway)
    record.finish()
    return hop


def _either(record: Record, key: str, other: str) -> str:
    value = record.take(key) or record.take(other)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]  # `source` is a list elsewhere
    if not isinstance(value, str):
        raise NotApplicable(f"a hop without `{key}`")
    return value


def _told_by_route_servers(network: Network) -> set[int]:
    """Return the next hops of what appliances tell Route Servers."""
    hops = set()
    for peer in (peer for server in network.route_servers for peer in server.peers):
        own = (address for nic in network.nics() if nic.machine == peer.machine for address in nic.addresses)
        hops |= set(own) if peer.next_hop is None else {peer.next_hop}
    return hops
