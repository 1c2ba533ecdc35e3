"""Devices and how fast they train and write, from a committed table with sources."""

import math
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from harness.files import parse_yaml
from traceinv.errors import InputError, nearest
from traceinv.memory import GIB

TABLE = Path(__file__).with_name("devices.yaml")
HERE = "here"
"""This machine: the memory that it has, and the rates that its store has measured."""
Job = Literal["train", "train_lora", "generate"]
SCALED = 10.0
"""The largest factor by which a published rate is raised for a smaller model, or lowered for a larger one."""
READING = 3.0
"""How many times faster tokens are read than trained on: a forward pass is a third of a step."""


@dataclass(frozen=True)
class Device:
    """A device.

    Attributes:
        memory: bytes that a process can have.
        bandwidth: gigabytes that it reads a second; None for this machine.
        is_gpu: whether models run with 16 bits where their checkpoints have them.
    """

    name: str
    memory: int
    bandwidth: float | None = None
    is_gpu: bool = True


@dataclass(frozen=True)
class Rate:
    """A published rate.

    Attributes:
        parameters: of the model that was measured.
    """

    work: Job
    device: str
    parameters: float
    tokens_per_second: float
    source: str


@dataclass(frozen=True)
class Speed:
    """Tokens a second, and in words where the number comes from."""

    tokens_per_second: float
    source: str


def find_device(name: str | None) -> Device:
    """Return a device of the table; this machine where none is named.

    Raises:
        InputError: the table has no such device.
    """
    known = devices()
    if name is None or name == HERE:
        return _this_machine()
    if name not in known:
        raise InputError(f"costing.device: unknown device {name!r}{nearest(name, [HERE, *known])}")
    return known[name]


@cache
def devices() -> dict[str, Device]:
    """Read the devices of the table; each is found by its name."""
    return {
        name: Device(name, round(entry["memory_gib"] * GIB), float(entry["gigabytes_per_second"]))
        for name, entry in _table()["devices"].items()
    }


def speed(work: Job, device: Device, parameters: int) -> Speed | None:
    """Return how fast a device does a kind of work with a model; None for this machine, which no table knows.

    Of the published rates for the work the one of the nearest size is taken, and scaled by the number of weights. Where none is
    of this device, another device's is scaled by the speed of their memories; where none is of LoRA, one of all weights is taken.
    """
    if device.bandwidth is None:
        return None
    works = ("train_lora", "train") if work == "train_lora" else (work,)
    own = [rate for name in works for rate in _rates() if (rate.work, rate.device) == (name, device.name)]
    own = [rate for rate in own if rate.work == own[0].work]
    rates = own or [rate for rate in _rates() if rate.work == works[-1]]
    rate = min(rates, key=lambda rate: (abs(math.log(rate.parameters / parameters)), rate.device))
    scale = min(SCALED, max(1 / SCALED, rate.parameters / parameters))
    if rate.device == device.name:
        return Speed(rate.tokens_per_second * scale, rate.source)
    ratio = device.bandwidth / (devices()[rate.device].bandwidth or device.bandwidth)
    scaled = f"{rate.source}, by the speed of the memories of {rate.device} and {device.name}"
    return Speed(rate.tokens_per_second * scale * ratio, scaled)


@cache
def _rates() -> list[Rate]:
    return [Rate(**{**entry, "parameters": float(entry["parameters"])}) for entry in _table()["rates"]]


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = parse_yaml(TABLE.read_text(encoding="utf-8"), str(TABLE))
    return table


def _this_machine() -> Device:
    """Return this machine: its first GPU where it has one, else the memory of its processors."""
    gpu = shutil.which("nvidia-smi")
    if gpu is not None:
        query = [gpu, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
        told = subprocess.run(query, capture_output=True, text=True, check=False, timeout=20)
        if told.returncode == 0 and told.stdout.split():
            return Device(HERE, int(told.stdout.split()[0]) * 2**20)
    return Device(HERE, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), is_gpu=False)
