"""Two logs are paired by item and get the figures that two records get."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_records import items_of, record, row, write

from harness.cli import main
from harness.logs import inspect_ai
from harness.logs.compare import LogComparison, Side, compare_sides, read_side
from harness.logs.formats import read_log
from harness.logs.pairing import MAX_SEARCHES, SideItem, TextIndex, items_of_log, pair_items
from harness.logs.samples import Wanted
from harness.stats import compare
from harness.views.comparison import view_logs
from traceinv.errors import InputError

DATA = Path(__file__).parent / "data"
FIRST, SECOND = sorted(DATA.glob("samples_sums_*.jsonl"))
LOOSE = Wanted(filter="flexible-extract")


def sides(*paths: Path, wanted: Wanted = LOOSE) -> tuple[Side, Side]:
    first, second = (read_side(path, wanted) for path in paths)
    return first, second


def lm_eval_file(folder: Path, scores: Sequence[float], name: str = "samples_t_2026-11-02T09-00-00.1.jsonl") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"doc_id": i, "doc": {"question": f"What is {i} plus 1?"}, "resps": [["r"]], "metrics": ["acc"], "acc": score}
        for i, score in enumerate(scores)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def native_file(folder: Path, name: str, rows: Sequence[tuple[str, float | None]]) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(
            json.dumps({"id": i, "value": v, "state": "ungradable" if v is None else "wrong"}) + "\n" for i, v in rows
        )
    )
    return path


@pytest.mark.parametrize("partial", [False, True])
def test_two_files_of_lm_eval_get_the_figures_of_the_same_arrays(partial: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    values = [0.0, 0.5, 1.0] if partial else [0.0, 1.0]
    arrays = [rng.choice(values, size=80) for _ in range(2)]
    paths = [lm_eval_file(tmp_path / name, list(map(float, array))) for name, array in zip("ab", arrays, strict=True)]
    comparison = compare_sides(*sides(*paths, wanted=Wanted()))
    (row,) = comparison.rows
    (outcome,) = row.outcomes
    expected = compare(arrays[1][np.newaxis], arrays[0][np.newaxis], ["t"] * 80)
    assert outcome.difference.mean == expected.difference.mean
    assert (outcome.difference.low, outcome.difference.high) == (expected.difference.low, expected.difference.high)
    assert (outcome.p_value, outcome.p_mcnemar, outcome.p_permutation) == (
        expected.p_value,
        expected.p_mcnemar,
        expected.p_permutation,
    )
    assert (outcome.detectable, outcome.more_questions) == (expected.detectable, expected.more_questions)
    assert (outcome.p_mcnemar is None) == partial
    assert (row.by_id, row.by_text, outcome.items, outcome.left_out) == (80, 0, 80, 0)


def test_logs_of_any_two_formats_are_paired_by_the_questions_text() -> None:
    inspected = json.loads((DATA / "inspect.json").read_text())
    lm_eval = items_of_log(read_log(FIRST, LOOSE))
    inspect = items_of_log(inspect_ai.read_content(inspected, DATA / "inspect.json", Wanted()))
    instances = items_of_log(read_log(DATA / "model_samples.jsonl"))
    pairing = pair_items(lm_eval, inspect)
    assert (pairing.by_id, pairing.by_text, pairing.other_question) == (1, 5, 4), (
        "the other numbers name other questions"
    )
    assert {(first.scores[0][0], second.scores[0][0]) for first, second in pairing.pairs} == {
        (1.0, 1.0),
        (1.0, 0.0),
        (0.0, 1.0),
        (0.0, 0.0),
    }
    by_number = pair_items(lm_eval, instances)
    assert (by_number.by_id, by_number.by_text) == (6, 0), "the prompt holds the question"
    assert len(pair_items(inspect, instances).pairs) == 6


def item(identifier: str, *texts: str, named: bool = True, task: str = "t") -> SideItem:
    return SideItem(task, identifier, named, texts, ((1.0,),))


def test_numbers_alone_pair_nothing() -> None:
    numbered = [item("0", named=False), item("1", named=False)]
    assert len(pair_items(numbered, [item("t/0"), item("t/1")]).pairs) == 0
    assert len(pair_items([item("0"), item("1")], [item("t/0"), item("t/1")]).pairs) == 2


def test_one_id_with_two_questions_is_not_one_item() -> None:
    pairing = pair_items([item("a", "one"), item("b", "two")], [item("a", "other"), item("b", "two")])
    assert (pairing.by_id, pairing.other_question) == (1, 1)
    assert [item.texts for item in pairing.only_first + pairing.only_second] == [("one",), ("other",)]


def test_tasks_of_two_names_are_paired_by_text_alone() -> None:
    ours, theirs = [item("a", "one", task="x")], [item("a", "one", task="y"), item("b", task="y")]
    assert len(pair_items(ours, theirs).pairs) == 1
    assert len(pair_items([item("b", task="x")], [item("b", task="y")]).pairs) == 0
    assert len(pair_items([item("b", task="")], [item("b", task="y")]).pairs) == 1


def test_a_text_of_two_items_pairs_none() -> None:
    assert len(pair_items([item("a", "one"), item("b", "one")], [item("c", "one")]).pairs) == 0
    assert len(pair_items([item("c", "one")], [item("a", "one"), item("b", "one")]).pairs) == 0


def test_the_longest_text_inside_another_wins_and_the_search_is_bounded() -> None:
    short = "How many apples does Ann have now?"
    index = TextIndex([("a", (short,)), ("b", (f"{short} She ate two.",))])
    assert index.find([f"Question: {short} She ate two. Answer:"]) == "b"
    index._searches = MAX_SEARCHES
    assert index.find([f"Question: {short} Answer:"]) is None


def test_graded_files_and_folders_of_bench_are_compared_and_ungraded_items_left_out(tmp_path: Path) -> None:
    first = native_file(tmp_path, "graded.jsonl", [("t/0", 1.0), ("t/1", None), ("t/2", 1.0), ("t/3", 0.0)])
    native_file(tmp_path, "run/samples/t.jsonl", [("t/0", 0.0), ("t/1", 1.0), ("t/2", 1.0), ("t/4", 1.0)])
    comparison = compare_sides(*sides(first, tmp_path / "run"))
    (outcome,) = comparison.rows[0].outcomes
    assert (outcome.group, outcome.items, outcome.left_out, outcome.first, outcome.second) == ("t", 2, 3, 1.0, 0.5)


def test_several_tasks_are_compared_alone_and_together(tmp_path: Path) -> None:
    for run, value in (("a", 1.0), ("b", 0.0)):
        for task in ("gsm8k", "humaneval", "own"):
            native_file(tmp_path / run, f"samples/{task}.jsonl", [(f"{task}/{i}", value) for i in range(4)])
    comparison = compare_sides(*sides(tmp_path / "a", tmp_path / "b"))
    groups = [(outcome.group, outcome.items) for outcome in comparison.rows[0].outcomes]
    assert groups == [("gsm8k", 4), ("humaneval", 4), ("own", 4), ("all", 12)]


def test_a_log_is_compared_with_every_row_of_a_record(tmp_path: Path) -> None:
    ids = [f"lab_chain/{number}" for number in range(20)]
    items = items_of({("inverted", 0): "cw" * 10, ("oracle", 0): "c" * 20}, ids)
    path = write(tmp_path, record("r", rows=[row("inverted"), row("oracle"), row("base")]), items)
    log = native_file(tmp_path, "samples/lab_chain.jsonl", [(identifier, 1.0) for identifier in ids])
    comparison = compare_sides(*sides(path, log))
    assert [(compared.first_row, compared.second_row) for compared in comparison.rows] == [
        ("inverted", None),
        ("oracle", None),
    ]
    assert comparison.rows[0].outcomes[0].difference.mean == pytest.approx(0.5)
    view = view_logs(comparison)
    assert [line[0] for line in view.tables[0].rows] == ["inverted", "oracle"]
    assert "inverted: items paired: 20 by id" in view.notes


def test_tasks_of_another_version_are_left_out(tmp_path: Path) -> None:
    for run, version in (("a", "1"), ("b", "2")):
        for task in ("x", "y"):
            native_file(tmp_path / run, f"samples/{task}.jsonl", [(f"{task}/{i}", 1.0) for i in range(3)])
        tasks = [{"name": "x", "version": "1"}, {"name": "y", "version": version}]
        (tmp_path / run / "bench.json").write_text(json.dumps({"model": {"name": run}, "tasks": tasks}))
    comparison = compare_sides(*sides(tmp_path / "a", tmp_path / "b"))
    assert comparison.other_versions == ["y"]
    assert [outcome.group for outcome in comparison.rows[0].outcomes] == ["x"]


def test_samples_of_one_item_count_as_their_mean(tmp_path: Path) -> None:
    first = native_file(tmp_path, "a.jsonl", [("x", 1.0), ("x", 0.0), ("y", 1.0)])
    second = native_file(tmp_path, "b.jsonl", [("x", 1.0), ("y", 1.0)])
    (outcome,) = compare_sides(*sides(first, second)).rows[0].outcomes
    assert (outcome.group, outcome.items, outcome.first, outcome.second) == ("all", 2, 0.75, 1.0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("z", 1.0)], "share no item: tasks (unnamed) and (unnamed)"),
        ([("x", None)], "share items, but none with a score on both sides"),
    ],
)
def test_logs_with_nothing_to_compare_are_refused(rows: list[Any], message: str, tmp_path: Path) -> None:
    first, second = native_file(tmp_path, "a.jsonl", [("x", 1.0)]), native_file(tmp_path, "b.jsonl", rows)
    with pytest.raises(InputError) as error:
        compare_sides(*sides(first, second))
    assert message in str(error.value)


def test_responses_without_a_grade_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"id": "x", "response": "7"}\n')
    with pytest.raises(InputError, match=r"r\.jsonl: its responses have no grade; run: traceinv grade TASK .*r\.jsonl"):
        read_side(path)


def test_people_get_a_table_and_programs_json(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["compare", str(FIRST), str(SECOND), "--filter", "flexible-extract"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "A: lm-eval, scored by exact_match (filter flexible-extract) (also there: filter strict-match;" in out
    assert "items paired: 6 by id" in out
    assert "+33.3" in out
    assert main([*command, "--json"]) == 0
    (comparison,) = (LogComparison.model_validate(found) for found in json.loads(capsys.readouterr().out))
    assert comparison.rows[0].outcomes[0].p_mcnemar == 0.5


def test_each_log_may_have_a_score_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["--filter", "strict-match", "--filter", "flexible-extract"]
    assert main(["compare", str(FIRST), str(SECOND), *names, "--json"]) == 0
    (comparison,) = json.loads(capsys.readouterr().out)
    assert [comparison[side]["scored_by"][-17:-1] for side in ("first", "second")] == [
        "ter strict-match",
        "flexible-extract",
    ]
    assert comparison["rows"][0]["outcomes"][0]["difference"]["mean"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [*[str(FIRST)] * 3, *["--metric", "a"] * 2],
            "--metric: expected it once, or once for each of the 3 logs; got it 2",
        ),
        (["none.jsonl", str(FIRST)], "none.jsonl: no such file"),
        ([str(FIRST), str(DATA)], "are of one task; name one of the files"),
        ([str(FIRST), str(SECOND), "--metric", "f1"], "no metric that is a number 'f1'; it has exact_match"),
        ([str(FIRST), str(SECOND), "--format", "eee"], ":1: schema_version: field required"),
    ],
)
def test_bad_logs_are_refused_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
