"""A Slurm cluster of this machine alone: munged, slurmctld and slurmd of Debian's packages `slurm-wlm` and `munge`.

python tests/helpers/slurm.py FOLDER          # prints the line that makes it the shell's cluster; ends with Ctrl-C
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
START_SECONDS = 60.0
CONFIGURATION = """
ClusterName=traceinv
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """List what this machine lacks for a cluster; root starts its daemons."""
    daemons = [name for name in DAEMONS if _find(name) is None]
    return daemons + ([] if os.geteuid() == 0 else ["root"])


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Start a cluster of one node; return the variables that make it the cluster of a process."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o600)
    host = socket.gethostname().partition(".")[0]
    configuration = folder / "slurm.conf"
    configuration.write_text(CONFIGURATION.format(host=host, folder=folder, ports=_free_ports(2), cpus=os.cpu_count()))
    variables = {"SLURM_CONF": str(configuration)}
    places = [f"--{name}={folder}/munge.{ending}" for name, ending in (("socket", "socket"), ("pid-file", "pid"))]
    seeds = [f"--{name}={folder}/munge.{name}" for name in ("seed-file", "log-file")]
    commands = (
        ["munged", "--foreground", "--force", f"--key-file={key}", *places, *seeds],
        ["slurmctld", "-D", "-f", str(configuration)],
        ["slurmd", "-D", "-f", str(configuration)],
    )
    with contextlib.ExitStack() as stack:
        for command in commands:
            stack.enter_context(_daemon(command, folder / f"{command[0]}.log"))
            if command[0] == "munged":
                _wait(lambda: (folder / "munge.socket").exists(), folder / "munged.log")
        _wait(lambda: _is_idle(variables), folder / "slurmctld.log")
        yield variables


@contextlib.contextmanager
def _daemon(command: Sequence[str], log: Path) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen([_find(command[0]) or command[0], *command[1:]], stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _is_idle(variables: dict[str, str]) -> bool:
    shown = subprocess.run(
        ["sinfo", "--noheader", "--format=%t"], env={**os.environ, **variables}, capture_output=True, text=True
    )
    return shown.stdout.strip() == "idle"


def _wait(is_ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{log.name}: {log.read_text()[-2000:]}")
        time.sleep(0.2)


def _find(daemon: str) -> str | None:
    return shutil.which(daemon, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def main() -> int:
    """Start a cluster and keep it until Ctrl-C or a signal to end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with cluster(Path(sys.argv[1]).resolve()) as variables, contextlib.suppress(KeyboardInterrupt):
        print(*(f"export {name}={value}" for name, value in variables.items()), flush=True)
        while True:
            time.sleep(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
