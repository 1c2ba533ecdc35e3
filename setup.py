"""Ship tasks/ and constraints.txt as data of `harness`; everything else is in pyproject.toml."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

TASKS, CONSTRAINTS = Path("tasks"), Path("constraints.txt")
PACKAGE = Path("harness")
"""Where both lie in an installed package; `harness.benchmarks.folders` looks for the tasks there."""


class BuildWithData(build_py):
    """Copy both into the built package; an editable install reads them where they are."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for target, source in self._data().items():
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *([] if self.editable_mode else self._data())]

    def _data(self) -> dict[str, str]:
        """Return the files to copy by their places in the built package."""
        files = [CONSTRAINTS, *(path for path in sorted(TASKS.rglob("*")) if path.suffix in (".py", ".yaml"))]
        return {str(Path(self.build_lib, PACKAGE, path)): str(path) for path in files}


setup(cmdclass={"build_py": BuildWithData})
