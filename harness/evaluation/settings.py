"""What is to be run, and the folder that holds one run of it."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from harness.benchmarks.catalog import Form
from traceinv.errors import InputError

SETTINGS = "settings.json"


class Settings(BaseModel):
    """What is to be run; a folder holds one run, and goes on only with the settings that it was begun with.

    Attributes:
        tasks: short names.
        samples: of each item; None for what each task says.
        generation: lm-eval's generation arguments in place of the tasks'.
        parameters: given to the tasks in place of their metadata.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    engine: Literal["transformers", "vllm", "openai"]
    form: Form | Literal["auto"] = "auto"
    tasks: tuple[str, ...]
    samples: int | None = Field(None, ge=1)
    limit: int | None = Field(None, ge=1)
    seed: int
    batch_size: int = Field(ge=1)
    model_args: dict[str, Any] = {}
    generation: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    base_url: str | None = None
    concurrency: int = Field(8, ge=1)

    def decisive(self) -> dict[str, Any]:
        """What a result depends on: not how many are asked of a server at a time."""
        return self.model_dump(mode="json", exclude={"concurrency"})


def bind(out: Path, content: dict[str, Any]) -> None:
    """Begin the folder with these settings, or see that they are those it was begun with.

    Raises:
        InputError: they differ; the message names the first key that does.
    """
    path = out / SETTINGS
    content = json.loads(json.dumps(content))
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)
        return
    differing = _difference(json.loads(path.read_text(encoding="utf-8")), content)
    if differing:
        raise InputError(
            f"--out {out}: holds a run with another {differing}; choose another folder, or remove this one"
        )


def _difference(before: Any, after: Any, where: str = "") -> str | None:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            found = _difference(before.get(key), after.get(key), f"{where}.{key}" if where else key)
            if found:
                return found
        return None
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return next((found for i, pair in pairs if (found := _difference(*pair, f"{where}[{i}]"))), None)
    return None if before == after else f"{where}: {before!r} there, {after!r} here"
