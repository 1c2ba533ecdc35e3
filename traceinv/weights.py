"""Check the folder of a model of others before a library builds anything from it.

Weights are read from safetensors alone, sizes are those that the files have, and chat template and tokenizer are first used in a
process with little time and memory. What passes may still fail to load; it cannot run code, fill the memory or hang.
"""

import json
import math
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from traceinv.errors import InputError

MAX_JSON_BYTES = 512 * 1024**2
"""The largest tokenizer.json in use has 35 MB."""
MAX_HEADER_BYTES = 100_000_000
"""The limit of the safetensors format itself."""
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
WIDTHS = ("hidden_size", "n_embd", "d_model")
HEADS = ("num_attention_heads", "n_head", "num_heads")
VOCABULARY = "vocab_size"
LENGTHS = ("_size", "_dim", "_inner", "_rank", "_experts", "_positions", "position_embeddings")
"""How the names of numbers end that some weights have as many rows of."""
CODE = ("attn_implementation", "experts_implementation")
"""How the names of settings end that may name a repository of the hub with code in it."""
AUTO_MAP, OTHER_REPOSITORY = "auto_map", "--"
"""The setting that names Python code, and what stands in it between another repository and its file."""
NAMED_WEIGHTS = "transformers_weights"
INDEX = ".safetensors.index.json"
ADAPTER = "adapter_config.json"
VALUES_A_BYTE = 2
"""The smallest numbers of the safetensors format have four bits."""
SLACK = 64
"""Quantized weights pack several values into one; no format packs more."""
PROBE_SECONDS = 300.0
"""Wall-clock limit of the first use of templates and tokenizer; that of computing is shorter, see `folder_probe`."""
PROBE = Path(__file__).with_name("folder_probe.py")


def check_folder(folder: Path, trust_remote_code: bool = False) -> None:
    """Check a model's folder.

    Args:
        trust_remote_code: whether its own Python code may be run; that of other repositories never.

    Raises:
        InputError: it holds no safetensors weights, a file is torn, sizes cannot be true, or its chat template or tokenizer does
            not end; one line that names the folder.
    """
    try:
        _check_entries(folder)
        config = _json(folder / "config.json")
        _check_settings(config, "config.json")
        if trust_remote_code:
            _check_code(folder)
        files = sorted(folder.glob("*.safetensors"))
        if not files:
            pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
            others = f"; {pickles[0]} is not read, because it could run code" if pickles else ""
            raise ValueError(f"no safetensors weights in it{others}")
        _check_names(folder, config)
        tensors = [shape for file in files for shape in _tensors(file)]
        _check_sizes(config, tensors)
        for name in ("generation_config.json", "tokenizer_config.json", "tokenizer.json"):
            if (folder / name).exists():
                _json(folder / name)
        _check_first_use(folder.resolve())
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{folder}: cannot be loaded: {' '.join(reason.split())}") from None


def check_finite(model: Any, name: str | Path) -> None:
    """Check that the weights of a model that was built are numbers: with others, every answer is wrong without a word.

    Raises:
        InputError: a tensor holds NaN or infinity; the message names model and tensor.
    """
    for tensor, values in model.named_parameters():
        if values.is_floating_point() and not bool(values.isfinite().all()):
            raise InputError(f"{name}: cannot be loaded: the weights {tensor} hold NaN or infinity")


def _json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a model's folder.

    Raises:
        ValueError: it is none.
    """
    if not path.is_file():
        raise ValueError(f"{path.name}: no such file")
    if path.stat().st_size > MAX_JSON_BYTES:
        raise ValueError(f"{path.name}: has more than {MAX_JSON_BYTES / 1e6:.0f} MB")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name}: not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path.name}: expected a JSON object, got {type(content).__name__}")
    return content


def _check_entries(folder: Path) -> None:
    """Check that what a library may open is a file, and that nothing changes the weights after they are read."""
    for path in (*folder.iterdir(), *folder.glob("*/*.jinja")):
        mode = path.stat().st_mode if path.exists() else 0
        if mode and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ValueError(f"{path.name}: expected a file, got {'a pipe' if stat.S_ISFIFO(mode) else 'a device'}")
    if (folder / ADAPTER).exists():
        raise ValueError(f"{ADAPTER}: an adapter is not read; merge it into the weights")


def _check_names(folder: Path, config: dict[str, Any]) -> None:
    """Check that indexes and configuration name only safetensors files of this folder as weights.

    A library would load any other file that they name, also a pickle, and also one that was not checked.
    """
    own = {path.name for path in folder.glob("*.safetensors")}
    for path in folder.glob(f"*{INDEX}"):
        named = _json(path).get("weight_map")
        if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
            raise ValueError(f"{path.name}: weight_map: expected names of files")
        for name in sorted({*named.values()} - own)[:1]:
            raise ValueError(f"{path.name}: names {name!r:.80}, which is no safetensors file of the folder")
    wanted = config.get(NAMED_WEIGHTS)
    if wanted is not None and wanted not in own | {path.name for path in folder.glob(f"*{INDEX}")}:
        raise ValueError(f"config.json: {NAMED_WEIGHTS}: names {wanted!r:.80}, which are no safetensors of the folder")


def _tensors(file: Path) -> Iterator[list[int]]:
    """Yield the shape of each tensor of a safetensors file, by its header alone.

    Raises:
        ValueError: the header is torn, or the file does not have the bytes that it promises.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        header, start = _header(opened, file.name, size)
    end = start
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        shape, offsets = (_sizes(entry, key) for key in ("shape", "data_offsets"))
        if shape is None or offsets is None or len(offsets) != 2 or offsets[0] > offsets[1]:
            raise ValueError(f"{file.name}: the tensor {name!r:.80} has no shape or no place")
        if math.prod(shape) > VALUES_A_BYTE * (offsets[1] - offsets[0]):
            raise ValueError(f"{file.name}: the tensor {name!r:.80} has more values than its bytes can hold")
        end = max(end, start + offsets[1])
        yield shape
    if end != size:
        raise ValueError(f"{file.name}: has {size:,} bytes, its header promises {end:,}")


