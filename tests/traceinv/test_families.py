"""Real chat templates: a golden rendering of our own text for each, one step of training, and an end of its replies.

Templates and tokenizers are read from where they lie: TRL ships templates, and `make families` gets more, and some vendors'
tokenizers, from the package indexes. Where a vendor's tokenizer is not among them, the lab's stands in for it, with the special
tokens of the template.

    python tests/traceinv/test_families.py     # write the golden file anew; entries of what is not here stay as they are
"""

import json
import os
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from templates import TEMPLATES as OURS
from templates import with_template
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from traceinv.dialect import StatedDialect, adapt, read_dialect
from traceinv.engines.transformers import TransformersEngine
from traceinv.errors import GateError
from traceinv.formatting import check_rendering, encode_example, render_prompt
from traceinv.lab.models import BASE
from traceinv.reasoning import split_reply, wrap_reply
from traceinv.records import Example
from traceinv.training import fine_tune
from traceinv.training_config import TrainingConfig

GOLDEN = Path(__file__).parent / "golden" / "families.json"
FOLDER = Path(os.environ.get("TRACEINV_FAMILIES") or Path(__file__).parents[2] / "build" / "families")
EXAMPLE = Example(id="q", prompt="What is 1+1?", completion=wrap_reply("One and one\nare 2.", "It is 2."))
ENDS = {"gptoss": "<|return|>", "openai-gpt-oss-120b": "<|return|>", "upstage-Solar-Open-100B": "<|flush|>"}
"""The end-of-sequence tokens of models whose reasoning has the stand-in's in it."""
LENT = {"tokenizers/gptoss": "trl/gptoss", "tokenizers/llama2": "axolotl/mistral_v1"}
"""The templates of vendors' tokenizers that come without one."""


def templates() -> dict[str, Path]:
    """Return the templates that can be had here, by source and name."""
    spec = find_spec("trl")
    shipped = Path(str(spec.origin)).parent / "chat_templates" if spec else Path()
    found = {f"trl/{path.stem}": path for path in sorted(shipped.glob("*.jinja")) if "_training" not in path.stem}
    return found | {f"{path.parent.name}/{path.stem}": path for path in sorted(FOLDER.glob("templates/*/*.jinja"))}


TEMPLATES = templates()
TOKENIZERS = {f"tokenizers/{path.name}": path for path in sorted(FOLDER.glob("tokenizers/*"))}
STAND_INS = {f"ours/{name}": OURS[name] for name in ("opened without a newline", "a default system prompt")}
"""Templates of our own with the same habits as those of vendors that no package index has."""
HERE = {*TEMPLATES, *TOKENIZERS, *STAND_INS}
EXPECTED: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}


def tokenizer_of(name: str) -> Any:
    """Return a vendor's tokenizer, or a template on the lab's."""
    if name in TOKENIZERS:
        tokenizer = AutoTokenizer.from_pretrained(TOKENIZERS[name])
        if name in LENT:
            tokenizer.chat_template = TEMPLATES[LENT[name]].read_text(encoding="utf-8")
        return tokenizer
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    if name in STAND_INS:
        return with_template(tokenizer, STAND_INS[name])
    path = TEMPLATES[name]
    return with_template(tokenizer, path.read_text(encoding="utf-8"), ENDS.get(path.stem), "<|bos|>")


def rendering(name: str) -> dict[str, Any]:
    """Return a model's dialect and a training row of ours from the question on; of what is before it, nothing is kept."""
    try:
        tokenizer = adapt(tokenizer_of(name))
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
    if name not in HERE:
        pytest.skip("make families gets it")
    assert rendering(name) == EXPECTED[name]


@pytest.mark.parametrize(
    "name", [name for name, path in TEMPLATES.items() if "strftime_now(" in path.read_text("utf-8")]
)
def test_a_template_that_prints_the_date_prints_the_stated_one(name: str) -> None:
    days = (date(2026, 1, 1), date(2031, 12, 24))
    prompts = []
    for day in days:
        tokenizer = adapt(tokenizer_of(name), StatedDialect(today=day))
        assert "strftime_now(" not in tokenizer.chat_template
        prompts.append(render_prompt(tokenizer, EXAMPLE.prompt))
    assert ("2031" in prompts[1], "2031" in prompts[0]) == (prompts[0] != prompts[1], False)


def test_at_least_twenty_families_are_tried_wherever_trl_is_and_most_of_its_templates_can_be_taught() -> None:
    assert sum(any(name.startswith("trl/") for name in names) for names in FAMILIES.values()) >= 20
    shipped = [entry for name, entry in EXPECTED.items() if name.startswith("trl/")]
    assert len(shipped) >= 40
    assert sum("refused" in entry for entry in shipped) <= 5


