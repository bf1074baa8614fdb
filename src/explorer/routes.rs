//! Requests and their answers: the files of the page, and what it asks of the service.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::answer::AnswerLine;
use super::body::{AnswerBody, StopWhenDropped};
use super::guard::{RequestGuard, token};
use super::question::{ExplorerQuestion, QuestionProblem};
use super::queue::WorkQueue;
use super::service::QuestionService;
use super::take::{PrivateFolder, TakenResults, archive, command, files_of};
use super::verdicts::{VerdictQuery, verdicts};
use super::world::world;
use crate::foundation::citation::citation;

// `PAGE`: the files of the page by name, written by build.rs.
include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Bytes of the body of a request, at most.
const BODY: usize = 1 << 20;
/// Time for the body of a request.
const BODY_TIME: Duration = Duration::from_secs(10);

/// What the browser lets the page do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

type PageResponse = Response<AnswerBody>;

/// An answer in the making: a body with its type and, for a file to keep, its name.
struct MadeFile {
    bytes: Vec<u8>,
    kind: &'static str,
    name: Option<String>,
}

impl MadeFile {
    fn text(text: String) -> Self {
        Self {
            bytes: text.into_bytes(),
            kind: "text/plain; charset=utf-8",
            name: None,
        }
    }

    fn json(value: &impl serde::Serialize) -> Self {
        Self {
            bytes: serde_json::to_vec(value).unwrap_or_default(),
            kind: "application/json",
            name: None,
        }
    }
}

type Made = Result<MadeFile, Vec<QuestionProblem>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FutureQuery {
    question: ExplorerQuestion,
    future: u32,
}

/// Everything that requests are answered from.
pub struct Routes {
    pub guard: RequestGuard,
    service: Arc<QuestionService>,
    start: ExplorerQuestion,
    /// Work that runs futures, and work that only reads.
    runs: WorkQueue,
    words: WorkQueue,
    /// Set to stop the work of earlier questions.
    stops: Mutex<Vec<Arc<AtomicBool>>>,
    world: Arc<OnceLock<String>>,
    taken: Arc<Mutex<Option<TakenResults>>>,
}

impl Routes {
    /// # Errors
    /// When the system gives no threads.
    pub fn new(
        service: QuestionService,
        guard: RequestGuard,
        start: ExplorerQuestion,
    ) -> std::io::Result<Self> {
        let routes = Self {
            guard,
            service: Arc::new(service),
            start,
            runs: WorkQueue::new("questions")?,
            words: WorkQueue::new("words")?,
            stops: Mutex::default(),
            world: Arc::default(),
            taken: Arc::default(),
        };
        // While the browser opens, the first question is made ready.
        let (service, start) = (routes.service.clone(), routes.start.clone());
        routes.runs.push(move || drop(service.opened(&start)));
        let (service, start, kept) = (
            routes.service.clone(),
            routes.start.clone(),
            routes.world.clone(),
        );
        routes.words.push(move || {
            kept.get_or_init(|| world(&service, &start));
        });
        Ok(routes)
    }

    /// Stops all work and waits for its end.
    pub fn close(&self) {
        self.stop_all();
        self.runs.close();
        self.words.close();
    }

