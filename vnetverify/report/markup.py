"""Elements of a page: anything that is not an element becomes text, so no text from the input can become one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vnetverify.report.escaping import html_text

_VOID = ("meta",)


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that this package wrote itself."""

    html: str


Child = Markup | str | None


def element(tag: str, *children: Child, **attributes: str | bool) -> Markup:
    """Return an element; of its attributes `class_` is `class`, `http_equiv` is `http-equiv`, False is left out."""
    told = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{told}>")
    return Markup(f"<{tag}{told}>{together(children).html}</{tag}>")


def together(children: Iterable[Child], between: str = "") -> Markup:
    """Return `children` one after the other, `between` them a text; what is None or empty is left out."""
    return Markup(html_text(between).join(_html(child) for child in children if child is not None and child != ""))


def block(tag: str, *children: Child, **attributes: str | bool) -> Markup:
    """Return an element like `element`, each child on a line of its own of the page's source."""
    told = [_html(child) for child in children if child is not None and child != ""]
    return element(tag, Markup("\n".join(["", *told, ""])), **attributes)


def _html(child: Markup | str) -> str:
    return child.html if isinstance(child, Markup) else html_text(child)


def _attribute(name: str, value: str | bool) -> str:
    called = name.rstrip("_").replace("_", "-")
    match value:
        case False:
            return ""
        case True:
            return f" {called}"
        case str():
            return f' {called}="{html_text(value)}"'
