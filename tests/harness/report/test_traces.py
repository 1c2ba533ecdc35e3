"""The trace browser's data: which lines are matched, false or disclosed, and what is cut to keep the page small."""

import base64
import gzip
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from harness.pipeline.artifacts import find_artifacts
from harness.report.payload import Payload, pack
from harness.report.traces import DISCLOSED, FALSE, MATCHED, Attempt, Case, Marked, as_json, mark_lines, read_cases
from harness.results.files import read_record
from traceinv.records import Question

CHAIN = Question(id="q", kind="chain", text="Count modulo 7. a=3;b=a+4;c=b*2. What is c?")
TRUTH = "b=a+4 3+4=0\nc=b*2 0*2=0"
MakeRun = Callable[..., Path]


def test_lines_that_stand_in_both_traces_are_matched_whatever_their_order() -> None:
    truth, inverted = mark_lines(CHAIN, TRUTH, "\nc=b*2 0*2=0\n\n  b=a+4 3+4=0", "")
    assert inverted.lines == ["c=b*2 0*2=0", "  b=a+4 3+4=0"]
    assert truth.marks == inverted.marks == str(MATCHED) * 2


def test_a_line_is_matched_as_often_as_it_stands_in_the_other_trace() -> None:
    _, inverted = mark_lines(CHAIN, TRUTH, "b=a+4 3+4=0\nb=a+4 3+4=0", "")
    assert inverted.marks == f"{MATCHED}0"


def test_false_lines_are_marked_in_both_traces() -> None:
    truth, inverted = mark_lines(CHAIN, "b=a+4 3+4=1", "b=a+4 3+4=1\nso it is", "")
    assert truth.marks == str(MATCHED + FALSE)
    assert inverted.marks == f"{MATCHED + FALSE}{FALSE}"


def test_a_matched_line_that_the_summary_shows_is_marked_as_disclosed() -> None:
    truth, inverted = mark_lines(CHAIN, TRUTH, TRUTH, "c=b*2 0*2=0")
    assert truth.marks == inverted.marks == f"{MATCHED}{MATCHED + DISCLOSED}"


@pytest.mark.parametrize("kind", ["prose", "chain"])
def test_lines_of_a_question_that_nothing_can_read_are_not_called_false(kind: str) -> None:
    question = Question(id="q", kind=kind, text="How many primes are there?")
    _, inverted = mark_lines(question, "Suppose finitely many.", "There are two.", "")
    assert inverted.marks == "0"


def _cases(folder: Path) -> list[Case]:
    (path,) = folder.glob("*.json")
    run = find_artifacts(read_record(path), folder / "store")
    assert not isinstance(run, str)
    return read_cases(run)


def test_every_disclosed_question_is_there_with_each_inverters_trace(make_run: MakeRun) -> None:
    cases = _cases(make_run([{"regime": "zero_shot_inverted"}, *({"regime": "inverted", "seed": s} for s in (0, 1))]))
    assert len(cases) == 4 * 8
    assert {tuple(attempt.run for attempt in case.attempts) for case in cases} == {
        ("inverted, seed 0", "inverted, seed 1", "zero_shot_inverted")
    }
    assert {attempt.outcome for case in cases for attempt in case.attempts} == {"right", "wrong", "unfinished"}
    unfinished = next(a for case in cases for a in case.attempts if a.outcome == "unfinished")
    assert unfinished.inverted == Marked([], "")


def test_traces_are_held_against_the_targets_own_first_transcripts(make_run: MakeRun) -> None:
    (case, *_) = _cases(make_run(invert=lambda row, rng: row.trace))
    assert case.truth == list(case.attempts[0].inverted.lines)


def test_the_surrogates_own_trace_stands_beside_each_question(make_run: MakeRun) -> None:
    (case, *_) = _cases(make_run())
    assert case.surrogate.lines == [case.truth[0], "I guess 3."]
    assert case.surrogate.marks[0] == str(MATCHED)
    assert case.surrogate_answer == "3"
    text, marks, steps, _ = as_json(case)["surrogate"]
    assert (text, marks) == (f"{case.truth[0]}\nI guess 3.", case.surrogate.marks)
    assert steps.startswith("=~")


def test_inverters_are_named_by_the_parts_in_which_they_differ(make_run: MakeRun) -> None:
    inverters = [
        {"regime": "inverted", "policy": policy, "surrogate": "small", "seed": 0} for policy in ("half", "recap")
    ]
    (case, *_) = _cases(make_run(inverters))
    assert [a.run for a in case.attempts] == ["inverted, policy half, seed 0", "inverted, policy recap, seed 0"]


def test_a_store_without_the_runs_artifacts_says_so(make_run: MakeRun, tmp_path: Path) -> None:
    (path,) = make_run().glob("*.json")
    found = find_artifacts(read_record(path), tmp_path)
    assert found == f"the store {tmp_path} has no artifact of this run"


@pytest.mark.parametrize("change", [{"kind": "../outside"}, {"key": "../../outside"}])
def test_kind_and_key_of_a_record_never_leave_the_store(
    change: dict[str, str], make_run: MakeRun, tmp_path: Path
) -> None:
    (path,) = make_run().glob("*.json")
    sample = read_record(path)
    stages = [stage.model_copy(update=change) for stage in sample.provenance.stages]
    provenance = sample.provenance.model_copy(update={"stages": stages})
    assert isinstance(find_artifacts(sample.model_copy(update={"provenance": provenance}), path.parent / "store"), str)


def _case(number: int, lines: list[str]) -> Case:
    marks = "1" * len(lines)
    return Case(str(number), "k", "q", "a", None, lines, [Attempt("i", "right", marks, Marked(lines, marks))])


def _unpack(payload: Payload) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(payload.text)))


def test_what_fits_is_packed_whole() -> None:
    payload = pack([_case(0, ["</script>", "\ud800 é"])], budget=10_000)
    (case,) = _unpack(payload)
    assert case["truth"] == "</script>\n? é"
    assert (payload.shown, payload.total, payload.limit) == (1, 1, None)
    assert "<" not in payload.text


def test_long_texts_are_cut_at_a_line_that_says_how_much_is_missing() -> None:
    lines = [f"{number:040}" for number in range(1000)]
    payload = pack([_case(0, lines)], budget=4000)
    (case,) = _unpack(payload)
    assert payload.limit is not None
    truth = case["truth"].split("\n")
    assert truth[:-1] == lines[: len(truth) - 1]
    kept, _, rest = truth[-1].partition(" [... ")
    missing = int(rest.removesuffix(" characters more are not on this page]"))
    assert len("\n".join([*truth[:-1], kept])) + missing in (41 * 1000, 41 * 1000 - 1)
    assert len(case["attempts"][0][2]) == len(truth)


def test_what_does_not_fit_even_so_is_left_out_evenly_and_counted() -> None:
    payload = pack([_case(number, [str(number**5)]) for number in range(1000)], budget=3000)
    kept = [int(case["id"]) for case in _unpack(payload)]
    assert len({b - a for a, b in pairwise(kept)}) == 1
    assert (payload.shown, payload.total) == (len(kept), 1000)
