"""Certificates as files: written beside proofs, judged by another run, refused once the network changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.certificates.test_forgeries import NETWORK
from vnetverify.certificate.evidence import Subject, certify
from vnetverify.certificate.files import to_text
from vnetverify.certificate.maker import NoCover
from vnetverify.certifying import filed, sentences
from vnetverify.cli import main, status
from vnetverify.facts import SettledFacts
from vnetverify.header import Flow, parse_address
from vnetverify.model.endpoints import place_of
from vnetverify.pipeline import load
from vnetverify.syntax import read_text
from vnetverify.testing.examples import read_page

FAILS = "intent fails { v.web never reaches v.db on sql }\n"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "v.vnet"
    path.write_text(NETWORK)
    return path


def certified(text: Path) -> Path:
    folder = text.parent / "certificates"
    main(["certify", str(text), "-o", str(folder)])
    return folder


def test_certificates_of_all_sentences_are_written_and_accepted(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = text.parent / "certificates"

    assert status.AS_EXPECTED == main(["certify", str(text), "-o", str(folder)])
    assert 3 == len(list(folder.glob("*.json")))
    assert status.AS_EXPECTED == main(["verify-certificate", str(text), str(folder)])
    assert "3 of 3 sentences proved, 0 of 3 certificates refused" in capsys.readouterr().out


def test_what_is_not_proved_has_no_certificate(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text.write_text(NETWORK + FAILS)

    assert status.UNDECIDED == main(["certify", str(text), "-o", str(text.parent / "out")])
    assert "no certificate: fails: v.web never reaches v.db on sql" in capsys.readouterr().err


def test_a_certificate_of_what_changed_is_refused(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = certified(text)
    text.write_text(NETWORK.replace("200 rest deny ", "200 rest allow"))

    assert status.REFUTED == main(["verify-certificate", str(text), str(folder)])
    assert "refused" in capsys.readouterr().out


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "{",
        '{"format": "vnetverify-certificate", "format_version": 2}',
        '{"format": "vnetverify-certificate", "format_version": 1}',
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_certificate_is_refused(text: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = text.parent / "damaged.json"
    path.write_text(damage)

    assert status.REFUTED == main(["verify-certificate", str(text), str(path)])
    assert "refused" in capsys.readouterr().out


def test_facts_that_a_certificate_is_given_are_told(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = certified(text)
    path = min(folder.glob("*.json"))
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "given": {"U-R-TRAF-7": False}}))

    assert status.UNDECIDED == main(["verify-certificate", str(text), str(path)])
    told = capsys.readouterr().out
    assert "where U-R-TRAF-7 = false" in told
    assert "0 of 3 sentences proved" in told


@pytest.mark.parametrize(("value", "proved"), [(True, 1), (False, 0)])
def test_facts_as_the_text_reads_them_may_be_given(
    text: Path, capsys: pytest.CaptureFixture[str], value: bool, proved: int
) -> None:
    text.write_text(f"reading documented\n{NETWORK}")
    path = min(certified(text).glob("*.json"))
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "given": {"U-R-TRAF-7": value}}))

    main(["verify-certificate", str(text), str(path)])

    assert f"{proved} of 3 sentences proved" in capsys.readouterr().out


def test_what_all_certificates_stand_under_is_told(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text.write_text(f"era 2018-02\nassume U-DOA = false\n{NETWORK}")

    main(["verify-certificate", str(text), str(certified(text))])

    assert capsys.readouterr().out.endswith("certificates refused, under 1 assumption, by the rules of 2018-02\n")


def test_what_is_not_modelled_leaves_sentences_open_that_have_certificates(
    text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule that is not known is none in the network that the judge walks."""
    folder = certified(text)
    text.write_text(NETWORK + 'not-known "`sourceAddressPrefix` of rule `r`" because "it is not known" for v\n')
    arguments = [str(text), str(folder)]
    capsys.readouterr()

    assert status.UNDECIDED == main(["verify-certificate", *arguments])
    told = capsys.readouterr().out
    assert 3 == told.count("but open: not modelled is `sourceAddressPrefix` of rule `r`")
    assert "0 of 3 sentences proved, 0 of 3 certificates refused" in told

    assert status.UNDECIDED == main(["certify", str(text), "-o", str(text.parent / "more")])
    assert not list((text.parent / "more").glob("*.json"))
    assert 3 == capsys.readouterr().err.count("open, as not modelled is")


