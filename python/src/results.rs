//! Results folders: tables as Arrow, manifest, the answers in short.

use std::path::{Path, PathBuf};

use arrow_schema::DataType::{Float64, UInt32, UInt64, Utf8};
use chokepoint::cli::Failure;
use chokepoint::results::{EffectRow, Manifest, Results, batches, export, read_csv, seal};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::failed;
use crate::frame::Table;

/// A Parquet table of a folder.
#[pyfunction]
#[pyo3(signature = (folder, name, unsealed=false))]
pub fn table(py: Python<'_>, folder: PathBuf, name: &str, unsealed: bool) -> PyResult<Table> {
    let path = folder.join(format!("{name}.parquet"));
    if !path.exists() {
        let message = format!(
            "{}: found no table `{name}`, expected one of {}",
            folder.display(),
            export::tables(&folder).join(", ")
        );
        return Err(PyValueError::new_err(message));
    }
    let read = py.detach(|| {
        seal::check(&folder, unsealed)?;
        batches(&path)
    });
    Table::of_batches(read.map_err(failed)?)
}

#[pyfunction]
#[pyo3(signature = (folder, unsealed=false))]
pub fn effects(folder: PathBuf, unsealed: bool) -> PyResult<Table> {
    seal::check(&folder, unsealed).map_err(failed)?;
    let rows: Vec<EffectRow> = read_csv(&folder.join("effects.csv")).map_err(failed)?;
    let words = ["outcome", "regime", "baseline", "part", "stratum"].map(|n| (n, Utf8));
    let numbers = [
        "discount",
        "mean",
        "p05",
        "p25",
        "p50",
        "p75",
        "p95",
        "probability_positive",
        "monte_carlo_error",
        "pairing_gain",
        "baseline_mean",
    ]
    .map(|n| (n, Float64));
    let counts = ["pairs", "excluded", "more_to_halve_error"].map(|n| (n, UInt64));
    let columns = [&words[..], &[("horizon_months", UInt32)], &numbers, &counts].concat();
    Table::of(&rows, &columns)
}

/// The manifest as JSON.
#[pyfunction]
#[pyo3(signature = (folder, unsealed=false))]
pub fn manifest(folder: PathBuf, unsealed: bool) -> PyResult<String> {
    let path = folder.join("manifest.json");
    std::fs::metadata(&path).map_err(|e| no_results(&path, &e))?;
    seal::check(&folder, unsealed).map_err(failed)?;
    Manifest::read(&folder).map_err(failed)?;
    std::fs::read_to_string(&path).map_err(|e| no_results(&path, &e))
}

/// The answers in short, as HTML.
#[pyfunction]
#[pyo3(signature = (folder, unsealed=false))]
pub fn short(py: Python<'_>, folder: PathBuf, unsealed: bool) -> PyResult<String> {
    let made = py.detach(|| {
        let faults = seal::check(&folder, unsealed)?;
        let mut results = Results::read_for_figures(&folder)?;
        results.unsealed = faults;
        chokepoint::report::short(&results).map_err(|e| Failure::Input(e.to_string()))
    });
    made.map_err(failed)
}

fn no_results(path: &Path, error: &std::io::Error) -> PyErr {
    PyValueError::new_err(format!("{}: not a results folder: {error}", path.display()))
}
