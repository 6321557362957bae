"""Peerings of subnets, in IPv6 alone or not, and halves that are not in sync (R-PEER-17, R-PEER-20, 22, 24)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import Family, Prefix
from vnetverify.model.network import DeploymentModel, Network, Peering, Subnet
from vnetverify.model.wellformed.overlaps import overlaps

# As published in 2024; another page says 400.
SUBNETS_OF_A_PEERING = 200


def links_of(network: Network) -> Mapping[str, list[Peering]]:
    """Return the halves of each vnet; a classic one has none of its own, and the other's counts for it (R-PEER-4)."""
    halves = {(half.local, half.remote): half for half in network.peerings if half.local != half.remote}
    links: defaultdict[str, list[Peering]] = defaultdict(list)
    for (local, remote), half in halves.items():
        links[local].append(half)
        if network.vnets[remote].model is DeploymentModel.CLASSIC and (remote, local) not in halves:
            links[remote].append(_seen_from_the_other_side(half))
    return links


def _seen_from_the_other_side(half: Peering) -> Peering:
    return Peering(
        half.remote,
        half.local,
        local_subnets=half.remote_subnets,
        remote_subnets=half.local_subnets,
        only_ipv6=half.only_ipv6,
        span=half.span,
    )


def is_of_subnets(half: Peering, other: Peering | None) -> bool:
    """Hold when either half names subnets that take part."""
    return half.is_of_subnets or (other is not None and other.is_of_subnets)


def joined_prefixes(network: Network, half: Peering, other: Peering | None) -> tuple[Prefix, ...]:
    """Return the ranges of its remote vnet that `half` joins, or the prefixes of the subnets that take part."""
    if not is_of_subnets(half, other):
        return _of_its_families(network.vnets[half.remote].address_space, half, other)
    prefixes = (prefix for subnet in _taking_part(network, half, other)[1] for prefix in subnet.prefixes)
    return _of_its_families(prefixes, half, other)


def _of_its_families(prefixes: Iterable[Prefix], half: Peering, other: Peering | None) -> tuple[Prefix, ...]:
    """Return those of `prefixes` that the peering joins: of one for IPv6 alone those of IPv6 (R-PEER-20)."""
    if _is_only_ipv6(half, other):
        return tuple(prefix for prefix in prefixes if prefix.family is Family.IPV6)
    return tuple(prefixes)


def _is_only_ipv6(half: Peering, other: Peering | None) -> bool:
    return half.only_ipv6 or (other is not None and other.only_ipv6)


def _taking_part(
    network: Network, half: Peering, other: Peering | None
) -> tuple[tuple[Subnet, ...], tuple[Subnet, ...]]:
    """Return the subnets that take part at both ends, as either half says; those that do not exist are left out."""
    told = (
        (half.local, half.local_subnets, None if other is None else other.remote_subnets),
        (half.remote, half.remote_subnets, None if other is None else other.local_subnets),
    )
    local, remote = (_named(network, vnet, one if one is not None else same) for vnet, one, same in told)
    return local, remote


def _named(network: Network, vnet: str, names: tuple[str, ...] | None) -> tuple[Subnet, ...]:
    subnets = network.vnets[vnet].subnets
    return subnets if names is None else tuple(s for s in subnets if any(map(s.is_called, names)))


def view_faults(network: Network, half: Peering) -> Iterator[Diagnostic]:
    """Yield a half that has not seen the present space of its remote vnet: which routes it has is not known."""
    present = network.vnets[half.remote].address_space
    if half.remote_space is not None and set(half.remote_space) != set(present):
        yield Diagnostic(
            "peering-not-in-sync",
            f"the peering has not seen the present address space of `{half.remote}`",
            half.span,
            f"saw {', '.join(map(str, half.remote_space[:5])) or 'nothing'}",
            ((network.vnets[half.remote].span, f"has {', '.join(map(str, present[:5])) or 'none'}"),),
            "synchronise the peering",
            "R-PEER-17",
            severity=Severity.WARNING,
        )


