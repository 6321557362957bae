"""Texts that several tests of the language read."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from vnetverify.source import NOWHERE, Span

EVERYTHING = """\
era 2018-02

vnet hub {
  region westeurope
  subscription connectivity
  tenant contoso
  address 10.0.0.0/16, 10.100.0.0/16
  summarized-gateway-prefixes 10.0.0.0/14, 10.100.0.0/16
  tag env = "shared"
  subnet GatewaySubnet       10.0.0.0/27  routes from-onprem
  subnet AzureFirewallSubnet 10.0.1.0/26
  subnet shared              10.0.2.0/24, 10.0.3.0/24  nsg web-nsg  nat-gateway egress  default-outbound off
  subnet RouteServerSubnet   10.0.4.0/27
  gateway vpn hub-vpn { asn 65010 active-active }
  gateway expressroute hub-er { fastpath allow-remote-vnets on }
}

vnet spoke {
  address 10.1.0.0/16
  subnet web 10.1.1.0/24  nsg web-nsg  routes via-firewall  default-outbound on
      service-endpoints Microsoft.Storage, Microsoft.Sql
}

vnet legacy {
  model classic
  address 10.2.0.0/16
  subnet old 10.2.0.0/24
}

peering spoke -> hub { allow-forwarded-traffic  use-remote-gateways }
peering hub -> spoke { allow-virtual-network-access off  allow-gateway-transit  state connected }
peering hub -> legacy
peering spoke -> legacy {
  remote-space 10.2.0.0/17, 10.3.0.0/16
  local-subnets web
  remote-subnets old
}

connected-group mesh { members hub, spoke  global }

route-server hub-rs in hub {
  branch-to-branch
  peer fw advertises 10.0.0.0/8, 0.0.0.0/0 via 10.0.1.100
  peer router advertises 10.99.0.0/16
}

nsg web-nsg {
  inbound   100 allow-https allow tcp  from Internet to asg web-servers port 443
  inbound   200 allow-admin allow any  from 10.0.2.0/24, 10.9.0.4 port 1024-65535 to any port 22, 3389
  outbound 4096 deny-rest   deny  icmp from asg web-servers to Storage.WestUS
}

asg web-servers
nat-gateway egress
service-tag Storage 20.60.0.0/16
service-tag Microsoft.Sql 40.78.0.0/16
service-tag Partner 203.0.113.0/24, 198.51.100.0/24

route-table from-onprem {}

route-table via-firewall {
  propagate-gateway-routes off
  default 0.0.0.0/0      -> appliance 10.0.1.4
  drop    10.0.9.0/24    -> none
  home    192.168.0.0/16 -> gateway
  local   10.1.0.0/16    -> vnet-local
  updates 20.0.0.0/8     -> internet
  partner Partner        -> internet
}

vm web1 {
  nic 10.1.1.4, 10.1.1.5 in spoke.web  nsg web-nsg  asg web-servers  public-ip standard 203.0.113.9
  nic management 10.0.2.9 in hub.shared  public-ip
}

vm router { nic 10.0.2.10 in hub.shared  ip-forwarding on }

appliance fw {
  nic 10.0.1.4 in hub.AzureFirewallSubnet  public-ip fw-address basic
  nic 10.0.2.11 in hub.shared  ip-forwarding off
  drops tcp from 10.2.0.0/16 to any port 22
  forwards any from spoke to internet
  stateful
  source-nat off
}

appliance unknown-box { nic 10.0.2.12 in hub.shared }
appliance wall { nic 10.0.2.13 in hub.shared  forwards nothing  stateless }

site branch { address 192.168.0.0/16 }
site partner { address 198.51.100.0/24  behind fw }
connection branch -- hub.hub-vpn { bgp  default-site }
connection line: branch -- hub.hub-er { prefixes 192.168.4.0/24  circuit er-1 }
connection silent: partner -- hub.hub-vpn { prefixes none }
connection hub.hub-vpn -- hub.hub-er
"""

# What has addresses of both families, or stands at an address without being a host; and who may peer.
BOTH_FAMILIES = """\
vnet hub {
  address 10.0.0.0/16, fd00:db8::/48
  subnet AzureFirewallSubnet 10.0.1.0/26
  subnet web                 10.0.2.0/24, fd00:db8:0:2::/64  private-endpoint-policies enabled
  subnet db                  10.0.3.0/24, fd00:db8:0:3::/64  private-endpoint-policies route-tables
  gateway vpn vpn { active-active bandwidth 650 Mbps }
}

vnet spoke {
  address 10.1.0.0/16, 2001:db8:1::/48
  admin-scope allow-only
}

peering hub -> spoke { allow-forwarded-traffic  enable-only-ipv6-peering }
peering spoke -> hub { enable-only-ipv6-peering  remote-space 10.0.0.0/16, fd00:db8::/48 }

nsg six {
  inbound 100 web allow tcp from 2001:db8:1::/48, fd00::4 to fd00:db8:0:2::/64 port 8443, 80-443
  inbound 110 all allow tcp from any to ::/0 port 80-443, 443
  inbound 120 one allow tcp from 10.0.0.0/8 to any port 80-443
}

admin-rules base by corp for hub, spoke {
  inbound     5 admins  allow        tcp from 10.9.0.0/24 to any port 22, 3389
  inbound    10 no-ssh  deny         tcp from Internet port 1024-65535 to any port 22
  inbound    10 probes  always-allow any from AzureLoadBalancer to fd00:db8::/48
  outbound 4096 no-mail deny         tcp from VirtualNetwork to 0.0.0.0/0 port 25
}

admin-rules local for spoke {}

