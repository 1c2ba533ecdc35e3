"""Tests of the regimes: they differ only in the text between the markers, and controls are what their names say."""

import pytest

from traceinv import regimes
from traceinv.errors import InputError
from traceinv.inversion import inverter_examples, inverter_prompt
from traceinv.policies import disclose
from traceinv.policies.answer_only import AnswerOnly
from traceinv.policies.every_kth_step import EveryKthStep
from traceinv.records import Disclosure, Inversion, Question, Transcript


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


def test_regimes_share_the_wrapper_and_differ_between_the_markers() -> None:
    shown = disclose([_transcript(1)], EveryKthStep(k=2))
    assert regimes.answer_only(shown)[0].completion == "<think>\n\n</think>\n\n5"
    assert regimes.summary(shown)[0].completion == "<think>\nb\nd\n</think>\n\n5"
    assert regimes.traces([_transcript(1)])[0].completion == "<think>\na\nb\nc\nd\n</think>\n\n5"
    assert regimes.inverted([_inversion(1, "a\nx")])[0].completion == "<think>\na\nx\n</think>\n\nanswer 1"


def test_policies() -> None:
    assert AnswerOnly().summarise("a\nb") is None
    assert EveryKthStep(k=3).summarise("a\nb\nc\n\nd\ne\nf") == "c\nf"
    assert EveryKthStep(k=3).summarise("a\nb") == "a"


def test_an_incomplete_transcript_discloses_and_teaches_nothing() -> None:
    incomplete = [_transcript(1, trace=None), _transcript(2, answer=None), _transcript(3, finish="length")]
    assert disclose(incomplete, AnswerOnly()) == []
    assert regimes.traces(incomplete) == []


def test_an_unfinished_inversion_teaches_nothing() -> None:
    assert regimes.inverted([_inversion(1, None), _inversion(2, "a", finish="length")]) == []


def test_a_mismatched_trace_is_another_questions_of_the_same_kind_and_like_length() -> None:
    rows = [_inversion(n, f"{n:02}" + "x" * n, kind="chain" if n % 2 else "dials") for n in range(21)]
    donors = regimes.mismatched_traces(rows, seed=0)
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
    assert regimes.mismatched_traces([_inversion(1, "a"), _inversion(2, "b", kind="dials")], seed=0) == {}


def test_mismatched_rows_keep_the_questions_own_answer() -> None:
    rows = regimes.inverted_mismatched([_inversion(1, "a"), _inversion(2, "b")], 0)
    assert {row.id: row.completion for row in rows} == {
        "q1": "<think>\nb\n</think>\n\nanswer 1",
        "q2": "<think>\na\n</think>\n\nanswer 2",
    }


def test_shuffled_rows_have_the_same_lines() -> None:
    trace = "\n".join("abcdefgh")
    row = regimes.inverted_shuffled([_inversion(1, trace)], 1)[0]
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
    assert set(Disclosure.model_fields) == {"id", "question", "answer", "summary"}
    assert set(Question.model_fields) == {"id", "kind", "text"}
    assert {name for name, regime in regimes.REGIMES.items() if regime.source.hidden} == {"oracle"}
    assert {regime.source.reads for regime in regimes.REGIMES.values() if not regime.source.hidden} == {
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
        "inverted",
        "inverted_without_summary",
        "zero_shot_inverted",
        "inverted_mismatched",
        "inverted_shuffled",
        "ideal_inverted",
        "oracle",
    )
    assert set(regimes.regime_names()) == set(regimes.ORDER)
    assert all(name == regime.name for name, regime in regimes.REGIMES.items())


def test_a_summary_is_needed_by_the_regimes_that_show_one() -> None:
    needing = {name for name in regimes.ORDER if regimes.needs_summary(name)}
    assert needing == {"summary", "inverted", "inverted_mismatched", "inverted_shuffled"}


def test_which_regimes_use_disclosures_follows_from_their_sources() -> None:
    using = {name for name in regimes.ORDER if regimes.uses_disclosures(name)}
    assert set(regimes.ORDER) - using == {"base", "surrogate_trace", "oracle"}
    assert {name for name in regimes.ORDER if regimes.reads_hidden_traces(name)} == {"oracle"}
    assert {name for name in regimes.ORDER if regimes.is_control(name)} == {"inverted_mismatched", "inverted_shuffled"}


def test_inverting_regimes_and_their_inverters() -> None:
    inverting = {name for name in regimes.ORDER if regimes.inverts(name)}
    sources = regimes.inverters()
    assert inverting - set(sources) == {"inverted_mismatched", "inverted_shuffled"}, (
        "controls have no inverter of their own"
    )
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
        ("oracle", "answer_only"),
        ("inverted", "answer_only"),
        ("inverted", "summary"),
        ("inverted", "surrogate_trace"),
        ("inverted", "inverted_without_summary"),
        ("inverted", "inverted_mismatched"),
        ("inverted_without_summary", "answer_only"),
        ("inverted_without_summary", "surrogate_trace"),
        ("oracle", "inverted"),
    )


def test_a_perfect_inverter_is_a_yardstick_and_teaches_what_agrees_with_the_disclosure() -> None:
    assert [name for name in regimes.ORDER if regimes.is_yardstick(name)] == ["ideal_inverted"]
    assert not regimes.is_attack("ideal_inverted")
    assert not regimes.needs_summary("ideal_inverted")
    question = Question(id="q", kind="chain", text="Count modulo 7. a=3;b=a#1;c=b+1. What is c?")
    told = Disclosure(id="q", question=question, answer="5", summary=None)
    (row,) = regimes.REGIMES["ideal_inverted"].teach([told], 0)
    assert row.completion == "<think>\nb=a#1 3#1=4\nc=b+1 4+1=5\n</think>\n\n5"
    with pytest.raises(InputError, match="possible traces are all known"):
        regimes.REGIMES["ideal_inverted"].teach([disclose([_transcript(1)], EveryKthStep(k=2))[0]], 0)
