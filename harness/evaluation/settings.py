"""Settings of evaluations, and the lock that keeps a folder to the settings it was begun with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from harness.benchmarks.catalog import Form
from harness.files import write_atomic
from harness.results.differences import differences
from traceinv.errors import InputError
from traceinv.schema import Closed

SETTINGS = "settings.json"
RAISABLE = ("limit", "samples")
"""Settings that may be raised in a folder: what it holds is then a part of the new run."""


class EvalConfig(Closed):
    """Which benchmarks the models of a recipe are scored on, and how; stages have it among their parameters.

    Attributes:
        tasks: short names (`traceinv tasks list`).
        limit: use the first N items of each task; all where left out.
        samples: responses to each item; what each task says where left out.
        max_tokens: token limit of a response, in place of the tasks' own.
        seed: of all sampling.
        data_dir: a folder with a mirror of the tasks' data; the hub where left out.
        parameters: replace values of the tasks' metadata.
    """

    tasks: list[str] = Field(min_length=1)
    limit: int | None = Field(None, gt=0)
    samples: int | None = Field(None, gt=0)
    max_tokens: int | None = Field(None, gt=0)
    engine: Literal["transformers", "vllm", "mock"] = "transformers"
    batch_size: int = Field(128, gt=0)
    seed: int = Field(0, ge=0, lt=2**32)
    data_dir: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class BenchSettings(Closed):
    """The settings of one `traceinv bench` run.

    Attributes:
        model: a folder, a hub id, or a server's name for the model.
        form: of the prompts; `auto` is chat where the model has a chat template.
        tasks: short names.
        samples: responses to each item; None for what each task says.
        limit: use the first N items of each task; None for all.
        seed: of all sampling.
        model_args: keyword arguments of the engine.
        template_args: variables of the chat template.
        generation: replaces generation arguments of the tasks, under lm-eval's names.
        parameters: replace values of the tasks' metadata.
        concurrency: how many requests a server gets at a time.
    """

    model: str
    engine: Literal["transformers", "vllm", "openai", "mock"]
    form: Form | Literal["auto"] = "auto"
    tasks: tuple[str, ...]
    samples: int | None = Field(None, ge=1)
    limit: int | None = Field(None, ge=1)
    seed: int
    batch_size: int = Field(ge=1)
    model_args: dict[str, Any] = Field(default_factory=dict)
    template_args: dict[str, bool | int | str] = Field(default_factory=dict, exclude_if=lambda variables: not variables)
    generation: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    base_url: str | None = None
    concurrency: int = Field(8, ge=1)

    def decisive(self) -> dict[str, Any]:
        """Return the settings that results depend on, as JSON values."""
        return self.model_dump(mode="json", exclude={"concurrency"})


def lock_settings(out: Path, content: Mapping[str, Any]) -> None:
    """Lock a folder to these settings; a folder that is locked already must have the same ones.

    Raises:
        InputError: the settings differ; the message names the first key that does.
    """
    check_lock(out, content)
    if not (out / SETTINGS).exists():
        write_lock(out, content)


def write_lock(out: Path, content: Mapping[str, Any]) -> None:
    """Lock a folder to these settings, whatever it was locked to before."""
    out.mkdir(parents=True, exist_ok=True)
    write_atomic(out / SETTINGS, json.dumps(content, indent=1) + "\n")


def read_lock(out: Path) -> dict[str, Any] | None:
    """Return the settings that a folder is locked to; None where it is not locked."""
    path = out / SETTINGS
    if not path.exists():
        return None
    locked: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return locked


def check_lock(out: Path, content: Mapping[str, Any]) -> None:
    """Compare settings with those that a folder is locked to, if it is; only the top-level keys of `content` count.

    Raises:
        InputError: the settings differ; the message names the first key that does.
    """
    locked = read_lock(out)
    if locked is None:
        return
    unequal = differences({key: locked.get(key) for key in content}, json.loads(json.dumps(content)))
    if unequal:
        first = unequal[0]
        raise InputError(
            f"--out {out}: the folder holds a run with another {first.key}: {first.first!r} there, {first.second!r} here;"
            " choose another folder, or remove this one"
        )


def before_raise(out: Path, settings: BenchSettings) -> BenchSettings:
    """Return settings with the limit and the number of samples that a folder is locked to; the same where it is not locked.

    Raises:
        InputError: one of the two is lower now than there.
    """
    locked = read_lock(out)
    if locked is None:
        return settings
    there: dict[str, int | None] = {name: locked["settings"][name] for name in RAISABLE}
    for name, before in there.items():
        now = getattr(settings, name)
        by_task = name == "samples" and None in (before, now)  # known once the tasks are loaded
        if now != before and not by_task and (before is None or (now is not None and now < before)):
            raise lowered(out, name, before, now)
    return settings.model_copy(update=there)


def lowered(out: Path, name: str, before: int | None, now: int) -> InputError:
    """Return the error for a limit or a number of samples that is lower than in the folder's run."""
    held = "no" if before is None else before
    return InputError(
        f"--out {out}: the folder holds a run with {held} --{name}, which may be raised and not lowered to {now};"
        " choose another folder"
    )
