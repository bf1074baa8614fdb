//! The server: connections on loopback, a few at a time, and their requests.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::routes::Routes;

/// Connections that have not asked yet, at most: with another, the oldest is closed.
const WAITING: usize = 64;
/// Requests at a time, at most.
const REQUESTS: usize = 64;
/// Time for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// Time for everything on one connection.
const CONNECTION: Duration = Duration::from_secs(15 * 60);
/// How often it looks whether it is to end.
const LOOK: Duration = Duration::from_millis(100);
/// Bytes of the head of a request, and its headers.
const HEAD_BYTES: usize = 16 << 10;
const HEADERS: usize = 64;

/// Connections that have not asked yet, in the order in which they came.
#[derive(Default)]
struct WaitingConnections {
    next: u64,
    all: VecDeque<(u64, AbortHandle)>,
}

/// A place among the requests at a time; it is free again when the request ends, however it ends.
struct BusyPlace(Arc<AtomicUsize>);

impl BusyPlace {
    fn take(busy: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(busy.clone());
        (busy.fetch_add(1, Ordering::Relaxed) < REQUESTS).then_some(place)
    }
}

impl Drop for BusyPlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A socket of this machine alone; port 0 is any that is free.
///
/// # Errors
/// When the port is taken.
pub fn listen(port: u16) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until it is told to end.
///
/// # Errors
/// When the system gives no sockets.
pub fn serve(listener: TcpListener, routes: &Arc<Routes>, end: &AtomicBool) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let served = runtime.block_on(accept(listener, routes, end));
    routes.close();
    runtime.shutdown_background();
    served
}

async fn accept(
    listener: TcpListener,
    routes: &Arc<Routes>,
    end: &AtomicBool,
) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let waiting = Arc::new(Mutex::new(WaitingConnections::default()));
    let lock = |waiting: &Mutex<WaitingConnections>,
                work: &mut dyn FnMut(&mut WaitingConnections)| {
        work(&mut waiting.lock().unwrap_or_else(PoisonError::into_inner));
    };
    let busy = Arc::new(AtomicUsize::new(0));
    while !end.load(Ordering::Relaxed) {
        let stream = match timeout(LOOK, listener.accept()).await {
            Ok(Ok((stream, _))) => stream,
            Ok(Err(_)) => {
                // Out of descriptors: those that are open end first.
                sleep(LOOK).await;
                continue;
            }
            Err(_) => continue,
        };
        let mut number = 0;
        lock(&waiting, &mut |w| {
            number = w.next;
            w.next += 1;
        });
        let asked = {
            let waiting = waiting.clone();
            move || {
                lock(&waiting, &mut |w| {
                    w.all.retain(|(other, _)| *other != number)
                })
            }
        };
        let gone = asked.clone();
        let (routes, busy) = (routes.clone(), busy.clone());
        let task = tokio::spawn(async move {
            let _ = timeout(CONNECTION, connection(stream, routes, busy, asked)).await;
            gone();
        });
        lock(&waiting, &mut |w| {
            w.all.push_back((number, task.abort_handle()));
            if w.all.len() > WAITING
                && let Some((_, oldest)) = w.all.pop_front()
            {
                oldest.abort();
            }
        });
    }
    Ok(())
}

/// One request and its answer.
async fn connection(
    stream: TcpStream,
    routes: Arc<Routes>,
    busy: Arc<AtomicUsize>,
    asked: impl Fn() + Clone + Send + 'static,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        asked();
        let (routes, busy) = (routes.clone(), busy.clone());
        async move {
            let place = BusyPlace::take(&busy);
            let answer = routes.answer(request, place.is_none()).await;
            drop(place);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS);
    // Whoever sends no request, or goes, is told nothing.
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
