"""Where transcripts come from. A model that answers questions with a trace: the lab's, or local weights."""

from collections.abc import Sequence

from traceinv.engines import Engine, Sampling
from traceinv.progress import Progress
from traceinv.reasoning import split_reply
from traceinv.records import Question, Transcript


def answer_questions(
    engine: Engine, questions: Sequence[Question], sampling: Sampling, progress: Progress | None = None
) -> list[Transcript]:
    """Ask a reasoning model each question and split its reply into trace and answer, in the questions' order."""
    prompts = [engine.render(question.text) for question in questions]
    transcripts = []
    for question, reply in zip(questions, engine.generate(prompts, sampling, progress), strict=True):
        trace, answer = split_reply(reply.text)
        transcripts.append(
            Transcript(id=question.id, question=question, trace=trace, answer=answer, finish_reason=reply.finish_reason)
        )
    return transcripts
