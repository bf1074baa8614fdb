//! The law for Python: verdicts on chips, and the files that rules, regimes and studies are written in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow_schema::DataType::Utf8;
use chokepoint::cli::classify::{SaleQuery, rulings};
use chokepoint::cli::{Failure, law_with};
use chokepoint::config::source::Source;
use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;

use crate::frame::{Table, csv_of};
use crate::{configs, failed, raised};

/// The verdict on each chip of a table; `rules` are texts by name, added to the regime.
#[pyfunction]
#[pyo3(signature = (table, *, on, to, buyer_hq=None, regime="history", rules=Vec::new(), folder=None, files=BTreeMap::new()))]
pub fn classify(
    py: Python<'_>,
    table: Option<&Bound<'_, PyAny>>,
    on: &str,
    to: &str,
    buyer_hq: Option<&str>,
    regime: &str,
    rules: Vec<(String, String)>,
    folder: Option<PathBuf>,
    files: BTreeMap<String, String>,
) -> PyResult<Table> {
    let configs = configs(folder, files)?;
    let day = on.parse().map_err(|_| {
        PyValueError::new_err(format!(
            "on: found `{on}`, expected a day such as 2023-12-01"
        ))
    })?;
    let own = match table {
        None => None,
        Some(table) => Some(match table.extract::<PathBuf>() {
            Ok(path) => Source {
                name: path.display().to_string(),
                text: std::fs::read_to_string(&path)
                    .map_err(|e| PyValueError::new_err(format!("{}: {e}", path.display())))?,
            },
            Err(_) => Source {
                name: "table".into(),
                text: csv_of(table)?,
            },
        }),
    };
    let rules: Vec<Source> = rules
        .into_iter()
        .map(|(name, text)| Source { name, text })
        .collect();
    let found = py.detach(|| {
        let (library, regime) = law_with(configs, regime, &rules)?;
        let sale = SaleQuery {
            on: day,
            to,
            buyer_hq,
        };
        rulings(
            &library,
            &regime,
            &sale,
            own.as_ref().map(|own| (own, &[][..])),
        )
    });
    let columns = [
        "chip",
        "verdict",
        "importer_verdict",
        "rule",
        "because",
        "reason",
        "importer_rule",
        "importer_because",
    ];
    let found = found.map_err(raised)?;
    for words in found.notes.iter().chain(&found.warnings) {
        let text = std::ffi::CString::new(words.as_str()).unwrap_or_default();
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 2)?;
    }
    Table::of(&found.rows, &columns.map(|n| (n, Utf8)))
}

/// Name and text of a file that a user named: of the disk, or shipped. A rule may be named by its id.
#[pyfunction]
#[pyo3(signature = (name, kind, *, folder=None, files=BTreeMap::new()))]
pub fn find(
    name: &str,
    kind: &str,
    folder: Option<PathBuf>,
    files: BTreeMap<String, String>,
) -> PyResult<(String, String)> {
    let configs = configs(folder, files)?;
    let found = configs.find(name, kind).or_else(|problem| {
        let id = format!("id = \"{name}\"");
        let all = configs.list(kind, ".toml").into_iter();
        let mut texts = all.filter_map(|path| configs.read(&path).ok());
        let holds = |s: &Source| s.text.lines().any(|l| l.trim() == id);
        texts.find(|s| kind == "rules" && holds(s)).ok_or(problem)
    });
    let source = found.map_err(failed)?;
    Ok((source.name, source.text))
}

/// The commented file that `chokepoint new` writes.
#[pyfunction]
pub fn template(kind: &str, name: &str) -> PyResult<String> {
    chokepoint::cli::template(kind, name).map_err(|e: Failure| raised(e))
}
