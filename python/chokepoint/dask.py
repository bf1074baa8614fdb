"""A study on Dask: blocks on any worker, merged to the bytes of `chokepoint run`. Needs `chokepoint[dask]`.

A block is a pure function of the plan and its number, so one that is lost with its worker is run again elsewhere.
"""

from __future__ import annotations

from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, Iterator

from distributed import Client, LocalCluster, as_completed

from . import _core
from .results import Results
from .study import Study, shown

if TYPE_CHECKING:
    from .protocols import Progress


@contextmanager
def _local(client: Client | None) -> Iterator[Client]:
    """The client that is given, or one of a cluster on this machine that nobody else can reach."""
    if client is not None:
        yield client
        return
    # One thread a process: a block keeps one busy.
    with LocalCluster(host="127.0.0.1", threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as own:
            yield own


def run(
    study: Study,
    client: Client | None = None,
    *,
    runs: int | None = None,
    seed: int | None = None,
    blocks: int | None = None,
    out: str | PathLike[str] | None = None,
    report: bool = True,
    restart: bool = False,
    overwrite: bool = False,
    progress: bool | Progress | None = None,
    **plan: Any,
) -> Results:
    """Runs a study on the workers of `client`, by default of a cluster on this machine, held to loopback.

    `blocks`: how many pieces, by default 32 futures each. `progress`: True, or a function of (runs done, runs in all),
    called after each block. Other options are those of `Study.run`. Workers need the same version of `chokepoint`.

    Blocks are kept beside `out` as they come; after an interruption the same call runs what is missing.
    Raises `ValueError` as `Study.run` does; so does a block on its worker.
    """
    text = study.plan(runs=runs, seed=seed, blocks=blocks, **plan)
    job = _core.Job(text, out=out, report=report, restart=restart, overwrite=overwrite)
    missing, tell = job.missing(), shown(progress)
    total = job.runs()
    done = total - sum(map(job.block_runs, missing))
    with _local(client) as cluster:
        # Every task carries the plan, some tens of kilobytes: what is scattered could be lost with its worker.
        tasks = [cluster.submit(_core.block, text, number, pure=False) for number in missing]
        numbers = dict(zip(tasks, missing))
        try:
            for task in as_completed(tasks):
                job.put(numbers[task], task.result())
                task.release()
                done += job.block_runs(numbers[task])
                if tell:
                    tell(done, total)
        finally:
            cluster.cancel(tasks)
    return Results(job.carry_out())
