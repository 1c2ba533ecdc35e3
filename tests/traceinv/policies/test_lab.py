"""The lab's own disclosure policies: which steps they show, and that a larger dose shows all that a smaller one shows."""

from random import Random

import pytest

from traceinv.errors import InputError
from traceinv.lab.families import FAMILIES
from traceinv.policies.decoy import Decoy
from traceinv.policies.reveal import Reveal
from traceinv.records import Question, Transcript


def transcripts(count: int = 60) -> list[Transcript]:
    rng = Random(4)
    problems = [FAMILIES[("chain", "dials", "prints")[n % 3]].sample(rng, 5, n % 4) for n in range(count)]
    return [
        Transcript(
            id=f"q{n}",
            question=Question(id=f"q{n}", kind=problem.family, text=problem.question),
            trace=problem.trace,
            answer=problem.answer,
            finish_reason="stop",
        )
        for n, problem in enumerate(problems)
    ]


def shown(policy: Reveal | Decoy, transcript: Transcript) -> list[str]:
    disclosure = policy.disclose(transcript)
    assert disclosure is not None
    assert disclosure.summary
    return [line for line in disclosure.summary.splitlines() if line != "-"]


def private_lines(transcript: Transcript) -> list[str]:
    return [line for line in (transcript.trace or "").splitlines() if "#" in line.split()[-1]]


def test_reveal_shows_no_step_at_0_and_every_private_step_at_1_and_no_public_one() -> None:
    for transcript in transcripts():
        assert shown(Reveal(p=0), transcript) == []
        assert shown(Reveal(p=1), transcript) == private_lines(transcript)


def test_reveal_shows_about_the_share_that_was_asked_for_and_more_with_a_larger_p() -> None:
    rows = transcripts(600)
    counts = []
    for p in (0.1, 0.25, 0.5):
        counts.append(sum(len(shown(Reveal(p=p), row)) for row in rows) / sum(len(private_lines(row)) for row in rows))
        assert abs(counts[-1] - p) < 0.05
    for row in rows:
        assert set(shown(Reveal(p=0.1), row)) <= set(shown(Reveal(p=0.25), row)) <= set(shown(Reveal(p=0.5), row))


def test_what_is_revealed_is_always_the_same() -> None:
    assert [Reveal(p=0.5).disclose(row) for row in transcripts()] == [
        Reveal(p=0.5).disclose(row) for row in transcripts()
    ]


def test_a_trace_of_which_nothing_is_shown_says_so_and_keeps_its_answer() -> None:
    (row,) = transcripts(1)
    disclosure = Reveal(p=0).disclose(row)
    assert disclosure is not None
    assert (disclosure.summary, disclosure.answer) == ("-", row.answer)


def test_a_decoy_stands_beside_every_shown_step_and_is_false() -> None:
    for row in transcripts():
        lines = (row.trace or "").splitlines()
        told = shown(Decoy(k=2, wrong=2), row)
        assert set(lines[1::2]) <= set(told)
        read = FAMILIES[row.question.kind].read(row.question.text, "\n".join(told))
        assert all(line.well_formed for line in read)
        assert [line.text for line in read if line.true] == lines[1::2]
        assert len(told) == len(set(told)) == 3 * len(lines[1::2])


def test_the_true_step_has_no_fixed_place_among_its_decoys() -> None:
    first = [shown(Decoy(k=1, wrong=1), row)[0] == (row.trace or "").splitlines()[0] for row in transcripts(200)]
    assert 60 < sum(first) < 140


def test_an_incomplete_transcript_discloses_nothing() -> None:
    (row,) = transcripts(1)
    for policy in (Reveal(p=1), Decoy()):
        assert policy.disclose(row.model_copy(update={"finish_reason": "length"})) is None


@pytest.mark.parametrize("policy", [Reveal(p=1), Decoy()])
def test_a_question_from_elsewhere_is_refused(policy: Reveal | Decoy) -> None:
    (row,) = transcripts(1)
    question = Question(id="gsm8k/7", kind="gsm8k", text="What?")
    with pytest.raises(InputError, match=r"the question 'gsm8k/7' is not one of the lab's"):
        policy.disclose(row.model_copy(update={"question": question}))
