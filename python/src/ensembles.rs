//! Questions put to an ensemble of futures: influence, conditions, reversal, evidence, and where two arms part.

use std::ffi::CString;

use arrow_schema::DataType::{self, Boolean, Float64, UInt32, UInt64, Utf8};
use chokepoint::analysis::EstimatorError;
use chokepoint::cli::Failure;
use chokepoint::cli::execution::{pool, threads};
use chokepoint::cli::{find_arm, find_outcome};
use chokepoint::config::draws::FuturesTable;
use chokepoint::config::futures::FutureDesign;
use chokepoint::config::source::Configs;
use chokepoint::config::study;
use chokepoint::questions::discover::DiscoveryQuestion;
use chokepoint::questions::evaluate::EnsembleTable;
use chokepoint::questions::reversal::{ReversalQuestion, analyse_reversal, max_runs};
use chokepoint::questions::sensitivity as influence;
use chokepoint::study::timeline::{chain, first_difference as parting, timeline};
use chokepoint::study::{Library, Plan, PlanSettings};
use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;
use serde::Serialize;

use crate::blocks::read;
use crate::failed;
use crate::frame::Table;
use crate::questions::EVENT_COLUMNS;
use crate::watch::{Stop, watched};

/// A plan for a question, and the study's own table of futures. Questions draw futures one by one, whatever design the study is
/// run with.
pub fn question_plan(
    plan: &str,
    runs: Option<u32>,
) -> Result<(Plan, Option<FuturesTable>), Failure> {
    let file = read(plan)?;
    let library = Library::read(Configs::sealed(file.files.clone()), &file.rules)?;
    let mut study = study::read(&file.study, &library.configs)?;
    study.futures.design = FutureDesign::Replicates;
    study.futures.levels.clear();
    let table = study.draws.take();
    let settings = file.settings();
    let runs = runs.unwrap_or(settings.runs);
    let plan = Plan::new(&library, study, PlanSettings { runs, ..settings })?;
    Ok((plan, table))
}

/// Answers a question on its own threads, with the interpreter free. What is prepared comes with the number of runs that it takes;
/// the work calls what it is given after each run.
fn asked<P: Sync, T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    threads: Option<u16>,
    prepare: impl FnOnce() -> Result<(P, u64), Failure> + Send,
    work: impl FnOnce(&P, &(dyn Fn() + Sync)) -> Result<T, Failure> + Send,
) -> PyResult<T> {
    watched(py, progress, Stop::ByUnwinding, |watch| {
        let (prepared, runs) = prepare()?;
        (watch.begun)(runs);
        let done = watch.done;
        pool(self::threads(threads))?.install(|| work(&prepared, &|| done(1)))
    })
}

/// Rows with columns of words, then numbers.
fn tabled<T: Serialize>(rows: &[T], columns: &[(&[&str], DataType)]) -> PyResult<Table> {
    let columns: Vec<(&str, DataType)> = columns
        .iter()
        .flat_map(|(names, kind)| names.iter().map(|n| (*n, kind.clone())))
        .collect();
    Table::of(rows, &columns)
}

/// Which arm, outcome and factor a row is about.
const ABOUT: [&str; 4] = ["regime", "baseline", "outcome", "parameter"];

