"""Data of the Hugging Face hub, at the revision that a task pins."""

from pathlib import Path
from typing import Any

from harness.benchmarks.source import Source
from traceinv.errors import InputError
from traceinv.hub import OFFLINE_VARIABLE, is_offline


def load_split(source: Source, name: str) -> Any:
    """Load a split of a repository as a sequence of rows.

    Raises:
        InputError: the hub cannot be reached or has no such split; the message says how to get the data.
    """
    offline = is_offline()
    from datasets import load_dataset

    try:
        return load_dataset(source.hub, source.config, split=source.split, revision=source.revision)
    except (OSError, ValueError) as error:
        raise _unreachable(source, name, error, offline) from None


def download(source: Source, name: str, file: str) -> Path:
    """Download one file of a repository, unless it is in the hub's cache.

    Raises:
        InputError: the hub cannot be reached or has no such file; the message says how to get the data.
    """
    offline = is_offline()
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(source.hub or "", file, repo_type="dataset", revision=source.revision))
    except (OSError, ValueError) as error:
        raise _unreachable(source, name, error, offline) from None


def _unreachable(source: Source, name: str, error: Exception, offline: bool) -> InputError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    if offline:
        reason = f"it does not answer, or {OFFLINE_VARIABLE} is set, and the data is not in its cache"
    return InputError(
        f"task {name}: {source.hub} cannot be loaded from the hub ({reason}), and there is no --data-dir with"
        f" {' or '.join(source.files)}. {how_to_get(source)}"
    )


def how_to_get(source: Source) -> str:
    """Return the command that makes a file for `--data-dir`, on a machine that reaches the hub."""
    if source.hub_files:
        files = " ".join(source.hub_files)
        return f"To get it: hf download {source.hub} {files} --repo-type dataset --revision {source.revision} --local-dir DIR"
    config = f"{source.config!r}, " if source.config else ""
    return (
        'To get it, on a machine that reaches the hub: python -c "from datasets import load_dataset;'
        f" load_dataset({source.hub!r}, {config}split={source.split!r}, revision={source.revision!r})"
        f".to_json('DIR/{source.files[0]}')\""
    )
