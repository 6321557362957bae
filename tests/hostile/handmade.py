"""Inputs made by hand, each with a thought behind it: hundreds of ways to be wrong, large, deep or somewhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.hostile.forking import Attempt
from tests.hostile.mutating import CHARACTERS, NUMBERS, PREFIXES

NET = "vnet v { address 10.0.0.0/16  subnet s 10.0.0.0/24  subnet t 10.0.1.0/24 nsg n }\nnsg n {}\n"
INTENT = "intent i { v.s never reaches v.t on ssh }\n"
_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
_VNET = {
    "type": "Microsoft.Network/virtualNetworks", "id": f"{_ID}/virtualNetworks/v", "name": "v", "location": "westeurope",
    "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "virtualNetworkPeerings": [],
        "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    },
}  # fmt: skip
RESOURCE = json.dumps(_VNET)
LIMIT = 64 << 20  # bytes of an input that are read without being asked to


def attempts() -> Iterator[Attempt]:
    """Yield every attempt; their names are unlike."""
    yield from _characters()
    yield from _literals()
    yield from _spelt_json()
    yield from _places()
    yield from _large()
    yield from _arguments()


def _text(name: str, text: str | bytes, *arguments: str) -> Attempt:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return Attempt(name, {"a.vnet": data}, arguments or ("check", "a.vnet"))


def _export(name: str, text: str | bytes, *arguments: str) -> Attempt:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    use = b'use "x.json"\nintent i { vnet never reaches vnet }\n'
    return Attempt(name, {"x.json": data, "a.vnet": use}, arguments or ("check", "a.vnet"))


_POSITIONS = {
    "a name": "vnet a{}b {{ address 10.0.0.0/16 }}\n",
    "a name in quotes": 'vnet "a{}b" {{ address 10.0.0.0/16  subnet s 10.0.0.0/24 }}\nintent i {{ "a{}b" reaches "a{}b".s }}\n',
    "a reason": NET.replace("{", "{{").replace("}", "}}") + 'intent i "why {}" {{ v.s reaches v.t on ssh }}\n',
    "a comment": NET.replace("{", "{{").replace("}", "}}") + "# {}\n",
    "a path": 'use "{}.json"\n',
    "a tag": 'vnet v {{ address 10.0.0.0/16  tag env = "{}" }}\nintent i {{ vnet where env = "{}" reaches internet }}\n',
    "nowhere": "{}",
}


def _characters() -> Iterator[Attempt]:
    for number, mark in enumerate(CHARACTERS):
        for where, text in _POSITIONS.items():
            arguments = ("prove", "a.vnet", "--timeout", "5") if where == "a name in quotes" else ("check", "a.vnet")
            yield _text(
                f"character {number} in {where}",
                text.replace("{}", mark).replace("{{", "{").replace("}}", "}"),
                *arguments,
            )
        named = RESOURCE.replace('"v"', json.dumps(f"a{mark}b")).replace(
            "Networks/v", f"Networks/{json.dumps(f'a{mark}b')[1:-1]}"
        )
        yield _export(f"character {number} in a name of an export", named)


def _literals() -> Iterator[Attempt]:
    for prefix in PREFIXES:
        yield _text(f"prefix {prefix} in a vnet", f"vnet v {{ address {prefix} }}\n")
        yield _text(f"prefix {prefix} in a rule", f"nsg n {{ inbound 100 r deny tcp from {prefix} to any port 22 }}\n")
        yield _text(f"prefix {prefix} in a route", f"route-table r {{ x {prefix} -> none }}\n")
        yield _export(f"prefix {prefix} in an export", RESOURCE.replace("10.0.0.0/16", prefix))
    for number in NUMBERS:
        yield _text(f"number {number} as a port", f"{NET}intent i {{ v.s reaches v.t on tcp/{number} }}\n")
        yield _text(f"number {number} as a priority", f"nsg n {{ inbound {number} r deny tcp from any to any }}\n")
        yield _text(
            f"number {number} of failures",
            f"{NET}intent i {{ v.s never reaches v.t under any {number} failures of gateway }}\n",
        )
        yield _text(f"number {number} as a protocol", f"nsg n {{ inbound 100 r deny {number} from any to any }}\n")
        yield _text(
            f"number {number} as a bandwidth", f"vm m {{ bandwidth {number} gbps  nic 10.0.0.4 in v.s }}\n{NET}"
        )


def _spelt() -> dict[str, str]:
    return {
    "nothing": "", "a blank": " ", "null": "null", "a number": "7", "a text": '"x"', "an empty list": "[]", "an empty object": "{}",
    "two values": f"{RESOURCE} {RESOURCE}", "lines of JSON": f"{RESOURCE}\n{RESOURCE}\n", "a trailing comma": f"[{RESOURCE},]",
    "single quotes": RESOURCE.replace('"', "'"), "a comment": f"// x\n{RESOURCE}", "NaN": RESOURCE.replace('"v"', "NaN"),
    "Infinity": RESOURCE.replace('"westeurope"', "Infinity"), "1e999": RESOURCE.replace('"westeurope"', "1e999"),
    "-1e999": RESOURCE.replace('"westeurope"', "-1e999"), "5,000 digits": RESOURCE.replace('"westeurope"', "9" * 5000),
    "a million digits": RESOURCE.replace('"westeurope"', "9" * 1_000_000), "1e-999": RESOURCE.replace('"westeurope"', "1e-999"),
    "a leading zero": RESOURCE.replace('"westeurope"', "007"), "a duplicate key": f'{RESOURCE[:-1]}, "name": "w"}}',
    "a duplicate key inside": RESOURCE.replace('"addressPrefixes"', '"addressPrefixes": ["0.0.0.0/0"], "addressPrefixes"'),
    "a case twin": f'{RESOURCE[:-1]}, "Properties": {{}}}}',
    "a case twin inside": RESOURCE.replace('"addressPrefixes"', '"AddressPrefixes": ["0.0.0.0/0"], "addressPrefixes"'),
    "an escaped duplicate": f'{RESOURCE[:-1]}, "n\\u0061me": "w"}}', "a lone surrogate": RESOURCE.replace('"v"', '"\\ud800"'),
    "a NUL": RESOURCE.replace('"v"', '"\\u0000"'), "a raw NUL": RESOURCE.replace('"v"', '"\0"'), "half": RESOURCE[: len(RESOURCE) // 2],
    "an id of a million": RESOURCE.replace("Networks/v", f"Networks/{'v' * 1_000_000}"), "an id of slashes": RESOURCE.replace(_ID, "/" * 5000),
    "a template": json.dumps({"$schema": "https://example/deploymentTemplate.json#", "resources": [{"copy": {"name": "c", "count": 10**9}}]}),
    "a template's expression": RESOURCE.replace('"10.0.0.0/16"', '"[parameters(\'space\')]"'),
    "a linked template": json.dumps({"$schema": "https://example/deploymentTemplate.json#", "resources": [{"properties": {"templateLink": {"uri": "http://127.0.0.1:9/x"}}}]}),
    "a Terraform state": json.dumps({"terraform_version": "1.0", "resources": []}), "a next page": json.dumps({"value": [_VNET], "nextLink": "http://127.0.0.1:9/x"}),
    "a recording": json.dumps({"interactions": [{"request": {"uri": "x"}, "response": {"status": {"code": 200}, "body": {"string": "{" * 1000}}}]}),
    "a recording in a recording": json.dumps({"interactions": [{"response": {"status_code": 200, "body": {"data": {"interactions": [7]}}}}]}),
    "a saved error": json.dumps({"error": {"code": "AuthorizationFailed", "message": "\x1b[2Jno"}}), "properties a list": RESOURCE.replace('"properties": {', '"properties": [{', 1)[:-1] + "]}",
    "a peering with itself": json.dumps({**_VNET, "properties": {**_VNET["properties"], "virtualNetworkPeerings": [{"name": "p", "properties": {"remoteVirtualNetwork": {"id": _VNET["id"]}}}]}}),  # type: ignore[dict-item]
    "5,000 lists deep": "[" * 5000 + "]" * 5000, "199 deep": "[" * 199 + RESOURCE + "]" * 199, "201 deep": "[" * 201 + RESOURCE + "]" * 201,
    "a million objects deep": '{"a":' * 1_000_000, "a million lists deep": "[" * 1_000_000, "a million escapes": '"' + "\\u0041" * 1_000_000 + '"',
    "a million empty objects": f"[{','.join(['{}'] * 1_000_000)}]", "a million keys": "{" + ",".join(f'"k{n}":0' for n in range(400_000)) + "}",
    "a million same keys": "{" + ",".join(['"k":0'] * 400_000) + "}",
    "a late duplicate": "{" + ",".join(f'"k{n}":0' for n in range(300_000)) + ',"k299999":1}',
    }  # fmt: skip


def _spelt_json() -> Iterator[Attempt]:
    for name, text in _spelt().items():
        yield _export(f"JSON: {name}", text)
        yield Attempt(
            f"tags: {name}", {"x.json": text.encode()}, ("check", "-", "--service-tags", "x.json"), {}, NET.encode()
        )
        yield Attempt(f"vectors: {name}", {"x.json": text.encode()}, ("conform", "x.json"))
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1", "utf-7", "cp037"):
        yield _export(f"JSON in {encoding}", RESOURCE.replace('"v"', '"vé"').encode(encoding))
        yield _text(f"text in {encoding}", f'intent "é" {{}}\n{NET}'.encode(encoding))


_PATHS = (
    "../secret.json", "../../etc/passwd", "/etc/passwd", "/etc/shadow", "/dev/zero", "/dev/random", "/dev/stdin", "/dev/tty",
    "/dev/fd/0", "/proc/self/mem", "/proc/self/environ", "/proc/kcore", "/proc/self/fd/1", "pipe", "link.json", "loop", "dir",
    "dir-link", "a.vnet", ".", "..", "", " ", "~", "~root/.ssh", "$HOME/x.json", "file:///etc/passwd", "http://127.0.0.1:9/x.json",
    "\\\\\\\\server\\\\share\\\\x.json", "C:\\\\x.json", "con", "x.json/", "x.json/y", "./././x.json", "dir/../x.json", "x" * 300, "a/" * 2000, "%00", "*.json", "-",
)  # fmt: skip


def _places() -> Iterator[Attempt]:
    special = {
        "pipe": "fifo", "link.json": "/etc/passwd", "loop": "loop", "dir-link": "/etc", "dir/up.json": "../../secret.json", "dir/pipe.json": "fifo",
        "dir/self": "..",
    }  # fmt: skip
    for path in _PATHS:
        files = {"x.json": RESOURCE.encode(), "dir/y.json": b"[]", "a.vnet": f'use "{path}"\n'.encode()}
        yield Attempt(f"use of {path[:40]}", files, ("check", "a.vnet"), special)
        files = {**files, "a.vnet": f'service-tags "{path}"\n'.encode()}
        yield Attempt(f"tags from {path[:40]}", files, ("prove", "a.vnet"), special)
    for command in ("check", "lint", "fmt", "prove"):
        for path in ("pipe", "loop", "dir", "", "/dev/zero", "/proc/self/mem"):
            yield Attempt(
                f"{command} of {path}", {"dir/y.json": b"[]"}, (command, path), {"pipe": "fifo", "loop": "loop"}
            )
    for option in ("--network", "--service-tags"):
        for path in ("pipe", "loop", "dir", "", "/dev/zero", "-"):
            yield Attempt(
                f"{option} {path}",
                {"a.vnet": NET.encode(), "dir/y.json": b"[]"},
                ("check", "a.vnet", option, path),
                {"pipe": "fifo", "loop": "loop"},
            )
    for path in ("pipe", "dir", "loop"):
        yield Attempt(
            f"diff with {path}",
            {"a.vnet": NET.encode(), "dir/y.json": b"[]"},
            ("diff", "a.vnet", path),
            {"pipe": "fifo", "loop": "loop"},
        )
        yield Attempt(
            f"conform with {path}", {"dir/y.json": b"[]"}, ("conform", path), {"pipe": "fifo", "loop": "loop"}
        )


def _largest() -> dict[str, bytes]:
    return {
    "a text above the limit": b"#" * (LIMIT + 1), "a text of one line": b"x" * (10 << 20), "blanks": b" " * (10 << 20), "line ends": b"\n" * (10 << 20),
    "comments": b"# x\n" * (2 << 20), "quotes": b'"' * (1 << 20), "backslashes in quotes": b'vnet "' + b"\\\\" * (1 << 20), "braces": b"{" * (1 << 20),
    "dots": b"1." * (1 << 20), "colons": b":" * (1 << 20), "dashes": b"1-" * (1 << 20), "facts": b"assume U-" + b"A-" * (1 << 20), "slashes": b"vnet v { address 1.1/" + b"1/" * (1 << 20),
    "a million mistakes": b"vnet {\n" * 200_000, "a million statements cut short": b"vnet\n" * 200_000, "commas": b"group g = " + b"a," * 500_000, "excepts": b"group g = a " + b"except a " * 100_000,
    "services": b"service s = " + b"tcp/1," * 200_000, "100,000 asgs": b"".join(b"asg a%d\n" % n for n in range(100_000)), "a million asgs": b"asg a\n" * 1_000_000,
    "20,000 vnets": b"".join(b"vnet v%d { address 10.%d.%d.0/24 }\n" % (n, n // 250, n % 250) for n in range(20_000)),
    }  # fmt: skip


def _doubling(depth: int) -> str:
    """Return groups each of which names the one before twice."""
    return "group g0 = 10.0.0.0/32, 10.0.0.1/32\n" + "".join(
        f"group g{n} = g{n - 1}, g{n - 1}\n" for n in range(1, depth)
    )


def _many_vnets(number: int) -> str:
    return "".join(
        f"vnet v{n} {{ address 10.{n // 250}.{n % 250}.0/24  subnet s 10.{n // 250}.{n % 250}.0/25 }}\n"
        for n in range(number)
    )


def _large() -> Iterator[Attempt]:
    for name, data in _largest().items():
        yield _text(f"large: {name}", data)
    expanding = {
        "doubling groups": _doubling(200), "a circle of groups": "".join(f"group g{n} = g{(n + 1) % 500}\n" for n in range(500)),
        "a for each of 1,000": _many_vnets(1000) + "intent i { for each a, b in vnet: a reaches b on ssh symmetrically }\n",
        "a for each of 200 one by one": _many_vnets(200) + "intent i { for each a, b in vnet: a sometimes reaches b }\n",
        "40 for eaches of 100": _many_vnets(100) + "intent i { " + "for each a, b in vnet: a sometimes reaches b on ssh\n" * 40 + "}\n",
        "a set of 5,000 terms": f"{NET}group g = {', '.join(f'10.0.{n // 250}.{n % 250}' for n in range(5000))}\nintent i {{ g never reaches v.t on ssh }}\n",
        "5,000 ports": f"{NET}intent i {{ v.s never reaches v.t on {', '.join(f'tcp/{n * 2}' for n in range(5000))} }}\n",
        "2,000 rules of 100 ports": NET.replace("nsg n {}", "") + "nsg n {" + "".join(f"inbound {100 + n} r{n} deny tcp from any to any port {','.join(str(p * 7) for p in range(100))}\n" for n in range(2000)) + "}\n" + INTENT,
        "a chain of 300 peerings": _many_vnets(300) + "".join(f"peering v{n} -> v{n + 1}\npeering v{n + 1} -> v{n}\n" for n in range(299)) + "intent i { v0 never reaches v299 }\n",
    }  # fmt: skip
    for name, text in expanding.items():
        yield _text(f"expanding: {name}", text)


_HOSTILE = (
    "",
    "-",
    "--",
    "\x1b[2J",
    "a" * 100_000,
    "*" * 1000,
    "[" * 1000,
    "v.s" * 1000,
    "{}",
    "'",
    '"',
    "\u202e",
    "../..",
    "é" * 1000,
    "10.0.0.0/99",
)


def _arguments() -> Iterator[Attempt]:
    for number, word in enumerate(_HOSTILE):
        for command in (
            ("resolve", "a.vnet", word), ("routes", "a.vnet", word), ("rules", "a.vnet", word), ("show", "tag", word, "a.vnet", "v.s"), ("prove", "a.vnet", "-k", word),
            ("trace", "a.vnet", "--from", word, "--to", "v.t"), (word, "a.vnet"), ("check", word), ("prove", "a.vnet", "--timeout", word), ("show", "tag", "Storage", "a.vnet", word),
        ):  # fmt: skip
            yield _text(f"argument {number} of {command[0][:8]} at {command.index(word)}", NET + INTENT, *command)
