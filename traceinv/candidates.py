"""Ask a model for several replies to each question whose answer was disclosed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from traceinv.engines.base import Completion, Engine, Replies, Request, RequestKey, Sampling, user_message
from traceinv.engines.collect import collect_samples
from traceinv.engines.shards import Shard, in_shard
from traceinv.inversion import inverter_prompt
from traceinv.progress import Progress, silent
from traceinv.records import Candidate, Disclosure
from traceinv.rows import RowFile
from traceinv.targets.local import Reading, read_parts

Asked = Literal["question", "hint", "answer", "summary"]
"""What a model is asked: the question; the question with the answer as a hint; or to invert, up to the part that is named."""


def candidate_prompt(disclosure: Disclosure, asked: Asked) -> str:
    """Write the prompt for a question whose answer was disclosed.

    Raises:
        ValueError: a summary is to be shown and there is none.
    """
    if asked == "question":
        return disclosure.question.text
    if asked == "hint":
        return (
            f"{disclosure.question.text}\n\nThe right answer is:\n{disclosure.answer}\n\n"
            "Work it out step by step as if you had not been told, and end with this answer if your own steps lead to it."
        )
    return inverter_prompt(disclosure, asked)


def write_candidates(
    engine: Engine,
    disclosures: Sequence[Disclosure],
    asked: Asked,
    count: int,
    sampling: Sampling,
    rows: RowFile[Candidate, RequestKey],
    progress: Progress = silent,
    reads: Reading = "markers",
    instruction: str | None = None,
    shard: Shard | None = None,
) -> list[Candidate]:
    """Write `count` replies to each question.

    Args:
        rows: the file that each batch is appended to, keyed by question id and sample; replies in it are not asked for again.
        reads: how replies are split (see `LocalModel`).
        instruction: follows each prompt after a blank line.
        shard: write the replies of this shard alone; None for all.

    Returns:
        The candidates by question, in the order of the disclosures, and by sample.

    Raises:
        ValueError: a summary is to be shown and a disclosure has none.
        InputError: two disclosures have the same id, or a prompt does not fit into the model's context.
        GateError: the engine failed.
    """
    by_id = {disclosure.id: disclosure for disclosure in disclosures}
    prompts = {d.id: "\n\n".join(filter(None, (candidate_prompt(d, asked), instruction))) for d in disclosures}
    first = [Request(d.id, engine.render(user_message(prompts[d.id])), sampling) for d in disclosures]
    requests = [replace(request, sample=sample) for request in first for sample in range(count)]

    def candidates(replies: Replies) -> list[Candidate]:
        return [_candidate(by_id[request.id], request.sample, reply, reads) for request, reply in replies]

    return collect_samples(engine, in_shard(engine, requests, shard), rows, candidates, progress)


def _candidate(disclosure: Disclosure, sample: int, completion: Completion, reads: Reading) -> Candidate:
    trace, answer = read_parts(completion.text, reads)
    return Candidate(
        id=disclosure.id,
        disclosure=disclosure,
        sample=sample,
        trace=trace,
        answer=answer,
        finish_reason=completion.finish_reason,
    )
