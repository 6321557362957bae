"""What the bounds of rules tell of two versions is what the solver finds of them, packet for packet."""

from __future__ import annotations

import itertools
import random

import pytest

from vnetverify.comparison import compare
from vnetverify.encoder.comparing import Alignment, pairs, renamed
from vnetverify.encoder.overlaps import Overlap, Overlaps
from vnetverify.encoder.regions import (
    DESTINATION,
    DESTINATION_PORT,
    SOURCE,
    Ranges,
    Region,
    Steps,
    TooMuch,
    common,
    meet,
    near,
    remainder,
    without,
)
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


def drawn_region(dice: random.Random) -> Region:
    fields: list[Ranges] = []
    for _ in range(5):
        numbers = sorted(dice.sample(range(8), k=4))
        fields.append(
            dice.choice((((0, 7),), ((numbers[0], numbers[3]),), tuple(zip(*[iter(numbers)] * 2, strict=True))))
        )
    protocols, ports, sources, destinations, source_ports = fields
    return protocols, ports, sources, destinations, source_ports


def holds(region: Region, packet: tuple[int, ...]) -> bool:
    return all(any(low <= n <= high for low, high in held) for held, n in zip(region, packet, strict=True))


def test_what_is_left_of_regions_of_every_field_is_in_none_of_the_covers() -> None:
    dice = random.Random(2)
    for _ in range(300):
        whole, *covers = (drawn_region(dice) for _ in range(dice.randrange(2, 12)))
        found = remainder(whole, covers, Steps(100_000))
        packets = [tuple(dice.randrange(8) for _ in range(5)) for _ in range(200)]
        left = [packet for packet in packets if holds(whole, packet) and not any(holds(one, packet) for one in covers)]

        assert found is not None or not left
        for packet in itertools.product(*([bounds[0] for bounds in field] for field in found or ())):
            assert found is None or (holds(whole, packet) and not any(holds(one, packet) for one in covers))


def test_two_regions_meet_in_what_both_hold() -> None:
    dice = random.Random(3)
    for _ in range(300):
        one, other = drawn_region(dice), drawn_region(dice)
        both = meet(one, other)
        packets = [tuple(dice.randrange(8) for _ in range(5)) for _ in range(100)]

        assert [holds(one, packet) and holds(other, packet) for packet in packets] == [
            both is not None and holds(both, packet) for packet in packets
        ]
        assert both is None or [both] == list(near(one, [both]))


def test_a_search_that_takes_too_long_says_so() -> None:
    with pytest.raises(TooMuch):
        remainder(WHOLE, [box((0, 1), (0, 1)), box((4, 5), (0, 1))], Steps(3))


def test_a_search_may_take_all_the_steps_that_it_was_given() -> None:
    steps = Steps(3)
    steps.take(3)

    with pytest.raises(TooMuch):
        steps.take(1)


def test_regions_that_bounds_tell_apart_do_not_meet() -> None:
    others = [box((0, 1), (0, 1)), box((2, 3), (0, 1)), box((2, 3), (4, 5))]

    assert [others[1]] == list(near(box((3, 5), (1, 3)), others))
    assert box((3, 3), (1, 1)) == meet(box((3, 5), (1, 3)), others[1])
    assert meet(box((3, 5), (1, 3)), others[0]) is None


@pytest.mark.parametrize("field", [DESTINATION_PORT, SOURCE, DESTINATION])
def test_regions_that_touch_are_near_and_neighbours_are_not(field: int) -> None:
    def region(low: int, high: int) -> Region:
        fields: list[Ranges] = [((0, 9),)] * 5
        fields[field] = ((low, high),)
        return fields[0], fields[1], fields[2], fields[3], fields[4]

    touching = [region(2, 3), region(6, 7), region(4, 5)]

    assert list(near(region(3, 6), [region(0, 2), *touching, region(7, 9)])) == touching


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


@pytest.mark.parametrize("seed", [*range(40), 356])  # in the last, what a fact would have taken is surely nothing
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


