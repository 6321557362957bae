"""The provider's list of service tags: read in its forms, refused where it is broken, named by what rests on it."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.unit import azure_resources as azure
from tests.unit.effort import with_calls
from vnetverify.cli import main, status
from vnetverify.diagnostic import Diagnostic, Severity
from vnetverify.header import parse_prefix
from vnetverify.ingest import read_tag_list
from vnetverify.model.network import NextHopType
from vnetverify.model.published import TagList
from vnetverify.model.security import ServiceTag
from vnetverify.pipeline import Loaded, Options, load, prove
from vnetverify.prover.verdict import verdict_word
from vnetverify.report.schema import REPORT
from vnetverify.source import Span
from vnetverify.syntax.write import write

ASKED = Span("a.vnet", 1, 14, 1, 20)
HEADER = 'service-tags "tags.json"\n'
VNET = "vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24 nsg n  default-outbound on }\n"


def tag(name: str, *prefixes: str) -> dict[str, Any]:
    about = {"changeNumber": 7, "region": "", "platform": "Azure", "systemService": "", "networkFeatures": ["NSG"]}
    return {"name": name, "id": name, "properties": {**about, "addressPrefixes": list(prefixes)}}


STORAGE = tag("Storage", "20.60.0.0/16", "2603:1000::/32")
WEST = tag("Storage.WestUS", "20.60.1.0/24")
SQL = tag("Sql", "40.78.0.0/16")
VAULT = tag("AzureKeyVault", "20.1.0.0/24")


def download(*tags: dict[str, Any], **said: Any) -> dict[str, Any]:
    return {"changeNumber": 283, "cloud": "Public", "values": list(tags), **said}


def listed(folder: Path, content: Any) -> TagList | tuple[Diagnostic, ...]:
    (folder / "tags.json").write_text(json.dumps(content))
    found, diagnostics = read_tag_list(folder / "tags.json", ASKED)
    return found if found is not None else diagnostics


def loaded(folder: Path, text: str, *tags: dict[str, Any]) -> Loaded:
    """Return what a text beside a list of `tags` says; mistakes included."""
    (folder / "tags.json").write_text(json.dumps(download(*(tags or (STORAGE, WEST, SQL, VAULT)))))
    (folder / "a.vnet").write_text(text)
    return load([str(folder / "a.vnet")], [])


def mistakes(found: Loaded) -> list[tuple[str, str | None]]:
    return [(one.code, one.help) for one in found.diagnostics if one.severity is Severity.ERROR]


# -- the list by itself ---------------------------------------------------------------------------------


def test_the_download_is_read_with_prefixes_of_both_families(tmp_path: Path) -> None:
    found = listed(tmp_path, download(STORAGE, WEST))

    assert isinstance(found, TagList)
    assert (found.cloud, found.change_number) == ("Public", 283)
    assert found.prefixes["Storage"] == (parse_prefix("20.60.0.0/16"), parse_prefix("2603:1000::/32"))


def test_names_are_compared_without_case(tmp_path: Path) -> None:
    found = listed(tmp_path, download(WEST))

    assert isinstance(found, TagList)
    assert found.spelling("storage.westus") == "Storage.WestUS"


@pytest.mark.parametrize("is_nested", [False, True])
def test_the_answer_of_the_rest_call_is_read(tmp_path: Path, is_nested: bool) -> None:
    said = {"changeNumber": "63", "cloud": "AzureGovernment", "values": [SQL]}
    resource = {"name": "public", "id": "/subscriptions/x/providers/Microsoft.Network/serviceTags/public"}
    found = listed(tmp_path, {**resource, **({"properties": said} if is_nested else said)})

    assert isinstance(found, TagList)
    assert (found.cloud, found.change_number, list(found.prefixes)) == ("AzureGovernment", 63, ["Sql"])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_list_may_be_in_the_encodings_of_json(tmp_path: Path, encoding: str) -> None:
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else b""
    (tmp_path / "tags.json").write_bytes(mark + json.dumps(download(SQL)).encode(encoding))

    found, diagnostics = read_tag_list(tmp_path / "tags.json", ASKED)

    assert diagnostics == ()
    assert found is not None
    assert list(found.prefixes) == ["Sql"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (download(SQL, tag("VirtualNetwork", "10.0.0.0/8")), "follows from Azure's rules"),
        (download(SQL, tag("AZUREPLATFORMDNS")), "follows from Azure's rules"),
        (download(SQL, tag("sql", "40.79.0.0/16")), "appears twice in the list"),
        (download(tag("Sql", "40.78.0.0/33")), "no prefix length"),
        (download(tag("Sql", "40.78.0.1/16")), "host bits"),
        (download({"name": "Sql", "properties": {"addressPrefixes": [7]}}), "is not a text"),
        (download(SQL, {"name": "Storage", "properties": {}}), "is missing"),
        (download(SQL, 7), "is not an object"),  # type: ignore[arg-type]
        (download(SQL, {"name": "", "properties": {"addressPrefixes": []}}), "is not a name"),
        (download(SQL, changeNumber=None), "`changeNumber` is missing"),
        (download(SQL, changeNumber="soon"), "`changeNumber` is not a number"),
        (download(SQL, changeNumber=True), "`changeNumber` is not a number"),
        (download(SQL, cloud=None), "`cloud` is missing"),
        (download(SQL, nextLink="https://management.azure.com/next"), "a page of the list is missing"),
    ],
)
def test_a_list_with_a_mistake_is_refused(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    found = listed(tmp_path, content)

    assert isinstance(found, tuple)
    assert [one.code for one in found] == ["bad-tag-list"]
    assert message in found[0].message


def test_a_mistake_in_the_list_has_its_place(tmp_path: Path) -> None:
    found = listed(tmp_path, download(SQL, tag("Storage", "20.60.0.0/16", "x")))

    assert isinstance(found, tuple)
    assert found[0].span.pointer == "/values/1/properties/addressPrefixes/1"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ([], "not-a-tag-list"),
        ({"values": []}, "bad-tag-list"),
        ({"values": [{"name": "v", "addressSpace": {}}]}, "not-a-tag-list"),
        (azure.vnet("v"), "not-a-tag-list"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, content: Any, code: str) -> None:
    found = listed(tmp_path, content)

    assert isinstance(found, tuple)
    assert {one.code for one in found} == {code}


def test_a_repeated_key_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tags.json").write_text('{"changeNumber": 1, "changeNumber": 2, "cloud": "Public", "values": []}')

    assert [one.code for one in read_tag_list(tmp_path / "tags.json", ASKED)[1]] == ["duplicate-key"]
    assert [one.code for one in read_tag_list(tmp_path, ASKED)[1]] == ["not-a-tag-list"]


def test_every_strange_value_in_a_list_ends_in_a_message(tmp_path: Path) -> None:
    for content in azure.strange_variants(download(SQL, STORAGE)):
        assert listed(tmp_path, content) != (), "neither a list nor a message"


# -- beside a text --------------------------------------------------------------------------------------


def test_only_the_tags_that_the_network_names_are_kept(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{HEADER}{VNET}nsg n {{ outbound 100 a allow tcp from any to storage.westus port 443 }}")

    network = found.document.network
    assert mistakes(found) == []
    assert network.service_tags == {"Storage.WestUS": (parse_prefix("20.60.1.0/24"),)}
    assert network.nsgs["n"].rules[0].destination == ServiceTag("Storage.WestUS")
    assert network.published_tags is not None
    assert (network.published_tags.change_number, network.published_tags.tags) == (283, ("Storage.WestUS",))


def test_security_admin_rules_take_their_tags_from_the_list(tmp_path: Path) -> None:
    rules = "admin-rules company for v { outbound 10 sql deny any from any to sql }"
    found = loaded(tmp_path, f"{HEADER}{VNET}nsg n {{}}\n{rules}")

    assert mistakes(found) == []
    assert list(found.document.network.service_tags) == ["Sql"]


@pytest.mark.parametrize("written", ["Storge", "Storge.WestUS", '"Storge.WestUS"'])
def test_a_tag_that_is_not_in_the_list_is_a_mistake_with_a_repair(tmp_path: Path, written: str) -> None:
    found = loaded(tmp_path, f"{HEADER}{VNET}nsg n {{ outbound 100 a allow tcp from any to {written} port 443 }}")

    ((code, help_text),) = mistakes(found)
    assert code == "unknown-service-tag"
    assert help_text is not None
    assert "`Storage" in help_text


def test_a_tag_that_azure_has_and_the_list_has_not_is_a_mistake(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{HEADER}{VNET}nsg n {{ outbound 100 a allow tcp from any to EventHub port 443 }}")

    assert [code for code, _ in mistakes(found)] == ["unknown-service-tag"]
    assert "cloud Public, change 283" in found.diagnostics[0].message


def test_contextual_tags_need_no_list(tmp_path: Path) -> None:
    rules = "inbound 100 a allow tcp from VirtualNetwork to any  outbound 100 b deny any from any to AzurePlatformDNS"

    assert mistakes(loaded(tmp_path, f"{HEADER}{VNET}nsg n {{ {rules} }}")) == []


def test_a_tag_of_the_list_cannot_be_declared_by_hand(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{HEADER}service-tag SQL 1.0.0.0/8\n{VNET}nsg n {{}}")

    assert [code for code, _ in mistakes(found)] == ["duplicate-name"]
    assert found.diagnostics[0].span.line == 2
    assert [place.line for place, _ in found.diagnostics[0].others] == [1]


def test_a_tag_of_ones_own_stands_beside_the_list(tmp_path: Path) -> None:
    text = f"{HEADER}service-tag Partner 203.0.113.0/24\n{VNET}nsg n {{ inbound 100 a allow tcp from partner to any }}"
    found = loaded(tmp_path, text)

    assert mistakes(found) == []
    assert list(found.document.network.service_tags) == ["Partner"]
    assert found.document.network.published_tags is not None
    assert found.document.network.published_tags.tags == ()


def test_routes_lead_to_the_prefixes_of_the_list(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{HEADER}route-table r {{ a Storage -> appliance 10.0.0.4  b SQL -> internet }}")

    routes = found.document.network.route_tables["r"].routes
    assert mistakes(found) == []
    assert [(route.service_tag, str(route.prefix), route.next_hop) for route in routes] == [
        ("Storage", "20.60.0.0/16", NextHopType.APPLIANCE),
        ("Sql", "40.78.0.0/16", NextHopType.INTERNET),
    ]


FIREWALL = """
vnet h {{ address 10.3.0.0/16  subnet AzureFirewallSubnet 10.3.0.0/26 }}
firewall fw {{
  nic 10.3.0.4 in h.AzureFirewallSubnet
  collection network 100 c allow {{ rule r tcp from * to {tag} port 443 }}
}}
"""


def test_rules_of_a_firewall_take_their_tags_from_the_list(tmp_path: Path) -> None:
    found = loaded(tmp_path, HEADER + FIREWALL.format(tag="sql"))

    assert mistakes(found) == []
    assert list(found.document.network.service_tags) == ["Sql"]


@pytest.mark.parametrize("written", ["Sqll", '"Sqll"', "EventHub"])
def test_a_tag_of_a_firewall_that_is_not_in_the_list_is_a_mistake(tmp_path: Path, written: str) -> None:
    assert len(mistakes(loaded(tmp_path, HEADER + FIREWALL.format(tag=written)))) == 1


def test_a_route_to_a_tag_that_is_not_in_the_list_is_a_mistake(tmp_path: Path) -> None:
    assert mistakes(loaded(tmp_path, f"{HEADER}route-table r {{ a Storge -> internet }}")) == [
        ("unknown-service-tag", "did you mean `Storage`?")
    ]


def test_service_endpoints_lead_to_the_prefixes_of_the_list(tmp_path: Path) -> None:
    subnet = "subnet s 10.0.0.0/24 service-endpoints Microsoft.Storage, microsoft.keyvault"
    found = loaded(tmp_path, f"{HEADER}vnet v {{ address 10.0.0.0/16 {subnet} }}")

    network = found.document.network
    assert mistakes(found) == []
    assert network.service_tags["microsoft.keyvault"] == (parse_prefix("20.1.0.0/24"),)
    assert network.subnet("v.s").service_endpoints == ("Microsoft.Storage", "microsoft.keyvault")
    assert read_back(network).service_tags == network.service_tags


def test_the_list_tells_which_prefixes_are_of_the_region_of_a_service_endpoint(tmp_path: Path) -> None:
    subnet = "subnet s 10.0.0.0/24 service-endpoints Microsoft.Sql, Microsoft.KeyVault default-outbound off"
    text = f"""{HEADER}vnet v {{ region "West Europe" address 10.0.0.0/16 {subnet} }}
    intent near  {{ v.s reaches 20.2.0.0/24, 20.1.0.0/25 on https }}
    intent far   {{ v.s reaches 20.3.0.0/24 on https }}
    intent other {{ v.s reaches 20.1.0.128/25 on https }}
    """
    tags = (
        tag("Sql", "20.2.0.0/24", "20.3.0.0/24"),
        tag("Sql.WestEurope", "20.2.0.0/24"),
        tag("AzureKeyVault", "20.1.0.0/25", "20.1.0.128/25"),
        tag("AzureKeyVault.WestEurope", "20.1.0.0/25"),
    )

    found = loaded(tmp_path, text, *tags)
    report = prove(found, Options())

    words = {result.intent.name: verdict_word(result.verdict) for result in report.results}
    assert words == {"near": "proved", "far": "unknown", "other": "unknown"}
    assert read_back(found.document.network).service_tags == found.document.network.service_tags


def read_back(network: Any) -> Any:
    from vnetverify.syntax import read_text

    return read_text(write(network)).network


def test_two_texts_may_name_the_same_list_and_not_two(tmp_path: Path) -> None:
    (tmp_path / "tags.json").write_text(json.dumps(download(SQL)))
    (tmp_path / "other.json").write_text(json.dumps(download(STORAGE)))
    (tmp_path / "a.vnet").write_text(HEADER)
    (tmp_path / "b.vnet").write_text(HEADER)
    (tmp_path / "c.vnet").write_text(HEADER.replace("tags", "other", 2).replace("service-other", "service-tags"))
    a, b, c = (str(tmp_path / f"{name}.vnet") for name in "abc")

    assert mistakes(load([a, b], [])) == []
    assert [code for code, _ in mistakes(load([a, c], []))] == ["said-twice"]


def test_a_list_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.vnet").write_text('service-tags "none.json"\n')
    found = load([str(tmp_path / "a.vnet")], [])

    assert [code for code, _ in mistakes(found)] == ["unreadable"]
    assert (found.diagnostics[0].span.line, found.diagnostics[0].span.column) == (1, 14)


# -- beside an import -----------------------------------------------------------------------------------


def imported(folder: Path, *resources: Any) -> Loaded:
    (folder / "tags.json").write_text(json.dumps(download(STORAGE, WEST, SQL)))
    (folder / "azure").mkdir()
    (folder / "azure" / "all.json").write_text(json.dumps(list(resources)))
    return load([], [str(folder / "azure")], str(folder / "tags.json"))


def test_an_import_takes_its_tags_from_the_list(tmp_path: Path) -> None:
    rule = azure.rule(sourceAddressPrefix="STORAGE.westus")
    route = {"name": "r", "properties": {"addressPrefix": "Sql", "nextHopType": "Internet"}}
    endpoint = azure.subnet("s", serviceEndpoints=[{"service": "Microsoft.Storage"}])
    found = imported(
        tmp_path,
        azure.nsg("n", rule),
        azure.resource("routeTables", "t", routes=[route]),
        azure.vnet("v", "10.0.0.0/16", endpoint),
    )

    network = found.document.network
    assert mistakes(found) == []
    assert list(network.service_tags) == ["Sql", "Storage", "Storage.WestUS"]
    assert [str(one.prefix) for one in network.route_tables["t"].routes] == ["40.78.0.0/16"]
    assert network.subnet("v.s").service_endpoints == ("Microsoft.Storage",)
    assert network.unmodelled == ()


def test_a_rule_or_route_of_an_import_with_an_unlisted_tag_is_a_mistake(tmp_path: Path) -> None:
    route = {"name": "r", "properties": {"addressPrefix": "Sqll", "nextHopType": "Internet"}}
    found = imported(
        tmp_path,
        azure.nsg("n", azure.rule(sourceAddressPrefix="Storage.WestUSA")),
        azure.resource("routeTables", "t", routes=[route]),
    )

    assert sorted(mistakes(found)) == [
        ("unknown-service-tag", "did you mean `Sql`?"),
        ("unknown-service-tag", "did you mean `Storage.WestUS`?"),
    ]


def test_a_list_that_is_named_as_an_export_is_refused_with_the_right_word(tmp_path: Path) -> None:
    (tmp_path / "tags.json").write_text(json.dumps(download(SQL)))
    found = load([], [str(tmp_path / "tags.json")])

    assert "tag-list-for-use" in [code for code, _ in mistakes(found)]


# -- in reports -----------------------------------------------------------------------------------------

PROVABLE = f"""{VNET}
nsg n {{
  outbound 100 a allow tcp from any to Storage port 443
  outbound 200 b deny  any from any to Internet
}}
vnet w {{ address 10.1.0.0/16  subnet s 10.1.0.0/24 }}
vnet x {{ address 10.2.0.0/16  subnet s 10.2.0.0/24 }}
intent only-storage {{ v.s never reaches 40.78.0.0/16 }}
intent storage {{ v.s reaches 20.60.0.0/16 on https }}
intent elsewhere {{ w.s never reaches x.s }}
"""


def ran(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str, ends: int = status.AS_EXPECTED) -> str:
    (folder / "tags.json").write_text(json.dumps(download(STORAGE, SQL)))
    (folder / "a.vnet").write_text(PROVABLE)
    tags = ["--service-tags", str(folder / "tags.json")]
    assert main([arguments[0], str(folder / "a.vnet"), *tags, *arguments[1:]]) == ends
    return capsys.readouterr().out


def test_a_verdict_names_the_list_it_rests_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ran(tmp_path, capsys, "prove")

    assert text.count("with service tag Storage as listed in") == 2  # the third sentence has no part in it
    assert "cloud Public, change 283" in text


def test_the_json_report_names_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(ran(tmp_path, capsys, "prove", "--output-format", "json"))

    jsonschema.validate(report, REPORT)
    assert report["service_tags"]["change_number"] == 283
    assert report["service_tags"]["tags"] == ["Storage"]
    assert [intent["claims"][0].get("service_tags") for intent in report["intents"]] == [["Storage"], ["Storage"], None]


def test_assumptions_names_the_list_and_who_needs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ran(tmp_path, capsys, "assumptions")

    assert "cloud Public, change 283" in text
    assert "needed by `only-storage`, `storage`" in text


def test_an_unlisted_tag_ends_with_the_status_of_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tags.json").write_text(json.dumps(download(SQL)))
    (tmp_path / "a.vnet").write_text(f"{HEADER}{VNET}nsg n {{ inbound 100 a allow tcp from Sqll to any }}\n")

    assert main(["prove", str(tmp_path / "a.vnet")]) == status.BAD_INPUT
    assert "did you mean `Sql`?" in capsys.readouterr().err


def test_a_list_of_real_size_is_read_quickly_and_its_largest_tag_proves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = [(20 << 24) + index * 512 for index in range(10_000)]
    cloud = [f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}/{24 + index % 8}" for index, n in enumerate(numbers)]
    regions = [tag(f"AzureCloud.region{number}", *cloud[number::60]) for number in range(60)]
    services = [
        tag(f"Service{one}.region{number}", *cloud[number * 100 : number * 100 + 25])
        for one in range(50)
        for number in range(60)
    ]
    (tmp_path / "tags.json").write_text(json.dumps(download(tag("AzureCloud", *cloud), *regions, *services), indent=1))
    (found, _), calls = with_calls(lambda: read_tag_list(tmp_path / "tags.json", ASKED))
    (tmp_path / "a.vnet").write_text(
        f"{HEADER}{VNET}nsg n {{ outbound 100 a allow tcp from any to AzureCloud port 443"
        "  outbound 200 b deny any from any to any }\n"
        "intent a { v.s reaches 20.0.0.0/24, 20.0.2.0/25 on https }\n"
        "intent b { v.s reaches 20.0.2.0/24 on https  expect refuted }\n"
        "intent c { v.s never reaches internet on ssh }\n"
    )

    assert found is not None
    assert calls < 1_500_000
    assert main(["prove", "-k", "*", str(tmp_path / "a.vnet"), "--timeout", "60"]) == status.AS_EXPECTED
    assert "2 proved, 1 refuted (expected)" in capsys.readouterr().out
