"""Private link services in the encoding: members elsewhere that are reached at a private endpoint's address."""

from __future__ import annotations

from tests.unit.verdicts import inquiry_about, open_facts, verdict_on
from vnetverify.prover.reach import within_reach
from vnetverify.prover.solver import Solver
from vnetverify.prover.verdict import Proved, Refuted, Unknown

# A consumer that no peering joins to the provider of a database.
OFFER = """\
vnet provider {
  address 10.1.0.0/16
  subnet db    10.1.1.0/24 nsg db
  subnet front 10.1.2.0/24
  subnet pls   10.1.5.0/24
}
vnet consumer {
  address 10.9.0.0/16
  subnet app 10.9.1.0/24
  subnet pe  10.9.2.0/24 private-endpoint-policies disabled
}
nsg db {
  inbound 100 sql   allow tcp from 10.1.5.0/24 to any port 1433
  inbound 110 probe allow tcp from AzureLoadBalancer to any port 1433
  inbound 400 rest  deny any from any to any
}
vm db1 { nic 10.1.1.10 in provider.db }
vm db2 { nic 10.1.1.11 in provider.db }
load-balancer orders standard in provider.front {
  frontend front 10.1.2.100
  rule sql tcp 1433 at front -> db1, db2 port 1433  probe 1433
}
private-link-service offer of orders.front at 10.1.5.4, 10.1.5.5 in provider.pls
private-endpoint toOffer 10.9.2.5 in consumer.pe to offer
"""


# -- there ----------------------------------------------------------------------------------------------


def test_a_consumer_reaches_the_members_by_the_endpoint_without_any_peering(solver: Solver) -> None:
    assert isinstance(verdict_on(OFFER, "consumer.app reaches toOffer on tcp/1433", solver), Proved)


def test_members_are_not_isolated_from_a_consumer(solver: Solver) -> None:
    assert isinstance(verdict_on(OFFER, "consumer.app never reaches db1 on tcp/1433", solver), Refuted | Unknown)
    assert isinstance(verdict_on(OFFER, "consumer.app never reaches db1 on tcp/1434", solver), Proved)
    unlinked = OFFER.replace(" to offer", "")
    assert isinstance(verdict_on(unlinked, "consumer.app never reaches db1", solver), Proved)


def test_members_see_an_address_of_the_service_and_never_the_consumers(solver: Solver) -> None:
    by_consumer = OFFER.replace("from 10.1.5.0/24 to", "from 10.9.0.0/16 to")
    by_one = OFFER.replace("from 10.1.5.0/24 to", "from 10.1.5.4/32 to")

    assert isinstance(verdict_on(by_consumer, "consumer.app never reaches toOffer on tcp/1433", solver), Proved)
    # Of the two addresses one may be seen, or the other.
    assert isinstance(verdict_on(by_one, "consumer.app reaches toOffer on tcp/1433", solver), Refuted)
    assert isinstance(verdict_on(by_one, "consumer.app never reaches toOffer on tcp/1433", solver), Refuted)


def test_default_rules_take_the_source_for_one_of_the_network(solver: Solver) -> None:
    default = OFFER.replace("  inbound 400 rest  deny any from any to any\n", "").replace(
        "  inbound 100 sql   allow tcp from 10.1.5.0/24 to any port 1433\n", ""
    )

    assert isinstance(verdict_on(default, "consumer.app reaches toOffer on tcp/1433", solver), Proved)


def test_a_port_without_a_rule_and_icmp_come_to_nobody(solver: Solver) -> None:
    open_wide = OFFER.replace("allow tcp from 10.1.5.0/24 to any port 1433", "allow any from any to any")

    assert isinstance(verdict_on(open_wide, "consumer.app never reaches toOffer on tcp/22", solver), Proved)
    assert isinstance(verdict_on(open_wide, "consumer.app never reaches toOffer on icmp", solver), Proved)


def test_an_endpoint_that_is_not_approved_leads_nowhere(solver: Solver) -> None:
    pending = OFFER.replace(" to offer", " to offer pending")

    assert isinstance(verdict_on(pending, "consumer.app never reaches db1, db2, toOffer", solver), Proved)


def test_the_load_balancer_has_to_be_a_standard_one(solver: Solver) -> None:
    unstated = OFFER.replace("orders standard", "orders")

    assert open_facts(verdict_on(unstated, "consumer.app reaches toOffer on tcp/1433", solver)) == {
        "U-SKU(load balancer orders)"
    }


def test_a_member_that_denies_the_service_makes_the_endpoint_fail_for_it(solver: Solver) -> None:
    closed = OFFER.replace("db2 { nic 10.1.1.11 in provider.db }", "db2 { nic 10.1.1.11 in provider.db  nsg shut }")
    closed += """
    nsg shut { inbound 100 probe allow tcp from AzureLoadBalancer to any  inbound 110 no deny any from any to any }
    """

    assert open_facts(verdict_on(closed, "consumer.app reaches toOffer on tcp/1433", solver)) == {
        "U-BACKEND(orders/front, db1)"
    }


