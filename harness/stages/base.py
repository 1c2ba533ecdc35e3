"""What a stage is: a function from parameters and input folders to one folder, with its version and resources."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from traceinv.errors import GateError
from traceinv.progress import Progress

TRAINING_LIBRARIES = ("torch", "transformers", "tokenizers", "trl", "accelerate", "datasets")
GENERATION_LIBRARIES = ("torch", "transformers", "tokenizers")
MEASURING_LIBRARIES = (
    *(
        "latex2sympy2_extended",
        "math-verify",
        "nltk",
        "numpy",
        "rapidfuzz",
        "rouge_score",
        "sacrebleu",
        "scipy",
        "sympy",
    ),
)

SHARD = "shard"
"""The label of a part of a stage that is split; and the first word of the inputs of the stage that puts the parts together."""
DEVICES = "tensor_parallel"
"""The name of the parameter with the number of devices that a model is split over."""
MERGED = "merged"
"""The entry of a stage's log with the number of shards that it was put together from."""
ENGINE = "engine"
"""The entry of a stage's log that says on what its model ran: batch size, data type, device."""
Inputs = Mapping[str, Path]
Log = dict[str, Any]
"""What a stage reports beside its files; JSON values."""
P = TypeVar("P", bound=BaseModel)
StageFunction = Callable[[Any, Inputs, Path, Progress], Log]
SourceFiles = Callable[[Mapping[str, Any]], Mapping[str, Path]]


def shards_in(inputs: Iterable[str]) -> list[str]:
    """List the inputs of a stage that are its shards, by the names of all its inputs."""
    return [name for name in inputs if name.partition(" ")[0] == SHARD]


def no_files(params: Mapping[str, Any]) -> Mapping[str, Path]:
    """Return no files: the source of most stages does not depend on their parameters."""
    return {}


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
        unkeyed_inputs: first words of the names of inputs that do not decide it, since others say all that it takes from them.
        uses: modules and packages that count as its source and that no import shows, such as plug-ins.
        files: `(params) -> files by name`: what counts as its source with these parameters, such as the files of a task.
    """

    name: str
    run: StageFunction
    params: type[BaseModel]
    version: int | None
    libraries: tuple[str, ...]
    resources: Resources
    resumable: bool
    unkeyed: tuple[str, ...]
    unkeyed_inputs: tuple[str, ...]
    uses: tuple[str, ...]
    files: SourceFiles

    @property
    def module(self) -> str:
        return self.run.__module__

    def is_keyed(self, name: str) -> bool:
        """Say whether an input of this name decides what the artifact holds."""
        return name.partition(" ")[0] not in self.unkeyed_inputs

    def needs(self, params: Mapping[str, Any], inputs: Iterable[str]) -> Resources:
        """Return what a stage of this kind needs: a processor where it only puts shards together.

        Args:
            inputs: their names.
        """
        if shards_in(inputs):
            return Resources()
        return replace(self.resources, gpus=self.resources.gpus * int(params.get(DEVICES, 1)))


def stage(
    params: type[P],
    *,
    version: int | None = None,
    libraries: tuple[str, ...] = (),
    resources: Resources = Resources(),
    resumable: bool = False,
    unkeyed: tuple[str, ...] = (),
    unkeyed_inputs: tuple[str, ...] = (),
    uses: tuple[str, ...] = (),
    files: SourceFiles = no_files,
) -> Callable[[Callable[[P, Inputs, Path, Progress], Log]], StageKind]:
    """Make a stage kind of a function.

    A stage that runs a model has a version; a cheap one has none and is keyed by its source.
    """

    def decorate(function: Callable[[P, Inputs, Path, Progress], Log]) -> StageKind:
        return StageKind(
            name=function.__name__,
            run=function,
            params=params,
            version=version,
            libraries=libraries,
            resources=resources,
            resumable=resumable,
            unkeyed=unkeyed,
            unkeyed_inputs=unkeyed_inputs,
            uses=uses,
            files=files,
        )

    return decorate


def refuse_losses(what: str, left: int, asked: int, max_dropped: float) -> None:
    """Refuse to go on where nothing is left, or where more than the share `max_dropped` is lost.

    Raises:
        GateError: too much is lost.
    """
    if not left:
        raise GateError(f"{what}: 0 of {asked} are left; at least one must be")
    if left < asked * (1 - max_dropped):
        raise GateError(f"{what}: {left} of {asked} are left; at most {max_dropped:.0%} may be lost (max_dropped)")
