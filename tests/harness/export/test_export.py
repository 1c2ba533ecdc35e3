"""`traceinv export`: what other programs, and `traceinv compare` and `faithfulness`, read of records and benchmark runs."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from sample_bench import read_lines, sample, write_bench
from sample_records import CELL, items_of, record, row, write
from sample_runs import write_run

from harness.cli import main
from harness.faithfulness.pairs import index_pairs
from harness.results.items import ItemFile

IDS = [f"lab_chain/{number}" for number in range(4)]
SILENT = CELL.model_copy(update={"policy": "silent"})


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    samples = [sample("lab_chain/0", "correct"), sample("lab_chain/1", "wrong"), sample("lab_chain/2", "ungradable")]
    return write_bench(tmp_path / "bench", {"lab_chain": samples})


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A record of two cells, whose rows have two seeds and two samples an item."""
    runs = [
        run
        for cell in (CELL, SILENT)
        for run in items_of({("inverted", 0): "cwcx", ("inverted", 1): "wwcc"}, IDS[:2], cell=cell, repeats=2).runs
    ]
    items = ItemFile(ids={"lab_chain": IDS[:2]}, repeats={"lab_chain": 2}, runs=runs)
    rows = [row("inverted", cell=cell, seeds=(0, 1)) for cell in (CELL, SILENT)] + [row("oracle", seeds=(0, 1))]
    return write(tmp_path, record("two", seeds=[0, 1], rows=rows, contrasts=[], recovery=[]), items)


def export(source: Path, format_name: str, *options: str) -> int:
    return main(["export", str(source), "--format", format_name, *options])


