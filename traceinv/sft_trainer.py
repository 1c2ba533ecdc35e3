"""TRL's trainer with micro-batches by tokens, and with a loss that is fast on a CPU."""

import inspect
from collections.abc import Mapping
from typing import Any

from traceinv.errors import GateError

IGNORED = -100
"""The label of a token that the loss does not see."""


def sft_trainer(batch_tokens: int | None) -> type[Any]:
    """Return TRL's trainer, with each step's rows in micro-batches of at most `batch_tokens` tokens, padding included.

    The loss of each micro-batch is divided by the tokens of the whole step, so that the step is the same however its rows are
    divided. Rows of unequal length would otherwise count by their micro-batch.
    """
    from trl import SFTTrainer

    class Trainer(SFTTrainer):  # type: ignore[misc]  # trl is not followed
        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            step = super().training_step
            if batch_tokens is None:
                return step(model, inputs, num_items_in_batch)
            if num_items_in_batch is None:
                raise GateError(
                    "batch_tokens: this model takes no loss over all tokens of a step; leave batch_tokens out"
                )
            return sum(step(model, part, num_items_in_batch) for part in micro_batches(inputs, batch_tokens))

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            if return_outputs or num_items_in_batch is None or not self._trains_one_model_on_a_cpu():
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            return completion_loss(model, inputs, num_items_in_batch)

        def _trains_one_model_on_a_cpu(self) -> bool:
            # TRL's own loss never holds the logits of a batch. On a GPU its kernels make that fast; on a CPU it computes the
            # logits of every position twice, which takes half of a small model's step. It also knows of several processes and
            # of the load of experts, which `completion_loss` does not.
            one = self.accelerator.num_processes == 1 and not self.aux_loss_enabled
            return one and self.accelerator.device.type == "cpu"

    return Trainer


def completion_loss(model: Any, batch: Mapping[str, Any], tokens: Any) -> Any:
    """Return the model's own loss of a batch over the tokens of its step, without the logits of what all prompts begin with.

    Args:
        batch: tensors `input_ids`, `attention_mask` and `labels` of shape (rows, tokens).
        tokens: how many labels of the whole step are in the loss.

    Returns:
        The sum of the batch's cross-entropies in nats, divided by `tokens`.
    """
    labels = batch["labels"]
    inputs = {name: tensor for name, tensor in batch.items() if name != "labels"} | {"use_cache": False}
    kept = labels.shape[1]
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        # the position before the first completion token predicts it
        kept -= max(int((labels != IGNORED).any(dim=0).int().argmax()) - 1, 0)
        inputs["logits_to_keep"] = kept
    logits = model(**inputs).logits
    return model.loss_function(
        logits=logits, labels=labels[:, -kept:], vocab_size=logits.shape[-1], num_items_in_batch=tokens
    )


def micro_batches(batch: Mapping[str, Any], batch_tokens: int) -> list[dict[str, Any]]:
    """Divide a collated batch into micro-batches of rows of similar length, each without needless padding.

    Args:
        batch: tensors of shape (rows, tokens), padded on the right; `attention_mask` says how long each row is.
        batch_tokens: tokens of a micro-batch at most, padding included; a longer row is one by itself.
    """
    lengths = batch["attention_mask"].sum(dim=1).tolist()
    groups: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
        if groups and (len(groups[-1]) + 1) * lengths[row] <= batch_tokens:
            groups[-1].append(row)
        else:
            groups.append([row])
    return [{name: tensor[rows, : lengths[rows[-1]]] for name, tensor in batch.items()} for rows in groups]
