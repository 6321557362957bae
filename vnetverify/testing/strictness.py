"""A strategy for networks whose state is in doubt: `strict`, with flow timeouts here and there (F-STATE-5)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from vnetverify.model.network import Network


@st.composite
def strictly(draw: DrawFn, network: Network) -> Network:
    """Draw which vnets have a flow timeout, in a network that is strict."""
    vnets = {name: replace(vnet, flow_timeout=draw(st.integers(0, 2)) == 0) for name, vnet in network.vnets.items()}
    return replace(network, vnets=vnets, is_strict=True)
