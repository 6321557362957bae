"""A claim written as a sentence again, and the text of a network with it: what a bug report or a regression needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from vnetverify.header import (
    LAST_PORT,
    PROTOCOL_NAMES,
    TCP,
    UDP,
    Family,
    Interval,
    IntervalSet,
    address_text,
    prefixes_of,
)
from vnetverify.model.endpoints import Endpoints
from vnetverify.model.intents import INTERNET, Advertising, Claim, EndpointSet, Failures, PlaceKind, Verb
from vnetverify.model.network import Network, Service
from vnetverify.prover.verdict import Witness
from vnetverify.syntax.read import read_text
from vnetverify.syntax.words import written
from vnetverify.syntax.write import write
from vnetverify.testing.rewriting import renaming, without_texts
from vnetverify.testing.trial import Difference

_MOST_PREFIXES, _MOST_FACTS = 64, 200


def reproducer(network: Network, claim: Claim, difference: Difference, anonymous: bool = False) -> str:
    """Return a text that holds the network and the claim, with what differs as a comment.

    An `anonymous` one has other names, and nothing that the network only says.
    """
    if anonymous:
        network, claim, difference = _renamed(without_texts(network), claim, difference)
    said = [f"# {line}" for line in _said(claim, difference)]
    sentence = sentence_of(network, claim)
    text = write(network)
    whole = f"{text}\nintent differs {{ {sentence} }}\n"
    if not _reads_back(whole, claim):
        said.append(f"# the sentence is only near to the claim, which is {_exact(claim)}")
    return "\n".join((*said, whole))


def _renamed(network: Network, claim: Claim, difference: Difference) -> tuple[Network, Claim, Difference]:
    rewriting = renaming(network, lambda number: f"n{number}")
    example = None if difference.example is None else rewriting.of_witness(difference.example)
    told = replace(difference, what=rewriting.of_prose(difference.what), example=example)
    return rewriting.of(network), rewriting.of(claim), told


def _said(claim: Claim, difference: Difference) -> Iterator[str]:
    yield "the two engines of vnetverify differ: this is a bug of vnetverify"
    yield from str(difference).splitlines()
    if difference.example is not None:
        yield from _world(difference.example)
    if claim.arriving is not None:
        yield "the claim is about what arrives as its service, and is sent otherwise"
    if claim.unfiltered:
        yield "the claim is asked as if every filter and every declared policy allowed"


def _world(example: Witness) -> Iterator[str]:
    world = example.world
    facts = (f"{name} = {str(value).lower()}" for name, value in sorted(_listed(world.facts)))
    yield from islice(facts, _MOST_FACTS)
    yield from (f"{name} has {address_text(address)}" for name, address in _listed(world.addresses))
    for name, prefixes in sorted(world.advertised.items()):
        yield f"{name} announces {', '.join(map(str, prefixes)) or 'nothing'}"


def _listed(values: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return what a mapping lists of itself: one that has a value for every name lists what is fixed alone."""
    return [(name, values[name]) for name in values]


def _reads_back(text: str, claim: Claim) -> bool:
    intents = read_text(text).intents
    read = [said for intent in intents for said in intent.claims if isinstance(said, Claim)]
    return [(one.verb, _parts(one), one.service.parts, one.failures, one.advertising) for one in read] == [
        (claim.verb, _parts(claim), claim.service.parts, claim.failures, claim.advertising)
    ]


def _parts(claim: Claim) -> list[tuple[object, object]]:
    return [(left.parts, right.parts) for left, right in claim.pairs]


def _exact(claim: Claim) -> str:
    pairs = (f"{_places(left)} and {_places(right)}" for left, right in claim.pairs)
    return f"`{claim.verb.value}` between {'; between '.join(pairs)}"


def _places(endpoints: EndpointSet) -> str:
    return ", ".join(
        f"{place.kind} {place.name} at {' '.join(_interval(interval) for interval in addresses)}"
        for place, addresses in endpoints.parts
    )


def _interval(interval: Interval) -> str:
    return f"{address_text(interval.low)}-{address_text(interval.high)}"


# -- sentences --------------------------------------------------------------------------------------------


