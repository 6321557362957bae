"""From statements to security admin rules: collections, the networks they are for, and who manages them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vnetverify.model.security import AdminAction, AdminRule, AdminRules
from vnetverify.syntax.elements import is_new, rule_parts
from vnetverify.syntax.names import text_of
from vnetverify.syntax.problems import shown
from vnetverify.syntax.scope import Scope
from vnetverify.syntax.selectors import Selectors
from vnetverify.syntax.tree import AdminRulesNode, RuleNode

if TYPE_CHECKING:
    from lark import Token

KIND = "set of admin rules"
DEFAULT_MANAGER = "network-manager"
_ACTIONS = {action.value: action for action in AdminAction}


def admin_rules(scope: Scope, name: str, node: AdminRulesNode, selectors: Selectors) -> AdminRules:
    """Return the collection with those of its rules that could be understood."""
    names: dict[str, Token] = {}
    rules = (admin_rule(scope, rule) for rule in node.rules if is_new(scope, names, "rule", rule.name))
    return AdminRules(
        name,
        _manager(scope, node),
        _whole_vnets(scope, node, selectors),
        tuple(rule for rule in rules if rule is not None),
        scope.span(node.name),
    )


def _manager(scope: Scope, node: AdminRulesNode) -> str:
    """Return the manager by the spelling that names it first."""
    name = scope.name(node.manager) if node.manager is not None else DEFAULT_MANAGER
    return scope.names.managers.setdefault((name or DEFAULT_MANAGER).casefold(), name or DEFAULT_MANAGER)


def _whole_vnets(scope: Scope, node: AdminRulesNode, selectors: Selectors) -> tuple[str, ...]:
    """Return the vnets that a set consists of; a member that is not a whole vnet is reported (F-ADM-1)."""
    errors = scope.problems.errors
    selection = selectors.select(scope, node.vnets)
    for member in selection.members:
        if member.vnet is None:
            scope.problems.error(
                "not-a-vnet",
                f"security admin rules are for whole vnets, and {shown(member.text)} is none",
                scope.span(node.vnets.first, node.vnets.last),
                "expected vnets, or groups of them",
                (),
                "name the vnet around it; rules say which of its addresses they are about",
            )
    if not selection.members and scope.problems.errors == errors:
        message, label = f"the admin rules {shown(text_of(node.name))} are for no vnet", "stands for nothing"
        scope.problems.error("empty-set", message, scope.span(node.vnets.first, node.vnets.last), label)
    return tuple(dict.fromkeys(member.vnet for member in selection.members if member.vnet is not None))


def admin_rule(scope: Scope, node: RuleNode) -> AdminRule | None:
    """Return the rule; None where a part of it could not be understood."""
    said = rule_parts(scope, node)
    if said is None:
        return None
    return AdminRule(said.name, said.priority, said.direction, _ACTIONS[str(node.access)], *said.packets, said.span)
