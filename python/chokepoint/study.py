"""Studies: loaded, changed, run, replayed, taken apart, questioned; and the scorecard against the record."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import tomlkit

from . import _core
from ._core import Table
from .law import Regime, Rule, inline, word
from .results import Results

if TYPE_CHECKING:
    from .protocols import Progress


def _bar(done: int, total: int) -> None:
    if total:
        end = "\n" if done >= total else ""
        print(f"\r{done} of {total} runs", end=end, file=sys.stderr, flush=True)


def shown(progress: bool | Progress | None) -> Progress | None:
    """What is called with (runs done, runs in all): a line on standard error for True."""
    if progress is True:
        return _bar
    return progress or None


class Decomposition(NamedTuple):
    """Where effects come from; values are in the unit of each outcome."""

    #: Shapley values of groups of channels, exact in each future: they add up to the effect.
    groups: Table
    #: The same of single channels, by sampled orders; empty without `pairs`.
    channels: Table
    #: The effect with every channel and with none.
    whole: Table


class Discovery(NamedTuple):
    """Conditions under which an effect is as asked for, tested on futures that were not used to find them."""

    #: One row for each bound on a parameter; empty where no conditions hold.
    limits: Table
    #: The answer in words.
    sentences: list[str]
    #: Share of futures in which the effect is as asked for.
    share: float
    #: Futures that counted.
    futures: int


class Reversal(NamedTuple):
    """What would change the ranking of an arm against the baseline."""

    #: The answer in words.
    sentence: str
    #: What each arm costs against the best arm of the same future.
    regret: Table
    #: What knowing a parameter before the choice is worth.
    learning: Table
    #: The shortest changes found that reverse the effect; empty where there are none.
    changes: Table
    #: The worst of the futures that the evidence allows, or none.
    worst: dict[str, Any] | None


class Parting(NamedTuple):
    """Where the runs of two arms in one future part."""

    #: Events that both share.
    same: int
    #: The first event of the one that differs, then what led to it.
    here: Table
    #: The same of the other.
    there: Table


#: The outcome that questions are about unless another is named.
GAP = "latent_gap_points_mean"


class Study:
    """Arms crossed with futures. A study does not change: what changes it answers a new one.

    >>> study = Study.load("did-controls-work").set({"study.window_months": 36, "choice_slope": 2.0})
    >>> study.name
    'did-controls-work'
    >>> len(study.run(runs=5, report=False).effects()) > 100
    True

    What people of the model do is changed by parameters (`set`), by reactions that are switched off (`off`), by what
    agents expect (`planning` of `run`), and by rules of one's own (`add`, `whatif`).
    """

    def __init__(
        self,
        name: str,
        *,
        configs: str | PathLike[str] | None = None,
        _files: Mapping[str, str] | None = None,
        _set: tuple[str, ...] = (),
        _off: tuple[str, ...] = (),
    ) -> None:
        self._name = name
        self._configs = configs
        self._files = dict(_files or {})
        self._set = _set
        self._off = _off
        # What is wrong is said now, and not when it is run.
        self._plan: dict[str, Any] = json.loads(self.plan())

    @classmethod
    def load(cls, path: str | PathLike[str], *, configs: str | PathLike[str] | None = None) -> Study:
        """A study file, or a shipped study by its name; `configs` is a folder laid out like the shipped one.

        Raises `ValueError` with file, line, column and hint.
        """
        return cls(fspath(path), configs=configs)

    def _changed(self, **changes: Any) -> Study:
        kept: dict[str, Any] = {"_files": self._files, "_set": self._set, "_off": self._off}
        return Study(self._name, configs=self._configs, **{**kept, **changes})

    def set(self, values: Mapping[str, Any]) -> Study:
        """Fixes parameters in every future, or writes over fields of the study as `study.FIELD`.

        Values are numbers for parameters, and whatever TOML can hold for fields.
        """
        words = tuple(f"{path}={word(value)}" for path, value in values.items())
        return self._changed(_set=self._set + words)

    def off(self, *channels: str) -> Study:
        """Switches channels off in every arm (`chokepoint list channels`)."""
        return self._changed(_off=self._off + channels)

    def add(self, *parts: Rule | Regime) -> Study:
        """Lays rules and regimes of one's own beside the shipped ones, so that arms may name them."""
        return self._changed(_files={**self._files, **{p._path: p.toml for p in parts}})

    def arms(self, arms: Iterable[str | Regime | Mapping[str, Any]], *, baseline: str | None = None) -> Study:
        """The study with these arms: regimes by name, regimes of one's own, or composed ones such as
        `{"name": "mine", "from": "history-free", "add": ["my-rule"]}`. By default the first is the baseline."""
        arms = list(arms)
        named = [a.name if isinstance(a, Regime) else a for a in arms]
        if not named:
            raise ValueError("arms: found none, expected two or more")
        first = named[0] if isinstance(named[0], str) else named[0]["name"]
        with_own = {a._path: a.toml for a in arms if isinstance(a, Regime)}
        fields = (f"study.arms={inline(named)}", f"study.baseline={inline(baseline or first)}")
        return self._changed(_files={**self._files, **with_own}, _set=self._set + fields)

    def whatif(self, rule: Rule, *, against: str = "history-free") -> Study:
        """The study with two arms: a regime, and the same with one rule of one's own."""
        arm = {"name": rule.name, "from": against, "add": rule.ids, "description": f"`{against}`, and {rule['title']}"}
        return self.add(rule).arms([against, arm])

    @property
    def name(self) -> str:
        """Its name, which is also that of its results folder."""
        return str(tomlkit.parse(self.toml)["name"])

    @property
    def toml(self) -> str:
        """The study as it is run, with what was changed in it."""
        return str(self._plan["study"]["text"])

    def plan(
        self,
        *,
        runs: int | None = None,
        seed: int | None = None,
        planning: str = "adaptive",
        only: int | None = None,
        series: bool = False,
        blocks: int | None = None,
    ) -> str:
        """The text of a plan file: all that the blocks of the study need, on any machine with the same version."""
        return _core.plan(
            self._name,
            folder=self._configs,
            files=self._files,
            runs=runs,
            seed=seed,
            set=self._set,
            off=self._off,
            planning=planning,
            only=only,
            series=series,
            blocks=blocks,
        )

    def run(
        self,
        *,
        runs: int | None = None,
        seed: int | None = None,
        threads: int | None = None,
        progress: bool | Progress | None = None,
        out: str | PathLike[str] | None = None,
        report: bool = True,
        restart: bool = False,
        overwrite: bool = False,
        until_error: str | None = None,
        planning: str = "adaptive",
        only: int | None = None,
        series: bool = False,
    ) -> Results:
        """Runs every arm in `runs` futures and answers the results folder: the bytes of `chokepoint run`.

        `out`: by default `results/NAME`. `progress`: True, or a function of (runs done, runs in all). `threads`: by
        default one a core. `report`: figures and page too. `until_error`: stop early, as `OUTCOME=ERROR`.

        Raises `ValueError` in the words of the command line. Ctrl-C raises `KeyboardInterrupt`; finished blocks are
        kept, and the same call goes on where it stopped. `restart` throws away unfinished work of another plan;
        `overwrite` replaces finished results of another plan.
        """
        plan = self.plan(runs=runs, seed=seed, planning=planning, only=only, series=series)
        job = _core.Job(
            plan, out=out, threads=threads, report=report, restart=restart, overwrite=overwrite, until_error=until_error
        )
        return Results(job.carry_out(shown(progress)))

    def replay(self, regime: str, *, run: int = 0, seed: int | None = None, why: int | None = None) -> Table:
        """The events of one future under a regime, bit for bit those of the study: `id`, `cause_id`, `month`, `kind`,
        `actor`, `object`, `cause`, `text`. With `why`, the event of that id and what led to it, last cause last.

        >>> events = Study.load("s1-october-2022").replay("oct22")
        >>> len(events) > 100, events.column_names[4:7]
        (True, ['month', 'kind', 'actor'])
        """
        runs = max(int(self._plan["runs"]), run + 1)
        return _core.replay(self.plan(runs=runs, seed=seed, only=run), regime, why)

    def decompose(
        self,
        *,
        runs: int = 100,
        seed: int | None = None,
        pairs: int = 0,
        threads: int | None = None,
        progress: bool | Progress | None = None,
    ) -> Decomposition:
        """Through which responses each effect comes, over `runs` futures; `pairs` orders of single channels are tried.

        >>> study = Study.load("did-controls-work").set({"study.last_month": "2026-12", "study.window_months": 36})
        >>> parts = study.arms(["none", "oct22"]).decompose(runs=2)
        >>> parts.groups.column_names[3:6]
        ['channel', 'value', 'error']
        """
        plan = self.plan(runs=runs, seed=seed)
        return Decomposition(*_core.decompose(plan, pairs=pairs, threads=threads, progress=shown(progress)))

    def first_difference(self, regime: str, against: str, *, run: int = 0, seed: int | None = None) -> Parting | None:
        """The first event in which two arms of one future differ, with what led to it; None where no event differs.

        >>> parting = Study.load("s1-october-2022").first_difference("oct22", "none")
        >>> parting.same > 100, parting.here.column_names[:4]
        (True, ['regime', 'run', 'id', 'cause_id'])
        """
        runs = max(int(self._plan["runs"]), run + 1)
        found = _core.first_difference(self.plan(runs=runs, seed=seed, only=run), regime, against)
        return None if found is None else Parting(*found)

    def sensitivity(
        self,
        *,
        outcomes: Iterable[str] = (GAP,),
        parameters: Iterable[str] = (),
        method: Literal["sobol", "morris"] = "sobol",
        runs: int | None = None,
        seed: int | None = None,
        threads: int | None = None,
        progress: bool | Progress | None = None,
    ) -> Table:
        """How strongly each parameter moves outcomes and effects: Sobol indices, or elementary effects of Morris.

        `parameters` are factors of their own, all others one factor together; by default the columns of the study's
        table of futures, or every parameter. `runs`: base futures, by default 256 for Sobol and 50 for Morris. Warns
        (`UserWarning`) where first indices exceed their totals: then there are too few futures.

        >>> study = Study.load("did-controls-work").set({"study.last_month": "2026-12", "study.window_months": 36})
        >>> study = study.arms(["none", "oct22"])
        >>> indices = study.sensitivity(parameters=["points_per_decade_of_compute"], method="morris", runs=4)
        >>> indices.column_names[3:6]
        ['parameter', 'mu', 'mu_error']
        """
        if method not in ("sobol", "morris"):
            raise ValueError(f"method: found `{method}`, expected sobol or morris")
        morris = method == "morris"
        return _core.sensitivity(
            self.plan(seed=seed),
            runs=runs or (50 if morris else 256),
            outcomes=list(outcomes),
            parameters=list(parameters),
            morris=morris,
            threads=threads,
            progress=shown(progress),
        )

    def discover(
        self,
        *,
        arm: str | None = None,
        outcome: str = GAP,
        below: float | None = None,
        above: float | None = None,
        boxes: int = 3,
        resamples: int = 50,
        runs: int = 400,
        seed: int | None = None,
        threads: int | None = None,
        progress: bool | Progress | None = None,
    ) -> Discovery:
        """Conditions on parameters under which the effect of an arm is below or above a bar, by default below zero.

        >>> study = Study.load("did-controls-work").set({"study.last_month": "2026-12", "study.window_months": 36})
        >>> found = study.arms(["none", "oct22"]).discover(runs=40)
        >>> found.futures, len(found.sentences)
        (40, 1)
        """
        if below is not None and above is not None:
            raise ValueError("below: found it beside `above`, expected one of them")
        return Discovery(
            *_core.discover(
                self.plan(seed=seed),
                runs=runs,
                outcome=outcome,
                arm=arm,
                below=below,
                above=above,
                boxes=boxes,
                resamples=resamples,
                threads=threads,
                progress=shown(progress),
            )
        )

    def reversal(
        self,
        better: Literal["more", "less"],
        *,
        arm: str | None = None,
        outcome: str = GAP,
        good_enough: float | None = None,
        replicates: int = 8,
        runs: int = 200,
        seed: int | None = None,
        threads: int | None = None,
        progress: bool | Progress | None = None,
    ) -> Reversal:
        """Regret, the value of learning, and the smallest change of parameters found that reverses an effect.

        `better`: whether more or less of the outcome is better.

        >>> study = Study.load("did-controls-work").set({"study.last_month": "2026-12", "study.window_months": 36})
        >>> found = study.arms(["none", "oct22"]).reversal("more", runs=20, replicates=2)
        >>> len(found.regret)
        2
        """
        if better not in ("more", "less"):
            raise ValueError(f"better: found `{better}`, expected more or less")
        sentence, regret, learning, changes, worst = _core.reversal(
            self.plan(seed=seed),
            runs=runs,
            outcome=outcome,
            more_is_better=better == "more",
            arm=arm,
            good_enough=good_enough,
            replicates=replicates,
            threads=threads,
            progress=shown(progress),
        )
        return Reversal(sentence, regret, learning, changes, json.loads(worst))

    def ledger(
        self,
        *,
        arm: str | None = None,
        outcomes: Iterable[str] = (GAP,),
        runs: int = 400,
        seed: int | None = None,
        threads: int | None = None,
        progress: bool | Progress | None = None,
    ) -> Table:
        """Every parameter with its evidence and its share of the variance of an effect: weak evidence that matters first.

        >>> study = Study.load("did-controls-work").set({"study.last_month": "2026-12", "study.window_months": 36})
        >>> "grade" in study.arms(["none", "oct22"]).ledger(runs=20).column_names
        True
        """
        return _core.ledger(
            self.plan(seed=seed),
            runs=runs,
            outcomes=list(outcomes),
            arm=arm,
            threads=threads,
            progress=shown(progress),
        )

    def __repr__(self) -> str:
        return f"Study({self._name!r})\n{self.toml}"


