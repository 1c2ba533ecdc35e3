"""What a recipe states about a model's dialect goes with the model's folder, and the folder that it came from stays as it was."""

from pathlib import Path

import pytest
from templates import TEMPLATES, with_template

from harness.stages.stated_model import Params, stated_model
from traceinv.dialect import StatedDialect, load_tokenizer, read_dialect
from traceinv.digests import digest_file
from traceinv.errors import GateError
from traceinv.lab.models import BASE
from traceinv.progress import silent


def _model(folder: Path) -> Path:
    from transformers import AutoTokenizer

    folder.mkdir()
    for path in BASE.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    with_template(AutoTokenizer.from_pretrained(BASE), TEMPLATES["a date"]).save_pretrained(folder)
    return folder


def test_what_is_stated_is_read_back_from_the_folder(tmp_path: Path) -> None:
    base, out = _model(tmp_path / "base"), tmp_path / "out"
    out.mkdir()
    before = {path.name: digest_file(path) for path in base.iterdir()}
    stated = StatedDialect.model_validate({"open": "<t>", "close": "</t>", "today": "2025-05-05"})
    log = stated_model.run(Params(dialect=stated), {"base": base}, out, silent)
    dialect = read_dialect(load_tokenizer(out))
    assert (dialect.opening, dialect.closing) == ("<t>", "</t>")
    assert log["dialect"] == dialect.describe()
    assert "05 May 2025" in str(load_tokenizer(out).chat_template)
    assert {path.name: digest_file(path) for path in base.iterdir()} == before
    assert digest_file(out / "model.safetensors") == before["model.safetensors"]


def test_what_does_not_fit_the_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    stated = Params(dialect=StatedDialect(end="<|nowhere|>"))
    with pytest.raises(GateError, match=r"end '<\|nowhere\|>' is not a special token"):
        stated_model.run(stated, {"base": BASE}, tmp_path / "out", silent)
