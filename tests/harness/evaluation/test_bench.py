"""Benchmark runs: nothing is asked twice, a killed run ends as one that was not, and a folder keeps its settings."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from templates import TEMPLATES, with_template
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.cli import main
from harness.evaluation import plan as planning
from harness.evaluation.bench import run_bench
from harness.evaluation.plan import BenchPlan, make_plan
from harness.evaluation.record import BenchRecord
from harness.evaluation.settings import BenchSettings
from traceinv.engines.base import Completion, Engine, Message, Request
from traceinv.engines.mock import MockEngine, MockFailure
from traceinv.engines.processor import has_bfloat16
from traceinv.errors import InputError
from traceinv.lab.models import BASE
from traceinv.progress import silent

TOKENS_OF_A_PROMPT = 60


class Mock(MockEngine):
    """Answers with a digit that the request's seed draws; all prompts have the same length."""

    def __init__(self, context: int | None = 240, fail_after: int | None = None, opening: str = "") -> None:
        super().__init__(self.answer, batch_size=4, fail_after=fail_after)
        self.context, self.opening = context, opening

    def answer(self, request: Request) -> str | Completion:
        return Completion(f"<think>\nhm\n</think>\n\n{request.seed % 7}", "stop", 5)

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = True) -> str:
        return super().render(messages, add_generation_prompt) + self.opening

    def count_tokens(self, prompt: str) -> int | None:
        return TOKENS_OF_A_PROMPT


def settings(**changes: Any) -> BenchSettings:
    given = {"model": "m", "engine": "mock", "tasks": ("lab_chain", "lab_dials"), "limit": 5, "samples": 3}
    return BenchSettings.model_validate({**given, "seed": 0, "batch_size": 4, **changes})


def plan(monkeypatch: pytest.MonkeyPatch, engine: Engine, out: Path, **changes: Any) -> BenchPlan:
    monkeypatch.setattr(planning, "load_bench_engine", lambda *_: engine)
    return make_plan(settings(**changes), out, None)


def bench(monkeypatch: pytest.MonkeyPatch, engine: Engine, out: Path, **changes: Any) -> BenchRecord:
    return run_bench(plan(monkeypatch, engine, out, **changes), out, "traceinv bench", silent)


def samples(out: Path, task: str = "lab_chain") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "samples" / f"{task}.jsonl").read_text().splitlines()]


def test_a_run_that_was_cut_off_asks_what_is_missing_and_ends_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = bench(monkeypatch, Mock(), tmp_path / "whole")
    with pytest.raises(MockFailure):
        bench(monkeypatch, Mock(fail_after=8), tmp_path / "cut")
    rest = Mock()
    resumed = bench(monkeypatch, rest, tmp_path / "cut")
    assert len(rest.asked) == 2 * 5 * 3 - 8
    assert resumed.comparable() == whole.comparable()
    for task in ("lab_chain", "lab_dials"):
        assert samples(tmp_path / "cut", task) == samples(tmp_path / "whole", task)


def test_a_finished_run_asks_nothing_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, Mock(), tmp_path)
    again = Mock()
    bench(monkeypatch, again, tmp_path)
    assert not again.asked


def test_repeats_are_distinct_samples(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = bench(monkeypatch, Mock(), tmp_path)
    rows = samples(tmp_path)
    assert [(sample["id"], sample["sample"]) for sample in rows[:4]] == [
        ("lab_chain/0", 0), ("lab_chain/0", 1), ("lab_chain/0", 2), ("lab_chain/1", 0),
    ]  # fmt: skip
    assert len({sample["response"] for sample in rows}) > 1
    assert (record.tasks[0].figures.items, record.tasks[0].figures.samples) == (5, 15)


def test_a_sample_says_what_was_asked_answered_and_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, Mock(), tmp_path)
    sample = samples(tmp_path)[0]
    assert len(sample["prompt_hash"]) == len(sample["text_hash"]) == 64
    assert sample["prompt_hash"] != sample["text_hash"]
    assert sample["response"].startswith("<think>")
    assert (sample["finish_reason"], sample["tokens"]) == ("stop", 5)
    assert sample["extracted"] == sample["response"][-1]
    assert sample["state"] in ("correct", "wrong")


