"""What a stage is: a function from parameters and input folders to one folder, with its version and resources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from traceinv.progress import Progress

TRAINING_LIBRARIES = ("torch", "transformers", "tokenizers", "trl", "accelerate", "datasets")
GENERATION_LIBRARIES = ("torch", "transformers", "tokenizers")

Inputs = Mapping[str, Path]
Log = dict[str, Any]
"""What a stage reports beside its files; JSON values."""
P = TypeVar("P", bound=BaseModel)
StageFunction = Callable[[Any, Inputs, Path, Progress], Log]


@dataclass(frozen=True)
class Resources:
    """What a stage needs of a machine."""

    cpus: int = 1
    gpus: int = 0


@dataclass(frozen=True, eq=False)
class StageKind:
    """A kind of stage.

    Attributes:
        name: the name of its function, and of its folder in a store.
        run: `(params, inputs, out, progress) -> log`.
        params: the model that its parameters are validated with.
        version: raised by hand when the stage computes something else; None where its source is hashed instead.
        libraries: packages whose major and minor version is part of the key; `python` is the interpreter's.
        resumable: whether it goes on from what a killed run left in `out`; otherwise `out` is empty when it starts.
        unkeyed: dotted names of parameters that do not decide what the artifact holds, such as how often a checkpoint is
            saved; the key takes them as None.
        uses: modules that count as its source and that no import shows, such as plug-ins and what runs in the sandbox.
    """

    name: str
    run: StageFunction
    params: type[BaseModel]
    version: int | None
    libraries: tuple[str, ...]
    resources: Resources
    resumable: bool
    unkeyed: tuple[str, ...]
    uses: tuple[str, ...]

    @property
    def module(self) -> str:
        return self.run.__module__


def stage(
    params: type[P],
    *,
    version: int | None = None,
    libraries: tuple[str, ...] = (),
    resources: Resources = Resources(),
    resumable: bool = False,
    unkeyed: tuple[str, ...] = (),
    uses: tuple[str, ...] = (),
) -> Callable[[Callable[[P, Inputs, Path, Progress], Log]], StageKind]:
    """Make a stage kind of a function.

    A stage that runs a model has a version; a cheap one has none and is keyed by its source.
    """

    def decorate(function: Callable[[P, Inputs, Path, Progress], Log]) -> StageKind:
        return StageKind(function.__name__, function, params, version, libraries, resources, resumable, unkeyed, uses)

    return decorate
