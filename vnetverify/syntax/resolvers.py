"""Which servers hosts ask about names: `dns azure` or `dns ADDRESSES`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vnetverify.header import address_text
from vnetverify.model.resolvers import AZURE_RESOLVER
from vnetverify.syntax.problems import shown
from vnetverify.syntax.scope import Scope

if TYPE_CHECKING:
    from lark import Token


def dns_servers(scope: Scope, words: Sequence[Token | None]) -> tuple[int, ...]:
    """Return the servers in order, none where Azure's own resolver is asked alone."""
    tokens = [word for word in words if word is not None]
    if not tokens or is_azure(tokens):
        return ()
    servers = tuple(address for token in tokens if (address := scope.address(token)) is not None)
    repeated = next((server for server in servers if servers.count(server) > 1), None)
    if repeated is not None:
        message = f"the server {shown(address_text(repeated))} appears here twice"
        scope.problems.error("said-twice", message, scope.span(tokens[0], tokens[-1]), "said again")
    return tuple(dict.fromkeys(servers))


def is_azure(words: Sequence[Token | None]) -> bool:
    """Tell whether `words` stand for Azure's resolver, by its name or its address."""
    return bool(words) and all(
        word is not None and (word.type == "AZURE" or word == address_text(AZURE_RESOLVER)) for word in words
    )
