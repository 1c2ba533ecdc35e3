"""Two records side by side."""

from pathlib import Path

import pytest
from sample_records import CELL, COMPARABILITY, items_of, record, row, write

from harness.results.compare import compare_records, find_record
from harness.results.items import ItemFile
from traceinv.errors import InputError

IDS = [f"lab_chain/{number}" for number in range(100)]
HALF = "cw" * 50
SILENT = CELL.model_copy(update={"policy": "silent"})


def test_recipes_are_compared_by_dotted_keys(tmp_path: Path) -> None:
    first = write(tmp_path, record("a"), items_of({("inverted", 0): HALF}, IDS))
    recipe = {"name": "lab", "policy": {"kind": "headed"}, "regimes": ["base"]}
    second = write(tmp_path, record("b", recipe=recipe), items_of({("inverted", 0): HALF}, IDS))
    comparison = compare_records(first, second)
    assert [(d.key, d.first, d.second) for d in comparison.recipe] == [
        ("policy.k", 2, None),
        ("policy.kind", "every_kth_step", "headed"),
        ("regimes", None, ["base"]),
    ]


def test_a_row_is_compared_item_by_item_on_every_group_of_tasks(tmp_path: Path) -> None:
    first = write(tmp_path, record("a"), items_of({("inverted", 0): HALF}, IDS))
    second = write(tmp_path, record("b"), items_of({("inverted", 0): "cc" * 10 + "cw" * 40}, IDS))
    comparison = compare_records(first, second)
    (compared,) = (compared for compared in comparison.rows if compared.outcomes)
    math, everything = compared.outcomes
    assert (compared.row, math.group, everything.group, math.items) == ("inverted", "math", "all", 100)
    assert (math.first, math.second) == (0.5, 0.6)
    assert math.difference.mean == pytest.approx(0.1)
    assert math.p_mcnemar == pytest.approx(2 * 0.5**10, rel=0.01)
    assert math.p_holm == pytest.approx(2 * math.p_value)
    assert math.one_seed
    assert compared.comparability == []


def test_items_are_paired_by_id_whatever_their_order_and_number(tmp_path: Path) -> None:
    first = write(tmp_path, record("a"), items_of({("inverted", 0): "cwxc"}, IDS[:4]))
    others = [*IDS[1:4][::-1], "lab_chain/new"]
    second = write(tmp_path, record("b"), items_of({("inverted", 0): "wccc"}, others))
    outcome = next(compared.outcomes[0] for compared in compare_records(first, second).rows if compared.outcomes)
    assert outcome.items == 2, "item 0 and the new one stand in one record each, item 2 could not be graded"
    assert outcome.left_out == 3
    assert (outcome.first, outcome.second) == (0.5, 0.5)


def test_models_without_seeds_are_not_called_students_of_one_seed(tmp_path: Path) -> None:
    first = write(tmp_path, record("a"), items_of({("target", None): HALF}, IDS))
    second = write(tmp_path, record("b"), items_of({("target", None): "cc" * 10 + "cw" * 40}, IDS))
    outcome = next(compared.outcomes[0] for compared in compare_records(first, second).rows if compared.outcomes)
    assert not outcome.one_seed


def test_several_seeds_are_tested_by_their_interval(tmp_path: Path) -> None:
    first = write(tmp_path, record("a"), items_of({("inverted", 0): HALF, ("inverted", 1): HALF}, IDS))
    second = write(tmp_path, record("b"), items_of({("inverted", 5): "c" * 100}, IDS))
    outcome = next(compared.outcomes[0] for compared in compare_records(first, second).rows if compared.outcomes)
    assert outcome.p_mcnemar is None
    assert outcome.difference.mean == pytest.approx(0.5)


def test_tasks_of_another_version_are_not_compared(tmp_path: Path) -> None:
    other = COMPARABILITY.model_copy(update={"tasks": {"lab_chain": "2.0"}, "prompts": "q"})
    first = write(tmp_path, record("a"), items_of({("inverted", 0): HALF}, IDS))
    rows = [row("inverted", runs=["other"], comparability=other)]
    second = write(tmp_path, record("b", rows=rows), items_of({("inverted", 0): HALF}, IDS))
    (compared,) = compare_records(first, second).rows
    assert compared.outcomes == []
    assert [d.key for d in compared.comparability] == ["prompts", "tasks.lab_chain", "tasks.lab_compose"]


def test_rows_of_the_same_run_are_not_compared(tmp_path: Path) -> None:
    items = items_of({("inverted", 0): HALF, ("summary", 0): HALF}, IDS)
    first = write(tmp_path, record("a"), items)
    rows = [row("inverted", runs=["inverted of a"]), row("summary", runs=["another"])]
    second = write(tmp_path, record("b", rows=rows), items)
    comparison = compare_records(first, second)
    assert {compared.row: compared.same_run for compared in comparison.rows} == {"inverted": True, "summary": False}
    assert [compared.row for compared in comparison.rows if compared.outcomes] == ["summary"]
    assert "oracle" in [unmatched.row for unmatched in comparison.only_first]
    assert comparison.only_second == []


def test_rows_are_matched_by_cell_where_records_have_several(tmp_path: Path) -> None:
    cells = (CELL, SILENT)
    items = ItemFile(
        ids={"lab_chain": IDS},
        runs=[run for cell in cells for run in items_of({("inverted", 0): HALF}, IDS, cell=cell).runs],
    )
    paths = [
        write(
            tmp_path, record(name, rows=[row("inverted", cell=cell, runs=[name, cell.policy]) for cell in cells]), items
        )
        for name in ("a", "b")
    ]
    comparison = compare_records(*paths)
    assert [(compared.first_cell, compared.second_cell) for compared in comparison.rows] == [
        (CELL, CELL),
        (SILENT, SILENT),
    ]


def test_rows_of_records_with_one_cell_each_are_matched_by_name(tmp_path: Path) -> None:
    first = write(tmp_path, record("a", rows=[row("inverted")]), items_of({("inverted", 0): HALF}, IDS))
    rows = [row("inverted", cell=SILENT)]
    second = write(tmp_path, record("b", rows=rows), items_of({("inverted", 0): HALF}, IDS, cell=SILENT))
    (compared,) = compare_records(first, second).rows
    assert (compared.first_cell, compared.second_cell) == (CELL, SILENT)
    assert compared.outcomes


def test_samples_of_an_item_are_compared_as_one(tmp_path: Path) -> None:
    first = write(tmp_path, record("a"), items_of({("inverted", 0): "cwcw"}, IDS[:2], repeats=2))
    second = write(tmp_path, record("b"), items_of({("inverted", 0): "cccx"}, IDS[:2], repeats=2))
    outcome = next(compared.outcomes[0] for compared in compare_records(first, second).rows if compared.outcomes)
    assert (outcome.items, outcome.left_out) == (1, 1)
    assert (outcome.first, outcome.second) == (0.5, 1.0)


def test_a_record_is_found_by_id_and_by_path(tmp_path: Path) -> None:
    path = write(tmp_path, record("lab-a"), items_of({}, []))
    assert find_record("lab-a", tmp_path) == path
    assert find_record(str(path), Path("nowhere")) == path
    with pytest.raises(InputError, match=r"unknown record 'lab-b' in .*did you mean 'lab-a'"):
        find_record("lab-b", tmp_path)
    with pytest.raises(InputError, match=r"nowhere\.json: no such record"):
        find_record("nowhere.json", tmp_path)
