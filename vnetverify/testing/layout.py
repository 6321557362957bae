"""Where the hosts of a vector stand: subnets that it leaves out are made up around their addresses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from vnetverify.header import Family, Prefix, address_text, addresses_of, family_of
from vnetverify.model.network import GATEWAY_SUBNET, Subnet, Vnet
from vnetverify.testing.records import NotApplicable, Refused

_SIZES = {Family.IPV4: 24, Family.IPV6: 64}  # of the subnets that are made up


@dataclass(slots=True)
class Layout:
    """The vnets of a vector by name; `place` gives them the subnets that it leaves out."""

    vnets: dict[str, Vnet]
    _told: frozenset[str] = field(init=False)  # the vnets whose subnets are told

    def __post_init__(self) -> None:
        self._told = frozenset(
            name for name, vnet in self.vnets.items() if not all(s.is_called(GATEWAY_SUBNET) for s in vnet.subnets)
        )

    def place(self, vnet: str, address: int, name: str | None = None) -> str:
        """Return the name of the subnet called `name`, or else of that around `address`. Raises `NotApplicable`."""
        if vnet not in self.vnets:
            raise NotApplicable(f"malformed: there is no vnet `{vnet}`")
        here = self.vnets[vnet]
        found = here.subnet(name) if name is not None else self._around(here, address)
        if found is None and name is not None and vnet in self._told:
            raise NotApplicable(f"malformed: there is no subnet `{vnet}.{name}`")
        if found is None:
            if address not in addresses_of(here.address_space):
                raise Refused(f"{address_text(address)} outside the vnet `{vnet}`", "R-ADDR-2")
            found = Subnet(name or _new_name(here), vnet, (_block(here, address),))
            self.vnets[vnet] = replace(here, subnets=(*here.subnets, found))
        return found.name

    def _around(self, vnet: Vnet, address: int) -> Subnet | None:
        holds = (s for s in vnet.subnets if any(prefix.value <= address <= prefix.last for prefix in s.prefixes))
        return next(holds, None)


def _new_name(vnet: Vnet) -> str:
    names = ("default", *(f"default{number}" for number in range(2, len(vnet.subnets) + 3)))
    return next(name for name in names if vnet.subnet(name) is None)


def _block(vnet: Vnet, address: int) -> Prefix:
    """Return the block around `address`, no wider than the range of the vnet that holds it."""
    ranges = (prefix for prefix in vnet.address_space if prefix.value <= address <= prefix.last)
    family = family_of(address)
    length = max(_SIZES[family], *(prefix.length for prefix in ranges), 0)
    return Prefix(address >> (family.bits - length) << (family.bits - length), length)
