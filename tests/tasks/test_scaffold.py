"""A new task works as it is written, and its test passes."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.benchmarks.catalog import find, forget
from harness.benchmarks.check import check
from harness.benchmarks.folders import TASKS
from harness.benchmarks.scaffold import TESTS, default_folder, write_task
from harness.cli import main
from traceinv.errors import GateError, InputError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tasks").mkdir()
    shutil.copy(TASKS / "_base.yaml", tmp_path / "tasks")
    return tmp_path / "tasks"


def test_a_new_task_is_one_folder_with_one_yaml_and_one_python_file_and_works(root: Path, tmp_path: Path) -> None:
    files = write_task("riddles", root, tmp_path / "tests")
    assert sorted(path.name for path in (root / "riddles").iterdir()) == ["riddles.yaml", "utils.py"]
    findings, prompts = check(find("riddles", root=root), None, {})
    assert not [finding for finding in findings if not finding.passed]
    assert len(prompts) == 2
    compile(files[-1].read_text(), "test", "exec")


def test_a_new_task_outside_the_checkout_works_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["tasks", "new", "riddles"]) == 0
    folder = tmp_path / "tasks_local" / "riddles"
    assert sorted(path.name for path in folder.iterdir()) == ["riddles.yaml", "test_riddles.py", "utils.py"]
    assert "traceinv tasks check riddles --include-path tasks_local" in capsys.readouterr().out
    assert main(["tasks", "check", "riddles", "--include-path", "tasks_local"]) == 0
    assert "FAILED" not in capsys.readouterr().out
    names: dict[str, Any] = {"__file__": str(folder / "test_riddles.py")}
    exec(compile((folder / "test_riddles.py").read_text(), "test", "exec"), names)  # noqa: S102
    names["test_riddles_tells_right_answers_from_wrong_ones"]()


def test_a_new_task_goes_where_it_is_told(tmp_path: Path) -> None:
    assert main(["tasks", "new", "riddles", "--dir", str(tmp_path / "mine")]) == 0
    assert {path.parent for path in (tmp_path / "mine").rglob("*.*")} == {tmp_path / "mine" / "riddles"}
    assert not (TESTS / "test_riddles.py").exists()


@pytest.mark.parametrize(("answers", "right"), [("expression", "1/2"), ("number", "0.5"), ("choice", "B")])
def test_a_file_becomes_a_task_with_one_yaml_beside_it(
    answers: str, right: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.csv").write_text(f'"die Frage",a\nHalf of one?,{right}\nAnd twice?,{"A" if right == "B" else 2}\n')
    arguments = ["--data", str(tmp_path / "r.csv"), "--question", "die Frage", "--answer", "a", "--answers", answers]
    assert main(["tasks", "new", "riddles", *arguments]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv", "riddles.yaml"]
    assert find("riddles", root=tmp_path).items == 2
    assert main(["tasks", "check", "riddles", "--include-path", str(tmp_path)]) == 0
    assert "FAILED" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "r.csv"], "r.csv:2: no 'question' among its keys ['a', 'q']"),
        (["--data", "r.csv", "--question", "q"], "r.csv:2: no 'answer' among its keys"),
        (["--data", "nowhere.csv"], "task riddles: no nowhere.csv in "),
        (["--data", "r.csv", "--dir", "x"], "--dir: not with --data"),
    ],
)
def test_a_file_that_cannot_become_a_task_is_said(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.csv").write_text("q,a\nOne?,1\n")
    assert main(["tasks", "new", "riddles", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]


def test_in_the_checkout_a_new_task_goes_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TASKS.parent / "docs")
    assert default_folder() == TASKS


def test_a_task_is_never_written_among_installed_packages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "new", "riddles", "--dir", str(tmp_path / "site-packages" / "x")]) == 2
    assert "is a folder of installed packages; choose another with --dir" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_task_whose_grader_is_too_kind_is_found_out(root: Path, tmp_path: Path) -> None:
    write_task("kind", root, tmp_path / "tests")
    file = root / "kind" / "utils.py"
    file.write_text(file.read_text().replace("return grade_math(", 'return Grade("correct", "", "") or grade_math('))
    failed = [finding.name for finding in check(find("kind", root=root), None, {})[0] if not finding.passed]
    assert failed == ["an empty answer scores 0", "a truncated trace scores 0", "a wrong answer scores 0"]


def test_a_task_whose_grader_is_too_strict_is_found_out(root: Path, tmp_path: Path) -> None:
    write_task("strict", root, tmp_path / "tests")
    file = root / "strict" / "utils.py"
    file.write_text(file.read_text().replace('item["reference"], rule', 'item["reference"] + "0", rule'))
    failed = [finding for finding in check(find("strict", root=root), None, {})[0] if not finding.passed]
    assert [finding.name for finding in failed] == ["the reference answer scores 1"]
    assert failed[0].detail.startswith("strict/0: wrong")


def test_a_task_that_cannot_be_imported_names_its_file(root: Path, tmp_path: Path) -> None:
    write_task("broken", root, tmp_path / "tests")
    (root / "broken" / "utils.py").write_text("from harness.grading import grade_riddle\n")
    with pytest.raises(InputError, match=r"broken\.yaml: the task cannot be loaded: ImportError"):
        check(find("broken", root=root), None, {})


@pytest.mark.parametrize(("name", "message"), [("Big-Name", "small letters"), ("riddles", "with this name")])
def test_a_name_that_is_taken_or_no_name_is_refused(root: Path, tmp_path: Path, name: str, message: str) -> None:
    write_task("riddles", root, tmp_path / "tests")
    forget()
    with pytest.raises(InputError, match=message):
        write_task(name, root, tmp_path / "tests")


FAULTS = {
    "a key that lm-eval does not know": (
        "odd.yaml", "doc_to_text:", "doc_to_txt:", "odd.yaml: the task cannot be loaded: TypeError: .*'doc_to_txt'"
    ),
    "a missing file": (
        "utils.py", '    return {"test"', '    open("nowhere.jsonl")\n    return {"test"', "FileNotFoundError: .*nowhere.jsonl"
    ),
    "an item without an id": ("utils.py", '"id": "odd/0", ', "", r"task odd: item 0 has no text as its `id`"),
    "a grader that raises": (
        "utils.py", "return grade_math(", "return 1 / 0, grade_math(",
        r"odd/0: the grader raised ZeroDivisionError: division by zero \(utils.py, line \d+\)",
    ),
    "a right answer that cannot be written": (
        "utils.py", 'boxed(item["reference"])', 'boxed(item["answer"])',
        r"odd/0: reference_answer raised KeyError: 'answer' \(utils.py, line \d+\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "good", "bad", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_task_is_one_line(
    root: Path, tmp_path: Path, file: str, good: str, bad: str, message: str
) -> None:
    write_task("odd", root, tmp_path / "tests")
    path = root / "odd" / file
    assert good in path.read_text()
    path.write_text(path.read_text().replace(good, bad))
    with pytest.raises((InputError, GateError), match=message) as raised:
        check(find("odd", root=root), None, {})
    assert "\n" not in str(raised.value)
