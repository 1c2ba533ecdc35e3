"""lm-eval's vLLM model with notes on how each reply ended. Imports vLLM, which is no dependency: it needs a machine for it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lm_eval.models.vllm_causallms import VLLM as LmEvalVLLM
from vllm.v1.engine.exceptions import EngineDeadError

from harness.evaluation.requests import Ask, Replies, Reply, instances, own_seed
from harness.evaluation.responses import Finish
from traceinv.errors import GateError
from traceinv.reasoning import CLOSE


class NotedVLLM(LmEvalVLLM):  # type: ignore[misc]  # lm-eval has no types
    """lm-eval's VLLM that notes of each reply why it ended, and after how many tokens."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.notes: list[tuple[Finish, int]] = []

    def reply(self, asks: Sequence[Ask], seed: int) -> Replies:
        """Answer some asks, each with a seed of its own.

        Raises:
            GateError: vLLM's engine, which is a process of its own, died.
        """
        # lm-eval sorts so itself; sorted here too, the notes stand in the order of the asks
        ordered = sorted(asks, key=lambda ask: (-len(self.tok_encode(ask.prompt)), ask.prompt))
        # lm-eval keeps special tokens here and leaves them out with transformers; where they mark the reasoning they must stay
        bare = {"skip_special_tokens": CLOSE not in self.tokenizer.all_special_tokens}
        seeded = [replace(ask, arguments=ask.arguments | bare | {"seed": own_seed(seed, ask)}) for ask in ordered]
        self.notes = []
        try:
            texts = self.generate_until(instances(seeded), disable_tqdm=True)
        except EngineDeadError as error:
            raise GateError(f"vLLM's engine died: {error}") from error
        return [
            (ask, Reply(text, finish, tokens))
            for ask, text, (finish, tokens) in zip(ordered, texts, self.notes, strict=True)
        ]

    def _model_generate(self, *arguments: Any, **options: Any) -> Any:
        outputs = super()._model_generate(*arguments, **options)
        for output in outputs:
            reply = output.outputs[0]
            self.notes.append(
                (reply.finish_reason if reply.finish_reason in ("stop", "length") else "other", len(reply.token_ids))
            )
        return outputs
