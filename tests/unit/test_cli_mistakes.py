"""What a user gets wrong on the command line is told in his words, with the way out, and never passed over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vnetverify.cli import main, status
from vnetverify.deciding import Disagreement

HUB = """\
vnet hub {
  address 10.0.0.0/16
  subnet AzureFirewallSubnet 10.0.1.0/26
}
vnet app { address 10.1.0.0/16  subnet web 10.1.1.0/24 routes via }
peering hub -> app
peering app -> hub { allow-forwarded-traffic }
route-table via { out 0.0.0.0/0 -> appliance 10.0.1.5 }
firewall fw { nic 10.0.1.4 in hub.AzureFirewallSubnet }
intent apart { app.web never reaches hub }
"""
TAGS = {
    "cloud": "Public",
    "changeNumber": 7,
    "values": [{"id": "Sql", "name": "Sql", "properties": {"addressPrefixes": ["20.40.0.0/16"]}}],
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("hub.vnet").write_text(HUB)
    return "hub.vnet"


def told(capsys: pytest.CaptureFixture[str], *arguments: str, ends: int = status.BAD_INPUT) -> str:
    """Return all that a command prints, which has to end so."""
    assert ends == main(arguments)

    streams = capsys.readouterr()
    return streams.out + streams.err


# -- inputs ---------------------------------------------------------------------------------------------


def test_what_azure_refuses_is_told_beside_a_mistake_in_a_sentence(
    hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(hub).write_text(
        HUB.replace("10.1.0.0/16", "10.0.128.0/17").replace("10.1.1.0", "10.0.129.0") + "intent i { ap reaches hub }"
    )

    text = told(capsys, "check", hub)

    assert "error[peering-overlap]" in text
    assert "error[unknown-name]" in text


def test_a_folder_in_the_place_of_a_text_comes_with_advice(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("texts").mkdir()

    text = told(capsys, "prove", "texts")

    assert "cannot read `texts`: it is a folder" in text
    assert "goes with `--network`" in text


def test_a_text_in_the_place_of_json_comes_with_advice(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "import", hub)

    assert "hub.vnet:1:1: expecting value" in text
    assert "named as FILE" in text


def test_the_name_of_a_vnet_is_no_subnet_but_has_some(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "routes", hub, "App")

    assert "no interface, machine or subnet is called `App`; it has `app.web`" in text


@pytest.mark.parametrize(
    ("again", "message"), [("hub.vnet", "`hub.vnet` is given twice"), ("link.vnet", "is the same file as `hub.vnet`")]
)
def test_a_text_that_is_given_twice_is_one_mistake_and_not_one_for_each_name(
    again: str, message: str, hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("link.vnet").symlink_to("hub.vnet")

    text = told(capsys, "prove", hub, again)

    assert message in text
    assert 1 == text.count("error[")


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--parameter", "env=prod", "unknown-parameter"),
        ("--parameters", "missing.json", "no-such-file"),
        ("--parameters", "empty.json", "no-parameters"),
        ("--deploy-to", "main.json=/subscriptions/s", "bad-scope"),
    ],
)
def test_parameters_that_no_template_takes_are_not_passed_over(
    option: str, value: str, code: str, hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty.json").write_text("{}")

    assert f"error[{code}]" in told(capsys, "prove", hub, option, value)


def test_a_file_without_resources_is_told_once(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.json").write_text("{}")

    text = told(capsys, "check", hub, "--network", "empty.json")

    assert 1 == text.count("[no-resources]")
    assert "error[no-resources]: `empty.json` holds no Azure resource" in text


@pytest.mark.parametrize("option", [["--network", "cut.json"], ["--network", "missing.json"], ["missing.vnet"]])
def test_names_are_not_called_missing_where_an_input_could_not_be_read(
    option: list[str], hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("cut.json").write_text('[{"name": "shop"')
    Path(hub).write_text(HUB + "intent far { shop.web never reaches hub }\n")

    text = told(capsys, "check", hub, *option)

    assert 1 == text.count("error[")
    assert "shop" not in text
    assert "no vnet" in told(capsys, "check", hub)


# -- names ----------------------------------------------------------------------------------------------


def test_a_subnet_without_its_vnet_is_told_its_whole_name(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "resolve", hub, "WEB")

    assert "help: a subnet is named with its vnet: `app.web`" in text


def test_a_next_hop_that_nobody_has_is_told_who_forwards_beside_it(
    hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(capsys, "check", hub, ends=status.AS_EXPECTED)

    assert "warning[next-hop-undeclared]: nothing declared has 10.0.1.5 in `hub`" in text
    assert "help: did you mean 10.0.1.4 (`fw`)?" in text


def test_an_address_that_nobody_has_is_no_end_of_a_flow(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "trace", hub, "--from", "app.web", "--to", "10.9.9.9", "--port", "22")

    assert "`10.9.9.9` holds no address of a subnet, site or frontend of the network" in text


def test_a_misspelt_service_tag_is_refused_with_the_one_that_was_meant(
    hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(capsys, "show", "tag", "VirtualNetwrok", hub, "app.web")

    assert "no service tag is called `VirtualNetwrok`; did you mean `VirtualNetwork`?" in text


def test_a_tag_that_only_the_list_knows_is_shown_from_the_list(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("tags.json").write_text(json.dumps(TAGS))

    text = told(capsys, "show", "tag", "sql", hub, "app.web", "--service-tags", "tags.json", ends=status.AS_EXPECTED)

    assert "20.40.0.0/16" in text
    assert "no service tag is called `Storage`" in told(
        capsys, "show", "tag", "Storage", hub, "app.web", "--service-tags", "tags.json"
    )


def test_an_assumption_without_a_value_is_told_what_it_lacks(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "routes", hub, "app.web", "--assume", "U-FORWARDS(fw)")

    assert "'U-FORWARDS(fw)' lacks its value: `U-FORWARDS(fw)=true` or `=false`" in text


# -- nothing to do is no success ------------------------------------------------------------------------


def test_vectors_none_of_which_applies_are_no_agreement(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.json").write_text('[{"id": "a"}]')

    text = told(capsys, "conform", "rows.json", ends=status.NOTHING_CHECKED)

    assert text == "0 agreed, 0 disagreed, 1 not applicable\n"


def test_a_matrix_without_pairs_says_so(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bare.vnet").write_text("vnet bare { address 10.0.0.0/16 }\n")

    assert told(capsys, "matrix", "bare.vnet", ends=status.NOTHING_CHECKED) == "0 ends: no pair to ask about\n"


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_networks_without_a_place_in_common_are_not_called_equal(
    output_format: str, hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.vnet").write_text("vnet other { address 10.0.0.0/16  subnet web 10.0.1.0/24 }\n")

    main(["diff", hub, "other.vnet", "--output-format", output_format])
    text = capsys.readouterr().out

    assert status.NOTHING_CHECKED == main(["diff", hub, "other.vnet"])
    assert ("no place is in both versions" if output_format == "text" else '"equal": false') in text


def test_nothing_to_certify_is_said_and_makes_no_folder(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "certify", hub, "-o", "made", "-k", "no-such-*", ends=status.NOTHING_CHECKED)

    assert "nothing to certify" in text
    assert not Path("made").exists()


# -- outputs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "reason"), [("hub.vnet", "it is not a folder"), ("hub.vnet/x", "not a directory")])
def test_certificates_do_not_go_where_no_folder_can_be(
    where: str, reason: str, hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"cannot write `{where}`: {reason}" in told(capsys, "certify", hub, "-o", where)
    assert Path("hub.vnet").read_text() == HUB


def test_engines_that_differ_are_a_bug_of_ours_to_certify_as_well(
    hub: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def differing(*_: object) -> None:
        raise Disagreement("they differ")

    monkeypatch.setattr("vnetverify.pipeline.prove", differing)

    assert "this is a bug of vnetverify" in told(capsys, "certify", hub, "-o", "made", ends=status.OUR_BUG)


def test_what_became_of_a_sentence_without_a_certificate_is_said(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "certify", hub, "-o", "made", "--certificate-nodes", "1", ends=status.UNDECIDED)

    assert "no certificate: apart: app.web never reaches hub: unknown: uncertified" in text


def test_a_difference_of_the_engines_is_never_written_over_an_input(
    hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "cannot write `hub.vnet`: it is an input" in told(capsys, "fuzz", hub, "--flows", "1", "--reproducer", hub)
    assert Path("hub.vnet").read_text() == HUB


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("routes", "hub.vnet", "web"), "no interface, machine or subnet is called `web`; did you mean `app.web`?"),
        (("routes", "hub.vnet"), "behind the file 'hub.vnet' has to stand what is asked about"),
        (("routes", "app.web"), "name a FILE before 'app.web' or a --network"),
        (("show", "tga"), "no command 'tga'; did you mean `tag`?"),
        (("show", "Internet"), "no command 'Internet'; there is `tag`"),
        (
            ("matrix", "hub.vnet", "--service", "htps"),
            "Invalid value for '--service': 'htps' is not a service; did you mean `https`?",
        ),
        (("prove", "hub.vnet", "-j", "many"), "'many' is neither `auto` nor a number"),
        (("conform", "tags.json"), "to compare recordings, name their network with `--network`"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said_where_it_is(
    arguments: tuple[str, ...], reason: str, hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("tags.json").write_text(json.dumps(TAGS))

    assert reason in told(capsys, *arguments)


def test_a_name_that_two_networks_have_is_asked_back(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(hub).write_text(HUB + "vnet lab { address 10.2.0.0/16  subnet web 10.2.1.0/24 }\n")

    assert "called `WEB`; there are `app.web`, `lab.web`" in told(capsys, "rules", hub, "WEB")


@pytest.mark.parametrize("command", ["check", "lint"])
def test_a_format_that_the_environment_asks_of_reports_is_no_mistake_where_there_are_findings(
    command: str, hub: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = told(capsys, command, hub, ends=status.AS_EXPECTED)
    concise = told(capsys, command, hub, "--output-format", "concise", ends=status.AS_EXPECTED)

    for wanted, shown in (("github", usual), ("concise", concise)):
        monkeypatch.setenv("VNETVERIFY_OUTPUT_FORMAT", wanted)
        assert told(capsys, command, hub, ends=status.AS_EXPECTED) == shown
    assert "is not one of" in told(capsys, command, hub, "--output-format", "github")


def test_check_prints_what_it_finds_as_json(hub: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", hub, "--output-format", "json"]) == status.AS_EXPECTED
    assert [found["code"] for found in json.loads(capsys.readouterr().out)] == ["next-hop-undeclared"]
    Path(hub).write_text(HUB.replace("app.web never", "app.wbe never"))
    assert main(["check", hub, "--output-format", "json"]) == status.BAD_INPUT
    assert {found["code"] for found in json.loads(capsys.readouterr().out)} >= {"unknown-subnet"}
