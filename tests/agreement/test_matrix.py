"""Matrices against the other two readings, on networks that nobody thought of, and faults planted in the classes.

`VNETVERIFY_FUZZ=N` asks for N networks in place of a few.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from tests.agreement.campaigns import for_each
from vnetverify.diagnostic import Severity
from vnetverify.facts import World
from vnetverify.header import Interval
from vnetverify.loading import Loaded
from vnetverify.matrix import courses, filters, passages, replies, spots, tables, wide
from vnetverify.matrix.cells import Hits
from vnetverify.model.network import Network, Nic, Subnet
from vnetverify.model.services import EVERY_CONVERSATION
from vnetverify.model.wellformed import check
from vnetverify.source import Source
from vnetverify.surveying import Asked, Contradicted, Effort
from vnetverify.surveying import survey as survey_of
from vnetverify.syntax import Document, read
from vnetverify.testing.estates import networks
from vnetverify.testing.matrices import difference_in_matrix, within_classes
from vnetverify.testing.worlds import worlds

NETWORKS = {True: 18, False: 9}
FLOWS = 6
EVERY_KIND = """\
vnet hub {
  address 10.0.0.0/16
  subnet fw 10.0.1.0/24
  subnet shared 10.0.2.0/24  nsg shared
}
vnet a {
  address 10.1.0.0/16
  subnet web 10.1.1.0/24  nsg web  routes spoke
  subnet job 10.1.2.0/24  routes spoke
}
vnet b {
  address 10.2.0.0/16
  subnet db 10.2.1.0/24  nsg db  routes spoke
}
vnet c {
  address 10.3.0.0/16
  subnet app 10.3.1.0/24
  subnet odd 10.3.2.0/24  routes odd
}
peering hub -> a { }
peering a -> hub { allow-forwarded-traffic }
peering hub -> b { }
peering b -> hub { allow-forwarded-traffic }
peering hub -> c { }
peering c -> hub { allow-forwarded-traffic }
peering hub -> d
peering d -> hub
vnet d { address 10.4.0.0/16  subnet shut 10.4.1.0/24 }
route-table spoke { default 0.0.0.0/0 -> appliance 10.0.1.4 }
route-table odd {
  a 10.1.0.0/16 -> appliance 10.0.1.5
  half 10.0.2.128/25 -> none
}
appliance guard {
  nic 10.0.1.4 in hub.fw
  stateful
  drops tcp from a.job to b.db port 1433
  forwards tcp from 10.0.0.0/8 to 10.0.0.0/8 port 443, 1433
  forwards icmp
}
appliance plain {
  nic 10.0.1.5 in hub.fw
  stateless
  forwards any from 10.3.0.0/16 to any
}
nsg shared {
  inbound 100 ports allow * from 10.1.0.0/16 to * port 443
  inbound 110 half deny tcp from 10.1.1.0/25 to * port 80
  inbound 120 rest allow tcp from 10.1.0.0/16 to * port 80
  inbound 130 closed deny * from 10.0.0.0/8 to *
}
nsg web {
  inbound 100 machines allow tcp from asg jobs to * port 22
  outbound 100 low deny tcp from * port 0-1023 to 10.2.0.0/16
}
nsg db {
  inbound 100 web allow tcp from 10.1.1.0/24 to 10.2.1.0/25 port 1433
  inbound 110 one deny tcp from 10.1.2.7 to * port 443
  inbound 120 https allow tcp from 10.0.0.0/8 to * port 443
  inbound 130 closed deny * from * to *
}
nsg tight {
  inbound 100 closed deny * from * to *
}
asg jobs
vm runner { nic 10.1.2.7 in a.job asg jobs }
vm vault { nic 10.1.2.9 in a.job nsg tight }
"""
Fault = Callable[[pytest.MonkeyPatch], None]


def network_of_every_kind() -> Network:
    found = read([Source("t.vnet", EVERY_KIND)], Network())
    assert not found.diagnostics
    return found.network


@st.composite
def drawn(draw: st.DrawFn, *, plain: bool) -> Network:
    """Draw a network that Azure accepts, a `plain` one without what classes leave to others."""
    network = draw(networks(frozenset())) if plain else draw(networks())
    network = within_classes(network) if plain else network
    assume(not any(finding.severity is Severity.ERROR for finding in check(network)))
    return network


def differs(network: Network, data: st.DataObject) -> str | None:
    chosen = [World(), data.draw(worlds(network)), data.draw(worlds(network))]
    return difference_in_matrix(network, chosen, data.draw(st.integers(0, 1 << 30)), FLOWS)


@pytest.mark.parametrize("plain", [True, False])
def test_the_simulator_finds_nothing_else_than_a_matrix_says(plain: bool) -> None:
    def is_right(network: Network, data: st.DataObject) -> None:
        assert differs(network, data) is None

    for_each(NETWORKS[plain], is_right, network=drawn(plain=plain), data=st.data())


def no_obstacles(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(courses.Courses, "_obstacles", lambda *_: ())


def user_routes_lose(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tables, "_USER", -1)


def replies_always_come_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replies.Replies, "_answer", lambda *_: replies.Answer(True, True))


def stateful_devices_may_be_missed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replies.Replies, "_is_stateful", lambda *_: False)


def groups_of_interfaces_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    def of_subnet(topology: object, subnet: Subnet, nic: Nic | None) -> Iterator[str]:
        yield from () if subnet.nsg is None else (subnet.nsg,)

    patch.setattr(filters, "groups_at", of_subnet)


def parts_count_as_wholes(patch: pytest.MonkeyPatch) -> None:
    right = wide.Frame.at
    patch.setattr(wide.Frame, "_surely", lambda self, far, hits: right(self, far.part, hits.part))


def policies_are_not_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(passages.Passages, "_by_policy", lambda self, *_, **__: wide.Bounds(self._frame.all, 0))


def drops_are_deliveries(patch: pytest.MonkeyPatch) -> None:
    right = courses.Courses._by_hop

    def wrong(self: courses.Courses, hop: tables.Hop, key: tables.TableKey, sender: courses._Sender) -> array[int]:
        return self._all(courses.DELIVERED) if hop == tables.Nowhere() else right(self, hop, key, sender)

    patch.setattr(courses.Courses, "_by_hop", wrong)


def appliances_do_not_count(patch: pytest.MonkeyPatch) -> None:
    right = courses._past

    def unseen(way: courses.Way, device: str, lists: tuple[courses.Passage, ...], facts: frozenset[str]) -> courses.Way:
        return replace(right(way, device, lists, facts), met=way.met)

    patch.setattr(courses, "_past", unseen)


def the_second_spot_is_missed(patch: pytest.MonkeyPatch) -> None:
    right = spots.Order._found

    def short(self: spots.Order, addresses: Interval) -> tuple[spots.Runs, spots.Runs]:
        full, part = right(self, addresses)
        return full, tuple((begin, max(begin + 1, end - 1)) for begin, end in part)

    patch.setattr(spots.Order, "_found", short)


def the_first_default_rule_is_missing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(filters, "_DEFAULTS", {direction: rules[1:] for direction, rules in filters._DEFAULTS.items()})


def rules_with_ports_speak_of_icmp(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: filters.Filters, _: str, __: object, hits: Hits) -> tuple[Hits, frozenset[str]]:
        icmp = self._frame.cells.icmp
        return Hits(hits.full | icmp, hits.part | icmp), frozenset()

    patch.setattr(filters.Filters, "_with_icmp", wrong)


@pytest.mark.parametrize(
    "plant",
    [
        no_obstacles,
        user_routes_lose,
        replies_always_come_back,
        stateful_devices_may_be_missed,
        groups_of_interfaces_are_forgotten,
        parts_count_as_wholes,
        policies_are_not_asked,
        drops_are_deliveries,
        appliances_do_not_count,
        the_second_spot_is_missed,
        the_first_default_rule_is_missing,
        rules_with_ports_speak_of_icmp,
    ],
)
def test_a_planted_fault_is_noticed(plant: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    assert difference_in_matrix(network_of_every_kind(), [World()], 1, 20) is not None


def test_nothing_differs_where_no_fault_is_planted() -> None:
    assert difference_in_matrix(network_of_every_kind(), [World()], 1, 20) is None


def test_a_contradiction_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    drops_are_deliveries(monkeypatch)
    loaded = Loaded(Document(network_of_every_kind()), {}, ())

    with pytest.raises(Contradicted):
        survey_of(loaded, Asked(EVERY_CONVERSATION), Effort(0, 0, 300))
