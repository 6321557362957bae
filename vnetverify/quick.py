"""Frozen values: classes of them that are made in a sixth of the time, and instances by the hundred thousand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

_Class = TypeVar("_Class", bound=type)


def quickly_made(cls: _Class) -> _Class:
    """Give `cls`, a frozen dataclass with slots, a constructor that takes a third of the time.

    The usual one goes round the ban on setting fields by a call for each of them. This one sets them while the object
    is of a twin class that has the same slots and is not frozen, so afterwards it is as frozen as any.
    """
    own = fields(cls)
    twin = type(f"{cls.__name__}InTheMaking", (), {"__slots__": tuple(field.name for field in own)})
    names: dict[str, Any] = {"twin": twin, "cls": cls, "become": object.__setattr__}
    parameters = ["self"]
    for field in own:
        if not field.init or field.default_factory is not MISSING:
            raise TypeError(f"{cls.__name__}.{field.name} is not simply given")
        if field.default is not MISSING:
            names[f"default_{field.name}"] = field.default
        parameters.append(field.name if field.default is MISSING else f"{field.name}=default_{field.name}")
    body = "".join(f"    self.{field.name} = {field.name}\n" for field in own)
    text = f"def made({', '.join(parameters)}):\n    become(self, '__class__', twin)\n{body}    self.__class__ = cls\n"
    exec(text, names)
    made = names["made"]
    made.__name__, made.__qualname__ = "__init__", f"{cls.__qualname__}.__init__"
    made.__annotations__ = {field.name: field.type for field in own} | {"return": None}
    cls.__init__ = made  # type: ignore[misc]
    return cls


def _dataclass(*, frozen: bool = False, **others: bool) -> Callable[[_Class], _Class]:
    """Return what makes of a class the dataclass that `dataclasses` makes of it.

    For each class that one writes the text of seven methods and compiles it, half of what starting this program takes.
    Where a class is frozen, has slots and asks for nothing else they are closures here, but for `__init__`.
    """
    usual: Any = dataclasses.dataclass(frozen=frozen, **others)

    def made(cls: _Class) -> _Class:
        result: _Class = _frozen(cls) if frozen and others == {"slots": True} and _is_plain(cls) else usual(cls)
        return result

    return made


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    dataclass = _dataclass


_MADE = ("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__getstate__", "__setstate__")


def _is_plain(cls: type) -> bool:
    """Tell whether a class has nothing but fields that are given, and no method of those that are made."""
    own = vars(cls)
    kinds = map(str, own.get("__annotations__", {}).values())
    if cls.__bases__ != (object,) or any(name in own for name in ("__post_init__", *_MADE)):
        return False
    if any(word in kind for kind in kinds for word in ("ClassVar", "InitVar", "KW_ONLY")):
        return False
    given = (each for each in own.values() if isinstance(each, Field))
    return all(each.init and each.kw_only is MISSING and each.hash is None for each in given)


def _frozen(cls: _Class) -> _Class:
    cls.__doc__ = cls.__doc__ or cls.__name__  # or its signature is worked out for that
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    own = fields(made)
    names = [each.name for each in own if each.repr]
    shown, compared = _values_of(names), _values_of(each.name for each in own if each.compare)
    held = _values_of(each.name for each in own)

    def represented(self: Any) -> str:
        told = (f"{name}={value!r}" for name, value in zip(names, shown(self), strict=True))
        return f"{self.__class__.__qualname__}({', '.join(told)})"

    def is_equal(self: Any, other: Any) -> Any:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(compared(self))

    def state(self: Any) -> tuple[Any, ...]:
        return held(self)

    made.__init__ = _init_of(made, own)
    made.__repr__, made.__eq__, made.__hash__ = represented, is_equal, hashed
    made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
    made.__getstate__, made.__setstate__ = state, _with_state
    result: _Class = made
    return result


def _values_of(names: Iterable[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gives the values of these fields of an instance."""
    match tuple(names):
        case ():
            return lambda self: ()
        case (name,):
            value_of = attrgetter(name)
            return lambda self: (value_of(self),)
        case several:
            return attrgetter(*several)


def _init_of(cls: type, own: Iterable[Field[Any]]) -> Any:
    """Return the constructor, the one method whose signature is the class's own."""
    names: dict[str, Any] = {"put": object.__setattr__, "absent": MISSING}
    parameters, lines = ["self"], ["pass"]
    for each in own:
        if each.default_factory is not MISSING:
            names[f"make_{each.name}"] = each.default_factory
            parameters.append(f"{each.name}=absent")
            lines.append(f"put(self, {each.name!r}, make_{each.name}() if {each.name} is absent else {each.name})")
        else:
            names[f"default_{each.name}"] = each.default
            parameters.append(each.name if each.default is MISSING else f"{each.name}=default_{each.name}")
            lines.append(f"put(self, {each.name!r}, {each.name})")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines), names)
    made = names["__init__"]
    made.__qualname__, made.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    made.__annotations__ = {each.name: each.type for each in own} | {"return": None}
    return made


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _with_state(self: Any, state: Iterable[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
