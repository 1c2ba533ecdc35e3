"""How the lab's base is made: rounds may be run at once, or each from the saved weights of the one before."""

from pathlib import Path

import pytest
from safetensors.torch import load_file

from traceinv.errors import InputError
from traceinv.lab.pretraining import PretrainConfig, pretrain
from traceinv.lab.pretraining_rows import Mixture

TWO = PretrainConfig(
    hidden=16,
    intermediate=16,
    heads=2,
    rounds=(Mixture(rows=40), Mixture(rows=40, reading_share=0.5, private_read=0.5)),
)
ONE = TWO.model_copy(update={"rounds": TWO.rounds[:1]})


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    pretrain(ONE, folder)
    return folder


def test_a_round_from_saved_weights_gives_the_weights_of_rounds_in_one_go(first: Path, tmp_path: Path) -> None:
    pretrain(TWO, tmp_path / "both")
    logs = pretrain(TWO, tmp_path / "second", start=first)
    assert len(logs) == 1
    together, apart = (load_file(tmp_path / name / "model.safetensors") for name in ("both", "second"))
    assert together.keys() == apart.keys()
    assert all(bool((together[name] == apart[name]).all()) for name in together)
    assert (tmp_path / "both" / "recipe.json").read_bytes() == (tmp_path / "second" / "recipe.json").read_bytes()


def test_a_base_of_other_rounds_is_refused(first: Path, tmp_path: Path) -> None:
    for config in (ONE, TWO.model_copy(update={"seed": 1})):
        with pytest.raises(InputError, match="expected a base of the first rounds"):
            pretrain(config, tmp_path, start=first)
    with pytest.raises(InputError, match=r"expected a base of the lab with its recipe\.json"):
        pretrain(TWO, tmp_path, start=tmp_path / "absent")
