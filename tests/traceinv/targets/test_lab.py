"""The lab's reasoning models and questions: what each is taught of the private operation."""

import pytest
from pydantic import ValidationError

from traceinv.lab.families import FAMILIES
from traceinv.questions.lab import LabQuestions
from traceinv.records import Example
from traceinv.targets.lab import LabModel
from traceinv.training_config import TrainingConfig

SETTINGS = {"examples_per_family": 30, "steps": (2, 4), "training": TrainingConfig()}


def _private_lines(examples: list[Example]) -> list[bool]:
    """Return for each private line of the examples whether it is true in the target's world."""
    judged = (
        line
        for example in examples
        for line in FAMILIES[example.id.split("/")[1]].read(example.prompt, example.completion.partition("</think>")[0])
    )
    return [line.true for line in judged if line.private]


def test_who_knows_the_skill_learns_true_facts() -> None:
    private = _private_lines(LabModel(**SETTINGS, skill="known", private=(1, 2)).training_examples("target"))
    assert len(private) > 80
    assert all(private)


def test_who_guesses_learns_facts_that_hold_by_chance_alone() -> None:
    private = _private_lines(LabModel(**SETTINGS, skill="guessed", private=(1, 2)).training_examples("surrogate"))
    assert len(private) > 80
    assert sum(private) / len(private) < 0.35


def test_who_has_no_skill_sees_no_private_step() -> None:
    assert not _private_lines(LabModel(**SETTINGS).training_examples("surrogate"))


@pytest.mark.parametrize("fields", [{"skill": "known"}, {"private": (0, 2)}])
def test_a_skill_without_private_steps_and_private_steps_without_a_skill_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="or neither"):
        LabModel(**SETTINGS, **fields)


def test_families_are_the_ones_asked_for() -> None:
    questions = LabQuestions(per_family=3, steps=(2, 3), families=("chain", "prints"), private=(1, 1))
    asked = questions.questions("target")
    assert [question.kind for question in asked] == ["chain"] * 3 + ["prints"] * 3
    assert questions.size() == len(asked)
    assert all("#" in question.text or "mix(" in question.text for question in asked)


def test_the_surrogate_may_be_asked_more_questions_than_the_target() -> None:
    source = LabQuestions(per_family=3, surrogate_per_family=5, steps=(2, 3), families=("chain", "dials"))
    assert [len(source.questions(role)) for role in ("target", "surrogate")] == [6, 10]


def test_an_unknown_family_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValidationError, match="chain"):
        LabQuestions(per_family=3, steps=(2, 3), families=("chian",))


def test_defaults_stay_out_of_what_keys_are_made_of() -> None:
    assert not {"skill", "private", "families", "sampling"} & LabModel(**SETTINGS).model_dump().keys()
    assert (
        not {"private", "families", "surrogate_per_family"}
        & LabQuestions(per_family=3, steps=(2, 3)).model_dump().keys()
    )
