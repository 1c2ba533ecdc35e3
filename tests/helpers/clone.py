"""A fresh clone of this checkout, with an environment of its own."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = "#!/bin/sh\nexec '{python}' -c 'import sys; from {module} import main; sys.exit(main())' \"$@\"\n"
SCRIPTS = {"traceinv": "harness.cli"}
IDENTITY = ("-c", "user.name=tests", "-c", "user.email=tests@example.invalid")


def clone(folder: Path) -> Path:
    """Copy what git has of this checkout, edits and new files included, into a folder, and commit it; return the folder."""
    for name in _files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit all files of a clone."""
    for command in (("init", "-q"), ("add", "-A"), (*IDENTITY, "commit", "-q", "-m", "clone")):
        subprocess.run(["git", *command], cwd=folder, check=True)


def set_up(folder: Path) -> None:
    """Do what `make setup` does, without a download: the libraries are those of the environment of the tests."""
    environment = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    command = [str(python), "-c", "import site; print(site.getsitepackages()[0])"]
    site = Path(subprocess.check_output(command, text=True).strip())
    (site / "libraries.pth").write_text(f"{folder}\n{sysconfig.get_paths()['purelib']}\n")
    for name, module in SCRIPTS.items():
        script = environment / "bin" / name
        script.write_text(SCRIPT.format(python=python, module=module))
        script.chmod(0o755)
    (environment / ".installed").touch()


def plain_environment() -> dict[str, str]:
    """Return the environment of a user, who has no path to our packages but an activated one."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _files() -> list[str]:
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
