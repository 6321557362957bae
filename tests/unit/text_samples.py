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
