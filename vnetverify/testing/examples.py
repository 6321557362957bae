"""The rule book as data: pages of rules with their examples (`specs/semantics/routing.md` says how they read)."""

from __future__ import annotations

import re
from dataclasses import dataclass

READERS = ("engines", "acceptance", "prover")


class BadPage(ValueError):
    """A page of the rule book that is not laid out as such; the message says where."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the book. `readers` implement it; one that `follows` from others is nobody's."""

    id: str
    sentence: str
    sources: tuple[str, ...]
    confidence: str
    readers: tuple[str, ...]
    follows: tuple[str, ...]
    open: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Example:
    """A network with questions: `asked` pairs their lines with those of the answers.

    `names` are its own name or the ids of the vectors it holds, `rules` the ids that it is an example of.
    """

    names: tuple[str, ...]
    rules: tuple[str, ...]
    network: str
    asked: tuple[tuple[str, str], ...]
    line: int


@dataclass(frozen=True, slots=True)
class Page:
    """`keys` are those of its table of sources."""

    rules: tuple[Rule, ...]
    examples: tuple[Example, ...]
    keys: frozenset[str]


_HEADING = re.compile(r"### (?P<id>[RFI]-[A-Z]+(?:-[A-Z]+)*(?:-\d+)?)")
_FACTS = re.compile(
    r"\*Sources (?P<sources>[^·]+) · (?P<confidence>documented|implied|observed|contradicted|unclear|choice)"
    r" · (?:read by (?P<readers>[a-z ]+)|follows from (?P<follows>[A-Z0-9, -]+))(?: · open: (?P<open>[A-Z0-9, -]+))?\*"
)
_FENCE = re.compile(r"```vnet example (?P<names>\S+(?: (?!also\b)\S+)*)(?: also (?P<also>.+))?")
_KEYS = re.compile(r"\| (?P<keys>[A-Za-z0-9, -]+) \| .+ \|")


def read_page(text: str) -> Page:
    """Return the rules and examples of a page. Raises `BadPage`."""
    rules: list[Rule] = []
    examples: list[Example] = []
    keys: set[str] = set()
    heading, sentence = "", ""
    lines = enumerate(text.splitlines(), 1)
    for number, line in lines:
        if match := _HEADING.fullmatch(line):
            heading, sentence = match["id"], ""
        elif match := _FACTS.fullmatch(line):
            rules.append(_rule(heading, sentence, match, number))
        elif match := _FENCE.fullmatch(line):
            body = []
            for _, inner in lines:
                if inner == "```":
                    break
                body.append(inner)
            examples.append(_example(heading, match, body, number))
        elif match := _KEYS.fullmatch(line):
            keys.update(match["keys"].split(", "))
        elif line.startswith(("```", "*Sources")):
            raise BadPage(f"line {number}: `{line}`")
        elif line and not line.startswith("#"):
            sentence = line
    return Page(tuple(rules), tuple(examples), frozenset(keys))


def _rule(heading: str, sentence: str, match: re.Match[str], line: int) -> Rule:
    readers = tuple(match["readers"].split(" and ")) if match["readers"] else ()
    if not heading or not sentence or not set(readers) <= set(READERS):
        raise BadPage(f"line {line}: a rule needs a heading, a sentence and known readers")
    return Rule(
        id=heading,
        sentence=sentence,
        sources=tuple(match["sources"].split(", ")),
        confidence=match["confidence"],
        readers=readers,
        follows=tuple(match["follows"].split(", ")) if match["follows"] else (),
        open=tuple(match["open"].split(", ")) if match["open"] else (),
        line=line,
    )


def _example(heading: str, match: re.Match[str], body: list[str], line: int) -> Example:
    questions = [text[2:] for text in body if text.startswith("? ")]
    answers = [text[2:] for text in body if text.startswith("= ")]
    if len(questions) != len(answers):
        raise BadPage(f"line {line}: {len(questions)} questions and {len(answers)} answers")
    also = tuple(match["also"].split()) if match["also"] else ()
    return Example(
        names=tuple(match["names"].split()),
        rules=(heading, *also),
        network="".join(f"{text}\n" for text in body if not text.startswith(("? ", "= "))),
        asked=tuple(zip(questions, answers, strict=True)),
        line=line,
    )


_RANGE = re.compile(r"\b([RF]-[A-Z]+)-(\d+)(?:\.\.(\d+))?|\b(I-[A-Z]+(?:-[A-Z]+)*)")


def rule_ids(text: str) -> frozenset[str]:
    """Return the ids that `text` names; `R-SYS-3, R-SYS-4, R-SYS-5, R-SYS-6` names four."""
    ids: set[str] = set()
    for match in _RANGE.finditer(text):
        if match[4]:
            ids.add(match[4])
        else:
            ids.update(f"{match[1]}-{number}" for number in range(int(match[2]), int(match[3] or match[2]) + 1))
    return frozenset(ids)
