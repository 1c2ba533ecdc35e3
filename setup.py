"""Ship the folder tasks/ of the repository as data of `harness`; everything else is in pyproject.toml."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

TASKS = Path("tasks")
SHIPPED = Path("harness", "tasks")
"""Where the tasks lie in an installed package; `harness.benchmarks.folders` looks for them there."""


class BuildWithTasks(build_py):
    """Copy the tasks into the built package; an editable install reads them where they are."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for target, source in self._task_files().items():
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *([] if self.editable_mode else self._task_files())]

    def _task_files(self) -> dict[str, str]:
        """Return the files of tasks by their places in the built package."""
        files = (path for path in sorted(TASKS.rglob("*")) if path.suffix in (".py", ".yaml"))
        return {str(Path(self.build_lib, SHIPPED, path.relative_to(TASKS))): str(path) for path in files}


setup(cmdclass={"build_py": BuildWithTasks})
