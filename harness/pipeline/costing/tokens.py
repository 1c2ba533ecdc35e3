"""Count the tokens of texts as a model's tokenizer does. No model is loaded, and torch is not imported.

What a model is yet to write stands in a text as a mark for a number of tokens (`assumed`).
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from traceinv.dialect import Dialect, adapt, load_tokenizer, read_dialect
from traceinv.formatting import render_prompt

ASSUMED = re.compile("\ue000([0-9]{1,8})\ue001")
CHARACTERS_A_TOKEN = 4
"""Of English text, for a model without a tokenizer on this machine; a rule of thumb."""
WRAPPING = 16
"""Tokens of chat template and reasoning markers around a text, for such a model."""
SURE = (("llama", "TokenizersBackend"), ("qwen2", "Qwen2Tokenizer"), ("qwen3", "Qwen2Tokenizer"))
"""Types of models, and the class of tokenizer that they state and that transformers takes for them."""
SAMPLE = 100
"""Texts that tell how many tokens a character has, where not all are counted."""


def assumed(tokens: int) -> str:
    """Return a text that stands for so many tokens."""
    return f"\ue000{tokens}\ue001"


def is_assumed(text: str | None) -> bool:
    """Return whether a text, or a part of it, is yet to be written."""
    return bool(text and ASSUMED.search(text))


def assumed_tokens(text: str) -> int:
    """Return for how many tokens the marks of a text stand."""
    return sum(map(int, ASSUMED.findall(text)))


@dataclass
class Allowance:
    """The characters that a dry run may still tokenise; None where there is no limit."""

    left: int | None = 2_000_000

    def take(self, characters: int) -> bool:
        """Take so many characters; return whether there were as many."""
        if self.left is None:
            return True
        if characters > self.left:
            return False
        self.left -= characters
        return True


class TokenCounter:
    """Counts the tokens of prompts and of replies; equal texts are tokenised once.

    Attributes:
        exact: whether every text was tokenised so far.
    """

    def __init__(self, folder: Path | None, allowance: Allowance) -> None:
        """Count with the tokenizer of a model's folder; None guesses by the length of the text.

        Args:
            allowance: beyond it, a sample of the texts is tokenised and tells how long the others are.
        """
        self.folder, self.allowance = folder, allowance
        self.exact = folder is not None
        self._prompts: dict[str, int] = {}
        self._replies: dict[str, int] = {}

    def prompts(self, messages: Sequence[str]) -> list[int]:
        """Count the tokens of each user message in the chat template, up to where the reply begins.

        Raises:
            GateError: the tokenizer has no chat template.
        """
        return self._count(self._prompts, messages, lambda texts: self._lengths(texts, self._rendered, follows=False))

    def replies(self, completions: Sequence[str]) -> list[int]:
        """Count the tokens of each reply as training encodes it, its end included.

        Raises:
            GateError: the tokenizer has no chat template.
        """
        return self._count(self._replies, completions, lambda texts: self._lengths(texts, self._written, follows=True))

    def _count(
        self, known: dict[str, int], texts: Sequence[str], lengths: Callable[[list[str]], list[int]]
    ) -> list[int]:
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            counted = lengths([ASSUMED.sub("", text) for text in missing])
            known.update((text, n + assumed_tokens(text)) for text, n in zip(missing, counted, strict=True))
        return [known[text] for text in texts]

    def _lengths(self, texts: list[str], form: Callable[[str], str], follows: bool) -> list[int]:
        """Count tokens of texts; one that follows a prompt does not begin with the blank that SentencePiece adds."""
        if self.folder is None or self._tokenizer is None:
            self.exact = False
            return [len(text) // CHARACTERS_A_TOKEN + WRAPPING for text in texts]
        if not self.allowance.take(sum(map(len, texts))):
            return self._by_sample(texts, form)
        formed = [form(text) for text in texts]
        if not (follows and self._adds_blanks):
            return self._tokens(formed)
        (before,) = self._tokens(["\n"])
        return [tokens - before for tokens in self._tokens([f"\n{text}" for text in formed])]

    def _by_sample(self, texts: list[str], form: Callable[[str], str]) -> list[int]:
        """Count some texts, and take the others to have as many tokens a character."""
        self.exact = False
        sample = [form(text) for text in texts[:: max(1, len(texts) // SAMPLE)][:SAMPLE]]
        share = sum(self._tokens(sample)) / max(1, sum(map(len, sample)))
        return [round(len(form(text)) * share) for text in texts]

    def _tokens(self, texts: list[str]) -> list[int]:
        encoded = self._tokenizer(texts, add_special_tokens=False, return_attention_mask=False, verbose=False)
        return list(map(len, encoded["input_ids"]))

    def _rendered(self, message: str) -> str:
        return render_prompt(self._tokenizer, message)

    def _written(self, completion: str) -> str:
        return self._dialect.write(completion) + self._dialect.end

    @cached_property
    def _tokenizer(self) -> Any:
        """The tokenizer; None where it cannot be opened, such as one that needs code of its own."""
        try:
            return self.folder and open_tokenizer(self.folder)
        except (OSError, ValueError, ImportError, AttributeError):
            return None

    @cached_property
    def _dialect(self) -> Dialect:
        return read_dialect(self._tokenizer)

    @cached_property
    def _adds_blanks(self) -> bool:
        (first, *_) = self._tokenizer("x", add_special_tokens=False)["input_ids"]
        return str(self._tokenizer.convert_ids_to_tokens([first])[0]).startswith("▁")


def open_tokenizer(folder: Path) -> Any:
    """Open a tokenizer as `load_tokenizer` does; where it is sure which class that is, without the seconds that torch takes."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    file = folder / "tokenizer_config.json"
    stated = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    kind = str(stated.get("tokenizer_class")).removesuffix("Fast")
    if (
        "auto_map" in stated
        or (config.get("model_type"), kind) not in SURE
        or not (folder / "tokenizer.json").is_file()
    ):
        return load_tokenizer(folder)
    import transformers

    return adapt(getattr(transformers, kind).from_pretrained(folder))
