"""What a person sees of two records."""

from pathlib import Path

from sample_records import CELL, COMPARABILITY, items_of, record, row, write

from harness.results.compare import compare_records
from harness.views.comparison import ComparisonView, view_comparison

IDS = [f"lab_chain/{number}" for number in range(40)]
SILENT = CELL.model_copy(update={"policy": "silent"})


def _view(folder: Path, *changes: dict[str, object]) -> ComparisonView:
    items = items_of({("inverted", 0): "cw" * 20}, IDS)
    paths = [write(folder, record(name, **change), items) for name, change in zip("ab", changes, strict=True)]
    return view_comparison(compare_records(*paths))


def test_equal_recipes_and_settings_are_said_to_be_identical(tmp_path: Path) -> None:
    view = _view(tmp_path, {}, {})
    assert view.title == "A: a, B: b"
    assert view.notes == ("recipes: identical", "evaluation settings: identical")
    (outcomes,) = view.tables
    assert [column.name for column in outcomes.columns][:6] == ["regime", "on", "questions", "A", "B", "B - A"]
    assert outcomes.rows[0][:6] == ("inverted", "math", "40", "50.0%", "50.0%", "0.0 [-4.8, 4.8]")


def test_differing_settings_are_listed(tmp_path: Path) -> None:
    rows = [row("inverted", runs=["x"], comparability=COMPARABILITY.model_copy(update={"student": "z"})), row("oracle")]
    view = _view(tmp_path, {"rows": [row("inverted"), row("oracle")]}, {"rows": rows, "recipe": {"name": "other"}})
    titles = {table.title: table.rows for table in view.tables}
    assert titles["Evaluation settings of inverted"] == (("student", "s", "z"),)
    assert ("name", "lab", "other") in titles["Recipes"]
    assert "evaluation settings: identical for oracle" in view.notes


def test_lists_of_pairs_are_written_as_differences(tmp_path: Path) -> None:
    recipes = [{"name": "lab", "contrasts": pairs} for pairs in ([["inverted", "summary"]], [["a", "b"], ["c", "d"]])]
    view = _view(tmp_path, *({"recipe": recipe} for recipe in recipes))
    assert ("contrasts", "inverted - summary", "a - b; c - d") in view.tables[0].rows


def test_the_same_runs_are_named_and_nothing_false_is_said_of_them(tmp_path: Path) -> None:
    rows = [row("inverted", runs=["k"]), row("oracle", runs=["o"])]
    view = _view(tmp_path, {"rows": rows}, {"rows": rows})
    assert view.tables == ()
    assert "the same run in both records: inverted, oracle" in view.notes
    assert "nothing to compare: no row has different runs" in view.notes


def test_rows_of_one_record_alone_are_named_with_their_cells(tmp_path: Path) -> None:
    alone = [row("inverted"), row("oracle"), row("oracle", cell=SILENT)]
    view = _view(tmp_path, {"rows": alone}, {"rows": [row("inverted", runs=["other"])]})
    assert "only in A: oracle (policy recap), oracle (policy silent)" in view.notes
