"""What is read of each format of logs, and which lines are refused."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.logs import inspect_ai
from harness.logs.formats import FORMATS, detect, read_log
from harness.logs.samples import Log, Wanted, check_score
from traceinv.errors import InputError

DATA = Path(__file__).parent / "data"
LM_EVAL = DATA / "samples_sums_2026-11-02T09-00-00.123456.jsonl"
INSPECT = DATA / "inspect.json"
EEE = DATA / "model_samples.jsonl"
STRICT = Wanted(filter="strict-match")
Change = Mapping[str, Any] | Callable[[dict[str, Any]], object]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def scores(log: Log) -> list[float | None]:
    return [sample.score for sample in log.samples]


def refusal(path: Path, wanted: Wanted = Wanted(), format_name: str | None = None) -> str:  # noqa: B008
    with pytest.raises(InputError) as error:
        read_log(path, wanted, format_name)
    assert "\n" not in str(error.value)
    return str(error.value)


def changed(path: Path, folder: Path, change: Change, line: int = 1) -> Path:
    """Write a copy of a JSONL file with one line changed."""
    rows = lines_of(path)
    if callable(change):
        change(rows[line - 1])
    else:
        rows[line - 1] |= change
    copy = folder / path.name
    copy.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return copy


@pytest.mark.parametrize(("path", "name"), [(LM_EVAL, "lm-eval"), (EEE, "eee"), (INSPECT, "inspect"), (DATA, None)])
def test_the_format_is_told_by_the_content(path: Path, name: str | None, tmp_path: Path) -> None:
    if name is None:
        assert detect(DATA) == "lm-eval", "a folder with its files"
        return
    renamed = tmp_path / "anything"
    renamed.write_bytes(path.read_bytes())
    assert detect(renamed) == name
    assert name in FORMATS


def test_lm_eval_files_give_their_first_filter_and_others_when_asked() -> None:
    log = read_log(LM_EVAL)
    assert (log.scored_by, log.other_scores) == ("exact_match (filter strict-match)", ("filter flexible-extract",))
    assert scores(log) == [0.0] * 6
    log = read_log(LM_EVAL, Wanted(filter="flexible-extract"))
    assert scores(log) == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    first = log.samples[0]
    assert (first.task, first.id, first.sample, first.named) == ("sums", "0", 0, False)
    assert first.response == "She counts. #### 7"
    assert first.texts == ("Ann has 3 apples and buys 4 more. How many apples has she now?",)
    assert "no filter 'loose'; it has strict-match, flexible-extract" in refusal(LM_EVAL, Wanted(filter="loose"))
    assert "no metric that is a number 'acc'; it has exact_match" in refusal(LM_EVAL, Wanted(metric="acc"))


def test_lm_eval_items_have_the_documents_own_ids_where_all_have_one(tmp_path: Path) -> None:
    rows = lines_of(LM_EVAL)
    for row in rows:
        row["doc"]["task_id"] = f"sum-{row['doc_id']}"
    path = tmp_path / "samples_traceinv_gsm8k_2026-11-02T09-00-00.1.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    log = read_log(path)
    assert (log.samples[2].task, log.samples[2].id, log.samples[2].named) == ("gsm8k", "sum-2", True)


def test_repeats_of_lm_eval_are_samples_and_likelihoods_have_no_text(tmp_path: Path) -> None:
    path = changed(LM_EVAL, tmp_path, {"resps": [["a", "b"]]})
    assert [(sample.sample, sample.response) for sample in read_log(path, STRICT).samples[:2]] == [(0, "a"), (1, "b")]
    path = changed(LM_EVAL, tmp_path, {"resps": [[["-1.5", "False"]], [["-0.5", "True"]]]})
    assert read_log(path, STRICT).samples[0].response is None


def test_an_item_without_the_metric_has_no_score(tmp_path: Path) -> None:
    def drop(row: dict[str, Any]) -> None:
        del row["exact_match"]
        row |= {"metrics": ["ungradable"], "ungradable": 1.0}

    log = read_log(changed(LM_EVAL, tmp_path, drop), STRICT)
    assert scores(log)[:2] == [None, 0.0]
    assert log.scored_by == "exact_match (filter strict-match)", "the usual metrics come first"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exact_match": 7}, ":1: exact_match: the score is 7; expected a number from 0 to 1"),
        ({"exact_match": float("nan")}, ":1: exact_match: the score is nan"),
        ({"exact_match": "1"}, "none of its metrics is a number for every item"),
        ({"doc_id": "0"}, ":1: doc_id: input should be a valid integer"),
        ({"doc_id": -1}, ":1: doc_id: input should be greater than or equal to 0"),
        ({"doc_id": 1}, ":2: sample 0 of item '1' stands at"),
        ({"doc": "x"}, ":1: doc: input should be a valid dictionary"),
        ({"resps": None}, ":1: resps: input should be a valid list"),
        ({"metrics": "acc"}, ":1: metrics: input should be a valid list"),
    ],
)
def test_bad_lines_of_lm_eval_are_named(change: Change, message: str, tmp_path: Path) -> None:
    assert message in refusal(changed(LM_EVAL, tmp_path, change), STRICT)


def test_two_files_of_one_task_are_refused() -> None:
    assert "are of one task; name one of the files" in refusal(DATA)


def test_inspect_logs_give_scores_reasoning_and_endings() -> None:
    log = inspect_ai.read_content(json.loads(INSPECT.read_text()), INSPECT, Wanted())
    assert (log.model, log.scored_by, log.other_scores) == ("mockllm/model", "match", ("grader/logic",))
    first = log.samples[0]
    assert (first.task, first.id, first.named, first.sample) == ("sums", "1", False, 0)
    assert first.response == "<think>Let me count.</think>ANSWER: 1"
    assert (first.finish_reason, first.tokens, log.samples[1].finish_reason) == ("length", 9, "stop")
    assert scores(log) == [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    parts = inspect_ai.read_content(json.loads(INSPECT.read_text()), INSPECT, Wanted(metric="grader/logic"))
    assert scores(parts) == [0.5, 1.0, 0.5, 1.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("value", "score"), [("P", 0.5), ("N", 0.0), (True, 1.0), ("no", 0.0), ("0.25", 0.25), (float("nan"), None)]
)
def test_scores_of_inspect_are_read_as_it_reads_them(value: object, score: float | None) -> None:
    content = json.loads(INSPECT.read_text())
    content["samples"][0]["scores"]["match"]["value"] = value
    assert scores(inspect_ai.read_content(content, INSPECT, Wanted()))[0] == score


def test_a_sample_of_inspect_that_failed_has_no_score() -> None:
    content = json.loads(INSPECT.read_text())
    content["samples"][0] |= {"error": {"message": "time out"}, "output": {"choices": []}}
    first = inspect_ai.read_content(content, INSPECT, Wanted()).samples[0]
    assert (first.score, first.response, first.finish_reason) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": []}, "inspect.json: the log has no sample"),
        ({"eval": {"task": "t"}}, "inspect.json: eval.model: field required"),
        ({"samples": [{"id": 1, "input": "q", "scores": {}}]}, "inspect.json: no sample has a score"),
        (
            {"samples": [{"id": 1, "input": "q", "scores": {"match": {"value": "good"}}}]},
            "sample 1: match: expected a score from 0 to 1 or one of C, P, I, N; got 'good'",
        ),
        (
            {"samples": [{"id": 1, "input": "q", "scores": {"match": {"value": "C"}}}] * 2},
            "sample 0 of item '1' stands at",
        ),
    ],
)
def test_bad_logs_of_inspect_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        inspect_ai.read_content(json.loads(INSPECT.read_text()) | change, INSPECT, Wanted())
    assert message in str(error.value)


def test_without_its_package_a_log_of_inspect_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "inspect_ai.log", None)
    assert refusal(INSPECT).endswith("are read by its package; run: pip install inspect_ai")


def test_the_package_reads_both_forms_of_a_log(tmp_path: Path) -> None:
    log_module = pytest.importorskip("inspect_ai.log")
    packed = tmp_path / "log.eval"
    log_module.write_eval_log(log_module.read_eval_log(str(INSPECT)), str(packed))
    plain = inspect_ai.read_content(json.loads(INSPECT.read_text()), INSPECT, Wanted())
    for path in (INSPECT, packed):
        log = read_log(path)
        assert [(s.id, s.score, s.response, s.finish_reason, s.tokens, s.texts) for s in log.samples] == [
            (s.id, s.score, s.response, s.finish_reason, s.tokens, s.texts) for s in plain.samples
        ]
    packed.write_bytes(packed.read_bytes()[:200])
    assert "inspect_ai cannot read it" in refusal(packed)


def test_instances_of_every_eval_ever_give_one_metric() -> None:
    log = read_log(EEE)
    assert (log.model, log.scored_by, log.other_scores) == ("org/model", "sums.accuracy", ("sums.length",))
    assert scores(log) == [1.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    first = log.samples[0]
    assert (first.task, first.id, first.response, first.finish_reason, first.tokens) == (
        "sums",
        "0",
        "<think>Count.</think>It is 7.",
        "stop",
        5,
    )
    assert scores(read_log(EEE, Wanted(metric="sums.length"))) == [0.5] * 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"evaluation": {"score": "1", "is_correct": True}}, ":1: evaluation.score: input should be a valid number"),
        ({"evaluation": {"score": -1, "is_correct": True}}, ":1: evaluation.score: the score is -1"),
        ({"schema_version": "0.1.0"}, ":1: schema_version is '0.1.0', expected 0.3.0 or 0.2.x"),
        ({"model_id": "other"}, "it has responses of 2 models, such as other and org/model"),
        ({"sample_id": 3}, ":1: sample_id: input should be a valid string"),
        ({"metadata": {"sample": 1}}, ":1: metadata.sample: expected a whole number as text, got 1"),
    ],
)
def test_bad_instances_are_named(change: Change, message: str, tmp_path: Path) -> None:
    assert message in refusal(changed(EEE, tmp_path, change))


def test_a_failed_instance_has_no_score_and_lines_of_one_id_are_samples(tmp_path: Path) -> None:
    rows = [row for row in lines_of(EEE) if row["evaluation_result_id"] == "sums.accuracy"]
    rows[0]["error"] = "refused"
    path = tmp_path / "two.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, *rows]))
    log = read_log(path)
    assert scores(log)[0] is None
    assert [sample.sample for sample in log.samples] == [0] * 6 + [1] * 6


def test_figures_without_items_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"schema_version": "0.3.0", "source_metadata": {}, "evaluation_results": []}, indent=1))
    assert "figures without items; give the file UUID_samples.jsonl" in refusal(path)


def graded(identifier: str | int, value: float | None, **more: Any) -> str:
    state = "ungradable" if value is None else "correct" if value == 1 else "wrong"
    return json.dumps({"id": identifier, "state": state, "value": value, **more}) + "\n"


def test_a_folder_of_bench_gives_its_tasks_model_and_versions(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "gsm8k.jsonl").write_text(
        graded("gsm8k/0", 1.0, sample=0) + graded("gsm8k/0", None, sample=1)
    )
    record = {"model": {"name": "m"}, "tasks": [{"name": "gsm8k", "version": "1.0"}]}
    (tmp_path / "bench.json").write_text(json.dumps(record))
    for path in (tmp_path, tmp_path / "bench.json"):
        log = read_log(path)
        assert (log.model, log.scored_by, dict(log.versions), log.tasks()) == (
            "m",
            "grade",
            {"gsm8k": "1.0"},
            ["gsm8k"],
        )
        assert scores(log) == [1.0, None]
    assert read_log(tmp_path / "samples" / "gsm8k.jsonl").tasks() == ["gsm8k"]
    (tmp_path / "bench.json").write_text('{"model": "m"}')
    assert "not a record of a benchmark run" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (graded("a", 2.0), "r.jsonl:1: value: the score is 2.0"),
        (graded("a", 1.0) + '{"id": "b", "state": "wrong", "value": NaN}\n', "r.jsonl:2: value: "),
        ('{"id": "a", "state": "rong"}\n', "r.jsonl:1: state: unknown state 'rong' (did you mean 'wrong'?)"),
        (graded("a", 1.0, sample=0) + graded("a", 1.0, sample=0), "r.jsonl:2: sample 0 of item 'a' stands at"),
        (graded("a", 1.0) + '{"id": "b", "state": "wr', "r.jsonl:2: not JSON"),
        ("[]\n", "r.jsonl:1: expected a JSON object, got list"),
        ('{"question": "x"}\n', "r.jsonl: unknown format, its first keys are question; expected rows of traceinv"),
        ("", "r.jsonl: no line"),
        ("{\n", "r.jsonl: not JSON"),
    ],
)
def test_bad_rows_of_ours_are_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(text)
    assert message in refusal(path)


def test_a_state_alone_is_a_score(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps({"id": s, "state": s}) + "\n" for s in ("correct", "no_answer", "ungradable")))
    assert scores(read_log(path)) == [1.0, 0.0, None]


def test_the_named_format_wins_and_missing_files_are_said(tmp_path: Path) -> None:
    assert "doc_id: field required" in refusal(EEE, format_name="lm-eval")
    assert "No such file" in refusal(tmp_path / "none.jsonl")
    assert "expected a folder of `traceinv bench`" in refusal(tmp_path)


@pytest.mark.parametrize("value", [[1], "1", {}, None, -0.1, 1.5, float("nan")])
def test_a_score_is_a_number_from_0_to_1(value: object) -> None:
    with pytest.raises(InputError, match="expected a number from 0 to 1"):
        check_score(value, "a.jsonl:1: acc")
