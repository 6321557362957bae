"""Estates to measure with, as texts or as Azure's resources; `estates_plan` says what they are like.

`python benchmarks/estates.py --spokes 100 > estate.vnet`; with `--json estate.json` the network is written there as
Azure's resources, and the text that is printed uses it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from estates_json import write_resources
from estates_plan import HOLES, Plan, Shape
from estates_vnet import promises_of, text_of


def estate(shape: Shape) -> str:
    """Return the `.vnet` text of an estate with its intents."""
    return "\n".join(text_of(Plan(shape))) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = Shape()
    for field in fields(Shape):
        value = getattr(defaults, field.name)
        option = f"--{field.name.replace('_', '-')}"
        if field.name == "gateway":
            parser.add_argument(option, action="store_true")
        else:
            parser.add_argument(
                option, type=type(value), default=value, choices=HOLES if field.name == "hole" else None
            )
    parser.add_argument("--json", type=Path, help="write the network here as Azure's resources")
    arguments = vars(parser.parse_args())
    path = arguments.pop("json")
    plan = Plan(Shape(**arguments))
    if path is None:
        sys.stdout.writelines(f"{line}\n" for line in text_of(plan))
        return
    with path.open("w") as file:
        write_resources(plan, file)
    sys.stdout.writelines(f"{line}\n" for line in promises_of(plan, path.name))


if __name__ == "__main__":
    main()