@pytest.mark.parametrize(("source", "destination"), [("port 80", ""), ("", "port 80"), ("port 80", "port 81")])
def test_a_rule_that_names_ports_of_either_side_may_apply_to_other_packets(source: str, destination: str) -> None:
    old = f"inbound 100 a allow any from any {source} to any {destination}"
    new = "\n".join(
        f"inbound {number} {word} allow {word} from any {source} to any {destination}"
        for number, word in ((100, "tcp"), (110, "udp"))
    )
    found, is_complete = overlaps(*(f"{rules}\n{SHUT}" for rules in (old, new)))

    assert is_complete
    assert {"U-ICMPPORT(g/a)"} <= {str(fact) for overlap in found for fact in overlap.needed}


def test_what_hangs_on_a_tag_is_left_to_the_solver() -> None:
    tagged, listed = (
        f"inbound 100 a allow tcp from {source} to any\n{SHUT}"
        for source in ("VirtualNetwork", "10.0.0.0/16, 168.63.129.16")
    )

    assert ([], False) == overlaps(tagged, listed)
    assert ([], True) == overlaps(tagged, tagged.replace("100 a", "90 b"))


def bounded(before: str, after: str) -> list[tuple[bool, bool, bool, int]]:
    """Return of each pair of contexts and direction: whether it is an endpoint's or a public address's, whether the
    bounds tell all, and how much they tell."""
    networks = [network(text) for text in (before, after)]
    one, other = (estates_of(version)[0] for version in networks)
    told = []
    for pair in pairs(one, other):
        for direction in pair.old.directions:
            found = Overlaps(Alignment(one, other, pair, direction, renamed(*networks)))
            number = len(list(found))
            told.append((pair.old.spot.is_endpoint, pair.old.entry is not None, found.is_complete, number))
    return told


def test_rules_at_private_endpoints_are_left_to_the_solver() -> None:
    text = """
        vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 nsg n }
        private-endpoint pe 10.0.0.9 in v.s
        nsg n { inbound 100 a ACCESS any from any to any }
    """
    told = bounded(*(text.replace("ACCESS", access) for access in ("allow", "deny")))

    assert [(True, False, False, 0)] == [one for one in told if one[0]]
    assert [one for one in told if not one[0] and one[3]]


def test_a_group_that_one_version_alone_has_at_a_public_address_is_left_to_the_solver() -> None:
    text = """
        vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24GROUP }
        nsg n { inbound 100 a deny any from any to any }
        vm m { nic 10.0.0.4 in v.s  public-ip standard 203.0.113.9 }
    """
    told = bounded(text.replace("GROUP", ""), text.replace("GROUP", " nsg n"))

    assert {(False, True, False, 0)} == {one for one in told if one[1]}
    assert [one for one in told if not one[1] and one[3]]


def test_a_rule_that_denies_behind_the_changed_group_in_both_versions_leaves_no_difference() -> None:
    text = """
        vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 nsg g }
        nsg g { RULES inbound 200 shut deny any from any to any }
        nsg n { inbound 100 web deny tcp from any to any port 80  inbound 110 rest allow any from any to any }
        vm m { nic 10.0.0.4 in v.s nsg n }
    """
    old, new = (
        text.replace("RULES", f"inbound 100 a allow tcp from any to any port {ports}") for ports in ("79-80", "80-81")
    )
    found = compare(network(old), network(new), Limits(seconds=60), True).found
    told = {tuple(rule if isinstance(rule, str) else rule.name for _, rule in change.new) for change in found}

    assert told
    assert not [decision for decision in told if "web" in decision]


def test_what_all_earlier_rules_take_together_changes_nothing() -> None:
    halves = "inbound 100 a allow tcp from 10.0.0.0/9 to any\ninbound 110 b allow tcp from 10.128.0.0/9 to any"
    shadowed = "inbound 120 c deny tcp from 10.64.0.0/10, 10.128.0.0/10 to any"

    assert ([], True) == overlaps(f"{halves}\n{SHUT}", f"{halves}\n{shadowed}\n{SHUT}")


def test_source_ports_tell_rules_apart() -> None:
    old = f"inbound 100 a allow udp from any port 53 to any\n{SHUT}"
    found, is_complete = overlaps(old, old.replace("port 53", "port 53, 123"))

    assert is_complete
    assert ["udp 0.0.0.0:123 -> 10.0.1.4:443"] == [str(overlap.flow) for overlap in found]
    assert ([], True) == overlaps(old, old.replace("port 53", "port 53-53"))


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
