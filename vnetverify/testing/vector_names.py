"""Test vectors about names: whether a host's look-up finds anything (F-DNS-1 to F-DNS-4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vnetverify.header import address_text, parse_address
from vnetverify.model.intents import Place, PlaceKind
from vnetverify.model.network import Network
from vnetverify.testing.questions import Asked, End, LooksUp, Passage, interface
from vnetverify.testing.records import NotApplicable, Record, answer_of, facts_of, fixed_atoms

_NOTHING = frozenset({"nxdomain", "notfound", "noanswer"})
_SOMETHING = frozenset({"noerror", "found", "resolved", "resolves", "answer", "success", "fqdn"})
_AZURES_OWN = ".internal.cloudapp.net"  # stands after the names that Azure gives to hosts


def asked_of(vector: Mapping[str, Any], network: Network) -> Asked:
    """Return which look-up the vector asks about, and whether it finds anything. Raises `NotApplicable`."""
    question, answer = Record(vector["question"], "question"), answer_of(vector)
    kind, asker = question.need("kind"), interface(network, question.need("from"))
    end = End(Place(PlaceKind.SUBNET.value, asker.subnet_id), asker.addresses[0])
    verdict, called = str(answer.take("verdict", "found")).lower(), answer.take("name")
    if kind == "dns-reverse" and called is None and verdict not in _NOTHING | _SOMETHING:
        verdict, called = "found", answer.take("verdict")  # the name itself
    if verdict not in _NOTHING | _SOMETHING:
        raise NotApplicable(f"the answer `{verdict}` to a look-up")
    is_found = verdict in _SOMETHING
    addresses: tuple[int, ...] = ()
    if kind == "dns-reverse":
        address = parse_address(question.need("address"))
        if is_found and called is not None and address not in interface(network, _host(called)).addresses:
            raise NotApplicable(f"malformed: {address_text(address)} is not an address of `{called}`")
        name = ".".join(reversed(address_text(address).split("."))) + ".in-addr.arpa"
    else:
        name, told = _host(question.need("name")).lower(), answer.take("address")
        if called is not None:
            raise NotApplicable("a `name` as the answer to one")
        addresses = (parse_address(told),) if is_found and told is not None else ()
    question.finish()
    answer.finish()
    return Asked(LooksUp(end, name, addresses), Passage(is_found), facts_of(fixed_atoms(vector), network))


def _host(name: str) -> str:
    """Return the name of a host without the domain that Azure gives it, of which the first label is its own."""
    bare = name.removesuffix(".")
    return bare.partition(".")[0] if bare.lower().endswith(_AZURES_OWN) else bare
