"""Put what a recipe states about a model's dialect with the model, so that all that read its folder follow it."""

import os
import shutil
from pathlib import Path

from harness.stages.base import Inputs, Log, stage
from traceinv.dialect import StatedDialect, load_tokenizer, read_dialect
from traceinv.progress import Progress
from traceinv.schema import Closed, Trusted


class Params(Closed):
    """What is stated."""

    dialect: StatedDialect
    trust_remote_code: Trusted = False


@stage(Params, libraries=("transformers", "tokenizers"))
def stated_model(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the model's folder with a tokenizer that has the stated dialect; its other files are linked, not copied.

    Raises:
        GateError: what is stated does not fit the model.
    """
    for source in sorted(inputs["base"].iterdir()):
        if source.is_file():
            _link(source.resolve(), out / source.name)
    tokenizer = load_tokenizer(inputs["base"], params.dialect, trust_remote_code=params.trust_remote_code)
    dialect = read_dialect(tokenizer)
    for name in ("tokenizer_config.json", "tokenizer.json", "chat_template.jinja", "special_tokens_map.json"):
        (out / name).unlink(missing_ok=True)  # a link would write into the model's own folder
    tokenizer.save_pretrained(out)
    return {"dialect": dialect.describe()}


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