def test_another_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, Mock(), tmp_path)
    with pytest.raises(InputError, match=r"another settings\.seed: 0 there, 1 here"):
        bench(monkeypatch, Mock(), tmp_path, seed=1, samples=4)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"limit": 2}, {"limit": 5}),
        ({"limit": 2}, {"limit": None}),
        ({"samples": 1}, {"samples": 3}),
        ({"samples": None}, {"samples": 2}),
        ({"limit": 3, "samples": 1}, {"limit": 5, "samples": 2}),
    ],
)
def test_a_raised_limit_or_number_of_samples_goes_on_and_ends_as_from_the_start(
    first: dict[str, Any], then: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    part, rest = Mock(), Mock()
    notes: list[str] = []
    bench(monkeypatch, part, tmp_path / "raised", **first)
    raised = run_bench(
        plan(monkeypatch, rest, tmp_path, **then), tmp_path / "raised", "traceinv bench", silent, notes.append
    )
    whole = bench(monkeypatch, Mock(), tmp_path / "whole", **then)
    assert raised.comparable() == whole.comparable()
    for path in ("samples/lab_chain.jsonl", "samples/lab_dials.jsonl", "settings.json"):
        assert (tmp_path / "raised" / path).read_text() == (tmp_path / "whole" / path).read_text()
    asked = {request.key for request in part.asked}
    assert asked
    assert not asked & {request.key for request in rest.asked}
    assert notes == [
        f"{tmp_path / 'raised'} holds {len(asked)} of {len(asked) + len(rest.asked)} responses; they are kept"
    ]


def test_a_run_that_was_cut_off_can_be_raised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(MockFailure):
        bench(monkeypatch, Mock(fail_after=8), tmp_path / "raised", limit=4)
    with pytest.raises(MockFailure):
        bench(monkeypatch, Mock(fail_after=8), tmp_path / "raised", limit=5)
    raised = bench(monkeypatch, Mock(), tmp_path / "raised", limit=5)
    assert raised.comparable() == bench(monkeypatch, Mock(), tmp_path / "whole", limit=5).comparable()


@pytest.mark.parametrize(
    ("first", "then", "message"),
    [
        ({"limit": 5}, {"limit": 4}, "the folder holds a run with 5 --limit, which may be raised and not lowered to 4"),
        (
            {"limit": None},
            {"limit": 4},
            "the folder holds a run with no --limit, which may be raised and not lowered to 4",
        ),
        ({"samples": 3}, {"samples": 2}, "with 3 --samples, which may be raised and not lowered to 2"),
        ({"samples": 3}, {"samples": None}, "with 3 --samples, which may be raised and not lowered to 1"),
        ({"limit": 4}, {"limit": 5, "tasks": ("lab_chain",)}, "another settings.tasks"),
        ({"limit": 4}, {"limit": 5, "generation": {"max_gen_toks": 9}}, "another settings.generation.max_gen_toks"),
    ],
)
def test_what_is_lowered_or_changed_besides_is_refused_and_nothing_is_lost(
    first: dict[str, Any], then: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench(monkeypatch, Mock(), tmp_path, **first)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json*")}
    with pytest.raises(InputError, match=re.escape(message)):
        bench(monkeypatch, Mock(), tmp_path, **then)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.json*")}


def test_other_items_than_before_are_no_larger_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bench(monkeypatch, Mock(), tmp_path, limit=2)
    with pytest.raises(InputError, match=r"another tasks\.lab_chain\.rendered"):
        bench(monkeypatch, Mock(opening="Now."), tmp_path, limit=3)


def test_a_longer_prompt_that_leaves_less_room_is_no_larger_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Growing(Mock):
        def count_tokens(self, prompt: str) -> int | None:
            return len(prompt)

    limits = {
        limit: plan(monkeypatch, Growing(), tmp_path, limit=limit).descriptions[0].token_limit for limit in (1, 5)
    }
    assert limits[1] > limits[5]
    bench(monkeypatch, Growing(), tmp_path, limit=1)
    with pytest.raises(
        InputError, match=rf"another tasks\.lab_chain\.sampling\.max_gen_toks: {limits[1]} there, {limits[5]} here"
    ):
        bench(monkeypatch, Growing(), tmp_path, limit=5)


def test_a_trace_that_the_prompt_opened_and_nothing_closed_is_unfinished(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Endless(Mock):
        def answer(self, request: Request) -> str | Completion:
            return Completion("so the answer is 3", "length", 5)

    record = bench(monkeypatch, Endless(opening="<think>\n"), tmp_path)
    assert samples(tmp_path)[0]["response"].startswith("<think>")
    assert record.tasks[0].figures.unfinished == 1.0
    assert record.tasks[0].figures.finished == 0.0


def test_a_context_too_small_for_the_token_limit_is_said_and_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chain = plan(monkeypatch, Mock(), tmp_path, tasks=("lab_chain",))
    assert chain.warnings[0].startswith("lab_chain: the token limit is 180 instead of 256")
    record = run_bench(chain, tmp_path, "", silent)
    assert (record.tasks[0].token_limit, record.tasks[0].token_limit_asked) == (180, 256)
    assert {request.sampling.max_new_tokens for request in chain.requests} == {180}


def test_a_prompt_that_leaves_no_room_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no room to reply"):
        bench(monkeypatch, Mock(context=TOKENS_OF_A_PROMPT), tmp_path)


def test_tasks_are_the_same_under_every_template_and_rendered_prompts_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = Mock(opening="<think>\n")
    other.chat_template = "other"
    first = plan(monkeypatch, Mock(), tmp_path).descriptions[0]
    second = plan(monkeypatch, other, tmp_path).descriptions[0]
    assert first.prompts == second.prompts
    assert first.rendered != second.rendered
    assert first.template != second.template


def test_a_model_without_a_template_is_asked_in_completion_form_or_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = Mock()
    engine.chat_template = None
    with pytest.raises(InputError, match="has no completion form"):
        bench(monkeypatch, engine, tmp_path)
    with pytest.raises(InputError, match="has no chat template"):
        bench(monkeypatch, engine, tmp_path, form="chat")


def test_an_engine_that_does_not_start_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from traceinv.engines.vllm import VLLMEngine

    def fail(model: str, batch_size: int, chat: bool | None, arguments: dict[str, Any]) -> None:
        raise RuntimeError("Engine core initialization failed.\nSee above.")

    monkeypatch.setattr(VLLMEngine, "load", fail)
    arguments = ["--model", "m", "--engine", "vllm", "--tasks", "lab_chain", "--out", str(tmp_path / "o")]
    assert main(["bench", *arguments]) == 2
    assert capsys.readouterr().err == "traceinv: m: cannot be loaded: Engine core initialization failed.\n"


def test_a_mistyped_option_is_refused_before_the_model_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "replies.json").write_text('{"*": "3"}')
    arguments = ["bench", "--model", str(tmp_path), "--engine", "mock", "--tasks", "lab_chain", "--limit", "2"]
    assert main([*arguments, "--out", str(tmp_path / "o")]) == 0
    monkeypatch.setattr(MockEngine, "load", lambda *_, **__: pytest.fail("the model was loaded"))
    assert main([*arguments, "--seed", "2", "--out", str(tmp_path / "o")]) == 2
    assert "another settings.seed: 1234 there, 2 here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--suite", "maths"], "--suite: unknown suite 'maths' (did you mean 'math'?)"),
        (["--tasks", "gsm8"], "unknown task 'gsm8' (did you mean 'gsm8k'?)"),
        (["--tasks", "gsm8k", "--data-dir", "nowhere"], "data folder nowhere: no such folder"),
        (["--tasks", "lab_chain", "--temperature", "-1"], "--temperature -1.0: expected 0 (greedy) or more"),
        (["--tasks", "lab_chain", "--param", "x"], "--param: expected KEY=VALUE, got 'x'"),
        (["--tasks", "lab_chain", "--template-arg", "x"], "--template-arg: expected KEY=VALUE, got 'x'"),
        (["--tasks", "lab_chain", "--template-arg", "x=1.5"], "template_args"),
        (
            ["--tasks", "gsm8k", "--form", "completion", "--template-arg", "x=1"],
            "--template-arg: there is no chat template",
        ),
        (["--tasks", "lab_chain", "--model", "./nowhere"], "./nowhere: cannot be loaded: "),
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


