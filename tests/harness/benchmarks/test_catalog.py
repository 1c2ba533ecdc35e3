"""The catalogue of tasks: tasks, suites and domains are read from YAML."""

import re
from pathlib import Path

import pytest

from harness.benchmarks.catalog import discover, expand, find, forget, source_files, suites
from harness.benchmarks.folders import FOLDERS_VARIABLE, TASKS, include, installed_folders, task_folders
from harness.sources import fingerprint, read_source
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
        ("{items: many}", "metadata.items: expected a whole number, got 'many'"),
        ("version", "metadata: expected a mapping of keys, got 'version'"),
        ("{data: riddles.csv}", "metadata.data: expected a mapping of keys, got 'riddles.csv'"),
    ],
)
def test_wrong_metadata_names_its_file(metadata: str, message: str, tmp_path: Path) -> None:
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


def test_every_task_says_what_it_asks_how_many_items_it_has_and_under_which_licence() -> None:
    for benchmark in discover():
        assert benchmark.items, benchmark.path
        assert benchmark.licence, benchmark.path
        assert benchmark.about, benchmark.path
        assert len(benchmark.about) < 80


def write_task(folder: Path, name: str, metadata: str = "{}", more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(f"task: traceinv_{name}\nmetadata: {metadata}\n{more}")
    return path


def test_included_tasks_are_tasks_like_the_others(tmp_path: Path) -> None:
    write_task(tmp_path / "mine" / "riddles", "riddles", "{domain: math, suites: {math: 9, mine: 1}, items: 3}")
    include([tmp_path / "mine"])
    assert find("riddles").items == 3
    assert suites()["mine"] == ("riddles",)
    assert suites()["math"][-1] == "riddles"
    assert expand("mine", ["gsm8k"]) == ("riddles", "gsm8k")
    assert discover(TASKS) == tuple(task for task in discover() if task.name != "riddles")


@pytest.mark.parametrize("task", ["traceinv_gsm8k", "gsm8k"])
def test_a_name_that_is_taken_is_refused_with_both_files(tmp_path: Path, task: str) -> None:
    (tmp_path / "mine.yaml").write_text(f"task: {task}\n")
    include([tmp_path])
    with pytest.raises(InputError, match=rf"mine\.yaml: task '{task}' is defined in .*tasks/gsm8k/gsm8k\.yaml already"):
        discover()


def test_a_folder_may_be_included_twice_or_within_another(tmp_path: Path) -> None:
    write_task(tmp_path / "inner", "riddles")
    include([tmp_path, tmp_path / "inner", tmp_path])
    include([TASKS])
    assert [task.name for task in discover() if task.path.is_relative_to(tmp_path)] == ["riddles"]


def test_other_yaml_files_of_a_users_folder_do_no_harm(tmp_path: Path) -> None:
    write_task(tmp_path, "riddles")
    (tmp_path / "broken.yaml").write_text("{{ a template")
    (tmp_path / "list.yaml").write_text("- task: not one of ours\n")
    (tmp_path / "group.yaml").write_text("group: all\ntask: [traceinv_riddles]\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "riddles.yaml").write_text("task: traceinv_riddles\n")
    assert [task.name for task in discover(tmp_path)] == ["riddles"]


def test_what_a_folder_of_the_environment_or_a_wrong_folder_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"no such folder '.*nowhere'; expected a folder"):
        include([tmp_path / "nowhere"])
    write_task(tmp_path, "riddles")
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path))
    assert find("riddles").path == tmp_path / "riddles.yaml"
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="TRACEINV_TASKS: no such folder"):
        discover()


def test_the_source_of_an_included_task_is_its_files_includes_and_items_and_not_its_place(tmp_path: Path) -> None:
    digests = []
    for place in ("one", "two/deeper"):
        folder = tmp_path / place / "riddles"
        path = write_task(folder, "riddles", "{data: {files: [r.csv]}}", "include: ../base.yaml\n")
        (tmp_path / place / "base.yaml").write_text("test_split: test\n")
        (folder / "utils.py").write_text("load = 1\n")
        (folder / "r.csv").write_text("question,reference\na,1\n")
        digests.append(digest_of(tmp_path / place))
        (folder / "test_riddles.py").write_text("")
        assert digest_of(tmp_path / place) == digests[-1]
    assert digests[0] == digests[1]
    for changed in (path, folder / "utils.py", folder / "r.csv", tmp_path / place / "base.yaml"):
        changed.write_text(changed.read_text() + ("other = 2\n" if changed.suffix == ".py" else "\n"))
        digests.append(digest_of(tmp_path / place))
    assert len(set(digests)) == 5


def digest_of(folder: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDERS_VARIABLE, str(folder))
        forget()
        read_source.cache_clear()
        return fingerprint((), source_files(["riddles"]))


def test_tasks_of_an_installed_package_are_in_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_task(tmp_path / "their_benchmarks" / "tasks", "theirs")
    for package in ("their_benchmarks", "their_benchmarks/tasks"):
        (tmp_path / package / "__init__.py").write_text("")
    info = tmp_path / "their_benchmarks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-benchmarks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[traceinv.tasks]\nall = their_benchmarks.tasks\n")
    monkeypatch.syspath_prepend(tmp_path)
    installed_folders.cache_clear()
    assert find("theirs").path == tmp_path / "their_benchmarks" / "tasks" / "theirs.yaml"
    (info / "entry_points.txt").write_text("[traceinv.tasks]\nall = their_benchmarks.nowhere\n")
    installed_folders.cache_clear()
    with pytest.raises(
        InputError, match=r"their-benchmarks: entry point 'all' .* no package 'their_benchmarks.nowhere'"
    ):
        task_folders()
    monkeypatch.undo()
    installed_folders.cache_clear()
    assert task_folders() == (TASKS,)