    fn stops(&self) -> std::sync::MutexGuard<'_, Vec<Arc<AtomicBool>>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop_all(&self) {
        for stop in self.stops().drain(..) {
            stop.store(true, Ordering::Relaxed);
        }
    }

    /// Work that the next question, or the end of who asked, stops.
    fn begun(&self) -> (Arc<AtomicBool>, StopWhenDropped) {
        let stop = Arc::new(AtomicBool::new(false));
        let mut stops = self.stops();
        stops.retain(|stop| !stop.load(Ordering::Relaxed));
        stops.push(stop.clone());
        (stop.clone(), StopWhenDropped(stop))
    }

    /// The answer to a request; `full` when there are too many.
    pub async fn answer(self: &Arc<Self>, request: Request<Incoming>, full: bool) -> PageResponse {
        let (head, body) = request.into_parts();
        let path = match self
            .guard
            .admit(&head.method, head.uri.path(), &head.headers)
        {
            Ok(path) => path,
            Err(status) => return refused(status, &[]),
        };
        if full {
            return refused(
                StatusCode::SERVICE_UNAVAILABLE,
                &[QuestionProblem::at("", "too many requests at a time")],
            );
        }
        if head.method == Method::GET {
            return self.get(path).await;
        }
        let Some(what) = path.strip_prefix("api/") else {
            return refused(StatusCode::NOT_FOUND, &[]);
        };
        // A page elsewhere can send no other type without asking first.
        let kind = head
            .headers
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            return refused(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                &[QuestionProblem::at("", "expected JSON")],
            );
        }
        let length = head
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > BODY as u64) {
            return too_large();
        }
        let body = match timeout(BODY_TIME, Limited::new(body, BODY).collect()).await {
            Ok(Ok(whole)) => whole.to_bytes(),
            Ok(Err(error)) if is_too_large(&*error) => return too_large(),
            Ok(Err(_)) => return refused(StatusCode::BAD_REQUEST, &[]),
            Err(_) => return refused(StatusCode::REQUEST_TIMEOUT, &[]),
        };
        self.post(what, &body).await
    }

    async fn get(self: &Arc<Self>, path: &str) -> PageResponse {
        if path == "api/world" {
            let (service, start, kept) =
                (self.service.clone(), self.start.clone(), self.world.clone());
            let made = in_queue(&self.words, move || {
                kept.get_or_init(|| world(&service, &start)).clone()
            });
            return match made.await {
                Some(text) => answered(StatusCode::OK, "application/json", AnswerBody::of(text)),
                None => busy(),
            };
        }
        let name = if path.is_empty() { "index.html" } else { path };
        let kind = match name.rsplit_once('.') {
            Some((_, "html")) => "text/html; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            _ => return refused(StatusCode::NOT_FOUND, &[]),
        };
        match PAGE.iter().find(|(own, _)| *own == name) {
            Some((_, bytes)) => answered(StatusCode::OK, kind, AnswerBody::of(*bytes)),
            None => refused(StatusCode::NOT_FOUND, &[]),
        }
    }

    async fn post(self: &Arc<Self>, what: &str, body: &Bytes) -> PageResponse {
        match what {
            "ask" => match read(body) {
                Ok(question) => self.ask(question),
                Err(problems) => refused(StatusCode::BAD_REQUEST, &problems),
            },
            "cancel" => {
                self.stop_all();
                given(Ok(MadeFile::json(&json!({}))))
            }
            "future" => match read::<FutureQuery>(body) {
                Ok(query) => {
                    let service = self.service.clone();
                    self.run(move |_| {
                        service
                            .future(&query.question, query.future)
                            .map(|story| MadeFile::json(&story))
                    })
                    .await
                }
                Err(problems) => refused(StatusCode::BAD_REQUEST, &problems),
            },
            "verdicts" => match read::<VerdictQuery>(body) {
                Ok(query) => {
                    self.word(move |service| {
                        verdicts(service, &query).map(|table| MadeFile::json(&table))
                    })
                    .await
                }
                Err(problems) => refused(StatusCode::BAD_REQUEST, &problems),
            },
            "citation" => given(Ok(MadeFile::text(citation()))),
            "toml" | "command" | "files" => match read::<ExplorerQuestion>(body) {
                Ok(question) => {
                    let what = what.to_string();
                    self.word(move |service| text_of(service, &question, &what))
                        .await
                }
                Err(problems) => refused(StatusCode::BAD_REQUEST, &problems),
            },
            _ => {
                let figure = what
                    .strip_prefix("figure/")
                    .and_then(|f| f.rsplit_once('.'));
                let wanted = match figure {
                    Some((name, ending @ ("svg" | "png" | "csv"))) => {
                        Some((name.to_string(), ending.to_string()))
                    }
                    None if what == "report" => None,
                    _ => return refused(StatusCode::NOT_FOUND, &[]),
                };
                match read::<ExplorerQuestion>(body) {
                    Ok(question) => self.take(question, wanted).await,
                    Err(problems) => refused(StatusCode::BAD_REQUEST, &problems),
                }
            }
        }
    }

    /// Answers a question line by line. Earlier work is stopped.
    fn ask(&self, question: ExplorerQuestion) -> PageResponse {
        self.stop_all();
        let (stop, guard) = self.begun();
        let (sender, lines) = mpsc::unbounded_channel();
        let service = self.service.clone();
        let pushed = self.runs.push(move || {
            let say = |line: AnswerLine| {
                let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
                bytes.push(b'\n');
                sender.send(Bytes::from(bytes)).is_ok()
            };
            if stop.load(Ordering::Relaxed) {
                say(AnswerLine::Cancelled);
            } else {
                service.ask(&question, &stop, say);
            }
        });
        if !pushed {
            return busy();
        }
        answered(
            StatusCode::OK,
            "application/x-ndjson",
            AnswerBody::Lines(lines, guard),
        )
    }

    /// The report or a figure, from results that are made once for a question.
    async fn take(
        self: &Arc<Self>,
        question: ExplorerQuestion,
        figure: Option<(String, String)>,
    ) -> PageResponse {
        let (service, taken) = (self.service.clone(), self.taken.clone());
        let work = move |stop: &AtomicBool| {
            let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
            if taken
                .as_ref()
                .is_none_or(|taken| taken.question != question)
            {
                *taken = None;
                let made = token()
                    .map_err(std::io::Error::other)
                    .and_then(|name| PrivateFolder::new(&name));
                let folder = made.map_err(|e| vec![QuestionProblem::at("", e.to_string())])?;
                *taken = Some(TakenResults::of(&service, &question, folder, stop)?);
            }
            let Some(taken) = taken.as_ref() else {
                return Ok(MadeFile::text(String::new()));
            };
            let (bytes, kind, name) = match &figure {
                None => (
                    taken.report()?,
                    "text/html; charset=utf-8",
                    "report.html".to_string(),
                ),
                Some((name, ending)) => {
                    let kind = match ending.as_str() {
                        "svg" => "image/svg+xml",
                        "png" => "image/png",
                        _ => "text/csv; charset=utf-8",
                    };
                    (
                        taken.figure(&service, name, ending)?,
                        kind,
                        format!("{name}.{ending}"),
                    )
                }
            };
            Ok(MadeFile {
                bytes,
                kind,
                name: Some(taken.file_name(&name)),
            })
        };
        self.run(work).await
    }

    /// Work that runs futures.
    async fn run(&self, work: impl FnOnce(&AtomicBool) -> Made + Send + 'static) -> PageResponse {
        let (stop, _guard) = self.begun();
        let made = in_queue(&self.runs, move || {
            if stop.load(Ordering::Relaxed) {
                return Err(vec![QuestionProblem::at("", "another question was asked")]);
            }
            work(&stop)
        });
        made.await.map_or_else(busy, given)
    }

    /// Work that only reads.
    async fn word(
        &self,
        work: impl FnOnce(&QuestionService) -> Made + Send + 'static,
    ) -> PageResponse {
        let service = self.service.clone();
        in_queue(&self.words, move || work(&service))
            .await
            .map_or_else(busy, given)
    }
}

