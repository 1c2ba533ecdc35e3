"""What a run would take: the work of each stage, how long it takes on a device, and whether it fits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.pipeline.costing.contents import FOLLOWED, Contents
from harness.pipeline.costing.counts import Surety
from harness.pipeline.costing.devices import READING, Device, find_device, speed
from harness.pipeline.costing.measured import Measured
from harness.pipeline.costing.work import Work
from harness.pipeline.costing.works import Works
from harness.pipeline.descriptions import Artifact
from harness.pipeline.graph import Node
from harness.pipeline.plan import Plan
from harness.pipeline.store import Store
from traceinv.memory import FEWER_WEIGHTS, fitting, gib

COUNTED = ("rows", "read", "written", "tokens", "learned", "steps", "disk")
"""The numbers of a stage's work, by the names of `Work`."""

DOING = {"train": "training", "train_lora": "training with LoRA", "read": "reading, in training"}
"""What a rate is of, for the line that names its source."""


@dataclass(frozen=True)
class StageCost:
    """What a stage would take.

    Attributes:
        work: nothing for a stage that is in the store.
        device_seconds: on the device, of a stage that runs a model; None for others, and where no rate is known.
        seconds: on this machine by one worker, as far as its store tells.
        fault: why it would not fit; None where it would, or where that is not known.
    """

    node: Node
    name: str
    cached: bool
    work: Work
    device_seconds: float | None
    seconds: float | None
    fault: str | None

    def as_json(self) -> dict[str, Any]:
        """Describe it as JSON values; a number has a word beside it that says how sure it is."""
        work = self.work
        counts = {name: getattr(work, name) for name in COUNTED}
        return {
            **{name: {"value": count.value, "surety": count.surety.name.lower()} for name, count in counts.items()},
            "passes": work.passes,
            "memory_bytes": work.memory,
            "device_seconds": self.device_seconds,
            "seconds_here": self.seconds,
            "money": work.money,
            "does_not_fit": self.fault,
        }


@dataclass(frozen=True)
class RunCost:
    """What a run would take.

    Attributes:
        stages: all of the plan.
        assumptions: one sentence each.
    """

    device: Device
    stages: tuple[StageCost, ...]
    assumptions: tuple[str, ...]

    @property
    def missing(self) -> list[StageCost]:
        return [stage for stage in self.stages if not stage.cached]


def cost_run(planned: Plan, store: Store, cached: Mapping[str, Artifact], exact: bool = False) -> RunCost:
    """Cost a plan before it runs; no model is loaded.

    Args:
        cached: the artifacts that the store has, by the id of their nodes.
        exact: count every token, however long that takes.

    Raises:
        InputError: the device is unknown, or data cannot be read.
        GateError: a tokenizer has no chat template.
    """
    device = find_device(planned.recipe.costing.device)
    contents = Contents(planned.recipe, cached, exact)
    works = Works(contents, device.is_gpu, exact)
    sources = dict[str, None]()
    measured = Measured(store.artifacts() if len(cached) < len(planned.graph) else ())
    stages = []
    for node in planned.graph:
        work = Work() if node.id in cached else works.of(node)
        by_table = _by_table(work, device, sources)
        here = measured.seconds(node.kind.name, work)
        cost = StageCost(
            node=node,
            name=planned.graph.name(node),
            cached=node.id in cached,
            work=work,
            device_seconds=(here if device.bandwidth is None else by_table) if work.job else None,
            seconds=here,
            fault=_fault(work, device),
        )
        stages.append(cost)
    return RunCost(device, tuple(stages), (*_general(planned, contents, stages), *contents.notes, *sources))


def _by_table(work: Work, device: Device, sources: dict[str, None]) -> float | None:
    """Return how long a device takes, by published rates; their sources are noted."""
    if work.job is None or work.sizes is None:
        return None
    trained = speed("train", device, work.sizes.parameters)
    own = speed(work.job, device, work.sizes.parameters) if work.job != "read" else trained
    if trained is None or own is None:
        return None
    reading = work.read.value / (READING * trained.tokens_per_second)
    if work.job != "generate":
        sources[f"rate of {DOING[work.job]}: {own.source}"] = None
        return reading + work.tokens.value * work.passes / own.tokens_per_second
    sources[f"rate of generating: {own.source}"] = None
    return reading + work.written.value / own.tokens_per_second


def _fault(work: Work, device: Device) -> str | None:
    """Say why a stage would not fit, and what would."""
    if work.context_needed and work.sizes and work.sizes.context and work.context_needed > work.sizes.context:
        return f"up to {work.context_needed:,} tokens of prompt and reply, and the model's context is {work.sizes.context:,}"
    if work.memory is None or work.memory <= device.memory:
        return None
    remedy = f"; in `training`: {fitting(work.remedies, device.memory) or FEWER_WEIGHTS}" if work.remedies else ""
    return f"about {gib(work.memory)}, and {device.name} has {gib(device.memory)}{remedy}"


def _general(planned: Plan, contents: Contents, stages: list[StageCost]) -> list[str]:
    """List the general assumptions that apply to this plan."""
    costing = planned.recipe.costing
    said = "as long as its limit" if costing.reply_tokens is None else f"{costing.reply_tokens:,} tokens long at most"
    notes = [f"every reply is complete, comes to the disclosed answer, and is {said} (costing.reply_tokens)"]
    if contents.share < 1:
        notes.append(
            f"of {max(contents.questions.values()):,} questions about {FOLLOWED} were followed; --exact follows all"
        )
    if any(stage.work.learned.surety == Surety.ABOUT and stage.work.sizes for stage in stages):
        notes.append("tokens of texts that were not tokenised are taken from others, or by their length")
    if any(stage.work.job in ("train", "train_lora") for stage in stages):
        kept = (
            "all trained models"
            if contents.recipe.keep == "all"
            else "inverters, and students only until they are scored,"
        )
        notes.append(f"{kept} are kept, in 32 bits where `saved_as` says nothing else (keep)")
    notes.append(
        "memory is the least that a stage needs; checkpoints while training need up to 6 times the model's disk"
    )
    if contents.recipe.costing.device is not None:
        notes.append(
            f"device-hours are floors: others' best rates, and prompts read {READING:g} times as fast as trained on"
        )
    return notes