def test_a_slow_number_type_is_warned_of_where_the_processor_has_no_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Typed(Mock):
        dtype, device = "torch.bfloat16", "cpu"

        def describe(self) -> dict[str, Any]:
            return {**super().describe(), "dtype": self.dtype, "device": self.device}

    def warnings(has_bfloat16: bool, dtype: str = "torch.bfloat16", device: str = "cpu") -> list[str]:
        monkeypatch.setattr(planning, "has_bfloat16", lambda: has_bfloat16)
        engine = Typed(context=None)
        engine.dtype, engine.device = dtype, device
        return plan(monkeypatch, engine, tmp_path).warnings

    (warning,) = warnings(False)
    assert "--model-args dtype=float32 is about 4 times as fast" in warning
    assert warnings(True) == warnings(False, "torch.float32") == warnings(False, device="cuda:0") == []


def test_the_processors_instructions_for_bfloat16_are_told_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for capabilities, expected in (({"avx2": True}, False), ({"avx512_bf16": True}, True), ({"bf16": True}, True)):
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda known=capabilities: known)
        assert has_bfloat16() is expected


def closing(folder: Path) -> Path:
    """A copy of the base whose chat template closes the reasoning in the prompt unless it is switched on."""
    shutil.copytree(BASE, folder, ignore=shutil.ignore_patterns("*.jinja", "model.safetensors"))
    tokenizer = with_template(AutoTokenizer.from_pretrained(BASE), TEMPLATES["closed, with a switch"])
    tokenizer.save_pretrained(folder)
    weights = AutoModelForCausalLM.from_pretrained(BASE)
    weights.resize_token_embeddings(len(tokenizer))
    weights.save_pretrained(folder)
    return folder


