"""Micro-batches of a training step, by tokens."""

from collections.abc import Mapping
from typing import Any

from traceinv.errors import GateError


def micro_batched_trainer(batch_tokens: int | None) -> type[Any]:
    """Return TRL's trainer, with each step's rows in micro-batches of at most `batch_tokens` tokens, padding included.

    The loss of each micro-batch is divided by the tokens of the whole step, so that the step is the same however its rows are
    divided. Rows of unequal length would otherwise count by their micro-batch.
    """
    from trl import SFTTrainer

    if batch_tokens is None:
        return SFTTrainer  # type: ignore[no-any-return]  # trl is not followed

    limit = batch_tokens

    class MicroBatched(SFTTrainer):  # type: ignore[misc]  # trl is not followed
        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            if num_items_in_batch is None:
                raise GateError(
                    "batch_tokens: this model takes no loss over all tokens of a step; leave batch_tokens out"
                )
            parts = micro_batches(inputs, limit)
            return sum(super(MicroBatched, self).training_step(model, part, num_items_in_batch) for part in parts)

    return MicroBatched


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
