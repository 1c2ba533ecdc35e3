"""`traceinv style`: could an inverter that was taught on one set of summaries take another for the same?"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from harness.faithfulness.lines import read_lines
from traceinv.errors import InputError, nearest

if TYPE_CHECKING:
    from harness.results.schema import StyleDistance


def add_style(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's arguments."""
    parser = commands.add_parser(
        "style",
        help="compare the summaries an inverter is taught on with those it is used on",
        description="How far the summaries that an inverter is taught on are in style from those that it is used on.",
    )
    line = "a line of JSON a summary, such as a run's disclosures.jsonl"
    parser.add_argument("taught", type=Path, metavar="TAUGHT.jsonl", help=f"those it is taught on: {line}")
    parser.add_argument("used", type=Path, metavar="USED.jsonl", help="those it is used on")
    parser.add_argument(
        "--field", default="summary", metavar="KEY", help="where a line has its text (default: summary)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the folds and the bootstrap")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Compare the two files; 0 when done.

    Raises:
        InputError: a file or a line is wrong, or there are too few texts.
    """
    from harness.faithfulness.style import FOLDS, style_distance

    texts = {path: read_texts(path, options.field) for path in (options.taught, options.used)}
    for path, rows in texts.items():
        if len(rows) < FOLDS:
            raise InputError(f"{path}: expected {FOLDS} texts or more in {options.field!r}, got {len(rows)}")
    found = style_distance(texts[options.taught], texts[options.used], options.seed)
    if options.json:
        print(found.model_dump_json(indent=1))
        return 0
    _print(found)
    return 0


def read_texts(path: Path, field: str) -> list[str]:
    """The text of each line, less those without one (null, or nothing but white space).

    Raises:
        InputError: the file cannot be read, or a line has no such field; the message names file and line.
    """
    try:
        with path.open("rb") as file:
            texts = [_text(f"{path}:{number}", line, field) for _, number, line in read_lines(path, file)]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return [text for text in texts if text.strip()]


def _text(where: str, line: bytes, field: str) -> str:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{where}: expected an object, got {type(content).__name__}")
    if field not in content:
        raise InputError(f"{where}: missing field {field!r}{nearest(field, content)}")
    text = content[field]
    if not isinstance(text, str | None):
        raise InputError(f"{where}: {field}: expected text, got {type(text).__name__}")
    return text or ""


def _print(found: "StyleDistance") -> None:
    from rich.console import Console
    from rich.table import Table

    auc = found.auc
    table = Table(
        title=f"area under the curve {auc.mean:.3f} [{auc.low:.3f}, {auc.high:.3f}]",
        caption="of a classifier of words, cross-validated, with its 95% bootstrap interval over texts; 0.5 is chance",
    )
    table.add_column("texts in %, but for the first two rows")
    for side in ("taught on", "used on"):
        table.add_column(side, justify="right")
    sides = (found.taught, found.used)
    table.add_row("number of texts", *(str(side.texts) for side in sides))
    table.add_row("words of a text, median", *(f"{side.median_words:g}" for side in sides))
    for name in ("headings", "first_person", "latex"):
        table.add_row(f"with {name.replace('_', ' ')}", *(f"{100 * getattr(side, name):.1f}" for side in sides))
    Console().print(table)
