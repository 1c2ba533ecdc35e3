"""Checkpoints of a training run: which are complete, and what the Trainer's own lack to resume in the middle of an epoch."""

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import TrainerCallback

MARKER = "complete.json"
EPOCH_STATE = "epoch_rng_state.pt"
"""The state of torch's generator at the start of the epoch, from which the order of the epoch's rows is drawn."""


def last_checkpoint(folder: Path, run: str) -> Path | None:
    """Return the newest complete checkpoint of a run, and delete all others.

    Args:
        run: a digest of everything that decides the weights; checkpoints of another run are deleted.
    """
    checkpoints = sorted(folder.glob("checkpoint-*"), key=_step)
    complete = [checkpoint for checkpoint in checkpoints if is_complete(checkpoint, run)]
    for checkpoint in checkpoints:
        if checkpoint not in complete[-1:]:
            shutil.rmtree(checkpoint)
    return complete[-1] if complete else None


def is_complete(checkpoint: Path, run: str) -> bool:
    """Return whether a checkpoint belongs to the run and all its files have the size that its marker states."""
    try:
        marker = json.loads((checkpoint / MARKER).read_text())
    except (OSError, ValueError):
        return False
    return bool(marker == {"run": run, "files": _sizes(checkpoint)})


def checkpoint_callback(run: str, resumed_from: Path | None) -> "TrainerCallback":
    """Return a callback of the Trainer that makes checkpoints resumable anywhere in an epoch and marks them complete.

    The Trainer restores its generators to where they were when the checkpoint was saved, but only after it has drawn the
    order of the epoch's rows. So the state at the start of the epoch is saved too, and restored before the order is drawn.
    """
    import torch
    from transformers import TrainerCallback

    class Checkpoints(TrainerCallback):  # type: ignore[misc]  # transformers is not followed
        def __init__(self) -> None:
            self.restore = torch.load(resumed_from / EPOCH_STATE, weights_only=True) if resumed_from else None

        def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if self.restore is not None:
                torch.set_rng_state(self.restore)
                self.restore = None
            self.epoch_state = torch.get_rng_state()

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step >= state.max_steps:
                control.should_save = False  # the finished model is saved right after

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            between_epochs = float(state.epoch).is_integer()
            checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            torch.save(torch.get_rng_state() if between_epochs else self.epoch_state, checkpoint / EPOCH_STATE)
            _mark_complete(checkpoint, run)

    return Checkpoints()


def _mark_complete(checkpoint: Path, run: str) -> None:
    """Write the marker, whole or not at all, after all other files."""
    marker = json.dumps({"run": run, "files": _sizes(checkpoint)})
    draft = checkpoint / f".{MARKER}"
    draft.write_text(marker)
    os.replace(draft, checkpoint / MARKER)


def _sizes(checkpoint: Path) -> dict[str, int]:
    """Return the size of every file of a checkpoint in bytes, the marker and its draft left out."""
    files = (path for path in checkpoint.rglob("*") if path.is_file() and path.name not in (MARKER, f".{MARKER}"))
    return {path.relative_to(checkpoint).as_posix(): path.stat().st_size for path in files}


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
