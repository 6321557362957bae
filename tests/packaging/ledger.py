"""The ledger of docs/trust.md: what has to be right for `proved` to be right, with lines of code, counted anew.

`python -m tests.packaging.ledger` writes the counts into the page.
"""

from __future__ import annotations

import ast
import re
import tokenize
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "trust.md"
_ROW = re.compile(r"^\| `([^`]+)` \| (\d[\d,]*) \|", re.MULTILINE)
_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def rows() -> list[tuple[str, int]]:
    """Return the patterns of the page with the lines that it says they have."""
    return [(pattern, int(count.replace(",", ""))) for pattern, count in _ROW.findall(PAGE.read_text())]


def lines_of_code(pattern: str) -> int:
    """Return how many lines the files of `pattern` have besides blank ones, comments and docstrings."""
    return sum(_lines(path.read_text(), path.suffix) for path in sorted(ROOT.glob(pattern)) if path.is_file())


def _lines(text: str, suffix: str) -> int:
    if suffix != ".py":
        return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("//"))
    code = set()
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type not in _NO_CODE:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                code.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(code)


def main() -> None:
    """Write the counts of today into the page."""
    text = PAGE.read_text()

    def counted(row: re.Match[str]) -> str:
        return f"| `{row[1]}` | {lines_of_code(row[1]):,} |"

    PAGE.write_text(_ROW.sub(counted, text))


if __name__ == "__main__":
    main()
