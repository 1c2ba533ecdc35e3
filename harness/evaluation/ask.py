"""Asking a model for the responses that are not stored yet, and storing each batch as it arrives."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel

from harness.evaluation.plan import BenchPlan
from harness.evaluation.requests import ItemRequest
from harness.evaluation.responses import Response, ResponseKey
from traceinv.digests import digest_text
from traceinv.engines.base import Completion, Replies, Request
from traceinv.engines.collect import ask_missing
from traceinv.progress import Progress
from traceinv.reasoning import restore_opening
from traceinv.rows import RowFile

Answered = tuple[ItemRequest, Completion]
Row = TypeVar("Row", bound=BaseModel)


def ask(
    plan: BenchPlan,
    files: Mapping[str, RowFile[Row, ResponseKey]],
    to_rows: Callable[[Sequence[Answered]], Sequence[Row]],
    progress: Progress,
) -> None:
    """Ask for the responses that are not in the files; each batch is on the disk before the next one is asked.

    Args:
        plan: what to ask.
        files: the file of each task's rows.
        to_rows: makes the rows of a batch, in the same order.
        progress: receives the share of all responses that are stored.

    Raises:
        GateError: a server does not answer, or the means of grading failed.
    """
    by_key = {request.key: request for request in plan.requests}

    def is_done(request: Request) -> bool:
        item = by_key[request.key]
        return item.response_key in files[item.task].rows

    def store(replies: Replies) -> None:
        answered = [(by_key[request.key], completion) for request, completion in replies]
        rows = to_rows(answered)
        for task, file in files.items():
            batch = [row for (request, _), row in zip(answered, rows, strict=True) if request.task == task]
            if batch:
                file.append(batch)

    ask_missing(plan.engine, plan.requests, is_done, store, progress)


def to_response(answered: Answered) -> Response:
    """Make the row of a response."""
    request, completion = answered
    return Response(
        id=request.item,
        sample=request.sample,
        prompt_hash=digest_text(request.prompt),
        text_hash=digest_text(request.text),
        response=restore_opening(request.prompt, completion.text),
        finish_reason=completion.finish_reason,
        tokens=completion.tokens,
    )
