"""What a policy is whose summaries a model writes: the compressor."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from traceinv.engines.base import Sampling
from traceinv.errors import InputError
from traceinv.policies.base import Policy
from traceinv.prompt_fields import prompt_fields
from traceinv.records import Compression, Disclosure, Transcript
from traceinv.schema import FieldFault, Trusted

FIELDS = ("question", "trace", "answer", "words")
"""What a prompt may have in braces; `words` is the length that is asked for."""
MAX_PROMPT = 1 << 16
"""Characters of the longest prompt."""


class Prompted(Policy):
    """A policy with a model that writes its summaries, the compressor.

    A subclass has a `kind`, and its prompt stands in the file of that name.

    Attributes:
        needs: the fields that its prompt must have.
        model: the compressor (see `traceinv.models.locate`).
        trust_remote_code: whether Python code that comes with the weights may be run.
        prompt: the text that it is asked, with `FIELDS` in braces. A recipe may name a file as `prompt_file` instead.
        sampling: how it writes. Attempts differ only at a temperature above 0.
        attempts: how often it is asked at most, until a text has the form and length that the policy wants.
    """

    needs: ClassVar[tuple[str, ...]] = ("trace",)

    model: str
    trust_remote_code: Trusted = False
    prompt: str
    sampling: Sampling = Sampling(temperature=0.7, max_new_tokens=1024)
    attempts: int = Field(3, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _read_prompt(cls, content: Any) -> Any:
        """Read the prompt from its file, or take the one of this kind."""
        if not isinstance(content, dict) or "prompt" in content:
            return content
        rest = {key: value for key, value in content.items() if key != "prompt_file"}
        if "prompt_file" in content:
            return rest | {"prompt": _read(content["prompt_file"])}
        own = files("traceinv.policies") / "prompts" / f"{cls.model_fields['kind'].default}.txt"
        return rest | {"prompt": own.read_text(encoding="utf-8").strip()}

    @model_validator(mode="after")
    def _has_its_fields(self) -> Self:
        try:
            check_prompt(self.prompt, self.needs)
        except InputError as error:
            raise FieldFault("prompt", str(error)) from None
        return self

    def ask(self, transcript: Transcript) -> str:
        """Write the prompt for a complete transcript."""
        return self.prompt.format(
            question=transcript.question.text,
            trace=transcript.trace,
            answer=transcript.answer,
            words=self.words(transcript.trace or ""),
        )

    def words(self, trace: str) -> int:
        """Return how many words the text should have; the trace's own number where the policy asks for no length."""
        return count_words(trace)

    def misses(self, trace: str, text: str) -> float:
        """Return how far a text is from what the policy wants; 0 where it is as it should be."""
        return 0.0

    def choose(self, transcript: Transcript, written: Sequence[Compression]) -> Compression | None:
        """Return the first text that is as it should be, else the closest one; None where no attempt gave a whole text."""
        whole = [row for row in written if row.text and row.finish_reason == "stop"]
        return min(
            whole, key=lambda row: (self.misses(transcript.trace or "", row.text or ""), row.sample), default=None
        )

    def disclose(self, transcript: Transcript, written: Sequence[Compression] = ()) -> Disclosure | None:
        chosen = self.choose(transcript, written) if self.can_show(transcript) else None
        return self.shown(transcript, chosen.text) if chosen else None


def check_prompt(prompt: str, needs: Sequence[str]) -> None:
    """Check the fields of a prompt.

    Raises:
        InputError: a brace is not closed, a field is unknown, or one that is needed is missing.
    """
    fields = prompt_fields(prompt, FIELDS)
    missing = [field for field in needs if field not in fields]
    if missing:
        raise InputError(f"the prompt lacks the field {{{missing[0]}}}")


def count_words(text: str) -> int:
    """Count the words of a text, at least 1."""
    return max(1, len(text.split()))


def _read(name: Any) -> str:
    """Read a prompt from a file.

    Raises:
        FieldFault: it cannot be read.
    """
    path = Path(str(name))
    try:
        if not path.is_file():
            raise FieldFault("prompt_file", f"{name}: no such file")
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_PROMPT + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise FieldFault("prompt_file", f"{name}: cannot be read: {error}") from None
    if len(text) > MAX_PROMPT:
        raise FieldFault("prompt_file", f"{name}: over {MAX_PROMPT} characters")
    return text.strip()
