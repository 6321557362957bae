"""What the encoding says of the filters at interfaces and private endpoints, whatever the way of a packet to them."""

from __future__ import annotations

from collections.abc import Sequence

from vnetverify.encoder.addressing import Estate
from vnetverify.encoder.endpoints import PrivateEndpoints
from vnetverify.encoder.facts import Bearing, Facts, Grounds
from vnetverify.encoder.filters import Filters, Spot
from vnetverify.encoder.frontends import Frontends
from vnetverify.encoder.gateways import Gateways
from vnetverify.encoder.headers import ALL_PROTOCOLS, declare_header
from vnetverify.encoder.obligation import Obligation, Origins
from vnetverify.encoder.routes import Routes
from vnetverify.encoder.tags import Tags
from vnetverify.encoder.terms import Script, all_of
from vnetverify.facts import World
from vnetverify.header import ALL_PORTS, Flow, family_of
from vnetverify.model.intents import INTERNET
from vnetverify.model.network import Network
from vnetverify.model.planes import plane
from vnetverify.model.security import Direction
from vnetverify.prover.prove import evaluate
from vnetverify.prover.solver import Solver

_OUTBOUND = Direction.OUTBOUND


def filtered(
    network: Network, stages: Sequence[tuple[Direction, str]], flow: Flow, world: World, solver: Solver
) -> frozenset[bool]:
    """Return what the encoding says of whether all groups at these places allow a new packet."""
    obligation = open_filters(network, stages, flow, solver)
    return evaluate(obligation, solver, obligation.fixing(INTERNET, flow), world, obligation.violation)


def open_filters(network: Network, stages: Sequence[tuple[Direction, str]], flow: Flow, solver: Solver) -> Obligation:
    """Return an open obligation that is violated by what all groups at these places, one after another, allow."""
    script = Script()
    facts = Facts(script)
    family = family_of(flow.source)
    estate = Estate(plane(network, family), family)
    gateways = Gateways(estate, facts)
    grounds = Grounds(script, Bearing.STOPS)
    routes = Routes(estate, gateways, grounds)
    filters = Filters(estate, facts, grounds, Tags(estate, gateways, routes, facts, grounds), script)
    header = declare_header(script, ALL_PROTOCOLS, ALL_PORTS, family)
    terms = []
    for direction, name in stages:
        endpoint = network.private_endpoints.get(name)
        if endpoint is not None:
            by_routes = direction is _OUTBOUND
            policies = PrivateEndpoints(estate, facts, grounds, gateways, filters, by_routes_alone=by_routes)
            terms.append(policies.takes_in(endpoint, header))
            continue
        nic = next(nic for nic in network.nics() if nic.name == name)
        spot = Spot(estate.subnets[nic.subnet_id], nic)
        if direction is _OUTBOUND:
            terms.append(Frontends(estate, facts, grounds, gateways, filters).lets_out(header, spot))
        else:
            terms.append(filters.allow(header, spot, direction))
    obligation = Obligation(
        text="\n".join((*script.lines, "(declare-const passes Bool)", f"(assert (= passes {all_of(*terms)}))", "")),
        in_question="passes",
        violation="passes",
        facts=dict(facts.asked),
        settled=(),
        labels={},
        addresses={},
        origins=Origins(()),
        selector_width=0,
        family=family,
    )
    solver.open(obligation)
    return obligation
