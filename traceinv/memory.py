"""How much memory a training needs, estimated before it starts."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from traceinv.errors import GateError

FLOAT = 4
"""Bytes of a float32 number."""
COPIES_OF_STATE = 4
"""A trained weight, its gradient, and the two moments of AdamW."""
GIB = 2**30
FEWER_WEIGHTS = "lora trains fewer weights"


@dataclass(frozen=True)
class Architecture:
    """The sizes of a model on which the memory of its training depends.

    Attributes:
        parameters: all weights.
        trained: those that have a gradient; fewer than all with LoRA.
        frozen_bytes: bytes of each weight that has none.
    """

    parameters: int
    trained: int
    layers: int
    hidden: int
    intermediate: int
    vocabulary: int
    frozen_bytes: int = FLOAT

    @classmethod
    def of(cls, model: Any, frozen_bytes: int = FLOAT) -> "Architecture":
        """Read the sizes off a model, which need not have its weights loaded (`meta` device)."""
        config = model.config.get_text_config()
        weights = list(model.parameters())
        hidden = int(config.hidden_size)
        return cls(
            parameters=sum(weight.numel() for weight in weights),
            trained=sum(weight.numel() for weight in weights if weight.requires_grad),
            layers=int(config.num_hidden_layers),
            hidden=hidden,
            intermediate=int(getattr(config, "intermediate_size", None) or 4 * hidden),
            vocabulary=int(config.vocab_size),
            frozen_bytes=frozen_bytes,
        )


@dataclass(frozen=True)
class Devices:
    """The devices that a training is spread over.

    Attributes:
        sharded: whether weights, gradients and the optimizer's moments are divided over them (FSDP); else each has all of them.
    """

    count: int = 1
    sharded: bool = False


ONE_DEVICE = Devices()


def estimate_bytes(
    model: Architecture, tokens: int, gradient_checkpointing: bool, devices: Devices = ONE_DEVICE
) -> int:
    """Estimate the peak memory of a training step on one device in bytes.

    Weights, gradients and AdamW's moments are counted exactly. A token's activations are taken as twelve vectors of the hidden
    and four of the intermediate size a layer, and five of the vocabulary's size for logits and loss, all in float32; with
    checkpointing one vector a layer and the activations of one layer. Measured: 2.6 MB a token for SmolLM2-135M, where this
    gives 2.5. Sharded weights are gathered while they are used: those of one layer, and of the vocabulary.

    Args:
        tokens: of the largest micro-batch of a device, padding included.
    """
    state = COPIES_OF_STATE * FLOAT * model.trained + model.frozen_bytes * (model.parameters - model.trained)
    if devices.sharded:
        gathered = FLOAT * (model.parameters // model.layers + model.vocabulary * model.hidden)
        state = state // devices.count + gathered
    layer = 12 * model.hidden + 4 * model.intermediate
    layers = model.layers * model.hidden + layer if gradient_checkpointing else model.layers * layer
    return state + tokens * FLOAT * (layers + 5 * model.vocabulary)


def largest_micro_batch(
    lengths: Sequence[int], batch_size: int, batch_tokens: int | None, devices: Devices = ONE_DEVICE
) -> int:
    """Return the tokens of the largest micro-batch of a device, padding included.

    Args:
        lengths: tokens of each row.
        batch_size: rows of a step, on all devices together.
        batch_tokens: tokens of a micro-batch at most; a longer row is one by itself. None where a step is one micro-batch.
    """
    longest = max(lengths)
    whole = longest * math.ceil(min(batch_size, len(lengths)) / devices.count)
    return whole if batch_tokens is None else min(whole, max(longest, batch_tokens))


def memory_of_device(devices: Devices = ONE_DEVICE) -> int:
    """Return the bytes that a device can have here: free on the GPU where there is one, else its share of the machine's."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // devices.count


def check_memory(
    model: Architecture,
    lengths: Sequence[int],
    batch_size: int,
    batch_tokens: int | None,
    gradient_checkpointing: bool,
    available: int,
    devices: Devices = ONE_DEVICE,
) -> int:
    """Refuse a training that does not fit into memory; return the estimate in bytes, for one device.

    Args:
        available: bytes on each device.

    Raises:
        GateError: it does not fit; the message says what would.
    """
    largest = largest_micro_batch(lengths, batch_size, batch_tokens, devices)
    needed = estimate_bytes(model, largest, gradient_checkpointing, devices)
    if needed <= available:
        return needed
    longest = max(lengths)
    found = fitting(remedies(model, longest, gradient_checkpointing, devices), available)
    advice = found or f"{FEWER_WEIGHTS}, and rows of fewer tokens (max_tokens) need less"
    raise GateError(
        f"memory: training {model.trained / 1e6:,.0f}M of {model.parameters / 1e6:,.0f}M weights on rows of up to {longest}"
        f" tokens needs about {gib(needed)}, and there are {gib(available)}; in `training`: {advice}"
    )


def remedies(
    model: Architecture, longest: int, gradient_checkpointing: bool, devices: Devices = ONE_DEVICE
) -> dict[str, int]:
    """Return the bytes of a training step by what to change in its configuration, the smallest change first.

    Args:
        longest: tokens of the longest row.
    """
    return {
        f"batch_tokens: {longest}": estimate_bytes(model, longest, gradient_checkpointing, devices),
        f"batch_tokens: {longest} with gradient_checkpointing: true": estimate_bytes(model, longest, True, devices),
    }


def fitting(changes: Mapping[str, int], available: int) -> str | None:
    """Say which is the first change that fits and what it needs; None where none fits."""
    return next((f"{name} needs {gib(size)}" for name, size in changes.items() if size <= available), None)


def gib(size: int) -> str:
    """Write a number of bytes for a person: `2.5 GiB`."""
    return f"{size / GIB:.1f} GiB"
