"""The tutorials run from top to bottom, and draw."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

TUTORIALS = sorted((Path(__file__).parents[1] / "tutorials").glob("*.ipynb"))


def test_there_are_six_in_order():
    assert [p.name[0] for p in TUTORIALS] == list("123456")


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_a_tutorial_runs_and_draws(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    drawn = [o for o in outputs if {"image/png", "image/svg+xml"} & set(o.get("data", {}))]
    assert drawn, "no figure"
    assert not notebook.metadata.get("kernelspec", {}).get("path")
