"""What runs in the processes that `traceinv.launch` starts: `accelerate launch`, and under it one process for each device.

python -m traceinv.launched launch PARENT FOLDER THREADS
python -m traceinv.launched train PARENT FOLDER
"""

import os
import sys
from dataclasses import asdict
from pathlib import Path

from traceinv.processes import end_with_parent, print_to


def main(arguments: list[str]) -> None:
    """Do what the first argument says, and end with the parent that the second names."""
    role, parent, folder, *others = arguments
    end_with_parent(int(parent))
    if role == "launch":
        _launch(Path(folder), *others)
    else:
        _train(Path(folder))


def _launch(folder: Path, threads: str) -> None:
    """Run `accelerate launch`; where a process fails, leave which failed first, and how."""
    from traceinv.launch import LAUNCHER, Files

    files = Files(folder)
    print_to(files.printed(LAUNCHER))

    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    options = ["--config_file", str(files.accelerate), "--num_cpu_threads_per_process", threads]
    trained = ["--module", "traceinv.launched", "train", str(os.getpid()), str(folder)]
    try:
        launch_command(launch_command_parser().parse_args([*options, *trained]))
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        files.write(files.failure, {"rank": rank, "exit_code": failure.exitcode})
        sys.exit(1)


def _train(folder: Path) -> None:
    """Train as one of several processes; the first one reports."""
    from traceinv.launch import ERRORS, Files, Task

    files, rank = Files(folder), int(os.environ["RANK"])
    print_to(files.printed(str(rank)))

    import torch
    from accelerate import PartialState

    from traceinv.training import load_and_train

    state = PartialState(cpu=not torch.accelerator.is_available())  # weights may be loaded by the first process alone
    task = Task.model_validate_json(files.task.read_text(encoding="utf-8"))
    report = None if rank else lambda share: files.write(files.share, share)
    try:
        log = load_and_train(task, files.read_rows(), report)
    except tuple(ERRORS.values()) as error:
        files.write(files.error(rank), {"kind": type(error).__name__, "message": str(error)})
        raise
    if not rank:
        files.write(files.log, asdict(log))
    state.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
