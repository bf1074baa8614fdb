"""Results folders: tables as Arrow, figures, the answers in short."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

from . import _core
from ._core import Table


class Figure:
    """A figure of a results folder; notebooks show it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _repr_svg_(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def __repr__(self) -> str:
        return f"Figure({str(self.path)!r})"


class Results:
    """A results folder, of `Study.run` or of `chokepoint run`: the same files.

    Rows of `outcomes()` are futures times arms; a future is the same under every arm.
    Raises `ValueError` where the folder holds no results, and where a table was changed after the run, is missing or was
    added; with `unsealed` such a folder is read as it is.
    """

    def __init__(self, folder: str | PathLike[str], *, unsealed: bool = False) -> None:
        self.folder = Path(folder)
        self._unsealed = unsealed
        #: What was run, with what: the hash of every input, and the command that repeats it.
        self.manifest: dict[str, Any] = json.loads(_core.manifest(self.folder, unsealed))

    def outcomes(self) -> Table:
        """One row a run: `regime`, `run` (the future), `stratum`, `variant`, `failed`; then each sampled parameter and
        each outcome, in the units that `units()` tells. NaN where an outcome has no value."""
        return _core.table(self.folder, "outcomes", self._unsealed)

    def bands(self) -> Table:
        """One row for each regime, month (`2024-01`), measure and entity: mean and quantiles p05 to p95 over futures."""
        return _core.table(self.folder, "bands", self._unsealed)

    def effects(self) -> Table:
        """Paired effects, one row for each outcome, regime, part, stratum, horizon and discount rate.

        `mean` and quantiles are of regime minus baseline in the same future, in the outcome's unit; `monte_carlo_error`
        is the standard error of the mean. The study's own window over all futures has `stratum` `all`, no
        `horizon_months`, and `discount` 0.
        """
        return _core.effects(self.folder, self._unsealed)

    def events(self) -> Table:
        """What happened in the first futures; `cause_id` is the `id` of the event that caused it."""
        return _core.table(self.folder, "events", self._unsealed)

    def table(self, name: str) -> Table:
        """A Parquet table by its name, such as `series`."""
        return _core.table(self.folder, name, self._unsealed)

    def units(self) -> dict[str, str]:
        """Units of outcomes and parameters by name."""
        named = [*self.manifest["outcomes"], *self.manifest["parameters"]]
        return {n["name"]: n["unit"] for n in named}

    @property
    def report(self) -> Path:
        """The page that opens without a network."""
        return self.folder / "report.html"

    def figures(self) -> list[str]:
        """Names of the figures that are drawn."""
        return sorted(p.stem for p in (self.folder / "plots").glob("*.svg"))

    def figure(self, name: str) -> Figure:
        """A figure by its name. Raises `ValueError` where there is none."""
        path = self.folder / "plots" / f"{name}.svg"
        if not path.exists():
            raise ValueError(f"found no figure `{name}`, expected one of {', '.join(self.figures())}")
        return Figure(path)

    def _repr_html_(self) -> str:
        return _core.short(self.folder, self._unsealed)

    def __repr__(self) -> str:
        study = self.manifest["study"]
        return f"Results of {study['name']}: {self.manifest['runs']} futures, {len(study['arms'])} arms, in {self.folder}"
