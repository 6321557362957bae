"""The wheel holds what an installed tool needs, the grammar among it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_wheel_reads_a_text_without_the_checkout(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    unpacked = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    text = tmp_path / "hub.vnet"
    text.write_text("vnet hub { address 10.0.0.0/16 subnet a 10.0.0.0/24 }\nintent own { hub reaches hub on ssh }\n")
    script = f"import sys; sys.path.insert(0, {str(unpacked)!r}); import vnetverify.cli as cli; "
    done = subprocess.run(
        [sys.executable, "-c", f"{script}print(cli.__file__); sys.exit(cli.main(['check', {str(text)!r}]))"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.stdout.startswith(str(unpacked))
    assert done.stdout.endswith("no errors: 1 vnet, 1 subnet, 0 machines, 1 intent\n")
    assert done.returncode == 0
