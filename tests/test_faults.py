"""The faults that an attack once found, and for each the tests that hold its mend.

The input and what should happen stand in each test; this table only says that none of them goes away.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
RECORDS = "harness/commands/test_hostile_records.py"
STORE = "harness/pipeline/test_store.py"
LOCAL = "harness/pipeline/executors/test_local.py"
FILES = "harness/test_files.py"
RECIPE = "harness/pipeline/test_recipe.py"
WEIGHTS = "traceinv/test_weights.py"
FAULTS = {
    "1 markup of a record in the leaderboard": [(RECORDS, "test_the_leaderboard_shows_any_text_of_a_record_as_text")],
    "2 a control character aborts the report": [(RECORDS, "test_the_report_shows_any_text_of_a_record_as_text")],
    "3 changed bytes of an artifact are used": [
        (STORE, "test_a_damaged_artifact_is_refused_by_name_and_made_anew"),
        (
            "harness/pipeline/test_store_faults.py",
            "test_every_fault_is_named_or_computed_again_and_none_changes_the_record",
        ),
        ("harness/results/test_files.py", "test_other_figures_under_the_same_id_are_refused"),
    ],
    "4 one bad record or file name takes all down": [
        (RECORDS, "test_file_names_are_text_too"),
        (RECORDS, "test_a_text_that_must_be_of_a_form_is_refused_and_the_others_are_shown"),
    ],
    "5 an empty recipe takes the report down": [
        ("harness/report/test_report.py", "test_a_record_without_a_name_or_with_a_huge_recipe_is_shown")
    ],
    "6 terminal escapes": [
        (RECORDS, "test_a_comparison_sends_no_command_to_the_terminal"),
        (RECORDS, "test_a_gate_sends_no_command_to_the_terminal"),
        ("harness/commands/test_exits.py", "test_an_error_is_one_line_of_visible_text"),
    ],
    "7 markup of rich in names of subjects": [
        ("harness/views/test_benchmarks.py", "test_a_name_is_neither_markup_nor_a_command_to_the_terminal"),
    ],
    "8 bombs, loops, tags and dates in YAML": [
        (FILES, "test_yaml_that_holds_no_json_is_refused_in_one_line"),
        (RECIPE, "test_wrong_names_and_overrides_are_refused"),
    ],
    "9 values that cannot run": [(RECIPE, "test_wrong_names_and_overrides_are_refused")],
    "10 metadata of another form": [(STORE, "test_a_damaged_artifact_is_refused_by_name_and_made_anew")],
    "11 cut or deleted samples": [(STORE, "test_a_damaged_artifact_is_refused_by_name_and_made_anew")],
    "12 a store that cannot be written": [("harness/test_cli.py", "test_wrong_input_is_one_line_and_exit_2")],
    "13 damaged models": [
        (WEIGHTS, "test_a_hostile_folder_is_refused_in_one_line_that_names_it"),
        (WEIGHTS, "test_whatever_a_library_raises_is_one_line"),
    ],
    "14 templates without end, sizes without bound": [
        (WEIGHTS, "test_a_hostile_folder_is_refused_in_one_line_that_names_it")
    ],
    "15 pickles": [(WEIGHTS, "test_a_hostile_folder_is_refused_in_one_line_that_names_it")],
    "16 devices, pipes, packed lines without end": [
        (FILES, "test_what_is_no_readable_file_is_refused"),
        (FILES, "test_what_is_too_large_when_it_is_unpacked_is_refused"),
    ],
    "17 a page of any size": [("harness/results/test_files.py", "test_only_a_file_of_bounded_size_is_read")],
    "18 a leaderboard that grows with its pairs": [
        ("harness/leaderboard/test_page.py", "test_a_page_grows_with_its_tables_and_not_with_their_pairs")
    ],
    "19 output that is not UTF-8": [
        ("harness/commands/test_exits.py", "test_output_in_an_encoding_that_lacks_a_character_shows_an_escape")
    ],
    "20 escapes of Markdown": [(RECORDS, "test_the_leaderboard_shows_any_text_of_a_record_as_text")],
    "21 two runs at once": [(STORE, "test_a_second_process_waits_for_the_lock_and_a_dead_one_holds_none")],
    "22 a killed worker": [
        (LOCAL, "test_a_dead_worker_is_replaced_once_and_all_that_was_running_is_named"),
        (LOCAL, "test_a_worker_that_dies_again_ends_the_run"),
    ],
    "23 a stopped worker": [
        (LOCAL, "test_a_stopped_worker_is_named_once"),
        (LOCAL, "test_a_stopped_worker_ends_with_the_run_that_was_killed"),
    ],
    "24 a full disk": [
        ("harness/test_cli.py", "test_a_full_disk_is_one_line"),
        ("harness/pipeline/test_scheduler.py", "test_a_failing_stage_keeps_what_was_finished"),
    ],
    "25 drafts of other machines": [(STORE, "test_a_draft_that_nobody_goes_on_with_is_swept_by_its_age")],
    "26 figures that cannot be": [("harness/results/test_files.py", "test_figures_that_cannot_be_are_refused")],
    "27 byte order marks, weights that are no numbers": [
        ("harness/results/test_files.py", "test_a_byte_order_mark_is_no_fault"),
        (WEIGHTS, "test_weights_that_are_no_numbers_are_refused_by_name"),
    ],
    "28 a change in the middle of a checkpoint": [
        ("harness/evaluation/test_record.py", "test_a_change_anywhere_in_a_model_is_another_model")
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_tests(fault: str) -> None:
    for file, name in FAULTS[fault]:
        assert name in _tests(file), f"{file} has no {name}"


@cache
def _tests(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
