"""The reasoning in recorded responses, as the options of `traceinv grade` and the finish reasons describe it."""

import re
from collections.abc import Sequence
from dataclasses import replace

from harness.evaluation.recorded import Recorded
from traceinv.reasoning import OPEN, Markers, closes_what_it_never_opens, read_reply, to_think

_STATED = re.compile(r"\\boxed\b|\banswers?\b")
_DOUBT = re.compile(
    r"\?|\b(?:wait|hmm+|but|however|let me|let's|actually|alternatively|perhaps|maybe|check|verify)\b", re.I
)


def mark_reasoning(recorded: Sequence[Recorded], markers: Markers | None) -> list[Recorded]:
    """Rewrite responses so that their reasoning stands between the default markers.

    A response that was cut off at the token limit (`finish_reason` is `length`) and has no marker ended inside its reasoning
    where other responses of the file have reasoning, or where its text goes on in doubt after its last answer.

    Args:
        recorded: the responses of a file.
        markers: those of `--think` and `--think-opened`; None where neither was given.
    """
    rows = [replace(row, response=to_think(row.response, markers)) if markers else row for row in recorded]
    reasons = any(read_reply(row.response).reasoning is not None for row in rows)
    return [replace(row, response=OPEN + row.response) if _ends_inside(row, reasons) else row for row in rows]


def missing_option(recorded: Sequence[Recorded]) -> str | None:
    """Return a note where the file looks as if `--think-opened` were missing; else None.

    It does where some responses close reasoning that they never open, and others have no marker at all.
    """
    opened = sum(closes_what_it_never_opens(row.response) for row in recorded)
    unmarked = sum(read_reply(row.response).reasoning is None for row in recorded)
    if not opened or not unmarked:
        return None
    return (
        f"{opened} of {len(recorded)} responses close reasoning that they never open, so the prompt opened it; "
        f"{unmarked} without a closing marker were graded as answers (--think-opened counts them as unfinished)"
    )


def _ends_inside(row: Recorded, others_reason: bool) -> bool:
    if row.finish_reason != "length" or read_reply(row.response).reasoning is not None:
        return False
    stated = list(_STATED.finditer(row.response))
    return others_reason or (bool(stated) and bool(_DOUBT.search(row.response, stated[-1].end())))
