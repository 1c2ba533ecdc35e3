"""The catalogue of tasks: tasks, suites and domains are read from YAML."""

import re
from pathlib import Path

import pytest

from harness.benchmarks.catalog import discover, expand, find, suites
from traceinv.errors import InputError

MATH = {"gsm8k", "math500", "aime24", "aime25", "amc23", "jeebench"}
CODE = {"humaneval", "humaneval_plus", "mbpp", "mbpp_plus", "livecodebench", "cruxeval"}


def test_every_benchmark_is_there_in_both_forms_with_pinned_data_and_a_version() -> None:
    tasks = {(benchmark.name, benchmark.form): benchmark for benchmark in discover()}
    for name in MATH | CODE:
        assert (name, "completion") in tasks
        metadata = tasks[name, "chat"].metadata
        assert re.fullmatch("[0-9a-f]{40}", metadata["data"]["revision"])
        assert metadata["version"]
        assert metadata["grader"]


def test_suites_name_tasks_that_exist() -> None:
    assert set(suites()["math"]) == MATH
    assert set(suites()["code"]) == CODE
    for names in suites().values():
        assert [find(name).name for name in names] == list(names)


def test_a_suite_has_the_order_of_its_positions_and_both_forms_share_it(tmp_path: Path) -> None:
    for name, position in (("one", 2), ("two", 1), ("two_completion", 1)):
        (tmp_path / f"{name}.yaml").write_text(f"task: traceinv_{name}\nmetadata: {{suites: {{mine: {position}}}}}\n")
    assert suites(tmp_path) == {"mine": ("two", "one")}


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("{domain: maths}", "metadata.domain: unknown domain 'maths' (did you mean 'math'?)"),
        ("{suites: [math]}", "metadata.suites: expected the position in each suite"),
    ],
)
def test_a_wrong_domain_or_suite_names_its_file(metadata: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(f"task: traceinv_one\nmetadata: {metadata}\n")
    with pytest.raises(InputError, match=f"one.yaml: {re.escape(message)}"):
        discover(tmp_path)


def test_reasoning_is_never_cut_short_in_silence() -> None:
    for name in MATH | CODE:
        assert find(name).config["generation_kwargs"]["max_gen_toks"] >= 32768


@pytest.mark.slow
def test_no_task_has_a_name_of_lm_evals_own() -> None:
    import lm_eval.tasks

    line = re.compile(rb"^(?:task|group|tag): *[\"']?([\w-]+)", re.M)
    theirs = {
        name.decode()
        for path in Path(lm_eval.tasks.__file__).parent.rglob("*.yaml")
        for name in line.findall(path.read_bytes())
    }
    assert len(theirs) > 5000
    assert not theirs & {benchmark.task for benchmark in discover()}


def test_names_are_listed_once_suite_first() -> None:
    assert expand("paper", ["math500", "gsm8k"]) == ("math500", "jeebench", "livecodebench", "humaneval_plus", "gsm8k")


@pytest.mark.parametrize(
    ("suite", "tasks", "message"),
    [("maths", [], "unknown suite 'maths' (did you mean 'math'?)"), (None, [], "no task is named")],
)
def test_a_wrong_suite_is_said(suite: str | None, tasks: list[str], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        expand(suite, tasks)


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'gsm8k'"):
        find("gsm8")
    with pytest.raises(InputError, match="has no completion form"):
        find("lab_chain", "completion")


def test_a_broken_task_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("task: [unclosed")
    with pytest.raises(InputError, match=r"one\.yaml: not YAML"):
        discover(tmp_path)


def test_two_tasks_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("task: traceinv_x\n")
    with pytest.raises(InputError, match=r"two\.yaml: task 'traceinv_x' is defined in .*one\.yaml"):
        discover(tmp_path)
