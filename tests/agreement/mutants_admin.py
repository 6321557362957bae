"""Faults planted in either engine: one or more for each rule about security admin rules that the engines follow."""

from __future__ import annotations

from tests.agreement.planting import Mutant

_ADMIN, _FILTERS, _MATCHING = (f"vnetverify.simulator.{name}" for name in ("admin", "filters", "matching"))
_JOURNEY = "vnetverify.simulator.journey"
_ENCODED_ADMIN, _ENCODED_FILTERS = "vnetverify.encoder.admin", "vnetverify.encoder.filters"
_ENCODED_ENTRANCES = "vnetverify.encoder.entrances"

_DECIDED = 'if stages and stages[-1].rule_id != "F-ADM-6":'
_STANDING = "return () if place.at_endpoint else standing("
_ON_RECORD = 'if here in self.first.always_allowed and self.situation.holds(uncertainty("U-AASTATE")):'
_DOES = "then = TRUE if done is action else FALSE"
_SURVIVES = 'terms.append(self.facts.holds("U-AANIP", subnet.vnet))'

SIMULATOR = (
    Mutant("F-ADM-1", "a collection is for every network", _ADMIN, "if collection.manager == manager and vnet in collection.vnets", "if collection.manager == manager"),
    Mutant("F-ADM-1", "an inbound rule is for what goes out as well", _ADMIN, "if rule.direction is direction and", "if"),
    Mutant("F-ADM-3", "rules are tried as they are declared", _ADMIN, "return sorted(rules, key=lambda rule: rule.priority)", "return rules"),
    Mutant("F-ADM-3", "the largest priority comes first", _ADMIN, "return sorted(rules, key=lambda rule: rule.priority)", "return sorted(rules, key=lambda rule: -rule.priority)"),
    Mutant("F-ADM-3", "what no rule matches is denied", _FILTERS, _DECIDED, 'if lists and not stages:\n        return Judgement(False, (Stage("securityAdmin", "", "", Access.DENY, lists[0].rules[0].span, "F-ADM-4", 0),), ())\n    ' + _DECIDED),
    Mutant("F-ADM-4", "what is denied may still be allowed by groups", _FILTERS, _DECIDED, 'if stages and stages[-1].rule_id == "F-ADM-5":'),
    Mutant("F-ADM-5", "groups are asked about what is always allowed", _FILTERS, _DECIDED, 'if stages and stages[-1].rule_id == "F-ADM-4":'),
    Mutant("F-ADM-6", "what is allowed is allowed whatever the groups say", _FILTERS, _DECIDED, "if stages:"),
    Mutant("F-ADM-8", "admin rules act where there is a group", _FILTERS, _STANDING, "return () if place.at_endpoint or not any(attached(place.situation, place.interface, place.direction)) else standing("),
    Mutant("F-ADM-10", "no network keeps rules out", _ADMIN, "return scope is AdminScope.ALL or (", "return True or ("),
    Mutant("F-ADM-10", "AllowRulesOnly keeps all rules out", _ADMIN, "scope is AdminScope.ALLOW_ONLY and action is AdminAction.ALLOW)", "False)"),
    Mutant("F-ADM-10", "rules that always allow are surely none of AllowRulesOnly", _ADMIN, "if scope is AdminScope.ALLOW_ONLY and action is AdminAction.ALWAYS_ALLOW:", "if False:"),
    Mutant("F-ADM-11", "admin rules act in every subnet", _ADMIN, "if interface.subnet.name.casefold() in _SKIPPED_SUBNETS:", "if False:"),
    Mutant("F-ADM-11", "a Bastion has admin rules", _ADMIN, '"azurebastionsubnet",', ""),
    Mutant("F-ADM-11", "an application gateway has admin rules", _ADMIN, "return () if in_force and _is_beside_gateway(situation, interface.subnet) else in_force", "return in_force"),
    Mutant("F-ADM-11", "a network-isolated gateway has no admin rules", _ADMIN, "return subnet.id in gateways and situation.holds(_beside_gateway(subnet))", "return subnet.id in gateways"),
    Mutant("F-ADM-12", "private endpoints have admin rules", _FILTERS, _STANDING, "return standing("),
    Mutant("F-ADM-13", "the lowest scope comes first", _ADMIN, "for manager in dict.fromkeys(collection.manager for collection in collections)", "for manager in reversed(dict.fromkeys(collection.manager for collection in collections))"),
    Mutant("F-ADM-13", "what one manager allows no other denies", _ADMIN, 'if is_last or not place.situation.holds(uncertainty("U-ADMNEST")):', "if True:"),
    Mutant("F-ADM-13", "what one manager allows others surely judge", _ADMIN, 'if is_last or not place.situation.holds(uncertainty("U-ADMNEST")):', "if is_last:"),
    Mutant("F-ADM-15", "of equals the first decides", _ADMIN, "if len({rule.action for rule in equals}) == 1:", "if True:"),
    Mutant("F-ADM-16", "a tag holds the same everywhere", _MATCHING, "is_in_tag(place.situation, place.interface.subnet,", "is_in_tag(place.situation, next(iter(place.situation.index.subnets.values())),"),
    Mutant("F-ADM-18", "what is always allowed leaves a record", _JOURNEY, _ON_RECORD, "if False:"),
    Mutant("F-ADM-18", "what is always allowed leaves none", _JOURNEY, _ON_RECORD, "if here in self.first.always_allowed:"),
    Mutant("F-ADM-18", "what is allowed leaves none", _JOURNEY, _ON_RECORD, 'if self.situation.holds(uncertainty("U-AASTATE")):'),
    Mutant("F-PIP-6", "always to allow opens no public address", _FILTERS, "if by_admin.always_allowed and not is_open:", "if False:"),
    Mutant("F-PIP-6", "always to allow opens every public address", _FILTERS, 'is_open, rule_id = situation.holds(uncertainty("U-AAPIP", nic.name)), "F-PIP-6"', 'is_open, rule_id = True, "F-PIP-6"'),
)  # fmt: skip

