"""Targets and surrogates: models that answer questions with a trace."""

from collections.abc import Sequence

from traceinv.engines.base import Completion, Engine, Replies, Request, Sampling, user_message
from traceinv.engines.collect import collect
from traceinv.engines.shards import Shard, in_shard
from traceinv.progress import Progress, silent
from traceinv.records import Question, Transcript
from traceinv.rows import RowFile
from traceinv.targets.local import Reading, read_parts


def answer_questions(
    engine: Engine,
    questions: Sequence[Question],
    sampling: Sampling,
    rows: RowFile[Transcript, str],
    progress: Progress = silent,
    reads: Reading = "markers",
    instruction: str | None = None,
    shard: Shard | None = None,
) -> list[Transcript]:
    """Ask a reasoning model each question and split its reply into trace and answer.

    Args:
        rows: the file that each batch is appended to, keyed by question id; questions in it are not asked again.
        reads: how replies are split (see `LocalModel`).
        instruction: follows each question after a blank line.
        shard: ask the questions of this shard alone; None for all.

    Returns:
        One transcript a question that was asked, in the order of the questions.

    Raises:
        InputError: two questions have the same id, or a prompt does not fit into the model's context.
        GateError: the engine failed.
    """
    by_id = {question.id: question for question in questions}
    asked = {question.id: "\n\n".join(filter(None, (question.text, instruction))) for question in questions}
    requests = [
        Request(question.id, engine.render(user_message(asked[question.id])), sampling) for question in questions
    ]

    def transcripts(replies: Replies) -> list[Transcript]:
        return [_transcript(by_id[request.id], completion, reads) for request, completion in replies]

    return collect(engine, in_shard(engine, requests, shard), rows, transcripts, progress)


def _transcript(question: Question, completion: Completion, reads: Reading) -> Transcript:
    trace, answer = read_parts(completion.text, reads)
    return Transcript(
        id=question.id,
        question=question,
        trace=trace,
        answer=answer,
        finish_reason=completion.finish_reason,
        tokens=completion.tokens,
    )
