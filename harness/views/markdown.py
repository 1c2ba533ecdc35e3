"""Markdown of tables and of values from records, which may come from anyone: nothing in them becomes markup."""

from collections.abc import Sequence

from harness.views.tables import Table


def text(value: object) -> str:
    """Write a value as plain text on one line."""
    line = " ".join(str(value).split())
    return line.replace("<", "&lt;").replace("|", "\\|").replace("](", "] (").replace("`", "'")


def link(label: str, place: str) -> str:
    """Write a link; the place must be quoted already."""
    return f"[{text(label)}]({place})"


def render_table(table: Table) -> str:
    """Render a table with its title above and its caption below."""
    parts = (f"**{text(table.title)}**", _grid(table), text(table.caption))
    return "\n\n".join(part for part in parts if part)


def _grid(table: Table) -> str:
    rules = ["---:" if column.kind == "figure" else "---" for column in table.columns]
    header = [text(column.name) for column in table.columns]
    return "\n".join(_line(cells) for cells in (header, rules, *([text(cell) for cell in row] for row in table.rows)))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
