"""Laws of sentences: what follows from what, by the words alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.agreement.laws.law import Case, Changed, Law, Relation
from vnetverify.header import Interval, IntervalSet
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Failures, Verb
from vnetverify.model.network import LinkState, Network, Service

_ChangeOfClaim = Callable[[Claim, Random], Claim | None]


def _of_claim(change: _ChangeOfClaim) -> Callable[[Case, Random], Changed | None]:
    """Return the change of a case whose claim alone changes."""

    def changed(case: Case, random: Random) -> Changed | None:
        claim = change(case.claim, random)
        return None if claim is None or claim == case.claim else Changed(case, replace(case, claim=claim))

    return changed


def _between(before: Verb, after: Verb) -> Callable[[Case, Random], Changed | None]:
    """Return the change of a sentence with one verb to the same with another; the devices are some of the network."""

    def changed(case: Case, random: Random) -> Changed | None:
        devices = (*case.network.machines, *case.network.gateways)
        if not devices:
            return None
        plain = replace(case.claim, expected_hop=None, expected_egress=None, limit=None, excused=(), arriving=None)
        first = replace(plain, verb=before, via=(random.choice(devices),))
        return Changed(replace(case, claim=first), replace(case, claim=replace(first, verb=after)))

    return changed


# -- parts ------------------------------------------------------------------------------------------------


def _said_twice(claim: Claim, random: Random) -> Claim:
    return replace(claim, pairs=claim.pairs * 2)


def _service_in_parts(claim: Claim, random: Random) -> Claim:
    parts = [(protocol, half) for protocol, ports in claim.service.parts for half in _halves(ports)]
    return replace(claim, service=Service(claim.service.name, tuple(parts)))


def _halves(ports: IntervalSet) -> tuple[IntervalSet, ...]:
    if ports.size < 2:
        return (ports,)
    first = ports.intervals[0]
    middle = (first.low + ports.intervals[-1].high) // 2
    lower = ports & IntervalSet((Interval(0, middle),))
    return tuple(half for half in (lower, ports - lower) if half)


def _of_fewer_ports(claim: Claim, random: Random) -> Claim:
    parts = tuple((protocol, random.choice(_halves(ports))) for protocol, ports in claim.service.parts)
    return replace(claim, service=Service(claim.service.name, parts))


def _of_fewer_senders(claim: Claim, random: Random) -> Claim:
    return replace(claim, pairs=tuple((_part(left, random), right) for left, right in claim.pairs))


def _of_fewer_receivers(claim: Claim, random: Random) -> Claim | None:
    if claim.verb is Verb.SOMETIMES_REACHES:
        return (
            None  # of several places that one address may be, the flow that shows it may end at another (I-SOMETIMES)
        )
    return replace(claim, pairs=tuple((left, _part(right, random)) for left, right in claim.pairs))


def _part(endpoints: EndpointSet, random: Random) -> EndpointSet:
    """Return one place of several, or the lower half of one place's addresses."""
    place, addresses = random.choice(endpoints.parts)
    if len(endpoints.parts) > 1:
        return EndpointSet(((place, addresses),))
    first = addresses.intervals[0]
    return EndpointSet(((place, IntervalSet((Interval(first.low, (first.low + first.high) // 2),))),))


# -- conditions -------------------------------------------------------------------------------------------


def _under_fewer_failures(claim: Claim, random: Random) -> Claim | None:
    if claim.failures is None:
        return None
    kinds = claim.failures.kinds
    if len(kinds) > 1 and random.random() < 0.5:
        return replace(claim, failures=Failures(claim.failures.most, frozenset(sorted(kinds, key=str)[1:])))
    fewer = claim.failures.most - 1
    return replace(claim, failures=Failures(fewer, kinds) if fewer else None)


def _whatever_less_is_announced(claim: Claim, random: Random) -> Claim | None:
    if claim.advertising is None or len(claim.advertising.within) < 2:
        return None
    return replace(claim, advertising=replace(claim.advertising, within=claim.advertising.within[:1]))


def _by_a_looser_limit(claim: Claim, random: Random) -> Claim | None:
    match claim.verb, claim.limit:
        case Verb.CROSSES_AT_MOST, int(most):
            return replace(claim, limit=most + 1)
        case Verb.BOTTLENECK, int(least):
            return replace(claim, limit=least // 2)
        case _:
            return None


def _with_another_device(case: Case, random: Random) -> Changed | None:
    """Allow one more way, or forbid one less."""
    claim, devices = case.claim, (*case.network.machines, *case.network.gateways)
    if claim.verb is Verb.ONLY_VIA:
        return Changed(case, replace(case, claim=replace(claim, via=devices)))
    if claim.verb is Verb.NOT_VIA and len(devices) > 1:
        return Changed(replace(case, claim=replace(claim, via=devices)), case)
    if claim.verb is Verb.NOT_TRANSITIVE:
        return Changed(case, replace(case, claim=replace(claim, excused=devices)))
    return None


def _as_documented(case: Case, random: Random) -> Changed:
    return Changed(case, replace(case, documented=True))


def _with_facts_assumed(case: Case, random: Random) -> Changed:
    kinds = random.sample(("U-DOA", "U-AVNA", "U-R-UDR-8", "U-R-PEER-16", "U-STATEFUL", "U-FORWARDS", "U-SKU"), 3)
    return Changed(case, replace(case, assumed={kind: random.random() < 0.5 for kind in kinds}))


# -- less of the network ----------------------------------------------------------------------------------


def _never(change: Callable[[Network, Random], Network | None]) -> Callable[[Case, Random], Changed | None]:
    """Return the change of a case about absence whose network changes."""

    def changed(case: Case, random: Random) -> Changed | None:
        claim = replace(case.claim, verb=Verb.NEVER_REACHES, via=(), excused=(), limit=None, expected_hop=None)
        network = change(case.network, random)
        if network is None or network == case.network:
            return None
        before = replace(case, claim=replace(claim, expected_egress=None))
        return Changed(before, replace(before, network=network))

    return changed


def _over_peerings_alone(change: Callable[[Network], Network]) -> Callable[[Case, Random], Changed | None]:
    """Return the change of a case about absence in a network whose parts nothing joins but peerings.

    What a peering gives to tags, and hides of other routes, is no part of the law; so there are neither.
    """

    def changed(case: Case, random: Random) -> Changed | None:
        if case.network.load_balancers or case.network.private_endpoints or not case.network.peerings:
            return None
        if any(place == INTERNET for _, right in case.claim.pairs for place, _ in right.parts):
            return None  # what no longer goes to a peer in public space may leave for the Internet
        bare = replace(case, network=_bare(case.network))
        return _never(lambda network, random: change(network))(bare, random)

    return changed


def _bare(network: Network) -> Network:
    vnets = {
        name: replace(vnet, subnets=tuple(replace(s, nsg=None, route_table=None) for s in vnet.subnets))
        for name, vnet in network.vnets.items()
    }
    machines = {
        name: replace(m, nics=tuple(replace(nic, nsg=None) for nic in m.nics)) for name, m in network.machines.items()
    }
    plain = tuple(replace(h, use_remote_gateways=False, allow_gateway_transit=False) for h in network.peerings)
    return replace(
        network,
        vnets=vnets,
        machines=machines,
        peerings=plain,
        gateways={},
        connections=(),
        connected_groups=(),
        route_servers=(),
        admin_rules=(),
    )


def _without_peerings(network: Network) -> Network:
    return replace(network, peerings=())


def _disconnected(network: Network) -> Network:
    return replace(network, peerings=tuple(replace(h, state=LinkState.DISCONNECTED) for h in network.peerings))


def _nothing_forwarded(network: Network, random: Random) -> Network | None:
    if network.load_balancers or network.private_endpoints:
        return None
    return replace(network, peerings=tuple(replace(h, allow_forwarded_traffic=False) for h in network.peerings))


def _no_default_outbound(network: Network, random: Random) -> Network:
    vnets = {
        name: replace(vnet, subnets=tuple(replace(s, default_outbound=False) for s in vnet.subnets))
        for name, vnet in network.vnets.items()
    }
    return replace(network, vnets=vnets)


SAYING = (
    Law("a pair said twice is said", Relation.SAME, _of_claim(_said_twice), in_every_world=True),
    Law("a service is its parts", Relation.SAME, _of_claim(_service_in_parts), in_every_world=True),
    Law("of fewer ports no more is said", Relation.NO_MORE, _of_claim(_of_fewer_ports), in_every_world=True),
    Law("of fewer senders no more is said", Relation.NO_MORE, _of_claim(_of_fewer_senders), in_every_world=True),
    Law("of fewer receivers no more is said", Relation.NO_MORE, _of_claim(_of_fewer_receivers), in_every_world=True),
    Law("fewer failures break no more", Relation.NO_MORE, _of_claim(_under_fewer_failures)),
    Law("fewer announcements break no more", Relation.NO_MORE, _of_claim(_whatever_less_is_announced)),
    Law("a looser limit is kept by more", Relation.NO_MORE, _of_claim(_by_a_looser_limit), in_every_world=True),
    Law("more devices on the way are allowed to more", Relation.NO_MORE, _with_another_device, in_every_world=True),
    Law("what is proved is proved as documented", Relation.NO_MORE, _as_documented),
    Law("what is proved is proved whatever is assumed", Relation.NO_MORE, _with_facts_assumed),
    Law("what reaches symmetrically reaches", Relation.NO_MORE, _between(Verb.REACHES_SYMMETRICALLY, Verb.REACHES), in_every_world=True),
    Law("what never reaches does not by a device", Relation.NO_MORE, _between(Verb.NEVER_REACHES, Verb.NOT_VIA), in_every_world=True),
    Law("what never reaches does only by a device", Relation.NO_MORE, _between(Verb.NEVER_REACHES, Verb.ONLY_VIA), in_every_world=True),
    Law("what reaches is not lost on the way", Relation.NO_MORE, _between(Verb.REACHES, Verb.LOSES_NO_PACKETS), in_every_world=True),
    Law("without peerings no more gets there", Relation.NO_MORE, _over_peerings_alone(_without_peerings)),
    Law("over peerings that are not connected no more gets there", Relation.NO_MORE, _over_peerings_alone(_disconnected)),
    Law("without forwarded traffic no more gets there", Relation.NO_MORE, _never(_nothing_forwarded)),
    Law("without default outbound no more gets there", Relation.NO_MORE, _never(_no_default_outbound)),
)  # fmt: skip
