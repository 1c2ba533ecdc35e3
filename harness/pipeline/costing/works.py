"""Find what each stage of a plan has to do."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from harness.benchmarks.catalog import find
from harness.evaluation.settings import EvalConfig
from harness.pipeline.costing.contents import FOLLOWED, Contents, as_node
from harness.pipeline.costing.counts import Count, Surety, total
from harness.pipeline.costing.models import Sizes, Weights, saved_bytes, weights_of
from harness.pipeline.costing.rows import Rows
from harness.pipeline.costing.tokens import ASSUMED, CHARACTERS_A_TOKEN, Allowance, TokenCounter, assumed_tokens
from harness.pipeline.costing.work import Work
from harness.pipeline.graph import InputArtifact, Node
from harness.stages.base import DEVICES, SHARD
from traceinv.candidates import candidate_prompt
from traceinv.engines.transformers import BATCH_SIZE
from traceinv.inversion import instructing_prompt, inverter_prompt, shown_part
from traceinv.memory import FLOAT, ONE_DEVICE, estimate_bytes, largest_micro_batch, remedies
from traceinv.records import Example
from traceinv.training_config import TrainingConfig

BYTES_A_TOKEN = 4
"""Of a row on disk, about: the characters of a token of English."""


@runtime_checkable
class Divisible(Protocol):
    """A model that is trained on examples of its own, and can be asked for a part of them.

    Attributes:
        example_count: how many there are.
    """

    @property
    def example_count(self) -> int: ...

    def part(self, examples: int) -> Self:
        """Return the model with about so many of its examples."""
        ...

    def training_examples(self, role: Any) -> list[Example]: ...


class Works:
    """The work of each node of a plan."""

    def __init__(self, contents: Contents, on_gpu: bool, exact: bool = False) -> None:
        """Count work.

        Args:
            on_gpu: whether models run with 16 bits where their checkpoints have them.
            exact: count every token, however long that takes.
        """
        self.contents, self.on_gpu = contents, on_gpu
        self.allowance = Allowance(None) if exact else Allowance()
        self._counters: dict[Path | None, TokenCounter] = {}
        self._fitting: dict[Any, Rows] = {}

    def of(self, node: Node) -> Work:
        """Return the work of a stage; of one that only computes, the rows alone."""
        work: Work = getattr(self, f"_{node.kind.name}", self._rows_alone)(node)
        if node.is_merge:
            return Work(disk=work.disk)
        shard = node.params.get(SHARD)
        return work.part(shard["count"]) if shard else work

    def _rows_alone(self, node: Node) -> Work:
        if not hasattr(self.contents, f"_{node.kind.name}"):
            return Work()
        rows = self.contents.rows(node)
        return Work(rows=rows.count, disk=_disk(rows.records).times(rows.scale))

    def _shared_rows(self, node: Node) -> Work:
        return Work(rows=self._shared(node).count)

    def _shared(self, node: Node) -> Rows:
        if node.id not in self._fitting:
            self._fitting[node.id] = self.contents.shared_ids(node, self._taught)
        return self._fitting[node.id]

    def _student(self, node: Node) -> Work:
        examples = self._taught(node.inputs["examples"])
        shared = self._shared(as_node(node.inputs["rows"]))
        key = (examples, shared.ids)
        if key not in self._fitting:
            kept = [example for example in examples.records if example.id in shared.ids]
            self._fitting[key] = examples.made(kept, max(shared.surety, examples.surety), examples.unwritten)
        return self._training(node, self._fitting[key], TrainingConfig.model_validate(node.params["training"]))

    def _inverter(self, node: Node) -> Work:
        config = TrainingConfig.model_validate(node.params["training"])
        examples = self.contents.inverter_examples(node)
        return self._training(node, self._within_limit(examples, node, config.max_tokens), config)

    def _reasoning_model(self, node: Node) -> Work:
        params: Any = node.kind.params.model_validate(dict(node.params))
        model: Any = params.model
        followed = model.part(FOLLOWED) if isinstance(model, Divisible) and not self.contents.exact else model
        examples = followed.training_examples(params.role)
        scale = model.example_count / len(examples) if followed is not model else 1.0
        return self._training(node, Rows(examples, scale=scale), model.training)

    def _taught(self, source: Node | InputArtifact) -> Rows:
        """Return the examples of a regime that are short enough."""
        node = as_node(source)
        return self._within_limit(self.contents.rows(node), node, node.params["max_tokens"])

    def _within_limit(self, rows: Rows, node: Node, max_tokens: int) -> Rows:
        """Leave out examples that are too long, unless their text is yet to be written."""
        weights = weights_of(node.inputs["base"])
        key = (rows, weights.folder, max_tokens)
        if key not in self._fitting:
            lengths = self._lengths(rows, weights)
            fits = [
                size <= max_tokens or ASSUMED.search(row.prompt + row.completion) is not None
                for row, (size, _) in zip(rows.records, lengths, strict=True)
            ]
            kept = [row for row, fit in zip(rows.records, fits, strict=True) if fit]
            surety = rows.surety
            if rows.scale != 1 or not self._counter(weights.folder).exact:
                surety = max(surety, Surety.AT_MOST if len(kept) == len(fits) else Surety.ABOUT)
            self._fitting[key] = rows.made(kept, surety, rows.unwritten)
        return self._fitting[key]

    def _lengths(self, rows: Rows, weights: Weights) -> list[tuple[int, int]]:
        """Return the tokens of each example, and of its reply alone."""
        counter = self._counter(weights.folder)
        prompts = counter.prompts([row.prompt for row in rows.records])
        replies = counter.replies([row.completion for row in rows.records])
        return [(prompt + reply, reply) for prompt, reply in zip(prompts, replies, strict=True)]

    def _training(self, node: Node, rows: Rows, config: TrainingConfig) -> Work:
        weights = weights_of(node.inputs["base"])
        lengths = [
            (min(size, config.max_tokens), min(reply, config.max_tokens))
            for size, reply in self._lengths(rows, weights)
        ]
        surety = self._token_surety(rows, weights)
        sizes, number = weights.sizes, rows.count.value
        dropped = node.kind.name == "student" and self.contents.recipe.keep == "scores"
        memory: int | None = None
        changes: dict[str, int] = {}
        if sizes and number:
            whole = sizes.architecture(config.lora.rank if config.lora else None, self._bytes(weights))
            longest = max(size for size, _ in lengths)
            accelerate = self.contents.recipe.accelerate
            devices = accelerate.devices if accelerate else ONE_DEVICE
            largest = largest_micro_batch(
                [size for size, _ in lengths], config.batch_size, config.batch_tokens, devices
            )
            memory = estimate_bytes(whole, largest, config.gradient_checkpointing, devices)
            changes = remedies(whole, longest, config.gradient_checkpointing, devices)
        return Work(
            rows=rows.count,
            tokens=Count(sum(size for size, _ in lengths), surety).times(rows.scale),
            learned=Count(sum(reply for _, reply in lengths), surety).times(rows.scale),
            steps=Count(optimizer_steps(number, config), rows.surety),
            memory=memory,
            disk=Count(sizes.parameters * saved_bytes(node) if sizes and not dropped else 0, Surety.ABOUT),
            job="train_lora" if config.lora else "train",
            passes=config.epochs,
            sizes=sizes,
            remedies=changes,
        )

    def _transcripts(self, node: Node) -> Work:
        questions = self.contents.rows(node.inputs["questions"])
        return self._writing(node, questions, [row.text for row in questions.records])

    def _inversions(self, node: Node) -> Work:
        shown = self.contents.rows(node.inputs["disclosures"])
        part = shown_part(bool(node.params["with_summary"]))
        write = instructing_prompt if node.params.get("prompt") == "instructing" else inverter_prompt
        return self._writing(node, shown, [write(row, part) for row in shown.records])

    def _candidates(self, node: Node) -> Work:
        shown, count = self.contents.rows(node.inputs["disclosures"]), node.params["count"]
        prompts = [candidate_prompt(row, node.params["asked"]) for row in shown.records]
        return self._writing(node, shown, prompts, samples=count)

    def _compressions(self, node: Node) -> Work:
        params: Any = node.kind.params.model_validate(dict(node.params))
        rows = self.contents.rows(node.inputs["transcripts"])
        complete = [row for row in rows.records if params.policy.can_show(row)]
        asked = rows.made(complete, rows.kept, rows.unwritten)
        return self._writing(node, asked, [params.policy.ask(row) for row in complete], params.policy.sampling)

    def _writing(self, node: Node, rows: Rows, prompts: Sequence[str], sampling: Any = None, samples: int = 1) -> Work:
        """Return the work of a stage in which a model writes a reply to each prompt, or several."""
        weights = weights_of(node.inputs["model"])
        limit = sampling.max_new_tokens if sampling else node.params["sampling"]["max_new_tokens"]
        if node.params.get("instruction"):
            prompts = [f"{prompt}\n\n{node.params['instruction']}" for prompt in prompts]
        lengths = self._counter(weights.folder).prompts(prompts)
        read = Count(sum(lengths) * samples, self._token_surety(rows, weights)).times(rows.scale)
        replies, longest = rows.count.times(samples), max(lengths, default=0)
        work = self._generation(weights, replies, read, limit, longest, node.params["engine"], BATCH_SIZE)
        devices = int(node.params.get(DEVICES, 1))
        return work if work.memory is None else replace(work, memory=work.memory // devices)

    def _generation(
        self, weights: Weights, replies: Count, read: Count, limit: int, longest: int, engine: str, batch: int
    ) -> Work:
        expected = self.contents.reply_tokens(limit)
        sizes = weights.sizes
        written = Count(replies.value * expected, max(replies.surety, self.contents.reply_surety))
        memory = None
        if sizes:
            held = min(batch, max(1, replies.value)) if engine == "transformers" else 1
            each = self._bytes(weights)
            memory = each * (sizes.parameters + held * sizes.cached * (longest + limit))
        disk = Count((read.value + written.value) * BYTES_A_TOKEN, Surety.ABOUT)
        return Work(
            replies,
            read,
            written,
            memory=memory,
            disk=disk,
            job="generate",
            sizes=sizes,
            context_needed=longest + limit,
        )

    def _responses(self, node: Node) -> Work:
        config, weights = EvalConfig.model_validate(node.params["benchmark"]), weights_of(node.inputs["model"])
        asked = [self._asked(config, name, weights.sizes) for name in config.tasks]
        per_item = self.contents.recipe.costing.question_tokens
        self.contents.note(f"benchmarks: each item is taken to have {per_item} tokens")
        replies = total(count for count, _ in asked)
        parts = [
            self._generation(weights, count, count.times(per_item), limit, per_item, config.engine, config.batch_size)
            for count, limit in asked
        ]
        return Work(
            rows=replies,
            read=Count(replies.value * per_item, Surety.ABOUT),
            written=total(part.written for part in parts),
            memory=max((part.memory for part in parts if part.memory is not None), default=None),
            disk=total(part.disk for part in parts),
            job="generate",
            sizes=weights.sizes,
        )

    def _asked(self, config: EvalConfig, name: str, sizes: Sizes | None) -> tuple[Count, int]:
        """Return the number of replies that a benchmark asks for, and the token limit of each."""
        benchmark = find(name)
        items = benchmark.items
        if items is None:
            self.contents.note(f"{name}: its description does not say how many items it has; none is counted")
        surety = Surety.ABOUT if items is None or config.parameters else Surety.EXACT
        number = min(items or 0, config.limit or items or 0) * (
            config.samples or int(benchmark.config.get("repeats", 1))
        )
        limit = config.max_tokens or int((benchmark.config.get("generation_kwargs") or {}).get("max_gen_toks", 256))
        return Count(number, surety), min(limit, sizes.context or limit) if sizes else limit

    def _likelihood(self, node: Node) -> Work:
        weights = weights_of(node.inputs["model"])
        shown, hidden = (self.contents.rows(node.inputs[name]) for name in ("disclosures", "transcripts"))
        number = min(node.params["questions"], shown.count.value)
        sizes = [_characters(row.question.text) + _characters(row.trace or "") for row in hidden.records]
        mean = sum(sizes) / max(1, len(sizes)) / CHARACTERS_A_TOKEN
        read = Count(round(number * mean * len(node.params["shown"])), Surety.ABOUT)
        longest = max(sizes, default=0) // CHARACTERS_A_TOKEN
        found = weights.sizes
        memory = None
        if found:
            memory = self._bytes(weights) * found.parameters + FLOAT * found.vocabulary * longest
        return Work(Count(number, shown.kept), read, memory=memory, job="read", sizes=found)

    def _endpoint(self, node: Node) -> Work:
        params: Any = node.kind.params.model_validate(dict(node.params))
        questions = self.contents.rows(node.inputs["questions"])
        expected = self.contents.reply_tokens(params.sampling.max_new_tokens)
        written = Count(questions.count.value * expected, self.contents.reply_surety)
        tokens = sum(self._counter(None).prompts([row.text for row in questions.records]))
        read = Count(tokens, Surety.ABOUT).times(questions.scale)
        budget = params.model.budget
        price = budget.price(read.value, written.value)
        money = min(price, budget.money) if budget.money else price
        disk = Count(written.value * BYTES_A_TOKEN, Surety.ABOUT)
        return Work(questions.count, read, written, disk=disk, money=money)

    def _counter(self, folder: Path | None) -> TokenCounter:
        if folder not in self._counters:
            self._counters[folder] = TokenCounter(folder, self.allowance)
        return self._counters[folder]

    def _token_surety(self, rows: Rows, weights: Weights) -> Surety:
        if not self._counter(weights.folder).exact or rows.scale != 1:
            return Surety.ABOUT
        return max(rows.surety, self.contents.reply_surety) if rows.unwritten else rows.surety

    def _bytes(self, weights: Weights) -> int:
        """Return the bytes of a weight where it is only used."""
        sizes = weights.sizes
        if not self.on_gpu or sizes is None:
            return FLOAT
        return weights.saved_bytes or sizes.weight_bytes


def optimizer_steps(examples: int, config: TrainingConfig) -> int:
    """Return how many steps the trainer takes: whole batches an epoch, the last one as small as it is."""
    return math.ceil(config.epochs * math.ceil(examples / config.batch_size))


def _characters(text: str) -> int:
    return len(ASSUMED.sub("", text)) + CHARACTERS_A_TOKEN * assumed_tokens(text)


def _disk(records: Sequence[Any]) -> Count:
    """Estimate the bytes of rows by the size of the first."""
    size = (
        len(records[0].model_dump_json()) + BYTES_A_TOKEN * assumed_tokens(records[0].model_dump_json())
        if records
        else 0
    )
    return Count(size * len(records), Surety.ABOUT)
