"""Whether a claim says anything, found without a solver (I-VACUOUS)."""

from __future__ import annotations

import pytest

from vnetverify.certificate.vacuity import is_vacuous
from vnetverify.certifying import sentences
from vnetverify.facts import SettledFacts
from vnetverify.syntax import read_text

_TEXT = """
vnet v { address 10.0.0.0/16, fd00:1::/48  subnet four 10.0.1.0/24  subnet six fd00:1:0:3::/64 }
vnet w { address 10.1.0.0/16  subnet s 10.1.1.0/24 }
vm published { nic 10.0.1.9 in v.four  public-ip untold standard }
appliance fw { nic 10.1.1.9 in w.s  forwards any }
"""


@pytest.mark.parametrize(
    ("sentence", "says_nothing"),
    [
        ("internet reaches published on https", False),  # by an address of which nothing is told
        ("internet reaches untold-to-all on https", True),
        ("v.four reaches v.six", True),
        ("v.four never reaches w", False),
        ("v.four reaches w only via fw", True),
        ("v.four reaches v.four not via fw", False),
        ("latency of v.four to w is local", True),
        ("bottleneck of v.four to v.four at least 1 Gbps", False),
    ],
)
def test_a_claim_says_something_where_it_speaks_of_a_flow(sentence: str, says_nothing: bool) -> None:
    document = read_text(f"{_TEXT} site untold-to-all {{ }} intent i {{ {sentence} }}")

    (asked,) = sentences(document)

    assert is_vacuous(document.network, asked.claim, SettledFacts({})) is says_nothing