route-table both {
  six  ::/0      -> appliance fd00:db8:0:2::4
  four 0.0.0.0/0 -> appliance 10.0.2.4
}

firewall fw {
  nic 10.0.1.4 in hub.AzureFirewallSubnet  public-ip standard
  drops tcp from fd00::/8 to any port 22
  forwards any
  bandwidth 100 Gbps
}

firewall idle { nic 10.0.1.5 in hub.AzureFirewallSubnet  forwards nothing }

vm web1 {
  nic 10.0.2.4, fd00:db8:0:2::4 in hub.web  public-ip basic 203.0.113.9  public-ip web1-six standard 2001:db8::9
  nic back 10.0.3.9 in hub.db  public-ip ipv6
  bandwidth 1500 Kbps
}

vm back { nic front 10.0.2.5 in hub.web  public-ip backs standard ipv6 }

appliance router {
  nic 10.0.2.6 in hub.web
  forwards any from fd00:db8::/48 to 0.0.0.0/0
  bandwidth 999 bps
}

load-balancer orders standard in hub.db {
  frontend 10.0.3.100
  frontend second 10.0.2.101 in hub.web
  frontend six fd00:db8:0:3::100
  rule sql tcp 1433 -> front, web1.back port 1434  probe 1433  floating-ip
  rule dns udp 53 at six -> front
  rule all any at second -> router, web1  probe 22
}

load-balancer nothing {}

private-endpoint vault 10.0.3.20, fd00:db8:0:3::20 in hub.db
private-endpoint store 10.0.3.21 in hub.db pending

site clients { point-to-site  address 172.16.201.0/24 }
site branch { address 192.168.0.0/16, 2001:db8:9::/48  routes 10.0.0.0/8 }
site silent { address 198.51.100.0/24  routes none }

principal netops { write hub, spoke  peer spoke }
principal nobody {}
"""


# What stands between the hosts: public frontends, private link services, firewalls that translate, proxies.
DEVICES = """\
strict

vnet hub {
  address 10.0.0.0/16
  flow-timeout 4 minutes
  subnet AzureFirewallSubnet 10.0.1.0/26
  subnet AzureBastionSubnet  10.0.2.0/26
  subnet gateways            10.0.3.0/24
}

vnet app {
  address 10.1.0.0/16, fd00:db8:1::/48
  subnet web   10.1.1.0/24, fd00:db8:1:1::/64
  subnet links 10.1.5.0/24
}

vm web1 { nic 10.1.1.4, fd00:db8:1:1::4 in app.web }

vm web2 {
  nic 10.1.1.5 in app.web
  nic back 10.1.1.6 in app.web
}

firewall fw {
  nic 10.0.1.4 in hub.AzureFirewallSubnet  public-ip entry standard 203.0.113.5
  public-ip "private" standard 203.0.113.6
  public-ip
  threat-intelligence deny
  intrusion-detection deny
  private-ranges 10.0.0.0/8, 172.16.0.0/12
  private-ranges learned
  collection nat 100 nat-1 {
    rule web tcp, udp from 203.0.113.128/25 at entry port 443, 8000-8010 -> 10.1.1.4 port 8443
    rule ssh tcp from * at private port 22 -> 10.1.1.4 port 22
    rule other tcp from * at "private" port 22 -> 10.1.1.4 port 22
  }
  collection network 101 network-2 deny { rule no-smb tcp from * to * port 445 }
  collection network 102 network-3 allow {
    rule apps tcp, icmp from 10.0.0.0/8 to 10.1.0.0/16, 10.2.0.0/16
    rule storage any from * to 10.3.0.0/16, Storage.WestUS, "Tomorrow", "names.invalid" port 443
  }
  collection application 103 application-4 allow {
    rule partner https from 10.0.0.0/8 to "names.invalid"
    rule rest http, https, mssql from * to *
    rule odd http from * to * port 80-81
  }
  bandwidth 100 Gbps
}

firewall shut {
  nic 10.0.1.5 in hub.AzureFirewallSubnet
  threat-intelligence off
}

firewall open {
  nic 10.0.1.6 in hub.AzureFirewallSubnet
  private-ranges all
}

firewall hidden {
  nic 10.0.1.7 in hub.AzureFirewallSubnet
  private-ranges none
}

load-balancer shop standard {
  frontend public-ip 203.0.113.7
  frontend spare public-ip
  frontend six public-ip 2001:db8::7
  rule web tcp 443 -> web1, web2.back port 8443  probe 8080  all-when-none  no-egress  up web1  down web2.back
  rule six udp 443 at six -> web1
  nat ssh tcp 50001 -> web1 port 22  floating-ip
  outbound out tcp at spare, "frontend" -> web1, web2.back
}

load-balancer both in app.web {
  frontend 10.1.1.100
  frontend front public-ip
  rule web tcp 443 -> web1
  rule shop tcp 443 at front -> web1
}

private-link-service offer of both."frontend" at 10.1.5.4, 10.1.5.5 in app.links
private-endpoint to-offer 10.0.3.20 in hub.gateways to offer pending
private-endpoint vault 10.0.3.21 in hub.gateways
bastion jump in hub.AzureBastionSubnet
bastion dev in hub developer
application-gateway gate in hub.gateways { listens 443, 8000-8100 }
application-gateway idle in app.links
"""


def without_spans(value: Any) -> Any:
    """Return a value of the model with every span forgotten."""
    if isinstance(value, Span):
        return NOWHERE
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{part.name: without_spans(getattr(value, part.name)) for part in fields(value)})
    if isinstance(value, tuple):
        return tuple(without_spans(part) for part in value)
    if isinstance(value, dict):
        return {key: without_spans(part) for key, part in value.items()}
    return value
