"""Of a network, what the writers of Azure's JSON, of templates and of plans know."""

from __future__ import annotations

from dataclasses import fields, replace

from vnetverify.model.network import Machine, Network, Vnet

_KEPT = ("vnets", "peerings", "nsgs", "route_tables", "machines", "asgs", "nat_gateways")


def deployable(network: Network) -> Network:
    """Return the rules, routes and machines of `network`, without what is around them."""
    blank = Network()
    vnets = {name: Vnet(name, vnet.address_space, vnet.subnets, vnet.region) for name, vnet in network.vnets.items()}
    machines = {name: _undeclared(one) for name, one in network.machines.items() if not one.is_managed}
    halves = tuple(replace(half, state=None, remote_space=None) for half in network.peerings)
    left_out = {field.name: getattr(blank, field.name) for field in fields(Network) if field.name not in _KEPT}
    return replace(network, vnets=vnets, machines=machines, peerings=halves, **left_out)


def _undeclared(machine: Machine) -> Machine:
    forwards = any(nic.ip_forwarding for nic in machine.nics)
    nics = tuple(replace(nic, dns_servers=()) for nic in machine.nics)
    return Machine(machine.name, nics, *((None, None) if forwards else ((), False)), span=machine.span)
