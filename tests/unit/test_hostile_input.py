"""Whatever is given to the command ends soon, in few words, without a traceback or a word to the terminal itself."""

from __future__ import annotations

import json
import os
import random
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from vnetverify.cli import status
from vnetverify.diagnostic import Severity
from vnetverify.ingest import read_path

ROOT = Path(__file__).parents[2]
SECONDS = 120  # whoever takes longer waits for something
CHARACTERS = 20_000
VNET = "vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24  subnet t 10.0.1.0/24 nsg n }\nnsg n {}\n"
INTENT = "intent i { v.s never reaches v.t on ssh }\n"


# Importing the package takes longer than refusing a text; so one process imports it, and each run is a fork of that.
FORKS = """\
import json, os, sys, traceback
import vnetverify.cli, vnetverify.pipeline, vnetverify.cli.prove, vnetverify.report.text, vnetverify.report.excerpt

def run(arguments, folder, files):
    os.chdir(folder)
    for descriptor, (path, how) in enumerate(zip(files, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY))):
        os.dup2(os.open(path, how), descriptor)
    try:
        code = vnetverify.cli.main(arguments)
    except BaseException:
        traceback.print_exc()
        code = 99
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(*json.loads(line))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def forks() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", FORKS], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.terminate()


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(forks: subprocess.Popen[str], tmp_path: Path) -> Callable[..., Done]:
    """Run the command in an empty folder, where it may neither hang nor babble nor break down."""

    def command(*arguments: str) -> Done:
        files = [str(tmp_path / name) for name in ("in", "out", "err")]
        for path in files:
            Path(path).write_bytes(b"")
        assert forks.stdin is not None
        assert forks.stdout is not None
        forks.stdin.write(json.dumps([arguments, str(tmp_path), files]) + "\n")
        forks.stdin.flush()
        assert select.select([forks.stdout], [], [], SECONDS)[0], "it hangs"
        code = int(forks.stdout.readline())
        out, err = (Path(path).read_text() for path in files[1:])

        assert len(out) + len(err) < CHARACTERS
        assert "Traceback" not in err
        assert "internal error" not in err
        assert not any(mark in out + err for mark in "\x00\x07\x1b\u200b\u202e\u2066")
        return Done(code, out, err)

    return command


def text_file(folder: Path, text: str | bytes) -> str:
    path = folder / "a.vnet"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return str(path)


def many_rules(number: int) -> str:
    rules = "".join(
        f"inbound {100 + n} r{n} {'allow' if n % 2 else 'deny'} tcp from 10.{n % 250}.{n // 250}.0/24 to any port {n}\n"
        for n in range(number)
    )
    return f"{VNET.replace('nsg n {}', '')}nsg n {{\n{rules}}}\n{INTENT}"


BROKEN = {
    "unclosed brace": ("vnet v { address 10.0.0.0/16\n", "syntax"),
    "unknown name": (f"{VNET}intent i {{ v.s reaches v.nowhere }}\n", "unknown-subnet"),
    "bad prefix": ("vnet v { address 10.0.0.0/33 }\n", "bad-prefix"),
    "10 MB on one line": (b"x" * (10 << 20), "syntax"),
    "a million words": ("x " * 1_000_000, "too-large"),
    "100,000 nested braces": ("vnet v " + "{" * 100_000 + "}" * 100_000, "syntax"),
    "100,000 nested sentences": (f"{VNET}intent i {{ {'for each a in v: ' * 100_000}", "syntax"),
    "random bytes": (random.Random(1).randbytes(200_000), "not-text"),
    "random letters": (bytes(32 + byte % 95 for byte in random.Random(2).randbytes(200_000)), "syntax"),
    "a NUL": (b"vnet v { address 10.0.0.0/16 \0 }", "not-a-text"),
    "a megabyte of NULs": (b"\0" * 1_000_000, "not-a-text"),
    "UTF-16": ("vnet v {}".encode("utf-16"), "not-text"),
    "half a surrogate": ('vnet "\ud800" { address 10.0.0.0/16 }', "not-text"),
    "nothing": ("", "empty"),
    "escape sequence": (f'{VNET}intent "\x1b[2J" {{ v.s reaches v.t }}', "unprintable-character"),
    "direction change": (f'{VNET}intent "a\u202eb" {{ v.s reaches v.t }}', "unprintable-character"),
    "zero-width name": ('vnet "a\u200bb" { address 10.0.0.0/16 }', "bad-name"),
    "name of 1 MB": (f"vnet {'n' * (1 << 20)} {{ address 10.0.0.0/16 }}", "bad-name"),
    "quoted name of 1 MB": (f'vnet "{"n" * (1 << 20)}" {{ address 10.0.0.0/16 }}', "bad-name"),
    "name of 1 MB that is not declared": (f"{VNET}intent i {{ {'n' * (1 << 20)} reaches v }}", "unknown-name"),
    "number of 1 MB": (f"{VNET}intent i {{ v.s reaches v.t on tcp/{'9' * (1 << 20)} }}", "bad-port"),
    "prefix length of 1 MB": (f"vnet v {{ address 10.0.0.0/{'0' * (1 << 20)}16 }}", "bad-prefix"),
    "protocol of 1 MB": (
        f"{VNET}appliance a {{ nic 10.0.0.9 in v.s  forwards {'0' * (1 << 20)}300 }}",
        "unknown-protocol",
    ),
    "address of 1 MB": (f"vnet v {{ address {'9' * (1 << 20)}.0.0.0/16 }}", "bad-prefix"),
    "2,000 mistakes": (
        VNET + "".join(f"intent i{n} {{ v.x{n} reaches v.s }}\n" for n in range(2000)),
        "unknown-subnet",
    ),
    "10,000 rules": (many_rules(10_000), "priority-out-of-range"),
    "use of itself": ('use "a.vnet"\n', "bad-json"),
    "use of nothing": ('use "gone/away"\n', "unreadable"),
    "use of a device": ('use "/dev/zero"\n', "outside-folder"),
    "use of a very long path": (f'use "{"a" * 100_000}"\n', "unreadable"),
}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_what_powershell_writes_is_called_by_its_name(encoding: str, tmp_path: Path, run: Callable[..., Done]) -> None:
    done = run("check", text_file(tmp_path, f"{VNET}{INTENT}".encode(encoding)))

    assert "is text in UTF-16, as Windows PowerShell writes it" in done.stdout
    assert "help: save it as UTF-8" in done.stdout


def test_bytes_that_are_no_text_have_a_line(tmp_path: Path, run: Callable[..., Done]) -> None:
    done = run("check", text_file(tmp_path, b"# one\n# caf\xe9\n"))

    assert "is not UTF-8 text (line 2, byte 11 of the file)" in done.stdout


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_text_is_refused_in_a_few_lines(what: str, tmp_path: Path, run: Callable[..., Done]) -> None:
    text, code = BROKEN[what]
    done = run("prove", text_file(tmp_path, text))

    assert done.stdout == ""
    assert f"error[{code}]: " in done.stderr
    assert done.returncode == status.BAD_INPUT


@pytest.mark.parametrize("path", ["missing.vnet", "/", "/proc/self/mem", "", "a" * 5000])
def test_a_path_that_is_no_text_is_refused(path: str, tmp_path: Path, run: Callable[..., Done]) -> None:
    done = run("prove", path)

    assert "error[unreadable]: cannot read" in done.stderr
    assert done.returncode == status.BAD_INPUT


def test_an_endless_file_is_not_read(tmp_path: Path, run: Callable[..., Done]) -> None:
    done = run("prove", "/dev/zero")

    assert "error[unreadable]: cannot read `/dev/zero`: it is a device\n" in done.stderr
    assert done.returncode == status.BAD_INPUT


@pytest.mark.parametrize("text", ["# nothing but a comment\n", VNET])
def test_a_text_without_intents_checks_nothing(text: str, tmp_path: Path, run: Callable[..., Done]) -> None:
    assert run("prove", text_file(tmp_path, text)).returncode == status.NOTHING_CHECKED


@pytest.mark.parametrize("command", [["check"], ["fmt"], ["resolve"], ["routes"], ["rules"], ["trace"]])
def test_other_commands_refuse_a_broken_text_as_well(
    command: list[str], tmp_path: Path, run: Callable[..., Done]
) -> None:
    more = {"resolve": ["v"], "routes": ["v.s"], "rules": ["v.s"], "trace": ["v.s", "v.t", "ssh"]}.get(command[0], [])
    path = text_file(tmp_path, "vnet v " + "{" * 100_000)

    assert run(*command, path, *more).returncode == status.BAD_INPUT


# -- exports --------------------------------------------------------------------------------------------

RESOURCE = json.dumps(
    {
        "type": "Microsoft.Network/virtualNetworks",
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
        "name": "v",
        "location": "westeurope",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}],
            "virtualNetworkPeerings": [],
        },
    }
)
BROKEN_JSON = {
    "duplicate ids": (f"[{RESOURCE}, {RESOURCE.replace('10.0.', '10.1.')}]", "duplicate-id"),
    "duplicate keys": (f'{RESOURCE[:-1]}, "name": "w"}}', "duplicate-key"),
    "100,000 nested lists": ("[" * 100_000 + "]" * 100_000, "bad-json"),
    "100,000 nested objects": ('{"a":' * 100_000 + "1" + "}" * 100_000, "bad-json"),
    "NaN": (RESOURCE.replace('"10.0.0.0/16"', "NaN"), "bad-json"),
    "Infinity": (RESOURCE.replace('"10.0.0.0/16"', "-Infinity"), "bad-json"),
    "cut short": (RESOURCE[:-10], "bad-json"),
    "no JSON": ("hello", "bad-json"),
    "nothing": ("", "bad-json"),
    "a number of 100,000 digits": (f'{{"a": {"9" * 100_000}}}', "bad-json"),
    "no resources": ("[1, null, {}]", "no-resources"),
    "a word for properties": (f'{RESOURCE.partition(chr(34) + "properties")[0]}"properties": "none"}}', None),
}


@pytest.mark.parametrize("what", BROKEN_JSON)
def test_a_broken_export_is_refused_in_a_few_lines(what: str, tmp_path: Path, run: Callable[..., Done]) -> None:
    text, code = BROKEN_JSON[what]
    (tmp_path / "x.json").write_text(text)
    done = run("prove", text_file(tmp_path, f'use "x.json"\n{VNET.replace("vnet v", "vnet w")}'))

    assert f"error[{code or ''}" in done.stderr
    assert done.returncode == status.BAD_INPUT


@pytest.mark.parametrize("name", ["\x1b[2Jv", "a\u202eb", "a\u200bb", "\ud800", "\x00", "n" * 250, "]0;\x07"])
def test_a_strange_name_in_an_export_never_reaches_the_terminal_as_it_is(
    name: str, tmp_path: Path, run: Callable[..., Done]
) -> None:
    escaped = json.dumps(name)
    (tmp_path / "x.json").write_text(
        RESOURCE.replace('"v"', escaped).replace("Networks/v", f"Networks/{escaped[1:-1]}")
    )
    text = text_file(tmp_path, 'use "x.json"\nintent i { vnet never reaches vnet }\n')

    assert run("prove", text).returncode in (status.REFUTED, status.BAD_INPUT)


# -- large, and right -----------------------------------------------------------------------------------


def test_thousands_of_rules_are_proved_of(tmp_path: Path, run: Callable[..., Done]) -> None:
    done = run("prove", text_file(tmp_path, many_rules(3990)), "--output-format", "concise")

    assert done.stdout.endswith("1 of 1 intent: 1 refuted\n")
    assert done.returncode == status.REFUTED


def test_three_hundred_intents_are_proved(tmp_path: Path) -> None:
    intents = "".join(f"intent i{n} {{ v.s reaches v.t on tcp/{n + 1} }}\n" for n in range(300))
    done = subprocess.run(
        [sys.executable, "-m", "vnetverify", "prove", "-", "-j", "2", "--output-format", "concise"],
        input=VNET + intents,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.stdout.endswith("300 of 300 intents: 300 proved\n")
    assert done.returncode == status.AS_EXPECTED


def test_a_reason_of_a_megabyte_is_cut(tmp_path: Path, run: Callable[..., Done]) -> None:
    text = f'{VNET}intent i "{"why " * 250_000}" {{ v.s reaches v.t on ssh }}\n'

    assert run("prove", text_file(tmp_path, text)).returncode == status.AS_EXPECTED


def test_a_sentence_of_ten_thousand_names_is_cut(tmp_path: Path, run: Callable[..., Done]) -> None:
    text = f"{VNET}intent i {{ {'v.s, ' * 10_000} v.s never reaches v.t on ssh }}\n"

    assert run("prove", text_file(tmp_path, text)).returncode == status.REFUTED


@pytest.mark.parametrize("arguments", ["prove - -j 2", "prove - --output-format json", "check -", "prove --help"])
def test_a_reader_that_goes_away_is_no_reason_for_a_traceback(arguments: str, tmp_path: Path) -> None:
    text = text_file(tmp_path, VNET + "".join(f"intent i{n} {{ v.s reaches v.t on tcp/{n + 1} }}\n" for n in range(20)))
    command = f"{sys.executable} -m vnetverify {arguments} < {text} | head -c 1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert done.stderr == ""
    assert len(done.stdout) == 1


def test_an_output_that_is_full_is_no_success(tmp_path: Path) -> None:
    text = text_file(tmp_path, VNET + INTENT)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "vnetverify", "prove", text],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )

    assert "Traceback" not in done.stderr
    assert done.returncode not in (status.AS_EXPECTED, status.REFUTED)


# -- found by `make hostile` ----------------------------------------------------------------------------


def test_a_text_whose_sentence_ends_in_the_word_gateway_is_laid_out(tmp_path: Path, run: Callable[..., Done]) -> None:
    path = text_file(tmp_path, f"{VNET}intent i {{ v.s never reaches v.t under any 1 failure of gateway }}\n")

    assert run("fmt", path).returncode == status.AS_EXPECTED
    assert "failure of gateway }" in Path(path).read_text()


def test_blanks_of_a_megabyte_between_comments_are_no_burden(tmp_path: Path, run: Callable[..., Done]) -> None:
    assert run("check", text_file(tmp_path, "# x\n" * (1 << 20) + VNET)).returncode == status.AS_EXPECTED


def test_a_key_that_stands_twice_after_very_many_others_is_found_soon(tmp_path: Path, run: Callable[..., Done]) -> None:
    keys = ",".join(f'"k{number}": 0' for number in range(200_000))
    (tmp_path / "x.json").write_text(f'{{{keys}, "k199999": 1}}')
    done = run("check", text_file(tmp_path, f'use "x.json"\n{VNET}'))

    assert "error[duplicate-key]" in done.stderr + done.stdout


def test_sentences_for_each_are_counted_together(tmp_path: Path, run: Callable[..., Done]) -> None:
    vnets = "".join(f"vnet v{n} {{ address 10.0.{n}.0/24  subnet s 10.0.{n}.0/25 }}\n" for n in range(80))
    sentence = "for each a, b in vnet: a sometimes reaches b on ssh\n"
    done = run("check", text_file(tmp_path, f"{vnets}intent i {{ {sentence * 2} }}\n"))

    assert "error[too-many-instances]" in done.stderr + done.stdout


@pytest.mark.parametrize("path", ["pipe", "folder", "loop"])
@pytest.mark.parametrize("command", ["check", "fmt", "lint"])
def test_what_is_no_regular_file_is_refused_at_once(
    command: str, path: str, tmp_path: Path, run: Callable[..., Done]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")

    assert run(command, path).returncode == status.BAD_INPUT


@pytest.mark.parametrize(
    "path", ["../out.json", "/etc/hostname", "link.json", "folder/../../out.json", "up/out.json", "..", "C:\\\\x.json"]
)
@pytest.mark.parametrize("word", ["use", "service-tags"])
def test_what_a_text_names_lies_in_its_folder(word: str, path: str, tmp_path: Path, run: Callable[..., Done]) -> None:
    (tmp_path / "link.json").symlink_to("/etc/hostname")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "folder").mkdir()
    done = run("prove", text_file(tmp_path, f'{word} "{path}"\n{VNET}'))

    assert "error[outside-folder]" in done.stderr
    assert done.returncode == status.BAD_INPUT


def test_more_input_is_read_where_it_is_allowed(tmp_path: Path, run: Callable[..., Done]) -> None:
    path = text_file(tmp_path, "#" * (17 << 20) + f"\n{VNET}")

    assert "error[too-large]" in run("check", path, "--max-input", "16").stdout
    assert run("check", path, "--max-input", "18").returncode == status.AS_EXPECTED


@pytest.mark.parametrize(
    "text",
    ["1\n" * 300_000, '"' + '\\"' * 1_000_000, "/*" * 1_000_000, '"' + "a" * 4_000_000, "[1] /" + "/" * 1_000_000],
    ids=["values", "escaped quotes", "comments", "an open string", "slashes"],
)
def test_odd_json_is_read_or_refused_in_time_that_grows_with_it(text: str, tmp_path: Path) -> None:
    """A text that is looked at again from each of its characters would take hours here."""
    (tmp_path / "x.json").write_text(text)

    assert [found for found in read_path(tmp_path / "x.json").diagnostics if found.severity is Severity.ERROR]
