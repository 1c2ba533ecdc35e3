"""lm-eval's transformers model, with what a reply's record needs besides its text.

Import this module late: it imports lm-eval and torch.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

from harness.evaluation.requests import ItemRequest
from traceinv.dialect import Dialect
from traceinv.engines.base import Completion, Replies, Watch
from traceinv.engines.stopping import stop_token_ids
from traceinv.engines.watching import told
from traceinv.formatting import decode_reply
from traceinv.records import FinishReason


class HFWithFinishReason(HFLM):  # type: ignore[misc]  # lm-eval has no types
    """HFLM that says why each reply ended and after how many tokens, and ends replies at all of the model's stop ids.

    HFLM stops at the ids of `generation_config` alone; the tokenizer's end-of-sequence id is added here. Replies of models
    whose `generation_config` has it are those of HFLM.

    Attributes:
        dialect: how the model writes a reply; None where it has no chat template.
        watch: told after each token how far the replies under way are; None for nobody.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.finish_reasons: list[tuple[FinishReason, int]] = []
        self.dialect: Dialect | None = None
        self.watch: Watch | None = None

    @property
    def stop_ids(self) -> list[int]:
        """The ids that end a reply."""
        return stop_token_ids(self.tokenizer, self.model.generation_config, self.dialect)

    def tok_decode(self, tokens: Any, skip_special_tokens: bool = True) -> str:
        """Decode tokens; markers of reasoning that are special tokens are kept."""
        ids = tokens.tolist() if hasattr(tokens, "tolist") else tokens
        if not self.dialect or not skip_special_tokens or not isinstance(ids, list):
            return str(super().tok_decode(tokens, skip_special_tokens))
        return decode_reply(self.tokenizer, ids, self.dialect.marker_ids)

    def reply(self, batch: Sequence[ItemRequest]) -> Replies:
        """Answer a batch of requests, which stand in lm-eval's order."""
        self.finish_reasons = []
        instances = [
            Instance("generate_until", {}, (item.prompt, dict(item.arguments)), 0, (item.task, index, 1))
            for index, item in enumerate(batch)
        ]
        texts = self.generate_until(instances, disable_tqdm=True)
        if self.dialect and not self.dialect.plain:  # other replies stay as lm-eval's command has them
            texts = [self.dialect.read(text) for text in texts]
        return [
            (item, Completion(text, reason, tokens))
            for item, text, (reason, tokens) in zip(batch, texts, self.finish_reasons, strict=True)
        ]

    def _model_generate(self, context: Any, max_length: int, stop: list[str], **arguments: Any) -> Any:
        if self.stop_ids:
            arguments["eos_token_id"] = self.stop_ids
        with told(self.watch, self.model, max_length - context.shape[1]):
            output = super()._model_generate(context, max_length, stop, **arguments)
        self.finish_reasons += [self._finish_reason(row, stop) for row in output[:, context.shape[1] :].tolist()]
        return output

    def _finish_reason(self, row: list[int], stop: Sequence[str]) -> tuple[FinishReason, int]:
        """Return why a reply ended and its number of tokens; tokens after the end are the batch's padding."""
        stop_ids = set(self.stop_ids)
        end = next((position for position, token in enumerate(row) if token in stop_ids), None)
        if end is not None:
            return "stop", end + 1

        def has_stop_text(count: int) -> bool:
            text = self.tok_decode(row[:count])
            return any(stop_text in text for stop_text in stop)

        if has_stop_text(len(row)):
            return "stop", bisect_left(range(len(row)), True, key=has_stop_text)
        return "length", len(row)
