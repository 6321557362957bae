"""Which constructs drawn networks and claims may have beside the first ones: all, unless less is asked for."""

from __future__ import annotations

from enum import Enum


class Construct(Enum):
    IPV6 = "addresses of both families, peerings of IPv6 alone"
    LOAD_BALANCERS = "frontends as destinations and as next hops"
    PRIVATE_ENDPOINTS = "endpoints with policies and routes around them"
    MANAGED_FIREWALLS = "firewalls of Azure's own"
    POINT_TO_SITE = "pools of clients"
    SITE_ROUTES = "what sites send towards Azure"
    ADVERTISING = "`whatever SITE advertises`"
    ADMIN_RULES = "security admin rules of several managers"
    QUALITIES = "bandwidth, latency and crossings"
    PUBLIC_FRONTENDS = "load balancers that the Internet sees"
    PRIVATE_LINKS = "private link services before internal frontends"
    TRANSLATIONS = "firewalls that translate"
    EGRESS = "`egress of A to B`"
    DOUBTED_STATE = "`strict`: what one page says of state"


EVERY_CONSTRUCT = frozenset(Construct)
