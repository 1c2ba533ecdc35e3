"""The folder of a model of others: what could run code, hang or fill the memory is refused in one line before it is built."""

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from traceinv.engines import load_engine
from traceinv.errors import InputError
from traceinv.models import SHIPPED_MODEL, locate
from traceinv.weights import check_folder

BASE = locate(SHIPPED_MODEL)
NESTED = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the model that ships with the package."""
    shutil.copytree(BASE, tmp_path / "model")
    return tmp_path / "model"


def _config(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def _template(source: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "chat_template.jinja").write_text(source) and None


def _weights(content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "model.safetensors"
        path.write_bytes(content(path.read_bytes()))

    return change


def _pickle_alone(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def _shards(name: str) -> Callable[[Path], None]:
    """Name a file in the index of a model in several files, beside a sound one that is not named."""

    def change(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "decoy.safetensors")
        (folder / "evil.bin").write_bytes(b"\x80\x04.")
        index = {"metadata": {}, "weight_map": {"a": name}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    return change


def _pipe(name: str) -> Callable[[Path], None]:
    return lambda folder: os.mkfifo(folder / name)


def _claim(folder: Path) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))


def _text(name: str, content: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(content) and None


def _tokenizer(**parts: Any) -> Callable[[Path], None]:
    """Replace parts of the tokenizer."""

    def change(folder: Path) -> None:
        path = folder / "tokenizer.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | parts))

    return change


def _replacing(pattern: str, content: str, times: int = 1) -> dict[str, Any]:
    """Return a normalizer that replaces a text, so many times."""
    replace = {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}
    return {"type": "Sequence", "normalizers": [replace] * times}


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut": (_weights(lambda content: content[:-1]), r"model\.safetensors: has [\d,]+ bytes, its header promises"),
    "longer": (_weights(lambda content: content + b"x"), r"model\.safetensors: has [\d,]+ bytes, its header promises"),
    "empty": (_weights(lambda content: b""), "the file is torn"),
    "long header": (_weights(lambda content: struct.pack("<Q", 2**60) + content[8:]), "the file is torn"),
    "no header": (_weights(lambda content: struct.pack("<Q", 8) + b"nonsense"), "the header is not JSON"),
    "shapeless": (_weights(lambda content: struct.pack("<Q", 9) + b'{"a": {}}'), "the tensor 'a' has no shape"),
    "pickle": (_pickle_alone, "no safetensors weights in it; pytorch_model.bin is not read, because it could run code"),
    "layers": (_config(num_hidden_layers=10**7), "10,000,000 layers, but the files hold"),
    "width": (_config(hidden_size=2**40), "more embeddings"),
    "text": (_config(hidden_size="x"), "hidden_size: expected a positive whole number, got 'x'"),
    "zero heads": (_config(num_attention_heads=0), "num_attention_heads: expected a positive whole number, got 0"),
    "part": (_config(text_config={"num_hidden_layers": -1}), "text_config: num_hidden_layers: expected a positive"),
    "config": (_text("config.json", "[]"), "config.json: expected a JSON object, got list"),
    "deep": (_text("config.json", "[" * 100_000), "config.json: not JSON"),
    "tokenizer": (_text("tokenizer.json", "nonsense"), "tokenizer.json: not JSON"),
    "pickle in the index": (
        _shards("evil.bin"),
        r"index\.json: names 'evil\.bin', which is no safetensors file of the folder",
    ),
    "outside": (_shards("../model/decoy.safetensors"), r"index\.json: names '\.\./model/decoy"),
    "no index": (_text("model.safetensors.index.json", '{"weight_map": []}'), "weight_map: expected names of files"),
    "named weights": (
        _config(transformers_weights="adapter_model.bin"),
        "transformers_weights: names 'adapter_model.bin'",
    ),
    "adapter": (
        _text("adapter_config.json", "{}"),
        "adapter_config.json: an adapter is not read; merge it into the weights",
    ),
    "code of the hub": (
        _config(attn_implementation="someone/kernel"),
        "attn_implementation: names code, 'someone/kernel'",
    ),
    "code for a part": (
        _config(text_config={"_experts_implementation": "someone/kernel@1"}),
        "text_config: _experts_implementation: names code, 'someone/kernel@1'",
    ),
    "pipe": (_pipe("other.safetensors"), "other.safetensors: expected a file, got a pipe"),
    "pipe of a template": (_pipe("other.jinja"), "other.jinja: expected a file, got a pipe"),
    "claim": (_claim, "the tensor 'a' has more values than its bytes can hold"),
    "inner width": (
        _config(intermediate_size=10**9),
        "intermediate_size: 1,000,000,000 is more than the files can hold",
    ),
    "positions": (_config(n_positions=10**9), "n_positions: 1,000,000,000 is more than the files can hold"),
    "in replies alone": (
        _template("{% if messages|length > 1 %}{{ 'x' * 9999999 }}{% endif %}"),
        "the chat template: makes 9,999,999 characters",
    ),
    "without a prompt": (
        _template("{% if not add_generation_prompt %}{{ 'x' * 9999999 }}{% endif %}"),
        "the chat template: makes 9,999,999 characters",
    ),
    "escape": (
        _template("{{ ().__class__.__base__.__subclasses__() }}"),
        "the chat template: does what templates may not",
    ),
    "power": (_template("{{ 9**(9**9) }}"), "the chat template: its first use took too long or too much memory"),
    "nested": (_template(NESTED), "the chat template: "),
    "memory": (_template("{{ 'x' * 9999999999 }}"), "the chat template: takes too much: MemoryError"),
    "regular expression": (
        _tokenizer(normalizer=_replacing("(a+)+$b", "")),
        "tokenizer.json: does not encode a short text: Onig: Regex search error: retry-limit-in-match over",
    ),
    "many tokens": (
        _tokenizer(normalizer=_replacing("a", "a" * 10_000)),
        r"tokenizer.json: makes [\d,]+ tokens of \d+ characters",
    ),
    "growing text": (
        _tokenizer(normalizer=_replacing("a", "aaaaaaaa", 12)),
        "tokenizer.json: its first use took too long or too much memory",
    ),
    "long": (_template("{{ 'x' * 9999999 }}"), "the chat template: makes 9,999,999 characters"),
}
SLOW = ("power", "nested", "growing text")
"""Those that are ended after seconds of computing."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in FAULTS]
)
def test_a_hostile_folder_is_refused_in_one_line_that_names_it(name: str, folder: Path) -> None:
    damage, message = FAULTS[name]
    damage(folder)
    with pytest.raises(InputError, match=message) as error:
        check_folder(folder)
    assert str(error.value).startswith(f"{folder}: cannot be loaded: ")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


