"""Engines: text in, text out. An engine's own libraries are imported when it is loaded."""

from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, Literal

from traceinv.engines.base import Completion, Engine, Message, Request, Sampling
from traceinv.errors import InputError, nearest
from traceinv.weights import check_folder

__all__ = [
    "ENGINES",
    "Completion",
    "Engine",
    "EngineName",
    "Message",
    "Request",
    "Sampling",
    "batch_size",
    "load_engine",
]

EngineName = Literal["transformers", "vllm", "openai", "mock"]
ENGINES: dict[EngineName, str] = {
    "transformers": "TransformersEngine",
    "vllm": "VLLMEngine",
    "openai": "OpenAIEngine",
    "mock": "MockEngine",
}
"""The engines: the module in this package, and the class in it."""

LOCAL: tuple[EngineName, ...] = ("transformers", "vllm")
"""The engines that load a model's weights from a folder."""


def batch_size(name: EngineName) -> int:
    """Return how many replies of an engine arrive together, where nobody says otherwise."""
    return int(import_module(f"{__name__}.{name}").BATCH_SIZE)


def load_engine(name: str, model: str | Path, trust_remote_code: bool = False, **options: Any) -> Engine:
    """Load a model into the engine of that name.

    Args:
        name: a key of `ENGINES`.
        model: a folder, a hub id, or the name that a server knows the model by.
        trust_remote_code: whether Python code in the model's folder may be run.
        options: keyword arguments of the engine's `load`.

    Raises:
        InputError: the engine or the option is unknown, or the model cannot be loaded.
    """
    kind = next((known for known in ENGINES if known == name), None)
    if kind is None:
        raise InputError(f"engine: unknown engine {name!r}{nearest(name, ENGINES)}")
    if trust_remote_code and kind in LOCAL:
        options["arguments"] = {**options.get("arguments", {}), "trust_remote_code": True}
    load = getattr(import_module(f"{__name__}.{kind}"), ENGINES[kind]).load
    allowed = [option for option in signature(load).parameters if option != "model"]
    for option in options:
        if option not in allowed:
            raise InputError(f"engine {name}: unknown option {option!r}{nearest(option, allowed)}")
    is_path = kind != "openai" and str(model).startswith(("/", "."))  # other names may be hub ids
    if is_path and not Path(model).exists():
        raise InputError(f"{model}: cannot be loaded: no such file or folder")
    if kind in LOCAL and Path(model).is_dir():
        check_folder(Path(model), bool(options.get("arguments", {}).get("trust_remote_code")))
    try:
        engine: Engine = load(model, **options)
    except InputError:
        raise
    except Exception as error:  # libraries raise anything where a folder of others is damaged
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{model}: cannot be loaded: {reason}") from error
    return engine
