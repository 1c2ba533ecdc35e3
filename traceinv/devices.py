"""Over which devices a training is spread: what an accelerate config says.

It is no part of a stage's key: the step is the same on one device and on several, up to rounding, which differs between machines
too. So it says where a stage runs, and not what it computes. The processes of a run pass it on as an environment variable.
"""

import os
from collections.abc import Iterable, Set
from dataclasses import fields
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from traceinv.errors import InputError, nearest
from traceinv.memory import Devices
from traceinv.schema import FieldFault
from traceinv.training_config import TrainingConfig

VARIABLE = "TRACEINV_ACCELERATE"
"""The environment variable with the config as JSON; workers on this and other machines inherit it."""


class FsdpConfig(BaseModel):
    """What an accelerate config says of FSDP.

    Attributes:
        fsdp_activation_checkpointing: never, since a recipe says so itself (`gradient_checkpointing`).
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    fsdp_version: Literal[2]
    fsdp_activation_checkpointing: Literal[False] = False


class AccelerateConfig(BaseModel):
    """An accelerate config, as `accelerate config` writes it; keys that are not listed are accelerate's own business.

    Attributes:
        distributed_type: `FSDP` divides weights, gradients and the optimizer's moments over the devices; with the others (DDP)
            each device has them whole. Whether devices are GPUs or processors is up to the machine.
        num_processes: one for each device.
        num_machines: a stage runs on one.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    distributed_type: Literal["MULTI_GPU", "MULTI_CPU", "FSDP"]
    num_processes: int = Field(ge=2)
    num_machines: Literal[1] = 1
    fsdp_config: FsdpConfig | None = None

    @model_validator(mode="after")
    def _says_how_to_shard(self) -> Self:
        if self.is_sharded and self.fsdp_config is None:
            raise FieldFault("fsdp_config", "field required with distributed_type: FSDP, such as {fsdp_version: 2}")
        return self

    @property
    def is_sharded(self) -> bool:
        return self.distributed_type == "FSDP"

    @property
    def devices(self) -> Devices:
        return Devices(self.num_processes, self.is_sharded)

    def launched(self, bf16: bool) -> dict[str, Any]:
        """Return the config to launch with: what the recipe decides is as the recipe has it.

        Args:
            bf16: whether the recipe computes in bfloat16.
        """
        decided = {
            # for MULTI_CPU, accelerate itself starts several processes only through MPI
            "distributed_type": "FSDP" if self.is_sharded else "MULTI_GPU",
            "mixed_precision": "bf16" if bf16 else "no",
            "main_process_port": 0,  # any free one: other stages may train beside this one
            "use_cpu": False,
            "debug": False,
        }
        return {**self.model_dump(exclude_none=True), **decided}


def check_spread(config: AccelerateConfig, training: TrainingConfig) -> None:
    """Refuse a training that cannot be spread.

    Raises:
        FieldFault: its steps cannot be divided evenly, or it trains low-rank changes of weights that are sharded.
    """
    if training.batch_size % config.num_processes:
        raise FieldFault(
            "batch_size",
            f"expected a multiple of {config.num_processes}, the num_processes of `accelerate`, got {training.batch_size}",
        )
    if training.lora and config.is_sharded:
        raise FieldFault("lora", "expected none with FSDP, which shards all weights; use distributed_type: MULTI_GPU")


def choose(config: AccelerateConfig | None) -> None:
    """Let this process and its workers spread every training like this; None for one device.

    Raises:
        InputError: accelerate does not know a key.
    """
    if config is None:
        os.environ.pop(VARIABLE, None)
    else:
        _check_keys(config)
        os.environ[VARIABLE] = config.model_dump_json(exclude_none=True)


def _check_keys(config: AccelerateConfig) -> None:
    """Refuse keys that accelerate would refuse when a training starts, and those of FSDP that it would pass over in silence."""
    from accelerate.commands.config.config_args import ClusterConfig
    from accelerate.commands.launch import launch_command_parser

    known = {field.name for field in fields(ClusterConfig)}
    _refuse_unknown("", ClusterConfig.process_config(config.model_dump(exclude_none=True)), known)
    if config.fsdp_config:
        options = {name for name in vars(launch_command_parser().parse_args(["-"])) if name.startswith("fsdp_")}
        short = {name.removeprefix("fsdp_") for name in options}
        _refuse_unknown("fsdp_config.", config.fsdp_config.model_dump(), options | short)


def _refuse_unknown(place: str, keys: Iterable[str], known: Set[str]) -> None:
    if unknown := next((key for key in keys if key not in known), None):
        raise InputError(f"accelerate: unknown key {place + unknown!r}{nearest(unknown, known)}")


def chosen() -> AccelerateConfig | None:
    """Return how every training is spread; None where each has one device."""
    text = os.environ.get(VARIABLE)
    return AccelerateConfig.model_validate_json(text) if text else None
