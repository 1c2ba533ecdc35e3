"""The tasks on a mirror of the real data, where there is one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from mirror import MIRROR

from harness.benchmarks.catalog import find
from harness.benchmarks.check import check
from harness.benchmarks.loading import load
from harness.evaluation.grade import grade_file
from harness.sandbox import require_isolation
from traceinv.errors import InputError

ITEMS = {
    "gsm8k": 1319,
    "math500": 500,
    "aime24": 30,
    "aime25": 30,
    "amc23": 40,
    "cruxeval": 800,
    "humaneval": 164,
    "humaneval_plus": 164,
    "jeebench": 515,
    "livecodebench": 342,
    "mbpp": 500,
    "mbpp_plus": 378,
}

pytestmark = pytest.mark.skipif(not MIRROR.is_dir(), reason=f"no mirror of the data at {MIRROR}")


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_a_task_has_all_its_items_and_tells_right_from_wrong(name: str) -> None:
    try:
        findings, _ = check(find(name), str(MIRROR), {})
    except InputError as error:
        pytest.skip(str(error))
    assert findings[0].detail == f"{ITEMS[name]} items"
    assert not [finding for finding in findings if not finding.passed]


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[str], Path]:
    """Write the right answer to every item of a task as recorded responses."""

    def write(name: str) -> Path:
        loaded = load(find(name), str(MIRROR))
        assert loaded.scorer.reference_answer is not None
        lines = (
            json.dumps({"id": item["id"], "response": loaded.scorer.reference_answer(item)})
            for item in loaded.by_id.values()
        )
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join(lines))
        return path

    return write


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gsm8k", "humaneval", "math500", "mbpp"])
def test_all_reference_answers_are_right(name: str, recorded: Callable[[str], Path]) -> None:
    if name in ("humaneval", "mbpp"):
        try:
            require_isolation()
        except InputError as error:
            pytest.skip(str(error))
    _, verdicts = grade_file(find(name), recorded(name), str(MIRROR), {})
    wrong = {identifier for identifier, verdict in verdicts if verdict.state != "correct"}
    assert not wrong
