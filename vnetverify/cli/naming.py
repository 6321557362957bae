"""Names on the command line: which element of the network is meant. A name that is none is wrong usage."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import click

from vnetverify.model.network import Network, Subnet

_NAMED = 8


def subnet_called(network: Network, name: str) -> Subnet:
    """Return the subnet `vnet.subnet`, whatever the case. Raises `UsageError`."""
    subnets = network.subnets()
    for subnet in subnets:
        if subnet.id.casefold() == name.casefold():
            return subnet
    raise unknown("subnet", name, (subnet.id for subnet in subnets))


def interface_or_subnet_called(network: Network, name: str) -> tuple[str, str | None]:
    """Return the subnet and the interface that `name` means: an interface, a machine with one, or a subnet, then None.

    Raises `UsageError`.
    """
    folded = name.casefold()
    for nic in network.nics():
        if nic.name.casefold() == folded:
            return nic.subnet_id, nic.name
    for machine in network.machines.values():
        if machine.name.casefold() == folded:
            if len(machine.nics) != 1:
                raise unknown("interface", name, (nic.name for nic in machine.nics))
            return machine.nics[0].subnet_id, machine.nics[0].name
    known = [*(nic.name for nic in network.nics()), *(subnet.id for subnet in network.subnets())]
    if folded not in (each.casefold() for each in known):
        raise unknown("interface, machine or subnet", name, known)
    return subnet_called(network, name).id, None


def unknown(kind: str, name: str, known: Iterable[str]) -> click.UsageError:
    """Return the refusal of a name, with the one that was meant where that can be guessed, or what it has inside.

    A subnet may be meant that is called without its vnet.
    """
    from vnetverify.report.terminal import printable, shortened

    names = list(known)
    inside = [each for each in names if each.casefold().startswith(f"{name.casefold()}.")]
    called = [each for each in names if each.casefold().endswith(f".{name.casefold()}")]
    close = called if len(called) == 1 else difflib.get_close_matches(name[:80], names[:5000], n=1)
    if inside:
        hint = f"; it has {_listed(inside)}"
    elif len(called) > 1:
        hint = f"; there are {_listed(called)}"
    elif close:
        hint = f"; did you mean `{printable(close[0])}`?"
    else:
        hint = f"; there are {_listed(names)}" if names else ""
    return click.UsageError(f"no {kind} is called `{shortened(printable(name), 80)}`{hint}")


def _listed(names: Sequence[str]) -> str:
    from vnetverify.report.terminal import printable

    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(f"`{printable(each)}`" for each in names[:_NAMED]) + more
