"""One engine on one estate, in a process of its own: prints what it took and a digest of its answers as JSON."""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from estates_json import write_resources
from estates_plan import Plan, Shape
from estates_vnet import promises_of

from baselines.plain import model_of
from vnetverify.files import Allowance
from vnetverify.loading import load
from vnetverify.model.network import Network

ENGINES = ("matrix", "oxidd", "cudd", "z3 shared", "z3 fresh", "datalog")


@dataclass(frozen=True, slots=True)
class Measured:
    """What `asked` of the `pairs` took of the processor, beside what had to be done once.

    Every engine runs in one thread, so on an idle machine the clock says the same.

    `size` counts nodes of diagrams, subterms of the relation, or cells of the service.
    """

    engine: str
    pairs: int
    asked: int
    once: float
    seconds: float
    megabytes: int
    digest: str
    size: int = 0
    rlimit: int = 0


def measured(engine: str, shape: Shape, every: int) -> Measured:
    found, once, seconds, size, work = _by_matrix(shape) if engine == "matrix" else _by_baseline(engine, shape, every)
    total = (shape.spokes * shape.subnets + 2) * (shape.spokes * shape.subnets + 1)
    text = "".join(str(found[pair]) for pair in sorted(found) if _is_asked(pair, shape, every))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Measured(engine, total, len(found), once, seconds, peak, digest, size, work)


def _is_asked(pair: tuple[int, int], shape: Shape, every: int) -> bool:
    size = shape.spokes * shape.subnets + 2
    return (pair[0] * (size - 1) + pair[1] - (pair[1] > pair[0])) % every == 0


Found = tuple[Mapping[tuple[int, int], int], float, float, int, int]


def _by_matrix(shape: Shape) -> Found:
    """Return the answers of `vnetverify matrix` to the same questions, without reading and judging."""
    from vnetverify.matrix.answers import ARRIVES, PASSES_NONE
    from vnetverify.matrix.matrix import matrix_of
    from vnetverify.model.services import EVERY_CONVERSATION
    from vnetverify.quick import collector_off

    network = _imported(shape)
    gc.collect()
    begun = time.process_time()
    with collector_off():
        matrix = matrix_of(network, EVERY_CONVERSATION, {})
    seconds = time.process_time() - begun
    ids = [subnet.id for subnet in matrix.receivers]
    order = {name: number for number, name in enumerate(("hub.firewall", "hub.shared"))}
    order |= {f"spoke{s}.s{n}": 2 + s * shape.subnets + n for s in range(shape.spokes) for n in range(shape.subnets)}
    found = {
        (order[sender.id], order[name]): bool(code & ARRIVES) + 2 * bool(code & PASSES_NONE)
        for sender, row in zip(matrix.senders, matrix.documented, strict=True)
        for name, code in zip(ids, row, strict=True)
        if name != sender.id
    }
    return found, 0.0, seconds, len(matrix.survey.ground.cells.cells), 0


def _imported(shape: Shape) -> Network:
    """Return the network of the estate, read from Azure's JSON and the text that goes with it."""
    plan = Plan(shape)
    with tempfile.TemporaryDirectory() as folder:
        with Path(folder, "estate.json").open("w") as file:
            write_resources(plan, file)
        text = Path(folder, "estate.vnet")
        text.write_text("\n".join(promises_of(plan, "estate.json")))
        loaded = load([str(text)], [], None, Allowance(1_000))
    assert not loaded.diagnostics, loaded.diagnostics
    return loaded.document.network


def _by_baseline(engine: str, shape: Shape, every: int) -> Found:
    from baselines import bit_vectors, datalog, diagrams

    model = model_of(Plan(shape))
    gc.collect()
    begun = time.process_time()
    if engine in ("oxidd", "cudd"):
        manager = diagrams.Oxidd() if engine == "oxidd" else diagrams.Cudd()
        rows = list(diagrams.answers(model, manager))
        seconds = time.process_time() - begun
        found = {(one, other): code for one, row in enumerate(rows) for other, code in enumerate(row) if one != other}
        return found, 0.0, seconds, manager.nodes(), 0
    if engine == "datalog":
        program = datalog.Program(model)
        once = time.process_time() - begun
        found = {pair: program.code(*pair) for pair in bit_vectors.pairs_of(model, every)}
        return found, once, time.process_time() - begun - once, 0, 0
    asking = bit_vectors.Shared(model) if engine == "z3 shared" else bit_vectors.Fresh(model)
    once = time.process_time() - begun
    found = {pair: asking.code(*pair) for pair in bit_vectors.pairs_of(model, every)}
    return found, once, time.process_time() - begun - once, asking.size(), asking.work()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("shape", help="the shape as JSON")
    parser.add_argument("--every", type=int, default=1, help="ask one of so many pairs")
    arguments = parser.parse_args()
    print(json.dumps(asdict(measured(arguments.engine, Shape(**json.loads(arguments.shape)), arguments.every))))


if __name__ == "__main__":
    main()
