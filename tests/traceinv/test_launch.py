"""Training on two devices of this machine, its processors: the same losses and weights as on one, whatever is killed."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from processes import GONE_SECONDS, POLL_SECONDS

from traceinv.devices import AccelerateConfig, choose
from traceinv.errors import InputError
from traceinv.lab.models import BASE, true_examples
from traceinv.lora import Lora
from traceinv.training import fine_tune
from traceinv.training_config import TrainingConfig

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ROWS = 29
"""The last step of an epoch has a single row, so that one of two processes has none."""
CONFIG = TrainingConfig(epochs=6, learning_rate=2e-4, batch_size=4, max_tokens=512, batch_tokens=200)
DDP = AccelerateConfig.model_validate({"distributed_type": "MULTI_CPU", "num_processes": 2})
FSDP = AccelerateConfig.model_validate(
    {
        "distributed_type": "FSDP",
        "num_processes": 2,
        "fsdp_config": {"fsdp_version": 2, "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP"},
    }
)
KINDS = {"ddp": DDP, "fsdp": FSDP}
CHILD = """
import os, signal, sys
from pathlib import Path
from processes import descendants
from traceinv.devices import AccelerateConfig, choose
from traceinv.lab.models import BASE, true_examples
from traceinv.training import fine_tune
from traceinv.training_config import TrainingConfig

out, victim, killed = Path(sys.argv[1]), sys.argv[4], []
choose(AccelerateConfig.model_validate_json(sys.argv[2]))

def trains(process):
    try:
        return b"traceinv.launched\\0train" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False

def report(share):
    if not killed and list(out.glob("checkpoints/*/complete.json")):
        killed.extend(process for process in descendants(os.getpid()) if trains(process))
        os.kill(os.getpid() if victim == "all" else killed[0], signal.SIGKILL)

try:
    config = TrainingConfig.model_validate_json(sys.argv[3])
    fine_tune(BASE, true_examples("target_train", 10, (2, 4), 0)[:ROWS], config, 7, out, report)
except ChildProcessError as error:
    sys.exit(str(error))
""".replace("ROWS", str(ROWS))


@dataclass(frozen=True)
class Trained:
    """A trained model and its log."""

    out: Path
    log: dict[str, Any]

    def differs_from(self, other: "Trained") -> float:
        """Return the largest difference of a weight; the models have the same tensors."""
        from safetensors.torch import load_file

        ours, theirs = (load_file(each.out / "model.safetensors") for each in (self, other))
        assert {name: (t.shape, t.dtype) for name, t in ours.items()} == {
            name: (t.shape, t.dtype) for name, t in theirs.items()
        }
        return max((ours[name] - theirs[name]).abs().max().item() for name in ours)


def _train(
    out: Path, accelerate: AccelerateConfig | None, config: TrainingConfig = CONFIG, base: Path = BASE
) -> Trained:
    choose(accelerate)
    try:
        log = fine_tune(base, true_examples("target_train", 10, (2, 4), 0)[:ROWS], config, 7, out)
    finally:
        choose(None)
    return Trained(out, log)


def _losses(log: dict[str, Any]) -> list[float]:
    return [loss for _, loss in log["losses"]]


def _wait_until_gone(out: Path) -> None:
    """Wait until no process is left of a training into a folder; all of them name it."""
    deadline = time.monotonic() + GONE_SECONDS
    while left := [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if str(out) in _text(path)]:
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(POLL_SECONDS)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return _train(tmp_path_factory.mktemp("one") / "out", None)


@pytest.fixture(scope="module", params=KINDS)
def spread(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Trained]:
    return request.param, _train(tmp_path_factory.mktemp(request.param) / "out", KINDS[request.param])


def test_two_devices_train_as_one_does_and_go_on_where_they_were_killed(
    one: Trained, spread: tuple[str, Trained], tmp_path: Path
) -> None:
    """Kill one process of DDP, which fails the training, and all that belong to one with FSDP."""
    kind, whole = spread
    assert whole.log["steps"] == one.log["steps"] == 48
    assert _losses(whole.log) == pytest.approx(_losses(one.log), abs=1e-4)
    assert whole.differs_from(one) < 1e-4
    assert sorted(path.name for path in whole.out.iterdir()) == sorted(path.name for path in one.out.iterdir())
    for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
        assert (whole.out / name).read_bytes() == (one.out / name).read_bytes()

    out, config = tmp_path / "killed", CONFIG.model_copy(update={"save_every": 3})
    victim = "rank" if kind == "ddp" else "all"
    command = [sys.executable, "-c", CHILD, str(out), KINDS[kind].model_dump_json(), config.model_dump_json(), victim]
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "helpers")])
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    _wait_until_gone(out)
    assert done.returncode == (1 if victim == "rank" else -9), done.stderr
    if victim == "rank":
        assert re.search("training process [01] of 2 was killed by SIGKILL; it printed last: ", done.stderr)
    assert not (out / "model.safetensors").exists()

    for other, said in ((None, "one device"), (FSDP if kind == "ddp" else DDP, "2 devices")):
        with pytest.raises(
            InputError, match=f"saved by a training on 2 devices.* and this one is on {said}"
        ) as refused:
            _train(out, other, config)
        assert "\n" not in str(refused.value)

    resumed = _train(out, KINDS[kind], config)
    assert resumed.log["resumed"] >= 3
    assert _losses(resumed.log) == pytest.approx(_losses(whole.log), abs=1e-6)
    assert resumed.differs_from(whole) < 1e-6


def test_low_rank_changes_are_trained_on_two_devices(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"lora": Lora(rank=4), "epochs": 3})
    alone, together = _train(tmp_path / "one", None, config), _train(tmp_path / "two", DDP, config)
    assert _losses(together.log) == pytest.approx(_losses(alone.log), abs=1e-4)
    assert together.differs_from(alone) < 1e-4


def test_the_error_of_a_process_is_that_of_the_training(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path / "base")
    (tmp_path / "base" / "model.safetensors").write_bytes(b"no weights")
    said = r"training process [01] of 2 ended with exit code 1; it printed last: .*Error"
    with pytest.raises(ChildProcessError, match=said):
        _train(tmp_path / "out", DDP, base=tmp_path / "base")
    _wait_until_gone(tmp_path / "out")
    json.dumps(_train(tmp_path / "out", DDP, CONFIG.model_copy(update={"epochs": 0.2})).log)
