"""Texts in the place of ones that are not known: good as names, and for nothing else.

A template without a name for its network still says which of its parts belong together, as they use the same name. So
a text that is not known is written as `<parameter>` and goes through the functions that build names and ids of it.
Where a function would decide something by it, it is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from vnetverify.ingest.unknown import Unknown


class StandIn(str):
    """A text that is not known, or is made of one; `unknown` says why it is not."""

    unknown: Unknown

    def __new__(cls, text: str, unknown: Unknown) -> StandIn:
        made = super().__new__(cls, text)
        made.unknown = unknown
        return made

    @property
    def may_be_empty(self) -> bool:
        """Hold when nothing stands beside the text that is not known."""
        return self.startswith("<") and self.find(">") == len(self) - 1


def composed(parts: Iterable[str]) -> str:
    """Return `parts` as one text, a stand-in where one of them is."""
    found = tuple(parts)
    doubt = stand_in_among(found)
    text = "".join(found)
    return text if doubt is None else _made_of(doubt, text)


def _made_of(doubt: StandIn, text: str) -> StandIn:
    """Return `text` as a stand-in for the reason of `doubt`; it is no longer the run-time property that this may be."""
    return StandIn(text, replace(doubt.unknown, of=None) if doubt.unknown.of is not None else doubt.unknown)


def stand_in_among(values: Iterable[Any]) -> StandIn | None:
    """Return the first stand-in of `values`, not of what they hold."""
    return next((value for value in values if isinstance(value, StandIn)), None)


def stand_in_within(values: Iterable[Any]) -> StandIn | None:
    """Return the first stand-in in `values`, however deep."""
    pending = list(reversed(list(values)))
    while pending:
        item = pending.pop()
        if isinstance(item, StandIn):
            return item
        if isinstance(item, dict):
            pending.extend(reversed(item.values()))
        elif isinstance(item, list):
            pending.extend(reversed(item))
    return None


def without_stand_ins(value: Any) -> Any:
    """Return `value` with what is not known in the place of each stand-in that it is or holds."""
    if isinstance(value, StandIn):
        return value.unknown
    if isinstance(value, list):
        return [without_stand_ins(item) for item in value]
    if type(value) is dict:
        return {key: without_stand_ins(item) for key, item in value.items()}
    return value


# Functions that make one text of texts and decide nothing by what stands in them.
_BUILDING = frozenset(
    (
        "concat",
        "format",
        "tolower",
        "toupper",
        "trim",
        "padleft",
        "string",
        "join",
        "uri",
        "uniquestring",
        "guid",
        "resourceid",
        "subscriptionresourceid",
        "tenantresourceid",
        "managementgroupresourceid",
        "extensionresourceid",
    )
)
# Functions that pass values on, or look a resource up by its id.
_CARRYING = frozenset(
    ("createarray", "createobject", "array", "equals", "reference", "references", "resourceinfo", "coalesce")
)
# Functions that take a text apart; what is cut out of the middle of a stand-in would be no name any more.
_CUTTING = frozenset(("substring", "take", "skip", "first", "last", "replace", "split"))


def any_doubtful(arguments: Sequence[Any]) -> bool:
    """Hold when one of `arguments`, not of what they hold, is not known or stands in for what is not."""
    for argument in arguments:  # noqa: SIM110 - asked at every call, where a generator is what takes longest
        if isinstance(argument, (Unknown, StandIn)):
            return True
    return False


def marks_names(function: str) -> bool:
    """Hold when what `function` makes of a stand-in is one."""
    return function.lower() in _BUILDING or function.lower() in _CUTTING


def admitted(function: str, arguments: Sequence[Any]) -> list[Any]:
    """Return the arguments with which `function` may be called: stand-ins only where it decides nothing by them."""
    name = function.lower()
    if stand_in_among(arguments) is None:
        return list(arguments)
    if name in _BUILDING or (name in _CUTTING and _may_be_cut(name, arguments)):
        return list(arguments)
    if name == "createobject":
        return [without_stand_ins(item) if position % 2 == 0 else item for position, item in enumerate(arguments)]
    if name in _CARRYING or name == "json":
        return list(arguments)
    if name == "empty" and not any(item.may_be_empty for item in arguments if isinstance(item, StandIn)):
        return [str(item) for item in arguments]
    return [item.unknown if isinstance(item, StandIn) else item for item in arguments]


def _may_be_cut(function: str, arguments: Sequence[Any]) -> bool:
    """Hold when the cut goes past what is not known: an id is split into its parts, a hash has no such part."""
    text, *rest = arguments
    if any(isinstance(item, StandIn) for item in rest) or not isinstance(text, StandIn):
        return False
    if function == "split":
        return text.startswith("/subscriptions/") and rest == ["/"]
    return "<" not in text


def marked(function: str, arguments: Sequence[Any], result: Any) -> Any:
    """Return `result`, with a text in it a stand-in where `function` has made it of one among `arguments`."""
    name = function.lower()
    doubt = stand_in_within(arguments) if name in _BUILDING else stand_in_among(arguments)
    if doubt is None:
        return result
    if isinstance(result, str) and not isinstance(result, StandIn):
        return _made_of(doubt, result)
    if name == "split" and isinstance(result, list):
        return [_made_of(doubt, item) for item in result]
    return result
