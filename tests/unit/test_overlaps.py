"""What the bounds of rules tell of two versions is what the solver finds of them, packet for packet."""

from __future__ import annotations

import itertools
import random

import pytest

from vnetverify.comparison import compare
from vnetverify.encoder.comparing import Alignment, pairs, renamed
from vnetverify.encoder.overlaps import Overlap, Overlaps
from vnetverify.encoder.regions import Region, Steps, TooMuch, common, meet, near, remainder, without
from vnetverify.model.network import Network
from vnetverify.model.security import Direction
from vnetverify.prover.differences import Difference, Packet, differences
from vnetverify.prover.idle import estates_of
from vnetverify.prover.solver import Limits, Solver
from vnetverify.source import Source
from vnetverify.syntax import read


def network(text: str) -> Network:
    document = read([Source("t.vnet", text)], Network())
    assert not document.diagnostics, document.diagnostics
    return document.network


# -- regions --------------------------------------------------------------------------------------------

WHOLE: Region = (((6, 6),), ((0, 5),), ((0, 5),), ((0, 0),), ((0, 0),))


def box(ports: tuple[int, int], sources: tuple[int, int]) -> Region:
    return (((6, 6),), (ports,), (sources,), ((0, 0),), ((0, 0),))


def points(region: Region) -> set[tuple[int, int]]:
    ports, sources = ({n for low, high in region[field] for n in range(low, high + 1)} for field in (1, 2))
    return set(itertools.product(ports, sources))


def test_what_covers_leave_is_found_exactly_when_there_is_something() -> None:
    dice = random.Random(1)
    for _ in range(300):
        bounds = [tuple(sorted(dice.choices(range(6), k=2))) for _ in range(12)]
        covers = [box(one, other) for one, other in zip(bounds[::2], bounds[1::2], strict=True)]
        left = points(WHOLE) - set().union(*map(points, covers))
        found = remainder(WHOLE, covers, Steps(10_000))

        assert (found is not None) is bool(left)
        assert found is None or points(found) <= left


def test_a_search_that_takes_too_long_says_so() -> None:
    with pytest.raises(TooMuch):
        remainder(WHOLE, [box((0, 1), (0, 1)), box((4, 5), (0, 1))], Steps(3))


def test_regions_that_bounds_tell_apart_do_not_meet() -> None:
    others = [box((0, 1), (0, 1)), box((2, 3), (0, 1)), box((2, 3), (4, 5))]

    assert [others[1]] == list(near(box((3, 5), (1, 3)), others))
    assert box((3, 3), (1, 1)) == meet(box((3, 5), (1, 3)), others[1])
    assert meet(box((3, 5), (1, 3)), others[0]) is None


def test_ranges_are_cut_at_every_bound() -> None:
    assert ((2, 3), (8, 9)) == common(((0, 3), (6, 9)), ((2, 4), (8, 20)))
    assert ((0, 1), (6, 7)) == without(((0, 3), (6, 9)), ((2, 4), (8, 20)))


# -- two versions ---------------------------------------------------------------------------------------

SIDES = (
    "any", "any", "10.0.0.0/8", "10.0.1.0/24", "10.0.1.4", "10.0.1.4, 10.9.0.0/16", "168.63.129.16", "169.254.169.254",
    "8.8.8.0/24", "0.0.0.0/0", "VirtualNetwork", "Internet", "AzureLoadBalancer", "Storage", "Partner", "asg web",
)  # fmt: skip
SIDES_OF_IPV6 = ("any", "fd00:db8:9::/48", "fd00:db8:0:1::/64", "2001:db8::/32", "VirtualNetwork", "Internet")


def drawn(dice: random.Random, direction: str, number: int) -> str:
    sides = SIDES_OF_IPV6 if dice.random() < 0.2 else SIDES
    source, destination = dice.choice(sides), dice.choice(("any", "any", dice.choice(sides)))
    protocol = dice.choice(("tcp", "tcp", "udp", "any", "any", "icmp", "esp"))
    rule = f"r{number} {dice.choice(('allow', 'deny'))} {protocol} from {source} to {destination}"
    if protocol in ("tcp", "udp", "any") and dice.random() < 0.7:
        low = dice.randrange(78, 82)
        rule += f" port {low}-{low + dice.randrange(3)}{dice.choice(('', ', 90'))}"
    return rule


def written(direction: str, rules: list[str]) -> str:
    return "\n".join(f"inbound {100 + n} {rule}".replace("inbound", direction) for n, rule in enumerate(rules))


def edited(dice: random.Random, direction: str, rules: list[str]) -> list[str]:
    after = list(rules)
    for _ in range(dice.randrange(3)):
        place = dice.randrange(len(after) + 1)
        match dice.randrange(4):
            case 0:
                del after[place : place + 1]
            case 1:
                after.insert(place, drawn(dice, direction, 90 + len(after)))
            case 2 if place < len(after):
                after[place] = after[place].replace("allow", "?").replace("deny", "allow").replace("?", "deny")
            case _:
                after[place:] = after[place:][::-1]
    names = [rule.split()[0] for rule in after]
    return [rule for number, rule in enumerate(after) if names[number] not in names[:number]]


def estate(groups: tuple[str, str], attached: tuple[bool, bool, bool]) -> str:
    subnet, one, other = (f" nsg {name}" if is_there else "" for name, is_there in zip("gnn", attached, strict=True))
    return f"""
vnet v {{ address 10.0.0.0/16, fd00:db8::/48  subnet web 10.0.1.0/24, fd00:db8:0:1::/64{subnet} }}
asg web
service-tag Partner 8.8.8.0/24, 10.0.1.8/29
nsg g {{ {groups[0]} }}
nsg n {{ {groups[1]} }}
vm a {{ nic 10.0.1.4 in v.web{one} asg web }}
vm b {{ nic 10.0.1.9 in v.web{other} }}
"""


