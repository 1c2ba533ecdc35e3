"""What a disclosure policy is: a rule that makes a disclosure of a transcript."""

from typing import ClassVar

from traceinv.records import Disclosure, Transcript
from traceinv.schema import Closed


class Policy(Closed):
    """A disclosure policy; a subclass has a `kind` and says what it writes of a trace.

    Attributes:
        discloses_summary: whether its disclosures have a summary.
        discloses_tokens: whether its disclosures have the number of tokens of the reply.
        changes_answer: whether its disclosures have another answer than the transcript's.
    """

    discloses_summary: ClassVar[bool] = True
    discloses_tokens: ClassVar[bool] = False
    changes_answer: ClassVar[bool] = False

    kind: str

    def summarise(self, trace: str) -> str | None:
        """Return the summary of a trace; None where the policy discloses none."""
        raise NotImplementedError

    def summary_of(self, transcript: Transcript) -> str | None:
        """Return the summary of a complete transcript, for a policy that needs more of it than its trace."""
        return self.summarise(transcript.trace or "")

    def tokens_of(self, transcript: Transcript) -> int | None:
        """Return the number of tokens that the interface shows; None where it shows none."""
        return None

    def disclose(self, transcript: Transcript) -> Disclosure | None:
        """Return what the target shows of a transcript; None for one that is not complete."""
        if not (transcript.complete and (transcript.trace or "").strip() and transcript.answer):
            return None
        return Disclosure(
            id=transcript.id,
            question=transcript.question,
            answer=transcript.answer,
            summary=self.summary_of(transcript),
            tokens=self.tokens_of(transcript),
        )


def lines_of(trace: str) -> list[str]:
    """Return the lines of a trace that are not blank."""
    return [line for line in trace.splitlines() if line.strip()]
