"""Strategies for what a claim is about: ends and a service so near to one flow that the claim is about something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.header import ALL_PORTS, Flow, Interval, IntervalSet, Prefix, host_prefix
from vnetverify.model.endpoints import Endpoints
from vnetverify.model.intents import Claim, EndpointSet, Place, PlaceKind
from vnetverify.model.network import Network, Service
from vnetverify.prover.verdict import Witness
from vnetverify.simulator.claims import in_question, violates
from vnetverify.simulator.positions import Dropped
from vnetverify.simulator.walk import Conversation, converse
from vnetverify.testing.strategies import flows
from vnetverify.testing.worlds import world_of_documents

Pair = tuple[EndpointSet, EndpointSet]


@dataclass(frozen=True, slots=True)
class Aim:
    """Both ends and the service of a claim; `example` is the flow that they were drawn around, if one was."""

    pair: Pair
    service: Service
    example: Witness | None = None


@st.composite
def aims(draw: DrawFn, network: Network, answered: bool) -> Aim:
    """Draw ends and a service around a flow: one that is `answered`, else perhaps one that a filter stops.

    Where no flow of a few is of the kind, around whatever flow came first; from its sender to everybody if one was
    to be `answered`, since claims about ways say nothing where nothing is delivered.
    """
    world = world_of_documents(network)
    wanted = _is_answered if answered or draw(st.booleans()) else _is_stopped_by_a_filter
    drawn = draw(st.lists(flows(network, world), min_size=3, max_size=6))
    found = next((one for one in drawn if wanted(converse(network, *one, world))), None)
    origin, flow = found or drawn[0]
    if found is None and answered:
        to_everybody = draw(_senders(network, origin, flow)), Endpoints(network).everywhere()
        return Aim(to_everybody, Service("drawn", ((None, ALL_PORTS),)))
    port = Interval(flow.destination_port, flow.destination_port)
    ports = draw(st.sampled_from((IntervalSet((port,)), IntervalSet((port,)), ALL_PORTS)))
    pair = draw(_senders(network, origin, flow)), draw(_receivers(network, flow))
    service = Service("drawn", ((flow.protocol, ports if flow.has_ports else ALL_PORTS),))
    return Aim(pair, service, Witness(origin, flow, world))


@st.composite
def fitting(draw: DrawFn, network: Network, aim: Aim, candidates: Sequence[Claim]) -> Claim:
    """Draw one of the claims, more often than not one that the flow of the aim obeys."""
    example = aim.example
    if example is not None and draw(st.integers(0, 3)) > 0:
        obeyed = [claim for claim in candidates if _obeys(network, claim, example)]
        candidates = obeyed or candidates
    return draw(st.sampled_from(candidates))


def _obeys(network: Network, claim: Claim, example: Witness) -> bool:
    asked = in_question(network, claim, example.origin, example.flow, example.world)
    return asked and violates(network, claim, example.origin, example.flow, example.world) is None


@st.composite
def _senders(draw: DrawFn, network: Network, origin: Place, flow: Flow) -> EndpointSet:
    """Draw the sender alone, or all of its subnet."""
    alone = EndpointSet(((origin, IntervalSet((Interval(flow.source, flow.source),))),))
    if origin.kind != PlaceKind.SUBNET.value or draw(st.booleans()):
        return alone
    return Endpoints(network).of_subnet(network.subnet(origin.name)) or alone


@st.composite
def _receivers(draw: DrawFn, network: Network, flow: Flow) -> EndpointSet:
    """Draw who has the address that the flow is for, or a subnet around it; everybody where nobody has it."""
    known = Endpoints(network)
    holder = known.in_prefix(host_prefix(flow.destination))
    around = [known.of_subnet(s) for s in network.subnets() if any(_holds(p, flow.destination) for p in s.prefixes)]
    return draw(st.sampled_from([each for each in (holder, holder, *around) if each] or [known.everywhere()]))


def _is_answered(conversation: Conversation) -> bool:
    return conversation.established


def _is_stopped_by_a_filter(conversation: Conversation) -> bool:
    outcome = conversation.forward.outcome
    return isinstance(outcome, Dropped) and outcome.rule.startswith(("F-NSG", "F-DEF", "F-ADM"))


def _holds(prefix: Prefix, address: int) -> bool:
    return prefix.value <= address <= prefix.last
