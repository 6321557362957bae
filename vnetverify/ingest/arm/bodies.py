"""Pieces of a template as values: expressions evaluated, and loops over properties written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from vnetverify.ingest.arm.bounds import Bounds, require_values
from vnetverify.ingest.arm.failures import BadExpression, EvaluationError
from vnetverify.ingest.arm.mistakes import Spot, mistake
from vnetverify.ingest.arm.standins import without_stand_ins
from vnetverify.ingest.arm.templates import part
from vnetverify.ingest.arm.values import PartlyKnown, Value, because, kind_of, spelling_of
from vnetverify.ingest.notation import escaped
from vnetverify.ingest.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a loop, called in lower case; `of_resource` tells the loops of resources from those of properties."""

    loop: str
    index: int | Unknown
    of_resource: bool


Turns: TypeAlias = tuple[Turn, ...]
_STEPS_OF_TURN = 25  # of a loop over a property, beside those of the expressions in it


class Reader(Protocol):
    """Who evaluates the texts of a piece of a template where it stands."""

    @property
    def bounds(self) -> Bounds: ...

    def text(self, raw: str) -> Value:
        """Return the value of `raw`, an expression or what an escaped text stands for."""

    def in_turn(self, turn: Turn) -> Reader:
        """Return who evaluates the same texts in one more turn."""


def resolved(value: Any, reader: Reader, where: Spot) -> Value:
    """Return `value`, which stands at `where`, with every expression evaluated and every loop written out.

    Raises `Mistake`, with the place of the text that is wrong.
    """
    match value:
        case str():
            if not value.startswith("["):
                return value
            try:
                return reader.text(value)
            except (EvaluationError, BadExpression) as error:
                raise mistake(error, where, value) from error
        case list():
            return [resolved(item, reader, _below(where, position)) for position, item in enumerate(value)]
        case dict():
            return _object(value, reader, where)
        case _:
            return value


def _below(where: Spot, key: str | int) -> Spot:
    return Spot(where.file, f"{where.pointer}/{escaped(str(key))}")


def _object(value: dict[str, Any], reader: Reader, where: Spot) -> Value:
    members: dict[str, Any] = {}
    doubt: Unknown | None = None
    loops = loops_in(value)
    for key, item in value.items():
        if loops and key.lower() == "copy":
            continue
        below = _below(where, key)
        name = without_stand_ins(resolved(key, reader, below)) if key.startswith("[") else key
        if isinstance(name, Unknown):
            doubt = doubt if doubt is not None else because(name)
        elif isinstance(name, str):
            members[name] = resolved(item, reader, below)
        else:
            raise mistake(EvaluationError(f"the name of a member is {kind_of(name)}, not a string"), below, key)
    for name, loop, spot in _placed(loops, where):
        members[name] = written_out(name, loop, reader, spot)
    return members if doubt is None else PartlyKnown(members, doubt)


def loops_in(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the loops over properties that an object declares at `copy`, none where that is something else."""
    found = part(value, "copy")
    if not isinstance(found, list) or not found:
        return []
    are_loops = all(isinstance(one, dict) and {"name", "count"} <= {key.lower() for key in one} for one in found)
    return found if are_loops else []


def _placed(loops: list[dict[str, Any]], where: Spot) -> Iterator[tuple[str, dict[str, Any], Spot]]:
    for position, loop in enumerate(loops):
        name, spot = part(loop, "name"), _below(_below(where, "copy"), position)
        if not isinstance(name, str):
            raise mistake(EvaluationError(f"the name of a loop is {kind_of(name)}, not a string"), spot)
        yield name, loop, spot


def written_out(name: str, loop: dict[str, Any], reader: Reader, where: Spot) -> Value:
    """Return the list of what the loop `name` makes of its `input` in each turn; not known where the count is not."""
    count = count_of(loop, reader, where)
    if isinstance(count, Unknown):
        return because(count)
    key = spelling_of(loop, "input")
    if key is None:
        raise mistake(EvaluationError(f"the loop `{name}` has no `input`"), where)
    _spend(count, size_of(loop[key]), reader, where)
    items: list[Any] = []
    for index in range(count):
        item = resolved(loop[key], reader.in_turn(Turn(name.lower(), index, False)), _below(where, key))
        items.append(item)
    return items


def _spend(count: int, size: int, reader: Reader, where: Spot) -> None:
    """Count turns that are about to be taken, and what each will make, as so many steps. Raises `Mistake`."""
    try:
        require_values(count * size)
        reader.bounds.left -= count * (size + _STEPS_OF_TURN)
        reader.bounds.step()
    except EvaluationError as error:
        raise mistake(error, where) from error


def size_of(value: Any) -> int:
    """Return how many values `value` holds, itself among them."""
    count, pending = 0, [value]
    while pending:
        item = pending.pop()
        count += 1
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return count


def count_of(loop: dict[str, Any], reader: Reader, where: Spot) -> int | Unknown:
    """Return how many turns a loop takes. Raises `Mistake`."""
    key = spelling_of(loop, "count") or "count"
    spot = _below(where, key)
    count = without_stand_ins(resolved(part(loop, "count"), reader, spot))
    if isinstance(count, Unknown):
        return count
    if isinstance(count, str) and count.isascii() and count.isdigit() and len(count) < 10:
        return int(count)  # numbers in quotes are taken for numbers here
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        said = count if isinstance(count, int) else kind_of(count)
        raise mistake(EvaluationError(f"the count of a loop is {said}"), spot)
    return count
