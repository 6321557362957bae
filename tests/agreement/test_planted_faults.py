"""A fault planted in one engine is noticed by the comparison that `test_agreement` makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from tests.agreement.campaigns import GENERATE, for_each
from vnetverify.encoder import filters as encoder_filters
from vnetverify.header import Interval
from vnetverify.model.network import Subnet
from vnetverify.model.security import Direction, Nsg, SecurityRule
from vnetverify.prover.solver import Solver
from vnetverify.simulator import candidates, filters, journey, pools, routes, sending, situation
from vnetverify.simulator.addressing import Packet
from vnetverify.simulator.claims import violates
from vnetverify.simulator.situation import Situation
from vnetverify.testing.agreement import opened
from vnetverify.testing.estates import networks
from vnetverify.testing.sentences import claims
from vnetverify.testing.strategies import flows_of
from vnetverify.testing.switches import EVERY_CONSTRUCT, Construct
from vnetverify.testing.worlds import worlds

NETWORKS = 800
Fault = Callable[[pytest.MonkeyPatch], None]


class Disagreement(Exception):
    """The engines say different things about a flow."""


def compare(solver: Solver, constructs: frozenset[Construct]) -> None:
    """Ask both engines about drawn flows until they differ. Raises `Disagreement` then."""

    def engines_agree(data: st.DataObject) -> None:
        network = data.draw(networks(constructs))
        claim = data.draw(claims(network, constructs))
        world = data.draw(worlds(network, claim))
        encoded = opened(network, claim, solver)
        for _ in range(6):
            origin, flow = data.draw(flows_of(network, claim, world))
            allowed = encoded.violation(origin, flow, world)
            if allowed and allowed != {violates(network, claim, origin, flow, world) is not None}:
                raise Disagreement

    for_each(NETWORKS, engines_agree, GENERATE, data=st.data())


def inbound_and_outbound_swapped(patch: pytest.MonkeyPatch) -> None:
    right = filters.rules_of

    def swapped(nsg: Nsg, direction: Direction) -> Sequence[SecurityRule]:
        return right(nsg, Direction.OUTBOUND if direction is Direction.INBOUND else Direction.INBOUND)

    patch.setattr(filters, "rules_of", swapped)


def a_default_rule_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(filters, "DEFAULT_RULES", tuple(r for r in filters.DEFAULT_RULES if r.name != "AllowVNetInBound"))


@dataclass(frozen=True)
class Ordered:
    """Candidates in an order of somebody's own."""

    routes: tuple[routes.Route, ...]

    def meeting(self, addresses: Interval) -> Iterator[routes.Route]:
        return (r for r in self.routes if r.prefix.value <= addresses.high and addresses.low <= r.prefix.last)


def a_tie_broken_the_other_way(patch: pytest.MonkeyPatch) -> None:
    right = routes.candidates

    def reversed_ranks(situation: Situation, subnet: Subnet) -> Ordered:
        ordered = right(situation, subnet)
        return Ordered(
            tuple(sorted(ordered, key=lambda r: (-r.prefix.length, r.prefix.value, *(-rank for rank in r.rank))))
        )

    patch.setattr(routes, "candidates", reversed_ranks)
    _without_explanation(patch)


def the_longest_match_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = routes.candidates

    def shortest_first(situation: Situation, subnet: Subnet) -> Ordered:
        return Ordered(tuple(sorted(right(situation, subnet), key=lambda route: route.prefix.length)))

    patch.setattr(routes, "candidates", shortest_first)
    _without_explanation(patch)


def _without_explanation(patch: pytest.MonkeyPatch) -> None:
    """Keep the walk from asking why a route won that should not have: that is not how a fault is to be noticed."""
    patch.setattr(sending, "_deciding_rule", lambda *_: "")


def replies_judged_as_new(patch: pytest.MonkeyPatch) -> None:
    def judged_always(
        self: journey.Journey, interface: filters.Interface, direction: Direction, seen: Packet | None = None
    ) -> object:
        if self.unfiltered:
            return None
        judgement = filters.judge_at(self.situation, interface, direction, seen or self.packet, self.is_reply)
        return self.judged(interface, judgement)

    patch.setattr(journey.Journey, "filter", judged_always)


def default_rules_ignored_by_the_encoder(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(encoder_filters._DEFAULTS, Direction.INBOUND, ())


def a_route_server_that_leaves_ipv6_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(journey.Journey, "drop_without_ipv6", lambda *_: None)


def frontends_that_take_every_packet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pools, "_takes", lambda *_: True)


def private_endpoints_without_routes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(candidates, "endpoint_routes", lambda *_: ())


def announcements_of_sites_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(situation, "with_announcements", lambda network, _: network)


# What a fault that is seldom met is looked for in: networks with nothing beside what it is about.
ALONE: Mapping[Fault, frozenset[Construct]] = {
    frontends_that_take_every_packet: frozenset({Construct.LOAD_BALANCERS}),
    private_endpoints_without_routes: frozenset({Construct.PRIVATE_ENDPOINTS}),
}


@pytest.mark.parametrize(
    "fault",
    [
        inbound_and_outbound_swapped,
        a_default_rule_ignored,
        a_tie_broken_the_other_way,
        the_longest_match_forgotten,
        replies_judged_as_new,
        default_rules_ignored_by_the_encoder,
        a_route_server_that_leaves_ipv6_alone,
        frontends_that_take_every_packet,
        private_endpoints_without_routes,
        announcements_of_sites_ignored,
    ],
    ids=lambda fault: fault.__name__,
)
def test_a_planted_fault_is_noticed(fault: Fault, solver: Solver, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch)

    with pytest.raises(Disagreement):
        compare(solver, ALONE.get(fault, EVERY_CONSTRUCT))
