"""Tables on a terminal and in Markdown: figures stay whole, and nothing becomes markup."""

import io

import pytest
from rich.console import Console
from sample_records import record, row

from harness.results.verdict import findings_of
from harness.views.markdown import render_table
from harness.views.tables import Column, Table, accuracy_table
from harness.views.terminal import make_console, print_record, print_table

HOSTILE = Table("[bold]t", (Column("a", "words"), Column("b")), (("[red]x[/red]", "1.0 [0.0, 2.0]"), ("a|b <i>", "2")))


def _console(width: int) -> Console:
    return Console(file=io.StringIO(), width=width)


def _printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_accuracies_fit_80_columns_with_every_name_on_one_line() -> None:
    console = _console(80)
    print_table(console, accuracy_table([row("inverted_without_summary"), row("surrogate"), row("oracle")]))
    printed = _printed(console)
    assert "inverted_without_summary" in printed
    assert "surrogate (reference)" in printed
    assert "45.0 [40.0, 51.0]" in printed


@pytest.mark.parametrize("width", [80, 120])
def test_a_record_is_printed_without_cutting_a_figure(width: int) -> None:
    console = _console(width)
    print_record(console, record())
    printed = _printed(console)
    assert "…" not in printed
    assert "+42.0 [37.0, 47.0]" in printed
    assert "79.0 [69.0, 89.0]" in printed
    words = " ".join(printed.split())
    (found,) = findings_of(record())
    assert all(sentence in words for sentence in (found.headline, *found.details))
    assert words.endswith(found.conclusion)


def test_a_note_stands_before_the_findings_so_that_they_have_the_last_word() -> None:
    console = _console(120)
    print_record(console, record(), "computed 3 of 9 stages")
    words = " ".join(_printed(console).split())
    (found,) = findings_of(record())
    assert words.index("computed 3 of 9 stages") < words.index(found.headline) < words.index(found.conclusion)


def test_text_is_never_markup_on_a_terminal() -> None:
    console = _console(80)
    print_table(console, HOSTILE)
    assert "[red]x[/red]" in _printed(console)
    assert "[bold]t" in _printed(console)


def test_text_is_never_markup_in_markdown() -> None:
    assert render_table(HOSTILE).splitlines() == [
        "**[bold]t**",
        "",
        "| a | b |",
        "| --- | ---: |",
        "| [red]x[/red] | 1.0 [0.0, 2.0] |",
        "| a\\|b &lt;i> | 2 |",
    ]


def test_output_to_a_file_is_120_columns_wide() -> None:
    assert make_console().width == 120
