"""A hub and its spokes, as large as wanted and always the same: texts to measure with.

Every spoke has `subnets` subnets with a security group of `rules` rules in each, drawn from a seeded generator; all
egress goes to a firewall in the hub, which forwards web traffic between spokes. With `hole` one spoke routes
directly to another, through a peering that is easily overlooked.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    spokes: int = 200
    subnets: int = 3
    rules: int = 20
    hole: bool = False
    seed: int = 0


def estate(shape: Shape) -> str:
    """Return the `.vnet` text of an estate with its intents."""
    return "\n".join(_lines(shape)) + "\n"


def _lines(shape: Shape) -> Iterator[str]:
    dice = random.Random(shape.seed)
    yield "vnet hub {\n  address 10.0.0.0/16\n  subnet firewall 10.0.1.0/24\n  subnet shared 10.0.2.0/24\n}"
    yield "appliance fw {\n  nic 10.0.1.4 in hub.firewall"
    yield "  forwards tcp from 10.0.0.0/8 to 10.0.0.0/8 port 443, 8443\n  stateful\n}"
    yield "route-table via-fw {\n  default 0.0.0.0/0 -> appliance 10.0.1.4\n}"
    for spoke in range(shape.spokes):
        yield from _spoke(shape, spoke, dice)
    if shape.hole:
        yield "peering spoke0 -> spoke1 {\n}\npeering spoke1 -> spoke0 {\n}"
    yield f"group spokes = {', '.join(f'spoke{spoke}' for spoke in range(shape.spokes))}"
    yield 'intent inspected "no spoke reaches another but through the firewall" {'
    yield "  for each a, b in spokes: a reaches b only via fw\n}"
    yield 'intent no-ssh "no spoke reaches another by ssh" {'
    yield "  for each a, b in spokes: a never reaches b on ssh\n}"


def _spoke(shape: Shape, spoke: int, dice: random.Random) -> Iterator[str]:
    space = f"10.{1 + spoke // 128}.{spoke % 128 * 2}"
    base = f"10.{1 + spoke // 128}"
    third = spoke % 128 * 2
    yield f"vnet spoke{spoke} {{\n  address {space}.0/23"
    for subnet in range(shape.subnets):
        prefix = f"{base}.{third + subnet // 4}.{subnet % 4 * 64}/26"
        yield f"  subnet s{subnet} {prefix}  nsg g{spoke}-{subnet}  routes via-fw"
    yield f"}}\npeering hub -> spoke{spoke} {{\n}}\npeering spoke{spoke} -> hub {{\n  allow-forwarded-traffic\n}}"
    for subnet in range(shape.subnets):
        yield f"nsg g{spoke}-{subnet} {{"
        for rule in range(shape.rules):
            side = "inbound " if rule % 2 else "outbound"
            access = dice.choice(("allow", "deny "))
            other = f"10.{1 + dice.randrange(2)}.{dice.randrange(256)}.0/24"
            port = dice.choice(("22", "80", "443", "1433", "3389", f"{dice.randrange(1024, 60000)}"))
            ends = f"from {other} to any" if rule % 2 else f"from any to {other}"
            yield f"  {side} {100 + rule * 10} r{rule} {access} tcp {ends} port {port}"
        yield "}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spokes", type=int, default=200)
    parser.add_argument("--subnets", type=int, default=3)
    parser.add_argument("--rules", type=int, default=20)
    parser.add_argument("--hole", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    print(estate(Shape(**vars(parser.parse_args()))), end="")


if __name__ == "__main__":
    main()
