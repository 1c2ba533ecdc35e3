"""Where the weights of a model lie."""

from pathlib import Path

from traceinv.errors import InputError
from traceinv.weights import check_folder

SHIPPED_MODEL = "lab-base"
"""The name of the model that ships with the package, the base of the lab's models."""


def locate(name: str) -> Path:
    """Return the folder of a model.

    Raises:
        InputError: there is no such folder, it holds no model, or nothing may be built from it.
    """
    if name == SHIPPED_MODEL:
        return Path(__file__).parent / "lab" / "base"
    path = Path(name)
    if not path.is_dir():
        raise InputError(
            f"model {name!r}: no such folder; expected a folder with weights and tokenizer, or {SHIPPED_MODEL!r}"
        )
    if not (path / "config.json").is_file():
        raise InputError(f"model {name!r}: no config.json in it; expected a folder with weights and tokenizer")
    check_folder(path)
    return path
