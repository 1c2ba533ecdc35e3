"""Mistral's own tokenizers, as the package mistral-common ships them; without it these tests are skipped."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from transformers import MistralConfig, MistralForCausalLM

from traceinv import tekken
from traceinv.dialect import adapt, load_tokenizer, read_dialect
from traceinv.engines.transformers import TransformersEngine
from traceinv.errors import GateError
from traceinv.formatting import check_rendering, encode_example, encode_prompt, render_prompt
from traceinv.reasoning import split_reply, wrap_reply
from traceinv.records import Example
from traceinv.training import fine_tune
from traceinv.training_config import TrainingConfig

mistral_common: Any = pytest.importorskip("mistral_common", reason="mistral-common is not installed")
pytestmark = pytest.mark.slow

EXAMPLE = Example(id="q", prompt="What is 1+1?", completion=wrap_reply("One and one\nare 2.", "It is 2."))
NEMO = Path(mistral_common.__file__).parent / "data" / "tekken_240718.json"


@pytest.fixture(scope="module")
def nemo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with the tokenizer of Mistral-Nemo as it is shipped: one file, and no chat template."""
    folder = tmp_path_factory.mktemp("nemo")
    size = json.loads(NEMO.read_bytes())["config"]["default_vocab_size"]
    sizes = {
        "hidden_size": 8,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "num_key_value_heads": 1,
    }
    MistralForCausalLM(MistralConfig(vocab_size=size, **sizes)).save_pretrained(folder)
    (folder / "tekken.json").write_bytes(NEMO.read_bytes())
    return folder


def test_the_ids_are_those_of_the_vendor_in_training_and_asking(nemo: Path, tmp_path: Path) -> None:
    requests = import_module("mistral_common.protocol.instruct.request")
    tokenizers = import_module("mistral_common.tokens.tokenizers.mistral")
    request = requests.ChatCompletionRequest.from_openai([{"role": "user", "content": EXAMPLE.prompt}])
    own = tokenizers.MistralTokenizer.from_file(str(nemo / "tekken.json")).encode_chat_completion(request).tokens
    tokenizer = load_tokenizer(nemo)
    assert encode_prompt(tokenizer, render_prompt(tokenizer, EXAMPLE.prompt)) == own
    row = encode_example(tokenizer, EXAMPLE)
    check_rendering(tokenizer, [EXAMPLE], [row])
    assert row.input_ids[: len(own)] == own
    dialect = read_dialect(tokenizer)
    assert (dialect.opening, dialect.closing, dialect.end) == ("<think>\n", "\n</think>\n\n", "</s>")

    assert fine_tune(nemo, [EXAMPLE], TrainingConfig(epochs=1, batch_size=1), 0, tmp_path / "student")["steps"] == 1
    student = TransformersEngine.load(tmp_path / "student")
    assert student._encode(student.render([{"role": "user", "content": EXAMPLE.prompt}])) == own
    learned = row.input_ids[len(own) :]
    reply = student._completion([*learned, *learned], ())
    assert (reply.finish_reason, split_reply(reply.text)) == ("stop", ("One and one\nare 2.", "It is 2."))


def test_a_conversion_that_encodes_otherwise_is_refused(nemo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoTokenizer

    monkeypatch.setattr(tekken, "PROBES", ("[INST] in a message",))  # a token for the one and a text for the other
    with pytest.raises(GateError, match=r"in mistral-common and .* in the converted tokenizer"):
        adapt(AutoTokenizer.from_pretrained(nemo))
