"""Tokens of a dry run are those that training has, for every habit of chat templates that is known here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from templates import TEMPLATES, saved, with_template
from transformers import AutoTokenizer

from harness.pipeline.costing.tokens import SURE, Allowance, TokenCounter, assumed, open_tokenizer
from traceinv.dialect import load_tokenizer
from traceinv.formatting import encode_example
from traceinv.lab.models import BASE
from traceinv.reasoning import wrap_reply
from traceinv.records import Example

EXAMPLES = [
    Example(id="1", prompt="What is 1+1?", completion=wrap_reply("1+1=2", "2")),
    Example(id="2", prompt="Say it in two words.\n", completion="no trace"),
    Example(id="3", prompt="ünï ∑", completion=wrap_reply("", "<think> is a marker")),
]


@pytest.mark.parametrize("habit", [name for name in TEMPLATES if name != "closed for good"])
def test_tokens_are_those_of_training(habit: str, tmp_path: Path) -> None:
    folder = saved(with_template(AutoTokenizer.from_pretrained(BASE), TEMPLATES[habit], "<|end|>"), tmp_path, BASE)
    counter, tokenizer = TokenCounter(folder, Allowance(None)), load_tokenizer(folder)
    encoded = [encode_example(tokenizer, example) for example in EXAMPLES]
    prompts, replies = counter.prompts([e.prompt for e in EXAMPLES]), counter.replies([e.completion for e in EXAMPLES])
    assert [p + r for p, r in zip(prompts, replies, strict=True)] == [len(row.input_ids) for row in encoded]
    assert replies == [sum(row.completion_mask) for row in encoded]


@pytest.mark.parametrize(("model_type", "kind"), SURE)
def test_the_quick_way_opens_the_class_that_transformers_takes(model_type: str, kind: str, tmp_path: Path) -> None:
    AutoTokenizer.from_pretrained(BASE).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    stated = json.loads((tmp_path / "tokenizer_config.json").read_text())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(stated | {"tokenizer_class": kind}))
    assert type(open_tokenizer(tmp_path)) is type(AutoTokenizer.from_pretrained(tmp_path))


def test_a_tokenizer_that_cannot_be_opened_is_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "unheard_of"}))
    counter = TokenCounter(tmp_path, Allowance())
    assert counter.prompts(["a" * 400]) == [116]
    assert not counter.exact


def test_what_is_yet_to_be_written_counts_with_its_tokens() -> None:
    counter = TokenCounter(BASE, Allowance(None))
    (without,), (with_reply,) = counter.replies(["a"]), counter.replies([f"a{assumed(1000)}"])
    assert with_reply == without + 1000
    assert counter.exact


def test_beyond_the_allowance_a_sample_tells_how_long_texts_are() -> None:
    counter, exact = TokenCounter(BASE, Allowance(10)), TokenCounter(BASE, Allowance(None))
    texts = [f"What is {number} plus {number}?" for number in range(200)]
    assert sum(counter.prompts(texts)) == pytest.approx(sum(exact.prompts(texts)), rel=0.1)
    assert not counter.exact


def test_torch_is_not_imported_to_count_tokens() -> None:
    code = (
        "import sys; from harness.pipeline.costing.tokens import Allowance, TokenCounter; from traceinv.lab.models import BASE;"
        "TokenCounter(BASE, Allowance()).prompts(['a']); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
