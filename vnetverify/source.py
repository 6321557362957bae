"""Where something was said: files and places in them."""

from __future__ import annotations

from dataclasses import dataclass

from vnetverify.quick import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True)
class Span:
    """A place in an input: lines and columns count from 1, the end column is exclusive.

    Elements read from JSON carry a `pointer` (RFC 6901) beside the line, which is 0 when unknown: it is looked up when
    it is known that the place is shown (`report/lines.py`).
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    pointer: str | None = None

    def __str__(self) -> str:
        if self.pointer is not None and self.line == 0:
            return f"{self.file}#{self.pointer}"
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place} #{self.pointer}" if self.pointer else place

    @property
    def brief(self) -> str:
        """`file:line`, or the file with the JSON pointer where that is not known: what a hop of a story shows."""
        if self.pointer is not None and self.line == 0:
            return f"{self.file}#{self.pointer}"
        return f"{self.file}:{self.line}"


NOWHERE = Span("<built in>", 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one input file, kept to quote its lines in messages; of more than `most_words` it is not read."""

    name: str
    text: str
    most_words: int = 800_000

    def line(self, number: int) -> str:
        """Return line `number` (from 1) without its end, or nothing when there is no such line."""
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if 1 <= number <= len(lines) else ""
