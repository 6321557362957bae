"""The open questions of the rule book: what Azure's documents leave unsaid, named and explained.

The rules themselves stand in `specs/semantics`; their two readings in `simulator` and `encoder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vnetverify.header import Interval, Prefix

_ONCE = {("translated",), ("twice-translated",), ("thrice-translated",)}
_CHOSEN_ANEW = frozenset({"U-R-SEL-7", "U-BACKEND"})


@dataclass(frozen=True, slots=True)
class Question:
    """A kind of uncertainty.

    `meaning` says what holds when it is true, with `{0}`, `{1}` for what the uncertainty is about.
    `documented` is the value the current documentation prefers; None where no document can tell
    (what an undeclared appliance does). `settled_by` tells a user how to find out.
    """

    name: str
    rules: tuple[str, ...]
    meaning: str
    documented: bool | None
    settled_by: str


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """One open fact about one network: a kind of question and what it is asked about.

    `documented` overrides the question's documented value where that depends on the case; two
    uncertainties with the same name are the same fact whatever it says.
    """

    question: str
    about: tuple[str, ...] = ()
    documented: bool | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.question}({', '.join(self.about)})" if self.about else self.question

    @property
    def meaning(self) -> str:
        told = QUESTIONS[self.question].meaning.format(*self.about)
        return f"{told}, once it is {self.about[-1]}" if self.about[-1:] in _ONCE else told

    @property
    def is_chosen_anew(self) -> bool:
        """Hold for what Azure decides for each flow, so that nobody can know it of all of them."""
        return self.question in _CHOSEN_ANEW


def uncertainty(question: str, *about: str) -> Uncertainty:
    """Return the uncertainty of kind `question` about these things, with its documented value."""
    return Uncertainty(question, about, QUESTIONS[question].documented)


def fact_written(name: str) -> Uncertainty | None:
    """Return the fact that somebody writes as `name`, with or without blanks; None where there is no such kind."""
    question, _, about = name.strip().partition("(")
    if question not in QUESTIONS:
        return None
    return Uncertainty(question, tuple(thing.strip() for thing in about.removesuffix(")").split(",")) if about else ())


class SettledFacts(Mapping[str, bool]):
    """Values of facts by name; a kind alone (`U-FORWARDS`) speaks of every fact of that kind not named itself.

    Names are looked up without regard to case.
    """

    def __init__(self, values: Mapping[str, bool]) -> None:
        self._values = dict(values)
        self._folded = {name.casefold(): value for name, value in values.items()}

    def __getitem__(self, fact: str) -> bool:
        folded = fact.casefold()
        return self._folded[folded if folded in self._folded else folded.partition("(")[0]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Undetermined(Exception):
    """A partial world was asked for a fact that it leaves open."""

    def __init__(self, fact: Uncertainty) -> None:
        self.fact = fact
        super().__init__(str(fact))


@dataclass(frozen=True, slots=True)
class World:
    """One way things may be: a truth value for every uncertainty, an address for every unknown one.

    `facts` maps names of uncertainties to values, `addresses` names of public addresses to them, and `advertised`
    names of connections to the prefixes that their sites announce, where a claim leaves that open. `announcing` says by
    which connections they may announce whatever lies inside some prefixes: a partial world leaves open what.
    Facts not named read as their documented value, or false where there is none; in a `partial`
    world asking for one raises `Undetermined`. A partial world stands for all that agree with it; of an address that it
    does not name `spans` may say where it lies.
    """

    facts: Mapping[str, bool] = field(default_factory=dict)
    addresses: Mapping[str, int] = field(default_factory=dict)
    advertised: Mapping[str, tuple[Prefix, ...]] = field(default_factory=dict)
    partial: bool = False
    spans: Mapping[str, Interval] = field(default_factory=dict)
    announcing: Mapping[str, tuple[Prefix, ...]] = field(default_factory=dict)

    def holds(self, fact: Uncertainty) -> bool:
        value = self.facts.get(str(fact))
        if value is not None:
            return value
        if self.partial:
            raise Undetermined(fact)
        return bool(fact.documented)


DOCUMENTED = World()

_QUESTIONS = (
    Question("U-R-SYS-5", ("R-SYS-5",), "a peering whose space equals a reserved private range carries packets to it", False, "the effective routes of a NIC in the subnet"),
    Question("U-R-SYS-6", ("R-SYS-6",), "a learned 0.0.0.0/0 removes the None routes of the private ranges", False, "the effective routes of a NIC while 0.0.0.0/0 is advertised"),
    Question("U-R-SYS-10", ("R-SYS-10", "R-SYS-3"), "Azure's tables drop packets to further blocks that no page of the era lists", False, "the effective routes of a NIC in the subnet"),
    Question("U-R-SYS-9", ("R-SYS-9",), "service endpoint {1} leads from {0} to prefixes of the service that are not its region's", False, "the effective routes of a NIC in the subnet"),
    Question("U-R-SEL-3", ("R-SEL-3",), "a static gateway prefix beats a shorter one of the network, a peer or a service endpoint around it", False, "the effective routes of a NIC in the subnet"),
    Question("U-R-SEL-7", ("R-SEL-7",), "of equally good ways, {0} sends this flow by {1}", None, "a test packet; Azure may choose otherwise for the next flow"),
    Question("U-R-SEL-8", ("R-SEL-8",), "a learned route becomes usable where a user route hides the own or peered prefix around it", False, "the effective routes of a NIC in the subnet"),
    Question("U-R-UDR-5", ("R-UDR-5",), "a user route to a virtual network gateway works where it is not supported", False, "a next-hop test in Network Watcher"),
    Question("U-R-UDR-6", ("R-UDR-6",), "next hop VnetLocal or Internet for a peered prefix delivers as the peering would", False, "a connection test between the two networks"),
    Question("U-R-UDR-8", ("R-UDR-8",), "where a next hop is not directly connected, Azure uses the next best route", False, "a connection test from the subnet"),
    Question("U-R-UDR-17", ("R-UDR-17",), "{0} translates the source of what it sends to the Internet", True, "the configuration of the appliance"),
    Question("U-R-PEER-16", ("R-PEER-16",), "forwarded packets cross a peering whose receiving half does not allow forwarded traffic", False, "a connection test through the appliance"),
    Question("U-R-PEER-17", ("R-PEER-17",), "the half {0}, which is not in sync, has routes for ranges that only one of its old and new views holds", False, "the effective routes of a NIC in the subnet"),
    Question("U-R-PEER-18", ("R-PEER-18",), "a peering of subnets carries packets whose own source or destination takes no part, if sender and next hop do", False, "a connection test through the appliance"),
    Question("U-R-PEER-19", ("R-PEER-19",), "subnets that take no part in a peering of subnets have its routes as well", False, "the effective routes of a NIC in such a subnet"),
    Question("U-SUBPEER", ("R-PEER-19", "F-TAG-22"), "the peering of subnets {0} carries packets from subnets that take no part", False, "a connection test from such a subnet"),
    Question("U-R-CG-4", ("R-CG-4",), "of networks with one range, which different connected groups or a peering join to {0}, it sends what is for that range to {1}", None, "the effective routes of a NIC in the network"),
    Question("U-R-CG-5", ("R-CG-5",), "a learned route is kept although a connected group holds its prefix", False, "the effective routes of a NIC in the subnet"),
    Question("U-R-UDR-8-CG", ("R-UDR-8",), "a next hop in another network of a connected group counts as directly connected", False, "a connection test from the subnet"),
    Question("U-R-SEL-6", ("R-SEL-6",), "a user or learned route to a service's prefixes, equal or longer, overrides a service endpoint", False, "the effective routes of a NIC in the subnet"),
    Question("U-R-GW-8", ("R-GW-8",), "a gateway announces the whole space of a network that is peered by subnets alone", False, "the routes that the site receives"),
    Question("U-R-GW-15", ("R-GW-15",), "in {0}, of one prefix from an appliance and a VPN gateway, the appliance's is preferred", None, "the effective routes of a NIC in the subnet"),
    Question("U-R-GW-30", ("R-GW-30",), "packets that leave a gateway follow the routes of the Route Server in {0}", False, "a connection test from the site"),
    Question("U-R-GW-13", ("R-GW-13",), "a route the gateway learned carries packets between two spokes through it", False, "a connection test between the spokes"),
    Question("U-R-GW-16", ("R-GW-16",), "a gateway sends packets for another site where a user route on its subnet says", True, "a connection test between the sites"),
    Question("U-R-GW-17", ("R-GW-17",), "a VPN gateway passes packets between connections that do not all use BGP", False, "a connection test between the sites"),
    Question("U-R-GW-17-OVERLAP", ("R-GW-17",), "gateway {0} tells sites of prefixes that it learned elsewhere although they overlap its network or a peer of that", False, "the routes that the sites receive"),
    Question("U-R-GW-18", ("R-GW-18",), "networks on one ExpressRoute circuit reach each other at the Microsoft edge", False, "the remote-network switches of the gateways, or a connection test"),
    Question("U-R-GW-21", ("R-GW-21",), "the default site of gateway {0} puts 0.0.0.0/0 into the route tables of the networks that it serves", True, "the effective routes of a NIC in a subnet without a user route 0.0.0.0/0"),
    Question("U-R-GW-23", ("R-GW-23",), "FastPath takes packets of gateway {0} past the user routes of GatewaySubnet", False, "the list of what FastPath supports, and a connection test from the site"),
    Question("U-R-GW-22", ("R-GW-22",), "a gateway carries packets to and from a peer that does not use it as its remote gateway", False, "a connection test from the site"),
    Question("U-R-GW-26", ("R-GW-26",), "of a static and a learned prefix of one length, gateway {0} uses the learned one", None, "a test packet"),
    Question("U-R-GW-29", ("R-GW-29",), "the Microsoft edge returns packets for another spoke of the same ExpressRoute gateway", False, "a connection test between the spokes"),
    Question("U-R-TRAF-7", ("R-TRAF-7", "F-MISC-1"), "protocols beside TCP, UDP and ICMP are carried", True, "a test with that protocol"),
    Question("U-R-TRAF-10", ("R-TRAF-10",), "a packet sent to a public address of this model comes back in to its holder", True, "a connection test to the public address"),
    Question("U-AVNA", ("R-PEER-14", "F-TAG-4"), "the peering {0} blocks, since its virtual-network access is off", False, "a connection test where no security group is attached"),
    Question("U-DOA", ("R-TRAF-5", "F-OUT-4"), "{0} has the implicit default outbound address", False, "the subnet's defaultOutboundAccess and its creation date"),
    Question("U-NATPROTO", ("F-OUT-3",), "what a NAT gateway does not carry, pings for instance, leaves by the public address of the interface itself", False, "a ping to the Internet from a machine with a public address behind a NAT gateway"),
    Question("U-FORWARDS", ("R-META-3",), "{0} forwards this flow", None, "the configuration of the appliance: declare it with `forwards`"),
    Question("U-STATEFUL", ("R-TRAF-2",), "{0} drops packets of flows it did not see begin", None, "the configuration of the appliance"),
    Question("U-EXIT", ("R-UDR-11",), "{0} sends this flow out by its interface or tunnel {1}", None, "the routing table of the appliance"),
    Question("U-EXITBACK", ("R-UDR-11",), "{0} sends the reply of this flow out by its interface or tunnel {1}", None, "the routing table of the appliance"),
    Question("U-OWNADDR", ("R-UDR-10",), "{0} takes what comes by one of its interfaces for the address of another as its own", None, "a connection test, or the configuration of the guest"),
    Question("U-SITE", ("R-GW-24",), "{0} sends this flow by {1}", None, "the routing table of the site"),
    Question("U-RELAYS", ("R-META-3",), "{0} sends on packets that come to it for addresses elsewhere", None, "the routing tables of the site"),
    Question("U-DOWN", ("I-FAILURES",), "the {0} is down", None, "nothing: which elements fail cannot be known beforehand"),
    Question("U-STATICDOWN", ("I-FAILURES",), "the prefixes of {0}, a connection without BGP or to a default site, stay in the tables at its ends while it is down", True, "the effective routes of a NIC, and the table of the site's device, while the tunnel is down"),
    Question("U-REWRITES", ("F-ADDR-8", "F-META-7"), "{0} translates addresses or proxies, so that one flow enters and another leaves", None, "the configuration of the appliance"),
    Question("U-SKU", ("F-PIP-3", "F-LB-6"), "{0}, whose SKU is not stated, is of the Basic one", False, "the SKU of the public address or load balancer"),
    Question("U-HAIRPUB", ("F-ADDR-7",), "a host reached by its public address sees the public address of the sender", True, "a packet capture at the receiver"),
    Question("U-VNTAG", ("F-TAG-7", "R-TRAF-9"), "{1} belongs to the VirtualNetwork tag at {0}", None, "the effective security rules of a NIC in the subnet"),
    Question("U-INET", ("F-TAG-9", "F-TAG-10"), "{0} belongs to the Internet tag", True, "the effective security rules of any NIC"),
    Question("U-INETMINUS", ("F-TAG-11",), "{1}, which VirtualNetwork gained at {0}, leaves the Internet tag", False, "the effective security rules of a NIC in the subnet"),
    Question("U-TAG", ("F-TAG-19",), "the {1} of this flow belongs to the service tag {0}", None, "the published list of service tags"),
    Question("U-DNS", ("F-DNS-1",), "the public DNS has an address of {0}", None, "a look-up of the name from anywhere"),
    Question("U-DNSANSWERS", ("F-DNS-3",), "the DNS server {0} answers questions about {1}", None, "a look-up at that server; declare what it `serves`, or where it forwards by `forwards-dns`"),
    Question("U-DNSHOST", ("F-DNS-2",), "Azure tells hosts of {1} the address of {0} by its name", False, "a look-up from another host of the network"),
    Question("U-DNSLINK", ("F-DNS-6",), "the public DNS leads {0} to its name in the privatelink zone", None, "a look-up of the name from anywhere: whether the service has private endpoints"),
    Question("U-ANYPROTO", ("F-NSG-7",), "protocol `*` covers protocols beside TCP, UDP and ICMP", False, "a test with that protocol"),
    Question("U-ICMPPORT", ("F-NSG-9",), "rule {0}, which names ports, applies to ICMP", False, "a ping through that rule"),
    Question("U-PROTOPORT", ("F-NSG-17",), "rule {0}, which names ports, applies to protocols without ports", False, "a test with that protocol"),
    Question("U-R-ADDR-6", ("R-ADDR-6",), "no None route of Azure's own keeps IPv6 packets from fc00::/7", True, "the effective routes of a NIC with an IPv6 address"),
    Question("U-ARSV6", ("R-ADDR-6",), "IPv6 works in {0} although a Route Server stands there", False, "a connection test over IPv6"),
    Question("U-V6ANY", ("F-NSG-12",), "0.0.0.0/0 in a rule covers IPv6 packets as well", False, "a connection test over IPv6 through such a rule"),
    Question("U-ICMPV6", ("F-NSG-16",), "ICMPv6 passes {0} {1}", True, "a ping over IPv6"),
    Question("U-FWV6", ("F-FW-11",), "{0} passes IPv6 packets", False, "a connection test over IPv6 through the firewall"),
    Question("U-R-SYS-11", ("R-SYS-11",), "a user route overrides a private endpoint's own route where it is no longer, instead of no shorter, than the range of the endpoint's network", False, "the effective routes of a NIC with such a route"),
    Question("U-PEPOL", ("F-PE-2",), "security groups hold for private endpoints in {0}", False, "the subnet's privateEndpointNetworkPolicies"),
    Question("U-PEPOL-ROUTES", ("R-SYS-11",), "route tables hold for private endpoints in {0}", False, "the subnet's privateEndpointNetworkPolicies"),
    Question("U-PECG", ("F-PE-8",), "a connected group carries packets to the private endpoint {0}", False, "a connection test to the endpoint"),
    Question("U-PEPROTO", ("F-PE-11",), "the private endpoint {0} takes packets that are neither TCP nor UDP", False, "a ping to the endpoint"),
    Question("U-PEPORT", ("F-PE-9",), "at a private endpoint rule {0} covers more than its first range of ports", True, "a connection test to a port of a later range"),
    Question("U-PEDENY", ("F-PE-9",), "at a private endpoint rule {0}, which denies several ranges of ports, denies all ports", False, "a connection test to a port outside the ranges"),
    Question("U-BACKEND", ("R-UDR-15", "F-LB-3"), "the load balancer gives what comes to {0} to {1}", None, "a test packet; Azure may choose otherwise for the next flow"),
    Question("U-PROBE", ("F-LB-4",), "{1} gets new flows from {0} although its filters stop the probe", False, "the health of the pool's members"),
    Question("U-R-UDR-15", ("R-UDR-15",), "the load balancer behind {0} forwards, as a next hop, what its rules are not made for", False, "a connection test through the load balancer"),
    Question("U-LBICMP", ("F-LB-9",), "the frontend {0} takes ICMP", False, "a ping to the frontend"),
    Question("U-LBECHO", ("F-LB-9",), "ICMP that the frontend {0} takes is answered there, and comes to no member", False, "a ping to the frontend while no member lets it in"),
    Question("U-LBV6OUT", ("F-LB-10",), "rules at public IPv6 frontends of {0} let their members out as those at IPv4 ones do", True, "a connection test over IPv6 to the Internet"),
    Question("U-LBOUT", ("F-ADDR-4",), "the outbound rules of a sender see the frontend of a load balancer, not the member behind it", True, "a connection test through a rule that names one of them"),
    Question("U-FLOAT", ("F-ADDR-5",), "with floating IP, rules at members of {0} see the frontend's address", True, "a connection test through a rule that names one of them"),
    Question("U-FQDN", ("F-FW-4",), "the domain names of rule {0} cover this flow", None, "the names that clients ask for, and what they resolve to"),
    Question("U-FWDNATSRC", ("F-FW-5",), "NAT rule {0} at a private address replaces the source by the firewall's", True, "a packet capture at the target"),
    Question("U-FWHAIRPIN", ("F-FW-5",), "NAT rules at public addresses of {0} take what routes lead to it for them as they take what the Internet sends", True, "a connection test from inside to a published port"),
    Question("U-FWSNAT", ("F-FW-7",), "{0} replaces the source towards this destination, which may be a range that it learned", None, "the ranges that the firewall learned"),
    Question("U-FWICMPPORT", ("F-FW-3",), "rule {0}, which names ICMP beside ports, applies to ICMP", False, "a ping through that rule"),
    Question("U-FWPROTO", ("F-FW-7",), "{0} translates packets to the Internet that are neither TCP nor UDP, pings for instance", False, "a ping to the Internet through the firewall"),
    Question("U-FWTI", ("F-FW-1", "F-FW-6"), "the threat intelligence of {0} drops this flow", False, "the log of the firewall"),
    Question("U-FWIDPS", ("F-FW-10",), "the intrusion detection of {0} drops this flow", False, "the log of the firewall"),
    Question("U-FWADDR", ("F-FW-12",), "{0} gets the private address that routes name for it", True, "the private address of the firewall, once it is deployed"),
    Question("U-FWCHAIN", ("F-FW-7",), "a flow that is translated a third time ends where the sentence asks", None, "a connection test through the chain of firewalls"),
    Question("U-STATELESSIN", ("F-STATE-5",), "custom inbound rules in {0} keep no state of TCP flows", False, "the flow timeout of the network, and its flow log"),
    Question("U-R-GW-25", ("R-GW-25",), "clients of the point-to-site pool of {0} reach each other through it", False, "a connection test between two clients"),
    Question("U-BANDWIDTH", ("R-LINT-2",), "{0}, whose bandwidth is not stated, carries as much as is asked", None, "the size of the machine, or the SKU of the gateway"),
    Question("U-REGION", ("R-LINT-2", "F-LB-6"), "{0} and {1} are in one region", None, "the region of each network"),
    Question("U-ADMTIE", ("F-ADM-15",), "of security admin rules with one priority that differ in what they do, {0} is tried before those that stand behind it", None, "the effective security rules of a NIC"),
    Question("U-ADMNEST", ("F-ADM-13",), "where a higher manager's rule allows, the rules of a lower one are asked as well", False, "a connection test"),
    Question("U-AANIP", ("F-ADM-10",), "in {0}, where services keep denying admin rules out, rules that always allow hold", False, "a connection test"),
    Question("U-ADMAGW", ("F-ADM-11",), "no security admin rule acts in {0}, the subnet of an application gateway", True, "how the gateway is deployed: rules act where it is network-isolated"),
    Question("U-AASTATE", ("F-ADM-18",), "what an always-allow rule let pass leaves no record, so that the reply is judged as new", False, "a connection test"),
    Question("U-AAPIP", ("F-PIP-6",), "an always-allow rule opens the Standard public address of {0}, which has no security group", False, "a connection test from the Internet"),
    Question("U-ASGFWD", ("F-FWD-4",), "rule {0} applies at {1} although only one of interface and address is in the application security group", False, "a test through the appliance"),
)  # fmt: skip

QUESTIONS: Mapping[str, Question] = {question.name: question for question in _QUESTIONS}