def versions(seed: int) -> tuple[Network, Network]:
    dice = random.Random(seed)
    direction = dice.choice(("inbound", "outbound"))
    before = [[drawn(dice, direction, number) for number in range(dice.randrange(1, most))] for most in (6, 4)]
    after = [edited(dice, direction, before[0]), edited(dice, direction, before[1]) if seed % 2 else before[1]]
    attached = [tuple(dice.random() < 0.6 for _ in range(3)) for _ in range(2)]
    if seed % 4:
        attached[1] = attached[0]
    texts = [
        estate((written(direction, groups[0]), written(direction, groups[1])), (at[0], at[1], at[2]))
        for groups, at in zip((before, after), attached, strict=True)
    ]
    return network(texts[0]), network(texts[1])


def told(packet: Packet) -> Difference:
    raise AssertionError("the solver finds what bounds did not")


@pytest.mark.parametrize("seed", range(40))
def test_bounds_and_the_solver_find_the_same_differences_for_the_same_reasons(seed: int) -> None:
    old, new = versions(seed)
    found = [
        [
            (change.places, change.direction, change.was_allowed, change.old, change.new, set(change.needed))
            for change in compare(old, new, Limits(seconds=60), by_bounds).found
        ]
        for by_bounds in (True, False)
    ]

    assert len(found[0]) == len(found[1])
    assert all(change in found[1] for change in found[0])


def overlaps(old: str, new: str) -> tuple[list[Overlap], bool]:
    """Return what bounds tell of two lists of inbound rules of one subnet, and whether that is all."""
    place = "vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }}\nnsg g {{ {} }}"
    both = [network(place.format(rules)) for rules in (old, new)]
    one, other = (estates_of(version)[0] for version in both)
    pair = next(pairs(one, other))
    found = Overlaps(Alignment(one, other, pair, Direction.INBOUND, renamed(both[0], both[1])))
    return list(found), found.is_complete


SHUT = "inbound 4000 shut deny any from any to any"


def test_lists_of_prefixes_and_ports_are_settled_without_a_solver() -> None:
    whole = "inbound 100 a allow tcp from 10.0.0.0/8 to any port 80-90"
    halves = "\n".join(
        f"inbound {number} b{number} allow tcp from 10.{half}.0.0/9 to any port 80-90"
        for number, half in ((101, 0), (102, 128))
    )

    assert ([], True) == overlaps(f"{whole}\n{SHUT}", f"{halves}\n{SHUT}")


def test_a_packet_is_given_for_each_pair_of_decisions() -> None:
    old, new = (f"inbound 100 a {access} tcp from 10.0.0.0/8 to any port 80\n{SHUT}" for access in ("allow", "deny"))
    found, is_complete = overlaps(old, new)

    assert is_complete
    assert ["tcp 10.0.0.0:49152 -> 10.0.1.4:80"] == [str(overlap.flow) for overlap in found]


def test_what_only_a_fact_makes_differ_is_told_with_the_fact() -> None:
    """TCP and UDP fare alike; whether the old rule, which names ports, applies to other packets is open."""
    old = "inbound 100 a allow any from any to any port 80"
    new = "inbound 100 b allow tcp from any to any port 80\ninbound 110 c allow udp from any to any port 80"
    found, is_complete = overlaps(*(f"{rules}\n{SHUT}" for rules in (old, new)))
    default = (("g", "DenyAllInBound"),)

    assert is_complete
    assert [((("g", "a"),), (("g", "shut"),), ["U-ICMPPORT(g/a)"])] == [
        (overlap.old, overlap.new, list(map(str, overlap.needed))) for overlap in found if overlap.new != default
    ]


def test_what_hangs_on_a_tag_is_left_to_the_solver() -> None:
    tagged, listed = (
        f"inbound 100 a allow tcp from {source} to any\n{SHUT}"
        for source in ("VirtualNetwork", "10.0.0.0/16, 168.63.129.16")
    )

    assert ([], False) == overlaps(tagged, listed)
    assert ([], True) == overlaps(tagged, tagged.replace("100 a", "90 b"))


def test_a_tag_whose_prefixes_are_declared_is_settled_as_they_are() -> None:
    tagged, listed = (f"inbound 100 a allow tcp from {source} to any\n{SHUT}" for source in ("Partner", "8.8.8.0/24"))
    tag = "}\nservice-tag Partner 8.8.8.0/24\nnsg unused {"

    assert ([], True) == overlaps(f"{tagged}\n{tag}", f"{listed}\n{tag}")


def test_long_lists_that_are_settled_ask_the_solver_nothing(solver: Solver) -> None:
    place = "vnet v {{ address 10.0.0.0/16  subnet web 10.0.1.0/24 nsg g }}\nnsg g {{ {} }}"
    lines = [f"inbound {100 + n} r{n} allow tcp from 10.{n}.0.0/16 to any port {n}" for n in range(200)]
    swapped = [line for pair in zip(lines[1::2], lines[::2], strict=True) for line in pair]
    swapped = [f"inbound {100 + n} {line.split(' ', 2)[2]}" for n, line in enumerate(swapped)]

    found = differences(*(network(place.format("\n".join(rules))) for rules in (lines, swapped)), solver, told)

    assert not found.found
    assert not solver.rlimit
