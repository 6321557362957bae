"""A strategy for what the quality of a way depends on: bandwidths around what claims ask for, and regions."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.model.network import Network

LIMITS = (10**8, 10**9, 10**10)
_RATES = (None, 10**8 - 1, *LIMITS)


@st.composite
def with_rates(draw: DrawFn, network: Network) -> Network:
    """Draw the bandwidths of machines and gateways, and seldom other regions."""
    rates = st.sampled_from(_RATES)
    machines = {name: replace(machine, bandwidth=draw(rates)) for name, machine in network.machines.items()}
    gateways = {name: replace(gateway, bandwidth=draw(rates)) for name, gateway in network.gateways.items()}
    vnets = network.vnets
    if draw(st.integers(0, 3)) == 3:
        regions = st.sampled_from(("r", "R", "q", None))
        vnets = {name: replace(vnet, region=draw(regions)) for name, vnet in vnets.items()}
    return replace(network, machines=machines, gateways=gateways, vnets=vnets)
