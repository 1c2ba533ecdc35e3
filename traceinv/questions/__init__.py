"""Sources of questions, one file a kind."""

from typing import Annotated

from pydantic import BeforeValidator, SerializeAsAny

from traceinv.questions.base import QuestionSource, Role
from traceinv.registry import chooser

__all__ = ["AnyQuestions", "QuestionSource", "Role"]

AnyQuestions = Annotated[SerializeAsAny[QuestionSource], BeforeValidator(chooser("traceinv.questions", QuestionSource))]
"""A field that holds any source of questions, chosen by its `kind`."""
