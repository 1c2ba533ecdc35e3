"""Ask a model behind a server, and keep what it shows row by row."""

from collections.abc import Sequence

from traceinv.engines.asking import Pace, read_key
from traceinv.engines.base import Completion, Replies, Request, Sampling, user_message
from traceinv.engines.budget import Ledger
from traceinv.engines.collect import collect
from traceinv.engines.openai import OpenAIEngine
from traceinv.errors import GateError
from traceinv.progress import Progress, silent
from traceinv.reasoning import read_reply, split_reply
from traceinv.records import Mode, Observed, Question, Transcript
from traceinv.rows import RowFile
from traceinv.targets.endpoint import EndpointModel
from traceinv.targets.first_replies import FirstReplies


def ask_endpoint(
    model: EndpointModel,
    questions: Sequence[Question],
    sampling: Sampling,
    rows: RowFile[Transcript, str],
    ledger: Ledger,
    progress: Progress = silent,
    pace: Pace | None = None,
) -> list[Transcript]:
    """Ask a server each question that the file does not hold yet; each answer is in the file as soon as it has arrived.

    Returns:
        One transcript a question, in the order of the questions.

    Raises:
        InputError: the key is not set.
        GateError: some question has no answer, the budget is spent, nothing can be used of the first replies, or the server
            shows more of some replies than of others.
    """
    engine = OpenAIEngine(
        model.model,
        model.base_url,
        concurrency=model.concurrency,
        extra_body=model.body,
        key=read_key(model.key_variable),
        timeout=model.timeout,
        retries=model.retries,
        ledger=ledger,
        pace=pace,
    )
    by_id = {question.id: question for question in questions}
    requests = [Request(question.id, engine.render(user_message(question.text)), sampling) for question in questions]
    stored = list(rows.rows.values())
    first = next(filter(_tells, stored), None)
    gate = FirstReplies(model.traces_known, len(requests))
    gate.pass_on(stored)
    engine.alone = gate.alone

    def transcripts(replies: Replies) -> list[Transcript]:
        nonlocal first
        made = [_transcript(by_id[request.id], completion, model.traces_known) for request, completion in replies]
        passed = gate.pass_on(made)
        engine.alone = gate.alone
        for row in filter(_tells, passed):
            first = first or row
            _check_mode(row, first)
        return passed

    return collect(engine, requests, rows, transcripts, progress)


def _transcript(question: Question, completion: Completion, traces_known: bool) -> Transcript:
    """Read a reply: the reasoning that the server returns is the trace where traces are known, else what it discloses."""
    reasoning, answer = split_reply(completion.text)
    unread = reasoning is None and answer is None and not read_reply(completion.text).unclosed
    if unread and completion.finish_reason == "stop":
        answer = completion.text.strip() or None
    seen = completion.observed or Observed(mode="answer")
    shown: Mode = "reasoning" if traces_known else "summary"
    return Transcript(
        id=question.id,
        question=question,
        trace=reasoning if traces_known else None,
        answer=answer,
        finish_reason=completion.finish_reason,
        tokens=completion.tokens,
        summary=None if traces_known else reasoning,
        observed=seen.model_copy(update={"mode": shown if reasoning else seen.mode}),
    )


def _tells(row: Transcript) -> bool:
    """Return whether a row shows the mode of its server: it has an answer and ended by itself."""
    return row.finish_reason == "stop" and row.answer is not None and row.observed is not None


def _check_mode(row: Transcript, first: Transcript) -> None:
    """Refuse a server that shows more of some replies than of others: no one policy describes what it discloses.

    Raises:
        GateError: the modes differ.
    """
    modes = [one.observed.mode for one in (first, row) if one.observed]
    if len(set(modes)) > 1:
        raise GateError(
            f"the endpoint showed {modes[0]!r} with the reply to {first.id} and {modes[1]!r} with that to {row.id}; "
            "mixed disclosure modes cannot be measured together"
        )
