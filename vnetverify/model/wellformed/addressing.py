"""Address ranges, subnets and the addresses of interfaces (R-ADDR-1 to R-ADDR-8)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import address_text, parse_prefix
from vnetverify.model.network import SUBNETS_WITHOUT_HOSTS, Network, Nic, Subnet, Vnet
from vnetverify.model.wellformed.overlaps import outermost, overlaps

_FORBIDDEN = tuple(
    parse_prefix(text)
    for text in ("127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32")
)
_LONGEST_SUBNET = 29
# The longest prefix that the pages recommend or demand for subnets of Azure's own (R-ADDR-7, R-ADDR-8).
_LONGEST_SPECIAL = {
    "gatewaysubnet": (27, "R-ADDR-7"),
    "azurefirewallsubnet": (26, "R-ADDR-8"),
    "azurebastionsubnet": (26, "R-ADDR-8"),
}


def addressing_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with ranges, subnets and addresses."""
    incomplete = {name for item in network.unmodelled for name in item.vnets}
    for vnet in network.vnets.values():
        if vnet.address_space:
            yield from _range_faults(vnet)
            yield from _outside(vnet)
        elif vnet.name not in incomplete:
            yield Diagnostic(
                "vnet-without-range", f"vnet `{vnet.name}` has no address range", vnet.span, rule="R-ADDR-1"
            )
        yield from _subnet_faults(vnet)
    yield from _nic_faults(network)


def _range_faults(vnet: Vnet) -> Iterator[Diagnostic]:
    for prefix in vnet.address_space:
        for forbidden in _FORBIDDEN:
            if prefix.value <= forbidden.last and forbidden.value <= prefix.last:
                message = f"vnet `{vnet.name}` may not hold {prefix}, because {forbidden} is not for networks"
                yield Diagnostic("range-forbidden", message, vnet.span, rule="R-ADDR-3")
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
        if prefix.length > _LONGEST_SUBNET:
            message = f"subnet `{subnet.id}` ({prefix}) is smaller than the smallest, a /{_LONGEST_SUBNET}"
            yield Diagnostic("subnet-too-small", message, subnet.span, rule="R-ADDR-5")
        elif prefix.length > longest:
            message = f"`{subnet.id}` ({prefix}) should be a /{longest} or larger"
            yield Diagnostic("subnet-small", message, subnet.span, rule=rule, severity=Severity.WARNING)


def _nic_faults(network: Network) -> Iterator[Diagnostic]:
    subnets = {subnet.id: subnet for subnet in network.subnets()}
    holders: dict[tuple[str, int], Nic] = {}
    for nic in network.nics():
        subnet = subnets.get(nic.subnet_id)
        if subnet is None:
            message = f"nic `{nic.name}` stands in `{nic.subnet_id}`, which is no subnet"
            yield Diagnostic("unknown-subnet", message, nic.span)
            continue
        if subnet.name.lower() in SUBNETS_WITHOUT_HOSTS:
            rule = "R-ADDR-7" if subnet.name.lower() == "gatewaysubnet" else "R-ADDR-8"
            message = f"nic `{nic.name}` may not stand in `{subnet.id}`, which holds nothing of the user's"
            yield Diagnostic("nic-in-special-subnet", message, nic.span, rule=rule)
        for address in nic.addresses:
            yield from _address_faults(nic, address, subnet)
            holder = holders.setdefault((nic.vnet, address), nic)
            if holder is not nic or nic.addresses.count(address) > 1:
                message = f"nic `{nic.name}` has the address {address_text(address)}, which nic `{holder.name}` has"
                yield Diagnostic(
                    "address-taken", message, nic.span, "taken", ((holder.span, "has this address"),), rule="R-ADDR-9"
                )


def _address_faults(nic: Nic, address: int, subnet: Subnet) -> Iterator[Diagnostic]:
    if not subnet.prefixes:
        return
    holding = next((prefix for prefix in subnet.prefixes if prefix.value <= address <= prefix.last), None)
    if holding is None:
        prefixes = ", ".join(map(str, subnet.prefixes[:5]))
        message = f"nic `{nic.name}` has the address {address_text(address)}, which is not in `{subnet.id}`"
        yield Diagnostic(
            "address-outside",
            message,
            nic.span,
            "not in the subnet",
            ((subnet.span, f"has {prefixes}"),),
            rule="R-ADDR-2",
            azure="PrivateIPAddressNotInSubnet",
        )
    elif address < holding.value + 4 or address == holding.last:
        message = f"nic `{nic.name}` has the address {address_text(address)}, which Azure reserves in `{subnet.id}`"
        yield Diagnostic(
            "address-reserved",
            message,
            nic.span,
            "reserved",
            help=f"the first four addresses and the last of {holding} are reserved",
            rule="R-ADDR-4",
            azure="PrivateIPAddressInReservedRange",
        )
