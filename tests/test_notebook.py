"""The notebook in examples/ runs, and is kept without what it printed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "read_a_record.ipynb"
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=600, resources={"metadata": {"path": sys.argv[2]}}).execute()
nbformat.write(notebook, sys.argv[3])
"""


def test_the_notebook_is_small_and_holds_no_output() -> None:
    notebook = json.loads(NOTEBOOK.read_text())
    assert NOTEBOOK.stat().st_size < 10_000
    assert all(not cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code")


@pytest.mark.slow
def test_the_notebook_runs_and_plots(tmp_path: Path) -> None:
    out = tmp_path / "run.ipynb"
    command = [sys.executable, "-c", EXECUTE, str(NOTEBOOK), str(NOTEBOOK.parent), str(out)]
    environment = os.environ | {"PYTHONPATH": str(NOTEBOOK.parents[1]), "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr
    cells = nbformat.read(out, as_version=4).cells
    shown = [set(output.get("data", {})) for cell in cells for output in cell.get("outputs", [])]
    assert any("image/svg+xml" in kinds for kinds in shown)
    assert any("text/html" in kinds for kinds in shown)
