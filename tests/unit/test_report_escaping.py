"""Every escaper gives a text that its reader takes for that text and nothing else."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote
from xml.etree import ElementTree

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.unit.hostile_names import NAMES
from vnetverify.report.escaping import (
    annotation_message,
    annotation_property,
    csv_cell,
    html_text,
    json_text,
    markdown_block,
    markdown_code,
    printable,
    sarif_message,
    uri_path,
)

# Any code points, and texts made of what means something to some reader.
TEXTS = st.one_of(
    st.text(st.characters(), max_size=40),
    st.lists(st.sampled_from([*"|`\\'\"<>&=+-@,;%#:[]!*_~() \n\r\t\x1b", "##[", "::a", "```", "x"])).map("".join),
    st.sampled_from(NAMES),
)


class Words(HTMLParser):
    """Collects the text of a page, and its elements with their attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.others: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)


def words(page: str) -> Words:
    reader = Words()
    reader.feed(page)
    reader.close()
    return reader


def markdown(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


@given(TEXTS)
def test_what_is_printable_stays_on_its_line_and_is_stable(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert printable(shown) == shown


@given(TEXTS)
def test_a_visible_text_without_commands_is_printed_as_it_is(text: str) -> None:
    visible = "".join(filter(str.isprintable, text)).replace("#", "").replace(":", "")

    assert printable(visible) == visible


@given(TEXTS, TEXTS)
@example(" ::error::red", "##vso[a]##[b]")
def test_no_build_server_finds_a_command_in_what_is_printable(text: str, rest: str) -> None:
    line = f"  {printable(text)} {printable(rest)}::"

    assert "##[" not in line
    assert "##vso[" not in line.lower()
    assert not re.match(r"\s*::(error|set-output|add-mask|stop-commands|group)\b", line, re.IGNORECASE)


@given(TEXTS)
@example("<b>")
@example("\"'&lt;")
def test_html_holds_a_text_in_elements_and_attributes(text: str) -> None:
    read = words(f"<p title=\"{html_text(text)}\" lang='{html_text(text)}'>{html_text(text)}</p>")

    assert [("p", {"title": printable(text), "lang": printable(text)})] == read.elements
    assert printable(text) == read.text
    assert read.others == []


@given(TEXTS.filter(bool))
@example("a`b|c")
@example(" `")
@example("  ")
def test_markdown_shows_a_text_as_code(text: str) -> None:
    page = words(markdown(f"before {markdown_code(text)} after"))

    assert f"before {printable(text)} after" == page.text.rstrip("\n")
    assert {"p", "code"} == {name for name, _ in page.elements}


@given(TEXTS.filter(bool))
@example("a\\|b")
@example("\\")
def test_a_cell_of_a_markdown_table_ends_where_it_should(text: str) -> None:
    page = words(markdown(f"| a | b |\n| --- | --- |\n| {markdown_code(text)} | next |"))

    assert ["a", "b", printable(text), "next"] == [cell for cell in page.text.split("\n") if cell]
    assert 2 == sum(name == "td" for name, _ in page.elements)


@given(st.lists(TEXTS.map(printable), max_size=5))
@example(["```", "````"])
def test_a_block_of_markdown_ends_where_its_lines_do(lines: list[str]) -> None:
    page = words(markdown(f"{markdown_block(lines)}\n\nafter"))

    assert "\n".join(lines) == page.text.removesuffix("\nafter\n").removesuffix("\n")
    assert ["pre", "code", "p"] == [name for name, _ in page.elements]


@given(st.lists(TEXTS, min_size=1, max_size=4))
@example(["a;=1+1"])
@example(['a","=1+1', '";=1+1'])
@example(["＝1+1", "\t=1"])
def test_no_cell_of_a_spreadsheet_is_a_formula(texts: list[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(csv_cell, texts))

    for separator in ",;":
        (row,) = csv.reader([line.getvalue()], delimiter=separator)
        assert not any(re.match(r'[\s"]*[=+\-@＝＋－＠]', cell) for cell in row)

    (row,) = csv.reader([line.getvalue()])

    assert [printable(text).replace("'", "") for text in texts] == [cell.replace("'", "") for cell in row]


def test_an_ordinary_cell_is_left_as_it_is() -> None:
    for text in ("web-nsg: allow-web", "tcp 10.0.0.4:49152 -> 10.0.1.4:443 from hub.app", "it's a - b, c"):
        assert csv_cell(text) == text


def undone(text: str) -> str:
    """Return what GitHub's runner reads: it takes the escapes back in this order, `%25` last."""
    for escape, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, meant)
    return text


@given(st.lists(TEXTS, max_size=5), TEXTS)
@example(["a\rb%", "c"], "a,b:c%0A")
def test_an_annotation_is_one_line_with_the_properties_that_were_given(lines: list[str], title: str) -> None:
    command = f"::error title={annotation_property(title)},line=3::{annotation_message(chr(10).join(lines))}"
    found = re.fullmatch(r"::error title=([^,:\r\n]*),line=3::([^\r\n]*)", command)

    assert found is not None
    assert printable(title) == undone(found[1])
    assert "\n".join(lines) == undone(found[2])


@example({"##[a]": ["</script>"]})
@given(st.dictionaries(TEXTS, st.lists(TEXTS, max_size=3), max_size=3))
def test_json_holds_every_text_exactly_and_no_tag_or_command(document: dict[str, list[str]]) -> None:
    text = json_text(document)

    assert json.loads(text) == document
    assert text.isascii()
    assert "<" not in text
    assert "##" not in text


@given(st.lists(TEXTS.map(printable), max_size=5))
@example(["[a](1)", "{0} }1{"])
def test_a_message_of_sarif_has_no_placeholders_and_no_links(lines: list[str]) -> None:
    text = sarif_message(lines)

    assert "](" not in text.replace("\\](", "")
    assert "\n".join(lines) == re.sub(r"(\{|\})\1", r"\1", text.replace("\\](", "]("))
    assert not re.search(r"(?<!\{)(\{\{)*\{(?!\{)", text)


@given(TEXTS)
def test_xml_can_hold_whatever_is_printable(text: str) -> None:
    element = ElementTree.Element("a", b=printable(text))
    element.text = printable(text)
    read = ElementTree.fromstring(ElementTree.tostring(element, encoding="unicode"))

    assert printable(text) == read.text or read.text is None
    assert printable(text) == read.get("b")


@given(TEXTS.map(lambda text: text.replace("/", "").replace("\0", "")).filter(lambda text: text not in ("", ".")))
def test_a_path_in_a_uri_is_the_path(name: str) -> None:
    uri = uri_path(f"specs/{name}")

    assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", uri)
    assert f"specs/{name}".encode(errors="backslashreplace").decode() == unquote(uri)
