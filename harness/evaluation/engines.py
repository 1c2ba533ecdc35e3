"""The engine of an evaluation."""

from pathlib import Path
from typing import Any

from harness.evaluation.settings import BenchSettings
from traceinv.dialect import StatedDialect
from traceinv.engines import load_engine
from traceinv.engines.base import Engine
from traceinv.errors import InputError
from traceinv.hub import prefer_cache
from traceinv.weights import check_folder

HUB_ENGINES = ("transformers", "vllm")
"""The engines whose models may be named by a hub id."""
TEMPLATE_FIELD = "chat_template_kwargs"
"""The field of a request in which vLLM, SGLang and llama.cpp take variables of the chat template."""
RNG_STATE = "rng_state.pt"
"""File with the state of the random numbers, which lm-eval's model saves to resume after a kill."""


def load_bench_engine(settings: BenchSettings, out: Path, check_prompts: bool = False) -> Engine:
    """Load the model of an evaluation; `transformers` is lm-eval's model, the other engines are those of the package.

    Args:
        settings: which model, and how.
        out: where lm-eval's model stores its random numbers.
        check_prompts: refuse a model of lm-eval's that does not read the rendered prompts as they are; other local engines
            always refuse it.

    Raises:
        InputError: the model cannot be loaded.
    """
    if settings.engine == "openai" and not settings.base_url:
        raise InputError("--engine openai: expected --base-url too, such as http://localhost:8000/v1")
    if settings.engine in HUB_ENGINES:
        prefer_cache(settings.model)
    if settings.engine != "transformers":
        return load_engine(settings.engine, settings.model, **_options(settings))
    if settings.model.startswith(("/", ".")) and not Path(settings.model).exists():  # other names may be hub ids
        raise InputError(f"{settings.model}: cannot be loaded: no such folder")
    if Path(settings.model).exists():
        check_folder(Path(settings.model), bool(settings.model_args.get("trust_remote_code")))
    from harness.evaluation.lm_eval import LmEvalEngine

    try:
        engine = LmEvalEngine(
            settings.model,
            settings.model_args,
            settings.batch_size,
            settings.seed,
            out / RNG_STATE,
            check_prompts,
            settings.form != "completion",
            settings.template_args,
        )
    except InputError:
        raise
    except Exception as error:  # libraries raise anything where a folder of others is damaged
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{settings.model}: cannot be loaded: {reason}") from error
    out.mkdir(parents=True, exist_ok=True)
    return engine


def _options(settings: BenchSettings) -> dict[str, Any]:
    """Return the options of one of the package's engines."""
    if settings.engine == "openai":
        return {
            "base_url": settings.base_url,
            "chat": settings.form != "completion",
            "concurrency": settings.concurrency,
            "extra_body": settings.model_args
            | ({TEMPLATE_FIELD: settings.template_args} if settings.template_args else {}),
        }
    if settings.engine == "vllm":
        chat = None if settings.form == "auto" else settings.form == "chat"
        stated = {"dialect": StatedDialect(template=settings.template_args)} if settings.template_args else {}
        return {"batch_size": settings.batch_size, "chat": chat, "arguments": settings.model_args, **stated}
    return {"batch_size": settings.batch_size, **settings.model_args}
