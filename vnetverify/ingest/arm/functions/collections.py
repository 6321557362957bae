"""Functions of arrays, and those that take arrays, objects and strings alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vnetverify.ingest.arm.bounds import require_characters, require_values
from vnetverify.ingest.arm.functions.catalogue import Function, as_int, as_list, as_text, refused
from vnetverify.ingest.arm.functions.objects import common_members, merged
from vnetverify.ingest.arm.functions.strings import text_or_null, without_case
from vnetverify.ingest.arm.functions.texts import text_of
from vnetverify.ingest.arm.values import PartlyKnown, because, first_unknown, kind_of, same, spelling_of
from vnetverify.ingest.unknown import Unknown

_MOST_IN_RANGE = 10_000  # as Azure Resource Manager


def _array(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _create_array(*values: Any) -> list[Any]:
    return list(values)


def _concat(*values: Any) -> Any:
    """Return the arrays one after another, or the strings, ints and bools as one string."""
    if all(isinstance(value, list) for value in values):
        require_values(sum(map(len, values)))
        return [item for value in values for item in value]
    for position, value in enumerate(values, 1):
        if isinstance(value, (list, dict, float)):
            raise refused("concat", f"takes strings or arrays, not {kind_of(value)} as argument {position}")
    words = [str(text_of("concat", value)) for value in values]
    require_characters(sum(map(len, words)))
    return "".join(words)


def _contains(container: Any, wanted: Any) -> bool | Unknown:
    """Tell whether a member, key or part is there; only of a key the letter case does not matter."""
    match container:
        case dict():
            return _has_key(container, as_text("contains", wanted, 2))
        case list():
            return _any(same(item, wanted) for item in container)
        case str():
            return as_text("contains", wanted, 2) in container
        case _:
            raise refused("contains", f"takes an array, object or string, not {kind_of(container)}")


def _has_key(container: dict[str, Any], key: str) -> bool | Unknown:
    if spelling_of(container, key) is not None:
        return True
    return because(container.otherwise) if isinstance(container, PartlyKnown) else False


def _any(answers: Iterable[bool | Unknown]) -> bool | Unknown:
    """Return True where one answer is, else the first that is not known, else False."""
    doubt: Unknown | None = None
    for answer in answers:
        if answer is True:
            return True
        if isinstance(answer, Unknown) and doubt is None:
            doubt = answer
    return doubt if doubt is not None else False


def _empty(value: Any) -> bool | Unknown:
    match value:
        case PartlyKnown() if not value:
            return because(value.otherwise)
        case None | dict() | list() | str():
            return not value
        case _:
            raise refused("empty", f"takes an array, object or string, not {kind_of(value)}")


def _length(value: Any) -> int | Unknown:
    match value:
        case None:
            return 0
        case PartlyKnown():
            return because(value.otherwise)
        case dict() | list() | str():
            return len(value)
        case _:
            raise refused("length", f"takes an array, object or string, not {kind_of(value)}")


def _first(value: Any) -> Any:
    return _end_of("first", value, 0)


def _last(value: Any) -> Any:
    return _end_of("last", value, -1)


def _end_of(function: str, value: Any, index: int) -> Any:
    match value:
        case list():
            return value[index] if value else None
        case str():
            return value[index] if value else ""
        case None:
            return None
        case _:
            raise refused(function, f"takes an array or string, not {kind_of(value)}")


def _skip(value: Any, count: Any) -> Any:
    return _part_of("skip", value, slice(max(as_int("skip", count, 2), 0), None))


def _take(value: Any, count: Any) -> Any:
    return _part_of("take", value, slice(0, max(as_int("take", count, 2), 0)))


def _part_of(function: str, value: Any, part: slice) -> Any:
    match value:
        case list() | str():
            return value[part]
        case None:
            return None
        case _:
            raise refused(function, f"takes an array or string, not {kind_of(value)}")


def _index_of(container: Any, wanted: Any) -> int | Unknown:
    if isinstance(container, list):
        return _position(wanted, enumerate(container))
    text = without_case(text_or_null("indexOf", container))
    return -1 if container is None else text.find(without_case(text_or_null("indexOf", wanted, 2)))


def _last_index_of(container: Any, wanted: Any) -> int | Unknown:
    if isinstance(container, list):
        return _position(wanted, reversed(tuple(enumerate(container))))
    text = without_case(text_or_null("lastIndexOf", container))
    return -1 if container is None else text.rfind(without_case(text_or_null("lastIndexOf", wanted, 2)))


def _position(wanted: Any, items: Iterable[tuple[int, Any]]) -> int | Unknown:
    for position, item in items:
        answer = same(item, wanted)
        if answer is not False:
            return answer if isinstance(answer, Unknown) else position
    return -1


def _index_from_end(array: Any, index: Any) -> Any:
    items, position = as_list("indexFromEnd", array), as_int("indexFromEnd", index, 2)
    if not 1 <= position <= len(items):
        raise refused("indexFromEnd", f"asks for member {position} from the end of {len(items)}, the last being 1")
    return items[-position]


def _try_index_from_end(array: Any, index: Any) -> Any:
    if not isinstance(array, list):
        return None
    position = as_int("tryIndexFromEnd", index, 2)
    return array[-position] if 1 <= position <= len(array) else None


def _range(start: Any, count: Any) -> list[int]:
    first, length = as_int("range", start), as_int("range", count, 2)
    if not 0 <= length <= _MOST_IN_RANGE or first + length > 2**31:
        raise refused("range", f"takes a count from 0 to {_MOST_IN_RANGE}, and a last member of 32 bits")
    return list(range(first, first + length))


def _flatten(arrays: Any) -> list[Any] | Unknown:
    groups = as_list("flatten", arrays)
    doubt = first_unknown(groups)
    if doubt is not None:
        return because(doubt)
    require_values(sum(len(as_list("flatten", group)) for group in groups))
    return [item for group in groups for item in group]


def _union(*values: Any) -> Any:
    """Return arrays as one without what appears twice, or objects as one, the later before the earlier."""
    if any(isinstance(value, dict) for value in values):
        return merged("union", values, is_deep=True)
    doubt = first_unknown(values)
    if doubt is not None:
        return because(doubt)
    result: list[Any] = []
    for position, value in enumerate(values, 1):
        answer = _added(result, as_list("union", value, position))
        if answer is not None:
            return answer
    return result


def _added(result: list[Any], items: list[Any]) -> Unknown | None:
    """Add those of `items` that are not in `result`; return what leaves that open."""
    strings = {item for item in result if type(item) is str}  # nothing that only stands in for one
    for item in items:
        if type(item) is str and item in strings:
            continue
        is_there = _any(same(other, item) for other in result)
        if isinstance(is_there, Unknown):
            return is_there
        if not is_there:
            result.append(item)
            if type(item) is str:
                strings.add(item)
    return None


def _intersection(*values: Any) -> Any:
    if all(isinstance(value, dict) for value in values):
        return common_members(values)
    arrays = [as_list("intersection", value, position) for position, value in enumerate(values, 1)]
    result: list[Any] = []
    for item in arrays[0]:
        answers = [_any(same(other, item) for other in array) for array in arrays[1:]]
        if False in answers:
            continue
        is_double = _any(same(other, item) for other in result)
        doubt = first_unknown([*answers, is_double])
        if doubt is not None:
            return doubt
        if not is_double:
            result.append(item)
    return result


COLLECTIONS = (
    Function("array", 1, 1, _array, looks_through=False),
    Function("createArray", 0, None, _create_array, is_strict=False, looks_through=False),
    Function("concat", 1, None, _concat),
    Function("contains", 2, 2, _contains),
    Function("empty", 1, 1, _empty, looks_through=False),
    Function("length", 1, 1, _length, looks_through=False),
    Function("first", 1, 1, _first, makes=False, looks_through=False),
    Function("last", 1, 1, _last, makes=False, looks_through=False),
    Function("skip", 2, 2, _skip),
    Function("take", 2, 2, _take),
    Function("indexOf", 2, 2, _index_of),
    Function("lastIndexOf", 2, 2, _last_index_of),
    Function("indexFromEnd", 2, 2, _index_from_end, makes=False, looks_through=False),
    Function("tryIndexFromEnd", 2, 2, _try_index_from_end, makes=False, looks_through=False),
    Function("range", 2, 2, _range),
    Function("flatten", 1, 1, _flatten),
    Function("union", 2, None, _union, is_strict=False),
    Function("intersection", 2, None, _intersection),
)