def part_faults(network: Network, half: Peering, other: Peering | None) -> Iterator[Diagnostic]:
    """Yield what is wrong with the subnets of a peering of subnets; called once for both halves."""
    for one in (half,) if other is None else (half, other):
        for vnet, names in ((one.local, one.local_subnets), (one.remote, one.remote_subnets)):
            yield from _name_faults(network, one, vnet, names or ())
    if other is not None:
        yield from _disagreement(half, other)
    local, remote = _taking_part(network, half, other)
    if len(local) + len(remote) > SUBNETS_OF_A_PEERING:
        message = f"the peering joins {len(local) + len(remote)} subnets, and the limit was {SUBNETS_OF_A_PEERING}"
        yield Diagnostic("above-limit", message, half.span, rule="R-PEER-22", severity=Severity.WARNING)
    yield from _meeting(network, half, other, local, half.remote)
    yield from _meeting(network, half, other, remote, half.local)
    if _is_only_ipv6(half, other):
        yield from _without_ipv6(half, (*local, *remote))


def _name_faults(network: Network, half: Peering, vnet: str, names: tuple[str, ...]) -> Iterator[Diagnostic]:
    counts = Counter(name.casefold() for name in names)
    for name in dict.fromkeys(names):
        if network.vnets[vnet].subnet(name) is None:
            message = f"subnet `{name}` takes part in a peering, and vnet `{vnet}` has no such subnet"
            yield Diagnostic("unknown-subnet", message, half.span, rule="R-PEER-24")
        if counts[name.casefold()] > 1:
            message = f"subnet `{vnet}.{name}` takes part twice in one peering"
            yield Diagnostic("subnet-peered-twice", message, half.span, rule="R-PEER-24")


def _disagreement(half: Peering, other: Peering) -> Iterator[Diagnostic]:
    for one, same in ((half.local_subnets, other.remote_subnets), (half.remote_subnets, other.local_subnets)):
        if (one is None) != (same is None) or (one is not None and same is not None and set(one) != set(same)):
            yield Diagnostic(
                "halves-differ",
                f"the halves `{half.id}` and `{other.id}` name different subnets that take part",
                half.span,
                others=((other.span, "the other half"),),
                rule="R-PEER-22",
                severity=Severity.WARNING,
            )
            return


def only_ipv6_faults(half: Peering, other: Peering | None) -> Iterator[Diagnostic]:
    """Yield a peering for IPv6 alone that joins whole networks, or that one half alone says is one (R-PEER-20)."""
    one, same = (half, other) if half.only_ipv6 or other is None else (other, half)
    if not one.only_ipv6:
        return
    if not is_of_subnets(half, other):
        yield Diagnostic(
            "only-ipv6-of-whole-vnets",
            f"the peering `{one.id}` of whole vnets is for IPv6 alone, which only one of subnets can be",
            one.span,
            "names no subnets",
            help="name those that take part with `local-subnets` and `remote-subnets`",
            rule="R-PEER-20",
        )
    if same is not None and not same.only_ipv6:
        yield Diagnostic(
            "halves-differ",
            f"the half `{one.id}` is for IPv6 alone, and the half `{same.id}` is not",
            one.span,
            others=((same.span, "the other half"),),
            rule="R-PEER-20",
            severity=Severity.WARNING,
        )


def _without_ipv6(half: Peering, subnets: Iterable[Subnet]) -> Iterator[Diagnostic]:
    for subnet in subnets:
        if not any(prefix.family is Family.IPV6 for prefix in subnet.prefixes):
            yield Diagnostic(
                "peered-subnet-without-ipv6",
                f"subnet `{subnet.id}` takes part in a peering for IPv6 alone, and has no IPv6 prefix",
                half.span,
                "for IPv6 alone",
                ((subnet.span, "has IPv4 alone"),),
                rule="R-PEER-20",
                severity=Severity.WARNING,
            )


def _meeting(
    network: Network, half: Peering, other: Peering | None, subnets: tuple[Subnet, ...], vnet: str
) -> Iterator[Diagnostic]:
    """Yield the first subnet that takes part and that meets a range of the vnet at the other end (R-PEER-24)."""
    ranges = [(prefix, None) for prefix in _of_its_families(network.vnets[vnet].address_space, half, other)]
    placed = [(prefix, subnet.id) for subnet in subnets for prefix in _of_its_families(subnet.prefixes, half, other)]
    for (outer, first), (inner, second) in overlaps([*ranges, *placed]):
        if first is None or second is None:
            subnet = first or second
            yield Diagnostic(
                "peered-subnet-overlap",
                f"subnet `{subnet}` takes part in a peering, and `{vnet}` has its addresses too ({inner} in {outer})",
                half.span,
                "subnets that take part must be unique",
                ((network.vnets[vnet].span, "overlaps the subnet"),),
                rule="R-PEER-24",
            )
            return
