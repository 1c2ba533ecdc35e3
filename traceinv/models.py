"""Where the weights of a model lie."""

import re
from collections.abc import Sequence
from pathlib import Path

from traceinv.errors import InputError
from traceinv.hub import is_offline
from traceinv.weights import check_folder

SHIPPED_MODEL = "lab-base"
"""The name of the model that ships with the package, the base of the lab's models."""


HUB_ID = re.compile(r"(?P<repository>[A-Za-z0-9][\w.-]*/[\w.-]+)(?:@(?P<revision>[\w.-]+))?")
FILES = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt")
"""What is downloaded of a repository: weights as safetensors, tokenizer and configuration, and no pickles."""
CODE = "*.py"


def locate(name: str, trust_remote_code: bool = False) -> Path:
    """Return the folder of a model.

    Args:
        name: a folder, the shipped model's name, or a repository of the Hugging Face hub with or without a revision
            (`ORG/NAME@REVISION`), which is downloaded into the hub's cache. Keys of artifacts are made of the folder's contents.
        trust_remote_code: whether Python code in it may be run; otherwise it is not even downloaded.

    Raises:
        InputError: there is no such folder or repository, it holds no model, or nothing may be built from it.
    """
    if name == SHIPPED_MODEL:
        return Path(__file__).parent / "lab" / "base"
    path = Path(name) if Path(name).is_dir() else _download(name, (*FILES, CODE) if trust_remote_code else FILES)
    if not (path / "config.json").is_file():
        raise InputError(f"model {name!r}: no config.json in it; expected a folder with weights and tokenizer")
    check_folder(path, trust_remote_code)
    return path


def _download(name: str, files: Sequence[str]) -> Path:
    """Return the folder of a repository in the hub's cache.

    Args:
        files: patterns of those to download.

    Raises:
        InputError: the name is none of a repository, or the hub does not give it.
    """
    wanted = HUB_ID.fullmatch(name)
    expected = f"expected a folder with weights and tokenizer, or {SHIPPED_MODEL!r}"
    if wanted is None:
        raise InputError(f"model {name!r}: no such folder; {expected}")
    offline = is_offline()
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(
            wanted["repository"], revision=wanted["revision"], allow_patterns=list(files), local_files_only=offline
        )
    except (OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        if offline:
            reason = "the hub does not answer, or HF_HUB_OFFLINE is set, and it is not in its cache"
        raise InputError(f"model {name!r}: no such folder, and none of the hub's ({reason}); {expected}") from None
    return Path(folder)
