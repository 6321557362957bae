"""Caveats of every verdict of a run: said once, after the verdicts (F-META-6, F-META-8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vnetverify.model.firewalls import FirewallRuleKind
from vnetverify.model.intents import OF_ABSENCE, Claim, Verb
from vnetverify.model.network import Machine, Network
from vnetverify.prover.verdict import Caveat, Proved
from vnetverify.report.results import IntentResult

_OF_SERVICE = (Verb.REACHES, Verb.REACHES_SYMMETRICALLY, Verb.SOMETIMES_REACHES)


def caveats(network: Network, results: Iterable[IntentResult]) -> tuple[Caveat, ...]:
    """Return what the proofs among `results` presume of the world outside the model."""
    proved = {
        result.claim.verb
        for intent in results
        for result in intent.results
        if isinstance(result.claim, Claim) and isinstance(result.verdict, Proved)
    }
    return tuple(_caveats(network, proved))


def _caveats(network: Network, proved: set[Verb]) -> Iterator[Caveat]:
    if proved.intersection(OF_ABSENCE):
        yield Caveat("established flows, which may outlive the rule that let them begin", "F-STATE-4")
        if network.admin_rules:
            yield Caveat("the time until security admin rules take effect", "F-ADM-14")
    if proved.intersection(_OF_SERVICE):
        yield Caveat("whether anything listens, guest firewalls, blocked outbound TCP 25, used up ports", "F-META-8")
        if any(rule.floating_ip for balancer in network.load_balancers.values() for rule in balancer.rules):
            yield Caveat("whether guests behind floating IPs answer to the frontend's address", "F-LB-11")
        if any(_has_application_rules(machine) for machine in network.machines.values()):
            yield Caveat(
                "whether flows are HTTP, HTTPS or MSSQL where application rules let nothing else pass", "F-FW-4"
            )


def _has_application_rules(machine: Machine) -> bool:
    rules = () if machine.firewall is None else machine.firewall.rules
    return any(rule.kind is FirewallRuleKind.APPLICATION and rule.allows for rule in rules)
