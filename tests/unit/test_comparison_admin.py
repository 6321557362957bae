"""Two versions of security admin rules: the whole decision at an interface is compared (F-ADM-3, F-ADM-5, F-ADM-6)."""

from __future__ import annotations

from vnetverify.comparison import compare
from vnetverify.diagnostic import Severity
from vnetverify.explanation.flowsets import in_words
from vnetverify.model.network import Network
from vnetverify.prover.solver import Limits
from vnetverify.report.changes import Change, Changes
from vnetverify.source import Source
from vnetverify.syntax import read

GROUP = """\
nsg g {
  inbound 100 web allow tcp from 10.0.0.0/8 to any port 80
  inbound 110 shut deny any from any to any
}
"""
BLOCK = "inbound 20 Block deny tcp from 10.1.0.0/16 to any port 80"


def network(text: str) -> Network:
    document = read([Source("t.vnet", text)], Network())
    errors = [found for found in document.diagnostics if found.severity is Severity.ERROR]
    assert not errors, errors
    return document.network


def version(admin: str, group: str = GROUP, scope: str = "", nic: str = "") -> Network:
    attached = "nsg g" if group else ""
    return network(
        f"vnet v {{ address 10.0.0.0/16 {scope} subnet web 10.0.1.0/24 {attached} }}\n{group}\n"
        f"vm a {{ nic 10.0.1.4 in v.web {nic} }}\n{admin}"
    )


def rules(*lines: str, manager: str = "corp", name: str = "base") -> str:
    return f"admin-rules {name} by {manager} for v {{\n" + "\n".join(lines) + "\n}\n"


def changes(old: Network, new: Network) -> Changes:
    return compare(old, new, Limits(seconds=30))


def told(found: Changes) -> list[str]:
    return [_told(change) for change in found.found]


def _told(change: Change) -> str:
    before, after = (
        " ".join(f"{owner}/{rule.name}" for owner, rule in decision) for decision in (change.old, change.new)
    )
    needed = "".join(f" if {fact} is {str(value).lower()}" for fact, value in change.needed)
    return f"{change.direction.value} {in_words(change.flows)}: {before} -> {after}{needed}"


def test_a_new_denial_of_a_manager_is_shown_in_front_of_the_group() -> None:
    assert ["inbound tcp 80 from 10.1.0.0/16: g/web -> corp/Block"] == told(changes(version(""), version(rules(BLOCK))))
    assert ["inbound tcp 80 from 10.1.0.0/16: corp/Block -> g/web"] == told(changes(version(rules(BLOCK)), version("")))


def test_a_denial_acts_where_no_group_is() -> None:
    found = changes(version("", group=""), version(rules(BLOCK), group=""))

    assert ["inbound tcp 80 from 10.1.0.0/16:  -> corp/Block"] == told(found)


def test_an_exception_that_is_gone_is_shown_with_the_rule_it_kept_away() -> None:
    exception = "inbound 10 Except allow tcp from 10.1.4.0/24 to any"
    found = changes(version(rules(exception, BLOCK)), version(rules(BLOCK)))

    assert ["inbound tcp 80 from 10.1.4.0/24: corp/Except g/web -> corp/Block"] == told(found)


def test_what_is_always_allowed_passes_the_group_and_may_leave_no_record() -> None:
    always = "inbound 10 Scan always-allow tcp from 10.1.4.0/24 to any port 443"
    found = changes(version(""), version(rules(always)))

    assert ["inbound tcp 443 from 10.1.4.0/24: g/shut -> corp/Scan"] == told(found)
    assert ["U-AASTATE"] == [text[text.index("(") + 1 : -1] for text in found.not_compared]


def test_always_allowing_what_the_group_allows_is_equal_but_for_records() -> None:
    always = "inbound 10 Web always-allow tcp from 10.1.4.0/24 to any port 80"
    found = changes(version(""), version(rules(always)))

    assert not found.found
    assert found.not_compared


def test_rules_that_read_otherwise_and_do_the_same_are_equal() -> None:
    halves = [BLOCK.replace("Block", f"Block{half}").replace("10.1.0.0/16", f"10.1.{half}.0/17") for half in (0, 128)]
    renamed = BLOCK.replace("Block", "Other").replace("tcp", "any")

    assert Changes(()) == changes(version(rules(BLOCK)), version(rules(*halves)))
    assert Changes(()) == changes(version(rules(BLOCK.replace("tcp", "any"))), version(rules(renamed)))
    assert Changes(()) == changes(version(""), version(rules(BLOCK), scope="admin-scope none"))


def test_what_hangs_on_nested_managers_says_so() -> None:
    higher = rules("inbound 10 Except allow tcp from 10.1.0.0/16 to any", manager="root", name="top")
    found = changes(version(higher), version(higher + rules(BLOCK)))

    assert [
        "inbound tcp 80 from 10.1.0.0/16: root/Except g/web -> root/Except corp/Block if U-ADMNEST is true"
    ] == told(found)


def test_which_of_tied_rules_is_tried_first_is_open_in_both_versions_alike() -> None:
    tied = rules(BLOCK, "inbound 20 Pass allow tcp from 10.1.0.0/16 to any")
    (change,) = changes(version(rules(BLOCK)), version(tied)).found

    assert ("corp/Block", "Pass") == (f"{change.old[0][0]}/{change.old[0][1].name}", change.new[0][1].name)
    assert Changes(()) == changes(version(tied), version(tied))


def test_a_standard_public_address_without_group_may_be_opened_by_what_is_always_allowed() -> None:
    always = rules("inbound 10 Web always-allow tcp from 203.0.113.0/24 to any port 443")
    found = changes(*(version(admin, group="", nic="public-ip standard") for admin in ("", always)))

    assert ["inbound tcp 443 from 203.0.113.0/24:  -> corp/Web if U-AAPIP(a) is true"] == told(found)


def test_a_group_changed_behind_admin_rules_shows_what_they_leave() -> None:
    open_group = GROUP.replace("port 80", "port 80-81")
    block = BLOCK.replace("port 80", "port 81")
    found = changes(version(rules(block)), version(rules(block), group=open_group))

    assert ["g/shut -> g/web"] == [line.split(": ")[1] for line in told(found)]
    assert "10.1.0.0" not in {str(change.example.source) for change in found.found}
    assert not found.not_compared
