//! Plans, blocks and the job that joins them: the contract by which clusters run a study.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use chokepoint::cli::Failure;
use chokepoint::cli::execution::ExecutionArgs;
use chokepoint::cli::job;
use chokepoint::cli::run::{StudyOverrides, plan_file};
use chokepoint::foundation::escape::shell_argument;
use chokepoint::results::files;
use chokepoint::study::plan_file::PlanFile;
use chokepoint::study::{RunRecordLayout, Worker, block as one};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::watch::{Stop, watched};
use crate::{configs, failed, raised};

/// The text of a plan: everything that its runs need.
#[pyfunction]
#[pyo3(signature = (study, *, folder=None, files=BTreeMap::new(), runs=None, seed=None, set=Vec::new(), off=Vec::new(),
                    planning="adaptive", only=None, series=false, blocks=None))]
pub fn plan(
    py: Python<'_>,
    study: &str,
    folder: Option<PathBuf>,
    files: BTreeMap<String, String>,
    runs: Option<u32>,
    seed: Option<u64>,
    set: Vec<String>,
    off: Vec<String>,
    planning: &str,
    only: Option<u32>,
    series: bool,
    blocks: Option<u32>,
) -> PyResult<String> {
    if runs == Some(0) {
        return Err(PyValueError::new_err("runs: found 0, expected 1 or more"));
    }
    let configs = configs(folder, files)?;
    let choice = StudyOverrides {
        runs,
        seed,
        set,
        off,
        planning: planning.into(),
        only,
        series,
    };
    let made = py.detach(|| {
        let source = configs.find(study, "studies")?;
        let command = format!("chokepoint run {}", shell_argument(study));
        plan_file(&configs, source, Vec::new(), &choice, blocks, &command)
    });
    made.map(|file| file.text()).map_err(raised)
}

/// A plan from its text.
pub fn read(text: &str) -> Result<PlanFile, Failure> {
    Ok(PlanFile::of_text(text, Path::new("plan"))?)
}

/// One block of a plan on one thread: the bytes of its file.
#[pyfunction]
pub fn block<'py>(py: Python<'py>, plan: &str, number: u32) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = watched(py, None, Stop::ByItself, |watch| {
        let file = read(plan)?;
        if number >= file.blocks {
            let last = file.blocks - 1;
            let message = format!("found block {number}, expected 0 to {last}");
            return Err(Failure::Input(message));
        }
        let scratch = Scratch::new()?;
        let to = scratch.0.join("block.runs");
        let plan = file.open()?.plan;
        let layout = RunRecordLayout::new(&plan);
        let mut worker = Worker::new(&plan.blueprint);
        let block = one::BlockRequest {
            plan: &plan,
            layout: &layout,
            hash: &file.hash,
            futures: file.block(number),
            path: &to,
            done: &|| (watch.done)(1),
            stop: watch.stop,
        };
        let whole = one::write(&block, &mut worker)?;
        if !whole {
            return Err(Failure::Stopped("stopped: the block is not done".into()));
        }
        std::fs::read(&to).map_err(|e| Failure::Input(e.to_string()))
    })?;
    Ok(PyBytes::new(py, &bytes))
}

/// A folder of one's own that is gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Failure> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chokepoint-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)
            .map_err(|e| Failure::Input(format!("{}: {e}", folder.display())))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A plan that is being carried out in the folder beside its target.
#[pyclass(module = "chokepoint")]
pub struct Job(Option<job::StudyJob>);

impl Job {
    fn open(&self) -> PyResult<&job::StudyJob> {
        let job = self.0.as_ref();
        job.ok_or_else(|| PyRuntimeError::new_err("this job is carried out already"))
    }
}

#[pymethods]
impl Job {
    #[new]
    #[pyo3(signature = (plan, *, out=None, threads=None, report=true, restart=false, overwrite=false, until_error=None))]
    fn new(
        py: Python<'_>,
        plan: &str,
        out: Option<PathBuf>,
        threads: Option<u16>,
        report: bool,
        restart: bool,
        overwrite: bool,
        until_error: Option<String>,
    ) -> PyResult<Self> {
        if threads == Some(0) {
            return Err(PyValueError::new_err(
                "threads: found 0, expected 1 or more",
            ));
        }
        let how = ExecutionArgs {
            threads,
            out,
            until_error,
            restart,
            overwrite,
            no_report: !report,
        };
        let opened = py.detach(|| job::StudyJob::open(read(plan)?, &how));
        opened.map(|job| Self(Some(job))).map_err(raised)
    }

    /// Numbers of the blocks that are not there.
    fn missing(&self) -> PyResult<Vec<u32>> {
        Ok(self.open()?.missing())
    }

    /// Runs of the whole plan: futures times arms.
    fn runs(&self) -> PyResult<u64> {
        Ok(self.open()?.runs())
    }

    /// Runs of one block.
    fn block_runs(&self, number: u32) -> PyResult<u64> {
        Ok(self.open()?.block_runs(number))
    }

    /// Puts a block in its place: under another name first, so that it is there whole or not at all.
    fn put(&self, number: u32, bytes: &[u8]) -> PyResult<()> {
        let path = self.open()?.block(number);
        files::write(&path, bytes).map_err(failed)
    }

    /// Runs what is missing and joins it; the folder of the results.
    #[pyo3(signature = (progress=None))]
    fn carry_out(&mut self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<PathBuf> {
        self.open()?;
        let Some(job) = self.0.take() else {
            return Err(failed(Failure::Closed));
        };
        watched(py, progress, Stop::ByItself, |watch| {
            let (results, folder) = job.carry_out(watch)?;
            if results.manifest.failed == results.manifest.runs {
                let why = results.failures.first().map_or("", |f| &f.reason);
                let message = format!("no future is without a failed run: {why}");
                return Err(Failure::No(message));
            }
            Ok(folder)
        })
    }
}
