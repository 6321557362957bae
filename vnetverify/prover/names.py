"""Whether hosts resolve a name: who is asked, whether questions and answers get through, what is known there.

Implements specs/contract/names.md: F-DNS-1 to F-DNS-6 by `model.names`, and F-META-3 for `never resolves`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vnetverify.facts import SettledFacts, Uncertainty
from vnetverify.header import Family, address_text, family_of, set_of
from vnetverify.model.endpoints import endpoint_set, without
from vnetverify.model.intents import INTERNET, Claim, EndpointSet, Place, PlaceKind, Resolution, Verb
from vnetverify.model.names import Answer, azure_answer, is_never_public, record_of, untold_answer
from vnetverify.model.network import Network
from vnetverify.model.resolvers import AZURE_RESOLVER, Asking, askings
from vnetverify.model.services import WELL_KNOWN
from vnetverify.model.zones import lies_within
from vnetverify.prover.name_servers import Asker, Server, Servers
from vnetverify.prover.verdict import Ground, Proved, Refuted, Unknown, Vacuous, Verdict, verdict_word

Ask = Callable[[Claim, bool], Verdict]
"""Decides a sentence about packets; the second argument says whether open facts read as documented."""

_DNS = WELL_KNOWN["dns"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """The verdict on a sentence about a name. `claim` is the one about packets whose witness it carries.

    `example` is a host that a refutation speaks of, `hosts` are some that the sentence does, each by one of its
    addresses. `asked` are all sentences about packets that were asked, `vnets` the networks whose resolver was.
    """

    verdict: Verdict
    claim: Claim | None = None
    example: tuple[Place, int] | None = None
    asked: tuple[Claim, ...] = ()
    vnets: frozenset[str] = frozenset()
    hosts: tuple[tuple[Place, int], ...] = ()


def decide_resolution(
    network: Network, statement: Resolution, ask: Ask, fixed: Mapping[str, bool], documented: bool
) -> Resolved:
    """Return whether the hosts of `statement` resolve its name, or whether none of them ever does."""
    question = _Question(network, statement, ask, SettledFacts(fixed), documented)
    found = question.decide()
    verdict = found.verdict
    if isinstance(verdict, Unknown) and verdict.open_facts and not documented:
        word = None
        if all(fact.documented is not None for fact in verdict.open_facts):
            other = _Question(network, statement, ask, SettledFacts(fixed), True).decide().verdict
            word = None if isinstance(other, Unknown) else verdict_word(other)
        why = f"{word} as documented" if word is not None else verdict.why
        verdict = replace(verdict, why=why, as_documented=word)
    asked = tuple(dict.fromkeys(question.asked))
    return Resolved(verdict, found.claim, found.example, asked, frozenset(question.vnets), question.hosts)


@dataclass(frozen=True, slots=True)
class _Step:
    """A verdict on a part; `is_mixed` where hosts of one set fare differently and a smaller set may tell more."""

    verdict: Verdict
    claim: Claim | None = None
    example: tuple[Place, int] | None = None
    is_mixed: bool = False


_MIXED = _Step(Unknown("which hosts ask which server was not worked out"), is_mixed=True)
_MOST_SERVERS = 1000  # asked of one sentence, where servers ask each other


@dataclass(slots=True)
class _Question:
    network: Network
    statement: Resolution
    ask: Ask
    fixed: SettledFacts
    documented: bool
    leaned: dict[Uncertainty, None] = field(default_factory=dict)
    assumed: dict[Uncertainty, None] = field(default_factory=dict)
    asked: list[Claim] = field(default_factory=list)
    vnets: set[str] = field(default_factory=set)
    servers_asked: int = 0
    hosts: tuple[tuple[Place, int], ...] = ()
    _verdicts: dict[tuple[Verb, EndpointSet, EndpointSet], tuple[Claim, Verdict]] = field(default_factory=dict)
    _servers: Servers = field(init=False)

    def __post_init__(self) -> None:
        self._servers = Servers(self.network)

    def decide(self) -> _Step:
        askers = list(self._servers.askers(self.statement.hosts))
        if not askers:
            return _Step(Vacuous("the left side holds no host"))
        self.hosts = askers[0].some
        found = _all([step for asker in askers for step in self._of_asker(asker)])
        return replace(found, verdict=self._with_facts(found.verdict))

    def _of_asker(self, asker: Asker) -> list[_Step]:
        """Return what holds of an asker's hosts, subnet by subnet where they fare differently."""
        step = self._about(asker, ())
        if not step.is_mixed or len(asker.hosts.parts) < 2:
            return [step]
        return [self._about(replace(asker, hosts=endpoint_set([part])), ()) for part in asker.hosts.parts]

    def _about(self, asker: Asker, trail: tuple[str, ...]) -> _Step:
        for address in asker.servers:
            if address != AZURE_RESOLVER and (what := self._servers.not_followed(address)) is not None:
                return _Step(Unknown(f"the server {address_text(address)} is {what}, which is not followed"))
        return self._never(asker, trail) if self.statement.never else self._resolves(asker, trail)

    # -- every host resolves it ---------------------------------------------------------------------------

    def _resolves(self, asker: Asker, trail: tuple[str, ...]) -> _Step:
        if not asker.servers:
            return self._azure_resolves(asker)
        unsure: list[_Step] = []  # of servers that know the name, and that some hosts may not reach
        refused: list[_Step] = []  # of servers that no host reaches
        for address in asker.servers:
            if address == AZURE_RESOLVER:
                step = self._azure_resolves(asker)
                alone = not unsure and not self._others(asker, None, trail)
                return step if alone or isinstance(step.verdict, Proved) else _MIXED
            for server in self._servers.at(address):
                step = self._at_server(asker, server, trail)
                if isinstance(step.verdict, Proved):
                    return step
                is_told_no = isinstance(self._server(server, trail).verdict, Refuted)
                if self._is_unreachable(asker, server):
                    refused.append(self._unreached(asker, server) if is_told_no else step)
                elif isinstance(self._server(server, trail).verdict, Proved):
                    unsure.append(step)
                elif not unsure and (
                    not self._others(asker, server, trail) or (is_told_no and self._all_reach(asker, server))
                ):
                    return step
                else:
                    return _MIXED
        return self._nobody(asker, unsure, refused)

    def _at_server(self, asker: Asker, server: Server, trail: tuple[str, ...]) -> _Step:
        """Return whether all hosts resolve the name where this server alone is asked."""
        told = self._server(server, trail)
        if isinstance(told.verdict, Refuted):
            why = f"{asker.what} ask {server.what}: {told.verdict.why}"
            return replace(told, verdict=replace(told.verdict, why=why), example=asker.example)
        reached = self._packets(Verb.REACHES, asker, server)
        if isinstance(reached.verdict, Refuted):
            witness = reached.verdict.witness
            example = (witness.origin, witness.flow.source) if witness else reached.example or asker.example
            why = f"{asker.what} cannot surely ask {server.what}"
            why = f"{why}: {reached.verdict.why}" if reached.verdict.why else why
            return replace(reached, verdict=replace(reached.verdict, why=why), example=example)
        if isinstance(told.verdict, Proved) and isinstance(reached.verdict, Proved):
            return _Step(_joined([self._asks(asker, server), told.verdict, reached.verdict]))
        return _all([told, reached])

    def _unreached(self, asker: Asker, server: Server) -> _Step:
        return _Step(Refuted(None, f"{asker.what} cannot ask {server.what}"), None, asker.example)

    def _all_reach(self, asker: Asker, server: Server) -> bool:
        return isinstance(self._packets(Verb.REACHES, asker, server).verdict, Proved)

    def _others(self, asker: Asker, server: Server | None, trail: tuple[str, ...]) -> bool:
        """Tell whether another than `server`, which is Azure's resolver where it is None, could know the name."""
        if server is not None and AZURE_RESOLVER in asker.servers:
            return True
        others = (other for address in asker.servers for other in self._servers.at(address) if other != server)
        return any(not isinstance(self._server(other, trail).verdict, Refuted) for other in others)

    def _nobody(self, asker: Asker, unsure: Sequence[_Step], refused: Sequence[_Step]) -> _Step:
        """Return what holds where no server that knows the name is surely reached by all hosts."""
        if len(unsure) == 1:
            return unsure[0]
        if unsure:
            return _MIXED
        if refused:
            return refused[0]
        return _Step(Refuted(None, f"nothing stands where {asker.what} look for a server"), None, asker.example)

    def _azure_resolves(self, asker: Asker) -> _Step:
        self.vnets.add(asker.vnet)
        answer = azure_answer(self.network, asker.vnet, self.statement.name, self._settled)
        told = self._told(answer, asker.example)
        for asking in askings(self.network, asker.hosts):
            if False in (asking.over_udp, asking.over_tcp):
                example = (Place(PlaceKind.SUBNET.value, asking.subnet.id), asking.addresses.intervals[0].low)
                return _Step(Refuted(None, _kept(asking, "keeps")), None, example)
            if None in (asking.over_udp, asking.over_tcp) and isinstance(told.verdict, Proved):
                return _Step(Unknown(_kept(asking, "may keep")))
        if isinstance(told.verdict, Proved):
            return _Step(_joined([_ESCAPES, told.verdict]))
        return told

    # -- no host resolves it ------------------------------------------------------------------------------

    def _never(self, asker: Asker, trail: tuple[str, ...]) -> _Step:
        if not asker.servers:
            return self._azure_never(asker)
        proofs: list[Proved] = []
        perhaps_first = False  # some host may be told by an earlier server that there is no such name
        for address in asker.servers:
            if address == AZURE_RESOLVER:
                step = self._azure_never(asker)
                if not isinstance(step.verdict, Proved):
                    return _MIXED if perhaps_first else step
                proofs.append(step.verdict)
                perhaps_first = True
                continue
            servers = self._servers.at(address)
            for server in servers:
                told = self._server(server, trail)
                if isinstance(told.verdict, Proved):
                    proofs += [self._asks(asker, server), told.verdict]
                    reached = self._packets(Verb.REACHES, asker, server)
                    if isinstance(reached.verdict, Proved) and len(servers) == 1:
                        return _Step(_joined([*proofs, reached.verdict]))
                    perhaps_first = True
                    continue
                kept = self._packets(Verb.NEVER_REACHES, asker, server)
                if isinstance(kept.verdict, Proved | Vacuous):
                    proofs += [kept.verdict] if isinstance(kept.verdict, Proved) else []
                    continue
                if perhaps_first:
                    return _MIXED
                if isinstance(kept.verdict, Unknown) or isinstance(told.verdict, Unknown):
                    return _all([step for step in (kept, told) if isinstance(step.verdict, Unknown)])
                witness = kept.verdict.witness
                why = f"{asker.what} ask {server.what}: {told.verdict.why}"
                example = kept.example if witness is None else (witness.origin, witness.flow.source)
                return _Step(replace(kept.verdict, why=why), kept.claim, example)
        nobody = Proved((Ground("", f"no server of {asker.vnet} knows it and is reached", "F-DNS-3", asker.span),))
        return _Step(_joined(proofs or [nobody]))

    def _azure_never(self, asker: Asker) -> _Step:
        self.vnets.add(asker.vnet)
        found = tuple(askings(self.network, asker.hosts))
        if all(asking.over_udp is False and asking.over_tcp is False for asking in found):
            grounds = (Ground("", _kept(asking, "keeps"), "F-DNS-5", asking.subnet.span) for asking in found)
            return _Step(Proved(tuple(dict.fromkeys(grounds))))
        answer = azure_answer(self.network, asker.vnet, self.statement.name, self._settled)
        free = next((asking for asking in found if True in (asking.over_udp, asking.over_tcp)), None)
        if free is None and answer.is_known is not False:
            return _Step(Unknown(_kept(found[0], "may keep")))
        example = asker.example
        if free is not None:
            example = (Place(PlaceKind.SUBNET.value, free.subnet.id), free.addresses.intervals[0].low)
        return self._told(answer, example)

    # -- servers ------------------------------------------------------------------------------------------

    def _server(self, server: Server, trail: tuple[str, ...]) -> _Step:
        """Return what a server that gets a question says of the sentence."""
        name, example = self.statement.name, (server.place, server.address)
        self.servers_asked += 1
        if self.servers_asked > _MOST_SERVERS:
            return _Step(Unknown(f"more than {_MOST_SERVERS} servers ask each other"))
        if server.place == INTERNET and is_never_public(name):
            return self._told(Answer(False, f"{server.what} knows no private name", "F-DNS-3"), example)
        declared = None if server.nic is None else self.network.name_servers.get(server.nic.machine)
        if server.nic is None or declared is None:
            where = address_text(server.address) if server.nic is None else server.nic.machine
            return self._told(untold_answer(where, name, self._settled), example)
        domain = max((one for one in declared.serves if lies_within(name, one)), key=len, default=None)
        if domain is not None:
            record = record_of(declared.records, name, domain)
            if record is None:
                why = f"{declared.machine} serves {domain}, which has no record {name}"
                return self._told(Answer(False, why, "F-DNS-3", declared.span), example)
            why = f"record {record.name} of {declared.machine}"
            return self._told(Answer(True, why, "F-DNS-3", record.span, record.addresses), example)
        if not declared.asks_azure and not declared.forwarders:
            return self._told(untold_answer(declared.machine, name, self._settled), example)
        if declared.machine in trail:
            return self._told(Answer(False, f"{declared.machine} asks itself in a circle", "F-DNS-3"), example)
        hosts = endpoint_set([(server.place, set_of(server.nic.addresses))], declared.machine)
        asker = Asker(declared.machine, server.nic.vnet, hosts, declared.forwarders, declared.span)
        return self._about(asker, (*trail, declared.machine))

    def _told(self, answer: Answer, example: tuple[Place, int]) -> _Step:
        """Return what an answer says of the sentence."""
        ground = Proved((Ground("", answer.why, answer.rule, answer.span),), minimal=True)
        if answer.is_known is None:
            return _Step(Unknown("it depends on what no document can tell", answer.facts))
        if self.statement.never:
            return _Step(Refuted(None, answer.why), None, example) if answer.is_known else _Step(ground)
        if not answer.is_known:
            return _Step(Refuted(None, answer.why), None, example)
        if answer.of_host and any(family_of(address) is Family.IPV6 for address in self.statement.addresses):
            return _Step(Unknown(f"{answer.why}, and no page says that it has addresses of IPv6"))
        if answer.addresses is None and self.statement.addresses:
            return _Step(Unknown(f"{answer.why}, and nothing says with which address"))
        if answer.addresses is not None and not self._is_wanted(answer.addresses):
            listed = ", ".join(map(address_text, answer.addresses)) or "no address"
            return _Step(Refuted(None, f"{answer.why} leads to {listed}"), None, example)
        return _Step(ground)

    def _is_wanted(self, addresses: Sequence[int]) -> bool:
        """Tell whether an answer has the addresses asked for, and no other of their families."""
        wanted = set(self.statement.addresses)
        families = {family_of(address) for address in wanted}
        return {address for address in addresses if family_of(address) in families} == wanted and bool(addresses)

    # -- packets ------------------------------------------------------------------------------------------

    def _is_unreachable(self, asker: Asker, server: Server) -> bool:
        return isinstance(self._packets(Verb.NEVER_REACHES, asker, server).verdict, Proved | Vacuous)

    def _packets(self, verb: Verb, asker: Asker, server: Server) -> _Step:
        """Return whether all hosts can exchange packets with a server on port 53, or whether none of them ever can."""
        target, senders = server.target, self._servers.senders(asker.hosts, family_of(server.address))
        others = without(senders.addresses, target)
        asks_itself = server.address in senders.addresses.at(server.place)
        if verb is Verb.REACHES and senders.lacking is not None:
            why = f"{asker.what} have no address of the family of {server.what}"
            return _Step(Refuted(None, why), None, senders.lacking)
        if senders.unsure is not None and (verb is Verb.REACHES or not senders.addresses):
            lack = f"whether all {asker.what} have an address of the family of {server.what} is not said"
            return _Step(Unknown(lack))
        itself = _Step(Refuted(None, f"{server.what} asks itself"), None, (server.place, server.address))
        if not others and asks_itself:
            proved = Proved((Ground("", f"{server.what} asks itself", "F-DNS-3"),), minimal=True)
            return _Step(proved) if verb is Verb.REACHES else itself
        if not others:
            return _Step(Vacuous(f"{asker.what} have no address of the family of {server.what}"))
        key = (verb, others, target)
        if key not in self._verdicts:
            text = f"{asker.what} {verb.value} {server.what} on dns"
            claim = Claim(verb, ((others, target),), _DNS, text, self.statement.span)
            self.asked.append(claim)
            self._verdicts[key] = (claim, self.ask(claim, self.documented))
        claim, verdict = self._verdicts[key]
        witness = verdict.witness if isinstance(verdict, Refuted) else None
        if witness is not None and not self._is_of(asker.hosts, witness.origin, witness.flow.source):
            what = address_text(witness.flow.source)
            return _Step(Unknown(f"whether some of {asker.what} have the address {what} is not said"), claim)
        if verb is Verb.NEVER_REACHES and asks_itself and isinstance(verdict, Proved | Vacuous):
            return itself
        return _Step(verdict, claim)

    def _is_of(self, hosts: EndpointSet, place: Place, address: int) -> bool:
        """Tell whether one of the hosts surely has the address."""
        named = hosts.at(place)
        if address in named:
            return True
        beside = (nic for nic in self.network.nics() if nic.subnet_id == place.name and address in nic.addresses)
        return any(set_of(nic.addresses) & named for nic in beside)

    def _asks(self, asker: Asker, server: Server) -> Proved:
        return Proved((Ground("", f"{asker.what} ask {server.what}", "F-DNS-3", asker.span),), minimal=True)

    # -- facts --------------------------------------------------------------------------------------------

    def _settled(self, fact: Uncertainty) -> bool | None:
        value = self.fixed.get(str(fact))
        if value is not None:
            self.assumed[fact] = None
            return value
        if self.documented and fact.documented is not None:
            self.leaned[fact] = None
            return fact.documented
        return None

    def _with_facts(self, verdict: Verdict) -> Verdict:
        """Return `verdict` with the facts that were settled on the way to it."""
        leaned = tuple(self.leaned)
        match verdict:
            case Proved():
                return replace(
                    verdict,
                    leaned_on=_each((*verdict.leaned_on, *leaned)),
                    assumed=_each((*verdict.assumed, *self.assumed)),
                    documented=verdict.documented or bool(leaned),
                )
            case Refuted():
                together = _each((*verdict.leaned_on, *leaned))
                return replace(verdict, leaned_on=together, documented=verdict.documented or bool(leaned))
            case _:
                return verdict


