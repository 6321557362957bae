"""Services that stand at an address of a subnet for something else: private endpoints and links, and proxies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vnetverify.header import IntervalSet
from vnetverify.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class PrivateLinkService:
    """A load balancer's internal `frontend` offered to private endpoints anywhere (F-PE-10).

    Its members see one of its NAT `addresses`, which lie in a subnet of the provider's network, as source.
    """

    name: str
    balancer: str
    frontend: str
    vnet: str
    subnet: str
    addresses: tuple[int, ...]
    span: Span = NOWHERE

    @property
    def subnet_id(self) -> str:
        return f"{self.vnet}.{self.subnet}"


@dataclass(frozen=True, slots=True)
class PrivateEndpoint:
    """An address in a subnet that stands for a service; traffic flows only when `is_approved` (F-PE-5).

    `link_service` names the private link service behind it; None is a service of Azure's, which ends the flow.
    """

    name: str
    vnet: str
    subnet: str
    addresses: tuple[int, ...]
    is_approved: bool = True
    link_service: str | None = None
    span: Span = NOWHERE

    @property
    def subnet_id(self) -> str:
        return f"{self.vnet}.{self.subnet}"


class ProxyKind(Enum):
    APPLICATION_GATEWAY = "application-gateway"
    BASTION = "bastion"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A service that ends flows and begins others by itself, from addresses of its subnet (F-META-7).

    `subnet` is None for a Bastion Developer, which serves the machines of `vnet` from outside of it (F-BAS-3).
    `listens` are the TCP ports it takes flows at.
    """

    name: str
    kind: ProxyKind
    vnet: str
    subnet: str | None
    listens: IntervalSet
    span: Span = NOWHERE

    @property
    def subnet_id(self) -> str | None:
        return None if self.subnet is None else f"{self.vnet}.{self.subnet}"
