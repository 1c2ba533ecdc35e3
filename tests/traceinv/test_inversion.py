"""Inverting disclosures: prompts, unfinished and prompted inverters, training examples, and resuming."""

from contextlib import suppress
from pathlib import Path

import pytest

from traceinv import inversion
from traceinv.engines import Completion, Sampling
from traceinv.engines.mock import MockEngine, MockFailure
from traceinv.errors import GateError
from traceinv.inversion import (
    SHOWN,
    Shown,
    instructing_prompt,
    invert,
    inverter_examples,
    inverter_prompt,
    read_prompt,
)
from traceinv.records import Disclosure, Inversion, Question, Transcript
from traceinv.rows import RowFile

SAMPLING = Sampling(max_new_tokens=20)


def disclosure(number: int, summary: str | None = "one step") -> Disclosure:
    question = Question(id=f"q{number}", kind="k", text=f"What is {number}?")
    return Disclosure(id=question.id, question=question, answer=str(number), summary=summary)


def rows(folder: Path) -> RowFile[Inversion, str]:
    return RowFile(folder / "inversions.jsonl", Inversion, lambda row: row.id)


def traces(reply: str | Completion, folder: Path, trained: bool) -> list[str | None]:
    engine = MockEngine(lambda _: reply)
    inversions = invert(engine, [disclosure(1)], True, SAMPLING, rows(folder), trained=trained)
    return [inversion.trace for inversion in inversions]


def test_a_prompt_shows_the_parts_up_to_the_last_one() -> None:
    assert [inverter_prompt(disclosure(1), part) for part in SHOWN] == [
        "What is 1?\n\nReasoning?",
        "What is 1?\n\nAnswer:\n1\n\nReasoning?",
        "What is 1?\n\nAnswer:\n1\n\nSummary:\none step\n\nReasoning?",
    ]


def test_a_summary_that_is_not_there_cannot_be_shown() -> None:
    with pytest.raises(ValueError, match="q1: the disclosure has no summary"):
        inverter_prompt(disclosure(1, summary=None), "summary")


def test_an_inverter_is_shown_the_summary_only_where_it_may_be(tmp_path: Path) -> None:
    for with_summary in (True, False):
        engine = MockEngine({"*": "x"})
        (inversion,) = invert(engine, [disclosure(1)], with_summary, SAMPLING, rows(tmp_path / str(with_summary)))
        assert ("one step" in engine.asked[0].prompt) is with_summary
        assert inversion.with_summary is with_summary


@pytest.mark.parametrize("reply", ["<think>\na=1", "a=1", ""])
def test_a_trained_inverter_that_never_closes_its_trace_gives_none(reply: str, tmp_path: Path) -> None:
    assert traces(reply, tmp_path, trained=True) == [None]


@pytest.mark.parametrize(
    ("reply", "trace"),
    [
        ("a=1\nb=2", "a=1\nb=2"),
        ("<think>\na=1", "a=1"),
        ("<think>\na=1\n</think>\n\nb", "a=1"),
        ("", None),
    ],
)
def test_a_prompted_inverter_gives_its_whole_reply_where_it_closes_no_reasoning(
    reply: str, trace: str | None, tmp_path: Path
) -> None:
    assert traces(reply, tmp_path, trained=False) == [trace]


def test_an_inversion_says_how_its_reply_ended(tmp_path: Path) -> None:
    engine = MockEngine(lambda _: Completion("<think>\na\n</think>\n\n1", "length", 20))
    (inversion,) = invert(engine, [disclosure(1)], True, SAMPLING, rows(tmp_path))
    assert (inversion.trace, inversion.finish_reason) == ("a", "length")


def test_training_examples_hold_the_surrogates_own_reply() -> None:
    def transcript(number: int, trace: str | None) -> Transcript:
        question = disclosure(number).question
        return Transcript(id=question.id, question=question, trace=trace, answer=str(number), finish_reason="stop")

    examples = inverter_examples([transcript(1, "a"), transcript(2, None), transcript(3, "c")], [disclosure(1)], True)
    (example,) = examples
    assert example.prompt == inverter_prompt(disclosure(1), "summary")
    assert example.completion == "<think>\na\n</think>\n\n1"


@pytest.mark.parametrize("killed_after", range(6))
def test_a_killed_run_inverts_only_what_is_missing(killed_after: int, tmp_path: Path) -> None:
    disclosures = [disclosure(number) for number in range(5)]

    def engine(fail_after: int | None = None) -> MockEngine:
        return MockEngine(lambda r: f"<think>\n{r.id}\n</think>\n\n1", batch_size=2, fail_after=fail_after)

    whole = invert(engine(), disclosures, True, SAMPLING, rows(tmp_path / "whole"))
    killed, resumed = engine(killed_after), engine()
    with suppress(MockFailure):
        invert(killed, disclosures, True, SAMPLING, rows(tmp_path))
    assert invert(resumed, disclosures, True, SAMPLING, rows(tmp_path)) == whole
    assert [inversion.id for inversion in whole] == [d.id for d in disclosures]
    assert len(killed.asked) + len(resumed.asked) == 5


def test_an_instructing_prompt_has_each_part_that_is_shown_once_and_says_what_is_wanted() -> None:
    hostile = disclosure(1, summary="{question} {0} {answer.__class__}")
    shown = instructing_prompt(hostile, "summary")
    assert shown.count("What is 1?") == shown.count("{question} {0} {answer.__class__}") == 1
    assert "Write the thinking only." in shown
    answer = instructing_prompt(hostile, "answer")
    assert "\n1\n" in answer
    assert "{" not in answer
    with pytest.raises(ValueError, match="q1: the disclosure has no summary"):
        instructing_prompt(disclosure(1, summary=None), "summary")


@pytest.mark.parametrize("shown", ["answer", "summary"])
def test_every_prompt_file_is_linted_for_its_fields(
    shown: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_prompt(shown)
    monkeypatch.setattr(inversion, "__file__", str(tmp_path / "inversion.py"))
    (tmp_path / "prompts").mkdir()
    for text in ("{question}", "{question}{answer}{summary}{trace}", "{question}{question}{answer}{summary}"):
        (tmp_path / "prompts" / f"{shown}.txt").write_text(text)
        with pytest.raises(GateError, match=rf"{shown}.txt: expected the fields question, answer"):
            read_prompt(shown)


@pytest.mark.parametrize(
    ("reply", "trace"),
    [
        ("First, 1.", "First, 1."),
        ("<think>\nWhat do they want?\n</think>\n\nFirst, 1.", "First, 1."),
        ("<think>\nWhat do they", None),
        ("", None),
    ],
)
def test_what_an_instructed_inverter_answers_is_the_trace(reply: str, trace: str | None, tmp_path: Path) -> None:
    engine = MockEngine({"*": reply})
    (inverted,) = invert(engine, [disclosure(1)], True, SAMPLING, rows(tmp_path), trained=False, prompt="instructing")
    assert inverted.trace == trace
    assert "Write the thinking only." in engine.asked[0].prompt
