"""Faults planted in what is known of names, who may ask for them, and how they are proved."""

from __future__ import annotations

from tests.agreement.planting import Mutant

_NAMES, _RESOLVERS = "vnetverify.model.names", "vnetverify.model.resolvers"
_PROVER, _SIMULATOR = "vnetverify.prover.names", "vnetverify.simulator.names"

MUTANTS = (
    Mutant("F-DNS-1", "names of the peer are known", _NAMES, "for machine, nic in _hosts_called(network, vnet, name):", "for machine, nic in (m for v in network.vnets for m in _hosts_called(network, v, name)):"),
    Mutant("F-DNS-1", "the public DNS has no names", _NAMES, 'fact = uncertainty("U-DNS", name)\n    value = settled(fact)', 'fact = uncertainty("U-DNS", name)\n    value = False'),
    Mutant("F-DNS-1", "the public DNS has every name", _NAMES, 'fact = uncertainty("U-DNS", name)\n    value = settled(fact)', 'fact = uncertainty("U-DNS", name)\n    value = True'),
    Mutant("F-DNS-1", "a name that is known is not", _SIMULATOR, "found = _hosts(lookup, vnet).get(name)\n        return found is not None", "found = _hosts(lookup, vnet).get(name)\n        return found is None"),
    Mutant("F-DNS-2", "every interface has its machine's name", _NAMES, "if nic is machine.nics[0] and", "if"),
    Mutant("F-DNS-2", "no host has a name", _NAMES, "if machine.name.lower() == name and not machine.is_managed:", "if False:"),
    Mutant("F-DNS-3", "zones need no link", _NAMES, "if any(link.vnet == vnet for link in zone.links))", "if True)"),
    Mutant("F-DNS-3", "the shortest zone decides", _NAMES, "key=lambda zone: len(zone.domain), default=None", "key=lambda zone: -len(zone.domain), default=None"),
    Mutant("F-DNS-3", "every link registers", _NAMES, "if link.registration else ():", "if True else ():"),
    Mutant("F-DNS-3", "no link registers", _NAMES, "if link.registration else ():", "if False else ():"),
    Mutant("F-DNS-3", "a wildcard covers names that are there", _NAMES, "return None if encloser == name else", "return"),
    Mutant("F-DNS-3", "what a server knows is as good as reached", _PROVER, "reached = self._packets(Verb.REACHES, asker, server)\n        if isinstance(reached.verdict, Refuted):", "reached = told\n        if isinstance(reached.verdict, Refuted):"),
    Mutant("F-DNS-3", "UDP is enough", _PROVER, '_DNS = WELL_KNOWN["dns"]', '_DNS = replace(WELL_KNOWN["dns"], parts=WELL_KNOWN["dns"].parts[1:])'),
    Mutant("F-DNS-3", "servers pass nothing on", _PROVER, "if not declared.asks_azure and not declared.forwarders:", "if True:"),
    Mutant("F-DNS-3", "a server that says nothing knows nothing", _NAMES, 'fact = uncertainty("U-DNSANSWERS", server, name)\n    value = settled(fact)', 'fact = uncertainty("U-DNSANSWERS", server, name)\n    value = False'),
    Mutant("F-DNS-4", "peers are found by their addresses", _NAMES, "if nic.vnet == vnet and address in nic.addresses:", "if address in nic.addresses:"),
    Mutant("F-DNS-4", "nobody is found by an address", _NAMES, "if nic.vnet == vnet and address in nic.addresses:", "if False:"),
    Mutant("F-DNS-5", "no rule stops questions", _RESOLVERS, '_TAG = "azureplatformdns"', '_TAG = "none"'),
    Mutant("F-DNS-5", "every rule stops questions", _RESOLVERS, "return isinstance(rule.destination, ServiceTag) and rule.destination.name.casefold() == _TAG", "return True"),
    Mutant("F-DNS-5", "a rule stops nobody where it does not stop all", _PROVER, "if False in (asking.over_udp, asking.over_tcp):", "if False:"),
    Mutant("F-DNS-6", "public names never lead to private ones", _NAMES, "redirected = _private_link_zone(network, vnet, name)", "redirected = None"),
    Mutant("F-DNS-6", "public names always lead to private ones", _NAMES, "    if value is True:\n        return inside\n", "    if value is not False:\n        return inside\n"),
)  # fmt: skip
