"""Questions that come from a pool, such as a file: which are the target's, and which the surrogate's."""

from collections.abc import Iterable

from pydantic import Field

from traceinv.digests import digest_text, share_of
from traceinv.errors import InputError
from traceinv.questions.base import QuestionSource, Role
from traceinv.records import Question


class PooledQuestions(QuestionSource):
    """A source that draws from a pool of questions.

    The questions are put in an order by a hash of their text. The target's are the first of it and the surrogate's the last, so
    that the two share none, and those of a smaller `count` are among those of a larger one.

    Attributes:
        count: questions that the target is asked.
        surrogate_count: those that the surrogate is asked, which inverters learn from; as many where left out.
    """

    count: int = Field(gt=0)
    surrogate_count: int | None = Field(None, gt=0)

    def size(self) -> int:
        return self.count

    def draw(self, role: Role, pool: Iterable[Question], where: str) -> list[Question]:
        """Return the questions of one role; of several with the same text the first counts.

        Args:
            where: names the pool in messages.

        Raises:
            InputError: the pool has too few different questions, or two of them have the same id.
        """
        distinct: dict[str, Question] = {}
        for question in pool:
            distinct.setdefault(same_text(question.text), question)
        wanted = {"target": self.count, "surrogate": self.surrogate_count or self.count}
        if sum(wanted.values()) > len(distinct):
            raise InputError(
                f"{where}: {len(distinct)} different questions; expected {wanted['target']} for the target and "
                f"{wanted['surrogate']} for the surrogate"
            )
        ordered = sorted(distinct, key=lambda text: (share_of(text), text))
        chosen = ordered[: wanted[role]] if role == "target" else ordered[-wanted[role] :]
        questions = [distinct[text] for text in chosen]
        ids = [question.id for question in questions]
        if len(set(ids)) < len(ids):
            raise InputError(f"{where}: two questions have the id {max(ids, key=ids.count)!r}")
        return questions


def same_text(text: str) -> str:
    """Return a digest of a text that is the same however its words are spaced; it identifies a question."""
    return digest_text(" ".join(text.split()))