@pytest.mark.parametrize("fact", ["ARE-ONE", "ANNOUNCED-TAG(v.web, source)", "u-r-traf-7", "U-NONE"])
def test_nothing_but_open_facts_of_a_network_may_be_given(
    text: Path, capsys: pytest.CaptureFixture[str], fact: str
) -> None:
    """What parts the flows of one world would leave flows out."""
    path = min(certified(text).glob("*.json"))
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "given": {fact: False}}))

    assert status.REFUTED == main(["verify-certificate", str(text), str(path)])
    assert "which is no open fact of a network" in capsys.readouterr().out


def test_a_missing_file_is_a_mistake_of_usage(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.BAD_INPUT == main(["verify-certificate", str(text), str(text.parent / "none.json")])
    assert "there is no file or folder" in capsys.readouterr().err


def test_proofs_say_what_assures_them(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["prove", str(text), "--output-format", "json"])

    verdicts = [
        claim["verdict"] for intent in json.loads(capsys.readouterr().out)["intents"] for claim in intent["claims"]
    ]
    assert {"certificate"} == {verdict["assurance"] for verdict in verdicts}


def test_less_assurance_than_asked_for_is_unknown(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["prove", str(text), "--assurance", "certificate", "--certificate-nodes", "3"]

    assert status.UNDECIDED == main(arguments)
    assert "uncertified" in capsys.readouterr().out


BESIDES = """\
principal netops { write v, w  peer v, w }
vnet w { address 10.8.0.0/16 }
intent names { v resolves "nobody.example"  expect refuted because "nobody has it" }
intent peers { netops may establish v -> w }
"""


def test_sentences_that_no_certificate_is_about_count_as_having_none(
    text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text.write_text(NETWORK + BESIDES)
    folder = text.parent / "certificates"

    assert status.UNDECIDED == main(["certify", str(text), "-o", str(folder)])
    streams = capsys.readouterr()
    assert "3 of 5 sentences have a certificate" in streams.out
    assert "no certificate: peers: netops may establish v -> w: proved; certificates are about flows" in streams.err
    assert "no certificate: names: v resolves" in streams.err
    assert status.UNDECIDED == main(["verify-certificate", str(text), str(folder)])
    assert "3 of 5 sentences proved, 0 of 3 certificates refused, 2 sentences about names" in capsys.readouterr().out


def test_a_pattern_chooses_among_the_sentences_without_certificates_too(
    text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text.write_text(NETWORK + BESIDES)

    main(["certify", str(text), "-o", str(text.parent / "certificates"), "-k", "[!n]*"])

    streams = capsys.readouterr()
    assert "of 4 sentences" in streams.out
    assert "resolves" not in streams.err


_VACUOUS = """
vnet hub { address 10.0.0.0/16  subnet s 10.0.1.0/24  subnet t 10.0.2.0/24 }
vnet a { address 10.1.0.0/16  subnet s 10.1.1.0/24 }
vnet b { address 10.2.0.0/16  subnet s 10.2.1.0/24 }
peering hub -> a { state initiated }
peering a -> hub { }
vnet c { address 10.3.0.0/16  subnet s 10.3.1.0/24 }
peering hub -> c { }
peering c -> hub { }
appliance fw { nic 10.0.1.9 in hub.s  forwards any  stateful }
site nothing { }
"""


@pytest.mark.parametrize(
    ("sentence", "is_vacuous"),
    [
        ("hub reaches nothing", True),  # there is no flow
        ("a reaches b only via fw", True),  # none is delivered
        ("a, c not transitive through hub", True),  # the peering is not there
        ("a never reaches b", False),
        ("hub.s reaches hub.t not via fw", False),
        ("a.s sometimes reaches 10.1.1.9", False),
    ],
)
def test_a_certificate_of_what_is_vacuous_proves_nothing(
    text: Path, sentence: str, is_vacuous: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that was forged, or was made when there were such flows."""
    text.write_text(f"{_VACUOUS}intent i {{ {sentence} }}\n")
    document = load([str(text)], []).document
    (asked,) = sentences(document)
    made = Subject(document.network, asked.claim, SettledFacts({}), _SHOWN if "sometimes" in sentence else None)
    tree = certify(made, 20_000)
    assert not isinstance(tree, NoCover)
    filed_at = text.parent / "forged.json"
    filed_at.write_text(to_text(filed(asked, made, tree, {})))

    ended = main(["verify-certificate", str(text), str(filed_at)])

    assert ended == (status.UNDECIDED if is_vacuous else status.AS_EXPECTED)
    assert ("but vacuous" in capsys.readouterr().out) is is_vacuous


_SHOWN = (place_of("a.s"), Flow(6, parse_address("10.1.1.4"), 49152, parse_address("10.1.1.9"), 443))


def test_a_firewall_and_a_private_link_service_of_one_name_have_addresses_of_their_own() -> None:
    """Were both of them one address of the world, no flow would be left in the box where a group parts the first."""
    page = read_page(Path("specs/semantics/filtering.md").read_text(encoding="utf-8"))
    name = "a-firewall-and-a-private-link-service-of-one-name"
    document = read_text(next(one.network for one in page.examples if name in one.names))
    asked = next(sentences(document))

    assert isinstance(certify(Subject(document.network, asked.claim, SettledFacts({})), 20_000), NoCover)


PROBED = """\
vnet app { address 10.1.0.0/16  subnet front 10.1.0.0/24 nsg front }
nsg front {
  inbound 100 web  allow tcp from Internet to any port 443
  inbound 200 rest deny  any from any to any
}
load-balancer lb standard { frontend f public-ip 203.0.113.9  rule web tcp 443 at f -> vm1 probe 443 }
vm vm1 { nic 10.1.0.10 in app.front }
reading documented
"""
HOST = {"U-INET(168.63.129.16/32)": True, "U-INET(13.96.0.0/13)": True, "U-INET(4.128.0.0/12)": True}


@pytest.mark.parametrize("forged", [{"U-INET": True}, HOST])
def test_what_documents_say_of_most_facts_of_a_kind_is_not_taken_for_what_they_say_of_one(
    forged: dict[str, bool], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "lb.vnet"
    text.write_text(f"{PROBED}intent b {{ internet reaches lb on https }}\nassume U-INET = true\n")
    (path,) = certified(text).glob("*.json")
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, "given": {**found["given"], **forged}}))
    text.write_text(f"{PROBED}intent b {{ internet reaches lb on https }}\n")
    capsys.readouterr()

    assert main(["prove", str(text)]) == status.REFUTED
    assert main(["verify-certificate", str(text), str(path)]) == status.UNDECIDED
    told = capsys.readouterr().out
    assert "accepted b: " in told
    assert "0 of 1 sentences proved" in told


def test_what_documents_say_of_the_host_s_address_leaves_a_certificate_unconditional(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "lb.vnet"
    text.write_text(f"{PROBED}intent b {{ internet never reaches lb on https }}\n")
    (path,) = certified(text).glob("*.json")

    assert '"U-INET(168.63.129.16/32)": false' in path.read_text()
    assert main(["verify-certificate", str(text), str(path)]) == status.AS_EXPECTED
    assert "1 of 1 sentences proved" in capsys.readouterr().out
