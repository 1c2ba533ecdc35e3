"""The sizes of a model, read off the files of its folder or else off a table; no weights are loaded."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.files import parse_yaml
from harness.pipeline.graph import InputArtifact, Node
from traceinv.memory import FLOAT, Architecture

TABLE = Path(__file__).with_name("models.yaml")
HALF = 2
"""Bytes of a number of 16 bits."""
TRAINED = ("student", "inverter", "reasoning_model")
"""The kinds of stages that train a model."""
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1}
"""Bytes of a number, by its name in a safetensors file."""


@dataclass(frozen=True)
class Sizes:
    """What of a model decides its memory and speed.

    Attributes:
        parameters: all weights.
        linear: the sum of the widths, in and out, of all linear layers but the one that predicts tokens.
        cached: numbers that one token keeps in the cache of a reply.
        weight_bytes: of a weight as the checkpoint has it.
        context: tokens that fit, prompt and reply together; None where it is not known.
    """

    parameters: int
    linear: int
    layers: int
    hidden: int
    intermediate: int
    vocabulary: int
    cached: int
    weight_bytes: int
    context: int | None

    def architecture(self, lora_rank: int | None, frozen_bytes: int) -> Architecture:
        """Return the sizes on which the memory of a training depends."""
        return Architecture(
            parameters=self.parameters,
            trained=self.parameters if lora_rank is None else lora_rank * self.linear,
            layers=self.layers,
            hidden=self.hidden,
            intermediate=self.intermediate,
            vocabulary=self.vocabulary,
            frozen_bytes=FLOAT if lora_rank is None else frozen_bytes,
        )


@cache
def read_sizes(folder: Path) -> Sizes:
    """Read the sizes of a model off its configuration and the headers of its weights."""
    config = _text_part(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    tensors = [entry for file in sorted(folder.glob("*.safetensors")) for entry in _tensors(file)]
    vocabulary, hidden = int(config["vocab_size"]), int(config["hidden_size"])
    heads = int(config.get("num_attention_heads") or 1)
    kv_heads, width = int(config.get("num_key_value_heads") or heads), int(config.get("head_dim") or hidden // heads)
    layers = int(config["num_hidden_layers"])
    return Sizes(
        parameters=sum(math.prod(shape) for shape, _ in tensors),
        linear=sum(sum(shape) for shape, _ in tensors if len(shape) == 2 and shape[0] != vocabulary),
        layers=layers,
        hidden=hidden,
        intermediate=int(config.get("intermediate_size") or 4 * hidden),
        vocabulary=vocabulary,
        cached=2 * layers * kv_heads * width,
        weight_bytes=max((BYTES.get(kind, HALF) for _, kind in tensors), default=HALF),
        context=config.get("max_position_embeddings"),
    )


@cache
def known_sizes(name: str) -> Sizes | None:
    """Return the sizes of a model of the table by its name on the hub; None for one that is not in it."""
    entry = _table().get(name.partition("@")[0])
    if entry is None:
        return None
    hidden, heads, kv = entry["hidden"], entry["heads"] * entry["head_width"], entry["kv_heads"] * entry["head_width"]
    attention = 2 * (hidden + heads) + 2 * (hidden + kv)
    return Sizes(
        parameters=entry["parameters"],
        linear=entry["layers"] * (attention + 3 * (hidden + entry["intermediate"])),
        layers=entry["layers"],
        hidden=hidden,
        intermediate=entry["intermediate"],
        vocabulary=entry["vocabulary"],
        cached=2 * entry["layers"] * kv,
        weight_bytes=HALF,
        context=entry["context"],
    )


@cache
def _table() -> Mapping[str, Mapping[str, int]]:
    table: Mapping[str, Mapping[str, int]] = parse_yaml(TABLE.read_text(encoding="utf-8"), str(TABLE))
    return table


def _text_part(config: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a multimodal model's configuration that is about text; the whole of any other's."""
    part = config.get("text_config")
    return {**config, **part} if isinstance(part, dict) else config


def _tensors(file: Path) -> list[tuple[list[int], str]]:
    """Return shape and kind of number of each tensor of a safetensors file, by its header (`traceinv.weights` has checked it)."""
    with file.open("rb") as opened:
        header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
    return [(entry["shape"], entry["dtype"]) for name, entry in header.items() if name != "__metadata__"]


@dataclass(frozen=True)
class Weights:
    """The weights that a stage loads.

    Attributes:
        folder: None where they are not on this machine.
        saved_bytes: of a weight as this run's training saves it; None where it trains none.
    """

    name: str
    folder: Path | None
    saved_bytes: int | None

    @property
    def sizes(self) -> Sizes | None:
        return known_sizes(self.name) if self.folder is None else read_sizes(self.folder)


def weights_of(source: Node | InputArtifact) -> Weights:
    """Return the weights that a model starts from: those at the root of its bases."""
    saved: int | None = None
    while isinstance(source, Node):
        if saved is None and source.kind.name in TRAINED:
            saved = saved_bytes(source)
        source = source.inputs["base"]
    return Weights(str(source.path), source.path if source.here else None, saved)


def saved_bytes(node: Node) -> int:
    """Return how many bytes each weight takes in the model that a training stage saves."""
    params = node.params.get("model", node.params)  # a reasoning model's own training
    return HALF if (params.get("training") or {}).get("saved_as") == "bfloat16" else FLOAT
