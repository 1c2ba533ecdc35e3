"""A new task works as it is written, and its test passes."""

import shutil
from pathlib import Path

import pytest

from harness.benchmarks.catalog import TASKS, discover, find
from harness.benchmarks.check import check
from harness.benchmarks.scaffold import write_task
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
    discover.cache_clear()
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
