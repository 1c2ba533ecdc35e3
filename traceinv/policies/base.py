"""What a disclosure policy is: a rule that makes a disclosure of a transcript."""

from typing import ClassVar

from traceinv.records import Disclosure, Transcript
from traceinv.schema import Closed


class Policy(Closed):
    """A disclosure policy; a subclass has a `kind` and says what it writes of a trace.

    Attributes:
        discloses_summary: whether its disclosures have a summary.
        changes_answer: whether its disclosures have another answer than the transcript's.
        reads_trace: whether it reads the trace, which some targets hide even from the run.
        reads_own_summary: whether it reads the summary that came with the reply, which few targets have.
    """

    discloses_summary: ClassVar[bool] = True
    changes_answer: ClassVar[bool] = False
    reads_trace: ClassVar[bool] = True
    reads_own_summary: ClassVar[bool] = False

    kind: str

    def summarise(self, trace: str) -> str | None:
        """Return the summary of a trace; None where the policy discloses none."""
        raise NotImplementedError

    def summary_of(self, transcript: Transcript) -> str | None:
        """Return the summary of a complete transcript, for a policy that needs more of it than its trace."""
        return self.summarise(transcript.trace or "")

    def disclose(self, transcript: Transcript) -> Disclosure | None:
        """Return what the target shows of a transcript; None for one that is not complete, or lacks what the policy reads."""
        if not (transcript.usable and transcript.answer):
            return None
        if (self.reads_trace and not transcript.trace) or (self.reads_own_summary and not transcript.summary):
            return None
        return Disclosure(
            id=transcript.id,
            question=transcript.question,
            answer=transcript.answer,
            summary=self.summary_of(transcript),
        )
