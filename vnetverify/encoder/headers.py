"""A packet's header as terms, and the same packet as it comes back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vnetverify.encoder.families import REALMS
from vnetverify.encoder.terms import TRUE, Field, Script, Term, all_of, any_of, equals, field_within, is_among, negate
from vnetverify.header import ALL_PORTS, TCP, UDP, Family, Interval, IntervalSet, interval_set
from vnetverify.model.network import Service

ALL_PROTOCOLS = IntervalSet((Interval(0, 255),))
WITH_PORTS = interval_set((Interval(TCP, TCP), Interval(UDP, UDP)))


@dataclass(frozen=True, slots=True)
class Header:
    """Addresses are unsigned of 32 or 128 bits, ports of 16 and 0 where the protocol has none, the protocol of 8.

    `is_reply` tells that source and destination are those of the flow the other way round, `translations` how many
    firewalls have made it another packet of the flow (F-FW-5, F-FW-7). `owned` are those that may have put an address
    of their own as source, each with when.
    """

    protocol: Field
    source: Field
    source_port: Field
    destination: Field
    destination_port: Field
    family: Family = Family.IPV4
    is_reply: bool = False
    translations: int = 0
    owned: tuple[tuple[str, Term], ...] = ()

    def reversed(self) -> Header:
        return Header(
            self.protocol,
            self.destination,
            self.destination_port,
            self.source,
            self.source_port,
            self.family,
            not self.is_reply,
            self.translations,
        )

    def is_owned_by(self, firewall: str) -> Term:
        """Hold when the source is an address that `firewall` has put there (F-FW-7)."""
        return any_of(*(term for name, term in self.owned if name == firewall))

    @property
    def called(self) -> tuple[str, ...]:
        """How facts about what is chosen for a packet tell it from others of its flow; the first needs no name."""
        return ((), ("translated",), ("twice-translated",), ("thrice-translated",))[self.translations]

    def end(self, *, is_source: bool) -> str:
        """Return how facts name an end of the packet: each packet that a flow becomes has ends of its own."""
        made = ("", "translated-", "twice-translated-", "thrice-translated-")[self.translations]
        return made + ("source" if is_source is not self.is_reply else "destination")

    def to(self, addresses: IntervalSet) -> Header:
        """Return the header where its destination is known to lie in `addresses`."""
        return replace(self, destination=self.destination.narrowed(addresses))

    def of(self, addresses: IntervalSet) -> Header:
        """Return the header where its source is known to lie in `addresses`."""
        return replace(self, source=self.source.narrowed(addresses))

    @property
    def is_for_another(self) -> Term:
        """Hold when the packet is not for the address that it has as source: such a one leaves nobody (I-FLOW)."""
        if not self.source.within & self.destination.within:
            return TRUE
        return negate(f"(= {self.source.term} {self.destination.term})")

    @property
    def has_ports(self) -> Term:
        return is_among(self.protocol, WITH_PORTS)

    @property
    def is_icmp(self) -> Term:
        """Hold for the ICMP of the header's family (R-ADDR-6)."""
        return equals(self.protocol, self.family.icmp)

    @property
    def is_ordinary(self) -> Term:
        """Hold for TCP, UDP and ICMP."""
        return any_of(self.is_icmp, self.has_ports)


def declare_header(
    script: Script, protocols: IntervalSet, destination_ports: IntervalSet, family: Family = Family.IPV4
) -> Header:
    """Declare the variables of a flow's first packet and return its header."""
    width, addresses = family.bits, REALMS[family].addresses
    ports = interval_set((*destination_ports, Interval(0, 0))) if protocols - WITH_PORTS else destination_ports
    return Header(
        protocol=field_within(script.declare("pr", 8), 8, protocols),
        source=field_within(script.declare("src", width), width, addresses),
        source_port=field_within(script.declare("sp", 16), 16, IntervalSet((Interval(0, 0xFFFF),))),
        destination=field_within(script.declare("dst", width), width, addresses),
        destination_port=field_within(script.declare("dp", 16), 16, ports),
        family=family,
    )


def serves(service: Service, header: Header) -> Term:
    """Hold when the packet asks for the service, whatever its fields were narrowed to."""
    parts = []
    for protocol, ports in service.parts:
        asked = (
            TRUE if protocol is None else equals(replace(header.protocol, within=ALL_PROTOCOLS, lows=(0,)), protocol)
        )
        port = replace(header.destination_port, within=ALL_PORTS, lows=(0,))
        parts.append(all_of(asked, is_among(port, ports)))
    return any_of(*parts)
