"""Tables on a terminal and in Markdown: figures stay whole, and nothing becomes markup."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from sample_records import (
    CELL,
    COMPARABILITY,
    CONTRASTS,
    interval,
    items_of,
    leak_row,
    policy_row,
    record,
    recovery_row,
    row,
    score,
    utility,
    write,
)

from harness.evaluation.record import Figures
from harness.results.compare import compare_records
from harness.results.verdict import findings_of
from harness.views import benchmarks
from harness.views.accuracies import accuracy_table, ending_table, task_table
from harness.views.audit import policy_leak_table, policy_value_table
from harness.views.comparison import view_comparison
from harness.views.console import make_console
from harness.views.differences import contrast_table
from harness.views.fitting import fit
from harness.views.leaks import leak_sides_table, leak_table, recovery_table
from harness.views.markdown import render_table
from harness.views.tables import Column, Table
from harness.views.terminal import print_record, print_table

HOSTILE = Table("[bold]t", (Column("a", "words"), Column("b")), (("[red]x[/red]", "1.0 [0.0, 2.0]"), ("a|b <i>", "2")))


SILENT = CELL.model_copy(update={"policy": "silent"})
FIGURES = Figures(
    items=1319,
    samples=1319 * 16,
    accuracy=interval(0.5),
    pass_at={},
    finished=1.0,
    no_answer=1.0,
    unfinished=1.0,
    bad_format=1.0,
    ungradable=0.0,
    if_unfinished_right=1.0,
    if_unfinished_wrong=0.5,
    mean_tokens=10.0,
    official=interval(0.5),
)


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


def _tables() -> list[Table]:
    """The tables of run, audit, bench and compare, with the longest names and figures that occur."""
    long = [row("inverted_without_summary"), row("inverted_without_summary", cell=SILENT), row("target"), row("oracle")]
    tasks = {f"lab_chain_private_{number}": score(1.0) for number in range(6)}
    wide = [each.model_copy(update={"scores": each.scores | tasks}) for each in long]
    wide = [
        each.model_copy(update={"comparability": COMPARABILITY.model_copy(update={"tasks": dict.fromkeys(tasks, "1")})})
        for each in wide
    ]
    policies = [policy_row("reveal_30", -0.6, utility=utility(-0.1)), policy_row("quarter", None), policy_row("x", 0.1)]
    figures = {"lab_chain_private": FIGURES, "humaneval_plus": FIGURES.model_copy(update={"ungradable": 0.1})}
    both = [leak_row(), leak_row("code", reported=False)]
    return [
        *(build(wide) for build in (accuracy_table, task_table, ending_table)),
        contrast_table(CONTRASTS),
        *(build(both) for build in (leak_table, leak_sides_table)),
        recovery_table([recovery_row("inverted_without_summary"), recovery_row("inverted", "code")]),
        *(build(policies) for build in (policy_leak_table, policy_value_table)),
        *(build(figures, "task") for build in (benchmarks.accuracy_table, benchmarks.ending_table)),
    ]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("table", _tables(), ids=lambda table: table.title)
def test_no_figure_of_a_table_is_cut_or_broken(table: Table, width: int) -> None:
    _check_whole(table, width)


@pytest.mark.parametrize("width", [80, 120])
def test_no_figure_of_a_comparison_is_cut_or_broken(width: int, tmp_path: Path) -> None:
    ids = [f"lab_chain/{number}" for number in range(40)]
    items = items_of({("inverted_without_summary", 0): "cw" * 20}, ids)
    rows = [[row("inverted_without_summary", runs=[name])] for name in "ab"]
    paths = [write(tmp_path, record(name, rows=each), items) for name, each in zip("ab", rows, strict=True)]
    tables = view_comparison(compare_records(*paths)).tables
    assert tables
    for table in tables:
        _check_whole(table, width)


def _check_whole(table: Table, width: int) -> None:
    console = _console(width)
    print_table(console, table)
    lines = _printed(console).splitlines()
    assert all(len(line) <= width for line in lines)
    figures = [place for place, column in enumerate(table.columns) if column.kind == "figure"]
    for cells in table.rows:
        assert all(any(cells[place] in line for line in lines) for place in figures), cells


def test_a_table_that_is_too_wide_is_printed_in_parts_that_name_their_rows() -> None:
    columns = (Column("regime", "name"), *(Column(f"task {number}") for number in range(4)))
    table = Table("Accuracy", columns, (("inverted", *["100.0 [100.0, 100.0]"] * 4),), caption="In brackets: 95% CI.")
    parts = fit(table, 80, tight=True)
    assert [part.title for part in parts] == ["Accuracy (1 of 2)", "Accuracy (2 of 2)"]
    assert [[column.name for column in part.columns] for part in parts] == [
        ["regime", "task 0", "task 1", "task 2"],
        ["regime", "task 3"],
    ]
    assert [part.caption for part in parts] == ["", "In brackets: 95% CI."]
    assert fit(table, 120) == [table]


@pytest.mark.parametrize("variables", [{"LANG": "C"}, {"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, {"TERM": "dumb"}])
def test_a_terminal_without_unicode_gets_ascii(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ({"LANG": "de_DE.UTF-8", "LC_ALL": "", "TERM": "xterm"} | variables).items():
        monkeypatch.setenv(name, value)
    print_table(make_console(), accuracy_table([row("oracle")]))
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "-----" in printed


def test_a_terminal_with_unicode_gets_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"LANG": "de_DE.UTF-8", "LC_ALL": "", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    print_table(make_console(), accuracy_table([row("oracle")]))
    assert "\u2500" in capsys.readouterr().out
