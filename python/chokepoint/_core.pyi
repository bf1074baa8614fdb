"""The compiled part: functions of the program, and Arrow tables. Errors are `ValueError` in the words of the command line."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import final

from .protocols import ArrowTable, Progress

__all__ = [
    "Job",
    "Table",
    "block",
    "classify",
    "decompose",
    "discover",
    "effects",
    "find",
    "first_difference",
    "ledger",
    "manifest",
    "morris_screen",
    "plan",
    "prim_boxes",
    "prim_training",
    "replay",
    "reversal",
    "sensitivity",
    "short",
    "sobol_indices",
    "table",
    "table_of",
    "template",
    "validate",
]

@final
class Table:
    """An Arrow table: rows in batches, columns by name.

    `pyarrow.table(t)`, `polars.DataFrame(t)`, `pandas.DataFrame.from_arrow(t)` and DuckDB take it; numbers are not copied.
    """

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
    def __len__(self) -> int: ...
    def addresses(self, column: str) -> list[int]:
        """Where the values of a column begin in memory, one address a batch; `KeyError` for a column that is not there."""
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def _repr_html_(self) -> str: ...

@final
class Job:
    """A plan that is being carried out in the folder beside its target; what is there of the same plan is taken up."""

    def __new__(
        cls,
        plan: str,
        *,
        out: str | PathLike[str] | None = None,
        threads: int | None = None,
        report: bool = True,
        restart: bool = False,
        overwrite: bool = False,
        until_error: str | None = None,
    ) -> Job: ...
    def missing(self) -> list[int]:
        """Numbers of the blocks that are not there."""
    def runs(self) -> int:
        """Runs of the whole plan: futures times arms."""
    def block_runs(self, number: int) -> int:
        """Runs of one block."""
    def put(self, number: int, bytes: bytes) -> None:
        """Puts the bytes of a block in their place, whole or not at all; `OSError` when the disk refuses."""
    def carry_out(self, progress: Progress | None = None) -> Path:
        """Runs what is missing, joins all, and answers the folder of the results. A job is carried out once."""

def plan(
    study: str,
    *,
    folder: str | PathLike[str] | None = None,
    files: Mapping[str, str] = ...,
    runs: int | None = None,
    seed: int | None = None,
    set: Sequence[str] = ...,
    off: Sequence[str] = ...,
    planning: str = "adaptive",
    only: int | None = None,
    series: bool = False,
    blocks: int | None = None,
) -> str:
    """The text of a plan: everything that its runs need, with a hash. `files` come before the configuration, by path."""

def block(plan: str, number: int) -> bytes:
    """One block of a plan, on one thread: the bytes of its file, which depend on nothing else."""

def classify(
    table: str | PathLike[str] | ArrowTable | None,
    *,
    on: str,
    to: str,
    buyer_hq: str | None = None,
    regime: str = "history",
    rules: Sequence[tuple[str, str]] = ...,
    folder: str | PathLike[str] | None = None,
    files: Mapping[str, str] = ...,
) -> Table: ...
def find(
    name: str,
    kind: str,
    *,
    folder: str | PathLike[str] | None = None,
    files: Mapping[str, str] = ...,
) -> tuple[str, str]:
    """Name and text of a file of a kind: `studies`, `regimes` or `rules`."""

def template(kind: str, name: str) -> str:
    """The commented file that `chokepoint new KIND NAME` writes."""

def table(folder: str | PathLike[str], name: str, unsealed: bool = False) -> Table:
    """A Parquet table of a results folder."""

def effects(folder: str | PathLike[str], unsealed: bool = False) -> Table: ...
def manifest(folder: str | PathLike[str], unsealed: bool = False) -> str:
    """The manifest of a results folder, as JSON."""

def short(folder: str | PathLike[str], unsealed: bool = False) -> str:
    """The answers in short, as HTML."""

def table_of(rows: str) -> Table:
    """A table of a list of objects in JSON."""

def replay(plan: str, regime: str, why: int | None = None) -> Table: ...
def decompose(
    plan: str,
    *,
    pairs: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[Table, Table, Table]: ...
def sensitivity(
    plan: str,
    *,
    runs: int,
    outcomes: Sequence[str],
    parameters: Sequence[str],
    morris: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Table: ...
def discover(
    plan: str,
    *,
    runs: int,
    outcome: str,
    arm: str | None = None,
    below: float | None = None,
    above: float | None = None,
    boxes: int = 3,
    resamples: int = 50,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[Table, list[str], float, int]:
    """Limits of boxes, sentences, the share of futures with the effect, and futures that counted."""

def reversal(
    plan: str,
    *,
    runs: int,
    outcome: str,
    more_is_better: bool,
    arm: str | None = None,
    good_enough: float | None = None,
    replicates: int = 8,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[str, Table, Table, Table, str]:
    """The sentence, regret, the value of learning, changes that reverse the effect, and the worst future as JSON."""

def ledger(
    plan: str,
    *,
    runs: int,
    outcomes: Sequence[str],
    arm: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Table: ...
def first_difference(plan: str, regime: str, against: str) -> tuple[int, Table, Table] | None:
    """How many events two arms share, and the first that differ, each with what led to it."""

def validate(
    *,
    evidence: str | None = None,
    split: str | None = None,
    runs: int | None = None,
    seed: int = 1,
    patterns: int = 100,
    threads: int | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> str: ...
def sobol_indices(
    a: Sequence[float],
    b: Sequence[float],
    ab: Sequence[Sequence[float]],
    *,
    resamples: int = 100,
    seed: int = 1,
) -> list[tuple[float, float, float, float]]:
    """Sobol indices from answers at rows A (n), rows B (n), and rows A with one factor from B (factors by n).

    For each factor: first index, its standard error, total index, its standard error, as shares of the variance.
    """

def morris_screen(
    points: Sequence[Sequence[Sequence[float]]],
    answers: Sequence[Sequence[float]],
) -> list[tuple[float, float, float]]:
    """Elementary effects from points (trajectories by steps + 1 by factors) and the answers at them.

    For each factor: mu, mu star, sigma, in units of the answer over the whole range of the factor.
    """

def prim_boxes(
    x: Sequence[Sequence[float]],
    hit: Sequence[bool],
    *,
    boxes: int = 1,
    resamples: int = 0,
    seed: int = 1,
) -> list[tuple[list[tuple[int, float | None, float | None]], list[float], list[float]]]:
    """Boxes that hold on held-out rows, from factors `x` (rows by factors) and whether each row is a hit.

    For each box: limits (factor, low, high); support, coverage and density in training; rows, coverage, density and base
    held out.
    """

def prim_training(rows: int, *, seed: int = 1) -> list[bool]:
    """Which of so many rows `prim_boxes` finds its boxes on; it scores them on the others."""
