"""The wheel holds what an installed tool needs, the grammar among it, and nothing of the tests."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from vnetverify import __version__
from vnetverify.cli import status

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a wheel of this checkout, built without a network, unpacks to."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(unpacked: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the wheel, far from the checkout; the first line of stderr says where it was loaded from."""
    script = (
        f"import sys; sys.path[:] = [{str(unpacked)!r}, *(p for p in sys.path if p not in ('', {str(ROOT)!r}))]\n"
        "import vnetverify.cli as cli\n"
        "from vnetverify.syntax import grammar\n"
        "print(cli.__file__, grammar.__file__, file=sys.stderr)\n"
        f"sys.exit(cli.main({list(arguments)!r}))"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=unpacked.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_wheel_proves_the_tutorial_without_the_checkout(unpacked: Path) -> None:
    text = unpacked.parent / "tutorial.vnet"
    text.write_text((ROOT / "specs" / "tutorial.vnet").read_text())
    done = run(unpacked, "prove", str(text), "--output-format", "concise")

    assert done.stderr.count(str(unpacked)) == 2
    assert str(ROOT) not in done.stderr
    assert done.stdout.splitlines()[-1].startswith("3 of 3 intents: ")
    assert done.returncode == status.AS_EXPECTED


def test_the_wheel_carries_the_grammar_of_the_checkout(unpacked: Path) -> None:
    assert (unpacked / "vnetverify/grammar/vnet.lark").read_bytes() == (ROOT / "grammar/vnet.lark").read_bytes()


def test_the_wheel_holds_every_module_and_nothing_else_at_the_top(unpacked: Path) -> None:
    modules = {path.relative_to(ROOT) for path in (ROOT / "vnetverify").rglob("*.py")}

    assert {path.relative_to(unpacked) for path in unpacked.rglob("*.py")} == modules
    assert {path.name for path in unpacked.iterdir()} == {"vnetverify", f"vnetverify-{__version__}.dist-info"}


def test_the_wheel_names_its_command_version_and_what_it_needs(unpacked: Path) -> None:
    about = unpacked / f"vnetverify-{__version__}.dist-info"
    metadata = (about / "METADATA").read_text()

    assert "vnetverify = vnetverify.cli:main" in (about / "entry_points.txt").read_text()
    assert f"\nVersion: {__version__}\n" in metadata
    assert all(
        f"\nRequires-Dist: {name}" in metadata for name in ("click", "hypothesis", "lark", "networkx", "z3-solver")
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["prove", "--help"]])
def test_help_of_the_wheel_waits_for_no_engine(arguments: list[str], unpacked: Path) -> None:
    heavy = {"z3", "lark", "networkx", "hypothesis", "asyncio"}
    script = (
        f"import sys; sys.path.insert(0, {str(unpacked)!r})\n"
        "import vnetverify.cli as cli\n"
        f"code = cli.main({arguments!r})\n"
        f"print(code, sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=unpacked.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stderr == "0 []\n"


def test_the_wheel_writes_pages_in_the_style_of_the_checkout(unpacked: Path) -> None:
    style = "vnetverify/report/page.css"

    assert (unpacked / style).read_text() == (ROOT / style).read_text()
