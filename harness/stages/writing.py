"""What the stages have in common in which a model writes rows."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import Field

from harness.stages.base import (
    DEVICES,
    ENGINE,
    GENERATION_LIBRARIES,
    MERGED,
    SHARD,
    Inputs,
    Log,
    Resources,
    shards_in,
    stage,
)
from traceinv.engines import Engine, load_engine
from traceinv.records import Candidate, FinishReason, Inversion, Transcript
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
Devices = Annotated[int, Field(ge=1, exclude_if=lambda devices: devices == 1)]
"""Over how many devices the engine splits the model."""


class Writer(Protocol):
    """The parameters of a stage that say how its model is loaded."""

    @property
    def engine(self) -> str: ...

    @property
    def trust_remote_code(self) -> bool: ...

    @property
    def tensor_parallel(self) -> int: ...


class Written(Protocol):
    """A row that a model wrote."""

    @property
    def finish_reason(self) -> FinishReason: ...


Row = TypeVar("Row", Transcript, Inversion, Candidate)
RowKey = TypeVar("RowKey")


def write_rows(
    params: Writer,
    inputs: Inputs,
    rows: RowFile[Row, RowKey],
    kind: type[Row],
    keys: Sequence[RowKey],
    write: Callable[[Engine], list[Row]],
) -> tuple[list[Row], Log]:
    """Let the stage's model write the rows; where the inputs have shards, put their rows together instead.

    Args:
        keys: of the rows of all shards, in the order in which they are written.
        write: asks the engine for the rows.

    Returns:
        The rows, and what every such stage reports of them (`written_log`).

    Raises:
        InputError: the engine or the model cannot be loaded, or a shard is damaged.
    """
    shards = [inputs[name] for name in shards_in(inputs)]
    if shards:
        rows.hold(shards, kind)
        written = rows.finish(keys)
        return written, {MERGED: len(shards), **written_log(rows, written)}
    engine = load_writer(params.engine, inputs["model"], params.trust_remote_code, params.tensor_parallel)
    written = write(engine)
    return written, written_log(rows, written, engine)


def load_writer(name: str, model: Path, trust_remote_code: bool, devices: int) -> Engine:
    """Load a model into an engine; over several devices it is one process with tensor parallelism inside it.

    Raises:
        InputError: the engine is unknown or knows no devices, or the model cannot be loaded.
    """
    options = {DEVICES: devices} if devices > 1 else {}
    return load_engine(name, model, trust_remote_code, **options)


def written_log(rows: RowFile[Any, Any], written: Iterable[Written], engine: Engine | None = None) -> Log:
    """Count the rows that the token limit cut off, and what an earlier process had written; describe the engine.

    Args:
        engine: that loaded the weights; None where a server has them, or where shards were put together.
    """
    return {
        **({ENGINE: engine.describe()} if engine else {}),
        "cut_off": sum(row.finish_reason == "length" for row in written),
        "resumed": rows.resumed,
        "repeated": rows.repeated,
    }
