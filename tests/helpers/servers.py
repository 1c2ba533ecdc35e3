"""Start the servers of other projects on this machine, where they are installed."""

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from processes import kill_tree

STARTS_WITHIN = 600.0
"""Seconds; vLLM takes half a minute on an idle machine of two cores."""
_VLLM = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_NO_USAGE_STATS": "1"}


def program(name: str, variable: str) -> str | None:
    """Return the path of a program: what an environment variable says, or the one on the path; None where there is none."""
    return os.environ.get(variable) or shutil.which(name)


@contextmanager
def serving_vllm(vllm: str, model: Path, name: str, log: Path) -> Iterator[str]:
    """Serve a model with vLLM, which takes its reasoning apart; yield the base URL."""
    options = ["--served-model-name", name, "--enforce-eager", "--dtype", "float32", "--max-num-seqs", "8"]
    command = [vllm, "serve", str(model), *options, "--reasoning-parser", "deepseek_r1"]
    with _serving(command, log, _VLLM) as url:
        yield url


@contextmanager
def serving_transformers(transformers: str, model: Path, log: Path) -> Iterator[str]:
    """Serve a model with transformers' own server, which knows it by its path; yield the base URL."""
    with _serving([transformers, "serve", str(model), "--device", "cpu", "--dtype", "float32"], log, {}) as url:
        yield url


@contextmanager
def _serving(command: Sequence[str], log: Path, environment: dict[str, str]) -> Iterator[str]:
    """Start a server and wait until it says that it is well; end it and all that it started at the end.

    Raises:
        RuntimeError: it ended, or was not well in time; the message has the end of its log.
    """
    port = _free_port()
    # These programs run in environments of their own, which must not see this one's.
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=own | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"} | environment,
        )
    try:
        _wait_until_well(process, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        kill_tree(process)


def _wait_until_well(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310  a server of this machine
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise RuntimeError(f"{process.args!r} serves nothing: {log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
