"""What two vnets have to be, as such, for Azure to peer them (R-PEER-1, R-PEER-5, R-PEER-8, R-PEER-9).

Each requirement is met, not met, or open: the last where the text does not state what it turns on. They are asked of
the peerings that are there, and of one that somebody would like to establish (R-LINT-4, I-ESTABLISH).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vnetverify.model.network import DeploymentModel, Era, Vnet

# A cloud of its own by the beginning of its regions' names; every other region is of the public one.
_CLOUDS = {"china": "China", "usgov": "US Government", "usdod": "US Government"}


@dataclass(frozen=True, slots=True)
class Requirement:
    """`is_met` is None where the text leaves it open; then `why` says what to state.

    `why` is otherwise what is wrong, or in what the requirement is met. `code` names the fault.
    """

    code: str
    rule: str
    is_met: bool | None
    why: str


def requirements(era: Era, local: Vnet, remote: Vnet) -> Iterator[Requirement]:
    """Yield what `era` asks of two vnets that are to be peered, whatever their addresses."""
    if local.name == remote.name:
        yield Requirement("peering-with-itself", "R-PEER-1", False, f"vnet `{local.name}` is peered with itself")
        return
    yield _of_two_models(local, remote)
    if era is Era.Y2016:
        yield _of_one_region(local, remote)
        if local.model is not remote.model:
            yield _of_one_subscription(local, remote)
    else:
        yield _of_one_cloud(local, remote)
    if era is Era.Y2018:
        yield _of_one_tenant(local, remote)


def _of_two_models(local: Vnet, remote: Vnet) -> Requirement:
    if local.model is remote.model is DeploymentModel.CLASSIC:
        why = f"`{local.name}` and `{remote.name}` are both classic, and classic vnets cannot be peered"
        return Requirement("classic-with-classic", "R-PEER-8", False, why)
    why = f"`{local.name}` and `{remote.name}` are not both classic"
    return Requirement("classic-with-classic", "R-PEER-8", True, why)


def _of_one_region(local: Vnet, remote: Vnet) -> Requirement:
    code, rule, era = "peering-across-regions", "R-PEER-5", Era.Y2016.value
    if local.region is None or remote.region is None:
        silent = _silent("region", {local.name: local.region, remote.name: remote.region})
        return Requirement(code, rule, None, f"{silent}: `era {era}` wants one for both")
    if local.region.casefold() == remote.region.casefold():
        return Requirement(code, rule, True, f"`{local.name}` and `{remote.name}` are both in {local.region}")
    why = f"`{local.name}` is in {local.region} and `{remote.name}` in {remote.region}, which `era {era}` forbids"
    return Requirement(code, rule, False, why)


def _of_one_cloud(local: Vnet, remote: Vnet) -> Requirement:
    """Return whether both are of one cloud, as far as their regions tell; who states no region has one cloud."""
    code, rule = "peering-across-clouds", "R-PEER-5"
    if local.region is None or remote.region is None:
        return Requirement(code, rule, True, f"`{local.name}` and `{remote.name}` are not stated to be of two clouds")
    one, other = _cloud_of(local.region), _cloud_of(remote.region)
    if one == other:
        return Requirement(code, rule, True, f"`{local.name}` and `{remote.name}` are both of the {one} cloud")
    why = f"`{local.name}` is in the {one} cloud and `{remote.name}` in the {other} one, and no peering crosses clouds"
    return Requirement(code, rule, False, why)


def _cloud_of(region: str) -> str:
    folded = region.casefold().replace(" ", "")
    return next((cloud for start, cloud in _CLOUDS.items() if folded.startswith(start)), "public")


def _of_one_tenant(local: Vnet, remote: Vnet) -> Requirement:
    code, rule, era = "peering-across-tenants", "R-PEER-9", Era.Y2018.value
    if local.tenant is not None and remote.tenant is not None:
        if local.tenant.casefold() == remote.tenant.casefold():
            why = f"`{local.name}` and `{remote.name}` belong to one tenant, {local.tenant}"
            return Requirement(code, rule, True, why)
        why = f"`{local.name}` and `{remote.name}` belong to two tenants, so `era {era}` forbids the peering"
        return Requirement(code, rule, False, why)
    if local.subscription is not None and _is_same(local.subscription, remote.subscription):
        why = f"`{local.name}` and `{remote.name}` belong to one subscription, and so to one tenant"
        return Requirement(code, rule, True, why)
    silent = _silent("tenant", {local.name: local.tenant, remote.name: remote.tenant})
    return Requirement(code, rule, None, f"{silent}: `era {era}` wants one for both")


def _of_one_subscription(local: Vnet, remote: Vnet) -> Requirement:
    code, rule, era = "models-across-subscriptions", "R-PEER-9", Era.Y2016.value
    if local.subscription is None or remote.subscription is None:
        silent = _silent("subscription", {local.name: local.subscription, remote.name: remote.subscription})
        why = f"{silent}: `era {era}` wants one for vnets of two models"
        return Requirement(code, rule, None, why)
    if _is_same(local.subscription, remote.subscription):
        why = f"`{local.name}` and `{remote.name}` belong to one subscription, {local.subscription}"
        return Requirement(code, rule, True, why)
    why = f"`{local.name}` and `{remote.name}` differ in model and subscription, so `era {era}` forbids it"
    return Requirement(code, rule, False, why)


def _is_same(one: str, other: str | None) -> bool:
    return other is not None and one.casefold() == other.casefold()


def _silent(what: str, stated: Mapping[str, str | None]) -> str:
    """Return what to write into the text: `state the region of `a` and `b``."""
    return f"state the {what} of {' and '.join(f'`{name}`' for name, value in stated.items() if value is None)}"