_ESCAPES = Proved((Ground("", "questions to Azure's resolver escape security groups", "F-DNS-5"),), minimal=True)


def _kept(asking: Asking, verb: str) -> str:
    if asking.by is None:
        return f"hosts of {asking.subnet.id} have no IPv4 address, by which Azure's resolver is asked"
    nsg, rule = asking.by
    return f"{rule.name} of {nsg.name} {verb} hosts of {asking.subnet.id} from asking Azure's resolver"


def _all(steps: Sequence[_Step]) -> _Step:
    """Return what holds of all parts together: a refutation of one, else what is open, else the proof of all."""
    refuted = next((step for step in steps if isinstance(step.verdict, Refuted)), None)
    if refuted is not None:
        return refuted
    unknown = [(step, step.verdict) for step in steps if isinstance(step.verdict, Unknown)]
    if unknown:
        step, verdict = unknown[0]
        facts = _each(fact for _, other in unknown for fact in other.open_facts)
        return replace(step, verdict=replace(verdict, open_facts=facts))
    proofs = [step.verdict for step in steps if isinstance(step.verdict, Proved)]
    return _Step(_joined(proofs)) if proofs else steps[0]


def _joined(proofs: Sequence[Proved]) -> Proved:
    return Proved(
        tuple(dict.fromkeys(ground for proof in proofs for ground in proof.grounds)),
        all(proof.minimal for proof in proofs),
        any(proof.documented for proof in proofs),
        _each(fact for proof in proofs for fact in proof.leaned_on),
        None,
        _each(fact for proof in proofs for fact in proof.assumed),
    )


def _each(facts: Iterable[Uncertainty]) -> tuple[Uncertainty, ...]:
    return tuple(dict.fromkeys(facts))
