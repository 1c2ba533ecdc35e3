"""Real chat templates: a golden rendering of our own text for each, one step of training, and an end of its replies.

The templates are read from where they lie: those of the hub's models that TRL ships, and, where the variable
`TRACEINV_TEMPLATES` names a folder, its `*.jinja` files, such as `vendor/llama.cpp/models/templates` of llama-cpp-python's source
distribution. The lab's tokenizer, with the special tokens of the template, stands in for each vendor's.

    python tests/traceinv/test_families.py     # write the golden file anew; without the folder, its entries stay as they are
"""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from templates import with_template
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from traceinv.dialect import adapt, read_dialect
from traceinv.engines.transformers import TransformersEngine
from traceinv.errors import GateError
from traceinv.formatting import check_rendering, encode_example
from traceinv.lab.models import BASE
from traceinv.reasoning import split_reply, wrap_reply
from traceinv.records import Example
from traceinv.training import fine_tune
from traceinv.training_config import TrainingConfig

GOLDEN = Path(__file__).parent / "golden" / "families.json"
FOLDER = "TRACEINV_TEMPLATES"
EXAMPLE = Example(id="q", prompt="What is 1+1?", completion=wrap_reply("One and one\nare 2.", "It is 2."))
ENDS = {"gptoss": "<|return|>", "openai-gpt-oss-120b": "<|return|>", "upstage-Solar-Open-100B": "<|flush|>"}
"""The end-of-sequence tokens of models whose reasoning has the stand-in's in it."""


def templates() -> dict[str, Path]:
    """Return the templates that can be had here, by source and name."""
    spec = find_spec("trl")
    shipped = Path(str(spec.origin)).parent / "chat_templates" if spec else Path()
    found = {f"trl/{path.stem}": path for path in sorted(shipped.glob("*.jinja")) if "_training" not in path.stem}
    folder = os.environ.get(FOLDER)
    return found | ({f"llama.cpp/{path.stem}": path for path in sorted(Path(folder).glob("*.jinja"))} if folder else {})


TEMPLATES = templates()
EXPECTED: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}


def stand_in(name: str) -> Any:
    path = TEMPLATES[name]
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    return with_template(tokenizer, path.read_text(encoding="utf-8"), ENDS.get(path.stem), "<|bos|>")


def rendering(name: str) -> dict[str, Any]:
    """Return a model's dialect and a training row of ours from the question on; of what is before it, nothing is kept."""
    try:
        tokenizer = adapt(stand_in(name))
        dialect = read_dialect(tokenizer)
        row = encode_example(tokenizer, EXAMPLE)
        check_rendering(tokenizer, [EXAMPLE], [row])
    except GateError as error:
        return {"refused": str(error).replace(str(BASE), "the stand-in")}
    text = tokenizer.decode(row.input_ids)
    learned = [token for token, seen in zip(row.input_ids, row.completion_mask, strict=True) if seen]
    shown = text[text.rindex(EXAMPLE.prompt) : len(text) - len(tokenizer.decode(learned))]
    return {"prompt": shown, "learned": tokenizer.decode(learned), "opened": dialect.opened}


@pytest.mark.parametrize("name", EXPECTED)
def test_our_own_text_is_rendered_as_pinned(name: str) -> None:
    if name not in TEMPLATES:
        pytest.skip(f"no such template here; {FOLDER} names a folder with more")
    assert rendering(name) == EXPECTED[name]


def test_at_least_twenty_templates_are_pinned_and_most_can_be_taught() -> None:
    shipped = [entry for name, entry in EXPECTED.items() if name.startswith("trl/")]
    assert len(shipped) >= 40
    assert sum("refused" in entry for entry in shipped) <= 5


FAMILIES = [
    *("trl/qwen3", "trl/qwen3_5_nothink", "trl/qwen3_5_think", "trl/gptoss", "trl/gemma3", "trl/gemma4", "trl/glm4moe"),
    *(
        "trl/llama3_1",
        "trl/llama3_2",
        "trl/deepseek_r1_distill",
        "trl/lfm2_2_5",
        "trl/nemotron_3_nano",
        "trl/muse_glimmer",
    ),
    *(name for name in EXPECTED if name.startswith("llama.cpp/") and name in TEMPLATES),
]
"""One of each dialect that TRL's templates have, and all of the folder's."""


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_model_is_trained_for_a_step_and_its_replies_end(name: str, tmp_path: Path) -> None:
    if "refused" in EXPECTED[name]:
        pytest.skip(EXPECTED[name]["refused"])
    tokenizer = stand_in(name)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    base = tmp_path / "base"
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(base)
    tokenizer.save_pretrained(base)
    config = TrainingConfig(epochs=1, batch_size=1, max_tokens=4096)
    assert fine_tune(base, [EXAMPLE], config, 0, tmp_path / "student")["steps"] == 1

    engine = TransformersEngine.load(tmp_path / "student")
    row = encode_example(engine.tokenizer, EXAMPLE, engine.dialect)
    learned = [token for token, seen in zip(row.input_ids, row.completion_mask, strict=True) if seen]
    reply = engine._completion([*learned, *learned], ())
    assert (reply.finish_reason, reply.tokens) == ("stop", len(learned))
    assert split_reply(reply.text) == ("One and one\nare 2.", "It is 2.")


def main() -> int:
    """Write the golden file anew."""
    renderings = EXPECTED | {name: rendering(name) for name in TEMPLATES}
    GOLDEN.write_text(json.dumps(renderings, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    print(f"wrote {GOLDEN}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
