"""Markdown of tables and of values from records, which may come from anyone: nothing in them becomes markup."""

import re
from collections.abc import Sequence
from html import escape

from harness.results.text import plain
from harness.views.tables import Table

_MARKUP = re.compile(r"[\\*~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""Characters that open or close markup where they stand; an underscore inside a word does not."""
_BRACKETS = re.compile(r"\](?=[(:\[])")
"""What makes a link, an image, or the target of links elsewhere on the page of text in brackets."""
_ADDRESS = re.compile(r"(?<=[A-Za-z])(?=://)|(?<=www)(?=\.)", re.IGNORECASE)
_BLOCK = re.compile(r"(?:#{1,6}|[-+]|=+|>+)(?=\s|$)|[-]{3,}$|\d{1,9}(?=[.)](?:\s|$))")
"""What begins a heading, a list, a quotation or a rule at the start of a line."""
_REFERENCES = {"&": "&amp;", "<": "&lt;", "|": "\\|", "`": "'", "$": "&#36;", "@": "&#64;"}


def text(value: object) -> str:
    """Write a value as plain text on one line, also where it begins a paragraph."""
    line = inline(value)
    block = _BLOCK.match(line)
    if block is None:
        return line
    return block[0] + "\\" + line[block.end() :] if block[0].isdecimal() else "\\" + line


def inline(value: object) -> str:
    """Write a value as plain text inside a line, such as a cell of a table."""
    line = plain(" ".join(str(value).split()))
    line = _MARKUP.sub(lambda match: "\\" + match[0], line)
    line = "".join(_REFERENCES.get(character, character) for character in line)
    return _ADDRESS.sub("&#8203;", _BRACKETS.sub("\\\\]", line))


def code(value: object) -> str:
    """Write a value as code on one line."""
    return f"`{plain(' '.join(str(value).split())).replace('`', chr(39))}`"


def link(label: str, place: str) -> str:
    """Write a link; the place must be quoted already."""
    return f"[{text(label)}]({place})"


def render_table(table: Table, links: Sequence[str] = (), linked: int = 0) -> str:
    """Render a table with its title above and its caption below.

    Args:
        links: where a cell of each row leads, one place a row, quoted already; none where empty.
        linked: the column of these cells.
    """
    parts = (f"**{text(table.title)}**", _grid(table, links, linked), text(table.caption))
    return "\n\n".join(part for part in parts if part)


def _grid(table: Table, links: Sequence[str], linked: int) -> str:
    rules = ["---:" if column.kind == "figure" else "---" for column in table.columns]
    header = [inline(column.name) for column in table.columns]
    rows = [[inline(cell) for cell in row] for row in table.rows]
    for row, place in zip(rows, links, strict=False):
        row[linked] = f"[{row[linked]}]({place})"
    return "\n".join(_line(cells) for cells in (header, rules, *rows))


def folded(summary: str, content: str) -> str:
    """Fold Markdown away under a line that opens it; the line is HTML, in which no Markdown is read."""
    line = escape(plain(" ".join(summary.split())), quote=False)
    return f"<details><summary>{line}</summary>\n\n{content}\n\n</details>"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