/// Sobol indices or, with `morris`, elementary effects.
#[pyfunction]
#[pyo3(signature = (plan, *, runs, outcomes, parameters, morris=false, threads=None, progress=None))]
pub fn sensitivity(
    py: Python<'_>,
    plan: &str,
    runs: u32,
    outcomes: Vec<String>,
    parameters: Vec<String>,
    morris: bool,
    threads: Option<u16>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Table> {
    for name in &outcomes {
        find_outcome(name).map_err(failed)?;
    }
    let no = |refused: &[String]| Failure::No(format!("no answer: {}\n", refused.join("; ")));
    let prepare = || {
        let (plan, table) = question_plan(plan, Some(runs))?;
        let chosen = influence::choose_factors(&plan, &parameters, table.as_ref())
            .map_err(|why| Failure::Input(format!("error: parameters: {why}\n")))?;
        let runs = if morris {
            influence::morris_runs(&plan, &chosen)
        } else {
            influence::sobol_runs(&plan, &chosen)
        };
        Ok(((plan, chosen), runs))
    };
    if morris {
        let rows = asked(py, progress, threads, prepare, |(plan, chosen), done| {
            let found = influence::morris(plan, &outcomes, chosen, done);
            if found.rows.is_empty() {
                return Err(no(&found.refused));
            }
            Ok(found.rows)
        })?;
        let numbers = ["mu", "mu_error", "mu_star", "mu_star_error", "sigma"];
        return tabled(
            &rows,
            &[
                (&ABOUT, Utf8),
                (&numbers, Float64),
                (&["trajectories"], UInt64),
            ],
        );
    }
    let rows = asked(py, progress, threads, prepare, |(plan, chosen), done| {
        let mut found = influence::sobol(plan, &outcomes, chosen, done);
        let most = found.rows.iter().map(|r| r.rows).max();
        found.rows.retain(|r| Some(r.rows) == most);
        if found.rows.is_empty() {
            return Err(no(&found.refused));
        }
        Ok(found.rows)
    })?;
    if let Some(warning) = influence::too_few_rows(&rows) {
        let text = CString::new(warning).unwrap_or_default();
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 1)?;
    }
    let numbers = ["first", "first_error", "total", "total_error"];
    tabled(
        &rows,
        &[(&ABOUT, Utf8), (&numbers, Float64), (&["rows"], UInt64)],
    )
}

/// Limits of boxes, sentences, the share of futures with the effect, and futures that counted.
#[pyfunction]
#[pyo3(signature = (plan, *, runs, outcome, arm=None, below=None, above=None, boxes=3, resamples=50, threads=None, progress=None))]
pub fn discover(
    py: Python<'_>,
    plan: &str,
    runs: u32,
    outcome: String,
    arm: Option<String>,
    below: Option<f64>,
    above: Option<f64>,
    boxes: usize,
    resamples: usize,
    threads: Option<u16>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Table, Vec<String>, f64, usize)> {
    let prepare = || {
        let (plan, _) = question_plan(plan, Some(runs))?;
        let question = DiscoveryQuestion {
            arm: find_arm(&plan, arm.as_ref())?,
            outcome: (find_outcome(&outcome)?, outcome),
            bar: above.or(below).unwrap_or(0.0),
            below: above.is_none(),
            boxes,
            resamples,
        };
        let runs = all_runs(&plan);
        Ok(((plan, question), runs))
    };
    let found = asked(py, progress, threads, prepare, |(plan, question), done| {
        let ensemble = EnsembleTable::run(plan, done);
        let found = chokepoint::questions::discover::discover(plan, &ensemble, question);
        Ok(found?)
    })?;
    let words = [
        "regime",
        "baseline",
        "outcome",
        "when",
        "parameter",
        "sentence",
    ];
    let numbers = [
        "low",
        "high",
        "stability",
        "support",
        "coverage",
        "density",
        "held_out_coverage",
        "held_out_density",
        "held_out_base",
        "held_out_error",
    ];
    let counts = ["number", "held_out_rows"];
    let limits = tabled(
        &found.rows,
        &[(&words, Utf8), (&counts, UInt64), (&numbers, Float64)],
    )?;
    Ok((limits, found.sentences, found.share, found.futures))
}

/// Runs of every future of a plan in every arm.
fn all_runs(plan: &Plan) -> u64 {
    u64::from(plan.runs) * plan.regimes.len() as u64
}

