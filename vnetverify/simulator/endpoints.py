"""Private endpoints: what comes to them, and what their policies say of it.

Rules F-PE-1, F-PE-2, F-PE-3, F-PE-5, F-PE-8 and F-PE-11. The filters where a flow begins judge as ever (F-PE-4).
"""

from __future__ import annotations

from vnetverify.facts import uncertainty
from vnetverify.model.network import PrivateEndpointPolicies
from vnetverify.model.private_links import PrivateEndpoint
from vnetverify.model.security import Direction
from vnetverify.simulator.addressing import Packet, only
from vnetverify.simulator.filters import Judgement, judge_at_endpoint
from vnetverify.simulator.internet import delivered_to
from vnetverify.simulator.journey import Journey
from vnetverify.simulator.links import through_service
from vnetverify.simulator.matching import Interface
from vnetverify.simulator.positions import Delivered, Dropped
from vnetverify.simulator.situation import Situation, are_mates

_WITH_SECURITY_GROUPS = (PrivateEndpointPolicies.ENABLED, PrivateEndpointPolicies.SECURITY_GROUPS)


def at_endpoint(journey: Journey, endpoint: PrivateEndpoint, sent_from: str) -> Delivered | Dropped:
    """Return the delivery at an endpoint of what comes from a vnet, past the policies there (F-PE-5, F-PE-8)."""
    situation, name = journey.situation, endpoint.name
    if not endpoint.is_approved:
        return journey.drop(name, f"private endpoint {name} is not approved", "F-PE-5", endpoint.span)
    if are_mates(situation, sent_from, endpoint.vnet) and not situation.holds(uncertainty("U-PECG", name)):
        reason = f"a connected group carries nothing to private endpoint {name}"
        return journey.drop(name, reason, "F-PE-8", endpoint.span)
    interface = endpoint_interface(situation, endpoint, only(journey.packet.destination))
    blocked = None
    if not journey.unfiltered:
        blocked = journey.asked(lambda: _filtered(journey, endpoint, interface))
    service = situation.network.private_link_services.get(endpoint.link_service or "")
    if blocked is None and service is None and not journey.unfiltered:
        blocked = journey.asked(lambda: _not_carried(journey, endpoint))
    if blocked is not None:
        return blocked
    journey.note(name, f"private endpoint {name} takes it", "F-PE-5", endpoint.span)
    if service is not None:
        return through_service(journey, endpoint, service)
    return delivered_to(interface, only(journey.packet.destination))


def _not_carried(journey: Journey, endpoint: PrivateEndpoint) -> Dropped | None:
    """Return the drop of what is neither TCP nor UDP, unless a fact has such packets come in (F-PE-11)."""
    if journey.packet.has_ports or journey.situation.holds(uncertainty("U-PEPROTO", endpoint.name)):
        return None
    reason = f"private endpoint {endpoint.name} takes TCP and UDP alone"
    return journey.drop(endpoint.name, reason, "F-PE-11", endpoint.span)


def _filtered(journey: Journey, endpoint: PrivateEndpoint, interface: Interface) -> Dropped | None:
    """Return the drop by the subnet's security group where it holds for endpoints (F-PE-1)."""
    if _are_void(journey.situation, interface):
        what = f"security groups do not hold for private endpoint {endpoint.name}"
        journey.note(endpoint.name, what, "F-PE-1", endpoint.span)
        return None
    judgement = judge_at_endpoint(journey.situation, interface, journey.packet, is_reply=journey.is_reply)
    return journey.judged(interface, judgement)


def judged_at(situation: Situation, endpoint: PrivateEndpoint, direction: Direction, packet: Packet) -> Judgement:
    """Return what the policies at an endpoint say of a new packet: nothing but whether it is approved, of one that
    leaves (F-PE-3, F-PE-5)."""
    interface = endpoint_interface(situation, endpoint, endpoint.addresses[0])
    if not endpoint.is_approved or direction is Direction.OUTBOUND or _are_void(situation, interface):
        return Judgement(endpoint.is_approved, (), ())
    return judge_at_endpoint(situation, interface, packet, is_reply=False)


def endpoint_at(situation: Situation, vnet: str, address: int | None) -> PrivateEndpoint | None:
    """Return the endpoint at the address, None where there is none or `address` is None."""
    return None if address is None else situation.index.endpoints.get((vnet, address))


def endpoint_interface(situation: Situation, endpoint: PrivateEndpoint, address: int) -> Interface:
    """Return the place where the endpoint stands: without a machine, filtered by its subnet's group alone."""
    return Interface(endpoint.name, situation.index.subnets[endpoint.subnet_id], (address,))


def _are_void(situation: Situation, interface: Interface) -> bool:
    """Hold where the policies of the subnet keep its security group from the endpoint (F-PE-1, F-PE-2)."""
    subnet = interface.subnet
    if subnet.nsg is None:
        return False
    if subnet.private_endpoint_policies is None:
        return not situation.holds(uncertainty("U-PEPOL", subnet.id))
    return subnet.private_endpoint_policies not in _WITH_SECURITY_GROUPS
