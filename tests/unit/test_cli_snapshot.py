"""`snapshot` asks until it has all, gives up where it cannot, and writes no secret and no half."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.azure_resources import GROUP, identity, nsg, peering, rule, subnet, vnet
from tests.unit.snapshot_server import Answer, Service, of_rows, page, serving
from tests.unit.text_samples import without_spans
from vnetverify.cli import main, status
from vnetverify.ingest import read_path
from vnetverify.ingest.resources import resource_of
from vnetverify.snapshot import Caller, NotTaken, checked_endpoint, take
from vnetverify.snapshot.anonymizing import Pseudonyms
from vnetverify.snapshot.pruning import LEFT_OUT, pruned

_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_EXPORT = Path(__file__).resolve().parents[2] / "specs" / "estates" / "contoso-export"
_ROWS = [vnet(f"v{number}", f"10.{number}.0.0/16", subnet("web", f"10.{number}.0.0/24")) for number in range(5)]
_TOKEN = "eyJ.canary-of-the-token.sig"


def _export() -> list[dict[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(_EXPORT.glob("*.json"))]


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_ACCESS_TOKEN", _TOKEN)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command against a service, without ever pausing."""

    def command(service: Service, *arguments: str) -> int:
        monkeypatch.setattr(time, "sleep", lambda _: None)
        given = ["--subscription", _SUBSCRIPTION, "--endpoint", service.url, "-o", str(tmp_path / "s.json")]
        return main(["snapshot", *given, *arguments])

    return command


def _taken(
    answers: Callable[[int, dict[str, Any]], Answer], **options: Any
) -> tuple[list[dict[str, Any]], Service, list[float]]:
    pauses: list[float] = []
    with serving(answers) as service:
        snapshot = take(Caller(service.url, lambda: _TOKEN, pauses.append), [_SUBSCRIPTION], **options)
    return snapshot.document["value"], service, pauses


def _in_turn(*first: Answer, rest: Callable[[int, dict[str, Any]], Answer]) -> Callable[[int, dict[str, Any]], Answer]:
    return lambda number, asked: first[number] if number < len(first) else rest(number, asked)


# -- asking ----------------------------------------------------------------------------------------------------