def test_variables_of_the_chat_template_reach_the_prompts_and_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "bench",
        "--model",
        str(closing(tmp_path / "m")),
        "--tasks",
        "lab_chain",
        "--limit",
        "2",
        "--max-tokens",
        "8",
    ]
    switched = [*command, "--template-arg", "enable_thinking=true", "--out", str(tmp_path / "on")]
    assert main([*command, "--out", str(tmp_path / "off")]) == 0
    assert main(switched) == 0
    off, on = (BenchRecord.model_validate_json((tmp_path / n / "bench.json").read_text()) for n in ("off", "on"))
    assert on.model["template_args"] == {"enable_thinking": True}
    assert "template_args" not in off.model
    assert on.tasks[0].prompts == off.tasks[0].prompts
    assert (on.tasks[0].rendered, on.tasks[0].template) != (off.tasks[0].rendered, off.tasks[0].template)
    assert not samples(tmp_path / "off")[0]["response"].startswith("<think>")
    assert samples(tmp_path / "on")[0]["response"].startswith("<think>"), "the prompt opened it"
    assert main([*command, "--template-arg", "enable_thinking=false", "--out", str(tmp_path / "on")]) == 2
    assert "another settings.template_args.enable_thinking: True there, False here" in capsys.readouterr().err
    assert main([*command, "--template-arg", "enable_thinkin=true", "--out", str(tmp_path / "x")]) == 2
    assert "does not read it (did you mean 'enable_thinking'?)" in capsys.readouterr().err


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
def test_greedy_responses_of_lm_evals_model_are_kept_where_the_limit_is_raised_and_sampled_ones_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["bench", "--model", str(BASE), "--tasks", "lab_chain", "--max-tokens", "40", "--batch-size", "3"]
    for limit in ("4", "7"):
        assert main([*arguments, "--limit", limit, "--out", str(tmp_path / "raised")]) == 0
    assert "holds 4 of 7 responses; they are kept" in capsys.readouterr().err
    assert main([*arguments, "--limit", "7", "--out", str(tmp_path / "whole")]) == 0
    assert samples(tmp_path / "raised") == samples(tmp_path / "whole")
    assert main([*arguments, "--limit", "4", "--temperature", "1", "--out", str(tmp_path / "sampled")]) == 0
    assert main([*arguments, "--limit", "7", "--temperature", "1", "--out", str(tmp_path / "sampled")]) == 2
    assert "limit and samples cannot be raised for sampled responses" in capsys.readouterr().err
    assert len(samples(tmp_path / "sampled")) == 4


@pytest.mark.slow
@pytest.mark.parametrize("sampled", [False, True])
def test_lm_eval_itself_gets_the_same_responses_and_score(tmp_path: Path, sampled: bool) -> None:
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    from harness.benchmarks.folders import TASKS

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
