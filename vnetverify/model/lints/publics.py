"""Public addresses of interfaces that no security group judges: closed or wide open, by their SKU (F-PIP-1 to 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.model.balancers import PublicAddress, Sku
from vnetverify.model.network import Network, Nic
from vnetverify.model.untold import vnets_untold


def public_lints(network: Network) -> Iterator[Diagnostic]:
    """Yield the public addresses at interfaces without a group; a managed firewall has none by its nature.

    Nothing is said where the input does not tell all of the groups: the interface may have one.
    """
    untold = vnets_untold(network)
    groups = {subnet.id: subnet.nsg for subnet in network.subnets()}
    for machine in network.machines.values():
        if machine.is_managed:
            continue
        for nic in machine.nics:
            if nic.nsg is None and groups[nic.subnet_id] is None and nic.vnet not in untold:
                for public in (nic.public_address, nic.public_ipv6):
                    if public is not None:
                        yield _unfiltered(nic, public)


def _unfiltered(nic: Nic, public: PublicAddress) -> Diagnostic:
    match public.sku:
        case Sku.STANDARD:
            code, rule, effect, label = "public-address-closed", "F-PIP-1", "closed to the Internet", "closed"
            advice = "attach a security group that allows what should come in"
        case Sku.BASIC:
            code, rule, effect, label = "public-address-open", "F-PIP-2", "open to all of the Internet", "wide open"
            advice = "attach a security group"
        case None:
            code, rule, effect, label = "public-address-unfiltered", "F-PIP-3", "closed or wide open", "SKU not stated"
            advice = f"state `standard` or `basic`; until then `U-SKU({public.name})` is open"
        case _:
            assert_never(public.sku)
    return Diagnostic(
        code,
        f"`{nic.name}` has no security group, so its public address `{public.name}` is {effect}",
        public.span,
        label,
        ((nic.span, "no group here or on the subnet"),) if nic.span != public.span else (),
        advice,
        rule,
        severity=Severity.WARNING,
    )