def test_all_pages_are_read_into_a_file_that_only_its_owner_may_read(run: Callable[..., int], tmp_path: Path) -> None:
    with serving(of_rows(_ROWS)) as service:
        assert run(service) == status.AS_EXPECTED

    path = tmp_path / "s.json"

    assert list(read_path(path).network.vnets) == ["v0", "v1", "v2", "v3", "v4"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [body["options"].get("$skipToken") for body in service.asked] == [None, "2", "4", None]
    assert {*service.tokens} == {f"Bearer {_TOKEN}"}


def test_a_service_that_is_busy_or_fails_is_asked_again_after_what_it_says() -> None:
    busy = (429, {"Retry-After": "7"}, b"{}")
    quota = (429, {"x-ms-user-quota-resets-after": "00:01:05"}, b"{}")
    failing = (500, {}, b"oops")
    value, _, pauses = _taken(_in_turn(busy, quota, failing, rest=of_rows(_ROWS)))

    assert len(value) == 5
    assert pauses == [7.0, 65.0, 4.0]


def test_a_quota_that_is_used_up_is_waited_for() -> None:
    headers = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:03"}

    def answers(number: int, asked: dict[str, Any]) -> Answer:
        code, _, data = of_rows(_ROWS, 9)(number, asked)
        return code, headers, data

    assert _taken(answers)[2] == [3.0, 3.0]


def test_an_answer_that_was_cut_off_is_asked_for_again() -> None:
    whole = page(_ROWS, 5)[2]
    cut = (200, {"Content-Length": str(len(whole))}, whole[:-9])
    value, _, _ = _taken(_in_turn((200, {}, whole[:-9]), rest=of_rows(_ROWS)))

    assert len(value) == 5
    assert cut


_NEVER: dict[str, Callable[[int, dict[str, Any]], Answer]] = {
    "always busy": lambda *_: (429, {"Retry-After": "1"}, b"{}"),
    "always failing": lambda *_: (503, {}, b""),
    "forbidden": lambda *_: (403, {}, b'{"error": {"code": "AuthorizationFailed", "message": "no"}}'),
    "elsewhere": lambda *_: (302, {"Location": "http://127.0.0.1:9/"}, b""),
    "no JSON": lambda *_: (200, {}, b"<html>"),
    "no rows": lambda *_: (200, {}, b'{"value": []}'),
    "no total": lambda *_: (200, {}, b'{"data": []}'),
    "a page too few": lambda *_: page(_ROWS[:2], 5),
    "truncated": lambda *_: page(_ROWS, 5, resultTruncated="true"),
    "more than there are": lambda *_: page(_ROWS, 3),
    "the same page for ever": lambda *_: page(_ROWS[:2], 5, "a"),
    "empty pages for ever": lambda number, _: page([], 5, str(number)),
    "ever more": lambda number, _: page([vnet(f"n{number}")], number + 2, str(number)),
    "twice": lambda number, _: page(_ROWS[:1], 3, str(number)),
}


@pytest.mark.parametrize("answers", _NEVER.values(), ids=_NEVER)
def test_what_does_not_come_whole_is_not_written(
    answers: Callable[[int, dict[str, Any]], Answer],
    run: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "s.json").write_text("before")
    with serving(answers) as service:
        assert run(service) == status.BAD_INPUT

    assert (tmp_path / "s.json").read_text() == "before"
    assert len(service.asked) < 12
    said = capsys.readouterr()
    assert "Error: " in said.err
    assert _TOKEN not in said.err + said.out


def test_who_waits_is_told_and_hears_why_in_the_end(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(of_rows(_ROWS)) as service:
        pass  # so nobody listens there any more

    assert run(service) == status.BAD_INPUT

    said = capsys.readouterr().err.splitlines()
    assert said[:3] == ["waiting 1 s for Azure", "waiting 2 s for Azure", "waiting 4 s for Azure"]
    assert said[-1] == "Error: Azure does not answer after 6 tries: the connection failed (Connection refused)"


def test_many_subscriptions_are_asked_for_in_batches(capsys: pytest.CaptureFixture[str]) -> None:
    many = [f"00000000-0000-0000-0000-{number:012}" for number in range(150)]
    with serving(lambda *_: page([], 0)) as service:
        snapshot = take(Caller(service.url, lambda: _TOKEN), many)

    assert [len(body["subscriptions"]) for body in service.asked] == [100, 100, 50, 50]
    assert snapshot.silent == tuple(many)


@pytest.mark.parametrize("url", ["http://example.org", "ftp://127.0.0.1", "https://a@b", "https://a?b", "nonsense"])
def test_a_token_is_never_sent_without_tls_beyond_this_machine(url: str) -> None:
    with pytest.raises(NotTaken):
        checked_endpoint(url)


def test_a_subscription_is_an_id(tmp_path: Path) -> None:
    assert main(["snapshot", "--subscription", "prod' or 1", "-o", str(tmp_path / "s")]) == status.BAD_INPUT


# -- what is written -------------------------------------------------------------------------------------------


def _with_secrets(value: Any) -> Any:
    """Put something secret beside everything."""
    if isinstance(value, list):
        return [_with_secrets(item) for item in value]
    if not isinstance(value, dict):
        return value
    held = {key: _with_secrets(item) for key, item in value.items()}
    return {**held, "sharedKey": "canary-1", "customData": "canary-2", "systemData": {"createdBy": "canary-3"}}


def test_no_secret_is_written_wherever_it_stands() -> None:
    machine = {
        "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/m",
        "name": "m",
        "properties": {
            "osProfile": {"computerName": "m", "adminPassword": "canary-4", "customData": "canary-5"},
            "networkProfile": {"networkInterfaces": [{"id": identity("networkInterfaces", "i")}]},
        },
    }
    stranger = {"id": f"{GROUP}/providers/Microsoft.Network/novelties/n", "properties": {"what": "canary-6"}}
    rows = [*map(_with_secrets, _export()), machine, stranger]
    value, _, _ = _taken(of_rows(rows, 99))
    written = json.dumps(value)

    assert len(value) == len(rows)
    assert "canary" not in written
    assert LEFT_OUT in written
    assert '"computerName": "m"' in written


def _network(folder: Path, bodies: list[dict[str, Any]]) -> Any:
    file = folder / "x.json"
    file.write_text(json.dumps(bodies))
    imported = read_path(file)
    return without_spans(imported.network), [(found.code, found.message) for found in imported.diagnostics]


def _variants() -> Iterator[list[dict[str, Any]]]:
    yield _export()
    for position in range(len(_export())):
        bodies = _export()
        bodies[position]["properties"]["novelty"] = {"is": "on"}
        yield bodies
    hub = vnet("hub", "10.0.0.0/16", subnet("a", delegations=[{"name": "x"}]), encryption={"enabled": False})
    yield [hub, nsg("n", rule()), {"id": f"{GROUP}/providers/Microsoft.Network/virtualHubs/h", "properties": {"a": 1}}]


def test_a_snapshot_is_read_as_what_it_was_taken_of(tmp_path: Path) -> None:
    for bodies in _variants():
        resources = [resource_of(body, "", "") for body in bodies]
        kept = [pruned(resource) for resource in resources if resource is not None]

        assert _network(tmp_path, kept) == _network(tmp_path, bodies)


# -- other names -----------------------------------------------------------------------------------------------

_QUESTIONS = """
intent one { contoso-orders.web reaches contoso-orders.db on tcp/1433 }
intent two { contoso-orders.web never reaches contoso-billing.app on ssh }
intent three { contoso-hub.management never reaches contoso-orders.db on ssh }
intent four { contoso-orders.web reaches contoso-billing.app on https }
"""


def _verdicts(
    folder: Path, bodies: list[dict[str, Any]], questions: str, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    (folder / "x.json").write_text(json.dumps(bodies))
    (folder / "q.vnet").write_text(questions)
    main(["prove", str(folder / "q.vnet"), "--network", str(folder / "x.json"), "--output-format", "json", "-j", "1"])
    report = json.loads(capsys.readouterr().out)
    return [claim["verdict"]["word"] for intent in report["intents"] for claim in intent["claims"]]


def test_under_other_names_the_verdicts_are_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pseudonyms = Pseudonyms()
    bodies = pseudonyms.of_all(_export())
    questions = _QUESTIONS
    for name in sorted(pseudonyms.names, key=len, reverse=True):
        for end in (".", " "):
            questions = questions.replace(f" {name}{end}", f" {pseudonyms.names[name]}{end}")
            questions = questions.replace(f".{name}{end}", f".{pseudonyms.names[name]}{end}")
    verdicts = _verdicts(tmp_path, _export(), _QUESTIONS, capsys)

    assert "contoso" not in questions
    assert verdicts == _verdicts(tmp_path, bodies, questions, capsys)
    assert len(set(verdicts)) > 1


def test_nobody_s_name_is_left_and_azure_s_are(tmp_path: Path) -> None:
    written = json.dumps(Pseudonyms().of_all(_export()))

    assert "contoso" not in written.lower()
    assert "GatewaySubnet" in written
    assert '"VirtualNetwork"' in written or "VirtualAppliance" in written


def test_one_name_in_another_letter_case_is_one_name_still() -> None:
    hub = vnet("Hub", "10.0.0.0/16", virtualNetworkPeerings=[peering("p", "spoke")])
    spoke = vnet("SPOKE", "10.1.0.0/16")
    first, second = Pseudonyms().of_all([hub, spoke])
    remote = first["properties"]["virtualNetworkPeerings"][0]["properties"]["remoteVirtualNetwork"]["id"]

    assert remote.lower() == second["id"].lower()
    assert second["id"].endswith(second["name"])
