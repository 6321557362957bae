"""Faults planted in acceptance: one or more for each routing rule that says what Azure refuses."""

from __future__ import annotations

from tests.agreement.planting import Mutant

_ADDRESSING, _OCCUPANTS, _BALANCERS = (
    f"vnetverify.model.wellformed.{name}" for name in ("addressing", "occupants", "balancers")
)
_GATEWAYS, _GROUPS, _POOLS, _PEERINGS = (
    f"vnetverify.model.wellformed.{name}" for name in ("gateways", "groups", "pools", "peerings")
)
_PAIRS, _ROUTING, _TRANSIT = (f"vnetverify.model.wellformed.{name}" for name in ("pairs", "routing", "transit"))
_ESTABLISH = "vnetverify.prover.establish"

_ONE_REGION = "if local.region.casefold() == remote.region.casefold():"
_BOTH_SIDES = "for one, other in ((local, remote), (remote, local)):"
_OWN_ROUTE = "elif any(_meet(route.prefix, own) for own in subnet.prefixes):"
_IN_FORCE = "severity=Severity.ERROR if is_in_force else Severity.WARNING"

MUTANTS = (
    Mutant("R-ADDR-2", "a subnet may lie anywhere", _ADDRESSING, "if position < 0 or ranges[position].last < prefix.last:", "if False:"),
    Mutant("R-ADDR-2", "two ranges together may hold a subnet", _ADDRESSING, "if position < 0 or ranges[position].last < prefix.last:", "if position < 0 or ranges[-1].last < prefix.last:"),
    Mutant("R-ADDR-2", "subnets may overlap", _ADDRESSING, "for (_, first), (_, second) in overlaps(numbered):", "for (_, first), (_, second) in ():"),
    Mutant("R-ADDR-2", "all prefixes of a subnet lie in one range", _ADDRESSING, "if position < 0 or ranges[position].last < prefix.last:", "if starts[position:] != starts[bisect_right(starts, subnet.prefixes[0].value) - 1 :] or ranges[position].last < prefix.last:"),
    Mutant("R-ADDR-3", "any range will do", _ADDRESSING, "if prefix.value <= forbidden.last and forbidden.value <= prefix.last:", "if False:"),
    Mutant("R-ADDR-3", "a range may hold what is forbidden if it is larger", _ADDRESSING, "if prefix.value <= forbidden.last and forbidden.value <= prefix.last:", "if forbidden.value <= prefix.value <= forbidden.last:"),
    *(
        Mutant("R-ADDR-3", f"{block} is allowed", _ADDRESSING, f'"{block}", ', "")
        for block in ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "168.63.129.16/32", "fe80::/10")
    ),
    Mutant("R-ADDR-3", "255.255.255.255 is allowed", _ADDRESSING, '"255.255.255.255/32",', ""),
    Mutant("R-ADDR-3", "100.64.0.0/10 is not allowed", _ADDRESSING, '"127.0.0.0/8", ', '"127.0.0.0/8", "100.64.0.0/10", '),
    Mutant("R-ADDR-3", "public addresses of IPv6 are not allowed", _ADDRESSING, '"fe80::/10", ', '"fe80::/10", "2000::/3", '),
    Mutant("R-ADDR-5", "a /30 is large enough", _ADDRESSING, "_LONGEST_SUBNET = 29", "_LONGEST_SUBNET = 30"),
    Mutant("R-ADDR-5", "a /29 is too small", _ADDRESSING, "_LONGEST_SUBNET = 29", "_LONGEST_SUBNET = 28"),
    Mutant("R-ADDR-5", "an IPv6 subnet may be smaller than a /64", _ADDRESSING, "if prefix.length != _LENGTH_OF_AN_IPV6_SUBNET:", "if prefix.length < _LENGTH_OF_AN_IPV6_SUBNET:"),
    Mutant("R-ADDR-5", "an IPv6 subnet is as small as one of IPv4", _ADDRESSING, "if prefix.family is Family.IPV6:", "if False:"),
    Mutant("R-ADDR-6", "a vnet may have IPv6 alone", _ADDRESSING, "if _is_ipv6_alone(vnet.address_space) and not may_have_more:", "if False:"),
    Mutant("R-ADDR-6", "a nic may have IPv6 alone", _OCCUPANTS, "if of_ipv6 and len(of_ipv6) == len(nic.addresses) and not may_have_more:", "if False:"),
    Mutant("R-ADDR-6", "a nic may have several addresses of IPv6", _OCCUPANTS, "if len(of_ipv6) > 1:", "if False:"),
    Mutant("R-ADDR-6", "a nic has one address of each family", _OCCUPANTS, "if len(of_ipv6) > 1:", "if len(nic.addresses) > 2:"),
    Mutant("R-ADDR-6", "a load balancer translates between families", _BALANCERS, "elif family is not None and not any(family_of(address) is family for address in nic.addresses):", "elif False:"),
    Mutant("R-ADDR-6", "Route Servers take IPv6", _GROUPS, "if announced is not None:", "if False:"),
    Mutant("R-ADDR-7", "a gateway stands in any subnet", _GATEWAYS, "if vnet.gateway_subnet is None and name not in incomplete:", "if False:"),
    Mutant("R-ADDR-7", "machines stand beside a gateway", _OCCUPANTS, '    "gatewaysubnet": "R-ADDR-7",\n', ""),
    Mutant("R-ADDR-10", "a static site may overlap the vnet", _GATEWAYS, "for (outer, _), (inner, in_vnet) in overlaps(both):", "for (outer, _), (inner, in_vnet) in ():"),
    Mutant("R-ADDR-10", "a site must not lie around the vnet", _GATEWAYS, "severity = Severity.WARNING if in_vnet and outer != inner else Severity.ERROR", "severity = Severity.ERROR"),
    Mutant("R-ADDR-10", "sites of one gateway are refused where they share addresses", _GATEWAYS, '(network.sites[second].span, "the other")),\n                rule="R-ADDR-10",\n                severity=Severity.WARNING,', '(network.sites[second].span, "the other")),\n                rule="R-ADDR-10",'),
    Mutant("R-ADDR-10", "connected vnets may overlap", _GATEWAYS, "for (outer, first), (inner, second) in overlaps(ranges):", "for (outer, first), (inner, second) in ():"),
    Mutant("R-ADDR-10", "a pool may overlap the vnet", _POOLS, "for (outer, _), (inner, _) in overlaps(both):", "for (outer, _), (inner, _) in ():"),
    Mutant("R-PEER-5", "regions never mattered", _PAIRS, _ONE_REGION, "if True:"),
    Mutant("R-PEER-5", "regions still matter", _PAIRS, "yield _of_one_cloud(local, remote)", "yield _of_one_region(local, remote)"),
    Mutant("R-PEER-5", "regions are told apart by the case of letters", _PAIRS, _ONE_REGION, "if local.region == remote.region:"),
    Mutant("R-PEER-5", "peerings cross clouds", _PAIRS, "if one == other:", "if True:"),
    Mutant("R-PEER-6", "peers may overlap", _PEERINGS, "for (outer, first), (inner, second) in overlaps(ranges):", "for (outer, first), (inner, second) in ():"),
    Mutant("R-PEER-6", "peers may not be neighbours", _PEERINGS, "for (outer, first), (inner, second) in overlaps(ranges):", "for (outer, first), (inner, second) in [(ranges[0], ranges[1])]:"),
    Mutant("R-PEER-7", "peers of one vnet may overlap", _PEERINGS, "if (earlier, later) in told:", "if True:"),
    Mutant("R-PEER-7", "a vnet has one peer", _PEERINGS, "for (_, first), (inner, second) in overlaps(numbered):", "for (_, first), (inner, second) in zip(numbered, numbered[1:]):"),
    Mutant("R-PEER-8", "classic vnets are peered", _PAIRS, "if local.model is remote.model is DeploymentModel.CLASSIC:", "if False:"),
    Mutant("R-PEER-8", "a classic vnet has no peer at all", _PAIRS, "if local.model is remote.model is DeploymentModel.CLASSIC:", "if DeploymentModel.CLASSIC in (local.model, remote.model):"),
    Mutant("R-PEER-9", "tenants never mattered", _PAIRS, "if era is Era.Y2018:", "if False:"),
    Mutant("R-PEER-9", "tenants still matter", _PAIRS, "if era is Era.Y2018:", "if era is not Era.Y2016:"),
    Mutant("R-PEER-9", "tenants are told apart by the case of letters", _PAIRS, "if local.tenant.casefold() == remote.tenant.casefold():", "if local.tenant == remote.tenant:"),
    Mutant("R-PEER-9", "vnets of two models need no common subscription", _PAIRS, "if local.model is not remote.model:", "if False:"),
    Mutant("R-PEER-9", "vnets of two models were not peered in the preview", _PAIRS, "if _is_same(local.subscription, remote.subscription):", "if False:"),
    Mutant("R-PEER-9", "who may write a vnet may peer with any", _ESTABLISH, "return vnet in principal.peer or vnet in principal.write", "return bool(principal.write)"),
    Mutant("R-UDR-4", "the prefixes of a tag are routes of one name", _ROUTING, "if first is not route and not _of_one_tag(first, route):", "if first is not route:"),
    Mutant("R-UDR-5", "any gateway will do", _ROUTING, "if circuit is not None:", "if False:"),
    Mutant("R-UDR-5", "a VPN gateway beside another is enough", _ROUTING, "if circuit is not None:", "if circuit is not None and len(servers) == 1:"),
    Mutant("R-UDR-5", "no gateway will do", _ROUTING, "circuit = next((gateway for gateway in servers if gateway.kind is GatewayKind.EXPRESSROUTE), None)", "circuit = next(iter(servers), None)"),
    Mutant("R-UDR-13", "GatewaySubnet takes a default route", _ROUTING, "if route.prefix in (EVERY_IPV4, EVERY_IPV6):", "if False:"),
    Mutant("R-UDR-13", "GatewaySubnet takes a default route of IPv6", _ROUTING, "if route.prefix in (EVERY_IPV4, EVERY_IPV6):", "if route.prefix == EVERY_IPV4:"),
    Mutant("R-UDR-13", "GatewaySubnet takes a route for itself", _ROUTING, _OWN_ROUTE, "elif False:"),
    Mutant("R-UDR-13", "GatewaySubnet takes no route of its vnet", _ROUTING, _OWN_ROUTE, "elif any(_meet(route.prefix, own) for own in space):"),
    Mutant("R-UDR-13", "GatewaySubnet takes no route around the vnet", _ROUTING, _IN_FORCE, "severity=Severity.ERROR"),
    Mutant("R-UDR-13", "GatewaySubnet need not hear its gateway", _ROUTING, "if not table.propagate_gateway_routes:", "if False:"),
    Mutant("R-UDR-14", "RouteServerSubnet takes a table", _ROUTING, '("routeserversubnet", "azurebastionsubnet")', '("azurebastionsubnet",)'),
    Mutant("R-UDR-14", "AzureBastionSubnet takes a table", _ROUTING, '("routeserversubnet", "azurebastionsubnet")', '("routeserversubnet",)'),
    Mutant("R-GW-1", "a vnet has as many gateways as it likes", _GATEWAYS, "if other is not gateway:", "if False:"),
    Mutant("R-GW-1", "a vnet has one gateway", _GATEWAYS, "kind = None if era is Era.Y2016 else gateway.kind", "kind = None"),
    Mutant("R-GW-1", "a vnet had one gateway of each kind in 2016", _GATEWAYS, "kind = None if era is Era.Y2016 else gateway.kind", "kind = gateway.kind"),
    Mutant("R-GW-5", "a vnet uses the gateways of two hubs", _TRANSIT, "if first.remote != half.remote:", "if False:"),
    Mutant("R-GW-5", "a vnet uses a remote gateway beside its own", _TRANSIT, "if own[half.local]:", "if False:"),
    Mutant("R-GW-10", "transit across regions was always allowed", _TRANSIT, "if network.era is Era.Y2018 and", "if False and"),
    Mutant("R-GW-10", "transit across regions is still refused", _TRANSIT, "if network.era is Era.Y2018 and", "if"),
    Mutant("R-LINT-4", "it is enough to ask on one side", _ESTABLISH, _BOTH_SIDES, _BOTH_SIDES.replace("((local, remote), (remote, local))", "((local, remote),)")),
    Mutant("R-LINT-4", "who may peer may write", _ESTABLISH, "return vnet in principal.write\n", "return vnet in principal.write or vnet in principal.peer\n"),
    Mutant("R-LINT-4", "two principals make one request together", _ESTABLISH, "if _may_write(principal, local) and _may_peer(principal, remote):", "if _may_write(principal, local) and any(_may_peer(other, remote) for other in asked):"),
    Mutant("R-LINT-4", "who may write a vnet needs a right to peer with it", _ESTABLISH, "return vnet in principal.peer or vnet in principal.write", "return vnet in principal.peer"),
    Mutant("R-LINT-4", "Azure's conditions do not matter", _ESTABLISH, "yield _apart(network, half, opposite)", "pass"),
    Mutant("R-LINT-4", "a classic vnet has to be asked for", _ESTABLISH, "if one.model is not DeploymentModel.CLASSIC:", "if True:"),
    Mutant("R-LINT-4", "what either is peered with does not matter", _ESTABLISH, "yield from _apart_from_peers(network, reverse, joined_prefixes(network, reverse, half), links)", "pass"),
    Mutant("R-GW-24", "a site may have two ways", _GATEWAYS, "if site.behind is not None and site.name in first:", "if False:"),
    Mutant("R-CG-1", "whose region is not stated is in any", _GROUPS, "if group.is_global or not unstated or len(unstated) == len(group.members):", "if True:"),
)  # fmt: skip
