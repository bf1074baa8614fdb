"""What functions take: progress that is told, and tables of other libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

#: Called with (runs done, runs in all).
Progress = Callable[[int, int], object]


class ArrowTable(Protocol):
    """Anything that speaks the Arrow PyCapsule interface: tables of pandas, polars, pyarrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
