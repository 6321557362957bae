"""The faults planted for the rules of filtering, by who follows these; here those in acceptance."""

from __future__ import annotations

from tests.agreement import (
    mutants_admin,
    mutants_firewalls,
    mutants_groups,
    mutants_publics,
    mutants_services,
    mutants_tags,
)
from tests.agreement.planting import Mutant

_FILTERS, _ADMIN, _BALANCERS, _NAMES, _PROXIES = (
    f"vnetverify.model.wellformed.{name}" for name in ("filters", "admin", "balancers", "names", "proxies")
)

_NAT_GATEWAYS = "vnetverify.model.wellformed.nat_gateways"

_PRIORITIES, _ADMIN_PRIORITIES = (
    "_FIRST_PRIORITY, _LAST_PRIORITY = 100, 4096",
    "_FIRST_PRIORITY, _LAST_PRIORITY = 1, 4096",
)
_TAKEN = "first = (inbound if rule.direction is Direction.INBOUND else outbound).setdefault(rule.priority, rule)"
_LIMITED = "            if count > limit:\n"
_ALWAYS = '            yield Diagnostic("above-limit", "too many", span, rule="F-ADM-17")\n'
_WARNED = ",\n                severity=Severity.WARNING,"

ACCEPTANCE = (
    Mutant("F-NSG-2", "a priority is at most 4095", _FILTERS, _PRIORITIES, "_FIRST_PRIORITY, _LAST_PRIORITY = 100, 4095"),
    Mutant("F-NSG-2", "a priority may be 4097", _FILTERS, _PRIORITIES, "_FIRST_PRIORITY, _LAST_PRIORITY = 100, 4097"),
    Mutant("F-NSG-2", "a priority may be 99", _FILTERS, _PRIORITIES, "_FIRST_PRIORITY, _LAST_PRIORITY = 99, 4096"),
    Mutant("F-NSG-3", "two rules may share a priority", _FILTERS, _TAKEN, "first = rule"),
    Mutant("F-NSG-3", "rules of both directions share their priorities", _FILTERS, _TAKEN, "first = inbound.setdefault(rule.priority, rule)"),
    Mutant("F-NSG-15", "a name may begin with anything", _FILTERS, "return _NAME.fullmatch(text) is not None", "return True"),
    Mutant("F-NSG-16", "a rule may have both families", _FILTERS, "if len(first) > 1:", "if False:"),
    Mutant("F-EVAL-9", "GatewaySubnet takes a group", _FILTERS, 'frozenset(("gatewaysubnet", "azurefirewallsubnet",', 'frozenset(("azurefirewallsubnet",'),
    Mutant("F-ADM-1", "a collection is for one network", _ADMIN, "if name not in network.vnets:", "if name != next(iter(network.vnets)):"),
    Mutant("F-ADM-2", "admin rules have the priorities of groups", _ADMIN, _ADMIN_PRIORITIES, _PRIORITIES),
    Mutant("F-ADM-2", "a priority may be 4097", _ADMIN, _ADMIN_PRIORITIES, "_FIRST_PRIORITY, _LAST_PRIORITY = 1, 4097"),
    Mutant("F-ADM-2", "admin rules know three protocols", _ADMIN, "frozenset((None, 1, 6, 17, 50, 51))", "frozenset((None, 1, 6, 17))"),
    Mutant("F-ADM-2", "admin rules may name groups", _ADMIN, "if isinstance(side, AsgMembers):", "if False:"),
    Mutant("F-ADM-2", "admin rules may name services of the platform", _ADMIN, "if isinstance(side, ServiceTag) and _PLATFORM_TAG.fullmatch(side.name):", "if False:"),
    Mutant("F-ADM-2", "two rules of a manager may have one name", _ADMIN, "if earlier is not rule:", "if False:"),
    Mutant("F-ADM-7", "an exception to nothing is refused", _ADMIN, f'rule="F-ADM-7"{_WARNED}', 'rule="F-ADM-7",'),
    Mutant("F-ADM-15", "two rules of one priority are refused", _ADMIN, '"F-ADM-15",\n                    severity=Severity.WARNING,', '"F-ADM-15",'),
    Mutant("F-ADM-17", "one rule is too many", _ADMIN, _LIMITED, _ALWAYS + _LIMITED),
    Mutant("F-ASG-2", "members may be in two networks", _FILTERS, "if nic.vnet != nics[0].vnet:", "if False:"),
    Mutant("F-ASG-3", "a rule may join groups of two networks", _FILTERS, "if len(homes) > 1:", "if False:"),
    Mutant("F-ASG-5", "a rule may name groups of another network", _FILTERS, "if vnet != home:", "if False:"),
    Mutant("F-LB-2", "a Basic load balancer has rules for all ports", _BALANCERS, "if rule.protocol is None and balancer.sku is Sku.BASIC:", "if False:"),
    Mutant("F-LB-2", "no load balancer has rules for all ports", _BALANCERS, "if rule.protocol is None and balancer.sku is Sku.BASIC:", "if rule.protocol is None:"),
    Mutant("F-LB-5", "members may be in two networks", _BALANCERS, "if nic.vnet != home.vnet:", "if False:"),
    Mutant("F-LB-14", "a member without a group is refused", _BALANCERS, f'rule="F-LB-14"{_WARNED}', 'rule="F-LB-14",'),
    Mutant("F-AGW-1", "an application gateway may stand among others", _PROXIES, "if other is not None:", "if False:"),
    Mutant("F-BAS-1", "a Bastion stands anywhere", _PROXIES, "if proxy.kind is ProxyKind.BASTION and not is_for_bastions:", "if False:"),
    Mutant("F-BAS-3", "a Bastion Developer needs a subnet", _PROXIES, "if proxy.kind is ProxyKind.APPLICATION_GATEWAY:", "if True:"),
    Mutant("F-DNS-3", "a network may be linked to two zones of one domain", _NAMES, "if earlier is not link:", "if False:"),
    Mutant("F-OUT-3", "GatewaySubnet takes a NAT gateway", _NAT_GATEWAYS, 'if subnet.name.lower() == "gatewaysubnet":', "if False:"),
    Mutant("F-DNS-3", "a network is linked to one zone", _NAMES, "linked.setdefault((link.vnet, zone.domain), link)", 'linked.setdefault((link.vnet, ""), link)'),
)  # fmt: skip

_SUBJECTS = (
    mutants_groups,
    mutants_tags,
    mutants_admin,
    mutants_services,
    mutants_publics,
    mutants_firewalls,
)
SIMULATOR = tuple(mutant for subject in _SUBJECTS for mutant in subject.SIMULATOR)
ENCODER = tuple(mutant for subject in _SUBJECTS for mutant in subject.ENCODER)
MUTANTS = (*SIMULATOR, *ENCODER, *ACCEPTANCE)
