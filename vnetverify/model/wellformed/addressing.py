"""Address ranges and subnets of both families (R-ADDR-1 to R-ADDR-8)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import Family, Prefix, parse_prefix
from vnetverify.model.network import Network, Subnet, Vnet
from vnetverify.model.wellformed.incompleteness import incomplete_vnets, untold_vnets
from vnetverify.model.wellformed.overlaps import outermost, overlaps

_FORBIDDEN = tuple(
    parse_prefix(text)
    for text in (
        "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32",
        "::/128", "::1/128", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip
_LONGEST_SUBNET = 29
_LENGTH_OF_AN_IPV6_SUBNET = 64
# The longest prefix that the pages recommend or demand for subnets of Azure's own (R-ADDR-7, R-ADDR-8).
_LONGEST_SPECIAL = {
    "gatewaysubnet": (27, "R-ADDR-7"),
    "azurefirewallsubnet": (26, "R-ADDR-8"),
    "azurebastionsubnet": (26, "R-ADDR-8"),
}


def addressing_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with ranges, subnets and addresses."""
    incomplete, untold = incomplete_vnets(network), untold_vnets(network)
    for vnet in network.vnets.values():
        if vnet.address_space:
            yield from _range_faults(vnet, vnet.name in untold)
            yield from () if vnet.name in untold else _outside(vnet)
        elif vnet.name not in incomplete:
            yield Diagnostic(
                "vnet-without-range", f"vnet `{vnet.name}` has no address range", vnet.span, rule="R-ADDR-1"
            )
        if vnet.address_space and vnet.name not in incomplete:
            yield from _without_prefix(vnet)
        yield from _subnet_faults(vnet)


def _without_prefix(vnet: Vnet) -> Iterator[Diagnostic]:
    for subnet in vnet.subnets:
        if not subnet.prefixes:
            message = f"subnet `{subnet.id}` has no prefix"
            yield Diagnostic("subnet-without-prefix", message, subnet.span, "write it here", rule="R-ADDR-2")


def _range_faults(vnet: Vnet, may_have_more: bool) -> Iterator[Diagnostic]:
    for prefix in vnet.address_space:
        for forbidden in _FORBIDDEN:
            if prefix.value <= forbidden.last and forbidden.value <= prefix.last:
                message = f"vnet `{vnet.name}` may not hold {prefix}, because {forbidden} is not for networks"
                yield Diagnostic("range-forbidden", message, vnet.span, rule="R-ADDR-3")
    if _is_ipv6_alone(vnet.address_space) and not may_have_more:
        message = f"vnet `{vnet.name}` has IPv6 ranges alone, and every vnet needs one of IPv4"
        yield Diagnostic("vnet-without-ipv4", message, vnet.span, rule="R-ADDR-6")
    numbered = ((prefix, position) for position, prefix in enumerate(vnet.address_space))
    for (outer, _), (inner, _) in overlaps(numbered):
        message = f"the ranges {outer} and {inner} of vnet `{vnet.name}` overlap"
        yield Diagnostic("range-overlap", message, vnet.span, rule="R-ADDR-1")


def _outside(vnet: Vnet) -> Iterator[Diagnostic]:
    """Yield the subnets that no single range of `vnet` holds."""
    ranges = outermost(vnet.address_space)
    starts = [prefix.value for prefix in ranges]
    for subnet in vnet.subnets:
        for prefix in subnet.prefixes:
            position = bisect_right(starts, prefix.value) - 1
            if position < 0 or ranges[position].last < prefix.last:
                message = f"subnet `{subnet.id}` lies outside its vnet: no range holds {prefix}"
                yield Diagnostic(
                    "subnet-outside",
                    message,
                    subnet.span,
                    "not in the address space",
                    ((vnet.span, f"has {', '.join(map(str, vnet.address_space[:5]))}"),),
                    rule="R-ADDR-2",
                    azure="NetcfgInvalidSubnet",
                )


def _subnet_faults(vnet: Vnet) -> Iterator[Diagnostic]:
    placed = [(prefix, subnet) for subnet in vnet.subnets for prefix in subnet.prefixes]
    numbered = ((prefix, position) for position, (prefix, _) in enumerate(placed))
    for (_, first), (_, second) in overlaps(numbered):
        # The later line is the one to blame, whichever of the two is wider.
        (other_prefix, other), (prefix, subnet) = placed[min(first, second)], placed[max(first, second)]
        yield Diagnostic(
            "subnet-overlap",
            f"subnet `{subnet.id}` ({prefix}) overlaps `{other.id}` ({other_prefix})",
            subnet.span,
            "overlaps",
            ((other.span, f"has {other_prefix}"),),
            rule="R-ADDR-2",
            azure="NetcfgSubnetRangesOverlap",
        )
    for subnet in vnet.subnets:
        yield from _size_faults(subnet)


def _size_faults(subnet: Subnet) -> Iterator[Diagnostic]:
    longest, rule = _LONGEST_SPECIAL.get(subnet.name.lower(), (_LONGEST_SUBNET, "R-ADDR-5"))
    for prefix in subnet.prefixes:
        if prefix.family is Family.IPV6:
            if prefix.length != _LENGTH_OF_AN_IPV6_SUBNET:
                message = f"subnet `{subnet.id}` has {prefix}, and IPv6 subnets are a /{_LENGTH_OF_AN_IPV6_SUBNET}"
                yield Diagnostic("subnet-not-64", message, subnet.span, rule="R-ADDR-5")
        elif prefix.length > _LONGEST_SUBNET:
            message = (
                f"subnet `{subnet.id}` ({prefix}) is smaller than the smallest that Azure allows, a /{_LONGEST_SUBNET}"
            )
            yield Diagnostic("subnet-too-small", message, subnet.span, rule="R-ADDR-5")
        elif prefix.length > longest:
            message = f"`{subnet.id}` ({prefix}) should be a /{longest} or larger"
            yield Diagnostic("subnet-small", message, subnet.span, rule=rule, severity=Severity.WARNING)
    if _is_ipv6_alone(subnet.prefixes):
        message = f"subnet `{subnet.id}` has IPv6 alone, and no nic can stand there without an IPv4 address"
        yield Diagnostic("subnet-without-ipv4", message, subnet.span, rule="R-ADDR-6", severity=Severity.WARNING)


def _is_ipv6_alone(prefixes: tuple[Prefix, ...]) -> bool:
    return bool(prefixes) and all(prefix.family is Family.IPV6 for prefix in prefixes)
