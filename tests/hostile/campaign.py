"""`make hostile`: mutants of texts and exports, and inputs made by hand, none of which may break anything.

`python -m tests.hostile.campaign [NUMBER] [--seed N] [--jobs N] [--state FILE] [--few]`. With a state file a run that
was stopped goes on where it was; the mutants follow from seed and number alone, so that
`--only N` does one of them again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tests.hostile import handmade
from tests.hostile.forking import Attempt, Ended, run, warm_up
from tests.hostile.mutating import mutated_json, mutated_text
from tests.hostile.seeds import Export, Seeds, seeds

SEED = 5
NUMBER = 20_000
_KEPT = 40  # failures that are written out
_EVERY_FEW = 9
_AT_A_TIME = 250  # attempts between two saves of the state

# How often each command is tried beside the others; those that start a solver take ten times as long.
_TEXT_COMMANDS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (8, ("check", "a.vnet")), (4, ("check", "a.vnet", "--output-format", "concise")),
    (3, ("check", "a.vnet", "b.vnet")),
    (3, ("fmt", "a.vnet")), (3, ("fmt", "--check", "a.vnet")), (3, ("resolve", "a.vnet", "any")),
    (1, ("prove", "a.vnet", "--timeout", "3")), (1, ("prove", "a.vnet", "--timeout", "3", "--output-format", "json")),
    (1, ("lint", "a.vnet")), (1, ("diff", "b.vnet", "a.vnet", "--timeout", "3")),
)  # fmt: skip
_EXPORT_COMMANDS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (8, ("check", "b.vnet")), (3, ("resolve", "b.vnet", "vnet")), (3, ("check", "-", "--service-tags", "a.json")),
    (3, ("check", "-", "--network", "a.json")), (2, ("conform", "a.json")), (1, ("lint", "b.vnet")),
    (1, ("prove", "b.vnet", "--timeout", "3")), (1, ("prove", "b.vnet", "--timeout", "3", "--output-format", "json")),
    (1, ("diff", "a.json", "b.json", "--timeout", "3")),
)  # fmt: skip


@dataclass
class Tally:
    """What came of the attempts so far."""

    done: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, list[str], str]] = field(default_factory=list)
    slowest: float = 0.0
    largest: float = 0.0

    def enter(self, name: str, ended: Ended) -> None:
        self.done += 1
        self.ended[str(ended.code)] += 1
        self.slowest, self.largest = max(self.slowest, ended.seconds), max(self.largest, ended.megabytes)
        if ended.faults:
            self.faults.append((name, ended.faults, ended.stderr[-2000:]))

    def add(self, other: Tally) -> None:
        self.done += other.done
        self.ended.update(other.ended)
        self.faults += other.faults
        self.slowest, self.largest = max(self.slowest, other.slowest), max(self.largest, other.largest)


def mutant(number: int, seed: int, kept: Seeds) -> Attempt:
    """Return attempt `number` of the campaign with `seed`."""
    draw = random.Random(f"{seed}:{number}")
    if draw.random() < 0.6:
        name, text = draw.choice(kept.texts)
        data = mutated_text(draw, text, [other for _, other in kept.texts])
        command = _drawn(draw, _TEXT_COMMANDS)
        return Attempt(f"{number} of {name}", {"a.vnet": data, "b.vnet": text.encode()}, command)
    export = draw.choice(kept.exports)
    name = f"{number} of {export.name}"
    if export.parameters is not None and draw.random() < 0.5:
        data = json.dumps(export.content).encode()
        return _of_export(name, data, export, draw, mutated_json(draw, export.parameters))
    return _of_export(name, mutated_json(draw, export.content), export, draw)


def _drawn(draw: random.Random, commands: Sequence[tuple[int, tuple[str, ...]]]) -> tuple[str, ...]:
    return draw.choices([command for _, command in commands], [weight for weight, _ in commands])[0]


def _of_export(name: str, data: bytes, export: Export, draw: random.Random, parameters: bytes | None = None) -> Attempt:
    command = _drawn(draw, _EXPORT_COMMANDS) if export.fits is None else (*export.fits, "a.json")
    text = f'use "a.json"\n{export.sentences}'
    files = {"a.json": data, "b.json": json.dumps(export.content).encode(), "b.vnet": text.encode()}
    if export.parameters is not None:
        files["p.json"] = parameters if parameters is not None else json.dumps(export.parameters).encode()
    return Attempt(name, files, command, standard_input=b"vnet v { address 10.0.0.0/16 }\n")


def _share(attempts: Iterable[Attempt]) -> Tally:
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="hostile-") as scratch:
        for attempt in attempts:
            tally.enter(attempt.name, run(attempt, Path(scratch)))
    return tally


def _attempts(numbers: range, seed: int, kept: Seeds, made: int, job: int, jobs: int) -> Iterator[Attempt]:
    """Yield the share of `job`, with every `made`-th of what is made by hand, one after the other since it is large."""
    if made:
        yield from islice(handmade.attempts(), job * made, None, jobs * made)
    yield from (mutant(number, seed, kept) for number in numbers[job::jobs])


def _spread(numbers: range, seed: int, kept: Seeds, made: int, jobs: int) -> Tally:
    """Run `numbers` and `made` in as many processes as `jobs` says."""
    pipes = []
    for job in range(jobs):
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.close(reading)
            tally = _share(_attempts(numbers, seed, kept, made, job, jobs))
            with os.fdopen(writing, "w") as pipe:
                json.dump(vars(tally), pipe)
            os._exit(0)
        os.close(writing)
        pipes.append(reading)
    whole = Tally()
    for reading in pipes:
        with os.fdopen(reading) as pipe:
            whole.add(_from_json(json.load(pipe)))
    for _ in pipes:
        os.wait()
    return whole


def _from_json(said: dict[str, Any]) -> Tally:
    faults = [(name, faults, error) for name, faults, error in said["faults"]]
    return Tally(said["done"], Counter(said["ended"]), faults, said["slowest"], said["largest"])


def main() -> int:
    options = _options()
    warm_up()
    kept = seeds()
    if options.only is not None:
        return _once(mutant(options.only, options.seed, kept))
    begun, tally, following = time.monotonic(), Tally(), 0
    if options.state is not None and options.state.exists():
        said = json.loads(options.state.read_text())
        if said["seed"] == options.seed:
            tally, following = _from_json(said["tally"]), said["following"]
    if following == 0:
        tally.add(_spread(range(0), options.seed, kept, _EVERY_FEW if options.few else 1, options.jobs))
    while following < options.number:
        numbers = range(following, min(following + _AT_A_TIME, options.number))
        tally.add(_spread(numbers, options.seed, kept, 0, options.jobs))
        following = numbers.stop
        if options.state is not None:
            said = {"seed": options.seed, "following": following, "tally": vars(tally)}
            options.state.write_text(json.dumps(said))
        print(f"{following} of {options.number}: {len(tally.faults)} faults", file=sys.stderr, flush=True)
    _report(tally, following, time.monotonic() - begun)
    return 1 if tally.faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hostile")
    parser.add_argument("number", type=int, nargs="?", default=NUMBER)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--only", type=int)
    parser.add_argument("--few", action="store_true", help="only some of what is made by hand")
    return parser.parse_args()


def _once(attempt: Attempt) -> int:
    with tempfile.TemporaryDirectory(prefix="hostile-") as scratch:
        ended = run(attempt, Path(scratch))
    for name, data in attempt.files.items():
        print(f"-- {name}\n{data.decode('utf-8', 'backslashreplace')}")
    print(f"-- {' '.join(attempt.arguments)}\n{ended.stdout}{ended.stderr}-- {ended.code} {ended.faults}")
    return 1 if ended.faults else 0


def _report(tally: Tally, mutants: int, seconds: float) -> None:
    print(f"{mutants} mutants, {tally.done - mutants} made by hand, in {seconds:.0f} s")
    print("ended with", ", ".join(f"{code}: {count}" for code, count in sorted(tally.ended.items())))
    print(
        f"at most {tally.slowest:.1f} s of the processor, at most {tally.largest:.0f} MiB, {len(tally.faults)} faults"
    )
    for name, faults, error in tally.faults[:_KEPT]:
        print(f"-- {name}: {'; '.join(faults)}\n{error}")


if __name__ == "__main__":
    sys.exit(main())
