"""The page that `traceinv report` makes: what it shows of records and runs, and what it refuses."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sample_records import record

from harness.cli import main
from harness.report import build
from harness.results.schema import ResultRecord
from traceinv.records import Question, Transcript

MakeRun = Callable[..., Path]
HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">'


@pytest.mark.slow
def test_the_page_holds_every_plot_with_its_table_and_fetches_nothing(make_run: MakeRun) -> None:
    page = build(None, make_run())
    for title in ("Accuracy by regime", "Accuracy against finished rate", "Faithfulness", "Training curves"):
        assert title in page.html
    assert "Differences between regimes" in page.html
    assert page.html.count("<svg aria-hidden") == 2 * page.html.count("<details><summary>The figures behind")
    assert page.html.count('role="img" aria-label="') == page.html.count("<svg aria-hidden")
    assert "inverted, math: 65.0% [60.0, 71.0]" in page.html
    addresses = {a for a in re.findall(r"https?://[^\"' )]+", page.html) if "www.w3.org" not in a}
    assert addresses == set()
    assert not re.search(r"<(link|iframe|img|object)\b|\bsrc=|@import|url\((?!#)", page.html)


@pytest.mark.usefixtures("undrawn")
def test_a_plot_that_the_records_cannot_give_says_why(make_run: MakeRun, tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    for path in make_run().glob("*.json"):
        path.rename(results / path.name)
    page = build(results, None)
    assert "No plot: a record alone does not hold the losses; name the run&#39;s folder with --run." in page.html
    assert "No traces: name a run&#39;s folder with --run" in page.html
    assert "No plot: no two of the records shown differ only in the number of target queries" in page.html


@pytest.mark.usefixtures("undrawn")
def test_a_record_without_a_name_or_with_a_huge_recipe_is_shown(tmp_path: Path) -> None:
    for name, recipe in (("a", {}), ("b", {"name": "b", "notes": "x" * 1_000_000})):
        (tmp_path / f"{name}.json").write_text(record(name, recipe=recipe).model_dump_json())
    page = build(tmp_path, None)
    assert page.refused == []
    assert "Recipe <bdi>without a name</bdi>" in page.html
    assert "[... cut]" in page.html
    assert len(page.html) < 500_000


@pytest.mark.usefixtures("undrawn")
def test_names_that_run_from_right_to_left_leave_the_text_around_them_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(record("a", recipe={"name": "שלום\u202e"}).model_dump_json())
    assert "Recipe <bdi>שלום\\u202e</bdi>, 1 seed" in build(tmp_path, None).html


@pytest.mark.usefixtures("undrawn")
def test_records_that_differ_only_in_the_number_of_queries_make_a_budget_curve(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    for count in (16, 64):
        _write(results, _with_questions(f"lab-{count}", count))
    page = build(results, None)
    assert '<section class="plot" id="across-budget-0">' in page.html
    assert re.search(r">16 queries</th>.*>64 queries</th>", page.html)


@pytest.mark.usefixtures("undrawn")
def test_records_that_differ_in_more_than_the_number_of_queries_make_no_budget_curve(tmp_path: Path) -> None:
    _write(tmp_path, _with_questions("lab-16", 16))
    _write(tmp_path, _with_questions("lab-64", 64, {"kind": "every_kth_step", "k": 3}))
    assert "differ only in the number of target queries" in build(tmp_path, None).html


@pytest.mark.usefixtures("undrawn")
def test_budgets_of_one_record_make_a_budget_curve(tmp_path: Path) -> None:
    whole = _with_questions("lab-64", 64)
    quarter = whole.cells()[0].model_copy(update={"budget": 0.25})
    parts = {
        "rows": [*whole.rows, *(row.model_copy(update={"cell": quarter}) for row in whole.rows)],
        "ledger": [*whole.ledger, *(row.model_copy(update={"cell": quarter, "asked": 16}) for row in whole.ledger)],
    }
    _write(tmp_path, whole.model_copy(update=parts))
    page = build(tmp_path, None)
    assert re.search(r">16 queries</th>.*>64 queries</th>", page.html)
    assert "Accuracy by regime: budget 25%" in page.html


def _write(folder: Path, sample: ResultRecord) -> None:
    (folder / f"{sample.id}.json").write_text(sample.model_dump_json())


def _with_questions(identifier: str, count: int, policy: Mapping[str, Any] | None = None) -> ResultRecord:
    """Make a record whose target was asked so many questions."""
    sample = record(identifier)
    recipe = {**sample.recipe, "name": identifier, "questions": {"kind": "lab", "per_family": count // 4}}
    rows = [
        row.model_copy(update={"comparability": row.comparability.model_copy(update={"questions": f"q{count}"})})
        for row in sample.rows
    ]
    ledger = [row.model_copy(update={"asked": count}) for row in sample.ledger]
    changes = {"recipe": {**recipe, "policy": policy or sample.recipe["policy"]}, "rows": rows, "ledger": ledger}
    return sample.model_copy(update=changes)


@pytest.mark.usefixtures("undrawn")
def test_a_bad_record_is_named_and_the_rest_is_shown(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_run()
    (good,) = folder.glob("*.json")
    (folder / "a-cut.json").write_text(good.read_text()[:300])
    (folder / "b-new.json").write_text(json.dumps(json.loads(good.read_text()) | {"schema_version": 9}))
    out = tmp_path / "page.html"
    assert main(["report", "--run", str(folder), "--out", str(out)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert "a-cut.json: not JSON" in errors[0]
    assert "b-new.json: schema_version is 9" in errors[1]
    assert "Accuracy by regime" in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--results", "nowhere", "--out", "page.html"], "nowhere: no such folder of records"),
        (
            ["--run", ".", "--out", "page.html"],
            "--run .: no record there; expected a folder that `traceinv run` wrote to",
        ),
        (["--results", ".", "--out", "no/page.html"], "--out no/page.html: there is no folder no"),
    ],
)
def test_wrong_input_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", *arguments]) == 2
    assert capsys.readouterr().err == f"traceinv: {message}\n"


@pytest.mark.slow
def test_markup_in_a_record_is_text(make_run: MakeRun) -> None:
    folder = make_run()
    (path,) = folder.glob("*.json")
    content = json.loads(path.read_text())
    content["verdict"] = HOSTILE
    content["recipe"]["name"] = HOSTILE
    content["rows"][0]["name"] = HOSTILE
    content["provenance"]["packages"] = {HOSTILE: HOSTILE}
    path.write_text(json.dumps(content))
    page = build(folder, None)
    assert page.records == 1
    assert "<script>document" not in page.html
    assert "<img" not in page.html


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_a_page_of_thousands_of_long_traces_stays_small_and_says_what_it_left_out(make_run: MakeRun) -> None:
    rng = Random(0)
    words = [f"{rng.getrandbits(40):x}" for _ in range(20_000)]

    def text(count: int) -> str:
        return "\n".join(" ".join(rng.choices(words, k=20)) for _ in range(count))

    rows = [
        Transcript(
            id=str(i),
            question=Question(id=str(i), kind="prose", text=text(1)),
            trace=text(12),
            answer="4",
            finish_reason="stop",
        )
        for i in range(2500)
    ]
    page = build(None, make_run(transcripts=rows, invert=lambda row, rng: text(12)))
    assert page.traces == 5000
    assert len(page.html.encode()) < 15_000_000
    assert "texts cut after 2,000 characters" in page.html


@pytest.mark.usefixtures("undrawn")
def test_an_artifact_that_is_not_what_its_stage_wrote_is_named_and_not_shown(make_run: MakeRun) -> None:
    run = make_run([{"regime": "inverted", "seed": seed} for seed in (0, 1)])
    sound = build(None, run)
    first, *_ = sorted((run / "store" / "inversions").glob("*/rows.jsonl"))
    content = first.read_bytes()
    first.write_bytes(content.replace(b"=1", b"=0", 1))
    damaged = build(None, run)
    assert 0 < damaged.traces < sound.traces
    (line,) = damaged.refused
    assert line.startswith(f"{first.parent}: not used: its files have the digest")
