"""The display of a benchmark run: names of tasks and subjects come from files of others."""

import io

from rich.console import Console
from sample_records import interval

from harness.evaluation.record import Figures
from harness.views.benchmarks import print_figures

FIGURES = Figures(
    items=4,
    samples=8,
    accuracy=interval(0.5),
    pass_at={1: interval(0.5), 2: interval(0.7)},
    finished=1.0,
    no_answer=0.0,
    unfinished=0.0,
    bad_format=0.0,
    ungradable=0.0,
    if_unfinished_right=0.5,
    if_unfinished_wrong=0.5,
    mean_tokens=10.0,
)


def test_a_name_is_neither_markup_nor_a_command_to_the_terminal() -> None:
    out = io.StringIO()
    print_figures(Console(file=out, width=160), {"[/]": FIGURES, "[bold]x": FIGURES, "a\x1b[31mb": FIGURES}, "subject")
    printed = out.getvalue()
    assert "\x1b" not in printed
    for name in ("[/]", "[bold]x", "a\\x1b[31mb", "a\\x1b[31mb: pass@2"):
        assert name in printed
