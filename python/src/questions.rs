//! Questions put to a plan: one run event by event, where an effect comes from, the record.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow_schema::DataType::{self, Float64, UInt32, UInt64, Utf8};
use chokepoint::cli::Failure;
use chokepoint::cli::execution::{pool, threads};
use chokepoint::cli::validate::{ValidationRequest, answered};
use chokepoint::questions::decompose as channels;
use chokepoint::study::timeline::{chain, timeline};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::blocks::read;
use crate::configs;
use crate::ensembles::question_plan;
use crate::frame::Table;
use crate::watch::{Stop, watched};

/// The columns of a table of events.
pub const EVENT_COLUMNS: [(&str, DataType); 10] = [
    ("regime", Utf8),
    ("run", UInt32),
    ("id", UInt32),
    ("cause_id", UInt32),
    ("month", Utf8),
    ("kind", Utf8),
    ("actor", Utf8),
    ("object", Utf8),
    ("cause", Utf8),
    ("text", Utf8),
];

/// The events of the one future of a plan under an arm; with `why`, one event and what led to it.
#[pyfunction]
#[pyo3(signature = (plan, regime, why=None))]
pub fn replay(py: Python<'_>, plan: &str, regime: &str, why: Option<u32>) -> PyResult<Table> {
    let (arms, rows) = watched(py, None, Stop::ByItself, |_| {
        let opened = read(plan)?.open()?;
        let plan = &opened.plan;
        let arms: Vec<String> = plan.regimes.iter().map(|r| r.name.clone()).collect();
        let arm = arms.iter().position(|name| name == regime);
        let rows = arm.map(|arm| timeline(plan, arm, plan.futures.start));
        Ok((arms, rows))
    })?;
    let rows = rows.ok_or_else(|| {
        let message = format!(
            "regime: found `{regime}`, expected a regime of this study: {}",
            arms.join(", ")
        );
        PyValueError::new_err(message)
    })?;
    match why {
        None => Table::of(&rows, &EVENT_COLUMNS),
        Some(id) => {
            let led = chain(&rows, id);
            if led.is_empty() {
                let last = rows.len().saturating_sub(1);
                let message = format!("why: found {id}, expected the id of an event, 0 to {last}");
                return Err(PyValueError::new_err(message));
            }
            Table::of(&led, &EVENT_COLUMNS)
        }
    }
}

/// Shapley values of groups of channels and of single ones, and whole effects: three tables.
#[pyfunction]
#[pyo3(signature = (plan, *, pairs=0, threads=None, progress=None))]
pub fn decompose(
    py: Python<'_>,
    plan: &str,
    pairs: usize,
    threads: Option<u16>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Table, Table, Table)> {
    let parts = watched(py, progress, Stop::ByUnwinding, |watch| {
        let (plan, _) = question_plan(plan, None)?;
        (watch.begun)(channels::runs(&plan, pairs));
        let done = || (watch.done)(1);
        let made =
            pool(self::threads(threads))?.install(|| channels::decompose(&plan, pairs, &done));
        Ok(made?)
    })?;
    let names = ["regime", "baseline", "outcome"].map(|n| (n, Utf8));
    let part = [
        "value",
        "error",
        "one_off",
        "one_off_error",
        "one_only",
        "one_only_error",
    ];
    let part = [
        &names[..],
        &[("channel", Utf8)],
        &part.map(|n| (n, Float64)),
        &[("futures", UInt64)],
    ]
    .concat();
    let whole = [
        "total",
        "total_error",
        "no_channel",
        "no_channel_error",
        "ceiling",
        "ceiling_error",
        "no_channel_ceiling",
        "no_channel_ceiling_error",
    ]
    .map(|n| (n, Float64));
    let whole = [&names[..], &whole, &[("futures", UInt64)]].concat();
    Ok((
        Table::of(&parts.groups, &part)?,
        Table::of(&parts.channels, &part)?,
        Table::of(&parts.wholes, &whole)?,
    ))
}

/// The scorecard as JSON.
#[pyfunction]
#[pyo3(signature = (*, evidence=None, split=None, runs=None, seed=1, patterns=100, threads=None, folder=None, progress=None))]
pub fn validate(
    py: Python<'_>,
    evidence: Option<String>,
    split: Option<String>,
    runs: Option<u32>,
    seed: u64,
    patterns: u32,
    threads: Option<u16>,
    folder: Option<PathBuf>,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    if runs.is_some_and(|n| n < 2) {
        return Err(PyValueError::new_err("runs: expected 2 or more"));
    }
    let configs = configs(folder, BTreeMap::new())?;
    let asked = ValidationRequest {
        evidence,
        split,
        form: None,
        runs,
        seed,
        patterns,
        threads,
        kept: None,
    };
    watched(py, progress, Stop::ByUnwinding, |watch| {
        let answer = answered(configs, &asked, watch)?;
        serde_json::to_string(&answer).map_err(|e| Failure::Input(e.to_string()))
    })
}
