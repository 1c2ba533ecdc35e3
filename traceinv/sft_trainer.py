"""TRL's trainer with micro-batches by tokens and on several devices, and with a loss that is fast on a CPU."""

import inspect
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traceinv.errors import GateError
from traceinv.formatting import EncodedExample
from traceinv.training_config import NumberKind

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label of a token that the loss does not see."""


def sft_trainer(batch_tokens: int | None) -> type[Any]:
    """Return TRL's trainer, with each step's rows in micro-batches of at most `batch_tokens` tokens, padding included.

    The loss of each micro-batch is divided by the tokens of the whole step, so that the step is the same however its rows are
    divided: into micro-batches, and over processes. Rows of unequal length would otherwise count by their micro-batch.
    """
    from accelerate.utils import AutocastKwargs
    from torch.utils.data import DataLoader
    from trl import SFTTrainer

    class Trainer(SFTTrainer):  # type: ignore[misc]  # trl is not followed
        def create_accelerator_and_postprocess(self) -> None:
            shard_over_processors()
            super().create_accelerator_and_postprocess()
            if self.is_fsdp_enabled:
                # where a recipe says bf16, accelerate would round weights, gradients and every result; autocast, as on one
                # device, keeps what must be exact in float32
                self.accelerator.state.fsdp_plugin.mixed_precision_policy = None

        def autocast_smart_context_manager(self, cache_enabled: bool | None = True) -> Any:
            if not self.is_fsdp_enabled:
                return super().autocast_smart_context_manager(cache_enabled)
            # a cache would hold the weights that were gathered
            return self.accelerator.autocast(AutocastKwargs(cache_enabled=False))

        def get_train_dataloader(self) -> Any:
            # Every process draws the rows of each whole step, as one process would, and `training_step` takes its part of them.
            # accelerate would deal whole batches to the processes, draw another order, and repeat rows in the last step.
            if self.accelerator.num_processes == 1:
                return super().get_train_dataloader()
            rows = self._remove_unused_columns(self.train_dataset, description="Training")
            return DataLoader(
                rows, self._train_batch_size, sampler=self._get_train_sampler(), collate_fn=self.data_collator
            )

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            step, processes = super().training_step, self.accelerator.num_processes
            if batch_tokens is None and processes == 1:
                return step(model, inputs, num_items_in_batch)
            if num_items_in_batch is None:
                raise GateError(
                    "this model takes no loss over all tokens of a step, which batch_tokens and accelerate need; leave them out"
                )
            *parts, last = divide(inputs, batch_tokens, processes)[self.accelerator.process_index]
            # gradients and losses of the processes are averaged, so each divides by the tokens of a process on average
            tokens = num_items_in_batch / processes
            with _without_exchange(model):
                losses = [step(model, part, tokens) for part in parts]
            return sum(losses) + step(model, last, tokens)

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            # TRL's own loss never holds the logits of a batch. On a GPU its kernels make that fast; on a CPU it computes the
            # logits of every position twice, which takes half of a small model's step. It also knows of the load of experts,
            # which `completion_loss` does not.
            on_cpu = self.accelerator.device.type == "cpu"
            if return_outputs or num_items_in_batch is None or self.aux_loss_enabled or not on_cpu:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            return completion_loss(model, inputs, num_items_in_batch)

    return Trainer


def shard_over_processors() -> None:
    """Let accelerate shard weights over processors too: it asks for FSDP where its processes have GPUs alone."""
    from accelerate import PartialState
    from accelerate.utils import DistributedType, parse_flag_from_env

    if parse_flag_from_env("ACCELERATE_USE_FSDP") and PartialState().distributed_type == DistributedType.MULTI_CPU:
        PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU


def _without_exchange(model: Any) -> AbstractContextManager[None]:
    """Return a context in which a replicated model keeps its gradients to itself until the last micro-batch of a step.

    A sharded one (FSDP) exchanges those of each, since none of its processes has room for all of them.
    """
    from torch.nn.parallel import DistributedDataParallel

    exchange: AbstractContextManager[None] = (
        model.no_sync() if isinstance(model, DistributedDataParallel) else nullcontext()
    )
    return exchange


def save_whole(trainer: Any, tokenizer: "PreTrainedTokenizerBase", out: Path, saved_as: NumberKind) -> None:
    """Save a trained model whole: low-rank changes merged into the weights, and sharded weights gathered."""
    import torch

    accelerator, model, dtype = trainer.accelerator, trainer.model, getattr(torch, saved_as)
    if hasattr(model, "peft_config"):
        if accelerator.is_main_process:
            model.float().merge_and_unload().to(dtype).save_pretrained(out)
            tokenizer.save_pretrained(out)
    elif trainer.is_fsdp_enabled:
        gathered = accelerator.get_state_dict(model)  # by all; the first process gets them
        if accelerator.is_main_process:
            weights = {name: tensor for name, tensor in gathered.items() if name not in model.all_tied_weights_keys}
            model.to(dtype)  # so that the configuration says so too
            model.save_pretrained(out, state_dict={name: tensor.to(dtype) for name, tensor in weights.items()})
            tokenizer.save_pretrained(out)
    else:
        model.to(dtype)
        trainer.save_model(str(out))
        (out / "training_args.bin").unlink(missing_ok=True)
    accelerator.wait_for_everyone()


def check_batch(batch: Mapping[str, Any], rows: Sequence[EncodedExample]) -> None:
    """Check that a collated batch holds the rows whole and that its labels are their loss masks.

    Args:
        batch: tensors `input_ids`, `labels` and `attention_mask`, of shape (rows, tokens).

    Raises:
        GateError: a row is cut, a prompt or padding token is in the loss, or a completion token is not, such as the
            end-of-sequence token where it is the padding token too.
    """
    columns = (batch[name].tolist() for name in ("input_ids", "labels", "attention_mask"))
    for number, (row, ids, labels, attended) in enumerate(zip(rows, *columns, strict=True)):
        size = len(row.input_ids)
        wanted = [token if seen else IGNORED for token, seen in zip(row.input_ids, row.completion_mask, strict=True)]
        if ids[:size] != row.input_ids or attended != [1] * size + [0] * (len(ids) - size):
            raise GateError(f"collated batch: row {number} is not the {size} tokens that were encoded")
        if labels != wanted + [IGNORED] * (len(ids) - size):
            raise GateError(f"collated batch: the labels of row {number} are not its completion")


def completion_loss(model: Any, batch: Mapping[str, Any], tokens: Any) -> Any:
    """Return the model's own loss of a batch over the tokens of its step, without the logits of what all prompts begin with.

    Args:
        batch: tensors `input_ids`, `attention_mask` and `labels` of shape (rows, tokens).
        tokens: how many labels of the whole step are in the loss.

    Returns:
        The sum of the batch's cross-entropies in nats, divided by `tokens`.
    """
    from torch.nn.parallel import DistributedDataParallel

    plain = model.module if isinstance(model, DistributedDataParallel) else model
    labels = batch["labels"]
    inputs = {name: tensor for name, tensor in batch.items() if name != "labels"} | {"use_cache": False}
    kept = labels.shape[1]
    if "logits_to_keep" in inspect.signature(plain.forward).parameters:
        # the position before the first completion token predicts it
        kept -= max(int((labels != IGNORED).any(dim=0).int().argmax()) - 1, 0)
        inputs["logits_to_keep"] = kept
    logits = model(**inputs).logits
    return plain.loss_function(
        logits=logits, labels=labels[:, -kept:], vocab_size=logits.shape[-1], num_items_in_batch=tokens
    )


def divide(batch: Mapping[str, Any], batch_tokens: int | None, processes: int) -> list[list[dict[str, Any]]]:
    """Divide a collated batch over processes, and the part of each into micro-batches, of which all have as many.

    Rows are dealt by their length. Where a process has fewer rows or micro-batches, it gets the shortest row with nothing in the
    loss: processes that exchange gradients, or weights, must do so equally often.

    Args:
        batch: tensors of shape (rows, tokens), padded on the right; `attention_mask` says how long each row is.
        batch_tokens: tokens of a micro-batch at most; None for one micro-batch a process.
    """
    lengths = batch["attention_mask"].sum(dim=1)
    order = lengths.argsort(descending=True, stable=True).tolist()
    limit = batch_tokens or int(lengths.max()) * len(order)
    dealt = [order[process::processes] for process in range(processes)]
    parts = [
        micro_batches({name: tensor[rows] for name, tensor in batch.items()}, limit) if rows else [] for rows in dealt
    ]
    shortest = {name: tensor[order[-1:], : int(lengths[order[-1]])] for name, tensor in batch.items()}
    idle = {**shortest, "labels": shortest["labels"].new_full(shortest["labels"].shape, IGNORED)}
    most = max(len(part) for part in parts)
    return [part + [idle] * (most - len(part)) for part in parts]


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
