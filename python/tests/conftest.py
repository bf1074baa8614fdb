"""Fixtures: the program, and a study that runs quickly."""

import filecmp
import os
import subprocess
from pathlib import Path

import chokepoint
import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Settings that end the study in 2026, with a window of three years.
SHORT = {"study.last_month": "2026-12", "study.window_months": 36}
WORDS = [word for path, value in SHORT.items() for word in ("--set", f"{path}={value}")]


@pytest.fixture(scope="session")
def program() -> Path:
    path = Path(os.environ.get("CHOKEPOINT", ROOT / "target/release/chokepoint"))
    assert path.exists(), f"{path}: build the program first, or name it with CHOKEPOINT"
    return path.resolve()


@pytest.fixture(scope="session")
def said(program):
    """Runs the program; answers exit code, output and errors."""

    def run(*words, cwd=None):
        done = subprocess.run([program, *map(str, words)], cwd=cwd, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture(scope="session")
def study():
    return chokepoint.Study.load("did-controls-work").set(SHORT)


@pytest.fixture(scope="session")
def results(study, tmp_path_factory):
    return study.run(runs=20, out=tmp_path_factory.mktemp("results") / "run", report=False)


def files(folder: Path) -> list[str]:
    """Paths below a folder, but the one file that tells of the machine."""
    all_files = (p for p in Path(folder).rglob("*") if p.is_file())
    return sorted(str(p.relative_to(folder)) for p in all_files if p.name != "timing.json")


def same_bytes(one: Path, other: Path) -> None:
    """Two folders hold the same files with the same bytes."""
    assert files(one) == files(other)
    _, differ, broken = filecmp.cmpfiles(one, other, files(one), shallow=False)
    assert (differ, broken) == ([], [])
