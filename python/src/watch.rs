//! Long work with the interpreter free: it is asked for signals and told how far the work is, twenty times a second.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use chokepoint::cli::Failure;
use chokepoint::cli::job::Progress;
use pyo3::exceptions::{PyKeyboardInterrupt, PyUserWarning};
use pyo3::prelude::*;

use crate::raised;

const LOOK: Duration = Duration::from_millis(50);

/// How work ends early.
#[derive(Clone, Copy, PartialEq)]
pub enum Stop {
    /// It looks at the flag.
    ByItself,
    /// After the run that is under way, by unwinding: it writes no file that could be left half done.
    ByUnwinding,
}

/// Does the work on another thread; `progress(done, total)` is called in this one, in runs.
pub fn watched<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    stops: Stop,
    work: impl FnOnce(&Progress) -> Result<T, Failure> + Send,
) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    let (done, total) = (AtomicU64::new(0), AtomicU64::new(0));
    let tell = |py: Python<'_>| match &progress {
        Some(call) => {
            let counts = (done.load(Ordering::Relaxed), total.load(Ordering::Relaxed));
            call.call1(py, counts).map(|_| ())
        }
        None => Ok(()),
    };
    let mut broken: Option<PyErr> = None;
    let (ended, said) = py.detach(|| {
        std::thread::scope(|scope| {
            let (alive, ends) = channel::<()>();
            let worker = scope.spawn(|| {
                // Dropped with the thread, which is what ends the wait.
                let _alive = alive;
                let said = std::cell::RefCell::new(String::new());
                let watch = Progress {
                    say: &|text| said.borrow_mut().push_str(text),
                    begun: &|runs| total.store(runs, Ordering::Relaxed),
                    done: &|runs| {
                        done.fetch_add(runs, Ordering::Relaxed);
                        if stops == Stop::ByUnwinding && stop.load(Ordering::Relaxed) {
                            resume_unwind(Box::new(Stopped));
                        }
                    },
                    stop: &stop,
                };
                let ended = work(&watch);
                (ended, said.take())
            });
            while ends.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if broken.is_none() {
                    let asked = Python::attach(|py| py.check_signals().and_then(|()| tell(py)));
                    broken = asked.err();
                    stop.store(broken.is_some(), Ordering::Relaxed);
                }
            }
            match worker.join() {
                Ok(ended) => ended,
                Err(cause) if cause.is::<Stopped>() => {
                    (Err(Failure::Stopped("stopped\n".into())), String::new())
                }
                Err(cause) => resume_unwind(cause),
            }
        })
    });
    if said.starts_with("WARNING") {
        let lines: Vec<&str> = said
            .lines()
            .take_while(|l| l.starts_with(['W', ' ']))
            .collect();
        let text = std::ffi::CString::new(lines.join("\n")).unwrap_or_default();
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 2)?;
    }
    match (ended, broken) {
        // A signal becomes its own exception, with what is kept in its words.
        (Err(failure @ Failure::Stopped(_)), Some(why))
            if why.is_instance_of::<PyKeyboardInterrupt>(py) =>
        {
            Err(raised(failure))
        }
        (_, Some(why)) => Err(why),
        (ended, None) => {
            let ended = ended.map_err(raised)?;
            tell(py)?;
            Ok(ended)
        }
    }
}

/// What unwinding carries when work is stopped.
struct Stopped;
