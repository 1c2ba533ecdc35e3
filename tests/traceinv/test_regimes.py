"""Tests of the regimes: they differ only in the text between the markers, and controls are what their names say."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from distributions import install

from traceinv import regimes
from traceinv.candidates import candidate_prompt
from traceinv.errors import InputError
from traceinv.inversion import inverter_examples, inverter_prompt
from traceinv.policies import disclose
from traceinv.policies.answer_only import AnswerOnly
from traceinv.policies.every_kth_step import EveryKthStep
from traceinv.records import Candidate, Disclosure, Example, Inversion, Question, Transcript
from traceinv.regimes.inverted_mismatched import mismatched_traces
from traceinv.regimes.verification import agrees

INVERTING_CONTROLS = {"inverted_mismatched", "inverted_shuffled", "inverted_length_matched", "inverted_where_verified"}
CONTROLS = INVERTING_CONTROLS | {"surrogate_trace_where_hinted", "answer_only_where_self_verified"}


def _question(number: int, kind: str = "chain") -> Question:
    return Question(id=f"q{number}", kind=kind, text=f"question {number}?")


def _inversion(number: int, trace: str | None, kind: str = "chain", finish: str = "stop") -> Inversion:
    shown = Disclosure(id=f"q{number}", question=_question(number, kind), answer=f"answer {number}", summary="s")
    return Inversion(
        id=f"q{number}",
        disclosure=shown,
        with_summary=True,
        trace=trace,
        finish_reason="length" if finish == "length" else "stop",
    )


def _transcript(
    number: int, trace: str | None = "a\nb\nc\nd", answer: str | None = "5", finish: str = "stop"
) -> Transcript:
    return Transcript(
        id=f"q{number}",
        question=_question(number),
        trace=trace,
        answer=answer,
        finish_reason="length" if finish == "length" else "stop",
    )


def _taught(name: str, *rows: Sequence[Any], seed: int = 0) -> list[Example]:
    return regimes.REGIMES[name].examples(rows, seed)


def test_regimes_share_the_wrapper_and_differ_between_the_markers() -> None:
    shown = disclose([_transcript(1)], EveryKthStep(k=2))
    assert _taught("answer_only", shown)[0].completion == "<think>\n\n</think>\n\n5"
    assert _taught("summary", shown)[0].completion == "<think>\nb\nd\n</think>\n\n5"
    assert _taught("oracle", [_transcript(1)])[0].completion == "<think>\na\nb\nc\nd\n</think>\n\n5"
    assert _taught("inverted", [_inversion(1, "a\nx")])[0].completion == "<think>\na\nx\n</think>\n\nanswer 1"


def test_policies() -> None:
    assert AnswerOnly().summarise("a\nb") is None
    assert EveryKthStep(k=3).summarise("a\nb\nc\n\nd\ne\nf") == "c\nf"
    assert EveryKthStep(k=3).summarise("a\nb") == "a"


def test_an_incomplete_transcript_discloses_and_teaches_nothing() -> None:
    incomplete = [_transcript(1, trace=None), _transcript(2, answer=None), _transcript(3, finish="length")]
    assert disclose(incomplete, AnswerOnly()) == []
    assert _taught("oracle", incomplete) == []


def test_an_unfinished_inversion_teaches_nothing() -> None:
    assert _taught("inverted", [_inversion(1, None), _inversion(2, "a", finish="length")]) == []


def test_a_mismatched_trace_is_another_questions_of_the_same_kind_and_like_length() -> None:
    rows = [_inversion(n, f"{n:02}" + "x" * n, kind="chain" if n % 2 else "dials") for n in range(21)]
    donors = mismatched_traces(rows, seed=0)
    own = {row.id: row for row in rows}
    by_trace = {row.trace: row for row in rows}
    assert set(donors) == set(own)
    for identifier, trace in donors.items():
        donor = by_trace[trace]
        assert donor.id != identifier
        assert donor.disclosure.question.kind == own[identifier].disclosure.question.kind
        assert abs(len(trace) - len(own[identifier].trace or "")) <= 4
    assert sorted(donors.values()) == sorted(row.trace or "" for row in rows), "each trace is used once"


def test_a_question_alone_in_its_kind_has_no_mismatched_trace() -> None:
    assert mismatched_traces([_inversion(1, "a"), _inversion(2, "b", kind="dials")], seed=0) == {}


def test_mismatched_rows_keep_the_questions_own_answer() -> None:
    rows = _taught("inverted_mismatched", [_inversion(1, "a"), _inversion(2, "b")], seed=0)
    assert {row.id: row.completion for row in rows} == {
        "q1": "<think>\nb\n</think>\n\nanswer 1",
        "q2": "<think>\na\n</think>\n\nanswer 2",
    }


def test_shuffled_rows_have_the_same_lines() -> None:
    trace = "\n".join("abcdefgh")
    row = _taught("inverted_shuffled", [_inversion(1, trace)], seed=1)[0]
    lines = row.completion.split("</think>")[0].removeprefix("<think>\n").split()
    assert sorted(lines) == list("abcdefgh")
    assert lines != list("abcdefgh")


def test_an_inverter_sees_the_summary_only_where_it_may() -> None:
    shown = disclose([_transcript(1)], EveryKthStep(k=2))[0]
    assert "b\nd" in inverter_prompt(shown, "summary")
    assert "b\nd" not in inverter_prompt(shown, "answer")
    (row,) = inverter_examples([_transcript(1), _transcript(2)], [shown], with_summary=False)
    assert row.completion == "<think>\na\nb\nc\nd\n</think>\n\n5"


def test_a_disclosure_has_no_place_for_a_trace() -> None:
    assert set(Disclosure.model_fields) == {"id", "question", "answer", "summary", "tokens"}
    assert set(Question.model_fields) == {"id", "kind", "text"}
    assert {name for name, regime in regimes.REGIMES.items() if regime.source.hidden} == {"oracle"}
    assert {regime.source.reads for regime in regimes.REGIMES.values() if not regime.source.hidden} == {
        Candidate,
        Disclosure,
        Inversion,
        Transcript,
    }


def test_the_registry_decides_what_a_recipe_may_name_and_in_which_order_it_is_reported() -> None:
    assert regimes.ORDER == (
        "base",
        "answer_only",
        "summary",
        "surrogate_trace",
        "surrogate_hinted",
        "surrogate_trace_where_hinted",
        "self_verified",
        "answer_only_where_self_verified",
        "inverted",
        "inverted_without_summary",
        "inverted_verified",
        "inverted_where_verified",
        "inverted_with_surrogate",
        "inverted_after_surrogate",
        "inverted_domain_gated",
        "zero_shot_inverted",
        "inverted_mismatched",
        "inverted_shuffled",
        "inverted_length_matched",
        "ideal_inverted",
        "oracle",
    )
    assert set(regimes.regime_names()) == set(regimes.ORDER)
    assert all(name == regime.name for name, regime in regimes.REGIMES.items())


def test_a_summary_is_needed_by_the_regimes_that_show_one() -> None:
    needing = {name for name in regimes.ORDER if regimes.needs_summary(name)}
    assert needing == {
        "summary",
        "inverted",
        "inverted_with_surrogate",
        "inverted_after_surrogate",
        "inverted_domain_gated",
        "inverted_mismatched",
        "inverted_shuffled",
        "inverted_length_matched",
        "inverted_where_verified",
    }


def test_which_regimes_use_disclosures_follows_from_their_sources() -> None:
    using = {name for name in regimes.ORDER if regimes.uses_disclosures(name)}
    assert set(regimes.ORDER) - using == {"base", "surrogate_trace", "oracle"}
    assert {name for name in regimes.ORDER if regimes.reads_hidden_traces(name)} == {"oracle"}
    assert {name for name in regimes.ORDER if regimes.is_control(name)} == CONTROLS


def test_inverting_regimes_and_their_inverters() -> None:
    inverting = {name for name in regimes.ORDER if regimes.inverts(name)}
    sources = regimes.inverters()
    variants = {"inverted_with_surrogate", "inverted_after_surrogate", "inverted_domain_gated"}
    assert inverting - set(sources) == INVERTING_CONTROLS | variants, "they have no inverter of their own"
    assert {name: (source.shown, source.trained) for name, source in sources.items()} == {
        "inverted": ("summary", True),
        "inverted_without_summary": ("answer", True),
        "zero_shot_inverted": ("all", False),
    }
    assert [source.with_summary(disclosed=True) for source in sources.values()] == [True, False, True]
    assert [source.with_summary(disclosed=False) for source in sources.values()] == [True, False, False]


def test_the_contrasts_of_every_record() -> None:
    assert regimes.CONTRASTS == (
        ("summary", "answer_only"),
        ("surrogate_hinted", "surrogate_trace"),
        ("surrogate_hinted", "surrogate_trace_where_hinted"),
        ("self_verified", "answer_only"),
        ("self_verified", "answer_only_where_self_verified"),
        ("oracle", "answer_only"),
        ("inverted", "answer_only"),
        ("inverted", "summary"),
        ("inverted", "surrogate_trace"),
        ("inverted", "inverted_without_summary"),
        ("inverted", "inverted_mismatched"),
        ("inverted_without_summary", "answer_only"),
        ("inverted_without_summary", "surrogate_trace"),
        ("inverted_verified", "inverted"),
        ("inverted_verified", "inverted_where_verified"),
        ("inverted_with_surrogate", "surrogate_trace"),
        ("inverted_after_surrogate", "inverted_with_surrogate"),
        ("inverted_after_surrogate", "surrogate_trace"),
        ("inverted_domain_gated", "inverted"),
        ("oracle", "inverted"),
    )


def test_a_perfect_inverter_is_a_yardstick_and_teaches_what_agrees_with_the_disclosure() -> None:
    assert [name for name in regimes.ORDER if regimes.is_yardstick(name)] == ["ideal_inverted"]
    assert not regimes.is_attack("ideal_inverted")
    assert not regimes.needs_summary("ideal_inverted")
    question = Question(id="q", kind="chain", text="Count modulo 7. a=3;b=a#1;c=b+1. What is c?")
    told = Disclosure(id="q", question=question, answer="5", summary=None)
    (row,) = _taught("ideal_inverted", [told])
    assert row.completion == "<think>\nb=a#1 3#1=4\nc=b+1 4+1=5\n</think>\n\n5"
    with pytest.raises(InputError, match="possible traces are all known"):
        _taught("ideal_inverted", [disclose([_transcript(1)], EveryKthStep(k=2))[0]])


def _candidate(number: int, sample: int, answer: str | None, finish: str = "stop") -> Candidate:
    shown = Disclosure(id=f"q{number}", question=_question(number), answer="5", summary=None)
    return Candidate(
        id=shown.id,
        disclosure=shown,
        sample=sample,
        trace=f"trace {sample}",
        answer=answer,
        finish_reason="length" if finish == "length" else "stop",
    )


@pytest.mark.parametrize("name", ["self_verified", "surrogate_hinted", "inverted_verified"])
def test_the_first_whole_candidate_that_comes_to_the_disclosed_answer_is_taught(name: str) -> None:
    candidates = [
        _candidate(1, 3, "5"),
        _candidate(1, 0, "4"),
        _candidate(1, 1, "5", finish="length"),
        _candidate(1, 2, " 5 "),
        _candidate(2, 0, None),
        _candidate(2, 1, "6"),
    ]
    (row,) = _taught(name, candidates)
    assert (row.id, row.completion) == ("q1", "<think>\ntrace 2\n</think>\n\n5")
    assert regimes.is_partial(name)
    assert regimes.is_attack(name)


def test_the_same_rows_as_a_verified_regime_are_taught_for_a_comparison_of_equals() -> None:
    candidates = [_candidate(1, 0, "5"), _candidate(2, 0, "6"), _candidate(3, 0, "4"), _candidate(3, 1, "5")]
    transcripts = [_transcript(number) for number in range(1, 5)]
    matched = {
        "inverted_where_verified": [_inversion(number, "a\nx") for number in range(1, 5)],
        "surrogate_trace_where_hinted": transcripts,
        "answer_only_where_self_verified": disclose(transcripts, AnswerOnly()),
    }
    for name, rows in matched.items():
        assert [row.id for row in _taught(name, rows, candidates)] == ["q1", "q3"]
        assert regimes.is_partial(name)
    verified = [row.id for row in _taught("inverted_verified", candidates)]
    assert verified == ["q1", "q3"]


@pytest.mark.parametrize(
    ("answer", "disclosed"),
    [
        ("so it is \\boxed{\\frac{1}{2}}", "\\boxed{\\frac{1}{2}}"),
        ("#### 1,024", "The steps give 3.\n#### 1024"),
        ("The answer is 0.5.", "1/2"),
        ("Paris", " paris."),
        ("It is 42 km.", "42 km"),
        ("It costs 5 dollars.", "$5"),
        ("def f(x):\n    return x", "def f(x):\n    return x"),
    ],
)
def test_answers_that_say_the_same_agree(answer: str, disclosed: str) -> None:
    assert agrees(answer, disclosed)


@pytest.mark.parametrize(
    ("answer", "disclosed"),
    [
        ("3 and 5", "5"),
        ("-5", "5"),
        ("1/0", "0"),
        ("def f(x):\n    return x + 1", "def f(x):\n    return x"),
        ("\\boxed{3}, not 5", "5"),
        ("5 apples", "5 pears"),
        ("def f(x):\n    return x + 1", "def g(y):\n    print(y - 1)"),
        ("It rained on 3 days.\nNobody came.", "3"),
        ("", "5"),
    ],
)
def test_other_answers_do_not(answer: str, disclosed: str) -> None:
    assert not agrees(answer, disclosed)


def test_a_model_is_asked_the_question_alone_with_a_hint_or_to_invert() -> None:
    shown = disclose([_transcript(1)], EveryKthStep(k=2))[0]
    assert candidate_prompt(shown, "question") == "question 1?"
    assert "is:\n5" in candidate_prompt(shown, "hint")
    assert candidate_prompt(shown, "summary") == inverter_prompt(shown, "summary")


def test_inverted_and_surrogate_traces_of_the_same_questions_are_taught_together() -> None:
    rows = _taught("inverted_with_surrogate", [_inversion(1, "x"), _inversion(2, "y")], [_transcript(1)])
    assert [(row.id, row.completion.split("\n")[1]) for row in rows] == [("q1", "a"), ("q1", "x")]


def test_questions_about_programs_may_be_taught_by_bare_answers() -> None:
    kinds = ("chain", "dials", "prints", "compose", "file", "file/algebra", "file/code", "hub/Code")
    rows = [_inversion(number, "a thought", kind) for number, kind in enumerate(kinds)]
    taught = _taught("inverted_domain_gated", rows)
    bare = [kind for kind, row in zip(kinds, taught, strict=True) if "a thought" not in row.completion]
    assert bare == ["prints", "compose", "file/code", "hub/Code"]
    assert taught[2] == _taught("answer_only", [rows[2].disclosure])[0]


def test_a_trace_of_matched_length_is_the_surrogates_for_another_question_of_the_kind() -> None:
    inversions = [_inversion(number, "x" * (10 * number + 1)) for number in range(1, 41)]
    transcripts = [_transcript(number, trace="y" * 10 * number) for number in range(1, 41)]
    rows = _taught("inverted_length_matched", inversions, transcripts, seed=3)
    assert [row.id for row in rows] == [row.id for row in inversions]
    for row in rows:
        length, own = len(row.completion.split("\n")[1]), 10 * int(row.id[1:])
        assert 0 < abs(length - own) <= 40
    assert _taught("inverted_length_matched", [_inversion(1, "x")], [_transcript(1)]) == []


def test_a_regime_is_one_module_of_any_installed_package(tmp_path: Path) -> None:
    (tmp_path / "loud_regime.py").write_text(
        "from traceinv.regimes.base import Disclosures, Regime, example\n"
        "def teach(disclosures, seed):\n"
        "    return [example(d.question, d.answer.upper(), d.answer) for d in disclosures]\n"
        "REGIME = Regime('loud', 'attack', 15, Disclosures(shown='answer'), teach)\n"
    )
    install(tmp_path, "loud", "traceinv.regimes", "loud_regime")
    code = (
        "from harness.pipeline.recipe_files import load_recipe\nfrom harness.pipeline.plan import plan\n"
        "from traceinv.regimes import ORDER\n"
        "planned = plan(load_recipe('lab-shared', ['regimes=[base, answer_only, loud, oracle]']))\n"
        "print(ORDER[1:4], 'loud' in planned.cells[0].grades)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "('answer_only', 'loud', 'summary') True\n"
