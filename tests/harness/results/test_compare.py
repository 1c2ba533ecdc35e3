"""Two records beside each other."""

import json
from pathlib import Path
from typing import Any

import pytest
from sample_records import CONDITIONS, record, write

from harness.cli import main

IDS = [f"lab_chain/{number}" for number in range(100)]
HALF = "cw" * 50


def _compare(capsys: pytest.CaptureFixture[str], *places: Path) -> Any:
    assert main(["compare", *(str(place) for place in places), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_recipes_are_compared_by_dotted_keys_and_outcomes_question_by_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write(tmp_path, record("a"), {"inverted/0": HALF}, IDS)
    recipe = {"name": "lab", "policy": {"kind": "headed"}, "regimes": ["base"]}
    second = write(tmp_path, record("b", recipe=recipe), {"inverted/0": "cc" * 10 + "cw" * 40}, IDS)
    (found,) = _compare(capsys, first, second)
    assert [(d["key"], d["first"], d["second"]) for d in found["recipe"]] == [
        ("policy.k", 2, None),
        ("policy.kind", "every_kth_step", "headed"),
        ("regimes", None, ["base"]),
    ]
    assert found["conditions"] == []
    math, everything = found["outcomes"]
    assert (math["row"], math["group"], math["questions"]) == ("inverted", "math", 100)
    assert everything["difference"]["mean"] == pytest.approx(0.1)
    assert math["p_mcnemar"] == pytest.approx(2 * 0.5**10, rel=0.01)
    assert math["p_holm"] == pytest.approx(2 * math["p_value"])


def test_items_are_paired_by_id_whatever_their_order_and_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write(tmp_path, record("a"), {"inverted/0": "cwxc"}, IDS[:4])
    second = write(tmp_path, record("b"), {"inverted/0": "wccc"}, [*IDS[1:4][::-1], "lab_chain/new"])
    (found,) = _compare(capsys, first, second)
    outcome = found["outcomes"][0]
    assert outcome["questions"] == 2, (
        "items 1 and 3: item 0 and the new one stand in one record, item 2 cannot be graded"
    )
    assert outcome["left_out"] == 3
    assert (outcome["first"], outcome["second"]) == (0.5, 0.5)


def test_several_seeds_are_not_paired_but_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = write(tmp_path, record("a"), {"inverted/0": HALF, "inverted/1": HALF}, IDS)
    second = write(tmp_path, record("b"), {"inverted/5": "c" * 100}, IDS)
    (found,) = _compare(capsys, first, second)
    assert found["outcomes"][0]["p_mcnemar"] is None
    assert found["outcomes"][0]["difference"]["mean"] == pytest.approx(0.5)


def test_tasks_of_another_version_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = CONDITIONS.model_copy(update={"tasks": {"lab_chain": "2.0"}, "prompts": "q"})
    first = write(tmp_path, record("a"), {"inverted/0": HALF}, IDS)
    second = write(tmp_path, record("b", conditions=other), {"inverted/0": HALF}, IDS)
    (found,) = _compare(capsys, first, second)
    assert found["other_versions"] == ["lab_chain"]
    assert found["outcomes"] == []
    assert [d["key"] for d in found["conditions"]] == ["prompts", "tasks.lab_chain"]


def test_a_run_that_both_share_is_named_and_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    states = {"inverted/0": HALF, "summary/0": HALF}
    first = write(tmp_path, record("a"), states, IDS)
    second = write(tmp_path, record("b", provenance=record("a").provenance), states, IDS)
    (found,) = _compare(capsys, first, second)
    assert "inverted" in found["same_runs"]
    assert found["outcomes"] == []


def test_the_table_says_what_a_no_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = write(tmp_path, record("a"), {"inverted/0": HALF}, IDS)
    second = write(tmp_path, record("b"), {"inverted/0": "cc" + HALF[2:]}, IDS)
    assert main(["compare", "a", "b", "--results", str(tmp_path)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "b less a" in out
    assert "recipe: the same" in out
    assert "1.0 [" in out
    assert first.stem == "a"
    assert second.stem == "b"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: c | {"ids": {"lab_chain": ["x", "x"]}}, "an id stands twice"),
        (lambda c: c | {"states": {"inverted/0": {"lab_chain": "c"}}}, "1 states, expected 2"),
        (lambda c: c | {"states": {"inverted/0": {"lab_chain": "cq"}}}, "a letter that is none of"),
        (lambda c: c | {"letters": {}}, "letters: expected"),
        (lambda c: [], "valid dictionary"),
    ],
)
def test_bad_items_are_refused_by_name(
    spoil: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write(tmp_path, record("a"), {"inverted/0": "cw"}, IDS[:2])
    second = write(tmp_path, record("b"), {"inverted/0": "cw"}, IDS[:2])
    items = tmp_path / "b.items.json"
    items.write_text(json.dumps(spoil(json.loads(items.read_text()))))
    assert main(["compare", str(first), str(second)]) == 2
    error = capsys.readouterr().err
    assert str(items) in error
    assert message in error
    assert error.count("\n") == 1


def test_missing_records_and_items_are_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = write(tmp_path, record("lab-a"), {"inverted/0": "cw"}, IDS[:2])
    assert main(["compare", str(first), "lab-b", "--results", str(tmp_path)]) == 2
    assert "unknown record 'lab-b'" in capsys.readouterr().err
    (tmp_path / "lab-a.items.json").unlink()
    assert main(["compare", str(first), str(first)]) == 2
    assert "lab-a.items.json: no such file" in capsys.readouterr().err
    assert main(["compare", str(first), "nowhere.json"]) == 2
    assert "nowhere.json: no such record" in capsys.readouterr().err


def test_repeats_of_a_question_are_compared_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = write(tmp_path, record("a"), {"inverted/0": "cwcw"}, IDS[:2], repeats=2)
    second = write(tmp_path, record("b"), {"inverted/0": "cccx"}, IDS[:2], repeats=2)
    (found,) = _compare(capsys, first, second)
    outcome = found["outcomes"][0]
    assert (outcome["questions"], outcome["left_out"]) == (1, 1)
    assert (outcome["first"], outcome["second"]) == (0.5, 1.0)
