"""A strategy for bandwidths: of some machines and gateways, around what claims ask for."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.model.network import Network

LIMITS = (10**8, 10**9, 10**10)
_RATES = (None, 10**8 - 1, *LIMITS, *LIMITS)


@st.composite
def with_bandwidths(draw: DrawFn, network: Network) -> Network:
    rates = st.sampled_from(_RATES)
    machines = {name: replace(machine, bandwidth=draw(rates)) for name, machine in network.machines.items()}
    gateways = {name: replace(gateway, bandwidth=draw(rates)) for name, gateway in network.gateways.items()}
    return replace(network, machines=machines, gateways=gateways)