def sentence_of(network: Network, claim: Claim) -> str:
    """Return the claim as a sentence; sets without a name are written as prefixes, which may say more."""
    known = Endpoints(network)
    left, right = (_named(known, network, (pair[side] for pair in claim.pairs)) for side in (0, 1))
    asked = _service(claim.service)
    on = f" on {asked}" if asked else ""
    via = ", ".join(map(written, claim.via))
    sentence = {
        Verb.REACHES: f"{left} reaches {right}{on}",
        Verb.REACHES_SYMMETRICALLY: f"{left} reaches {right}{on} symmetrically",
        Verb.LOSES_NO_PACKETS: f"{left} loses no packets to {right}{on}",
        Verb.SOMETIMES_REACHES: f"{left} sometimes reaches {right}{on}",
        Verb.NEVER_REACHES: f"{left} never reaches {right}{on}",
        Verb.ONLY_VIA: f"{left} reaches {right}{on} only via {via}",
        Verb.NOT_VIA: f"{left} reaches {right}{on} not via {via}",
        Verb.NOT_TRANSITIVE: f"{left} not transitive through {via}",
        Verb.NEXT_HOP: f"next hop of {left} to {right} is {_hop(claim)}",
        Verb.GATEWAY: f"gateway of {left} to {right} is {_hop(claim).removeprefix('gateway ')}",
        Verb.BOTTLENECK: f"bottleneck of {left} to {right}{on} at least {(claim.limit or 0) // 10**6} Mbps",
        Verb.LOCAL_LATENCY: f"latency of {left} to {right}{on} is local",
        Verb.CROSSES_AT_MOST: f"{left} reaches {right}{on} over at most {claim.limit} peerings",
        Verb.EGRESS: f"egress of {left} to {right}{on} is {_egress(claim)}",
    }[claim.verb]
    if claim.excused:
        sentence += f" except via {', '.join(map(written, claim.excused))}"
    return " ".join((sentence, *_conditions(claim.failures, claim.advertising)))


def _conditions(failures: Failures | None, advertising: Advertising | None) -> Iterator[str]:
    if advertising is not None:
        yield f"whatever {written(advertising.site)} advertises within {', '.join(map(str, advertising.within))}"
    if failures is not None:
        yield f"under any {failures.most} failures of {', '.join(sorted(kind.value for kind in failures.kinds))}"


def _hop(claim: Claim) -> str:
    hop = claim.expected_hop
    return "" if hop is None else f"{hop.kind.value}{'' if hop.name is None else f' {written(hop.name)}'}"


def _egress(claim: Claim) -> str:
    egress = claim.expected_egress
    return "" if egress is None else f"{egress.kind.value}{'' if egress.name is None else f' {written(egress.name)}'}"


def _named(known: Endpoints, network: Network, sets: Iterable[EndpointSet]) -> str:
    terms = dict.fromkeys(term for each in sets for term in _terms(known, network, each))
    return ", ".join(terms) or "internet"


def _terms(known: Endpoints, network: Network, endpoints: EndpointSet) -> Iterator[str]:
    """Yield names where they stand for a whole part, and prefixes for what is left."""
    subnets = {subnet.id: subnet for subnet in network.subnets()}
    for place, addresses in endpoints.parts:
        if place == INTERNET and addresses == known.of_internet().at(INTERNET):
            yield "internet"
        elif place.kind == PlaceKind.SITE.value and addresses == known.of_site(network.sites[place.name]).at(place):
            yield written(place.name)
        elif place.name in subnets and addresses == known.of_subnet(subnets[place.name]).at(place):
            yield ".".join(map(written, place.name.split(".", 1)))
        elif place.kind == PlaceKind.PUBLIC.value and "/" in place.name:
            yield ".".join(map(written, place.name.split("/", 1)))
        else:
            yield from islice((str(prefix) for prefix in prefixes_of(addresses)), _MOST_PREFIXES)


def _service(service: Service) -> str:
    return ", ".join(part for protocol, ports in service.parts for part in _asked(protocol, ports))


def _asked(protocol: int | None, ports: IntervalSet) -> Iterator[str]:
    """Yield how a part of a service is written; nothing where it is every packet."""
    name = "any" if protocol is None else PROTOCOL_NAMES.get(protocol, str(protocol))
    if protocol == Family.IPV6.icmp:
        name = "icmp"
    if protocol in (TCP, UDP) and ports.intervals != (Interval(0, LAST_PORT),):
        yield from (f"{name}/{interval.low}-{interval.high}" for interval in ports)
    elif protocol is not None:
        yield name