def test_figures_of_a_record_are_csv(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(stored, "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 15, "three rows, five tasks and groups"
    assert (rows[0]["record"], rows[0]["row"], rows[0]["policy"], rows[0]["seeds"]) == ("two", "inverted", "recap", "2")


def test_figures_of_a_benchmark_run_are_csv(bench: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(bench / "bench.json", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["task"], row["subject"], row["accuracy"], row["items"]) for row in rows] == [
        ("lab_chain", "all", "0.5", "3"),
        ("lab_chain", "level 1", "1.0", "1"),
    ]
    assert (rows[0]["model"], rows[0]["ungradable"][:5], rows[0]["version"]) == ("org/model", "0.333", "1.0")


def test_items_of_a_record_are_jsonl(stored: Path, tmp_path: Path) -> None:
    out = tmp_path / "items.jsonl"
    assert export(stored, "jsonl", "--out", str(out)) == 0
    rows = read_lines(out)
    assert len(rows) == 2 * 2 * 4
    assert rows[3] == {
        "row": "inverted",
        "cell": CELL.model_dump(mode="json"),
        "seed": 0,
        "task": "lab_chain",
        "id": "lab_chain/1",
        "sample": 1,
        "state": "ungradable",
    }


def test_items_of_a_benchmark_run_are_jsonl_that_compare_reads(bench: Path, tmp_path: Path) -> None:
    out = tmp_path / "items.jsonl"
    assert export(bench, "jsonl", "--out", str(out)) == 0
    first = read_lines(out)[0]
    assert (first["model"], first["task"], first["state"], first["value"]) == ("org/model", "lab_chain", "correct", 1.0)
    assert main(["compare", str(out), str(bench)]) == 0


def eee(folder: Path) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Return each aggregate of a folder with its instances."""
    aggregates = sorted(path for path in folder.rglob("*.json"))
    return [
        (json.loads(path.read_text()), read_lines(path.with_name(f"{path.stem}_samples.jsonl"))) for path in aggregates
    ]


def test_a_benchmark_run_becomes_an_aggregate_and_instances(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "eee"
    assert export(bench, "eee", "--out", str(out), "--organization", "lab", "--relationship", "third_party") == 0
    ((aggregate, rows),) = eee(out)
    assert (aggregate["schema_version"], aggregate["model_info"]["id"]) == ("0.3.0", "org/model")
    assert aggregate["source_metadata"]["source_organization_name"] == "lab"
    (result,) = aggregate["evaluation_results"]
    assert (result["evaluation_name"], result["score_details"]["score"]) == ("lab_chain", 0.5)
    assert result["generation_config"]["generation_args"] == {"temperature": 0.0, "max_tokens": 64}
    assert all(isinstance(value, str) for value in result["score_details"]["details"].values())
    assert [(row["sample_id"], row["evaluation"], row["error"]) for row in rows] == [
        ("lab_chain/0", {"score": 1.0, "is_correct": True}, None),
        ("lab_chain/1", {"score": 0.0, "is_correct": False}, None),
        ("lab_chain/2", {"score": 0.0, "is_correct": False}, "ungradable: it is ungradable"),
    ]
    assert rows[0]["output"]["raw"] == ["the response to lab_chain/0"]
    assert (rows[0]["input"], rows[0]["sample_hash"]) == ({"raw": "", "reference": []}, None)
    details = aggregate["detailed_evaluation_results"]
    samples = out / details["file_path"]
    assert samples.parent == out / "data" / "traceinv-bench" / "org" / "model"
    assert details["total_rows"] == 3
    assert details["checksum"] == hashlib.sha256(samples.read_bytes()).hexdigest()
    assert {row["evaluation_id"] for row in rows} == {aggregate["evaluation_id"]}
    capsys.readouterr()
    assert main(["compare", str(samples), str(bench), "--json"]) == 0
    (comparison,) = json.loads(capsys.readouterr().out)
    (outcome,) = comparison["rows"][0]["outcomes"]
    assert (outcome["items"], outcome["left_out"], outcome["difference"]["mean"]) == (2, 1, 0.0)


def test_every_row_and_cell_of_a_record_is_a_model(stored: Path, tmp_path: Path) -> None:
    assert export(stored, "eee", "--out", str(tmp_path / "eee")) == 0
    models = {aggregate["model_info"]["id"]: rows for aggregate, rows in eee(tmp_path / "eee")}
    assert set(models) == {"traceinv/two-inverted-policy-recap", "traceinv/two-inverted-policy-silent"}, (
        "oracle has no items"
    )
    rows = models["traceinv/two-inverted-policy-recap"]
    assert [(row["sample_id"], row["metadata"]["sample"], row["metadata"]["seed"]) for row in rows[2:6]] == [
        ("lab_chain/1", "0", "0"),
        ("lab_chain/1", "1", "0"),
        ("lab_chain/0", "2", "1"),
        ("lab_chain/0", "3", "1"),
    ]
    assert rows[0]["output"]["raw"] == []


def test_the_same_results_get_the_same_files(bench: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert export(bench, "eee", "--out", str(tmp_path / name)) == 0
    files = [sorted(path.relative_to(tmp_path / name) for path in (tmp_path / name).rglob("*.json*")) for name in "ab"]
    assert files[0] == files[1]


def test_questions_are_put_in_on_request(tmp_path: Path) -> None:
    folder = write_bench(
        tmp_path / "bench", {"gsm8k": [sample("gsm8k/0", "correct")]}, model=str(tmp_path / "my model")
    )
    (tmp_path / "gsm8k_test.jsonl").write_text(json.dumps({"question": "1 plus 1?", "answer": "#### 2"}) + "\n")
    assert export(folder, "eee", "--out", str(tmp_path / "eee"), "--questions", "--data-dir", str(tmp_path)) == 0
    ((aggregate, (row_,)),) = eee(tmp_path / "eee")
    assert aggregate["model_info"]["id"] == "local/my-model"
    assert "1 plus 1?" in row_["input"]["raw"]
    assert row_["input"]["reference"] == ["2"]
    recipe = json.dumps(row_["input"], sort_keys=True, separators=(",", ":"))
    assert row_["sample_hash"] == hashlib.sha256(recipe.encode()).hexdigest()
    (result,) = aggregate["evaluation_results"]
    assert (result["source_data"]["source_type"], result["source_data"]["hf_repo"]) == ("hf_dataset", "openai/gsm8k")


def test_pairs_of_one_inverter_are_what_faithfulness_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = write_run(tmp_path), tmp_path / "pairs.jsonl"
    assert export(run, "pairs", "--label", "regime=inverted", "--out", str(out)) == 0
    rows = read_lines(out)
    assert set(rows[0]) == {"truth", "inverted", "second", "id", "kind", "question", "answer"}
    assert f"{len(rows)} pairs; left out: " in capsys.readouterr().err
    assert len(index_pairs(out)) == len(rows) > 0


def test_pairs_of_all_seeds_stand_together(tmp_path: Path) -> None:
    run, out = write_run(tmp_path, [{"regime": "inverted", "seed": seed} for seed in (0, 1)]), tmp_path / "pairs.jsonl"
    assert export(run, "pairs", "--out", str(out)) == 0
    assert len(index_pairs(out)) > len({row["id"] for row in read_lines(out)})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "several inverters; choose one with --label NAME=VALUE (regime: inverted, zero_shot_inverted)"),
        (
            ["--label", "regime=oracle"],
            "no inverted traces with regime=oracle; the store has those of target=lab, regime=",
        ),
        (["--label", "inverted"], "--label inverted: expected NAME=VALUE"),
        (["--store", "/nowhere"], "the run's store is not at /nowhere; --store names it"),
    ],
)
def test_a_choice_of_traces_that_is_none_is_refused(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(write_run(tmp_path), "pairs", *options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_what_does_not_apply_is_refused(bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(bench, "pairs") == 2
    assert export(bench, "eee") == 2
    assert export(tmp_path, "csv") == 2
    (bench / "samples" / "lab_chain.jsonl").unlink()
    assert export(bench, "jsonl") == 2
    errors = capsys.readouterr().err.splitlines()
    for error, message in zip(
        errors,
        (
            "a benchmark run has no inverted traces",
            "--out: expected a folder for --format eee",
            "expected a folder with one record or with bench.json, got 0 records",
            "lab_chain.jsonl: no such file; the record",
        ),
        strict=True,
    ):
        assert message in error
