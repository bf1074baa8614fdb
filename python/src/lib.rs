//! Chokepoint for Python: the functions and the block contract of the command line, and results as Arrow.
//!
//! What a function takes and gives is told in `chokepoint/_core.pyi`; people meet it through the classes of `chokepoint`.

mod blocks;
mod ensembles;
mod estimators;
mod frame;
mod law;
mod questions;
mod results;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chokepoint::cli::Failure;
use chokepoint::config::source::Configs;
use chokepoint::foundation::escape::visible;
use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;

/// A failure as Python has it: the words of the command line, with place and hint.
fn raised(failure: Failure) -> PyErr {
    let text = failure.text().trim_end();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let text = visible(text).into_owned();
    match failure {
        Failure::Stopped(_) => PyKeyboardInterrupt::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// Anything that the command line would end with.
fn failed(error: impl Into<Failure>) -> PyErr {
    raised(error.into())
}

/// The shipped configuration, that of a folder, and the caller's own files before both.
fn configs(folder: Option<PathBuf>, files: BTreeMap<String, String>) -> PyResult<Configs> {
    let base = match folder {
        Some(folder) if !folder.is_dir() => {
            let message = format!("configs {}: no such folder", folder.display());
            return Err(PyValueError::new_err(message));
        }
        Some(folder) => Configs::folder(folder),
        None => Configs::embedded(),
    };
    Ok(base.with(files))
}

#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::blocks::{Job, block, plan};
    #[pymodule_export]
    use crate::ensembles::{discover, first_difference, ledger, reversal, sensitivity};
    #[pymodule_export]
    use crate::estimators::{morris_screen, prim_boxes, prim_training, sobol_indices};
    #[pymodule_export]
    use crate::frame::{Table, table_of};
    #[pymodule_export]
    use crate::law::{classify, find, template};
    #[pymodule_export]
    use crate::questions::{decompose, replay, validate};
    #[pymodule_export]
    use crate::results::{effects, manifest, short, table};
}
