"""Compare the speed of training with that of a bare loop in torch, in one run and on the same batches.

    python perf/training.py [--model FOLDER] [--rows 32] [--batch-size 4] [--rounds 3]

Both train all weights in float32 with AdamW on the same rows in the same order, with the same padding and the same clipping of
gradients. Ours includes the check of the batch, the trainer's own work and the saving of the model. Time is CPU time, so that a
busy machine does not decide the ratio. Rounds of the two take turns, and the median round of each is compared.
"""

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from table import Row, keep

from traceinv.formatting import EncodedExample
from traceinv.models import SHIPPED_MODEL, locate
from traceinv.training import train
from traceinv.training_config import TrainingConfig

GOAL = 0.9
RATE = 1e-4


def main() -> int:
    """Print the table; return 1 where the ratio is under the goal."""
    options = _options()
    from transformers import AutoTokenizer

    folder = locate(options.model)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    rows = random_rows(len(tokenizer), options.rows)
    ways: dict[str, Callable[[Any], None]] = {
        "bare torch": lambda model: bare_loop(model, rows, options.batch_size, tokenizer.pad_token_id),
        "here": lambda model: ours(model, tokenizer, rows, options.batch_size),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    ours(_load(folder), tokenizer, rows[: options.batch_size], options.batch_size)  # imports and caches
    for _ in range(options.rounds):
        for name, way in ways.items():
            model = _load(folder)
            before = time.process_time()
            way(model)
            seconds[name].append(time.process_time() - before)
    return report(seconds, sum(len(row.input_ids) for row in rows), _size(model), options.rounds)


def random_rows(vocabulary: int, count: int) -> list[EncodedExample]:
    """Make rows of 60 to 200 random tokens, the last three quarters of which are in the loss; the longest first."""
    rng = random.Random(0)
    lengths = sorted((rng.randrange(60, 201) for _ in range(count)), reverse=True)
    return [
        EncodedExample(
            [rng.randrange(vocabulary) for _ in range(length)], [0] * (length // 4) + [1] * (length - length // 4)
        )
        for length in lengths
    ]


def ours(model: Any, tokenizer: Any, rows: Sequence[EncodedExample], batch_size: int) -> None:
    """Train as a run does."""
    config = TrainingConfig(epochs=1, learning_rate=RATE, scheduler="constant", warmup_ratio=0, batch_size=batch_size)
    with TemporaryDirectory() as out:
        train(model, tokenizer, rows, config, 0, Path(out), in_order=True)


def bare_loop(model: Any, rows: Sequence[EncodedExample], batch_size: int, pad: int) -> None:
    """Train with a loop of torch alone."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    model.train()
    for start in range(0, len(rows), batch_size):
        batch = rows[start : start + batch_size]
        longest = max(len(row.input_ids) for row in batch)
        ids = torch.full((len(batch), longest), pad)
        mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
        for at, row in enumerate(batch):
            size = len(row.input_ids)
            ids[at, :size], mask[at, :size] = torch.tensor(row.input_ids), 1
            labels[at, :size] = torch.where(torch.tensor(row.completion_mask) == 1, ids[at, :size], -100)
        model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()


def report(seconds: dict[str, list[float]], tokens: int, parameters: str, rounds: int, goal: float = GOAL) -> int:
    """Print tokens a CPU second of each way and their ratio; return 1 where it is under the goal."""
    print(f"{parameters} parameters, {tokens} tokens, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<14}{'tokens a CPU second':>22}")
    for name, times in seconds.items():
        print(f"{name:<14}{tokens / statistics.median(times):>22.1f}")
    other, mine = (statistics.median(times) for times in seconds.values())
    print(f"ratio of the medians: {other / mine:.3f} (goal {goal})")
    here, bare = (f"{tokens / took:.0f}" for took in (mine, other))
    return (
        0
        if keep(Row(f"student tokens a CPU s, {parameters} parameters", here, bare, other / mine, goal, at_most=False))
        else 1
    )


def _load(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def _size(model: Any) -> str:
    return f"{sum(weight.numel() for weight in model.parameters()) / 1e6:.1f}M"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", default=SHIPPED_MODEL, help="a model's folder; the lab's base of 1M parameters by default"
    )
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
