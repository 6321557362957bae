"""Estates to measure with: hubs and their spokes, as large as wanted and always the same for one `Shape`.

Every spoke subnet sends what it does not know to the appliance of its hub. Five intents hold: spokes meet only by way
of an appliance (`waypoint`), all of them use a shared subnet of their hub (`shared`), and none reaches another by RDP
(`rdp`: four of five inbound lists deny it, the appliance the rest), by SSH (`ssh`: every inbound list admits three
foreign spokes, whose outbound lists refuse it in two pieces of source ports, or else the appliance does) or by anything
but web (`any`: what one spoke in five lets in stands as denials on the appliance). A `hole` makes one of them false by
a single line (with the direct peering of `waypoint` others fall as well). With `templates` subnets share that many
security groups, and the appliance refuses all that is admitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random

HOLES = ("waypoint", "shared", "rdp", "ssh", "any")
ALL_SPOKES = "10.0.0.0/8"
SITE = "192.168.0.0/16"
_FILLING_PORTS = ("25", "135", "445", "1433", "5432", "5985-5986", "9000-9100")
_SPOKES_A_BLOCK = 128  # of /23 in a /16
_ADMITTED = 3
_OPENED = 2


@dataclass(frozen=True, slots=True)
class Shape:
    """`inbound` and `outbound` count the rules of a security group, `routes` the user routes of a spoke's table.

    `appliance_rules` are lines of an appliance's policy beside those that the intents need. `templates` is the number
    of security groups that all subnets share, 0 for one each. `hole` names the intent that does not hold, if one.
    """

    spokes: int = 200
    subnets: int = 3
    inbound: int = 20
    outbound: int = 20
    routes: int = 1
    appliance_rules: int = 20
    hubs: int = 1
    templates: int = 0
    gateway: bool = False
    hole: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A security rule; an end is a prefix or `*`, ports are a number, a range or `*`."""

    priority: int
    name: str
    is_inbound: bool
    allows: bool
    protocol: str
    source: str
    source_ports: str
    destination: str
    ports: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an appliance's policy; `ports` is empty for all."""

    allows: bool
    protocol: str
    source: str
    destination: str
    ports: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    prefix: str
    appliance: str | None


