"""Markdown from records, which may come from anyone: nothing in them becomes markup."""

from collections.abc import Sequence


def text(value: object) -> str:
    """A value of a record as plain text on one line."""
    line = " ".join(str(value).split())
    return line.replace("<", "&lt;").replace("|", "\\|").replace("](", "] (").replace("`", "'")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows))


def link(label: str, place: str) -> str:
    """A link; the place must be quoted already."""
    return f"[{text(label)}]({place})"