def _header(opened: BinaryIO, name: str, size: int) -> tuple[dict[str, Any], int]:
    """Return the header of a safetensors file and the place where its tensors begin."""
    length = int.from_bytes(opened.read(8), "little")
    if size < 8 or length > min(size - 8, MAX_HEADER_BYTES):
        raise ValueError(f"{name}: the file is torn: its header would have {length:,} of {size:,} bytes")
    try:
        header = json.loads(opened.read(length))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: the header is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise ValueError(f"{name}: the header is no JSON object")
    return header, 8 + length


def _sizes(entry: Any, key: str) -> list[int] | None:
    """Return an entry's list of whole numbers from 0; None where it has none."""
    value = entry.get(key) if isinstance(entry, dict) else None
    return value if isinstance(value, list) and all(type(n) is int and n >= 0 for n in value) else None


def _check_settings(config: Any, where: str) -> None:
    """Check that the sizes of a configuration, and those of its parts, are positive whole numbers, and that it names no code."""
    for key, value in config.items():
        if key.endswith(CODE) and "/" in json.dumps(value):
            raise ValueError(f"{where}: {key}: names code, {value!r:.80}")
        if isinstance(value, dict):
            _check_settings(value, f"{where}: {key}")
        elif key in (*LAYERS, *WIDTHS, *HEADS, VOCABULARY) and value is not None:
            if type(value) is int and value > 0:
                continue
            # a few multimodal models give a list, one number for each stage
            if not (isinstance(value, list) and value and all(type(n) is int and n > 0 for n in value)):
                raise ValueError(f"{where}: {key}: expected a positive whole number, got {value!r:.60}")


def _check_code(folder: Path) -> None:
    """Check that a folder names only code of its own: a library would download and run that of another repository."""
    for path in sorted(folder.glob("*.json")):
        content = _json(path) if path.name.endswith("config.json") else {}
        if OTHER_REPOSITORY in json.dumps(content.get(AUTO_MAP)):
            raise ValueError(f"{path.name}: {AUTO_MAP}: names code of another repository; expected its own files")


def _check_sizes(config: dict[str, Any], tensors: list[list[int]]) -> None:
    """Compare the sizes that a model would be built with and those of its files.

    A layer has at least one tensor, and the embeddings have a row for each token.
    """
    values = SLACK * sum(map(math.prod, tensors))
    for part in _parts(config):
        layers, width = (
            next((part[key] for key in keys if type(part.get(key)) is int), 1) for keys in (LAYERS, WIDTHS)
        )
        if layers > len(tensors):
            raise ValueError(f"config.json: {layers:,} layers, but the files hold {len(tensors):,} tensors")
        vocabulary = part.get(VOCABULARY)
        if width * (vocabulary if type(vocabulary) is int else 1) > values:
            raise ValueError(f"config.json: more embeddings ({vocabulary} x {width:,}) than the files can hold")
        for key, length in part.items():
            if key.endswith(LENGTHS) and type(length) is int and length * width > values:
                raise ValueError(f"config.json: {key}: {length:,} is more than the files can hold")


def _parts(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a configuration, and those of a multimodal model's parts."""
    yield config
    for value in config.values():
        if isinstance(value, dict):
            yield from _parts(value)


def _check_first_use(folder: Path) -> None:
    files = [
        *(folder / name for name in ("tokenizer_config.json", "tokenizer.json")),
        *folder.glob("*chat_template*"),
        *folder.glob("*/*.jinja"),
    ]
    state = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files if path.is_file())
    if fault := _first_use_fault(folder, state):
        raise ValueError(fault)


@cache
def _first_use_fault(folder: Path, state: tuple[Any, ...]) -> str | None:
    """Try a folder's chat templates and tokenizer in another process; return what is wrong, or None where they work.

    Args:
        state: of the files that they stand in: other files are tried again.
    """
    command = [sys.executable, "-P", str(PROBE), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired as error:
        return f"{_last_line(error.stdout)}: its first use took more than {PROBE_SECONDS:.0f} s"
    if done.returncode < 0:
        return f"{_last_line(done.stdout)}: its first use took too long or too much memory"
    return _last_line(done.stdout) if done.returncode else None


def _last_line(output: str | bytes | None) -> str:
    """Return the last line that the probe printed: the part that it was at, or what is wrong with it."""
    text = output.decode(errors="replace") if isinstance(output, bytes) else output or ""
    return (text.splitlines() or ["chat template and tokenizer cannot be tried"])[-1][:300]
