"""Which rows share a table, and what is counted once."""

from typing import Any

import pytest
from sample_records import CELL, COMPARABILITY, REACHED, folder_of, record, row

from harness.leaderboard.groups import comparable_tables

SILENT = CELL.model_copy(update={"policy": "silent"})


def test_rows_are_in_the_order_of_the_registry_and_references_last() -> None:
    rows = [row(name, runs=[name]) for name in reversed(REACHED)]
    (table,) = comparable_tables(folder_of(record(rows=rows)).records)
    names = [entry.row.name for entry in table.entries]
    assert (names[0], names[-3:]) == ("base", ["oracle", "surrogate", "target"])
    assert names.index("answer_only") < names.index("inverted") < names.index("inverted_mismatched")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"target": "u"}, "target"),
        ({"student": "u"}, "student"),
        ({"questions": "u"}, "questions"),
        ({"tasks": {"lab_chain": "2.0", "lab_compose": "1.0"}}, "tasks or task versions"),
        ({"prompts": "u"}, "prompts"),
        ({"sampling": {"lab_chain": {"temperature": 1}}}, "sampling"),
        ({"stages": {"student": 2}}, "stage versions"),
    ],
)
def test_rows_with_another_comparability_key_have_a_table_of_their_own(changes: dict[str, Any], part: str) -> None:
    other = COMPARABILITY.model_copy(update=changes)
    rows = [row("base"), row("inverted"), row("inverted", cell=SILENT, comparability=other)]
    first, second = comparable_tables(folder_of(record(rows=rows)).records)
    assert [entry.row.name for entry in first.entries] == ["base", "inverted"]
    assert [entry.row.cell for entry in second.entries] == [SILENT]
    assert second.differing_parts(first) == [part]


def test_tables_without_a_common_task_need_no_explanation() -> None:
    other = COMPARABILITY.model_copy(update={"tasks": {"gsm8k": "3.0"}})
    first, second = comparable_tables(folder_of(record(rows=[row("base"), row("oracle", comparability=other)])).records)
    assert second.differing_parts(first) == []


def test_the_order_of_tasks_does_not_separate_rows() -> None:
    turned = COMPARABILITY.model_copy(update={"tasks": dict(reversed(COMPARABILITY.tasks.items()))})
    rows = [row("base"), row("oracle", comparability=turned)]
    assert len(comparable_tables(folder_of(record(rows=rows)).records)) == 1


def test_a_run_that_records_and_cells_share_is_counted_once() -> None:
    shared = row("base", runs=["k"])
    records = (
        record("a", rows=[shared, row("inverted", runs=["a"])]),
        record("b", rows=[row("base", runs=["k"], cell=SILENT), row("inverted", runs=["b"], cell=SILENT)]),
    )
    (table,) = comparable_tables(folder_of(*records).records)
    assert [(entry.row.name, entry.records) for entry in table.entries] == [
        ("base", ("a", "b")),
        ("inverted", ("a",)),
        ("inverted", ("b",)),
    ]
    assert table.entries[0].cells == (CELL, SILENT)


def test_rows_without_known_runs_are_never_taken_for_the_same() -> None:
    (table,) = comparable_tables(
        folder_of(record("a", rows=[row("base", runs=[])]), record("b", rows=[row("base", runs=[])])).records
    )
    assert len(table.entries) == 2


def test_recipes_that_differ_in_a_table_are_named() -> None:
    other = record("b", recipe={"name": "lab", "policy": {"kind": "every_kth_step", "k": 3}})
    (table,) = comparable_tables(folder_of(record("a"), other).records)
    assert [(d.key, d.first, d.second) for d in table.differing_recipes()["b"]] == [("policy.k", 2, 3)]
    assert table.recipe_names() == ["lab"]
