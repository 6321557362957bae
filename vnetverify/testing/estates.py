"""The networks that are drawn: the first ones, and upon them the constructs whose switches are on."""

from __future__ import annotations

from collections.abc import Callable, Set

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from vnetverify.model.network import Network
from vnetverify.testing.admin import with_admin_rules
from vnetverify.testing.balancers import with_load_balancers
from vnetverify.testing.networks import first_networks
from vnetverify.testing.planes import with_ipv6
from vnetverify.testing.publics import with_private_links, with_public_frontends
from vnetverify.testing.rates import with_rates
from vnetverify.testing.services import with_managed_firewall, with_private_endpoints
from vnetverify.testing.sites import with_pools, with_site_routes
from vnetverify.testing.strictness import strictly
from vnetverify.testing.switches import EVERY_CONSTRUCT, Construct
from vnetverify.testing.translations import with_translations

# In this order: what comes later also takes up what came before. One in so many networks has the construct.
_ADDED: tuple[tuple[Construct, Callable[[Network], SearchStrategy[Network]], int], ...] = (
    (Construct.MANAGED_FIREWALLS, with_managed_firewall, 4),
    (Construct.TRANSLATIONS, with_translations, 1),
    (Construct.IPV6, with_ipv6, 2),
    (Construct.LOAD_BALANCERS, with_load_balancers, 2),
    (Construct.PUBLIC_FRONTENDS, with_public_frontends, 3),
    (Construct.PRIVATE_ENDPOINTS, with_private_endpoints, 3),
    (Construct.PRIVATE_LINKS, with_private_links, 2),
    (Construct.POINT_TO_SITE, with_pools, 3),
    (Construct.SITE_ROUTES, with_site_routes, 4),
    (Construct.QUALITIES, with_rates, 1),
    (Construct.ADMIN_RULES, with_admin_rules, 3),
    (Construct.DOUBTED_STATE, strictly, 5),
)


@st.composite
def networks(draw: DrawFn, constructs: Set[Construct] = EVERY_CONSTRUCT) -> Network:
    """Draw a network with some of `constructs`."""
    network = draw(first_networks())
    for construct, added, one_in in _ADDED:
        if construct in constructs and draw(st.integers(1, one_in)) == one_in:
            network = draw(added(network))
    return network