/// The study of a question, the command that repeats it, or both with the rules beside them.
fn text_of(service: &QuestionService, question: &ExplorerQuestion, what: &str) -> Made {
    let composed = service.composed(question)?;
    let name = composed.source.name.clone();
    Ok(match what {
        "command" => MadeFile::text(command(service, &composed)),
        "files" => MadeFile {
            bytes: archive(&files_of(service, &composed)),
            kind: "application/zip",
            name: Some(format!("{}.zip", name.trim_end_matches(".toml"))),
        },
        _ => MadeFile {
            name: Some(name),
            ..MadeFile::text(composed.source.text)
        },
    })
}

/// Work of a queue; nothing where it is full, or the work came to no end.
async fn in_queue<T: Send + 'static>(
    queue: &WorkQueue,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = oneshot::channel();
    if !queue.push(move || drop(sender.send(work()))) {
        return None;
    }
    receiver.await.ok()
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Vec<QuestionProblem>> {
    serde_json::from_slice(body).map_err(|e| {
        let message = format!("the request cannot be read: {e}");
        vec![QuestionProblem::at("", message)]
    })
}

fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_too_large)
}

fn too_large() -> PageResponse {
    let message = format!("the request is larger than {} MiB", BODY >> 20);
    refused(
        StatusCode::PAYLOAD_TOO_LARGE,
        &[QuestionProblem::at("", message)],
    )
}

fn busy() -> PageResponse {
    let problem = QuestionProblem::at("", "the program is busy or has failed at this; ask again");
    refused(StatusCode::SERVICE_UNAVAILABLE, &[problem])
}

fn given(made: Made) -> PageResponse {
    match made {
        Ok(file) => {
            let mut answer = answered(StatusCode::OK, file.kind, AnswerBody::of(file.bytes));
            let disposition = file
                .name
                .map(|name| format!("attachment; filename=\"{name}\""));
            if let Some(Ok(value)) = disposition.map(HeaderValue::try_from) {
                answer.headers_mut().insert("content-disposition", value);
            }
            answer
        }
        Err(problems) => refused(StatusCode::UNPROCESSABLE_ENTITY, &problems),
    }
}

fn refused(status: StatusCode, problems: &[QuestionProblem]) -> PageResponse {
    let said = status.canonical_reason().unwrap_or("refused");
    let own = [QuestionProblem::at("", said)];
    let problems = if problems.is_empty() {
        &own[..]
    } else {
        problems
    };
    let text = json!({ "problems": problems }).to_string();
    answered(status, "application/json", AnswerBody::of(text))
}

fn answered(status: StatusCode, kind: &'static str, body: AnswerBody) -> PageResponse {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    answer
}
