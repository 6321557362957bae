"""No name of a user's is in what a solver reads: symbols are a few letters and a number."""

from __future__ import annotations

import re

from vnetverify.pipeline import Loaded, Options, prove
from vnetverify.prover.evidence.confirming import script_of
from vnetverify.prover.solver import Limits
from vnetverify.syntax import read_text
from vnetverify.testing.recording import RecordingSolver

# Every name begins alike, and in a way that nothing else does.
NETWORK = """
vnet ZQhub { address 10.0.0.0/16  subnet AzureFirewallSubnet 10.0.1.0/26  subnet GatewaySubnet 10.0.2.0/27 }
vnet ZQshop {
  address 10.1.0.0/16
  tag ZQenv = "ZQprod"
  subnet ZQweb 10.1.1.0/24  nsg ZQgroup  routes ZQtable
  subnet ZQdb  10.1.2.0/24  nsg ZQgroup
}
vnet ZQother { address 10.2.0.0/16  subnet ZQapp 10.2.1.0/24 }
peering ZQhub -> ZQshop { allow-forwarded-traffic }
peering ZQshop -> ZQhub { allow-forwarded-traffic }
peering ZQhub -> ZQother
peering ZQother -> ZQhub { allow-forwarded-traffic }
route-table ZQtable { ZQout 0.0.0.0/0 -> appliance 10.0.1.4 }
appliance ZQwall { nic 10.0.1.4 in ZQhub.AzureFirewallSubnet  forwards tcp from any to any  stateful }
nsg ZQgroup {
  inbound 100 ZQsql allow tcp from 10.1.1.0/24 to any port 1433
  inbound 200 ZQrest deny any from any to any
}
vm ZQmachine { nic 10.1.2.4 in ZQshop.ZQdb }
vm ZQcaller  { nic 10.1.1.4 in ZQshop.ZQweb }
group ZQshops = vnet where ZQenv = "ZQprod"
intent ZQworks "ZQ the shop works" { ZQcaller reaches ZQmachine on sql }
intent ZQapart { ZQother.ZQapp never reaches ZQmachine  ZQshops never reaches ZQother on ssh }
intent ZQvia { ZQshop.ZQweb reaches ZQother only via ZQwall }
intent ZQnames { ZQcaller resolves "ZQ.internal" }
"""
SYMBOL = re.compile(r"[a-z]{1,3}[0-9]*", re.ASCII)
WORDS = """
declare-const define-fun assert set-logic QF_BV Bool BitVec _ extract true false
and or not ite = => bvule bvuge bvugt bvadd
"""


def test_no_name_of_a_users_is_in_what_a_solver_reads() -> None:
    document = read_text(NETWORK)
    solver = RecordingSolver(Limits())

    prove(Loaded(document, {}, document.diagnostics), Options(), warmed_up=solver)
    scripts = [script_of(question) for question, _ in solver.answers]

    assert not [found for found in document.diagnostics if found.code != "unused"]
    assert len(scripts) >= 10
    for script in scripts:
        assert "zq" not in script.lower()
        words = set(script.replace("(", " ").replace(")", " ").split()) - set(WORDS.split())
        assert [word for word in words if not SYMBOL.fullmatch(word) and word[0] not in "#0123456789"] == []
