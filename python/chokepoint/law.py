"""The law: rules and regimes as TOML that can be read, changed and written, and verdicts on chips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tomlkit

from . import _core
from ._core import Table

if TYPE_CHECKING:
    from .protocols import ArrowTable

_Self = TypeVar("_Self", bound="_Toml")


class _Toml:
    """A TOML file in memory. Fields are read and set as in a dictionary; comments stay where they are."""

    _folder: str

    def __init__(self, name: str, toml: str) -> None:
        #: The name of the file, without ending.
        self.name = name
        self._document = tomlkit.parse(toml)

    @classmethod
    def load(cls: type[_Self], name: str, *, configs: str | PathLike[str] | None = None) -> _Self:
        """A file by its path, or a shipped one by its name. Raises `ValueError` with the nearest name."""
        path, text = _core.find(name, cls._folder, folder=configs)
        return cls(Path(path).stem, text)

    @property
    def toml(self) -> str:
        """The text of the file as it stands."""
        return tomlkit.dumps(self._document)

    def __getitem__(self, field: str) -> Any:
        return self._document[field]

    def __setitem__(self, field: str, value: Any) -> None:
        self._document[field] = value

    def __delitem__(self, field: str) -> None:
        del self._document[field]

    def __contains__(self, field: str) -> bool:
        return field in self._document

    def save(self, folder: str | PathLike[str] = ".") -> Path:
        """Writes `NAME.toml` into a folder; the command line takes it. Answers the path."""
        path = Path(folder) / f"{self.name}.toml"
        path.write_text(self.toml, encoding="utf-8")
        return path

    def __str__(self) -> str:
        return self.toml

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})\n{self.toml}"

    @property
    def _path(self) -> str:
        return f"{self._folder}/{self.name}.toml"


class Rule(_Toml):
    """A legal act: title, citation, and the rules that it makes under `rule`.

    >>> rule = Rule.load("us-2023-10-3a090a")
    >>> rule.rules[0]["compliance"] = date(2024, 3, 1)
    >>> "compliance = 2024-03-01" in rule.toml
    True
    """

    _folder = "rules"

    @classmethod
    def new(cls, name: str) -> Rule:
        """A commented rule to start from, as `chokepoint new rule NAME` writes it."""
        return cls(name, _core.template("rule", name))

    @property
    def rules(self) -> Any:
        """The rules of the act: a list of tables."""
        return self._document["rule"]

    @property
    def ids(self) -> list[str]:
        """Ids of the rules of the act."""
        return [str(r["id"]) for r in self.rules]

    @property
    def _path(self) -> str:
        return f"rules/own/{self.name}.toml"


class Regime(_Toml):
    """A set of rules that are in force together.

    >>> regime = Regime.new("mine", include=["us-2022-10-3a090"], description="October 2022 alone.")
    >>> regime["name"]
    'mine'
    """

    _folder = "regimes"

    @classmethod
    def new(cls, name: str, *, include: Iterable[str], description: str = "") -> Regime:
        """A regime of these rules, by their ids."""
        document = tomlkit.document()
        document["name"] = name
        document["description"] = description or f"The rules {', '.join(include := list(include))}."
        document["include"] = list(include)
        return cls(name, tomlkit.dumps(document))


def classify(
    table: str | PathLike[str] | ArrowTable | None = None,
    *,
    on: str | date,
    to: str = "CHN",
    buyer_hq: str | None = None,
    regime: str | Regime = "history",
    rules: Iterable[Rule] = (),
    configs: str | PathLike[str] | None = None,
) -> Table:
    """What the law says of chips on a day: verdict, rule and why, one row a chip.

    `table`: the shipped chips if None; else the path of a CSV, or a table of pandas, polars or pyarrow, with the columns
    of the shipped one (`tpp`, `performance_density`, `die_area_mm2`, ...), of which all but `chip` may be missing.
    `on` is the day of the sale, `to` and `buyer_hq` are ISO3 codes; `rules` are added to the regime.

    Raises `ValueError` with file, line, column and hint; `TypeError` for what is no table.
    """
    files = {regime._path: regime.toml} if isinstance(regime, Regime) else {}
    return _core.classify(
        table,
        on=str(on),
        to=to,
        buyer_hq=buyer_hq,
        regime=regime.name if isinstance(regime, Regime) else regime,
        rules=[(f"{rule.name}.toml", rule.toml) for rule in rules],
        folder=configs,
        files=files,
    )


def word(value: Any) -> str:
    """A value as `--set` takes it: text without quotes, where it could be nothing else."""
    if isinstance(value, str):
        try:
            tomlkit.parse(f"value = {value}")
        except tomlkit.exceptions.ParseError:
            return value
    return inline(value)


def inline(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{tomlkit.key(k).as_string()} = {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(inline(v) for v in value) + "]"
    return str(tomlkit.item(value).as_string())
