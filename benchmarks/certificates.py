"""What certificates cost beside the search: nodes, seconds to make and to judge, and the seconds that proving took.

Everything in one run and one process, so that the ratios in a row can be compared; machines are noisy. Rule lists of
20, 200 and 1,000 rules stand before one subnet that nobody may reach on ssh; then come the texts in `specs` and an
estate of 50 networks.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from estates import estate
from estates_plan import Shape

from vnetverify.assurance import subject_of
from vnetverify.certificate.checker import Refused
from vnetverify.certificate.evidence import Subject, certify, judge
from vnetverify.certificate.maker import NoCover
from vnetverify.loading import load
from vnetverify.model.intents import Claim
from vnetverify.pipeline import Options, prove
from vnetverify.prover.verdict import Proved

ROOT = Path(__file__).parents[1]


@dataclass
class Row:
    """Sums over the certificates of one text; `tries` are what proved and asked for one."""

    name: str
    tries: int = 0
    certified: int = 0
    nodes: int = 0
    most: int = 0
    make: float = 0.0
    judge: float = 0.0
    search: float = 0.0

    def cells(self) -> list[str]:
        ratio = (self.make + self.judge) / self.search if self.search else 0.0
        seconds = [f"{value:.3f}" for value in (self.search, self.make, self.judge)]
        return [self.name, f"{self.certified}/{self.tries}", str(self.nodes), str(self.most), *seconds, f"{ratio:.2f}"]


def rule_list(rules: int) -> str:
    """Return a text with a subnet behind so many rules, none of which lets ssh in."""
    dice = random.Random(rules)
    lines = ["vnet v { address 10.0.0.0/8  subnet web 10.0.0.0/16  subnet db 10.1.0.0/16 nsg db }", "nsg db {"]
    for number in range(rules - 1):
        source = f"10.0.{dice.randrange(256)}.0/24"
        access = dice.choice(("allow", "deny "))
        port = dice.choice(("443", "80", str(dice.randrange(1024, 60000)))) if access == "allow" else "22"
        lines.append(f"  inbound {100 + number} r{number} {access} tcp from {source} to any port {port}")
    lines += [f"  inbound {100 + rules} rest deny any from any to any", "}"]
    lines.append("intent closed { v.web never reaches v.db on ssh }")
    return "\n".join(lines)


def measured(name: str, path: Path, nodes: int) -> Row:
    """Return what proving a text takes without its certificates, and what these take."""
    loaded = load([str(path)], [])
    report = prove(loaded, Options())
    row = Row(name, search=sum(seconds for phase, seconds in report.timings.items() if phase in ("encode", "solve")))
    assumed = {each.fact: each.value for each in loaded.document.assumptions}
    for result in report.results:
        for claim in result.results:
            if isinstance(claim.claim, Claim) and isinstance(claim.verdict, Proved):
                _add(row, subject_of(loaded.document.network, claim.claim, claim.verdict, assumed), nodes)
    return row


def _add(row: Row, subject: Subject, nodes: int) -> None:
    row.tries += 1
    begun = time.perf_counter()
    made = certify(subject, nodes)
    row.make += time.perf_counter() - begun
    if isinstance(made, NoCover):
        return
    begun = time.perf_counter()
    try:
        judge(subject, made)
    except Refused as problem:
        raise SystemExit(f"refused: {problem}") from None
    row.judge += time.perf_counter() - begun
    size = sum(map(len, made.values()))
    row.certified, row.nodes, row.most = row.certified + 1, row.nodes + size, max(row.most, size)


def cases(folder: Path, spokes: int) -> Iterator[tuple[str, Path]]:
    for rules in (20, 200, 1000):
        path = folder / f"rules{rules}.vnet"
        path.write_text(rule_list(rules))
        yield f"{rules} rules", path
    yield "tutorial", ROOT / "specs" / "tutorial.vnet"
    for path in sorted((ROOT / "specs" / "estates").glob("*.vnet")):
        yield path.stem, path
    for path in sorted((ROOT / "specs" / "seed").glob("*.vnet")):
        yield f"seed/{path.stem}", path
    path = folder / "estate.vnet"
    path.write_text(estate(Shape(spokes)))
    yield f"estate of {spokes} spokes", path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spokes", type=int, default=50)
    parser.add_argument("--nodes", type=int, default=100_000)
    arguments = parser.parse_args()
    rows = [["text", "certified", "nodes", "largest", "prove s", "make s", "judge s", "ratio"]]
    with tempfile.TemporaryDirectory() as folder:
        for name, path in cases(Path(folder), arguments.spokes):
            rows.append(measured(name, path, arguments.nodes).cells())
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    main()