def test_a_sound_folder_passes_and_so_does_a_template_with_a_complaint_of_its_own(folder: Path) -> None:
    assert locate(str(folder)) == folder
    (folder / "chat_template.jinja").write_text("{{ raise_exception('a system message is needed') }}")
    check_folder(folder)
    (folder / "chat_template.jinja").unlink()
    check_folder(folder)


def test_a_template_in_the_tokenizers_own_file_is_rendered_too(folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    escape = {"chat_template": [{"name": "default", "template": "{{ messages.__class__.mro() }}"}]}
    path.write_text(json.dumps(json.loads(path.read_text()) | escape))
    with pytest.raises(InputError, match="does what templates may not"):
        check_folder(folder)


def test_the_code_that_a_folder_brings_is_never_run(folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    (folder / "modeling_own.py").write_text(f"open({str(marker)!r}, 'w')")
    _config(model_type="own", auto_map={"AutoModelForCausalLM": "modeling_own.Own", "AutoConfig": "modeling_own.Own"})(
        folder
    )
    with pytest.raises(InputError, match="cannot be loaded") as error:
        load_engine("transformers", folder)
    assert "\n" not in str(error.value)
    assert not marker.exists()


def test_whatever_a_library_raises_is_one_line(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match=f"{folder}: cannot be loaded: ") as error:
        load_engine("transformers", folder)
    assert "\n" not in str(error.value)


def test_weights_that_are_no_numbers_are_refused_by_name(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-4:] = struct.pack("<f", float("nan"))
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be loaded: the weights [\w.]+ hold NaN or infinity"):
        load_engine("transformers", folder)
