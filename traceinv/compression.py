"""Ask a compressor for summaries of transcripts, again where a summary is not as the policy wants it."""

from collections.abc import Sequence

from traceinv.engines.base import Engine, Replies, Request, RequestKey, user_message
from traceinv.engines.collect import ask_missing, check_unique
from traceinv.policies.prompted import Prompted
from traceinv.progress import Progress, silent
from traceinv.reasoning import split_reply
from traceinv.records import Compression, FinishReason, Transcript
from traceinv.rows import RowFile


def compress(
    engine: Engine,
    transcripts: Sequence[Transcript],
    policy: Prompted,
    rows: RowFile[Compression, RequestKey],
    progress: Progress = silent,
) -> list[Compression]:
    """Write compressions of each complete transcript, until one is as the policy wants it or its attempts are spent.

    Args:
        rows: the file that each batch is appended to, keyed by question id and attempt; replies in it are not asked for again.

    Returns:
        All attempts, by attempt and then in the order of the transcripts.

    Raises:
        InputError: two transcripts have the same id, or a prompt does not fit into the model's context.
        GateError: the engine failed.
    """
    complete = {transcript.id: transcript for transcript in transcripts if policy.can_show(transcript)}
    check_unique([transcript.id for transcript in transcripts])
    keys: list[RequestKey] = []
    left = list(complete)
    for attempt in range(policy.attempts):
        requests = [
            Request(identifier, engine.render(user_message(policy.ask(complete[identifier]))), policy.sampling, attempt)
            for identifier in left
        ]

        def store(replies: Replies) -> None:
            rows.append(
                [_compression(request, completion.text, completion.finish_reason) for request, completion in replies]
            )

        ask_missing(engine, requests, lambda request: request.key in rows.rows, store, progress)
        keys += [request.key for request in requests]
        left = [
            identifier
            for identifier in left
            if not is_met(policy, complete[identifier], rows.rows[identifier, attempt])
        ]
        if not left:
            break
    return rows.finish(keys)


def is_met(policy: Prompted, transcript: Transcript, row: Compression) -> bool:
    """Return whether an attempt gave a whole text that is as the policy wants it."""
    return bool(row.text) and row.finish_reason == "stop" and not policy.misses(transcript.trace or "", row.text or "")


def _compression(request: Request, text: str, finish_reason: FinishReason) -> Compression:
    """Keep what follows a compressor's own reasoning."""
    thought, answer = split_reply(text)
    written = (answer or "") if thought is not None else text
    return Compression(id=request.id, sample=request.sample, text=written.strip() or None, finish_reason=finish_reason)
