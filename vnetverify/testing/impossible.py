"""Cells of the ledger that nothing can fill, with the reason: what excludes what, in Azure or in what is drawn."""

from __future__ import annotations

from collections.abc import Iterable

_DELIVERED = {"answered", "delivered, and the reply is lost"}
_OUTSIDE = {"out to the Internet and back", "out to the Internet, and the reply is lost"}
_PORTS = {
    "port 0",
    "port 65535",
    "source port 0",
    "source port 65535",
    "first port of a rule",
    "last port of a rule",
    "a port before a rule's",
    "a port after a rule's",
}

# Any of the first and any of the second exclude each other wherever they meet in a cell.
_EXCLUDED: tuple[tuple[set[str], set[str], str], ...] = (
    (
        {"a destination of the platform"},
        {
            *_DELIVERED,
            *_OUTSIDE,
            "lost at a load balancer",
            "lost at a private endpoint",
            "lost at a peering",
            "an address that nobody can have",
            "dropped by a system route",
            "dropped by a user route",
            "no way out",
        },
        "a host takes what is for the platform before it asks a route, and nobody else has its addresses (R-TRAF-6)",
    ),
    (
        {"taken by the platform"},
        {
            "an end in a /31 of a rule or route",
            "a destination on a bound of a route",
            "a destination beside a route's prefix",
            "a route of an equal prefix",
            "a route for one address",
            "routes one within the other",
            "a destination in overlapping ranges",
            "a destination beside a range",
            "a destination of Azure's own in a subnet",
            "a sender that asks itself",
        },
        "no drawn prefix begins, ends or is nested around the addresses of the platform",
    ),
    (
        {"a destination of the platform"},
        {
            "a destination in overlapping ranges",
            "a destination beside a range",
            "a destination of Azure's own in a subnet",
            "a route of an equal prefix",
            "a route for one address",
            "a sender that asks itself",
        },
        "no drawn range is near the addresses of the platform",
    ),
    (
        {"a destination of Azure's own in a subnet"},
        {*_DELIVERED, "lost at a private endpoint", "lost at a load balancer"},
        "nobody can have such an address (R-ADDR-4)",
    ),
    (
        {"a destination beside a range"},
        {*_DELIVERED, "lost at a private endpoint"},
        "where drawn ranges touch, the addresses are ones that nobody can have (R-ADDR-4)",
    ),
    (
        {"a destination in overlapping ranges"},
        _OUTSIDE,
        "the ranges that overlap are private",
    ),
    (
        {"a destination in no range"},
        {"lost at a private endpoint", "a destination of Azure's own in a subnet"},
        "private endpoints and subnets lie in ranges",
    ),
    (
        {"ICMP", "another protocol"},
        _PORTS,
        "such packets have no ports",
    ),
    (
        {"a sender that asks itself"},
        _OUTSIDE,
        "nobody at the Internet is both ends of a flow",
    ),
)


def reason_against(cell: Iterable[str]) -> str | None:
    """Return why nothing can be all that the cell names, None where something can."""
    names = frozenset(cell)
    return next((why for some, others, why in _EXCLUDED if names & some and names & others), None)
