"""Compare the speed of the transformers engine with that of `model.generate`, in one run and on the same batches.

    python perf/generation.py [--model FOLDER] [--prompts 16] [--batch-size 8] [--tokens 40] [--rounds 3]

Both write greedy replies in float32 to the same prompts in the same batches. The engine's time includes its gates, encoding,
decoding, and telling its progress; that of `model.generate` includes the tokenizer and the call. Time is CPU time, so that a busy
machine does not decide the ratio. Rounds of the two take turns, and the median round of each is compared.
"""

import argparse
import os
import statistics
import sys
import time
from typing import Any

from table import Row, keep

from traceinv.engines.base import Request, Sampling, user_message
from traceinv.engines.collect import ask_missing
from traceinv.engines.transformers import TransformersEngine, make_batches
from traceinv.models import SHIPPED_MODEL, locate

GOAL = 0.95


def main() -> int:
    """Print the table; return 1 where the ratio is under the goal, or the replies differ in length."""
    options = _options()
    engine = TransformersEngine.load(locate(options.model), options.batch_size)
    sampling = Sampling(max_new_tokens=options.tokens)
    requests = [Request(str(n), engine.render(user_message(_question(n))), sampling) for n in range(options.prompts)]
    ways = {"model.generate": _bare, "engine": _ours}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    tokens: dict[str, int] = {
        name: way(engine, requests) for name, way in ways.items()
    }  # the first round is not counted
    for _ in range(options.rounds):
        for name, way in ways.items():
            before = time.process_time()
            way(engine, requests)
            seconds[name].append(time.process_time() - before)
    size = sum(weight.numel() for weight in engine.model.parameters()) / 1e6
    print(f"{size:.1f}M parameters, {len(requests)} prompts, {options.rounds} rounds, load {os.getloadavg()[0]:.1f}")
    print(f"{'':<16}{'tokens a CPU second':>22}{'tokens':>8}")
    for name, times in seconds.items():
        print(f"{name:<16}{tokens[name] / statistics.median(times):>22.1f}{tokens[name]:>8}")
    ratio = statistics.median(seconds["model.generate"]) / statistics.median(seconds["engine"])
    print(f"ratio of the medians: {ratio:.3f} (goal {GOAL})")
    mine, theirs = (f"{tokens[name] / statistics.median(seconds[name]):.0f}" for name in ("engine", "model.generate"))
    met = keep(Row(f"engine tokens a CPU s, {size:.1f}M parameters", mine, theirs, ratio, GOAL, at_most=False))
    return 0 if met and tokens["engine"] == tokens["model.generate"] else 1


def _question(number: int) -> str:
    return f"What is {number} + {number * 7}? " + "Think of it in small steps. " * (number % 4)


def _ours(engine: TransformersEngine, requests: list[Request]) -> int:
    """Ask as a stage does, and count the tokens of the replies."""
    done: dict[str, int] = {}
    ask_missing(
        engine,
        requests,
        lambda request: request.id in done,
        lambda replies: done.update((request.id, completion.tokens or 0) for request, completion in replies),
    )
    return sum(done.values())


def _bare(engine: TransformersEngine, requests: list[Request]) -> int:
    """Call `model.generate` on the same batches, and count the tokens up to the end of each reply."""
    import torch

    engine.tokenizer.padding_side = "left"
    lengths = [len(engine.tokenizer(request.prompt, add_special_tokens=False)["input_ids"]) for request in requests]
    tokens = 0
    for batch in make_batches(requests, lengths, engine.batch_size):
        texts = [requests[i].prompt for i in batch]
        inputs = engine.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        asked = {name: inputs[name].to(engine.model.device) for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            output: Any = engine.model.generate(
                **asked, max_new_tokens=requests[batch[0]].sampling.max_new_tokens, do_sample=False
            )
        for row in output[:, asked["input_ids"].shape[1] :].tolist():
            end = next((at for at, token in enumerate(row) if token in engine.stop_ids), len(row) - 1)
            tokens += end + 1
    return tokens


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", default=SHIPPED_MODEL, help="a model's folder; the lab's base of 1M parameters by default"
    )
    parser.add_argument("--prompts", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