ENCODER = (
    Mutant("F-ADM-1", "a collection is for every network", _ENCODED_ADMIN, "if collection.manager == manager and vnet in collection.vnets", "if collection.manager == manager"),
    Mutant("F-ADM-3", "rules are tried as they are declared", _ENCODED_ADMIN, "tuple(sorted(rules, key=lambda rule: rule.priority))", "tuple(rules)"),
    Mutant("F-ADM-4", "what is denied may still be allowed by groups", _ENCODED_FILTERS, "return all_of(negate(by_admin.denied), any_of(by_admin.always, by_groups))", "return any_of(by_admin.always, by_groups)"),
    Mutant("F-ADM-5", "to allow always is to allow", _ENCODED_FILTERS, "return all_of(negate(by_admin.denied), any_of(by_admin.always, by_groups))", "return all_of(negate(by_admin.denied), by_groups)"),
    Mutant("F-ADM-6", "what is allowed is always allowed", _ENCODED_ADMIN, _DOES, "then = TRUE if done is action or (done, action) == (AdminAction.ALLOW, AdminAction.ALWAYS_ALLOW) else FALSE"),
    Mutant("F-ADM-8", "admin rules act where there is a group", _ENCODED_FILTERS, "if self._is_administered(spot) else NEITHER", "if self._is_administered(spot) and self._attached(spot) else NEITHER"),
    Mutant("F-ADM-10", "AllowRulesOnly surely has what always allows", _ENCODED_ADMIN, _SURVIVES, "pass"),
    Mutant("F-ADM-10", "AllowRulesOnly surely lacks what always allows", _ENCODED_ADMIN, _SURVIVES, "terms.append(FALSE)"),
    Mutant("F-ADM-10", "no network keeps rules out", _ENCODED_ADMIN, "if scope is AdminScope.NONE:", "if False:"),
    Mutant("F-ADM-11", "admin rules act in every subnet", _ENCODED_ADMIN, " or subnet.name.casefold() in _SUBNETS_LEFT_OUT", ""),
    Mutant("F-ADM-11", "an application gateway has admin rules", _ENCODED_ADMIN, 'terms.append(negate(self.facts.holds("U-ADMAGW", subnet.id)))', "pass"),
    Mutant("F-ADM-11", "a network-isolated gateway has no admin rules", _ENCODED_ADMIN, 'terms.append(negate(self.facts.holds("U-ADMAGW", subnet.id)))', "terms.append(FALSE)"),
    Mutant("F-ADM-12", "private endpoints have admin rules", _ENCODED_FILTERS, "return not spot.is_endpoint and (spot.nic is None", "return (spot.nic is None"),
    Mutant("F-ADM-13", "the lowest scope comes first", _ENCODED_ADMIN, "for admin_list in reversed(self._in_force(subnet, direction)):", "for admin_list in self._in_force(subnet, direction):"),
    Mutant("F-ADM-13", "what one manager allows others surely judge", _ENCODED_ADMIN, 'then = all_of(self.facts.holds("U-ADMNEST"), after)', "then = after"),
    Mutant("F-ADM-15", "of equals the first decides", _ENCODED_ADMIN, "if len({rule.action for rule, _ in found}) > 1:", "if False:"),
    Mutant("F-ADM-16", "a tag holds the same everywhere", _ENCODED_FILTERS, "self.names.get(name, name), rule, header, Spot(subnet)", "self.names.get(name, name), rule, header, Spot(next(iter(self.estate.subnets.values())))"),
    Mutant("F-ADM-18", "what is always allowed leaves a record", _ENCODED_FILTERS, 'all_of(always, self.facts.holds("U-AASTATE"))', "FALSE"),
    Mutant("F-ADM-18", "what is always allowed leaves none", _ENCODED_FILTERS, 'all_of(always, self.facts.holds("U-AASTATE"))', "always"),
    Mutant("F-PIP-6", "always to allow opens no public address", _ENCODED_ENTRANCES, 'always = all_of(always, self.hops.facts.holds("U-AAPIP", nic.name))', "always = FALSE"),
    Mutant("F-PIP-6", "always to allow opens every public address", _ENCODED_ENTRANCES, 'always = all_of(always, self.hops.facts.holds("U-AAPIP", nic.name))', "pass"),
)  # fmt: skip

MUTANTS = (*SIMULATOR, *ENCODER)