class Validation:
    """The scorecard against recorded series and simple forecasts."""

    def __init__(self, answer: dict[str, Any]) -> None:
        #: Everything that was answered, as `chokepoint validate --format json` prints it.
        self.answer = answer

    @property
    def missed(self) -> list[str]:
        """Registered bars that are missed, in words, worst first."""
        return list(self.answer["missed"])

    def series(self) -> Table:
        """One row a series of the leading split: its score (CRPS, in the unit of the series), its benchmark's, skill."""
        return _core.table_of(json.dumps(self.answer["series"]))

    def points(self) -> Table:
        """One row a recorded point of the leading split: what was observed, and quantiles of what was said."""
        return _core.table_of(json.dumps(self.answer["points"]))

    def __repr__(self) -> str:
        missed = "\n".join(f"MISSED: {m}" for m in self.missed)
        return f"Validation of split {self.answer['split']}\n{missed or 'no registered bar is missed'}"


def validate(
    *,
    evidence: str | PathLike[str] | None = None,
    split: str | None = None,
    runs: int | None = None,
    seed: int = 1,
    patterns: int = 100,
    threads: int | None = None,
    configs: str | PathLike[str] | None = None,
    progress: bool | Progress | None = None,
) -> Validation:
    """Holds the model against recorded history.

    `runs`: draws of each ensemble, by default as registered; `patterns`: draws for patterns, 0 leaves them out;
    `evidence`: a table of one's own. Raises `ValueError` in the words of the command line.
    """
    answer = _core.validate(
        evidence=None if evidence is None else fspath(evidence),
        split=split,
        runs=runs,
        seed=seed,
        patterns=patterns,
        threads=threads,
        folder=configs,
        progress=shown(progress),
    )
    return Validation(json.loads(answer))