def test_filters_at_the_endpoint_count_as_ever(solver: Solver) -> None:
    filtered = OFFER.replace("private-endpoint-policies disabled", "nsg shut private-endpoint-policies enabled")
    filtered += "nsg shut { inbound 110 no deny any from any to any }"

    assert isinstance(verdict_on(filtered, "consumer.app never reaches toOffer", solver), Proved)
    assert isinstance(verdict_on(filtered, "consumer.app never reaches db1", solver), Proved)


def test_lossless_needs_a_member_that_gets_the_packet(solver: Solver) -> None:
    assert isinstance(verdict_on(OFFER, "consumer.app loses no packets to toOffer on tcp/1433", solver), Proved)
    assert isinstance(verdict_on(OFFER, "consumer.app loses no packets to toOffer on tcp/22", solver), Refuted)


# -- and back -------------------------------------------------------------------------------------------


def test_an_answer_that_does_not_get_back_to_the_service_is_none(solver: Solver) -> None:
    lost = OFFER.replace("10.1.1.0/24 nsg db", "10.1.1.0/24 nsg db routes away")
    lost += "route-table away { service 10.1.5.0/24 -> none }"

    assert isinstance(verdict_on(lost, "consumer.app reaches toOffer on tcp/1433", solver), Refuted)


def test_the_answer_needs_no_route_to_the_consumer(solver: Solver) -> None:
    lost = OFFER.replace("10.1.1.0/24 nsg db", "10.1.1.0/24 nsg db routes away")
    lost += "route-table away { consumers 10.9.0.0/16 -> none }"

    assert isinstance(verdict_on(lost, "consumer.app reaches toOffer on tcp/1433", solver), Proved)


def test_a_service_in_a_peered_network_gets_its_answers_by_the_peering(solver: Solver) -> None:
    apart = OFFER.replace("  subnet pls   10.1.5.0/24\n", "").replace("in provider.pls", "in edge.pls")
    apart = apart.replace("10.1.5.", "10.2.5.") + "vnet edge { address 10.2.0.0/16  subnet pls 10.2.5.0/24 }"
    peered = apart + "\npeering provider -> edge\npeering edge -> provider\n"

    assert isinstance(verdict_on(apart, "consumer.app reaches toOffer on tcp/1433", solver), Refuted)
    assert isinstance(verdict_on(peered, "consumer.app reaches toOffer on tcp/1433", solver), Proved)


def test_strictly_a_member_may_keep_no_state_of_what_it_gets_by_the_service(solver: Solver) -> None:
    closed = OFFER.replace("  inbound 400 rest", "  outbound 100 none deny any from any to any\n  inbound 400 rest")

    assert isinstance(verdict_on(closed, "consumer.app reaches toOffer on tcp/1433", solver), Proved)
    doubted = verdict_on(closed + "strict\n", "consumer.app reaches toOffer on tcp/1433", solver)
    assert open_facts(doubted) == {"U-STATELESSIN(provider)"}


# -- the way --------------------------------------------------------------------------------------------


def test_a_service_in_another_region_is_far(solver: Solver) -> None:
    far = OFFER.replace("vnet provider {", "vnet provider { region westeurope").replace(
        "vnet consumer {", "vnet consumer { region eastus"
    )
    near = far.replace("eastus", "westeurope")

    assert not isinstance(verdict_on(far, "latency of consumer.app to toOffer on tcp/1433 is local", solver), Proved)
    assert not isinstance(verdict_on(far, "latency of consumer.app to db1 on tcp/1433 is local", solver), Proved)
    assert isinstance(verdict_on(near, "latency of consumer.app to toOffer on tcp/1433 is local", solver), Proved)


def test_a_flow_ends_at_a_member_however_slow_that_is(solver: Solver) -> None:
    quick, slow = ("in provider.db  bandwidth 10 Gbps }", "in provider.db  bandwidth 1 Gbps }")
    one, other = "db1 { nic 10.1.1.10 in provider.db }", "db2 { nic 10.1.1.11 in provider.db }"
    client = "vm client { nic 10.9.1.10 in consumer.app  bandwidth 10 Gbps }\n"
    wide = client + OFFER.replace(one, one.replace("in provider.db }", quick))
    sentence = "bottleneck of client to toOffer on tcp/1433 at least 5 Gbps"

    both_quick = wide.replace(other, other.replace("in provider.db }", quick))
    assert isinstance(verdict_on(both_quick, sentence, solver), Proved)
    one_slow = wide.replace(other, other.replace("in provider.db }", slow))
    assert not isinstance(verdict_on(one_slow, sentence, solver), Proved)


def test_an_endpoint_joins_its_network_to_the_providers() -> None:
    asked = inquiry_about(OFFER + "vnet far { address 10.99.0.0/16 }\n", "consumer.app reaches toOffer")

    assert within_reach(asked.network, asked.claim) == {"consumer", "provider"}
