"""Service tags by name where the provider's list is known, and where it is not (F-TAG-1, F-TAG-18)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vnetverify.model.network import Network
from vnetverify.model.security import ServiceTag
from vnetverify.syntax.names import Names, text_of
from vnetverify.syntax.problems import Problems, did_you_mean, shown
from vnetverify.syntax.tags import DEFINED_TAGS, SERVICE_TAGS, tag_spelling

if TYPE_CHECKING:
    from lark import Token

    from vnetverify.syntax.scope import Scope


def spelling_of_tag(names: Names, word: str) -> str | None:
    """Return the spelling of the service tag `word`: as declared, as listed, or without a list as Azure has it."""
    declared = names.lookup("service tag", word)
    if declared is not None:
        return declared.spelling
    usual = tag_spelling(word)
    if names.tag_list is None or usual in DEFINED_TAGS:
        return usual
    return names.tag_list.spelling(word)


def known_tags(names: Names) -> list[str]:
    """Return all service tags that a text could mean."""
    listed = names.tag_list
    others = SERVICE_TAGS if listed is None else (*sorted(DEFINED_TAGS), *listed.prefixes)
    return [*names.spellings("service tag"), *others]


def of_list(names: Names) -> str:
    """Return the words that say which list has no such tag; nothing where there is no list."""
    return "" if names.tag_list is None else f" of {names.tag_list}"


def tag_of_any_name(scope: Scope, token: Token) -> ServiceTag | None:
    """Return the service tag that stands in quotes: any at all, unless a list says which ones there are."""
    word, names = text_of(token), scope.names
    if names.tag_list is None:
        return ServiceTag(word)
    spelling = spelling_of_tag(names, word)
    if spelling is None:
        message, help_text = (
            f"{shown(word)} is not a service tag{of_list(names)}",
            did_you_mean(word, known_tags(names)),
        )
        scope.problems.error("unknown-service-tag", message, scope.span(token), "not in the list", (), help_text)
        return None
    return ServiceTag(spelling)


def check_unlisted(problems: Problems, imported: Network, names: Names) -> None:
    """Report rules of an import whose service tag the provider's list does not hold."""
    for nsg in imported.nsgs.values():
        for rule in nsg.rules:
            for tag in _tags(rule.source, rule.destination):
                if spelling_of_tag(names, tag) is None:
                    where = f"rule {shown(rule.name)} of nsg {shown(nsg.name)}"
                    message = f"{where} names {shown(tag)}, no service tag{of_list(names)}"
                    help_text = did_you_mean(tag, known_tags(names))
                    problems.error("unknown-service-tag", message, rule.span, "not in the list", (), help_text)


def _tags(*sides: object) -> Iterator[str]:
    yield from (side.name for side in sides if isinstance(side, ServiceTag))