FAMILIES = {
    "Qwen2.5-Instruct": ("llama.cpp/Qwen-Qwen2.5-7B-Instruct", "trl/qwen2_5"),
    "QwQ": ("llama.cpp/Qwen-QwQ-32B",),
    "Qwen3": ("tokenizers/qwen3", "trl/qwen3"),
    "Qwen3.5 from 4B": ("trl/qwen3_5_think",),
    "Qwen3.5 up to 2B": ("trl/qwen3_5_nothink",),
    "Qwen3.6": ("trl/qwen3_6",),
    "R1-Distill-Qwen": ("trl/deepseek_r1_distill",),
    "R1-Distill-Qwen in llama.cpp": ("llama.cpp/deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",),
    "R1-Distill-Llama in llama.cpp": ("llama.cpp/deepseek-ai-DeepSeek-R1-Distill-Llama-8B",),
    "DeepSeek-V3": ("tokenizers/deepseek_v3", "trl/deepseekv3"),
    "DeepSeek-V3.1": ("llama.cpp/deepseek-ai-DeepSeek-V3.1",),
    "Llama-2, CodeLlama, TinyLlama": ("tokenizers/llama2",),
    "Llama-3-Instruct": ("trl/llama3",),
    "Llama-3.1-Instruct": ("tokenizers/llama3_1", "trl/llama3_1"),
    "Llama-3.2-Instruct": ("trl/llama3_2",),
    "Llama-3.3-Instruct": ("llama.cpp/meta-llama-Llama-3.3-70B-Instruct",),
    "gpt-oss": ("tokenizers/gptoss", "trl/gptoss"),
    "Gemma-2": ("llama.cpp/google-gemma-2-2b-it",),
    "Gemma": ("trl/gemma",),
    "Gemma-3": ("tokenizers/gemma3", "trl/gemma3"),
    "Gemma-4": ("trl/gemma4",),
    "Phi-3.5": ("trl/phi3_5",),
    "Phi-4-reasoning": ("axolotl/phi_4",),
    "Mistral up to 0.3": ("axolotl/mistral_v2v3",),
    "Mistral-Nemo": ("llama.cpp/mistralai-Mistral-Nemo-Instruct-2407",),
    "Mistral-Small-3.2": ("llama.cpp/Mistral-Small-3.2-24B-Instruct-2506",),
    "Ministral-3-Reasoning": ("llama.cpp/mistralai-Ministral-3-14B-Reasoning-2512",),
    "GLM-4.5": ("trl/glm4moe",),
    "GLM-4.6": ("llama.cpp/GLM-4.6",),
    "Kimi-K2-Thinking": ("llama.cpp/Kimi-K2-Thinking",),
    "SmolLM2": ("tokenizers/smollm2", "ours/a default system prompt"),
    "SmolLM3": ("llama.cpp/HuggingFaceTB-SmolLM3-3B",),
    "Granite-3.3": ("llama.cpp/ibm-granite-granite-3.3-2B-Instruct",),
    "MiniMax-M2": ("llama.cpp/MiniMax-M2",),
    "Nemotron-Nano-v2": ("llama.cpp/NVIDIA-Nemotron-Nano-v2",),
    "Nemotron-3-Nano": ("trl/nemotron_3_nano",),
    "LFM2.5": ("trl/lfm2_2_5",),
    "Muse-Glimmer": ("trl/muse_glimmer",),
    "OLMo-3-Think": ("ours/opened without a newline",),
    "Seed-OSS": ("llama.cpp/ByteDance-Seed-OSS",),
    "Solar-Open": ("llama.cpp/upstage-Solar-Open-100B",),
    "Apriel-1.6-Thinker": ("llama.cpp/Apriel-1.6-15b-Thinker-fixed",),
    "StepFun-3.5-Flash": ("llama.cpp/StepFun3.5-Flash",),
    "Cohere": ("trl/cohere2",),
    "EXAONE-4": ("axolotl/exaone4",),
}
"""Families of models, and where a template or tokenizer of each is read: the first of these that is here."""


def test_the_families_are_those_that_the_documentation_lists() -> None:
    page = (Path(__file__).parents[2] / "docs" / "real-models.md").read_text(encoding="utf-8")
    sources = {"vendor's template": "tokenizers", "template in": "", "a template of our own": "ours"}
    rows = [
        line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith(tuple(f"| {s}" for s in sources))
    ]
    listed = {family: source for source, families in rows for family in families.split("; ")}
    assert set(FAMILIES) <= set(listed)
    for family, (first, *_) in FAMILIES.items():
        source = next(word for start, word in sources.items() if listed[family].startswith(start))
        assert first.startswith(source or listed[family].removeprefix("template in ").lower()), family


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_trained_for_a_step_and_its_replies_end(family: str, tmp_path: Path) -> None:
    name = next((name for name in FAMILIES[family] if name in HERE), None)
    if name is None:
        pytest.skip("make families gets it")
    tokenizer = tokenizer_of(name)
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
    renderings = EXPECTED | {name: rendering(name) for name in sorted(HERE)}
    GOLDEN.write_text(json.dumps(renderings, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    print(f"wrote {GOLDEN}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
