//! Work queues: threads that do one piece of work at a time, in the order in which it was asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// Pieces of work that wait, at most.
const WAITING: usize = 16;

type Work = Box<dyn FnOnce() + Send>;

/// One thread and the work that waits for it.
pub struct WorkQueue {
    sender: Mutex<Option<SyncSender<Work>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl WorkQueue {
    /// # Errors
    /// When no thread can be had.
    pub fn new(name: &str) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel::<Work>(WAITING);
        let thread = std::thread::Builder::new()
            .name(name.into())
            .spawn(move || {
                for work in receiver {
                    // Whoever waits for it is told that no answer comes.
                    let _ = catch_unwind(AssertUnwindSafe(work));
                }
            })?;
        Ok(Self {
            sender: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Whether there was room for it.
    pub fn push(&self, work: impl FnOnce() + Send + 'static) -> bool {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = sender.as_ref() else {
            return false;
        };
        match sender.try_send(Box::new(work)) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// Takes no more work and waits for the last of it.
    pub fn close(&self) {
        drop(
            self.sender
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}
