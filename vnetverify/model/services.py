"""Services by the names that people use for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vnetverify.header import ALL_PORTS, ICMP, PROTOCOL_NUMBERS, TCP, UDP, Interval, IntervalSet, interval_set
from vnetverify.model.network import Service

ServicePart = tuple[int | None, IntervalSet]

_PORTS: Mapping[str, tuple[tuple[int, tuple[int, int]], ...]] = {
    "dns": ((TCP, (53, 53)), (UDP, (53, 53))),
    "ftp": ((TCP, (21, 21)),),
    "http": ((TCP, (80, 80)),),
    "https": ((TCP, (443, 443)),),
    "imaps": ((TCP, (993, 993)),),
    "kerberos": ((TCP, (88, 88)), (UDP, (88, 88))),
    "ldap": ((TCP, (389, 389)), (UDP, (389, 389))),
    "ldaps": ((TCP, (636, 636)),),
    "mongodb": ((TCP, (27017, 27017)),),
    "mysql": ((TCP, (3306, 3306)),),
    "ntp": ((UDP, (123, 123)),),
    "postgresql": ((TCP, (5432, 5432)),),
    "rdp": ((TCP, (3389, 3389)),),
    "redis": ((TCP, (6379, 6380)),),
    "smb": ((TCP, (445, 445)),),
    "smtp": ((TCP, (25, 25)),),
    "snmp": ((UDP, (161, 162)),),
    "sql": ((TCP, (1433, 1433)),),
    "ssh": ((TCP, (22, 22)),),
    "syslog": ((UDP, (514, 514)),),
    "telnet": ((TCP, (23, 23)),),
    "winrm": ((TCP, (5985, 5986)),),
}

EVERY_PACKET = Service("any", ((None, ALL_PORTS),))
EVERY_TRANSLATED = Service("tcp, udp", ((TCP, ALL_PORTS), (UDP, ALL_PORTS)))
EVERY_CONVERSATION = Service("any", ((ICMP, ALL_PORTS), (TCP, ALL_PORTS), (UDP, ALL_PORTS)))

WELL_KNOWN: Mapping[str, Service] = {
    **{
        name: Service(name, tuple((protocol, IntervalSet((Interval(*ports),))) for protocol, ports in parts))
        for name, parts in _PORTS.items()
    },
    **{name: Service(name, ((number, ALL_PORTS),)) for name, number in PROTOCOL_NUMBERS.items()},
}


def service_of(name: str, parts: Iterable[ServicePart]) -> Service:
    """Return the service called `name` of `parts`, one for each protocol, sorted; every protocol covers the others."""
    ports: dict[int | None, list[Interval]] = {}
    for protocol, intervals in parts:
        ports.setdefault(protocol, []).extend(intervals)
    merged = {protocol: interval_set(intervals) for protocol, intervals in ports.items()}
    covered = merged.get(None, IntervalSet())
    kept = [(number, ports) for number, ports in merged.items() if number is None or ports - covered]
    return Service(name, tuple(sorted(kept, key=lambda part: -1 if part[0] is None else part[0])))


_PROVIDER = "microsoft."
# Services whose tag is called otherwise than the endpoint.
_TAGS_OF_SERVICES = {
    "microsoft.containerregistry": "azurecontainerregistry",
    "microsoft.keyvault": "azurekeyvault",
    "microsoft.web": "appservice",
}


def tags_of_endpoint(service: str) -> tuple[str, ...]:
    """Return the case-folded tags that may hold the prefixes of a service endpoint, the first that is there (R-SYS-9).

    That is the tag of its own name, that of its name without `Microsoft.`, and where Azure calls it otherwise, that.
    """
    name = service.casefold()
    short = (name.removeprefix(_PROVIDER),) if name.startswith(_PROVIDER) else ()
    other = _TAGS_OF_SERVICES.get(name)
    return (name, *short, *((other,) if other is not None else ()))


def endpoint_name(service: str, tags: Iterable[str]) -> str | None:
    """Return `service`, a service endpoint's, spelled after the one of `tags` that holds its prefixes (R-SYS-9).

    None where there is none.
    """
    spellings = {tag.casefold(): tag for tag in tags}
    found = next((tag for tag in tags_of_endpoint(service) if tag in spellings), None)
    if found is None or found == service.casefold():
        return None if found is None else spellings[found]
    if found == service.casefold().removeprefix(_PROVIDER):
        return f"Microsoft.{spellings[found]}"
    return service


def service_written(text: str) -> Service | None:
    """Return the service that `text` writes as `tcp/443` or `udp/1000-2000`, None where it writes none."""
    name, slash, ports = text.partition("/")
    protocol = PROTOCOL_NUMBERS.get(name.casefold())
    low, dash, high = ports.partition("-")
    numbers = (low, high if dash else low)
    if protocol not in (TCP, UDP) or not slash or not all(n.isascii() and n.isdigit() and len(n) <= 5 for n in numbers):
        return None
    first, last = map(int, numbers)
    if not first <= last <= ALL_PORTS.intervals[0].high:
        return None
    return service_of(text, [(protocol, IntervalSet((Interval(first, last),)))])