class Plan:
    """What stands in an estate of `shape`, computed piece by piece when it is asked for."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        per_hub = -(-shape.spokes // shape.hubs)
        self._blocks = 1 + -(-per_hub // _SPOKES_A_BLOCK)
        if self._blocks * shape.hubs > 256 or not 1 <= shape.subnets <= 8:
            raise ValueError("more spokes or subnets than there are addresses in 10.0.0.0/8")

    def hub(self, hub: int) -> str:
        return "hub" if self.shape.hubs == 1 else f"hub{hub}"

    def appliance(self, hub: int) -> str:
        return "fw" if self.shape.hubs == 1 else f"fw{hub}"

    def hub_base(self, hub: int) -> str:
        return f"10.{hub * self._blocks}"

    def appliance_address(self, hub: int) -> str:
        return f"{self.hub_base(hub)}.1.4"

    def hub_of(self, spoke: int) -> int:
        return spoke % self.shape.hubs

    def spokes_of(self, hub: int) -> range:
        return range(hub, self.shape.spokes, self.shape.hubs)

    def blocks_of(self, hub: int) -> list[str]:
        """Return the prefixes that hold the spokes of a hub."""
        first = hub * self._blocks
        return [f"10.{block}.0.0/16" for block in range(first + 1, first + self._blocks)]

    def _spoke_base(self, spoke: int) -> tuple[int, int]:
        block, place = divmod(spoke // self.shape.hubs, _SPOKES_A_BLOCK)
        return self.hub_of(spoke) * self._blocks + 1 + block, place * 2

    def space(self, spoke: int) -> str:
        second, third = self._spoke_base(spoke)
        return f"10.{second}.{third}.0/23"

    def subnet(self, spoke: int, subnet: int) -> str:
        second, third = self._spoke_base(spoke)
        return f"10.{second}.{third + subnet // 4}.{subnet % 4 * 64}/26"

    def group_names(self) -> Iterator[str]:
        count = self.shape.templates or self.shape.spokes * self.shape.subnets
        return (f"g{index}" for index in range(count))

    def group_of(self, spoke: int, subnet: int) -> int:
        index = spoke * self.shape.subnets + subnet
        return index % self.shape.templates if self.shape.templates else index

    def admitted(self, group: int) -> list[int]:
        """Return the spokes whose SSH the inbound list of a group admits."""
        spokes = self.shape.spokes
        spoke, subnet = divmod(group, self.shape.subnets)
        steps = range(1 + _ADMITTED * subnet, 1 + _ADMITTED * (subnet + 1))
        return sorted({(spoke + step) % spokes for step in steps if step % spokes})

    def opened(self, group: int) -> list[tuple[str, int, int]]:
        """Return what the inbound list of a group lets in beside: protocol, spoke and port (one spoke in five)."""
        spoke = group // self.shape.subnets
        if self.shape.spokes < 2 or (spoke % 5 and not self.shape.templates):
            return []
        dice = Random(f"opened {self.shape.seed} {group}")
        others = (1 + dice.randrange(self.shape.spokes - 1) for _ in range(_OPENED))
        return [
            (dice.choice(("tcp", "udp")), (spoke + other) % self.shape.spokes, dice.randrange(10_000, 60_000))
            for other in others
        ]

    def admits_rdp(self, group: int) -> bool:
        return group % 5 == 0

    def refuses_at_home(self, source: int, group: int) -> bool:
        """Tell whether the outbound lists of spoke `source` refuse the SSH that a group admits."""
        return not self.shape.templates and bool(self.admitted(group).index(source))

    @cached_property
    def _refused_at_home(self) -> dict[int, list[int]]:
        """Return the groups of the subnets to which the outbound lists of a spoke refuse SSH, by spoke."""
        refused: dict[int, list[int]] = {}
        if not self.shape.templates:
            for group in range(self.shape.spokes * self.shape.subnets):
                for source in self.admitted(group):
                    if self.refuses_at_home(source, group):
                        refused.setdefault(source, []).append(group)
        return refused

    # -- security groups ----------------------------------------------------------------------------------

    def rules(self, group: int) -> Iterator[Rule]:
        yield from self._inbound(group)
        yield from self._outbound(group)

    def _inbound(self, group: int) -> Iterator[Rule]:
        shape, spoke = self.shape, group // self.shape.subnets
        home = ALL_SPOKES if shape.templates else self.space(spoke)
        needed = [("web", True, "tcp", ALL_SPOKES, port) for port in ("443", "8443")]
        needed += [(f"ssh{source}", True, "tcp", self.space(source), "22") for source in self.admitted(group)]
        needed += [
            (f"open{index}", True, protocol, self.space(source), str(port))
            for index, (protocol, source, port) in enumerate(self.opened(group))
        ]
        needed.append(("rdp", self.admits_rdp(group), "tcp", ALL_SPOKES, "3389"))
        if not shape.templates:
            needed += [("hub", True, "*", f"{self.hub_base(self.hub_of(spoke))}.0.0/16", "*")]
            needed += [("home", True, "*", home, "*")]
        needed.append(("closed", False, "*", ALL_SPOKES, "*"))
        dice = Random(f"inbound {shape.seed} {group}")
        filling = [self._filling(dice, home) for _ in range(shape.inbound - len(needed))]
        for index, (name, allows, protocol, source, ports) in enumerate((*filling, *needed)):
            yield Rule(100 + index, f"in-{name}-{index}", True, allows, protocol, source, "*", "*", ports)

    def _filling(self, dice: Random, home: str) -> tuple[str, bool, str, str, str]:
        """Return a rule that breaks no intent: it denies what is no web, or allows what is at home or on premises."""
        port = dice.choice((*_FILLING_PORTS, str(dice.randrange(1024, 8000))))
        name, protocol = "x", dice.choice(("tcp", "udp"))
        if dice.random() < 0.4:
            inside = home if not self.shape.templates else SITE
            return name, True, protocol, dice.choice((inside, f"192.168.{dice.randrange(256)}.0/24")), port
        return name, False, protocol, self._somewhere(dice), port

    def _somewhere(self, dice: Random) -> str:
        spoke = dice.randrange(self.shape.spokes)
        return self.subnet(spoke, dice.randrange(self.shape.subnets)) if dice.random() < 0.7 else self.space(spoke)

    def _outbound(self, group: int) -> Iterator[Rule]:
        shape, spoke = self.shape, group // self.shape.subnets
        needed: list[tuple[str, bool, str, str, str, str]] = []
        for refused in self._refused_at_home.get(spoke, ()):
            target = self.subnet(*divmod(refused, shape.subnets))
            needed += [("ssh", False, "tcp", low, target, "22") for low in self._halves(spoke, refused)]
        if shape.hole == "shared" and group == self._last_group:
            shared = f"{self.hub_base(self.hub_of(spoke))}.2.64/28"
            needed.insert(0, ("hole", False, "tcp", "50000-50010", shared, "443"))
        dice = Random(f"outbound {shape.seed} {group}")
        filling: list[tuple[str, bool, str, str, str, str]] = []
        for _ in range(shape.outbound - len(needed) - 1):
            name, allows, protocol, other, port = self._filling(dice, SITE)
            filling.append((name, allows, protocol, "*", other, port))
        needed.append(("inside", True, "*", "*", ALL_SPOKES, "*"))
        for index, (name, allows, protocol, low, other, ports) in enumerate((*filling, *needed)):
            yield Rule(100 + index, f"out-{name}-{index}", False, allows, protocol, "*", low, other, ports)

    @property
    def _last_group(self) -> int:
        return self.group_of(self.shape.spokes - 1, self.shape.subnets - 1)

    def _halves(self, source: int, group: int) -> tuple[str, str]:
        """Return the two pieces of source ports that are refused: all, but in one place of a holed estate."""
        has_hole = self.shape.hole == "ssh" and group == self._last_group and self.admitted(group)[-1] == source
        return "0-32756" if has_hole else "0-32767", "32768-65535"

    # -- routes and appliances ----------------------------------------------------------------------------

    def routes(self, spoke: int) -> Iterator[Route]:
        """Return the table of a spoke: the default to the appliance, and ways to other spokes, of which some end."""
        dice = Random(f"routes {self.shape.seed} {spoke}")
        address = self.appliance_address(self.hub_of(spoke))
        yield Route("default", "0.0.0.0/0", address)
        taken = set()
        for index in range(self.shape.routes - 1):
            other = (spoke + 1 + dice.randrange(max(self.shape.spokes - 1, 1))) % self.shape.spokes
            prefix = (
                self.space(other) if dice.random() < 0.5 else self.subnet(other, dice.randrange(self.shape.subnets))
            )
            if other != spoke and prefix not in taken:
                taken.add(prefix)
                yield Route(f"r{index}", prefix, address if dice.random() < 0.8 else None)

    def hub_routes(self, hub: int) -> Iterator[Route]:
        """Return the table of a hub's appliance: the spokes of other hubs are behind theirs."""
        for other in range(self.shape.hubs):
            if other != hub:
                for index, block in enumerate(self.blocks_of(other)):
                    yield Route(f"{self.hub(other)}-{index}", block, self.appliance_address(other))

    def policy(self) -> Iterator[Line]:
        """Return the lines of every appliance, the first that matches decides."""
        shape = self.shape
        if shape.hole == "rdp" and shape.spokes > 1:
            last = next(g for g in reversed(range(len(list(self.group_names())))) if self.admits_rdp(g))
            target = self._members(last)[-1]
            yield Line(True, "tcp", self.space((target[0] + 1) % shape.spokes), self.subnet(*target), "3389")
        for port in ("443", "8443"):
            yield Line(True, "tcp", ALL_SPOKES, ALL_SPOKES, port)
        yield Line(False, "tcp", ALL_SPOKES, ALL_SPOKES, "3389")
        yield from self._denials()
        dice = Random(f"policy {shape.seed}")
        for _ in range(shape.appliance_rules):
            yield Line(
                dice.random() < 0.5, dice.choice(("tcp", "udp")), self._somewhere(dice), self._somewhere(dice),
                dice.choice((*_FILLING_PORTS, str(dice.randrange(1024, 8000)))),
            )  # fmt: skip
        yield Line(True, "any", ALL_SPOKES, ALL_SPOKES)
        yield Line(True, "tcp", ALL_SPOKES, "0.0.0.0/0", "443")

    def _denials(self) -> Iterator[Line]:
        """Return the denials of what inbound lists admit and no outbound list refuses."""
        for name in self.group_names():
            group = int(name[1:])
            for target in self._members(group) if not self.shape.templates else [None]:
                prefix = ALL_SPOKES if target is None else self.subnet(*target)
                for source in self.admitted(group):
                    if not self.refuses_at_home(source, group):
                        yield Line(False, "tcp", self.space(source), prefix, "22")
                for protocol, source, port in self._opened_and_denied(group):
                    yield Line(False, protocol, self.space(source), prefix, str(port))

    def _opened_and_denied(self, group: int) -> list[tuple[str, int, int]]:
        opened = self.opened(group)
        return opened[1:] if self.shape.hole == "any" and group == 0 else opened

    def _members(self, group: int) -> list[tuple[int, int]]:
        """Return the subnets, as spoke and number, that have a group: its own one, or the first of a template."""
        return [divmod(group, self.shape.subnets)]