/// The sentence, regret, the value of learning, changes that reverse the effect, and the worst future as JSON.
#[pyfunction]
#[pyo3(signature = (plan, *, runs, outcome, more_is_better, arm=None, good_enough=None, replicates=8, threads=None, progress=None))]
pub fn reversal(
    py: Python<'_>,
    plan: &str,
    runs: u32,
    outcome: String,
    more_is_better: bool,
    arm: Option<String>,
    good_enough: Option<f64>,
    replicates: u32,
    threads: Option<u16>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(String, Table, Table, Table, String)> {
    let prepare = || {
        let (plan, _) = question_plan(plan, Some(runs))?;
        let question = ReversalQuestion {
            arm: find_arm(&plan, arm.as_ref())?,
            outcome: (find_outcome(&outcome)?, outcome),
            more_is_better,
            good_enough,
            replicates,
        };
        let runs = all_runs(&plan) + max_runs(replicates);
        Ok(((plan, question), runs))
    };
    let found = asked(py, progress, threads, prepare, |(plan, question), done| {
        let ensemble = EnsembleTable::run(plan, done);
        Ok(analyse_reversal(plan, &ensemble, question, done)?)
    })?;
    let regret = [
        "mean",
        "regret",
        "regret_error",
        "regret_p90",
        "worst_regret",
        "best_share",
        "good_enough",
    ];
    let regret = tabled(
        &found.regrets,
        &[
            (&ABOUT[..1], Utf8),
            (&ABOUT[2..3], Utf8),
            (&regret, Float64),
            (&["worst_future"], UInt32),
        ],
    )?;
    let learning = tabled(
        &found.learning,
        &[
            (&ABOUT[2..], Utf8),
            (&["value", "error", "of_all"], Float64),
        ],
    )?;
    let changes = tabled(
        &found.reversals,
        &[
            (&ABOUT, Utf8),
            (&["together"], UInt64),
            (&["distance", "from", "to", "quantile"], Float64),
        ],
    )?;
    let worst = serde_json::to_string(&found.worst);
    let worst = worst.map_err(|e| PyValueError::new_err(e.to_string()))?;
    Ok((found.sentence, regret, learning, changes, worst))
}

/// Every parameter with its evidence and its share of the variance of an effect.
#[pyfunction]
#[pyo3(signature = (plan, *, runs, outcomes, arm=None, threads=None, progress=None))]
pub fn ledger(
    py: Python<'_>,
    plan: &str,
    runs: u32,
    outcomes: Vec<String>,
    arm: Option<String>,
    threads: Option<u16>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Table> {
    let prepare = || {
        let (plan, _) = question_plan(plan, Some(runs))?;
        let arm = find_arm(&plan, arm.as_ref())?;
        let places = outcomes.iter().map(|name| find_outcome(name));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        let runs = all_runs(&plan) + 2 * u64::from(plan.runs) * outcomes.len() as u64;
        Ok(((plan, arm, places), runs))
    };
    let rows = asked(
        py,
        progress,
        threads,
        prepare,
        |(plan, arm, places), done| {
            let ensemble = EnsembleTable::run(plan, done);
            let ledgers = places.iter().zip(&outcomes).map(|(at, name)| {
                chokepoint::questions::ledger::ledger(plan, &ensemble, *arm, (*at, name), done)
            });
            Ok(ledgers
                .collect::<Result<Vec<_>, EstimatorError>>()?
                .concat())
        },
    )?;
    tabled(
        &rows,
        &[
            (&ABOUT, Utf8),
            (&["words", "unit", "grade", "source", "url"], Utf8),
            (&["rank"], UInt64),
            (&["year"], UInt32),
            (&["value", "share", "share_error"], Float64),
            (&["matters"], Boolean),
        ],
    )
}

/// How many events two arms of the one future of a plan share, and the first that differ, each with what led to it.
#[pyfunction]
pub fn first_difference(
    py: Python<'_>,
    plan: &str,
    regime: &str,
    against: &str,
) -> PyResult<Option<(usize, Table, Table)>> {
    let sides = watched(py, None, Stop::ByItself, |_| {
        let opened = read(plan)?.open()?;
        let plan = &opened.plan;
        let names: Vec<&str> = plan.regimes.iter().map(|r| r.name.as_str()).collect();
        let rows = |name: &str| {
            let arm = names.iter().position(|n| *n == name).ok_or_else(|| {
                Failure::Input(format!(
                    "regime: found `{name}`, expected a regime of this study: {}",
                    names.join(", ")
                ))
            })?;
            Ok::<_, Failure>(timeline(plan, arm, plan.futures.start))
        };
        Ok([rows(regime)?, rows(against)?])
    })?;
    let [here, there] = &sides;
    let Some((same, a, b)) = parting(here, there, |_| true) else {
        return Ok(None);
    };
    let led = |rows, e: Option<&chokepoint::results::EventRow>| {
        let led = e.map_or(Vec::new(), |e| chain(rows, e.id));
        Table::of(&led, &EVENT_COLUMNS)
    };
    Ok(Some((same, led(here, a)?, led(there, b)?)))
}
