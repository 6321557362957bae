"""Caveats of a proof of absence: ways that are not a single flow, and senders that could forge addresses.

A proof speaks of flows of which each end is who it says. A proxy ends one flow and begins another (F-META-7, F-AGW-1,
F-BAS-1, F-BAS-3); an interface that forwards can send any source (F-FWD-6). Neither makes the proof wrong, and
both are for its reader to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from vnetverify.header import TCP
from vnetverify.model.endpoints import Endpoints
from vnetverify.model.intents import INTERNET, OF_ABSENCE, Claim, EndpointSet, Verb
from vnetverify.model.network import Network, Service
from vnetverify.model.private_links import Proxy, ProxyKind
from vnetverify.prover.relays import Planes, gets_through, planes_of
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Caveat


def caveats_of(network: Network, claim: Claim, fixed: Mapping[str, bool], solver: Solver) -> tuple[Caveat, ...]:
    """Return what a reader of a proof of `claim` has to know that the proof does not cover."""
    if claim.verb not in OF_ABSENCE:
        return ()
    return (*_by_proxies(network, claim, fixed, solver), *_forging(network, claim))


def _by_proxies(network: Network, claim: Claim, fixed: Mapping[str, bool], solver: Solver) -> Iterator[Caveat]:
    """Yield the proxies that flows of the left may come to, and whose own flows may come to the right."""
    proxies = [proxy for proxy in network.proxies.values() if _breaks(proxy, claim)]
    planes = planes_of(network) if proxies else {}
    for proxy in proxies:
        if any(_is_entered_from_outside(proxy, *pair) for pair in claim.pairs):
            what = f"{_NAMES[proxy.kind]} `{proxy.name}` may be entered by a public address, which is not declared"
            yield Caveat(what, _RULES[proxy.kind], proxy.span)
        elif any(_carries(network, planes, proxy, claim, pair, fixed, solver) for pair in claim.pairs):
            what = f"{_NAMES[proxy.kind]} `{proxy.name}` takes flows of one side and can begin its own to the other"
            yield Caveat(what, "F-BAS-3" if proxy.subnet is None else _RULES[proxy.kind], proxy.span)


_NAMES = {ProxyKind.APPLICATION_GATEWAY: "application gateway", ProxyKind.BASTION: "Bastion"}
_RULES = {ProxyKind.APPLICATION_GATEWAY: "F-AGW-1", ProxyKind.BASTION: "F-BAS-1"}


def _breaks(proxy: Proxy, claim: Claim) -> bool:
    """Tell whether a flow that the proxy begins breaks the claim: for a hub, if it stands there.

    For what no way shall pass (`not via`), it does not: a proxy is none of the devices that a sentence can name.
    """
    if claim.verb is Verb.NOT_TRANSITIVE:
        return proxy.vnet in claim.via
    return claim.verb is not Verb.NOT_VIA


def _is_entered_from_outside(proxy: Proxy, left: EndpointSet, right: EndpointSet) -> bool:
    """Tell whether a pair goes from the Internet to the subnet of a proxy, whose public address no text holds."""
    return bool(left.at(INTERNET)) and any(place.name == proxy.subnet_id for place, _ in right.parts)


def _carries(
    network: Network,
    planes: Planes,
    proxy: Proxy,
    claim: Claim,
    pair: tuple[EndpointSet, EndpointSet],
    fixed: Mapping[str, bool],
    solver: Solver,
) -> bool:
    """Tell whether both legs may be there; what the solver does not decide may."""
    left, right = pair
    subnet = network.subnet(proxy.subnet_id) if proxy.subnet_id is not None else None
    if subnet is None:  # a Bastion Developer: operators come from outside, and every machine of the network is served
        served = {subnet.id for subnet in network.vnets[proxy.vnet].subnets}
        return bool(left.at(INTERNET)) and any(place.name in served for place, _ in right.parts)
    itself = Endpoints(network).of_subnet(subnet)
    listening = Service(proxy.name, ((TCP, proxy.listens),))
    asked = replace(claim, verb=Verb.NEVER_REACHES, via=(), failures=None, advertising=None, apart=(), arriving=None)
    # A proxy's public address is no part of the model: the Internet is taken to come to it.
    arrives = bool(left.at(INTERNET)) or _may(
        planes, replace(asked, service=listening, pairs=((left, itself),)), fixed, solver
    )
    return arrives and _may(planes, replace(asked, pairs=((itself, right),)), fixed, solver)


def _may(planes: Planes, claim: Claim, fixed: Mapping[str, bool], solver: Solver) -> bool:
    return gets_through(planes, claim, fixed, solver) is not False


def _forging(network: Network, claim: Claim) -> Iterator[Caveat]:
    """Yield that senders on the left which forward are taken to use their own addresses (F-FWD-6)."""
    held = {place.name: addresses for left, _ in claim.pairs for place, addresses in left.parts}
    names = [
        machine.name
        for machine in network.machines.values()
        if not machine.is_managed
        and any(
            nic.ip_forwarding and any(address in held[nic.subnet_id] for address in nic.addresses)
            for nic in machine.nics
            if nic.subnet_id in held
        )
    ]
    if names:
        who = f"`{names[0]}`" if len(names) == 1 else f"`{names[0]}` and {len(names) - 1} more"
        what = f"{who} may send any source address; the proof is of senders that use their own"
        yield Caveat(what, "F-FWD-6", network.machines[names[0]].span)
