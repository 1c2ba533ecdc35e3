"""Benchmark runs: nothing is asked twice, a killed run ends as one that was not, and the settings of a folder hold."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.evaluation import ask as answering
from harness.evaluation.ask import Report
from harness.evaluation.bench import run
from harness.evaluation.record import BenchRecord
from harness.evaluation.requests import Ask, Done, Replies, Reply, own_seed
from harness.evaluation.settings import Settings
from traceinv.errors import InputError
from traceinv.lab.models import BASE


class Fake:
    """Answers with a digit that its seed draws; stops like a killed process after so many batches."""

    context: int | None = 200
    chat_template: str | None = "fake"

    def __init__(self, batches: int = 1000, opens: bool = False) -> None:
        self.batches = batches
        self.opens = opens
        self.asked: list[Ask] = []

    def render(self, turns: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        return turns[0]["content"] + ("<think>\n" if self.opens else "")

    def count_tokens(self, prompt: str) -> int | None:
        return 20

    def ask(self, asks: Sequence[Ask], done: Done) -> Iterator[Replies]:
        missing = [ask for ask in asks if not done(ask)]
        for start in range(0, len(missing), 4):
            if start == 4 * self.batches:
                raise KeyboardInterrupt
            self.asked += missing[start : start + 4]
            yield [(ask, self.reply(ask)) for ask in missing[start : start + 4]]

    def reply(self, ask: Ask) -> Reply:
        return Reply(f"<think>\nhm\n</think>\n\n{own_seed(7, ask) % 7}", "stop", 5)

    def describe(self) -> dict[str, Any]:
        return {"engine": "fake"}


class Told(Report):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def settings(**changes: Any) -> Settings:
    given = {"model": "m", "engine": "transformers", "tasks": ("lab_chain", "lab_dials"), "limit": 5, "samples": 3}
    return Settings.model_validate({**given, "seed": 0, "batch_size": 4, **changes})


def bench(monkeypatch: pytest.MonkeyPatch, model: Fake, out: Path, **changes: Any) -> BenchRecord:
    monkeypatch.setattr(answering, "_load_model", lambda *_: model)
    return run(settings(**changes), out, None, "traceinv bench", Report())


def samples(out: Path, task: str = "lab_chain") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "samples" / f"{task}.jsonl").read_text().splitlines()]


def test_a_run_that_was_cut_off_asks_what_is_missing_and_ends_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = bench(monkeypatch, Fake(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        bench(monkeypatch, Fake(batches=2), tmp_path / "cut")
    rest = Fake()
    resumed = bench(monkeypatch, rest, tmp_path / "cut")
    assert len(rest.asked) == 2 * 5 * 3 - 8
    assert resumed.comparable() == whole.comparable()
    for task in ("lab_chain", "lab_dials"):
        assert samples(tmp_path / "cut", task) == samples(tmp_path / "whole", task)


def test_a_finished_run_asks_nothing_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, Fake(), tmp_path)
    again = Fake()
    bench(monkeypatch, again, tmp_path)
    assert not again.asked


def test_repeats_are_distinct_samples(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = bench(monkeypatch, Fake(), tmp_path)
    found = samples(tmp_path)
    assert [(sample["id"], sample["sample"]) for sample in found[:4]] == [
        ("lab_chain/0", 0), ("lab_chain/0", 1), ("lab_chain/0", 2), ("lab_chain/1", 0),
    ]  # fmt: skip
    assert len({sample["response"] for sample in found}) > 1
    assert (record.tasks[0].figures.items, record.tasks[0].figures.samples) == (5, 15)


def test_a_sample_says_what_was_asked_answered_and_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, Fake(), tmp_path)
    sample = samples(tmp_path)[0]
    assert len(sample["prompt_hash"]) == 64
    assert sample["response"].startswith("<think>")
    assert (sample["finish_reason"], sample["tokens"]) == ("stop", 5)
    assert sample["extracted"] == sample["response"][-1]
    assert sample["state"] in ("correct", "wrong")


def test_another_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, Fake(), tmp_path)
    with pytest.raises(InputError, match=r"another settings\.samples: 3 there, 4 here"):
        bench(monkeypatch, Fake(), tmp_path, samples=4)


def test_a_trace_that_the_prompt_opened_and_nothing_closed_is_unfinished(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Endless(Fake):
        def reply(self, ask: Ask) -> Reply:
            return Reply("so the answer is 3", "length", 5)

    record = bench(monkeypatch, Endless(opens=True), tmp_path)
    assert samples(tmp_path)[0]["response"].startswith("<think>")
    assert record.tasks[0].figures.unfinished == 1.0
    assert record.tasks[0].figures.finished == 0.0


def test_a_context_too_small_for_the_token_limit_is_said_and_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(answering, "_load_model", lambda *_: Fake())
    told = Told()
    record = run(settings(tasks=("lab_chain",)), tmp_path, None, "", told)
    assert (record.tasks[0].token_limit, record.tasks[0].token_limit_asked) == (180, 256)
    assert "256 tokens a reply were asked for" in told.warnings[0]


def test_a_prompt_that_leaves_no_room_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = Fake()
    model.context = 20
    with pytest.raises(InputError, match="no room to reply"):
        bench(monkeypatch, model, tmp_path)


def test_a_model_without_a_template_is_asked_in_completion_form_or_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = Fake()
    model.chat_template = None
    with pytest.raises(InputError, match="has no completion form"):
        bench(monkeypatch, model, tmp_path)
    with pytest.raises(InputError, match="has no chat template"):
        bench(monkeypatch, model, tmp_path, form="chat")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--suite", "maths"], "--suite: unknown suite 'maths' (did you mean 'math'?)"),
        (["--tasks", "gsm8"], "unknown task 'gsm8' (did you mean 'gsm8k'?)"),
        (["--tasks", "gsm8k", "--data-dir", "nowhere"], "data folder nowhere: no such folder"),
        (["--tasks", "lab_chain", "--temperature", "-1"], "--temperature -1.0: expected 0 (greedy) or more"),
        (["--tasks", "lab_chain", "--param", "x"], "--param: expected KEY=VALUE, got 'x'"),
        (["--tasks", "lab_chain", "--model", "./nowhere"], "--model ./nowhere: cannot be loaded: "),
        (["--tasks", "lab_chain", "--engine", "openai"], "--engine openai: expected --base-url too"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--model", "m", "--out", str(tmp_path / "o"), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


COMMAND = [sys.executable, "-c", "import sys; from harness.cli import main; sys.exit(main())"]
SAMPLED = ["bench", "--model", str(BASE), "--tasks", "lab_chain,lab_prints", "--limit", "12", "--samples", "2",
           "--temperature", "0.9", "--max-tokens", "60", "--batch-size", "4"]  # fmt: skip


@pytest.mark.slow
def test_a_run_killed_while_it_samples_goes_on_with_the_same_random_numbers(tmp_path: Path) -> None:
    assert subprocess.run([*COMMAND, *SAMPLED, "--out", str(tmp_path / "whole")], check=False).returncode == 0
    kills = 0
    while kills < 2:
        process = subprocess.Popen([*COMMAND, *SAMPLED, "--out", str(tmp_path / "cut")])
        before = written(tmp_path / "cut")
        while process.poll() is None and written(tmp_path / "cut") < before + 8:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        kills += 1
    assert 0 < written(tmp_path / "cut") < 48
    assert subprocess.run([*COMMAND, *SAMPLED, "--out", str(tmp_path / "cut")], check=False).returncode == 0
    whole, cut = (BenchRecord.model_validate_json((tmp_path / n / "bench.json").read_text()) for n in ("whole", "cut"))
    assert cut.comparable() == whole.comparable()
    for task in ("lab_chain", "lab_prints"):
        assert samples(tmp_path / "cut", task) == samples(tmp_path / "whole", task)


def written(out: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in (out / "samples").glob("*.jsonl"))


@pytest.mark.slow
@pytest.mark.parametrize("sampled", [False, True])
def test_lm_eval_itself_gets_the_same_responses_and_score(tmp_path: Path, sampled: bool) -> None:
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    from harness.benchmarks.catalog import TASKS

    generation = {"do_sample": sampled, "temperature": 0.9 if sampled else 0.0, "max_gen_toks": 60}
    theirs: Any = simple_evaluate(
        "hf",
        model_args={"pretrained": str(BASE)},
        tasks=["lab_chain", "lab_prints"],
        limit=10,
        batch_size=4,
        device="cuda:0",  # lm-eval's command asks for it by itself; without a GPU it means the CPU
        task_manager=TaskManager(include_path=str(TASKS), include_defaults=False),
        apply_chat_template=True,
        gen_kwargs=generation,
        log_samples=True,
        bootstrap_iters=0,
    )
    arguments = ["--tasks", "lab_chain,lab_prints", "--limit", "10", "--batch-size", "4", "--max-tokens", "60"]
    temperature = ["--temperature", "0.9" if sampled else "0"]
    assert main(["bench", "--model", str(BASE), *arguments, *temperature, "--out", str(tmp_path)]) == 0
    record = BenchRecord.model_validate_json((tmp_path / "bench.json").read_text())
    for task in record.tasks:
        assert task.figures.accuracy is not None
        assert task.figures.accuracy.mean == theirs["results"][task.name]["acc,all"]
        own = {sample["id"]: sample["response"] for sample in samples(tmp_path, task.name)}
        assert own == {s["doc"]["id"]: s["resps"][0][0] for s in theirs["samples"][task.name]}
