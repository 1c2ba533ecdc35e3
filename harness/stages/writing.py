"""What the stages have in common in which a model writes rows."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import Field

from harness.stages.base import DEVICES, GENERATION_LIBRARIES, SHARD, Inputs, Log, Resources, shards_in, stage
from traceinv.engines import Engine, load_engine
from traceinv.records import FinishReason
from traceinv.rows import RowFile

writing_stage = partial(
    stage,
    libraries=GENERATION_LIBRARIES,
    resources=Resources(gpus=1),
    resumable=True,
    unkeyed=(DEVICES,),
    unkeyed_inputs=(SHARD,),
    uses=("traceinv.engines",),
)
"""Make a stage kind of a function that asks an engine and goes on at its next row.

Where its inputs have shards, which are artifacts of its own kind, it asks nothing and puts their rows together. What it writes is
what it would have written alone, so that the shards are no part of its key.
"""
MERGED = "merged"
"""The entry of a stage's log that says how many shards it was put together from."""
Devices = Annotated[int, Field(ge=1, exclude_if=lambda devices: devices == 1)]
"""Over how many devices the engine splits the model."""


class Written(Protocol):
    """A row that a model wrote."""

    @property
    def finish_reason(self) -> FinishReason: ...


def load_writer(name: str, model: Path, trust_remote_code: bool, devices: int) -> Engine:
    """Load a model into an engine; over several devices it is one process with tensor parallelism inside it.

    Raises:
        InputError: the engine is unknown or knows no devices, or the model cannot be loaded.
    """
    options = {DEVICES: devices} if devices > 1 else {}
    return load_engine(name, model, trust_remote_code, **options)


def shard_folders(inputs: Inputs) -> list[Path]:
    """Return the folders of the shards among a stage's inputs."""
    return [inputs[name] for name in shards_in(inputs)]


def written_log(
    rows: RowFile[Any, Any], written: Iterable[Written], engine: Engine | None = None, shards: int = 0
) -> Log:
    """Count the rows that the token limit cut off, and what an earlier process had written; describe the engine.

    Args:
        engine: that loaded the weights; None where a server has them, or where shards were put together.
        shards: how many those were.
    """
    return {
        **({"engine": engine.describe()} if engine else {}),
        **({MERGED: shards} if shards else {}),
        "cut_off": sum(row.finish_reason == "length" for row in written),
        "resumed": rows.resumed,
        "repeated": rows.repeated,
    }
