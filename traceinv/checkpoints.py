"""Checkpoints of a training run: which are complete, and what the Trainer's own lack to resume in the middle of an epoch."""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traceinv.errors import InputError
from traceinv.memory import ONE_DEVICE, Devices

if TYPE_CHECKING:
    from transformers import TrainerCallback

MARKER = "complete.json"
EPOCH_STATE = "epoch_rng_state.pt"
"""The state of torch's generator at the start of the epoch, from which the order of the epoch's rows is drawn."""


def last_checkpoint(folder: Path, run: str, devices: Devices = ONE_DEVICE) -> Path | None:
    """Return the newest complete checkpoint of a run, and delete all others.

    Args:
        run: a digest of everything that decides the weights; checkpoints of another run are deleted.
        devices: on which it trains now.

    Raises:
        InputError: it was saved by a training that is spread in another way; each process has saved a part of it.
    """
    checkpoints = sorted(folder.glob("checkpoint-*"), key=_step)
    complete = [checkpoint for checkpoint in checkpoints if is_complete(checkpoint, run)]
    for checkpoint in checkpoints:
        if checkpoint not in complete[-1:]:
            shutil.rmtree(checkpoint)
    if not complete:
        return None
    saved = Devices(**_read_marker(complete[-1])["devices"])
    if saved != devices:
        raise InputError(
            f"{complete[-1]}: saved by a training on {_named(saved)}, and this one is on {_named(devices)}; go on as it began "
            f"(the recipe's `accelerate`), or delete {folder} to begin anew"
        )
    return complete[-1]


def is_complete(checkpoint: Path, run: str) -> bool:
    """Return whether a checkpoint belongs to the run and all its files have the size that its marker states."""
    marker = _read_marker(checkpoint)
    return bool(marker) and (marker["run"], marker["files"]) == (run, _sizes(checkpoint))


def checkpoint_callback(run: str, resumed_from: Path | None, devices: Devices) -> "TrainerCallback":
    """Return a callback of the Trainer that makes checkpoints resumable anywhere in an epoch and marks them complete.

    The Trainer restores its generators to where they were when the checkpoint was saved, but only after it has drawn the
    order of the epoch's rows. So the state at the start of the epoch is saved too, and restored before the order is drawn.
    Several processes draw the same order: those of a CPU may have drawn unequal numbers since, such as for dropout.
    """
    import torch
    from accelerate import PartialState
    from accelerate.utils import RNGType, synchronize_rng_state
    from transformers import TrainerCallback

    class Checkpoints(TrainerCallback):  # type: ignore[misc]  # transformers is not followed
        def __init__(self) -> None:
            self.restore = torch.load(resumed_from / EPOCH_STATE, weights_only=True) if resumed_from else None

        def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if self.restore is not None:
                torch.set_rng_state(self.restore)
                self.restore = None
            synchronize_rng_state(RNGType.TORCH)
            self.epoch_state = torch.get_rng_state()

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step >= state.max_steps:
                control.should_save = False  # the finished model is saved right after

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            between_epochs = float(state.epoch).is_integer()
            checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            processes = PartialState()
            processes.wait_for_everyone()  # each saves a part
            if processes.is_main_process:
                torch.save(torch.get_rng_state() if between_epochs else self.epoch_state, checkpoint / EPOCH_STATE)
                _mark_complete(checkpoint, run, devices)

    return Checkpoints()


def _mark_complete(checkpoint: Path, run: str, devices: Devices) -> None:
    """Write the marker, whole or not at all, after all other files."""
    marker = json.dumps({"run": run, "devices": asdict(devices), "files": _sizes(checkpoint)})
    draft = checkpoint / f".{MARKER}"
    draft.write_text(marker)
    os.replace(draft, checkpoint / MARKER)


def _read_marker(checkpoint: Path) -> dict[str, Any]:
    """Read a marker, of which older ones do not name their one device; empty where there is none."""
    try:
        marker = json.loads((checkpoint / MARKER).read_text())
    except (OSError, ValueError):
        return {}
    return {"devices": asdict(ONE_DEVICE), **marker} if isinstance(marker, dict) else {}


def _named(devices: Devices) -> str:
    number = "one device" if devices.count == 1 else f"{devices.count} devices"
    return f"{number} with FSDP" if devices.sharded else number


def _sizes(checkpoint: Path) -> dict[str, int]:
    """Return the size of every file of a checkpoint in bytes, the marker and its draft left out."""
    files = (path for path in checkpoint.rglob("*") if path.is_file() and path.name not in (MARKER, f".{MARKER}"))
    return {path.relative_to(checkpoint).as_posix(): path.stat().st_size for path in files}


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
