"""Managed firewalls and where they stand (R-ADDR-8, R-UDR-19, F-EVAL-9, F-FW-11)."""

from __future__ import annotations

from collections.abc import Iterator

from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import Family, family_of
from vnetverify.model.network import Machine, Network, Nic

_SUBNET = "AzureFirewallSubnet"


def firewall_faults(network: Network) -> Iterator[Diagnostic]:
    """Yield what is wrong with managed firewalls; how large their subnet is, is in `addressing`."""
    first: dict[str, Machine] = {}
    for machine in network.machines.values():
        if not machine.is_managed:
            continue
        for nic in machine.nics:
            yield from _nic_faults(machine, nic)
        for vnet in dict.fromkeys(nic.vnet for nic in machine.nics):
            other = first.setdefault(vnet, machine)
            if other is not machine:
                yield Diagnostic(
                    "firewall-twice",
                    f"vnet `{vnet}` has two managed firewalls, `{other.name}` and `{machine.name}`",
                    machine.span,
                    "a second firewall",
                    ((other.span, "the first"),),
                    rule="R-ADDR-8",
                )


def _nic_faults(machine: Machine, nic: Nic) -> Iterator[Diagnostic]:
    if nic.subnet.casefold() != _SUBNET.casefold():
        message = f"the managed firewall `{machine.name}` stands in `{nic.subnet_id}`, not in a subnet `{_SUBNET}`"
        yield Diagnostic("firewall-elsewhere", message, nic.span, rule="R-ADDR-8")
    if nic.nsg is not None or nic.asgs:
        what = f"nsg `{nic.nsg}`" if nic.nsg is not None else f"asg `{nic.asgs[0]}`"
        message = f"the managed firewall `{machine.name}` takes no security group, and has {what}"
        yield Diagnostic("firewall-with-group", message, nic.span, rule="F-EVAL-9")
    if any(family_of(address) is Family.IPV6 for address in nic.addresses):
        message = f"the managed firewall `{machine.name}` has an IPv6 address, and firewalls do not support IPv6"
        yield Diagnostic("firewall-with-ipv6", message, nic.span, rule="F-FW-11", severity=Severity.WARNING)
