"""The display of a benchmark run: names of tasks and subjects come from files of others."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sample_bench import sample, write_bench
from sample_records import interval

from harness.evaluation.record import BenchRecord, Figures
from harness.views.benchmarks import SampleBar, print_figures, print_record, sampling_note

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


@pytest.fixture
def record(tmp_path: Path) -> BenchRecord:
    samples = [sample("a", "correct", tokens=10), sample("b", "wrong", tokens=2000)]
    return BenchRecord.model_validate_json((write_bench(tmp_path, {"gsm8k": samples}) / "bench.json").read_text())


def sampled(record: BenchRecord, model: dict[str, Any], **sampling: Any) -> BenchRecord:
    tasks = [task.model_copy(update={"sampling": task.sampling | sampling}) for task in record.tasks]
    return record.model_copy(update={"tasks": tasks, "model": record.model | model})


def test_the_token_limit_and_the_mean_length_of_a_reply_are_shown(record: BenchRecord) -> None:
    """They explain at a glance why replies did not finish."""
    out = io.StringIO()
    print_record(Console(file=out, width=160), record)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert next(line for line in lines if line[:2] == ["task", "finished"])[-4:] == ["mean", "tokens", "token", "limit"]
    assert [line[-2:] for line in lines if line[:1] == ["gsm8k"]][1] == ["1,005", "64"]


def test_what_the_checkpoint_does_to_replies_is_said_where_it_is_not_neutral(record: BenchRecord) -> None:
    own = {"top_k": 20, "repetition_penalty": 1.05}
    assert "top_k 20 and repetition_penalty 1.05" in sampling_note(sampled(record, own, do_sample=True))
    greedy = sampling_note(sampled(record, own))
    assert "repetition_penalty 1.05" in greedy
    assert "top_k" not in greedy, "a greedy reply does not depend on it"
    assert "top_k" not in sampling_note(sampled(record, own, do_sample=True, top_k=5)), "the task's own goes first"
    for neutral in ({"top_k": 0, "repetition_penalty": 1.0}, {}):
        assert sampling_note(sampled(record, neutral, do_sample=True)) == ""
    out = io.StringIO()
    print_record(Console(file=out, width=160), sampled(record, own, do_sample=True))
    assert "top_k 20" in out.getvalue()


def test_a_run_without_a_terminal_says_once_a_minute_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    with SampleBar(24, lambda: now) as bar:
        bar(0.25)  # of an earlier run
        for second in range(200):
            now = float(second)
            bar(0.25 + second / 800)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "samples 7/24, 32.5%, 0:01:00, about 0:09:00 left",
        "samples 9/24, 40.0%, 0:02:00, about 0:08:00 left",
        "samples 11/24, 47.5%, 0:03:00, about 0:07:00 left",
    ]


def test_a_short_run_without_a_terminal_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with SampleBar(4) as bar:
        bar(0.0)
        bar(1.0)
    assert capsys.readouterr().err == ""
