"""What a disclosure policy is: a rule that makes a disclosure of a transcript."""

from collections.abc import Sequence
from typing import ClassVar

from traceinv.records import Compression, Disclosure, Transcript
from traceinv.schema import Closed


class Policy(Closed):
    """A disclosure policy; a subclass has a `kind` and says what it writes of a trace.

    Attributes:
        discloses_summary: whether its disclosures have a summary.
        discloses_tokens: whether its disclosures have the number of tokens of the reply.
        changes_answer: whether its disclosures have another answer than the transcript's.
        reads_trace: whether it reads the trace, which some targets hide even from the run.
        reads_own_summary: whether it reads the summary that came with the reply, which few targets have.
    """

    discloses_summary: ClassVar[bool] = True
    discloses_tokens: ClassVar[bool] = False
    changes_answer: ClassVar[bool] = False
    reads_trace: ClassVar[bool] = True
    reads_own_summary: ClassVar[bool] = False

    kind: str

    def summarise(self, trace: str) -> str | None:
        """Return the summary of a trace; None where the policy discloses none."""
        if self.discloses_summary:
            raise NotImplementedError
        return None

    def summary_of(self, transcript: Transcript) -> str | None:
        """Return the summary of a complete transcript, for a policy that needs more of it than its trace."""
        return self.summarise(transcript.trace or "")

    def tokens_of(self, transcript: Transcript) -> int | None:
        """Return the number of tokens that the interface shows; None where it shows none."""
        return None

    def can_show(self, transcript: Transcript) -> bool:
        """Return whether a transcript is whole, as far as its source shows it, and has what the policy reads."""
        has_trace = bool((transcript.trace or "").strip()) or not self.reads_trace
        has_summary = bool(transcript.summary) or not self.reads_own_summary
        return transcript.usable and bool(transcript.answer) and has_trace and has_summary

    def disclose(self, transcript: Transcript, written: Sequence[Compression] = ()) -> Disclosure | None:
        """Return what the target shows of a transcript; None for one that it can't show.

        Args:
            written: what a compressor wrote of the transcript, for a policy that has one.
        """
        return self.shown(transcript, self.summary_of(transcript)) if self.can_show(transcript) else None

    def shown(self, transcript: Transcript, summary: str | None) -> Disclosure:
        """Return the disclosure of a transcript that can be shown, with a summary."""
        return Disclosure(
            id=transcript.id,
            question=transcript.question,
            answer=transcript.answer or "",
            summary=summary,
            tokens=self.tokens_of(transcript),
        )


def lines_of(trace: str) -> list[str]:
    """Return the lines of a trace that are not blank."""
    return [line for line in trace.splitlines() if line.strip()]
