"""The reading test: exchanged disclosures, and the fall of faithfulness with them."""

from collections.abc import Callable

from harness.faithfulness.reading import FIGURES, compare_readings, exchange
from traceinv.records import Disclosure, Inversion, Question, Transcript

TRACE = "First we take {0} apples.\nThen we add {0} pears and count.\nSo there are {0} and {0} fruits."


def _disclosure(number: int, kind: str = "fruit") -> Disclosure:
    question = Question(id=f"q{number}", kind=kind, text=f"Apples and pears, {number} each?")
    return Disclosure(id=question.id, question=question, answer=str(2 * number), summary=f"{number} and {number}.")


def _transcript(number: int) -> Transcript:
    shown = _disclosure(number)
    return Transcript(
        id=shown.id,
        question=shown.question,
        trace=TRACE.format(number),
        answer=shown.answer,
        finish_reason="stop",
        tokens=9,
    )


def _inversions(disclosures: list[Disclosure], write: Callable[[Disclosure], str]) -> list[Inversion]:
    return [
        Inversion(id=row.id, disclosure=row, with_summary=True, trace=write(row), finish_reason="stop")
        for row in disclosures
    ]


def _reads_summary(row: Disclosure) -> str:
    return TRACE.format((row.summary or "").split()[0])


DISCLOSURES = [_disclosure(number) for number in range(10, 40)]
HIDDEN = [_transcript(number) for number in range(10, 40)]


def test_one_part_is_another_questions_and_everything_else_stays() -> None:
    by_id = {row.id: row for row in DISCLOSURES}
    exchanged = exchange(DISCLOSURES, "summary", 100, seed=0)
    assert len(exchanged) == len(DISCLOSURES)
    for row in exchanged:
        own = by_id[row.id]
        assert (row.question, row.answer) == (own.question, own.answer)
        assert row.summary != own.summary
    assert {row.summary for row in exchanged} == {row.summary for row in DISCLOSURES}


def test_parts_come_from_questions_of_the_same_kind_and_the_limit_is_kept() -> None:
    mixed = [_disclosure(number, "a" if number < 30 else "b") for number in range(10, 40)]
    small = {row.summary for row in mixed if row.question.kind == "a"}
    exchanged = exchange(mixed, "summary", 12, seed=0)
    assert len(exchanged) == 12
    assert {row.question.kind for row in exchanged} == {"a", "b"}
    assert all((row.summary in small) == (row.question.kind == "a") for row in exchanged)


def test_equal_parts_and_missing_parts_are_not_exchanged() -> None:
    same = [row.model_copy(update={"answer": "4"}) for row in DISCLOSURES]
    assert exchange(same, "answer", 100, seed=0) == []
    silent = [row.model_copy(update={"summary": None}) for row in DISCLOSURES]
    assert exchange(silent, "summary", 100, seed=0) == []


def test_an_inverter_that_reads_a_part_falls_and_one_that_does_not_stays() -> None:
    exchanged = exchange(DISCLOSURES, "summary", 100, seed=0)
    reader = compare_readings(_inversions(DISCLOSURES, _reads_summary), _inversions(exchanged, _reads_summary), HIDDEN)
    assert set(reader.own) == set(FIGURES)
    assert reader.own["step_f1"] == [1.0] * 30
    assert max(value for value in reader.exchanged["step_f1"] if value is not None) < 0.5
    assert not any(reader.unchanged)
    deaf = compare_readings(
        _inversions(DISCLOSURES, lambda row: "Some fruits."), _inversions(exchanged, lambda row: "Some fruits."), HIDDEN
    )
    assert deaf.own == deaf.exchanged
    assert all(deaf.unchanged)


def test_only_questions_with_two_finished_traces_and_a_true_one_are_compared() -> None:
    own, exchanged = (_inversions(DISCLOSURES, _reads_summary) for _ in range(2))
    own[0] = own[0].model_copy(update={"trace": None})
    exchanged[1] = exchanged[1].model_copy(update={"finish_reason": "length"})
    found = compare_readings(own, exchanged, HIDDEN[:-1])
    assert found.asked == 30
    assert found.ids == [row.id for row in DISCLOSURES[2:-1]]


def test_nothing_to_compare_leaves_no_pair() -> None:
    found = compare_readings(_inversions(DISCLOSURES, _reads_summary), [], HIDDEN)
    assert (found.asked, found.ids, found.unchanged) == (0, [], [])
