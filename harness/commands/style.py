"""`traceinv style`: compare the summaries that an inverter is trained on with those that it is used on."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.options import Commands, check_at_least, whole
from harness.files import JsonLine, read_json_lines
from traceinv.errors import InputError, nearest

if TYPE_CHECKING:
    from harness.results.schema import StyleDistance


def add_style(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "style",
        help="compare the summaries an inverter is trained on with those it is used on",
        description="Measure how different in style the summaries that an inverter is trained on are from those that it is "
        "used on.",
    )
    line = "one JSON object a line, such as a run's disclosures.jsonl"
    parser.add_argument("taught", type=Path, metavar="TRAINED.jsonl", help=f"those it is trained on: {line}")
    parser.add_argument("used", type=Path, metavar="USED.jsonl", help="those it is used on")
    parser.add_argument("--field", default="summary", metavar="KEY", help="key of the text (default: summary)")
    parser.add_argument("--seed", type=whole, default=0, metavar="N", help="seed of the folds and the bootstrap")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Compare the two files and return 0.

    Raises:
        InputError: a file, a line or an option is wrong, or a file has too few texts.
    """
    from harness.faithfulness.style import MIN_TEXTS, TooFewTexts, style_distance

    check_at_least(options, seed=0)
    trained, used = (read_texts(path, options.field) for path in (options.taught, options.used))
    try:
        distance = style_distance(trained, used, options.seed)
    except TooFewTexts as error:
        path = options.taught if error.side == "trained on" else options.used
        raise InputError(
            f"{path}: expected {MIN_TEXTS} texts or more in {options.field!r}, got {error.texts}"
        ) from None
    if options.json:
        print(distance.model_dump_json(indent=1))
    else:
        _print(distance)
    return 0


def read_texts(path: Path, field: str) -> list[str]:
    """Read the text of each line; lines whose text is null or blank are left out.

    Raises:
        InputError: the file cannot be read, or a line has no such field; the message names file and line.
    """
    texts = [_text(line, field) for line in read_json_lines(path)]
    return [text for text in texts if text.strip()]


def _text(line: JsonLine, field: str) -> str:
    if field not in line.content:
        raise InputError(f"{line.where}: missing field {field!r}{nearest(field, line.content)}")
    text = line.content[field]
    if not isinstance(text, str | None):
        raise InputError(f"{line.where}: {field}: expected text, got {type(text).__name__}")
    return text or ""


def _print(distance: "StyleDistance") -> None:
    from harness.results.text import interval, percent
    from harness.views.console import make_console
    from harness.views.tables import Column, Table
    from harness.views.terminal import print_table

    sides = (distance.taught, distance.used)
    rows = [
        ("texts", *(str(side.texts) for side in sides)),
        ("median length in words", *(f"{side.median_words:g}" for side in sides)),
    ]
    for name, field in (("headings", "headings"), ("first person", "first_person"), ("LaTeX", "latex")):
        rows.append((f"share of texts with {name}", *(percent(getattr(side, field)) for side in sides)))
    table = Table(
        title=f"area under the curve {interval(distance.auc)}",
        columns=(Column("", "name"), Column("trained on"), Column("used on")),
        rows=tuple(rows),
        caption="of a classifier of words, cross-validated, with its 95% bootstrap interval over texts; 0.5 is chance",
    )
    print_table(make_console(), table)
